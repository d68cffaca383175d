//! Bits of parameter sets, most significant first, and back.

use alloc::vec::Vec;

use crate::Malformed;

/// Reads fields of 0 to 32 bits.
#[derive(Debug, Clone)]
pub(super) struct Bits<'a> {
    data: &'a [u8],
    /// Bits read so far.
    position: usize,
}

impl<'a> Bits<'a> {
    pub(super) const fn new(data: &'a [u8]) -> Self {
        Self { data, position: 0 }
    }

    pub(super) const fn left(&self) -> usize {
        (self.data.len() * 8).saturating_sub(self.position)
    }

    /// The next `count` bits, 32 at most.
    pub(super) fn read(&mut self, count: u32, what: &'static str) -> Result<u32, Malformed> {
        debug_assert!(count <= 32, "{count} bits");
        if self.left() < count as usize {
            return Err(self.short(count, what));
        }
        let mut value = 0_u64;
        let mut wanted = count;
        while wanted > 0 {
            let byte = self.data.get(self.position / 8).copied().unwrap_or(0);
            let used = u32::try_from(self.position % 8).unwrap_or(0);
            let now = wanted.min(8 - used);
            let bits = u64::from(byte) >> (8 - used - now) & ((1 << now) - 1);
            value = value << now | bits;
            self.position += now as usize;
            wanted -= now;
        }
        // 32 bits at most were shifted in.
        Ok((value & 0xffff_ffff) as u32)
    }

    pub(super) fn read_u8(&mut self, count: u32, what: &'static str) -> Result<u8, Malformed> {
        self.read(count.min(8), what)
            .map(|value| (value & 0xff) as u8)
    }

    pub(super) fn flag(&mut self, what: &'static str) -> Result<bool, Malformed> {
        Ok(self.read(1, what)? == 1)
    }

    pub(super) fn skip(&mut self, count: usize, what: &'static str) -> Result<(), Malformed> {
        if self.left() < count {
            return Err(self.short(u32::try_from(count).unwrap_or(u32::MAX), what));
        }
        self.position += count;
        Ok(())
    }

    /// Skips to the next byte.
    pub(super) const fn align(&mut self) {
        self.position = self.position.next_multiple_of(8);
    }

    /// An unsigned Exp-Golomb code of at most 32 bits. H.264, section 9.1.
    pub(super) fn ue(&mut self, what: &'static str) -> Result<u32, Malformed> {
        let offset = self.position / 8;
        let mut zeros = 0;
        while !self.flag(what)? {
            zeros += 1;
            if zeros > 31 {
                return Err(Malformed::Value {
                    what,
                    offset,
                    got: zeros,
                    allowed: "at most 31 leading zeros",
                });
            }
        }
        let zeros = u32::try_from(zeros).unwrap_or(0);
        Ok(((1_u32 << zeros) - 1) + self.read(zeros, what)?)
    }

    /// An unsigned Exp-Golomb code that may not exceed `max`.
    pub(super) fn ue_max(
        &mut self,
        max: u32,
        what: &'static str,
        allowed: &'static str,
    ) -> Result<u32, Malformed> {
        let offset = self.position / 8;
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
    pub(super) const fn byte_offset(&self) -> usize {
        self.position / 8
    }

    #[cold]
    fn short(&self, wanted_bits: u32, what: &'static str) -> Malformed {
        Malformed::Short {
            what,
            offset: self.position / 8,
            wanted: (self.position % 8 + wanted_bits as usize).div_ceil(8),
            left: self.data.len() - (self.position / 8).min(self.data.len()),
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
