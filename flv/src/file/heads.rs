//! The tags of a file in a [`Source`], one head after the other.

use bytes::Bytes;

use super::FileHeader;
use super::source::{Blocks, Source};
use crate::body::Class;
use crate::{DemuxError, Tag, TagHeader};

/// Why a file could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError<E> {
    /// The source failed.
    #[error("reading the file failed: {0}")]
    Source(E),
    /// It is no FLV file.
    #[error(transparent)]
    Demux(#[from] DemuxError),
}

/// Steps from tag to tag.
#[derive(Debug)]
pub(super) struct Heads<'s, S> {
    blocks: Blocks<'s, S>,
    len: u64,
    /// Where the next tag begins: behind the last whole one.
    position: u64,
}

/// A tag that is whole in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) offset: u64,
    pub(super) header: TagHeader,
}

impl<'s, S: Source> Heads<'s, S> {
    /// Opens a file in front of its first tag.
    pub(super) fn open(source: &'s mut S) -> Result<Self, FileError<S::Error>> {
        let len = source.len().map_err(FileError::Source)?;
        let mut blocks = Blocks::new(source);
        let bytes = blocks.read(0, FileHeader::LEN).map_err(FileError::Source)?;
        let got = bytes.first_chunk().copied().unwrap_or_default();
        let header =
            FileHeader::decode(bytes).map_err(|_| DemuxError::NotFlv { offset: 0, got })?;
        let position = u64::from(header.data_offset) + 4;
        Ok(Self {
            blocks,
            len,
            position,
        })
    }

    /// Behind the last whole tag.
    pub(super) const fn position(&self) -> u64 {
        self.position
    }

    /// Goes on at a tag that is known to begin here.
    pub(super) const fn jump(&mut self, position: u64) {
        self.position = position;
    }

    /// The next whole tag; `None` behind the last one.
    ///
    /// A wrong size behind a tag is believed to be only that when another tag or the end of the
    /// file stands behind it.
    pub(super) fn next(&mut self) -> Result<Option<Head>, S::Error> {
        let Some(header) = self.header_at(self.position)? else {
            return Ok(None);
        };
        let end = self.position + u64::from(header.previous_tag_size());
        let size = self
            .blocks
            .read(end, 4)?
            .first_chunk()
            .map(|bytes| u32::from_be_bytes(*bytes));
        let Some(size) = size else {
            return Ok(None);
        };
        if size != header.previous_tag_size()
            && end + 4 != self.len
            && self.header_at(end + 4)?.is_none()
        {
            return Ok(None);
        }
        let offset = self.position;
        self.position = end + 4;
        Ok(Some(Head { offset, header }))
    }

    /// The tag, with as much of its body as tells what it is for: all of it when it is no frame.
    pub(super) fn tag(&mut self, head: &Head) -> Result<Tag, S::Error> {
        let len = head.header.data_size as usize;
        let begin = self.body(head, len.min(PEEK_LEN))?;
        let class = begin.class();
        let is_frame = matches!(class, Class::KeyFrame | Class::Frame | Class::Disposable);
        if is_frame || len <= PEEK_LEN {
            Ok(begin)
        } else {
            self.body(head, len)
        }
    }

    fn body(&mut self, head: &Head, len: usize) -> Result<Tag, S::Error> {
        let body = self.blocks.read(head.offset + TagHeader::LEN as u64, len)?;
        Ok(Tag {
            kind: head.header.kind,
            filtered: head.header.filtered,
            timestamp: head.header.timestamp,
            body: Bytes::copy_from_slice(body),
        })
    }

    /// A header that a tag may have.
    fn header_at(&mut self, offset: u64) -> Result<Option<TagHeader>, S::Error> {
        let header = TagHeader::decode(self.blocks.read(offset, TagHeader::LEN)?).ok();
        let plausible = |header: &TagHeader| {
            header.kind.is_known() && header.reserved == 0 && header.stream_id == 0
        };
        Ok(header.filter(plausible))
    }

    /// Up to `len` bytes from anywhere.
    pub(super) fn read(&mut self, offset: u64, len: usize) -> Result<&[u8], S::Error> {
        self.blocks.read(offset, len)
    }
}

/// Enough for every header of a body with short modifiers.
const PEEK_LEN: usize = 64;
