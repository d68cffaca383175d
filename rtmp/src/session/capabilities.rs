//! What the two sides can do of Enhanced RTMP, as they tell each other in `connect`.

use std::{borrow::Cow, string::ToString, vec::Vec};

use weir_amf::{
    Document, EncodeError, Value,
    amf0::{self, Writer},
};
use weir_flv::FourCc;

/// What one side can do, as far as Enhanced RTMP lets it say so.
///
/// The absence of a codec proves nothing: FFmpeg before 7 and OBS before 30 handle codecs that
/// they do not list.
///
/// ```
/// use weir_flv::FourCc;
/// use weir_rtmp::{Capabilities, CapsEx, FourCcInfo};
///
/// let mut ours = Capabilities::default();
/// ours.caps_ex = CapsEx::RECONNECT | CapsEx::MULTITRACK;
/// ours.video = vec![(Some(FourCc::HEVC), FourCcInfo::CAN_FORWARD)];
/// assert!(ours.caps_ex.contains(CapsEx::RECONNECT));
/// assert!(!ours.can_video(FourCc::AV1, FourCcInfo::CAN_FORWARD));
/// ```
///
/// E-RTMP v2, "Enhancing NetConnection connect Command".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// `capsEx`: parts of E-RTMP v2.
    pub caps_ex: CapsEx,
    /// `fourCcList`: codecs in general; `None` stands for `*`, all of them. Empty: not sent.
    pub four_cc_list: Vec<Option<FourCc>>,
    /// `videoFourCcInfoMap`: what can be done with a video codec. Empty: not sent.
    pub video: Vec<(Option<FourCc>, FourCcInfo)>,
    /// `audioFourCcInfoMap`: what can be done with an audio codec. Empty: not sent.
    pub audio: Vec<(Option<FourCc>, FourCcInfo)>,
    /// `videoFunction`: 1 seek, 2 HDR, 4 video metadata, 8 large-scale tile.
    pub video_function: u32,
}

macro_rules! bits {
    ($(#[doc = $type_doc:literal])+ $type:ident {
        $($(#[doc = $doc:literal])+ $name:ident = $bit:literal;)+
    }) => {
        $(#[doc = $type_doc])+
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub struct $type(u32);

        impl $type {
            $($(#[doc = $doc])+ pub const $name: Self = Self($bit);)+

            /// Makes a set of its number on the wire.
            pub const fn from_bits(bits: u32) -> Self {
                Self(bits)
            }

            /// The number on the wire.
            pub const fn bits(self) -> u32 {
                self.0
            }

            /// Whether all bits of the other are set.
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// What both have.
            #[must_use]
            pub const fn intersection(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }
        }

        impl core::ops::BitOr for $type {
            type Output = Self;

            fn bitor(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }
    };
}

bits! {
    /// Parts of E-RTMP v2 that a side supports: `capsEx`.
    CapsEx {
        /// The reconnect request.
        RECONNECT = 1;
        /// Several tracks in one message.
        MULTITRACK = 2;
        /// Modifiers in front of a packet.
        MOD_EX = 4;
        /// Nanoseconds of a timestamp, a modifier.
        TIMESTAMP_NANO_OFFSET = 8;
    }
}

bits! {
    /// What can be done with a codec: the values of the two FourCC maps.
    FourCcInfo {
        /// Decode it.
        CAN_DECODE = 1;
        /// Encode it.
        CAN_ENCODE = 2;
        /// Pass it on.
        CAN_FORWARD = 4;
    }
}

impl Capabilities {
    /// What a server that passes everything on says.
    pub fn relay() -> Self {
        let any = std::vec![(None, FourCcInfo::CAN_FORWARD)];
        Self {
            caps_ex: CapsEx::RECONNECT
                | CapsEx::MULTITRACK
                | CapsEx::MOD_EX
                | CapsEx::TIMESTAMP_NANO_OFFSET,
            four_cc_list: std::vec![None],
            video: any.clone(),
            audio: any,
            video_function: 0,
        }
    }

    /// Whether a video codec is listed with these abilities, or all codecs are.
    pub fn can_video(&self, codec: FourCc, info: FourCcInfo) -> bool {
        listed(&self.video, codec, info)
    }

    /// Whether an audio codec is listed with these abilities, or all codecs are.
    pub fn can_audio(&self, codec: FourCc, info: FourCcInfo) -> bool {
        listed(&self.audio, codec, info)
    }

    /// Whether a side has said anything about E-RTMP.
    pub fn is_enhanced(&self) -> bool {
        *self
            != Self {
                video_function: self.video_function,
                ..Self::default()
            }
    }

    /// Reads the properties of `connect` or of its answer; no list is read past 64 entries.
    pub(super) fn from_properties(properties: Value<'_>) -> Self {
        let [caps_ex, list, video, audio, video_function] = first_of_each(
            properties,
            [CAPS_EX, FOUR_CC_LIST, VIDEO_MAP, AUDIO_MAP, VIDEO_FUNCTION],
        );
        let number = |value: Option<Value<'_>>| value.and_then(Value::as_f64).map_or(0, to_bits);
        let list = list.into_iter().flat_map(Value::items).take(MAX_CODECS);
        Self {
            caps_ex: CapsEx(number(caps_ex)),
            four_cc_list: list.filter_map(|item| codec(item.as_str()?)).collect(),
            video: info_map(video),
            audio: info_map(audio),
            video_function: number(video_function),
        }
    }

    /// Writes what is said, as properties of the object that was begun.
    pub(super) fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        if self.caps_ex.bits() != 0 {
            writer.properties([(CAPS_EX, self.caps_ex.bits().into())])?;
        }
        if !self.four_cc_list.is_empty() {
            writer.name(FOUR_CC_LIST)?;
            writer.begin_strict_array(u32::try_from(self.four_cc_list.len()).unwrap_or(u32::MAX));
            for codec in &self.four_cc_list {
                writer.string(&codec_name(*codec))?;
            }
        }
        for (name, map) in [(VIDEO_MAP, &self.video), (AUDIO_MAP, &self.audio)] {
            if !map.is_empty() {
                let entry = |(codec, info): &(_, FourCcInfo)| (codec_name(*codec), info.0.into());
                writer.name(name)?;
                writer.begin_object();
                writer.properties(map.iter().map(entry))?;
                writer.end_object();
            }
        }
        if self.video_function != 0 {
            writer.properties([(VIDEO_FUNCTION, self.video_function.into())])?;
        }
        Ok(())
    }

    /// Adds what is said to the properties, unless it is there.
    pub(super) fn add_to(&self, properties: &mut Document) -> Result<(), EncodeError> {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        writer.begin_object();
        self.write(&mut writer)?;
        writer.end_object();
        let said = amf0::decode(&bytes).unwrap_or_default();
        for (name, value) in said.root().properties() {
            if !properties.get(name).exists() {
                properties.set(name, value);
            }
        }
        Ok(())
    }
}

/// The first property of each name, in one walk over all of them.
fn first_of_each<'a, const N: usize>(
    object: Value<'a>,
    names: [&str; N],
) -> [Option<Value<'a>>; N] {
    let mut found = [None; N];
    for (name, value) in object.properties() {
        for (slot, wanted) in found.iter_mut().zip(names) {
            if wanted == name {
                slot.get_or_insert(value);
            }
        }
    }
    found
}

fn info_map(map: Option<Value<'_>>) -> Vec<(Option<FourCc>, FourCcInfo)> {
    let entries = map.into_iter().flat_map(Value::properties).take(MAX_CODECS);
    entries
        .filter_map(|(name, value)| Some((codec(name)?, FourCcInfo(to_bits(value.as_f64()?)))))
        .collect()
}

fn listed(map: &[(Option<FourCc>, FourCcInfo)], codec: FourCc, info: FourCcInfo) -> bool {
    map.iter()
        .any(|(known, can)| known.is_none_or(|known| known == codec) && can.contains(info))
}

/// A codec of a list or map: `Some(None)` is `*`.
fn codec(name: &str) -> Option<Option<FourCc>> {
    match name {
        "*" => Some(None),
        name => <[u8; 4]>::try_from(name.as_bytes())
            .ok()
            .map(|code| Some(FourCc::from(code))),
    }
}

fn codec_name(codec: Option<FourCc>) -> Cow<'static, str> {
    codec.map_or(Cow::Borrowed("*"), |codec| codec.to_string().into())
}

/// A set of bits that came as a number; what is no such number is empty.
fn to_bits(number: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, and the comparison catches what it changed"
    )]
    let bits = number as u32;
    if f64::from(bits) == number { bits } else { 0 }
}

const CAPS_EX: &str = "capsEx";
const FOUR_CC_LIST: &str = "fourCcList";
const VIDEO_MAP: &str = "videoFourCcInfoMap";
const AUDIO_MAP: &str = "audioFourCcInfoMap";
const VIDEO_FUNCTION: &str = "videoFunction";

const MAX_CODECS: usize = 64;
