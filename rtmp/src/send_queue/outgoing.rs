//! One message of the queue: what is known of it while it waits, and its bytes behind that.

use std::io::IoSlice;
use std::time::Instant;

use alloc::vec::Vec;
use core::mem;

use bytes::Bytes;

use super::Class;
use crate::chunk::prepared::unchunked;
use crate::chunk::writer::{Compression, HeaderBytes, MessageHeader, encoded_len, extend_chunked};
use crate::chunk::{ChunkSize, ChunkWriter};
use crate::cursor;

/// A message on its way through both stages. Its place in the queue stays the same.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) bytes: Bytes,
    pub(super) stage: Stage,
}

#[derive(Debug)]
pub(super) enum Stage {
    Waiting(Waiting),
    Committed(Framing),
}

/// A message without a header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) header: MessageHeader,
    pub(super) body: Body,
    pub(super) class: Class,
    pub(super) reply: bool,
    pub(super) since: Instant,
}

/// What the bytes of a waiting message are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    Payload,
    /// Chunks of this size, without extended timestamps.
    Chunked(ChunkSize),
}

/// How the bytes of a message become those of the wire.
#[derive(Debug)]
pub(super) struct Framing {
    /// What stands before them.
    first: HeaderBytes,
    /// Where they are not in chunks yet: what stands between each two chunks, and their size.
    cut: Option<(HeaderBytes, ChunkSize)>,
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

impl Outgoing {
    /// The message if it has no header yet.
    pub(super) const fn waiting(&self) -> Option<&Waiting> {
        match &self.stage {
            Stage::Waiting(waiting) => Some(waiting),
            Stage::Committed(_) => None,
        }
    }

    /// Makes the header and returns the bytes that the message takes on the wire.
    #[inline]
    pub(super) fn commit(&mut self, writer: &mut ChunkWriter) -> usize {
        let Stage::Waiting(waiting) = &self.stage else {
            return 0;
        };
        // What fan-out does for every receiver.
        if waiting.body == Body::Chunked(writer.chunk_size()) {
            if let Some(first) = writer.begin_fmt_1(&waiting.header) {
                let len = usize::from(first.len) + self.bytes.len();
                self.stage = Stage::Committed(Framing::whole(first));
                return len;
            }
        }
        let framing = Framing::new(writer, waiting, &mut self.bytes);
        self.stage = Stage::Committed(framing);
        self.wire_len()
    }

    /// The bytes that it takes on the wire; 0 while it waits.
    pub(super) fn wire_len(&self) -> usize {
        match &self.stage {
            Stage::Waiting(_) => 0,
            Stage::Committed(framing) => framing.wire_len(&self.bytes),
        }
    }

    /// Puts the pieces behind the first `skipped` bytes into `slices`, and returns how many.
    #[inline]
    pub(super) fn fill<'a>(&'a self, skipped: usize, slices: &mut [IoSlice<'a>]) -> usize {
        // What fan-out does for every receiver, without the state of an iterator.
        if let (0, Stage::Committed(Framing { first, cut: None })) = (skipped, &self.stage) {
            let (first, payload) = (first.as_slice(), &*self.bytes);
            if let ([header, body, ..], false, false) =
                (&mut *slices, first.is_empty(), payload.is_empty())
            {
                *header = IoSlice::new(first);
                *body = IoSlice::new(payload);
                return 2;
            }
        }
        let mut filled = 0;
        for (slice, piece) in slices.iter_mut().zip(self.pieces(skipped)) {
            *slice = IoSlice::new(piece);
            filled += 1;
        }
        filled
    }

    /// The bytes on the wire from `offset` on; none while it waits.
    #[inline]
    pub(super) fn pieces(&self, offset: usize) -> Pieces<'_> {
        match &self.stage {
            Stage::Waiting(_) => Pieces::whole(&[], &[]),
            Stage::Committed(framing) => {
                let first = framing.first.as_slice();
                let pieces = match &framing.cut {
                    None => Pieces::whole(first, &self.bytes),
                    Some((continuation, size)) => {
                        Pieces::chunked(first, &self.bytes, continuation, *size)
                    }
                };
                match offset {
                    0 => pieces,
                    _ => pieces.skip_bytes(offset),
                }
            }
        }
    }
}

impl Framing {
    /// Nothing but the bytes.
    pub(super) const NONE: Self = Self::whole(HeaderBytes::EMPTY);

    pub(super) const fn whole(first: HeaderBytes) -> Self {
        Self { first, cut: None }
    }

    /// Makes the header of a message. Where small chunks have to be made its bytes become those.
    #[inline(never)]
    pub(super) fn new(writer: &mut ChunkWriter, waiting: &Waiting, bytes: &mut Bytes) -> Self {
        let header = &waiting.header;
        let chunk_size = writer.chunk_size();
        let compression = match waiting.body {
            Body::Payload => Compression::Full,
            Body::Chunked(_) => Compression::Shared,
        };
        let (first, extended) = writer.begin(header, compression);
        if let Body::Chunked(size) = waiting.body {
            if size == chunk_size && extended.is_none() {
                return Self::whole(first);
            }
            *bytes = unchunked(bytes, header, size);
        }
        writer.obey(header.message_type, bytes);
        if header.length <= chunk_size.get() {
            return Self::whole(first);
        }
        let continuation = HeaderBytes::continuation(header.chunk_stream, extended);
        if chunk_size.get() >= SHARE_FROM {
            return Self {
                first,
                cut: Some((continuation, chunk_size)),
            };
        }
        let len = encoded_len(bytes, chunk_size, usize::from(continuation.len));
        let mut chunked = Vec::with_capacity(len);
        extend_chunked(&mut chunked, bytes, chunk_size, &continuation);
        *bytes = chunked.into();
        Self::whole(first)
    }

    #[inline]
    pub(super) fn wire_len(&self, bytes: &[u8]) -> usize {
        let first_len = usize::from(self.first.len);
        match &self.cut {
            None => first_len + bytes.len(),
            // The first chunk has a header of its own.
            Some((continuation, size)) => {
                let header_len = usize::from(continuation.len);
                first_len + encoded_len(bytes, *size, header_len) - header_len
            }
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

    fn chunked(
        header: &'a [u8],
        payload: &'a [u8],
        continuation: &'a HeaderBytes,
        size: ChunkSize,
    ) -> Self {
        let chunk_size = size.get() as usize;
        Self {
            header,
            payload,
            left: chunk_size,
            continuation: continuation.as_slice(),
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
