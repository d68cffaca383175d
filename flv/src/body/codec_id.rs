//! The codec registries of both header forms.

use core::fmt;

use crate::FourCc;
use crate::registry::registry;

registry! {
    /// The codec of a legacy video body. FLV 10.1, section E.4.3.1.
    VideoCodecId {
        /// Motion JPEG. Never in use.
        JPEG = 1, "jpeg";
        /// Sorenson's variant of H.263.
        SORENSON_H263 = 2, "sorenson_h263";
        /// Screen video.
        SCREEN = 3, "screen";
        /// On2 VP6.
        VP6 = 4, "vp6";
        /// On2 VP6 with an alpha plane.
        VP6_ALPHA = 5, "vp6a";
        /// Screen video version 2.
        SCREEN2 = 6, "screen2";
        /// H.264.
        AVC = 7, "avc";
        /// H.263 as FFmpeg reads it. Private.
        H263 = 8, "h263";
        /// MPEG-4 part 2 as FFmpeg writes it. Private.
        MPEG4 = 9, "mpeg4";
        /// H.265, the form in use before E-RTMP. Private.
        HEVC = 12, "hevc";
        /// AV1 (ireader). Private.
        AV1 = 13, "av1";
        /// AVS3 (ireader). Private.
        AVS3 = 14, "avs3";
        /// H.266 (ireader). Private.
        VVC = 15, "vvc";
    }
}

impl VideoCodecId {
    /// Whether the body goes on with a packet type and a composition time.
    #[must_use]
    pub fn has_packet_type(self) -> bool {
        matches!(
            self,
            Self::AVC | Self::MPEG4 | Self::HEVC | Self::AV1 | Self::AVS3 | Self::VVC
        )
    }
}

registry! {
    /// The codec of a legacy audio body. FLV 10.1, section E.4.2.1.
    SoundFormat {
        /// Linear PCM in the byte order of the writer's machine.
        PCM = 0, "pcm";
        /// ADPCM of SWF.
        ADPCM = 1, "adpcm";
        /// MP3.
        MP3 = 2, "mp3";
        /// Linear PCM, little-endian.
        PCM_LE = 3, "pcm_le";
        /// Nellymoser, 16 kHz mono whatever the rate bits say.
        NELLYMOSER_16K = 4, "nellymoser_16k";
        /// Nellymoser, 8 kHz mono whatever the rate bits say.
        NELLYMOSER_8K = 5, "nellymoser_8k";
        /// Nellymoser.
        NELLYMOSER = 6, "nellymoser";
        /// G.711 A-law, 8 kHz.
        G711_A = 7, "g711a";
        /// G.711 mu-law, 8 kHz.
        G711_MU = 8, "g711u";
        /// Not a codec: the body has an enhanced header.
        EX_HEADER = 9, "ex_header";
        /// AAC.
        AAC = 10, "aac";
        /// Speex, 16 kHz mono.
        SPEEX = 11, "speex";
        /// Opus, the form in use before E-RTMP (xiu, ireader). Private.
        OPUS = 13, "opus";
        /// MP3 at 8 kHz.
        MP3_8K = 14, "mp3_8k";
        /// Defined by the device.
        DEVICE = 15, "device";
    }
}

impl SoundFormat {
    /// Whether the body goes on with a packet type.
    #[must_use]
    pub fn has_packet_type(self) -> bool {
        matches!(self, Self::AAC | Self::OPUS)
    }
}

/// The codec of a packet, in the registry of the header form that named it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Codec {
    /// Named by a legacy video header.
    Video(VideoCodecId),
    /// Named by a legacy audio header.
    Audio(SoundFormat),
    /// Named by an enhanced header.
    FourCc(FourCc),
    /// An enhanced command frame names none.
    None,
}

impl Codec {
    /// The four characters of this codec in either form: the key to compare codecs by.
    ///
    /// `None` for codecs that only legacy headers can name.
    ///
    /// ```
    /// use weir_flv::FourCc;
    /// use weir_flv::body::{Codec, VideoCodecId};
    /// assert_eq!(Codec::Video(VideoCodecId::AVC).four_cc(), Some(FourCc::AVC));
    /// assert_eq!(Codec::Video(VideoCodecId::SCREEN).four_cc(), None);
    /// ```
    #[must_use]
    pub fn four_cc(self) -> Option<FourCc> {
        match self {
            Self::FourCc(code) => Some(code),
            Self::Video(id) => match id {
                VideoCodecId::AVC => Some(FourCc::AVC),
                VideoCodecId::HEVC => Some(FourCc::HEVC),
                VideoCodecId::AV1 => Some(FourCc::AV1),
                VideoCodecId::VVC => Some(FourCc::VVC),
                _ => None,
            },
            Self::Audio(format) => match format {
                SoundFormat::AAC => Some(FourCc::AAC),
                SoundFormat::OPUS => Some(FourCc::OPUS),
                SoundFormat::MP3 | SoundFormat::MP3_8K => Some(FourCc::MP3),
                _ => None,
            },
            Self::None => None,
        }
    }

    /// The value of `videocodecid` or `audiocodecid` in onMetaData.
    #[must_use]
    pub fn metadata_id(self) -> Option<f64> {
        match self {
            Self::FourCc(code) => Some(f64::from(code.as_u32())),
            Self::Video(id) => Some(f64::from(id.as_u8())),
            Self::Audio(format) => Some(f64::from(format.as_u8())),
            Self::None => None,
        }
    }
}

/// Prints the legacy name or the four characters.
impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, number) = match self {
            Self::FourCc(code) => return fmt::Display::fmt(code, f),
            Self::Video(id) => (id.name(), id.as_u8()),
            Self::Audio(format) => (format.name(), format.as_u8()),
            Self::None => (Some("none"), 0),
        };
        match name {
            Some(name) => f.write_str(name),
            None => write!(f, "codec {number}"),
        }
    }
}
