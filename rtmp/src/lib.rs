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
pub mod shared_object;
mod status;
mod url;
mod warning;

pub use config::{Limits, Quirks, Tolerance};
pub use error::{EncodeError, Error, LimitExceeded, Malformed, PeerMisbehaved};
pub use media::{MediaKind, MediaPacket};
pub use names::Name;
#[cfg(feature = "std")]
pub use send_queue::{Backlog, Class, Dropped, SendQueue};
pub use status::{Level, Status, StatusCode};
pub use url::{RtmpUrl, Scheme, StreamName, Target, UrlError, UrlStyle};
pub use warning::{Warning, WarningCode};
