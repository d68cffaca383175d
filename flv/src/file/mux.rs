//! Tags in, bytes of a file out.

use bytes::{Buf, Bytes};

use super::FileHeader;
use crate::{EncodeError, Tag, TagHeader, Timestamp};

/// One tag as bytes of a file: head, shared body, and the size behind it.
///
/// It is a [`Buf`] whose chunks can be written with one vectored write; the body is never copied.
///
/// ```
/// use bytes::{Buf, Bytes};
/// use weir_flv::file::Framed;
/// use weir_flv::{Tag, TagKind, Timestamp};
///
/// let body = Bytes::from_static(&[0xaf, 1, 0x21]);
/// let tag = Tag::new(TagKind::AUDIO, Timestamp::from_millis(23), body);
/// let framed = Framed::new(&tag)?;
/// assert_eq!(framed.head(), [8, 0, 0, 3, 0, 0, 23, 0, 0, 0, 0]);
/// assert_eq!(framed.tail(), [0, 0, 0, 14]);
/// assert_eq!(framed.remaining(), 18);
/// # Ok::<(), weir_flv::EncodeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Framed {
    head: [u8; HEAD_LEN],
    head_len: u8,
    body: Bytes,
    tail: [u8; 4],
    /// Bytes of head, body and tail that have been read: `0 <= position <= len`.
    position: usize,
}

impl Framed {
    /// Frames a tag as it is.
    ///
    /// # Errors
    /// [`EncodeError::Range`] when the body has more than 2^24 - 1 bytes.
    #[inline]
    pub fn new(tag: &Tag) -> Result<Self, EncodeError> {
        Self::with_body_head(tag, &[], tag.body.clone())
    }

    /// A file header and the PreviousTagSize of 0 behind it.
    #[must_use]
    pub fn file_header(header: FileHeader) -> Self {
        let mut head = [0; HEAD_LEN];
        head.iter_mut()
            .zip(header.encode())
            .for_each(|(to, from)| *to = from);
        Self {
            head,
            head_len: 9,
            body: Bytes::new(),
            tail: [0; 4],
            position: 0,
        }
    }

    /// The same tag at another time.
    #[must_use]
    pub(super) fn at(mut self, timestamp: Timestamp) -> Self {
        let [high, low @ ..] = timestamp.as_millis().to_be_bytes();
        let [a, b, c] = low;
        let time = self.head.iter_mut().skip(4);
        time.zip([a, b, c, high]).for_each(|(to, from)| *to = from);
        self
    }

    /// Frames a body made of a new head and a shared payload.
    #[inline]
    pub(super) fn with_body_head(
        tag: &Tag,
        body_head: &[u8],
        payload: Bytes,
    ) -> Result<Self, EncodeError> {
        let mut header = TagHeader::of(tag)?;
        header.data_size = crate::tag::body_len(body_head.len() + payload.len())?;
        let mut head = [0; HEAD_LEN];
        let (tag_head, rest) = head.split_at_mut(TagHeader::LEN);
        tag_head.copy_from_slice(&header.encode());
        for (to, from) in rest.iter_mut().zip(body_head) {
            *to = *from;
        }
        let no_room = EncodeError::NoPlace {
            form: "framed",
            what: "a body head of this length",
        };
        let head_len = TagHeader::LEN + body_head.len();
        if head_len > HEAD_LEN {
            return Err(no_room);
        }
        Ok(Self {
            head,
            head_len: u8::try_from(head_len).map_err(|_| no_room)?,
            body: payload,
            tail: header.previous_tag_size().to_be_bytes(),
            position: 0,
        })
    }

    /// The tag header, and the head of the body when the muxer made a new one.
    #[must_use]
    pub fn head(&self) -> &[u8] {
        self.head.get(..self.head_len.into()).unwrap_or_default()
    }

    /// The body, or the payload when the muxer made a new head.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// PreviousTagSize.
    #[must_use]
    pub const fn tail(&self) -> [u8; 4] {
        self.tail
    }

    /// Length in the file, whatever has been read.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::from(self.head_len) + self.body.len() + 4
    }

    /// Never: even an empty body has 15 bytes of framing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        false
    }

    /// The three parts behind the position.
    fn parts(&self) -> [&[u8]; 3] {
        let mut skip = self.position;
        [self.head(), &self.body, &self.tail].map(|part| {
            let rest = part.get(skip..).unwrap_or_default();
            skip = skip.saturating_sub(part.len());
            rest
        })
    }
}

impl Buf for Framed {
    fn remaining(&self) -> usize {
        self.len() - self.position
    }

    fn chunk(&self) -> &[u8] {
        self.parts()
            .into_iter()
            .find(|part| !part.is_empty())
            .unwrap_or_default()
    }

    fn advance(&mut self, count: usize) {
        assert!(
            count <= self.remaining(),
            "advancing {count} of {}",
            self.remaining()
        );
        self.position += count;
    }

    #[cfg(feature = "std")]
    fn chunks_vectored<'a>(&'a self, out: &mut [std::io::IoSlice<'a>]) -> usize {
        let parts = self.parts().into_iter().filter(|part| !part.is_empty());
        let mut used = 0;
        for (slot, part) in out.iter_mut().zip(parts) {
            *slot = std::io::IoSlice::new(part);
            used += 1;
        }
        used
    }
}

/// Room for a tag header and the longest body head without long modifiers.
const HEAD_LEN: usize = 32;
