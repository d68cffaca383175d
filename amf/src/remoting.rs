//! The remoting envelope: several calls, replies or headers in one body. AMF0, section 4.
//!
//! ```
//! use weir_amf::{Document, remoting::{Message, Packet}};
//!
//! let mut packet = Packet::new(0);
//! let arguments = Document::strict_array(["first"]);
//! packet.messages.push(Message::new("TestController.test", "/1", arguments));
//! let bytes = packet.encode()?;
//! assert_eq!(Packet::decode(&bytes)?, packet);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::string::String;
use alloc::vec::Vec;

use crate::amf0::writer;
use crate::document::Document;
use crate::encode::{self, EncodeConfig};
use crate::error::{DecodeError, EncodeError};
use crate::format::Format;
use crate::limits::Config;
use crate::reader::Reader;

/// The length field of a peer that does not know the length.
pub const UNKNOWN_LEN: u32 = u32::MAX;

/// An envelope.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Packet {
    /// 0, or 3 when values may switch to AMF3; servers of the Flash Media kind also send 1. Values
    /// begin in AMF0 whatever it says.
    pub version: u16,
    /// What concerns all messages. At most 65,535.
    pub headers: Vec<Header>,
    /// Calls or replies. At most 65,535.
    pub messages: Vec<Message>,
}

/// A header of an envelope.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Whether a receiver that does not know the header has to refuse the packet.
    pub must_understand: bool,
    /// What the length field says, if that is not the length of the value: often
    /// [`UNKNOWN_LEN`].
    pub len: Option<u32>,
    /// One value.
    pub value: Document,
}

/// A call or a reply in an envelope.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Message {
    /// The procedure, or in a reply the response URI with `/onResult` or `/onStatus`.
    pub target: String,
    /// Where a reply goes, `/1`; empty or `null` in a reply.
    pub response: String,
    /// What the length field says, if that is not the length of the body: [`UNKNOWN_LEN`], or 1
    /// from BlazeDS.
    pub len: Option<u32>,
    /// One value; in a call a strict array of arguments.
    pub body: Document,
}

impl Header {
    /// Makes a header whose length field says its length.
    #[must_use]
    pub fn new(name: &str, must_understand: bool, value: Document) -> Self {
        Self {
            name: name.into(),
            must_understand,
            len: None,
            value,
        }
    }
}

impl Message {
    /// Makes a message whose length field says its length.
    #[must_use]
    pub fn new(target: &str, response: &str, body: Document) -> Self {
        Self {
            target: target.into(),
            response: response.into(),
            len: None,
            body,
        }
    }
}

impl Packet {
    /// Makes an envelope without headers and messages.
    #[must_use]
    pub fn new(version: u16) -> Self {
        Self {
            version,
            ..Self::default()
        }
    }

    /// Decodes an envelope; bytes behind it are ignored.
    ///
    /// # Errors
    /// [`DecodeError`] if the bytes are malformed, end early or exceed a limit. Length fields are
    /// not believed, so a wrong one is no error.
    pub fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        Self::decode_with(input, &Config::default())
    }

    /// Decodes an envelope, with limits and policies of your own. Each value is limited by itself.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn decode_with(input: &[u8], config: &Config) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(input, Format::Amf0, config);
        let mut packet = Self::new(reader.cursor.u16()?);
        for _ in 0..reader.cursor.u16()? {
            let name = reader.text_u16()?.as_str()?.into();
            let must_understand = reader.cursor.u8()? != 0;
            let (len, value) = sized_value(&mut reader)?;
            packet.headers.push(Header {
                name,
                must_understand,
                len,
                value,
            });
        }
        for _ in 0..reader.cursor.u16()? {
            let target = reader.text_u16()?.as_str()?.into();
            let response = reader.text_u16()?.as_str()?.into();
            let (len, body) = sized_value(&mut reader)?;
            packet.messages.push(Message {
                target,
                response,
                len,
                body,
            });
        }
        Ok(packet)
    }

    /// Encodes the envelope.
    ///
    /// # Errors
    /// [`EncodeError`] if a name is longer than 65,535 bytes, there are more than 65,535 headers
    /// or messages, or a value cannot be encoded.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        self.encode_with(&EncodeConfig::default())
    }

    /// Encodes the envelope, with policies of your own.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn encode_with(&self, config: &EncodeConfig) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::from(self.version.to_be_bytes());
        out.extend_from_slice(&count(self.headers.len())?.to_be_bytes());
        for header in &self.headers {
            writer::name(&mut out, &header.name)?;
            out.push(header.must_understand.into());
            write_sized(&mut out, header.len, &header.value, config)?;
        }
        out.extend_from_slice(&count(self.messages.len())?.to_be_bytes());
        for message in &self.messages {
            writer::name(&mut out, &message.target)?;
            writer::name(&mut out, &message.response)?;
            write_sized(&mut out, message.len, &message.body, config)?;
        }
        Ok(out)
    }
}

/// Reads a length and a value, whose tables are its own. AMF0, section 4.1.3.
fn sized_value(reader: &mut Reader<'_>) -> Result<(Option<u32>, Document), DecodeError> {
    let announced = reader.cursor.u32()?;
    reader.forget();
    let begin = reader.offset();
    let value = reader.value()?;
    let exact = (reader.offset() - begin) as u64 == u64::from(announced);
    Ok(((!exact).then_some(announced), value))
}

fn write_sized(
    out: &mut Vec<u8>,
    announced: Option<u32>,
    value: &Document,
    config: &EncodeConfig,
) -> Result<(), EncodeError> {
    let begin = out.len();
    out.extend_from_slice(&[0; 4]);
    encode::encode(value, Format::Amf0, config, out)?;
    let len = out.len() - begin - 4;
    let len = match (announced, u32::try_from(len)) {
        (Some(announced), _) => announced,
        (None, Ok(len)) => len,
        (None, Err(_)) => {
            let max = u32::MAX as usize;
            return Err(EncodeError::TooLong {
                len,
                max,
                format: Format::Amf0,
            });
        }
    };
    if let Some(field) = out.get_mut(begin..begin + 4) {
        field.copy_from_slice(&len.to_be_bytes());
    }
    Ok(())
}

fn count(len: usize) -> Result<u16, EncodeError> {
    let max = usize::from(u16::MAX);
    u16::try_from(len).map_err(|_| EncodeError::TooLong {
        len,
        max,
        format: Format::Amf0,
    })
}
