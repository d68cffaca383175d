//! Feedback: NACK, transport-wide congestion control, PLI, FIR, REMB.

use alloc::vec::Vec;

use super::{CompoundWriter, Frame, PacketType, RtcpError, ssrcs};
use crate::rtp::{SequenceNumber, Ssrc};

/// An RTPFB or PSFB packet: who says it, about which source, and the message.
///
/// RFC 4585, section 6.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Feedback<'a> {
    /// Whether the packet is an RTPFB or a PSFB.
    pub packet_type: PacketType,
    /// The feedback message type, 5 bits.
    pub format: u8,
    /// Who sends the feedback.
    pub sender: Ssrc,
    /// The source it is about; 0 where the message names the source itself.
    pub media: Ssrc,
    /// The message, feedback control information.
    pub fci: &'a [u8],
}

impl<'a> Feedback<'a> {
    pub(super) fn decode(frame: &Frame<'a>) -> Result<Self, RtcpError> {
        let ([s0, s1, s2, s3, m0, m1, m2, m3], fci) = frame.take::<8>("a feedback packet")?;
        Ok(Self {
            packet_type: frame.packet_type,
            format: frame.count,
            sender: Ssrc::new(u32::from_be_bytes([s0, s1, s2, s3])),
            media: Ssrc::new(u32::from_be_bytes([m0, m1, m2, m3])),
            fci,
        })
    }

    const fn is(&self, packet_type: PacketType, format: u8) -> bool {
        self.packet_type.get() == packet_type.get() && self.format == format
    }

    /// The sequence numbers a generic NACK asks for again; none for another message.
    ///
    /// RFC 4585, section 6.2.1.
    pub fn nack(&self) -> impl Iterator<Item = SequenceNumber> + use<'a> {
        let is_nack = self.is(PacketType::TRANSPORT_FEEDBACK, NACK);
        let fci = if is_nack { self.fci } else { &[] };
        fci.chunks_exact(4)
            .filter_map(|pair| pair.first_chunk::<4>())
            .flat_map(|&[p0, p1, b0, b1]| {
                let (pid, blp) = (u16::from_be_bytes([p0, p1]), u16::from_be_bytes([b0, b1]));
                let bits = (0..16).filter(move |bit| blp & (1 << bit) != 0);
                core::iter::once(pid).chain(bits.map(move |bit| pid.wrapping_add(bit + 1)))
            })
            .map(SequenceNumber::new)
    }

    /// Whether this is a picture loss indication: the receiver asks for a key frame.
    ///
    /// RFC 4585, section 6.3.1.
    pub const fn is_pli(&self) -> bool {
        self.is(PacketType::PAYLOAD_FEEDBACK, PLI)
    }

    /// The key frames a full intra request asks for; none for another message.
    ///
    /// RFC 5104, section 4.3.1.
    pub fn fir(&self) -> impl Iterator<Item = FirRequest> + use<'a> {
        let is_fir = self.is(PacketType::PAYLOAD_FEEDBACK, FIR);
        let fci = if is_fir { self.fci } else { &[] };
        fci.chunks_exact(8)
            .filter_map(|entry| entry.first_chunk::<8>())
            .map(|&[s0, s1, s2, s3, sequence, ..]| FirRequest {
                ssrc: Ssrc::new(u32::from_be_bytes([s0, s1, s2, s3])),
                sequence,
            })
    }

    /// The receiver's estimate of the bitrate, if this is a REMB.
    ///
    /// draft-alvestrand-rmcat-remb-03, section 2.2.
    pub fn remb(&self) -> Option<ReceiverBitrate<'a>> {
        if !self.is(PacketType::PAYLOAD_FEEDBACK, AFB) {
            return None;
        }
        let (&[b'R', b'E', b'M', b'B', count, m0, m1, m2], rest) =
            self.fci.split_first_chunk::<8>()?
        else {
            return None;
        };
        let mantissa = u64::from(u32::from_be_bytes([0, m0 & 0x03, m1, m2]));
        let bits_per_second = match mantissa.checked_shl(u32::from(m0 >> 2)) {
            Some(value) if value >> (m0 >> 2) == mantissa => value,
            _ => u64::MAX,
        };
        Some(ReceiverBitrate {
            bits_per_second,
            sources: rest.get(..4 * usize::from(count))?,
        })
    }

    /// The arrival times of packets, if this is transport-wide congestion control.
    ///
    /// draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1.
    pub fn transport_cc(&self) -> Option<TransportCc<'a>> {
        if !self.is(PacketType::TRANSPORT_FEEDBACK, TWCC) {
            return None;
        }
        let (&[s0, s1, c0, c1, r0, r1, r2, feedback_count], rest) =
            self.fci.split_first_chunk::<8>()?;
        let status_count = u16::from_be_bytes([c0, c1]);
        let mut covered = 0;
        let mut chunks_len = 0;
        while covered < usize::from(status_count) {
            let chunk = rest.get(chunks_len..)?.first_chunk::<2>()?;
            covered += Chunk::decode(*chunk).len();
            chunks_len += 2;
        }
        let (chunks, deltas) = rest.split_at_checked(chunks_len)?;
        Some(TransportCc {
            base: SequenceNumber::new(u16::from_be_bytes([s0, s1])),
            status_count,
            // 24 bits signed, in the upper part and shifted down.
            reference_time: i32::from_be_bytes([r0, r1, r2, 0]) >> 8,
            feedback_count,
            chunks,
            deltas,
        })
    }
}

/// One entry of a full intra request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FirRequest {
    /// The source that is to send a key frame.
    pub ssrc: Ssrc,
    /// Counts the requests to this source; the same number again is the same request.
    pub sequence: u8,
}

impl FirRequest {
    /// Makes an entry.
    pub const fn new(ssrc: Ssrc, sequence: u8) -> Self {
        Self { ssrc, sequence }
    }
}

/// REMB: the bitrate a receiver believes it can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiverBitrate<'a> {
    bits_per_second: u64,
    sources: &'a [u8],
}

impl<'a> ReceiverBitrate<'a> {
    /// Bits per second, all sources together.
    pub const fn bits_per_second(&self) -> u64 {
        self.bits_per_second
    }

    /// The sources it covers.
    pub fn sources(&self) -> impl Iterator<Item = Ssrc> + use<'a> {
        ssrcs(self.sources)
    }
}

/// Arrival times of a run of packets, numbered across all sources of a transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransportCc<'a> {
    /// The transport-wide number of the first packet.
    pub base: SequenceNumber,
    /// How many packets are reported.
    pub status_count: u16,
    /// Where the deltas start, in units of 64 ms, 24 bits signed.
    pub reference_time: i32,
    /// Counts these packets, wrapping.
    pub feedback_count: u8,
    chunks: &'a [u8],
    deltas: &'a [u8],
}

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "closed by the draft, section 3.1.1"
)]
pub enum PacketStatus {
    /// It did not come.
    NotReceived,
    /// It came, this many units of 250 us after the one before that came.
    Received {
        /// -32768 to 32767; 0 to 255 take one byte.
        delta: i16,
    },
}

impl<'a> TransportCc<'a> {
    /// Each packet with what became of it, in order.
    ///
    /// Ends early where the deltas are cut short or a status is the reserved one.
    pub const fn statuses(&self) -> TransportCcStatuses<'a> {
        TransportCcStatuses {
            next: self.base,
            left: self.status_count,
            chunk: Chunk::Run { symbol: 0, len: 0 },
            chunks: self.chunks,
            deltas: self.deltas,
        }
    }
}

/// The packets of a [`TransportCc`].
#[derive(Debug, Clone)]
pub struct TransportCcStatuses<'a> {
    next: SequenceNumber,
    left: u16,
    chunk: Chunk,
    chunks: &'a [u8],
    deltas: &'a [u8],
}

impl Iterator for TransportCcStatuses<'_> {
    type Item = (SequenceNumber, PacketStatus);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let symbol = loop {
            if let Some(symbol) = self.chunk.next() {
                break symbol;
            }
            let (chunk, rest) = self.chunks.split_first_chunk::<2>()?;
            self.chunk = Chunk::decode(*chunk);
            self.chunks = rest;
        };
        let status = match (symbol, self.deltas) {
            (0, _) => PacketStatus::NotReceived,
            (1, [delta, rest @ ..]) => {
                self.deltas = rest;
                PacketStatus::Received {
                    delta: i16::from(*delta),
                }
            }
            (2, [d0, d1, rest @ ..]) => {
                self.deltas = rest;
                PacketStatus::Received {
                    delta: i16::from_be_bytes([*d0, *d1]),
                }
            }
            _ => {
                self.left = 0;
                return None;
            }
        };
        let sequence = self.next;
        self.next = sequence.next();
        Some((sequence, status))
    }
}

/// A chunk of packet statuses.
#[derive(Debug, Clone, Copy)]
enum Chunk {
    Run {
        symbol: u8,
        len: u16,
    },
    /// Symbols of `width` bits, the next one at the top of 14 bits.
    Vector {
        bits: u16,
        width: u8,
        len: u8,
    },
}

impl Chunk {
    fn decode(bytes: [u8; 2]) -> Self {
        let word = u16::from_be_bytes(bytes);
        let [high, _] = bytes;
        match high >> 6 {
            0b00 | 0b01 => Self::Run {
                symbol: (high >> 5) & 3,
                len: word & 0x1fff,
            },
            0b10 => Self::Vector {
                bits: word & 0x3fff,
                width: 1,
                len: 14,
            },
            _ => Self::Vector {
                bits: word & 0x3fff,
                width: 2,
                len: 7,
            },
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Run { len, .. } => usize::from(*len),
            Self::Vector { len, .. } => usize::from(*len),
        }
    }

    fn next(&mut self) -> Option<u8> {
        match self {
            Self::Run { symbol, len } => {
                *len = len.checked_sub(1)?;
                Some(*symbol)
            }
            Self::Vector { bits, width, len } => {
                *len = len.checked_sub(1)?;
                let shift = 14 - u16::from(*width);
                let [_, symbol] = (*bits >> shift).to_be_bytes();
                *bits = (*bits << *width) & 0x3fff;
                Some(symbol)
            }
        }
    }
}

impl CompoundWriter<'_> {
    /// Appends a feedback packet of any kind; `fci` is padded with zeros to whole words.
    pub fn feedback(&mut self, feedback: &Feedback<'_>) -> &mut Self {
        let Feedback {
            packet_type,
            format,
            sender,
            media,
            fci,
        } = *feedback;
        self.message(packet_type, format, sender, media, |out| {
            out.extend_from_slice(fci);
        })
    }

    /// Appends a generic NACK for `missing`, which must be in ascending order.
    pub fn nack(&mut self, sender: Ssrc, media: Ssrc, missing: &[SequenceNumber]) -> &mut Self {
        self.message(PacketType::TRANSPORT_FEEDBACK, NACK, sender, media, |out| {
            let mut rest = missing;
            while let Some((pid, mut after)) = rest.split_first() {
                let mut blp = 0_u16;
                while let Some((next, more)) = after.split_first() {
                    match next.get().wrapping_sub(pid.get()) {
                        0 => {}
                        ahead @ 1..=16 => blp |= 1 << (ahead - 1),
                        _ => break,
                    }
                    after = more;
                }
                out.extend_from_slice(&pid.get().to_be_bytes());
                out.extend_from_slice(&blp.to_be_bytes());
                rest = after;
            }
        })
    }

    /// Appends a picture loss indication.
    pub fn pli(&mut self, sender: Ssrc, media: Ssrc) -> &mut Self {
        self.message(PacketType::PAYLOAD_FEEDBACK, PLI, sender, media, |_| {})
    }

    /// Appends a full intra request.
    pub fn fir(&mut self, sender: Ssrc, requests: &[FirRequest]) -> &mut Self {
        let none = Ssrc::new(0);
        self.message(PacketType::PAYLOAD_FEEDBACK, FIR, sender, none, |out| {
            for request in requests {
                out.extend_from_slice(&request.ssrc.get().to_be_bytes());
                out.extend_from_slice(&[request.sequence, 0, 0, 0]);
            }
        })
    }

    /// Appends a REMB. The bitrate keeps its 18 highest bits; sources past 255 are left out.
    pub fn remb(&mut self, sender: Ssrc, bits_per_second: u64, sources: &[Ssrc]) -> &mut Self {
        let none = Ssrc::new(0);
        let sources = sources.get(..255).unwrap_or(sources);
        let count = u8::try_from(sources.len()).unwrap_or(255);
        let exponent = (64 - bits_per_second.leading_zeros()).saturating_sub(18);
        let [.., m0, m1, m2] = (bits_per_second >> exponent).to_be_bytes();
        let [.., exponent] = exponent.to_be_bytes();
        self.message(PacketType::PAYLOAD_FEEDBACK, AFB, sender, none, |out| {
            out.extend_from_slice(b"REMB");
            out.extend_from_slice(&[count, (exponent << 2) | m0, m1, m2]);
            for source in sources {
                out.extend_from_slice(&source.get().to_be_bytes());
            }
        })
    }

    /// Appends arrival times: what became of the packets from `base` on, at most 65535 of them.
    ///
    /// `reference_time` counts 64 ms and keeps its lower 24 bits.
    pub fn transport_cc(
        &mut self,
        (sender, media): (Ssrc, Ssrc),
        base: SequenceNumber,
        reference_time: i32,
        feedback_count: u8,
        statuses: &[PacketStatus],
    ) -> &mut Self {
        let statuses = statuses.get(..0xffff).unwrap_or(statuses);
        let count = u16::try_from(statuses.len()).unwrap_or(u16::MAX);
        self.message(PacketType::TRANSPORT_FEEDBACK, TWCC, sender, media, |out| {
            let [_, r0, r1, r2] = reference_time.to_be_bytes();
            out.extend_from_slice(&base.get().to_be_bytes());
            out.extend_from_slice(&count.to_be_bytes());
            out.extend_from_slice(&[r0, r1, r2, feedback_count]);
            write_chunks(out, statuses);
            for status in statuses {
                match status {
                    PacketStatus::NotReceived => {}
                    PacketStatus::Received { delta } => match u8::try_from(*delta) {
                        Ok(small) => out.push(small),
                        Err(_) => out.extend_from_slice(&delta.to_be_bytes()),
                    },
                }
            }
        })
    }

    fn message(
        &mut self,
        packet_type: PacketType,
        format: u8,
        sender: Ssrc,
        media: Ssrc,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> &mut Self {
        self.packet(packet_type, format, |out| {
            out.extend_from_slice(&sender.get().to_be_bytes());
            out.extend_from_slice(&media.get().to_be_bytes());
            write(out);
        })
    }
}

/// Runs of seven and more as a run, everything else as vectors of seven 2-bit symbols.
fn write_chunks(out: &mut Vec<u8>, statuses: &[PacketStatus]) {
    let symbol = |status: &PacketStatus| match status {
        PacketStatus::NotReceived => 0_u16,
        PacketStatus::Received { delta: 0..=255 } => 1,
        PacketStatus::Received { .. } => 2,
    };
    let mut rest = statuses;
    while let Some(first) = rest.first() {
        let first = symbol(first);
        let same = rest.iter().take(0x1fff).take_while(|s| symbol(s) == first);
        let run = same.count();
        let (word, used) = if run >= 7 || run == rest.len() {
            ((first << 13) | u16::try_from(run).unwrap_or(0x1fff), run)
        } else {
            let seven = rest.iter().map(symbol).chain(core::iter::repeat(0)).take(7);
            let bits = seven.fold(0, |bits, symbol| (bits << 2) | symbol);
            (0xc000 | bits, 7)
        };
        out.extend_from_slice(&word.to_be_bytes());
        rest = rest.get(used..).unwrap_or_default();
    }
}

/// RFC 4585, section 6.2.1.
const NACK: u8 = 1;
/// draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1.
const TWCC: u8 = 15;
/// RFC 4585, section 6.3.1.
const PLI: u8 = 1;
/// RFC 5104, section 4.3.1.
const FIR: u8 = 4;
/// Application layer feedback. RFC 4585, section 6.4.
const AFB: u8 = 15;
