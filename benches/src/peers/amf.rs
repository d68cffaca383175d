//! AMF in flash-lso, amf (sile), rml_amf0 and scuffle-amf0.

use std::hint::black_box;

use weir_amf::Format;

/// Decodes every value of an input; answers whether it can.
pub type Decoder = fn(&[u8], Format) -> bool;

/// Makes a writer of the values of an input, where the peer can read it.
pub type Encoder = fn(&[u8], Format) -> Option<Box<dyn Fn()>>;

/// Peers that decode.
pub const DECODERS: &[(&str, Decoder)] = &[
    ("flash-lso", flash_lso),
    ("amf", sile),
    ("rml_amf0", rml),
    ("scuffle-amf0", scuffle),
];

/// Peers that encode.
pub const ENCODERS: &[(&str, Encoder)] = &[("amf", sile_encoder), ("rml_amf0", rml_encoder)];

/// flash-lso, both versions.
pub fn flash_lso(mut input: &[u8], format: Format) -> bool {
    let mut amf0 = flash_lso::amf0::read::AMF0Decoder::default();
    let mut amf3 = flash_lso::amf3::read::AMF3Decoder::default();
    while !input.is_empty() {
        let parsed = match format {
            Format::Amf0 => amf0.parse_single_element(input),
            Format::Amf3 => amf3.parse_single_element(input),
        };
        let Ok((rest, value)) = parsed else {
            return false;
        };
        black_box(value);
        input = rest;
    }
    true
}

const fn version(format: Format) -> amf::Version {
    match format {
        Format::Amf0 => amf::Version::Amf0,
        Format::Amf3 => amf::Version::Amf3,
    }
}

/// amf, both versions.
pub fn sile(mut input: &[u8], format: Format) -> bool {
    while !input.is_empty() {
        let Ok(value) = amf::Value::read_from(&mut input, version(format)) else {
            return false;
        };
        black_box(value);
    }
    true
}

/// rml_amf0: AMF0.
pub fn rml(mut input: &[u8], format: Format) -> bool {
    format == Format::Amf0 && rml_amf0::deserialize(&mut input).map(black_box).is_ok()
}

/// scuffle-amf0: AMF0.
pub fn scuffle(input: &[u8], format: Format) -> bool {
    let decode = || scuffle_amf0::decoder::Amf0Decoder::from_slice(input).decode_all();
    format == Format::Amf0 && decode().map(black_box).is_ok()
}

/// amf writes no references.
pub fn sile_encoder(input: &[u8], format: Format) -> Option<Box<dyn Fn()>> {
    let (mut rest, mut values) = (input, Vec::new());
    while !rest.is_empty() {
        values.push(amf::Value::read_from(&mut rest, version(format)).ok()?);
    }
    Some(Box::new(move || {
        let mut out = Vec::new();
        for value in black_box(&values) {
            value.write_to(&mut out).expect("a value that was read");
        }
        black_box(out);
    }))
}

/// rml_amf0 writes objects and arrays by value.
pub fn rml_encoder(mut input: &[u8], format: Format) -> Option<Box<dyn Fn()>> {
    if format != Format::Amf0 {
        return None;
    }
    let values = rml_amf0::deserialize(&mut input).ok()?;
    Some(Box::new(move || {
        drop(black_box(rml_amf0::serialize(black_box(&values))));
    }))
}
