//! The one depacketizer of all formats.

use alloc::vec::Vec;
use bytes::Bytes;

use super::assembler::{Assembler, Head, Take};
use super::codec::{Codec, UnsupportedFormat};
use super::{
    Buffer, DepacketizeError, Frame, Framing, Output, ParameterSets, Slices, aac, ac3, av1, h264,
    h265, jpeg, latm, mpa, raw, vp8, vp9,
};
use crate::rtp::{RtpPacket, RtpTime, SequenceNumber};

/// Turns the packets of one track into frames.
///
/// Takes packets in order, one source; [`Depacketizer::restart`] begins with another.
/// Holds at most one frame in progress ([`Depacketizer::with_max_frame_len`]) and the frames that
/// were not polled yet, which one push adds at most the payload of its packet to.
#[derive(Debug)]
pub struct Depacketizer<O: Output = Buffer> {
    format: Format,
    out: Assembler<O>,
    middle: Middle,
    /// The unit that the next packet goes on with, or ends, when it is the one expected.
    unit: Option<OpenUnit>,
    /// The number of the next packet, once there was one.
    expected: SequenceNumber,
    begun: bool,
    /// Packets are missing before the next payload; empty ones came in between.
    gap: bool,
    /// The number that would confirm that the source began anew.
    restart_at: Option<SequenceNumber>,
}

#[derive(Debug)]
enum Format {
    H264(h264::Depacketizer),
    H265(h265::Depacketizer),
    Av1(av1::Depacketizer),
    Vp8(vp8::Depacketizer),
    Vp9(vp9::Depacketizer),
    Jpeg(jpeg::Depacketizer),
    Aac(aac::Depacketizer),
    Latm(latm::Depacketizer),
    Mpa(mpa::Depacketizer),
    Ac3(ac3::Depacketizer),
    Raw(raw::Depacketizer),
}

impl Format {
    const fn middle(&self) -> Middle {
        match self {
            Self::H264(_) => h264::MIDDLE,
            Self::H265(_) => h265::MIDDLE,
            _ => Middle::NONE,
        }
    }
}

/// What packets in the middle of a unit are to be compared with.
#[derive(Debug, Clone, Copy)]
struct OpenUnit {
    timestamp: RtpTime,
    /// How much the frame in progress may count before such a packet's payload.
    limit: usize,
}

/// What payloads begin with that neither begin nor end a unit, so that telling one is a
/// comparison. One of fewer than four bytes is told with all others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Middle {
    mask: u32,
    bits: u32,
    len: usize,
}

impl Middle {
    /// Formats that do not tell.
    const NONE: Self = Self {
        mask: 0,
        bits: 1,
        len: 0,
    };

    /// A header of `len` bytes whose bits under a mask are these.
    pub(super) const fn new(mask: [u8; 4], bits: [u8; 4], len: usize) -> Self {
        Self {
            mask: u32::from_be_bytes(mask),
            bits: u32::from_be_bytes(bits),
            len,
        }
    }

    /// Length of the header where it is one.
    #[inline]
    fn header_len(self, payload: &[u8]) -> Option<usize> {
        let begin = u32::from_be_bytes(*payload.first_chunk()?);
        (begin & self.mask == self.bits).then_some(self.len)
    }
}

/// Runs an expression on the format, whichever it is.
macro_rules! with_format {
    ($format:expr, $inner:ident => $run:expr) => {
        match $format {
            Format::H264($inner) => $run,
            Format::H265($inner) => $run,
            Format::Av1($inner) => $run,
            Format::Vp8($inner) => $run,
            Format::Vp9($inner) => $run,
            Format::Jpeg($inner) => $run,
            Format::Aac($inner) => $run,
            Format::Latm($inner) => $run,
            Format::Mpa($inner) => $run,
            Format::Ac3($inner) => $run,
            Format::Raw($inner) => $run,
        }
    };
}

impl Depacketizer<Buffer> {
    /// Makes a depacketizer that copies each frame into one buffer.
    ///
    /// # Errors
    /// [`UnsupportedFormat`] if the parameters of the codec cannot be used.
    pub fn new(codec: &Codec, framing: Framing) -> Result<Self, UnsupportedFormat> {
        Self::with_output(codec, framing)
    }

    /// Takes the next packet. Frames it completes are there to be polled.
    ///
    /// # Errors
    /// [`DepacketizeError`] if something was dropped; the depacketizer goes on.
    #[inline]
    pub fn push<B: AsRef<[u8]>>(&mut self, packet: &RtpPacket<B>) -> Result<(), DepacketizeError> {
        let (sequence, timestamp) = (packet.sequence(), packet.timestamp());
        let head = Head {
            sequence,
            timestamp,
            marker: packet.marker(),
            gap: false,
        };
        let payload = packet.payload();
        if let Some(from) = self.middle_of_unit(&head, payload) {
            self.out.store.rest(payload, from);
            return Ok(());
        }
        self.push_any(head, payload)
    }
}

impl Depacketizer<Slices> {
    /// Makes a depacketizer whose frames are slices of the packets.
    ///
    /// # Errors
    /// [`UnsupportedFormat`] if the parameters of the codec cannot be used.
    pub fn slices(codec: &Codec) -> Result<Self, UnsupportedFormat> {
        Self::with_output(codec, Framing::Raw)
    }

    /// Takes the next packet. Frames it completes are there to be polled.
    ///
    /// # Errors
    /// [`DepacketizeError`] if something was dropped; the depacketizer goes on.
    #[inline]
    pub fn push(&mut self, packet: RtpPacket<Bytes>) -> Result<(), DepacketizeError> {
        let (sequence, timestamp) = (packet.sequence(), packet.timestamp());
        let head = Head {
            sequence,
            timestamp,
            marker: packet.marker(),
            gap: false,
        };
        if !packet.has_padding() {
            let payload = packet.as_bytes().get(packet.header_len()..);
            let from = payload.and_then(|payload| self.middle_of_unit(&head, payload));
            if let Some(from) = from {
                let from = packet.header_len() + from;
                self.out.store.rest(packet.into_inner(), from);
                return Ok(());
            }
        }
        self.push_any(head, packet.into_payload())
    }
}

impl<O: Output> Depacketizer<O> {
    fn with_output(codec: &Codec, framing: Framing) -> Result<Self, UnsupportedFormat> {
        let framing = match codec {
            Codec::H264(_) | Codec::H265(_) | Codec::Aac(_) => framing,
            _ => Framing::Raw,
        };
        let format = match codec {
            Codec::H264(parameters) => Format::H264(h264::Depacketizer::new(parameters)),
            Codec::H265(parameters) => Format::H265(h265::Depacketizer::new(parameters)),
            Codec::Av1(_) => Format::Av1(av1::Depacketizer::default()),
            Codec::Vp8 => Format::Vp8(vp8::Depacketizer),
            Codec::Vp9(_) => Format::Vp9(vp9::Depacketizer),
            Codec::Jpeg => Format::Jpeg(jpeg::Depacketizer::default()),
            Codec::Aac(parameters) => Format::Aac(aac::Depacketizer::new(parameters)?),
            Codec::Latm(parameters) => Format::Latm(latm::Depacketizer::new(parameters)?),
            Codec::Mpa => Format::Mpa(mpa::Depacketizer::default()),
            Codec::Ac3(parameters) => Format::Ac3(ac3::Depacketizer::new(*parameters)),
            Codec::Opus(_) => Format::Raw(raw::Depacketizer::opus()),
            Codec::Pcm(parameters) => Format::Raw(raw::Depacketizer::pcm(*parameters)),
            Codec::Mp2t => Format::Raw(raw::Depacketizer::transport_stream()),
            Codec::Raw(_) => Format::Raw(raw::Depacketizer::pass_through()),
        };
        Ok(Self {
            middle: format.middle(),
            format,
            out: Assembler::new(framing),
            unit: None,
            expected: SequenceNumber::default(),
            begun: false,
            // Nothing is known of what came before the first packet.
            gap: true,
            restart_at: None,
        })
    }

    /// Sets the longest frame that is put together, in bytes. Default: 16 MiB.
    ///
    /// In slice mode each slice counts 32 bytes more. A frame that grows over it is dropped.
    #[must_use]
    pub const fn with_max_frame_len(mut self, bytes: usize) -> Self {
        self.out.max_frame_len = bytes;
        self.unit = None;
        self
    }

    /// Puts the parameter sets known so far in front of key frames that come without; for
    /// H.264 and H.265.
    #[must_use]
    pub fn with_parameter_sets_repeated(mut self) -> Self {
        match &mut self.format {
            Format::H264(inner) => inner.units.repeat_sets = true,
            Format::H265(inner) => inner.units.repeat_sets = true,
            _ => {}
        }
        self
    }

    /// The next frame that is done.
    #[inline]
    pub fn poll(&mut self) -> Option<Frame<O::Data>> {
        self.out.ready.pop_front()
    }

    /// Ends the frame in progress: the stream ended or pauses.
    pub fn flush(&mut self) {
        self.unit = None;
        with_format!(&mut self.format, inner => inner.flush(&mut self.out));
    }

    /// Begins with another source: what is in progress is dropped, any sequence number may come.
    pub fn restart(&mut self) {
        self.out.drop_frame();
        self.out.lost = 0;
        self.unit = None;
        self.begun = false;
        self.gap = true;
        self.restart_at = None;
        with_format!(&mut self.format, inner => inner.reset());
    }

    /// The parameter sets of SDP and those that came in packets, newest contents; none for
    /// formats that have none.
    pub fn parameter_sets(&self) -> Option<&ParameterSets> {
        match &self.format {
            Format::H264(inner) => Some(&inner.units.sets),
            Format::H265(inner) => Some(&inner.units.sets),
            _ => None,
        }
    }

    /// Where the bytes begin in a payload that is no more than the next bytes of a unit, as most
    /// of video are; [`push_any`](Self::push_any) is for all others.
    #[inline(always)]
    fn middle_of_unit(&mut self, head: &Head, payload: &[u8]) -> Option<usize> {
        let unit = self.unit?;
        if head.sequence != self.expected || head.timestamp != unit.timestamp || head.marker {
            return None;
        }
        let from = self.middle.header_len(payload)?;
        if self.out.store.len() + payload.len() > unit.limit {
            return None;
        }
        self.expected = head.sequence.next();
        Some(from)
    }

    /// Apart, so that the little that most packets need saves few registers.
    #[inline(never)]
    fn push_any<P: AsRef<[u8]>>(&mut self, head: Head, payload: P) -> Result<(), DepacketizeError>
    where
        O: Take<P>,
    {
        if !self.begun || self.expected != head.sequence {
            self.gap |= self.gap_before(head.sequence)?;
        }
        self.begun = true;
        self.expected = head.sequence.next();
        let pushed = self.push_payload(head, payload);
        let timestamp = self.out.timestamp().filter(|_| self.out.unit_is_open());
        self.unit = timestamp.filter(|_| !self.gap).map(|timestamp| OpenUnit {
            timestamp,
            limit: self.out.limit().saturating_sub(PREFIX_LEN),
        });
        pushed
    }

    #[inline]
    fn push_payload<P: AsRef<[u8]>>(
        &mut self,
        mut head: Head,
        payload: P,
    ) -> Result<(), DepacketizeError>
    where
        O: Take<P>,
    {
        let len = payload.as_ref().len();
        if len == 0 {
            return Ok(());
        }
        head.gap = core::mem::take(&mut self.gap);
        self.out.saw_marker |= head.marker;
        if self.out.store.len() + len + PREFIX_LEN > self.out.limit() {
            self.out.cut_frame();
            with_format!(&mut self.format, inner => inner.reset());
            return Err(DepacketizeError::FrameTooLong {
                sequence: head.sequence,
                limit: self.out.max_frame_len,
            });
        }
        let pushed =
            with_format!(&mut self.format, inner => inner.push(&head, payload, &mut self.out));
        pushed.map_err(|fault| fault.at(head.sequence))
    }

    /// Judges a packet that was not expected: whether packets are missing before it.
    ///
    /// A number 100 and more back, or 3000 and more ahead, twice in a row is a source that
    /// began anew. RFC 3550, appendix A.1.
    #[cold]
    fn gap_before(&mut self, sequence: SequenceNumber) -> Result<bool, DepacketizeError> {
        if !self.begun {
            return Ok(false);
        }
        let expected = self.expected;
        let ahead = sequence.since(expected);
        let confirmed = self.restart_at.take() == Some(sequence);
        match u32::try_from(ahead) {
            Ok(missing) if ahead < MAX_DROPOUT => {
                self.out.lost = self.out.lost.saturating_add(missing);
                Ok(true)
            }
            _ if confirmed => Ok(true),
            far => {
                if far.is_ok() || ahead < -MAX_MISORDER {
                    self.restart_at = Some(sequence.next());
                }
                Err(DepacketizeError::Late { sequence, expected })
            }
        }
    }
}

/// What a format drops, before the packet's number is put to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Incomplete(&'static str),
    Malformed(usize, &'static str),
}

impl Fault {
    #[cold]
    const fn at(self, sequence: SequenceNumber) -> DepacketizeError {
        match self {
            Self::Incomplete(what) => DepacketizeError::Incomplete { sequence, what },
            Self::Malformed(offset, what) => DepacketizeError::Malformed {
                sequence,
                offset,
                what,
            },
        }
    }
}

/// The parts of a frame as one, for tests and for callers without vectored output.
impl Frame<Vec<Bytes>> {
    /// All slices in one buffer.
    pub fn concat(&self) -> Vec<u8> {
        self.data.concat()
    }
}

const PREFIX_LEN: usize = 4;
const MAX_DROPOUT: i16 = 3000;
const MAX_MISORDER: i16 = 100;
