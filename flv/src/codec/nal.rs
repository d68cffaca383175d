//! NAL units, in the length-prefixed form of FLV and the start codes of Annex B.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::cursor::Cursor;
use crate::{EncodeError, Malformed};

/// Walks the NAL units of a length-prefixed payload.
///
/// Units of length 0, which some encoders write, are skipped. Ends after an error.
///
/// ```
/// use weir_flv::codec::nal::length_prefixed;
/// let units: Result<Vec<_>, _> =
///     length_prefixed(&[0, 0, 0, 2, 0x65, 0x88, 0, 0, 0, 1, 0x0c], 4).collect();
/// assert_eq!(units?, [&[0x65, 0x88][..], &[0x0c]]);
/// # Ok::<(), weir_flv::Malformed>(())
/// ```
/// `length_size` is 1, 2 or 4, as the codec's configuration says. ISO/IEC 14496-15, section 5.2.3.
pub fn length_prefixed(
    payload: &[u8],
    length_size: u8,
) -> impl Iterator<Item = Result<&[u8], Malformed>> {
    let mut cursor = Cursor::new(payload);
    let mut failed = false;
    core::iter::from_fn(move || {
        while !failed && !cursor.is_empty() {
            let unit = unit(&mut cursor, length_size);
            failed = unit.is_err();
            if unit != Ok(&[]) {
                return Some(unit);
            }
        }
        None
    })
}

fn unit<'a>(cursor: &mut Cursor<'a>, length_size: u8) -> Result<&'a [u8], Malformed> {
    let len = match length_size {
        1 => cursor.u8(LENGTH)?.into(),
        2 => cursor.u16(LENGTH)?.into(),
        3 => cursor.u24(LENGTH)?,
        _ => cursor.u32(LENGTH)?,
    };
    cursor.take(usize::try_from(len).unwrap_or(usize::MAX), "NAL unit")
}

/// Walks the NAL units of a byte stream with start codes; zeros around them are left out.
///
/// ```
/// use weir_flv::codec::nal::annex_b;
/// let units: Vec<_> = annex_b(&[0, 0, 0, 1, 0x67, 0x42, 0, 0, 1, 0x68]).collect();
/// assert_eq!(units, [&[0x67, 0x42][..], &[0x68]]);
/// ```
/// H.264, annex B.
pub fn annex_b(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = behind_start_code(stream);
    core::iter::from_fn(move || {
        while let Some(begin) = rest {
            let (unit, next) = match start_code(begin) {
                Some(at) => {
                    let (unit, code) = begin.split_at_checked(at).unwrap_or((begin, &[]));
                    (unit, code.get(3..))
                }
                None => (begin, None),
            };
            rest = next;
            let unit = trim_zeros(unit);
            if !unit.is_empty() {
                return Some(unit);
            }
        }
        None
    })
}

/// Appends a length-prefixed payload to `out` as Annex B, with start codes of 4 bytes.
///
/// # Errors
/// [`Malformed`] when a length reaches past the payload; `out` then holds the units before it.
pub fn to_annex_b(payload: &[u8], length_size: u8, out: &mut Vec<u8>) -> Result<(), Malformed> {
    for unit in length_prefixed(payload, length_size) {
        out.extend_from_slice(&[0, 0, 0, 1]);
        out.extend_from_slice(unit?);
    }
    Ok(())
}

/// Appends an Annex B stream to `out` in length-prefixed form.
///
/// # Errors
/// [`EncodeError::Range`] when a unit is too long for `length_size` bytes (1, 2 or 4).
pub fn to_length_prefixed(
    stream: &[u8],
    length_size: u8,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    for unit in annex_b(stream) {
        push_unit(unit, length_size, out)?;
    }
    Ok(())
}

/// Appends a length-prefixed payload to `out` with lengths of 4 bytes, up to where it is torn.
pub(crate) fn with_full_lengths(payload: &[u8], length_size: u8, out: &mut Vec<u8>) {
    for unit in length_prefixed(payload, length_size).map_while(Result::ok) {
        // A unit inside a tag is never too long for 4 bytes.
        let _ = push_unit(unit, 4, out);
    }
}

/// Appends one NAL unit and its length.
pub(super) fn push_unit(
    unit: &[u8],
    length_size: u8,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let too_long = EncodeError::Range {
        what: "NAL unit length",
        got: i64::try_from(unit.len()).unwrap_or(i64::MAX),
        allowed: "what its length field holds",
    };
    let len = u32::try_from(unit.len()).map_err(|_| too_long)?;
    let field = len.to_be_bytes();
    let (unused, used) = field
        .split_at_checked(4 - usize::from(length_size.min(4)))
        .unwrap_or((&[], &field));
    if unused.iter().any(|byte| *byte != 0) {
        return Err(too_long);
    }
    out.extend_from_slice(used);
    out.extend_from_slice(unit);
    Ok(())
}

/// A unit's payload without emulation prevention bytes. H.264, section 7.4.1.
pub(super) fn unescape(unit: &[u8]) -> Cow<'_, [u8]> {
    let Some(mut at) = emulation_prevention(unit) else {
        return Cow::Borrowed(unit);
    };
    let mut out = Vec::with_capacity(unit.len());
    let mut rest = unit;
    while let Some((part, behind)) = rest.split_at_checked(at) {
        out.extend_from_slice(part);
        rest = behind.get(1..).unwrap_or_default();
        at = emulation_prevention(rest).unwrap_or(usize::MAX);
    }
    out.extend_from_slice(rest);
    Cow::Owned(out)
}

/// Where the next 3 behind two zeros is. A byte that cannot be one of these zeros rules out the
/// next two places as well.
fn emulation_prevention(unit: &[u8]) -> Option<usize> {
    let mut at = 2;
    while let Some(byte) = unit.get(at) {
        match byte {
            0 => at += 1,
            3 if unit.get(at - 2..at) == Some(&[0, 0]) => return Some(at),
            _ => at += 3,
        }
    }
    None
}

fn behind_start_code(stream: &[u8]) -> Option<&[u8]> {
    stream.get(start_code(stream)? + 3..)
}

/// Where the next three bytes 0 0 1 are.
fn start_code(stream: &[u8]) -> Option<usize> {
    stream.windows(3).position(|three| three == [0, 0, 1])
}

fn trim_zeros(unit: &[u8]) -> &[u8] {
    let len = unit
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    unit.get(..len).unwrap_or_default()
}

const LENGTH: &str = "NAL unit length";
