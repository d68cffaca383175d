//! RTMP without I/O: handshakes, chunks, messages, shared objects, server and client sessions.
#![no_std]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod chunk;
mod config;
mod cursor;
mod error;
pub mod handshake;
mod media;
pub mod message;
mod names;
#[cfg(feature = "std")]
mod send_queue;
#[cfg(feature = "std")]
mod session;
pub mod shared_object;
mod status;
pub mod tunnel;
mod url;
mod warning;

pub use config::{Limits, Quirks, Tolerance};
pub use error::{EncodeError, Error, LimitExceeded, Malformed, PeerMisbehaved, TunnelError};
pub use media::{MediaKind, MediaPacket};
pub use names::Name;
#[cfg(feature = "std")]
pub use send_queue::{Backlog, Class, Dropped, SendQueue};
#[cfg(feature = "std")]
pub use session::{
    CallId, Capabilities, CapsEx, ClientConfig, ClientEvent, ClientSession, CommandError,
    ConnectOptions, ConnectReply, ConnectRequest, FourCcInfo, Play2Request, PlayReply, PlayRequest,
    PlayStart, PublishKind, RequestId, ServerConfig, ServerEvent, ServerSession,
    media_chunk_stream,
};
pub use status::{Level, Status, StatusCode};
pub use url::{RtmpUrl, Scheme, StreamName, Target, UrlError, UrlStyle};
pub use warning::{Warning, WarningCode};
