//! Slices pushed by the driver, read as one run of bytes.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::mem;

use bytes::{Buf, Bytes};

/// What was pushed and not yet taken: `front`, then the slices of `queue`.
///
/// A read inside one slice shares it. Only what straddles slices is assembled in `front`, and
/// only as far as it goes, so every byte is copied at most once. If `front` took whole slices,
/// each tag behind a straddling one would be copied too.
#[derive(Debug, Clone, Default)]
pub(super) struct Input {
    front: Vec<u8>,
    queue: VecDeque<Bytes>,
    len: usize,
    /// Position of the first byte in the whole input.
    offset: u64,
    ended: bool,
}

impl Input {
    /// An input whose first byte stands at a position.
    pub(super) fn at(offset: u64) -> Self {
        Self {
            offset,
            ..Self::default()
        }
    }

    pub(super) fn push(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.len += bytes.len();
            self.queue.push_back(bytes);
        }
    }

    pub(super) const fn end(&mut self) {
        self.ended = true;
    }

    pub(super) const fn ended(&self) -> bool {
        self.ended
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    /// Copies out `N` bytes that begin `at` bytes in; `None` when there are fewer.
    #[inline]
    pub(super) fn peek<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        if self.front.is_empty() {
            let in_one_slice = self
                .queue
                .front()
                .and_then(|slice| slice.get(at..))
                .and_then(|rest| rest.first_chunk::<N>());
            if let Some(bytes) = in_one_slice {
                return Some(*bytes);
            }
        }
        self.peek_across(at)
    }

    fn peek_across<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        if self.len < at.checked_add(N)? {
            return None;
        }
        let slices = core::iter::once(self.front.as_slice())
            .chain(self.queue.iter().map(|slice| &slice[..]));
        let mut out = [0; N];
        let mut filled = out.as_mut_slice();
        let mut skip = at;
        for slice in slices {
            let Some(rest) = slice.get(skip..) else {
                skip -= slice.len();
                continue;
            };
            skip = 0;
            let len = rest.len().min(filled.len());
            let (now, later) = filled.split_at_mut(len);
            now.copy_from_slice(rest.get(..len)?);
            filled = later;
            if filled.is_empty() {
                return Some(out);
            }
        }
        filled.is_empty().then_some(out)
    }

    /// The first slice, when all that is read next may stand in it.
    #[inline]
    pub(super) fn front_slice(&self) -> Option<&Bytes> {
        if self.front.is_empty() {
            self.queue.front()
        } else {
            None
        }
    }

    /// Takes the next `len` bytes, which must be there.
    #[inline]
    pub(super) fn take(&mut self, len: usize) -> Bytes {
        debug_assert!(len <= self.len, "taking {len} of {}", self.len);
        self.len -= len;
        self.offset += len as u64;
        if !self.front.is_empty() {
            if self.front.len() <= len {
                return self.assemble(len);
            }
            self.queue
                .push_front(Bytes::from(mem::take(&mut self.front)));
        }
        match self.queue.front_mut() {
            Some(slice) if slice.len() > len => slice.split_to(len),
            Some(slice) if slice.len() == len => self.queue.pop_front().unwrap_or_default(),
            _ => self.assemble(len),
        }
    }

    /// Takes the `len` bytes between `before` and `after` others, all of which must be there.
    pub(super) fn take_between(&mut self, before: usize, len: usize, after: usize) -> Bytes {
        let all = before + len + after;
        if self.front_slice().is_some_and(|slice| slice.len() > all) {
            return self.take_inside(before, len, after);
        }
        let mut taken = self.take(before + len);
        taken.advance(before);
        self.skip(after);
        taken
    }

    /// The same where all of them stand in the [front slice](Self::front_slice), with more behind
    /// them.
    #[inline(always)]
    pub(super) fn take_inside(&mut self, before: usize, len: usize, after: usize) -> Bytes {
        let all = before + len + after;
        let Some(slice) = self.queue.front_mut() else {
            return Bytes::new();
        };
        let taken = slice.slice(before..before + len);
        slice.advance(all);
        self.len -= all;
        self.offset += all as u64;
        taken
    }

    /// Drops the next `len` bytes, which must be there.
    pub(super) fn skip(&mut self, len: usize) {
        debug_assert!(len <= self.len, "skipping {len} of {}", self.len);
        self.len -= len;
        self.offset += len as u64;
        if !self.front.is_empty() {
            self.queue
                .push_front(Bytes::from(mem::take(&mut self.front)));
        }
        let mut left = len;
        while let Some(slice) = self.queue.front_mut() {
            if slice.len() > left {
                slice.advance(left);
                return;
            }
            left -= slice.len();
            self.queue.pop_front();
        }
    }

    /// Gathers everything before more is waited for, so that only one run is held.
    ///
    /// `wanted` is the length waited for; it is approached by doubling, never allocated on the
    /// word of a header.
    pub(super) fn settle(&mut self, wanted: usize) {
        if self.queue.is_empty() {
            return;
        }
        if self.front.capacity() < self.len {
            let capacity = self.len.max(wanted.min(self.len.saturating_mul(2)));
            self.front.reserve_exact(capacity - self.front.len());
        }
        for slice in self.queue.drain(..) {
            self.front.extend_from_slice(&slice);
        }
    }

    /// Everything in one piece.
    pub(super) fn contiguous(&mut self) -> &[u8] {
        if !self.front.is_empty() || self.queue.len() > 1 {
            self.settle(usize::MAX);
        }
        match self.queue.front() {
            Some(slice) => slice,
            None => &self.front,
        }
    }

    fn assemble(&mut self, len: usize) -> Bytes {
        let mut whole = mem::take(&mut self.front);
        whole.reserve_exact(len - whole.len());
        while whole.len() < len {
            let Some(slice) = self.queue.front_mut() else {
                break;
            };
            let part = slice.split_to(slice.len().min(len - whole.len()));
            whole.extend_from_slice(&part);
            if slice.is_empty() {
                self.queue.pop_front();
            }
        }
        Bytes::from(whole)
    }
}
