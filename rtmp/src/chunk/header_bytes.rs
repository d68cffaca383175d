//! Chunk headers as bytes: what a writer makes of the fields.

use alloc::vec::Vec;

#[cfg(feature = "std")]
use super::MessageType;
use super::header::{EXTENDED, MAX_HEADER_LEN};
use super::{ChunkStreamId, Message, MessageStreamId, Timestamp};
use crate::error::EncodeError;

/// All a chunk header says of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MessageHeader {
    pub(crate) chunk_stream: ChunkStreamId,
    pub(crate) stream: MessageStreamId,
    pub(crate) timestamp: Timestamp,
    pub(crate) shape: Shape,
}

/// Length, below 2^24, and type of a message, as a header has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape(u32);

/// A chunk header in place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeaderBytes {
    pub(crate) bytes: [u8; MAX_HEADER_LEN],
    pub(crate) len: u8,
}

/// A header of fmt 1 on one of the near chunk streams, whose delta is 0.
#[cfg(feature = "std")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fmt1 {
    /// The chunk stream id, or one that is not near.
    pub(super) near: usize,
    bytes: u64,
}

impl MessageHeader {
    #[inline]
    pub(crate) fn of(message: &Message) -> Result<Self, EncodeError> {
        let got = message.payload.len();
        match u32::try_from(got) {
            Ok(length) if length <= MAX_MESSAGE_LEN => Ok(Self {
                chunk_stream: message.chunk_stream,
                stream: message.stream,
                timestamp: message.timestamp,
                shape: Shape(length << 8 | u32::from(message.message_type.get())),
            }),
            _ => Err(EncodeError::MessageLen { got }),
        }
    }

    pub(super) fn fmt_0(&self) -> (HeaderBytes, Option<u32>) {
        let millis = self.timestamp.as_millis();
        let extended = (millis >= EXTENDED).then_some(millis);
        (self.bytes(0, millis.min(EXTENDED), extended), extended)
    }

    /// Makes a header. What a greater fmt leaves out is behind all that it has, so that all are
    /// beginnings of the same bytes.
    ///
    /// ```text
    /// | fmt, csid 1 to 3 | time 3 | length 3 | type 1 | message stream 4 | extended time 4 |
    /// |- fmt 3 ----------|        |                   |                  |
    /// |- fmt 2 -------------------|                   |                  |
    /// |- fmt 1 ---------------------------------------|                  |
    /// |- fmt 0 ----------------------------------------------------------|
    /// ```
    #[inline]
    pub(super) fn bytes(&self, fmt: u8, time: u32, extended: Option<u32>) -> HeaderBytes {
        let csid = self.chunk_stream.get();
        let first = u64::from(fmt) << 62 | u64::from(csid & 0x3F) << 56;
        let first = first | u64::from(time) << 32 | u64::from(self.shape.0);
        let stream = u64::from(self.stream.get().swap_bytes());
        let second = stream << 32 | u64::from(extended.unwrap_or_default());
        let len = match fmt {
            0 if extended.is_some() => 16,
            0 => 12,
            1 => 8,
            2 => 4,
            _ => 1,
        };
        let mut bytes = [0; MAX_HEADER_LEN];
        if let Some(place) = bytes.first_chunk_mut::<16>() {
            *place = (u128::from(first) << 64 | u128::from(second)).to_be_bytes();
        }
        let header = HeaderBytes { bytes, len };
        match csid {
            ..64 => header,
            _ => header.with_long_id(fmt, self.chunk_stream),
        }
    }
}

#[cfg(feature = "std")]
impl Shape {
    /// An empty message of no type.
    pub(crate) const NONE: Self = Self(0);

    pub(crate) const fn length(self) -> u32 {
        self.0 >> 8
    }

    pub(crate) const fn message_type(self) -> MessageType {
        MessageType::new(self.0.to_be_bytes()[3])
    }
}

#[cfg(feature = "std")]
impl Fmt1 {
    pub(crate) const LEN: usize = 8;

    pub(crate) fn of(header: &MessageHeader) -> Self {
        let csid = header.chunk_stream.get();
        Self {
            near: match header.shape.message_type() {
                // The writer has to look into it.
                MessageType::SET_CHUNK_SIZE => usize::MAX,
                _ => csid as usize,
            },
            bytes: 1 << 62 | u64::from(csid & 0x3F) << 56 | u64::from(header.shape.0),
        }
    }

    #[inline]
    pub(super) fn bytes(self, delta: u32) -> [u8; Self::LEN] {
        (self.bytes | u64::from(delta) << 32).to_be_bytes()
    }
}

impl HeaderBytes {
    pub(crate) const EMPTY: Self = Self {
        bytes: [0; MAX_HEADER_LEN],
        len: 0,
    };

    /// Returns the header between two chunks of one message.
    pub(crate) fn continuation(chunk_stream: ChunkStreamId, extended: Option<u32>) -> Self {
        let mut bytes = Self::EMPTY;
        bytes.put_basic(3, chunk_stream);
        if let Some(value) = extended {
            bytes.put(&value.to_be_bytes());
        }
        bytes
    }

    /// Becomes a header of fmt 1; what is behind it stays, and is not part of it.
    #[cfg(feature = "std")]
    #[inline]
    pub(crate) fn set_fmt_1(&mut self, header: [u8; Fmt1::LEN]) {
        if let Some(place) = self.bytes.first_chunk_mut() {
            *place = header;
            self.len = 8;
        }
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[u8] {
        let len = usize::from(self.len).min(MAX_HEADER_LEN);
        self.bytes.split_at(len).0
    }

    /// Appends the header, by way of all the bytes it could have: their number is known.
    #[inline]
    pub(super) fn append_to(&self, out: &mut Vec<u8>) {
        let end = out.len() + usize::from(self.len);
        out.extend_from_slice(&self.bytes);
        out.truncate(end);
    }

    /// Replaces the one byte of fmt and id by two or three.
    #[cold]
    fn with_long_id(&self, fmt: u8, chunk_stream: ChunkStreamId) -> Self {
        let mut long = Self::EMPTY;
        long.put_basic(fmt, chunk_stream);
        long.put(self.as_slice().get(1..).unwrap_or_default());
        long
    }

    fn put(&mut self, bytes: &[u8]) {
        let begin = usize::from(self.len);
        if let Some(place) = self.bytes.get_mut(begin..begin + bytes.len()) {
            place.copy_from_slice(bytes);
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a header has at most 18 bytes"
            )]
            let len = bytes.len() as u8;
            self.len += len;
        }
    }

    fn put_basic(&mut self, fmt: u8, chunk_stream: ChunkStreamId) {
        let fmt = fmt << 6;
        let [low, middle, high, _] = chunk_stream.get().to_le_bytes();
        match chunk_stream.get() {
            ..64 => self.put(&[fmt | low]),
            // The id less 64 in one byte.
            64..320 => self.put(&[fmt, low.wrapping_sub(64)]),
            _ => {
                let [low, high, ..] =
                    (u32::from_le_bytes([low, middle, high, 0]) - 64).to_le_bytes();
                self.put(&[fmt | 1, low, high]);
            }
        }
    }
}

/// The length field has 24 bits.
const MAX_MESSAGE_LEN: u32 = 0xFF_FFFF;
