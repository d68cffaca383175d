//! The AMF0 half of the pull reader.

use super::marker;
use crate::error::{DecodeError, Malformed};
use crate::event::{Event, Token};
use crate::format::Format;
use crate::limits::SlotPolicy;
use crate::reader::{Reader, State, to_u32};
use crate::text::Text;

impl<'a> Reader<'a> {
    /// Reads a property, or the end of the object: an empty name **and** the end marker. An empty
    /// name with a value behind it is a property, as Flash Player sends for `array[""]`.
    #[inline]
    pub(crate) fn amf0_property(&mut self) -> Result<Event<'a>, DecodeError> {
        let name = self.text_u16()?;
        if name.is_empty() && self.cursor.peek() == Some(marker::OBJECT_END) {
            self.cursor.u8()?;
            return Ok(self.end(Format::Amf0));
        }
        self.amf0_value(Some(name))
    }

    #[inline]
    pub(crate) fn amf0_value(&mut self, name: Option<Text<'a>>) -> Result<Event<'a>, DecodeError> {
        let offset = self.cursor.offset();
        let token = match self.cursor.u8()? {
            marker::NUMBER => Token::Number(self.cursor.f64()?),
            marker::BOOLEAN => Token::Boolean(self.cursor.u8()? != 0),
            marker::STRING => Token::String(self.text_u16()?),
            marker::OBJECT => {
                self.open(State::Properties, 0, 0, offset)?;
                self.slots += 1;
                Token::Object { class: None }
            }
            marker::NULL => Token::Null,
            marker::UNDEFINED => Token::Undefined,
            marker::REFERENCE => {
                let index = u32::from(self.cursor.u16()?);
                if index >= self.slots {
                    return Err(Malformed::Reference {
                        offset,
                        index,
                        len: self.slots,
                    }
                    .into());
                }
                Token::Reference(index)
            }
            marker::ECMA_ARRAY => {
                let count = self.cursor.u32()?;
                self.open(State::Properties, 0, 0, offset)?;
                self.slots += 1;
                Token::EcmaArray { count }
            }
            marker::STRICT_ARRAY => {
                let len = self.cursor.u32()?;
                self.check_count(len, 1, offset)?;
                self.open(State::Elements, len, 0, offset)?;
                self.slots += 1;
                Token::StrictArray { len }
            }
            marker::DATE => {
                let (ms, tz) = (self.cursor.f64()?, self.cursor.i16()?);
                self.slots += u32::from(self.config.slots == SlotPolicy::Avm2);
                Token::Date { ms, tz }
            }
            marker::LONG_STRING => Token::String(self.text_u32()?),
            marker::UNSUPPORTED => Token::Unsupported,
            marker::XML_DOCUMENT => {
                let text = self.text_u32()?;
                self.slots += u32::from(self.config.slots != SlotPolicy::Spec);
                Token::XmlDocument(text)
            }
            marker::TYPED_OBJECT => {
                let class = self.text_u16()?;
                self.open(State::Properties, 0, 0, offset)?;
                self.slots += 1;
                Token::Object { class: Some(class) }
            }
            marker::AMF3 => {
                self.open(State::Switch, 1, 0, offset)?;
                Token::Amf3
            }
            marker => {
                return Err(Malformed::Marker {
                    offset,
                    marker,
                    format: Format::Amf0,
                }
                .into());
            }
        };
        Ok(Event {
            name,
            token,
            format: Format::Amf0,
            offset: to_u32(offset),
        })
    }

    #[inline]
    pub(crate) fn text_u16(&mut self) -> Result<Text<'a>, DecodeError> {
        let len = usize::from(self.cursor.u16()?);
        self.text(len)
    }

    fn text_u32(&mut self) -> Result<Text<'a>, DecodeError> {
        let len = usize::try_from(self.cursor.u32()?).unwrap_or(usize::MAX);
        self.text(len)
    }

    #[inline]
    fn text(&mut self, len: usize) -> Result<Text<'a>, DecodeError> {
        let offset = to_u32(self.cursor.offset());
        Ok(Text::new(self.cursor.take(len)?, offset, Text::NO_ENTRY))
    }
}
