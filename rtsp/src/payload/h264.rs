//! H.264: RFC 6184.

use alloc::vec::Vec;
use bytes::Bytes;

use super::assembler::{Assembler, Head, Store, Take};
use super::depacketizer::{Fault, Middle};
use super::nal::{AccessUnits, NalKind, ParameterSets, SetKind, StartCode, close_open};
use super::packetizer::{Body, PacketHead};
use super::{Framing, PacketizeError, Units};

/// What SDP says about an H.264 track.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameters {
    /// 0: single NAL units only; 1: STAP-A and FU-A too; 2: interleaved. Default: 1.
    ///
    /// Receivers take all packet types whatever it is: cameras lie. A packetizer sends only
    /// single NAL units for 0, and is not made for 2.
    pub packetization_mode: u8,
    /// The parameter sets of `sprop-parameter-sets`.
    pub parameter_sets: ParameterSets,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            packetization_mode: 1,
            parameter_sets: ParameterSets::default(),
        }
    }
}

impl Parameters {
    /// Adds an SPS or a PPS, a NAL unit without start code. Others are left out.
    #[must_use]
    pub fn with_parameter_set(mut self, unit: &[u8]) -> Self {
        if let Some(set) = kind(unit).set {
            self.parameter_sets.insert(set, unit);
        }
        self
    }
}

/// What the header of a unit says; `unit` needs the header and the byte behind it only.
fn kind(unit: &[u8]) -> NalKind {
    let nal_type = unit.first().map_or(0, |header| header & TYPE_MASK);
    NalKind {
        vcl: matches!(nal_type, 1..=5),
        key: nal_type == 5,
        // first_mb_in_slice is 0 if the first bit behind the header is 1.
        first: unit.get(1).is_some_and(|byte| byte & 0x80 != 0),
        set: match nal_type {
            7 => Some(SetKind::H264Sps),
            8 => Some(SetKind::H264Pps),
            _ => None,
        },
    }
}

#[derive(Debug, Default)]
pub(super) struct Depacketizer {
    pub(super) units: AccessUnits,
    start_code: StartCode,
}

impl Depacketizer {
    pub(super) fn new(parameters: &Parameters) -> Self {
        let mut depacketizer = Self::default();
        depacketizer.units.sets = parameters.parameter_sets.clone();
        depacketizer
    }

    pub(super) fn flush<S: Store>(&self, out: &mut Assembler<S>) {
        self.units.flush(out);
    }

    pub(super) fn reset(&mut self) {
        self.units.reset();
    }

    #[inline]
    pub(super) fn push<P: AsRef<[u8]>, S: Take<P>>(
        &mut self,
        head: &Head,
        payload: P,
        out: &mut Assembler<S>,
    ) -> Result<(), Fault> {
        let &[header, ..] = payload.as_ref() else {
            return Ok(());
        };
        let entered = self.units.enter(head, out);
        let taken = match header & TYPE_MASK {
            nal_type @ (FU_A | FU_B) => {
                let from = if nal_type == FU_B { 4 } else { 2 };
                self.fragment(payload, from, out)
            }
            nal_type => self.whole_units(nal_type, head, &payload, out),
        };
        self.units.leave(head, out);
        entered.and(taken)
    }

    /// A packet of whole units.
    #[inline(never)]
    fn whole_units<P: AsRef<[u8]>, S: Take<P>>(
        &mut self,
        nal_type: u8,
        head: &Head,
        payload: &P,
        out: &mut Assembler<S>,
    ) -> Result<(), Fault> {
        match nal_type {
            1..=23 => self.single(payload, out),
            STAP_A => self.aggregate(payload, 1, out),
            STAP_B => self.aggregate(payload, 3, out),
            MTAP16 => self.multi_time(head, payload, 2, out),
            MTAP24 => self.multi_time(head, payload, 3, out),
            0 if payload.as_ref().starts_with(&[0, 0]) => self.single(payload, out),
            _ => Err(Fault::Malformed(0, "a reserved NAL unit type")),
        }
    }

    /// FU-A, and FU-B with the decoding order number behind its header.
    ///
    /// ```text
    /// |F|NRI|  28   |S|E|R|  type   |  payload ...
    /// ```
    /// The type of the first fragment counts: Tiandy cameras change it later. S and E together
    /// are one whole unit (CostarHD). The R bit is ignored. RFC 6184, section 5.8.
    #[inline]
    fn fragment<P: AsRef<[u8]>, S: Take<P>>(
        &mut self,
        payload: P,
        from: usize,
        out: &mut Assembler<S>,
    ) -> Result<(), Fault> {
        let data = payload.as_ref();
        let &[indicator, fu_header, ..] = data else {
            return Err(Fault::Malformed(1, "an FU header is missing"));
        };
        if data.len() < from {
            return Err(Fault::Malformed(2, "a decoding order number is missing"));
        }
        let mut result = Ok(());
        if fu_header & START_BIT != 0 {
            let header = (indicator & !TYPE_MASK) | (fu_header & TYPE_MASK);
            let next = data.get(from).copied().unwrap_or(0);
            result = self.begin_split(header, next, out);
        } else if !out.unit_is_open() {
            out.complete = false;
            return Err(Fault::Incomplete("the start of a unit never came"));
        }
        let is_end = fu_header & END_BIT != 0;
        // Later fragments of FU-B units are FU-A: only the first carries the number.
        out.store.rest(payload, from);
        if is_end {
            self.units.end(out);
        }
        result
    }

    /// Begins a unit that comes in fragments.
    #[cold]
    fn begin_split<S: Store>(
        &mut self,
        header: u8,
        next: u8,
        out: &mut Assembler<S>,
    ) -> Result<(), Fault> {
        let result = close_open(out);
        self.units.begin(kind(&[header, next]), out);
        out.store.byte(header);
        result
    }

    /// A single NAL unit; or, from V380 and macro-video cameras, a whole access unit in Annex B
    /// form where one NAL unit belongs.
    fn single<P: AsRef<[u8]>, S: Take<P>>(
        &mut self,
        payload: &P,
        out: &mut Assembler<S>,
    ) -> Result<(), Fault> {
        let result = close_open(out);
        let data = payload.as_ref();
        if self.start_code.find(data).is_none() {
            self.units.whole(kind(data), payload, 0..data.len(), out);
            return result;
        }
        for range in self.start_code.unit_ranges(data) {
            let unit = data.get(range.clone()).unwrap_or_default();
            self.units.whole(kind(unit), payload, range, out);
        }
        result
    }

    /// STAP-A, and STAP-B with a decoding order number in front. RFC 6184, section 5.7.1.
    fn aggregate<P: AsRef<[u8]>, S: Take<P>>(
        &mut self,
        payload: &P,
        from: usize,
        out: &mut Assembler<S>,
    ) -> Result<(), Fault> {
        let result = close_open(out);
        let data = payload.as_ref();
        let mut at = from;
        while at < data.len() {
            let Some(range) = sized(data, at, 0) else {
                out.complete = false;
                return Err(Fault::Malformed(at, "a unit that runs past the packet"));
            };
            at = range.end;
            if !range.is_empty() {
                let unit = data.get(range.clone()).unwrap_or_default();
                self.units.whole(kind(unit), payload, range, out);
            }
        }
        result
    }

    /// MTAP16 and MTAP24: units of several times. RFC 6184, section 5.7.2.
    fn multi_time<P: AsRef<[u8]>, S: Take<P>>(
        &mut self,
        head: &Head,
        payload: &P,
        offset_len: usize,
        out: &mut Assembler<S>,
    ) -> Result<(), Fault> {
        let mut result = close_open(out);
        let data = payload.as_ref();
        let mut at = 3;
        while at < data.len() {
            let Some(range) = sized(data, at, 1 + offset_len) else {
                return Err(Fault::Malformed(at, "a unit that runs past the packet"));
            };
            at = range.end;
            let offset = data.get(range.start - offset_len..range.start);
            let offset = offset.unwrap_or_default().iter();
            let offset = offset.fold(0, |value, byte| (value << 8) | u32::from(*byte));
            let timestamp = head.timestamp.wrapping_add(offset);
            let moved = Head {
                timestamp,
                gap: false,
                ..*head
            };
            let entered = self.units.enter(&moved, out);
            result = result.and(entered);
            let unit = data.get(range.clone()).unwrap_or_default();
            self.units.whole(kind(unit), payload, range, out);
        }
        result
    }
}

/// A 16-bit size at `at`, `skip` bytes, then the unit: the range of the unit.
fn sized(data: &[u8], at: usize, skip: usize) -> Option<core::ops::Range<usize>> {
    let [high, low] = *data.get(at..)?.first_chunk::<2>()?;
    let begin = at + 2 + skip;
    let end = begin + usize::from(u16::from_be_bytes([high, low]));
    (end <= data.len()).then_some(begin..end)
}

/// Cuts access units into packets.
#[derive(Debug)]
pub(super) struct Packetizer {
    may_split: bool,
    framing: Framing,
    start_code: StartCode,
}

/// Where a packetizer stands in an access unit.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    units: Units<'a>,
    /// Whether units may be split and aggregated.
    may_split: bool,
    /// The unit to send next.
    next: Option<&'a [u8]>,
    /// What is left of a unit that is being split, and its header.
    split: &'a [u8],
    header: u8,
}

impl Packetizer {
    pub(super) fn new(parameters: &Parameters, framing: Framing) -> Self {
        Self {
            may_split: parameters.packetization_mode > 0,
            framing,
            start_code: StartCode::default(),
        }
    }

    pub(super) fn begin<'a>(
        &self,
        frame: &'a [u8],
        room: usize,
    ) -> Result<Cursor<'a>, PacketizeError> {
        if self.framing == Framing::LengthPrefixed {
            super::nal::check_lengths(frame)?;
        }
        let mut units = Units::with(frame, self.framing, self.start_code.clone());
        if !self.may_split {
            let longest = units.clone().map(<[u8]>::len).max().unwrap_or(0);
            if longest > room {
                return Err(PacketizeError::UnitTooLong { len: longest, room });
            }
        }
        let next = units.next();
        Ok(Cursor {
            units,
            may_split: self.may_split,
            next,
            split: &[],
            header: 0,
        })
    }
}

impl<'a> Cursor<'a> {
    pub(super) fn next(&mut self, room: usize, head: &mut PacketHead) -> Option<Body<'a>> {
        if !self.split.is_empty() {
            return Some(self.fragments(room - 2, head));
        }
        let unit = self.next?;
        if unit.len() <= room {
            return Some(self.whole(unit, room, head));
        }
        let (header, rest) = unit.split_first()?;
        let (payload, rest) = rest.split_at_checked(room - 2)?;
        self.header = *header;
        self.split = rest;
        self.next = self.units.next();
        self.put_fu_header(START_BIT, head);
        Some(Body::packet(payload, false))
    }

    /// The fragments between the first and the last, then the last.
    fn fragments(&mut self, room: usize, head: &mut PacketHead) -> Body<'a> {
        if let Some(run) = Body::cut_run(&mut self.split, room) {
            self.put_fu_header(0, head);
            return run;
        }
        self.put_fu_header(END_BIT, head);
        Body::packet(core::mem::take(&mut self.split), self.next.is_none())
    }

    fn put_fu_header(&self, bits: u8, head: &mut PacketHead) {
        let indicator = (self.header & !TYPE_MASK) | FU_A;
        head.extend(&[indicator, bits | (self.header & TYPE_MASK)]);
    }

    /// Sends a unit alone, or in a STAP-A with those behind it that fit too.
    fn whole(&mut self, unit: &'a [u8], room: usize, head: &mut PacketHead) -> Body<'a> {
        self.next = self.units.next();
        let mut len = 1 + 2 + unit.len();
        let may_split = self.may_split;
        let fits = |len: usize, next: Option<&[u8]>| {
            may_split && next.is_some_and(|next| len + 2 + next.len() <= room)
        };
        if !fits(len, self.next) {
            return Body::packet(unit, self.next.is_none());
        }
        // F is set if any unit has it, NRI is the highest: RFC 6184, section 5.7.1.
        let (mut forbidden, mut importance) = (0, 0);
        let at = head.len();
        head.extend(&[0]);
        let mut unit = unit;
        loop {
            let header = unit.first().copied().unwrap_or(0);
            forbidden |= header & 0x80;
            importance = importance.max(header & 0x60);
            head.extend_sized(unit);
            let Some(next) = self.next.filter(|_| fits(len, self.next)) else {
                break;
            };
            len += 2 + next.len();
            unit = next;
            self.next = self.units.next();
        }
        head.set(at, forbidden | importance | STAP_A);
        Body::packet(&[], self.next.is_none())
    }
}

/// The units of `sprop-parameter-sets`, which may have start codes and trailing zeros.
pub(super) fn sprop_units(bytes: &[u8]) -> Vec<Bytes> {
    let framing = if bytes.starts_with(&[0, 0]) {
        Framing::AnnexB
    } else {
        Framing::Raw
    };
    let start_code = StartCode::default();
    let units = Units::with(bytes, framing, start_code.clone());
    units
        .flat_map(|unit| match start_code.find(unit) {
            // A start code inside or at the end.
            Some(at) => {
                let (first, rest) = unit.split_at_checked(at).unwrap_or((unit, &[]));
                let more = Units::with(rest, Framing::AnnexB, start_code.clone());
                core::iter::once(first).chain(more).collect::<Vec<_>>()
            }
            None => alloc::vec![unit],
        })
        .map(|unit| {
            let zeros = unit.iter().rev().take_while(|byte| **byte == 0).count();
            Bytes::copy_from_slice(unit.get(..unit.len() - zeros).unwrap_or(unit))
        })
        .filter(|unit| !unit.is_empty())
        .collect()
}

const TYPE_MASK: u8 = 0x1f;
const STAP_A: u8 = 24;
const STAP_B: u8 = 25;
const MTAP16: u8 = 26;
const MTAP24: u8 = 27;
const FU_A: u8 = 28;
const FU_B: u8 = 29;
const START_BIT: u8 = 0x80;
const END_BIT: u8 = 0x40;
/// A FU-A without either bit.
pub(super) const MIDDLE: Middle =
    Middle::new([TYPE_MASK, START_BIT | END_BIT, 0, 0], [FU_A, 0, 0, 0], 2);
