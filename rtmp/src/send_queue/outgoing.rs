//! One message of the queue: what is known of it while it waits, and its bytes on the wire.

use std::io::IoSlice;
use std::time::Instant;

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::{mem, slice};

use bytes::Bytes;

use super::Class;
use crate::chunk::header_bytes::{HeaderBytes, MessageHeader, Shape};
use crate::chunk::prepared::Shared;
use crate::chunk::writer::{Compression, encoded_len, extend_chunked};
use crate::chunk::{ChunkSize, ChunkStreamId, ChunkWriter, MessageStreamId, Timestamp};
use crate::cursor;

/// A message on its way through both stages. Its place in the queue stays the same, and so does
/// most of what it says.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) body: Body,
    /// When it was pushed; a handshake was not.
    pub(super) since: Option<Instant>,
    pub(super) stream: MessageStreamId,
    pub(super) timestamp: Timestamp,
    pub(super) shape: Shape,
    pub(super) kind: Kind,
    /// What stands before the body.
    pub(super) first: HeaderBytes,
}

/// Whose message it is, and whether it may be dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Reply,
    Message(Class),
}

#[derive(Debug)]
pub(super) enum Body {
    /// The chunks of a message that others get too; none in a place that waits for a message.
    Shared(Option<Arc<Shared>>),
    Own(Own),
}

/// Bytes that only this receiver gets.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) bytes: Bytes,
    /// The size of the chunks that they have to be cut to.
    chunk_size: ChunkSize,
    chunk_stream: ChunkStreamId,
    /// What stands between each two chunks: a header of fmt 3.
    continuation: [u8; 7],
    continuation_len: u8,
}

/// The headers and chunks of a message, or what is left of them, in order.
#[derive(Debug)]
pub(super) struct Pieces<'a> {
    header: &'a [u8],
    payload: &'a [u8],
    /// How much of the payload belongs to the chunk behind `header`.
    left: usize,
    continuation: &'a [u8],
    chunk_size: usize,
}

impl Kind {
    #[inline]
    pub(super) const fn class(self) -> Class {
        match self {
            Self::Reply => Class::Essential,
            Self::Message(class) => class,
        }
    }
}

impl Outgoing {
    /// A place for a message.
    pub(super) const VACANT: Self = Self {
        body: Body::Shared(None),
        since: None,
        stream: MessageStreamId::CONNECTION,
        timestamp: Timestamp::ZERO,
        shape: Shape::NONE,
        kind: Kind::Reply,
        first: HeaderBytes::EMPTY,
    };

    /// Bytes that are no message.
    pub(super) fn handshake(bytes: Bytes) -> Self {
        Self {
            body: Body::Own(Own::whole(bytes)),
            ..Self::VACANT
        }
    }

    /// A message and its header.
    pub(super) fn new(
        header: MessageHeader,
        kind: Kind,
        body: Body,
        now: Instant,
        writer: &mut ChunkWriter,
    ) -> Self {
        let mut message = Self {
            body,
            since: Some(now),
            stream: header.stream,
            timestamp: header.timestamp,
            shape: header.shape,
            kind,
            first: HeaderBytes::EMPTY,
        };
        message.begin(writer);
        message
    }

    /// Forgets the message, which leaves a place for another.
    #[inline]
    pub(super) fn vacate(&mut self) {
        match &mut self.body {
            Body::Shared(shared) => *shared = None,
            Body::Own(_) => self.vacate_own(),
        }
    }

    #[inline(never)]
    fn vacate_own(&mut self) {
        self.body = Body::Shared(None);
    }

    pub(super) fn chunk_stream(&self) -> ChunkStreamId {
        match &self.body {
            Body::Own(own) => own.chunk_stream,
            Body::Shared(Some(shared)) => shared.header.chunk_stream,
            Body::Shared(None) => ChunkStreamId::CONTROL,
        }
    }

    pub(super) fn header(&self) -> MessageHeader {
        MessageHeader {
            chunk_stream: self.chunk_stream(),
            stream: self.stream,
            timestamp: self.timestamp,
            shape: self.shape,
        }
    }

    /// Makes the header, again if something before the message was dropped.
    pub(super) fn begin(&mut self, writer: &mut ChunkWriter) {
        let compression = match self.body {
            Body::Own(_) => Compression::Full,
            Body::Shared(_) => Compression::Shared,
        };
        let (first, extended) = writer.begin(&self.header(), compression);
        self.first = first;
        match &mut self.body {
            Body::Own(own) => own.continue_with(extended),
            // The shared chunks have no extended timestamps.
            Body::Shared(Some(shared)) if extended.is_some() => {
                let mut own = Own::payload(
                    shared.message.payload.clone(),
                    shared.header.chunk_stream,
                    shared.chunk_size,
                );
                own.continue_with(extended);
                self.body = Body::Own(own);
            }
            Body::Shared(_) => {}
        }
    }

    /// Whether its chunks have to be made before it can be written.
    #[inline]
    pub(super) fn is_unfinished(&self) -> bool {
        match &self.body {
            Body::Own(own) => own.is_cut() && own.chunk_size.get() < SHARE_FROM,
            Body::Shared(_) => false,
        }
    }

    /// Makes the chunks, if they are small.
    pub(super) fn finish(&mut self) {
        if !self.is_unfinished() {
            return;
        }
        let Body::Own(own) = &mut self.body else {
            return;
        };
        let continuation = own.continuation();
        let header_len = continuation.len();
        let mut chunked = Vec::with_capacity(encoded_len(&own.bytes, own.chunk_size, header_len));
        extend_chunked(&mut chunked, &own.bytes, own.chunk_size, continuation);
        *own = Own::whole(chunked.into());
    }

    /// Replaces header and chunks by their encryption.
    #[cfg(feature = "rtmpe")]
    pub(super) fn encrypt(&mut self, cipher: &mut crate::handshake::Cipher) {
        let plain: Vec<&[u8]> = self.pieces(0).collect();
        self.body = Body::Own(Own::whole(cipher.apply(plain.concat().into())));
        self.first = HeaderBytes::EMPTY;
    }

    /// The bytes that it takes on the wire.
    #[inline]
    pub(super) fn wire_len(&self) -> usize {
        let body_len = match &self.body {
            Body::Shared(Some(shared)) => shared.chunked.len(),
            Body::Shared(None) => 0,
            Body::Own(own) => own.wire_len(),
        };
        usize::from(self.first.len) + body_len
    }

    /// Puts the pieces behind the first `skipped` bytes into `slices`; `None` if there are too few.
    #[inline]
    pub(super) fn fill<'a>(
        &'a self,
        skipped: usize,
        slices: &mut slice::IterMut<'_, IoSlice<'a>>,
    ) -> Option<()> {
        // What fan-out does for every receiver, without the state of an iterator.
        if let (0, Body::Shared(Some(shared))) = (skipped, &self.body) {
            *slices.next()? = IoSlice::new(self.first.as_slice());
            if !shared.chunked.is_empty() {
                *slices.next()? = IoSlice::new(&shared.chunked);
            }
            return Some(());
        }
        self.fill_pieces(skipped, slices)
    }

    #[inline(never)]
    fn fill_pieces<'a>(
        &'a self,
        skipped: usize,
        slices: &mut slice::IterMut<'_, IoSlice<'a>>,
    ) -> Option<()> {
        for piece in self.pieces(skipped) {
            *slices.next()? = IoSlice::new(piece);
        }
        Some(())
    }

    /// The bytes on the wire from `offset` on.
    pub(super) fn pieces(&self, offset: usize) -> Pieces<'_> {
        let first = self.first.as_slice();
        let pieces = match &self.body {
            Body::Shared(Some(shared)) => Pieces::whole(first, &shared.chunked),
            Body::Shared(None) => Pieces::whole(first, &[]),
            Body::Own(own) if own.is_cut() => Pieces::chunked(first, own),
            Body::Own(own) => Pieces::whole(first, &own.bytes),
        };
        match offset {
            0 => pieces,
            _ => pieces.skip_bytes(offset),
        }
    }
}

impl Own {
    /// Bytes to be cut to chunks.
    pub(super) const fn payload(
        bytes: Bytes,
        chunk_stream: ChunkStreamId,
        chunk_size: ChunkSize,
    ) -> Self {
        Self {
            bytes,
            chunk_size,
            chunk_stream,
            continuation: [0; 7],
            continuation_len: 0,
        }
    }

    /// Bytes that are written as they are.
    pub(super) const fn whole(bytes: Bytes) -> Self {
        Self::payload(bytes, ChunkStreamId::CONTROL, WHOLE)
    }

    fn is_cut(&self) -> bool {
        self.chunk_size != WHOLE && self.bytes.len() > self.chunk_size.get() as usize
    }

    fn continue_with(&mut self, extended: Option<u32>) {
        if self.is_cut() {
            let continuation = HeaderBytes::continuation(self.chunk_stream, extended);
            self.continuation_len = continuation.len;
            if let Some(bytes) = continuation.bytes.first_chunk() {
                self.continuation = *bytes;
            }
        }
    }

    fn continuation(&self) -> &[u8] {
        let len = usize::from(self.continuation_len);
        self.continuation.get(..len).unwrap_or_default()
    }

    fn wire_len(&self) -> usize {
        if self.is_cut() {
            // The first chunk has a header of its own.
            let header_len = usize::from(self.continuation_len);
            encoded_len(&self.bytes, self.chunk_size, header_len) - header_len
        } else {
            self.bytes.len()
        }
    }
}

impl<'a> Pieces<'a> {
    const fn whole(header: &'a [u8], payload: &'a [u8]) -> Self {
        Self {
            header,
            payload,
            left: payload.len(),
            continuation: &[],
            chunk_size: payload.len(),
        }
    }

    fn chunked(header: &'a [u8], own: &'a Own) -> Self {
        let chunk_size = own.chunk_size.get() as usize;
        Self {
            header,
            payload: &own.bytes,
            left: chunk_size,
            continuation: own.continuation(),
            chunk_size,
        }
    }

    /// Begins `count` bytes later, in the same time wherever that is.
    fn skip_bytes(mut self, count: usize) -> Self {
        let Some(count) = count.checked_sub(self.header.len()) else {
            cursor::take(&mut self.header, count);
            return self;
        };
        let period = (self.chunk_size + self.continuation.len()).max(1);
        cursor::take(&mut self.payload, count / period * self.chunk_size);
        let within = count % period;
        if let Some(within) = within.checked_sub(self.chunk_size) {
            cursor::take(&mut self.payload, self.chunk_size);
            self.header = self.continuation;
            cursor::take(&mut self.header, within);
        } else {
            cursor::take(&mut self.payload, within);
            self.header = &[];
            self.left = self.chunk_size - within;
        }
        self
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        if !self.header.is_empty() {
            return Some(mem::take(&mut self.header));
        }
        if self.payload.is_empty() {
            return None;
        }
        let chunk = cursor::take(&mut self.payload, self.left);
        if !self.payload.is_empty() {
            self.header = self.continuation;
            self.left = self.chunk_size;
        }
        Some(chunk)
    }
}

/// From this chunk size on a payload is sent in slices; below, headers and payload are copied
/// together, since a system call takes at most 1,024 slices.
const SHARE_FROM: u32 = 1024;

/// The chunk size of bytes that are in chunks already: no message is longer.
const WHOLE: ChunkSize = ChunkSize::MAX_USEFUL;
