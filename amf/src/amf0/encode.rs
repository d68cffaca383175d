//! The AMF0 half of encoding documents.

use core::ops::Range;

use super::{marker, writer};
use crate::document::{Data, Node, Span};
use crate::encode::{Closing, Encoder};
use crate::error::EncodeError;
use crate::format::Format;

impl Encoder<'_> {
    /// Writes a value and returns which node to write next: the first in it, or `resume`.
    #[inline(always)]
    pub(crate) fn amf0(&mut self, index: u32, data: Data, resume: u32) -> Result<u32, EncodeError> {
        if self.counts_slots && data.takes_amf0_slot(self.config.slots) {
            self.take_slot(index);
        }
        match data {
            Data::Null => self.out.push(marker::NULL),
            Data::Undefined => self.out.push(marker::UNDEFINED),
            Data::Unsupported => self.out.push(marker::UNSUPPORTED),
            Data::Boolean(value) => writer::boolean(self.out, value),
            Data::Number(value) => writer::number(self.out, value),
            Data::String(text) => match u16::try_from(text.len) {
                Ok(len) => {
                    let [high, low] = len.to_be_bytes();
                    self.out.extend_from_slice(&[marker::STRING, high, low]);
                    self.amf0_text(text);
                }
                Err(_) => {
                    writer::long_text(self.out, marker::LONG_STRING, self.document.str(text))?;
                }
            },
            Data::Date0 { ms, tz } => writer::date(self.out, ms, tz),
            Data::XmlDocument0(text) => {
                writer::long_text(self.out, marker::XML_DOCUMENT, self.document.str(text))?;
            }
            Data::Object { end, class } => {
                if class.is_none() {
                    self.out.push(marker::OBJECT);
                } else {
                    self.out.push(marker::TYPED_OBJECT);
                    self.amf0_name(class)?;
                }
                return Ok(self.begin(index, end, Closing::Properties, 0, resume));
            }
            Data::EcmaArray { end, count } => {
                writer::ecma_array(self.out, count);
                return Ok(self.begin(index, end, Closing::Properties, 0, resume));
            }
            Data::StrictArray { end } => {
                writer::strict_array(self.out, self.count_items(index));
                return Ok(self.begin(index, end, Closing::Counted, 0, resume));
            }
            Data::Amf3 { end } => {
                self.out.push(marker::AMF3);
                self.format = Format::Amf3;
                return Ok(self.begin(index, end, Closing::Switch, 0, resume));
            }
            _ => return Err(self.no_such_kind(index)),
        }
        Ok(resume)
    }

    /// Writes scalar properties from `next` on, and returns the first that is left: one of another
    /// kind, one that does not fit, or the first behind the container.
    ///
    /// How this works: a piece of the buffer is filled with zeros, written over property by
    /// property and cut behind the last. So the room is checked once for each field, and nothing
    /// is stored in between.
    #[inline(never)]
    pub(crate) fn amf0_scalars(&mut self, next: u32, end: u32) -> u32 {
        let document = self.document;
        let nodes = document.nodes.get(next as usize..end as usize);
        let nodes = nodes.unwrap_or_default();
        // For a single one it is not worth it.
        if !nodes.iter().take(2).all(|node| node.data.is_amf0_scalar()) {
            return next;
        }
        let start = self.out.len();
        let room = (self.out.capacity() - start).min(ROOM);
        self.out.resize(start + room, 0);
        let text = document.text.as_bytes();
        let mut room = self.out.get_mut(start..).unwrap_or_default();
        let (mut left, mut next) = (room.len(), next);
        for node in nodes {
            match scalar(room, node, text) {
                Some(behind) => room = behind,
                None => break,
            }
            left = room.len();
            next += 1;
        }
        self.out.truncate(self.out.len() - left);
        next
    }

    #[inline(always)]
    pub(crate) fn amf0_name(&mut self, name: Span) -> Result<(), EncodeError> {
        match u16::try_from(name.len) {
            Ok(len) => {
                self.out.extend_from_slice(&len.to_be_bytes());
                self.amf0_text(name);
                Ok(())
            }
            Err(_) => writer::name(self.out, self.document.str(name)),
        }
    }

    /// Writes the bytes of a text of the document.
    ///
    /// Most names are short, and to copy sixteen bytes and drop what is too much costs a third of
    /// copying just as many as there are.
    #[inline(always)]
    fn amf0_text(&mut self, span: Span) {
        let range = span.range();
        let text = self.document.text.as_bytes();
        let sixteen = text
            .get(range.start..)
            .and_then(|text| text.first_chunk::<16>());
        match sixteen {
            Some(sixteen) if range.len() <= 16 => {
                let end = self.out.len() + range.len();
                self.out.extend_from_slice(sixteen);
                self.out.truncate(end);
            }
            _ => self
                .out
                .extend_from_slice(text.get(range).unwrap_or_default()),
        }
    }
}

/// How many bytes are written between two looks at the buffer.
const ROOM: usize = 1024;

/// Writes a property with its name and returns the room behind it.
///
/// All but long texts stands in one block, so the room is checked once.
#[inline(always)]
fn scalar<'o>(room: &'o mut [u8], node: &Node, text: &[u8]) -> Option<&'o mut [u8]> {
    let name = node.name.range();
    if name.len() > LONGEST_NAME {
        return None;
    }
    let [high, low, behind @ ..] = room.first_chunk_mut::<BLOCK>()?;
    [*high, *low] = u16::try_from(name.len()).ok()?.to_be_bytes();
    let len = name.len();
    copy(behind, text, name)?;
    let field = behind.get_mut(len..)?;
    let begin = 2 + len;
    match node.data {
        Data::Number(value) => {
            let [a, b, c, d, e, f, g, h] = value.to_be_bytes();
            *field.first_chunk_mut()? = [marker::NUMBER, a, b, c, d, e, f, g, h];
            room.get_mut(begin + 9..)
        }
        Data::Boolean(value) => {
            *field.first_chunk_mut()? = [marker::BOOLEAN, value.into()];
            room.get_mut(begin + 2..)
        }
        Data::String(value) => {
            let [high, low] = u16::try_from(value.len).ok()?.to_be_bytes();
            *field.first_chunk_mut()? = [marker::STRING, high, low];
            let room = room.get_mut(begin + 3..)?;
            copy(room, text, value.range())?;
            room.get_mut(value.len as usize..)
        }
        _ => None,
    }
}

/// A longer name is left to the general way.
const LONGEST_NAME: usize = 32;

/// Length and name, and the longest scalar or text that is copied at once, with its own head.
const BLOCK: usize = 2 + LONGEST_NAME + 3 + 16;

/// Copies a text to the front of `room`, and perhaps something behind it.
///
/// Most are short, and to copy sixteen bytes and write over what is too much costs a third of
/// copying just as many as there are.
#[inline(always)]
fn copy(room: &mut [u8], text: &[u8], range: Range<usize>) -> Option<()> {
    let len = range.len();
    if len <= 16 {
        let from = text.get(range.start..).and_then(<[u8]>::first_chunk::<16>);
        if let (Some(from), Some(to)) = (from, room.first_chunk_mut::<16>()) {
            *to = *from;
            return Some(());
        }
    }
    room.get_mut(..len)?.copy_from_slice(text.get(range)?);
    Some(())
}
