//! One message chunked once, to be sent to many.

use alloc::sync::Arc;
use alloc::vec::Vec;

use bytes::Bytes;

use super::header_bytes::{Fmt1, HeaderBytes, MessageHeader};
use super::writer::{encoded_len, extend_chunked};
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
/// A message that fits one chunk shares the payload itself, and a clone of a prepared message
/// shares everything.
#[derive(Clone, Debug)]
pub struct PreparedMessage {
    shared: Arc<Shared>,
}

/// What all receivers of a message have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) message: Message,
    pub(crate) header: MessageHeader,
    /// The first header of nearly all receivers.
    pub(crate) fmt_1: Fmt1,
    pub(crate) chunk_size: ChunkSize,
    pub(crate) chunked: Bytes,
}

impl PreparedMessage {
    /// Chunks a message; one copy of the payload, none if it fits one chunk.
    ///
    /// # Errors
    ///
    /// [`EncodeError::MessageLen`] for 2^24 bytes and more.
    pub fn new(message: Message, chunk_size: ChunkSize) -> Result<Self, EncodeError> {
        let header = MessageHeader::of(&message)?;
        let chunked = if header.shape.length() <= chunk_size.get() {
            message.payload.clone()
        } else {
            let continuation = HeaderBytes::continuation(header.chunk_stream, None);
            let continuation = continuation.as_slice();
            let header_len = continuation.len();
            let mut chunked = Vec::with_capacity(
                encoded_len(&message.payload, chunk_size, header_len) - header_len,
            );
            extend_chunked(&mut chunked, &message.payload, chunk_size, continuation);
            chunked.into()
        };
        let shared = Shared {
            fmt_1: Fmt1::of(&header),
            message,
            header,
            chunk_size,
            chunked,
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Returns the message.
    pub fn message(&self) -> &Message {
        &self.shared.message
    }

    /// Returns the chunk size it was made for.
    pub fn chunk_size(&self) -> ChunkSize {
        self.shared.chunk_size
    }

    pub(crate) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}
