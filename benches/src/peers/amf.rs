//! AMF in flash-lso, amf (sile), rml_amf0, scuffle-amf0, oxideav-rtmp, rtmp-rs, rtmp-runtime and
//! `shiguredo_rtmp`.

use std::hint::black_box;

use broadcast_common::{Parse, Serialize};
use bytes::Bytes;
use oxideav_rtmp::{amf as oxideav0, amf3 as oxideav3};
use rtmp_rs::amf as rtmp_rs_amf;
use weir_amf::Format;

use super::shiguredo;

/// Decodes every value of an input; answers whether it can.
pub type Decoder = fn(&[u8], Format) -> bool;

/// Makes a writer of the values of an input, where the peer can read it.
pub type Encoder = fn(&[u8], Format) -> Option<Box<dyn FnMut()>>;

/// Peers that decode.
pub const DECODERS: &[(&str, Decoder)] = &[
    ("flash-lso", flash_lso),
    ("amf", sile),
    ("rml_amf0", rml),
    ("scuffle-amf0", scuffle),
    ("oxideav-rtmp", oxideav),
    ("rtmp-rs", rtmp_rs),
    ("rtmp-runtime", runtime),
    ("shiguredo_rtmp", shiguredo::amf),
];

/// Peers that encode.
pub const ENCODERS: &[(&str, Encoder)] = &[
    ("amf", sile_encoder),
    ("rml_amf0", rml_encoder),
    ("oxideav-rtmp", oxideav_encoder),
    ("rtmp-rs", rtmp_rs_encoder),
    ("rtmp-runtime", runtime_encoder),
    ("shiguredo_rtmp", shiguredo::amf_encoder),
];

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

/// oxideav-rtmp, both versions.
pub fn oxideav(input: &[u8], format: Format) -> bool {
    match format {
        Format::Amf0 => oxideav0::decode_all(input).map(black_box).is_ok(),
        Format::Amf3 => oxideav3::decode_all(input).map(black_box).is_ok(),
    }
}

/// rtmp-rs, both versions.
pub fn rtmp_rs(input: &[u8], format: Format) -> bool {
    rtmp_rs_values(input, format).map(black_box).is_some()
}

fn rtmp_rs_values(input: &[u8], format: Format) -> Option<Vec<rtmp_rs_amf::AmfValue>> {
    match format {
        Format::Amf0 => rtmp_rs_amf::amf0::decode_all(input).ok(),
        Format::Amf3 => {
            let mut decoder = rtmp_rs_amf::amf3::Amf3Decoder::new();
            let (mut rest, mut values) = (Bytes::copy_from_slice(input), Vec::new());
            while !rest.is_empty() {
                values.push(decoder.decode(&mut rest).ok()?);
            }
            Some(values)
        }
    }
}

/// rtmp-runtime: AMF0.
pub fn runtime(input: &[u8], format: Format) -> bool {
    format == Format::Amf0 && runtime_values(input).map(black_box).is_some()
}

fn runtime_values(mut input: &[u8]) -> Option<Vec<rtmp_runtime::amf0::Amf0Value>> {
    let mut values = Vec::new();
    while !input.is_empty() {
        let value = rtmp_runtime::amf0::Amf0Value::parse(input).ok()?;
        input = input.get(value.serialized_len()..)?;
        values.push(value);
    }
    Some(values)
}

/// amf writes no references.
pub fn sile_encoder(input: &[u8], format: Format) -> Option<Box<dyn FnMut()>> {
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
pub fn rml_encoder(mut input: &[u8], format: Format) -> Option<Box<dyn FnMut()>> {
    if format != Format::Amf0 {
        return None;
    }
    let values = rml_amf0::deserialize(&mut input).ok()?;
    Some(Box::new(move || {
        drop(black_box(rml_amf0::serialize(black_box(&values))));
    }))
}

/// oxideav-rtmp writes objects and arrays by value.
pub fn oxideav_encoder(input: &[u8], format: Format) -> Option<Box<dyn FnMut()>> {
    match format {
        Format::Amf0 => {
            let values = oxideav0::decode_all(input).ok()?;
            Some(Box::new(move || {
                let mut out = Vec::new();
                for value in black_box(&values) {
                    oxideav0::encode(&mut out, value);
                }
                black_box(out);
            }))
        }
        Format::Amf3 => {
            let values = oxideav3::decode_all(input).ok()?;
            Some(Box::new(move || {
                black_box(oxideav3::encode_all(black_box(&values)));
            }))
        }
    }
}

/// rtmp-rs refers to texts.
pub fn rtmp_rs_encoder(input: &[u8], format: Format) -> Option<Box<dyn FnMut()>> {
    let values = rtmp_rs_values(input, format)?;
    Some(match format {
        Format::Amf0 => Box::new(move || {
            black_box(rtmp_rs_amf::amf0::encode_all(black_box(&values)));
        }),
        Format::Amf3 => Box::new(move || {
            let mut encoder = rtmp_rs_amf::amf3::Amf3Encoder::new();
            for value in black_box(&values) {
                encoder.encode(value);
            }
            black_box(encoder.finish());
        }),
    })
}

/// rtmp-runtime writes one value into a buffer of its own length.
pub fn runtime_encoder(input: &[u8], format: Format) -> Option<Box<dyn FnMut()>> {
    if format != Format::Amf0 {
        return None;
    }
    let values = runtime_values(input)?;
    Some(Box::new(move || {
        let mut out = Vec::new();
        for value in black_box(&values) {
            out.extend(value.try_to_bytes().expect("a value that was read"));
        }
        black_box(out);
    }))
}

/// Whether a peer reads an input of that name.
pub fn reads(peer: &str, input: &str, format: Format) -> bool {
    let amf3 = !["rml_amf0", "scuffle-amf0", "rtmp-runtime"].contains(&peer);
    (format == Format::Amf0 || amf3) && !REFUSED.contains(&(peer, input))
}

/// Inputs that a peer answers with an error.
const REFUSED: &[(&str, &str)] = &[
    ("oxideav-rtmp", "nest0"),
    ("oxideav-rtmp", "nest3"),
    ("rtmp-rs", "nest0"),
    ("rtmp-rs", "nest3"),
    ("rtmp-rs", "numbers"),
    ("rtmp-runtime", "nest0"),
    ("scuffle-amf0", "metadata"),
];
