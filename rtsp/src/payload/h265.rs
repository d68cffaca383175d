//! H.265: RFC 7798.

use super::assembler::{Assembler, Head, Store, Take};
use super::depacketizer::{Fault, Middle};
use super::nal::{AccessUnits, NalKind, ParameterSets, SetKind, StartCode, close_open};
use super::packetizer::{Body, PacketHead};
use super::{Framing, PacketizeError, Units};

/// What SDP says about an H.265 track.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameters {
    /// Whether units carry decoding order numbers: `sprop-max-don-diff` is above 0. They are read
    /// over; units come in the order of the packets. A packetizer never sends them.
    pub has_don: bool,
    /// The parameter sets of `sprop-vps`, `sprop-sps` and `sprop-pps`.
    pub parameter_sets: ParameterSets,
}

impl Parameters {
    /// Adds a VPS, an SPS or a PPS, a NAL unit without start code. Others are left out.
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
    let nal_type = unit.first().map_or(0, |byte| nal_type(*byte));
    NalKind {
        vcl: nal_type < 32,
        key: matches!(nal_type, 16..=21),
        first: unit.get(2).is_some_and(|byte| byte & 0x80 != 0),
        set: match nal_type {
            32 => Some(SetKind::Vps),
            33 => Some(SetKind::H265Sps),
            34 => Some(SetKind::H265Pps),
            _ => None,
        },
    }
}

const fn nal_type(first: u8) -> u8 {
    (first >> 1) & 0x3f
}

#[derive(Debug, Default)]
pub(super) struct Depacketizer {
    pub(super) units: AccessUnits,
    start_code: StartCode,
    has_don: bool,
}

impl Depacketizer {
    pub(super) fn new(parameters: &Parameters) -> Self {
        let mut depacketizer = Self::default();
        depacketizer.units.sets = parameters.parameter_sets.clone();
        depacketizer.has_don = parameters.has_don;
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
        let &[first, ..] = payload.as_ref() else {
            return Ok(());
        };
        let entered = self.units.enter(head, out);
        let taken = match nal_type(first) {
            FU => self.fragment(payload, out),
            AP => self.aggregate(&payload, out),
            PACI => self.content_information(&payload, out),
            _ if payload.as_ref().len() < 2 => Err(Fault::Malformed(1, "a header is cut short")),
            0..=47 => self.single(&payload, out),
            _ => Err(Fault::Malformed(0, "a reserved NAL unit type")),
        };
        self.units.leave(head, out);
        entered.and(taken)
    }

    /// ```text
    /// |F|  type 49  |  layer    | tid |S|E| FU type | [DONL if S] payload ...
    /// ```
    /// Layer and temporal id come from the payload header. RFC 7798, section 4.4.3.
    #[inline]
    fn fragment<P: AsRef<[u8]>, S: Take<P>>(
        &mut self,
        payload: P,
        out: &mut Assembler<S>,
    ) -> Result<(), Fault> {
        let data = payload.as_ref();
        let &[first, second, fu_header, ..] = data else {
            return Err(Fault::Malformed(2, "an FU header is missing"));
        };
        let mut result = Ok(());
        let mut from = 3;
        if fu_header & START_BIT != 0 {
            result = close_open(out);
            from += self.don_len();
            let first = (first & !TYPE_MASK) | ((fu_header & 0x3f) << 1);
            let next = data.get(from).copied().unwrap_or(0);
            self.units.begin(kind(&[first, second, next]), out);
            out.store.byte(first);
            out.store.byte(second);
        } else if !out.unit_is_open() {
            out.complete = false;
            return Err(Fault::Incomplete("the start of a unit never came"));
        }
        let is_end = fu_header & END_BIT != 0;
        out.store.rest(payload, from);
        if is_end {
            self.units.end(out);
        }
        result
    }

    /// A single NAL unit; or a whole access unit in Annex B form, as some cameras send.
    fn single<P: AsRef<[u8]>, S: Take<P>>(
        &mut self,
        payload: &P,
        out: &mut Assembler<S>,
    ) -> Result<(), Fault> {
        let result = close_open(out);
        let data = payload.as_ref();
        if self.start_code.find(data).is_some() {
            for range in self.start_code.unit_ranges(data) {
                let unit = data.get(range.clone()).unwrap_or_default();
                self.units.whole(kind(unit), payload, range, out);
            }
            return result;
        }
        if !self.has_don {
            self.units.whole(kind(data), payload, 0..data.len(), out);
            return result;
        }
        // The number stands between header and payload. RFC 7798, section 4.4.1.
        let Some([first, second, _, _, next]) = data.first_chunk::<5>().copied() else {
            return Err(Fault::Malformed(2, "a decoding order number is missing"));
        };
        self.units.begin(kind(&[first, second, next]), out);
        out.store.slice(payload, 0..2);
        out.store.slice(payload, 4..data.len());
        self.units.end(out);
        result
    }

    /// RFC 7798, section 4.4.2.
    fn aggregate<P: AsRef<[u8]>, S: Take<P>>(
        &mut self,
        payload: &P,
        out: &mut Assembler<S>,
    ) -> Result<(), Fault> {
        let result = close_open(out);
        let data = payload.as_ref();
        // DONL of two bytes before the first unit, DOND of one before each other.
        let mut don_len = self.don_len();
        let mut at = 2;
        while at < data.len() {
            let size_at = at + don_len;
            don_len = don_len.min(1);
            let size = data.get(size_at..).and_then(<[u8]>::first_chunk::<2>);
            let begin = size_at + 2;
            let end = size.map(|size| begin + usize::from(u16::from_be_bytes(*size)));
            let Some(end) = end.filter(|end| *end <= data.len()) else {
                out.complete = false;
                return Err(Fault::Malformed(at, "a unit that runs past the packet"));
            };
            at = end;
            if end - begin >= 2 {
                let unit = data.get(begin..end).unwrap_or_default();
                self.units.whole(kind(unit), payload, begin..end, out);
            }
        }
        result
    }

    /// PACI: a single NAL unit behind extensions, which are read over.
    ///
    /// ```text
    /// |F|  type 50  |  layer    | tid |A| cType | PHSsize |F0..2|Y| PHES ... payload
    /// ```
    /// RFC 7798, section 4.4.4.
    fn content_information<P: AsRef<[u8]>, S: Take<P>>(
        &mut self,
        payload: &P,
        out: &mut Assembler<S>,
    ) -> Result<(), Fault> {
        let result = close_open(out);
        let data = payload.as_ref();
        let &[first, second, a, b, ..] = data else {
            return Err(Fault::Malformed(2, "a PACI header is cut short"));
        };
        let content_type = (a >> 1) & 0x3f;
        let extension_len = usize::from(((a & 1) << 4) | (b >> 4));
        let from = 4 + extension_len;
        if content_type >= AP || from >= data.len() {
            return Err(Fault::Malformed(2, "a PACI without a single NAL unit"));
        }
        let first = (a & 0x80) | (content_type << 1) | (first & 1);
        let next = data.get(from).copied().unwrap_or(0);
        self.units.begin(kind(&[first, second, next]), out);
        out.store.byte(first);
        out.store.byte(second);
        out.store.slice(payload, from..data.len());
        self.units.end(out);
        result
    }

    const fn don_len(&self) -> usize {
        if self.has_don { 2 } else { 0 }
    }
}

/// Cuts access units into packets.
#[derive(Debug)]
pub(super) struct Packetizer {
    framing: Framing,
    start_code: StartCode,
}

/// Where a packetizer stands in an access unit.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    units: Units<'a>,
    /// The unit to send next.
    next: Option<&'a [u8]>,
    /// What is left of a unit that is being split, and its header.
    split: &'a [u8],
    header: [u8; 2],
}

impl Packetizer {
    pub(super) fn new(_: &Parameters, framing: Framing) -> Self {
        Self {
            framing,
            start_code: StartCode::default(),
        }
    }

    pub(super) fn begin<'a>(
        &self,
        frame: &'a [u8],
        _: usize,
    ) -> Result<Cursor<'a>, PacketizeError> {
        if self.framing == Framing::LengthPrefixed {
            super::nal::check_lengths(frame)?;
        }
        let mut units = Units::with(frame, self.framing, self.start_code.clone());
        let next = units.by_ref().find(|unit| unit.len() >= 2);
        Ok(Cursor {
            units,
            next,
            split: &[],
            header: [0; 2],
        })
    }
}

impl<'a> Cursor<'a> {
    pub(super) fn next(&mut self, room: usize, head: &mut PacketHead) -> Option<Body<'a>> {
        if !self.split.is_empty() {
            return Some(self.fragments(room - 3, head));
        }
        let unit = self.next?;
        if unit.len() <= room {
            return Some(self.whole(unit, room, head));
        }
        let (header, rest) = unit.split_first_chunk::<2>()?;
        let (payload, rest) = rest.split_at_checked(room - 3)?;
        self.header = *header;
        self.split = rest;
        self.next = self.following();
        self.put_fu_header(START_BIT, head);
        Some(Body::packet(payload, false))
    }

    fn following(&mut self) -> Option<&'a [u8]> {
        self.units.by_ref().find(|unit| unit.len() >= 2)
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
        let [first, second] = self.header;
        let fu = (first & !TYPE_MASK) | (FU << 1);
        head.extend(&[fu, second, bits | nal_type(first)]);
    }

    /// Sends a unit alone, or in an AP with those behind it that fit too.
    fn whole(&mut self, unit: &'a [u8], room: usize, head: &mut PacketHead) -> Body<'a> {
        self.next = self.following();
        let mut len = 2 + 2 + unit.len();
        let fits =
            |len: usize, next: Option<&[u8]>| next.is_some_and(|next| len + 2 + next.len() <= room);
        if !fits(len, self.next) {
            return Body::packet(unit, self.next.is_none());
        }
        // F is set if any unit has it, layer and temporal id are the lowest: section 4.4.2.
        let (mut forbidden, mut layer, mut temporal) = (0, u8::MAX, u8::MAX);
        let at = head.len();
        head.extend(&[0, 0]);
        let mut unit = unit;
        loop {
            if let Some([first, second]) = unit.first_chunk::<2>() {
                forbidden |= first & 0x80;
                layer = layer.min(((first & 1) << 5) | (second >> 3));
                temporal = temporal.min(second & 0x07);
            }
            head.extend_sized(unit);
            let Some(next) = self.next.filter(|_| fits(len, self.next)) else {
                break;
            };
            len += 2 + next.len();
            unit = next;
            self.next = self.following();
        }
        head.set(at, forbidden | (AP << 1) | (layer >> 5));
        head.set(at + 1, (layer << 3) | temporal);
        Body::packet(&[], self.next.is_none())
    }
}

/// F and the highest bit of the layer id are left by its complement.
const TYPE_MASK: u8 = 0x7e;
const AP: u8 = 48;
const FU: u8 = 49;
const PACI: u8 = 50;
const START_BIT: u8 = 0x80;
const END_BIT: u8 = 0x40;
/// An FU without either bit.
pub(super) const MIDDLE: Middle = Middle::new(
    [TYPE_MASK, 0, START_BIT | END_BIT, 0],
    [FU << 1, 0, 0, 0],
    3,
);
