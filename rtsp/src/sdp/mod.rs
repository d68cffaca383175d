//! Session descriptions (RFC 8866), read so that no line can spoil the others.
//!
//! [`Description::parse`] never fails as a whole: a line that cannot be read costs that line and
//! leaves a [`SdpWarning`], an unusable media section stays in the list and answers `None` when
//! asked for its [`Format`]. [`Description`] borrows from the text it was read from; built by hand
//! it owns what it holds, and `Display` writes it.

mod description;
mod fmtp;
mod media;
mod reader;
mod writer;

pub use description::{Attribute, Bandwidth, Connection, Description, Direction, Origin};
pub use fmtp::{Fmtp, Format, RtpMap};
pub use media::Media;
pub use reader::{SdpProblem, SdpWarning};
