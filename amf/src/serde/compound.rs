//! Sequences, maps and structs, which are told element by element.

use alloc::vec::Vec;

use ::serde::Serialize;
use ::serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};

use super::Error;
use super::key::Key;
use super::ser::{Planned, Serializer};
use crate::amf0::writer as amf0;
use crate::error::EncodeError;
use crate::format::Format;

/// A sequence, map or struct that is being written.
pub(super) struct Compound<'s> {
    pub(super) to: &'s mut Serializer,
    pub(super) place: usize,
    /// Where a sequence begins in the output.
    pub(super) begin: usize,
    pub(super) len: usize,
    pub(super) kind: Kind,
    /// Whether the object around a variant has to be closed.
    pub(super) variant: bool,
    /// The members of a struct, while planning.
    pub(super) names: Vec<&'static str>,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Seq,
    Map,
    Struct,
    Date,
}

impl<'s> Compound<'s> {
    /// One that is not in the plan and no variant.
    pub(super) const fn new(to: &'s mut Serializer, kind: Kind) -> Self {
        Self {
            to,
            place: 0,
            begin: 0,
            len: 0,
            kind,
            variant: false,
            names: Vec::new(),
        }
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.len += 1;
        if self.kind == Kind::Date {
            return self.date(value);
        }
        value.serialize(&mut *self.to)
    }

    /// Writes the milliseconds or the minutes of a date, neither with a marker.
    fn date<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let mut part = Serializer::new(Format::Amf0);
        value.serialize(&mut part)?;
        let number = part.out.get(1..).and_then(|bytes| bytes.try_into().ok());
        let number = f64::from_be_bytes(number.unwrap_or_default());
        match (self.to.format, self.len) {
            _ if self.to.planning => {}
            (_, 1) => self.to.out.extend_from_slice(&number.to_be_bytes()),
            (Format::Amf0, _) => {
                #[expect(clippy::cast_possible_truncation, reason = "was an i16")]
                let tz = number as i16;
                self.to.out.extend_from_slice(&tz.to_be_bytes());
            }
            (Format::Amf3, _) => {}
        }
        Ok(())
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        if self.to.planning {
            self.names.push(name);
        } else if self.to.format == Format::Amf0 {
            self.to.name(name)?;
        }
        value.serialize(&mut *self.to)
    }

    fn finish(self) -> Result<(), Error> {
        let (to, len) = (self.to, self.len);
        match self.kind {
            _ if to.planning => {
                let known = to.members.len();
                let shape = *to.shapes.entry(self.names).or_insert_with_key(|names| {
                    to.members.push(names.clone());
                    known
                });
                if let (Kind::Seq | Kind::Struct, Some(planned)) =
                    (self.kind, to.plan.get_mut(self.place))
                {
                    *planned = Planned { len, shape };
                }
            }
            Kind::Seq if to.format == Format::Amf0 => {
                let count = u32::try_from(len).map_err(|_| EncodeError::TooLong {
                    len,
                    max: u32::MAX as usize,
                    format: Format::Amf0,
                })?;
                if let Some(field) = to.out.get_mut(self.begin + 1..self.begin + 5) {
                    field.copy_from_slice(&count.to_be_bytes());
                }
            }
            Kind::Struct if to.format == Format::Amf0 => amf0::end_object(&mut to.out),
            Kind::Map => to.end_named(),
            _ => {}
        }
        if self.variant {
            to.end_named();
        }
        Ok(())
    }
}

macro_rules! elements {
    ($($interface:ident :: $method:ident),*) => {$(
        impl $interface for Compound<'_> {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.element(value)
            }

            fn end(self) -> Result<(), Error> {
                self.finish()
            }
        }
    )*};
}

elements! {
    SerializeSeq::serialize_element, SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field, SerializeTupleVariant::serialize_field
}

macro_rules! fields {
    ($($interface:ident),*) => {$(
        impl $interface for Compound<'_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                self.field(name, value)
            }

            fn end(self) -> Result<(), Error> {
                self.finish()
            }
        }
    )*};
}

fields!(SerializeStruct, SerializeStructVariant);

impl SerializeMap for Compound<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        let name = key.serialize(Key)?;
        self.to.name(&name)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(&mut *self.to)
    }

    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}
