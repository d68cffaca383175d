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
#[cfg(feature = "std")]
mod send_queue;
pub mod tunnel;
mod warning;

pub use config::{Limits, Quirks, Tolerance};
pub use error::{EncodeError, Error, LimitExceeded, Malformed, PeerMisbehaved, TunnelError};
#[cfg(feature = "std")]
pub use send_queue::{Backlog, Class, Dropped, SendQueue};
pub use warning::{Warning, WarningCode};
