//! The bytes that were pushed and not yet read.

use alloc::{collections::VecDeque, vec::Vec};

use bytes::{Buf, Bytes};

/// The reads of a connection, from the first byte not yet looked at on.
#[derive(Debug, Default)]
pub(super) struct Input {
    /// Empty only where there is no byte at all.
    front: Bytes,
    /// The reads behind `front`, none of them empty.
    behind: VecDeque<Bytes>,
    /// Of the first byte of `front`, in the stream.
    offset: u64,
    /// Of the byte behind all of them, in the stream.
    end: u64,
}

impl Input {
    pub(super) fn push(&mut self, bytes: Bytes) {
        self.end += bytes.len() as u64;
        if self.front.is_empty() {
            self.front = bytes;
        } else if !bytes.is_empty() {
            self.behind.push_back(bytes);
        }
    }

    /// What is left of the first read.
    pub(super) fn front(&self) -> &[u8] {
        &self.front
    }

    /// Where the front stands in the stream.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    /// All bytes, and 64 for each read.
    pub(super) fn cost(&self) -> usize {
        let bytes = usize::try_from(self.end - self.offset).unwrap_or(usize::MAX);
        let reads = usize::from(!self.front.is_empty()) + self.behind.len();
        bytes.saturating_add(64 * reads)
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.front = Bytes::new();
        self.behind.clear();
        self.end = self.offset;
    }

    /// Passes over bytes of the front.
    #[inline]
    pub(super) fn advance(&mut self, len: usize) {
        let len = len.min(self.front.len());
        self.front.advance(len);
        self.passed(len);
    }

    /// Takes bytes of the front, as a slice of their read; the last of a read are that read itself.
    #[inline]
    pub(super) fn take(&mut self, len: usize) -> Bytes {
        let taken = self.front.split_to(len.min(self.front.len()));
        self.passed(taken.len());
        taken
    }

    #[inline]
    fn passed(&mut self, len: usize) {
        self.offset += len as u64;
        if self.front.is_empty() {
            self.front = self.behind.pop_front().unwrap_or_default();
        }
    }

    /// Moves bytes until `into` holds `len` of them; whether it does.
    pub(super) fn fill(&mut self, into: &mut Vec<u8>, len: usize) -> bool {
        while into.len() < len && !self.front.is_empty() {
            let moved = self.front.len().min(len - into.len());
            into.extend_from_slice(self.front.get(..moved).unwrap_or_default());
            self.advance(moved);
        }
        into.len() == len
    }

    /// Puts the first bytes of the second read behind those of the first; whether there are any.
    pub(super) fn join_front(&mut self) -> bool {
        let mut joined = Vec::from(&*self.front);
        let next = self.behind.front_mut();
        let found = next.is_some();
        if let Some(next) = next {
            joined.extend_from_slice(&next.split_to(next.len().min(JOIN)));
            if next.is_empty() {
                self.behind.pop_front();
            }
        }
        // A copy, so that a few bytes do not keep the block of a read alive.
        self.front = Bytes::from(joined);
        found
    }
}

/// More than anything needs to tell what starts.
const JOIN: usize = 64;
