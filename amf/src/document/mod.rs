//! Owned values: a sequence of them, with everything that is in them.

mod build;
mod compare;
mod decode;
mod display;
mod edit;
mod graft;
mod node;
mod value;

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use smallvec::SmallVec;

pub use build::NewValue;
pub(crate) use decode::Builder;
pub use edit::ValueMut;
pub(crate) use node::{Data, Node, Span, StoredTraits};
pub use value::{Children, Date, Value};

use crate::cursor::to_u32;

/// Values of either format, owned: usually one, or the parts of a command.
///
/// Order, duplicate names, the identity of objects and cycles are kept. A document of a thousand
/// values is two allocations, not a thousand.
///
/// ```
/// use weir_amf::{Document, amf0};
///
/// // A reply to `connect`
/// let reply = Document::new()
///     .with_value("_result")
///     .with_value(1)
///     .with_value(Document::object().with("fmsVer", "FMS/3,0,1,123").with("capabilities", 31))
///     .with_value(
///         Document::object()
///             .with("level", "status")
///             .with("code", "NetConnection.Connect.Success")
///             .with("objectEncoding", 0),
///     );
/// let bytes = amf0::encode(&reply)?;
///
/// let decoded = amf0::decode(&bytes)?;
/// assert_eq!(decoded, reply);
/// assert_eq!(decoded.value(3).get("code"), "NetConnection.Connect.Success");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Document {
    pub(crate) nodes: Vec<Node>,
    /// Never longer than 4 GiB, like `data`: decoded ones are bounded by the limits, and what does
    /// not fit any more when one is built reads as empty.
    pub(crate) text: String,
    pub(crate) data: Vec<u8>,
    pub(crate) traits: Vec<StoredTraits>,
    /// Where each top-level value began in the input, and where the last ended. Empty if the
    /// document was not decoded or has been edited.
    pub(crate) starts: SmallVec<[u32; 8]>,
}

impl Document {
    /// Returns the top-level values.
    #[must_use]
    pub fn values(&self) -> Children<'_> {
        Children::new(self, 0, to_u32(self.nodes.len()))
    }

    /// Returns the top-level value at `index`.
    #[must_use]
    pub fn value(&self, index: usize) -> Value<'_> {
        self.values()
            .nth(index)
            .unwrap_or_else(|| Value::missing(self))
    }

    /// Returns the first top-level value.
    #[must_use]
    pub const fn root(&self) -> Value<'_> {
        Value::new(self, 0)
    }

    /// Returns the first property of this name of the first top-level value.
    #[must_use]
    pub fn get(&self, name: &str) -> Value<'_> {
        self.root().get(name)
    }

    /// Returns how many top-level values there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values().count()
    }

    /// Tells whether there is no value at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Returns how many values there are on all levels.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// Returns which bytes of the input the top-level value at `index` was decoded from.
    ///
    /// They can be sent on as they are, if no value refers to an earlier one. `None` if there is no
    /// such value, or the document was not decoded or has been edited since.
    ///
    /// ```
    /// let input = b"\x02\x00\x04play\x05\x02\x00\x01a";
    /// let document = weir_amf::amf0::decode(input)?;
    /// assert_eq!(document.wire_range(2), Some(8..12));
    /// # Ok::<(), weir_amf::DecodeError>(())
    /// ```
    #[must_use]
    pub fn wire_range(&self, index: usize) -> Option<Range<usize>> {
        let start = *self.starts.get(index)?;
        let end = *self.starts.get(index.checked_add(1)?)?;
        Some(start as usize..end as usize)
    }

    /// Tells whether any value refers to another.
    #[must_use]
    pub fn has_references(&self) -> bool {
        self.nodes
            .iter()
            .any(|node| matches!(node.data, Data::Reference(_)))
    }

    pub(crate) fn str(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// The same as bytes, which needs no look at where characters begin.
    #[inline]
    pub(crate) fn text_bytes(&self, span: Span) -> &[u8] {
        self.text.as_bytes().get(span.range()).unwrap_or_default()
    }

    pub(crate) fn bytes(&self, span: Span) -> &[u8] {
        self.data.get(span.range()).unwrap_or_default()
    }

    /// Stores a text and returns where.
    pub(crate) fn add_text(&mut self, text: &str) -> Span {
        let span = Span {
            start: to_u32(self.text.len()),
            len: to_u32(text.len()),
        };
        if self.text.capacity() == 0 {
            self.text.reserve(text.len().max(SHORT_TEXT));
        }
        self.text.push_str(text);
        span
    }

    pub(crate) fn add_bytes(&mut self, bytes: &[u8]) -> Span {
        let span = Span {
            start: to_u32(self.data.len()),
            len: to_u32(bytes.len()),
        };
        self.data.extend_from_slice(bytes);
        span
    }

    /// Puts all other nodes inside the first.
    pub(crate) fn under_root(mut self) -> Self {
        let end = to_u32(self.nodes.len());
        if let Some(root) = self.nodes.first_mut().and_then(|root| root.data.end_mut()) {
            *root = end;
        }
        self
    }

    /// Counts the values from `next` to `end` without what is in them.
    #[inline]
    pub(crate) fn count_values(&self, mut next: u32, end: u32) -> u32 {
        let mut count = 0;
        while next < end {
            next = self.end_of(next);
            count += 1;
        }
        count
    }

    /// Returns the index behind the last descendant of the node at `index`.
    #[inline]
    pub(crate) fn end_of(&self, index: u32) -> u32 {
        let end = self
            .nodes
            .get(index as usize)
            .and_then(|node| node.data.end());
        end.unwrap_or_else(|| index.saturating_add(1))
    }
}

/// What there is room for once a document has text: the names and texts of a few properties.
const SHORT_TEXT: usize = 128;
