//! Documents that are built and changed.

use weir_amf::{Date, Document, EncodeError, Format, Kind, NewValue, amf0, amf3};

fn names(document: &Document, index: usize) -> Vec<String> {
    document
        .value(index)
        .properties()
        .map(|(name, _)| name.to_owned())
        .collect()
}

#[test]
fn built_object_encodes_as_the_specification_says() {
    let document = Document::object()
        .with("a", true)
        .with("b", Document::strict_array([1, 2]));
    let mut expected = b"\x03\x00\x01a\x01\x01\x00\x01b\x0a\0\0\0\x02".to_vec();
    expected.extend(b"\x00\x3f\xf0\0\0\0\0\0\0\x00\x40\0\0\0\0\0\0\0\0\0\x09");
    assert_eq!(amf0::encode(&document).unwrap(), expected);
}

#[test]
fn a_copy_from_the_middle_of_a_document_is_the_same_value() {
    let bytes = b"\x02\0\x03cmd\x03\0\x01a\x03\0\x01b\x0a\0\0\0\x01\x05\0\0\x09\0\x01c\x06\0\0\x09";
    let from = amf0::decode(bytes).unwrap();
    let copy = Document::object_of([
        ("first", from.value(1).into()),
        ("second", from.value(1).get("a").into()),
        ("third", "behind".into()),
    ]);
    assert_eq!(copy.get("first"), from.value(1));
    assert_eq!(copy.get("second").get("b").at(0).kind(), Kind::Null);
    assert_eq!(names(&copy, 0), ["first", "second", "third"]);
    let again = amf0::decode(&amf0::encode(&copy).unwrap()).unwrap();
    assert_eq!(again, copy);
}

#[test]
fn a_value_that_is_written_alone_is_what_the_document_holds() {
    let date = Date { ms: 1.0, tz: -60 };
    let values = Document::new()
        .with_value(NewValue::Undefined)
        .with_value(date)
        .with_value(Document::object_of([(
            "a",
            Document::strict_array([1]).into(),
        )]))
        .with_value(Document::amf3(
            Document::amf3_object("C").with_sealed("s", "text"),
        ))
        .with_value(Document::amf3(
            Document::amf3_object("C").with_sealed("s", "text"),
        ));
    let mut out = Vec::new();
    let mut writer = amf0::Writer::new(&mut out);
    for value in values.values() {
        writer.value(value).unwrap();
    }
    // The second AMF3 value refers to the class and the text of the first.
    assert_eq!(out, amf0::encode(&values).unwrap());
    assert_eq!(amf0::decode(&out).unwrap(), values);
}

#[test]
fn a_value_that_refers_to_another_is_not_written_alone() {
    let twice = b"\x03\0\x01a\x03\0\0\x09\0\x01b\x07\0\x01\0\0\x09";
    let mut out = Vec::new();
    let mut writer = amf0::Writer::new(&mut out);
    let error = writer.value(amf0::decode(twice).unwrap()).unwrap_err();
    assert_eq!(error, EncodeError::TooManyRepeated { count: 1, limit: 0 });
    let cycle = b"\x03\0\x01a\x07\0\0\0\0\x09";
    let error = writer.value(amf0::decode(cycle).unwrap()).unwrap_err();
    assert_eq!(error, EncodeError::Cycle);
    let error = writer.value(NewValue::ByteArray(b"x")).unwrap_err();
    let (kind, format) = (Kind::ByteArray, Format::Amf0);
    assert_eq!(error, EncodeError::NoSuchKind { kind, format });
}

#[test]
fn removing_a_property_keeps_order_and_the_rest() {
    let mut document = Document::ecma_array()
        .with("duration", 1.5)
        .with(
            "nested",
            Document::object()
                .with("x", 1)
                .with("y", Document::strict_array([0; 3])),
        )
        .with("last", "z");
    assert!(document.remove("duration"));
    assert!(!document.remove("duration"));
    assert_eq!(names(&document, 0), ["nested", "last"]);
    assert_eq!(document.root().ecma_count(), Some(2));
    assert_eq!(document.get("nested").get("y").items().count(), 3);
    assert_eq!(document.get("last"), "z");
    let again = amf0::decode(&amf0::encode(&document).unwrap()).unwrap();
    assert_eq!(again, document);
}

#[test]
fn replacing_a_container_by_a_scalar_moves_what_follows() {
    let mut document = Document::new()
        .with_value("cmd")
        .with_value(
            Document::object()
                .with("a", Document::object().with("b", 1))
                .with("c", 2),
        )
        .with_value("behind");
    assert!(document.value_mut(1).unwrap().set("a", NewValue::Null));
    assert!(document.value(1).get("a").is_null());
    assert_eq!(document.value(1).get("c"), 2.0);
    assert_eq!(document.value(2), "behind");
}

#[test]
fn editing_by_path_reaches_a_nested_property() {
    let mut document = Document::object()
        .with("data", Document::object().with("version", "1"))
        .with("n", 3);
    let data = document
        .value_mut(0)
        .unwrap()
        .into_property("data")
        .unwrap();
    data.into_property("version").unwrap().replace("2");
    assert_eq!(document.get("data").get("version"), "2");
    assert_eq!(document.get("n"), 3.0);
}

#[test]
fn edit_behind_a_cycle_keeps_the_reference_on_its_object() {
    // {x: 1, o: {self: -> o}}
    let input = b"\x03\x00\x01x\x05\x00\x01o\x03\x00\x04self\x07\x00\x01\0\0\x09\0\0\x09";
    let mut document = amf0::decode(input).unwrap();
    document.set("x", Document::object().with("y", 1));
    assert_eq!(document.get("o").get("self").resolve(), document.get("o"));
    let mut through = document.value_mut(0).unwrap().into_property("o").unwrap();
    through = through.into_property("self").unwrap();
    assert_eq!(through.as_value().kind(), Kind::Reference);
    assert!(through.set("new", "set through the reference"));
    assert_eq!(through.as_value().kind(), Kind::Object);
    assert_eq!(document.get("o").get("self").kind(), Kind::Reference);
    assert_eq!(document.get("o").get("new"), "set through the reference");
    let again = amf0::decode(&amf0::encode(&document).unwrap()).unwrap();
    assert_eq!(again, document);
}

#[test]
fn reference_to_what_was_removed_becomes_undefined() {
    // {a: {}, b: -> a}
    let mut document =
        amf0::decode(b"\x03\x00\x01a\x03\0\0\x09\x00\x01b\x07\x00\x01\0\0\x09").unwrap();
    document.remove("a");
    assert_eq!(document.get("b").kind(), Kind::Undefined);
    assert!(document.get("b").exists());
}

#[test]
fn copy_of_a_reference_brings_its_object_along_once() {
    // {a: {}, b: [-> a, -> a]}
    let input = b"\x03\x00\x01a\x03\0\0\x09\x00\x01b\x0a\0\0\0\x02\x07\x00\x01\x07\x00\x01\0\0\x09";
    let from = amf0::decode(input).unwrap();
    let copy = Document::new().with_value(from.get("b"));
    assert_eq!(
        copy.root()
            .items()
            .map(|item| item.kind())
            .collect::<Vec<_>>(),
        [Kind::Object, Kind::Reference]
    );
    assert_eq!(copy.root().at(1).resolve(), copy.root().at(0));
}

#[test]
fn scalar_takes_no_properties_and_an_object_no_elements() {
    let mut document = Document::new().with_value(1).with_value(Document::object());
    assert!(!document.set("a", 1));
    assert!(!document.value_mut(1).unwrap().push(1));
    assert_eq!(document.node_count(), 2);
}

#[test]
fn amf3_value_without_a_switch_is_refused_in_amf0() {
    let bare = Document::new().with_value(NewValue::Integer(1));
    assert!(amf0::encode(&bare).is_err());
    let switched = Document::amf3(NewValue::Integer(1));
    assert_eq!(amf0::encode(&switched).unwrap(), [0x11, 0x04, 0x01]);
}

#[test]
fn amf3_object_keeps_sealed_members_before_dynamic_ones() {
    let document = Document::amf3_object("C")
        .with_sealed("a", true)
        .with("b", false);
    // Traits: one member and dynamic.
    assert_eq!(
        amf3::encode(&document).unwrap(),
        b"\x0a\x1b\x03C\x03a\x03\x03b\x02\x01"
    );
    let mut without = document.clone();
    without.remove("a");
    assert_eq!(
        amf3::encode(&without).unwrap(),
        b"\x0a\x0b\x03C\x03b\x02\x01"
    );
    assert_eq!(document.get("a"), true);
}

#[test]
fn associative_element_of_an_amf3_array_goes_before_the_dense_ones() {
    let document = Document::array([NewValue::Integer(1)]).with("k", true);
    assert_eq!(
        amf3::encode(&document).unwrap(),
        b"\x09\x03\x03k\x03\x01\x04\x01"
    );
}

#[test]
fn display_is_short_and_shows_a_cycle_as_reference() {
    let document = amf0::decode(b"\x03\x00\x01a\x07\x00\x00\0\0\x09").unwrap();
    assert_eq!(document.to_string(), r#"{"a": &0}"#);
    let long = Document::strict_array(vec![0; 1000]);
    assert!(long.to_string().len() < 300);
    assert!(long.to_string().ends_with(", ...]"));
    let nested = Document::object()
        .with("a", Document::object())
        .with("b", "c");
    assert_eq!(nested.to_string(), r#"{"a": {}, "b": "c"}"#);
}
