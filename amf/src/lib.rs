//! AMF0 and AMF3 without I/O: every marker, both ways, bounded on hostile input.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod amf0;
pub mod amf3;
#[cfg(feature = "json")]
pub mod json;
pub mod remoting;
pub mod sol;

mod cursor;
mod document;
mod encode;
mod error;
mod event;
mod external;
mod flex;
mod format;
mod limits;
mod reader;
mod text;

pub use document::{Children, Date, Document, NewValue, Value, ValueMut};
pub use encode::EncodeConfig;
pub use error::{DecodeError, EncodeError, LimitExceeded, Malformed};
pub use event::{Event, Kind, Token};
pub use external::{ExternalFormat, Externals, Piece};
pub use format::Format;
pub use limits::{Config, Limits, SlotPolicy, Utf8};
pub use reader::Reader;
pub use text::Text;
