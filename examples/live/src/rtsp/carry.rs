//! The same codec in FLV and in RTP.

use std::error::Error;

use bytes::Bytes;
use weir_flv::{
    FourCc,
    body::{Codec as FlvCodec, MediaKind, Packet, SoundFormat, SoundHeader, VideoCodecId},
    codec::{AacConfig, Av1Config, AvcConfig, CodecConfig, HevcConfig, OpusConfig, VpxConfig},
};
use weir_rtsp::payload::{Codec, ParameterSets, aac, ac3, av1, h264, h265, pcm, vp9};

/// How RTP carries the track of a packet: `None` if this packet does not tell, or nothing can.
pub(crate) fn to_rtp(packet: &Packet<'_>) -> Option<Codec> {
    if packet.is_sequence_start() {
        let config = CodecConfig::decode(packet.codec, packet.payload);
        return config
            .ok()
            .flatten()
            .and_then(|config| described(&config, packet.payload));
    }
    if !packet.is_coded() {
        return None;
    }
    // Codecs that need no configuration.
    let channels = packet
        .sound
        .map_or(1, |sound| 1 + u8::from(sound.is_stereo()));
    let law = |encoding| Some(Codec::Pcm(pcm::Parameters::new(encoding, 8_000, channels)));
    match packet.codec {
        FlvCodec::Audio(SoundFormat::G711_A) => law(pcm::Encoding::Pcma),
        FlvCodec::Audio(SoundFormat::G711_MU) => law(pcm::Encoding::Pcmu),
        codec => match codec.four_cc()? {
            FourCc::MP3 => Some(Codec::Mpa),
            FourCc::OPUS => Some(Codec::Opus(2)),
            FourCc::VP8 => Some(Codec::Vp8),
            FourCc::VP9 => Some(Codec::Vp9(vp9::Parameters::new(None))),
            code @ (FourCc::AC3 | FourCc::EAC3) => {
                let enhanced = code == FourCc::EAC3;
                Some(Codec::Ac3(ac3::Parameters::new(enhanced, 48_000, 2)))
            }
            _ => None,
        },
    }
}

fn described(config: &CodecConfig<'_>, record: &[u8]) -> Option<Codec> {
    Some(match config {
        CodecConfig::Avc(avc) => {
            let sets = avc.sps.iter().chain(&avc.pps);
            let parameters = h264::Parameters::default();
            Codec::H264(sets.fold(parameters, |all, set| all.with_parameter_set(set)))
        }
        CodecConfig::Hevc(hevc) => {
            let sets = hevc.arrays.iter().flat_map(|array| &array.units);
            let parameters = h265::Parameters::default();
            Codec::H265(sets.fold(parameters, |all, set| all.with_parameter_set(set)))
        }
        CodecConfig::Av1(av1) => Codec::Av1(av1::Parameters::new(
            Some(av1.profile),
            Some(av1.level),
            Some(u8::from(av1.high_tier)),
        )),
        CodecConfig::Aac(aac) => {
            let channels = aac.channels().unwrap_or(2);
            let config = Bytes::copy_from_slice(record);
            Codec::Aac(aac::Parameters::new(config, aac.output_rate(), channels))
        }
        CodecConfig::Opus(opus) => Codec::Opus(opus.channels.clamp(1, 2)),
        // The record does not say which of the two; the frames do.
        _ => return None,
    })
}

/// The bytes in front of a NAL unit in the frames of a track with this configuration.
pub(crate) fn length_size(packet: &Packet<'_>) -> Option<u8> {
    match CodecConfig::decode(packet.codec, packet.payload) {
        Ok(Some(CodecConfig::Avc(avc))) => Some(avc.length_size),
        Ok(Some(CodecConfig::Hevc(hevc))) => Some(hevc.length_size),
        _ => None,
    }
}

/// The parameter sets that a decoder needs before a key frame.
pub(crate) fn parameter_sets(codec: &Codec) -> Option<&ParameterSets> {
    match codec {
        Codec::H264(parameters) => Some(&parameters.parameter_sets),
        Codec::H265(parameters) => Some(&parameters.parameter_sets),
        _ => None,
    }
}

/// How FLV carries a codec of RTP: the first track of its kind under the legacy number where it
/// has one, so that old players understand it.
pub(crate) fn to_flv(codec: &Codec, is_first: bool) -> Option<(MediaKind, FlvCodec)> {
    use MediaKind::{Audio, Video};
    let legacy = |kind, codec, four_cc| {
        let codec = if is_first {
            codec
        } else {
            FlvCodec::FourCc(four_cc)
        };
        (kind, codec)
    };
    Some(match codec {
        Codec::H264(_) => legacy(Video, FlvCodec::Video(VideoCodecId::AVC), FourCc::AVC),
        Codec::H265(_) => (Video, FlvCodec::FourCc(FourCc::HEVC)),
        Codec::Av1(_) => (Video, FlvCodec::FourCc(FourCc::AV1)),
        Codec::Vp8 => (Video, FlvCodec::FourCc(FourCc::VP8)),
        Codec::Vp9(_) => (Video, FlvCodec::FourCc(FourCc::VP9)),
        Codec::Aac(_) | Codec::Latm(_) => {
            legacy(Audio, FlvCodec::Audio(SoundFormat::AAC), FourCc::AAC)
        }
        Codec::Mpa => legacy(Audio, FlvCodec::Audio(SoundFormat::MP3), FourCc::MP3),
        Codec::Opus(_) => (Audio, FlvCodec::FourCc(FourCc::OPUS)),
        Codec::Ac3(parameters) if parameters.enhanced => (Audio, FlvCodec::FourCc(FourCc::EAC3)),
        Codec::Ac3(_) => (Audio, FlvCodec::FourCc(FourCc::AC3)),
        Codec::Pcm(pcm) if is_first && pcm.clock_rate == 8_000 && pcm.channels <= 2 => {
            let format = match pcm.encoding {
                pcm::Encoding::Pcma => SoundFormat::G711_A,
                pcm::Encoding::Pcmu => SoundFormat::G711_MU,
                _ => return None,
            };
            (Audio, FlvCodec::Audio(format))
        }
        _ => return None,
    })
}

/// The first byte of a legacy audio body: 16 bits as FFmpeg writes for G.711, and the channels.
pub(crate) fn sound(codec: &Codec) -> Option<SoundHeader> {
    match codec {
        Codec::Pcm(pcm) => Some(SoundHeader::from(0x02 | u8::from(pcm.channels == 2))),
        _ => None,
    }
}

/// Samples per second and channels, for onMetaData.
pub(crate) fn sample_rate(codec: &Codec) -> Option<(u32, u8)> {
    match codec {
        Codec::Aac(aac) => Some((aac.clock_rate, aac.channels)),
        Codec::Latm(latm) => Some((latm.clock_rate, latm.channels)),
        Codec::Opus(channels) => Some((48_000, *channels)),
        Codec::Pcm(pcm) => Some((pcm.clock_rate, pcm.channels)),
        _ => None,
    }
}

/// The configuration record of a track. `None` for codecs without one; an error means that it is
/// not known before a key frame that says more.
pub(crate) fn record(
    codec: &Codec,
    sets: Option<&ParameterSets>,
    key_frame: &[u8],
) -> Result<Option<Vec<u8>>, Box<dyn Error + Send + Sync>> {
    Ok(Some(match codec {
        Codec::H264(_) => {
            let (_, sps, pps) = lists(sets);
            AvcConfig::new(sps, pps)?.encode()?
        }
        Codec::H265(_) => {
            let (vps, sps, pps) = lists(sets);
            HevcConfig::new(vps, sps, pps)?.encode()?
        }
        Codec::Av1(_) => Av1Config::new(key_frame)?.encode(),
        Codec::Vp8 => VpxConfig::vp8().encode().to_vec(),
        Codec::Vp9(_) => VpxConfig::of_vp9(key_frame)?.encode().to_vec(),
        Codec::Aac(aac) => {
            // Without a config parameter the rate and channels have to do.
            match AacConfig::decode(&aac.config) {
                Ok(_) => aac.config.to_vec(),
                Err(_) => AacConfig::lc(aac.clock_rate, aac.channels).encode()?,
            }
        }
        Codec::Latm(latm) => match latm.audio_config() {
            Some(config) => config,
            None => AacConfig::lc(latm.clock_rate, latm.channels).encode()?,
        },
        Codec::Opus(channels) => OpusConfig::new(*channels).encode(),
        _ => return Ok(None),
    }))
}

type Units<'a> = Vec<&'a [u8]>;

/// Video, sequence and picture parameter sets.
fn lists(sets: Option<&ParameterSets>) -> (Units<'_>, Units<'_>, Units<'_>) {
    let Some(sets) = sets else {
        return Default::default();
    };
    (
        sets.vps().map(|set| &set[..]).collect(),
        sets.sps().map(|set| &set[..]).collect(),
        sets.pps().map(|set| &set[..]).collect(),
    )
}
