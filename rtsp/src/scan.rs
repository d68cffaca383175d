//! Searches for a byte in text of short lines, where calls of `memchr` cost more than they save.

/// The first place of `byte`.
#[inline]
pub(crate) fn find(byte: u8, bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    while let Some((block, behind)) = rest.split_first_chunk::<BLOCK>() {
        // No early end, so that it is a few instructions for all of the block.
        if block.iter().fold(false, |any, each| any | (*each == byte)) {
            break;
        }
        rest = behind;
    }
    find_soon(byte, rest).map(|at| bytes.len() - rest.len() + at)
}

/// The first place of `byte`, which is expected within the first few.
#[inline]
pub(crate) fn find_soon(byte: u8, bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    while let Some((word, behind)) = rest.split_first_chunk() {
        let found = equal(u64::from_le_bytes(*word), byte);
        if found != 0 {
            // At most 7.
            let at = (found.trailing_zeros() / 8) as usize;
            return Some(bytes.len() - rest.len() + at);
        }
        rest = behind;
    }
    let at = rest.iter().position(|each| *each == byte)?;
    Some(bytes.len() - rest.len() + at)
}

/// The high bit of each byte of `word` that is `byte`, and perhaps of some behind the first of them:
/// a byte borrows from the next only where it is zero itself, so the lowest bit set is right.
#[inline]
const fn equal(word: u64, byte: u8) -> u64 {
    let zero_where_equal = word ^ (LOW_BITS * byte as u64);
    zero_where_equal.wrapping_sub(LOW_BITS) & !zero_where_equal & HIGH_BITS
}

/// Two registers of the least that every x86-64 and AArch64 has.
const BLOCK: usize = 32;
const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_is_found_wherever_it_stands() {
        for len in 0..100 {
            // Neighbours that a borrow could mistake for it.
            for filler in [0x0b, 0x09, 0x8a, 0xff, 0x00] {
                let mut bytes = [filler].repeat(len);
                assert_eq!((find(10, &bytes), find_soon(10, &bytes)), (None, None));
                for at in (0..len).rev() {
                    bytes[at] = 10;
                    let found = (find(10, &bytes), find_soon(10, &bytes));
                    assert_eq!(found, (Some(at), Some(at)), "of {len}");
                }
            }
        }
    }
}
