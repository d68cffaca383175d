//! Extended reports.

use super::{CompoundWriter, Frame, PacketType, RtcpError, truncated, words};
use crate::rtp::{NtpTime, Ssrc};

/// XR: report blocks beyond SR and RR.
///
/// RFC 3611, section 2.
#[derive(Debug, Clone, Copy)]
pub struct ExtendedReport<'a> {
    ssrc: Ssrc,
    blocks: &'a [u8],
}

/// One block of an extended report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum XrBlock<'a> {
    /// Block 4: when the receiver sent this, so that a sender can answer with block 5.
    ReceiverReferenceTime(NtpTime),
    /// Block 5: for each receiver, how long ago its block 4 came.
    Dlrr(Dlrr<'a>),
    /// Block 6: loss, duplicates, jitter and TTL of a run of packets.
    StatisticsSummary(StatisticsSummary),
    /// Any other block.
    Other {
        /// 1 loss run lengths, 2 duplicate run lengths, 3 receipt times, 7 VoIP metrics, others.
        block_type: u8,
        /// The byte behind the type.
        type_specific: u8,
        /// The contents, whole words.
        contents: &'a [u8],
    },
}

/// The sub-blocks of a DLRR block: receiver, LRR and DLRR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dlrr<'a> {
    contents: &'a [u8],
}

impl<'a> Dlrr<'a> {
    /// Each receiver, the middle 32 bits of its reference time, and the delay since it came in
    /// units of 1/65536 s.
    pub fn entries(&self) -> impl Iterator<Item = (Ssrc, u32, u32)> + use<'a> {
        let mut words = words(self.contents);
        core::iter::from_fn(move || Some((Ssrc::new(words.next()?), words.next()?, words.next()?)))
    }
}

/// A statistics summary. Fields whose flag was not set are none.
///
/// RFC 3611, section 4.6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatisticsSummary {
    /// The source it is about.
    pub ssrc: Ssrc,
    /// The first sequence number covered.
    pub begin: u16,
    /// The sequence number behind the last one covered.
    pub end: u16,
    /// Packets lost.
    pub lost: Option<u32>,
    /// Packets that came more than once.
    pub duplicates: Option<u32>,
    /// Minimum, maximum, mean and standard deviation of the jitter, in clock units.
    pub jitter: Option<[u32; 4]>,
    /// Minimum, maximum, mean and standard deviation of the TTL or hop limit.
    pub ttl: Option<[u8; 4]>,
}

impl<'a> ExtendedReport<'a> {
    pub(super) fn decode(frame: &Frame<'a>) -> Result<Self, RtcpError> {
        let (ssrc, blocks) = frame.take::<4>("an extended report")?;
        let mut rest = blocks;
        while !rest.is_empty() {
            let Some((_, after)) = split_block(rest) else {
                let expected = match rest {
                    [_, _, l0, l1, ..] => 4 + 4 * usize::from(u16::from_be_bytes([*l0, *l1])),
                    _ => 4,
                };
                return Err(truncated("an XR block", frame.offset, expected, rest.len()));
            };
            rest = after;
        }
        Ok(Self {
            ssrc: Ssrc::new(u32::from_be_bytes(ssrc)),
            blocks,
        })
    }

    /// The reporter.
    pub const fn ssrc(&self) -> Ssrc {
        self.ssrc
    }

    /// The blocks in order; a known block whose contents have the wrong length comes as
    /// [`XrBlock::Other`].
    pub fn blocks(&self) -> impl Iterator<Item = XrBlock<'a>> + use<'a> {
        let mut rest = self.blocks;
        core::iter::from_fn(move || {
            let (block, after) = split_block(rest)?;
            rest = after;
            Some(block)
        })
    }
}

fn split_block(blocks: &[u8]) -> Option<(XrBlock<'_>, &[u8])> {
    let (&[block_type, type_specific, l0, l1], rest) = blocks.split_first_chunk::<4>()?;
    let len = 4 * usize::from(u16::from_be_bytes([l0, l1]));
    let (contents, rest) = rest.split_at_checked(len)?;
    let block = match (block_type, contents.len()) {
        (4, 8) => contents
            .first_chunk::<8>()
            .map(|ntp| XrBlock::ReceiverReferenceTime(NtpTime::new(u64::from_be_bytes(*ntp)))),
        (5, len) if len % 12 == 0 => Some(XrBlock::Dlrr(Dlrr { contents })),
        (6, _) => summary(type_specific, contents).map(XrBlock::StatisticsSummary),
        _ => None,
    };
    let other = XrBlock::Other {
        block_type,
        type_specific,
        contents,
    };
    Some((block.unwrap_or(other), rest))
}

fn summary(flags: u8, contents: &[u8]) -> Option<StatisticsSummary> {
    let mut words = words(contents);
    let ssrc = Ssrc::new(words.next()?);
    let [b0, b1, e0, e1] = words.next()?.to_be_bytes();
    let (lost, duplicates) = (words.next()?, words.next()?);
    let jitter = [words.next()?, words.next()?, words.next()?, words.next()?];
    let ttl = words.next()?.to_be_bytes();
    if words.next().is_some() {
        return None;
    }
    Some(StatisticsSummary {
        ssrc,
        begin: u16::from_be_bytes([b0, b1]),
        end: u16::from_be_bytes([e0, e1]),
        lost: (flags & 0x80 != 0).then_some(lost),
        duplicates: (flags & 0x40 != 0).then_some(duplicates),
        jitter: (flags & 0x20 != 0).then_some(jitter),
        ttl: (flags & 0x18 != 0).then_some(ttl),
    })
}

impl CompoundWriter<'_> {
    /// Appends an XR with a receiver reference time, for receivers that send no media and want
    /// to know the round trip.
    pub fn receiver_reference_time(&mut self, ssrc: Ssrc, now: NtpTime) -> &mut Self {
        self.packet(PacketType::EXTENDED_REPORT, 0, |out| {
            out.extend_from_slice(&ssrc.get().to_be_bytes());
            out.extend_from_slice(&[4, 0, 0, 2]);
            out.extend_from_slice(&now.get().to_be_bytes());
        })
    }

    /// Appends an XR with a DLRR block: for each receiver, the middle 32 bits of its reference
    /// time and the delay since in 1/65536 s. Entries past 5460 are left out.
    pub fn dlrr(&mut self, ssrc: Ssrc, entries: &[(Ssrc, u32, u32)]) -> &mut Self {
        let entries = entries.get(..5460).unwrap_or(entries);
        let len = u16::try_from(3 * entries.len()).unwrap_or(u16::MAX);
        let [l0, l1] = len.to_be_bytes();
        self.packet(PacketType::EXTENDED_REPORT, 0, |out| {
            out.extend_from_slice(&ssrc.get().to_be_bytes());
            out.extend_from_slice(&[5, 0, l0, l1]);
            for (receiver, last, delay) in entries {
                for word in [receiver.get(), *last, *delay] {
                    out.extend_from_slice(&word.to_be_bytes());
                }
            }
        })
    }
}
