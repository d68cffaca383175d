//! The AMF0 half of encoding documents.

use super::{marker, writer};
use crate::document::Data;
use crate::encode::{Closing, Encoder};
use crate::error::EncodeError;
use crate::format::Format;

impl Encoder<'_> {
    /// Writes a value and returns which node to write next: the first in it, or `resume`.
    #[inline]
    pub(crate) fn amf0(&mut self, index: u32, data: Data, resume: u32) -> Result<u32, EncodeError> {
        if data.takes_amf0_slot(self.config.slots) {
            self.take_slot(index);
        }
        match data {
            Data::Null => self.out.push(marker::NULL),
            Data::Undefined => self.out.push(marker::UNDEFINED),
            Data::Unsupported => self.out.push(marker::UNSUPPORTED),
            Data::Boolean(value) => writer::boolean(self.out, value),
            Data::Number(value) => writer::number(self.out, value),
            Data::String(text) => writer::string(self.out, self.document.str(text))?,
            Data::Date0 { ms, tz } => writer::date(self.out, ms, tz),
            Data::XmlDocument0(text) => {
                writer::long_text(self.out, marker::XML_DOCUMENT, self.document.str(text))?;
            }
            Data::Object { end, class } => {
                if class.is_none() {
                    self.out.push(marker::OBJECT);
                } else {
                    self.out.push(marker::TYPED_OBJECT);
                    writer::name(self.out, self.document.str(class))?;
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
}
