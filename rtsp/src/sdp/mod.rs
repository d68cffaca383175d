//! Session descriptions (RFC 8866), read so that no line can spoil the others.

mod fmtp;

pub use fmtp::{Fmtp, Format, RtpMap};
