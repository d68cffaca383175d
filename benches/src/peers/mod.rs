//! The same work done by other crates from crates.io.

pub mod amf;
pub mod flv;
pub mod rtmp;
pub mod rtsp;
