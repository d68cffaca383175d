//! Requests and responses as owned values, and their encoding.

use alloc::{string::String, vec::Vec};
use core::fmt::Write;

use bytes::Bytes;

use crate::{
    header,
    message::{Headers, Method, StatusCode, Version},
};

/// A request.
///
/// ```
/// use weir_rtsp::message::{Method, Request};
///
/// let request = Request::new(Method::DESCRIBE, "rtsp://h/a").with_header("CSeq", 2);
/// assert_eq!(request.encode(), "DESCRIBE rtsp://h/a RTSP/1.0\r\nCSeq: 2\r\n\r\n");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// What is asked for.
    pub method: Method,
    /// Of what. `*` for a server as a whole.
    pub uri: String,
    /// RTSP/1.0 unless changed.
    pub version: Version,
    /// The header fields. `Content-Length` is written from the body, whatever stands here.
    pub headers: Headers,
    /// The body, often empty.
    pub body: Bytes,
}

impl Request {
    /// A request without header fields and body.
    pub fn new(method: Method, uri: impl Into<String>) -> Self {
        let (version, headers) = (Version::V1_0, Headers::new());
        Self {
            method,
            uri: uri.into(),
            version,
            headers,
            body: Bytes::new(),
        }
    }

    /// The same request with one more header field.
    #[must_use]
    pub fn with_header(mut self, name: impl AsRef<str>, value: impl core::fmt::Display) -> Self {
        self.headers.push(name, value);
        self
    }

    /// The same request with a body of this type.
    #[must_use]
    pub fn with_body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.headers.set(header::CONTENT_TYPE, content_type);
        self.body = body.into();
        self
    }

    /// The bytes of the message.
    pub fn encode(&self) -> Bytes {
        let mut out = String::with_capacity(256 + self.uri.len());
        // Writing to a `String` cannot fail. A line end in the URI would end the line.
        let _ = write!(out, "{} ", self.method);
        for c in self.uri.chars() {
            if c.is_ascii_control() {
                let _ = write!(out, "%{:02X}", u32::from(c));
            } else {
                out.push(c);
            }
        }
        let _ = write!(out, " {}\r\n", self.version);
        finish(out, &self.headers, &self.body)
    }
}

/// A response.
///
/// ```
/// use weir_rtsp::message::{Response, StatusCode};
///
/// let response = Response::new(StatusCode::OK).with_header("CSeq", 2).with_body("text/x", "hi");
/// assert_eq!(
///     response.encode(),
///     "RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Type: text/x\r\nContent-Length: 2\r\n\r\nhi",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// How it went.
    pub status: StatusCode,
    /// The same in words. Written as it stands; no program may depend on it.
    pub reason: String,
    /// RTSP/1.0 unless changed.
    pub version: Version,
    /// The header fields. `Content-Length` is written from the body, whatever stands here.
    pub headers: Headers,
    /// The body, often empty.
    pub body: Bytes,
}

impl Response {
    /// A response with the usual phrase, without header fields and body.
    pub fn new(status: StatusCode) -> Self {
        let (version, headers) = (Version::V1_0, Headers::new());
        Self {
            status,
            reason: status.reason().into(),
            version,
            headers,
            body: Bytes::new(),
        }
    }

    /// The same response with one more header field.
    #[must_use]
    pub fn with_header(mut self, name: impl AsRef<str>, value: impl core::fmt::Display) -> Self {
        self.headers.push(name, value);
        self
    }

    /// The same response with a body of this type.
    #[must_use]
    pub fn with_body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.headers.set(header::CONTENT_TYPE, content_type);
        self.body = body.into();
        self
    }

    /// The bytes of the message.
    pub fn encode(&self) -> Bytes {
        let mut out = String::with_capacity(256);
        // Writing to a `String` cannot fail.
        let _ = write!(out, "{} {} ", self.version, self.status);
        let reason: String = self
            .reason
            .chars()
            .filter(|c| !c.is_ascii_control())
            .collect();
        out.push_str(reason.trim_ascii());
        out.push_str("\r\n");
        finish(out, &self.headers, &self.body)
    }
}

/// Header fields, the length of the body, the empty line and the body.
fn finish(mut out: String, headers: &Headers, body: &Bytes) -> Bytes {
    for (name, value) in headers.iter() {
        if !name.eq_ignore_ascii_case(header::CONTENT_LENGTH.as_ref()) {
            // go2rtc#7: some peers know the name only as it stands in the specification.
            let name = if name.eq_ignore_ascii_case("CSeq") {
                header::CSEQ.as_ref()
            } else {
                name
            };
            let _ = write!(out, "{name}: {value}\r\n");
        }
    }
    if !body.is_empty() || headers.contains(header::CONTENT_LENGTH) {
        let _ = write!(out, "{}: {}\r\n", header::CONTENT_LENGTH, body.len());
    }
    out.push_str("\r\n");
    let mut out = Vec::from(out);
    out.extend_from_slice(body);
    Bytes::from(out)
}
