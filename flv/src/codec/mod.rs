//! Configuration records of codecs, and the parameter sets in them.
//!
//! The payload of a sequence start is one of these records:
//!
//! | FourCC | record | defined in |
//! | --- | --- | --- |
//! | `avc1` | [`AvcConfig`] | ISO/IEC 14496-15, section 5.3.3 |
//! | `hvc1` | [`HevcConfig`] | ISO/IEC 14496-15, section 8.3.3 |
//! | `vvc1` | [`VvcConfig`] | ISO/IEC 14496-15, section 11.2.4 |
//! | `av01` | [`Av1Config`] | AV1 in ISOBMFF, section 2.3 |
//! | `vp08`, `vp09` | [`VpxConfig`] | VP codecs in ISOBMFF |
//! | `mp4a` | [`AacConfig`] | ISO/IEC 14496-3, section 1.6.2 |
//! | `Opus` | [`OpusConfig`] | RFC 7845, section 5.1 |
//! | `fLaC` | [`FlacConfig`] | RFC 9639, section 8.2 |
//!
//! `ac-3`, `ec-3` and `.mp3` have none. An empty record means that it comes later or in band.

pub mod adts;
pub mod nal;

mod aac;
mod aac_program;
mod av1;
mod avc;
mod bits;
mod flac;
mod hevc;
mod hevc_sps;
mod opus;
mod picture;
mod vpx;
mod vvc;

pub use aac::{AacConfig, Signalling};
pub use aac_program::{ChannelElement, ProgramConfig};
pub use av1::{Av1Config, Av1SequenceHeader, Obu, obus};
pub use avc::{AvcConfig, AvcHigh, AvcSps};
pub use flac::FlacConfig;
pub use hevc::{HevcConfig, NalArray};
pub use hevc_sps::HevcSps;
pub use opus::{OpusConfig, OpusMapping};
pub use picture::{Chroma, Color, Picture, Ratio};
pub use vpx::VpxConfig;
pub use vvc::{VvcConfig, VvcPtl, VvcSps};

use crate::body::Codec;
use crate::{FourCc, Malformed};

/// The configuration record of any codec.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodecConfig<'a> {
    /// H.264.
    Avc(AvcConfig<'a>),
    /// H.265.
    Hevc(HevcConfig<'a>),
    /// H.266.
    Vvc(VvcConfig<'a>),
    /// AV1.
    Av1(Av1Config<'a>),
    /// VP8 or VP9.
    Vpx(VpxConfig),
    /// AAC.
    Aac(AacConfig),
    /// Opus.
    Opus(OpusConfig<'a>),
    /// FLAC.
    Flac(FlacConfig),
}

impl<'a> CodecConfig<'a> {
    /// Reads the payload of a sequence start; `None` for codecs without a record, and for an
    /// empty payload.
    ///
    /// ```
    /// use weir_flv::body::{Codec, SoundFormat};
    /// use weir_flv::codec::CodecConfig;
    ///
    /// let codec = Codec::Audio(SoundFormat::AAC);
    /// let Some(CodecConfig::Aac(aac)) = CodecConfig::decode(codec, &[0x12, 0x10])? else {
    ///     panic!("AAC has one");
    /// };
    /// assert_eq!((aac.sample_rate, aac.channels()), (44_100, Some(2)));
    /// # Ok::<(), weir_flv::Malformed>(())
    /// ```
    /// # Errors
    /// [`Malformed`] as the record of that codec.
    pub fn decode(codec: Codec, payload: &'a [u8]) -> Result<Option<Self>, Malformed> {
        let Some(code) = codec.four_cc().filter(|_| !payload.is_empty()) else {
            return Ok(None);
        };
        Ok(Some(match code {
            FourCc::AVC => Self::Avc(AvcConfig::decode(payload)?),
            FourCc::HEVC => Self::Hevc(HevcConfig::decode(payload)?),
            FourCc::VVC => Self::Vvc(VvcConfig::decode(payload)?),
            FourCc::AV1 => Self::Av1(Av1Config::decode(payload)?),
            FourCc::VP8 | FourCc::VP9 => Self::Vpx(VpxConfig::decode(payload)?),
            FourCc::AAC => Self::Aac(AacConfig::decode(payload)?),
            FourCc::OPUS => Self::Opus(OpusConfig::decode(payload)?),
            FourCc::FLAC => Self::Flac(FlacConfig::decode(payload)?),
            _ => return Ok(None),
        }))
    }

    /// The pictures that the record's parameter set describes; `None` for audio, for VP8 and
    /// VP9, whose records say no size, and for parameter sets that cannot be read.
    #[must_use]
    pub fn picture(&self) -> Option<Picture> {
        match self {
            Self::Avc(config) => config.parse_sps().ok().map(|sps| sps.picture),
            Self::Hevc(config) => config.parse_sps().ok().map(|sps| sps.picture),
            Self::Vvc(config) => config.parse_sps().ok().map(|sps| sps.picture),
            Self::Av1(config) => config
                .parse_sequence_header()
                .ok()
                .map(|header| header.picture),
            Self::Vpx(_) | Self::Aac(_) | Self::Opus(_) | Self::Flac(_) => None,
        }
    }

    /// Samples per second and channels of an audio record, when played.
    #[must_use]
    pub fn sound(&self) -> Option<(u32, u8)> {
        match self {
            Self::Aac(config) => Some((config.output_rate(), config.channels()?)),
            Self::Opus(config) => Some((48_000, config.channels)),
            Self::Flac(config) => Some((config.sample_rate, config.channels)),
            _ => None,
        }
    }
}
