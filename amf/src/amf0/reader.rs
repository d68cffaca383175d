//! The AMF0 half of the pull reader.

use super::marker;
use crate::error::{DecodeError, Malformed};
use crate::event::Token;
use crate::format::Format;
use crate::limits::SlotPolicy;
use crate::reader::{Reader, State};
use crate::sink::{At, Sink};
use crate::text::Text;

impl<'a> Reader<'a> {
    #[inline(always)]
    pub(crate) fn amf0_value<S: Sink<'a>>(
        &mut self,
        name: S::Name,
        sink: &mut S,
    ) -> Result<Option<S::Made>, DecodeError> {
        let offset = self.cursor.offset();
        let at = At {
            offset: self.cursor.at(),
            format: Format::Amf0,
        };
        // Each arm tells its own token, so that a sink is compiled for that token alone.
        macro_rules! tell {
            ($token:expr) => {{
                let token = $token;
                sink.token(&self.tables, at, name, token)
            }};
        }
        match self.cursor.u8()? {
            marker::NUMBER => tell!(Token::Number(self.cursor.f64()?)),
            marker::BOOLEAN => tell!(Token::Boolean(self.cursor.u8()? != 0)),
            marker::STRING => tell!(Token::String(self.text_u16()?)),
            marker::OBJECT => {
                self.open(State::Properties, 0, 0, offset)?;
                self.slots += 1;
                tell!(Token::Object { class: None })
            }
            marker::NULL => tell!(Token::Null),
            marker::UNDEFINED => tell!(Token::Undefined),
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
                tell!(Token::Reference(index))
            }
            marker::ECMA_ARRAY => {
                let count = self.cursor.u32()?;
                self.open(State::Properties, 0, 0, offset)?;
                self.slots += 1;
                tell!(Token::EcmaArray { count })
            }
            marker::STRICT_ARRAY => {
                let len = self.cursor.u32()?;
                self.check_count(len, 1, offset)?;
                self.open(State::Elements, len, 0, offset)?;
                self.slots += 1;
                tell!(Token::StrictArray { len })
            }
            marker::DATE => {
                let (ms, tz) = (self.cursor.f64()?, self.cursor.i16()?);
                self.slots += u32::from(self.config.slots == SlotPolicy::Avm2);
                tell!(Token::Date { ms, tz })
            }
            marker::LONG_STRING => tell!(Token::String(self.text_u32()?)),
            marker::UNSUPPORTED => tell!(Token::Unsupported),
            marker::XML_DOCUMENT => {
                let text = self.text_u32()?;
                self.slots += u32::from(self.config.slots != SlotPolicy::Spec);
                tell!(Token::XmlDocument(text))
            }
            marker::TYPED_OBJECT => {
                let class = self.text_u16()?;
                self.open(State::Properties, 0, 0, offset)?;
                self.slots += 1;
                tell!(Token::Object { class: Some(class) })
            }
            marker::AMF3 => {
                self.open(State::Switch, 1, 0, offset)?;
                tell!(Token::Amf3)
            }
            marker => Err(Malformed::Marker {
                offset,
                marker,
                format: Format::Amf0,
            }
            .into()),
        }
    }

    #[inline]
    pub(crate) fn text_u16(&mut self) -> Result<Text<'a>, DecodeError> {
        let len = self.cursor.u16()?;
        self.text(len.into())
    }

    fn text_u32(&mut self) -> Result<Text<'a>, DecodeError> {
        let len = self.cursor.u32()?;
        self.text(len)
    }

    #[inline]
    fn text(&mut self, len: u32) -> Result<Text<'a>, DecodeError> {
        let offset = self.cursor.at();
        Ok(Text::new(self.cursor.take(len)?, offset, Text::NO_ENTRY))
    }
}
