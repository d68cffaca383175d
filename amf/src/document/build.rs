//! Making documents.

use alloc::string::String;
use alloc::vec::Vec;

use super::node::{Data, Node, Span, StoredTraits};
use super::value::{Date, Value};
use super::{Document, ValueMut};
use crate::cursor::to_u32;

/// What can be put into a document: `bool`, numbers, text, [`Date`], a [`Value`] of any document or
/// another [`Document`]; `None` becomes null.
///
/// Integers become [numbers](crate::Kind::Number), which both formats have.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum NewValue<'a> {
    /// Null.
    Null,
    /// Undefined.
    Undefined,
    /// AMF0's mark of a value that cannot be sent.
    Unsupported,
    /// True or false.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// An AMF3 integer. The writer makes a number of one that does not fit 29 bits.
    Integer(i32),
    /// A text.
    String(&'a str),
    /// An AMF0 date.
    Date(Date),
    /// An AMF3 date, in milliseconds since 1970-01-01 UTC.
    Amf3Date(f64),
    /// An AMF0 XML document.
    XmlDocument(&'a str),
    /// An AMF3 XML document of the old kind.
    Amf3XmlDocument(&'a str),
    /// An AMF3 XML document of E4X.
    Xml(&'a str),
    /// An AMF3 byte array.
    ByteArray(&'a [u8]),
    /// Bytes of an externalizable body that are no value.
    Raw(&'a [u8]),
    /// An AMF3 vector.
    VectorInt(&'a [i32]),
    /// An AMF3 vector.
    VectorUint(&'a [u32]),
    /// An AMF3 vector.
    VectorNumber(&'a [f64]),
    /// A copy of a value and everything in it.
    Copy(Value<'a>),
    /// The first value of a document.
    Document(Document),
}

impl Document {
    /// Makes a document without any value, for a sequence.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes an AMF0 object without class.
    #[must_use]
    pub fn object() -> Self {
        Self::of(Data::Object {
            end: 1,
            class: Span::NONE,
        })
    }

    /// Makes an AMF0 object of properties that all have names of their own.
    ///
    /// The same as [`with`](Self::with) for each of them, without looking for the name before.
    ///
    /// ```
    /// use weir_amf::Document;
    ///
    /// let info = Document::object_of([("level", "status".into()), ("clientid", 7.into())]);
    /// assert_eq!(info, Document::object().with("level", "status").with("clientid", 7));
    /// ```
    #[must_use]
    pub fn object_of<'a, N: AsRef<str>>(
        properties: impl IntoIterator<Item = (N, NewValue<'a>)>,
    ) -> Self {
        let mut document = Self::object();
        for (name, value) in properties {
            let name = document.add_text(name.as_ref());
            document.insert(to_u32(document.nodes.len()), Some(0), name, value);
        }
        document
    }

    /// Makes an AMF0 object of a class.
    #[must_use]
    pub fn typed_object(class: &str) -> Self {
        let mut document = Self::new();
        let class = document.add_text(class);
        document.nodes.push(Node {
            name: Span::NONE,
            data: Data::Object { end: 1, class },
        });
        document
    }

    /// Makes an AMF0 array with names. Its count follows the number of its properties.
    #[must_use]
    pub fn ecma_array() -> Self {
        Self::of(Data::EcmaArray { end: 1, count: 0 })
    }

    /// Makes an AMF0 array without names.
    ///
    /// ```
    /// use weir_amf::Document;
    ///
    /// let codecs = Document::strict_array(["av01", "hvc1"]);
    /// assert_eq!(codecs.root().at(1), "hvc1");
    /// ```
    #[must_use]
    pub fn strict_array<'a, T: Into<NewValue<'a>>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::of(Data::StrictArray { end: 1 }).with_items(items)
    }

    /// Makes an AMF3 array. Elements with a name go before those without, wherever they are added.
    #[must_use]
    pub fn array<'a, T: Into<NewValue<'a>>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::of(Data::Array { end: 1 }).with_items(items)
    }

    /// Makes an AMF3 object, of a class or, if that is empty, of none, without any member.
    ///
    /// Members are added by [`with_sealed`](Self::with_sealed); `with` makes the object dynamic.
    #[must_use]
    pub fn amf3_object(class: &str) -> Self {
        Self::of_class(class, false, |traits| Data::Typed { end: 1, traits })
    }

    /// Makes an AMF3 object whose class writes its own body; items are the pieces of the body.
    #[must_use]
    pub fn externalizable(class: &str) -> Self {
        Self::of_class(class, true, |traits| Data::Externalizable {
            end: 1,
            traits,
        })
    }

    /// Makes an AMF3 vector of values; `class` is what they have in common, empty for anything.
    #[must_use]
    pub fn vector_object<'a, T: Into<NewValue<'a>>>(
        class: &str,
        fixed: bool,
        items: impl IntoIterator<Item = T>,
    ) -> Self {
        let mut document = Self::new();
        let class = document.add_text(class);
        let data = Data::VectorObject {
            end: 1,
            class,
            fixed,
        };
        document.nodes.push(Node {
            name: Span::NONE,
            data,
        });
        document.with_items(items)
    }

    /// Makes an AMF3 dictionary. Its items are key, value, key, value ...
    #[must_use]
    pub fn dictionary(weak: bool) -> Self {
        Self::of(Data::Dictionary { end: 1, weak })
    }

    /// Makes the switch to AMF3 around a value, for use in AMF0.
    #[must_use]
    pub fn amf3<'a>(value: impl Into<NewValue<'a>>) -> Self {
        let mut document = Self::of(Data::Amf3 { end: 1 });
        document.insert(1, Some(0), Span::NONE, value.into());
        document
    }

    fn of(data: Data) -> Self {
        let mut document = Self {
            nodes: Vec::with_capacity(FEW_NODES),
            ..Self::new()
        };
        document.nodes.push(Node {
            name: Span::NONE,
            data,
        });
        document
    }

    fn of_class(class: &str, externalizable: bool, data: impl Fn(u32) -> Data) -> Self {
        let mut document = Self::of(data(0));
        let class = document.add_text(class);
        let members = Vec::new();
        document.traits.push(StoredTraits {
            class,
            members,
            dynamic: false,
            externalizable,
        });
        document
    }

    /// Adds a property to the first value, or replaces the first of this name.
    ///
    /// Has no effect if that value cannot have properties.
    #[must_use]
    pub fn with<'a>(mut self, name: &str, value: impl Into<NewValue<'a>>) -> Self {
        self.set(name, value);
        self
    }

    /// Adds an element to the first value. Has no effect if that cannot have elements.
    #[must_use]
    pub fn with_item<'a>(mut self, value: impl Into<NewValue<'a>>) -> Self {
        if let Some(mut root) = self.value_mut(0) {
            root.push(value);
        }
        self
    }

    /// Adds elements to the first value. Has no effect if that cannot have elements.
    #[must_use]
    pub fn with_items<'a, T: Into<NewValue<'a>>>(
        mut self,
        items: impl IntoIterator<Item = T>,
    ) -> Self {
        if let Some(mut root) = self.value_mut(0) {
            for item in items {
                root.push(item);
            }
        }
        self
    }

    /// Adds a sealed member to the first value, an AMF3 object without dynamic properties.
    ///
    /// Has no effect on any other.
    #[must_use]
    pub fn with_sealed<'a>(mut self, name: &str, value: impl Into<NewValue<'a>>) -> Self {
        if let Some(mut root) = self.value_mut(0) {
            root.push_sealed(name, value);
        }
        self
    }

    /// Marks the first value, an AMF3 object, as one that may have dynamic properties.
    #[must_use]
    pub fn with_dynamic(mut self) -> Self {
        if let Some(mut root) = self.value_mut(0) {
            root.make_dynamic();
        }
        self
    }

    /// Adds another top-level value.
    #[must_use]
    pub fn with_value<'a>(mut self, value: impl Into<NewValue<'a>>) -> Self {
        self.push(value);
        self
    }

    /// Adds another top-level value.
    pub fn push<'a>(&mut self, value: impl Into<NewValue<'a>>) {
        self.insert(to_u32(self.nodes.len()), None, Span::NONE, value.into());
    }

    /// Sets a property of the first value; see [`ValueMut::set`].
    pub fn set<'a>(&mut self, name: &str, value: impl Into<NewValue<'a>>) -> bool {
        self.value_mut(0)
            .is_some_and(|mut root| root.set(name, value))
    }

    /// Removes a property of the first value; see [`ValueMut::remove`].
    pub fn remove(&mut self, name: &str) -> bool {
        self.value_mut(0).is_some_and(|mut root| root.remove(name))
    }

    /// Returns the top-level value at `index`, to be edited.
    pub fn value_mut(&mut self, index: usize) -> Option<ValueMut<'_>> {
        let index = self.values().nth(index)?.index();
        Some(ValueMut::new(self, index))
    }
}

macro_rules! from {
    ($($from:ty => |$value:ident| $make:expr;)*) => {$(
        impl<'a> From<$from> for NewValue<'a> {
            fn from($value: $from) -> Self {
                $make
            }
        }
    )*};
}

from! {
    bool => |value| Self::Boolean(value);
    f64 => |value| Self::Number(value);
    f32 => |value| Self::Number(value.into());
    u8 => |value| Self::Number(value.into());
    u16 => |value| Self::Number(value.into());
    u32 => |value| Self::Number(value.into());
    i8 => |value| Self::Number(value.into());
    i16 => |value| Self::Number(value.into());
    i32 => |value| Self::Number(value.into());
    &'a str => |value| Self::String(value);
    &'a String => |value| Self::String(value);
    Date => |value| Self::Date(value);
    Value<'a> => |value| Self::Copy(value);
    &'a Document => |value| Self::Copy(value.root());
    Document => |value| Self::Document(value);
}

impl<'a, T: Into<Self>> From<Option<T>> for NewValue<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// What a new container has room for: most that are built are the object of a command.
const FEW_NODES: usize = 12;
