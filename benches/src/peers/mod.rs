//! The same work done by other crates from crates.io.

pub mod amf;
pub mod flv;
pub mod retina;
pub mod rtmp;
pub mod rtsp;
pub mod shiguredo;
pub mod str0m;
