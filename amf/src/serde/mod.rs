//! Typed values by serde, straight between bytes and types.
//!
//! | Rust | AMF0 | AMF3 |
//! | --- | --- | --- |
//! | `bool`, `&str`, `String` | boolean, string | the same |
//! | integers | number | integer if it fits 29 bits, else number |
//! | `f32`, `f64` | number | number |
//! | `None`, `()`, unit structs | null | null |
//! | `Vec`, tuples | strict array | array |
//! | maps, structs | object | dynamic object; struct fields are sealed members of its class |
//! | enums | the variant's name, or an object with it as only property | the same |
//! | byte strings | not possible | byte array |
//! | [`Date`](crate::Date) | date | date |
//!
//! Reading takes what peers send for these: undefined for null, any of the arrays and vectors for a
//! sequence, an ECMA array for a map, an XML document for a string. The switch to AMF3 is passed
//! through, and so are the wrappers of Flex (`ArrayCollection`, `ObjectProxy`). A reference is an
//! error, as a type that holds a value twice cannot tell that it is one; decode to a
//! [`Document`](crate::Document) then.
//!
//! A struct is written as object of a class if it is renamed to `class:` and the name of the class,
//! `#[serde(rename = "class:com.example.Product")]`. Reading does not look at class names.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! #[serde(rename_all = "camelCase")]
//! struct Connect<'a> {
//!     app: &'a str,
//!     tc_url: String,
//!     fpad: Option<bool>,
//! }
//!
//! let connect = Connect { app: "live", tc_url: "rtmp://h/live".into(), fpad: Some(false) };
//! let bytes = weir_amf::serde::to_amf0(&connect)?;
//! assert_eq!(weir_amf::serde::from_amf0::<Connect>(&bytes)?, connect);
//! # Ok::<(), weir_amf::serde::Error>(())
//! ```

mod access;
mod compound;
mod de;
mod error;
mod key;
mod ser;

pub use de::{Deserializer, from_amf0, from_amf3};
pub use error::Error;
pub use ser::{to_amf0, to_amf3};

/// The name under which a [`Date`](crate::Date) passes through serde.
const DATE: &str = "$weir_amf::Date";

/// What a struct's name begins with if the rest is the name of its class.
const CLASS: &str = "class:";

impl ::serde::Serialize for crate::Date {
    fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use ::serde::ser::SerializeTupleStruct;
        let mut date = serializer.serialize_tuple_struct(DATE, 2)?;
        date.serialize_field(&self.ms)?;
        date.serialize_field(&self.tz)?;
        date.end()
    }
}

impl<'de> ::serde::Deserialize<'de> for crate::Date {
    fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (ms, tz) = deserializer.deserialize_tuple_struct(DATE, 2, DateVisitor)?;
        Ok(Self { ms, tz })
    }
}

struct DateVisitor;

impl<'de> ::serde::de::Visitor<'de> for DateVisitor {
    type Value = (f64, i16);

    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("a date")
    }

    fn visit_seq<A: ::serde::de::SeqAccess<'de>>(
        self,
        mut seq: A,
    ) -> Result<Self::Value, A::Error> {
        let missing = || ::serde::de::Error::invalid_length(0, &self);
        let ms = seq.next_element()?.ok_or_else(missing)?;
        let tz = seq.next_element()?.ok_or_else(missing)?;
        Ok((ms, tz))
    }
}
