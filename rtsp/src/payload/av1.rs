//! AV1: RTP payload format for AV1, version 1.0.
//!
//! In copy mode a frame is a temporal unit in the low-overhead form: every OBU with its size
//! field, without temporal delimiter. In slice mode OBUs have no size field.

use bytes::BytesMut;

use super::PacketizeError;
use super::assembler::{Assembler, Head, Store, Take};
use super::depacketizer::Fault;
use super::packetizer::{Body, PacketHead};

/// What SDP says about an AV1 track.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameters {
    /// `profile`, 0 to 2.
    pub profile: Option<u8>,
    /// `level-idx`, 0 to 31.
    pub level_index: Option<u8>,
    /// `tier`, 0 or 1.
    pub tier: Option<u8>,
}

impl Parameters {
    /// Makes parameters.
    pub const fn new(profile: Option<u8>, level_index: Option<u8>, tier: Option<u8>) -> Self {
        Self {
            profile,
            level_index,
            tier,
        }
    }
}

/// ```text
/// |Z|Y| W |N|-|-|-|   section 4.4
/// ```
#[derive(Debug, Default)]
pub(super) struct Depacketizer {
    /// The size field of the OBU in progress and the bytes of it so far.
    announced: Option<(usize, usize)>,
    /// The OBU in progress is one that is not delivered.
    skipping: bool,
}

impl Depacketizer {
    pub(super) fn push<P: AsRef<[u8]>, S: Take<P>>(
        &mut self,
        head: &Head,
        payload: P,
        out: &mut Assembler<S>,
    ) -> Result<(), Fault> {
        let data = payload.as_ref();
        let Some(aggregation) = data.first().copied() else {
            return Ok(());
        };
        let mut result = self.enter(head, aggregation, out);
        let count = usize::from((aggregation >> 4) & 3);
        let (continues, goes_on) = (aggregation & 0x80 != 0, aggregation & 0x40 != 0);
        let mut at = 1;
        let mut index = 0;
        while at < data.len() {
            index += 1;
            let rest = data.get(at..).unwrap_or_default();
            let (from, len) = if index == count {
                (at, rest.len())
            } else {
                match leb128(rest) {
                    Some((len, used)) if len <= rest.len() - used => (at + used, len),
                    _ => {
                        self.drop_open(out);
                        return Err(Fault::Malformed(at, "an OBU that runs past the packet"));
                    }
                }
            };
            at = from + len;
            let is_last = at >= data.len() || index == count;
            let element = Element {
                from,
                len,
                begins: !(continues && index == 1),
                ends: !(is_last && goes_on),
            };
            let taken = self.element(&element, &payload, out);
            result = result.and(taken);
            if index == count {
                break;
            }
        }
        if index < count {
            self.drop_open(out);
            result = result.and(Err(Fault::Malformed(at, "fewer OBUs than announced")));
        }
        if head.marker {
            if out.unit_is_open() || self.skipping {
                self.drop_open(out);
                result = result.and(Err(Fault::Incomplete("the end of an OBU never came")));
            }
            out.end_frame(None);
        }
        result
    }

    fn enter<S: Store>(
        &mut self,
        head: &Head,
        aggregation: u8,
        out: &mut Assembler<S>,
    ) -> Result<(), Fault> {
        let was_open = out.unit_is_open();
        let new_time = out.timestamp() != Some(head.timestamp);
        if out.timestamp().is_some() && head.gap {
            out.complete = false;
        }
        if head.gap || new_time || aggregation & 0x80 == 0 {
            self.drop_open(out);
        }
        if new_time {
            out.end_frame(None);
            out.begin_frame(head.timestamp);
            // N: a coded video sequence begins with this packet, so nothing of it is missing.
            out.complete &= !head.gap || aggregation & 0x08 != 0;
        }
        if was_open && !out.unit_is_open() {
            return Err(Fault::Incomplete("the end of an OBU never came"));
        }
        Ok(())
    }

    fn element<P: AsRef<[u8]>, S: Take<P>>(
        &mut self,
        element: &Element,
        payload: &P,
        out: &mut Assembler<S>,
    ) -> Result<(), Fault> {
        let range = element.from..element.from + element.len;
        if element.begins {
            let obu = payload.as_ref().get(range).unwrap_or_default();
            return self.begin(obu, element, payload, out);
        }
        if self.skipping {
            self.skipping = !element.ends;
            return Ok(());
        }
        if !out.unit_is_open() {
            out.complete = false;
            return Err(Fault::Incomplete("the start of an OBU never came"));
        }
        out.store.slice(payload, range);
        if let Some((_, so_far)) = &mut self.announced {
            *so_far += element.len;
        }
        if element.ends {
            return self.finish(out);
        }
        Ok(())
    }

    /// Begins an OBU and ends it too where the packet has all of it.
    fn begin<P: AsRef<[u8]>, S: Take<P>>(
        &mut self,
        obu: &[u8],
        element: &Element,
        payload: &P,
        out: &mut Assembler<S>,
    ) -> Result<(), Fault> {
        if obu.is_empty() {
            return Ok(());
        }
        let Some(header) = ObuHeader::decode(obu) else {
            self.skipping = !element.ends;
            out.complete = false;
            return Err(Fault::Malformed(element.from, "an OBU header is cut short"));
        };
        // Some senders leave these in; receivers ignore them. Section 5.
        if matches!(header.obu_type, TEMPORAL_DELIMITER | TILE_LIST) {
            self.skipping = !element.ends;
            return Ok(());
        }
        out.keyframe |= header.obu_type == SEQUENCE_HEADER;
        out.begin_unit();
        out.store.byte(header.first & !HAS_SIZE);
        if let Some(extension) = header.extension {
            out.store.byte(extension);
        }
        let end = element.from + element.len;
        out.store.slice(payload, element.from + header.len..end);
        self.announced = header.size.map(|size| (size, element.len - header.len));
        if element.ends {
            return self.finish(out);
        }
        Ok(())
    }

    fn finish<S: Store>(&mut self, out: &mut Assembler<S>) -> Result<(), Fault> {
        // The size field counts the whole OBU and so is checked only now.
        if self.announced.take().is_some_and(|(size, got)| size != got) {
            out.drop_unit();
            return Err(Fault::Malformed(0, "an OBU whose size field is wrong"));
        }
        out.edit_unit(put_size);
        out.end_unit();
        Ok(())
    }

    fn drop_open<S: Store>(&mut self, out: &mut Assembler<S>) {
        out.drop_unit();
        self.reset();
    }

    pub(super) fn flush<S: Store>(&mut self, out: &mut Assembler<S>) {
        out.complete &= !out.saw_marker;
        out.end_frame(None);
        self.reset();
    }

    pub(super) const fn reset(&mut self) {
        self.announced = None;
        self.skipping = false;
    }
}

/// One OBU element of a packet.
struct Element {
    from: usize,
    len: usize,
    /// Not the continuation of the packet before.
    begins: bool,
    /// Not continued in the next packet.
    ends: bool,
}

/// AV1 bitstream, section 5.3.
struct ObuHeader {
    first: u8,
    obu_type: u8,
    extension: Option<u8>,
    size: Option<usize>,
    /// With extension and size field.
    len: usize,
}

impl ObuHeader {
    fn decode(obu: &[u8]) -> Option<Self> {
        let (first, mut rest) = obu.split_first()?;
        let mut extension = None;
        if first & HAS_EXTENSION != 0 {
            let (byte, after) = rest.split_first()?;
            extension = Some(*byte);
            rest = after;
        }
        let mut size = None;
        if first & HAS_SIZE != 0 {
            let (value, used) = leb128(rest)?;
            size = Some(value);
            rest = rest.get(used..)?;
        }
        Some(Self {
            first: *first,
            obu_type: (first >> 3) & 0x0f,
            extension,
            size,
            len: obu.len() - rest.len(),
        })
    }
}

/// Gives the OBU at the end of a buffer its size field.
fn put_size(bytes: &mut BytesMut, begin: usize) {
    let Some(first) = bytes.get_mut(begin) else {
        return;
    };
    let header_len = if *first & HAS_EXTENSION != 0 { 2 } else { 1 };
    *first |= HAS_SIZE;
    let at = begin + header_len;
    let end = bytes.len();
    let Some(size) = end.checked_sub(at) else {
        return;
    };
    let mut field = [0; 8];
    let mut field_len = 0;
    let mut rest = size;
    for byte in &mut field {
        field_len += 1;
        let low = u8::try_from(rest & 0x7f).unwrap_or(0);
        rest >>= 7;
        *byte = if rest == 0 { low } else { low | 0x80 };
        if rest == 0 {
            break;
        }
    }
    bytes.resize(end + field_len, 0);
    bytes.copy_within(at..end, at + field_len);
    if let (Some(place), Some(field)) = (bytes.get_mut(at..at + field_len), field.get(..field_len))
    {
        place.copy_from_slice(field);
    }
}

/// A value and the bytes it takes, at most 8. AV1 bitstream, section 4.10.5.
fn leb128(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().take(8).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            let value = u32::try_from(value).ok()?;
            return Some((usize::try_from(value).ok()?, index + 1));
        }
    }
    None
}

/// Sends temporal units of OBUs in the low-overhead form.
#[derive(Debug, Default)]
pub(super) struct Packetizer;

/// Where a packetizer stands in a temporal unit.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    /// The OBUs not begun.
    rest: &'a [u8],
    /// What is left of an OBU that is being split.
    split: &'a [u8],
    /// The header of the OBU in progress goes before `split`.
    header: Option<(u8, Option<u8>)>,
    /// The N bit of the next packet.
    new_sequence: bool,
}

impl Packetizer {
    pub(super) fn begin<'a>(&self, frame: &'a [u8]) -> Result<Cursor<'a>, PacketizeError> {
        let mut rest = frame;
        let mut new_sequence = false;
        while !rest.is_empty() {
            let offset = frame.len() - rest.len();
            let Some((obu, after)) = split_obu(rest) else {
                let what = "an OBU that runs past the end";
                return Err(PacketizeError::Malformed { offset, what });
            };
            new_sequence |= obu.obu_type == SEQUENCE_HEADER;
            rest = after;
        }
        Ok(Cursor {
            rest: frame,
            split: &[],
            header: None,
            new_sequence,
        })
    }
}

/// An OBU of a temporal unit.
struct Obu<'a> {
    obu_type: u8,
    first: u8,
    extension: Option<u8>,
    payload: &'a [u8],
}

impl Obu<'_> {
    const fn len(&self) -> usize {
        1 + self.extension.is_some() as usize + self.payload.len()
    }
}

/// Cuts an OBU off. Only the last may have no size field.
fn split_obu(bytes: &[u8]) -> Option<(Obu<'_>, &[u8])> {
    let header = ObuHeader::decode(bytes)?;
    let rest = bytes.get(header.len..)?;
    let (payload, rest) = rest.split_at_checked(header.size.unwrap_or(rest.len()))?;
    let obu = Obu {
        obu_type: header.obu_type,
        first: header.first & !HAS_SIZE,
        extension: header.extension,
        payload,
    };
    Some((obu, rest))
}

impl<'a> Cursor<'a> {
    /// Fills a packet with the rest of the OBU in progress or with whole OBUs, each behind its
    /// length, and with the beginning of one that does not fit a packet of its own.
    pub(super) fn next(&mut self, room: usize, head: &mut PacketHead) -> Option<Body<'a>> {
        let aggregation_at = head.len();
        let mut aggregation = if core::mem::take(&mut self.new_sequence) {
            0x08
        } else {
            0
        };
        if self.header.is_some() || !self.split.is_empty() {
            if self.header.is_none() {
                aggregation |= 0x80;
            }
            return Some(self.fragment(room, head, aggregation));
        }
        let mut obu = self.following()?;
        if 1 + obu.len() > room {
            self.header = Some((obu.first, obu.extension));
            self.split = obu.payload;
            return Some(self.fragment(room, head, aggregation));
        }
        head.extend(&[0]);
        let mut used = 1;
        // The last element has no length (W = 1) if it is the only one, else all have (W = 0).
        loop {
            let before = self.rest;
            let len_len = if obu.len() < 128 { 1 } else { 2 };
            let next = self.following();
            let more = next.filter(|next| used + len_len + obu.len() + 3 + next.len() <= room);
            if used == 1 && more.is_none() {
                self.rest = before;
                head.set(aggregation_at, aggregation | 0x10);
                head.extend(&[obu.first]);
                head.extend(obu.extension.as_slice());
                return Some(Body::packet(obu.payload, self.is_done()));
            }
            write_leb128(obu.len(), head);
            head.extend(&[obu.first]);
            head.extend(obu.extension.as_slice());
            head.extend(obu.payload);
            used += len_len + obu.len();
            let Some(more) = more else {
                self.rest = before;
                break;
            };
            obu = more;
        }
        head.set(aggregation_at, aggregation);
        Some(Body::packet(&[], self.is_done()))
    }

    fn fragment(&mut self, room: usize, head: &mut PacketHead, aggregation: u8) -> Body<'a> {
        let at = head.len();
        head.extend(&[0]);
        if let Some((first, extension)) = self.header.take() {
            head.extend(&[first]);
            head.extend(extension.as_slice());
        }
        let room = room - (head.len() - at);
        let cut = self.split.split_at_checked(room);
        let (payload, rest) = cut.unwrap_or((self.split, &[]));
        self.split = rest;
        let goes_on = if rest.is_empty() { 0 } else { 0x40 };
        head.set(at, aggregation | goes_on | 0x10);
        Body::packet(payload, rest.is_empty() && self.is_done())
    }

    /// The next OBU that is sent: no temporal delimiters, tile lists and padding.
    fn following(&mut self) -> Option<Obu<'a>> {
        loop {
            let (obu, rest) = split_obu(self.rest)?;
            self.rest = rest;
            if !matches!(obu.obu_type, TEMPORAL_DELIMITER | TILE_LIST | PADDING) {
                return Some(obu);
            }
        }
    }

    fn is_done(&mut self) -> bool {
        let before = self.rest;
        let done = self.following().is_none();
        self.rest = before;
        done
    }
}

fn write_leb128(value: usize, head: &mut PacketHead) {
    let mut rest = value;
    loop {
        let low = u8::try_from(rest & 0x7f).unwrap_or(0);
        rest >>= 7;
        head.extend(&[if rest == 0 { low } else { low | 0x80 }]);
        if rest == 0 {
            return;
        }
    }
}

const HAS_EXTENSION: u8 = 0x04;
const HAS_SIZE: u8 = 0x02;
const SEQUENCE_HEADER: u8 = 1;
const TEMPORAL_DELIMITER: u8 = 2;
const TILE_LIST: u8 = 8;
const PADDING: u8 = 15;
