//! The workloads of the benches, each with its origin.

pub mod amf;
pub mod auth;
pub mod flv;
pub mod instructions;
#[cfg(feature = "peers")]
pub mod peers;
pub mod rows;
pub mod rtmp;
pub mod rtp;
pub mod rtsp;
