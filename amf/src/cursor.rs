//! Reading big-endian fields from a slice: the only place that cuts the input.

use crate::error::{DecodeError, Malformed};

/// An input and how far it is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    input: &'a [u8],
    /// 0 <= at <= input.len()
    at: u32,
}

impl<'a> Cursor<'a> {
    /// The longest input. Offsets are 32 bits, and no limit allows an input as long as that.
    pub(crate) const MAX_LEN: u32 = u32::MAX;

    /// What stands behind [`MAX_LEN`](Self::MAX_LEN) bytes is left out.
    pub(crate) fn new(input: &'a [u8]) -> Self {
        Self {
            input: input.get(..Self::MAX_LEN as usize).unwrap_or(input),
            at: 0,
        }
    }

    /// Returns the length of the whole input.
    #[inline]
    pub(crate) const fn len(&self) -> usize {
        self.input.len()
    }

    /// Returns how many bytes have been read.
    #[inline]
    pub(crate) const fn at(&self) -> u32 {
        self.at
    }

    /// The same, as the length that it is.
    #[inline]
    pub(crate) const fn offset(&self) -> usize {
        self.at as usize
    }

    #[inline]
    pub(crate) const fn left(&self) -> usize {
        self.input.len() - self.offset()
    }

    /// Returns what has not been read.
    #[inline]
    pub(crate) fn rest(&self) -> Option<&'a [u8]> {
        self.input.get(self.offset()..)
    }

    /// Passes over bytes that [`rest`](Self::rest) has.
    #[inline]
    pub(crate) const fn skip(&mut self, len: u32) {
        self.at += len;
    }

    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.input.get(self.offset()).copied()
    }

    #[inline]
    pub(crate) fn u8(&mut self) -> Result<u8, DecodeError> {
        match self.peek() {
            Some(byte) => {
                self.at += 1;
                Ok(byte)
            }
            None => Err(self.eof(1)),
        }
    }

    #[inline]
    pub(crate) fn u16(&mut self) -> Result<u16, DecodeError> {
        self.chunk().map(u16::from_be_bytes)
    }

    #[inline]
    pub(crate) fn i16(&mut self) -> Result<i16, DecodeError> {
        self.chunk().map(i16::from_be_bytes)
    }

    #[inline]
    pub(crate) fn u32(&mut self) -> Result<u32, DecodeError> {
        self.chunk().map(u32::from_be_bytes)
    }

    #[inline]
    pub(crate) fn f64(&mut self) -> Result<f64, DecodeError> {
        self.chunk().map(f64::from_be_bytes)
    }

    /// Takes the next `len` bytes.
    #[inline]
    pub(crate) fn take(&mut self, len: u32) -> Result<&'a [u8], DecodeError> {
        let end = self.offset().saturating_add(len as usize);
        match self.input.get(self.offset()..end) {
            Some(bytes) => {
                self.at += len;
                Ok(bytes)
            }
            None => Err(self.eof(len)),
        }
    }

    /// Takes the next bytes, as many as the field has.
    #[inline]
    fn chunk<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let bytes = self.input.get(self.offset()..self.offset() + N);
        match bytes.and_then(|bytes| bytes.first_chunk()) {
            Some(bytes) => {
                self.at += to_u32(N);
                Ok(*bytes)
            }
            None => Err(self.eof(to_u32(N))),
        }
    }

    #[cold]
    fn eof(&self, needed: u32) -> DecodeError {
        Malformed::Eof {
            offset: self.offset(),
            needed: needed.into(),
            left: self.left(),
        }
        .into()
    }
}

/// Offsets and lengths are below [`Limits::max_bytes`](crate::Limits::max_bytes), so they fit.
#[inline]
pub(crate) fn to_u32(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}
