//! MPEG-4 audio by RFC 6416 (`MP4A-LATM`).

use alloc::vec::Vec;
use bytes::Bytes;

use super::PacketizeError;
use super::aac::AudioConfig;
use super::assembler::{Assembler, Head, Store, Take};
use super::bits::Bits;
use super::codec::UnsupportedFormat;
use super::depacketizer::Fault;
use super::packetizer::{Body, PacketHead};

/// What SDP says about an `MP4A-LATM` track. RFC 6416, section 7.3.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameters {
    /// `config`: the StreamMuxConfig; none if it comes with the packets (`cpresent=1`).
    pub config: Option<Bytes>,
    /// The RTP clock in Hz.
    pub clock_rate: u32,
    /// Channels of `a=rtpmap`.
    pub channels: u8,
    /// `object`: the audio object type.
    pub object: Option<u8>,
}

impl Parameters {
    /// Makes parameters.
    pub const fn new(config: Option<Bytes>, clock_rate: u32, channels: u8) -> Self {
        Self {
            config,
            clock_rate,
            channels,
            object: None,
        }
    }

    /// Makes the parameters of a stream with this AudioSpecificConfig; none if it cannot be read.
    pub fn of_audio_config(config: &[u8], clock_rate: u32, channels: u8) -> Option<Self> {
        let mut bits = Bits::new(config);
        let object = AudioConfig::read(&mut bits)?.object_type;
        let config_bits = 8 * config.len() - bits.remaining();
        let mut writer = BitWriter::default();
        // Version 0, one timing, one sub-frame, one program, one layer.
        writer.push(0b01, 2);
        writer.push(0, 13);
        let mut bits = Bits::new(config);
        for _ in 0..config_bits {
            writer.push(bits.bits(1)?, 1);
        }
        // Frame length type 0, buffer fullness unknown, no other data, no CRC.
        writer.push(0, 3);
        writer.push(0xff, 8);
        writer.push(0, 2);
        let mut parameters = Self::new(Some(writer.finish().into()), clock_rate, channels);
        parameters.object = Some(object);
        Some(parameters)
    }

    /// The AudioSpecificConfig inside the StreamMuxConfig, if it came out of band.
    pub fn audio_config(&self) -> Option<Vec<u8>> {
        let mux = StreamMux::read(&mut Bits::new(self.config.as_ref()?))?;
        Some(mux.audio_config)
    }
}

#[derive(Debug, Default)]
struct BitWriter {
    bytes: Vec<u8>,
    pending: u32,
    count: u32,
}

impl BitWriter {
    fn push(&mut self, value: u32, bits: u32) {
        for bit in (0..bits).rev() {
            self.pending = (self.pending << 1) | ((value >> bit) & 1);
            self.count += 1;
            if self.count == 8 {
                self.bytes
                    .push(u8::try_from(self.pending & 0xff).unwrap_or(0));
                (self.pending, self.count) = (0, 0);
            }
        }
    }

    fn finish(mut self) -> Vec<u8> {
        while self.count != 0 {
            self.push(0, 1);
        }
        self.bytes
    }
}

/// A StreamMuxConfig of one program and one layer, frame length type 0, as every sender uses.
/// ISO/IEC 14496-3, section 1.7.3.
#[derive(Debug, Clone)]
struct StreamMux {
    /// Access units per element.
    sub_frames: u32,
    /// Bytes may follow the access units.
    other_data: bool,
    audio: AudioConfig,
    audio_config: Vec<u8>,
}

impl StreamMux {
    fn read(bits: &mut Bits<'_>) -> Option<Self> {
        let version = bits.bits(1)?;
        if version == 1 {
            if bits.bit()? {
                return None;
            }
            latm_value(bits)?;
        }
        let same_timing = bits.bit()?;
        let sub_frames = bits.bits(6)? + 1;
        let (programs, layers) = (bits.bits(4)?, bits.bits(3)?);
        if !same_timing || programs != 0 || layers != 0 {
            return None;
        }
        let announced = if version == 1 {
            Some(latm_value(bits)?)
        } else {
            None
        };
        let begin = bits.clone();
        let audio = AudioConfig::read(bits)?;
        if version == 0 {
            skip_extension(bits)?;
        }
        let mut used = begin.remaining() - bits.remaining();
        if let Some(announced) = announced {
            let announced = usize::try_from(announced).ok()?;
            bits.skip(u32::try_from(announced.checked_sub(used)?).ok()?)?;
            used = announced;
        }
        let mut source = begin;
        let mut writer = BitWriter::default();
        for _ in 0..used {
            writer.push(source.bits(1)?, 1);
        }
        let mut other_data = false;
        // rtpmp4apay of GStreamer 1.22 ends here.
        if bits.remaining() >= TAIL_BITS {
            if bits.bits(3)? != 0 {
                return None;
            }
            bits.skip(8)?;
            other_data = bits.bit()?;
            if other_data {
                skip_other_data(bits, version)?;
            }
            if bits.bit()? {
                bits.skip(8)?;
            }
        }
        Some(Self {
            sub_frames,
            other_data,
            audio,
            audio_config: writer.finish(),
        })
    }
}

/// Goes over what signals SBR and PS behind a config, where old decoders do not look. Its first
/// bits would be a frame length type that does not exist. ISO/IEC 14496-3, section 1.6.6.
fn skip_extension(bits: &mut Bits<'_>) -> Option<()> {
    let mut ahead = bits.clone();
    if ahead.bits(11) != Some(SYNC_SBR) || ahead.bits(5) != Some(5) {
        return Some(());
    }
    if ahead.bit()? {
        if ahead.bits(4)? == 15 {
            ahead.skip(24)?;
        }
        let mut further = ahead.clone();
        if further.bits(11) == Some(SYNC_PS) {
            further.skip(1)?;
            ahead = further;
        }
    }
    *bits = ahead;
    Some(())
}

fn skip_other_data(bits: &mut Bits<'_>, version: u32) -> Option<()> {
    if version == 1 {
        latm_value(bits)?;
        return Some(());
    }
    while bits.bit()? {
        bits.skip(8)?;
    }
    bits.skip(8)
}

fn latm_value(bits: &mut Bits<'_>) -> Option<u32> {
    let bytes = bits.bits(2)? + 1;
    bits.bits(8 * bytes)
}

#[derive(Debug)]
pub(super) struct Depacketizer {
    clock_rate: u32,
    mux: Option<StreamMux>,
    /// The config comes with the packets, and units do not begin at bytes.
    in_band: bool,
    /// In-band: the element so far.
    element: Vec<u8>,
    /// Out of band: bytes of the unit in progress still to come, and its number in the element.
    missing: usize,
    sub_frame: u32,
    /// A packet came: what is lost from now on is known to be lost.
    begun: bool,
    /// The next packet is known to begin an element: nothing in an element says so, only the
    /// marker of the packet before.
    in_step: bool,
}

impl Depacketizer {
    pub(super) fn new(parameters: &Parameters) -> Result<Self, UnsupportedFormat> {
        let mux = match &parameters.config {
            Some(config) => {
                let mux = StreamMux::read(&mut Bits::new(config));
                Some(mux.ok_or_else(|| UnsupportedFormat::new("config"))?)
            }
            None => None,
        };
        Ok(Self {
            clock_rate: parameters.clock_rate,
            in_band: mux.is_none(),
            mux,
            element: Vec::new(),
            missing: 0,
            sub_frame: 0,
            begun: false,
            in_step: true,
        })
    }

    pub(super) fn push<P: AsRef<[u8]>, S: Take<P>>(
        &mut self,
        head: &Head,
        payload: P,
        out: &mut Assembler<S>,
    ) -> Result<(), Fault> {
        let mut result = Ok(());
        if head.gap && self.begun {
            self.in_step = false;
        }
        self.begun = true;
        let begun = out.timestamp().is_some() || !self.element.is_empty();
        let moved = out
            .timestamp()
            .is_some_and(|timestamp| timestamp != head.timestamp);
        if begun && (head.gap || (moved && self.sub_frame == 0)) {
            out.drop_frame();
            self.reset();
            result = Err(Fault::Incomplete("a part of an element never came"));
        }
        if !self.in_step {
            self.in_step = head.marker;
            return Err(Fault::Incomplete("the start of an element never came"));
        }
        let taken = if self.in_band {
            self.push_in_band(head, payload.as_ref(), out)
        } else {
            self.push_aligned(head, &payload, out)
        };
        if taken.is_err() {
            out.drop_frame();
            self.reset();
        }
        result.and(taken)
    }

    /// Units behind their lengths, all on byte boundaries.
    fn push_aligned<P: AsRef<[u8]>, S: Take<P>>(
        &mut self,
        head: &Head,
        payload: &P,
        out: &mut Assembler<S>,
    ) -> Result<(), Fault> {
        let data = payload.as_ref();
        let (sub_frames, duration) = self.timing();
        let mut at = 0;
        while at < data.len() {
            if self.missing == 0 {
                if self.sub_frame == sub_frames {
                    // Other data behind the units.
                    break;
                }
                let rest = data.get(at..).unwrap_or_default();
                let runs = rest.iter().take_while(|byte| **byte == 255).count();
                let Some(last) = rest.get(runs).copied() else {
                    return Err(Fault::Malformed(at, "a length that is cut short"));
                };
                at += runs + 1;
                self.missing = 255 * runs + usize::from(last);
                let offset = self.sub_frame.saturating_mul(duration);
                out.begin_frame(head.timestamp.wrapping_add(offset));
                out.keyframe = true;
                out.begin_unit();
            }
            if self.missing > out.max_frame_len {
                return Err(Fault::Malformed(at, "a length over the limit"));
            }
            let end = data.len().min(at + self.missing);
            out.store.slice(payload, at..end);
            self.missing -= end - at;
            at = end;
            if self.missing == 0 {
                let is_last = self.sub_frame + 1 == sub_frames;
                if is_last && at < data.len() && !self.has_other_data() {
                    return Err(Fault::Malformed(
                        at,
                        "more bytes than the units of an element",
                    ));
                }
                out.end_unit();
                out.end_frame((duration > 0).then_some(duration));
                self.sub_frame += 1;
            }
        }
        if head.marker || (self.missing == 0 && self.sub_frame == sub_frames) {
            if self.missing > 0 {
                return Err(Fault::Incomplete("an element is shorter than its units"));
            }
            self.sub_frame = 0;
        }
        Ok(())
    }

    /// The marker ends an element, which begins with its config or says that it is the last one.
    fn push_in_band<S: Store>(
        &mut self,
        head: &Head,
        data: &[u8],
        out: &mut Assembler<S>,
    ) -> Result<(), Fault> {
        if self.element.len() + data.len() > out.max_frame_len {
            return Err(Fault::Malformed(0, "an element over the limit"));
        }
        self.element.extend_from_slice(data);
        if !head.marker {
            out.begin_frame(head.timestamp);
            return Ok(());
        }
        let element = core::mem::take(&mut self.element);
        out.drop_frame();
        let mut bits = Bits::new(&element);
        let cut = Fault::Malformed(0, "an element that cannot be read");
        if !bits.bit().ok_or(cut)? {
            self.mux = Some(StreamMux::read(&mut bits).ok_or(cut)?);
        }
        if self.mux.is_none() {
            return Err(Fault::Incomplete("no config came yet"));
        }
        let (sub_frames, duration) = self.timing();
        for index in 0..sub_frames {
            let mut len = 0;
            loop {
                let byte = bits.bits(8).ok_or(cut)?;
                len += usize::try_from(byte).map_err(|_| cut)?;
                if byte != 255 {
                    break;
                }
            }
            let unit = bits.copy_bytes(len).ok_or(cut)?;
            let offset = index.saturating_mul(duration);
            out.begin_frame(head.timestamp.wrapping_add(offset));
            out.keyframe = true;
            out.whole_unit(&unit);
            out.end_frame((duration > 0).then_some(duration));
        }
        Ok(())
    }

    fn has_other_data(&self) -> bool {
        self.mux.as_ref().is_some_and(|mux| mux.other_data)
    }

    /// Units per element, and clock units per unit, 0 if unknown.
    fn timing(&self) -> (u32, u32) {
        let Some(mux) = &self.mux else { return (1, 0) };
        let duration = mux.audio.duration(self.clock_rate);
        (mux.sub_frames, duration.unwrap_or(0))
    }

    pub(super) fn flush<S: Store>(&mut self, out: &mut Assembler<S>) {
        out.drop_frame();
        self.reset();
    }

    pub(super) fn reset(&mut self) {
        self.element = Vec::new();
        self.missing = 0;
        self.sub_frame = 0;
    }
}

/// Sends one access unit per element, its config out of band.
#[derive(Debug)]
pub(super) struct Packetizer;

/// Where a packetizer stands in an access unit.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    is_first: bool,
}

impl Packetizer {
    pub(super) fn new(parameters: &Parameters) -> Result<Self, UnsupportedFormat> {
        let config = parameters.config.as_ref();
        let mux = config.and_then(|config| StreamMux::read(&mut Bits::new(config)));
        match mux {
            Some(mux) if mux.sub_frames == 1 => Ok(Self),
            _ => Err(UnsupportedFormat::new("config")),
        }
    }

    pub(super) fn begin<'a>(&self, frame: &'a [u8]) -> Result<Cursor<'a>, PacketizeError> {
        Ok(Cursor {
            rest: frame,
            is_first: true,
        })
    }
}

impl<'a> Cursor<'a> {
    pub(super) fn next(&mut self, room: usize, head: &mut PacketHead) -> Option<Body<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let at = head.len();
        if core::mem::take(&mut self.is_first) {
            for _ in 0..self.rest.len() / 255 {
                head.extend(&[255]);
            }
            head.extend(&[u8::try_from(self.rest.len() % 255).unwrap_or(0)]);
        }
        let room = room.saturating_sub(head.len() - at).max(1);
        let cut = self.rest.split_at_checked(room);
        let (payload, rest) = cut.unwrap_or((self.rest, &[]));
        self.rest = rest;
        Some(Body::packet(payload, rest.is_empty()))
    }
}

/// syncExtensionType of SBR, and of PS behind it.
const SYNC_SBR: u32 = 0x2b7;
const SYNC_PS: u32 = 0x548;
/// Frame length type, buffer fullness, other data, CRC.
const TAIL_BITS: usize = 3 + 8 + 1 + 1;
