//! What values there are.

use core::fmt;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Null.
    Null,
    /// Undefined, which is not null.
    Undefined,
    /// AMF0's mark of a value that could not be sent.
    Unsupported,
    /// True or false.
    Boolean,
    /// A double.
    Number,
    /// A 29-bit integer. AMF3 only.
    Integer,
    /// A text.
    String,
    /// A point in time.
    Date,
    /// An XML document of the old kind.
    XmlDocument,
    /// An XML document of E4X. AMF3 only.
    Xml,
    /// Bytes. AMF3 only.
    ByteArray,
    /// A packed vector of `i32`. AMF3 only.
    VectorInt,
    /// A packed vector of `u32`. AMF3 only.
    VectorUint,
    /// A packed vector of `f64`. AMF3 only.
    VectorNumber,
    /// A vector of any values. AMF3 only.
    VectorObject,
    /// An object, with or without class.
    Object,
    /// An array with names. AMF0 only.
    EcmaArray,
    /// An array without names. AMF0 only.
    StrictArray,
    /// An array with an associative and a dense part. AMF3 only.
    Array,
    /// Pairs whose keys can be any value. AMF3 only.
    Dictionary,
    /// An object whose class writes its own body. AMF3 only.
    Externalizable,
    /// Bytes of an externalizable body that are no value. AMF3 only.
    Raw,
    /// The switch to AMF3, around one value. AMF0 only.
    Amf3,
    /// A reference to a value that stands earlier.
    Reference,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Undefined => "undefined",
            Self::Unsupported => "unsupported",
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::Integer => "integer",
            Self::String => "string",
            Self::Date => "date",
            Self::XmlDocument => "XML document",
            Self::Xml => "XML",
            Self::ByteArray => "byte array",
            Self::VectorInt => "vector of int",
            Self::VectorUint => "vector of uint",
            Self::VectorNumber => "vector of numbers",
            Self::VectorObject => "vector of objects",
            Self::Object => "object",
            Self::EcmaArray => "ECMA array",
            Self::StrictArray => "strict array",
            Self::Array => "array",
            Self::Dictionary => "dictionary",
            Self::Externalizable => "externalizable object",
            Self::Raw => "raw bytes",
            Self::Amf3 => "switch to AMF3",
            Self::Reference => "reference",
        })
    }
}
