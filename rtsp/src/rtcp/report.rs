//! Sender and receiver reports.

use alloc::vec::Vec;

use super::compound::need;
use super::{CompoundWriter, Frame, PacketType, RtcpError};
use crate::rtp::{NtpTime, RtpTime, Ssrc};

/// The sender's half of a sender report.
///
/// RFC 3550, section 6.4.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SenderInfo {
    /// The sender.
    pub ssrc: Ssrc,
    /// Wall-clock time at which the report was sent.
    pub ntp: NtpTime,
    /// The same moment on the clock of the RTP timestamps.
    pub rtp: RtpTime,
    /// Packets sent since the sender began, wrapping.
    pub packet_count: u32,
    /// Payload bytes sent since the sender began, wrapping.
    pub octet_count: u32,
}

impl SenderInfo {
    /// Makes the sender's half of a report.
    pub const fn new(ssrc: Ssrc, ntp: NtpTime, rtp: RtpTime) -> Self {
        Self {
            ssrc,
            ntp,
            rtp,
            packet_count: 0,
            octet_count: 0,
        }
    }

    /// Sets how many packets and payload bytes were sent.
    #[must_use]
    pub const fn counts(mut self, packets: u32, octets: u32) -> Self {
        self.packet_count = packets;
        self.octet_count = octets;
        self
    }
}

/// What a receiver reports of one source.
///
/// RFC 3550, section 6.4.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ReportBlock {
    /// The source reported on.
    pub ssrc: Ssrc,
    /// Packets lost since the last report, in 1/256 of those expected.
    pub fraction_lost: u8,
    /// Packets lost since the beginning: 24 bits signed, negative when duplicates came.
    pub cumulative_lost: i32,
    /// The highest sequence number, its wraps in the upper half.
    pub extended_highest_sequence: u32,
    /// Interarrival jitter in clock units.
    pub jitter: u32,
    /// The middle 32 bits of the last sender report's NTP time, 0 if none came.
    pub last_sr: u32,
    /// Time since that report, in units of 1/65536 s.
    pub delay_since_last_sr: u32,
}

impl ReportBlock {
    #[inline]
    fn decode(bytes: &[u8; BLOCK_LEN]) -> Self {
        let [
            s0,
            s1,
            s2,
            s3,
            fraction_lost,
            c0,
            c1,
            c2,
            e0,
            e1,
            e2,
            e3,
            j0,
            j1,
            j2,
            j3,
            l0,
            l1,
            l2,
            l3,
            d0,
            d1,
            d2,
            d3,
        ] = *bytes;
        Self {
            ssrc: Ssrc::new(u32::from_be_bytes([s0, s1, s2, s3])),
            fraction_lost,
            // The three bytes in the upper part, shifted down with their sign.
            cumulative_lost: i32::from_be_bytes([c0, c1, c2, 0]) >> 8,
            extended_highest_sequence: u32::from_be_bytes([e0, e1, e2, e3]),
            jitter: u32::from_be_bytes([j0, j1, j2, j3]),
            last_sr: u32::from_be_bytes([l0, l1, l2, l3]),
            delay_since_last_sr: u32::from_be_bytes([d0, d1, d2, d3]),
        }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        let lost = self.cumulative_lost.clamp(-0x80_0000, 0x7f_ffff);
        let [_, c0, c1, c2] = lost.to_be_bytes();
        out.extend_from_slice(&self.ssrc.get().to_be_bytes());
        out.extend_from_slice(&[self.fraction_lost, c0, c1, c2]);
        for word in [
            self.extended_highest_sequence,
            self.jitter,
            self.last_sr,
            self.delay_since_last_sr,
        ] {
            out.extend_from_slice(&word.to_be_bytes());
        }
    }

    /// The round trip of a report that arrived at `now`, in units of 1/65536 s; none if the
    /// receiver had no sender report yet or its numbers give a negative time.
    ///
    /// RFC 3550, section 6.4.1, "delay since last SR".
    pub fn round_trip(&self, now: NtpTime) -> Option<u32> {
        if self.last_sr == 0 {
            return None;
        }
        let trip = now
            .compact()
            .wrapping_sub(self.last_sr)
            .wrapping_sub(self.delay_since_last_sr);
        i32::try_from(trip).is_ok().then_some(trip)
    }
}

/// SR: what a sender sent, and what it received.
#[derive(Debug, Clone, Copy)]
pub struct SenderReport<'a> {
    info: SenderInfo,
    blocks: &'a [u8],
}

impl<'a> SenderReport<'a> {
    /// Whether [`decode`](Self::decode) can read it.
    #[inline]
    pub(super) fn is_whole(frame: &Frame<'_>) -> bool {
        frame.body.len() >= 24 + BLOCK_LEN * usize::from(frame.count)
    }

    #[inline]
    pub(super) fn decode(frame: &Frame<'a>) -> Result<Self, RtcpError> {
        let (head, rest) = frame.take::<24>("a sender report")?;
        let [
            s0,
            s1,
            s2,
            s3,
            n0,
            n1,
            n2,
            n3,
            n4,
            n5,
            n6,
            n7,
            r0,
            r1,
            r2,
            r3,
            p0,
            p1,
            p2,
            p3,
            o0,
            o1,
            o2,
            o3,
        ] = head;
        Ok(Self {
            info: SenderInfo {
                ssrc: Ssrc::new(u32::from_be_bytes([s0, s1, s2, s3])),
                ntp: NtpTime::new(u64::from_be_bytes([n0, n1, n2, n3, n4, n5, n6, n7])),
                rtp: RtpTime::new(u32::from_be_bytes([r0, r1, r2, r3])),
                packet_count: u32::from_be_bytes([p0, p1, p2, p3]),
                octet_count: u32::from_be_bytes([o0, o1, o2, o3]),
            },
            blocks: block_bytes(frame, rest)?,
        })
    }

    /// The sender's half.
    pub const fn info(&self) -> &SenderInfo {
        &self.info
    }

    /// The report blocks, at most 31.
    #[inline]
    pub fn blocks(&self) -> impl Iterator<Item = ReportBlock> + use<'a> {
        blocks(self.blocks)
    }
}

/// RR: what a receiver received.
#[derive(Debug, Clone, Copy)]
pub struct ReceiverReport<'a> {
    ssrc: Ssrc,
    blocks: &'a [u8],
}

impl<'a> ReceiverReport<'a> {
    /// Whether [`decode`](Self::decode) can read it.
    #[inline]
    pub(super) fn is_whole(frame: &Frame<'_>) -> bool {
        frame.body.len() >= 4 + BLOCK_LEN * usize::from(frame.count)
    }

    #[inline]
    pub(super) fn decode(frame: &Frame<'a>) -> Result<Self, RtcpError> {
        let (ssrc, rest) = frame.take::<4>("a receiver report")?;
        Ok(Self {
            ssrc: Ssrc::new(u32::from_be_bytes(ssrc)),
            blocks: block_bytes(frame, rest)?,
        })
    }

    /// The receiver that reports.
    pub const fn ssrc(&self) -> Ssrc {
        self.ssrc
    }

    /// The report blocks, at most 31.
    #[inline]
    pub fn blocks(&self) -> impl Iterator<Item = ReportBlock> + use<'a> {
        blocks(self.blocks)
    }
}

impl CompoundWriter<'_> {
    /// Appends an SR; blocks past the 31 it can hold follow in RRs.
    pub fn sender_report(&mut self, info: &SenderInfo, blocks: &[ReportBlock]) -> &mut Self {
        let (own, more) = blocks.split_at_checked(MAX_BLOCKS).unwrap_or((blocks, &[]));
        self.packet(PacketType::SENDER_REPORT, count(own), |out| {
            out.extend_from_slice(&info.ssrc.get().to_be_bytes());
            out.extend_from_slice(&info.ntp.get().to_be_bytes());
            for word in [info.rtp.get(), info.packet_count, info.octet_count] {
                out.extend_from_slice(&word.to_be_bytes());
            }
            own.iter().for_each(|block| block.encode(out));
        });
        if more.is_empty() {
            return self;
        }
        self.receiver_report(info.ssrc, more)
    }

    /// Appends an RR, which may be empty; blocks past 31 follow in further ones.
    pub fn receiver_report(&mut self, ssrc: Ssrc, blocks: &[ReportBlock]) -> &mut Self {
        let mut rest = blocks;
        loop {
            let (own, more) = rest.split_at_checked(MAX_BLOCKS).unwrap_or((rest, &[]));
            self.packet(PacketType::RECEIVER_REPORT, count(own), |out| {
                out.extend_from_slice(&ssrc.get().to_be_bytes());
                own.iter().for_each(|block| block.encode(out));
            });
            if more.is_empty() {
                return self;
            }
            rest = more;
        }
    }
}

/// Bytes after the blocks are an extension of the profile, not an error.
#[inline]
fn block_bytes<'a>(frame: &Frame<'_>, rest: &'a [u8]) -> Result<&'a [u8], RtcpError> {
    let len = BLOCK_LEN * usize::from(frame.count);
    need(frame, rest, "the report blocks", len)
}

#[inline]
fn blocks(bytes: &[u8]) -> impl Iterator<Item = ReportBlock> + '_ {
    let mut rest = bytes;
    core::iter::from_fn(move || {
        let (block, after) = rest.split_first_chunk::<BLOCK_LEN>()?;
        rest = after;
        Some(ReportBlock::decode(block))
    })
}

fn count(blocks: &[ReportBlock]) -> u8 {
    u8::try_from(blocks.len()).unwrap_or(31)
}

const BLOCK_LEN: usize = 24;
const MAX_BLOCKS: usize = 31;
