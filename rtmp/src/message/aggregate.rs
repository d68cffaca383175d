//! Aggregates: several messages in one, laid out as FLV tags. Message type 22.

use alloc::vec::Vec;

use bytes::{Buf, Bytes};

use crate::chunk::{ChunkStreamId, Message, MessageStreamId, MessageType, Timestamp};

/// The messages inside an aggregate, in order.
///
/// Payloads are slices of the aggregate's. The message stream is that of the aggregate; times are
/// moved so that the first message has the aggregate's time. The list ends at the first message
/// that is cut off; [`Self::rest`] tells how many bytes that leaves. Aggregates inside aggregates
/// are given as they are, so nothing recurses.
///
/// ```
/// use weir_rtmp::chunk::{ChunkStreamId, Message, MessageStreamId, MessageType, Timestamp};
/// use weir_rtmp::message::Aggregate;
///
/// let body = b"\x08\0\0\x02\0\0\x0a\0\0\0\0\xaf\x01\0\0\0\x0d";
/// let outer = Message::new(
///     MessageType::AGGREGATE,
///     body[..].into(),
///     ChunkStreamId::COMMAND,
///     MessageStreamId::new(1),
///     Timestamp::from_millis(500),
/// );
/// let inner = Aggregate::new(outer).next().expect("one message");
/// assert_eq!(inner.message_type, MessageType::AUDIO);
/// assert_eq!(inner.timestamp, Timestamp::from_millis(500));
/// assert_eq!(inner.payload, b"\xaf\x01"[..]);
/// ```
///
/// RTMP 1.0, section 7.1.6.
#[derive(Clone, Debug)]
pub struct Aggregate {
    chunk_stream: ChunkStreamId,
    stream: MessageStreamId,
    /// What is added to each inner time; set by the first.
    shift: Option<u32>,
    timestamp: Timestamp,
    rest: Bytes,
}

impl Aggregate {
    /// Looks into a message of type 22.
    pub fn new(message: Message) -> Self {
        Self {
            chunk_stream: message.chunk_stream,
            stream: message.stream,
            shift: None,
            timestamp: message.timestamp,
            rest: message.payload,
        }
    }

    /// The bytes that were not given out; after the last message 0, unless it was cut off.
    pub fn rest(&self) -> usize {
        self.rest.len()
    }
}

impl Iterator for Aggregate {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        let mut tag = self.rest.clone();
        // Bits 5 to 7 of the type are FLV's filter flag and reserved.
        let message_type = MessageType::new(tag.try_get_u8().ok()? & 0x1F);
        let len = usize::try_from(tag.try_get_uint(3).ok()?).ok()?;
        let low = tag.try_get_uint(3).ok()?;
        let high = tag.try_get_u8().ok()?;
        let _stream = tag.try_get_uint(3).ok()?;
        let time = u32::try_from(low).ok()? | u32::from(high) << 24;
        if len > tag.len() {
            return None;
        }
        let payload = tag.split_to(len);
        // The back pointer; the last one is left out by some.
        tag.advance(tag.len().min(BACK_POINTER_LEN));
        self.rest = tag;
        let outer = self.timestamp.as_millis();
        let shift = *self.shift.get_or_insert_with(|| outer.wrapping_sub(time));
        let timestamp = Timestamp::from_millis(time.wrapping_add(shift));
        Some(Message::new(
            message_type,
            payload,
            self.chunk_stream,
            self.stream,
            timestamp,
        ))
    }
}

/// Puts messages into one aggregate.
///
/// FFmpeg, librtmp and GStreamer read aggregates; many servers do not.
///
/// RTMP 1.0, section 7.1.6.
#[derive(Clone, Debug, Default)]
pub struct AggregateBuilder {
    payload: Vec<u8>,
    first: Option<Timestamp>,
}

impl AggregateBuilder {
    /// Makes an empty aggregate.
    pub const fn new() -> Self {
        Self {
            payload: Vec::new(),
            first: None,
        }
    }

    /// Adds a message, unless the aggregate would become longer than a message can be.
    ///
    /// Tells whether it was added.
    pub fn push(
        &mut self,
        message_type: MessageType,
        timestamp: Timestamp,
        payload: &[u8],
    ) -> bool {
        let tag_len = TAG_HEAD_LEN + payload.len();
        if self.payload.len() + tag_len + BACK_POINTER_LEN > MAX_LEN {
            return false;
        }
        let (Ok(len), Ok(back)) = (u32::try_from(payload.len()), u32::try_from(tag_len)) else {
            return false;
        };
        self.first.get_or_insert(timestamp);
        let [_, len @ ..] = len.to_be_bytes();
        let [high, low @ ..] = timestamp.as_millis().to_be_bytes();
        self.payload.push(message_type.get());
        self.payload.extend_from_slice(&len);
        self.payload.extend_from_slice(&low);
        self.payload.push(high);
        self.payload.extend_from_slice(&[0; 3]);
        self.payload.extend_from_slice(payload);
        self.payload.extend_from_slice(&back.to_be_bytes());
        true
    }

    /// The length of the payload so far, in bytes.
    pub fn len(&self) -> usize {
        self.payload.len()
    }

    /// Whether no message was added.
    pub fn is_empty(&self) -> bool {
        self.payload.is_empty()
    }

    /// The aggregate, with the time of its first message.
    pub fn finish(self, chunk_stream: ChunkStreamId, stream: MessageStreamId) -> Message {
        let timestamp = self.first.unwrap_or_default();
        let payload = self.payload.into();
        Message::new(
            MessageType::AGGREGATE,
            payload,
            chunk_stream,
            stream,
            timestamp,
        )
    }
}

const TAG_HEAD_LEN: usize = 11;
const BACK_POINTER_LEN: usize = 4;
/// What the length field of a message can say.
const MAX_LEN: usize = 0xFF_FFFF;
