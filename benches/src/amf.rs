//! Values that AMF decoders meet.

use std::hint::black_box;

use weir_amf::{Document, NewValue};

/// The `connect` command of a browser with Flash Player 32: 364 bytes, 14 properties.
pub const CONNECT: &[u8] = include_bytes!("../data/amf/amf0_connect.bin");

/// The `onMetaData` array that OBS Studio 30 sends: 526 bytes, 25 properties.
pub const METADATA: &[u8] = include_bytes!("../data/amf/amf0_meta.bin");

/// 64 objects inside one another, the deepest that most peers allow.
pub const AMF0_NEST: &[u8] = include_bytes!("../data/amf/amf0_nest64.bin");

/// The same in AMF3.
pub const AMF3_NEST: &[u8] = include_bytes!("../data/amf/amf3_nest64.bin");

/// An array of 1,000 objects of one class with 8 sealed members, as a remoting server answers:
/// 52,845 bytes, traits and texts by reference.
pub const TYPED: &[u8] = include_bytes!("../data/amf/amf3_typed_1000x8.bin");

/// A `Vector.<Number>` of a million elements: 8 MB.
#[must_use]
pub fn numbers() -> Vec<u8> {
    let numbers: Vec<f64> = (0..1_000_000).map(f64::from).collect();
    encode(NewValue::VectorNumber(&numbers))
}

/// A `ByteArray` of 1 MiB.
#[must_use]
pub fn byte_array() -> Vec<u8> {
    encode(NewValue::ByteArray(&vec![0xa5; 1 << 20]))
}

fn encode(value: NewValue<'_>) -> Vec<u8> {
    weir_amf::amf3::encode(&Document::new().with_value(value)).expect("a value of AMF3")
}

/// The floor of reading AMF0: a walk by hand that looks at each marker, name and value, and keeps
/// nothing.
pub fn walk_amf0(input: &[u8]) -> Option<usize> {
    let (mut rest, mut depth, mut tokens) = (input, 0_usize, 0);
    while !rest.is_empty() {
        if depth > 0 {
            let name = take(&mut rest, 2)?;
            let name = take(&mut rest, short(name))?;
            if name.is_empty() && rest.first() == Some(&9) {
                take(&mut rest, 1)?;
                depth -= 1;
                continue;
            }
            black_box(name);
        }
        tokens += 1;
        match take(&mut rest, 1)? {
            [0] => drop(black_box(f64::from_be_bytes(
                take(&mut rest, 8)?.try_into().ok()?,
            ))),
            [1] => drop(black_box(take(&mut rest, 1)?)),
            [2] => {
                let len = take(&mut rest, 2)?;
                black_box(take(&mut rest, short(len))?);
            }
            [3] => depth += 1,
            [5 | 6] => {}
            [8] => {
                take(&mut rest, 4)?;
                depth += 1;
            }
            _ => return None,
        }
    }
    Some(tokens)
}

/// The same for AMF3, for arrays and for objects whose members all are sealed.
pub fn walk_amf3(input: &[u8]) -> Option<usize> {
    let (mut rest, mut tokens) = (input, 0);
    while !rest.is_empty() {
        tokens += 1;
        match take(&mut rest, 1)? {
            [0..=3] => {}
            [4] => drop(black_box(u29(&mut rest)?)),
            [5] => drop(black_box(f64::from_be_bytes(
                take(&mut rest, 8)?.try_into().ok()?,
            ))),
            [6] => drop(black_box(text(&mut rest)?)),
            // Elements follow behind the end of the names, which have no end of their own.
            [9] => {
                u29(&mut rest)?;
                text(&mut rest)?;
            }
            [10] => {
                let traits = u29(&mut rest)?;
                if traits & 3 == 3 {
                    for _ in 0..=traits >> 4 {
                        black_box(text(&mut rest)?);
                    }
                }
            }
            _ => return None,
        }
    }
    Some(tokens)
}

/// The floor of a `Vector.<Number>`: each number has its bytes swapped once.
pub fn swap_numbers(input: &[u8]) -> f64 {
    let (numbers, _) = input.get(6..).unwrap_or_default().as_chunks::<8>();
    numbers.iter().map(|bytes| f64::from_be_bytes(*bytes)).sum()
}

fn take<'a>(rest: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (taken, behind) = rest.split_at_checked(len)?;
    *rest = behind;
    Some(taken)
}

fn short(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .fold(0, |sum, byte| sum << 8 | usize::from(*byte))
}

/// Variable length, up to 29 bits.
fn u29(rest: &mut &[u8]) -> Option<usize> {
    let mut value = 0;
    for _ in 0..3 {
        let byte = *take(rest, 1)?.first()?;
        value = value << 7 | usize::from(byte & 0x7f);
        if byte < 0x80 {
            return Some(value);
        }
    }
    Some(value << 8 | usize::from(*take(rest, 1)?.first()?))
}

/// A text or a reference to one, which has no bytes.
fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = u29(rest)?;
    take(rest, if len & 1 == 1 { len >> 1 } else { 0 })
}
