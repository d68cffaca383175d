//! What stands in a file: tags, headers, and what is wrong with it.

use bytes::Bytes;

use super::header::FileHeader;
use crate::{Tag, TagHeader, Warning};

/// What a [`Demuxer`](super::Demuxer) found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A file header. A second one means that another file was appended: its clock, its tracks
    /// and its configuration start anew.
    Header {
        /// Position in the input.
        offset: u64,
        /// The header.
        header: FileHeader,
    },
    /// A tag.
    Tag(FileTag),
    /// Bytes that belong to no tag (recover mode).
    Skipped {
        /// Position of the first of them.
        offset: u64,
        /// How many.
        len: u64,
    },
    /// The input ended inside a header or tag, which is not delivered, or inside the
    /// PreviousTagSize behind the last tag, which is.
    Truncated {
        /// Position of what is torn.
        offset: u64,
        /// How many of its bytes are there.
        left: u64,
    },
    /// A deviation that cost nothing.
    Warning {
        /// Position in the input.
        offset: u64,
        /// What deviates.
        warning: Warning,
    },
}

/// A tag and what its file said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileTag {
    /// Position of the tag's first byte in the input.
    pub offset: u64,
    /// StreamID; 0 in valid files.
    pub stream_id: u32,
    /// PreviousTagSize behind the tag; `None` when the input ended before it.
    pub previous_tag_size: Option<u32>,
    /// The tag.
    pub tag: Tag,
}

impl FileTag {
    #[inline]
    pub(super) fn new(
        offset: u64,
        header: &TagHeader,
        previous_tag_size: Option<u32>,
        body: Bytes,
    ) -> Self {
        Self {
            offset,
            stream_id: header.stream_id,
            previous_tag_size,
            tag: Tag {
                kind: header.kind,
                filtered: header.filtered,
                timestamp: header.timestamp,
                body,
            },
        }
    }
}
