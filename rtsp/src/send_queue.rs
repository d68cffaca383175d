//! What this side has to say, in the order it said it.
//!
//! # How this works
//!
//! The queue has two stages. A *waiting* message or packet can be counted, aged and dropped.
//! [`SendQueue::commit`] moves about 64 KiB at a time to the *committed* parts, which are only
//! bytes: nothing of them can be dropped any more, so what is written is always whole frames.

use std::{
    collections::VecDeque,
    io::IoSlice,
    time::{Duration, Instant},
};

use bytes::{Buf, Bytes};

use crate::message::Interleaved;

/// The bytes one side sends on its connection, as a [`Buf`] made for vectored writes.
///
/// ```
/// use bytes::Buf;
/// use std::io::{IoSlice, Write};
/// # fn write(queue: &mut weir_rtsp::SendQueue, mut socket: impl Write) -> std::io::Result<()> {
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
/// ```
#[derive(Debug, Default)]
pub struct SendQueue {
    waiting: VecDeque<Waiting>,
    waiting_len: usize,
    messages_len: usize,
    droppable: Dropped,
    dropped: Dropped,
    /// Channels that get no video before their next keyframe, one bit each.
    gated: [u64; 4],
    parts: VecDeque<Part>,
    /// Bytes of the first part that are written already.
    written: usize,
    committed: usize,
}

/// What may happen to a packet while it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// Never dropped: RTCP, parameter sets.
    Essential,
    /// Audio; dropped together with the video around it.
    Audio,
    /// Part of a video frame that needs no other.
    Keyframe,
    /// Part of a video frame that needs the frames since the last keyframe.
    Interframe,
    /// Part of a video frame that no other needs.
    Disposable,
}

/// How far the peer's reading is behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backlog {
    /// Bytes of waiting messages and packets, and committed bytes not yet written.
    pub bytes: usize,
    /// Waiting messages and packets.
    pub messages: usize,
    /// How long the oldest waiting one has waited.
    pub oldest: Duration,
    /// What of it may be dropped.
    pub droppable: Dropped,
    /// What was dropped so far.
    pub dropped: Dropped,
}

/// A number of packets and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dropped {
    /// Packets.
    pub messages: usize,
    /// Their bytes.
    pub bytes: usize,
}

#[derive(Debug)]
struct Waiting {
    /// `None` for a message, whose bytes are framed already.
    channel: Option<u8>,
    bytes: Bytes,
    class: Class,
    since: Instant,
}

#[derive(Debug)]
enum Part {
    Header([u8; 4]),
    Body(Bytes),
}

impl SendQueue {
    /// Appends an encoded message.
    pub(crate) fn push_message(&mut self, bytes: Bytes, now: Instant) {
        self.waiting_len += bytes.len();
        self.messages_len += bytes.len() + MESSAGE_COST;
        self.waiting.push_back(Waiting {
            channel: None,
            bytes,
            class: Class::Essential,
            since: now,
        });
    }

    /// Appends a packet for an interleaved channel. Whether it was taken: after a drop, a channel
    /// takes no video until its next keyframe, and no packet over 65535 bytes is ever taken.
    pub(crate) fn push_packet(
        &mut self,
        channel: u8,
        bytes: Bytes,
        class: Class,
        now: Instant,
    ) -> bool {
        let gated = self.is_gated(channel);
        let refused = match class {
            Class::Keyframe => {
                self.set_gate(channel, false);
                false
            }
            Class::Interframe | Class::Disposable => gated,
            Class::Audio | Class::Essential => false,
        };
        if refused || u16::try_from(bytes.len()).is_err() {
            self.dropped.add(bytes.len());
            return false;
        }
        let packet = Waiting {
            channel: Some(channel),
            bytes,
            class,
            since: now,
        };
        self.waiting_len += packet.len();
        if class != Class::Essential {
            self.droppable.add(packet.bytes.len());
        }
        self.waiting.push_back(packet);
        true
    }

    /// Frames about 64 KiB of what waits, so that it can be written.
    pub fn commit(&mut self) {
        while self.committed < COMMIT_AHEAD {
            let Some(next) = self.waiting.pop_front() else {
                break;
            };
            self.forget(&next);
            self.committed += next.len();
            if let (Some(channel), Ok(len)) = (next.channel, u16::try_from(next.bytes.len())) {
                self.parts
                    .push_back(Part::Header(Interleaved::header(channel, len)));
            }
            if !next.bytes.is_empty() {
                self.parts.push_back(Part::Body(next.bytes));
            }
        }
        if self.parts.is_empty() && self.waiting.is_empty() {
            // A drained queue gives its memory back.
            self.parts.shrink_to(8);
            self.waiting.shrink_to(8);
        }
    }

    /// How far the peer's reading is behind.
    pub fn backlog(&self, now: Instant) -> Backlog {
        let oldest = self
            .waiting
            .front()
            .map(|first| now.saturating_duration_since(first.since));
        Backlog {
            bytes: self.waiting_len + self.committed,
            messages: self.waiting.len(),
            oldest: oldest.unwrap_or_default(),
            droppable: self.droppable,
            dropped: self.dropped,
        }
    }

    /// Whether there is nothing to write, committed or waiting.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.committed == 0
    }

    /// Drops waiting video that no other frame needs.
    pub fn drop_disposable(&mut self) -> Dropped {
        self.drop_where(|packet| packet.class == Class::Disposable)
    }

    /// Drops all waiting audio and video up to the last waiting keyframe of each channel; where
    /// none waits, the channel takes no video until one comes.
    pub fn drop_to_keyframe(&mut self) -> Dropped {
        let mut keyframe_at = [0_u64; 4];
        let mut last_keyframe = None;
        for packet in &self.waiting {
            if let (Class::Keyframe, Some(channel)) = (packet.class, packet.channel) {
                set_bit(&mut keyframe_at, channel, true);
                last_keyframe = packet.timestamp();
            }
        }
        for packet in &self.waiting {
            let video = matches!(
                packet.class,
                Class::Interframe | Class::Disposable | Class::Keyframe
            );
            if let (true, Some(channel)) = (video, packet.channel) {
                if !bit(&keyframe_at, channel) {
                    set_bit(&mut self.gated, channel, true);
                }
            }
        }
        let mut kept_from_here = false;
        self.drop_where(|packet| {
            // The last keyframe is several packets of one timestamp.
            kept_from_here |=
                packet.class == Class::Keyframe && packet.timestamp() == last_keyframe;
            packet.class != Class::Essential && !kept_from_here
        })
    }

    /// What the peer caused and has not read: its replies and their cost.
    pub(crate) const fn replies(&self) -> usize {
        self.messages_len
    }

    fn drop_where(&mut self, mut dropped: impl FnMut(&Waiting) -> bool) -> Dropped {
        let mut count = Dropped::default();
        self.waiting.retain(|packet| {
            let dropped = packet.channel.is_some() && dropped(packet);
            if dropped {
                count.add(packet.bytes.len());
            }
            !dropped
        });
        self.waiting_len -= count.bytes + 4 * count.messages;
        self.droppable.messages -= count.messages;
        self.droppable.bytes -= count.bytes;
        self.dropped.messages += count.messages;
        self.dropped.bytes += count.bytes;
        count
    }

    /// Takes a packet out of the counts of what waits.
    fn forget(&mut self, packet: &Waiting) {
        self.waiting_len -= packet.len();
        match packet.channel {
            None => self.messages_len -= packet.bytes.len() + MESSAGE_COST,
            Some(_) if packet.class != Class::Essential => {
                self.droppable.messages -= 1;
                self.droppable.bytes -= packet.bytes.len();
            }
            Some(_) => {}
        }
    }

    fn is_gated(&self, channel: u8) -> bool {
        bit(&self.gated, channel)
    }

    fn set_gate(&mut self, channel: u8, closed: bool) {
        set_bit(&mut self.gated, channel, closed);
    }
}

impl Buf for SendQueue {
    fn remaining(&self) -> usize {
        self.committed
    }

    fn chunk(&self) -> &[u8] {
        let first = self.parts.front().map_or(&[][..], Part::bytes);
        first.get(self.written..).unwrap_or_default()
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut skipped = self.written;
        let mut filled = 0;
        for (part, slice) in self.parts.iter().zip(slices) {
            *slice = IoSlice::new(part.bytes().get(skipped..).unwrap_or_default());
            skipped = 0;
            filled += 1;
        }
        filled
    }

    fn advance(&mut self, mut count: usize) {
        assert!(count <= self.committed, "advanced past what was committed");
        self.committed -= count;
        while let Some(first) = self.parts.front() {
            let left = first.bytes().len() - self.written;
            if count < left {
                self.written += count;
                return;
            }
            count -= left;
            self.written = 0;
            self.parts.pop_front();
        }
    }
}

impl Part {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Header(header) => header,
            Self::Body(body) => body,
        }
    }
}

impl Waiting {
    /// Bytes on the wire.
    fn len(&self) -> usize {
        self.bytes.len() + if self.channel.is_some() { 4 } else { 0 }
    }

    /// The RTP timestamp: all packets of a frame share it.
    fn timestamp(&self) -> Option<[u8; 4]> {
        self.bytes.get(4..8)?.try_into().ok()
    }
}

impl Dropped {
    const fn add(&mut self, len: usize) {
        self.messages += 1;
        self.bytes += len;
    }
}

fn bit(set: &[u64; 4], channel: u8) -> bool {
    set.get(usize::from(channel / 64))
        .is_some_and(|word| word >> (channel % 64) & 1 == 1)
}

fn set_bit(set: &mut [u64; 4], channel: u8, value: bool) {
    if let Some(word) = set.get_mut(usize::from(channel / 64)) {
        *word = *word & !(1 << (channel % 64)) | u64::from(value) << (channel % 64);
    }
}

/// Bytes framed at a time: two socket buffers, little enough that a drop still finds most of it.
const COMMIT_AHEAD: usize = 64 * 1024;
/// What a waiting message costs beside its bytes.
const MESSAGE_COST: usize = 96;
