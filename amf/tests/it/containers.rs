//! Envelopes and `.sol` files, made by hand from their layouts.

use weir_amf::remoting::{Message, Packet, UNKNOWN_LEN};
use weir_amf::sol::Sol;
use weir_amf::{Document, Format, Kind};

/// The bytes before the elements of a file named `n`.
fn head(version: u8, elements: &[u8]) -> Vec<u8> {
    let mut file = vec![0x00, 0xbf, 0, 0, 0, 17 + elements.len() as u8];
    file.extend(b"TCSO\0\x04\0\0\0\0\0\x01n\0\0\0");
    file.push(version);
    file.extend(elements);
    file
}

#[test]
fn amf0_file_gives_its_data_object_the_first_slot() {
    // saved: true; foo: {self: -> slot 1, which is foo}
    let file = head(
        0,
        b"\0\x05saved\x01\x01\0\0\x03foo\x03\0\x04self\x07\0\x01\0\0\x09\0",
    );
    let sol = Sol::decode(&file).unwrap();
    assert_eq!(
        (sol.name.as_str(), sol.format, sol.len),
        ("n", Format::Amf0, None)
    );
    assert_eq!(sol.data.get("saved"), true);
    assert_eq!(
        sol.data.get("foo").get("self").resolve(),
        sol.data.get("foo")
    );
    assert_eq!(sol.encode().unwrap(), file);
}

#[test]
fn amf3_file_shares_its_tables_over_all_elements() {
    // foo: ["foo", by reference]; foo again, by reference: the same array
    let file = head(3, b"\x07foo\x09\x03\x01\x06\x00\0\x00\x09\x00\0");
    let sol = Sol::decode(&file).unwrap();
    let elements: Vec<_> = sol.data.root().properties().collect();
    assert_eq!(elements[0].1.at(0), "foo");
    assert_eq!(elements[1].0, "foo");
    assert_eq!(elements[1].1.kind(), Kind::Reference);
    assert_eq!(sol.encode().unwrap(), file);
}

#[test]
fn file_that_is_none_says_where_it_differs() {
    let mut file = head(0, b"");
    file[8] = b'X';
    let error = Sol::decode(&file).unwrap_err();
    assert_eq!((error.kind(), error.offset()), ("marker", 8));
    let error = Sol::decode(&head(1, b"")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a .sol file of AMF version 1 at offset 19"
    );
    for end in 0..20 {
        assert!(
            Sol::decode(&head(0, b"")[..end]).unwrap_err().is_eof(),
            "{end}"
        );
    }
}

#[test]
fn bad_text_in_a_file_is_found_behind_other_elements() {
    let error = Sol::decode(&head(0, b"\0\x01a\x05\0\0\x01b\x02\0\x01\xff\0")).unwrap_err();
    assert_eq!((error.kind(), error.offset()), ("utf8", 23 + 5 + 6));
}

#[test]
fn length_field_of_an_envelope_is_kept_and_not_believed() {
    // Version 3; one message to /1/onResult, length 1 as BlazeDS writes it: "hello" in AMF3.
    let packet = b"\0\x03\0\0\0\x01\0\x0b/1/onResult\0\0\0\0\0\x01\x11\x06\x0bhello";
    let decoded = Packet::decode(packet).unwrap();
    assert_eq!(decoded.messages[0].len, Some(1));
    assert_eq!(decoded.messages[0].body.root().as_str(), Some("hello"));
    assert_eq!(decoded.encode().unwrap(), packet);
    let mut unknown = decoded;
    unknown.messages[0].len = Some(UNKNOWN_LEN);
    assert!(Packet::decode(&unknown.encode().unwrap()).unwrap() == unknown);
}

#[test]
fn tables_begin_anew_with_each_body() {
    let mut packet = Packet::new(0);
    for response in ["/1", "/2"] {
        let arguments = Document::strict_array([Document::object()]);
        packet
            .messages
            .push(Message::new("a.b", response, arguments));
    }
    let mut bytes = packet.encode().unwrap();
    assert_eq!(Packet::decode(&bytes).unwrap(), packet);
    // In the place of the second object a reference to slot 1, which the first body had.
    let object = bytes.len() - 4;
    bytes.splice(object.., [0x07, 0x00, 0x01]);
    let error = Packet::decode(&bytes).unwrap_err();
    assert_eq!((error.kind(), error.offset()), ("badref", object));
}

#[test]
fn envelope_without_the_value_it_promises_ends_early() {
    let error = Packet::decode(b"\0\0\0\0\0\x01\0\x01a\0\x01b\0\0\0\0").unwrap_err();
    assert!(error.is_eof(), "{error}");
}
