//! What this side has to say, in the order it said it.
//!
//! # How this works
//!
//! The queue has two stages. A *waiting* message has no header yet: it can be counted, aged and
//! dropped. [`SendQueue::commit`] makes the headers, in order, for about 64 KiB at a time, and
//! what is *committed* is only bytes. Because a header is made when nothing before it can be
//! dropped any more, its timestamp delta is always right.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::time::{Duration, Instant};

use alloc::vec::Vec;

use bytes::{Buf, Bytes};
use smallvec::SmallVec;

use crate::chunk::prepared::unchunked;
use crate::chunk::writer::{Compression, HeaderBytes, MessageHeader, encoded_len, extend_chunked};
use crate::chunk::{
    ChunkSize, ChunkStreamId, ChunkWriter, Message, MessageStreamId, PreparedMessage, Timestamp,
};
use crate::error::{EncodeError, LimitExceeded};
#[cfg(feature = "rtmpe")]
use crate::handshake::Cipher;

/// The bytes one side sends, as a [`Buf`] made for vectored writes.
///
/// ```
/// use std::io::{IoSlice, Write};
/// use bytes::Buf;
/// # use std::time::Instant;
/// # use bytes::Bytes;
/// # use weir_rtmp::chunk::{ChunkStreamId, Message, MessageStreamId, MessageType, Timestamp};
/// # use weir_rtmp::{Class, SendQueue};
/// # fn write(queue: &mut SendQueue, mut socket: impl Write) -> std::io::Result<()> {
/// queue.commit();
/// while queue.has_remaining() {
///     let mut slices = [IoSlice::new(&[]); 64];
///     let filled = queue.chunks_vectored(&mut slices);
///     let written = socket.write_vectored(&slices[..filled])?;
///     queue.advance(written);
///     queue.commit();
/// }
/// # Ok(())
/// # }
/// # let mut queue = SendQueue::new(1 << 20);
/// # let message = Message::new(MessageType::AUDIO, Bytes::from_static(&[0xAF, 1, 0]),
/// #     ChunkStreamId::new(4).unwrap(), MessageStreamId::new(1), Timestamp::ZERO);
/// # queue.push(message, Class::Audio, Instant::now()).unwrap();
/// # let mut written = Vec::new();
/// # write(&mut queue, &mut written).unwrap();
/// # assert_eq!(written.len(), 12 + 3);
/// ```
#[derive(Debug)]
pub struct SendQueue {
    writer: ChunkWriter,
    waiting: VecDeque<Waiting>,
    waiting_len: usize,
    droppable: Dropped,
    dropped: Dropped,
    /// Message streams that get no video before their next keyframe.
    gated: SmallVec<[MessageStreamId; 2]>,
    parts: VecDeque<Part>,
    /// Bytes of the first part that are written already.
    written: usize,
    committed: usize,
    /// What the waiting replies count.
    replies: usize,
    max_replies: usize,
    #[cfg(feature = "rtmpe")]
    cipher: Option<Cipher>,
}

/// What may happen to a message while it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// Never dropped: control, commands, metadata, sequence headers.
    Essential,
    /// Dropped together with the video around it.
    Audio,
    /// A video frame that needs no other.
    Keyframe,
    /// A video frame that needs the frames since the last keyframe.
    Interframe,
    /// A video frame that no other needs.
    Disposable,
}

/// How far the peer's reading is behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backlog {
    /// Payload bytes of waiting messages and committed bytes not yet written.
    pub bytes: usize,
    /// Waiting messages.
    pub messages: usize,
    /// How long the oldest waiting message has waited.
    pub oldest: Duration,
    /// What of the waiting messages may be dropped.
    pub droppable: Dropped,
    /// What was dropped so far.
    pub dropped: Dropped,
}

/// A number of messages and their payload bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dropped {
    /// Messages.
    pub messages: usize,
    /// Their payload bytes.
    pub bytes: usize,
}

#[derive(Debug)]
struct Waiting {
    header: MessageHeader,
    body: Body,
    bytes: Bytes,
    class: Class,
    reply: bool,
    since: Instant,
}

/// What the bytes of a waiting message are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    Payload,
    /// Chunks of this size, without extended timestamps.
    Chunked(ChunkSize),
}

#[derive(Debug)]
enum Part {
    Header([u8; 18], u8),
    Body(Bytes),
}

impl SendQueue {
    /// Returns an empty queue; replies that the peer does not read may count `max_replies`
    /// bytes, 96 more for each.
    pub fn new(max_replies: usize) -> Self {
        Self {
            writer: ChunkWriter::new(),
            waiting: VecDeque::new(),
            waiting_len: 0,
            droppable: Dropped::default(),
            dropped: Dropped::default(),
            gated: SmallVec::new(),
            parts: VecDeque::new(),
            written: 0,
            committed: 0,
            replies: 0,
            max_replies,
            #[cfg(feature = "rtmpe")]
            cipher: None,
        }
    }

    /// Encrypts all that is committed from here on, which takes a copy of each body.
    #[cfg(feature = "rtmpe")]
    pub fn encrypt(&mut self, cipher: Cipher) {
        self.cipher = Some(cipher);
    }

    /// Appends a message.
    ///
    /// A frame that needs a keyframe which was dropped is dropped too, and counted.
    ///
    /// # Errors
    ///
    /// [`EncodeError::MessageLen`] for 2^24 bytes and more.
    pub fn push(
        &mut self,
        message: Message,
        class: Class,
        now: Instant,
    ) -> Result<(), EncodeError> {
        let header = MessageHeader::of(&message)?;
        let bytes = message.payload;
        self.append(Waiting {
            header,
            body: Body::Payload,
            bytes,
            class,
            reply: false,
            since: now,
        });
        Ok(())
    }

    /// Appends a message that others get too, on a message stream and at a time of this receiver.
    ///
    /// Its chunks are shared if they have this queue's chunk size, else made anew.
    pub fn push_prepared(
        &mut self,
        message: &PreparedMessage,
        class: Class,
        stream: MessageStreamId,
        timestamp: Timestamp,
        now: Instant,
    ) {
        let header = MessageHeader {
            stream,
            timestamp,
            ..*message.header()
        };
        let (body, bytes) = if message.chunk_size() == self.writer.chunk_size() {
            (
                Body::Chunked(message.chunk_size()),
                message.chunked().clone(),
            )
        } else {
            (Body::Payload, message.message().payload.clone())
        };
        self.append(Waiting {
            header,
            body,
            bytes,
            class,
            reply: false,
            since: now,
        });
    }

    /// Appends a message that the peer caused.
    ///
    /// # Errors
    ///
    /// [`LimitExceeded::QueuedOutput`] if the peer causes more than it reads.
    pub fn push_reply(&mut self, message: Message, now: Instant) -> Result<(), LimitExceeded> {
        let got = self.replies + message.payload.len() + REPLY_COST;
        let too_much = LimitExceeded::QueuedOutput {
            got,
            limit: self.max_replies,
        };
        if got > self.max_replies {
            return Err(too_much);
        }
        let header = MessageHeader::of(&message).map_err(|_| too_much)?;
        self.replies = got;
        self.append(Waiting {
            header,
            body: Body::Payload,
            bytes: message.payload,
            class: Class::Essential,
            reply: true,
            since: now,
        });
        Ok(())
    }

    /// Appends bytes that are no message: a handshake. Messages must not be waiting.
    pub fn push_handshake(&mut self, bytes: Bytes) {
        debug_assert!(
            self.waiting.is_empty(),
            "a handshake comes before all messages"
        );
        self.push_body(bytes);
    }

    /// Turns waiting messages into bytes until 64 KiB are committed or none is waiting.
    pub fn commit(&mut self) {
        while self.committed < COMMIT_LEN {
            let Some(message) = self.waiting.pop_front() else {
                break;
            };
            self.forget_waiting(&message);
            if message.body == Body::Chunked(self.writer.chunk_size()) {
                if let Some(first) = self.writer.begin_fmt_1(&message.header) {
                    self.push_header(&first);
                    self.push_body(message.bytes);
                    continue;
                }
            }
            self.commit_message(message);
        }
    }

    /// Returns the chunk size of the next message to be committed.
    pub const fn chunk_size(&self) -> ChunkSize {
        self.writer.chunk_size()
    }

    /// Returns how far the peer is behind; O(1).
    pub fn backlog(&self, now: Instant) -> Backlog {
        let oldest = self.waiting.front().map_or(now, |message| message.since);
        Backlog {
            bytes: self.waiting_len + self.committed,
            messages: self.waiting.len(),
            oldest: now.saturating_duration_since(oldest),
            droppable: self.droppable,
            dropped: self.dropped,
        }
    }

    /// Whether nothing waits and nothing is committed.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.committed == 0
    }

    /// Drops the waiting frames that no other frame needs.
    pub fn drop_disposable(&mut self) -> Dropped {
        self.drop_waiting(|message, _| message.class == Class::Disposable)
    }

    /// Drops all waiting audio and video before the newest waiting keyframe of each message
    /// stream. A message stream without one loses its waiting video, and gets none before its
    /// next keyframe; its audio goes on.
    pub fn drop_to_keyframe(&mut self) -> Dropped {
        let mut seen: SmallVec<[MessageStreamId; 2]> = SmallVec::new();
        let mut last: SmallVec<[(MessageStreamId, usize); 2]> = SmallVec::new();
        for (index, message) in self.waiting.iter().enumerate().rev() {
            let stream = message.header.stream;
            match message.class {
                Class::Keyframe if !last.iter().any(|(known, _)| *known == stream) => {
                    last.push((stream, index));
                }
                Class::Interframe | Class::Disposable if !seen.contains(&stream) => {
                    seen.push(stream);
                }
                _ => {}
            }
        }
        for stream in seen {
            let has_keyframe = last.iter().any(|(known, _)| *known == stream);
            if !has_keyframe && !self.gated.contains(&stream) {
                self.gated.push(stream);
            }
        }
        self.drop_waiting(|message, index| {
            let keyframe = last
                .iter()
                .find(|(stream, _)| *stream == message.header.stream);
            match (message.class, keyframe) {
                (Class::Essential, _) | (Class::Audio, None) => false,
                (_, Some((_, keyframe))) => index < *keyframe,
                (_, None) => true,
            }
        })
    }

    #[inline]
    fn append(&mut self, message: Waiting) {
        if !self.gated.is_empty() && self.is_gated(&message) {
            self.dropped.add(&message.header);
            self.writer.forget(message.header.chunk_stream);
            return;
        }
        let len = message.header.length as usize;
        self.waiting_len += len;
        if message.class != Class::Essential {
            self.droppable.messages += 1;
            self.droppable.bytes += len;
        }
        self.waiting.push_back(message);
    }

    fn is_gated(&mut self, message: &Waiting) -> bool {
        let stream = message.header.stream;
        match message.class {
            Class::Keyframe => {
                self.gated.retain(|gated| *gated != stream);
                false
            }
            Class::Interframe | Class::Disposable => self.gated.contains(&stream),
            Class::Essential | Class::Audio => false,
        }
    }

    fn drop_waiting(&mut self, mut unwanted: impl FnMut(&Waiting, usize) -> bool) -> Dropped {
        let before = self.dropped;
        let mut chunk_streams: SmallVec<[ChunkStreamId; 4]> = SmallVec::new();
        let mut index = 0;
        let waiting = std::mem::take(&mut self.waiting);
        let (unwanted, wanted): (VecDeque<_>, VecDeque<_>) =
            waiting.into_iter().partition(|message| {
                index += 1;
                unwanted(message, index - 1)
            });
        self.waiting = wanted;
        for message in &unwanted {
            self.forget_waiting(message);
            self.dropped.add(&message.header);
            if !chunk_streams.contains(&message.header.chunk_stream) {
                chunk_streams.push(message.header.chunk_stream);
            }
        }
        for chunk_stream in chunk_streams {
            self.writer.forget(chunk_stream);
        }
        Dropped {
            messages: self.dropped.messages - before.messages,
            bytes: self.dropped.bytes - before.bytes,
        }
    }

    /// Takes a message that waits no longer out of the counts.
    fn forget_waiting(&mut self, message: &Waiting) {
        let len = message.header.length as usize;
        self.waiting_len -= len;
        if message.class != Class::Essential {
            self.droppable.messages -= 1;
            self.droppable.bytes -= len;
        }
        if message.reply {
            self.replies -= len + REPLY_COST;
        }
    }

    fn commit_message(&mut self, message: Waiting) {
        let Waiting {
            header,
            body,
            bytes,
            ..
        } = message;
        let chunk_size = self.writer.chunk_size();
        let compression = match body {
            Body::Payload => Compression::Full,
            Body::Chunked(_) => Compression::Shared,
        };
        let (first, extended) = self.writer.begin(&header, compression);
        self.push_header(&first);
        match body {
            _ if header.length == 0 => {}
            Body::Chunked(size) if size == chunk_size && extended.is_none() => {
                self.push_body(bytes);
            }
            Body::Chunked(size) => {
                self.push_payload(unchunked(&bytes, &header, size), &header, extended);
            }
            Body::Payload => self.push_payload(bytes, &header, extended),
        }
    }

    fn push_payload(&mut self, payload: Bytes, header: &MessageHeader, extended: Option<u32>) {
        let chunk_size = self.writer.chunk_size();
        self.writer.obey(header.message_type, &payload);
        if header.length <= chunk_size.get() {
            self.push_body(payload);
            return;
        }
        let continuation = HeaderBytes::continuation(header.chunk_stream, extended);
        if chunk_size.get() < SHARE_FROM {
            let len = encoded_len(&payload, chunk_size, continuation.as_slice().len());
            let mut chunked = Vec::with_capacity(len);
            extend_chunked(&mut chunked, &payload, chunk_size, &continuation);
            self.push_body(Bytes::from(chunked));
            return;
        }
        let mut rest = payload;
        while rest.len() > chunk_size.get() as usize {
            let chunk = rest.split_to(chunk_size.get() as usize);
            self.push_body(chunk);
            self.push_header(&continuation);
        }
        self.push_body(rest);
    }

    /// Takes bytes off the front that are not all there are.
    fn advance_within(&mut self, count: usize) {
        let mut count = count + self.written;
        while let Some(part) = self.parts.front() {
            let len = part.as_slice().len();
            if count < len {
                break;
            }
            count -= len;
            self.parts.pop_front();
        }
        self.written = count;
    }

    fn push_header(&mut self, header: &HeaderBytes) {
        self.push_part(
            Part::Header(header.bytes, header.len),
            usize::from(header.len),
        );
    }

    fn push_body(&mut self, bytes: Bytes) {
        let len = bytes.len();
        if len > 0 {
            self.push_part(Part::Body(bytes), len);
        }
    }

    #[inline]
    fn push_part(&mut self, part: Part, len: usize) {
        #[cfg(feature = "rtmpe")]
        let part = match &mut self.cipher {
            Some(cipher) => Part::Body(cipher.apply(Bytes::copy_from_slice(part.as_slice()))),
            None => part,
        };
        self.committed += len;
        self.parts.push_back(part);
    }
}

impl Buf for SendQueue {
    /// The committed bytes.
    fn remaining(&self) -> usize {
        self.committed
    }

    fn chunk(&self) -> &[u8] {
        self.parts
            .front()
            .and_then(|part| part.as_slice().get(self.written..))
            .unwrap_or_default()
    }

    /// # Panics
    ///
    /// If `count` is more than [`remaining`](Buf::remaining).
    fn advance(&mut self, count: usize) {
        assert!(
            count <= self.committed,
            "advance({count}) past {} bytes",
            self.committed
        );
        self.committed -= count;
        if self.committed > 0 {
            self.advance_within(count);
            return;
        }
        self.written = 0;
        self.parts.clear();
        // A burst shall not cost memory for ever.
        if self.parts.capacity() > KEPT_PARTS {
            self.parts.shrink_to(KEPT_PARTS);
        }
        if self.waiting.is_empty() && self.waiting.capacity() > KEPT_WAITING {
            self.waiting.shrink_to(KEPT_WAITING);
        }
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut skip = self.written;
        let mut filled = 0;
        for (slice, part) in slices.iter_mut().zip(&self.parts) {
            *slice = IoSlice::new(part.as_slice().get(skip..).unwrap_or_default());
            skip = 0;
            filled += 1;
        }
        filled
    }
}

impl Part {
    fn as_slice(&self) -> &[u8] {
        match self {
            Self::Header(bytes, len) => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Self::Body(bytes) => bytes,
        }
    }
}

impl Dropped {
    fn add(&mut self, header: &MessageHeader) {
        self.messages += 1;
        self.bytes += header.length as usize;
    }
}

/// How much is turned into bytes at a time; what is behind it can still be dropped.
const COMMIT_LEN: usize = 64 << 10;

/// What a waiting reply counts besides its payload.
const REPLY_COST: usize = 96;

/// From this chunk size on a payload is sent in slices; below, headers and payload are copied
/// together, since a system call takes at most 1,024 slices.
const SHARE_FROM: u32 = 1024;

/// Capacities that a drained queue keeps: 1 KiB each.
const KEPT_PARTS: usize = 32;
const KEPT_WAITING: usize = 12;

const _: () = assert!(size_of::<Part>() == 32);
