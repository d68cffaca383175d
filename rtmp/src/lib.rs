//! RTMP without I/O: handshakes, chunks, messages, shared objects, server and client sessions.
#![no_std]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod chunk;
mod config;
mod cursor;
mod error;
mod warning;

pub use config::{Limits, Quirks, Tolerance};
pub use error::{EncodeError, Error, LimitExceeded, Malformed, PeerMisbehaved};
pub use warning::{Warning, WarningCode};
