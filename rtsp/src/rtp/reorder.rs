//! A bounded buffer that puts packets back in order and says what was lost.

use alloc::collections::VecDeque;
use bytes::Bytes;
use core::time::Duration;

use super::{RtpPacket, SequenceNumber, Ssrc};

/// Bounds of a [`ReorderBuffer`].
///
/// One buffer holds at most `max_bytes` of packets and `max_packets` slots of 120 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReorderLimits {
    /// Packets between the one that is missing and the newest one. Default: 512.
    pub max_packets: usize,
    /// Bytes of packets waiting for a missing one. Default: 4 MiB.
    pub max_bytes: usize,
    /// How long a missing packet is waited for. Default: 200 ms, as in GStreamer's jitter buffer.
    pub max_delay: Duration,
}

impl Default for ReorderLimits {
    fn default() -> Self {
        Self {
            max_packets: 512,
            max_bytes: 4 << 20,
            max_delay: Duration::from_millis(200),
        }
    }
}

/// A packet in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ordered {
    /// The packet.
    pub packet: RtpPacket<Bytes>,
    /// Packets given up between the one before and this one.
    pub lost: u32,
    /// The source is new or began anew: nothing before this packet belongs to it.
    pub restarted: bool,
}

/// Puts the packets of one track back in order.
///
/// Packets in order pass through without waiting. Behind a missing packet the others wait until
/// it comes, until [`ReorderLimits::max_delay`] has passed, or until a limit is met; then it
/// counts as lost. Duplicates and packets that come too late are dropped and counted.
/// Another SSRC, or a sequence number that starts elsewhere (two packets in a row), releases all
/// that waits and begins anew.
///
/// ```
/// # use bytes::Bytes;
/// # use std::time::Duration;
/// # use weir_rtsp::rtp::{ReorderBuffer, ReorderLimits, RtpPacket};
/// # let packet = |sequence: u8| {
/// #     let bytes = vec![0x80, 96, 0, sequence, 0, 0, 0, 0, 0, 0, 0, 1];
/// #     RtpPacket::decode(Bytes::from(bytes)).unwrap()
/// # };
/// let mut buffer = ReorderBuffer::new(ReorderLimits::default());
/// for sequence in [1, 3, 2] {
///     buffer.push(packet(sequence), Duration::ZERO);
/// }
/// let order: Vec<u16> = std::iter::from_fn(|| buffer.poll())
///     .map(|ordered| ordered.packet.sequence().get())
///     .collect();
/// assert_eq!(order, [1, 2, 3]);
/// ```
#[derive(Debug)]
pub struct ReorderBuffer {
    limits: ReorderLimits,
    source: Option<Ssrc>,
    /// The sequence number of the first slot. 0 <= slots.len() <= max_packets, and the last
    /// slot is never empty.
    next: SequenceNumber,
    slots: VecDeque<Option<Waiting>>,
    waiting_bytes: usize,
    /// When the first slot was first seen empty with a packet behind it.
    gap_since: Option<Duration>,
    /// A packet far off, kept until its successor shows that the source began anew.
    stray: Option<RtpPacket<Bytes>>,
    ready: VecDeque<Ordered>,
    /// Packets given up since the last one that was released.
    lost: u32,
    restarted: bool,
    dropped: u64,
}

#[derive(Debug)]
struct Waiting {
    packet: RtpPacket<Bytes>,
    arrival: Duration,
}

impl ReorderBuffer {
    /// Makes an empty buffer.
    pub const fn new(limits: ReorderLimits) -> Self {
        Self {
            limits,
            source: None,
            next: SequenceNumber::new(0),
            slots: VecDeque::new(),
            waiting_bytes: 0,
            gap_since: None,
            stray: None,
            ready: VecDeque::new(),
            lost: 0,
            restarted: false,
            dropped: 0,
        }
    }

    /// Takes a packet. `now` is the time since any fixed moment.
    pub fn push(&mut self, packet: RtpPacket<Bytes>, now: Duration) {
        if self.source != Some(packet.ssrc()) {
            self.begin(&packet);
        }
        let ahead = packet.sequence().since(self.next);
        if ahead == 0 && self.slots.is_empty() {
            self.stray = None;
            self.release(packet);
            return;
        }
        match usize::try_from(ahead) {
            Ok(ahead) if ahead < MAX_DROPOUT => self.insert(packet, ahead, now),
            Err(_) if ahead >= -MAX_MISORDER => self.dropped += 1,
            _ => self.push_stray(packet),
        }
        self.handle_timeout(now);
    }

    /// Gives up missing packets whose time has passed.
    pub fn handle_timeout(&mut self, now: Duration) {
        while self.deadline().is_some_and(|deadline| deadline <= now) {
            self.skip_gap();
        }
    }

    /// When [`ReorderBuffer::handle_timeout`] wants to be called next.
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.deadline()
    }

    /// The next packet in order, or none until more is known.
    pub fn poll(&mut self) -> Option<Ordered> {
        self.ready.pop_front()
    }

    /// Gives up everything missing, for the end of a stream or a pause.
    pub fn flush(&mut self) {
        while !self.slots.is_empty() {
            self.skip_gap();
        }
        self.stray = None;
    }

    /// Packets dropped because they came twice, too late or from nowhere.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    fn begin(&mut self, packet: &RtpPacket<Bytes>) {
        self.flush();
        self.restarted = true;
        self.lost = 0;
        self.source = Some(packet.ssrc());
        self.next = packet.sequence();
    }

    /// Two packets in a row far off: the source began anew with the first of them.
    fn push_stray(&mut self, packet: RtpPacket<Bytes>) {
        let Some(before) = self.stray.take() else {
            self.stray = Some(packet);
            return;
        };
        if before.sequence().next() != packet.sequence() {
            self.dropped += 1;
            self.stray = Some(packet);
            return;
        }
        self.begin(&before);
        self.release(before);
        self.release(packet);
    }

    fn insert(&mut self, packet: RtpPacket<Bytes>, mut ahead: usize, now: Duration) {
        let len = packet.as_bytes().len();
        while ahead >= self.limits.max_packets.max(1)
            || (self.waiting_bytes + len > self.limits.max_bytes && !self.slots.is_empty())
        {
            if self.slots.is_empty() {
                let missing = ahead;
                self.give_up(missing);
                ahead = 0;
            } else {
                let before = self.next;
                self.skip_gap();
                let moved = usize::try_from(self.next.since(before)).unwrap_or(0);
                let Some(rest) = ahead.checked_sub(moved) else {
                    // The packets behind this one were released to make room.
                    self.dropped += 1;
                    return;
                };
                ahead = rest;
            }
        }
        if ahead >= self.slots.len() {
            self.slots.resize_with(ahead + 1, || None);
        }
        let Some(slot) = self.slots.get_mut(ahead) else {
            return;
        };
        if slot.is_some() {
            self.dropped += 1;
            return;
        }
        self.stray = None;
        self.waiting_bytes += len;
        *slot = Some(Waiting {
            packet,
            arrival: now,
        });
        if ahead > 0 {
            self.gap_since.get_or_insert(now);
        } else {
            self.release_run();
        }
    }

    /// Releases the first packet that waits and all that follow it without a gap.
    fn skip_gap(&mut self) {
        let missing = self.slots.iter().take_while(|slot| slot.is_none()).count();
        self.slots.drain(..missing);
        self.give_up(missing);
        self.release_run();
    }

    fn release_run(&mut self) {
        while let Some(Some(_)) = self.slots.front() {
            if let Some(Some(waiting)) = self.slots.pop_front() {
                self.waiting_bytes -= waiting.packet.as_bytes().len();
                self.release(waiting.packet);
            }
        }
        let first = self.slots.iter().flatten().next();
        self.gap_since = first.map(|waiting| waiting.arrival);
        if self.slots.is_empty() {
            self.slots.shrink_to(MIN_SLOTS);
        }
    }

    fn give_up(&mut self, missing: usize) {
        let missing = u16::try_from(missing).unwrap_or(u16::MAX);
        self.next = SequenceNumber::new(self.next.get().wrapping_add(missing));
        self.lost = self.lost.saturating_add(u32::from(missing));
    }

    fn release(&mut self, packet: RtpPacket<Bytes>) {
        self.next = packet.sequence().next();
        self.ready.push_back(Ordered {
            packet,
            lost: core::mem::take(&mut self.lost),
            restarted: core::mem::take(&mut self.restarted),
        });
    }

    fn deadline(&self) -> Option<Duration> {
        Some(self.gap_since?.saturating_add(self.limits.max_delay))
    }
}

/// A step forward of this many packets or more is a stray. RFC 3550, appendix A.1.
const MAX_DROPOUT: usize = 3000;
/// A packet this far back is only late. RFC 3550, appendix A.1.
const MAX_MISORDER: i16 = 100;
/// Slots kept when nothing waits.
const MIN_SLOTS: usize = 16;
