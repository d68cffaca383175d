//! What H.264 and H.265 share: units in a buffer, parameter sets, access units.

use alloc::vec::Vec;
use bytes::Bytes;
use core::ops::Range;
use memchr::memmem::Finder;

use super::assembler::{Assembler, Head, Store, Take};
use super::depacketizer::Fault;
use super::sps::Sps;
use super::{Framing, PacketizeError};

/// The units of a buffer, made with [`Units::new`].
///
/// ```
/// use weir_rtsp::payload::{Framing, Units};
///
/// let annex_b = [0, 0, 0, 1, 0x67, 0x42, 0, 0, 1, 0x68, 0xce];
/// let units: Vec<_> = Units::new(&annex_b, Framing::AnnexB).collect();
/// assert_eq!(units, [&[0x67, 0x42][..], &[0x68, 0xce]]);
/// ```
#[derive(Debug, Clone)]
pub struct Units<'a> {
    rest: &'a [u8],
    framing: Framing,
    start_code: StartCode,
}

/// Finds `00 00 01`.
#[derive(Debug, Clone)]
pub(super) struct StartCode(Finder<'static>);

impl Default for StartCode {
    fn default() -> Self {
        Self(Finder::new(&[0, 0, 1]))
    }
}

impl StartCode {
    #[inline]
    pub(super) fn find(&self, bytes: &[u8]) -> Option<usize> {
        self.0.find(bytes)
    }

    /// Where the units stand in a buffer in Annex B form whose first start code may be missing.
    pub(super) fn unit_ranges(&self, data: &[u8]) -> Vec<Range<usize>> {
        let mut ranges = Vec::new();
        let mut begin = 0;
        while begin < data.len() {
            let rest = data.get(begin..).unwrap_or_default();
            let (unit, step) = match self.find(rest) {
                Some(at) => (rest.get(..at).unwrap_or_default(), at + 3),
                None => (rest, rest.len()),
            };
            let len = without_zeros(unit).len();
            if len > 0 {
                ranges.push(begin..begin + len);
            }
            begin += step;
        }
        ranges
    }
}

impl<'a> Units<'a> {
    /// Walks the units of a buffer in this framing; with [`Framing::Raw`] it is one unit.
    ///
    /// Bytes before the first start code, zeros behind a unit and empty units are left out. A
    /// length that runs past the end ends the walk.
    pub fn new(buffer: &'a [u8], framing: Framing) -> Self {
        Self::with(buffer, framing, StartCode::default())
    }

    pub(super) fn with(buffer: &'a [u8], framing: Framing, start_code: StartCode) -> Self {
        let mut rest = buffer;
        if framing == Framing::AnnexB {
            let begin = start_code.find(buffer).map_or(buffer.len(), |at| at + 3);
            rest = buffer.get(begin..).unwrap_or_default();
        }
        Self {
            rest,
            framing,
            start_code,
        }
    }
}

impl<'a> Iterator for Units<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let (unit, rest) = match self.framing {
                Framing::Raw => (self.rest, &[][..]),
                Framing::LengthPrefixed => {
                    let (len, rest) = self.rest.split_first_chunk::<4>()?;
                    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*len)).ok()?)?
                }
                Framing::AnnexB => match self.start_code.find(self.rest) {
                    Some(at) => {
                        let (unit, rest) = self.rest.split_at_checked(at)?;
                        (without_zeros(unit), rest.get(3..)?)
                    }
                    None => (without_zeros(self.rest), &[][..]),
                },
            };
            self.rest = rest;
            if !unit.is_empty() {
                return Some(unit);
            }
        }
    }
}

/// Checks that lengths fill a buffer exactly.
pub(super) fn check_lengths(frame: &[u8]) -> Result<(), PacketizeError> {
    let mut rest = frame;
    while !rest.is_empty() {
        let offset = frame.len() - rest.len();
        let unit = rest.split_first_chunk::<4>().and_then(|(len, rest)| {
            rest.split_at_checked(usize::try_from(u32::from_be_bytes(*len)).ok()?)
        });
        let Some((_, after)) = unit else {
            let what = "a length that runs past the end";
            return Err(PacketizeError::Malformed { offset, what });
        };
        rest = after;
    }
    Ok(())
}

/// A unit never ends with a zero byte: H.264, section 7.4.1.
fn without_zeros(unit: &[u8]) -> &[u8] {
    let mut unit = unit;
    while let [rest @ .., 0] = unit {
        unit = rest;
    }
    unit
}

/// The parameter sets of a stream, each id once, newest contents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParameterSets {
    vps: Vec<(u32, Bytes)>,
    sps: Vec<(u32, Bytes)>,
    pps: Vec<(u32, Bytes)>,
    /// That of the newest sequence parameter set.
    reorder_depth: Option<u32>,
}

/// The kinds of parameter sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SetKind {
    Vps,
    H264Sps,
    H265Sps,
    H264Pps,
    H265Pps,
}

impl ParameterSets {
    /// Video parameter sets, NAL units without start code. Empty for H.264.
    pub fn vps(&self) -> impl Iterator<Item = &Bytes> {
        self.vps.iter().map(|(_, unit)| unit)
    }

    /// Sequence parameter sets, NAL units without start code.
    pub fn sps(&self) -> impl Iterator<Item = &Bytes> {
        self.sps.iter().map(|(_, unit)| unit)
    }

    /// Picture parameter sets, NAL units without start code.
    pub fn pps(&self) -> impl Iterator<Item = &Bytes> {
        self.pps.iter().map(|(_, unit)| unit)
    }

    /// How many pictures may come before a picture in decoding order and follow it in output
    /// order, by the newest sequence parameter set: 0 without B-frames. None if it does not say,
    /// or there is none. For [`DtsRecovery`](crate::DtsRecovery).
    pub fn reorder_depth(&self) -> Option<u8> {
        u8::try_from(self.reorder_depth?).ok()
    }

    /// Whether a decoder could be set up: there is a sequence and a picture parameter set.
    pub fn is_ready(&self) -> bool {
        !self.sps.is_empty() && !self.pps.is_empty()
    }

    /// All of them in the order a decoder wants them.
    pub fn iter(&self) -> impl Iterator<Item = &Bytes> {
        self.vps().chain(self.sps()).chain(self.pps())
    }

    /// Puts a parameter set in its place; true if something changed. Sets that cannot be read,
    /// and more than a codec can have, are left out.
    pub(super) fn insert(&mut self, kind: SetKind, unit: &[u8]) -> bool {
        if unit.len() > MAX_SET_LEN {
            return false;
        }
        let sps = match kind {
            SetKind::H264Sps => Sps::h264(unit),
            SetKind::H265Sps => Sps::h265(unit),
            _ => None,
        };
        let ue = |at: usize| super::bits::Bits::of_nal_unit(unit.get(at..)?).ue();
        let (list, max, id) = match kind {
            SetKind::Vps => (&mut self.vps, 16, unit.get(2).map(|b| u32::from(b >> 4))),
            SetKind::H264Sps => (&mut self.sps, 32, sps.map(|sps| sps.id)),
            SetKind::H265Sps => (&mut self.sps, 16, sps.map(|sps| sps.id)),
            SetKind::H264Pps => (&mut self.pps, 256, ue(1)),
            SetKind::H265Pps => (&mut self.pps, 64, ue(2)),
        };
        let Some(id @ 0..=255) = id else {
            return false;
        };
        let count = list.len();
        match list.iter_mut().find(|(known, _)| *known == id) {
            Some((_, known)) if known == unit => return false,
            Some((_, known)) => *known = Bytes::copy_from_slice(unit),
            None if count < max => list.push((id, Bytes::copy_from_slice(unit))),
            None => return false,
        }
        if let Some(sps) = sps {
            self.reorder_depth = sps.reorder_depth;
        }
        true
    }
}

/// What the header of a NAL unit says.
#[derive(Debug, Clone, Copy)]
pub(super) struct NalKind {
    /// A slice of a picture.
    pub(super) vcl: bool,
    /// A slice where decoding can start.
    pub(super) key: bool,
    /// The first slice of its picture.
    pub(super) first: bool,
    pub(super) set: Option<SetKind>,
}

/// Groups the units of H.264 and H.265 into access units.
#[derive(Debug, Default)]
pub(super) struct AccessUnits {
    pub(super) sets: ParameterSets,
    /// Whether key frames without parameter sets get the known ones in front.
    pub(super) repeat_sets: bool,
    /// The access unit in progress has a slice.
    has_vcl: bool,
    has_sets: bool,
    /// Packets are missing before the first one of the access unit: they may have been its own.
    unsure: bool,
    set_in_progress: Option<SetKind>,
}

impl AccessUnits {
    /// To be called first for each packet: ends what the packet shows to be over.
    #[inline]
    pub(super) fn enter<S: Store>(
        &mut self,
        head: &Head,
        out: &mut Assembler<S>,
    ) -> Result<(), Fault> {
        if !head.gap && out.timestamp() == Some(head.timestamp) {
            return Ok(());
        }
        self.enter_rare(head, out)
    }

    fn enter_rare<S: Store>(&mut self, head: &Head, out: &mut Assembler<S>) -> Result<(), Fault> {
        let mut dropped = false;
        if head.gap && out.timestamp().is_some() {
            dropped = out.drop_unit();
            out.complete = false;
        }
        if out.timestamp() != Some(head.timestamp) {
            dropped |= out.end_frame(None);
            out.begin_frame(head.timestamp);
            self.has_vcl = false;
            self.has_sets = false;
            self.unsure = head.gap;
        }
        if dropped {
            return Err(Fault::Incomplete("the end of a unit never came"));
        }
        Ok(())
    }

    /// Begins a unit; its bytes are to follow.
    pub(super) fn begin<S: Store>(&mut self, kind: NalKind, out: &mut Assembler<S>) {
        if kind.vcl && !self.has_vcl {
            self.has_vcl = true;
            if self.unsure && !kind.first {
                out.complete = false;
            }
        }
        if kind.key {
            out.keyframe = true;
            if self.repeat_sets && !self.has_sets {
                self.has_sets = true;
                for set in self.sets.iter() {
                    out.whole_unit(set);
                }
            }
        }
        self.set_in_progress = kind.set;
        out.begin_unit();
    }

    /// Ends the unit in progress.
    #[inline]
    pub(super) fn end<S: Store>(&mut self, out: &mut Assembler<S>) {
        if let Some(kind) = self.set_in_progress.take() {
            self.has_sets = true;
            self.sets.insert(kind, &out.unit_bytes());
        }
        out.end_unit();
    }

    /// A unit that stands whole in a packet.
    pub(super) fn whole<P, S: Take<P>>(
        &mut self,
        kind: NalKind,
        payload: &P,
        range: Range<usize>,
        out: &mut Assembler<S>,
    ) {
        self.begin(kind, out);
        out.store.slice(payload, range);
        self.end(out);
    }

    /// To be called last for each packet. A marker on parameter sets or SEI alone ends nothing:
    /// Tapo, Reolink and Ivel cameras send it there.
    #[inline]
    pub(super) fn leave<S: Store>(&mut self, head: &Head, out: &mut Assembler<S>) {
        if head.marker && self.has_vcl && !out.unit_is_open() {
            out.end_frame(None);
            self.has_vcl = false;
        }
    }

    /// Forgets the access unit in progress, not the parameter sets.
    pub(super) const fn reset(&mut self) {
        self.has_vcl = false;
        self.has_sets = false;
        self.unsure = false;
        self.set_in_progress = None;
    }

    /// Ends everything: the stream ended.
    pub(super) fn flush<S: Store>(&self, out: &mut Assembler<S>) {
        out.complete &= !out.saw_marker;
        out.end_frame(None);
    }
}

/// A unit that begins while another is open shows that the other's end is lost.
pub(super) fn close_open<S: Store>(out: &mut Assembler<S>) -> Result<(), Fault> {
    if out.drop_unit() {
        return Err(Fault::Incomplete("the end of a unit never came"));
    }
    Ok(())
}

/// Parameter sets are some tens of bytes; no camera's reaches this.
const MAX_SET_LEN: usize = 4096;
