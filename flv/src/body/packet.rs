//! The one view over legacy, enhanced and multitrack bodies.

use super::codec_id::Codec;
use super::mod_ex::ModExList;
use super::{SoundHeader, packets};
use crate::cursor::Cursor;
use crate::registry::registry;
use crate::{Malformed, TagKind, Timestamp};

/// Whether a packet is heard or seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed by FLV 10.1, section E.4.1")]
pub enum MediaKind {
    /// Sound.
    Audio,
    /// Pictures.
    Video,
}

impl MediaKind {
    /// The kind of tag that carries it.
    #[must_use]
    pub const fn tag_kind(self) -> TagKind {
        match self {
            Self::Audio => TagKind::AUDIO,
            Self::Video => TagKind::VIDEO,
        }
    }

    /// The packet type that announces several tracks.
    pub(super) const fn multitrack_number(self) -> u8 {
        match self {
            Self::Audio => 5,
            Self::Video => 6,
        }
    }
}

/// The number of a track within its kind. E-RTMP v2, "trackId".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TrackId(u8);

impl TrackId {
    /// The track of legacy bodies and of enhanced bodies without tracks.
    pub const DEFAULT: Self = Self(0);

    /// The number on the wire.
    #[must_use]
    pub const fn as_u8(self) -> u8 {
        self.0
    }
}

impl From<u8> for TrackId {
    fn from(number: u8) -> Self {
        Self(number)
    }
}

registry! {
    /// How a video frame depends on others: the muxer's claim. FLV 10.1, section E.4.3.1.
    FrameType {
        /// Decoding can begin here.
        KEY = 1, "key";
        /// Needs the frames before it.
        INTER = 2, "inter";
        /// Needs the frames before it and is needed by none (H.263 only).
        DISPOSABLE = 3, "disposable";
        /// A key frame made by a server.
        GENERATED_KEY = 4, "generated_key";
        /// Not a frame but a command.
        COMMAND = 5, "command";
    }
}

registry! {
    /// The payload of a packet of type [`PacketType::Command`]. FLV 10.1, section E.4.3.1.
    VideoCommand {
        /// A client-side seek begins: decode, but do not show.
        START_SEEK = 0, "start_seek";
        /// The seek is over.
        END_SEEK = 1, "end_seek";
    }
}

/// What a packet is for.
// In the order of the numbers of enhanced video, so that reading one is a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PacketType {
    /// The codec's configuration record. Empty: it comes later or in band.
    SequenceStart,
    /// Coded data.
    CodedFrames,
    /// No more data of this configuration.
    SequenceEnd,
    /// Coded data with a composition time of 0 that is not sent.
    CodedFramesX,
    /// AMF0 pairs about the pictures, such as `colorInfo`.
    Metadata,
    /// The descriptor of AV1 in an MPEG-2 transport stream instead of a configuration record.
    Mpeg2TsSequenceStart,
    /// The speaker layout.
    MultichannelConfig,
    /// A [`VideoCommand`].
    Command,
    /// A number without meaning yet.
    Reserved(u8),
}

impl PacketType {
    pub(super) const fn from_legacy_audio(number: u8) -> Self {
        match number {
            0 | 1 => Self::from_enhanced_video(number),
            _ => Self::Reserved(number),
        }
    }

    pub(super) const fn from_legacy_video(number: u8) -> Self {
        match number {
            0..=2 => Self::from_enhanced_video(number),
            _ => Self::Reserved(number),
        }
    }

    pub(super) const fn from_enhanced(kind: MediaKind, number: u8) -> Self {
        match (kind, number) {
            (MediaKind::Video, _) | (MediaKind::Audio, 0..=2) => Self::from_enhanced_video(number),
            (MediaKind::Audio, 4) => Self::MultichannelConfig,
            (MediaKind::Audio, _) => Self::Reserved(number),
        }
    }

    const fn from_enhanced_video(number: u8) -> Self {
        match number {
            0 => Self::SequenceStart,
            1 => Self::CodedFrames,
            2 => Self::SequenceEnd,
            3 => Self::CodedFramesX,
            4 => Self::Metadata,
            5 => Self::Mpeg2TsSequenceStart,
            _ => Self::Reserved(number),
        }
    }

    pub(super) const fn legacy_number(self, kind: MediaKind) -> Option<u8> {
        match (kind, self) {
            (_, Self::SequenceStart) => Some(0),
            (_, Self::CodedFrames) => Some(1),
            (MediaKind::Video, Self::SequenceEnd) => Some(2),
            (_, Self::Reserved(number)) => Some(number),
            _ => None,
        }
    }

    pub(super) const fn enhanced_number(self, kind: MediaKind) -> Option<u8> {
        match (kind, self) {
            (_, Self::SequenceStart) | (MediaKind::Video, Self::Command) => Some(0),
            (_, Self::CodedFrames) => Some(1),
            (_, Self::SequenceEnd) => Some(2),
            (MediaKind::Video, Self::CodedFramesX) => Some(3),
            (MediaKind::Video, Self::Metadata) | (MediaKind::Audio, Self::MultichannelConfig) => {
                Some(4)
            }
            (MediaKind::Video, Self::Mpeg2TsSequenceStart) => Some(5),
            (_, Self::Reserved(number)) if number < 16 => Some(number),
            _ => None,
        }
    }
}

/// How many tracks a body holds. E-RTMP v2, "AvMultitrackType".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MultitrackType {
    /// One track that names its number.
    OneTrack,
    /// Several tracks of one codec.
    ManyTracks,
    /// Several tracks, each with its codec.
    ManyTracksManyCodecs,
}

impl MultitrackType {
    pub(super) const fn decode(number: u8, offset: usize) -> Result<Self, Malformed> {
        match number {
            0 => Ok(Self::OneTrack),
            1 => Ok(Self::ManyTracks),
            2 => Ok(Self::ManyTracksManyCodecs),
            got => Err(Malformed::Value {
                what: "multitrackType",
                offset,
                got: got as u64,
                allowed: "0 to 2",
            }),
        }
    }

    pub(super) const fn as_u8(self) -> u8 {
        match self {
            Self::OneTrack => 0,
            Self::ManyTracks => 1,
            Self::ManyTracksManyCodecs => 2,
        }
    }
}

/// One packet of one track, whatever header form carried it. Borrows from the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Packet<'a> {
    /// Sound or pictures.
    pub kind: MediaKind,
    /// Which track of that kind; tracks are told apart by kind and number, never by codec.
    pub track: TrackId,
    /// The codec, in the registry of the form that named it.
    pub codec: Codec,
    /// What the packet is for.
    pub packet_type: PacketType,
    /// How a video frame depends on others. Audio is always [`FrameType::KEY`].
    pub frame_type: FrameType,
    /// Decoding time as on the wire.
    pub dts: Timestamp,
    /// Presentation time minus decoding time, in milliseconds; negative in some streams.
    pub cts: i32,
    /// Nanoseconds to add to the presentation time, 0 to 999,999.
    pub nano: u32,
    /// The modifiers it came with, the time offset among them.
    pub mod_ex: ModExList<'a>,
    /// How the body was divided; `None` for bodies without tracks.
    pub multitrack: Option<MultitrackType>,
    /// The first byte of a legacy audio body.
    pub sound: Option<SoundHeader>,
    /// Cropping of a VP6 frame: horizontal and vertical nibble, in pixels.
    pub vp6_crop: Option<u8>,
    /// Codec data, without any FLV header. VP6 with alpha begins with UI24 OffsetToAlpha.
    pub payload: &'a [u8],
    /// Where the payload begins in the body.
    pub payload_offset: usize,
}

impl<'a> Packet<'a> {
    /// Makes a packet of the default track, a key frame at composition time 0 without payload.
    #[must_use]
    pub const fn new(
        kind: MediaKind,
        codec: Codec,
        packet_type: PacketType,
        dts: Timestamp,
    ) -> Self {
        Self {
            kind,
            track: TrackId::DEFAULT,
            codec,
            packet_type,
            frame_type: FrameType::KEY,
            dts,
            cts: 0,
            nano: 0,
            mod_ex: ModExList::EMPTY,
            multitrack: None,
            sound: None,
            vp6_crop: None,
            payload: &[],
            payload_offset: 0,
        }
    }

    /// The same packet with other codec data.
    #[must_use]
    pub const fn with_payload(mut self, payload: &'a [u8]) -> Self {
        self.payload = payload;
        self
    }

    /// Presentation time, to the millisecond; see [`nano`](Self::nano) for the rest.
    #[must_use]
    pub const fn pts(&self) -> Timestamp {
        self.dts.wrapping_add(self.cts)
    }

    /// Whether the muxer flagged it as a key frame. True for all audio, and also for
    /// configuration packets: see [`is_key_frame`](Self::is_key_frame).
    #[must_use]
    pub fn is_key(&self) -> bool {
        matches!(self.frame_type, FrameType::KEY | FrameType::GENERATED_KEY)
    }

    /// Whether it holds coded data.
    #[must_use]
    pub fn is_coded(&self) -> bool {
        matches!(
            self.packet_type,
            PacketType::CodedFrames | PacketType::CodedFramesX
        )
    }

    /// Whether it is a picture from which decoding can begin.
    #[must_use]
    pub fn is_key_frame(&self) -> bool {
        self.kind == MediaKind::Video && self.is_coded() && self.is_key()
    }

    /// Whether it holds the configuration of its codec.
    #[must_use]
    pub fn is_sequence_start(&self) -> bool {
        matches!(
            self.packet_type,
            PacketType::SequenceStart | PacketType::Mpeg2TsSequenceStart
        )
    }

    /// The command of a command frame.
    #[must_use]
    pub fn command(&self) -> Option<VideoCommand> {
        if self.packet_type != PacketType::Command {
            return None;
        }
        self.payload.first().map(|byte| VideoCommand::from(*byte))
    }

    #[inline]
    pub(super) fn set_payload(&mut self, cursor: Cursor<'a>) {
        self.payload = cursor.rest();
        self.payload_offset = cursor.offset();
    }

    fn class(&self) -> Class {
        match self.packet_type {
            PacketType::CodedFrames | PacketType::CodedFramesX => match self.kind {
                MediaKind::Video if self.is_key() => Class::KeyFrame,
                MediaKind::Video if self.frame_type == FrameType::DISPOSABLE => Class::Disposable,
                _ => Class::Frame,
            },
            PacketType::SequenceStart
            | PacketType::Mpeg2TsSequenceStart
            | PacketType::Metadata
            | PacketType::MultichannelConfig => Class::Config,
            PacketType::SequenceEnd | PacketType::Command => Class::Control,
            PacketType::Reserved(_) => Class::Unknown,
        }
    }
}

/// What a server needs to know about a tag to queue, drop and cache it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// A script value.
    Script,
    /// What a decoder needs before frames: sequence starts, colour, speaker layout.
    Config,
    /// A video frame from which decoding can begin.
    KeyFrame,
    /// Any other frame that later ones may need, and all audio.
    Frame,
    /// A video frame that no other needs.
    Disposable,
    /// The end of a sequence, or a command.
    Control,
    /// An empty body.
    Empty,
    /// A body that cannot be read: malformed, encrypted, or of a reserved type.
    Unknown,
}

/// Tells what a body is for by its header; several tracks in one body share one class.
///
/// ```
/// use weir_flv::TagKind;
/// use weir_flv::body::{Class, classify};
/// assert_eq!(classify(TagKind::VIDEO, &[0x17, 1, 0, 0, 0, 0, 0, 0, 1, 0x65]), Class::KeyFrame);
/// assert_eq!(classify(TagKind::AUDIO, &[0xaf, 0, 0x12, 0x10]), Class::Config);
/// ```
#[must_use]
pub fn classify(kind: TagKind, body: &[u8]) -> Class {
    if kind.is_script() {
        return Class::Script;
    }
    match packets(kind, Timestamp::ZERO, body).next() {
        Some(Ok(packet)) => packet.class(),
        Some(Err(_)) => Class::Unknown,
        None if body.is_empty() => Class::Empty,
        None => Class::Unknown,
    }
}
