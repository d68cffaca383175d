//! The borrowed reader of one message head.

use alloc::{borrow::Cow, string::String};

use memchr::{memchr, memchr_iter};
use smallvec::SmallVec;

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
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Head<'a> {
    /// What kind of message it is.
    pub start: StartLine<'a>,
    /// Version of the protocol; any number is read, the session decides what it serves.
    pub version: Version,
    fields: SmallVec<[Field<'a>; 12]>,
    ignored_lines: usize,
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
    /// without a colon costs that line only, and counts in [`ignored_lines`](Self::ignored_lines).
    /// # Errors
    /// [`Malformed`] where the first line is no start line or the text is not UTF-8,
    /// [`LimitExceeded`] for a head or a number of fields over the limits. Offsets count from the
    /// start of `input`.
    ///
    /// RFC 2326, sections 4 to 7 and 12.
    pub fn parse(input: &'a [u8], limits: &Limits) -> Result<Option<(Self, usize)>, ReadError> {
        let window = input.get(..limits.max_head_len).unwrap_or(input);
        let Some(len) = end_of_head(window, 0) else {
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
        Self::parse_text(text, limits).map(|head| Some((head, len)))
    }

    /// Reads a head that is whole.
    pub(crate) fn parse_text(text: &'a str, limits: &Limits) -> Result<Self, ReadError> {
        let (first, mut rest) = split_line(text);
        let (start, version) = start_line(first)?;
        let mut head = Self {
            start,
            version,
            fields: SmallVec::new(),
            ignored_lines: 0,
        };
        while !rest.is_empty() {
            let (mut line, mut next) = split_line(rest);
            let folded = next.starts_with([' ', '\t']) && !line.is_empty();
            if folded {
                // A line of one blank continues too and does not end the head: Luma x20 cameras
                // send one.
                while next.starts_with([' ', '\t']) {
                    next = split_line(next).1;
                }
                line = rest.get(..rest.len() - next.len()).unwrap_or_default();
            }
            if !line.is_empty() {
                head.push_field(line, folded, text.len() - rest.len(), limits)?;
            }
            rest = next;
        }
        Ok(head)
    }

    fn push_field(
        &mut self,
        line: &'a str,
        folded: bool,
        offset: usize,
        limits: &Limits,
    ) -> Result<(), LimitExceeded> {
        let colon = memchr(b':', line.as_bytes()).unwrap_or_default();
        let name = line.get(..colon).unwrap_or_default().trim_ascii_end();
        if name.is_empty() || name.starts_with([' ', '\t']) {
            self.ignored_lines += 1;
            return Ok(());
        }
        let limit = limits.max_headers;
        if self.fields.len() >= limit {
            return Err(LimitExceeded::Headers {
                offset: offset as u64,
                limit,
            });
        }
        let value = line.get(colon + 1..).unwrap_or_default().trim_ascii();
        self.fields.push(Field {
            name,
            value,
            folded,
        });
        Ok(())
    }

    /// The header fields in order.
    pub fn fields(&self) -> &[Field<'a>] {
        &self.fields
    }

    /// The value of the first field of this name, whatever its case.
    pub fn get(&self, name: impl AsRef<str>) -> Option<Cow<'a, str>> {
        self.get_all(name).next()
    }

    /// The values of all fields of this name, in order.
    pub fn get_all(&self, name: impl AsRef<str>) -> impl Iterator<Item = Cow<'a, str>> {
        self.fields
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name.as_ref()))
            .map(Field::value)
    }

    /// Lines that are no header field and were left out.
    pub const fn ignored_lines(&self) -> usize {
        self.ignored_lines
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

/// Where the head ends that starts at 0: behind the first empty line. Lines before `from` are
/// known not to be empty.
pub(super) fn end_of_head(bytes: &[u8], from: usize) -> Option<usize> {
    let tail = bytes.get(from..).unwrap_or_default();
    for at in memchr_iter(b'\n', tail) {
        match tail.get(at + 1..).unwrap_or_default() {
            [b'\n', ..] => return Some(from + at + 2),
            [b'\r', b'\n', ..] => return Some(from + at + 3),
            _ => {}
        }
    }
    None
}

/// The first line without its end, and what follows.
fn split_line(text: &str) -> (&str, &str) {
    let (line, rest) = memchr(b'\n', text.as_bytes())
        .and_then(|at| Some((text.get(..at)?, text.get(at + 1..)?)))
        .unwrap_or((text, ""));
    (line.strip_suffix('\r').unwrap_or(line), rest)
}

fn start_line(line: &str) -> Result<(StartLine<'_>, Version), Malformed> {
    let bad = |expected| Malformed::StartLine {
        offset: 0,
        expected,
    };
    let (first, rest) = line
        .split_once(' ')
        .ok_or_else(|| bad("a blank in the first line"))?;
    if first.starts_with("RTSP/") {
        let version = first
            .parse()
            .map_err(|_| bad("a version such as RTSP/1.0"))?;
        let rest = rest.trim_ascii();
        let (digits, reason) = rest.split_once(' ').unwrap_or((rest, ""));
        let status = match digits.as_bytes() {
            [_, _, _] => digits.parse().ok().and_then(StatusCode::from_u16),
            _ => None,
        };
        let status = status.ok_or_else(|| bad("a status code of three digits"))?;
        return Ok((
            StartLine::Response {
                status,
                reason: reason.trim_ascii(),
            },
            version,
        ));
    }
    let rest = rest.trim_ascii();
    let (uri, version) = rest
        .rsplit_once(' ')
        .ok_or_else(|| bad("a URI and a version"))?;
    let version = version
        .parse()
        .map_err(|_| bad("a version such as RTSP/1.0"))?;
    if !is_token(first) {
        return Err(bad("a method"));
    }
    Ok((
        StartLine::Request {
            method: first,
            uri: uri.trim_ascii(),
        },
        version,
    ))
}

/// `1*<any CHAR except CTLs or separators>`. RFC 2326, section 15.1.
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
