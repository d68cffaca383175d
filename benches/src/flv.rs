//! Files with the tags of two real ones, H.264 and AAC, and the same with E-RTMP bodies.
//!
//! Types, times and lengths of the first 3,000 tags are the recorded ones: 8.6 KB on average in
//! `data/flv_a_sizes.json`, 608 bytes in `data/flv_b_sizes.json`. Frames are filled with bytes that
//! are the same in each run; configurations are those of real encoders.

use std::hint::black_box;

use bytes::Bytes;
use weir_flv::body::Packet;
use weir_flv::codec::{AacConfig, AvcConfig, HevcConfig};
use weir_flv::file::{Demuxer, Event, FileHeader, Framed, Mode, walk};
use weir_flv::{Tag, TagHeader, TagKind, Timestamp};

/// Bytes handed to a demuxer at a time.
pub const READ_LEN: usize = 64 << 10;

/// The files of the benches.
pub const FILES: [&str; 4] = ["8.6KB", "8.6KB_ertmp", "608B", "608B_ertmp"];

/// A file and its tags.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FlvFile {
    /// The whole file.
    pub bytes: Bytes,
    /// Its tags.
    pub tags: Vec<Tag>,
}

impl FlvFile {
    /// Makes one of [`FILES`].
    #[must_use]
    pub fn new(name: &str) -> Self {
        let sizes = if name.starts_with("8.6KB") {
            include_str!("../data/flv_a_sizes.json")
        } else {
            include_str!("../data/flv_b_sizes.json")
        };
        let heads = if name.ends_with("ertmp") {
            &ENHANCED
        } else {
            &LEGACY
        };
        let tags = tags(sizes, heads);
        let mut bytes = FileHeader::new(true, true).encode().to_vec();
        append_tags(&tags, &mut bytes);
        Self {
            bytes: bytes.into(),
            tags,
        }
    }
}

/// How the bodies of a codec pair begin.
struct Heads {
    video_config: (&'static [u8], &'static [u8]),
    key_frame: &'static [u8],
    frame: &'static [u8],
    audio_config: (&'static [u8], &'static [u8]),
    audio: &'static [u8],
}

const LEGACY: Heads = Heads {
    video_config: (b"\x17\0\0\0\0", AVC_RECORD),
    key_frame: b"\x17\x01\0\0\x2a",
    frame: b"\x27\x01\0\0\x2a",
    audio_config: (b"\xaf\0", AAC_RECORD),
    audio: b"\xaf\x01",
};

const ENHANCED: Heads = Heads {
    video_config: (b"\x90hvc1", HEVC_RECORD),
    key_frame: b"\x91hvc1\0\0\x2a",
    frame: b"\xa1hvc1\0\0\x2a",
    audio_config: (b"\x90Opus", OPUS_HEAD),
    audio: b"\x91Opus",
};

fn tags(sizes: &str, heads: &Heads) -> Vec<Tag> {
    let json: serde_json::Value = serde_json::from_str(sizes).expect("the file is JSON");
    let rows = json.get("tags").and_then(|tags| tags.as_array());
    let (mut videos, mut audios) = (0, 0);
    let tag = |row: &serde_json::Value| {
        let field = |index| {
            let number = row.get(index).and_then(serde_json::Value::as_u64);
            u32::try_from(number.expect("a number")).expect("32 bits")
        };
        let kind = TagKind::from(u8::try_from(field(0)).expect("a tag type"));
        let len = field(2) as usize;
        let body = match kind {
            TagKind::VIDEO => {
                videos += 1;
                match videos {
                    1 => [heads.video_config.0, heads.video_config.1].concat(),
                    2 => filled(heads.key_frame, len),
                    _ => filled(heads.frame, len),
                }
            }
            TagKind::AUDIO => {
                audios += 1;
                match audios {
                    1 => [heads.audio_config.0, heads.audio_config.1].concat(),
                    _ => filled(heads.audio, len),
                }
            }
            _ => METADATA.to_vec(),
        };
        Tag::new(kind, Timestamp::from_millis(field(1)), body.into())
    };
    rows.expect("a list of tags").iter().map(tag).collect()
}

fn filled(head: &[u8], len: usize) -> Vec<u8> {
    let mut body = head.to_vec();
    body.resize(len.max(head.len()), 0x55);
    body
}

/// What a player takes from a file, added up so that no work can be left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sum {
    /// Tags of any kind.
    pub tags: u64,
    /// Configurations, which go to a decoder by themselves.
    pub configs: u64,
    /// Pictures from which decoding can begin.
    pub key_frames: u64,
    /// Bytes of codec data.
    pub bytes: u64,
    /// Presentation times in milliseconds.
    pub times: u64,
}

impl Sum {
    #[inline]
    fn packet(&mut self, packet: &Packet<'_>) {
        self.configs += u64::from(packet.is_sequence_start());
        self.key_frames += u64::from(packet.is_key_frame());
        self.bytes += black_box(packet.payload).len() as u64;
        self.times += u64::from(packet.pts().as_millis());
    }
}

/// The borrowed walk, with the packets of all bodies.
#[must_use]
pub fn walked(file: &[u8]) -> Sum {
    let mut sum = Sum::default();
    for tag in walk(file).expect("a header").1 {
        sum.tags += 1;
        for packet in tag.packets() {
            sum.packet(&packet.expect("a valid body"));
        }
    }
    sum
}

/// The push demuxer, with the packets of all bodies; the file comes in reads of `read_len` bytes.
#[must_use]
pub fn pushed(file: &Bytes, read_len: usize) -> Sum {
    let mut sum = Sum::default();
    let mut demuxer = Demuxer::new(Mode::Tolerant);
    let mut rest = file.clone();
    while !rest.is_empty() {
        demuxer.push(rest.split_to(rest.len().min(read_len)));
        while let Some(event) = demuxer.poll_event().expect("a valid file") {
            let Event::Tag(tag) = event else { continue };
            sum.tags += 1;
            for packet in tag.tag.packets() {
                sum.packet(&packet.expect("a valid body"));
            }
        }
    }
    sum
}

/// The floor of reading: a loop by hand over a file in memory that takes the same from it.
///
/// It believes every length that fits, jumps over the size behind a tag, and keeps neither offset
/// nor codec. It knows which codecs of either header form have a packet type and a composition
/// time, steps over modifiers, and takes nothing from encrypted bodies and commands. Bodies with
/// several tracks, which the files do not have, it leaves out.
#[must_use]
pub fn floor(file: &[u8]) -> Sum {
    let mut sum = Sum::default();
    let mut rest = file.get(13..).unwrap_or_default();
    while let Some((head, behind)) = rest.split_first_chunk::<11>() {
        let [first, ..] = head;
        let word = u64::from_be_bytes(*head.first_chunk().expect("11 bytes"));
        let size = (word >> 32 & 0xff_ffff) as usize;
        let time = ((word & 0xffff_ffff) as u32).rotate_right(8);
        let Some((body, behind)) = behind.split_at_checked(size) else {
            break;
        };
        let Some((_, behind)) = behind.split_first_chunk::<4>() else {
            break;
        };
        sum.tags += 1;
        let part = match (first & 0x3f, body) {
            (8, [first, rest @ ..]) => floor_of_audio(*first, rest),
            (9, [first, rest @ ..]) => floor_of_video(*first, rest),
            _ => None,
        };
        if let Some(part) = part {
            sum.configs += u64::from(part.is_config);
            sum.key_frames += u64::from(part.is_key_frame);
            sum.bytes += black_box(part.payload).len() as u64;
            sum.times += u64::from(time.wrapping_add_signed(part.cts));
        }
        rest = behind;
    }
    // Made anew, so that the one above stays in registers.
    Sum { ..sum }
}

/// What [`floor`] takes from a body.
struct Part<'a> {
    payload: &'a [u8],
    cts: i32,
    is_config: bool,
    is_key_frame: bool,
}

#[inline]
fn floor_of_audio(first: u8, rest: &[u8]) -> Option<Part<'_>> {
    let (kind, payload) = match (first >> 4, rest) {
        (9, rest) => match behind_modifiers(first & 15, rest)? {
            (5, _) => return None,
            (kind, rest) => (kind, rest.get(4..)?),
        },
        // AAC and Opus.
        (10 | 13, [kind, payload @ ..]) => (*kind, payload),
        (_, payload) => (1, payload),
    };
    Some(Part {
        payload,
        cts: 0,
        is_config: kind == 0,
        is_key_frame: false,
    })
}

#[inline]
fn floor_of_video(first: u8, rest: &[u8]) -> Option<Part<'_>> {
    let frame = first >> 4 & 7;
    let (kind, cts, payload) = if first & 0x80 != 0 {
        let (kind, rest) = behind_modifiers(first & 15, rest)?;
        let (four_cc, rest) = rest.split_first_chunk::<4>()?;
        match (kind, four_cc, rest) {
            (6, _, _) => return None,
            (4, _, _) => (4, 0, rest),
            _ if frame == 5 => return None,
            (1, b"avc1" | b"hvc1" | b"vvc1", [x, y, z, payload @ ..]) => {
                (1, signed([*x, *y, *z]), payload)
            }
            _ => (kind, 0, rest),
        }
    } else {
        match (first & 15, rest) {
            _ if frame == 5 => return None,
            // AVC, MPEG-4, HEVC, AV1, AVS3 and VVC.
            (7 | 9 | 12..=15, [kind, x, y, z, payload @ ..]) => {
                (*kind, signed([*x, *y, *z]), payload)
            }
            // VP6 with and without alpha.
            (4 | 5, [_, payload @ ..]) => (1, 0, payload),
            (_, payload) => (1, 0, payload),
        }
    };
    Some(Part {
        payload,
        cts,
        is_config: kind == 0 || first & 0x80 != 0 && kind == 5,
        is_key_frame: matches!(kind, 1 | 3) && matches!(frame, 1 | 4),
    })
}

/// The packet type behind the modifiers that a packet type of 7 announces, and what follows it.
#[inline]
fn behind_modifiers(mut kind: u8, mut rest: &[u8]) -> Option<(u8, &[u8])> {
    while kind == 7 {
        let (len, behind) = match rest {
            [255, a, b, behind @ ..] => (usize::from(u16::from_be_bytes([*a, *b])) + 1, behind),
            [len, behind @ ..] => (usize::from(*len) + 1, behind),
            [] => return None,
        };
        let next = behind.get(len)?;
        kind = next & 15;
        rest = behind.get(len + 1..)?;
    }
    Some((kind, rest))
}

/// 24 bits with a sign.
#[inline]
const fn signed([a, b, c]: [u8; 3]) -> i32 {
    i32::from_be_bytes([a, b, c, 0]) >> 8
}

/// Heads and tails of all tags, for vectored writes.
pub fn heads(tags: &[Tag]) {
    for tag in tags {
        let header = TagHeader::of(tag).expect("a short body");
        black_box((header.encode(), header.previous_tag_size().to_be_bytes()));
    }
}

/// Framed tags that share their bodies, as a server queues them for a viewer.
pub fn framed(tags: &[Tag]) {
    for tag in tags {
        black_box(Framed::new(tag).expect("a short body"));
    }
}

/// Appends all tags to a file in memory.
pub fn append_tags(tags: &[Tag], out: &mut Vec<u8>) {
    for tag in tags {
        let header = TagHeader::of(tag).expect("a short body");
        out.extend_from_slice(&header.encode());
        out.extend_from_slice(&tag.body);
        out.extend_from_slice(&header.previous_tag_size().to_be_bytes());
    }
}

/// The floor of writing: one copy of each body and 15 bytes around it.
pub fn copy_tags(tags: &[Tag], out: &mut Vec<u8>) {
    for tag in tags {
        out.extend_from_slice(black_box(&[0; 11]));
        out.extend_from_slice(&tag.body);
        out.extend_from_slice(black_box(&[0; 4]));
    }
}

/// Width and height of an AVC record, from its SPS.
#[must_use]
pub fn avc(record: &[u8]) -> (u64, u64) {
    let sps = AvcConfig::decode(record).expect("a record").parse_sps();
    let picture = sps.expect("an SPS").picture;
    (picture.width.into(), picture.height.into())
}

/// Width and height of an HEVC record, from its SPS.
#[must_use]
pub fn hevc(record: &[u8]) -> (u64, u64) {
    let sps = HevcConfig::decode(record).expect("a record").parse_sps();
    let picture = sps.expect("an SPS").picture;
    (picture.width.into(), picture.height.into())
}

/// Rate of an AudioSpecificConfig.
#[must_use]
pub fn aac(config: &[u8]) -> u32 {
    AacConfig::decode(config).expect("a config").sample_rate
}

/// 1080p of libx264 by FFmpeg 9.0.2.
pub const AVC_RECORD: &[u8] = b"\x01\x64\x00\x28\xff\xe1\x00\x19\x67\x64\x00\x28\xac\xd9\x40\x78\
    \x02\x27\xe5\xc0\x44\x00\x00\x0f\xa4\x00\x03\xa9\x80\x3c\x60\xc6\x58\x01\x00\x06\x68\xeb\xe3\
    \xcb\x22\xc0\xfd\xf8\xf8\x00";
/// 320x180 of libx265 by FFmpeg 9.0.2, its message to users left out.
pub const HEVC_RECORD: &[u8] = b"\x01\x01\x60\x00\x00\x00\x90\x00\x00\x00\x00\x00\x3c\xf0\x00\xfc\
    \xfd\xf8\xf8\x00\x00\x0f\x03\x20\x00\x01\x00\x18\x40\x01\x0c\x01\xff\xff\x01\x60\x00\x00\x03\x00\
    \x90\x00\x00\x03\x00\x00\x03\x00\x3c\x95\x94\x09\x21\x00\x01\x00\x2b\x42\x01\x01\x01\x60\x00\x00\
    \x03\x00\x90\x00\x00\x03\x00\x00\x03\x00\x3c\xa0\x0a\x08\x0c\x1f\x3e\x59\x59\x52\x93\x0b\xc0\x5a\
    \x02\x00\x00\x03\x00\x02\x00\x00\x03\x00\x32\x10\x22\x00\x01\x00\x06\x44\x01\xc0\x73\xc1\x89";
/// AAC-LC, 44.1 kHz, stereo.
pub const AAC_RECORD: &[u8] = b"\x12\x10";
/// Stereo of libopus by FFmpeg.
const OPUS_HEAD: &[u8] = b"OpusHead\x01\x02\x38\x01\x80\xbb\0\0\0\0\0";
/// An empty `onMetaData`: what AMF costs is for its own benches.
const METADATA: &[u8] = b"\x02\0\x0aonMetaData\x08\0\0\0\0\0\0\x09";
