//! The borrowed reader of one message head.

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::fmt;

use super::layout::{Layout, Span};
use crate::{
    Limits,
    error::{LimitExceeded, Malformed, ReadError},
    header,
    message::{StatusCode, Version},
};

/// Start line and header fields of one message, borrowed from the buffer they stand in.
///
/// ```
/// use weir_rtsp::{Limits, message::Head};
///
/// let bytes = b"OPTIONS rtsp://h/a RTSP/1.0\r\ncseq : 7 \r\nX-Long: one\r\n\ttwo\r\n\r\nrest";
/// let (head, len) = Head::parse(bytes, &Limits::default())?.expect("a whole head");
/// assert_eq!(head.get("CSeq").as_deref(), Some("7"));
/// assert_eq!(head.get("x-long").as_deref(), Some("one two"));
/// assert_eq!(&bytes[len..], b"rest");
/// # Ok::<(), weir_rtsp::ReadError>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Head<'a> {
    /// What kind of message it is.
    pub start: StartLine<'a>,
    /// Version of the protocol; any number is read, the session decides what it serves.
    pub version: Version,
    text: &'a str,
    /// Of `text`.
    layout: Layout,
}

/// The first line of a message, its version taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "closed by RFC 2326, sections 6.1 and 7.1"
)]
pub enum StartLine<'a> {
    /// A request line. RFC 2326, section 6.1.
    Request {
        /// The method, as written.
        method: &'a str,
        /// The URI, as written. Blanks inside are kept: devices with blanks in their paths exist.
        uri: &'a str,
    },
    /// A status line. RFC 2326, section 7.1.
    Response {
        /// The status code.
        status: StatusCode,
        /// The reason phrase, as written; some devices leave it out.
        reason: &'a str,
    },
}

/// One header field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    name: &'a str,
    /// Trimmed; holds line ends where `folded`.
    value: &'a str,
    folded: bool,
}

impl<'a> Field<'a> {
    /// `folded`: whether the head has continuation lines at all.
    fn new(span: Span, text: &'a str, folded: bool) -> Self {
        let value = text.get(span.value()).unwrap_or_default();
        Self {
            name: text.get(span.name()).unwrap_or_default(),
            value,
            folded: folded && value.contains('\n'),
        }
    }

    /// The name as written, blanks around it taken away.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// The value, blanks around it taken away, continuation lines joined by one blank.
    pub fn value(&self) -> Cow<'a, str> {
        if !self.folded {
            return Cow::Borrowed(self.value);
        }
        let mut value = String::with_capacity(self.value.len());
        for part in self
            .value
            .lines()
            .map(str::trim_ascii)
            .filter(|part| !part.is_empty())
        {
            if !value.is_empty() {
                value.push(' ');
            }
            value.push_str(part);
        }
        Cow::Owned(value)
    }
}

impl<'a> Head<'a> {
    /// Reads the head at the start of `input` and tells its length in bytes, the empty line
    /// included. `None` while the empty line has not come.
    ///
    /// Taken as they come: lines ending in LF only, blanks around names and values, continuation
    /// lines (an empty one too), the same name twice, no reason phrase, blanks in a URI. A line
    /// without a colon costs that line only, and counts in [`ignored_lines`](Self::ignored_lines);
    /// so does one whose colon stands on a continuation line.
    /// # Errors
    /// [`Malformed`] where the first line is no start line or the text is not UTF-8,
    /// [`LimitExceeded`] for a head or a number of fields over the limits. Offsets count from the
    /// start of `input`.
    ///
    /// RFC 2326, sections 4 to 7 and 12.
    pub fn parse(input: &'a [u8], limits: &Limits) -> Result<Option<(Self, usize)>, ReadError> {
        let window = input.get(..limits.max_head_len).unwrap_or(input);
        let mut head = Self::blank();
        let Some(len) = head.find_lines(window, limits) else {
            if input.len() >= limits.max_head_len {
                return Err(LimitExceeded::Head {
                    offset: 0,
                    limit: limits.max_head_len,
                }
                .into());
            }
            return Ok(None);
        };
        let bytes = input.get(..len).unwrap_or_default();
        let text = core::str::from_utf8(bytes).map_err(|error| Malformed::NotUtf8 {
            offset: error.valid_up_to() as u64,
        })?;
        head.fill(text, limits)?;
        Ok(Some((head, len)))
    }

    /// A head of nothing, to be filled in place: moving a dozen fields costs as much as finding
    /// them.
    pub(super) fn blank() -> Self {
        Self {
            start: StartLine::Request {
                method: "",
                uri: "",
            },
            version: Version::V1_0,
            text: "",
            layout: Layout::default(),
        }
    }

    /// Finds the lines of the head at the start of `bytes` and tells how long it is, if it is whole.
    #[inline]
    pub(super) fn find_lines(&mut self, bytes: &[u8], limits: &Limits) -> Option<usize> {
        self.layout.walk(bytes, limits.max_headers)
    }

    /// Takes the text whose lines were found.
    #[inline]
    pub(super) fn fill(&mut self, text: &'a str, limits: &Limits) -> Result<(), ReadError> {
        let first = text.get(..self.layout.first_len).unwrap_or_default();
        (self.start, self.version) = start_line(first.strip_suffix('\r').unwrap_or(first))?;
        self.text = text;
        match self.layout.over {
            None => Ok(()),
            Some(offset) => Err(LimitExceeded::Headers {
                offset: offset as u64,
                limit: limits.max_headers,
            }
            .into()),
        }
    }

    /// The header fields in order.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = Field<'a>> {
        let (text, folded) = (self.text, self.layout.folded);
        self.layout
            .fields
            .iter()
            .map(move |span| Field::new(*span, text, folded))
    }

    /// The value of the first field of this name, whatever its case.
    pub fn get(&self, name: impl AsRef<str>) -> Option<Cow<'a, str>> {
        self.get_all(name).next()
    }

    /// The values of all fields of this name, in order.
    pub fn get_all(&self, name: impl AsRef<str>) -> impl Iterator<Item = Cow<'a, str>> {
        let (text, folded) = (self.text, self.layout.folded);
        self.layout
            .fields
            .iter()
            .filter(move |span| {
                let field = text.as_bytes().get(span.name()).unwrap_or_default();
                field.eq_ignore_ascii_case(name.as_ref().as_bytes())
            })
            .map(move |span| Field::new(*span, text, folded).value())
    }

    /// Lines that are no header field and were left out.
    pub const fn ignored_lines(&self) -> usize {
        self.layout.ignored_lines
    }

    /// The length of the body: 0 without `Content-Length`.
    ///
    /// # Errors
    /// [`Malformed::ContentLength`] for a value that is not a plain number, and for two that
    /// differ: where such a message ends cannot be known (smolrtsp#58 shows what a -1 can do).
    ///
    /// RFC 2326, section 12.14.
    pub fn content_length(&self) -> Result<u64, Malformed> {
        let mut known = None;
        for value in self.get_all(header::CONTENT_LENGTH) {
            let plain = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
            let len = if plain { value.parse().ok() } else { None };
            match (known, len) {
                (None, Some(len)) => known = Some(len),
                (Some(known), Some(len)) if known == len => {}
                _ => return Err(Malformed::ContentLength { offset: 0 }),
            }
        }
        Ok(known.unwrap_or_default())
    }
}

impl PartialEq for Head<'_> {
    fn eq(&self, other: &Self) -> bool {
        (self.start, self.version, self.ignored_lines())
            == (other.start, other.version, other.ignored_lines())
            && self.fields().eq(other.fields())
    }
}

impl Eq for Head<'_> {}

impl fmt::Debug for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Head")
            .field("start", &self.start)
            .field("version", &self.version)
            .field("fields", &self.fields().collect::<Vec<_>>())
            .field("ignored_lines", &self.ignored_lines())
            .finish()
    }
}

fn start_line(line: &str) -> Result<(StartLine<'_>, Version), Malformed> {
    let bad = |expected| Malformed::StartLine {
        offset: 0,
        expected,
    };
    if line.starts_with("RTSP/") {
        let (version, rest) = line
            .split_once(' ')
            .ok_or_else(|| bad("a blank in the first line"))?;
        return status_line(version, rest.trim_ascii());
    }
    let line = line.trim_ascii_end();
    let (method, rest) = line
        .split_at_checked(token_len(line))
        .filter(|(method, rest)| !method.is_empty() && rest.starts_with(' '))
        .ok_or_else(|| bad("a method and a blank"))?;
    let (uri, version) = uri_and_version(rest).ok_or_else(|| bad("a URI and a version"))?;
    let version = version
        .parse()
        .map_err(|_| bad("a version such as RTSP/1.0"))?;
    Ok((StartLine::Request { method, uri }, version))
}

/// What stands behind the method of a request line, its last eight bytes taken for the version.
fn uri_and_version(rest: &str) -> Option<(&str, &str)> {
    let (uri, version) = rest.split_at_checked(rest.len().checked_sub(VERSION_LEN)?)?;
    let uri = uri.strip_suffix(' ')?.trim_ascii();
    (!uri.is_empty()).then_some((uri, version))
}

/// A status line behind its version. RFC 2326, section 7.1.
fn status_line<'a>(version: &str, rest: &'a str) -> Result<(StartLine<'a>, Version), Malformed> {
    let bad = |expected| Malformed::StartLine {
        offset: 0,
        expected,
    };
    let version = version
        .parse()
        .map_err(|_| bad("a version such as RTSP/1.0"))?;
    let (digits, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    let status = match digits.as_bytes() {
        [_, _, _] => digits.parse().ok().and_then(StatusCode::from_u16),
        _ => None,
    };
    let status = status.ok_or_else(|| bad("a status code of three digits"))?;
    let reason = reason.trim_ascii();
    Ok((StartLine::Response { status, reason }, version))
}

/// How long the token is that the line starts with: `1*<any CHAR except CTLs or separators>`.
///
/// RFC 2326, section 15.1.
fn token_len(line: &str) -> usize {
    let allowed = |byte: &u8| {
        TOKEN
            .get(usize::from(*byte))
            .is_some_and(|allowed| *allowed)
    };
    line.bytes().take_while(allowed).count()
}

/// `RTSP/1.0`.
const VERSION_LEN: usize = 8;

/// Whether a byte may stand in a token.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
static TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        table[byte as usize] = byte.is_ascii_alphanumeric()
            || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~');
        byte += 1;
    }
    table
};
