//! As much of HTTP/1.1 as a tunnel needs: messages with a length, or in chunks.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use bytes::Bytes;

use super::CONTENT_TYPE;
use crate::cursor;
use crate::error::TunnelError;

/// Reads the HTTP messages of one connection, requests or responses.
///
/// ```
/// use weir_rtmp::tunnel::HttpReader;
///
/// let mut reader = HttpReader::new(1 << 20);
/// let mut input: &[u8] = b"POST /idle/Qk3x/7 HTTP/1.1\r\nContent-Length: 1\r\n\r\n\0";
/// let message = reader.read(&mut input)?.unwrap();
/// assert_eq!(message.path(), Some("/idle/Qk3x/7"));
/// assert_eq!(&message.body[..], [0]);
/// # Ok::<(), weir_rtmp::TunnelError>(())
/// ```
///
/// RFC 9112.
#[derive(Clone, Debug)]
pub struct HttpReader {
    max_body_len: usize,
    state: State,
    /// The line that is not complete.
    line: Vec<u8>,
    /// Bytes of the head so far.
    head_len: usize,
    message: HttpMessage,
    body: Vec<u8>,
    length: Length,
}

/// One HTTP message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpMessage {
    /// The first line, without its end.
    pub start_line: String,
    /// Whether the connection is to be closed after it.
    pub close: bool,
    /// The body.
    pub body: Bytes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    StartLine,
    Header,
    Body {
        left: usize,
    },
    ChunkSize,
    Chunk {
        left: usize,
    },
    /// The line end behind a chunk.
    ChunkEnd,
    Trailer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    Known(usize),
    Chunked,
}

impl HttpMessage {
    /// Returns the path of a request.
    pub fn path(&self) -> Option<&str> {
        let mut words = self.start_line.split(' ');
        match (words.next(), words.next(), words.next()) {
            (Some(_), Some(path), Some(version)) if version.starts_with("HTTP/") => Some(path),
            _ => None,
        }
    }

    /// Returns the status of a response.
    pub fn status(&self) -> Option<u16> {
        self.start_line
            .strip_prefix("HTTP/")?
            .split(' ')
            .nth(1)?
            .parse()
            .ok()
    }
}

impl HttpReader {
    /// Returns a reader of messages whose bodies have at most `max_body_len` bytes.
    pub fn new(max_body_len: usize) -> Self {
        Self {
            max_body_len,
            state: State::StartLine,
            line: Vec::new(),
            head_len: 0,
            message: HttpMessage::default(),
            body: Vec::new(),
            length: Length::Known(0),
        }
    }

    /// Takes bytes off the front of `input` up to the end of the next message.
    ///
    /// After `None` the input is empty and more is needed.
    ///
    /// # Errors
    ///
    /// [`TunnelError::Head`] and [`TunnelError::Body`] for what is too long,
    /// [`TunnelError::Header`] for a length that makes no sense. The connection is lost then.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<HttpMessage>, TunnelError> {
        loop {
            match self.state {
                State::Body { left } | State::Chunk { left } if left > 0 => {
                    let taken = cursor::take(input, left);
                    self.body.extend_from_slice(taken);
                    let left = left - taken.len();
                    let in_chunk = matches!(self.state, State::Chunk { .. });
                    self.state = if in_chunk {
                        State::Chunk { left }
                    } else {
                        State::Body { left }
                    };
                    if left > 0 {
                        return Ok(None);
                    }
                }
                State::Body { .. } => return Ok(Some(self.complete())),
                State::Chunk { .. } => self.state = State::ChunkEnd,
                _ => {
                    let Some(line) = self.take_line(input)? else {
                        return Ok(None);
                    };
                    if self.take_in(&line)? {
                        return Ok(Some(self.complete()));
                    }
                }
            }
        }
    }

    /// Takes a line in; returns whether the message ends with it.
    fn take_in(&mut self, line: &[u8]) -> Result<bool, TunnelError> {
        match self.state {
            // Empty lines before a message are allowed.
            State::StartLine if line.is_empty() => {}
            State::StartLine => {
                let line = core::str::from_utf8(line).map_err(|_| TunnelError::StartLine)?;
                self.message.start_line = line.into();
                self.state = State::Header;
            }
            State::Header if line.is_empty() => {
                self.state = match self.length {
                    Length::Known(left) => State::Body { left },
                    Length::Chunked => State::ChunkSize,
                };
            }
            State::Header => self.take_header(line)?,
            State::ChunkSize => {
                let size = line.split(|byte| *byte == b';').next().unwrap_or_default();
                let left = number(size, 16).ok_or(TunnelError::Header)?;
                self.check_body_len(self.body.len().saturating_add(left))?;
                self.state = if left > 0 {
                    State::Chunk { left }
                } else {
                    State::Trailer
                };
            }
            State::ChunkEnd if line.is_empty() => {
                self.head_len = 0;
                self.state = State::ChunkSize;
            }
            State::ChunkEnd => return Err(TunnelError::Header),
            State::Trailer => return Ok(line.is_empty()),
            State::Body { .. } | State::Chunk { .. } => {}
        }
        Ok(false)
    }

    fn take_header(&mut self, line: &[u8]) -> Result<(), TunnelError> {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let (Some(name), Some(value)) = (parts.next(), parts.next()) else {
            return Err(TunnelError::Header);
        };
        let value = value.trim_ascii();
        if name.eq_ignore_ascii_case(b"content-length") {
            let len = number(value, 10).ok_or(TunnelError::Header)?;
            self.check_body_len(len)?;
            if self.length != Length::Chunked {
                self.length = Length::Known(len);
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if !value.eq_ignore_ascii_case(b"chunked") {
                return Err(TunnelError::Header);
            }
            self.length = Length::Chunked;
        } else if name.eq_ignore_ascii_case(b"connection") {
            self.message.close = value.eq_ignore_ascii_case(b"close");
        }
        Ok(())
    }

    fn check_body_len(&self, got: usize) -> Result<(), TunnelError> {
        let limit = self.max_body_len;
        if got > limit {
            Err(TunnelError::Body { got, limit })
        } else {
            Ok(())
        }
    }

    /// Returns the next line, without its end, once it is complete.
    fn take_line(&mut self, input: &mut &[u8]) -> Result<Option<Vec<u8>>, TunnelError> {
        let end = input.iter().position(|byte| *byte == b'\n');
        let taken = cursor::take(input, end.map_or(input.len(), |end| end + 1));
        self.head_len += taken.len();
        if self.head_len > MAX_HEAD_LEN {
            return Err(TunnelError::Head {
                limit: MAX_HEAD_LEN,
            });
        }
        self.line.extend_from_slice(taken);
        if end.is_none() {
            return Ok(None);
        }
        let mut line = mem::take(&mut self.line);
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(Some(line))
    }

    fn complete(&mut self) -> HttpMessage {
        self.state = State::StartLine;
        self.head_len = 0;
        self.length = Length::Known(0);
        let mut message = mem::take(&mut self.message);
        message.body = mem::take(&mut self.body).into();
        message
    }
}

/// Returns an HTTP response with a tunnel's body.
pub fn http_response(status: u16, body: &[u8]) -> Bytes {
    let phrase = match status {
        200 => "OK",
        404 => "Not Found",
        _ => "Bad Request",
    };
    let head = format!(
        "HTTP/1.1 {status} {phrase}\r\n\
         Content-Type: {CONTENT_TYPE}\r\n\
         Content-Length: {len}\r\n\
         Connection: Keep-Alive\r\n\
         Cache-Control: no-cache\r\n\r\n",
        len = body.len(),
    );
    [head.as_bytes(), body].concat().into()
}

/// Reads digits and nothing else.
fn number(digits: &[u8], radix: u32) -> Option<usize> {
    let digits = core::str::from_utf8(digits.trim_ascii()).ok()?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if plain {
        usize::from_str_radix(digits, radix).ok()
    } else {
        None
    }
}

/// Longest head, all lines together.
const MAX_HEAD_LEN: usize = 8 << 10;
