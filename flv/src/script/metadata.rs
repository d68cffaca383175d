//! onMetaData, field by field.

use weir_amf::{Document, Kind, NewValue, Value, amf0};

use super::{KeyframeIndex, ON_METADATA, SET_DATA_FRAME, Script};
use crate::body::{Codec, MediaKind, SoundFormat, TrackId, VideoCodecId};
use crate::{FourCc, Tag, TagKind, Timestamp};

/// What a stream says about itself.
///
/// Every getter returns `None` when the field is missing or of another type; the raw value is
/// always there through [`get`](Self::get). Order, duplicates and unknown fields survive.
///
/// FLV 10.1, section E.5; E-RTMP v2, "Metadata".
#[derive(Debug, Clone)]
pub struct Metadata {
    document: Document,
    /// Which value has the fields.
    value_index: usize,
}

/// Declares getters of numbers: method, names in order of preference, meaning.
macro_rules! numbers {
    ($($(#[$doc:meta])* $method:ident = $($name:literal)|+;)*) => {
        impl Metadata {
            $($(#[$doc])*
            #[must_use]
            pub fn $method(&self) -> Option<f64> {
                None$(.or_else(|| number(self.get($name))))+
            })*
        }
    };
}

numbers! {
    /// Length in seconds.
    duration = "duration";
    /// Width of the pictures in pixels.
    width = "width";
    /// Height of the pictures in pixels.
    height = "height";
    /// Frames per second.
    frame_rate = "framerate" | "fps";
    /// Video in kbit/s.
    video_data_rate = "videodatarate";
    /// Audio in kbit/s.
    audio_data_rate = "audiodatarate";
    /// Samples per second, in Hz.
    audio_sample_rate = "audiosamplerate";
    /// Bits per sample.
    audio_sample_size = "audiosamplesize";
    /// Channels.
    audio_channels = "audiochannels";
    /// Length of the file in bytes. OBS writes `fileSize`.
    file_size = "filesize" | "fileSize";
    /// The last time in the file, in seconds.
    last_timestamp = "lasttimestamp";
}

impl Default for Metadata {
    fn default() -> Self {
        Self::new()
    }
}

impl Metadata {
    /// Metadata without fields.
    #[must_use]
    pub fn new() -> Self {
        let document = Document::new()
            .with_value(ON_METADATA)
            .with_value(Document::ecma_array());
        Self {
            document,
            value_index: 1,
        }
    }

    /// The fields of an onMetaData; `None` when the script has another name, or its value has no
    /// fields: it is neither an object nor an array with names.
    #[must_use]
    pub fn from_script(script: Script) -> Option<Self> {
        let kind = script.value().kind();
        if script.name() != ON_METADATA || !matches!(kind, Kind::Object | Kind::EcmaArray) {
            return None;
        }
        let value_index = script.name_index + 1;
        Some(Self {
            document: script.document,
            value_index,
        })
    }

    /// A field as it is; see [`Value::exists`].
    #[must_use]
    pub fn get(&self, name: &str) -> Value<'_> {
        self.document.value(self.value_index).get(name)
    }

    /// All fields, in order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, Value<'_>)> {
        self.document.value(self.value_index).properties()
    }

    /// Gives a field a value where it stands, or adds it at the end.
    pub fn set<'a>(&mut self, name: &str, value: impl Into<NewValue<'a>>) {
        if let Some(mut fields) = self.document.value_mut(self.value_index) {
            fields.set(name, value);
        }
    }

    /// Removes a field.
    pub fn remove(&mut self, name: &str) {
        if let Some(mut fields) = self.document.value_mut(self.value_index) {
            fields.remove(name);
        }
    }

    /// Whether sound has two channels.
    #[must_use]
    pub fn stereo(&self) -> Option<bool> {
        self.get("stereo").as_bool()
    }

    /// Whether there is audio. flv.js believes this before the flags of the header.
    #[must_use]
    pub fn has_audio(&self) -> Option<bool> {
        self.get("hasAudio").as_bool()
    }

    /// Whether there is video. flv.js believes this before the flags of the header.
    #[must_use]
    pub fn has_video(&self) -> Option<bool> {
        self.get("hasVideo").as_bool()
    }

    /// The program that made the stream.
    #[must_use]
    pub fn encoder(&self) -> Option<&str> {
        self.get("encoder").as_str()
    }

    /// The video codec: a legacy number, or four characters as number or text.
    #[must_use]
    pub fn video_codec(&self) -> Option<Codec> {
        codec(self.get("videocodecid"), MediaKind::Video)
    }

    /// The audio codec: a legacy number, or four characters as number or text.
    #[must_use]
    pub fn audio_codec(&self) -> Option<Codec> {
        codec(self.get("audiocodecid"), MediaKind::Audio)
    }

    /// The index of key frames.
    #[must_use]
    pub fn keyframes(&self) -> Option<KeyframeIndex> {
        KeyframeIndex::read(self.get("keyframes"))
    }

    /// What differs from the fields above in the tracks of one kind but the first:
    /// `audioTrackIdInfoMap` and `videoTrackIdInfoMap`.
    pub fn tracks(&self, kind: MediaKind) -> impl Iterator<Item = TrackInfo<'_>> {
        let map = match kind {
            MediaKind::Audio => "audioTrackIdInfoMap",
            MediaKind::Video => "videoTrackIdInfoMap",
        };
        self.get(map).properties().filter_map(move |(name, value)| {
            let track = TrackId::from(name.parse::<u8>().ok()?);
            Some(TrackInfo { kind, track, value })
        })
    }

    /// Removes what only a finished file can say: length, size, index, and what yamdi and FFmpeg
    /// add to them. Left in a live stream or in a new recording, it misleads players.
    pub fn remove_file_fields(&mut self) {
        for name in FILE_FIELDS {
            if self.get(name).exists() {
                self.remove(name);
            }
        }
    }

    /// A script tag with these fields, without `@setDataFrame`.
    ///
    /// # Errors
    /// [`weir_amf::EncodeError`] when a name is longer than 65,535 bytes.
    pub fn to_tag(&self, timestamp: Timestamp) -> Result<Tag, weir_amf::EncodeError> {
        self.tag(timestamp, Document::new().with_value(ON_METADATA))
    }

    /// A script tag with these fields behind `@setDataFrame`, as a publisher sends it.
    ///
    /// # Errors
    /// [`weir_amf::EncodeError`] when a name is longer than 65,535 bytes.
    pub fn to_set_data_frame(&self, timestamp: Timestamp) -> Result<Tag, weir_amf::EncodeError> {
        let names = Document::new()
            .with_value(SET_DATA_FRAME)
            .with_value(ON_METADATA);
        self.tag(timestamp, names)
    }

    fn tag(&self, timestamp: Timestamp, names: Document) -> Result<Tag, weir_amf::EncodeError> {
        let document = names.with_value(self.document.value(self.value_index));
        Ok(Tag::new(
            TagKind::SCRIPT,
            timestamp,
            amf0::encode(&document)?.into(),
        ))
    }
}

/// One track's entry of a track info map.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct TrackInfo<'d> {
    /// Sound or pictures.
    pub kind: MediaKind,
    /// The track.
    pub track: TrackId,
    /// Its fields, by the names of the metadata.
    pub value: Value<'d>,
}

impl TrackInfo<'_> {
    /// The codec, when it differs.
    #[must_use]
    pub fn codec(&self) -> Option<Codec> {
        let name = match self.kind {
            MediaKind::Audio => "audiocodecid",
            MediaKind::Video => "videocodecid",
        };
        codec(self.value.get(name), self.kind)
    }

    /// A number, when it differs.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<f64> {
        number(self.value.get(name))
    }
}

/// A number, also one that was written as text.
fn number(value: Value<'_>) -> Option<f64> {
    value
        .as_f64()
        .or_else(|| value.as_str()?.trim().parse().ok())
}

fn codec(value: Value<'_>, kind: MediaKind) -> Option<Codec> {
    if let Some(text) = value.as_str() {
        let code: [u8; 4] = text.as_bytes().try_into().ok()?;
        return Some(Codec::FourCc(FourCc::from(code)));
    }
    let number = value.as_u32()?;
    Some(match (u8::try_from(number), kind) {
        (Ok(id), MediaKind::Video) => Codec::Video(VideoCodecId::from(id)),
        (Ok(id), MediaKind::Audio) => Codec::Audio(SoundFormat::from(id)),
        (Err(_), _) => Codec::FourCc(FourCc::from(number)),
    })
}

/// What only a finished file can say. FFmpeg, yamdi, flvmeta, OBS.
const FILE_FIELDS: [&str; 17] = [
    "duration",
    "filesize",
    "fileSize",
    "keyframes",
    "spacer",
    "lasttimestamp",
    "lastkeyframetimestamp",
    "lastkeyframelocation",
    "datasize",
    "videosize",
    "audiosize",
    "hasKeyframes",
    "hasMetadata",
    "hasCuePoints",
    "canSeekToEnd",
    "hasAudio",
    "hasVideo",
];
