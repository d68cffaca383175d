//! The AMF0 half of encoding documents.

use core::mem;
use core::ops::Range;

use super::{marker, writer};
use crate::document::{Data, Node, Span};
use crate::encode::{Content, Encoder};
use crate::error::EncodeError;
use crate::format::Format;

impl Encoder<'_> {
    /// Writes nodes from `next` to the end of a stretch, or to where AMF3 begins; returns the next.
    #[inline(always)]
    pub(crate) fn amf0(&mut self, mut next: u32) -> Result<u32, EncodeError> {
        let document = self.document;
        while next < self.open.top.end && self.format == Format::Amf0 {
            let Some(node) = document.nodes.get(next as usize) else {
                return Ok(u32::MAX);
            };
            if self.open.top.content == Content::Properties {
                if node.data.is_amf0_plain() {
                    let behind = self.amf0_properties(next);
                    if behind > next {
                        next = behind;
                        continue;
                    }
                }
                self.amf0_name(node.name)?;
            }
            if self.counts_slots && node.data.takes_amf0_slot(self.config.slots) {
                self.take_slot(next);
            }
            match node.data {
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
                        writer::long_text(self.out, marker::LONG_STRING, document.str(text))?;
                    }
                },
                Data::Reference(target) => {
                    next = self.reference(next, target)?;
                    continue;
                }
                Data::Date0 { ms, tz } => writer::date(self.out, ms, tz),
                Data::XmlDocument0(text) => {
                    writer::long_text(self.out, marker::XML_DOCUMENT, document.str(text))?;
                }
                Data::Object { end, class } => {
                    if class.is_none() {
                        self.out.push(marker::OBJECT);
                    } else {
                        self.out.push(marker::TYPED_OBJECT);
                        self.amf0_name(class)?;
                    }
                    self.open.push(end, Content::Properties);
                }
                Data::EcmaArray { end, count } => {
                    writer::ecma_array(self.out, count);
                    self.open.push(end, Content::Properties);
                }
                Data::StrictArray { end } => {
                    writer::strict_array(self.out, document.count_values(next + 1, end));
                    self.open.push(end, Content::Values);
                }
                Data::Amf3 { end } => {
                    self.out.push(marker::AMF3);
                    self.format = Format::Amf3;
                    self.open.push(end, Content::Switch);
                }
                _ => return Err(self.no_such_kind(next)),
            }
            next += 1;
        }
        Ok(next)
    }

    /// Writes plain properties from `next` on, objects in them and the ends of those around them
    /// included, and returns the first node that is left: one of another kind, one that does not
    /// fit, or the first behind all of these objects.
    ///
    /// How this works: a piece of the buffer is filled with zeros, written over property by
    /// property and cut behind the last. So the room is checked once for each field, and nothing
    /// is stored in between.
    #[inline(never)]
    pub(crate) fn amf0_properties(&mut self, mut next: u32) -> u32 {
        let document = self.document;
        let nodes = document.nodes.as_slice();
        // For a single one it is not worth it.
        let second = nodes.get(next as usize + 1);
        if !second.is_some_and(|node| node.data.is_amf0_plain()) {
            return next;
        }
        let start = self.out.len();
        let room = (self.out.capacity() - start).min(ROOM);
        self.out.resize(start + room, 0);
        let text = document.text.as_bytes();
        let mut room = self.out.get_mut(start..).unwrap_or_default();
        while self.open.top.content == Content::Properties {
            let end = self.open.top.end;
            let nodes = nodes.get(next as usize..end as usize).unwrap_or_default();
            let before = next;
            match nodes.first() {
                None => {
                    if object_end(&mut room).is_none() {
                        break;
                    }
                    self.open.pop();
                    continue;
                }
                Some(&Node {
                    name,
                    data: Data::Object { end, class },
                }) if class.is_none() && !self.counts_slots => {
                    if object(&mut room, name, text).is_none() {
                        break;
                    }
                    self.open.push(end, Content::Properties);
                    next += 1;
                }
                Some(_) => {
                    for node in nodes {
                        if scalar(&mut room, node, text).is_none() {
                            break;
                        }
                        next += 1;
                    }
                }
            }
            if next == before {
                break;
            }
        }
        let left = room.len();
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

/// Writes a property with its name to the front of `room`, which is then what is behind.
///
/// All but long texts stands in one block, so the room is checked once.
#[inline(always)]
fn scalar(room: &mut &mut [u8], node: &Node, text: &[u8]) -> Option<()> {
    let field = name(room, node.name, text)?;
    let begin = 2 + node.name.len as usize;
    match node.data {
        Data::Number(value) => {
            let [a, b, c, d, e, f, g, h] = value.to_be_bytes();
            *field.first_chunk_mut()? = [marker::NUMBER, a, b, c, d, e, f, g, h];
            advance(room, begin + 9);
        }
        Data::Boolean(value) => {
            *field.first_chunk_mut()? = [marker::BOOLEAN, value.into()];
            advance(room, begin + 2);
        }
        Data::String(value) => {
            let [high, low] = u16::try_from(value.len).ok()?.to_be_bytes();
            *field.first_chunk_mut()? = [marker::STRING, high, low];
            copy(room.get_mut(begin + 3..)?, text, value.range())?;
            advance(room, begin + 3 + value.len as usize);
        }
        _ => return None,
    }
    Some(())
}

/// Writes the name and the marker of an object.
#[inline(always)]
fn object(room: &mut &mut [u8], span: Span, text: &[u8]) -> Option<()> {
    *name(room, span, text)?.first_mut()? = marker::OBJECT;
    advance(room, 2 + span.len as usize + 1);
    Some(())
}

#[inline(always)]
fn object_end(room: &mut &mut [u8]) -> Option<()> {
    *room.first_chunk_mut()? = [0, 0, marker::OBJECT_END];
    advance(room, 3);
    Some(())
}

/// Writes a name and returns the room behind it, which is enough for the head of any value.
#[inline(always)]
fn name<'r>(room: &'r mut [u8], name: Span, text: &[u8]) -> Option<&'r mut [u8]> {
    if name.len > LONGEST_NAME {
        return None;
    }
    let [high, low, behind @ ..] = room.first_chunk_mut::<BLOCK>()?;
    [*high, *low] = u16::try_from(name.len).ok()?.to_be_bytes();
    copy(behind, text, name.range())?;
    behind.get_mut(name.len as usize..)
}

#[inline(always)]
fn advance(room: &mut &mut [u8], len: usize) {
    *room = mem::take(room).get_mut(len..).unwrap_or_default();
}

/// A longer name is left to the general way.
const LONGEST_NAME: u32 = 32;

/// Length and name, and the longest scalar or text that is copied at once, with its own head.
const BLOCK: usize = 2 + LONGEST_NAME as usize + 3 + 16;

/// Copies a text to the front of `room`, and perhaps something behind it.
///
/// Most are short, and to copy sixteen bytes and write over what is too much costs a third of
/// copying just as many as there are.
#[inline(always)]
fn copy(room: &mut [u8], text: &[u8], range: Range<usize>) -> Option<()> {
    let len = range.len();
    if len <= 16 {
        let from = text.get(range.start..range.start.saturating_add(16));
        let from = from.and_then(<[u8]>::first_chunk::<16>);
        if let (Some(from), Some(to)) = (from, room.first_chunk_mut::<16>()) {
            *to = *from;
            return Some(());
        }
    }
    room.get_mut(..len)?.copy_from_slice(text.get(range)?);
    Some(())
}
