//! What can go wrong, split by whose fault it is.

use thiserror::Error;

/// A value (of a header, a URL, an SDP line) does not follow its grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{expected} expected at byte {offset}")]
#[non_exhaustive]
pub struct ValueError {
    /// Bytes from the start of the value.
    pub offset: usize,
    /// What the grammar wants there.
    pub expected: &'static str,
}

impl ValueError {
    pub(crate) const fn new(offset: usize, expected: &'static str) -> Self {
        Self { offset, expected }
    }
}
