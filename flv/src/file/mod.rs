//! FLV files: read by [`Demuxer`], written as [`Framed`] tags.
//!
//! ```text
//! FLV 1 flags offset | 0 | head body size | head body size | ...
//!      header (9)    |   |   tag       |   PreviousTagSize
//! ```
//! FLV 10.1, annex E.

mod demux;
mod header;
mod input;
mod mux;
mod recover;
mod walk;

pub use demux::{Demuxer, Event, FileTag, Mode};
pub use header::FileHeader;
pub use mux::Framed;
pub use walk::{TagRef, Walk, walk};
