//! The only file that cuts input at computed places.

use crate::Malformed;

/// Reads fields off the front of a slice and knows how far it has come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Cursor<'a> {
    #[inline]
    pub(crate) const fn new(data: &'a [u8]) -> Self {
        Self {
            rest: data,
            offset: 0,
        }
    }

    /// Bytes read so far.
    #[inline]
    pub(crate) const fn offset(&self) -> usize {
        self.offset
    }

    /// What has not been read.
    #[inline]
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    #[inline]
    pub(crate) fn take(&mut self, len: usize, what: &'static str) -> Result<&'a [u8], Malformed> {
        let Some((head, rest)) = self.rest.split_at_checked(len) else {
            return Err(self.short(len, what));
        };
        self.rest = rest;
        self.offset += len;
        Ok(head)
    }

    #[inline]
    pub(crate) fn u8(&mut self, what: &'static str) -> Result<u8, Malformed> {
        let Some((first, rest)) = self.rest.split_first() else {
            return Err(self.short(1, what));
        };
        self.rest = rest;
        self.offset += 1;
        Ok(*first)
    }

    #[inline]
    pub(crate) fn array<const N: usize>(
        &mut self,
        what: &'static str,
    ) -> Result<[u8; N], Malformed> {
        let Some((head, rest)) = self.rest.split_first_chunk() else {
            return Err(self.short(N, what));
        };
        self.rest = rest;
        self.offset += N;
        Ok(*head)
    }

    #[inline]
    pub(crate) fn u16(&mut self, what: &'static str) -> Result<u16, Malformed> {
        self.array(what).map(u16::from_be_bytes)
    }

    #[inline]
    pub(crate) fn u24(&mut self, what: &'static str) -> Result<u32, Malformed> {
        let [a, b, c] = self.array(what)?;
        Ok(u32::from_be_bytes([0, a, b, c]))
    }

    #[inline]
    pub(crate) fn i24(&mut self, what: &'static str) -> Result<i32, Malformed> {
        let [a, b, c] = self.array(what)?;
        Ok(i32::from_be_bytes([a, b, c, 0]) >> 8)
    }

    #[inline]
    pub(crate) fn u32(&mut self, what: &'static str) -> Result<u32, Malformed> {
        self.array(what).map(u32::from_be_bytes)
    }

    /// Cuts off the next `len` bytes as a cursor of their own that counts offsets on.
    #[inline]
    pub(crate) fn split(&mut self, len: usize, what: &'static str) -> Result<Self, Malformed> {
        let offset = self.offset;
        let rest = self.take(len, what)?;
        Ok(Self { rest, offset })
    }

    #[cold]
    fn short(&self, wanted: usize, what: &'static str) -> Malformed {
        Malformed::Short {
            what,
            offset: self.offset,
            wanted,
            left: self.rest.len(),
        }
    }
}

/// The low 24 bits of `value`, big-endian.
#[inline]
pub(crate) fn u24_bytes(value: u32) -> [u8; 3] {
    let [_, a, b, c] = value.to_be_bytes();
    [a, b, c]
}
