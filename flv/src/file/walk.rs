//! Tags of a file that is in memory as a whole, borrowed.

use super::demux::is_signature;
use super::header::FileHeader;
use crate::body::{self, Packets};
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
        let body = if self.header.filtered {
            // Nothing, but where the body is: one thing less to choose.
            self.body.get(..0).unwrap_or_default()
        } else {
            self.body
        };
        body::packets(self.header.kind, self.header.timestamp, body)
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
    let begin = header.data_offset as usize;
    let rest = file.get(begin.saturating_add(4)..).unwrap_or_default();
    let len = file.len();
    Ok((header, Walk { rest, len }))
}

/// Iterator over the tags of a file in memory; made by [`walk`].
#[derive(Debug, Clone)]
pub struct Walk<'a> {
    rest: &'a [u8],
    /// Length of the file.
    len: usize,
}

impl<'a> Walk<'a> {
    /// Position behind the last tag: where the file ends, or what comes there is no whole tag.
    #[must_use]
    #[inline]
    pub const fn offset(&self) -> u64 {
        (self.len - self.rest.len()) as u64
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = TagRef<'a>;

    #[inline]
    fn next(&mut self) -> Option<TagRef<'a>> {
        let offset = self.offset();
        let (head, behind) = self.rest.split_first_chunk()?;
        let header = TagHeader::from_bytes(*head);
        let (body, behind) = behind.split_at_checked(header.data_size as usize)?;
        let Some((size, behind)) = behind.split_first_chunk() else {
            let tag = last(offset, header, body)?;
            self.rest = behind;
            return Some(tag);
        };
        let previous_tag_size = u32::from_be_bytes(*size);
        if !header.kind.is_media() && !is_tag(head, previous_tag_size) {
            return None;
        }
        self.rest = behind;
        Some(TagRef {
            offset,
            header,
            body,
            previous_tag_size: Some(previous_tag_size),
        })
    }
}

impl core::iter::FusedIterator for Walk<'_> {}

/// A tag that no size stands behind.
#[cold]
fn last(offset: u64, header: TagHeader, body: &[u8]) -> Option<TagRef<'_>> {
    header.kind.is_known().then_some(TagRef {
        offset,
        header,
        body,
        previous_tag_size: None,
    })
}

/// Whether this is a tag: a type that is not defined is believed when the size behind it agrees,
/// but not where another file begins.
#[cold]
fn is_tag(head: &[u8; TagHeader::LEN], previous_tag_size: u32) -> bool {
    let header = TagHeader::from_bytes(*head);
    header.kind.is_known() || header.previous_tag_size() == previous_tag_size && !is_signature(head)
}
