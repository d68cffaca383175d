//! Text as it stands on the wire.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

use ascii::AsciiStr;

use crate::error::{DecodeError, Malformed};

/// A text of the input, checked to be UTF-8 when it is [asked for](Self::as_str).
///
/// A text that AMF3 refers to is checked once, however many references follow.
///
/// ```
/// use weir_amf::{Reader, Token};
///
/// let mut reader = Reader::amf0(&[0x02, 0x00, 0x02, b'h', b'i']);
/// let event = reader.next_event()?.expect("one value");
/// let Token::String(text) = event.token else { panic!("a string") };
/// assert_eq!(text.as_str()?, "hi");
/// assert_eq!(text, "hi");
/// # Ok::<(), weir_amf::DecodeError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Text<'a> {
    content: Content<'a>,
    offset: u32,
    /// The entry in the AMF3 table of strings, or [`Text::NO_ENTRY`].
    entry: u32,
}

/// The bytes, and what is known about them.
#[derive(Clone, Copy)]
enum Content<'a> {
    Unchecked(&'a [u8]),
    Utf8(&'a str),
    NotUtf8(&'a [u8]),
}

impl<'a> Text<'a> {
    /// Stands for a text that is in no table: every AMF0 text and the empty AMF3 string.
    pub(crate) const NO_ENTRY: u32 = u32::MAX;

    /// Stands for no text at all.
    pub(crate) const EMPTY: Self = Self::new(&[], 0, Self::NO_ENTRY);

    #[inline]
    pub(crate) const fn new(bytes: &'a [u8], offset: u32, entry: u32) -> Self {
        Self {
            content: Content::Unchecked(bytes),
            offset,
            entry,
        }
    }

    /// Checks the bytes, so that copies of this need not.
    #[inline]
    pub(crate) fn check(&mut self) {
        if let Content::Unchecked(bytes) = self.content {
            self.content = match utf8(bytes) {
                Some(text) => Content::Utf8(text),
                None => Content::NotUtf8(bytes),
            };
        }
    }

    /// Tells whether it is known whether the bytes are UTF-8.
    #[inline]
    pub(crate) const fn is_checked(self) -> bool {
        !matches!(self.content, Content::Unchecked(_))
    }

    #[inline]
    pub(crate) const fn entry(self) -> u32 {
        self.entry
    }

    /// Returns the bytes as they stand in the input.
    #[inline]
    #[must_use]
    pub const fn as_bytes(self) -> &'a [u8] {
        match self.content {
            Content::Unchecked(bytes) | Content::NotUtf8(bytes) => bytes,
            Content::Utf8(text) => text.as_bytes(),
        }
    }

    /// Returns where the bytes begin in the input.
    #[must_use]
    pub const fn offset(self) -> usize {
        self.offset as usize
    }

    /// Returns the length in bytes.
    #[must_use]
    pub const fn len(self) -> usize {
        self.as_bytes().len()
    }

    /// Tells whether the text has no bytes.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.as_bytes().is_empty()
    }

    /// Checks the bytes and returns them as text.
    ///
    /// # Errors
    /// [`Malformed::Utf8`] if they are not UTF-8.
    #[inline]
    pub fn as_str(self) -> Result<&'a str, DecodeError> {
        let checked = match self.content {
            Content::Utf8(text) => Some(text),
            Content::Unchecked(bytes) => utf8(bytes),
            Content::NotUtf8(_) => None,
        };
        checked.ok_or_else(|| self.not_utf8())
    }

    #[cold]
    fn not_utf8(self) -> DecodeError {
        let offset = self.offset();
        Malformed::Utf8 { offset }.into()
    }

    /// Returns the bytes as text, with U+FFFD for what is not UTF-8.
    #[must_use]
    pub fn to_str_lossy(self) -> Cow<'a, str> {
        lossy(self.as_bytes())
    }
}

/// Checks that bytes are UTF-8.
///
/// The standard library does so byte by byte before and behind aligned words, and so all along most
/// names. That they are ASCII can be told word by word from wherever they begin.
#[inline]
fn utf8(bytes: &[u8]) -> Option<&str> {
    if bytes.len() <= SHORT {
        if let Ok(text) = AsciiStr::from_ascii(bytes) {
            return Some(text.as_str());
        }
    }
    core::str::from_utf8(bytes).ok()
}

#[inline(never)]
fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    utf8(bytes).map_or_else(|| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// The longest text in bytes of which it is looked first whether it is ASCII.
const SHORT: usize = 64;

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Text<'_> {}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.as_bytes();
        let shown = bytes.get(..32).unwrap_or(bytes);
        write!(f, "\"{}\"", shown.escape_ascii())?;
        if shown.len() < bytes.len() {
            write!(f, "... ({} bytes)", bytes.len())?;
        }
        Ok(())
    }
}
