//! What the pull reader says about the next value.

use crate::amf3::{Packed, TraitsId};
use crate::format::Format;
use crate::text::Text;

/// One step through a value: a scalar, or where a container begins or ends.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event<'a> {
    /// The name, when the value is a property of an object or an associative element of an array.
    pub name: Option<Text<'a>>,
    /// What begins or ends here.
    pub token: Token<'a>,
    /// The format in which the value is written.
    pub format: Format,
    pub(crate) offset: u32,
}

impl Event<'_> {
    /// Returns where the value's marker stands in the input, in bytes.
    ///
    /// For [`Token::End`], where the container's last byte stands, if the end is written at all.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset as usize
    }
}

/// A scalar, or where a container begins or ends.
///
/// Everything between a token that [begins a container](Token::is_container) and its
/// [`End`](Token::End) is inside that container.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Token<'a> {
    /// AMF0 0x05, AMF3 0x01.
    Null,
    /// AMF0 0x06, AMF3 0x00.
    Undefined,
    /// AMF0 0x0D: the peer had a value that AMF0 cannot express.
    Unsupported,
    /// AMF0 0x01, AMF3 0x02 and 0x03.
    Boolean(bool),
    /// AMF0 0x00, AMF3 0x05.
    Number(f64),
    /// AMF3 0x04: 29 bits with sign, -268,435,456 to 268,435,455.
    Integer(i32),
    /// AMF0 0x02 and 0x0C, AMF3 0x06.
    String(Text<'a>),
    /// AMF0 0x0B, AMF3 0x08.
    Date {
        /// Milliseconds since 1970-01-01 UTC; Flash sends NaN for an invalid date.
        ms: f64,
        /// Minutes, as sent: Flash Player fills in how far it is **west** of UTC. AMF0 only, 0 in
        /// AMF3. The milliseconds are UTC whatever it says.
        tz: i16,
    },
    /// AMF0 0x0F, AMF3 0x07: the `XMLDocument` of `flash.xml`.
    XmlDocument(Text<'a>),
    /// AMF3 0x0B: the `XML` of E4X.
    Xml(Text<'a>),
    /// AMF3 0x0C.
    ByteArray(&'a [u8]),
    /// AMF3 0x0D.
    VectorInt(Packed<'a, i32>),
    /// AMF3 0x0E.
    VectorUint(Packed<'a, u32>),
    /// AMF3 0x0F.
    VectorNumber(Packed<'a, f64>),
    /// An object that was sent before, by its slot in the table of the event's format.
    /// AMF0 0x07; in AMF3 a reference has the marker of what it refers to.
    Reference(u32),
    /// AMF0 0x03, and 0x10 with a class name. Properties follow.
    Object {
        /// The class of a typed object.
        class: Option<Text<'a>>,
    },
    /// AMF0 0x08. Properties follow.
    EcmaArray {
        /// What the peer wrote as count: a hint, often 0.
        count: u32,
    },
    /// AMF0 0x0A. Values without a name follow.
    StrictArray {
        /// How many.
        len: u32,
    },
    /// AMF0 0x11. One AMF3 value follows.
    Amf3,
    /// AMF3 0x09. Associative elements follow, then values without a name.
    Array {
        /// How many values without a name.
        dense: u32,
    },
    /// AMF3 0x0A. Sealed members follow in the order of the traits, then dynamic properties.
    Typed(TraitsId),
    /// AMF3 0x0A of a class that writes its own body. [`Raw`](Token::Raw) and values follow.
    Externalizable(TraitsId),
    /// Bytes of an externalizable body that are no AMF value.
    Raw(&'a [u8]),
    /// AMF3 0x10. Values follow.
    VectorObject {
        /// The class of the elements; Flash Player sends an empty one for most.
        class: Text<'a>,
        /// How many.
        len: u32,
        /// Whether the length is fixed.
        fixed: bool,
    },
    /// AMF3 0x11. Key, value, key, value ... follow.
    Dictionary {
        /// How many pairs.
        len: u32,
        /// Whether keys are held weakly.
        weak: bool,
    },
    /// The container begun last ends.
    End,
}

impl Token<'_> {
    /// Tells whether a container begins here, which a later [`End`](Token::End) closes.
    #[must_use]
    pub const fn is_container(&self) -> bool {
        matches!(
            self,
            Self::Object { .. }
                | Self::EcmaArray { .. }
                | Self::StrictArray { .. }
                | Self::Amf3
                | Self::Array { .. }
                | Self::Typed(_)
                | Self::Externalizable(_)
                | Self::VectorObject { .. }
                | Self::Dictionary { .. }
        )
    }
}
