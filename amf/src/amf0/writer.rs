//! Writing AMF0.

use alloc::vec::Vec;

use super::marker;
use crate::amf3;
use crate::document::{Document, NewValue, Value};
use crate::encode::encode_value;
use crate::error::EncodeError;
use crate::format::Format;

/// Writes AMF0 values one by one, behind whatever the buffer holds already.
///
/// Nothing is checked but lengths: the caller closes what it opens and gives properties names. To
/// write a [`Document`](crate::Document), use [`encode_into`](super::encode_into).
///
/// ```
/// use weir_amf::amf0::Writer;
///
/// let mut out = Vec::new();
/// let mut writer = Writer::new(&mut out);
/// writer.string("connect")?;
/// writer.number(1.0);
/// writer.begin_object();
/// writer.name("app")?;
/// writer.string("live")?;
/// writer.end_object();
/// assert_eq!(out, b"\x02\0\x07connect\0\x3f\xf0\0\0\0\0\0\0\x03\0\x03app\x02\0\x04live\0\0\x09");
/// # Ok::<(), weir_amf::EncodeError>(())
/// ```
#[derive(Debug)]
pub struct Writer<'o> {
    out: &'o mut Vec<u8>,
    tables: amf3::WriteTables,
}

impl<'o> Writer<'o> {
    /// Writes to the end of `out`.
    #[must_use]
    pub fn new(out: &'o mut Vec<u8>) -> Self {
        Self {
            out,
            tables: amf3::WriteTables::default(),
        }
    }

    /// Writes null.
    pub fn null(&mut self) {
        self.out.push(marker::NULL);
    }

    /// Writes undefined.
    pub fn undefined(&mut self) {
        self.out.push(marker::UNDEFINED);
    }

    /// Writes the mark of a value that AMF0 cannot express.
    pub fn unsupported(&mut self) {
        self.out.push(marker::UNSUPPORTED);
    }

    /// Writes a boolean.
    pub fn boolean(&mut self, value: bool) {
        boolean(self.out, value);
    }

    /// Writes a number.
    pub fn number(&mut self, value: f64) {
        number(self.out, value);
    }

    /// Writes a string, as long string if it has more than 65,535 bytes.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] past 4 GiB.
    pub fn string(&mut self, text: &str) -> Result<(), EncodeError> {
        string(self.out, text)
    }

    /// Writes an XML document.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] past 4 GiB.
    pub fn xml_document(&mut self, text: &str) -> Result<(), EncodeError> {
        long_text(self.out, marker::XML_DOCUMENT, text)
    }

    /// Writes a date: milliseconds since 1970-01-01 UTC, and minutes that receivers ignore.
    pub fn date(&mut self, ms: f64, tz: i16) {
        date(self.out, ms, tz);
    }

    /// Writes a reference to what took this slot. The caller counts slots.
    pub fn reference(&mut self, slot: u16) {
        reference(self.out, slot);
    }

    /// Begins an object; names and values follow, and [`end_object`](Self::end_object).
    pub fn begin_object(&mut self) {
        self.out.push(marker::OBJECT);
    }

    /// Begins an object of a class; names and values follow, and
    /// [`end_object`](Self::end_object).
    ///
    /// # Errors
    /// [`EncodeError::NameTooLong`] past 65,535 bytes.
    pub fn begin_typed_object(&mut self, class: &str) -> Result<(), EncodeError> {
        self.out.push(marker::TYPED_OBJECT);
        name(self.out, class)
    }

    /// Begins an ECMA array; names and values follow, and [`end_object`](Self::end_object).
    ///
    /// `count` is a hint that receivers ignore.
    pub fn begin_ecma_array(&mut self, count: u32) {
        ecma_array(self.out, count);
    }

    /// Begins a strict array; `len` values follow, and nothing at their end.
    pub fn begin_strict_array(&mut self, len: u32) {
        strict_array(self.out, len);
    }

    /// Writes the name of the next value.
    ///
    /// # Errors
    /// [`EncodeError::NameTooLong`] past 65,535 bytes.
    pub fn name(&mut self, text: &str) -> Result<(), EncodeError> {
        name(self.out, text)
    }

    /// Writes properties of the object or ECMA array that was begun, in this order.
    ///
    /// # Errors
    /// As [`name`](Self::name) and [`value`](Self::value).
    pub fn properties<'a, N: AsRef<str>>(
        &mut self,
        properties: impl IntoIterator<Item = (N, NewValue<'a>)>,
    ) -> Result<(), EncodeError> {
        for (name, value) in properties {
            self.name(name.as_ref())?;
            self.value(value)?;
        }
        Ok(())
    }

    /// Ends an object or an ECMA array.
    pub fn end_object(&mut self) {
        end_object(self.out);
    }

    /// Writes whatever a document can hold, a value of one included.
    ///
    /// ```
    /// use weir_amf::{Document, NewValue, amf0::Writer};
    ///
    /// let mut out = Vec::new();
    /// let mut writer = Writer::new(&mut out);
    /// writer.value(NewValue::Null)?;
    /// writer.value(&Document::object().with("code", 302))?;
    /// assert_eq!(out, b"\x05\x03\0\x04code\0\x40\x72\xe0\0\0\0\0\0\0\0\x09");
    /// # Ok::<(), weir_amf::EncodeError>(())
    /// ```
    ///
    /// # Errors
    /// [`EncodeError`] if a text is too long, a value exists in AMF3 only, or one refers to another:
    /// the caller counts slots. What was written before the error stays.
    pub fn value<'a>(&mut self, value: impl Into<NewValue<'a>>) -> Result<(), EncodeError> {
        match value.into() {
            NewValue::Null => self.null(),
            NewValue::Undefined => self.undefined(),
            NewValue::Unsupported => self.unsupported(),
            NewValue::Boolean(value) => self.boolean(value),
            NewValue::Number(value) => self.number(value),
            NewValue::String(text) => self.string(text)?,
            NewValue::Date(date) => self.date(date.ms, date.tz),
            NewValue::XmlDocument(text) => self.xml_document(text)?,
            NewValue::Copy(value) => self.copy(value)?,
            NewValue::Document(document) => self.copy(document.root())?,
            // Numbers that do not fit an AMF3 integer, and what AMF0 does not have.
            other => self.copy(Document::new().with_value(other).root())?,
        }
        Ok(())
    }

    fn copy(&mut self, value: Value<'_>) -> Result<(), EncodeError> {
        if !value.exists() {
            self.undefined();
            return Ok(());
        }
        encode_value(value, Format::Amf0, &mut self.tables, self.out)
    }

    /// Switches to AMF3 for one value, which the writer that is returned has to write.
    ///
    /// All such values share their tables.
    #[must_use]
    pub fn amf3(&mut self) -> amf3::Writer<'_> {
        self.out.push(marker::AMF3);
        amf3::Writer::new(self.out, &mut self.tables)
    }
}

#[inline]
pub(crate) fn boolean(out: &mut Vec<u8>, value: bool) {
    out.extend_from_slice(&[marker::BOOLEAN, value.into()]);
}

#[inline]
pub(crate) fn number(out: &mut Vec<u8>, value: f64) {
    let [a, b, c, d, e, f, g, h] = value.to_be_bytes();
    out.extend_from_slice(&[marker::NUMBER, a, b, c, d, e, f, g, h]);
}

#[inline]
pub(crate) fn string(out: &mut Vec<u8>, text: &str) -> Result<(), EncodeError> {
    match u16::try_from(text.len()) {
        Ok(len) => {
            let [high, low] = len.to_be_bytes();
            out.extend_from_slice(&[marker::STRING, high, low]);
            out.extend_from_slice(text.as_bytes());
            Ok(())
        }
        Err(_) => long_text(out, marker::LONG_STRING, text),
    }
}

pub(crate) fn long_text(out: &mut Vec<u8>, marker: u8, text: &str) -> Result<(), EncodeError> {
    let Ok(len) = u32::try_from(text.len()) else {
        let max = u32::MAX as usize;
        return Err(EncodeError::TooLong {
            len: text.len(),
            max,
            format: Format::Amf0,
        });
    };
    out.push(marker);
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

#[inline]
pub(crate) fn name(out: &mut Vec<u8>, text: &str) -> Result<(), EncodeError> {
    let Ok(len) = u16::try_from(text.len()) else {
        let max = usize::from(u16::MAX);
        return Err(EncodeError::NameTooLong {
            len: text.len(),
            max,
            format: Format::Amf0,
        });
    };
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

pub(crate) fn date(out: &mut Vec<u8>, ms: f64, tz: i16) {
    out.push(marker::DATE);
    out.extend_from_slice(&ms.to_be_bytes());
    out.extend_from_slice(&tz.to_be_bytes());
}

pub(crate) fn reference(out: &mut Vec<u8>, slot: u16) {
    let [high, low] = slot.to_be_bytes();
    out.extend_from_slice(&[marker::REFERENCE, high, low]);
}

pub(crate) fn ecma_array(out: &mut Vec<u8>, count: u32) {
    let [a, b, c, d] = count.to_be_bytes();
    out.extend_from_slice(&[marker::ECMA_ARRAY, a, b, c, d]);
}

pub(crate) fn strict_array(out: &mut Vec<u8>, len: u32) {
    let [a, b, c, d] = len.to_be_bytes();
    out.extend_from_slice(&[marker::STRICT_ARRAY, a, b, c, d]);
}

pub(crate) fn end_object(out: &mut Vec<u8>) {
    out.extend_from_slice(&[0, 0, marker::OBJECT_END]);
}
