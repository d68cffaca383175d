//! Messages to chunks.

use alloc::vec::Vec;

use super::header::EXTENDED;
use super::{ChunkSize, ChunkStreamId, Message, MessageStreamId, MessageType, Timestamp};
use crate::cursor::Cursor;
use crate::error::EncodeError;

/// Cuts the messages of one direction into chunks, with the shortest headers peers understand.
///
/// A message is written in one piece; Set Chunk Size counts from the next message on.
///
/// | header | when |
/// | --- | --- |
/// | fmt 0 | first on its chunk stream, another message stream, time going backwards or 4.6 hours ahead |
/// | fmt 1 | another length or type |
/// | fmt 2 | another delta, or the delta does not mean the same to all peers (after fmt 0) |
/// | fmt 3 | nothing new |
///
/// So only fmt 0 ever has an extended timestamp, and it is repeated in each continuation.
///
/// ```
/// use bytes::Bytes;
/// use weir_rtmp::chunk::{ChunkStreamId, ChunkWriter, Message, MessageStreamId, MessageType, Timestamp};
///
/// let mut writer = ChunkWriter::new();
/// let mut out = Vec::new();
/// let message = Message::new(
///     MessageType::WINDOW_ACK_SIZE,
///     Bytes::from_static(&[0x00, 0x26, 0x25, 0xA0]),
///     ChunkStreamId::CONTROL,
///     MessageStreamId::CONNECTION,
///     Timestamp::ZERO,
/// );
/// writer.encode(&message, &mut out)?;
/// assert_eq!(out, [2, 0, 0, 0, 0, 0, 4, 5, 0, 0, 0, 0, 0x00, 0x26, 0x25, 0xA0]);
/// # Ok::<(), weir_rtmp::EncodeError>(())
/// ```
///
/// RTMP 1.0, section 5.3.
#[derive(Clone, Debug, Default)]
pub struct ChunkWriter {
    chunk_size: ChunkSize,
    /// What was last sent on each chunk stream, in the order of first use.
    streams: Vec<Sent>,
}

/// The header a peer remembers of one chunk stream.
#[derive(Clone, Copy, Debug)]
struct Sent {
    header: MessageHeader,
    /// The delta that a fmt 3 would repeat, if all peers agree on it: after fmt 0 some take the
    /// timestamp for it and some 0.
    delta: Option<u32>,
}

/// All a chunk header says of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MessageHeader {
    pub(crate) chunk_stream: ChunkStreamId,
    pub(crate) stream: MessageStreamId,
    pub(crate) timestamp: Timestamp,
    pub(crate) message_type: MessageType,
    /// Below 2^24.
    pub(crate) length: u32,
}

/// Which headers may begin a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    /// The shortest.
    Full,
    #[cfg(feature = "std")]
    /// fmt 0 and 1 only: what follows is shared by receivers with different histories.
    Shared,
}

/// A chunk header in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HeaderBytes {
    pub(crate) bytes: [u8; 18],
    pub(crate) len: u8,
}

impl ChunkWriter {
    /// Returns a writer with chunk size 128 that has sent nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the size of this side's chunks.
    pub const fn chunk_size(&self) -> ChunkSize {
        self.chunk_size
    }

    /// Appends the chunks of `message` to `out`.
    ///
    /// # Errors
    ///
    /// [`EncodeError::MessageLen`] for 2^24 bytes and more; nothing is written then.
    pub fn encode(&mut self, message: &Message, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let header = MessageHeader::of(message)?;
        let (first, extended) = self.begin(&header, Compression::Full);
        out.reserve(encoded_len(
            &message.payload,
            self.chunk_size,
            first.as_slice().len() + 4,
        ));
        out.extend_from_slice(first.as_slice());
        let continuation = HeaderBytes::continuation(header.chunk_stream, extended);
        extend_chunked(out, &message.payload, self.chunk_size, &continuation);
        self.obey(header.message_type, &message.payload);
        Ok(())
    }

    /// Makes the header of a message's first chunk, and returns the extended timestamp that all
    /// its continuations repeat.
    pub(crate) fn begin(
        &mut self,
        header: &MessageHeader,
        compression: Compression,
    ) -> (HeaderBytes, Option<u32>) {
        let index = self
            .streams
            .iter()
            .position(|sent| sent.header.chunk_stream == header.chunk_stream);
        let Some(sent) = index.and_then(|index| self.streams.get_mut(index)) else {
            let delta = delta_after_fmt_0(header);
            self.streams.push(Sent {
                header: *header,
                delta,
            });
            return header.fmt_0();
        };
        let last = sent.header;
        let delta = header.timestamp.since(last.timestamp);
        sent.header = *header;
        if header.stream != last.stream || delta >= EXTENDED {
            sent.delta = delta_after_fmt_0(header);
            return header.fmt_0();
        }
        let last_delta = sent.delta.replace(delta);
        let same = header.length == last.length && header.message_type == last.message_type;
        if compression != Compression::Full || !same {
            return (header.fmt_1(delta), None);
        }
        let mut bytes = HeaderBytes::EMPTY;
        if last_delta == Some(delta) {
            bytes.put_basic(3, header.chunk_stream);
        } else {
            bytes.put_basic(2, header.chunk_stream);
            bytes.put_u24(delta);
        }
        (bytes, None)
    }

    /// The common case of [`begin`](Self::begin) for shared chunks: fmt 1, on a chunk stream with
    /// a one-byte id.
    #[cfg(feature = "std")]
    #[inline]
    pub(crate) fn begin_fmt_1(&mut self, header: &MessageHeader) -> Option<HeaderBytes> {
        let csid = header.chunk_stream;
        let sent = self
            .streams
            .iter_mut()
            .find(|sent| sent.header.chunk_stream == csid)?;
        let delta = header.timestamp.since(sent.header.timestamp);
        if header.stream != sent.header.stream || delta >= EXTENDED || csid.get() >= 64 {
            return None;
        }
        sent.header.timestamp = header.timestamp;
        sent.header.length = header.length;
        sent.header.message_type = header.message_type;
        sent.delta = Some(delta);
        Some(header.short_fmt_1(delta))
    }

    /// Makes the next message of a chunk stream begin with fmt 0.
    #[cfg(feature = "std")]
    pub(crate) fn forget(&mut self, chunk_stream: ChunkStreamId) {
        self.streams
            .retain(|sent| sent.header.chunk_stream != chunk_stream);
    }

    /// Uses the new chunk size once the message that tells it is written.
    pub(crate) fn obey(&mut self, message_type: MessageType, payload: &[u8]) {
        if message_type == MessageType::SET_CHUNK_SIZE {
            if let Some(size) = Cursor::new(payload).u32().and_then(ChunkSize::new) {
                self.chunk_size = size;
            }
        }
    }
}

impl MessageHeader {
    pub(crate) fn of(message: &Message) -> Result<Self, EncodeError> {
        let got = message.payload.len();
        match u32::try_from(got) {
            Ok(length) if length <= MAX_MESSAGE_LEN => Ok(Self {
                chunk_stream: message.chunk_stream,
                stream: message.stream,
                timestamp: message.timestamp,
                message_type: message.message_type,
                length,
            }),
            _ => Err(EncodeError::MessageLen { got }),
        }
    }

    fn fmt_0(&self) -> (HeaderBytes, Option<u32>) {
        let millis = self.timestamp.as_millis();
        let extended = (millis >= EXTENDED).then_some(millis);
        let mut bytes = HeaderBytes::EMPTY;
        bytes.put_basic(0, self.chunk_stream);
        bytes.put_u24(millis.min(EXTENDED));
        bytes.put_u24(self.length);
        bytes.put(&[self.message_type.get()]);
        bytes.put(&self.stream.get().to_le_bytes());
        bytes.put_extended(extended);
        (bytes, extended)
    }

    fn fmt_1(&self, delta: u32) -> HeaderBytes {
        let mut bytes = HeaderBytes::EMPTY;
        bytes.put_basic(1, self.chunk_stream);
        bytes.put_u24(delta);
        bytes.put_u24(self.length);
        bytes.put(&[self.message_type.get()]);
        bytes
    }

    /// [`fmt_1`](Self::fmt_1) for ids below 64, as one number: it is made for every receiver.
    #[cfg(feature = "std")]
    #[inline]
    fn short_fmt_1(&self, delta: u32) -> HeaderBytes {
        let basic = 1 << 6 | u64::from(self.chunk_stream.get());
        let fields = u64::from(delta) << 32
            | u64::from(self.length) << 8
            | u64::from(self.message_type.get());
        let mut bytes = [0; 18];
        if let Some(first) = bytes.first_chunk_mut::<8>() {
            *first = (basic << 56 | fields).to_be_bytes();
        }
        HeaderBytes { bytes, len: 8 }
    }
}

impl HeaderBytes {
    pub(crate) const EMPTY: Self = Self {
        bytes: [0; 18],
        len: 0,
    };

    /// Returns the header between two chunks of one message.
    pub(crate) fn continuation(chunk_stream: ChunkStreamId, extended: Option<u32>) -> Self {
        let mut bytes = Self::EMPTY;
        bytes.put_basic(3, chunk_stream);
        bytes.put_extended(extended);
        bytes
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
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

    fn put_u24(&mut self, value: u32) {
        let [_, high, middle, low] = value.to_be_bytes();
        self.put(&[high, middle, low]);
    }

    fn put_extended(&mut self, extended: Option<u32>) {
        if let Some(value) = extended {
            self.put(&value.to_be_bytes());
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

/// Appends `payload`, a continuation header between each two chunks.
pub(crate) fn extend_chunked(
    out: &mut Vec<u8>,
    payload: &[u8],
    chunk_size: ChunkSize,
    continuation: &HeaderBytes,
) {
    let mut chunks = payload.chunks(chunk_size.get() as usize);
    if let Some(chunk) = chunks.next() {
        out.extend_from_slice(chunk);
    }
    for chunk in chunks {
        out.extend_from_slice(continuation.as_slice());
        out.extend_from_slice(chunk);
    }
}

/// Returns the bytes of `payload` in chunks, if a header takes `header_len`.
pub(crate) fn encoded_len(payload: &[u8], chunk_size: ChunkSize, header_len: usize) -> usize {
    let chunks = payload.len().div_ceil(chunk_size.get() as usize).max(1);
    payload.len() + chunks * header_len
}

fn delta_after_fmt_0(header: &MessageHeader) -> Option<u32> {
    (header.timestamp == Timestamp::ZERO).then_some(0)
}

/// The length field has 24 bits.
const MAX_MESSAGE_LEN: u32 = 0xFF_FFFF;
