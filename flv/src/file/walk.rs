//! Tags of a file that is in memory as a whole, borrowed.

use super::demux::is_signature;
use super::header::FileHeader;
use crate::body::{self, Packets};
use crate::cursor::Cursor;
use crate::{DemuxError, Tag, TagHeader};

/// A tag that borrows from the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TagRef<'a> {
    /// Position of the tag's first byte in the file.
    pub offset: u64,
    /// What stands in front of the body.
    pub header: TagHeader,
    /// The body.
    pub body: &'a [u8],
    /// PreviousTagSize behind the tag; `None` when the file ends before it.
    pub previous_tag_size: Option<u32>,
}

impl<'a> TagRef<'a> {
    /// The packets in the body; see [`Tag::packets`].
    #[must_use]
    #[inline]
    pub fn packets(&self) -> Packets<'a> {
        if self.header.filtered {
            return Packets::none();
        }
        body::packets(self.header.kind, self.header.timestamp, self.body)
    }

    /// The tag with a body of its own.
    #[must_use]
    pub fn to_tag(&self) -> Tag {
        Tag {
            kind: self.header.kind,
            filtered: self.header.filtered,
            timestamp: self.header.timestamp,
            body: bytes::Bytes::copy_from_slice(self.body),
        }
    }
}

/// Reads the tags of a whole file in memory without copying, for mapped files and tools.
///
/// It believes every tag header, as [`Mode::Tolerant`](super::Mode::Tolerant) does, and ends at
/// the first tag that is torn or that is none; damaged files are for the
/// [`Demuxer`](super::Demuxer).
///
/// ```
/// use weir_flv::file::walk;
/// let file = b"FLV\x01\x04\0\0\0\x09\0\0\0\0\x08\0\0\x02\0\0\x17\0\0\0\0\xaf\x01\0\0\0\x0d";
/// let (header, tags) = walk(file)?;
/// assert!(header.has_audio());
/// assert_eq!(tags.map(|tag| tag.offset).collect::<Vec<_>>(), [13]);
/// # Ok::<(), weir_flv::DemuxError>(())
/// ```
/// # Errors
/// [`DemuxError::NotFlv`] when the file does not begin with an FLV header.
pub fn walk(file: &[u8]) -> Result<(FileHeader, Walk<'_>), DemuxError> {
    let not_flv = || DemuxError::NotFlv {
        offset: 0,
        got: file.first_chunk().copied().unwrap_or_default(),
    };
    let header = FileHeader::decode(file).map_err(|_| not_flv())?;
    let mut cursor = Cursor::new(file);
    let begin = header.data_offset as usize;
    let _ = cursor.take(begin.saturating_add(4).min(file.len()), "header");
    Ok((header, Walk { cursor }))
}

/// Iterator over the tags of a file in memory; made by [`walk`].
#[derive(Debug, Clone)]
pub struct Walk<'a> {
    cursor: Cursor<'a>,
}

impl<'a> Walk<'a> {
    /// Position behind the last tag: where the file ends, or what comes there is no whole tag.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.cursor.offset() as u64
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = TagRef<'a>;

    #[inline]
    fn next(&mut self) -> Option<TagRef<'a>> {
        let mut cursor = self.cursor;
        let offset = cursor.offset() as u64;
        let head = cursor.array("tag header").ok()?;
        let header = TagHeader::from_bytes(head);
        if !header.kind.is_known() && is_signature(&head) {
            return None;
        }
        let body = cursor.take(header.data_size as usize, "body").ok()?;
        let previous_tag_size = cursor.u32("PreviousTagSize").ok();
        if !header.kind.is_known() && previous_tag_size != Some(header.previous_tag_size()) {
            return None;
        }
        self.cursor = cursor;
        Some(TagRef {
            offset,
            header,
            body,
            previous_tag_size,
        })
    }
}

impl core::iter::FusedIterator for Walk<'_> {}
