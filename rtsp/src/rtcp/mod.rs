//! RTCP: compound packets, reports, feedback, extended reports and the transmission interval.
//!
//! ```
//! use weir_rtsp::rtcp::{Compound, CompoundWriter, RtcpPacket};
//! use weir_rtsp::rtp::Ssrc;
//!
//! let us = Ssrc::new(0x1020_3040);
//! let mut bytes = Vec::new();
//! CompoundWriter::new(&mut bytes)
//!     .receiver_report(us, &[])
//!     .cname(us, "weir@example.org")
//!     .goodbye(&[us], "");
//! let compound = Compound::decode(&bytes)?;
//! assert_eq!(compound.check_rules(), Ok(()));
//! assert!(compound.packets().any(|packet| matches!(packet, RtcpPacket::Goodbye(_))));
//! # Ok::<(), weir_rtsp::rtcp::RtcpError>(())
//! ```

mod app;
mod bye;
mod compound;
mod feedback;
mod interval;
mod report;
mod sdes;
mod xr;

pub use app::App;
pub use bye::Goodbye;
pub use compound::{Compound, CompoundRule, CompoundWriter, RtcpPacket, UnknownPacket};
pub use feedback::{
    Feedback, FirRequest, PacketStatus, ReceiverBitrate, TransportCc, TransportCcStatuses,
};
pub use interval::{IntervalInput, RtcpScheduler};
pub use report::{ReceiverReport, ReportBlock, SenderInfo, SenderReport};
pub use sdes::{SdesChunk, SdesItem, SourceDescription};
pub use xr::{Dlrr, ExtendedReport, StatisticsSummary, XrBlock};

use crate::rtp::Ssrc;

/// RTCP packet types: an open registry of 8 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PacketType(u8);

impl PacketType {
    /// SR, sender report. RFC 3550, section 6.4.1.
    pub const SENDER_REPORT: Self = Self(200);
    /// RR, receiver report. RFC 3550, section 6.4.2.
    pub const RECEIVER_REPORT: Self = Self(201);
    /// SDES, source description. RFC 3550, section 6.5.
    pub const SOURCE_DESCRIPTION: Self = Self(202);
    /// BYE, goodbye. RFC 3550, section 6.6.
    pub const GOODBYE: Self = Self(203);
    /// APP, defined by an application. RFC 3550, section 6.7.
    pub const APP: Self = Self(204);
    /// RTPFB, transport layer feedback. RFC 4585, section 6.2.
    pub const TRANSPORT_FEEDBACK: Self = Self(205);
    /// PSFB, payload-specific feedback. RFC 4585, section 6.3.
    pub const PAYLOAD_FEEDBACK: Self = Self(206);
    /// XR, extended report. RFC 3611, section 2.
    pub const EXTENDED_REPORT: Self = Self(207);

    /// Makes a type of its number.
    pub const fn new(value: u8) -> Self {
        Self(value)
    }

    /// The number on the wire.
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// Why bytes are not RTCP. Offsets count from the start of the compound packet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RtcpError {
    /// Something runs past the end of the packet or of the compound packet.
    #[error("{what} at byte {offset} needs {expected} bytes, there are {actual}")]
    Truncated {
        /// The part that is cut short.
        what: &'static str,
        /// Where the packet that holds it begins.
        offset: usize,
        /// Bytes the part needs.
        expected: usize,
        /// Bytes there are.
        actual: usize,
    },
    /// The version is not 2.
    #[error("RTCP version {version} at byte {offset}, it must be 2")]
    Version {
        /// Where the packet begins.
        offset: usize,
        /// The version it claims.
        version: u8,
    },
    /// The padding bit is set and the last byte is not a length that fits.
    #[error(
        "RTCP padding of {padding} bytes at byte {offset}, {available} bytes follow the header"
    )]
    Padding {
        /// Where the packet begins.
        offset: usize,
        /// The value of its last byte.
        padding: u8,
        /// Bytes after its header.
        available: usize,
    },
}

/// One packet of a compound packet before its body is looked at.
#[derive(Debug, Clone, Copy)]
struct Frame<'a> {
    /// Where the packet begins in the compound packet.
    offset: usize,
    /// Report count, source count, subtype or feedback message type: 5 bits.
    count: u8,
    packet_type: PacketType,
    /// Without header and padding.
    body: &'a [u8],
    padding: u8,
}

impl<'a> Frame<'a> {
    /// Cuts the first packet off; `None` when it is not whole, for which [`fault`](Self::fault)
    /// has the words.
    #[inline]
    fn split(data: &'a [u8], offset: usize) -> Option<(Self, &'a [u8])> {
        let (&[first, packet_type, l0, l1], rest) = data.split_first_chunk::<4>()?;
        let (body, rest) = rest.split_at_checked(body_len([l0, l1]))?;
        let (body, padding) = match first >> 5 {
            VERSION_2 => (body, 0),
            PADDED_VERSION_2 => {
                let padding = *body.last().filter(|padding| **padding > 0)?;
                let kept = body.len().checked_sub(padding.into())?;
                (body.get(..kept)?, padding)
            }
            _ => return None,
        };
        let frame = Self {
            offset,
            count: first & 0x1f,
            packet_type: PacketType(packet_type),
            body,
            padding,
        };
        Some((frame, rest))
    }

    /// Why the first packet cannot be cut off.
    #[cold]
    fn fault(data: &[u8], offset: usize) -> RtcpError {
        let Some((&[first, _, l0, l1], rest)) = data.split_first_chunk::<4>() else {
            return truncated("an RTCP header", offset, 4, data.len());
        };
        if first >> 6 != 2 {
            let version = first >> 6;
            return RtcpError::Version { offset, version };
        }
        let len = body_len([l0, l1]);
        match rest.get(..len) {
            Some(body) => RtcpError::Padding {
                offset,
                padding: body.last().copied().unwrap_or(0),
                available: len,
            },
            None => truncated("an RTCP packet", offset, 4 + len, data.len()),
        }
    }

    /// Cuts a fixed part off the body.
    #[inline]
    fn take<const N: usize>(&self, what: &'static str) -> Result<([u8; N], &'a [u8]), RtcpError> {
        match self.body.split_first_chunk::<N>() {
            Some((head, rest)) => Ok((*head, rest)),
            None => Err(truncated(what, self.offset, N, self.body.len())),
        }
    }
}

/// Bytes behind the header of a packet, by the field that counts their words.
#[inline]
fn body_len(words: [u8; 2]) -> usize {
    4 * usize::from(u16::from_be_bytes(words))
}

#[cold]
const fn truncated(what: &'static str, offset: usize, expected: usize, actual: usize) -> RtcpError {
    RtcpError::Truncated {
        what,
        offset,
        expected,
        actual,
    }
}

/// The 32-bit words of a slice; a rest shorter than a word is left out.
fn words(data: &[u8]) -> impl Iterator<Item = u32> + Clone + '_ {
    data.chunks_exact(4)
        .filter_map(|word| word.first_chunk::<4>())
        .map(|word| u32::from_be_bytes(*word))
}

fn ssrcs(data: &[u8]) -> impl Iterator<Item = Ssrc> + Clone + '_ {
    words(data).map(Ssrc::new)
}

/// The version and the padding bit.
const VERSION_2: u8 = 0b100;
const PADDED_VERSION_2: u8 = 0b101;
