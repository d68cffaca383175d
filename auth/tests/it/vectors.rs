//! The vectors in `tests/data/auth.json`.

use serde_json::Value;

/// One vector: what goes in, and what is to come out.
pub(crate) struct Vector {
    pub(crate) id: String,
    input: Value,
    expect: Value,
}

/// All vectors of a scheme; there must be as many as said, so that none is lost unseen.
pub(crate) fn vectors(scheme: &str, count: usize) -> Vec<Vector> {
    let all: Value = serde_json::from_str(include_str!("../data/auth.json")).unwrap();
    let of_scheme = all["vectors"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|v| v["scheme"] == scheme);
    let found: Vec<Vector> = of_scheme
        .map(|v| Vector {
            id: v["id"].as_str().unwrap().to_owned(),
            input: v["in"].clone(),
            expect: v["expect"].clone(),
        })
        .collect();
    assert_eq!(found.len(), count, "vectors of {scheme}");
    found
}

impl Vector {
    /// A text that goes in.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.input[name]
            .as_str()
            .unwrap_or_else(|| panic!("{}: no {name}", self.id))
    }

    /// A text that may be there.
    pub(crate) fn maybe(&self, name: &str) -> Option<&str> {
        self.input[name].as_str()
    }

    pub(crate) fn number(&self, name: &str) -> u64 {
        self.input[name]
            .as_u64()
            .unwrap_or_else(|| panic!("{}: no {name}", self.id))
    }

    pub(crate) fn maybe_number(&self, name: &str) -> Option<u64> {
        self.input[name].as_u64()
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.input[name].as_bool().unwrap_or(false)
    }

    pub(crate) fn texts(&self, name: &str) -> Vec<&str> {
        let list = self.input[name]
            .as_array()
            .unwrap_or_else(|| panic!("{}: no {name}", self.id));
        list.iter().map(|text| text.as_str().unwrap()).collect()
    }

    /// A text that is to come out.
    pub(crate) fn expected(&self, name: &str) -> &str {
        self.expect[name]
            .as_str()
            .unwrap_or_else(|| panic!("{}: no expected {name}", self.id))
    }

    pub(crate) fn expect(&self) -> &Value {
        &self.expect
    }
}

/// Bytes of lower-case hex.
pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}
