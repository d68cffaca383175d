//! Bits of parameter sets, most significant first, and back.

use alloc::vec::Vec;

use crate::Malformed;

/// Reads fields of 0 to 32 bits.
///
/// Fields are cut off the front of `word`, which takes whole bytes from `rest` when it runs low.
#[derive(Debug, Clone)]
pub(super) struct Bits<'a> {
    /// The next bits, the first one at the top; zeros behind the last.
    word: u64,
    /// Bits of `word` that are not read: 0 to 64.
    held: u32,
    rest: &'a [u8],
    /// Bytes of the data.
    len: usize,
}

impl<'a> Bits<'a> {
    #[inline]
    pub(super) fn new(data: &'a [u8]) -> Self {
        let mut bits = Self {
            word: 0,
            held: 0,
            rest: data,
            len: data.len(),
        };
        bits.fill();
        bits
    }

    /// Bits that have not been read.
    #[inline]
    pub(super) const fn left(&self) -> usize {
        self.rest.len() * 8 + self.held as usize
    }

    /// Takes as many whole bytes as there is room for.
    fn fill(&mut self) {
        let room = (64 - self.held) / 8;
        if let Some((chunk, _)) = self.rest.split_first_chunk().filter(|_| room > 0) {
            self.word |= u64::from_be_bytes(*chunk) >> self.held;
            self.held += room * 8;
            // What lies below belongs to the next byte, and comes with it.
            self.word &= u64::MAX << (64 - self.held);
            self.rest = self.rest.get(room as usize..).unwrap_or_default();
        } else {
            self.fill_by_bytes();
        }
    }

    fn fill_by_bytes(&mut self) {
        while self.held <= 56 {
            let Some((byte, rest)) = self.rest.split_first() else {
                return;
            };
            self.word |= u64::from(*byte) << (56 - self.held);
            self.held += 8;
            self.rest = rest;
        }
    }

    /// The next `count` bits, 32 at most.
    #[inline]
    pub(super) fn read(&mut self, count: u32, what: &'static str) -> Result<u32, Malformed> {
        debug_assert!(count <= 32, "{count} bits");
        if self.held < count {
            self.fill();
            if self.held < count {
                return Err(self.short(count as usize, what));
            }
        }
        // In two steps, because for 0 bits it would be a shift by 64.
        let value = self.word >> 1 >> (63 - count);
        self.word <<= count;
        self.held -= count;
        Ok((value & 0xffff_ffff) as u32)
    }

    #[inline]
    pub(super) fn read_u8(&mut self, count: u32, what: &'static str) -> Result<u8, Malformed> {
        self.read(count.min(8), what)
            .map(|value| (value & 0xff) as u8)
    }

    #[inline]
    pub(super) fn flag(&mut self, what: &'static str) -> Result<bool, Malformed> {
        Ok(self.read(1, what)? == 1)
    }

    #[inline]
    pub(super) fn skip(&mut self, count: usize, what: &'static str) -> Result<(), Malformed> {
        if count < self.held as usize {
            self.word <<= count;
            self.held -= u32::try_from(count).unwrap_or(0);
            return Ok(());
        }
        self.long_skip(count, what)
    }

    /// Skips all of `word` and what is wanted of the bytes behind it.
    #[inline(never)]
    fn long_skip(&mut self, count: usize, what: &'static str) -> Result<(), Malformed> {
        if self.left() < count {
            return Err(self.short(count, what));
        }
        let beyond = count - self.held as usize;
        (self.word, self.held) = (0, 0);
        self.rest = self.rest.get(beyond / 8..).unwrap_or_default();
        self.fill();
        self.word <<= beyond % 8;
        self.held -= u32::try_from(beyond % 8).unwrap_or(0);
        Ok(())
    }

    /// Skips to the next byte.
    pub(super) fn align(&mut self) {
        let odd = self.held % 8;
        self.word <<= odd;
        self.held -= odd;
    }

    /// An unsigned Exp-Golomb code of at most 32 bits. H.264, section 9.1.
    ///
    /// As many zeros as bits follow the first 1.
    #[inline]
    pub(super) fn ue(&mut self, what: &'static str) -> Result<u32, Malformed> {
        let zeros = self.word.leading_zeros();
        let count = 2 * zeros + 1;
        if zeros > 31 || self.held < count {
            return self.long_ue(what);
        }
        let code = self.word >> (64 - count);
        self.word <<= count;
        self.held -= count;
        Ok((code.wrapping_sub(1) & 0xffff_ffff) as u32)
    }

    /// A code that does not end in `word`.
    #[inline(never)]
    fn long_ue(&mut self, what: &'static str) -> Result<u32, Malformed> {
        let offset = self.byte_offset();
        self.fill();
        let zeros = self.word.leading_zeros();
        if zeros > 31 && self.held > 31 {
            return Err(Malformed::Value {
                what,
                offset,
                got: 32,
                allowed: "at most 31 leading zeros",
            });
        }
        if zeros >= self.held {
            self.held = 0;
            return Err(self.short(1, what));
        }
        self.word <<= zeros + 1;
        self.held -= zeros + 1;
        Ok(((1_u32 << zeros) - 1) + self.read(zeros, what)?)
    }

    /// An unsigned Exp-Golomb code that may not exceed `max`.
    #[inline]
    pub(super) fn ue_max(
        &mut self,
        max: u32,
        what: &'static str,
        allowed: &'static str,
    ) -> Result<u32, Malformed> {
        let offset = self.byte_offset();
        let got = self.ue(what)?;
        if got <= max {
            return Ok(got);
        }
        Err(Malformed::Value {
            what,
            offset,
            got: got.into(),
            allowed,
        })
    }

    /// A signed Exp-Golomb code. H.264, section 9.1.1.
    pub(super) fn se(&mut self, what: &'static str) -> Result<i64, Malformed> {
        let code = i64::from(self.ue(what)?);
        Ok(if code % 2 == 0 {
            -(code / 2)
        } else {
            code / 2 + 1
        })
    }

    /// The byte that is read next.
    #[inline]
    pub(super) const fn byte_offset(&self) -> usize {
        self.len - self.left().div_ceil(8)
    }

    #[cold]
    fn short(&self, wanted_bits: usize, what: &'static str) -> Malformed {
        let read = (8 - self.left() % 8) % 8;
        Malformed::Short {
            what,
            offset: self.byte_offset(),
            wanted: (read + wanted_bits).div_ceil(8),
            left: self.left().div_ceil(8),
        }
    }
}

/// Writes fields of 0 to 32 bits.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    /// Bits of the last byte in use; 0 when it is full.
    used: u32,
}

impl BitWriter {
    pub(super) fn write(&mut self, value: u32, count: u32) {
        for index in (0..count).rev() {
            let bit = u8::from(value >> index & 1 == 1);
            if self.used == 0 {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= bit << (7 - self.used);
            }
            self.used = (self.used + 1) % 8;
        }
    }

    pub(super) fn flag(&mut self, value: bool) {
        self.write(value.into(), 1);
    }

    pub(super) const fn align(&mut self) {
        self.used = 0;
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}
