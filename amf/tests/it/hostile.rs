//! Inputs that broke other decoders.

use weir_amf::{
    Document, EncodeConfig, EncodeError, Externals, Reader, SlotPolicy, Utf8, amf0, amf3,
};

#[test]
fn graph_of_aliases_is_not_expanded_when_read_nor_when_written() {
    // Each array holds the one before twice: 2^40 values if references were copied.
    let mut input = vec![0x09, 0x53, 0x01, 0x09, 0x01, 0x01];
    for level in 1..41u8 {
        input.extend([0x09, 0x05, 0x01, 0x09, level << 1, 0x09, level << 1]);
    }
    let document = amf3::decode(&input).unwrap();
    assert_eq!(document.node_count(), 1 + 1 + 40 * 3);
    assert_eq!(amf3::encode(&document).unwrap(), input);

    let mut config = EncodeConfig::default();
    config.references = false;
    let mut out = vec![7];
    let error = amf3::encode_into(&document, &config, &mut out).unwrap_err();
    assert!(matches!(error, EncodeError::TooManyRepeated { .. }));
    assert_eq!(out, [7]);
}

#[test]
fn without_references_values_are_written_again_and_a_cycle_is_an_error() {
    let mut config = EncodeConfig::default();
    config.references = false;
    let twice = amf0::decode(b"\x0a\0\0\0\x02\x03\0\0\x09\x07\0\x01").unwrap();
    let mut out = Vec::new();
    amf0::encode_into(&twice, &config, &mut out).unwrap();
    assert_eq!(out, b"\x0a\0\0\0\x02\x03\0\0\x09\x03\0\0\x09");
    let cycle = amf0::decode(b"\x0a\0\0\0\x01\x07\0\0").unwrap();
    assert_eq!(
        amf0::encode_into(&cycle, &config, &mut out),
        Err(EncodeError::Cycle)
    );
}

#[test]
fn without_string_and_trait_references_everything_is_inline() {
    let mut config = EncodeConfig::default();
    config.string_references = false;
    config.trait_references = false;
    let input = b"\x09\x05\x01\x0a\x13\x03C\x03a\x06\x00\x0a\x01\x06\x00";
    let document = amf3::decode(input).unwrap();
    let mut out = Vec::new();
    amf3::encode_into(&document, &config, &mut out).unwrap();
    let object = b"\x0a\x13\x03C\x03a\x06\x03C";
    assert_eq!(out, [&b"\x09\x05\x01"[..], object, object].concat());
    assert_eq!(amf3::decode(&out).unwrap(), document);
}

#[test]
fn whole_numbers_become_integers_as_flash_player_writes_them() {
    let mut config = EncodeConfig::default();
    config.whole_numbers_as_integers = true;
    let numbers = [1.0, -0.0, 268_435_455.0, 268_435_456.0, 0.5];
    let mut out = Vec::new();
    amf3::encode_into(&Document::array(numbers), &config, &mut out).unwrap();
    let markers: Vec<_> = amf3::decode(&out)
        .unwrap()
        .root()
        .items()
        .map(|item| item.kind().to_string())
        .collect();
    assert_eq!(
        markers,
        ["integer", "number", "integer", "number", "number"]
    );
}

#[test]
fn date_takes_a_slot_in_actionscript_3_only() {
    // [date, {}, -> slot 2]
    let input = b"\x0a\0\0\0\x03\x0b\0\0\0\0\0\0\0\0\0\0\x03\0\0\x09\x07\0\x02";
    assert_eq!(amf0::decode(input).unwrap_err().kind(), "badref");
    let mut config = weir_amf::Config::default();
    config.slots = SlotPolicy::Avm2;
    let document = amf0::decode_with(input, &config).unwrap();
    assert_eq!(document.root().at(2).resolve(), document.root().at(1));
}

#[test]
fn lossy_text_is_replaced_and_strict_text_refused() {
    // Modified UTF-8 as Java writes it: a NUL of two bytes.
    let input = b"\x02\0\x04a\xc0\x80b";
    assert_eq!(amf0::decode(input).unwrap_err().kind(), "utf8");
    let mut config = weir_amf::Config::default();
    config.utf8 = Utf8::Lossy;
    assert_eq!(
        amf0::decode_with(input, &config).unwrap().root(),
        "a\u{fffd}\u{fffd}b"
    );
}

#[test]
fn reference_with_the_marker_of_another_type_is_refused() {
    // [[], -> the inner array, as object]
    let error = amf3::decode(&[0x09, 0x05, 0x01, 0x09, 0x01, 0x01, 0x0a, 0x02]).unwrap_err();
    assert_eq!((error.kind(), error.offset()), ("badref", 7));
}

#[test]
fn unknown_externalizable_class_is_named_with_at_most_128_bytes() {
    let mut input = vec![0x0a, 0x07, 0x83, 0x11];
    input.extend([b'x'; 200]);
    input.truncate(4 + 200);
    let message = amf3::decode(&input).unwrap_err().to_string();
    assert!(
        message.contains(&"x".repeat(128)) && !message.contains(&"x".repeat(129)),
        "{message}"
    );
    let mut config = weir_amf::Config::default();
    config.externals = Externals::none();
    let collection = b"\x0a\x07\x43flex.messaging.io.ArrayCollection\x09\x01\x01";
    assert!(amf3::decode(collection).is_ok());
    assert!(amf3::decode_with(collection, &config).is_err());
}

#[test]
fn managed_object_proxy_is_a_count_and_pairs() {
    let mut input = b"\x0a\x07\x4dflex.messaging.io.ManagedObjectProxy\0\0\0\x01".to_vec();
    input[2] = (b"flex.messaging.io.ManagedObjectProxy".len() as u8) << 1 | 1;
    input.extend(b"\x06\x03k\x03");
    let document = amf3::decode(&input).unwrap();
    let pieces: Vec<_> = document
        .root()
        .items()
        .map(|piece| piece.kind().to_string())
        .collect();
    assert_eq!(pieces, ["raw bytes", "string", "boolean"]);
    assert_eq!(amf3::encode(&document).unwrap(), input);
}

#[test]
fn name_past_its_length_field_is_an_encode_error() {
    let long = "x".repeat(65_536);
    let document = Document::object().with(&long, 1);
    assert!(matches!(
        amf0::encode(&document),
        Err(EncodeError::NameTooLong { len: 65_536, .. })
    ));
    let text = Document::new().with_value(&*long);
    assert_eq!(amf0::encode(&text).unwrap()[..5], [0x0c, 0, 1, 0, 0]);
}

#[test]
fn value_that_is_written_again_shifts_no_reference() {
    // [date, [[1]], -> date, -> the inner array] with dates in slots, written without them.
    let mut input = b"\x0a\0\0\0\x04\x0b\0\0\0\0\0\0\0\0\0\0\x0a\0\0\0\x01\x0a\0\0\0\x01".to_vec();
    input.extend(b"\x05\x07\0\x01\x07\0\x03");
    let mut config = weir_amf::Config::default();
    config.slots = SlotPolicy::Avm2;
    let document = amf0::decode_with(&input, &config).unwrap();
    let again = amf0::decode(&amf0::encode(&document).unwrap()).unwrap();
    assert_eq!(again.root().at(2).kind(), weir_amf::Kind::Date);
    assert_eq!(again.root().at(3).resolve(), again.root().at(1).at(0));
}

#[test]
fn reference_to_a_text_that_is_not_utf8_says_where_the_text_stands() {
    let input = b"\x06\x05a\xff\x06\x00\x06\x00";
    let mut reader = Reader::amf3(input);
    for _ in 0..3 {
        let text = reader.take_text().unwrap().unwrap();
        assert_eq!(text.as_bytes(), b"a\xff");
        let error = text.as_str().unwrap_err();
        assert_eq!((error.kind(), error.offset()), ("utf8", 2));
    }
}
