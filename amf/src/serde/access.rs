//! What is in containers, asked for one by one.

use ::serde::Deserialize;
use ::serde::de::{
    DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor, value,
};

use super::Error;
use super::de::{Deserializer, Value};
use crate::event::Token;

/// The elements of an array.
pub(super) struct Items<'d, 'de> {
    pub(super) from: &'d mut Deserializer<'de>,
    pub(super) ended: bool,
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        if self.ended || self.from.ends()? {
            self.ended = true;
            return Ok(None);
        }
        let value = seed.deserialize(Value { from: self.from });
        value
            .map(Some)
            .map_err(|error| error.at(self.from.reader.offset()))
    }
}

/// The properties of an object.
pub(super) struct Properties<'d, 'de> {
    pub(super) from: &'d mut Deserializer<'de>,
    pub(super) ended: bool,
}

impl<'de> MapAccess<'de> for Properties<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        if self.ended || self.from.ends()? {
            self.ended = true;
            return Ok(None);
        }
        match self.from.peek()?.name {
            Some(name) => {
                let name = name.as_str()?;
                seed.deserialize(value::BorrowedStrDeserializer::new(name))
                    .map(Some)
            }
            None => {
                self.ended = true;
                self.from.end()?;
                Ok(None)
            }
        }
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        let value = seed.deserialize(Value { from: self.from });
        value.map_err(|error| error.at(self.from.reader.offset()))
    }
}

/// The keys and values of a dictionary.
pub(super) struct Pairs<'d, 'de> {
    pub(super) from: &'d mut Deserializer<'de>,
}

impl<'de> MapAccess<'de> for Pairs<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        if self.from.peek()?.token == Token::End {
            return Ok(None);
        }
        seed.deserialize(Value { from: self.from }).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(Value { from: self.from })
    }
}

/// An object whose only property is the variant.
pub(super) struct Variant<'d, 'de> {
    pub(super) from: &'d mut Deserializer<'de>,
}

impl<'de> EnumAccess<'de> for Variant<'_, 'de> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let Some(name) = self.from.peek()?.name else {
            return Err(::serde::de::Error::custom("the name of a variant expected"));
        };
        let name = value::BorrowedStrDeserializer::<Error>::new(name.as_str()?);
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Deserialize::deserialize(Value { from: self.from })
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(Value { from: self.from })
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        Value { from: self.from }.visit_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        Value { from: self.from }.visit(visitor)
    }
}
