//! The AMF0 half of encoding documents.

use super::{marker, writer};
use crate::document::{Data, Span};
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
