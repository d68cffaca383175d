//! Documents for logs: short, on one line, safe with cycles.

use alloc::vec::Vec;
use core::fmt::{self, Write};

use super::Document;
use super::node::Data;
use super::value::Value;

/// How many values are shown before the rest is cut.
const MAX_VALUES: usize = 64;
/// How many characters of a text, and bytes of a byte array, are shown.
const MAX_TEXT: usize = 64;
const MAX_BYTES: usize = 32;

/// Shows up to 64 values, up to 64 characters of each text and up to 32 bytes of each byte array,
/// on one line. A reference is shown as `&` and the position of what it names.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.document().end_of(self.index());
        if self.exists() {
            show(self.document(), self.index(), end, f)
        } else {
            f.write_str("undefined")
        }
    }
}

/// Shows the top-level values behind one another, as a [`Value`] is shown.
impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(self, 0, crate::cursor::to_u32(self.nodes.len()), f)
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({self})")
    }
}

fn show(document: &Document, start: u32, end: u32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    // Where each open container ends, and what closes it.
    let mut open = Vec::new();
    let mut first = true;
    for (shown, index) in (start..end).enumerate() {
        close(&mut open, index, f, &mut first)?;
        if !core::mem::take(&mut first) {
            f.write_str(", ")?;
        }
        if shown == MAX_VALUES {
            f.write_str("...")?;
            break;
        }
        let value = Value::new(document, index);
        if let Some(name) = value.name().filter(|_| index != start) {
            show_text(name, f)?;
            f.write_str(": ")?;
        }
        if let Some(closing) = show_one(value, f)? {
            open.push((document.end_of(index), closing));
            first = true;
        }
    }
    while let Some((_, closing)) = open.pop() {
        f.write_char(closing)?;
    }
    Ok(())
}

/// Closes what ends before the node at `index`.
fn close(
    open: &mut Vec<(u32, char)>,
    index: u32,
    f: &mut fmt::Formatter<'_>,
    first: &mut bool,
) -> fmt::Result {
    while let Some((_, closing)) = open.last().copied().filter(|(end, _)| *end <= index) {
        open.pop();
        f.write_char(closing)?;
        *first = false;
    }
    Ok(())
}

/// Shows a scalar, or how a container begins; returns what closes it.
fn show_one(value: Value<'_>, f: &mut fmt::Formatter<'_>) -> Result<Option<char>, fmt::Error> {
    let document = value.document();
    match value.data() {
        Data::Null => f.write_str("null")?,
        Data::Undefined => f.write_str("undefined")?,
        Data::Unsupported => f.write_str("unsupported")?,
        Data::Boolean(value) => write!(f, "{value}")?,
        Data::Number(value) => write!(f, "{value}")?,
        Data::Integer(value) => write!(f, "{value}")?,
        Data::String(span) => show_text(document.str(span), f)?,
        Data::Reference(target) => write!(f, "&{target}")?,
        Data::Date0 { ms, .. } | Data::Date3(ms) => write!(f, "date({ms})")?,
        Data::XmlDocument0(span) | Data::XmlDocument3(span) | Data::Xml(span) => {
            f.write_str("xml ")?;
            show_text(document.str(span), f)?;
        }
        Data::ByteArray(span) | Data::Raw(span) => show_bytes(document.bytes(span), f)?,
        Data::VectorInt { .. } => write!(f, "{:?}", value.as_vector_int().ok_or(fmt::Error)?)?,
        Data::VectorUint { .. } => write!(f, "{:?}", value.as_vector_uint().ok_or(fmt::Error)?)?,
        Data::VectorNumber { .. } => {
            write!(f, "{:?}", value.as_vector_number().ok_or(fmt::Error)?)?;
        }
        Data::Object { .. }
        | Data::Typed { .. }
        | Data::EcmaArray { .. }
        | Data::Dictionary { .. } => {
            show_class(value, f)?;
            f.write_char('{')?;
            return Ok(Some('}'));
        }
        Data::StrictArray { .. } | Data::Array { .. } | Data::VectorObject { .. } => {
            show_class(value, f)?;
            f.write_char('[')?;
            return Ok(Some(']'));
        }
        Data::Externalizable { .. } | Data::Amf3 { .. } => {
            match value.data() {
                Data::Amf3 { .. } => f.write_str("amf3")?,
                _ => show_class(value, f)?,
            }
            f.write_char('(')?;
            return Ok(Some(')'));
        }
    }
    Ok(None)
}

fn show_class(value: Value<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match value.class() {
        Some(class) => {
            show_text(class, f)?;
            f.write_char(' ')
        }
        None => Ok(()),
    }
}

fn show_text(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match text
        .char_indices()
        .nth(MAX_TEXT)
        .and_then(|(end, _)| text.get(..end))
    {
        Some(shown) => write!(f, "{shown:?}... ({} bytes)", text.len()),
        None => write!(f, "{text:?}"),
    }
}

fn show_bytes(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("bytes ")?;
    for byte in bytes.iter().take(MAX_BYTES) {
        write!(f, "{byte:02x}")?;
    }
    if bytes.len() > MAX_BYTES {
        write!(f, "... ({} bytes)", bytes.len())?;
    }
    Ok(())
}
