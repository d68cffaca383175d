//! Reads that were not parsed yet.

#[cfg(feature = "rtmpe")]
use core::mem;
use std::collections::VecDeque;

use bytes::{Buf, Bytes};

use crate::LimitExceeded;

/// Reads that were not parsed yet.
#[derive(Debug)]
pub(super) struct Input {
    /// What is left of the first read, if one waits; not empty.
    front: Option<Bytes>,
    /// Its length when it was stored: a block is held until its last byte is parsed.
    front_len: usize,
    /// The reads behind it.
    more: VecDeque<Bytes>,
    /// What the reads count towards the limit.
    cost: usize,
    limit: usize,
    /// Whether the peer's bytes ended.
    pub(super) ended: bool,
    /// RTMPE, behind the handshake.
    #[cfg(feature = "rtmpe")]
    cipher: Option<crate::handshake::Cipher>,
}

impl Input {
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            front: None,
            front_len: 0,
            more: VecDeque::new(),
            cost: 0,
            limit,
            ended: false,
            #[cfg(feature = "rtmpe")]
            cipher: None,
        }
    }

    /// Stores a read that is not empty.
    #[inline]
    pub(super) fn push(&mut self, read: Bytes) -> Result<(), LimitExceeded> {
        let cost = self.cost + read.len() + READ_COST;
        if cost > self.limit {
            return Err(self.exceeded(cost));
        }
        self.cost = cost;
        let read = self.decrypted(read);
        match self.front {
            None => {
                self.front_len = read.len();
                self.front = Some(read);
            }
            Some(_) => self.push_behind(read),
        }
        Ok(())
    }

    #[inline(never)]
    fn push_behind(&mut self, read: Bytes) {
        self.more.push_back(read);
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
    pub(super) fn front(&self) -> Option<&[u8]> {
        self.front.as_deref()
    }

    /// Drops all but the last `left` bytes of the first read.
    #[inline]
    pub(super) fn keep(&mut self, left: usize) {
        match &mut self.front {
            Some(front) if left > 0 => front.advance(front.len() - left),
            _ => {
                self.cost -= self.front_len + READ_COST;
                self.front = self.more.pop_front();
                self.front_len = self.front.as_ref().map_or(0, Bytes::len);
            }
        }
    }

    /// Drops what waits.
    pub(super) fn clear(&mut self) {
        self.front = None;
        self.more = VecDeque::new();
        self.cost = 0;
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
        for read in self.front.iter_mut().chain(&mut self.more) {
            *read = cipher.apply(mem::take(read));
        }
        self.cipher = Some(cipher);
    }
}

/// What a stored read counts besides its length.
const READ_COST: usize = 64;
