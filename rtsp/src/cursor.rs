//! The only place that indexes bytes: a checked big-endian reader over a slice.
#![expect(dead_code, reason = "a twin carries the whole set of readers")]

/// Reads big-endian integers and slices from the front of a buffer, never past its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    all: &'a [u8],
    /// `at <= all.len()`.
    at: usize,
}

/// The buffer ended before a value did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Eof {
    /// Where the value began, in bytes from the start of the buffer.
    pub(crate) offset: usize,
    /// Bytes the value needs.
    pub(crate) needed: usize,
    /// Bytes that were there.
    pub(crate) available: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(all: &'a [u8]) -> Self {
        Self { all, at: 0 }
    }

    /// Bytes read so far.
    pub(crate) const fn offset(&self) -> usize {
        self.at
    }

    pub(crate) const fn remaining(&self) -> usize {
        self.all.len() - self.at
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.remaining() == 0
    }

    /// What is left, without reading it.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.all.get(self.at..).unwrap_or_default()
    }

    pub(crate) fn peek_u8(&self) -> Option<u8> {
        self.all.get(self.at).copied()
    }

    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], Eof> {
        match self.rest().get(..len) {
            Some(taken) => {
                self.at += len;
                Ok(taken)
            }
            None => Err(Eof {
                offset: self.at,
                needed: len,
                available: self.remaining(),
            }),
        }
    }

    pub(crate) fn skip(&mut self, len: usize) -> Result<(), Eof> {
        self.take(len).map(|_| ())
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Eof> {
        match self.rest().first_chunk::<N>() {
            Some(chunk) => {
                self.at += N;
                Ok(*chunk)
            }
            None => Err(Eof {
                offset: self.at,
                needed: N,
                available: self.remaining(),
            }),
        }
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Eof> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Eof> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u24(&mut self) -> Result<u32, Eof> {
        self.array::<3>()
            .map(|[a, b, c]| u32::from_be_bytes([0, a, b, c]))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Eof> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Eof> {
        self.array().map(u64::from_be_bytes)
    }
}
