//! RTSP through HTTP, for networks that let nothing else pass, both roles.
//!
//! The client opens two connections with the same `x-sessioncookie`: a GET, whose endless answer
//! carries what the server says, and a POST, whose endless body carries what the client says, in
//! Base64. [`Request`] reads the head of either on the server's side; [`Decoder`] undoes the
//! Base64. On the client's side [`get`], [`post`] and [`encode`] write, and [`Answer`] reads the
//! answer to the GET. What is inside goes to and comes from a session like any other bytes.
//!
//! ```
//! use weir_rtsp::{Limits, tunnel};
//!
//! let get = tunnel::get("h:554", "/camera", "cookie");
//! let (request, len) = tunnel::Request::parse(&get, &Limits::default())?.expect("a whole head");
//! assert_eq!((request.kind, &*request.cookie, len), (tunnel::Kind::Get, "cookie", get.len()));
//!
//! let mut decoder = tunnel::Decoder::new();
//! let mut text = Vec::new();
//! for part in [tunnel::encode(b"OPTIONS *"), tunnel::encode(b" RTSP/1.0")] {
//!     decoder.decode(&part, &mut text)?;
//! }
//! assert_eq!(text, b"OPTIONS * RTSP/1.0");
//! # Ok::<(), tunnel::TunnelError>(())
//! ```
//! Apple, "Tunneling RTSP and RTP over HTTP"; ONVIF Streaming Specification, "RTP/RTSP/HTTP/TCP".

use alloc::{borrow::ToOwned, format, string::String, vec::Vec};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use memchr::memmem;
use thiserror::Error;

use crate::{Limits, message::Method};

/// Which of the two connections of a tunnel this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "closed: a tunnel is two connections"
)]
pub enum Kind {
    /// From the server to the client, as they are.
    Get,
    /// From the client to the server, in Base64.
    Post,
}

/// The head of one connection of a tunnel, as the server reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// Which connection it is.
    pub kind: Kind,
    /// The path and query asked for; those of the RTSP requests inside count.
    pub target: String,
    /// The minor version of HTTP/1. The answer mirrors it: some clients reject another.
    pub minor_version: u8,
    /// What ties the two connections together.
    pub cookie: String,
}

/// Why bytes are no tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TunnelError {
    /// The head is no GET or POST of HTTP/1, or is not UTF-8.
    #[error("not a request of an RTSP tunnel")]
    NotATunnel,
    /// `x-sessioncookie` is missing, empty or longer than 128 bytes.
    #[error("no x-sessioncookie of 1 to 128 bytes")]
    NoCookie,
    /// The head does not end in time.
    #[error("the head is longer than {limit} bytes")]
    HeadTooLong {
        /// [`Limits::max_head_len`].
        limit: usize,
    },
    /// A byte is not Base64.
    #[error("byte {byte:#04x} at byte {offset} of the body is not Base64")]
    NotBase64 {
        /// Where it stands in the body.
        offset: u64,
        /// The byte.
        byte: u8,
    },
    /// The server refused the tunnel.
    #[error("the server answered the tunnel with status {status}")]
    Refused {
        /// The status of its answer.
        status: u16,
    },
}

/// Whether a connection that starts with these bytes is a tunnel. `None` until enough came to tell.
///
/// Tunnels come to the port of RTSP too.
pub fn is_tunnel(start: &[u8]) -> Option<bool> {
    let mut unknown = false;
    for method in [&b"GET "[..], b"POST "] {
        if start.starts_with(method) {
            return Some(true);
        }
        unknown |= method.starts_with(start);
    }
    // GET_PARAMETER is RTSP; it parts from GET at its fourth byte.
    debug_assert!(
        !Method::NAMES.contains(&"GET"),
        "a method of RTSP looks like a tunnel"
    );
    (!unknown).then_some(false)
}

impl Request {
    /// Reads the head at the start of `input` and tells its length in bytes. `None` while it is
    /// not whole. What follows the head of a POST is the first part of its body.
    ///
    /// # Errors
    /// [`TunnelError`] where it is no tunnel.
    pub fn parse(input: &[u8], limits: &Limits) -> Result<Option<(Self, usize)>, TunnelError> {
        let Some((text, len)) = head(input, limits)? else {
            return Ok(None);
        };
        let mut lines = text.lines();
        let mut words = lines.next().unwrap_or_default().split_ascii_whitespace();
        let kind = match words.next() {
            Some("GET") => Kind::Get,
            Some("POST") => Kind::Post,
            _ => return Err(TunnelError::NotATunnel),
        };
        let target = words.next().ok_or(TunnelError::NotATunnel)?.to_owned();
        let minor_version = match words.next() {
            Some("HTTP/1.0") => 0,
            Some("HTTP/1.1") => 1,
            _ => return Err(TunnelError::NotATunnel),
        };
        let cookie = field(text, "x-sessioncookie").filter(|cookie| !cookie.is_empty());
        let cookie = cookie.filter(|cookie| cookie.len() <= MAX_COOKIE);
        let cookie = cookie.ok_or(TunnelError::NoCookie)?.to_owned();
        Ok(Some((
            Self {
                kind,
                target,
                minor_version,
                cookie,
            },
            len,
        )))
    }

    /// The answer to a GET; everything behind it is what the server says. A POST is not answered:
    /// its body never ends.
    pub fn accept(&self) -> Bytes {
        let version = self.minor_version;
        Bytes::from(format!(
            "HTTP/1.{version} 200 OK\r\nServer: weir\r\nConnection: close\r\n\
             Date: Thu, 19 Aug 1982 18:30:00 GMT\r\nCache-Control: no-store\r\n\
             Pragma: no-cache\r\nContent-Type: application/x-rtsp-tunnelled\r\n\r\n"
        ))
    }
}

/// The head of the GET a client opens a tunnel with. `host` is host and port, `target` path and
/// query, `cookie` some random letters and digits.
pub fn get(host: &str, target: &str, cookie: &str) -> Bytes {
    Bytes::from(format!(
        "GET {target} HTTP/1.0\r\nHost: {host}\r\nUser-Agent: weir\r\n\
         x-sessioncookie: {cookie}\r\nAccept: application/x-rtsp-tunnelled\r\n\
         Pragma: no-cache\r\nCache-Control: no-cache\r\n\r\n"
    ))
}

/// The head of the POST. Its length is fiction, as in every client: the body ends with the
/// connection.
pub fn post(host: &str, target: &str, cookie: &str) -> Bytes {
    Bytes::from(format!(
        "POST {target} HTTP/1.0\r\nHost: {host}\r\nUser-Agent: weir\r\n\
         x-sessioncookie: {cookie}\r\nContent-Type: application/x-rtsp-tunnelled\r\n\
         Pragma: no-cache\r\nCache-Control: no-cache\r\nContent-Length: 32767\r\n\
         Expires: Sun, 9 Jan 1972 00:00:00 GMT\r\n\r\n"
    ))
}

/// One message or frame as it stands in the body of the POST, padded on its own.
pub fn encode(bytes: &[u8]) -> Bytes {
    Bytes::from(STANDARD.encode(bytes))
}

/// The answer to the GET, as the client reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// Its length in bytes; everything behind it is what the server says.
    pub len: usize,
}

impl Answer {
    /// Reads the head at the start of `input`. `None` while it is not whole.
    ///
    /// # Errors
    /// [`TunnelError::Refused`] for any status but 200.
    pub fn parse(input: &[u8], limits: &Limits) -> Result<Option<Self>, TunnelError> {
        let Some((text, len)) = head(input, limits)? else {
            return Ok(None);
        };
        let mut words = text.split_ascii_whitespace();
        if !words
            .next()
            .is_some_and(|version| version.starts_with("HTTP/1."))
        {
            return Err(TunnelError::NotATunnel);
        }
        match words.next().and_then(|status| status.parse().ok()) {
            Some(200) => Ok(Some(Self { len })),
            Some(status) => Err(TunnelError::Refused { status }),
            None => Err(TunnelError::NotATunnel),
        }
    }
}

/// Undoes the Base64 of a POST body, in any cut.
///
/// Every message is padded on its own, so `=` stands in the middle of the body: four letters are
/// decoded at a time, and behind padding it goes on. Line ends are passed over.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    group: [u8; 4],
    /// Letters in `group`, 0 to 3.
    filled: usize,
    offset: u64,
}

impl Decoder {
    /// A decoder at the start of a body.
    pub const fn new() -> Self {
        Self {
            group: [0; 4],
            filled: 0,
            offset: 0,
        }
    }

    /// Decodes what came and appends it to `out`.
    ///
    /// # Errors
    /// [`TunnelError::NotBase64`] at the first byte that is none; what stood before it is in `out`.
    pub fn decode(&mut self, body: &[u8], out: &mut Vec<u8>) -> Result<(), TunnelError> {
        for &byte in body {
            let allowed = byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
            if !allowed && !byte.is_ascii_whitespace() {
                return Err(TunnelError::NotBase64 {
                    offset: self.offset,
                    byte,
                });
            }
            if let Some(slot) = self.group.get_mut(self.filled).filter(|_| allowed) {
                *slot = byte;
                self.filled += 1;
            }
            if self.filled == self.group.len() {
                self.filled = 0;
                STANDARD
                    .decode_vec(self.group, out)
                    .map_err(|_| TunnelError::NotBase64 {
                        offset: self.offset,
                        byte,
                    })?;
            }
            self.offset += 1;
        }
        Ok(())
    }
}

/// The text of a head and its length, the empty line included.
fn head<'a>(input: &'a [u8], limits: &Limits) -> Result<Option<(&'a str, usize)>, TunnelError> {
    let limit = limits.max_head_len;
    let window = input.get(..limit).unwrap_or(input);
    let Some(end) = memmem::find(window, b"\r\n\r\n") else {
        let full = input.len() >= limit;
        return if full {
            Err(TunnelError::HeadTooLong { limit })
        } else {
            Ok(None)
        };
    };
    let text = input
        .get(..end)
        .and_then(|text| core::str::from_utf8(text).ok());
    Ok(Some((text.ok_or(TunnelError::NotATunnel)?, end + 4)))
}

/// The value of a header field.
fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (field, value) = line.split_once(':')?;
        field
            .trim_ascii()
            .eq_ignore_ascii_case(name)
            .then(|| value.trim_ascii())
    })
}

/// Longest cookie kept.
const MAX_COOKIE: usize = 128;
