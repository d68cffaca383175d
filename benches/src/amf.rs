//! Values that AMF decoders meet.

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
