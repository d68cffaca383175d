//! How a track is coded: from SDP and to SDP.

use alloc::string::String;
use alloc::vec::Vec;
use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use core::fmt::Write;
use core::str::FromStr;

use super::nal::ParameterSets;
use super::pcm::Encoding;
use super::{aac, ac3, av1, h264, h265, latm, pcm, vp9};
use crate::sdp::{Fmtp, Format};

/// How a track is coded, with what SDP says beside the name.
///
/// An encoding this crate does not know is [`Codec::Raw`], so that it can be passed on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Codec {
    /// H.264. RFC 6184.
    H264(h264::Parameters),
    /// H.265. RFC 7798.
    H265(h265::Parameters),
    /// AV1. RTP payload format for AV1, version 1.0.
    Av1(av1::Parameters),
    /// VP8. RFC 7741.
    Vp8,
    /// VP9. RFC 9628.
    Vp9(vp9::Parameters),
    /// JPEG. RFC 2435.
    Jpeg,
    /// MPEG-4 audio, `mpeg4-generic`. RFC 3640.
    Aac(aac::Parameters),
    /// MPEG-4 audio, `MP4A-LATM`. RFC 6416.
    Latm(latm::Parameters),
    /// Opus, with the number of channels `sprop-stereo` tells: 1 or 2. RFC 7587.
    Opus(u8),
    /// G.711, G.722 and linear samples. RFC 3551.
    Pcm(pcm::Parameters),
    /// MPEG audio, layers I to III. RFC 2250.
    Mpa,
    /// AC-3 and E-AC-3. RFC 4184, RFC 4598.
    Ac3(ac3::Parameters),
    /// An MPEG-2 transport stream. RFC 2250.
    Mp2t,
    /// Anything else, payloads as they are.
    Raw(Format<'static>),
}

/// A codec that cannot be used as it is described.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} cannot be used")]
#[non_exhaustive]
pub struct UnsupportedFormat {
    /// The parameter that is at fault.
    pub what: &'static str,
}

impl UnsupportedFormat {
    pub(crate) const fn new(what: &'static str) -> Self {
        Self { what }
    }
}

impl Codec {
    /// Reads how a payload type is coded.
    ///
    /// Names are compared without case; parameter sets that are garbled are left out, since
    /// they come in-band too.
    /// # Errors
    /// [`UnsupportedFormat`] if a parameter the format cannot do without is missing or wrong.
    pub fn from_sdp(format: &Format<'_>) -> Result<Self, UnsupportedFormat> {
        let fmtp = &format.fmtp;
        let clock_rate = format.clock_rate;
        let channels = u8::try_from(format.channels.unwrap_or(1)).unwrap_or(u8::MAX);
        let pcm = |encoding| {
            let rate = if encoding == Encoding::G722 {
                8000
            } else {
                clock_rate
            };
            Ok(Self::Pcm(pcm::Parameters::new(encoding, rate, channels)))
        };
        let name = format.encoding.as_ref();
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        Ok(match () {
            () if is("H264") => Self::H264(h264_from(fmtp)),
            () if is("H265") || is("HEVC") => Self::H265(h265_from(fmtp)),
            () if is("AV1") => Self::Av1(av1::Parameters::new(
                fmtp.parse("profile"),
                fmtp.parse("level-idx"),
                fmtp.parse("tier"),
            )),
            () if is("VP8") => Self::Vp8,
            () if is("VP9") => Self::Vp9(vp9::Parameters::new(fmtp.parse("profile-id"))),
            () if is("JPEG") => Self::Jpeg,
            () if is("mpeg4-generic") => Self::Aac(aac_from(format, channels)?),
            () if is("MP4A-LATM") => Self::Latm(latm_from(format, channels)?),
            // Opus is opus/48000/2 whatever is written.
            () if is("opus") => {
                let stereo = fmtp.get("sprop-stereo").map(|value| value == "1");
                Self::Opus(if stereo.unwrap_or(channels == 2) {
                    2
                } else {
                    1
                })
            }
            () if is("PCMU") => pcm(Encoding::Pcmu)?,
            () if is("PCMA") => pcm(Encoding::Pcma)?,
            () if is("G722") => pcm(Encoding::G722)?,
            () if is("L8") => pcm(Encoding::L8)?,
            () if is("L16") => pcm(Encoding::L16)?,
            () if is("L24") => pcm(Encoding::L24)?,
            () if is("MPA") => Self::Mpa,
            () if is("ac3") => Self::Ac3(ac3::Parameters::new(false, clock_rate, channels)),
            () if is("eac3") => Self::Ac3(ac3::Parameters::new(true, clock_rate, channels)),
            () if is("MP2T") => Self::Mp2t,
            () => Self::Raw(format.clone().into_owned()),
        })
    }

    /// Writes how this codec is coded under a payload type.
    pub fn to_sdp(&self, payload_type: u8) -> Format<'static> {
        let video = |name: &'static str| Format::new(payload_type, name, 90_000);
        let audio = |name: &'static str, rate, channels: u8| {
            Format::new(payload_type, name, rate).with_channels(channels.into())
        };
        match self {
            Self::H264(parameters) => video("H264").with_fmtp(h264_fmtp(parameters)),
            Self::H265(parameters) => video("H265").with_fmtp(h265_fmtp(parameters)),
            Self::Av1(parameters) => {
                let mut fmtp = Fmtp::default();
                let values = [
                    ("profile", parameters.profile),
                    ("level-idx", parameters.level_index),
                    ("tier", parameters.tier),
                ];
                for (name, value) in values {
                    value.into_iter().for_each(|value| fmtp.push(name, value));
                }
                video("AV1").with_fmtp(fmtp)
            }
            Self::Vp8 => video("VP8"),
            Self::Vp9(parameters) => {
                let mut fmtp = Fmtp::default();
                let profile = parameters.profile.into_iter();
                profile.for_each(|profile| fmtp.push("profile-id", profile));
                video("VP9").with_fmtp(fmtp)
            }
            Self::Jpeg => video("JPEG"),
            Self::Aac(parameters) => {
                let aac::Parameters {
                    clock_rate,
                    channels,
                    ..
                } = *parameters;
                audio("mpeg4-generic", clock_rate, channels).with_fmtp(aac_fmtp(parameters))
            }
            Self::Latm(parameters) => {
                let latm::Parameters {
                    clock_rate,
                    channels,
                    ..
                } = *parameters;
                audio("MP4A-LATM", clock_rate, channels).with_fmtp(latm_fmtp(parameters))
            }
            Self::Opus(channels) => {
                let fmtp = Fmtp::default().with("sprop-stereo", u8::from(*channels == 2));
                audio("opus", 48_000, 2).with_fmtp(fmtp)
            }
            Self::Pcm(parameters) => {
                let pcm::Parameters {
                    encoding,
                    clock_rate,
                    channels,
                } = *parameters;
                audio(encoding.name(), clock_rate, channels)
            }
            Self::Mpa => video("MPA"),
            Self::Ac3(parameters) => {
                let name = if parameters.enhanced { "eac3" } else { "ac3" };
                audio(name, parameters.clock_rate, parameters.channels.max(1))
            }
            Self::Mp2t => video("MP2T"),
            Self::Raw(format) => Format {
                payload_type,
                ..format.clone()
            },
        }
    }

    /// The RTP clock in Hz.
    pub const fn clock_rate(&self) -> u32 {
        match self {
            Self::Aac(parameters) => parameters.clock_rate,
            Self::Latm(parameters) => parameters.clock_rate,
            Self::Opus(_) => 48_000,
            Self::Pcm(parameters) => parameters.clock_rate,
            Self::Ac3(parameters) => parameters.clock_rate,
            Self::Raw(format) => format.clock_rate,
            _ => 90_000,
        }
    }
}

fn h264_from(fmtp: &Fmtp<'_>) -> h264::Parameters {
    let [mode, sets] = fmtp.get_each(["packetization-mode", "sprop-parameter-sets"]);
    let mut parameters = h264::Parameters {
        packetization_mode: number(mode).unwrap_or(0),
        ..h264::Parameters::default()
    };
    for unit in parameter_sets(sets) {
        parameters = parameters.with_parameter_set(&unit);
    }
    parameters
}

fn h265_from(fmtp: &Fmtp<'_>) -> h265::Parameters {
    let keys = ["sprop-max-don-diff", "sprop-vps", "sprop-sps", "sprop-pps"];
    let [don_diff, sets @ ..] = fmtp.get_each(keys);
    let mut parameters = h265::Parameters {
        has_don: number(don_diff).is_some_and(|diff: u32| diff > 0),
        ..h265::Parameters::default()
    };
    for list in sets {
        for unit in parameter_sets(list) {
            parameters = parameters.with_parameter_set(&unit);
        }
    }
    parameters
}

/// The value of a parameter, if it is there and a number.
fn number<T: FromStr>(value: Option<&str>) -> Option<T> {
    value?.parse().ok()
}

fn parameter_sets(list: Option<&str>) -> Vec<bytes::Bytes> {
    let texts = list.unwrap_or_default().split(',');
    texts
        .filter_map(|text| LENIENT.decode(text.trim()).ok())
        .flat_map(|bytes| h264::sprop_units(&bytes))
        .collect()
}

fn aac_from(format: &Format<'_>, channels: u8) -> Result<aac::Parameters, UnsupportedFormat> {
    let [config, mode, constant_size, constant_duration, lengths @ ..] = format.fmtp.get_each([
        "config",
        "mode",
        "constantsize",
        "constantduration",
        "sizelength",
        "indexlength",
        "indexdeltalength",
        "ctsdeltalength",
        "dtsdeltalength",
        "randomaccessindication",
        "streamstateindication",
        "auxiliarydatasizelength",
    ]);
    let [
        size,
        index,
        index_delta,
        cts,
        dts,
        random_access,
        state,
        auxiliary,
    ] = lengths.map(number::<u8>);
    let config = config.and_then(from_hex).unwrap_or_default();
    let mut parameters = aac::Parameters::new(config.into(), format.clock_rate, channels);
    let constant_size = number(constant_size).filter(|size: &u16| *size > 0);
    // Where nothing is said, the mode says it.
    let silent = size.is_none() && constant_size.is_none();
    let low = mode.is_some_and(|mode| mode.eq_ignore_ascii_case("AAC-lbr"));
    let (size_by_mode, index_by_mode) = match (silent, low) {
        (true, true) => (6, 2),
        (true, false) => (13, 3),
        (false, _) => (0, 0),
    };
    parameters.size_length = size.unwrap_or(size_by_mode);
    parameters.index_length = index.unwrap_or(index_by_mode);
    parameters.index_delta_length = index_delta.unwrap_or(index_by_mode);
    parameters.cts_delta_length = cts.unwrap_or(0);
    parameters.dts_delta_length = dts.unwrap_or(0);
    parameters.random_access_indication = random_access == Some(1);
    parameters.stream_state_length = state.unwrap_or(0);
    parameters.auxiliary_data_size_length = auxiliary.unwrap_or(0);
    parameters.constant_size = constant_size;
    parameters.constant_duration = number(constant_duration).filter(|d: &u32| *d > 0);
    if parameters.size_length > 32 {
        return Err(UnsupportedFormat::new("sizelength"));
    }
    Ok(parameters)
}

fn latm_from(format: &Format<'_>, channels: u8) -> Result<latm::Parameters, UnsupportedFormat> {
    let fmtp = &format.fmtp;
    let config = match (fmtp.get("config"), fmtp.get("cpresent")) {
        // The default of cpresent is 1, but a config that is there is meant.
        (Some(text), _) => Some(from_hex(text).ok_or(UnsupportedFormat::new("config"))?),
        (None, Some("0")) => return Err(UnsupportedFormat::new("config")),
        (None, _) => None,
    };
    let config = config.map(bytes::Bytes::from);
    let mut parameters = latm::Parameters::new(config, format.clock_rate, channels);
    parameters.object = fmtp.parse("object");
    Ok(parameters)
}

fn h264_fmtp(parameters: &h264::Parameters) -> Fmtp<'static> {
    let mut fmtp = Fmtp::default().with("packetization-mode", parameters.packetization_mode);
    let sets = &parameters.parameter_sets;
    if let Some([_, profile, constraints, level, ..]) = sets.sps().next().map(|sps| &sps[..]) {
        let profile = u32::from_be_bytes([0, *profile, *constraints, *level]);
        fmtp.push("profile-level-id", format_args!("{profile:06X}"));
    }
    if sets.is_ready() {
        fmtp.push(
            "sprop-parameter-sets",
            base64_list(sets.sps().chain(sets.pps())),
        );
    }
    fmtp
}

fn h265_fmtp(parameters: &h265::Parameters) -> Fmtp<'static> {
    fn put<'a>(fmtp: &mut Fmtp<'_>, key: &str, units: impl Iterator<Item = &'a bytes::Bytes>) {
        let list = base64_list(units);
        if !list.is_empty() {
            fmtp.push(key, list);
        }
    }
    let mut fmtp = Fmtp::default();
    let sets: &ParameterSets = &parameters.parameter_sets;
    put(&mut fmtp, "sprop-vps", sets.vps());
    put(&mut fmtp, "sprop-sps", sets.sps());
    put(&mut fmtp, "sprop-pps", sets.pps());
    fmtp
}

fn base64_list<'a>(units: impl Iterator<Item = &'a bytes::Bytes>) -> String {
    let texts: Vec<String> = units.map(|unit| STANDARD.encode(unit)).collect();
    texts.join(",")
}

fn aac_fmtp(parameters: &aac::Parameters) -> Fmtp<'static> {
    let mode = match (parameters.size_length, parameters.constant_size) {
        (13, None) => "AAC-hbr",
        (6, None) => "AAC-lbr",
        _ => "generic",
    };
    let mut fmtp = Fmtp::default()
        .with("streamtype", 5)
        .with("profile-level-id", 1)
        .with("mode", mode);
    let lengths = [
        ("sizelength", u32::from(parameters.size_length)),
        ("indexlength", parameters.index_length.into()),
        ("indexdeltalength", parameters.index_delta_length.into()),
        ("ctsdeltalength", parameters.cts_delta_length.into()),
        ("dtsdeltalength", parameters.dts_delta_length.into()),
        (
            "randomaccessindication",
            parameters.random_access_indication.into(),
        ),
        (
            "streamstateindication",
            parameters.stream_state_length.into(),
        ),
        (
            "auxiliarydatasizelength",
            parameters.auxiliary_data_size_length.into(),
        ),
        ("constantsize", parameters.constant_size.unwrap_or(0).into()),
        (
            "constantduration",
            parameters.constant_duration.unwrap_or(0),
        ),
    ];
    for (name, value) in lengths.into_iter().filter(|(_, value)| *value > 0) {
        fmtp.push(name, value);
    }
    fmtp.with("config", to_hex(&parameters.config))
}

fn latm_fmtp(parameters: &latm::Parameters) -> Fmtp<'static> {
    let mut fmtp = Fmtp::default().with("cpresent", u8::from(parameters.config.is_none()));
    if let Some(object) = parameters.object {
        fmtp.push("object", object);
    }
    if let Some(config) = &parameters.config {
        fmtp.push("config", to_hex(config));
    }
    fmtp
}

fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_matches('"').as_bytes();
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    text.chunks(2)
        .map(|pair| {
            let (high, low) = (digit(pair.first()?)?, pair.get(1).map_or(Some(0), digit)?);
            u8::try_from(16 * high + low).ok()
        })
        .collect()
}

/// Cameras leave padding out or put bits behind the last byte.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
