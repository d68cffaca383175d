//! One chunk stream of the peer: what its last headers said, and its unfinished message.

use alloc::vec::Vec;
use core::mem;

use bytes::Bytes;

use super::header::Header;
use super::{ChunkStreamId, Message, MessageStreamId, MessageType, Timestamp};

/// What the last headers of one chunk stream said, and its unfinished message.
#[derive(Clone, Debug)]
pub(super) struct ChunkStream {
    pub(super) csid: ChunkStreamId,
    pub(super) stream: MessageStreamId,
    pub(super) timestamp: Timestamp,
    /// What a fmt 3 that begins a message adds to the timestamp.
    pub(super) delta: u32,
    /// The extended field of the last header that was not fmt 3.
    pub(super) extended: Option<u32>,
    pub(super) message_type: MessageType,
    pub(super) length: u32,
    /// Whether a message is unfinished: begun, and `payload.len() < length`.
    pub(super) open: bool,
    /// Chunks of the unfinished message so far.
    pub(super) chunks: u32,
    pub(super) payload: Vec<u8>,
}

impl ChunkStream {
    pub(super) const fn new(header: &Header) -> Self {
        Self {
            csid: header.csid,
            stream: header.stream,
            timestamp: Timestamp::ZERO,
            delta: 0,
            extended: None,
            message_type: header.message_type,
            length: header.length,
            open: false,
            chunks: 0,
            payload: Vec::new(),
        }
    }

    pub(super) fn missing(&self) -> u32 {
        // The payload is never longer than the length, which has 24 bits.
        #[expect(
            clippy::cast_possible_truncation,
            reason = "payload.len() <= length < 2^24"
        )]
        let present = self.payload.len() as u32;
        self.length - present
    }

    /// Whether a header in the middle of the message is just that message's header again.
    pub(super) fn is_repeated_by(&self, header: &Header) -> bool {
        match header.fmt {
            0 => {
                header.time == self.timestamp.as_millis()
                    && header.length == self.length
                    && header.message_type == self.message_type
                    && header.stream == self.stream
            }
            1 => header.length == self.length && header.message_type == self.message_type,
            _ => true,
        }
    }

    /// The one byte that continues the message, if one byte does.
    pub(super) fn plain_continuation(&self) -> Option<u8> {
        match u8::try_from(self.csid.get()) {
            Ok(csid) if csid < 64 && self.extended.is_none() => Some(0xC0 | csid),
            _ => None,
        }
    }

    pub(super) fn begin(&mut self, header: &Header) {
        self.timestamp = match header.fmt {
            0 => Timestamp::from_millis(header.time),
            _ => self.timestamp.wrapping_add(header.time),
        };
        self.delta = header.time;
        self.length = header.length;
        self.message_type = header.message_type;
        self.stream = header.stream;
        self.open = true;
        self.chunks = 1;
    }

    pub(super) fn extend(&mut self, bytes: &[u8]) {
        let needed = self.payload.len() + bytes.len();
        if needed > self.payload.capacity() {
            let length = self.length as usize;
            let doubled = (self.payload.capacity() * 2).max(FIRST_RESERVE).min(length);
            self.payload
                .reserve_exact(doubled.max(needed) - self.payload.len());
        }
        self.payload.extend_from_slice(bytes);
    }

    pub(super) fn complete(&mut self) -> Message {
        self.open = false;
        Message {
            chunk_stream: self.csid,
            stream: self.stream,
            timestamp: self.timestamp,
            message_type: self.message_type,
            payload: Bytes::from(mem::take(&mut self.payload)),
        }
    }

    /// Gives up the unfinished message, if there is one; what the headers said stays.
    pub(super) fn drop_partial(&mut self) -> bool {
        self.payload = Vec::new();
        mem::take(&mut self.open)
    }
}

/// What is reserved for a message before its bytes come; then the buffer doubles up to its length.
const FIRST_RESERVE: usize = 64 << 10;
