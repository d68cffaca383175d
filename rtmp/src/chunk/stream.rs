//! One chunk stream of the peer: what its last headers said, and its unfinished message.

use alloc::vec::Vec;
use core::mem;

use bytes::Bytes;

use super::header::Header;
use super::reader::Step;
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

    /// Bytes of the unfinished message so far.
    pub(super) fn received(&self) -> u32 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "no more than the length, 24 bits"
        )]
        let received = self.payload.len() as u32;
        received
    }

    /// Bytes of the unfinished message still to come.
    pub(super) fn missing(&self) -> usize {
        self.length as usize - self.payload.len()
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

    /// The one byte that continues the message, or 256 if one byte does not.
    pub(super) fn plain_continuation(&self) -> u16 {
        match u16::try_from(self.csid.get()) {
            Ok(csid) if csid < 64 && self.extended.is_none() => 0xC0 | csid,
            _ => 256,
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

    /// Makes room for `more` bytes, and as many again, but never for more than the message.
    pub(super) fn reserve(&mut self, more: usize) {
        let needed = self.payload.len() + more;
        if needed > self.payload.capacity() {
            let doubled = (self.payload.capacity() * 2).max(FIRST_RESERVE);
            let room = doubled.min(self.length as usize).max(needed);
            match self.payload.capacity() {
                // The shorter way to the allocator, once for each message.
                0 => self.payload = Vec::with_capacity(room),
                _ => self.payload.reserve_exact(room - self.payload.len()),
            }
        }
    }

    /// What a step that brought the last byte of the message comes to.
    pub(super) const fn end(&self) -> Step {
        match self.message_type {
            MessageType::SET_CHUNK_SIZE | MessageType::ABORT => Step::Control,
            _ => Step::Complete,
        }
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
