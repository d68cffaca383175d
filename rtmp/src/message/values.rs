//! AMF values that stay the bytes they came as.

use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;
use weir_amf::{Document, EncodeError, Format, NewValue, Reader, Text, Token, amf0};

/// A sequence of AMF values: the arguments of a command, the values of a data message.
///
/// The bytes are AMF0; a value may switch to AMF3 with its marker 0x11. They are kept as they came,
/// so passing them on changes nothing, and are decoded only when asked for.
///
/// ```
/// use weir_rtmp::message::Values;
///
/// let values = Values::from_amf0(b"\x05\x01\x01"[..].into());
/// let document = values.document()?;
/// assert_eq!(document.value(1).as_bool(), Some(true));
/// # Ok::<(), weir_amf::DecodeError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Values(Bytes);

impl Values {
    /// Writes the values of a document.
    ///
    /// # Errors
    /// If a text or the whole is too long for AMF0.
    pub fn encode(values: &Document) -> Result<Self, EncodeError> {
        amf0::encode(values).map(|bytes| Self(bytes.into()))
    }

    /// Writes values that stand in no document.
    ///
    /// ```
    /// use weir_amf::NewValue;
    /// use weir_rtmp::message::Values;
    ///
    /// let values = Values::of(&[NewValue::Null, true.into()])?;
    /// assert_eq!(values.as_bytes(), &[5, 1, 1][..]);
    /// # Ok::<(), weir_amf::EncodeError>(())
    /// ```
    ///
    /// # Errors
    /// If a text or the whole is too long for AMF0.
    pub fn of(values: &[NewValue<'_>]) -> Result<Self, EncodeError> {
        let values = values.iter().cloned();
        let written = Self::write(|writer| values.clone().try_for_each(|it| writer.value(it)));
        // Values that refer to others have to be in one document.
        written.or_else(|_| Self::encode(&values.fold(Document::new(), Document::with_value)))
    }

    /// Writes values one by one.
    pub(crate) fn write(
        write: impl FnOnce(&mut amf0::Writer<'_>) -> Result<(), EncodeError>,
    ) -> Result<Self, EncodeError> {
        let mut bytes = Vec::with_capacity(ROOM);
        write(&mut amf0::Writer::new(&mut bytes))?;
        Ok(Self(bytes.into()))
    }

    /// Takes bytes that are AMF0 values, one after another.
    pub const fn from_amf0(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// The bytes, as they stand in the message.
    pub const fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads token by token, without an allocation.
    pub fn reader(&self) -> Reader<'_> {
        Reader::amf0(&self.0)
    }

    /// Reads all values into one document.
    ///
    /// # Errors
    /// What the bytes break of AMF, with the offset among them.
    pub fn document(&self) -> Result<Document, weir_amf::DecodeError> {
        self.document_with(&weir_amf::Config::default())
    }

    /// Reads all values into one document, with limits and policies of your own.
    ///
    /// # Errors
    /// What the bytes break of AMF or exceed of the limits, with the offset among them.
    pub fn document_with(
        &self,
        config: &weir_amf::Config,
    ) -> Result<Document, weir_amf::DecodeError> {
        Document::decode(&self.0, Format::Amf0, config)
    }

    /// The value at a place if it is a number, a string that is a number not included.
    pub fn number(&self, index: usize) -> Option<f64> {
        self.at(index, |reader| reader.take_number().ok()?)
    }

    /// The value at a place if it is a boolean.
    pub fn boolean(&self, index: usize) -> Option<bool> {
        self.at(index, |reader| match reader.next_event().ok()??.token {
            Token::Boolean(value) => Some(value),
            _ => None,
        })
    }

    /// The value at a place if it is a string, without its bytes being checked.
    pub fn text(&self, index: usize) -> Option<Text<'_>> {
        self.at(index, |reader| reader.take_text().ok()?)
    }

    /// Takes the value at a place.
    fn at<'a, T>(
        &'a self,
        index: usize,
        take: impl FnOnce(&mut Reader<'a>) -> Option<T>,
    ) -> Option<T> {
        let mut reader = self.reader();
        for _ in 0..index {
            reader.skip().ok()?;
        }
        take(&mut reader)
    }
}

/// Prints the length and at most 32 bytes.
impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.get(..32).unwrap_or(&self.0);
        write!(
            f,
            "Values({} bytes, {})",
            self.0.len(),
            shown.escape_ascii()
        )
    }
}

/// Room for the arguments of nearly all commands that sessions write.
const ROOM: usize = 256;
