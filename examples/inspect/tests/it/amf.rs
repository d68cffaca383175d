//! AMF values: the crate's own vectors, valid and malformed.

use serde_json::Value;

use crate::inspect::{data, inspect, read, vectors};
use crate::truth;

#[test]
fn every_vector_has_the_value_the_bytes_or_the_error_that_it_should() {
    let entries = read(&data("amf").join("vectors.json"));
    let entries = entries.as_array().expect("a list");
    for (entry, ours) in entries.iter().zip(vectors("amf", entries)) {
        truth::amf(entry, &ours);
    }
}

#[test]
fn a_value_is_shown_alone_and_a_second_one_is_an_error_with_its_place() {
    let one = inspect(["amf0", "--hex", "02 0004 6c697665", "--reencode"]);
    assert_eq!(one["value"], "live");
    assert_eq!(one["hex"], "0200046c697665");
    let two = inspect(["amf0", "--hex", "0505"]);
    assert_eq!(two["error"]["kind"], "malformed");
    assert_eq!(two["error"]["offset"], 1);
    let two = inspect(["amf0", "--hex", "0505", "--seq"]);
    assert_eq!(two["value"], Value::Array(vec![Value::Null, Value::Null]));
}
