//! Reads the vectors of tests/data.

use serde_json::Value;
use sha2::{Digest, Sha256};

pub(crate) fn load(file: &str) -> Vec<Value> {
    let path = format!("{}/tests/data/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect("the vectors are in tests/data");
    serde_json::from_str(&text).expect("the vectors are JSON")
}

/// The vectors of one kind, at least one.
pub(crate) fn of_kind(file: &str, kind: &str) -> Vec<Value> {
    let mut all = load(file);
    all.retain(|vector| vector["kind"] == kind);
    assert!(!all.is_empty(), "no vectors of kind {kind}");
    all
}

pub(crate) fn hex(text: &str) -> Vec<u8> {
    assert!(text.len() % 2 == 0, "odd hex: {text}");
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex digits"))
        .collect()
}

pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    to_hex(&Sha256::digest(bytes))
}

/// A field that is a number.
pub(crate) fn number<T: TryFrom<u64>>(value: &Value) -> T {
    let number = value.as_u64().and_then(|number| T::try_from(number).ok());
    number.unwrap_or_else(|| panic!("{value} is not a number that fits"))
}
