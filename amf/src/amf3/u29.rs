//! The variable-length unsigned 29-bit integer. AMF3, section 1.3.1.
//!
//! Up to four bytes, most significant first: bytes 1 to 3 give 7 bits each, and their high bit says
//! that another byte follows; a fourth byte gives 8 bits.
//!
//! ```text
//! 0xxxxxxx                               7 bits
//! 1xxxxxxx 0xxxxxxx                     14 bits
//! 1xxxxxxx 1xxxxxxx 0xxxxxxx            21 bits
//! 1xxxxxxx 1xxxxxxx 1xxxxxxx xxxxxxxx   29 bits
//! ```

use alloc::vec::Vec;

use crate::cursor::Cursor;
use crate::error::DecodeError;

/// The largest length or index that a header can say: 28 bits, one is the flag.
pub(crate) const MAX_LEN: usize = 0x0fff_ffff;

/// The range of an integer: 29 bits with sign.
pub(crate) const INTEGERS: core::ops::RangeInclusive<i32> = -0x1000_0000..=0x0fff_ffff;

/// Reads a U29. A longer form than needed is accepted, as every decoder does.
#[inline]
pub(crate) fn read(cursor: &mut Cursor<'_>) -> Result<u32, DecodeError> {
    let first = u32::from(cursor.u8()?);
    if first < 0x80 {
        return Ok(first);
    }
    read_long(cursor, first & 0x7f)
}

fn read_long(cursor: &mut Cursor<'_>, mut value: u32) -> Result<u32, DecodeError> {
    for _ in 0..2 {
        let byte = u32::from(cursor.u8()?);
        value = value << 7 | byte & 0x7f;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Ok(value << 8 | u32::from(cursor.u8()?))
}

/// Gives the 29 bits of an integer their sign.
#[inline]
pub(crate) const fn to_signed(value: u32) -> i32 {
    i32::from_ne_bytes((value << 3).to_ne_bytes()) >> 3
}

/// Writes the shortest form of `value`, of which only the low 29 bits count.
#[inline(always)]
pub(crate) fn write(out: &mut Vec<u8>, value: u32) {
    let value = value & 0x1fff_ffff;
    let [_, _, b, c] = value.to_be_bytes();
    if value < 0x80 {
        out.push(c);
    } else if value < 0x4000 {
        out.extend_from_slice(&[0x80 | b << 1 | c >> 7, c & 0x7f]);
    } else {
        write_long(out, value);
    }
}

fn write_long(out: &mut Vec<u8>, value: u32) {
    let [high, a, b, c] = value.to_be_bytes();
    if value < 0x20_0000 {
        out.extend_from_slice(&[0x80 | a << 2 | b >> 6, 0x80 | b << 1 | c >> 7, c & 0x7f]);
    } else {
        let first = 0x80 | high << 2 | a >> 6;
        out.extend_from_slice(&[first, 0x80 | a << 1 | b >> 7, 0x80 | b, c]);
    }
}
