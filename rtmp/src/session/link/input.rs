//! Reads that were not parsed yet.

#[cfg(feature = "rtmpe")]
use core::mem;
use std::collections::VecDeque;

#[cfg(feature = "rtmpe")]
use bytes::Buf;
use bytes::Bytes;

use crate::LimitExceeded;

/// Reads that were not parsed yet.
#[derive(Debug)]
pub(super) struct Input {
    /// The first read, if one waits. It is held until its last byte is parsed.
    front: Option<Bytes>,
    /// How many bytes at its end were not parsed. 0 < left <= its length
    left: usize,
    /// The reads behind it.
    more: VecDeque<Bytes>,
    /// What those count towards the limit.
    more_cost: usize,
    limit: usize,
    /// Whether no more is taken: the peer's bytes ended, or the link failed.
    pub(super) closed: bool,
    /// RTMPE, behind the handshake.
    #[cfg(feature = "rtmpe")]
    cipher: Option<crate::handshake::Cipher>,
}

impl Input {
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            front: None,
            left: 0,
            more: VecDeque::new(),
            more_cost: 0,
            limit,
            closed: false,
            #[cfg(feature = "rtmpe")]
            cipher: None,
        }
    }

    /// Stores a read that is not empty.
    #[inline]
    pub(super) fn push(&mut self, read: Bytes) -> Result<(), LimitExceeded> {
        if self.front.is_some() {
            return self.push_behind(read);
        }
        let got = cost(&read);
        if got > self.limit {
            return Err(self.exceeded(got));
        }
        let read = self.decrypted(read);
        self.left = read.len();
        self.front = Some(read);
        Ok(())
    }

    #[inline(never)]
    fn push_behind(&mut self, read: Bytes) -> Result<(), LimitExceeded> {
        let more_cost = self.more_cost + cost(&read);
        let got = more_cost + self.front.as_ref().map_or(0, cost);
        if got > self.limit {
            return Err(self.exceeded(got));
        }
        self.more_cost = more_cost;
        let read = self.decrypted(read);
        self.more.push_back(read);
        Ok(())
    }

    #[cold]
    fn exceeded(&self, got: usize) -> LimitExceeded {
        let limit = self.limit;
        LimitExceeded::BufferedInput { got, limit }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.front.is_none()
    }

    /// What is left of the first read, if one waits.
    #[inline]
    pub(super) fn front(&self) -> Option<&[u8]> {
        let front = self.front.as_deref()?;
        front.get(front.len() - self.left..)
    }

    /// Drops the first `taken` bytes of the first read; tells whether that was all of it.
    #[inline]
    pub(super) fn consume(&mut self, taken: usize) -> bool {
        self.left -= taken;
        if self.left > 0 {
            return false;
        }
        self.front = None;
        if !self.more.is_empty() {
            self.move_up();
        }
        true
    }

    #[inline(never)]
    fn move_up(&mut self) {
        self.front = self.more.pop_front();
        if let Some(front) = &self.front {
            self.left = front.len();
            self.more_cost -= cost(front);
        }
    }

    /// Drops what waits, and takes no more.
    pub(super) fn close(&mut self) {
        self.closed = true;
        self.front = None;
        self.more = VecDeque::new();
        self.more_cost = 0;
    }

    /// The bytes as the chunk layer sees them.
    #[cfg(feature = "rtmpe")]
    fn decrypted(&mut self, read: Bytes) -> Bytes {
        match &mut self.cipher {
            Some(cipher) => cipher.apply(read),
            None => read,
        }
    }

    #[cfg(not(feature = "rtmpe"))]
    #[expect(
        clippy::unused_self,
        reason = "there is a cipher with the feature rtmpe"
    )]
    fn decrypted(&self, read: Bytes) -> Bytes {
        read
    }

    /// Decrypts what is there, and from now on what comes.
    #[cfg(feature = "rtmpe")]
    pub(super) fn decrypt_with(&mut self, mut cipher: crate::handshake::Cipher) {
        if let Some(front) = &mut self.front {
            front.advance(front.len() - self.left);
        }
        for read in self.front.iter_mut().chain(&mut self.more) {
            *read = cipher.apply(mem::take(read));
        }
        self.cipher = Some(cipher);
    }
}

/// What a stored read counts: a block is held until its last byte is parsed.
fn cost(read: &Bytes) -> usize {
    read.len() + READ_COST
}

/// What a stored read counts besides its length.
const READ_COST: usize = 64;
