//! Reads numbers and slices from the front of a byte slice: the only place that indexes input.

use byteorder::{BigEndian, ByteOrder, LittleEndian};

/// A position in a slice; each read returns `None`, and moves nothing, when bytes are missing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    /// 0 <= position <= bytes.len()
    position: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    pub(crate) const fn position(&self) -> usize {
        self.position
    }

    /// The bytes not read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.position..).unwrap_or_default()
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let end = self.position.checked_add(len)?;
        let bytes = self.bytes.get(self.position..end)?;
        self.position = end;
        Some(bytes)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.position)?;
        self.position += 1;
        Some(byte)
    }

    pub(crate) fn u24(&mut self) -> Option<u32> {
        self.bytes(3).map(BigEndian::read_u24)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.bytes(4).map(BigEndian::read_u32)
    }

    pub(crate) fn u16_le(&mut self) -> Option<u16> {
        self.bytes(2).map(LittleEndian::read_u16)
    }

    pub(crate) fn u32_le(&mut self) -> Option<u32> {
        self.bytes(4).map(LittleEndian::read_u32)
    }
}

/// Takes up to `len` bytes off the front of `input`.
pub(crate) fn take<'a>(input: &mut &'a [u8], len: usize) -> &'a [u8] {
    let (head, tail) = input.split_at(len.min(input.len()));
    *input = tail;
    head
}
