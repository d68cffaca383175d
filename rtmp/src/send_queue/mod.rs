//! What this side has to say, in the order it said it.
//!
//! # How this works
//!
//! The queue has two stages. A *waiting* message has no header yet: it can be counted, aged and
//! dropped. [`SendQueue::commit`] makes the headers, in order, for about 64 KiB at a time, and
//! what is *committed* is only bytes. Because a header is made when nothing before it can be
//! dropped any more, its timestamp delta is always right.
//!
//! Both stages share one ring: to commit a message is to change it where it lies.

mod dropping;
mod outgoing;

use std::collections::VecDeque;
use std::io::IoSlice;
use std::time::{Duration, Instant};

use alloc::vec::Vec;

use bytes::{Buf, Bytes};

use self::outgoing::{Body, Framing, Outgoing, Stage, Waiting};
use crate::chunk::writer::MessageHeader;
use crate::chunk::{ChunkSize, ChunkWriter, Message, MessageStreamId, PreparedMessage, Timestamp};
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
    /// The committed messages, then the waiting ones.
    messages: VecDeque<Outgoing>,
    /// How many messages are committed.
    waiting_from: usize,
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

/// What the waiting messages come to.
#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    /// Their payload bytes.
    bytes: usize,
    /// What of them may not be dropped; most may.
    essential: Dropped,
    /// What the replies count.
    replies: usize,
}

impl SendQueue {
    /// Returns an empty queue; replies that the peer does not read may count `max_replies`
    /// bytes, 96 more for each.
    pub fn new(max_replies: usize) -> Self {
        Self {
            writer: ChunkWriter::new(),
            messages: VecDeque::new(),
            waiting_from: 0,
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
        let waiting = Waiting {
            header: MessageHeader::of(&message)?,
            body: Body::Payload,
            class,
            reply: false,
            since: now,
        };
        self.append(waiting, || message.payload);
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
        let waiting = |body| Waiting {
            header: MessageHeader {
                stream,
                timestamp,
                ..*message.header()
            },
            body,
            class,
            reply: false,
            since: now,
        };
        let chunk_size = message.chunk_size();
        if chunk_size == self.writer.chunk_size() {
            let bytes = || message.chunked().clone();
            self.append(waiting(Body::Chunked(chunk_size)), bytes);
        } else {
            let bytes = || message.message().payload.clone();
            self.append(waiting(Body::Payload), bytes);
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
        let waiting = Waiting {
            header: MessageHeader::of(&message).map_err(|_| too_much)?,
            body: Body::Payload,
            class: Class::Essential,
            reply: true,
            since: now,
        };
        self.append(waiting, || message.payload);
        Ok(())
    }

    /// Appends bytes that are no message: a handshake. Messages must not be waiting.
    pub fn push_handshake(&mut self, bytes: Bytes) {
        debug_assert!(
            self.waiting_from == self.messages.len(),
            "a handshake comes before all messages"
        );
        if bytes.is_empty() {
            return;
        }
        self.committed += bytes.len();
        let handshake = Outgoing {
            bytes,
            stage: Stage::Committed(Framing::NONE),
        };
        self.messages.insert(self.waiting_from, handshake);
        self.waiting_from += 1;
    }

    /// Turns waiting messages into bytes until 64 KiB are committed or none is waiting.
    pub fn commit(&mut self) {
        while self.committed < COMMIT_LEN {
            let Some(message) = self.messages.get_mut(self.waiting_from) else {
                break;
            };
            let Some(waiting) = message.waiting() else {
                break;
            };
            self.totals.remove(waiting);
            self.committed += message.commit(&mut self.writer);
            #[cfg(feature = "rtmpe")]
            if let Some(cipher) = &mut self.cipher {
                let plain: Vec<&[u8]> = message.pieces(0).collect();
                message.bytes = cipher.apply(plain.concat().into());
                message.stage = Stage::Committed(Framing::NONE);
            }
            self.waiting_from += 1;
        }
    }

    /// Returns the chunk size of the next message to be committed.
    pub const fn chunk_size(&self) -> ChunkSize {
        self.writer.chunk_size()
    }

    /// Returns how far the peer is behind; O(1).
    pub fn backlog(&self, now: Instant) -> Backlog {
        let first = self.messages.get(self.waiting_from);
        let oldest = first.and_then(Outgoing::waiting);
        let oldest = oldest.map_or(now, |message| message.since);
        let messages = self.messages.len() - self.waiting_from;
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
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    #[inline]
    fn append(&mut self, waiting: Waiting, bytes: impl FnOnce() -> Bytes) {
        if !self.gated.is_empty() && self.is_gated(&waiting) {
            self.dropped.add(&waiting.header);
            self.writer.forget(waiting.header.chunk_stream);
            return;
        }
        self.totals.add(&waiting);
        self.messages.push_back(Outgoing {
            bytes: bytes(),
            stage: Stage::Waiting(waiting),
        });
    }

    /// Takes bytes off the front that are not all there are.
    fn advance_within(&mut self, count: usize) {
        let mut count = count + self.written;
        while let Some(message) = self.messages.front() {
            let len = message.wire_len();
            if count < len || self.waiting_from == 0 {
                break;
            }
            count -= len;
            self.messages.pop_front();
            self.waiting_from -= 1;
        }
        self.written = count;
    }
}

impl Buf for SendQueue {
    /// The committed bytes.
    fn remaining(&self) -> usize {
        self.committed
    }

    fn chunk(&self) -> &[u8] {
        self.messages
            .front()
            .and_then(|message| message.pieces(self.written).next())
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
        if self.waiting_from < self.messages.len() {
            self.messages.drain(..self.waiting_from);
        } else {
            self.messages.clear();
            // A burst shall not cost memory for ever.
            if self.messages.capacity() > KEPT_MESSAGES {
                self.messages.shrink_to(KEPT_MESSAGES);
            }
        }
        self.waiting_from = 0;
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut skipped = self.written;
        let all = slices.len();
        let mut slices = slices;
        for message in self.messages.iter().take(self.waiting_from) {
            let filled = message.fill(skipped, slices);
            slices = slices.get_mut(filled..).unwrap_or_default();
            if slices.is_empty() {
                break;
            }
            skipped = 0;
        }
        all - slices.len()
    }
}

impl Totals {
    #[inline]
    fn add(&mut self, message: &Waiting) {
        let len = message.header.length as usize;
        self.bytes += len;
        if message.class == Class::Essential {
            self.essential.messages += 1;
            self.essential.bytes += len;
            if message.reply {
                self.replies += len + REPLY_COST;
            }
        }
    }

    #[inline]
    fn remove(&mut self, message: &Waiting) {
        let len = message.header.length as usize;
        self.bytes -= len;
        if message.class == Class::Essential {
            self.essential.messages -= 1;
            self.essential.bytes -= len;
            if message.reply {
                self.replies -= len + REPLY_COST;
            }
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

/// Messages that a drained queue has room for.
const KEPT_MESSAGES: usize = 16;

const _: () = assert!(size_of::<Outgoing>() <= 88);
