//! RTSP without I/O: messages, SDP, RTP, RTCP, payload formats, server and client sessions.
#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod config;
mod cursor;
mod error;
pub mod payload;
pub mod rtcp;
pub mod rtp;
pub mod sdp;

pub use config::Limits;
pub use error::ValueError;
