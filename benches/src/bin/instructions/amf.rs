//! Workloads of weir-amf.

use std::hint::black_box;

use weir_amf::{Document, Format, Reader, Text, Token, amf0, amf3};
use weir_benches::amf as inputs;
#[cfg(feature = "peers")]
use weir_benches::peers::amf as peers;

use crate::Workload;

pub(crate) const WORKLOADS: &[Workload] = &[
    ("amf/document/connect", |count| {
        document(inputs::CONNECT, Format::Amf0, count)
    }),
    ("amf/document/metadata", |count| {
        document(inputs::METADATA, Format::Amf0, count)
    }),
    ("amf/document/typed", |count| {
        document(inputs::TYPED, Format::Amf3, count)
    }),
    ("amf/document/nest0", |count| {
        document(inputs::AMF0_NEST, Format::Amf0, count)
    }),
    ("amf/document/nest3", |count| {
        document(inputs::AMF3_NEST, Format::Amf3, count)
    }),
    ("amf/reader/connect", |count| {
        reader(inputs::CONNECT, Format::Amf0, Texts::Checked, count)
    }),
    ("amf/reader/metadata", |count| {
        reader(inputs::METADATA, Format::Amf0, Texts::Checked, count)
    }),
    ("amf/reader/typed", |count| {
        reader(inputs::TYPED, Format::Amf3, Texts::Checked, count)
    }),
    ("amf/unchecked/connect", |count| {
        reader(inputs::CONNECT, Format::Amf0, Texts::Unchecked, count)
    }),
    ("amf/unchecked/metadata", |count| {
        reader(inputs::METADATA, Format::Amf0, Texts::Unchecked, count)
    }),
    ("amf/unchecked/typed", |count| {
        reader(inputs::TYPED, Format::Amf3, Texts::Unchecked, count)
    }),
    ("amf/encode/connect", |count| {
        encode(inputs::CONNECT, Format::Amf0, count)
    }),
    ("amf/encode/metadata", |count| {
        encode(inputs::METADATA, Format::Amf0, count)
    }),
    ("amf/encode/typed", |count| {
        encode(inputs::TYPED, Format::Amf3, count)
    }),
];

fn document(input: &[u8], format: Format, count: usize) {
    for _ in 0..count {
        let document = match format {
            Format::Amf0 => amf0::decode(black_box(input)),
            Format::Amf3 => amf3::decode(black_box(input)),
        };
        black_box(document.expect("a valid input"));
    }
}

/// Whether the reader's texts are checked to be UTF-8 or left as bytes.
#[derive(Clone, Copy)]
enum Texts {
    Checked,
    Unchecked,
}

/// Reads every value.
fn reader(input: &[u8], format: Format, texts: Texts, count: usize) {
    let look = |text: Text<'_>| match texts {
        Texts::Checked => drop(black_box(text.as_str().expect("UTF-8"))),
        Texts::Unchecked => drop(black_box(text.as_bytes())),
    };
    for _ in 0..count {
        let mut reader = match format {
            Format::Amf0 => Reader::amf0(black_box(input)),
            Format::Amf3 => Reader::amf3(black_box(input)),
        };
        while let Some(event) = reader.next_event().expect("a valid input") {
            event.name.map(look);
            match event.token {
                Token::String(text) => look(text),
                Token::Number(number) => drop(black_box(number)),
                Token::Integer(integer) => drop(black_box(integer)),
                Token::Boolean(boolean) => drop(black_box(boolean)),
                Token::Typed(traits) => drop(black_box(traits)),
                _ => {}
            }
        }
    }
}

fn encode(input: &[u8], format: Format, count: usize) {
    let document = match format {
        Format::Amf0 => amf0::decode(input),
        Format::Amf3 => amf3::decode(input),
    };
    let document: Document = document.expect("a valid input");
    for _ in 0..count {
        let bytes = match format {
            Format::Amf0 => amf0::encode(black_box(&document)),
            Format::Amf3 => amf3::encode(black_box(&document)),
        };
        black_box(bytes.expect("a valid document"));
    }
}

/// The same work done by peers, which all make trees. scuffle-amf0 does not read OBS's metadata.
#[cfg(feature = "peers")]
pub(crate) const PEERS: &[Workload] = &[
    ("amf/document/connect@flash-lso", |count| {
        decode(count, peers::flash_lso, inputs::CONNECT, Format::Amf0);
    }),
    ("amf/document/metadata@flash-lso", |count| {
        decode(count, peers::flash_lso, inputs::METADATA, Format::Amf0);
    }),
    ("amf/document/typed@flash-lso", |count| {
        decode(count, peers::flash_lso, inputs::TYPED, Format::Amf3);
    }),
    ("amf/document/connect@amf", |count| {
        decode(count, peers::sile, inputs::CONNECT, Format::Amf0);
    }),
    ("amf/document/metadata@amf", |count| {
        decode(count, peers::sile, inputs::METADATA, Format::Amf0);
    }),
    ("amf/document/typed@amf", |count| {
        decode(count, peers::sile, inputs::TYPED, Format::Amf3);
    }),
    ("amf/document/connect@rml_amf0", |count| {
        decode(count, peers::rml, inputs::CONNECT, Format::Amf0);
    }),
    ("amf/document/metadata@rml_amf0", |count| {
        decode(count, peers::rml, inputs::METADATA, Format::Amf0);
    }),
    ("amf/document/connect@scuffle-amf0", |count| {
        decode(count, peers::scuffle, inputs::CONNECT, Format::Amf0);
    }),
    ("amf/document/connect@oxideav-rtmp", |count| {
        decode(count, peers::oxideav, inputs::CONNECT, Format::Amf0);
    }),
    ("amf/document/metadata@oxideav-rtmp", |count| {
        decode(count, peers::oxideav, inputs::METADATA, Format::Amf0);
    }),
    ("amf/document/typed@oxideav-rtmp", |count| {
        decode(count, peers::oxideav, inputs::TYPED, Format::Amf3);
    }),
    ("amf/document/connect@rtmp-rs", |count| {
        decode(count, peers::rtmp_rs, inputs::CONNECT, Format::Amf0);
    }),
    ("amf/document/metadata@rtmp-rs", |count| {
        decode(count, peers::rtmp_rs, inputs::METADATA, Format::Amf0);
    }),
    ("amf/document/typed@rtmp-rs", |count| {
        decode(count, peers::rtmp_rs, inputs::TYPED, Format::Amf3);
    }),
    ("amf/document/connect@rtmp-runtime", |count| {
        decode(count, peers::runtime, inputs::CONNECT, Format::Amf0);
    }),
    ("amf/document/metadata@rtmp-runtime", |count| {
        decode(count, peers::runtime, inputs::METADATA, Format::Amf0);
    }),
    ("amf/encode/connect@amf", |count| {
        encode_peer(count, peers::sile_encoder, inputs::CONNECT, Format::Amf0);
    }),
    ("amf/encode/metadata@amf", |count| {
        encode_peer(count, peers::sile_encoder, inputs::METADATA, Format::Amf0);
    }),
    ("amf/encode/typed@amf", |count| {
        encode_peer(count, peers::sile_encoder, inputs::TYPED, Format::Amf3);
    }),
    ("amf/encode/connect@rml_amf0", |count| {
        encode_peer(count, peers::rml_encoder, inputs::CONNECT, Format::Amf0);
    }),
    ("amf/encode/metadata@rml_amf0", |count| {
        encode_peer(count, peers::rml_encoder, inputs::METADATA, Format::Amf0);
    }),
    ("amf/encode/connect@oxideav-rtmp", |count| {
        encode_peer(count, peers::oxideav_encoder, inputs::CONNECT, Format::Amf0);
    }),
    ("amf/encode/metadata@oxideav-rtmp", |count| {
        encode_peer(
            count,
            peers::oxideav_encoder,
            inputs::METADATA,
            Format::Amf0,
        );
    }),
    ("amf/encode/typed@oxideav-rtmp", |count| {
        encode_peer(count, peers::oxideav_encoder, inputs::TYPED, Format::Amf3);
    }),
    ("amf/encode/connect@rtmp-rs", |count| {
        encode_peer(count, peers::rtmp_rs_encoder, inputs::CONNECT, Format::Amf0);
    }),
    ("amf/encode/metadata@rtmp-rs", |count| {
        encode_peer(
            count,
            peers::rtmp_rs_encoder,
            inputs::METADATA,
            Format::Amf0,
        );
    }),
    ("amf/encode/typed@rtmp-rs", |count| {
        encode_peer(count, peers::rtmp_rs_encoder, inputs::TYPED, Format::Amf3);
    }),
    ("amf/encode/connect@rtmp-runtime", |count| {
        encode_peer(count, peers::runtime_encoder, inputs::CONNECT, Format::Amf0);
    }),
    ("amf/encode/metadata@rtmp-runtime", |count| {
        encode_peer(
            count,
            peers::runtime_encoder,
            inputs::METADATA,
            Format::Amf0,
        );
    }),
];

#[cfg(feature = "peers")]
fn decode(count: usize, peer: peers::Decoder, input: &[u8], format: Format) {
    for _ in 0..count {
        assert!(peer(black_box(input), format), "the peer reads the input");
    }
}

#[cfg(feature = "peers")]
fn encode_peer(count: usize, peer: peers::Encoder, input: &[u8], format: Format) {
    let run = peer(input, format).expect("the peer reads the input");
    for _ in 0..count {
        run();
    }
}
