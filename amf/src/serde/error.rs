//! Why a type and bytes do not go together.

use alloc::boxed::Box;
use alloc::string::ToString;
use core::fmt;

use thiserror::Error;

use crate::error::{DecodeError, EncodeError};

/// Why bytes did not become a type, or a type bytes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are no AMF or exceed a limit.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The value cannot be written.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The value at this offset is not what the type wants, in the words of serde or of the type.
    #[error("{message} at offset {offset}")]
    Type {
        /// Where the reader stood, in bytes.
        offset: usize,
        /// What the type said.
        message: Box<str>,
    },
    /// The type wants something that AMF does not have, in the words of serde or of the type.
    #[error("{0}")]
    Unsupported(Box<str>),
    /// A value was referred to from a second place.
    #[error("reference at offset {offset}, which a type cannot hold; decode to a document")]
    Reference {
        /// Where the reference stands.
        offset: usize,
    },
    /// Bytes follow the value.
    #[error("{len} bytes behind the value at offset {offset}")]
    Trailing {
        /// Where they begin.
        offset: usize,
        /// How many.
        len: usize,
    },
}

impl Error {
    /// Says where, if the error does not know yet.
    pub(super) fn at(self, offset: usize) -> Self {
        match self {
            Self::Unsupported(message) => Self::Type { offset, message },
            other => other,
        }
    }
}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Unsupported(message.to_string().into())
    }
}

impl serde::ser::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Unsupported(message.to_string().into())
    }
}
