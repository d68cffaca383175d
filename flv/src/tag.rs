//! Tags: what kind, when, and a body. The same three things make an RTMP media message.

use core::fmt;

use bytes::Bytes;

use crate::body::{self, Packets};
use crate::cursor::{Cursor, u24_bytes};
use crate::registry::registry;
use crate::{EncodeError, Malformed, Timestamp};

registry! {
    /// What a tag carries; the numbers are also those of RTMP's message types.
    ///
    /// FLV 10.1, section E.4.1; E-RTMP v2 for 15.
    TagKind {
        /// Sound.
        AUDIO = 8, "audio";
        /// Pictures.
        VIDEO = 9, "video";
        /// A script value in AMF3.
        SCRIPT_AMF3 = 15, "script_amf3";
        /// A script value in AMF0.
        SCRIPT = 18, "script";
    }
}

impl TagKind {
    /// No tag has this type.
    pub(crate) const NONE: Self = Self(0);

    /// Whether this is audio or video.
    #[must_use]
    #[inline]
    pub fn is_media(self) -> bool {
        matches!(self, Self::AUDIO | Self::VIDEO)
    }

    /// Whether the type is defined.
    #[must_use]
    #[inline]
    pub fn is_known(self) -> bool {
        self.is_media() || self.is_script()
    }

    /// Whether this is a script value in either AMF version.
    #[must_use]
    #[inline]
    pub fn is_script(self) -> bool {
        matches!(self, Self::SCRIPT | Self::SCRIPT_AMF3)
    }
}

/// One FLV tag or RTMP media message, without framing: its body is the same in both.
///
/// Cloning shares the body.
///
/// ```
/// use bytes::Bytes;
/// use weir_flv::{Tag, TagKind, Timestamp};
///
/// let body = Bytes::from_static(&[0x17, 1, 0, 0, 80, 0, 0, 0, 2, 0x65, 0x88]);
/// let tag = Tag::new(TagKind::VIDEO, Timestamp::from_millis(40), body);
/// let packet = tag.packets().next().expect("one packet")?;
/// assert!(packet.is_key_frame());
/// assert_eq!((packet.dts.as_millis(), packet.cts), (40, 80));
/// # Ok::<(), weir_flv::Malformed>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tag {
    /// What the body is.
    pub kind: TagKind,
    /// Whether the body is behind an encryption header. Only files have such tags.
    pub filtered: bool,
    /// Decoding time as on the wire; wraps.
    pub timestamp: Timestamp,
    /// The body.
    pub body: Bytes,
}

impl Tag {
    /// Makes an unencrypted tag.
    #[must_use]
    pub fn new(kind: TagKind, timestamp: Timestamp, body: Bytes) -> Self {
        Self {
            kind,
            filtered: false,
            timestamp,
            body,
        }
    }

    /// The same tag at another time; the body is shared.
    #[must_use]
    pub fn at(&self, timestamp: Timestamp) -> Self {
        Self {
            timestamp,
            ..self.clone()
        }
    }

    /// The packets in the body; none for script, encrypted and empty tags.
    #[must_use]
    #[inline]
    pub fn packets(&self) -> Packets<'_> {
        let body = if self.filtered {
            // Nothing, but where the body is: one thing less to choose.
            self.body.get(..0).unwrap_or_default()
        } else {
            &*self.body
        };
        body::packets(self.kind, self.timestamp, body)
    }

    /// What a server needs to know about the tag to queue, drop and cache it.
    #[must_use]
    pub fn class(&self) -> body::Class {
        if self.filtered && self.kind.is_media() {
            return body::Class::Unknown;
        }
        body::classify(self.kind, &self.body)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tag")
            .field("kind", &self.kind)
            .field("filtered", &self.filtered)
            .field("timestamp", &self.timestamp)
            .field("len", &self.body.len())
            .field("body", &self.body.slice(..self.body.len().min(32)))
            .finish()
    }
}

/// The 11 bytes in front of a tag's body in a file.
///
/// ```text
///  0        1           4           7   8            11
///  RRFTTTTT | DataSize  | Timestamp |ext| StreamID=0 | body
/// ```
/// FLV 10.1, section E.4.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TagHeader {
    /// What the body is.
    pub kind: TagKind,
    /// Whether the body is behind an encryption header.
    pub filtered: bool,
    /// The two reserved bits; 0 in valid files.
    pub reserved: u8,
    /// Length of the body in bytes, at most 2^24 - 1.
    pub data_size: u32,
    /// Decoding time; wraps.
    pub timestamp: Timestamp,
    /// Always 0 in valid files; ignored by every reader.
    pub stream_id: u32,
}

impl TagHeader {
    /// Length of a tag header in bytes.
    pub const LEN: usize = 11;

    /// The header that belongs in front of `tag`'s body.
    ///
    /// # Errors
    /// [`EncodeError::Range`] when the body has more than 2^24 - 1 bytes.
    #[inline]
    pub fn of(tag: &Tag) -> Result<Self, EncodeError> {
        let data_size = body_len(tag.body.len())?;
        Ok(Self {
            kind: tag.kind,
            filtered: tag.filtered,
            reserved: 0,
            data_size,
            timestamp: tag.timestamp,
            stream_id: 0,
        })
    }

    /// Reads a header from the front of `bytes`.
    ///
    /// # Errors
    /// [`Malformed::Short`] when there are fewer than 11 bytes. Every value of the fields is
    /// accepted; what is plausible is for the caller to say.
    #[inline]
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        Cursor::new(bytes).array("tag header").map(Self::from_bytes)
    }

    /// Reads a header from as many bytes as it has.
    #[inline]
    pub(crate) fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        // One load for all but the stream id; field by field it would be three.
        let word = u64::from_be_bytes(bytes.first_chunk().copied().unwrap_or_default());
        let [.., i0, i1, i2] = bytes;
        let first = (word >> 56 & 0xff) as u8;
        Self {
            kind: TagKind::from(first & 0x1f),
            filtered: first & 0x20 != 0,
            reserved: first >> 6,
            data_size: (word >> 32 & 0xff_ffff) as u32,
            // The high byte comes last.
            timestamp: Timestamp::from_millis(((word & 0xffff_ffff) as u32).rotate_right(8)),
            stream_id: u32::from_be_bytes([0, i0, i1, i2]),
        }
    }

    /// The header's bytes.
    #[must_use]
    #[inline]
    pub fn encode(&self) -> [u8; 11] {
        let first = self.reserved << 6 | u8::from(self.filtered) << 5 | self.kind.as_u8() & 0x1f;
        let [s0, s1, s2] = u24_bytes(self.data_size);
        let [high, t0, t1, t2] = self.timestamp.as_millis().to_be_bytes();
        let [i0, i1, i2] = u24_bytes(self.stream_id);
        [first, s0, s1, s2, t0, t1, t2, high, i0, i1, i2]
    }

    /// The value of the PreviousTagSize behind this tag.
    #[must_use]
    #[inline]
    pub const fn previous_tag_size(&self) -> u32 {
        self.data_size + 11
    }
}

/// Checks that a body fits the 24-bit length field.
#[inline]
pub(crate) fn body_len(len: usize) -> Result<u32, EncodeError> {
    match u32::try_from(len) {
        Ok(len) if len <= 0xff_ffff => Ok(len),
        _ => Err(EncodeError::Range {
            what: "body length",
            got: i64::try_from(len).unwrap_or(i64::MAX),
            allowed: "0 to 16777215",
        }),
    }
}
