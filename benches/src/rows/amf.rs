//! AMF: trees, readers and writers.

use std::hint::black_box;

use weir_amf::{Document, Format, Reader, Text, Token, amf0, amf3};

use super::{Amount, Row, run};
use crate::amf as inputs;
#[cfg(feature = "peers")]
use crate::peers::amf as peers;

/// A name, its bytes and their format.
type Input = (&'static str, fn() -> Vec<u8>, Format);

const CONNECT: Input = ("connect", || inputs::CONNECT.to_vec(), Format::Amf0);
const METADATA: Input = ("metadata", || inputs::METADATA.to_vec(), Format::Amf0);
const TYPED: Input = ("typed", || inputs::TYPED.to_vec(), Format::Amf3);
const NEST0: Input = ("nest0", || inputs::AMF0_NEST.to_vec(), Format::Amf0);
const NEST3: Input = ("nest3", || inputs::AMF3_NEST.to_vec(), Format::Amf3);
const BYTES: Input = ("byte_array", inputs::byte_array, Format::Amf3);
const NUMBERS: Input = ("numbers", inputs::numbers, Format::Amf3);

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    rows.extend([CONNECT, METADATA, TYPED, NEST0, NEST3, BYTES, NUMBERS].map(tree));
    rows.extend([CONNECT, METADATA, TYPED].map(|input| reader(input, Texts::Checked)));
    rows.extend([CONNECT, METADATA, TYPED].map(|input| reader(input, Texts::Unchecked)));
    rows.extend([CONNECT, METADATA, TYPED, NEST0, NEST3, BYTES, NUMBERS].map(encode));
    rows
}

fn row(what: &str, (name, input, _): Input) -> Row {
    Row::new(format!("amf/{what}/{name}"), move || {
        Amount::Bytes(input().len() as u64)
    })
}

/// A tree that can be kept; of the numbers, their sum too, which packed ones are unpacked for.
fn tree(input: Input) -> Row {
    let (_, bytes, format) = input;
    let row = row("document", input).weir(move || {
        let bytes = bytes();
        run(move || {
            let document = document(black_box(&bytes), format);
            if let Some(numbers) = document.value(0).as_vector_number() {
                black_box(numbers.iter().sum::<f64>());
            }
            document
        })
    });
    let row = with_floor(row, input);
    #[cfg(feature = "peers")]
    let row = with_decoders(row, input);
    row
}

#[cfg(feature = "peers")]
fn with_decoders(mut row: Row, (name, bytes, format): Input) -> Row {
    for (peer, decode) in peers::DECODERS {
        if peers::reads(peer, name, format) {
            row = row.with(peer, move || {
                let bytes = bytes();
                run(move || assert!(decode(black_box(&bytes), format), "it reads the input"))
            });
        }
    }
    row
}

/// Whether the reader's texts are checked to be UTF-8 or left as bytes.
#[derive(Clone, Copy)]
enum Texts {
    Checked,
    Unchecked,
}

/// Every value, borrowed.
fn reader(input: Input, texts: Texts) -> Row {
    let (_, bytes, format) = input;
    let what = match texts {
        Texts::Checked => "reader",
        Texts::Unchecked => "unchecked",
    };
    let row = row(what, input).weir(move || {
        let bytes = bytes();
        run(move || read(black_box(&bytes), format, texts))
    });
    with_floor(row, input)
}

fn read(input: &[u8], format: Format, texts: Texts) {
    let look = |text: Text<'_>| match texts {
        Texts::Checked => drop(black_box(text.as_str().expect("UTF-8"))),
        Texts::Unchecked => drop(black_box(text.as_bytes())),
    };
    let mut reader = match format {
        Format::Amf0 => Reader::amf0(input),
        Format::Amf3 => Reader::amf3(input),
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

/// A walk by hand, one copy, or one swap of bytes.
fn with_floor(row: Row, (name, bytes, format): Input) -> Row {
    row.floor(move || {
        let bytes = bytes();
        match (name, format) {
            ("byte_array", _) => run(move || black_box(&bytes).clone()),
            ("numbers", _) => run(move || inputs::swap_numbers(black_box(&bytes))),
            (_, Format::Amf0) => {
                run(move || inputs::walk_amf0(black_box(&bytes)).expect("a walk to the end"))
            }
            (_, Format::Amf3) => {
                run(move || inputs::walk_amf3(black_box(&bytes)).expect("a walk to the end"))
            }
        }
    })
}

/// A tree written into a buffer of its own; nobody can do without one copy.
fn encode(input: Input) -> Row {
    let (_, bytes, format) = input;
    let row = row("encode", input)
        .weir(move || {
            let document = document(&bytes(), format);
            run(move || match format {
                Format::Amf0 => amf0::encode(black_box(&document)).expect("a valid document"),
                Format::Amf3 => amf3::encode(black_box(&document)).expect("a valid document"),
            })
        })
        .floor(move || {
            let bytes = bytes();
            run(move || black_box(&bytes).clone())
        });
    #[cfg(feature = "peers")]
    let row = with_encoders(row, input);
    row
}

#[cfg(feature = "peers")]
fn with_encoders(mut row: Row, (name, bytes, format): Input) -> Row {
    for (peer, encoder) in peers::ENCODERS {
        if peers::reads(peer, name, format) {
            row = row.with(peer, move || {
                run(encoder(&bytes(), format).expect("it reads the input"))
            });
        }
    }
    row
}

fn document(input: &[u8], format: Format) -> Document {
    match format {
        Format::Amf0 => amf0::decode(input),
        Format::Amf3 => amf3::decode(input),
    }
    .expect("a valid input")
}
