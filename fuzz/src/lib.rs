//! The bodies of the fuzz targets: one function each, over the public API only, asserting the laws.
#![forbid(unsafe_code)]

pub mod amf;
pub mod auth;
pub mod flv;
pub mod rtmp;
pub mod rtsp;
