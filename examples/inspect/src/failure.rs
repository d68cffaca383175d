//! Why a command gave no result.

use std::fmt;

use serde_json::{Value, json};

/// A command's error: what `--json` prints as `{"error":{"kind","offset","message"}}`.
#[derive(Debug)]
pub(crate) struct Failure {
    /// One of AMF's kinds, or `malformed`, `peer`, `limit`, `eof`, `usage`, `io`.
    pub(crate) kind: &'static str,
    /// The byte of the input where it went wrong, where one can be named.
    pub(crate) offset: Option<u64>,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(kind: &'static str, message: impl fmt::Display) -> Self {
        Self {
            kind,
            offset: None,
            message: message.to_string(),
        }
    }

    pub(crate) fn at(kind: &'static str, offset: u64, message: impl fmt::Display) -> Self {
        Self {
            offset: Some(offset),
            ..Self::new(kind, message)
        }
    }

    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self::new("usage", message)
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({ "error": self.to_inner_json() })
    }

    /// The object behind `error`, as the lines of `vectors` carry it.
    pub(crate) fn to_inner_json(&self) -> Value {
        json!({ "kind": self.kind, "offset": self.offset, "message": self.message })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new("io", error)
    }
}
