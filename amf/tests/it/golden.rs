//! Bytes whose meaning is known from a product or the specification.

use weir_amf::{Document, Kind, Reader, Token, amf0};

/// The bytes that hexadecimal digits stand for.
fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

/// Recorded from FFmpeg 5.1 (Lavf59.27.100) publishing over loopback.
const FFMPEG_CONNECT: &str = "020007636f6e6e656374003ff00000000000000300036170700200046c696765000474\
79706502000a6e6f6e707269766174650008666c61736856657202001f464d4c452f332e302028636f6d7061746962\
6c653b20464d53632f312e3029000009";

#[test]
fn ffmpeg_connect_reads_as_name_transaction_and_properties() {
    let input = bytes(FFMPEG_CONNECT);
    let command = amf0::decode(&input).unwrap();
    assert_eq!(command.value(0), "connect");
    assert_eq!(command.value(1), 1.0);
    assert_eq!(command.value(2).kind(), Kind::Object);
    assert_eq!(command.value(2).get("type"), "nonprivate");
    assert_eq!(amf0::encode(&command).unwrap(), input);
}

#[test]
fn reader_gives_the_range_of_a_value_it_skips() {
    let input = bytes(FFMPEG_CONNECT);
    let mut reader = Reader::amf0(&input);
    assert_eq!(reader.skip().unwrap(), 0..10);
    assert_eq!(reader.take_number().unwrap(), Some(1.0));
    assert_eq!(reader.skip().unwrap(), 19..input.len());
    assert_eq!(reader.next_event().unwrap(), None);
}

#[test]
fn skip_inside_a_container_leaves_that_container() {
    let input = bytes("0a000000020300016105000009020001620a00000000");
    let mut reader = Reader::amf0(&input);
    reader.next_event().unwrap();
    reader.next_event().unwrap();
    assert_eq!(reader.depth(), 2);
    reader.skip().unwrap();
    assert_eq!(reader.depth(), 1);
    assert!(
        matches!(reader.next_event().unwrap().unwrap().token, Token::String(text) if text == "b")
    );
}

#[test]
fn ecma_array_ends_by_its_end_mark_whatever_its_count_says() {
    let lying = amf0::decode(&bytes("08000003e800056f6d6567610100000009")).unwrap();
    assert_eq!(lying.root().ecma_count(), Some(1000));
    assert_eq!(lying.get("omega"), false);
    assert_eq!(lying.node_count(), 2);
}

#[test]
fn empty_name_before_a_value_is_a_property() {
    let document = amf0::decode(&bytes("030000020005616c706861000462657461020000000009"));
    assert_eq!(document.unwrap().get(""), "alpha");
}

#[test]
fn reference_names_the_object_itself() {
    // An object whose "alpha" is the object.
    let input = bytes("030005616c706861070000000009");
    let document = amf0::decode(&input).unwrap();
    assert_eq!(document.get("alpha").kind(), Kind::Reference);
    assert_eq!(
        document.get("alpha").get("alpha").resolve(),
        document.root()
    );
    assert_eq!(amf0::encode(&document).unwrap(), input);
}

#[test]
fn character_that_spans_two_texts_is_an_error_at_the_first() {
    // "c3" and "a9" are one character together and none alone.
    let error = amf0::decode(&bytes("020001c3020001a9")).unwrap_err();
    assert_eq!((error.kind(), error.offset()), ("utf8", 3));
}

#[test]
fn document_of_two_values_leaves_the_rest_unread() {
    let input = bytes("0200016105ff");
    let mut reader = Reader::amf0(&input);
    let document: Document = reader.document(2).unwrap();
    assert_eq!((document.len(), reader.remaining()), (2, 1));
    assert_eq!(document.wire_range(1), Some(4..5));
}
