//! Messages to chunks.

use alloc::vec::Vec;

use super::header::{EXTENDED, MAX_HEADER_LEN};
#[cfg(feature = "std")]
use super::header_bytes::Fmt1;
use super::header_bytes::{HeaderBytes, MessageHeader, Shape};
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
    /// What was last sent on the first eight chunk streams, where nearly all messages travel.
    near: [Option<Sent>; 8],
    /// And on the others, in the order of first use.
    far: Vec<(ChunkStreamId, Sent)>,
}

/// What a peer remembers of one chunk stream.
#[derive(Clone, Copy, Debug)]
struct Sent {
    stream: MessageStreamId,
    timestamp: Timestamp,
    shape: Shape,
    /// The delta that a fmt 3 would repeat, if all peers agree on it: after fmt 0 some take the
    /// timestamp for it and some 0.
    delta: Option<u32>,
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
        let payload = &message.payload[..];
        if payload.len() <= self.chunk_size.get() as usize {
            out.reserve(MAX_HEADER_LEN + payload.len());
            first.append_to(out);
            out.extend_from_slice(payload);
        } else {
            let continuation = HeaderBytes::continuation(header.chunk_stream, extended);
            let header_len = usize::from(continuation.len);
            out.reserve(MAX_HEADER_LEN + encoded_len(payload, self.chunk_size, header_len));
            first.append_to(out);
            extend_chunked(out, payload, self.chunk_size, continuation.as_slice());
        }
        self.obey(message.message_type, payload);
        Ok(())
    }

    /// Makes the header of a message's first chunk, and returns the extended timestamp that all
    /// its continuations repeat.
    #[inline]
    pub(crate) fn begin(
        &mut self,
        header: &MessageHeader,
        compression: Compression,
    ) -> (HeaderBytes, Option<u32>) {
        let Some(sent) = self.sent(header.chunk_stream) else {
            self.open(header);
            return header.fmt_0();
        };
        let last = *sent;
        let delta = header.timestamp.since(last.timestamp);
        if header.stream != last.stream || delta >= EXTENDED {
            *sent = Sent::after_fmt_0(header);
            return header.fmt_0();
        }
        sent.timestamp = header.timestamp;
        sent.shape = header.shape;
        sent.delta = Some(delta);
        let fmt = if compression != Compression::Full || header.shape != last.shape {
            1
        } else if last.delta != Some(delta) {
            2
        } else {
            3
        };
        (header.bytes(fmt, delta, None), None)
    }

    /// The common case of [`begin`](Self::begin) for shared chunks: returns the fmt 1 header that
    /// is `prepared` but for its delta.
    #[cfg(feature = "std")]
    #[inline]
    pub(crate) fn begin_prepared(
        &mut self,
        prepared: Fmt1,
        shape: Shape,
        stream: MessageStreamId,
        timestamp: Timestamp,
    ) -> Option<[u8; Fmt1::LEN]> {
        let sent = self.near.get_mut(prepared.near)?.as_mut()?;
        let delta = timestamp.since(sent.timestamp);
        if stream != sent.stream || delta >= EXTENDED {
            return None;
        }
        sent.timestamp = timestamp;
        sent.shape = shape;
        sent.delta = Some(delta);
        Some(prepared.bytes(delta))
    }

    #[inline]
    fn sent(&mut self, chunk_stream: ChunkStreamId) -> Option<&mut Sent> {
        match self.near.get_mut(chunk_stream.get() as usize) {
            Some(near) => near.as_mut(),
            None => self
                .far
                .iter_mut()
                .find_map(|(known, sent)| (*known == chunk_stream).then_some(sent)),
        }
    }

    #[cold]
    fn open(&mut self, header: &MessageHeader) {
        let sent = Sent::after_fmt_0(header);
        match self.near.get_mut(header.chunk_stream.get() as usize) {
            Some(near) => *near = Some(sent),
            None => self.far.push((header.chunk_stream, sent)),
        }
    }

    /// Makes the next message of a chunk stream begin with fmt 0.
    #[cfg(feature = "std")]
    pub(crate) fn forget(&mut self, chunk_stream: ChunkStreamId) {
        match self.near.get_mut(chunk_stream.get() as usize) {
            Some(near) => *near = None,
            None => self.far.retain(|(known, _)| *known != chunk_stream),
        }
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

impl Sent {
    fn after_fmt_0(header: &MessageHeader) -> Self {
        Self {
            stream: header.stream,
            timestamp: header.timestamp,
            shape: header.shape,
            delta: (header.timestamp == Timestamp::ZERO).then_some(0),
        }
    }
}

/// Appends `payload`, a continuation header between each two chunks.
pub(crate) fn extend_chunked(
    out: &mut Vec<u8>,
    payload: &[u8],
    chunk_size: ChunkSize,
    continuation: &[u8],
) {
    let mut chunks = payload.chunks(chunk_size.get() as usize);
    if let Some(chunk) = chunks.next() {
        out.extend_from_slice(chunk);
    }
    if let [basic] = continuation {
        for chunk in chunks {
            out.push(*basic);
            out.extend_from_slice(chunk);
        }
        return;
    }
    for chunk in chunks {
        out.extend_from_slice(continuation);
        out.extend_from_slice(chunk);
    }
}

/// Returns the bytes of `payload` in chunks, if a header takes `header_len`.
pub(crate) fn encoded_len(payload: &[u8], chunk_size: ChunkSize, header_len: usize) -> usize {
    let chunks = payload.len().div_ceil(chunk_size.get() as usize).max(1);
    payload.len() + chunks * header_len
}
