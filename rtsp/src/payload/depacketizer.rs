//! The one depacketizer of all formats.

use alloc::vec::Vec;
use bytes::Bytes;

use super::assembler::{Assembler, Head, Take};
use super::codec::{Codec, UnsupportedFormat};
use super::{
    Buffer, DepacketizeError, Frame, Framing, Output, ParameterSets, Slices, aac, ac3, av1, h264,
    h265, jpeg, latm, mpa, raw, vp8, vp9,
};
use crate::rtp::{RtpPacket, SequenceNumber};

/// Turns the packets of one track into frames.
///
/// Takes packets in order, one source; [`Depacketizer::restart`] begins with another.
/// Holds at most one frame in progress ([`Depacketizer::with_max_frame_len`]) and the frames that
/// were not polled yet, which one push adds at most the payload of its packet to.
#[derive(Debug)]
pub struct Depacketizer<O: Output = Buffer> {
    format: Format,
    out: Assembler<O>,
    expected: Option<SequenceNumber>,
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
    /// Where the bytes begin in a payload that neither begins nor ends a unit.
    #[inline]
    fn middle_of_unit(&self, payload: &[u8]) -> Option<usize> {
        match self {
            Self::H264(_) => h264::middle_of_unit(payload),
            Self::H265(_) => h265::middle_of_unit(payload),
            _ => None,
        }
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
        self.push_payload(head, packet.payload())
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
        self.push_payload(head, packet.into_payload())
    }
}

impl<O: Output> Depacketizer<O> {
    fn with_output(codec: &Codec, framing: Framing) -> Result<Self, UnsupportedFormat> {
        let framing = match codec {
            Codec::H264(_) | Codec::H265(_) | Codec::Aac(_) => framing,
            _ => Framing::Raw,
        };
        Ok(Self {
            format: match codec {
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
            },
            out: Assembler::new(framing),
            expected: None,
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
        with_format!(&mut self.format, inner => inner.flush(&mut self.out));
    }

    /// Begins with another source: what is in progress is dropped, any sequence number may come.
    pub fn restart(&mut self) {
        self.out.drop_frame();
        self.out.lost = 0;
        self.expected = None;
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

    #[inline]
    fn push_payload<P: AsRef<[u8]>>(
        &mut self,
        head: Head,
        payload: P,
    ) -> Result<(), DepacketizeError>
    where
        O: Take<P>,
    {
        if self.expected != Some(head.sequence) {
            self.gap |= self.gap_before(head.sequence)?;
        }
        self.expected = Some(head.sequence.next());
        let len = payload.as_ref().len();
        // Most packets of video are no more than the next bytes of a unit.
        if !self.gap && self.out.goes_on(&head) && !self.out.is_over(len + PREFIX_LEN) {
            if let Some(from) = self.format.middle_of_unit(payload.as_ref()) {
                self.out.store.rest(payload, from);
                return Ok(());
            }
        }
        self.push_any(head, payload)
    }

    /// Apart, so that the little that most packets need saves few registers.
    #[inline(never)]
    fn push_any<P: AsRef<[u8]>>(
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
        if self.out.is_over(len + PREFIX_LEN) {
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
        let Some(expected) = self.expected else {
            return Ok(false);
        };
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
