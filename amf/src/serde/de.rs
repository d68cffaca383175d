//! From bytes to types.

use ::serde::de::{DeserializeOwned, IntoDeserializer, Visitor, value};
use ::serde::{Deserialize, forward_to_deserialize_any};

use super::access::{Items, Pairs, Properties, Variant};
use super::{DATE, Error};
use crate::event::{Event, Token};
use crate::format::Format;
use crate::limits::Config;
use crate::reader::Reader;

/// Reads one AMF0 value, which has to be the whole input.
///
/// # Errors
/// [`Error`] if the bytes are malformed or not what the type wants, or bytes follow.
pub fn from_amf0<'de, T: Deserialize<'de>>(input: &'de [u8]) -> Result<T, Error> {
    from(input, Format::Amf0)
}

/// Reads one AMF3 value, which has to be the whole input.
///
/// # Errors
/// [`Error`] if the bytes are malformed or not what the type wants, or bytes follow.
pub fn from_amf3<'de, T: Deserialize<'de>>(input: &'de [u8]) -> Result<T, Error> {
    from(input, Format::Amf3)
}

fn from<'de, T: Deserialize<'de>>(input: &'de [u8], format: Format) -> Result<T, Error> {
    let mut deserializer = Deserializer::new(Reader::new(input, format, &Config::default()));
    let value = deserializer.next_value()?;
    let reader = deserializer.into_reader();
    match reader.remaining() {
        0 => Ok(value),
        len => Err(Error::Trailing {
            offset: reader.offset(),
            len,
        }),
    }
}

/// Reads values of types one after another, from a pull reader.
///
/// ```
/// use weir_amf::{Reader, serde::Deserializer};
///
/// let command = b"\x02\x00\x04play\x00\x40\x10\0\0\0\0\0\0\x05\x02\x00\x03key";
/// let mut arguments = Deserializer::new(Reader::amf0(command));
/// let (name, transaction): (&str, f64) = (arguments.next_value()?, arguments.next_value()?);
/// let (_, key): (Option<()>, &str) = (arguments.next_value()?, arguments.next_value()?);
/// assert_eq!((name, transaction, key), ("play", 4.0, "key"));
/// # Ok::<(), weir_amf::serde::Error>(())
/// ```
#[derive(Debug)]
pub struct Deserializer<'de> {
    pub(super) reader: Reader<'de>,
    /// An event that was looked at and not taken.
    peeked: Option<Event<'de>>,
}

impl<'de> Deserializer<'de> {
    /// Reads what `reader` has not read yet.
    #[must_use]
    pub const fn new(reader: Reader<'de>) -> Self {
        Self {
            reader,
            peeked: None,
        }
    }

    /// Returns the reader, behind the last value.
    #[must_use]
    pub fn into_reader(self) -> Reader<'de> {
        self.reader
    }

    /// Reads the next value.
    ///
    /// # Errors
    /// [`Error`] if the bytes are malformed, not what the type wants, or there are none.
    pub fn next_value<T: Deserialize<'de>>(&mut self) -> Result<T, Error> {
        let value = T::deserialize(Value { from: self });
        value.map_err(|error| error.at(self.reader.offset()))
    }

    /// Reads the next value into a type that borrows nothing.
    ///
    /// # Errors
    /// As [`next_value`](Self::next_value).
    pub fn next_owned<T: DeserializeOwned>(&mut self) -> Result<T, Error> {
        self.next_value()
    }

    fn take(&mut self) -> Result<Event<'de>, Error> {
        if let Some(event) = self.peeked.take() {
            return Ok(event);
        }
        match self.reader.next_event()? {
            Some(event) => Ok(event),
            None => {
                let offset = self.reader.offset();
                Err(Error::Decode(
                    crate::Malformed::Eof {
                        offset,
                        needed: 1,
                        left: 0,
                    }
                    .into(),
                ))
            }
        }
    }

    pub(super) fn peek(&mut self) -> Result<Event<'de>, Error> {
        let event = self.take()?;
        self.peeked = Some(event);
        Ok(event)
    }

    /// Takes the token that begins the next value, behind switches and wrappers; returns how many
    /// containers have to be closed behind it as well.
    fn begin(&mut self) -> Result<(Event<'de>, usize), Error> {
        let mut wrappers = 0;
        loop {
            let event = self.take()?;
            let wraps = match event.token {
                Token::Amf3 => true,
                Token::Externalizable(id) => self.reader.traits(id).is_some_and(|traits| {
                    traits.class().as_bytes().starts_with(b"flex.messaging.io.")
                }),
                Token::Reference(_) => {
                    return Err(Error::Reference {
                        offset: event.offset(),
                    });
                }
                _ => false,
            };
            if !wraps {
                return Ok((event, wrappers));
            }
            wrappers += 1;
        }
    }

    /// Closes the wrappers that `begin` opened.
    fn close(&mut self, wrappers: usize) -> Result<(), Error> {
        for _ in 0..wrappers {
            self.end()?;
        }
        Ok(())
    }

    /// Passes over what is left of the innermost container, and its end.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        match self.peeked.take() {
            Some(Event {
                token: Token::End, ..
            }) => return Ok(()),
            Some(event) if event.token.is_container() => {
                self.reader.skip()?;
            }
            _ => {}
        }
        self.reader.skip()?;
        Ok(())
    }

    /// Returns whether the innermost container ends here, and takes the end if so.
    pub(super) fn ends(&mut self) -> Result<bool, Error> {
        let ends = self.peek()?.token == Token::End;
        if ends {
            self.peeked = None;
        }
        Ok(ends)
    }
}

/// The next value.
pub(super) struct Value<'d, 'de> {
    pub(super) from: &'d mut Deserializer<'de>,
}

impl<'de> Value<'_, 'de> {
    pub(super) fn visit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let (event, wrappers) = self.from.begin()?;
        let from = self.from;
        let value = match event.token {
            Token::Null | Token::Undefined | Token::Unsupported => visitor.visit_unit(),
            Token::Boolean(value) => visitor.visit_bool(value),
            Token::Number(value) => visit_number(value, visitor),
            Token::Integer(value) => visitor.visit_i32(value),
            Token::String(text) | Token::XmlDocument(text) | Token::Xml(text) => {
                visitor.visit_borrowed_str(text.as_str()?)
            }
            Token::Date { ms, .. } => visitor.visit_f64(ms),
            Token::ByteArray(bytes) | Token::Raw(bytes) => visitor.visit_borrowed_bytes(bytes),
            Token::VectorInt(vector) => {
                visitor.visit_seq(value::SeqDeserializer::new(vector.iter()))
            }
            Token::VectorUint(vector) => {
                visitor.visit_seq(value::SeqDeserializer::new(vector.iter()))
            }
            Token::VectorNumber(vector) => {
                visitor.visit_seq(value::SeqDeserializer::new(vector.iter()))
            }
            Token::StrictArray { .. } | Token::VectorObject { .. } | Token::Externalizable(_) => {
                items(from, visitor)
            }
            Token::Array { .. } => {
                // With names it is a map, of which the elements without name are lost; so are names
                // of a sequence.
                if from.peek()?.name.is_some() {
                    properties(from, visitor)
                } else {
                    items(from, visitor)
                }
            }
            Token::Object { .. } | Token::EcmaArray { .. } | Token::Typed(_) => {
                properties(from, visitor)
            }
            Token::Dictionary { .. } => {
                let value = visitor.visit_map(Pairs { from: &mut *from })?;
                from.end()?;
                Ok(value)
            }
            Token::Reference(_) | Token::Amf3 | Token::End => Err(Error::Reference {
                offset: event.offset(),
            }),
        }?;
        from.close(wrappers)?;
        Ok(value)
    }

    /// Visits the elements of any array, or of an array with names, or of a dictionary.
    pub(super) fn visit_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let (event, wrappers) = self.from.begin()?;
        let container = matches!(
            event.token,
            Token::Array { .. } | Token::EcmaArray { .. } | Token::StrictArray { .. }
        );
        let from = self.from;
        if let Token::ByteArray(bytes) = event.token {
            let bytes = value::SeqDeserializer::<_, Error>::new(bytes.iter().copied());
            let value = visitor.visit_seq(bytes)?;
            from.close(wrappers)?;
            return Ok(value);
        }
        if !container {
            from.peeked = Some(event);
            let value = Value { from: &mut *from }.visit(visitor)?;
            from.close(wrappers)?;
            return Ok(value);
        }
        let value = items(from, visitor)?;
        from.close(wrappers)?;
        Ok(value)
    }
}

/// Visits a number, as integer if it is one: serde reads integers from integers only.
fn visit_number<'de, V: Visitor<'de>>(number: f64, visitor: V) -> Result<V::Value, Error> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "compared with the original, bit by bit"
    )]
    let whole = number as i64;
    #[expect(
        clippy::cast_precision_loss,
        reason = "compared with the original, bit by bit"
    )]
    let same = (whole as f64).to_bits() == number.to_bits();
    if same {
        visitor.visit_i64(whole)
    } else {
        visitor.visit_f64(number)
    }
}

fn items<'de, V: Visitor<'de>>(
    from: &mut Deserializer<'de>,
    visitor: V,
) -> Result<V::Value, Error> {
    let mut items = Items { from, ended: false };
    let value = visitor.visit_seq(&mut items)?;
    if !items.ended {
        items.from.end()?;
    }
    Ok(value)
}

fn properties<'de, V: Visitor<'de>>(
    from: &mut Deserializer<'de>,
    visitor: V,
) -> Result<V::Value, Error> {
    let mut properties = Properties { from, ended: false };
    let value = visitor.visit_map(&mut properties)?;
    if !properties.ended {
        properties.from.end()?;
    }
    Ok(value)
}

impl<'de> ::serde::Deserializer<'de> for Value<'_, 'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let (event, wrappers) = self.from.begin()?;
        let from = self.from;
        let value = match event.token {
            Token::Null | Token::Undefined => visitor.visit_none::<Error>()?,
            _ => {
                from.peeked = Some(event);
                visitor.visit_some(Value { from: &mut *from })?
            }
        };
        from.close(wrappers)?;
        Ok(value)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit_seq(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.visit_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name != DATE {
            return self.visit_seq(visitor);
        }
        let (event, wrappers) = self.from.begin()?;
        let Token::Date { ms, tz } = event.token else {
            return Err(::serde::de::Error::custom("a date expected"));
        };
        let parts = [ms, f64::from(tz)].into_iter().map(Number);
        let value = visitor.visit_seq(value::SeqDeserializer::new(parts))?;
        self.from.close(wrappers)?;
        Ok(value)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let (event, wrappers) = self.from.begin()?;
        let from = self.from;
        let value = match event.token {
            Token::String(text) => {
                visitor.visit_enum(value::BorrowedStrDeserializer::<Error>::new(text.as_str()?))?
            }
            Token::Object { .. } | Token::Typed(_) | Token::EcmaArray { .. } => {
                let value = visitor.visit_enum(Variant { from: &mut *from })?;
                from.end()?;
                value
            }
            _ => return Err(::serde::de::Error::custom("the name of a variant expected")),
        };
        from.close(wrappers)?;
        Ok(value)
    }

    /// Passes over a value without looking at it; references in it do not matter.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.from.take()?.token.is_container() {
            self.from.end()?;
        }
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct map struct identifier
    }
}

/// A number that is to be read as what the type wants.
struct Number(f64);

impl<'de> IntoDeserializer<'de, Error> for Number {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> ::serde::Deserializer<'de> for Number {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visit_number(self.0, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct map struct identifier option seq tuple tuple_struct newtype_struct enum
        ignored_any
    }
}
