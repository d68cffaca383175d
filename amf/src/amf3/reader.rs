//! The AMF3 half of the pull reader.

use super::marker;
use super::tables::{Entry, Traits, TraitsId};
use super::u29;
use super::vector::Packed;
use crate::error::{DecodeError, LimitExceeded, Malformed};
use crate::event::Token;
use crate::external::{ExternalBody, Piece};
use crate::format::Format;
use crate::reader::{Reader, State};
use crate::sink::{At, Sink};
use crate::text::Text;

/// What the header behind a marker says.
enum Header {
    /// The value was sent before; the token for it.
    Sent(u32),
    /// The value follows; a length or count.
    Inline(u32),
}

/// What an object is.
enum Object {
    /// Sent before; its slot.
    Sent(u32),
    Typed(TraitsId),
    Externalizable(TraitsId),
}

/// What comes next in a container with dynamic properties or associative elements.
pub(crate) enum Property<'a> {
    Named(Text<'a>),
    /// The first value behind the associative elements.
    Dense,
}

impl<'a> Reader<'a> {
    /// Returns the traits that a [`Typed`](Token::Typed) or
    /// [`Externalizable`](Token::Externalizable) token of this reader names.
    #[must_use]
    pub fn traits(&self, id: TraitsId) -> Option<Traits<'_, 'a>> {
        self.tables.traits(id)
    }

    /// Reads the name of a dynamic property or associative element, or the empty name and so what
    /// comes behind; nothing if the container ends.
    pub(crate) fn amf3_property(&mut self) -> Result<Option<Property<'a>>, DecodeError> {
        let name = self.amf3_text()?;
        if !name.is_empty() {
            return Ok(Some(Property::Named(name)));
        }
        if self.top.state != State::Associative {
            return Ok(None);
        }
        self.top.state = State::Dense;
        Ok(self.top.extra.checked_sub(1).map(|left| {
            self.top.left = left;
            Property::Dense
        }))
    }

    /// Returns what comes next in an externalizable body.
    pub(crate) fn amf3_piece(&mut self) -> Piece {
        let piece = self
            .bodies
            .last_mut()
            .map_or(Piece::End, ExternalBody::next);
        if piece == Piece::End {
            self.bodies.pop();
        }
        piece
    }

    /// Reads bytes of an externalizable body.
    pub(crate) fn amf3_raw<S: Sink<'a>>(
        &mut self,
        len: u32,
        sink: &mut S,
    ) -> Result<Option<S::Made>, DecodeError> {
        let at = At {
            offset: self.cursor.at(),
            format: Format::Amf3,
        };
        let bytes = self.cursor.take(len)?;
        if let Some(body) = self.bodies.last_mut() {
            body.raw(bytes);
        }
        sink.token(&self.tables, at, S::NO_NAME, Token::Raw(bytes))
    }

    #[inline(always)]
    pub(crate) fn amf3_value<S: Sink<'a>>(
        &mut self,
        name: S::Name,
        sink: &mut S,
    ) -> Result<Option<S::Made>, DecodeError> {
        let offset = self.cursor.offset();
        let at = At {
            offset: self.cursor.at(),
            format: Format::Amf3,
        };
        // Each arm tells its own token, so that a sink is compiled for that token alone.
        macro_rules! tell {
            ($token:expr) => {{
                let token = $token;
                sink.token(&self.tables, at, name, token)
            }};
        }
        match self.cursor.u8()? {
            marker::UNDEFINED => tell!(Token::Undefined),
            marker::NULL => tell!(Token::Null),
            marker::FALSE => tell!(Token::Boolean(false)),
            marker::TRUE => tell!(Token::Boolean(true)),
            marker::INTEGER => tell!(Token::Integer(u29::to_signed(u29::read(&mut self.cursor)?))),
            marker::DOUBLE => tell!(Token::Number(self.cursor.f64()?)),
            marker::STRING => tell!(Token::String(self.amf3_text()?)),
            marker::OBJECT => match self.amf3_object(offset)? {
                Object::Sent(slot) => tell!(Token::Reference(slot)),
                Object::Typed(id) => tell!(Token::Typed(id)),
                Object::Externalizable(id) => tell!(Token::Externalizable(id)),
            },
            marker @ (marker::ARRAY | marker::VECTOR_OBJECT..=marker::DICTIONARY) => {
                tell!(self.amf3_container(marker, offset)?)
            }
            marker @ marker::XML_DOCUMENT..=marker::VECTOR_NUMBER => {
                tell!(self.amf3_packed(marker, offset)?)
            }
            marker => Err(Malformed::Marker {
                offset,
                marker,
                format: Format::Amf3,
            }
            .into()),
        }
    }

    /// Reads the next sealed member of an object that has no others, or its end.
    ///
    /// What most are, a scalar or a text whose head is one byte, is read here. All that is rare, or
    /// an error, is left to the general way before anything has changed: so this needs no calls,
    /// and hardly a register to save.
    #[inline(always)]
    pub(crate) fn amf3_sealed<S: Sink<'a>>(
        &mut self,
        sink: &mut S,
    ) -> Result<Option<S::Made>, DecodeError> {
        let at = At {
            offset: self.cursor.at(),
            format: Format::Amf3,
        };
        if self.top.left == 0 {
            return self.end(Format::Amf3, sink);
        }
        let member = self.top.extra;
        if self.tables.near_name(member).is_none() {
            return sink.any(self);
        }
        macro_rules! tell {
            ($len:expr, $token:expr) => {{
                let token = $token;
                self.top.left -= 1;
                self.top.extra = member.wrapping_add(1);
                let name = self.tables.near_name(member).unwrap_or(&Text::EMPTY);
                let name = sink.sealed_name(name, member);
                self.cursor.skip($len);
                sink.token(&self.tables, at, name, token)
            }};
        }
        let Some([marker, rest @ ..]) = self.cursor.rest() else {
            return sink.any(self);
        };
        match (*marker, rest) {
            (marker::NULL, _) => tell!(1, Token::Null),
            (marker::FALSE, _) => tell!(1, Token::Boolean(false)),
            (marker::TRUE, _) => tell!(1, Token::Boolean(true)),
            (marker::INTEGER, [a @ ..0x80, ..]) => tell!(2, Token::Integer((*a).into())),
            (marker::INTEGER, [a, b @ ..0x80, ..]) => {
                tell!(3, Token::Integer(i32::from(a & 0x7f) << 7 | i32::from(*b)))
            }
            (marker::DOUBLE, [a, b, c, d, e, f, g, h, ..]) => {
                let bytes = [*a, *b, *c, *d, *e, *f, *g, *h];
                tell!(9, Token::Number(f64::from_be_bytes(bytes)))
            }
            (marker::STRING, [head @ ..0x80, rest @ ..]) => {
                let len = head >> 1;
                if head & 1 == 0 {
                    if let Some(text) = self.tables.checked_string(len.into()) {
                        return tell!(2, Token::String(text));
                    }
                } else if let Some(bytes) = rest.get(..len.into()) {
                    let limit = self.config.limits.max_references;
                    let offset = at.offset + 2;
                    if let Some(text) = self.tables.add_string_at_once(bytes, offset, limit) {
                        return tell!(2 + u32::from(len), Token::String(text));
                    }
                }
                sink.any(self)
            }
            _ => sink.any(self),
        }
    }

    /// Reads a value that takes a slot and holds no other values.
    fn amf3_packed(&mut self, marker: u8, offset: usize) -> Result<Token<'a>, DecodeError> {
        let len = match self.header(marker)? {
            Header::Sent(index) => return Ok(Token::Reference(index)),
            Header::Inline(len) => len,
        };
        self.tables
            .add_object(marker, offset, self.config.limits.max_references)?;
        Ok(match marker {
            marker::DATE => Token::Date {
                ms: self.cursor.f64()?,
                tz: 0,
            },
            marker::VECTOR_INT => {
                let (bytes, fixed) = self.elements(len, 4)?;
                Token::VectorInt(Packed::new(bytes, fixed))
            }
            marker::VECTOR_UINT => {
                let (bytes, fixed) = self.elements(len, 4)?;
                Token::VectorUint(Packed::new(bytes, fixed))
            }
            marker::VECTOR_NUMBER => {
                let (bytes, fixed) = self.elements(len, 8)?;
                Token::VectorNumber(Packed::new(bytes, fixed))
            }
            _ => {
                let begin = self.cursor.at();
                let bytes = self.cursor.take(len)?;
                let text = Text::new(bytes, begin, Text::NO_ENTRY);
                match marker {
                    marker::XML_DOCUMENT => Token::XmlDocument(text),
                    marker::XML => Token::Xml(text),
                    _ => Token::ByteArray(bytes),
                }
            }
        })
    }

    /// Reads the fixed flag and `count` numbers of `size` bytes.
    fn elements(&mut self, count: u32, size: u32) -> Result<(&'a [u8], bool), DecodeError> {
        let fixed = self.cursor.u8()? != 0;
        self.check_count(count, size.into(), self.cursor.offset())?;
        let bytes = self.cursor.take(count.saturating_mul(size))?;
        Ok((bytes, fixed))
    }

    fn amf3_container(&mut self, marker: u8, offset: usize) -> Result<Token<'a>, DecodeError> {
        let len = match self.header(marker)? {
            Header::Sent(index) => return Ok(Token::Reference(index)),
            Header::Inline(len) => len,
        };
        self.tables
            .add_object(marker, offset, self.config.limits.max_references)?;
        match marker {
            marker::ARRAY => {
                self.check_count(len, 1, self.cursor.offset())?;
                self.open(State::Associative, 0, len, offset)?;
                Ok(Token::Array { dense: len })
            }
            marker::VECTOR_OBJECT => {
                let fixed = self.cursor.u8()? != 0;
                let class = self.amf3_text()?;
                self.check_count(len, 1, self.cursor.offset())?;
                self.open(State::Dense, len, 0, offset)?;
                Ok(Token::VectorObject { class, len, fixed })
            }
            _ => {
                let weak = self.cursor.u8()? != 0;
                self.check_count(len, 2, self.cursor.offset())?;
                self.open(State::Pairs, len.saturating_mul(2), 0, offset)?;
                Ok(Token::Dictionary { len, weak })
            }
        }
    }

    /// Reads the header of an object and, unless they were sent before, its traits.
    ///
    /// ```text
    /// xxxx...xxx0  reference to an object
    /// xxxx...xx01  reference to traits
    /// nnnn...d011  traits follow: n sealed members, d dynamic
    /// 0000...0111  traits follow: externalizable
    /// ```
    #[inline(always)]
    fn amf3_object(&mut self, offset: usize) -> Result<Object, DecodeError> {
        let at = self.cursor.offset();
        let head = u29::read(&mut self.cursor)?;
        if head & 1 == 0 {
            self.tables.check_object(head >> 1, marker::OBJECT, at)?;
            return Ok(Object::Sent(head >> 1));
        }
        self.tables
            .add_object(marker::OBJECT, offset, self.config.limits.max_references)?;
        let (id, entry) = if head & 2 == 0 {
            let index = head >> 2;
            let Some(entry) = self.tables.entry(index) else {
                let len = self.tables.traits_len();
                return Err(Malformed::TraitsReference {
                    offset: at,
                    index,
                    len,
                }
                .into());
            };
            (TraitsId(index), entry)
        } else {
            self.inline_traits(head)?
        };
        if entry.externalizable {
            return self.externalizable(id, entry, at, offset);
        }
        let state = if entry.dynamic {
            State::SealedThenDynamic
        } else {
            State::Sealed
        };
        self.open(state, entry.len, entry.first, offset)?;
        Ok(Object::Typed(id))
    }

    #[cold]
    fn externalizable(
        &mut self,
        id: TraitsId,
        entry: Entry,
        at: usize,
        offset: usize,
    ) -> Result<Object, DecodeError> {
        let class = self.tables.text(entry.class).as_bytes();
        let Some(format) = self.config.externals.find(class) else {
            let class = class.get(..128).unwrap_or(class);
            let class = bytes::Bytes::copy_from_slice(class);
            return Err(Malformed::Externalizable { offset: at, class }.into());
        };
        self.open(State::Body, 0, 0, offset)?;
        self.bodies.push(ExternalBody::new(format));
        Ok(Object::Externalizable(id))
    }

    #[inline(never)]
    fn inline_traits(&mut self, head: u32) -> Result<(TraitsId, Entry), DecodeError> {
        let class = self.amf3_text()?;
        let offset = self.cursor.offset();
        let limits = self.config.limits;
        let externalizable = head & 4 != 0;
        let count = head >> 4;
        if count > limits.max_elements {
            let (count, limit) = (count.into(), limits.max_elements);
            return Err(LimitExceeded::Elements {
                offset,
                count,
                limit,
            }
            .into());
        }
        if count as usize > self.cursor.left() {
            return Err(Malformed::Members {
                offset,
                count,
                left: self.cursor.left(),
            }
            .into());
        }
        // What an externalizable class says about members means nothing. AMF3, section 3.12.
        let count = if externalizable { 0 } else { count };
        let first = self.tables.names_len();
        for _ in 0..count {
            let at = self.cursor.offset();
            let name = self.amf3_text()?;
            self.tables.add_name(name, at, limits.max_references)?;
        }
        let dynamic = !externalizable && head & 8 != 0;
        let entry = Entry {
            class: class.entry(),
            first,
            len: count,
            dynamic,
            externalizable,
        };
        let id = self
            .tables
            .add_traits(entry, offset, limits.max_references)?;
        Ok((id, entry))
    }

    /// Reads the header of any value with a slot but an object.
    #[inline]
    fn header(&mut self, marker: u8) -> Result<Header, DecodeError> {
        let at = self.cursor.offset();
        let head = u29::read(&mut self.cursor)?;
        if head & 1 == 0 {
            self.tables.check_object(head >> 1, marker, at)?;
            return Ok(Header::Sent(head >> 1));
        }
        Ok(Header::Inline(head >> 1))
    }

    /// Reads a text or a reference to one. The empty text is never in the table.
    #[inline]
    pub(crate) fn amf3_text(&mut self) -> Result<Text<'a>, DecodeError> {
        let at = self.cursor.offset();
        let head = u29::read(&mut self.cursor)?;
        let len = head >> 1;
        if head & 1 == 0 {
            let Some(text) = self.tables.string(len) else {
                let known = self.tables.strings_len();
                let error = Malformed::StringReference {
                    offset: at,
                    index: len,
                    len: known,
                };
                return Err(error.into());
            };
            return Ok(text);
        }
        let offset = self.cursor.at();
        let bytes = self.cursor.take(len)?;
        if bytes.is_empty() {
            return Ok(Text::new(bytes, offset, Text::NO_ENTRY));
        }
        self.tables
            .add_string(bytes, offset, self.config.limits.max_references)
    }
}
