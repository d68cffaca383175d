//! FLV files: read by [`Demuxer`], written by [`Muxer`], recorded by [`Recorder`].
//!
//! ```text
//! FLV 1 flags offset | 0 | head body size | head body size | ...
//!      header (9)    |   |   tag       |   PreviousTagSize
//! ```
//! FLV 10.1, annex E.

mod append;
mod demux;
mod event;
mod header;
mod heads;
mod input;
mod mux;
mod profile;
mod recorder;
mod recover;
mod seek;
mod source;
mod walk;

pub use append::Resumed;
pub use demux::{Demuxer, Mode};
pub use event::{Event, FileTag};
pub use header::FileHeader;
pub use heads::FileError;
pub use mux::Framed;
pub use profile::{Muxer, Profile};
pub use recorder::{Patch, Recorder, RecorderConfig};
pub use seek::{SeekPoint, seek};
pub use source::Source;
pub use walk::{TagRef, Walk, walk};
