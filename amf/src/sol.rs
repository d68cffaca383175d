//! `.sol` files, in which Flash Player keeps shared objects.
//!
//! ```text
//! 00 bf | U32 length of what follows | "TCSO" | 00 04 00 00 00 00 | U16 name | U32 version
//! then for each element: name, value, 00
//! ```
//!
//! Names of elements are AMF0 texts with a U16 length, or AMF3 texts in the one set of tables that
//! the whole file shares. The data object itself is not written, but has AMF0 slot 0.
//!
//! ```
//! use weir_amf::{Document, Format, sol::Sol};
//!
//! let mut sol = Sol::new("settings", Format::Amf0);
//! sol.data.set("volume", 80);
//! let bytes = sol.encode()?;
//! assert_eq!(Sol::decode(&bytes)?.data.get("volume"), 80.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::string::String;
use alloc::vec::Vec;

use crate::amf0::writer;
use crate::cursor::to_u32;
use crate::document::{Builder, Document};
use crate::encode::{EncodeConfig, Encoder};
use crate::error::{DecodeError, EncodeError, Malformed};
use crate::format::Format;
use crate::limits::{Config, SlotPolicy};
use crate::reader::Reader;

/// A `.sol` file.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Sol {
    /// The name of the shared object.
    pub name: String,
    /// The format of the elements.
    pub format: Format,
    /// An AMF0 object whose properties are the elements, whatever their format is.
    pub data: Document,
    /// What the length field says, if that is not the length.
    pub len: Option<u32>,
}

const SIGNATURE: [u8; 2] = [0x00, 0xbf];
const FIXED: [u8; 10] = *b"TCSO\x00\x04\x00\x00\x00\x00";

impl Sol {
    /// Makes a file without elements.
    #[must_use]
    pub fn new(name: &str, format: Format) -> Self {
        Self {
            name: name.into(),
            format,
            data: Document::object(),
            len: None,
        }
    }

    /// Decodes a file, counting AMF0 slots as ActionScript 1 and 2 do.
    ///
    /// # Errors
    /// [`DecodeError`] if the bytes are malformed, end early or exceed a limit. A wrong length
    /// field is no error; see [`len`](Self::len).
    pub fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let config = Config {
            slots: SlotPolicy::Avm1,
            ..Config::default()
        };
        Self::decode_with(input, &config)
    }

    /// Decodes a file, with limits and policies of your own.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn decode_with(input: &[u8], config: &Config) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(input, Format::Amf0, config);
        fixed(&mut reader, &SIGNATURE)?;
        let announced = reader.cursor.u32()?;
        let exact = reader.remaining() as u64 == u64::from(announced);
        fixed(&mut reader, &FIXED)?;
        let name = reader.text_u16()?.as_str()?.into();
        let offset = reader.offset();
        let format = match reader.cursor.u32()? {
            0 => Format::Amf0,
            3 => Format::Amf3,
            version => return Err(Malformed::SolVersion { offset, version }.into()),
        };
        let data = elements(&mut reader, format)?;
        Ok(Self {
            name,
            format,
            data,
            len: (!exact).then_some(announced),
        })
    }

    /// Encodes the file, counting AMF0 slots as ActionScript 1 and 2 do.
    ///
    /// # Errors
    /// [`EncodeError`] if a name is longer than 65,535 bytes, or a value cannot be encoded.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        self.encode_with(&EncodeConfig {
            slots: SlotPolicy::Avm1,
            ..EncodeConfig::default()
        })
    }

    /// Encodes the file, with policies of your own.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn encode_with(&self, config: &EncodeConfig) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::from(SIGNATURE);
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&FIXED);
        writer::name(&mut out, &self.name)?;
        let version: u32 = match self.format {
            Format::Amf0 => 0,
            Format::Amf3 => 3,
        };
        out.extend_from_slice(&version.to_be_bytes());
        let mut encoder = Encoder::new(&self.data, self.format, config, &mut out);
        for (name, value) in self.data.root().properties() {
            match self.format {
                Format::Amf0 => writer::name(encoder.out, name)?,
                Format::Amf3 => encoder.text(name.as_bytes())?,
            }
            encoder.run(value.index(), self.data.end_of(value.index()))?;
            encoder.out.push(0);
        }
        let len = out.len() - SIGNATURE.len() - 4;
        let max = u32::MAX as usize;
        let exact = u32::try_from(len);
        let exact = exact.map_err(|_| EncodeError::TooLong {
            len,
            max,
            format: self.format,
        })?;
        if let Some(field) = out.get_mut(2..6) {
            field.copy_from_slice(&self.len.unwrap_or(exact).to_be_bytes());
        }
        Ok(out)
    }
}

/// Reads bytes that every file has.
fn fixed(reader: &mut Reader<'_>, expected: &[u8]) -> Result<(), DecodeError> {
    let offset = reader.offset();
    let found = reader.cursor.take(to_u32(expected.len()))?;
    match found
        .iter()
        .zip(expected)
        .position(|(found, expected)| found != expected)
    {
        Some(differs) => Err(Malformed::SolSignature {
            offset: offset + differs,
        }
        .into()),
        None => Ok(()),
    }
}

/// Reads the elements into an object.
fn elements(reader: &mut Reader<'_>, format: Format) -> Result<Document, DecodeError> {
    reader.format = format;
    let mark = reader.mark();
    let mut builder = Builder::new(reader);
    builder.begin_root(reader);
    while reader.remaining() > 0 {
        let name = match format {
            Format::Amf0 => reader.text_u16()?,
            Format::Amf3 => reader.amf3_text()?,
        };
        // The text of all elements is checked in one pass at the end, which cannot say where; so
        // each is looked through before, to say it.
        name.as_str()?;
        if reader.remaining() == 0 {
            reader.cursor.u8()?;
        }
        if reader.config.utf8 == crate::Utf8::Strict {
            let before = reader.mark();
            reader.check_value_text()?;
            reader.rewind(before);
        }
        builder.value(reader, Some(name))?;
        reader.cursor.u8()?;
    }
    builder.finish(reader, mark)
}
