//! Reads bits, and the Exp-Golomb codes of parameter sets.

/// Bits of a slice from the front, most significant first.
#[derive(Debug, Clone)]
pub(super) struct Bits<'a> {
    rest: &'a [u8],
    /// Bits of `current` not read yet, in its lower part.
    current: u8,
    left: u8,
    /// Zero bytes right before, and whether `00 00 03` is an escape (NAL units) or data.
    zeros: u8,
    escaped: bool,
}

impl<'a> Bits<'a> {
    /// Bits as they are.
    pub(super) const fn new(data: &'a [u8]) -> Self {
        Self {
            rest: data,
            current: 0,
            left: 0,
            zeros: 0,
            escaped: false,
        }
    }

    /// Bits of a NAL unit, emulation prevention bytes left out. H.264, section 7.4.1.
    pub(super) const fn of_nal_unit(data: &'a [u8]) -> Self {
        Self {
            escaped: true,
            ..Self::new(data)
        }
    }

    pub(super) fn bit(&mut self) -> Option<bool> {
        if self.left == 0 {
            self.load()?;
        }
        self.left -= 1;
        Some((self.current >> self.left) & 1 != 0)
    }

    fn load(&mut self) -> Option<()> {
        let (mut byte, mut rest) = self.rest.split_first()?;
        if self.escaped && self.zeros >= 2 && *byte == 3 {
            self.zeros = 0;
            (byte, rest) = rest.split_first()?;
        }
        self.zeros = if *byte == 0 {
            self.zeros.saturating_add(1)
        } else {
            0
        };
        (self.current, self.left, self.rest) = (*byte, 8, rest);
        Some(())
    }

    /// Up to 32 bits as a number.
    pub(super) fn bits(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count.min(32) {
            value = (value << 1) | u32::from(self.bit()?);
        }
        Some(value)
    }

    pub(super) fn skip(&mut self, count: u32) -> Option<()> {
        for _ in 0..count {
            self.bit()?;
        }
        Some(())
    }

    /// ue(v). H.264, section 9.1.
    pub(super) fn ue(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.bit()? {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        let rest = self.bits(zeros)?;
        Some((1_u32 << zeros) - 1 + rest)
    }

    /// se(v), for its value to be skipped or compared. H.264, section 9.1.1.
    pub(super) fn se(&mut self) -> Option<i32> {
        let code = self.ue()?;
        let half = i32::try_from(code.div_ceil(2)).ok()?;
        Some(if code % 2 == 0 { -half } else { half })
    }

    /// Bits not read yet.
    pub(super) fn remaining(&self) -> usize {
        8 * self.rest.len() + usize::from(self.left)
    }

    /// The bytes behind this point, shifted to byte boundaries.
    pub(super) fn copy_bytes(&mut self, len: usize) -> Option<alloc::vec::Vec<u8>> {
        if self.remaining() < 8 * len {
            return None;
        }
        let mut bytes = alloc::vec::Vec::with_capacity(len);
        for _ in 0..len {
            bytes.push(u8::try_from(self.bits(8)?).ok()?);
        }
        Some(bytes)
    }
}
