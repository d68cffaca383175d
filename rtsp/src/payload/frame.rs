//! What comes out of a depacketizer.

use bytes::Bytes;
use smallvec::SmallVec;

use crate::rtp::RtpTime;

/// How the units of a frame stand in one buffer.
///
/// It counts for H.264, H.265 and AAC. AV1 always has its own framing, the low-overhead form with
/// `obu_size`; the other formats have one unit per frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the three ways there are")]
pub enum Framing {
    /// Each unit behind a start code `00 00 00 01`.
    AnnexB,
    /// Each unit behind its length in four bytes, as in MP4 and FLV ("AVCC").
    LengthPrefixed,
    /// Nothing between units; [`Frame::units`] knows where they end.
    Raw,
}

impl Framing {
    pub(super) const fn prefix_len(self) -> usize {
        match self {
            Self::AnnexB | Self::LengthPrefixed => 4,
            Self::Raw => 0,
        }
    }
}

/// One frame: an access unit of video, a frame of audio, or the payload of a packet.
///
/// `D` is [`Bytes`] in copy mode and `Vec<Bytes>` in slice mode.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frame<D = Bytes> {
    /// Presentation time. Goes back with B-frames.
    pub timestamp: RtpTime,
    /// How long it lasts in clock units, where the format says so.
    pub duration: Option<u32>,
    /// Whether decoding can start here. Always true for audio.
    pub keyframe: bool,
    /// Whether all of it is there: false if units of it were lost or dropped.
    pub complete: bool,
    /// Packets lost since the frame before.
    pub lost: u32,
    /// The frame.
    pub data: D,
    pub(super) units: SmallVec<[u32; 8]>,
    pub(super) prefix_len: u8,
}

impl Frame<Bytes> {
    /// The units without what [`Framing`] put before them: NAL units, OBUs (with their size
    /// fields), or the one frame of other formats.
    pub fn units(&self) -> impl Iterator<Item = &[u8]> {
        let mut begin = 0;
        self.units.iter().filter_map(move |end| {
            let end = usize::try_from(*end).ok()?;
            let unit = self.data.get(begin + usize::from(self.prefix_len)..end);
            begin = end;
            unit
        })
    }
}

impl Frame<alloc::vec::Vec<Bytes>> {
    /// The units, each as the slices it is made of: NAL units, OBUs (without size fields), or
    /// the one frame of other formats.
    pub fn units(&self) -> impl Iterator<Item = &[Bytes]> {
        let mut begin = 0;
        self.units.iter().filter_map(move |end| {
            let end = usize::try_from(*end).ok()?;
            let unit = self.data.get(begin..end);
            begin = end;
            unit
        })
    }
}
