//! The workloads of the benches, each with its origin.

pub mod amf;
pub mod auth;
pub mod flv;
#[cfg(feature = "peers")]
pub mod peers;
pub mod rtmp;
pub mod rtp;
pub mod rtsp;
