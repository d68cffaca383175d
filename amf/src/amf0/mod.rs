//! AMF0, the format of RTMP commands and FLV script data.
//!
//! ```
//! use weir_amf::amf0;
//!
//! let command = b"\x02\x00\x07publish\x00\x40\x14\0\0\0\0\0\0\x05\x02\x00\x03key\x02\x00\x04live";
//! let document = amf0::decode(command)?;
//! assert_eq!(document.value(0), "publish");
//! assert_eq!(document.value(3), "key");
//! assert_eq!(amf0::encode(&document)?, command);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod encode;
pub(crate) mod marker;
mod reader;
pub(crate) mod writer;

use alloc::vec::Vec;

pub use writer::Writer;

use crate::document::Document;
use crate::encode::EncodeConfig;
use crate::error::{DecodeError, EncodeError};
use crate::format::Format;
use crate::limits::Config;

/// Decodes all values of `input`.
///
/// To stop behind a number of values, use [`Reader::document`](crate::Reader::document).
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
    Document::decode(input, Format::Amf0, config)
}

/// Encodes all values of `document`.
///
/// # Errors
/// [`EncodeError`] if a name is longer than 65,535 bytes, or a value exists in AMF3 only and stands
/// behind no [switch](crate::Kind::Amf3).
pub fn encode(document: &Document) -> Result<Vec<u8>, EncodeError> {
    crate::encode::encode_new(document, Format::Amf0)
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
    crate::encode::encode(document, Format::Amf0, config, out)
}
