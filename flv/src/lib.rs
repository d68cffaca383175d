//! FLV and Enhanced RTMP media without I/O: tags, bodies, codec records, recordings.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod body;
mod clock;
pub mod codec;

mod cursor;
mod encryption;
mod error;
pub mod file;
mod fourcc;
mod limits;
pub mod live;
mod registry;
mod repair;
pub mod script;
mod tag;

pub use clock::{Timestamp, Unwrap};
pub use encryption::{EncryptedBody, Filter};
pub use error::{DemuxError, EncodeError, LimitExceeded, Malformed, Warning};
pub use fourcc::FourCc;
pub use limits::Limits;
pub use repair::{Jump, Repair, RepairConfig};
pub use tag::{Tag, TagHeader, TagKind};
