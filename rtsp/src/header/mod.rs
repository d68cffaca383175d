//! Typed header values: each is read with `FromStr` and written with `Display`.
//!
//! The grammars are lists of parameters, so they are cut with `str` methods.

mod name;
mod params;
mod public;
mod range;
mod rtp_info;
mod scale;
mod session;
mod transport;

pub use name::*;
pub use public::{Options, Public};
pub use range::{NptTime, Range, RangeUnit, SmpteFrames, SmpteTime, UtcTime};
pub use rtp_info::{RtpInfo, RtpInfoStream};
pub use scale::{Scale, Speed};
pub use session::Session;
pub use transport::{Transport, Transports};
