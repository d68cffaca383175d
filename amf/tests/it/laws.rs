//! What holds for every input.

use proptest::prelude::*;
use weir_amf::{Config, Document, Format, Reader, amf0, amf3, json};

use crate::wire::{Amf0, Amf3, Choices};

/// Decodes, writes and decodes again, through bytes and through JSON.
fn round_trip(input: &[u8], format: Format) {
    let decode = |bytes: &[u8]| Document::decode(bytes, format, &Config::default());
    let encode = |document: &Document| match format {
        Format::Amf0 => amf0::encode(document).unwrap(),
        Format::Amf3 => amf3::encode(document).unwrap(),
    };
    let document = decode(input).unwrap_or_else(|error| panic!("{error}: {input:02x?}"));
    let written = encode(&document);
    let again = decode(&written).unwrap_or_else(|error| panic!("{error}: {written:02x?}"));
    assert_eq!(
        again, document,
        "read    {input:02x?}\nwritten {written:02x?}"
    );
    assert_eq!(encode(&again), written, "what is written is canonical");
    let slots = Config::default().slots;
    let text = json::values_to_string(&document, slots);
    let from_json = json::values_from_str(&text, format, slots).unwrap();
    assert_eq!(from_json, document, "{text}");
    let copy = document
        .values()
        .fold(Document::new(), Document::with_value);
    assert_eq!(copy.len(), document.len());
    assert!(document.to_string().len() < 64 * 300);
}

/// Every proper prefix ends early or holds fewer values.
fn prefixes(input: &[u8], format: Format) {
    let whole = Document::decode(input, format, &Config::default()).unwrap();
    for end in 0..input.len() {
        match Document::decode(&input[..end], format, &Config::default()) {
            Ok(document) => assert!(document.len() < whole.len()),
            Err(error) => {
                assert!(error.is_eof(), "{error} in {:02x?}", &input[..end]);
                assert!(error.offset() <= end);
            }
        }
    }
}

/// The pull reader sees as many values as the document holds, and passes over each at once.
fn tokens(input: &[u8], format: Format) {
    let document = Document::decode(input, format, &Config::default()).unwrap();
    let mut reader = Reader::new(input, format, &Config::default());
    let mut last = 0;
    while let Some(event) = reader.next_event().unwrap() {
        assert!(event.offset() >= last || event.token == weir_amf::Token::End);
        last = event.offset();
    }
    assert_eq!(reader.depth(), 0);
    let mut reader = Reader::new(input, format, &Config::default());
    for index in 0..document.len() {
        assert_eq!(Some(reader.skip().unwrap()), document.wire_range(index));
    }
}

fn amf0_bytes(choices: &[u8]) -> Vec<u8> {
    let (mut wire, mut choices) = (Amf0::default(), Choices::new(choices));
    for _ in 0..3 {
        wire.value(&mut choices, 0);
    }
    wire.out
}

fn amf3_bytes(choices: &[u8]) -> Vec<u8> {
    let (mut wire, mut choices) = (Amf3::default(), Choices::new(choices));
    for _ in 0..3 {
        wire.value(&mut choices, 0);
    }
    wire.out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn amf0_graph_is_written_as_it_was_read(choices in prop::collection::vec(any::<u8>(), 0..300)) {
        let input = amf0_bytes(&choices);
        round_trip(&input, Format::Amf0);
        tokens(&input, Format::Amf0);
    }

    #[test]
    fn amf3_graph_is_written_as_it_was_read(choices in prop::collection::vec(any::<u8>(), 0..300)) {
        let input = amf3_bytes(&choices);
        round_trip(&input, Format::Amf3);
        tokens(&input, Format::Amf3);
    }

    #[test]
    fn prefix_ends_early_or_is_shorter(choices in prop::collection::vec(any::<u8>(), 0..120)) {
        prefixes(&amf0_bytes(&choices), Format::Amf0);
        prefixes(&amf3_bytes(&choices), Format::Amf3);
    }

    #[test]
    fn changed_byte_is_another_value_or_an_error(
        choices in prop::collection::vec(any::<u8>(), 0..200),
        place: prop::sample::Index,
        byte: u8,
    ) {
        for (format, mut input) in [(Format::Amf0, amf0_bytes(&choices)), (Format::Amf3, amf3_bytes(&choices))] {
            let place = place.index(input.len());
            input[place] = byte;
            match Document::decode(&input, format, &Config::default()) {
                Ok(_) => round_trip_if_written(&input, format),
                Err(error) => prop_assert!(error.offset() <= input.len()),
            }
        }
    }
}

/// Names that only a peer can make, like an empty dynamic one, cannot be written.
fn round_trip_if_written(input: &[u8], format: Format) {
    let document = Document::decode(input, format, &Config::default()).unwrap();
    let written = match format {
        Format::Amf0 => amf0::encode(&document),
        Format::Amf3 => amf3::encode(&document),
    };
    let again = Document::decode(&written.unwrap(), format, &Config::default()).unwrap();
    assert_eq!(again, document);
}
