//! RTMPT: the bytes of a connection carried in the bodies of HTTP requests and responses.
//!
//! ```text
//! POST /open/1              ""       ->  "<id>\n"
//! POST /send/<id>/<n>       bytes    ->  delay byte, bytes
//! POST /idle/<id>/<n>       0x00     ->  delay byte, bytes
//! POST /close/<id>/<n>      0x00     ->  0x00
//! ```
//!
//! All bodies are `application/x-fcs`. The server can only speak when it is asked, so the client
//! keeps asking; the delay byte tells how long it may wait before it asks in vain again. A client
//! may ask for `/fcs/ident2` first, and any answer will do.
//!
//! These types stand beside a session: what [`ServerTunnel`] and [`ClientTunnel`] let through goes
//! into its `handle_input`, and they take what they carry from its `output()`. A driver with an
//! HTTP library of its own needs [`TunnelRequest`] and [`ServerTunnel`] only; [`HttpReader`] and
//! [`http_response`] serve those who have just a socket.
//!
//! Described by no specification; as Flash Player, librtmp, FFmpeg and Red5 do it.

mod client;
mod http;
mod server;

use core::fmt;
use core::str::FromStr;

pub use client::ClientTunnel;
pub use http::{HttpMessage, HttpReader, http_response};
pub use server::ServerTunnel;

use crate::error::TunnelError;

/// The name a server gives a tunnel: 1 to 64 letters, digits, `-` and `_`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TunnelId {
    bytes: [u8; Self::MAX_LEN],
    len: u8,
}

/// What a request asks for, as its path tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TunnelRequest {
    /// Who the server is; answer 404 or anything.
    Ident,
    /// A new tunnel; answer with [`ServerTunnel::open`].
    Open,
    /// Here are bytes.
    Send {
        /// The tunnel.
        id: TunnelId,
        /// Counts the requests of a tunnel.
        sequence: u32,
    },
    /// Are there bytes? The body means nothing.
    Idle {
        /// The tunnel.
        id: TunnelId,
        /// Counts the requests of a tunnel.
        sequence: u32,
    },
    /// The tunnel ends.
    Close {
        /// The tunnel.
        id: TunnelId,
        /// Counts the requests of a tunnel.
        sequence: u32,
    },
}

impl TunnelId {
    const MAX_LEN: usize = 64;

    /// Returns the id as it stands in a path.
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..usize::from(self.len)).unwrap_or_default();
        core::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl FromStr for TunnelId {
    type Err = TunnelError;

    fn from_str(text: &str) -> Result<Self, TunnelError> {
        let mut bytes = [0; Self::MAX_LEN];
        let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let len = u8::try_from(text.len()).unwrap_or(u8::MAX);
        if text.is_empty() || text.len() > Self::MAX_LEN || !text.bytes().all(known) {
            return Err(TunnelError::Id { len: text.len() });
        }
        for (to, from) in bytes.iter_mut().zip(text.bytes()) {
            *to = from;
        }
        Ok(Self { bytes, len })
    }
}

impl fmt::Display for TunnelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for TunnelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whoever knows the id can speak in the tunnel.
        f.write_str("TunnelId")
    }
}

impl FromStr for TunnelRequest {
    type Err = TunnelError;

    /// Reads the path of a request, with or without its query.
    fn from_str(path: &str) -> Result<Self, TunnelError> {
        let path = path.split('?').next().unwrap_or_default();
        let mut parts = path.strip_prefix('/').unwrap_or(path).splitn(3, '/');
        let mut next = || parts.next().unwrap_or_default();
        let (verb, id, sequence) = (next(), next(), next());
        match verb {
            "fcs" => return Ok(Self::Ident),
            "open" => return Ok(Self::Open),
            "send" | "idle" | "close" => {}
            _ => return Err(TunnelError::Path),
        }
        let id = id.parse()?;
        let sequence = sequence.parse().map_err(|_| TunnelError::Path)?;
        Ok(match verb {
            "send" => Self::Send { id, sequence },
            "idle" => Self::Idle { id, sequence },
            _ => Self::Close { id, sequence },
        })
    }
}

impl TunnelRequest {
    /// Returns the tunnel and the number of the request, unless it opens one.
    pub const fn id(&self) -> Option<(TunnelId, u32)> {
        match self {
            Self::Ident | Self::Open => None,
            Self::Send { id, sequence }
            | Self::Idle { id, sequence }
            | Self::Close { id, sequence } => Some((*id, *sequence)),
        }
    }
}

/// The type of all bodies.
pub const CONTENT_TYPE: &str = "application/x-fcs";
