//! Looking at the values of a document.

use core::fmt;

use super::Document;
use super::node::{Data, Node, Span, StoredTraits};
use crate::amf3::{Element, Packed};
use crate::kind::Kind;

/// A value of a document.
///
/// A value that is not there (a property that an object does not have, an element behind the last)
/// reads as undefined, as it does in ActionScript; [`exists`](Self::exists) tells the difference.
/// Lookups can therefore be chained. Everything but [`kind`](Self::kind) and
/// [`target`](Self::target) sees through references and the switch to AMF3.
///
/// ```
/// use weir_amf::Document;
///
/// let info = Document::object().with("level", "status").with("clientid", 7);
/// assert_eq!(info.root().get("level").as_str(), Some("status"));
/// assert_eq!(info.root().get("clientid").as_f64(), Some(7.0));
/// assert_eq!(info.root().get("data").get("version").as_str(), None);
/// assert!(!info.root().get("data").exists());
/// ```
#[derive(Clone, Copy)]
pub struct Value<'d> {
    document: &'d Document,
    /// The index of the node; behind the last for a value that is not there.
    index: u32,
}

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the two fields of AMF0, section 2.13"
)]
pub struct Date {
    /// Milliseconds since 1970-01-01 UTC. NaN for an invalid date.
    pub ms: f64,
    /// Minutes, as sent: Flash Player fills in how far it is **west** of UTC. 0 in AMF3, which has
    /// no such field. The milliseconds are UTC whatever it says.
    pub tz: i16,
}

impl<'d> Value<'d> {
    #[inline]
    pub(crate) const fn new(document: &'d Document, index: u32) -> Self {
        Self { document, index }
    }

    pub(crate) const fn missing(document: &'d Document) -> Self {
        Self {
            document,
            index: u32::MAX,
        }
    }

    pub(crate) const fn document(self) -> &'d Document {
        self.document
    }

    pub(crate) const fn index(self) -> u32 {
        self.index
    }

    #[inline]
    pub(crate) fn node(self) -> Option<&'d Node> {
        self.document.nodes.get(self.index as usize)
    }

    /// Returns what the value is as it stands, without following a reference.
    #[inline]
    pub(crate) fn data(self) -> Data {
        self.node().map_or(Data::Undefined, |node| node.data)
    }

    fn text(self, span: Span) -> Option<&'d str> {
        self.document.text.get(span.range())
    }

    /// Tells whether there is such a value.
    #[must_use]
    pub fn exists(self) -> bool {
        self.node().is_some()
    }

    /// Returns what the value is; a reference is a [`Kind::Reference`].
    #[must_use]
    pub fn kind(self) -> Kind {
        match self.data() {
            Data::Null => Kind::Null,
            Data::Undefined => Kind::Undefined,
            Data::Unsupported => Kind::Unsupported,
            Data::Boolean(_) => Kind::Boolean,
            Data::Number(_) => Kind::Number,
            Data::Integer(_) => Kind::Integer,
            Data::String(_) => Kind::String,
            Data::Reference(_) => Kind::Reference,
            Data::Object { .. } | Data::Typed { .. } => Kind::Object,
            Data::EcmaArray { .. } => Kind::EcmaArray,
            Data::StrictArray { .. } => Kind::StrictArray,
            Data::Date0 { .. } | Data::Date3(_) => Kind::Date,
            Data::XmlDocument0(_) | Data::XmlDocument3(_) => Kind::XmlDocument,
            Data::Amf3 { .. } => Kind::Amf3,
            Data::Array { .. } => Kind::Array,
            Data::Externalizable { .. } => Kind::Externalizable,
            Data::Raw(_) => Kind::Raw,
            Data::Xml(_) => Kind::Xml,
            Data::ByteArray(_) => Kind::ByteArray,
            Data::VectorInt { .. } => Kind::VectorInt,
            Data::VectorUint { .. } => Kind::VectorUint,
            Data::VectorNumber { .. } => Kind::VectorNumber,
            Data::VectorObject { .. } => Kind::VectorObject,
            Data::Dictionary { .. } => Kind::Dictionary,
        }
    }

    /// Returns the value that a reference names, and the value itself for any other.
    #[must_use]
    pub fn target(self) -> Self {
        match self.data() {
            Data::Reference(index) => Self { index, ..self },
            _ => self,
        }
    }

    /// Returns the value behind references and the switch to AMF3.
    #[must_use]
    pub fn resolve(self) -> Self {
        let mut value = self;
        // At most: a reference behind a switch behind a reference.
        for _ in 0..3 {
            value = match value.data() {
                Data::Reference(index) => Self { index, ..self },
                Data::Amf3 { .. } => Self {
                    index: value.index.saturating_add(1),
                    ..self
                },
                _ => break,
            };
        }
        value
    }

    /// Returns the name, when the value is a property.
    #[must_use]
    pub fn name(self) -> Option<&'d str> {
        self.node()
            .filter(|node| !node.name.is_none())
            .and_then(|node| self.text(node.name))
    }

    /// Tells whether the value is null.
    #[must_use]
    pub fn is_null(self) -> bool {
        matches!(self.resolve().data(), Data::Null)
    }

    /// Tells whether the value is undefined or not there.
    #[must_use]
    pub fn is_undefined(self) -> bool {
        matches!(self.resolve().data(), Data::Undefined)
    }

    /// Returns a boolean.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        match self.resolve().data() {
            Data::Boolean(value) => Some(value),
            _ => None,
        }
    }

    /// Returns a number or an integer.
    #[must_use]
    pub fn as_f64(self) -> Option<f64> {
        match self.resolve().data() {
            Data::Number(value) => Some(value),
            Data::Integer(value) => Some(f64::from(value)),
            _ => None,
        }
    }

    /// Returns an integer, or a number that is one and fits.
    #[must_use]
    pub fn as_i32(self) -> Option<i32> {
        match self.resolve().data() {
            Data::Integer(value) => Some(value),
            Data::Number(value) => {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "compared with the original"
                )]
                let whole = value as i32;
                (f64::from(whole) == value).then_some(whole)
            }
            _ => None,
        }
    }

    /// Returns an integer, or a number that is one and fits, if it is not negative.
    #[must_use]
    pub fn as_u32(self) -> Option<u32> {
        let value = self.as_f64()?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "compared with the original"
        )]
        let whole = value as u32;
        (f64::from(whole) == value).then_some(whole)
    }

    /// Returns a string.
    #[must_use]
    pub fn as_str(self) -> Option<&'d str> {
        match self.resolve().data() {
            Data::String(span) => self.text(span),
            _ => None,
        }
    }

    /// Returns the text of XML of either kind.
    #[must_use]
    pub fn as_xml(self) -> Option<&'d str> {
        match self.resolve().data() {
            Data::XmlDocument0(span) | Data::XmlDocument3(span) | Data::Xml(span) => {
                self.text(span)
            }
            _ => None,
        }
    }

    /// Returns a date.
    #[must_use]
    pub fn as_date(self) -> Option<Date> {
        match self.resolve().data() {
            Data::Date0 { ms, tz } => Some(Date { ms, tz }),
            Data::Date3(ms) => Some(Date { ms, tz: 0 }),
            _ => None,
        }
    }

    /// Returns a byte array, or the raw bytes of an externalizable body.
    #[must_use]
    pub fn as_bytes(self) -> Option<&'d [u8]> {
        match self.resolve().data() {
            Data::ByteArray(span) | Data::Raw(span) => self.document.data.get(span.range()),
            _ => None,
        }
    }

    /// Returns a `Vector.<int>`.
    #[must_use]
    pub fn as_vector_int(self) -> Option<Packed<'d, i32>> {
        match self.resolve().data() {
            Data::VectorInt { span, fixed } => self.packed(span, fixed),
            _ => None,
        }
    }

    /// Returns a `Vector.<uint>`.
    #[must_use]
    pub fn as_vector_uint(self) -> Option<Packed<'d, u32>> {
        match self.resolve().data() {
            Data::VectorUint { span, fixed } => self.packed(span, fixed),
            _ => None,
        }
    }

    /// Returns a `Vector.<Number>`.
    #[must_use]
    pub fn as_vector_number(self) -> Option<Packed<'d, f64>> {
        match self.resolve().data() {
            Data::VectorNumber { span, fixed } => self.packed(span, fixed),
            _ => None,
        }
    }

    fn packed<T: Element>(self, span: Span, fixed: bool) -> Option<Packed<'d, T>> {
        self.document
            .data
            .get(span.range())
            .map(|bytes| Packed::new(bytes, fixed))
    }

    /// Returns the class of an object, or of the elements of a vector; `None` if it has none, which
    /// AMF3 writes as the empty name.
    #[must_use]
    pub fn class(self) -> Option<&'d str> {
        let value = self.resolve();
        let span = match value.data() {
            Data::Object { class, .. } if class.is_none() => return None,
            Data::Object { class, .. } | Data::VectorObject { class, .. } => class,
            _ => value.traits()?.class,
        };
        self.text(span).filter(|class| !class.is_empty())
    }

    /// Returns the count that an ECMA array was sent with: a hint that nothing depends on.
    #[must_use]
    pub fn ecma_count(self) -> Option<u32> {
        match self.resolve().data() {
            Data::EcmaArray { count, .. } => Some(count),
            _ => None,
        }
    }

    /// Tells whether an object may have properties that its class does not name.
    #[must_use]
    pub fn is_dynamic(self) -> bool {
        match self.resolve().data() {
            Data::Object { .. } => true,
            Data::Typed { .. } => self.resolve().traits().is_some_and(|traits| traits.dynamic),
            _ => false,
        }
    }

    /// Tells whether a vector has a fixed length.
    #[must_use]
    pub fn is_fixed(self) -> bool {
        match self.resolve().data() {
            Data::VectorInt { fixed, .. }
            | Data::VectorUint { fixed, .. }
            | Data::VectorNumber { fixed, .. }
            | Data::VectorObject { fixed, .. } => fixed,
            _ => false,
        }
    }

    /// Tells whether a dictionary holds its keys weakly.
    #[must_use]
    pub fn is_weak(self) -> bool {
        matches!(self.resolve().data(), Data::Dictionary { weak: true, .. })
    }

    /// Returns how many of an object's properties are sealed members of its class: the first ones.
    #[must_use]
    pub fn sealed_len(self) -> usize {
        self.resolve()
            .traits()
            .map_or(0, |traits| traits.members.len())
    }

    pub(crate) fn traits(self) -> Option<&'d StoredTraits> {
        match self.data() {
            Data::Typed { traits, .. } | Data::Externalizable { traits, .. } => {
                self.document.traits.get(traits as usize)
            }
            _ => None,
        }
    }

    /// Returns the first property of this name.
    #[must_use]
    pub fn get(self, name: &str) -> Self {
        let Children { mut next, end, .. } = self.children();
        while let Some(node) = self
            .document
            .nodes
            .get(next as usize)
            .filter(|_| next < end)
        {
            // As bytes, which needs no look at where characters begin.
            if node.name.len as usize == name.len()
                && !node.name.is_none()
                && self.document.text_bytes(node.name) == name.as_bytes()
            {
                return Self {
                    index: next,
                    ..self
                };
            }
            next = node.data.end().unwrap_or(next + 1);
        }
        Self::missing(self.document)
    }

    /// Returns the element at `index`, not counting properties.
    #[must_use]
    pub fn at(self, index: usize) -> Self {
        self.items().nth(index).unwrap_or(Self {
            index: u32::MAX,
            ..self
        })
    }

    /// Returns what is directly inside, in the order of the wire: properties and elements; keys and
    /// values of a dictionary in turn; raw bytes and values of an externalizable body.
    #[must_use]
    pub fn children(self) -> Children<'d> {
        let container = self.resolve();
        let next = container.index.saturating_add(1);
        let end = container.data().end().unwrap_or(next);
        Children {
            document: self.document,
            next,
            end,
        }
    }

    /// Returns the properties, in the order of the wire; a name can come twice.
    pub fn properties(self) -> impl Iterator<Item = (&'d str, Self)> + Clone {
        self.children()
            .filter_map(|child| child.name().map(|name| (name, child)))
    }

    /// Returns the elements, in the order of the wire.
    pub fn items(self) -> impl Iterator<Item = Self> + Clone {
        self.children()
            .filter(|child| child.node().is_some_and(|node| node.name.is_none()))
    }

    /// Returns the pairs of a dictionary.
    pub fn pairs(self) -> impl Iterator<Item = (Self, Self)> {
        let mut children = match self.resolve().data() {
            Data::Dictionary { .. } => self.children(),
            _ => Children {
                document: self.document,
                next: 0,
                end: 0,
            },
        };
        core::iter::from_fn(move || Some((children.next()?, children.next()?)))
    }
}

/// What is directly inside a value. Made by [`Value::children`] and [`Document::values`].
#[derive(Clone, Debug)]
pub struct Children<'d> {
    document: &'d Document,
    next: u32,
    end: u32,
}

impl<'d> Children<'d> {
    pub(crate) const fn new(document: &'d Document, next: u32, end: u32) -> Self {
        Self {
            document,
            next,
            end,
        }
    }
}

impl<'d> Iterator for Children<'d> {
    type Item = Value<'d>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.end {
            return None;
        }
        let value = Value::new(self.document, self.next);
        self.next = self.document.end_of(self.next);
        Some(value)
    }
}

/// Two values are equal if they are the same node of one document, or look the same: scalars bit by
/// bit, names and order included, references naming the same place.
impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        super::compare::equal(*self, *other)
    }
}

impl PartialEq<str> for Value<'_> {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == Some(other)
    }
}

impl PartialEq<&str> for Value<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == Some(*other)
    }
}

impl PartialEq<f64> for Value<'_> {
    fn eq(&self, other: &f64) -> bool {
        self.as_f64() == Some(*other)
    }
}

impl PartialEq<bool> for Value<'_> {
    fn eq(&self, other: &bool) -> bool {
        self.as_bool() == Some(*other)
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
