//! The AMF3 half of encoding documents.

use super::writer::{self, TraitsFlags};
use super::{marker, u29};
use crate::cursor::to_u32;
use crate::document::{Data, Span, StoredTraits};
use crate::encode::{Closing, Encoder};
use crate::error::EncodeError;

impl Encoder<'_> {
    /// Writes a value and returns which node to write next: the first in it, or `resume`.
    #[inline(always)]
    pub(crate) fn amf3(&mut self, index: u32, data: Data, resume: u32) -> Result<u32, EncodeError> {
        if self.counts_slots && data.takes_amf3_slot() {
            self.take_slot(index);
        }
        match data {
            Data::Null => self.out.push(marker::NULL),
            Data::Undefined => self.out.push(marker::UNDEFINED),
            Data::Boolean(false) => self.out.push(marker::FALSE),
            Data::Boolean(true) => self.out.push(marker::TRUE),
            Data::Integer(value) => writer::integer(self.out, value),
            Data::Number(value) if self.config.whole_numbers_as_integers => {
                match writer::as_integer(value) {
                    Some(whole) => writer::integer(self.out, whole),
                    None => writer::double(self.out, value),
                }
            }
            Data::Number(value) => writer::double(self.out, value),
            Data::String(text) => {
                self.out.push(marker::STRING);
                self.text(self.document.text_bytes(text))?;
            }
            Data::Date3(ms) => {
                self.out.extend_from_slice(&[marker::DATE, 0x01]);
                self.out.extend_from_slice(&ms.to_be_bytes());
            }
            Data::XmlDocument3(text) => self.body(marker::XML_DOCUMENT, text)?,
            Data::Xml(text) => self.body(marker::XML, text)?,
            Data::ByteArray(span) => {
                self.out.push(marker::BYTE_ARRAY);
                writer::inline_text(self.out, self.document.bytes(span))?;
            }
            Data::VectorInt { span, fixed } => self.packed(marker::VECTOR_INT, span, fixed, 4)?,
            Data::VectorUint { span, fixed } => self.packed(marker::VECTOR_UINT, span, fixed, 4)?,
            Data::VectorNumber { span, fixed } => {
                self.packed(marker::VECTOR_NUMBER, span, fixed, 8)?;
            }
            Data::Raw(span) => self.out.extend_from_slice(self.document.bytes(span)),
            Data::Array { end } => {
                self.out.push(marker::ARRAY);
                writer::header(self.out, self.count_items(index) as usize)?;
                return Ok(self.begin(index, end, Closing::Associative, 0, resume));
            }
            Data::Typed { end, traits } => return self.typed(index, end, traits, resume),
            Data::Externalizable { end, traits } => {
                self.class(traits)?;
                return Ok(self.begin(index, end, Closing::Counted, 0, resume));
            }
            Data::VectorObject { end, class, fixed } => {
                self.out.push(marker::VECTOR_OBJECT);
                writer::header(self.out, self.count_items(index) as usize)?;
                self.out.push(fixed.into());
                self.text(self.document.text_bytes(class))?;
                return Ok(self.begin(index, end, Closing::Counted, 0, resume));
            }
            Data::Dictionary { end, weak } => {
                self.out.push(marker::DICTIONARY);
                writer::header(self.out, self.count_items(index) as usize / 2)?;
                self.out.push(weak.into());
                return Ok(self.begin(index, end, Closing::Counted, 0, resume));
            }
            _ => return Err(self.no_such_kind(index)),
        }
        Ok(resume)
    }

    /// Writes scalars without name from `next` on, and returns the first value of another kind,
    /// or the first behind the container.
    pub(crate) fn amf3_scalars(&mut self, next: u32, end: u32) -> Result<u32, EncodeError> {
        let nodes = self.document.nodes.get(next as usize..end as usize);
        let mut next = next;
        for node in nodes.unwrap_or_default() {
            match node.data {
                Data::Null => self.out.push(marker::NULL),
                Data::Boolean(false) => self.out.push(marker::FALSE),
                Data::Boolean(true) => self.out.push(marker::TRUE),
                Data::Integer(value) => writer::integer(self.out, value),
                Data::Number(value) if !self.config.whole_numbers_as_integers => {
                    writer::double(self.out, value);
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

    fn typed(
        &mut self,
        index: u32,
        end: u32,
        traits: u32,
        resume: u32,
    ) -> Result<u32, EncodeError> {
        self.class(traits)?;
        let traits = self.document.traits.get(traits as usize);
        let (sealed, closing) = match traits {
            Some(StoredTraits {
                members,
                dynamic: true,
                ..
            }) => (to_u32(members.len()), Closing::Dynamic),
            _ => (0, Closing::Sealed),
        };
        Ok(self.begin(index, end, closing, sealed, resume))
    }

    /// Writes the marker and header of an object.
    fn class(&mut self, traits: u32) -> Result<(), EncodeError> {
        self.out.push(marker::OBJECT);
        if let Some(Some(written)) = self.traits.get(traits as usize) {
            writer::traits_reference(self.out, *written);
            return Ok(());
        }
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
