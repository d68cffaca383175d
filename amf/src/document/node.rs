//! How a document is stored.
//!
//! All values stand in one `Vec` in the order of the wire, each container before its content and
//! with the index behind its last descendant, so passing over a value is one step. All text stands
//! in one `String` and all packed bytes in one `Vec<u8>`; values hold spans of them. A reference is
//! the index of the value it names.

use alloc::vec::Vec;

/// A part of the document's text or bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) len: u32,
}

impl Span {
    /// Stands for no name, which is not the empty name.
    pub(crate) const NONE: Self = Self {
        start: u32::MAX,
        len: 0,
    };

    #[inline]
    pub(crate) const fn is_none(self) -> bool {
        self.start == u32::MAX
    }

    #[inline]
    pub(crate) const fn range(self) -> core::ops::Range<usize> {
        let start = self.start as usize;
        start..start + self.len as usize
    }
}

/// One value: 24 bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    /// The name, if the value is a property, or [`Span::NONE`].
    pub(crate) name: Span,
    pub(crate) data: Data,
}

/// What a value is. `end` is the index behind the last descendant.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Data {
    // Both formats.
    Null,
    Undefined,
    Boolean(bool),
    Number(f64),
    String(Span),
    Reference(u32),
    // AMF0.
    Unsupported,
    /// `class` is [`Span::NONE`] for an object without class.
    Object {
        end: u32,
        class: Span,
    },
    EcmaArray {
        end: u32,
        count: u32,
    },
    StrictArray {
        end: u32,
    },
    Date0 {
        ms: f64,
        tz: i16,
    },
    XmlDocument0(Span),
    Amf3 {
        end: u32,
    },
    // AMF3.
    Integer(i32),
    Array {
        end: u32,
    },
    /// The first children are the sealed members.
    Typed {
        end: u32,
        traits: u32,
    },
    Externalizable {
        end: u32,
        traits: u32,
    },
    Raw(Span),
    Date3(f64),
    XmlDocument3(Span),
    Xml(Span),
    ByteArray(Span),
    VectorInt {
        span: Span,
        fixed: bool,
    },
    VectorUint {
        span: Span,
        fixed: bool,
    },
    VectorNumber {
        span: Span,
        fixed: bool,
    },
    VectorObject {
        end: u32,
        class: Span,
        fixed: bool,
    },
    Dictionary {
        end: u32,
        weak: bool,
    },
}

impl Data {
    /// Returns where the container ends, or `None` for a value without content.
    #[inline]
    pub(crate) const fn end(&self) -> Option<u32> {
        match self {
            Self::Object { end, .. }
            | Self::EcmaArray { end, .. }
            | Self::StrictArray { end }
            | Self::Amf3 { end }
            | Self::Array { end }
            | Self::Typed { end, .. }
            | Self::Externalizable { end, .. }
            | Self::VectorObject { end, .. }
            | Self::Dictionary { end, .. } => Some(*end),
            _ => None,
        }
    }

    /// Whether a reference can name it: not what both formats write out each time.
    pub(crate) const fn is_referable(&self) -> bool {
        !matches!(
            self,
            Self::Null
                | Self::Undefined
                | Self::Unsupported
                | Self::Boolean(_)
                | Self::Number(_)
                | Self::Integer(_)
                | Self::String(_)
        )
    }

    #[inline]
    pub(crate) const fn end_mut(&mut self) -> Option<&mut u32> {
        match self {
            Self::Object { end, .. }
            | Self::EcmaArray { end, .. }
            | Self::StrictArray { end }
            | Self::Amf3 { end }
            | Self::Array { end }
            | Self::Typed { end, .. }
            | Self::Externalizable { end, .. }
            | Self::VectorObject { end, .. }
            | Self::Dictionary { end, .. } => Some(end),
            _ => None,
        }
    }

    /// Returns the text that belongs to the value itself, [`Span::NONE`] if there is none.
    #[inline]
    pub(crate) const fn text(&self) -> Span {
        match self {
            Self::String(text)
            | Self::XmlDocument0(text)
            | Self::XmlDocument3(text)
            | Self::Xml(text)
            | Self::Object { class: text, .. }
            | Self::VectorObject { class: text, .. } => *text,
            _ => Span::NONE,
        }
    }

    /// Tells whether the value takes a slot in the AMF3 table of objects.
    #[inline]
    pub(crate) const fn takes_amf3_slot(&self) -> bool {
        matches!(
            self,
            Self::Array { .. }
                | Self::Typed { .. }
                | Self::Externalizable { .. }
                | Self::Date3(_)
                | Self::XmlDocument3(_)
                | Self::Xml(_)
                | Self::ByteArray(_)
                | Self::VectorInt { .. }
                | Self::VectorUint { .. }
                | Self::VectorNumber { .. }
                | Self::VectorObject { .. }
                | Self::Dictionary { .. }
        )
    }

    /// Tells whether the value is one of those that most properties in AMF0 are.
    #[inline]
    pub(crate) const fn is_amf0_plain(&self) -> bool {
        matches!(
            self,
            Self::Number(_) | Self::Boolean(_) | Self::String(_) | Self::Object { .. }
        )
    }

    /// Tells whether the value is one of those that most members in AMF3 are.
    #[inline]
    pub(crate) const fn is_amf3_scalar(&self) -> bool {
        matches!(
            self,
            Self::Null
                | Self::Undefined
                | Self::Boolean(_)
                | Self::Integer(_)
                | Self::Number(_)
                | Self::String(_)
        )
    }

    /// Tells whether the value takes a slot in the AMF0 table.
    #[inline]
    pub(crate) fn takes_amf0_slot(&self, policy: crate::SlotPolicy) -> bool {
        match self {
            Self::Object { .. } | Self::EcmaArray { .. } | Self::StrictArray { .. } => true,
            Self::XmlDocument0(_) => policy != crate::SlotPolicy::Spec,
            Self::Date0 { .. } => policy == crate::SlotPolicy::Avm2,
            _ => false,
        }
    }
}

/// What is known about the members of an AMF3 class.
#[derive(Clone, Debug)]
pub(crate) struct StoredTraits {
    pub(crate) class: Span,
    pub(crate) members: Vec<Span>,
    pub(crate) dynamic: bool,
    pub(crate) externalizable: bool,
}
