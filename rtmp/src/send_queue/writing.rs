//! The committed bytes, for a socket.

use std::io::IoSlice;

use bytes::Buf;

use super::SendQueue;
use super::outgoing::Outgoing;

impl Buf for SendQueue {
    /// The committed bytes.
    fn remaining(&self) -> usize {
        self.committed
    }

    fn chunk(&self) -> &[u8] {
        self.committed()
            .first()
            .and_then(|message| message.pieces(self.written).next())
            .unwrap_or_default()
    }

    /// # Panics
    ///
    /// If `count` is more than [`remaining`](Buf::remaining).
    #[inline]
    fn advance(&mut self, count: usize) {
        assert!(
            count <= self.committed,
            "advance({count}) past {} bytes",
            self.committed
        );
        self.committed -= count;
        if self.committed > 0 {
            return self.advance_within(count);
        }
        self.written = 0;
        let written = self.places.get_mut(self.committed_from..self.waiting_from);
        for message in written.unwrap_or_default() {
            message.vacate();
        }
        self.committed_from = self.waiting_from;
        if self.waiting_from == self.end {
            (self.committed_from, self.waiting_from, self.end) = (0, 0, 0);
            if self.places.capacity() > KEPT_MESSAGES {
                self.shrink();
            }
        }
    }

    #[inline]
    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let all = slices.len();
        let mut slices = slices.iter_mut();
        let mut skipped = self.written;
        for message in self.committed() {
            if message.fill(skipped, &mut slices).is_none() {
                break;
            }
            skipped = 0;
        }
        all - slices.len()
    }
}

impl SendQueue {
    #[inline]
    fn committed(&self) -> &[Outgoing] {
        let committed = self.places.get(self.committed_from..self.waiting_from);
        committed.unwrap_or_default()
    }

    /// Takes bytes off the front that are not all there are.
    #[cold]
    fn advance_within(&mut self, count: usize) {
        let mut count = count + self.written;
        let committed = self.places.get_mut(self.committed_from..self.waiting_from);
        for message in committed.unwrap_or_default() {
            let len = message.wire_len();
            if count < len {
                break;
            }
            count -= len;
            message.vacate();
            self.committed_from += 1;
        }
        self.written = count;
    }

    /// Gives memory back: a burst shall not cost it for ever.
    #[cold]
    fn shrink(&mut self) {
        self.places.truncate(KEPT_MESSAGES);
        self.places.shrink_to(KEPT_MESSAGES);
    }
}

/// Messages that a drained queue has room for.
const KEPT_MESSAGES: usize = 16;
