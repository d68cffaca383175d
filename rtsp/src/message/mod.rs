//! Messages: requests, responses and the `$` frames between them, read and written.
//!
//! [`Head::parse`] is the borrowed reader of one message head. [`Reader`] is the incremental one:
//! bytes in, whole [`Item`]s out. [`Request`] and [`Response`] are the owned forms, built, edited
//! and encoded. None of them knows a role or the time.

mod fields;
mod head;
mod input;
mod interleaved;
mod layout;
mod method;
mod owned;
mod reader;
mod status;

pub use fields::Headers;
pub use head::{Field, Head, StartLine};
pub use interleaved::Interleaved;
pub use method::Method;
pub use owned::{Request, Response};
pub use reader::{Item, Reader, Resync};
pub use status::StatusCode;

use core::{fmt, str::FromStr};

use crate::ValueError;

/// Version of the protocol, as written in the start line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Version {
    /// The number before the full stop.
    pub major: u8,
    /// The number behind it.
    pub minor: u8,
}

impl Version {
    /// RTSP/1.0, RFC 2326.
    pub const V1_0: Self = Self { major: 1, minor: 0 };
    /// RTSP/2.0, RFC 7826.
    pub const V2_0: Self = Self { major: 2, minor: 0 };
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RTSP/{}.{}", self.major, self.minor)
    }
}

impl FromStr for Version {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let digit = |byte: u8| byte.is_ascii_digit().then(|| byte - b'0');
        match *text.as_bytes() {
            [b'R', b'T', b'S', b'P', b'/', major, b'.', minor] => digit(major)
                .zip(digit(minor))
                .map(|(major, minor)| Self { major, minor })
                .ok_or_else(|| ValueError::new(5, "a version number")),
            _ => Err(ValueError::new(0, "RTSP/1.0 or RTSP/2.0")),
        }
    }
}
