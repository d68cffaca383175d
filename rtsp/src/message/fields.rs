//! The owned header map.

use alloc::{string::String, vec::Vec};
use core::fmt::{self, Write};

use crate::{header, message::Head};

/// Header fields in the order of the wire, names as written, compared without case.
///
/// All names and values share one buffer, so that a message is two allocations whatever it
/// carries.
/// ```
/// use weir_rtsp::message::Headers;
///
/// let mut headers = Headers::new();
/// headers.push("CSeq", 3);
/// headers.push("Session", "12345678;timeout=60");
/// assert_eq!(headers.get("cseq"), Some("3"));
/// headers.set("cseq", 4);
/// assert_eq!(headers.iter().count(), 2);
/// ```
#[derive(Clone, Default)]
pub struct Headers {
    text: String,
    /// Every span lies in `text`, on character boundaries.
    spans: Vec<Span>,
}

#[derive(Clone, Copy)]
struct Span {
    name: usize,
    value: usize,
    end: usize,
}

impl Headers {
    /// No field.
    pub const fn new() -> Self {
        Self {
            text: String::new(),
            spans: Vec::new(),
        }
    }

    /// The fields of a head, unfolded.
    pub(super) fn of(head: &Head<'_>, head_len: usize) -> Self {
        let mut headers = Self {
            text: String::with_capacity(head_len),
            spans: Vec::with_capacity(head.fields().len()),
        };
        for field in head.fields() {
            headers.append(field.name(), &field.value());
        }
        headers
    }

    /// Appends a field. Control characters of a value become blanks, so a value can never end the
    /// line it stands in.
    pub fn push(&mut self, name: impl AsRef<str>, value: impl fmt::Display) {
        let (name_at, value_at) = (self.text.len(), self.text.len() + name.as_ref().len());
        self.text.push_str(name.as_ref());
        // Writing to a `String` cannot fail.
        let _ = write!(OneLine(&mut self.text), "{value}");
        self.spans.push(Span {
            name: name_at,
            value: value_at,
            end: self.text.len(),
        });
    }

    fn append(&mut self, name: &str, value: &str) {
        let (name_at, value_at) = (self.text.len(), self.text.len() + name.len());
        self.text.push_str(name);
        self.text.push_str(value);
        self.spans.push(Span {
            name: name_at,
            value: value_at,
            end: self.text.len(),
        });
    }

    /// Replaces all fields of this name by one, which stands where the first of them stood.
    pub fn set(&mut self, name: impl AsRef<str>, value: impl fmt::Display) {
        let name = name.as_ref();
        let at = self.position(name).unwrap_or(self.spans.len());
        self.remove(name);
        self.push(name, value);
        // All that was removed stood at `at` or behind, so `at` is still a place in the list.
        if let Some(span) = self.spans.pop() {
            self.spans.insert(at, span);
        }
    }

    /// Removes all fields of this name.
    pub fn remove(&mut self, name: impl AsRef<str>) {
        let text = &self.text;
        self.spans
            .retain(|span| !span.name(text).eq_ignore_ascii_case(name.as_ref()));
    }

    /// The value of the first field of this name.
    pub fn get(&self, name: impl AsRef<str>) -> Option<&str> {
        self.get_all(name).next()
    }

    /// The values of all fields of this name, in order.
    pub fn get_all(&self, name: impl AsRef<str>) -> impl Iterator<Item = &str> {
        self.iter()
            .filter(move |(field, _)| field.eq_ignore_ascii_case(name.as_ref()))
            .map(|(_, value)| value)
    }

    /// Whether there is a field of this name.
    pub fn contains(&self, name: impl AsRef<str>) -> bool {
        self.position(name.as_ref()).is_some()
    }

    /// All fields in order: name as written, value.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.spans
            .iter()
            .map(|span| (span.name(&self.text), span.value(&self.text)))
    }

    /// Number of fields.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The sequence number, or `None` where it is missing or no number.
    ///
    /// RFC 2326, section 12.17.
    pub fn cseq(&self) -> Option<u32> {
        self.get(header::CSEQ)?.parse().ok()
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.spans
            .iter()
            .position(|span| span.name(&self.text).eq_ignore_ascii_case(name))
    }
}

impl Span {
    fn name(self, text: &str) -> &str {
        text.get(self.name..self.value).unwrap_or_default()
    }

    fn value(self, text: &str) -> &str {
        text.get(self.value..self.end).unwrap_or_default()
    }
}

impl PartialEq for Headers {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Headers {}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// Writes text with its control characters turned into blanks.
struct OneLine<'a>(&'a mut String);

impl Write for OneLine<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.bytes().any(|byte| byte.is_ascii_control()) {
            self.0.extend(
                text.chars()
                    .map(|c| if c.is_ascii_control() { ' ' } else { c }),
            );
        } else {
            self.0.push_str(text);
        }
        Ok(())
    }
}
