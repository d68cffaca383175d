//! What a reader understands, and bodies rewritten so that it does.

use alloc::vec::Vec;

use bytes::Bytes;
use smallvec::SmallVec;

use super::{FileHeader, Framed};
use crate::body::{
    Codec, FrameType, MediaKind, ModExList, Packet, PacketType, SoundFormat, TrackId, VideoCodecId,
};
use crate::codec::{AvcConfig, FlacConfig, HevcConfig, nal};
use crate::script::{ON_METADATA, SET_DATA_FRAME, is_metadata};
use crate::{EncodeError, FourCc, Tag, TagKind};

/// Who will read what a [`Muxer`] writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Profile {
    /// A reader of all of E-RTMP: tags are written as they came.
    #[default]
    Full,
    /// FFmpeg: it drops tracks behind the first of a body, so each gets a tag of its own; the
    /// default track's AVC and AAC are written in their legacy form; metadata is found without
    /// `@setDataFrame` only, and colours with frame type 5 only.
    Ffmpeg,
    /// mpegts.js, and flv.js for what it can decode: one track of each kind without modifiers,
    /// AVC, AAC and MP3 in their legacy form, HEVC, AV1, Opus and FLAC as its demuxer reads
    /// them. What makes it stop with an error is left out: other codecs, colours, speaker
    /// layouts, commands, empty configurations, AMF3 and encryption. NAL units with lengths of 1
    /// or 2 bytes, which it refuses, get lengths of 4.
    Browser,
}

/// Writes tags for a reader: framing, and bodies in the form it understands.
///
/// ```
/// use bytes::Bytes;
/// use weir_flv::file::{Muxer, Profile};
/// use weir_flv::{Tag, TagKind, Timestamp};
///
/// // AVC with a FourCC, as some encoders send it, for a player that only knows codec 7.
/// let body = Bytes::from_static(b"\x91avc1\0\0\x50\0\0\0\x01\x65");
/// let tag = Tag::new(TagKind::VIDEO, Timestamp::ZERO, body);
/// let mut muxer = Muxer::new(Profile::Browser);
/// let framed = muxer.mux(&tag)?.next().expect("AVC is understood");
/// assert_eq!(framed.head()[11..], [0x17, 1, 0, 0, 0x50]);
/// assert_eq!(framed.body(), b"\0\0\0\x01\x65".as_slice());
/// # Ok::<(), weir_flv::EncodeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Muxer {
    profile: Profile,
    audio: TrackId,
    video: TrackId,
    /// Bytes in the lengths of NAL units, as the last video configuration said: 1 to 4.
    length_size: u8,
}

impl Muxer {
    /// A muxer of the default tracks.
    #[must_use]
    pub const fn new(profile: Profile) -> Self {
        Self {
            profile,
            audio: TrackId::DEFAULT,
            video: TrackId::DEFAULT,
            length_size: FULL_LENGTH,
        }
    }

    /// Selects the tracks that [`Profile::Browser`] writes.
    #[must_use]
    pub const fn with_tracks(mut self, audio: TrackId, video: TrackId) -> Self {
        (self.audio, self.video) = (audio, video);
        self
    }

    /// The tag as bytes: none when the reader cannot use it, several when its tracks are parted.
    ///
    /// A body that cannot be read is left out, but for [`Profile::Full`], which writes it as it is.
    /// Payloads are shared with the tag, but for NAL units that get longer lengths.
    ///
    /// # Errors
    /// [`EncodeError::Range`] when the body has more than 2^24 - 1 bytes.
    pub fn mux(&mut self, tag: &Tag) -> Result<impl Iterator<Item = Framed> + use<>, EncodeError> {
        let mut out = SmallVec::<[Framed; 1]>::new();
        match self.profile {
            Profile::Full => out.push(Framed::new(tag)?),
            Profile::Browser if tag.filtered => {}
            _ if tag.kind == TagKind::SCRIPT => out.push(Framed::new(&plain_metadata(tag))?),
            Profile::Ffmpeg if tag.filtered || !tag.kind.is_media() => out.push(Framed::new(tag)?),
            Profile::Browser if !tag.kind.is_media() => {}
            profile => {
                for packet in tag.packets().map_while(Result::ok) {
                    let rewritten = match profile {
                        Profile::Browser => self.for_browser(&packet),
                        _ => Some(for_ffmpeg(packet)),
                    };
                    if let Some(rewritten) = rewritten {
                        let payload = match profile {
                            Profile::Browser => self.payload_for_browser(&rewritten),
                            _ => None,
                        };
                        out.push(framed(tag, &packet, &rewritten, payload)?);
                    }
                }
            }
        }
        Ok(out.into_iter())
    }

    /// The header of a file for this reader: of the tracks that `announced` has, those are left
    /// out of which `start`, the first tags of the stream, shows nothing that the reader can use.
    ///
    /// Players wait for every announced track; a codec they do not know would keep them waiting.
    #[must_use]
    pub fn header(&self, announced: FileHeader, start: &[Tag]) -> FileHeader {
        let usable = |kind: TagKind| {
            let mut muxer = self.clone();
            let mut tags = start.iter().filter(|tag| tag.kind == kind).peekable();
            let is_unknown = tags.peek().is_none();
            is_unknown || tags.any(|tag| muxer.mux(tag).is_ok_and(|mut out| out.next().is_some()))
        };
        let mut header = FileHeader::new(
            announced.has_audio() && usable(TagKind::AUDIO),
            announced.has_video() && usable(TagKind::VIDEO),
        );
        header.version = announced.version;
        header
    }

    /// A payload that mpegts.js wants in another form than E-RTMP.
    fn payload_for_browser(&mut self, packet: &Packet<'_>) -> Option<Vec<u8>> {
        match (packet.codec.four_cc()?, packet.packet_type) {
            (FourCc::FLAC, PacketType::SequenceStart) => flac_for_browser(packet.payload),
            (FourCc::AVC, PacketType::SequenceStart) => {
                let mut config = AvcConfig::decode(packet.payload).ok()?;
                self.length_size = core::mem::replace(&mut config.length_size, FULL_LENGTH);
                self.has_short_lengths().then(|| config.encode().ok())?
            }
            (FourCc::HEVC, PacketType::SequenceStart) => {
                let mut config = HevcConfig::decode(packet.payload).ok()?;
                self.length_size = core::mem::replace(&mut config.length_size, FULL_LENGTH);
                self.has_short_lengths().then(|| config.encode().ok())?
            }
            (FourCc::AVC | FourCc::HEVC, _) if packet.is_coded() && self.has_short_lengths() => {
                let mut out = Vec::with_capacity(packet.payload.len() + 16);
                nal::with_full_lengths(packet.payload, self.length_size, &mut out);
                Some(out)
            }
            _ => None,
        }
    }

    const fn has_short_lengths(&self) -> bool {
        self.length_size < 3
    }

    fn for_browser<'a>(&self, packet: &Packet<'a>) -> Option<Packet<'a>> {
        let selected = match packet.kind {
            MediaKind::Audio => self.audio,
            MediaKind::Video => self.video,
        };
        let is_empty_start = packet.is_sequence_start() && packet.payload.is_empty();
        let wanted = matches!(
            packet.packet_type,
            PacketType::SequenceStart
                | PacketType::CodedFrames
                | PacketType::CodedFramesX
                | PacketType::SequenceEnd
        );
        if packet.track != selected || !wanted || is_empty_start {
            return None;
        }
        let mut packet = default_track(*packet);
        packet.nano = 0;
        match packet.codec.four_cc() {
            Some(FourCc::AVC | FourCc::AAC | FourCc::MP3) => Some(legacy(packet)),
            Some(FourCc::HEVC | FourCc::AV1 | FourCc::OPUS | FourCc::FLAC) => {
                packet.codec = packet.codec.four_cc().map_or(packet.codec, Codec::FourCc);
                packet.sound = None;
                if packet.codec != Codec::FourCc(FourCc::HEVC) {
                    packet.cts = 0;
                    if packet.packet_type == PacketType::CodedFramesX {
                        packet.packet_type = PacketType::CodedFrames;
                    }
                }
                Some(packet)
            }
            _ => (packet.codec == Codec::Audio(SoundFormat::PCM_LE)).then_some(packet),
        }
    }
}

fn for_ffmpeg(mut packet: Packet<'_>) -> Packet<'_> {
    if packet.packet_type == PacketType::Metadata {
        packet.frame_type = FrameType::COMMAND;
    }
    if packet.multitrack.is_some() {
        packet.multitrack = None;
        packet.mod_ex = ModExList::EMPTY;
    }
    let coded_form = packet.nano == 0
        && packet.track == TrackId::DEFAULT
        && !matches!(
            packet.packet_type,
            PacketType::Metadata | PacketType::MultichannelConfig
        );
    match packet.codec {
        Codec::FourCc(FourCc::AVC | FourCc::AAC) if coded_form => legacy(default_track(packet)),
        _ => packet,
    }
}

/// The packet as one without tracks and modifiers.
const fn default_track(mut packet: Packet<'_>) -> Packet<'_> {
    packet.track = TrackId::DEFAULT;
    packet.multitrack = None;
    packet.mod_ex = ModExList::EMPTY;
    packet
}

/// The packet in the legacy form of its codec.
fn legacy(mut packet: Packet<'_>) -> Packet<'_> {
    if packet.packet_type == PacketType::CodedFramesX {
        packet.packet_type = PacketType::CodedFrames;
    }
    packet.codec = match packet.codec {
        Codec::FourCc(FourCc::AVC) => Codec::Video(VideoCodecId::AVC),
        Codec::FourCc(FourCc::AAC) => Codec::Audio(SoundFormat::AAC),
        Codec::FourCc(FourCc::MP3) => Codec::Audio(SoundFormat::MP3),
        legacy => legacy,
    };
    packet
}

/// Frames a packet with a new body head, or its tag as it is when nothing was rewritten.
fn framed(
    tag: &Tag,
    read: &Packet<'_>,
    write: &Packet<'_>,
    payload: Option<Vec<u8>>,
) -> Result<Framed, EncodeError> {
    if read == write && payload.is_none() {
        return Framed::new(tag);
    }
    let payload = match payload {
        Some(payload) => Bytes::from(payload),
        None => {
            let begin = read.payload_offset;
            tag.body.slice(begin..begin + read.payload.len())
        }
    };
    let head = write.encode_head();
    match head.and_then(|head| Framed::with_body_head(tag, &head, payload)) {
        // Long modifiers have no room in a head: the body goes as it came.
        Err(EncodeError::NoPlace { .. }) => Framed::new(tag),
        framed => framed,
    }
}

/// mpegts.js takes the four characters and the bare block behind them, without the block header
/// that E-RTMP asks for.
fn flac_for_browser(header: &[u8]) -> Option<Vec<u8>> {
    let header = FlacConfig::decode(header).ok()?.encode();
    let (magic, block) = (header.get(..4)?, header.get(8..)?);
    Some([magic, block].concat())
}

/// Metadata without the `@setDataFrame` of publishers.
fn plain_metadata(tag: &Tag) -> Tag {
    let prefix = 3 + SET_DATA_FRAME.len();
    let is_prefixed = is_metadata(tag)
        && tag
            .body
            .get(prefix + 3..)
            .is_some_and(|rest| rest.starts_with(ON_METADATA.as_bytes()));
    if !is_prefixed {
        return tag.clone();
    }
    let mut plain = tag.clone();
    plain.body = tag.body.slice(prefix..);
    plain
}

/// Bytes in the length of a NAL unit as nearly all streams have it.
const FULL_LENGTH: u8 = 4;
