//! From types to bytes.
//!
//! AMF3 wants the names of all members, and the number of all elements, before the first of them,
//! and serde tells them one by one. So a value is walked twice: the first time only to plan.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt::Display;

use ::serde::Serialize;
use ::serde::ser::{self, Error as _};

use super::compound::{Compound, Kind};
use super::{CLASS, DATE, Error};
use crate::amf0::marker as marker0;
use crate::amf0::writer as amf0;
use crate::amf3::{self, WriteTables, marker as marker3, u29};
use crate::error::EncodeError;
use crate::format::Format;

/// Writes a value as AMF0.
///
/// # Errors
/// [`Error`] if the type has something that AMF0 does not have: byte strings, integers past 2^53,
/// map keys other than texts and integers.
pub fn to_amf0<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Error> {
    let mut serializer = Serializer::new(Format::Amf0);
    value.serialize(&mut serializer)?;
    Ok(serializer.out)
}

/// Writes a value as AMF3; texts and traits are references the second time.
///
/// # Errors
/// [`Error`] if the type has something that AMF3 does not have: integers past 2^53, map keys other
/// than texts and integers, empty map keys.
pub fn to_amf3<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Error> {
    let mut serializer = Serializer::new(Format::Amf3);
    serializer.planning = true;
    value.serialize(&mut serializer)?;
    serializer.planning = false;
    value.serialize(&mut serializer)?;
    Ok(serializer.out)
}

pub(super) struct Serializer {
    pub(super) out: Vec<u8>,
    pub(super) format: Format,
    tables: WriteTables,
    /// What each sequence and struct will turn out to be, in the order in which they begin.
    pub(super) plan: Vec<Planned>,
    /// The lists of members that structs have.
    pub(super) shapes: BTreeMap<Vec<&'static str>, usize>,
    pub(super) members: Vec<Vec<&'static str>>,
    pub(super) planning: bool,
    /// How many of the plan have begun in the second walk.
    begun: usize,
}

#[derive(Clone, Copy, Default)]
pub(super) struct Planned {
    /// How many elements.
    pub(super) len: usize,
    /// Which of `Serializer::members`.
    pub(super) shape: usize,
}

impl Serializer {
    pub(super) fn new(format: Format) -> Self {
        Self {
            out: Vec::new(),
            format,
            tables: WriteTables::default(),
            plan: Vec::new(),
            shapes: BTreeMap::new(),
            members: Vec::new(),
            planning: false,
            begun: 0,
        }
    }

    /// Begins a sequence or struct: returns its place in the plan, and what is planned for it.
    fn begin(&mut self) -> (usize, Planned) {
        if self.planning {
            self.plan.push(Planned::default());
            return (self.plan.len() - 1, Planned::default());
        }
        let place = self.begun;
        self.begun += 1;
        (place, self.plan.get(place).copied().unwrap_or_default())
    }

    fn text(&mut self, text: &str) -> Result<(), Error> {
        match self.format {
            _ if self.planning => {}
            Format::Amf0 => amf0::string(&mut self.out, text)?,
            Format::Amf3 => {
                self.out.push(marker3::STRING);
                self.tables.text(&mut self.out, text.as_bytes())?;
            }
        }
        Ok(())
    }

    pub(super) fn name(&mut self, name: &str) -> Result<(), Error> {
        match self.format {
            _ if self.planning => {}
            Format::Amf0 => amf0::name(&mut self.out, name)?,
            Format::Amf3 if name.is_empty() => return Err(EncodeError::EmptyName.into()),
            Format::Amf3 => self.tables.text(&mut self.out, name.as_bytes())?,
        }
        Ok(())
    }

    fn null(&mut self) {
        match self.format {
            _ if self.planning => {}
            Format::Amf0 => self.out.push(marker0::NULL),
            Format::Amf3 => self.out.push(marker3::NULL),
        }
    }

    fn number(&mut self, number: f64) {
        match self.format {
            _ if self.planning => {}
            Format::Amf0 => amf0::number(&mut self.out, number),
            Format::Amf3 => amf3::double(&mut self.out, number),
        }
    }

    fn integer<T: TryInto<i64> + Display + Copy>(&mut self, value: T) -> Result<(), Error> {
        const LARGEST: i64 = 1 << 53;
        let whole = value
            .try_into()
            .ok()
            .filter(|whole| (-LARGEST..=LARGEST).contains(whole));
        let Some(whole) = whole else {
            return Err(Error::custom(format_args!(
                "{value} is no whole number that AMF has"
            )));
        };
        let small = i32::try_from(whole)
            .ok()
            .filter(|small| u29::INTEGERS.contains(small));
        match (self.format, small) {
            _ if self.planning => {}
            (Format::Amf3, Some(small)) => amf3::integer(&mut self.out, small),
            #[expect(clippy::cast_precision_loss, reason = "not past 2^53")]
            _ => self.number(whole as f64),
        }
        Ok(())
    }

    /// Begins an object whose names follow one by one.
    fn begin_named(&mut self) -> Result<(), Error> {
        match self.format {
            _ if self.planning => {}
            Format::Amf0 => self.out.push(marker0::OBJECT),
            Format::Amf3 => {
                amf3::Writer::new(&mut self.out, &mut self.tables).begin_object("", &[], true)?;
            }
        }
        Ok(())
    }

    pub(super) fn end_named(&mut self) {
        match self.format {
            _ if self.planning => {}
            Format::Amf0 => amf0::end_object(&mut self.out),
            Format::Amf3 => self.out.push(0x01),
        }
    }

    fn begin_seq(&mut self, variant: bool) -> Result<Compound<'_>, Error> {
        let (place, planned) = self.begin();
        let begin = self.out.len();
        match self.format {
            _ if self.planning => {}
            // The count is put in at the end.
            Format::Amf0 => amf0::strict_array(&mut self.out, 0),
            Format::Amf3 => {
                self.out.push(marker3::ARRAY);
                amf3::header(&mut self.out, planned.len)?;
                self.out.push(0x01);
            }
        }
        Ok(Compound {
            place,
            begin,
            variant,
            ..Compound::new(self, Kind::Seq)
        })
    }

    fn begin_struct(&mut self, name: &str, variant: bool) -> Result<Compound<'_>, Error> {
        let class = name.strip_prefix(CLASS).unwrap_or_default();
        let (place, planned) = self.begin();
        match self.format {
            _ if self.planning => {}
            Format::Amf0 if class.is_empty() => self.out.push(marker0::OBJECT),
            Format::Amf0 => {
                self.out.push(marker0::TYPED_OBJECT);
                amf0::name(&mut self.out, class)?;
            }
            Format::Amf3 => {
                let members = self
                    .members
                    .get(planned.shape)
                    .map_or(&[][..], Vec::as_slice);
                amf3::Writer::new(&mut self.out, &mut self.tables)
                    .begin_object(class, members, false)?;
            }
        }
        Ok(Compound {
            place,
            variant,
            ..Compound::new(self, Kind::Struct)
        })
    }

    /// Begins the object around the content of a variant.
    fn begin_variant(&mut self, variant: &str) -> Result<(), Error> {
        self.begin_named()?;
        self.name(variant)
    }
}

macro_rules! integers {
    ($($method:ident: $type:ty),*) => {$(
        fn $method(self, value: $type) -> Result<(), Error> {
            self.integer(value)
        }
    )*};
}

impl<'s> ser::Serializer for &'s mut Serializer {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Compound<'s>;
    type SerializeTuple = Compound<'s>;
    type SerializeTupleStruct = Compound<'s>;
    type SerializeTupleVariant = Compound<'s>;
    type SerializeMap = Compound<'s>;
    type SerializeStruct = Compound<'s>;
    type SerializeStructVariant = Compound<'s>;

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        match self.format {
            _ if self.planning => {}
            Format::Amf0 => amf0::boolean(&mut self.out, value),
            Format::Amf3 => self
                .out
                .push(if value { marker3::TRUE } else { marker3::FALSE }),
        }
        Ok(())
    }

    integers! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_i128: i128, serialize_u8: u8, serialize_u16: u16, serialize_u32: u32,
        serialize_u64: u64, serialize_u128: u128
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        self.number(value.into());
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        self.number(value);
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.text(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        self.text(value)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        match self.format {
            Format::Amf0 => Err(Error::custom("AMF0 has no byte array")),
            Format::Amf3 if self.planning => Ok(()),
            Format::Amf3 => {
                amf3::Writer::new(&mut self.out, &mut self.tables).byte_array(value)?;
                Ok(())
            }
        }
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.null();
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.null();
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.null();
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.text(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.begin_variant(variant)?;
        value.serialize(&mut *self)?;
        self.end_named();
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'s>, Error> {
        self.begin_seq(false)
    }

    fn serialize_tuple(self, _: usize) -> Result<Compound<'s>, Error> {
        self.begin_seq(false)
    }

    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Result<Compound<'s>, Error> {
        if name != DATE {
            return self.begin_seq(false);
        }
        match self.format {
            _ if self.planning => {}
            Format::Amf0 => self.out.push(marker0::DATE),
            Format::Amf3 => self.out.extend_from_slice(&[marker3::DATE, 0x01]),
        }
        Ok(Compound::new(self, Kind::Date))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'s>, Error> {
        self.begin_variant(variant)?;
        self.begin_seq(true)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'s>, Error> {
        self.begin_named()?;
        Ok(Compound::new(self, Kind::Map))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Compound<'s>, Error> {
        self.begin_struct(name, false)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'s>, Error> {
        self.begin_variant(variant)?;
        self.begin_struct("", true)
    }
}
