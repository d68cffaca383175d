//! The AMF3 half of encoding documents.

use super::writer::{self, TraitsFlags};
use super::{marker, u29};
use crate::cursor::to_u32;
use crate::document::{Data, Span};
use crate::encode::{Content, Encoder};
use crate::error::EncodeError;
use crate::format::Format;

impl Encoder<'_> {
    /// Writes nodes from `next` to the end of a stretch, or to where AMF0 goes on; returns the next.
    #[inline(always)]
    pub(crate) fn amf3(&mut self, mut next: u32) -> Result<u32, EncodeError> {
        let document = self.document;
        while next < self.open.top.end && self.format == Format::Amf3 {
            let Some(node) = document.nodes.get(next as usize) else {
                return Ok(u32::MAX);
            };
            let mut end = self.open.top.end;
            if self.open.top.content == Content::Named {
                if node.name.len == 0 {
                    return Err(EncodeError::EmptyName);
                }
                self.text(document.text_bytes(node.name))?;
                end = next + 1;
            }
            if node.data.is_amf3_scalar() {
                next = self.amf3_scalars(next, end)?;
                continue;
            }
            if self.counts_slots && node.data.takes_amf3_slot() {
                self.take_slot(next);
            }
            match node.data {
                Data::Reference(target) => {
                    next = self.reference(next, target)?;
                    continue;
                }
                Data::Date3(ms) => {
                    self.out.extend_from_slice(&[marker::DATE, 0x01]);
                    self.out.extend_from_slice(&ms.to_be_bytes());
                }
                Data::XmlDocument3(text) => self.body(marker::XML_DOCUMENT, text)?,
                Data::Xml(text) => self.body(marker::XML, text)?,
                Data::ByteArray(span) => {
                    self.out.push(marker::BYTE_ARRAY);
                    writer::inline_text(self.out, document.bytes(span))?;
                }
                Data::VectorInt { span, fixed } => {
                    self.packed(marker::VECTOR_INT, span, fixed, 4)?
                }
                Data::VectorUint { span, fixed } => {
                    self.packed(marker::VECTOR_UINT, span, fixed, 4)?;
                }
                Data::VectorNumber { span, fixed } => {
                    self.packed(marker::VECTOR_NUMBER, span, fixed, 8)?;
                }
                Data::Raw(span) => self.out.extend_from_slice(document.bytes(span)),
                Data::Array { end } => self.array(next, end)?,
                Data::Typed { end, traits } => self.typed(next, end, traits)?,
                Data::Externalizable { end, traits } => {
                    self.class(traits)?;
                    self.open.push(end, Content::Values);
                }
                Data::VectorObject { end, class, fixed } => {
                    self.out.push(marker::VECTOR_OBJECT);
                    writer::header(self.out, document.count_values(next + 1, end) as usize)?;
                    self.out.push(fixed.into());
                    self.text(document.text_bytes(class))?;
                    self.open.push(end, Content::Values);
                }
                Data::Dictionary { end, weak } => {
                    self.out.push(marker::DICTIONARY);
                    writer::header(self.out, document.count_values(next + 1, end) as usize / 2)?;
                    self.out.push(weak.into());
                    self.open.push(end, Content::Values);
                }
                _ => return Err(self.no_such_kind(next)),
            }
            next += 1;
        }
        Ok(next)
    }

    /// Writes scalars from `next` to `end`, and returns the first value that is none.
    #[inline(never)]
    fn amf3_scalars(&mut self, mut next: u32, end: u32) -> Result<u32, EncodeError> {
        let nodes = self.document.nodes.get(next as usize..);
        let nodes = nodes.unwrap_or_default().iter();
        for node in nodes.take((end - next) as usize) {
            match node.data {
                Data::Null => self.out.push(marker::NULL),
                Data::Undefined => self.out.push(marker::UNDEFINED),
                Data::Boolean(false) => self.out.push(marker::FALSE),
                Data::Boolean(true) => self.out.push(marker::TRUE),
                Data::Integer(value) => writer::integer(self.out, value),
                Data::Number(value) => {
                    let whole = self.config.whole_numbers_as_integers;
                    match whole.then(|| writer::as_integer(value)).flatten() {
                        Some(whole) => writer::integer(self.out, whole),
                        None => writer::double(self.out, value),
                    }
                }
                Data::String(text) => {
                    self.out.push(marker::STRING);
                    self.text(self.document.text_bytes(text))?;
                }
                _ => break,
            }
            next += 1;
        }
        Ok(next)
    }

    /// Writes the head of an array, whose elements with a name come before the others.
    #[inline]
    fn array(&mut self, index: u32, end: u32) -> Result<(), EncodeError> {
        let (mut next, mut dense, mut count) = (index + 1, index + 1, 0_usize);
        while next < end {
            let Some(node) = self.document.nodes.get(next as usize) else {
                break;
            };
            next = node.data.end().unwrap_or(next + 1);
            if node.name.is_none() {
                count += 1;
            } else {
                dense = next;
            }
        }
        self.open.push(end, Content::Values);
        if dense > index + 1 {
            self.out.push(marker::ARRAY);
            writer::header(self.out, count)?;
            self.open.push(dense, Content::Named);
            return Ok(());
        }
        match u8::try_from(count) {
            Ok(count @ ..0x40) => {
                let head = [marker::ARRAY, count << 1 | 1, 0x01];
                self.out.extend_from_slice(&head);
            }
            _ => {
                self.out.push(marker::ARRAY);
                writer::header(self.out, count)?;
                self.out.push(0x01);
            }
        }
        Ok(())
    }

    /// Writes the head of an object, whose sealed members come before the others.
    #[inline]
    fn typed(&mut self, index: u32, end: u32, traits: u32) -> Result<(), EncodeError> {
        self.class(traits)?;
        let document = self.document;
        let mut sealed_end = end;
        if let Some(traits) = document
            .traits
            .get(traits as usize)
            .filter(|traits| traits.dynamic)
        {
            self.open.push(end, Content::Named);
            let members = traits.members.iter();
            sealed_end = members
                .fold(index + 1, |next, _| document.end_of(next))
                .min(end);
        }
        self.open.push(sealed_end, Content::Values);
        Ok(())
    }

    /// Writes the marker and header of an object.
    #[inline]
    fn class(&mut self, traits: u32) -> Result<(), EncodeError> {
        self.out.push(marker::OBJECT);
        if let Some(Some(written)) = self.traits.get(traits as usize) {
            writer::traits_reference(self.out, *written);
            return Ok(());
        }
        self.inline_class(traits)
    }

    #[inline(never)]
    fn inline_class(&mut self, traits: u32) -> Result<(), EncodeError> {
        let document = self.document;
        let Some(stored) = document.traits.get(traits as usize) else {
            return Ok(());
        };
        let members = stored.members.iter().map(|member| document.str(*member));
        let flags = TraitsFlags {
            dynamic: stored.dynamic,
            externalizable: stored.externalizable,
        };
        let class = document.str(stored.class);
        let written = self
            .tables
            .traits(self.out, class, members, flags, self.config)?;
        if self.traits.len() < document.traits.len() {
            self.traits.resize(document.traits.len(), None);
        }
        if let Some(slot) = self.traits.get_mut(traits as usize) {
            *slot = written;
        }
        Ok(())
    }

    fn body(&mut self, marker: u8, text: Span) -> Result<(), EncodeError> {
        self.out.push(marker);
        writer::inline_text(self.out, self.document.text_bytes(text))?;
        Ok(())
    }

    fn packed(
        &mut self,
        marker: u8,
        span: Span,
        fixed: bool,
        size: usize,
    ) -> Result<(), EncodeError> {
        let bytes = self.document.bytes(span);
        self.out.push(marker);
        writer::header(self.out, bytes.len() / size)?;
        self.out.push(fixed.into());
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    /// Writes a reference, which has the marker of what it names.
    pub(crate) fn amf3_reference(&mut self, data: &Data, slot: usize) -> Result<(), EncodeError> {
        let marker = match data {
            Data::Date3(_) => marker::DATE,
            Data::XmlDocument3(_) => marker::XML_DOCUMENT,
            Data::Xml(_) => marker::XML,
            Data::ByteArray(_) => marker::BYTE_ARRAY,
            Data::VectorInt { .. } => marker::VECTOR_INT,
            Data::VectorUint { .. } => marker::VECTOR_UINT,
            Data::VectorNumber { .. } => marker::VECTOR_NUMBER,
            Data::VectorObject { .. } => marker::VECTOR_OBJECT,
            Data::Dictionary { .. } => marker::DICTIONARY,
            Data::Array { .. } => marker::ARRAY,
            _ => marker::OBJECT,
        };
        if slot > u29::MAX_LEN {
            return Err(EncodeError::Cycle);
        }
        self.out.push(marker);
        u29::write(self.out, to_u32(slot) << 1);
        Ok(())
    }
}
