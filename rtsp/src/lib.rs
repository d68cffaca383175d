//! RTSP without I/O: messages, SDP, RTP, RTCP, payload formats, server and client sessions.
#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod config;
mod cursor;
mod dts;
mod error;
pub mod header;
pub mod message;
pub mod payload;
pub mod rtcp;
pub mod rtp;
pub mod sdp;
mod url;
mod warning;

pub use config::Limits;
pub use dts::DtsRecovery;
pub use error::{LimitExceeded, Malformed, ReadError, ValueError};
pub use url::{Url, content_base, join_control};
pub use warning::{Warning, WarningCode};
