//! What this side has to say, in the order it said it.
//!
//! # How this works
//!
//! The queue has two stages. A *waiting* message can be counted, aged and dropped.
//! [`SendQueue::commit`] ends that for about 64 KiB at a time, and what is *committed* is only
//! bytes. A message gets its header when it is pushed, since that is nearly always the one it
//! goes out with; when something before it on its chunk stream is dropped it gets another one,
//! so that its timestamp delta is always right.
//!
//! Both stages share one list: to commit messages is to count them. The places of messages that
//! are written stay, and the next ones are made there.

mod dropping;
mod outgoing;
mod totals;
mod writing;

use std::time::{Duration, Instant};

use alloc::sync::Arc;
use alloc::vec::Vec;

use bytes::Bytes;

use self::outgoing::{Body, Kind, Outgoing, Own};
use self::totals::Totals;
use crate::chunk::header_bytes::{Fmt1, MessageHeader, Shape};
use crate::chunk::{
    ChunkSize, ChunkWriter, Message, MessageStreamId, MessageType, PreparedMessage, Timestamp,
};
use crate::error::{EncodeError, LimitExceeded};
#[cfg(feature = "rtmpe")]
use crate::handshake::Cipher;

/// The bytes one side sends, as a [`Buf`](bytes::Buf) made for vectored writes.
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
    /// Places of messages that are written, committed, waiting and not there yet, in this order.
    places: Vec<Outgoing>,
    /// The first committed message. committed_from <= waiting_from
    committed_from: usize,
    /// The first waiting message. waiting_from <= end
    waiting_from: usize,
    /// The place of the next message. end <= places.len()
    end: usize,
    totals: Totals,
    dropped: Dropped,
    /// Message streams that get no video before their next keyframe.
    gated: Vec<MessageStreamId>,
    /// Bytes of the first message that are written already.
    written: usize,
    /// Committed bytes that are not written.
    committed: usize,
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

impl SendQueue {
    /// Returns an empty queue; replies that the peer does not read may count `max_replies`
    /// bytes, 96 more for each.
    pub fn new(max_replies: usize) -> Self {
        Self {
            writer: ChunkWriter::new(),
            places: Vec::new(),
            committed_from: 0,
            waiting_from: 0,
            end: 0,
            totals: Totals::default(),
            dropped: Dropped::default(),
            gated: Vec::new(),
            written: 0,
            committed: 0,
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
        self.append_own(header, Kind::Message(class), message.payload, now);
        Ok(())
    }

    /// Appends a message that others get too, on a message stream and at a time of this receiver.
    ///
    /// Its chunks are shared if they have this queue's chunk size, else made anew.
    #[inline]
    pub fn push_prepared(
        &mut self,
        message: &PreparedMessage,
        class: Class,
        stream: MessageStreamId,
        timestamp: Timestamp,
        now: Instant,
    ) {
        let shared = message.shared();
        if self.gated.is_empty() && shared.chunk_size == self.writer.chunk_size() {
            if let Some(place) = self.places.get_mut(self.end) {
                let (fmt_1, shape) = (shared.fmt_1, shared.header.shape);
                if let Some(first) = self.writer.begin_prepared(fmt_1, shape, stream, timestamp) {
                    place.body = Body::Shared(Some(Arc::clone(shared)));
                    place.since = Some(now);
                    place.stream = stream;
                    place.timestamp = timestamp;
                    place.shape = shape;
                    place.kind = Kind::Message(class);
                    place.first.set_fmt_1(first);
                    self.end += 1;
                    let wire_len = Fmt1::LEN + shared.chunked.len();
                    self.totals.add_parts(place.kind, shape, wire_len);
                    return;
                }
            }
        }
        self.push_otherwise(message, class, stream, timestamp, now);
    }

    /// The first message of a chunk stream, one behind a dropped one, one whose chunks have another
    /// size, and one that has no place yet.
    #[cold]
    fn push_otherwise(
        &mut self,
        message: &PreparedMessage,
        class: Class,
        stream: MessageStreamId,
        timestamp: Timestamp,
        now: Instant,
    ) {
        let shared = message.shared();
        let header = MessageHeader {
            stream,
            timestamp,
            ..shared.header
        };
        let payload = &shared.message.payload;
        if shared.chunk_size == self.writer.chunk_size() {
            let body = Body::Shared(Some(Arc::clone(shared)));
            self.append(header, Kind::Message(class), body, now);
            self.writer.obey(header.shape.message_type(), payload);
        } else {
            self.append_own(header, Kind::Message(class), payload.clone(), now);
        }
    }

    /// Appends a message that the peer caused.
    ///
    /// # Errors
    ///
    /// [`LimitExceeded::QueuedOutput`] if the peer causes more than it reads.
    pub fn push_reply(&mut self, message: Message, now: Instant) -> Result<(), LimitExceeded> {
        let got = self.totals.replies + message.payload.len() + REPLY_COST;
        let too_much = LimitExceeded::QueuedOutput {
            got,
            limit: self.max_replies,
        };
        if got > self.max_replies {
            return Err(too_much);
        }
        let header = MessageHeader::of(&message).map_err(|_| too_much)?;
        self.append_own(header, Kind::Reply, message.payload, now);
        Ok(())
    }

    /// Appends bytes that are no message: a handshake. Messages must not be waiting.
    pub fn push_handshake(&mut self, bytes: Bytes) {
        debug_assert!(
            self.waiting_from == self.end,
            "a handshake comes before all messages"
        );
        if bytes.is_empty() {
            return;
        }
        self.committed += bytes.len();
        self.places
            .insert(self.waiting_from, Outgoing::handshake(bytes));
        self.waiting_from += 1;
        self.end += 1;
    }

    /// Turns waiting messages into bytes until 64 KiB are committed or none is waiting.
    #[inline]
    pub fn commit(&mut self) {
        if self.totals.wire == 0 {
            return;
        }
        if self.committed + self.totals.wire > COMMIT_LEN || self.needs_work() {
            return self.commit_each();
        }
        self.committed += self.totals.wire;
        self.waiting_from = self.end;
        self.totals = Totals::default();
    }

    /// Returns the chunk size of the next message to be pushed.
    pub const fn chunk_size(&self) -> ChunkSize {
        self.writer.chunk_size()
    }

    /// Returns how far the peer is behind; O(1).
    pub fn backlog(&self, now: Instant) -> Backlog {
        let messages = self.end - self.waiting_from;
        let first = self.places.get(self.waiting_from..self.end);
        let first = first.and_then(|waiting| waiting.first());
        let oldest = first.and_then(|message| message.since).unwrap_or(now);
        Backlog {
            bytes: self.totals.bytes + self.committed,
            messages,
            oldest: now.saturating_duration_since(oldest),
            droppable: Dropped {
                messages: messages - self.totals.essential.messages,
                bytes: self.totals.bytes - self.totals.essential.bytes,
            },
            dropped: self.dropped,
        }
    }

    /// Whether nothing waits and nothing is committed.
    pub const fn is_empty(&self) -> bool {
        self.committed_from == self.end
    }

    fn append_own(&mut self, header: MessageHeader, kind: Kind, payload: Bytes, now: Instant) {
        // A slice of the payload is cheap, and needed after it is gone.
        let said = match header.shape.message_type() {
            MessageType::SET_CHUNK_SIZE => payload.clone(),
            _ => Bytes::new(),
        };
        let own = Own::payload(payload, header.chunk_stream, self.writer.chunk_size());
        self.append(header, kind, Body::Own(own), now);
        self.writer.obey(header.shape.message_type(), &said);
    }

    fn append(&mut self, header: MessageHeader, kind: Kind, body: Body, now: Instant) {
        let kind = match (kind, header.shape.message_type()) {
            // What comes behind is cut as it says.
            (Kind::Message(_), MessageType::SET_CHUNK_SIZE) => Kind::Message(Class::Essential),
            _ => kind,
        };
        if !self.gated.is_empty() && self.is_gated(kind, header.stream) {
            self.dropped.add(header.shape);
            self.writer.forget(header.chunk_stream);
            return;
        }
        let message = Outgoing::new(header, kind, body, now, &mut self.writer);
        self.totals.add(&message);
        self.put(message);
    }

    fn put(&mut self, message: Outgoing) {
        if self.end == self.places.len() && self.committed_from > self.end / 2 {
            self.places.rotate_left(self.committed_from);
            self.waiting_from -= self.committed_from;
            self.end -= self.committed_from;
            self.committed_from = 0;
        }
        match self.places.get_mut(self.end) {
            Some(place) => *place = message,
            None => self.places.push(message),
        }
        self.end += 1;
    }

    /// Whether committing takes more than counting.
    #[inline]
    const fn needs_work(&self) -> bool {
        #[cfg(feature = "rtmpe")]
        if self.cipher.is_some() {
            return true;
        }
        self.totals.unfinished > 0
    }

    #[inline(never)]
    fn commit_each(&mut self) {
        let waiting = self.places.get_mut(self.waiting_from..self.end);
        for message in waiting.unwrap_or_default() {
            if self.committed >= COMMIT_LEN {
                break;
            }
            self.totals.remove(message);
            self.committed += message.wire_len();
            self.waiting_from += 1;
            message.finish();
            #[cfg(feature = "rtmpe")]
            if let Some(cipher) = &mut self.cipher {
                message.encrypt(cipher);
            }
        }
    }
}

impl Dropped {
    fn add(&mut self, shape: Shape) {
        self.messages += 1;
        self.bytes += shape.length() as usize;
    }
}

/// How much is turned into bytes at a time; what is behind it can still be dropped.
const COMMIT_LEN: usize = 64 << 10;

/// What a waiting reply counts besides its payload.
const REPLY_COST: usize = 96;

const _: () = assert!(size_of::<Outgoing>() <= REPLY_COST);
