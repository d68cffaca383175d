//! MPEG-4 audio by RFC 3640 (`mpeg4-generic`), and the AudioSpecificConfig it shares with LATM.

use bytes::Bytes;
use smallvec::SmallVec;

use super::assembler::{Assembler, Head, Store, Take};
use super::bits::Bits;
use super::codec::UnsupportedFormat;
use super::depacketizer::Fault;
use super::packetizer::{Body, PacketHead};
use super::{Framing, PacketizeError, Units};
use crate::rtp::RtpTime;

/// What SDP says about an `mpeg4-generic` track.
///
/// Lengths are in bits, 0 for fields that are absent. RFC 3640, section 4.1.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameters {
    /// `config`: the AudioSpecificConfig.
    pub config: Bytes,
    /// The RTP clock in Hz, which is the sample rate.
    pub clock_rate: u32,
    /// Channels of `a=rtpmap`.
    pub channels: u8,
    /// `sizelength`.
    pub size_length: u8,
    /// `indexlength`.
    pub index_length: u8,
    /// `indexdeltalength`.
    pub index_delta_length: u8,
    /// `ctsdeltalength`.
    pub cts_delta_length: u8,
    /// `dtsdeltalength`.
    pub dts_delta_length: u8,
    /// `randomaccessindication`.
    pub random_access_indication: bool,
    /// `streamstateindication`.
    pub stream_state_length: u8,
    /// `auxiliarydatasizelength`.
    pub auxiliary_data_size_length: u8,
    /// `constantsize`: the size of every access unit in bytes.
    pub constant_size: Option<u16>,
    /// `constantduration`: the duration of every access unit in clock units.
    pub constant_duration: Option<u32>,
}

impl Parameters {
    /// Makes the parameters of the mode AAC-hbr, which everybody sends.
    pub fn new(config: Bytes, clock_rate: u32, channels: u8) -> Self {
        Self {
            config,
            clock_rate,
            channels,
            size_length: 13,
            index_length: 3,
            index_delta_length: 3,
            cts_delta_length: 0,
            dts_delta_length: 0,
            random_access_indication: false,
            stream_state_length: 0,
            auxiliary_data_size_length: 0,
            constant_size: None,
            constant_duration: None,
        }
    }

    /// Clock units of one access unit: as told, or from the config, or 1024.
    pub fn duration(&self) -> u32 {
        let from_config = || AudioConfig::decode(&self.config)?.duration(self.clock_rate);
        self.constant_duration.or_else(from_config).unwrap_or(1024)
    }

    fn check(&self) -> Result<(), UnsupportedFormat> {
        let longest = [
            self.size_length,
            self.index_length,
            self.index_delta_length,
            self.cts_delta_length,
            self.dts_delta_length,
            self.stream_state_length,
            self.auxiliary_data_size_length,
        ];
        if longest.iter().any(|length| *length > 32) {
            return Err(UnsupportedFormat::new("a field of more than 32 bits"));
        }
        Ok(())
    }

    fn has_headers(&self) -> bool {
        self.header_bits(true) > 0
    }

    /// Bits of an AU-header without deltas.
    fn header_bits(&self, is_first: bool) -> usize {
        let index = if is_first {
            self.index_length
        } else {
            self.index_delta_length
        };
        let flags = u8::from(self.cts_delta_length > 0)
            + u8::from(self.dts_delta_length > 0)
            + u8::from(self.random_access_indication);
        usize::from(self.size_length)
            + usize::from(index)
            + usize::from(flags)
            + usize::from(self.stream_state_length)
    }

    /// Reads one AU-header: size and index or index delta. RFC 3640, section 3.2.1.1.
    fn read_header(&self, bits: &mut Bits<'_>, is_first: bool) -> Option<(usize, u32)> {
        let size = bits.bits(self.size_length.into())?;
        let index = if is_first {
            self.index_length
        } else {
            self.index_delta_length
        };
        let index = bits.bits(index.into())?;
        for delta_length in [self.cts_delta_length, self.dts_delta_length] {
            if delta_length > 0 && bits.bit()? {
                bits.skip(delta_length.into())?;
            }
        }
        bits.skip(self.random_access_indication.into())?;
        bits.skip(self.stream_state_length.into())?;
        Some((usize::try_from(size).ok()?, index))
    }
}

/// What an AudioSpecificConfig says. ISO/IEC 14496-3, section 1.6.2.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AudioConfig {
    /// The audio object type: 2 for AAC LC. With SBR and PS signalled, that of what they extend.
    pub object_type: u8,
    /// The sample rate of the core in Hz, before SBR doubles it.
    pub sample_rate: u32,
    /// The channel configuration: 0 if a program config element tells.
    pub channel_configuration: u8,
    /// Samples of the core in one access unit.
    pub frame_len: u32,
}

impl AudioConfig {
    /// Reads a config; none if it is cut short or of a kind that has no fixed frame length.
    pub fn decode(config: &[u8]) -> Option<Self> {
        Self::read(&mut Bits::new(config))
    }

    pub(super) fn read(bits: &mut Bits<'_>) -> Option<Self> {
        let mut object_type = read_object_type(bits)?;
        let sample_rate = read_sample_rate(bits)?;
        let channel_configuration = u8::try_from(bits.bits(4)?).ok()?;
        // SBR and PS: the output rate, then the type of what they extend.
        if matches!(object_type, 5 | 29) {
            read_sample_rate(bits)?;
            object_type = read_object_type(bits)?;
            if object_type == 22 {
                bits.skip(4)?;
            }
        }
        let short = bits.bit()?;
        let frame_len = match (object_type, short) {
            (1..=4 | 6 | 7 | 17 | 19..=22, false) => 1024,
            (1..=4 | 6 | 7 | 17 | 19..=22, true) => 960,
            (23 | 39, false) => 512,
            (23 | 39, true) => 480,
            _ => return None,
        };
        if object_type != 39 {
            if bits.bit()? {
                bits.skip(14)?;
            }
            let extension = bits.bit()?;
            if matches!(object_type, 6 | 20) {
                bits.skip(3)?;
            }
            if extension {
                let skipped = match object_type {
                    22 => 16,
                    17 | 19 | 20 | 23 => 3,
                    _ => 0,
                };
                bits.skip(skipped + 1)?;
            }
        }
        Some(Self {
            object_type,
            sample_rate,
            channel_configuration,
            frame_len,
        })
    }

    /// Units of a clock in one access unit; twice the samples where SBR doubles the rate.
    pub fn duration(&self, clock_rate: u32) -> Option<u32> {
        let units = u64::from(self.frame_len) * u64::from(clock_rate);
        u32::try_from(units.checked_div(self.sample_rate.into())?).ok()
    }
}

fn read_object_type(bits: &mut Bits<'_>) -> Option<u8> {
    let object_type = match bits.bits(5)? {
        31 => 32 + bits.bits(6)?,
        object_type => object_type,
    };
    u8::try_from(object_type).ok()
}

fn read_sample_rate(bits: &mut Bits<'_>) -> Option<u32> {
    match bits.bits(4)? {
        15 => bits.bits(24),
        index => SAMPLE_RATES.get(usize::try_from(index).ok()?).copied(),
    }
}

#[derive(Debug)]
pub(super) struct Depacketizer {
    parameters: Parameters,
    duration: u32,
    /// Access units come out of order.
    interleaved: bool,
    open: Option<Open>,
}

/// The AU headers of a packet.
struct Headers {
    /// Size, and index or index delta, of each access unit.
    units: SmallVec<[(usize, u32); 16]>,
    /// Where the first access unit begins.
    end: usize,
}

/// A fragmented access unit in progress.
#[derive(Debug, Clone, Copy)]
struct Open {
    got: usize,
    /// The size of the whole; none from senders that give the size of each fragment (gortsplib
    /// before 2026-08-29, ireader): their marker ends the unit.
    total: Option<usize>,
}

impl Depacketizer {
    pub(super) fn new(parameters: &Parameters) -> Result<Self, UnsupportedFormat> {
        parameters.check()?;
        Ok(Self {
            duration: parameters.duration(),
            parameters: parameters.clone(),
            interleaved: false,
            open: None,
        })
    }

    pub(super) fn push<P: AsRef<[u8]>, S: Take<P>>(
        &mut self,
        head: &Head,
        payload: P,
        out: &mut Assembler<S>,
    ) -> Result<(), Fault> {
        let mut result = Ok(());
        if head.gap
            || out
                .timestamp()
                .is_some_and(|timestamp| timestamp != head.timestamp)
        {
            result = self.close(head.gap, out);
        }
        out.release(Some(head.timestamp));
        let data = payload.as_ref();
        let taken = match adts_frames(data, self.parameters.has_headers()) {
            Some(first) => {
                let closed = self.close(true, out);
                let taken = self.adts(head, first, &payload, out);
                closed.and(taken)
            }
            None => self.units(head, &payload, out),
        };
        result.and(taken)
    }

    fn units<P: AsRef<[u8]>, S: Take<P>>(
        &mut self,
        head: &Head,
        payload: &P,
        out: &mut Assembler<S>,
    ) -> Result<(), Fault> {
        let data = payload.as_ref();
        let Headers { units, end: mut at } = self.headers(data)?;
        let mut result = Ok(());
        if units.len() != 1 {
            result = self.close(true, out);
        }
        let mut timestamp = head.timestamp;
        for (index, (size, serial)) in units.iter().enumerate() {
            let left = data.len() - at;
            if index > 0 {
                let step = serial.saturating_add(1).saturating_mul(self.duration);
                timestamp = timestamp.wrapping_add(step);
            }
            self.interleaved |= *serial > 0;
            if units.len() == 1 && (self.open.is_some() || !head.marker || *size > left) {
                return self.fragment(head, *size, payload, at, out);
            }
            if *size > left {
                return Err(Fault::Malformed(
                    at,
                    "an access unit that runs past the packet",
                ));
            }
            self.deliver(timestamp, payload, at..at + size, out);
            at += size;
        }
        result
    }

    fn headers(&self, data: &[u8]) -> Result<Headers, Fault> {
        let mut headers = SmallVec::new();
        let mut at = 0;
        if self.parameters.has_headers() {
            let cut = Fault::Malformed(0, "AU headers that run past the packet");
            let len = data.first_chunk::<2>().ok_or(cut)?;
            let bit_len = usize::from(u16::from_be_bytes(*len));
            at = 2 + bit_len.div_ceil(8);
            let mut bits = Bits::new(data.get(2..at).ok_or(cut)?);
            let padding = bits.remaining() - bit_len;
            while bits.remaining() > padding {
                let is_first = headers.is_empty();
                let (size, serial) = self
                    .parameters
                    .read_header(&mut bits, is_first)
                    .ok_or(cut)?;
                if bits.remaining() < padding {
                    return Err(cut);
                }
                let size = match self.parameters.constant_size {
                    Some(size) if self.parameters.size_length == 0 => size.into(),
                    _ => size,
                };
                headers.push((size, serial));
            }
        }
        let auxiliary = u32::from(self.parameters.auxiliary_data_size_length);
        if auxiliary > 0 {
            let cut = Fault::Malformed(at, "auxiliary data that runs past the packet");
            let size = Bits::new(data.get(at..).ok_or(cut)?)
                .bits(auxiliary)
                .ok_or(cut)?;
            let bit_len = u64::from(auxiliary) + u64::from(size);
            at += usize::try_from(bit_len.div_ceil(8)).map_err(|_| cut)?;
            data.get(at..).ok_or(cut)?;
        }
        if !self.parameters.has_headers() {
            let left = data.len() - at;
            match self.parameters.constant_size {
                Some(size @ 1..) if usize::from(size) <= left => {
                    let count = left / usize::from(size);
                    headers.extend(core::iter::repeat_n((size.into(), 0), count));
                }
                Some(size @ 1..) => headers.push((size.into(), 0)),
                _ => headers.push((left, 0)),
            }
        }
        Ok(Headers {
            units: headers,
            end: at,
        })
    }

    /// A packet with a fragment, or with a whole access unit and no marker, which may turn out to
    /// be a fragment.
    fn fragment<P: AsRef<[u8]>, S: Take<P>>(
        &mut self,
        head: &Head,
        size: usize,
        payload: &P,
        from: usize,
        out: &mut Assembler<S>,
    ) -> Result<(), Fault> {
        let end = payload.as_ref().len();
        let left = end - from;
        if left == 0 {
            return Ok(());
        }
        let open = match self.open {
            Some(open) => {
                out.store.slice(payload, from..end);
                Open {
                    got: open.got + left,
                    ..open
                }
            }
            None => {
                let kept = left.min(size);
                out.begin_frame(head.timestamp);
                out.keyframe = true;
                out.begin_unit();
                out.store.slice(payload, from..from + kept);
                Open {
                    got: kept,
                    total: (size > left).then_some(size),
                }
            }
        };
        self.open = Some(open);
        match open.total {
            Some(total) if open.got >= total || head.marker => self.close(open.got != total, out),
            None if head.marker => self.close(false, out),
            _ => Ok(()),
        }
    }

    /// Ends the access unit in progress; `broken` if a part of it is known to be missing.
    fn close<S: Store>(&mut self, broken: bool, out: &mut Assembler<S>) -> Result<(), Fault> {
        let Some(open) = self.open.take() else {
            return Ok(());
        };
        let is_whole = open.total.is_none_or(|total| open.got == total);
        // Without a total a gap may have taken the rest, or a packet of another unit.
        if broken || !is_whole {
            out.drop_frame();
            return Err(Fault::Incomplete("a part of an access unit never came"));
        }
        out.end_unit();
        out.end_frame(Some(self.duration));
        if self.interleaved {
            out.hold();
        }
        Ok(())
    }

    fn deliver<P, S: Take<P>>(
        &self,
        timestamp: RtpTime,
        payload: &P,
        range: core::ops::Range<usize>,
        out: &mut Assembler<S>,
    ) {
        if range.is_empty() {
            return;
        }
        out.frame(timestamp, self.duration, payload, range);
        if self.interleaved {
            out.hold();
        }
    }

    /// ADTS frames where AU headers belong, from V380 and macro-video cameras.
    fn adts<P: AsRef<[u8]>, S: Take<P>>(
        &self,
        head: &Head,
        first: Adts,
        payload: &P,
        out: &mut Assembler<S>,
    ) -> Result<(), Fault> {
        let data = payload.as_ref();
        let mut timestamp = head.timestamp;
        let (mut at, mut frame) = (0, Some(first));
        while let Some(adts) = frame {
            self.deliver(timestamp, payload, at + adts.header_len..at + adts.len, out);
            timestamp = timestamp.wrapping_add(self.duration);
            at += adts.len;
            frame = Adts::decode(data.get(at..).unwrap_or_default());
        }
        if at < data.len() {
            return Err(Fault::Malformed(at, "an ADTS frame is cut short"));
        }
        Ok(())
    }

    pub(super) fn flush<S: Store>(&mut self, out: &mut Assembler<S>) {
        // What is lost with the end of a stream is lost silently.
        let _ = self.close(out.saw_marker, out);
        out.release(None);
    }

    pub(super) const fn reset(&mut self) {
        self.open = None;
    }
}

/// The header of an ADTS frame. ISO/IEC 14496-3, section 1.A.2.2.
#[derive(Debug, Clone, Copy)]
struct Adts {
    header_len: usize,
    /// With its header.
    len: usize,
}

impl Adts {
    fn decode(data: &[u8]) -> Option<Self> {
        let &[0xff, second, _, b3, b4, b5, ..] = data else {
            return None;
        };
        let header_len = if second & 1 != 0 { 7 } else { 9 };
        let len = usize::from(u16::from_be_bytes([b3 & 3, b4])) << 3 | usize::from(b5 >> 5);
        let fits = second & 0xf6 == 0xf0 && len > header_len && len <= data.len();
        fits.then_some(Self { header_len, len })
    }
}

/// The first ADTS frame of a payload that cannot be AU headers.
fn adts_frames(data: &[u8], has_headers: bool) -> Option<Adts> {
    let header_bits = usize::from(u16::from_be_bytes(*data.first_chunk::<2>()?));
    let headers_fit = 2 + header_bits.div_ceil(8) <= data.len();
    if headers_fit && has_headers {
        return None;
    }
    Adts::decode(data)
}

/// Sends access units: several in a packet, or one in several.
#[derive(Debug)]
pub(super) struct Packetizer {
    parameters: Parameters,
    duration: u32,
    framing: Framing,
}

/// Where a packetizer stands in a frame.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    size_length: u8,
    /// Bits of the first header and of the others.
    header_bits: [usize; 2],
    duration: u32,
    units: Units<'a>,
    next: Option<&'a [u8]>,
    /// What is left of an access unit that is being split, and its whole size.
    split: &'a [u8],
    split_len: usize,
    sent: u32,
}

impl Packetizer {
    pub(super) fn new(
        parameters: &Parameters,
        framing: Framing,
    ) -> Result<Self, UnsupportedFormat> {
        parameters.check()?;
        if parameters.size_length == 0 || parameters.auxiliary_data_size_length > 0 {
            return Err(UnsupportedFormat::new("AU headers without sizes"));
        }
        // Only length prefixes can tell several access units apart.
        let framing = match framing {
            Framing::LengthPrefixed => framing,
            _ => Framing::Raw,
        };
        Ok(Self {
            duration: parameters.duration(),
            parameters: parameters.clone(),
            framing,
        })
    }

    pub(super) fn begin<'a>(&self, frame: &'a [u8]) -> Result<Cursor<'a>, PacketizeError> {
        if self.framing == Framing::LengthPrefixed {
            super::nal::check_lengths(frame)?;
        }
        let mut units = Units::new(frame, self.framing);
        let room = (1_usize << self.parameters.size_length.min(31)) - 1;
        let longest = units.clone().map(<[u8]>::len).max().unwrap_or(0);
        if longest > room {
            return Err(PacketizeError::UnitTooLong { len: longest, room });
        }
        let next = units.next();
        Ok(Cursor {
            size_length: self.parameters.size_length,
            header_bits: [true, false].map(|is_first| self.parameters.header_bits(is_first)),
            duration: self.duration,
            units,
            next,
            split: &[],
            split_len: 0,
            sent: 0,
        })
    }
}

impl<'a> Cursor<'a> {
    pub(super) fn next(&mut self, room: usize, head: &mut PacketHead) -> Option<Body<'a>> {
        head.advance(self.sent.wrapping_mul(self.duration));
        if !self.split.is_empty() {
            return Some(self.fragment(room, head));
        }
        let unit = self.next?;
        self.next = self.units.next();
        let [first, other] = self.header_bits;
        let headers_len = |count: usize| 2 + (first + other * (count - 1)).div_ceil(8);
        if headers_len(1) + unit.len() > room {
            self.split = unit;
            self.split_len = unit.len();
            return Some(self.fragment(room, head));
        }
        let mut units: SmallVec<[&[u8]; 16]> = SmallVec::new();
        units.push(unit);
        let mut len = unit.len();
        while let Some(next) = self.next {
            if headers_len(units.len() + 1) + len + next.len() > room {
                break;
            }
            len += next.len();
            units.push(next);
            self.next = self.units.next();
        }
        self.write_headers(units.iter().map(|unit| unit.len()), head);
        self.sent = self
            .sent
            .wrapping_add(u32::try_from(units.len()).unwrap_or(0));
        let payload = match units.as_slice() {
            [single] => *single,
            several => {
                several.iter().for_each(|unit| head.extend(unit));
                &[]
            }
        };
        Some(Body::packet(payload, true))
    }

    /// Each fragment carries the size of the whole: RFC 3640, section 3.2.1.1.
    fn fragment(&mut self, room: usize, head: &mut PacketHead) -> Body<'a> {
        self.write_headers([self.split_len].into_iter(), head);
        let room = room
            .saturating_sub(2 + self.headers_bits(1).div_ceil(8))
            .max(1);
        let cut = self.split.split_at_checked(room);
        let (payload, rest) = cut.unwrap_or((self.split, &[]));
        self.split = rest;
        if rest.is_empty() {
            self.sent = self.sent.wrapping_add(1);
        }
        Body::packet(payload, rest.is_empty())
    }

    const fn headers_bits(&self, count: usize) -> usize {
        let [first, other] = self.header_bits;
        first + other * count.saturating_sub(1)
    }

    /// Sizes with every other field 0: index 0, no deltas.
    fn write_headers(&self, sizes: impl ExactSizeIterator<Item = usize>, head: &mut PacketHead) {
        let bit_len = self.headers_bits(sizes.len());
        head.extend(&u16::try_from(bit_len).unwrap_or(u16::MAX).to_be_bytes());
        let [first, other] = self.header_bits;
        let (mut pending, mut pending_bits) = (0_u64, 0);
        for (index, size) in sizes.enumerate() {
            let header_bits = if index == 0 { first } else { other };
            let size_bits = usize::from(self.size_length);
            let fields = [(size, size_bits), (0, header_bits - size_bits)];
            for (value, bits) in fields {
                for bit in (0..bits).rev() {
                    let bit = u64::try_from((value >> bit.min(63)) & 1).unwrap_or(0);
                    pending = (pending << 1) | bit;
                    pending_bits += 1;
                    if pending_bits == 8 {
                        head.extend(&[u8::try_from(pending & 0xff).unwrap_or(0)]);
                        (pending, pending_bits) = (0, 0);
                    }
                }
            }
        }
        if pending_bits > 0 {
            let last = pending << (8 - pending_bits);
            head.extend(&[u8::try_from(last & 0xff).unwrap_or(0)]);
        }
    }
}

/// ISO/IEC 14496-3, table 1.18.
const SAMPLE_RATES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
];
