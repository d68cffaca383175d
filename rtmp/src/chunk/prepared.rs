//! One message chunked once, to be sent to many.

use alloc::vec::Vec;

use bytes::Bytes;

use super::writer::{HeaderBytes, MessageHeader, encoded_len, extend_chunked};
use super::{ChunkSize, Message};
use crate::error::EncodeError;

/// A message whose chunks are made once and shared by all receivers with the same chunk size.
///
/// Continuation headers carry the chunk stream id, stand where the chunk size puts them, and
/// repeat an extended timestamp if the first header has one; everything else is in the first
/// header, which every receiver gets of its own. So the chunks fit each receiver with this chunk
/// size, whatever its message stream and its time offset, except where its first header needs an
/// extended timestamp: fmt 0 after 4.66 hours. The send queue then chunks the message anew.
///
/// A message that fits one chunk shares the payload itself.
#[derive(Clone, Debug)]
pub struct PreparedMessage {
    message: Message,
    header: MessageHeader,
    chunk_size: ChunkSize,
    chunked: Bytes,
}

impl PreparedMessage {
    /// Chunks a message; one copy of the payload, none if it fits one chunk.
    ///
    /// # Errors
    ///
    /// [`EncodeError::MessageLen`] for 2^24 bytes and more.
    pub fn new(message: Message, chunk_size: ChunkSize) -> Result<Self, EncodeError> {
        let header = MessageHeader::of(&message)?;
        let chunked = if header.length <= chunk_size.get() {
            message.payload.clone()
        } else {
            let continuation = HeaderBytes::continuation(header.chunk_stream, None);
            let header_len = continuation.as_slice().len();
            let mut chunked = Vec::with_capacity(
                encoded_len(&message.payload, chunk_size, header_len) - header_len,
            );
            extend_chunked(&mut chunked, &message.payload, chunk_size, &continuation);
            let chunked = Bytes::from(chunked);
            // The first clone of such bytes allocates their reference count: here, not in a queue.
            drop(chunked.clone());
            chunked
        };
        Ok(Self {
            message,
            header,
            chunk_size,
            chunked,
        })
    }

    /// Returns the message.
    pub const fn message(&self) -> &Message {
        &self.message
    }

    /// Returns the chunk size it was made for.
    pub const fn chunk_size(&self) -> ChunkSize {
        self.chunk_size
    }

    pub(crate) const fn header(&self) -> &MessageHeader {
        &self.header
    }

    pub(crate) const fn chunked(&self) -> &Bytes {
        &self.chunked
    }
}

/// Takes the continuation headers out of `chunked` again.
pub(crate) fn unchunked(chunked: &[u8], header: &MessageHeader, chunk_size: ChunkSize) -> Bytes {
    let header_len = HeaderBytes::continuation(header.chunk_stream, None)
        .as_slice()
        .len();
    let mut payload = Vec::with_capacity(header.length as usize);
    let mut rest = chunked;
    while !rest.is_empty() {
        payload.extend_from_slice(crate::cursor::take(&mut rest, chunk_size.get() as usize));
        crate::cursor::take(&mut rest, header_len);
    }
    Bytes::from(payload)
}
