//! AC-3 by RFC 4184 and E-AC-3 by RFC 4598.

use super::PacketizeError;
use super::assembler::{Assembler, Head, Store, Take};
use super::depacketizer::Fault;
use super::packetizer::{Body, PacketHead};

/// What SDP says about an AC-3 or E-AC-3 track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameters {
    /// Whether the encoding is `eac3` and not `ac3`.
    pub enhanced: bool,
    /// The RTP clock in Hz, which is the sample rate.
    pub clock_rate: u32,
    /// Channels of `a=rtpmap`, 0 if it does not tell.
    pub channels: u8,
}

impl Parameters {
    /// Makes parameters.
    pub const fn new(enhanced: bool, clock_rate: u32, channels: u8) -> Self {
        Self {
            enhanced,
            clock_rate,
            channels,
        }
    }
}

/// The header of a frame. ETSI TS 102 366, sections 4.3.1 and E.1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FrameHeader {
    /// Bytes of the frame.
    pub len: usize,
    /// Samples per second.
    pub sample_rate: u32,
    /// Samples of each channel.
    pub samples: u32,
}

impl FrameHeader {
    /// Reads the header at the start of an AC-3 or E-AC-3 frame.
    pub fn decode(frame: &[u8]) -> Option<Self> {
        let &[0x0b, 0x77, b2, b3, b4, b5, ..] = frame else {
            return None;
        };
        let rate = usize::from(b4 >> 6);
        if b5 >> 3 <= 10 {
            let sample_rate = *SAMPLE_RATES.get(rate)?;
            let index = usize::from(b4 & 0x3f);
            let kilobits = *BITRATES.get(index >> 1)?;
            // Words of 16 bits in 1536 samples; at 44.1 kHz every other frame is one longer.
            let words = match rate {
                1 => 1536 * kilobits * 1000 / (16 * sample_rate) + u32::from(b4 & 1),
                _ => 1536 * kilobits * 1000 / (16 * sample_rate),
            };
            return Some(Self {
                len: usize::try_from(2 * words).ok()?,
                sample_rate,
                samples: 1536,
            });
        }
        let words = u16::from_be_bytes([b2 & 0x07, b3]) + 1;
        let (sample_rate, blocks) = match (SAMPLE_RATES.get(rate), (b4 >> 4) & 3) {
            (Some(rate), code) => (*rate, [1, 2, 3, 6].get(usize::from(code)).copied()?),
            (None, half) => (SAMPLE_RATES.get(usize::from(half)).copied()? / 2, 6),
        };
        Some(Self {
            len: 2 * usize::from(words),
            sample_rate,
            samples: 256 * blocks,
        })
    }
}

/// Behind two bytes: whole frames, or a fragment of one.
#[derive(Debug)]
pub(super) struct Depacketizer {
    enhanced: bool,
    got: usize,
    total: usize,
    duration: u32,
}

impl Depacketizer {
    pub(super) const fn new(parameters: Parameters) -> Self {
        Self {
            enhanced: parameters.enhanced,
            got: 0,
            total: 0,
            duration: 0,
        }
    }

    pub(super) fn push<P: AsRef<[u8]>, S: Take<P>>(
        &mut self,
        head: &Head,
        payload: P,
        out: &mut Assembler<S>,
    ) -> Result<(), Fault> {
        let data = payload.as_ref();
        let mut result = Ok(());
        let moved = out
            .timestamp()
            .is_some_and(|timestamp| timestamp != head.timestamp);
        if (head.gap || moved) && out.drop_frame() {
            result = Err(PART_LOST);
        }
        let &[kind, _, ..] = data else {
            return Err(Fault::Malformed(0, "an AC-3 payload header is cut short"));
        };
        let body = data.get(2..).unwrap_or_default();
        // AC-3: 0 whole frames, 1 and 2 a first fragment, 3 another. E-AC-3: one bit, and a
        // first fragment is told by its sync word.
        let (is_fragment, is_first) = if self.enhanced {
            (
                kind & 1 != 0,
                body.starts_with(&[0x0b, 0x77]) && !out.unit_is_open(),
            )
        } else {
            (kind & 3 != 0, kind & 3 != 3)
        };
        if (!is_fragment || is_first) && out.drop_frame() {
            result = Err(PART_LOST);
        }
        let taken = match (is_fragment, is_first) {
            (false, _) => frames(head, &payload, out),
            (true, true) => self.begin(head, &payload, out),
            (true, false) => self.go_on(head, &payload, out),
        };
        result.and(taken)
    }

    fn begin<P: AsRef<[u8]>, S: Take<P>>(
        &mut self,
        head: &Head,
        payload: &P,
        out: &mut Assembler<S>,
    ) -> Result<(), Fault> {
        let data = payload.as_ref();
        let body = data.get(2..).unwrap_or_default();
        let header = FrameHeader::decode(body).filter(|header| header.len > body.len());
        let header = header.ok_or(Fault::Malformed(2, "no first fragment of an AC-3 frame"))?;
        (self.got, self.total) = (body.len(), header.len);
        self.duration = header.samples;
        out.begin_frame(head.timestamp);
        out.keyframe = true;
        out.begin_unit();
        out.store.slice(payload, 2..data.len());
        Ok(())
    }

    fn go_on<P: AsRef<[u8]>, S: Take<P>>(
        &mut self,
        head: &Head,
        payload: &P,
        out: &mut Assembler<S>,
    ) -> Result<(), Fault> {
        let end = payload.as_ref().len();
        self.got += end - 2;
        if !out.unit_is_open() || self.got > self.total || (head.marker && self.got < self.total) {
            out.drop_frame();
            return Err(PART_LOST);
        }
        out.store.slice(payload, 2..end);
        if self.got == self.total {
            out.end_unit();
            out.end_frame(Some(self.duration));
        }
        Ok(())
    }

    pub(super) fn flush<S: Store>(&self, out: &mut Assembler<S>) {
        out.drop_frame();
    }

    pub(super) const fn reset(&self) {}
}

fn frames<P: AsRef<[u8]>, S: Take<P>>(
    head: &Head,
    payload: &P,
    out: &mut Assembler<S>,
) -> Result<(), Fault> {
    let data = payload.as_ref();
    let mut timestamp = head.timestamp;
    let mut at = 2;
    while at < data.len() {
        let rest = data.get(at..).unwrap_or_default();
        let header = FrameHeader::decode(rest).filter(|header| header.len <= rest.len());
        let header = header.ok_or(Fault::Malformed(at, "no whole AC-3 frame"))?;
        out.frame(timestamp, header.samples, payload, at..at + header.len);
        timestamp = timestamp.wrapping_add(header.samples);
        at += header.len;
    }
    Ok(())
}

/// Sends whole frames, as many as fit, or one in fragments.
#[derive(Debug)]
pub(super) struct Packetizer {
    enhanced: bool,
}

/// Where a packetizer stands in its frames.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    enhanced: bool,
    rest: &'a [u8],
    /// What is left of a frame that is being split.
    split: &'a [u8],
    split_len: usize,
    split_duration: u32,
    sent: u32,
}

impl Packetizer {
    pub(super) const fn new(parameters: Parameters) -> Self {
        Self {
            enhanced: parameters.enhanced,
        }
    }

    pub(super) fn begin<'a>(
        &self,
        frame: &'a [u8],
        room: usize,
    ) -> Result<Cursor<'a>, PacketizeError> {
        let mut rest = frame;
        while !rest.is_empty() {
            let header = FrameHeader::decode(rest).filter(|h| h.len.div_ceil(room - 2) < 256);
            let Some(after) = header.and_then(|header| rest.get(header.len..)) else {
                return Err(PacketizeError::Malformed {
                    offset: frame.len() - rest.len(),
                    what: "no whole AC-3 frame",
                });
            };
            rest = after;
        }
        Ok(Cursor {
            enhanced: self.enhanced,
            rest: frame,
            split: &[],
            split_len: 0,
            split_duration: 0,
            sent: 0,
        })
    }
}

impl<'a> Cursor<'a> {
    pub(super) fn next(&mut self, room: usize, head: &mut PacketHead) -> Option<Body<'a>> {
        head.advance(self.sent);
        let room = room - 2;
        if self.split.is_empty() {
            let first = FrameHeader::decode(self.rest)?;
            if first.len <= room {
                return Some(self.whole(room, head));
            }
            let (split, rest) = self.rest.split_at_checked(first.len)?;
            (self.split, self.rest) = (split, rest);
            (self.split_len, self.split_duration) = (first.len, first.samples);
        }
        let cut = self.split.split_at_checked(room);
        let (payload, rest) = cut.unwrap_or((self.split, &[]));
        // A first fragment of at least 5/8 of the frame lets half the frame be decoded.
        let kind = match (self.enhanced, self.split.len() == self.split_len) {
            (true, _) => 1,
            (false, true) if payload.len() * 8 >= self.split_len * 5 => 1,
            (false, true) => 2,
            (false, false) => 3,
        };
        let count = self.split_len.div_ceil(room);
        head.extend(&[kind, u8::try_from(count).unwrap_or(u8::MAX)]);
        self.split = rest;
        if rest.is_empty() {
            self.sent = self.sent.wrapping_add(self.split_duration);
        }
        Some(Body::packet(payload, rest.is_empty()))
    }

    fn whole(&mut self, room: usize, head: &mut PacketHead) -> Body<'a> {
        let (mut len, mut count) = (0, 0);
        while let Some(next) = FrameHeader::decode(self.rest.get(len..).unwrap_or_default()) {
            if len + next.len > room || count == u8::MAX {
                break;
            }
            len += next.len;
            count += 1;
            self.sent = self.sent.wrapping_add(next.samples);
        }
        let (payload, rest) = self.rest.split_at_checked(len).unwrap_or((self.rest, &[]));
        self.rest = rest;
        head.extend(&[0, count]);
        Body::packet(payload, true)
    }
}

const PART_LOST: Fault = Fault::Incomplete("a part of a frame never came");
const SAMPLE_RATES: [u32; 3] = [48_000, 44_100, 32_000];
/// Kilobits per second. ETSI TS 102 366, table 4.13.
const BITRATES: [u32; 19] = [
    32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640,
];
