//! AMF3, the format of ActionScript 3.
//!
//! ```
//! use weir_amf::amf3;
//!
//! // [1, 2] with itself as third element
//! let document = amf3::decode(&[0x09, 0x07, 0x01, 0x04, 0x01, 0x04, 0x02, 0x09, 0x00])?;
//! assert_eq!(document.root().at(1).as_i32(), Some(2));
//! assert_eq!(document.root().at(2).resolve(), document.root());
//! # Ok::<(), weir_amf::DecodeError>(())
//! ```

mod encode;
pub(crate) mod marker;
mod reader;
mod tables;
pub(crate) mod u29;
mod vector;
mod writer;

pub(crate) use reader::Property;
pub(crate) use tables::{Lengths, Tables};
pub use tables::{Traits, TraitsId};
pub use vector::{Element, Packed};
pub use writer::{WriteTables, Writer};
#[cfg(feature = "serde")]
pub(crate) use writer::{double, header, integer};

use alloc::vec::Vec;

use crate::document::Document;
use crate::encode::EncodeConfig;
use crate::error::{DecodeError, EncodeError};
use crate::format::Format;
use crate::limits::Config;

/// Decodes all values of `input`, which share one set of tables.
///
/// # Errors
/// [`DecodeError`] if the bytes are malformed, end inside a value or exceed a limit.
pub fn decode(input: &[u8]) -> Result<Document, DecodeError> {
    decode_with(input, &Config::default())
}

/// Decodes all values of `input`, with limits and policies of your own.
///
/// # Errors
/// [`DecodeError`] if the bytes are malformed, end inside a value or exceed a limit.
pub fn decode_with(input: &[u8], config: &Config) -> Result<Document, DecodeError> {
    Document::decode(input, Format::Amf3, config)
}

/// Encodes all values of `document`, which share one set of tables.
///
/// # Errors
/// [`EncodeError`] if a value exists in AMF0 only, or a length does not fit its field.
pub fn encode(document: &Document) -> Result<Vec<u8>, EncodeError> {
    crate::encode::encode_new(document, Format::Amf3)
}

/// Encodes all values of `document` behind what `out` holds already.
///
/// # Errors
/// As [`encode`]; `out` then holds what it held before.
pub fn encode_into(
    document: &Document,
    config: &EncodeConfig,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    crate::encode::encode(document, Format::Amf3, config, out)
}
