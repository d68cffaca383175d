//! MPEG audio, layers I to III: RFC 2250, section 3.5.

use super::PacketizeError;
use super::assembler::{Assembler, Head, Store, Take};
use super::depacketizer::Fault;
use super::packetizer::{Body, PacketHead};

/// The header of an MPEG audio frame. ISO/IEC 11172-3, section 2.4.1.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FrameHeader {
    /// Layer I, II or III as 1, 2 or 3.
    pub layer: u8,
    /// Bits per second.
    pub bitrate: u32,
    /// Samples per second.
    pub sample_rate: u32,
    /// 1 or 2.
    pub channels: u8,
    /// Bytes of the frame with its header.
    pub len: usize,
    /// Samples of each channel.
    pub samples: u32,
}

impl FrameHeader {
    /// Reads the header at the start of a frame; none if there is none, or if the bitrate is
    /// free, which leaves the length unknown.
    ///
    /// ```text
    /// | sync 11 |ver|lay|P| bitrate |rate|pad|priv|mode| ...
    /// ```
    pub fn decode(frame: &[u8]) -> Option<Self> {
        let &[0xff, second, third, fourth, ..] = frame else {
            return None;
        };
        if second & 0xe0 != 0xe0 {
            return None;
        }
        // 3 is MPEG-1, 2 is MPEG-2, 0 is MPEG-2.5.
        let version = (second >> 3) & 3;
        let layer = 4 - ((second >> 1) & 3);
        let rate = [44_100, 48_000, 32_000].get(usize::from((third >> 2) & 3))?;
        let sample_rate: u32 = match version {
            3 => *rate,
            2 => rate / 2,
            0 => rate / 4,
            _ => return None,
        };
        let table: &[u32; 15] = match (version, layer) {
            (3, 1) => &BITRATES_1_1,
            (3, 2) => &BITRATES_1_2,
            (3, 3) => &BITRATES_1_3,
            (_, 1) => &BITRATES_2_1,
            (_, 2 | 3) => &BITRATES_2_23,
            _ => return None,
        };
        let bitrate = 1000
            * table
                .get(usize::from(third >> 4))
                .filter(|rate| **rate > 0)?;
        let padding = u32::from((third >> 1) & 1);
        let (samples, len) = match (version, layer) {
            (_, 1) => (384, (12 * bitrate / sample_rate + padding) * 4),
            (3, _) | (_, 2) => (1152, 144 * bitrate / sample_rate + padding),
            _ => (576, 72 * bitrate / sample_rate + padding),
        };
        Some(Self {
            layer,
            bitrate,
            sample_rate,
            channels: if fourth >> 6 == 3 { 1 } else { 2 },
            len: usize::try_from(len).ok()?,
            samples,
        })
    }

    /// Units of the RTP clock, which is 90 kHz whatever the sample rate.
    pub fn duration(&self) -> u32 {
        90_000 * self.samples / self.sample_rate
    }
}

/// Behind 16 zero bits and the offset of the fragment: whole frames, or one in fragments.
#[derive(Debug, Default)]
pub(super) struct Depacketizer {
    got: usize,
    total: usize,
    duration: u32,
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
        let moved = out
            .timestamp()
            .is_some_and(|timestamp| timestamp != head.timestamp);
        if (head.gap || moved) && out.drop_frame() {
            result = Err(PART_LOST);
        }
        let Some(([_, _, o0, o1], _)) = data.split_first_chunk::<4>() else {
            return Err(Fault::Malformed(0, "an MPEG audio header is cut short"));
        };
        let offset = usize::from(u16::from_be_bytes([*o0, *o1]));
        if offset == 0 {
            if out.drop_frame() {
                result = Err(PART_LOST);
            }
            self.frames(head, &payload, out);
            return result;
        }
        let len = data.len() - 4;
        if !out.unit_is_open() || offset != self.got || self.got + len > self.total {
            out.drop_frame();
            return Err(PART_LOST);
        }
        out.store.slice(&payload, 4..data.len());
        self.got += len;
        if self.got == self.total {
            out.end_unit();
            out.end_frame(Some(self.duration));
        }
        result
    }

    fn frames<P: AsRef<[u8]>, S: Take<P>>(
        &mut self,
        head: &Head,
        payload: &P,
        out: &mut Assembler<S>,
    ) {
        let data = payload.as_ref();
        let mut timestamp = head.timestamp;
        let mut at = 4;
        while at < data.len() {
            let rest = data.get(at..).unwrap_or_default();
            let Some(header) = FrameHeader::decode(rest) else {
                // A free bitrate, or what is none of ours to judge.
                out.frame(timestamp, 0, payload, at..data.len());
                return;
            };
            if header.len > rest.len() {
                out.begin_frame(timestamp);
                out.keyframe = true;
                out.begin_unit();
                out.store.slice(payload, at..data.len());
                (self.got, self.total) = (rest.len(), header.len);
                self.duration = header.duration();
                return;
            }
            out.frame(timestamp, header.duration(), payload, at..at + header.len);
            timestamp = timestamp.wrapping_add(header.duration());
            at += header.len;
        }
    }

    pub(super) fn flush<S: Store>(&self, out: &mut Assembler<S>) {
        out.drop_frame();
    }

    pub(super) const fn reset(&self) {}
}

/// Sends whole frames, as many as fit, or one in fragments.
#[derive(Debug, Default)]
pub(super) struct Packetizer;

/// Where a packetizer stands in its frames.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    /// What is left of a frame that is being split, and how much of it was sent.
    split: &'a [u8],
    offset: usize,
    split_duration: u32,
    sent: u32,
}

impl Packetizer {
    pub(super) fn begin<'a>(&self, frame: &'a [u8]) -> Result<Cursor<'a>, PacketizeError> {
        let mut rest = frame;
        while !rest.is_empty() {
            let header = FrameHeader::decode(rest).and_then(|h| rest.get(h.len..));
            let Some(after) = header else {
                return Err(PacketizeError::Malformed {
                    offset: frame.len() - rest.len(),
                    what: "no whole MPEG audio frame",
                });
            };
            rest = after;
        }
        Ok(Cursor {
            rest: frame,
            split: &[],
            offset: 0,
            split_duration: 0,
            sent: 0,
        })
    }
}

impl<'a> Cursor<'a> {
    pub(super) fn next(&mut self, room: usize, head: &mut PacketHead) -> Option<Body<'a>> {
        head.advance(self.sent);
        let room = room - 4;
        if self.split.is_empty() {
            let first = FrameHeader::decode(self.rest)?;
            if first.len <= room {
                return Some(self.whole(room, head));
            }
            let (split, rest) = self.rest.split_at_checked(first.len)?;
            (self.split, self.rest, self.offset) = (split, rest, 0);
            self.split_duration = first.duration();
        }
        let [o0, o1] = u16::try_from(self.offset).unwrap_or(0).to_be_bytes();
        head.extend(&[0, 0, o0, o1]);
        let cut = self.split.split_at_checked(room);
        let (payload, rest) = cut.unwrap_or((self.split, &[]));
        self.split = rest;
        self.offset += payload.len();
        if rest.is_empty() {
            self.sent = self.sent.wrapping_add(self.split_duration);
        }
        Some(Body::packet(payload, false))
    }

    fn whole(&mut self, room: usize, head: &mut PacketHead) -> Body<'a> {
        let mut len = 0;
        while let Some(next) = FrameHeader::decode(self.rest.get(len..).unwrap_or_default()) {
            if len + next.len > room {
                break;
            }
            len += next.len;
            self.sent = self.sent.wrapping_add(next.duration());
        }
        let (payload, rest) = self.rest.split_at_checked(len).unwrap_or((self.rest, &[]));
        self.rest = rest;
        head.extend(&[0; 4]);
        Body::packet(payload, false)
    }
}

const PART_LOST: Fault = Fault::Incomplete("a part of a frame never came");

/// Kilobits per second. ISO/IEC 11172-3, section 2.4.2.3; ISO/IEC 13818-3, section 2.4.2.3.
const BITRATES_1_1: [u32; 15] = [
    0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448,
];
const BITRATES_1_2: [u32; 15] = [
    0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384,
];
const BITRATES_1_3: [u32; 15] = [
    0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
];
const BITRATES_2_1: [u32; 15] = [
    0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256,
];
const BITRATES_2_23: [u32; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
