//! Compound packets: the view, the rules, the writer.

use alloc::vec::Vec;

use super::{
    App, ExtendedReport, Feedback, Frame, Goodbye, PacketType, ReceiverReport, RtcpError,
    SenderReport, SourceDescription, truncated,
};

/// A compound packet whose lengths are all checked.
///
/// A packet that stands alone is accepted, as RFC 5506 allows; [`Compound::check_rules`] tells
/// whether the rules of RFC 3550 were kept.
///
/// RFC 3550, section 6.1.
#[derive(Debug, Clone, Copy)]
pub struct Compound<'a> {
    data: &'a [u8],
}

/// One packet of a compound packet.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum RtcpPacket<'a> {
    /// SR.
    SenderReport(SenderReport<'a>),
    /// RR.
    ReceiverReport(ReceiverReport<'a>),
    /// SDES.
    SourceDescription(SourceDescription<'a>),
    /// BYE.
    Goodbye(Goodbye<'a>),
    /// APP.
    App(App<'a>),
    /// RTPFB: NACK, transport-wide congestion control and others.
    TransportFeedback(Feedback<'a>),
    /// PSFB: PLI, FIR, REMB and others.
    PayloadFeedback(Feedback<'a>),
    /// XR.
    ExtendedReport(ExtendedReport<'a>),
    /// A type this crate does not know.
    Unknown(UnknownPacket<'a>),
}

/// A packet of a type this crate does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownPacket<'a> {
    /// Its type.
    pub packet_type: PacketType,
    /// The 5 bits behind the padding bit.
    pub count: u8,
    /// What follows the header, without padding.
    pub body: &'a [u8],
}

/// A rule of compound packets that was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompoundRule {
    /// The first packet must be an SR or an RR.
    #[error("the first packet is not a report")]
    NoReportFirst,
    /// A CNAME must be in it.
    #[error("no CNAME")]
    NoCname,
    /// Only the last packet may be padded.
    #[error("padding before the last packet, at byte {0}")]
    PaddingInside(usize),
}

impl<'a> Compound<'a> {
    /// Checks every length and count of a compound packet.
    ///
    /// # Errors
    /// [`RtcpError`] if a length or a count runs past the end, a version is not 2, or there is no
    /// packet at all.
    #[inline]
    pub fn decode(data: &'a [u8]) -> Result<Self, RtcpError> {
        let mut rest = data;
        // What is wrong is found out apart: here it would have to be kept track of.
        while let Some((frame, after)) = Frame::split(rest, 0) {
            if !is_whole(&frame) {
                break;
            }
            if after.is_empty() {
                return Ok(Self { data });
            }
            rest = after;
        }
        Err(fault(data))
    }

    /// The packets in order.
    #[inline]
    pub fn packets(&self) -> impl Iterator<Item = RtcpPacket<'a>> + use<'a> {
        self.frames().filter_map(|f| RtcpPacket::decode(&f).ok())
    }

    /// The bytes it was decoded from.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.data
    }

    /// The bytes of each packet, header and padding included, in the order of
    /// [`packets`](Self::packets).
    pub fn raw_packets(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut rest = self.data;
        let len = rest.len();
        core::iter::from_fn(move || {
            let (_, after) = Frame::split(rest, len - rest.len())?;
            let (raw, _) = rest.split_at_checked(rest.len() - after.len())?;
            rest = after;
            Some(raw)
        })
    }

    /// Checks the rules for compound packets: a report first, a CNAME, padding only at the end.
    ///
    /// # Errors
    /// The first rule that is broken.
    ///
    /// RFC 3550, sections 6.1 and A.2.
    pub fn check_rules(&self) -> Result<(), CompoundRule> {
        let reports = [PacketType::SENDER_REPORT, PacketType::RECEIVER_REPORT];
        let first = self.frames().next();
        if !first.is_some_and(|frame| reports.contains(&frame.packet_type)) {
            return Err(CompoundRule::NoReportFirst);
        }
        let mut padded = None;
        for frame in self.frames() {
            if let Some(offset) = padded {
                return Err(CompoundRule::PaddingInside(offset));
            }
            padded = (frame.padding != 0).then_some(frame.offset);
        }
        let names_us = |packet| match packet {
            RtcpPacket::SourceDescription(sdes) => {
                sdes.chunks().any(|chunk| chunk.cname().is_some())
            }
            _ => false,
        };
        if self.packets().any(names_us) {
            Ok(())
        } else {
            Err(CompoundRule::NoCname)
        }
    }

    #[inline]
    fn frames(&self) -> impl Iterator<Item = Frame<'a>> + use<'a> {
        let (mut rest, len) = (self.data, self.data.len());
        core::iter::from_fn(move || {
            let (frame, after) = Frame::split(rest, len - rest.len())?;
            rest = after;
            Some(frame)
        })
    }
}

/// Whether the lengths and counts in a packet hold.
#[inline(always)]
fn is_whole(frame: &Frame<'_>) -> bool {
    match frame.packet_type {
        PacketType::SENDER_REPORT => SenderReport::is_whole(frame),
        PacketType::RECEIVER_REPORT => ReceiverReport::is_whole(frame),
        PacketType::SOURCE_DESCRIPTION => SourceDescription::check(frame).is_ok(),
        _ => is_any_whole(*frame),
    }
}

#[inline(never)]
fn is_any_whole(frame: Frame<'_>) -> bool {
    RtcpPacket::decode(&frame).is_ok()
}

/// What is wrong with a compound packet in which something is.
#[cold]
#[inline(never)]
fn fault(data: &[u8]) -> RtcpError {
    let mut rest = data;
    loop {
        let offset = data.len() - rest.len();
        let Some((frame, after)) = Frame::split(rest, offset) else {
            return Frame::fault(rest, offset);
        };
        let checked = RtcpPacket::decode(&frame).and_then(|packet| match packet {
            RtcpPacket::SourceDescription(_) => SourceDescription::check(&frame),
            _ => Ok(()),
        });
        if let Err(error) = checked {
            return error;
        }
        rest = after;
    }
}

impl<'a> RtcpPacket<'a> {
    #[inline(always)]
    fn decode(frame: &Frame<'a>) -> Result<Self, RtcpError> {
        Ok(match frame.packet_type {
            PacketType::SENDER_REPORT => Self::SenderReport(SenderReport::decode(frame)?),
            PacketType::RECEIVER_REPORT => Self::ReceiverReport(ReceiverReport::decode(frame)?),
            PacketType::SOURCE_DESCRIPTION => {
                Self::SourceDescription(SourceDescription::decode(frame))
            }
            PacketType::GOODBYE => Self::Goodbye(Goodbye::decode(frame)?),
            PacketType::APP => Self::App(App::decode(frame)?),
            PacketType::TRANSPORT_FEEDBACK => Self::TransportFeedback(Feedback::decode(frame)?),
            PacketType::PAYLOAD_FEEDBACK => Self::PayloadFeedback(Feedback::decode(frame)?),
            PacketType::EXTENDED_REPORT => Self::ExtendedReport(ExtendedReport::decode(frame)?),
            packet_type => Self::Unknown(UnknownPacket {
                packet_type,
                count: frame.count,
                body: frame.body,
            }),
        })
    }

    /// The type of the packet.
    pub const fn packet_type(&self) -> PacketType {
        match self {
            Self::SenderReport(_) => PacketType::SENDER_REPORT,
            Self::ReceiverReport(_) => PacketType::RECEIVER_REPORT,
            Self::SourceDescription(_) => PacketType::SOURCE_DESCRIPTION,
            Self::Goodbye(_) => PacketType::GOODBYE,
            Self::App(_) => PacketType::APP,
            Self::TransportFeedback(_) => PacketType::TRANSPORT_FEEDBACK,
            Self::PayloadFeedback(_) => PacketType::PAYLOAD_FEEDBACK,
            Self::ExtendedReport(_) => PacketType::EXTENDED_REPORT,
            Self::Unknown(unknown) => unknown.packet_type,
        }
    }
}

/// Appends the packets of one compound packet to a buffer, in the order of the calls.
///
/// The rules of section 6.1 are the caller's to keep: a report first, then a CNAME.
/// The methods for each packet type stand beside their views.
#[derive(Debug)]
pub struct CompoundWriter<'a> {
    out: &'a mut Vec<u8>,
    begin: usize,
    /// Where the last packet begins, if one was written.
    last: Option<usize>,
}

impl<'a> CompoundWriter<'a> {
    /// Starts a compound packet at the end of `out`.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        let begin = out.len();
        Self {
            out,
            begin,
            last: None,
        }
    }

    /// Pads the last packet until the compound packet is a multiple of `block` bytes, which must
    /// be a multiple of 4 and at most 252; other values and a multiple already reached do nothing.
    pub fn pad_to(&mut self, block: u8) -> &mut Self {
        let len = self.out.len() - self.begin;
        let block_len = usize::from(block);
        if block_len == 0 || block_len % 4 != 0 {
            return self;
        }
        let padding = len.next_multiple_of(block_len) - len;
        let (Some(last), Ok(count), 1..) = (self.last, u8::try_from(padding), padding) else {
            return self;
        };
        self.out.resize(self.out.len() + padding - 1, 0);
        self.out.push(count);
        if let Some(first) = self.out.get_mut(last) {
            *first |= 0x20;
        }
        self.fix_len(last);
        self
    }

    /// Appends a packet of any type; `body` is padded with zeros to whole words and cut at the
    /// 262140 bytes a packet can hold.
    pub fn raw(&mut self, packet_type: PacketType, count: u8, body: &[u8]) -> &mut Self {
        self.packet(packet_type, count, |out| {
            out.extend_from_slice(body.get(..MAX_BODY).unwrap_or(body));
        })
    }

    /// Appends a header, the body that `write` makes, zeros up to a whole word, and the length.
    pub(super) fn packet(
        &mut self,
        packet_type: PacketType,
        count: u8,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> &mut Self {
        let begin = self.out.len();
        self.last = Some(begin);
        self.out
            .extend_from_slice(&[0x80 | (count & 0x1f), packet_type.get(), 0, 0]);
        write(self.out);
        let len = self.out.len() - begin;
        self.out.resize(begin + len.next_multiple_of(4), 0);
        self.fix_len(begin);
        self
    }

    fn fix_len(&mut self, begin: usize) {
        let words = (self.out.len() - begin) / 4 - 1;
        let words = u16::try_from(words).unwrap_or(u16::MAX).to_be_bytes();
        if let Some(field) = self.out.get_mut(begin + 2..begin + 4) {
            field.copy_from_slice(&words);
        }
    }
}

const MAX_BODY: usize = 4 * 65_535;

/// Kept here so that every view reports a body cut short in the same words.
#[inline]
pub(super) fn need<'a>(
    frame: &Frame<'_>,
    rest: &'a [u8],
    what: &'static str,
    len: usize,
) -> Result<&'a [u8], RtcpError> {
    rest.get(..len)
        .ok_or_else(|| truncated(what, frame.offset, len, rest.len()))
}
