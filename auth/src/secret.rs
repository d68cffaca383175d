//! Bytes that must not be printed, and comparisons that take the same time for every answer.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use subtle::ConstantTimeEq;

use crate::hash::sha256;

/// A password or key. `Debug` prints nothing of it, not even its length, and `==` takes the same time
/// wherever two values differ.
///
/// The memory is not wiped on drop: this crate has no `unsafe`, and copies made by the allocator or the
/// network stack would stay anyway.
#[derive(Clone)]
pub struct Secret(Box<[u8]>);

impl Secret {
    /// Wraps key bytes.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// The bytes. What is done with them must not end in a log.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().into())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into_bytes().into())
    }
}

impl From<Vec<u8>> for Secret {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl PartialEq for Secret {
    /// Compares digests, so that neither the length nor the first difference shows in the time taken.
    fn eq(&self, other: &Self) -> bool {
        same(&sha256(&[&self.0]), &sha256(&[&other.0]))
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Whether two byte strings are equal, in a time that depends on their lengths only.
///
/// Use it on digests, whose length is no secret.
pub(crate) fn same(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}
