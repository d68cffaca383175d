//! JPEG: RFC 2435.
//!
//! A frame is a whole JPEG image: the headers the sender left out are made again from the type,
//! the quality and the size, and the end marker is put back.

use alloc::vec::Vec;
use bytes::Bytes;

use super::PacketizeError;
use super::assembler::{Assembler, Head, Store, Take};
use super::depacketizer::Fault;
use super::packetizer::{Body, PacketHead};

/// The header in front of each JPEG payload.
///
/// ```text
/// | type-specific |            fragment offset            |
/// |     type      |       Q       |     width     |     height    |
/// [ restart interval |F|L| restart count ]      types 64 to 127
/// [ MBZ | precision | length ] tables          Q 128 to 255, offset 0
/// ```
/// RFC 2435, section 3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header<'a> {
    /// Type-specific: 0 for a progressively scanned picture.
    pub type_specific: u8,
    /// Where this payload stands in the scan, in bytes.
    pub offset: u32,
    /// 0 for 4:2:2, 1 for 4:2:0, each and 64 with restart markers.
    pub kind: u8,
    /// 1 to 99 scale the standard tables; 128 to 254 name tables sent before, 255 those sent here.
    pub quality: u8,
    /// Width in pixels, a multiple of 8; 0 above 2040.
    pub width: u16,
    /// Height in pixels, a multiple of 8; 0 above 2040.
    pub height: u16,
    /// Restart interval in minimum coded units.
    pub restart_interval: Option<u16>,
    /// One bit per table, from the lowest: set for 16-bit values.
    pub precision: u8,
    /// Quantization tables in zigzag order, where the first packet of a frame has them.
    pub tables: Option<&'a [u8]>,
    /// Bytes of the header.
    pub len: usize,
}

impl<'a> Header<'a> {
    /// Reads the header of a payload; none if it is cut short.
    pub fn decode(payload: &'a [u8]) -> Option<Self> {
        let (&[type_specific, o0, o1, o2, kind, quality, width, height], mut rest) =
            payload.split_first_chunk::<8>()?;
        let offset = u32::from_be_bytes([0, o0, o1, o2]);
        let mut restart_interval = None;
        if kind & 0xc0 == 0x40 {
            let (&[r0, r1, _, _], after) = rest.split_first_chunk::<4>()?;
            restart_interval = Some(u16::from_be_bytes([r0, r1]));
            rest = after;
        }
        let (mut precision, mut tables) = (0, None);
        if quality >= 128 && offset == 0 {
            let (&[_, bits, l0, l1], after) = rest.split_first_chunk::<4>()?;
            let len = usize::from(u16::from_be_bytes([l0, l1]));
            let (bytes, after) = after.split_at_checked(len)?;
            (precision, tables, rest) = (bits, Some(bytes), after);
        }
        Some(Self {
            type_specific,
            offset,
            kind,
            quality,
            width: u16::from(width) * 8,
            height: u16::from(height) * 8,
            restart_interval,
            precision,
            tables,
            len: payload.len() - rest.len(),
        })
    }
}

#[derive(Debug, Default)]
pub(super) struct Depacketizer {
    /// Where the next fragment must stand.
    next_offset: u32,
    /// The tables last sent for each quality of 128 to 254.
    tables: Vec<(u8, u8, Bytes)>,
}

impl Depacketizer {
    pub(super) fn push<P: AsRef<[u8]>, S: Take<P>>(
        &mut self,
        head: &Head,
        payload: P,
        out: &mut Assembler<S>,
    ) -> Result<(), Fault> {
        let data = payload.as_ref();
        let mut result = Ok(());
        if out
            .timestamp()
            .is_some_and(|timestamp| head.gap || timestamp != head.timestamp)
        {
            out.drop_frame();
            result = Err(Fault::Incomplete("packets of a frame never came"));
        }
        let Some(header) = Header::decode(data) else {
            out.drop_frame();
            return Err(Fault::Malformed(data.len(), "a JPEG header is cut short"));
        };
        if header.offset == 0 {
            if out.drop_frame() {
                result = Err(Fault::Incomplete("packets of a frame never came"));
            }
            self.begin(head, &header, out)?;
        } else if !out.unit_is_open() || header.offset != self.next_offset {
            out.drop_frame();
            return Err(Fault::Incomplete("the start of a frame never came"));
        }
        let (from, end) = (header.len, data.len());
        self.next_offset = header
            .offset
            .saturating_add(u32::try_from(end - from).unwrap_or(u32::MAX));
        let has_end = data.ends_with(&[0xff, 0xd9]);
        out.store.rest(payload, from);
        if head.marker {
            if !has_end {
                out.store.copy(&[0xff, 0xd9]);
            }
            out.end_unit();
            out.end_frame(None);
        }
        result
    }

    fn begin<S: Store>(
        &mut self,
        head: &Head,
        header: &Header<'_>,
        out: &mut Assembler<S>,
    ) -> Result<(), Fault> {
        if !matches!(header.kind & 0xbf, 0 | 1) {
            return Err(Fault::Malformed(4, "a JPEG type that is not defined"));
        }
        let tables = match (header.quality, header.tables) {
            (1..=99, _) => Tables::scaled(header.quality),
            (128.., Some(bytes)) if !bytes.is_empty() => {
                let tables = Tables::new(header.precision, bytes);
                let tables = tables.ok_or(Fault::Malformed(12, "JPEG tables of a wrong length"))?;
                self.remember(header.quality, header.precision, bytes);
                tables
            }
            (quality @ 128..=254, _) => {
                let known = self.tables.iter().find(|(known, ..)| *known == quality);
                let known = known.and_then(|(_, precision, bytes)| Tables::new(*precision, bytes));
                known.ok_or(Fault::Incomplete("JPEG tables never came"))?
            }
            _ => return Err(Fault::Malformed(5, "a JPEG quality that is not defined")),
        };
        out.begin_frame(head.timestamp);
        out.keyframe = true;
        out.begin_unit();
        out.store.copy(&image_header(header, &tables));
        Ok(())
    }

    fn remember(&mut self, quality: u8, precision: u8, bytes: &[u8]) {
        // Tables of 255 count for one frame only. RFC 2435, section 4.2.
        if quality == 255 || bytes.len() > 256 {
            return;
        }
        self.tables.retain(|(known, ..)| *known != quality);
        self.tables
            .push((quality, precision, Bytes::copy_from_slice(bytes)));
    }

    pub(super) fn flush<S: Store>(&self, out: &mut Assembler<S>) {
        out.drop_frame();
    }

    pub(super) const fn reset(&mut self) {
        self.next_offset = 0;
    }
}

/// The two quantization tables of an image, in zigzag order.
struct Tables {
    /// For each: 1 for 16-bit values, then the values.
    luma: (u8, Vec<u8>),
    chroma: (u8, Vec<u8>),
}

impl Tables {
    /// Cuts the tables of a packet; a single one serves both.
    fn new(precision: u8, bytes: &[u8]) -> Option<Self> {
        let table_len = |bit: u8| if precision & bit != 0 { 128 } else { 64 };
        let (luma, rest) = bytes.split_at_checked(table_len(1))?;
        let luma = (precision & 1, luma.to_vec());
        if rest.is_empty() {
            let chroma = luma.clone();
            return Some(Self { luma, chroma });
        }
        let chroma = rest.get(..table_len(2))?.to_vec();
        Some(Self {
            luma,
            chroma: ((precision >> 1) & 1, chroma),
        })
    }

    /// The standard tables scaled as libjpeg does. RFC 2435, section 4.2 and appendix A.
    fn scaled(quality: u8) -> Self {
        let quality = u32::from(quality.clamp(1, 99));
        let factor = if quality < 50 {
            5000 / quality
        } else {
            200 - 2 * quality
        };
        let scale = |table: &[u8; 64]| {
            let value = |base: &u8| ((u32::from(*base) * factor + 50) / 100).clamp(1, 255);
            let values = table
                .iter()
                .map(|base| u8::try_from(value(base)).unwrap_or(255));
            (0, values.collect())
        };
        Self {
            luma: scale(&LUMA_QUANTIZER),
            chroma: scale(&CHROMA_QUANTIZER),
        }
    }
}

/// SOI, DQT, DRI, SOF0, DHT and SOS. RFC 2435, appendix B.
fn image_header(header: &Header<'_>, tables: &Tables) -> Vec<u8> {
    let mut out = Vec::with_capacity(640);
    out.extend_from_slice(&[0xff, 0xd8]);
    for (id, (precision, values)) in [(0, &tables.luma), (1, &tables.chroma)] {
        segment(&mut out, 0xdb, &[&[(precision << 4) | id], values]);
    }
    if let Some(interval) = header.restart_interval {
        segment(&mut out, 0xdd, &[&interval.to_be_bytes()]);
    }
    // Luma has two samples across, and for 4:2:0 two down.
    let sampling = if header.kind & 0x3f == 0 { 0x21 } else { 0x22 };
    let [h0, h1] = header.height.to_be_bytes();
    let [w0, w1] = header.width.to_be_bytes();
    let components = [1, sampling, 0, 2, 0x11, 1, 3, 0x11, 1];
    segment(&mut out, 0xc0, &[&[8, h0, h1, w0, w1, 3], &components]);
    for (id, counts, values) in HUFFMAN_TABLES {
        segment(&mut out, 0xc4, &[&[*id], *counts, *values]);
    }
    segment(&mut out, 0xda, &[&[3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0]]);
    out
}

fn segment(out: &mut Vec<u8>, marker: u8, parts: &[&[u8]]) {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    let len = u16::try_from(len + 2).unwrap_or(u16::MAX);
    out.extend_from_slice(&[0xff, marker]);
    out.extend_from_slice(&len.to_be_bytes());
    for part in parts {
        out.extend_from_slice(part);
    }
}

/// Sends baseline JPEG images of types 0 and 1 with their own tables.
#[derive(Debug, Default)]
pub(super) struct Packetizer;

/// Where a packetizer stands in an image.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    kind: u8,
    width: u8,
    height: u8,
    restart_interval: u16,
    precision: u8,
    tables: [&'a [u8]; 2],
    scan: &'a [u8],
    offset: usize,
}

impl Packetizer {
    pub(super) fn begin<'a>(&self, frame: &'a [u8]) -> Result<Cursor<'a>, PacketizeError> {
        let malformed = |offset, what| PacketizeError::Malformed { offset, what };
        let mut image = Image::default();
        let mut at = 2;
        if !frame.starts_with(&[0xff, 0xd8]) {
            return Err(malformed(0, "no JPEG image"));
        }
        let scan_at = loop {
            let segment = frame.get(at..).unwrap_or_default();
            let [0xff, marker, l0, l1, rest @ ..] = segment else {
                return Err(malformed(at, "a JPEG marker is missing"));
            };
            if *marker == 0xff {
                at += 1;
                continue;
            }
            let len = usize::from(u16::from_be_bytes([*l0, *l1]));
            let Some(body) = len.checked_sub(2).and_then(|len| rest.get(..len)) else {
                return Err(malformed(at, "a JPEG segment runs past the end"));
            };
            image
                .read(*marker, body)
                .map_err(|what| malformed(at, what))?;
            at += 2 + len;
            if *marker == 0xda {
                break at;
            }
        };
        let scan = frame.get(scan_at..).unwrap_or_default();
        let scan = scan.strip_suffix(&[0xff, 0xd9]).unwrap_or(scan);
        let table = |id: usize| image.tables.get(id).copied().flatten();
        let (Some(luma), Some((width, height, sampling))) = (table(0), image.size) else {
            return Err(malformed(scan_at, "a JPEG image without size or tables"));
        };
        let chroma = table(image.chroma_table).unwrap_or(luma);
        let restart = if image.restart_interval > 0 { 0x40 } else { 0 };
        Ok(Cursor {
            kind: sampling | restart,
            // Above 2040 pixels the fields are 0 and the size is told elsewhere.
            width: u8::try_from(width.div_ceil(8)).unwrap_or(0),
            height: u8::try_from(height.div_ceil(8)).unwrap_or(0),
            restart_interval: image.restart_interval,
            precision: luma.0 | (chroma.0 << 1),
            tables: [luma.1, chroma.1],
            scan,
            offset: 0,
        })
    }
}

/// What the segments before the scan say.
#[derive(Default)]
struct Image<'a> {
    /// Precision and values of each table.
    tables: [Option<(u8, &'a [u8])>; 4],
    /// Width, height, and the RTP type of the sampling.
    size: Option<(u16, u16, u8)>,
    chroma_table: usize,
    restart_interval: u16,
}

impl<'a> Image<'a> {
    fn read(&mut self, marker: u8, body: &'a [u8]) -> Result<(), &'static str> {
        match marker {
            0xdb => self.quantizers(body).ok_or("a JPEG table is cut short"),
            0xc0 => self.frame_header(body),
            0xc1..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => Err("not baseline JPEG"),
            0xc4 => standard_huffman(body),
            0xdd => {
                self.restart_interval = body.first_chunk().map_or(0, |b| u16::from_be_bytes(*b));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn quantizers(&mut self, mut body: &'a [u8]) -> Option<()> {
        while let Some((head, rest)) = body.split_first() {
            let precision = u8::from(head >> 4 != 0);
            let (values, rest) = rest.split_at_checked(64 << precision)?;
            *self.tables.get_mut(usize::from(head & 0x0f))? = Some((precision, values));
            body = rest;
        }
        Some(())
    }

    fn frame_header(&mut self, body: &[u8]) -> Result<(), &'static str> {
        let [
            8,
            h0,
            h1,
            w0,
            w1,
            3,
            _,
            sampling,
            _,
            _,
            0x11,
            chroma,
            _,
            0x11,
            other,
            ..,
        ] = body
        else {
            return Err("a JPEG image that is not 8 bits in three components, chroma 1x1");
        };
        let kind = match sampling {
            0x21 => 0,
            0x22 => 1,
            _ => return Err("a JPEG sampling that is neither 4:2:2 nor 4:2:0"),
        };
        if chroma != other {
            return Err("a JPEG image with three quantization tables");
        }
        self.chroma_table = usize::from(*chroma);
        let width = u16::from_be_bytes([*w0, *w1]);
        self.size = Some((width, u16::from_be_bytes([*h0, *h1]), kind));
        Ok(())
    }
}

/// Receivers use the standard tables: RFC 2435, section 3.1.
fn standard_huffman(body: &[u8]) -> Result<(), &'static str> {
    let mut rest = body;
    while let Some((id, after)) = rest.split_first() {
        let known = HUFFMAN_TABLES.iter().find(|(known, ..)| known == id);
        let after = known
            .and_then(|(_, counts, values)| after.strip_prefix(*counts)?.strip_prefix(*values));
        rest = after.ok_or("Huffman tables that are not the standard ones")?;
    }
    Ok(())
}

impl<'a> Cursor<'a> {
    pub(super) fn next(&mut self, room: usize, head: &mut PacketHead) -> Option<Body<'a>> {
        if self.scan.is_empty() {
            return None;
        }
        let at = head.len();
        let [_, o0, o1, o2] = u32::try_from(self.offset).ok()?.to_be_bytes();
        head.extend(&[0, o0, o1, o2, self.kind, 255, self.width, self.height]);
        if self.kind & 0x40 != 0 {
            // One restart "interval" over the whole frame: F, L and count all set.
            let [r0, r1] = self.restart_interval.to_be_bytes();
            head.extend(&[r0, r1, 0xff, 0xff]);
        }
        if self.offset == 0 {
            let [luma, chroma] = self.tables;
            let len = u16::try_from(luma.len() + chroma.len()).unwrap_or(0);
            let [l0, l1] = len.to_be_bytes();
            head.extend(&[0, self.precision, l0, l1]);
            head.extend(luma);
            head.extend(chroma);
        }
        let room = room.saturating_sub(head.len() - at).max(1);
        let (payload, rest) = self.scan.split_at_checked(room).unwrap_or((self.scan, &[]));
        self.scan = rest;
        self.offset += payload.len();
        Some(Body::packet(payload, rest.is_empty()))
    }
}

/// ITU-T T.81, table K.1, in zigzag order.
const LUMA_QUANTIZER: [u8; 64] = [
    16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37,
    29, 40, 58, 51, 61, 60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81,
    87, 95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
];

/// ITU-T T.81, table K.2, in zigzag order.
const CHROMA_QUANTIZER: [u8; 64] = [
    17, 18, 18, 24, 21, 24, 47, 26, 26, 47, 99, 66, 56, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
];

/// Class and id, codes per length, values: ITU-T T.81, tables K.3 to K.6.
const HUFFMAN_TABLES: &[(u8, &[u8; 16], &[u8])] = &[
    (
        0x00,
        &[0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
        &DC_VALUES,
    ),
    (
        0x10,
        &[0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d],
        &LUMA_AC_VALUES,
    ),
    (
        0x01,
        &[0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0],
        &DC_VALUES,
    ),
    (
        0x11,
        &[0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77],
        &CHROMA_AC_VALUES,
    ),
];

const DC_VALUES: [u8; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

const LUMA_AC_VALUES: [u8; 162] = [
    0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07,
    0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0,
    0x24, 0x33, 0x62, 0x72, 0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25, 0x26, 0x27, 0x28,
    0x29, 0x2a, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49,
    0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69,
    0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,
    0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7,
    0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5,
    0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2,
    0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8,
    0xf9, 0xfa,
];

const CHROMA_AC_VALUES: [u8; 162] = [
    0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71,
    0x13, 0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xa1, 0xb1, 0xc1, 0x09, 0x23, 0x33, 0x52, 0xf0,
    0x15, 0x62, 0x72, 0xd1, 0x0a, 0x16, 0x24, 0x34, 0xe1, 0x25, 0xf1, 0x17, 0x18, 0x19, 0x1a, 0x26,
    0x27, 0x28, 0x29, 0x2a, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48,
    0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68,
    0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87,
    0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5,
    0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3,
    0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda,
    0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8,
    0xf9, 0xfa,
];
