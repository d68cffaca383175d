//! Types by serde.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use weir_amf::serde::{Error, from_amf0, from_amf3, to_amf0, to_amf3};
use weir_amf::{Date, amf3};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Everything<'a> {
    flag: bool,
    small: i8,
    large: i64,
    float: f64,
    text: &'a str,
    owned: String,
    none: Option<u8>,
    some: Option<u8>,
    list: Vec<u16>,
    pair: (u8, String),
    map: BTreeMap<String, f32>,
    unit: (),
    kinds: Vec<Kind>,
    date: Date,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Kind {
    Unit,
    New(u8),
    Tuple(u8, bool),
    Struct { a: u8, b: Option<String> },
}

fn everything() -> Everything<'static> {
    Everything {
        flag: true,
        small: -5,
        large: -(1 << 40),
        float: -0.0,
        text: "borrowed",
        owned: "größer".into(),
        none: None,
        some: Some(7),
        list: vec![1, 2, 3],
        pair: (9, "nine".into()),
        map: BTreeMap::from([("a".into(), 1.5), ("b".into(), 2.0)]),
        unit: (),
        kinds: vec![
            Kind::Unit,
            Kind::New(1),
            Kind::Tuple(2, true),
            Kind::Struct {
                a: 3,
                b: Some("x".into()),
            },
        ],
        date: Date { ms: 1e12, tz: -60 },
    }
}

#[test]
fn every_type_comes_back_from_amf0() {
    let bytes = to_amf0(&everything()).unwrap();
    assert_eq!(from_amf0::<Everything<'_>>(&bytes).unwrap(), everything());
}

#[test]
fn every_type_comes_back_from_amf3_without_the_zone_of_a_date() {
    let bytes = to_amf3(&everything()).unwrap();
    let mut expected = everything();
    expected.date.tz = 0;
    assert_eq!(from_amf3::<Everything<'_>>(&bytes).unwrap(), expected);
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "class:com.example.Product")]
struct Product {
    id: u32,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    parent: Option<u8>,
}

#[test]
fn struct_of_a_class_is_sealed_and_its_traits_are_written_once() {
    let products: Vec<_> = (0..3)
        .map(|id| Product {
            id,
            name: "same".into(),
            parent: None,
        })
        .collect();
    let bytes = to_amf3(&products).unwrap();
    let document = amf3::decode(&bytes).unwrap();
    assert_eq!(document.root().at(2).class(), Some("com.example.Product"));
    assert_eq!(document.root().at(2).sealed_len(), 2);
    assert!(!document.root().at(2).is_dynamic());
    // Marker, reference to traits, integer, reference to the text.
    assert!(
        bytes.ends_with(&[0x0a, 0x01, 0x04, 0x02, 0x06, 0x06]),
        "{bytes:02x?}"
    );
    assert_eq!(from_amf3::<Vec<Product>>(&bytes).unwrap(), products);
    let typed = to_amf0(&products[0]).unwrap();
    assert_eq!(typed[..3], [0x10, 0x00, 0x13]);
}

#[test]
fn wrappers_of_flex_and_the_switch_to_amf3_are_passed_through() {
    // 0x11 and an ArrayCollection of 1 and 2.
    let mut bytes = vec![0x11, 0x0a, 0x07, 0x43];
    bytes.extend(b"flex.messaging.io.ArrayCollection");
    bytes.extend([0x09, 0x05, 0x01, 0x04, 0x01, 0x04, 0x02]);
    assert_eq!(from_amf0::<Vec<u8>>(&bytes).unwrap(), [1, 2]);
    assert_eq!(
        from_amf0::<Option<Vec<u8>>>(&bytes).unwrap(),
        Some(vec![1, 2])
    );
    assert_eq!(from_amf0::<Option<u8>>(&[0x11, 0x00]).unwrap(), None);
}

#[test]
fn unknown_members_are_passed_over_with_all_they_hold() {
    #[derive(Debug, Deserialize)]
    struct Info {
        code: String,
    }
    // {x: {y: [1], z: -> x}, code: "c", w: null}
    let bytes = b"\x03\0\x01x\x03\0\x01y\x0a\0\0\0\x01\x05\0\x01z\x07\0\x01\0\0\x09\0\x04code\x02\0\x01c\0\x01w\x05\0\0\x09";
    assert_eq!(from_amf0::<Info>(bytes).unwrap().code, "c");
}

#[test]
fn vectors_and_bytes_are_sequences() {
    let ints = [0x0d, 0x05, 0x00, 0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff];
    assert_eq!(from_amf3::<Vec<i32>>(&ints).unwrap(), [2, -1]);
    assert_eq!(from_amf3::<Vec<u8>>(&[0x0c, 0x05, 1, 2]).unwrap(), [1, 2]);
    assert_eq!(from_amf3::<&[u8]>(&[0x0c, 0x05, 1, 2]).unwrap(), [1, 2]);
}

#[test]
fn reference_is_an_error_that_says_where() {
    // [{}, -> {}]
    let bytes = b"\x0a\0\0\0\x02\x03\0\0\x09\x07\0\x01";
    let error = from_amf0::<Vec<BTreeMap<String, u8>>>(bytes).unwrap_err();
    assert_eq!(error, Error::Reference { offset: 9 });
}

#[test]
fn wrong_type_is_an_error_that_says_where() {
    let error = from_amf0::<Vec<u8>>(b"\x0a\0\0\0\x02\x05\x02\0\x01a").unwrap_err();
    assert!(matches!(error, Error::Type { offset: 6, .. }), "{error:?}");
    let trailing = from_amf0::<()>(&[5, 5]).unwrap_err();
    assert_eq!(trailing, Error::Trailing { offset: 1, len: 1 });
}

#[test]
fn integer_that_no_double_holds_is_refused() {
    assert!(to_amf0(&u64::MAX).is_err());
    assert!(to_amf3(&(1i64 << 53)).is_ok());
}
