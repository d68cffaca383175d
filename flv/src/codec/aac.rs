//! AAC: the AudioSpecificConfig.

use alloc::vec::Vec;

use super::aac_program::ProgramConfig;
use super::bits::{BitWriter, Bits};
use crate::{EncodeError, Malformed};

/// AudioSpecificConfig, with its extensions for SBR and PS.
///
/// ```
/// use weir_flv::codec::AacConfig;
/// // HE-AAC v2: 24 kHz mono inside, 48 kHz stereo when played.
/// let config = AacConfig::decode(&[0xeb, 0x09, 0x88, 0x00])?;
/// assert_eq!((config.sample_rate, config.output_rate()), (24_000, 48_000));
/// assert_eq!((config.channel_config, config.channels()), (1, Some(2)));
/// # Ok::<(), weir_flv::Malformed>(())
/// ```
/// ISO/IEC 14496-3, section 1.6.2.1.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AacConfig {
    /// audioObjectType of the core: 2 is LC.
    pub object_type: u8,
    /// Samples per second of the core, in Hz.
    pub sample_rate: u32,
    /// channelConfiguration, 0 to 15; 0 means that [`program`](Self::program) tells.
    pub channel_config: u8,
    /// How SBR and PS are signalled.
    pub signalling: Signalling,
    /// Whether there is spectral band replication; `None` when it is not said.
    pub sbr: Option<bool>,
    /// Whether there is parametric stereo; `None` when it is not said.
    pub ps: Option<bool>,
    /// Samples per second with SBR, in Hz.
    pub extension_rate: Option<u32>,
    /// Whether frames have 960 samples instead of 1,024 (480 instead of 512 for ELD).
    pub short_frames: bool,
    /// coreCoderDelay of scalable streams.
    pub core_coder_delay: Option<u16>,
    /// The channels of streams with channelConfiguration 0.
    pub program: Option<ProgramConfig>,
}

/// How an AudioSpecificConfig signals SBR and PS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "closed by ISO/IEC 14496-3, section 1.6.5"
)]
pub enum Signalling {
    /// Not at all; they may still be in the frames.
    Implicit,
    /// By the object type in front: 5 for SBR, 29 for SBR and PS.
    Explicit,
    /// Behind the configuration, where old decoders do not look.
    BackwardCompatible,
}

impl AacConfig {
    /// A configuration of AAC-LC that signals nothing else.
    #[must_use]
    pub const fn lc(sample_rate: u32, channel_config: u8) -> Self {
        Self {
            object_type: LC,
            sample_rate,
            channel_config,
            signalling: Signalling::Implicit,
            sbr: None,
            ps: None,
            extension_rate: None,
            short_frames: false,
            core_coder_delay: None,
            program: None,
        }
    }

    /// Reads a configuration.
    ///
    /// Of object types that are not of the AAC family only type, rate and channels are read.
    ///
    /// # Errors
    /// [`Malformed`] when it ends early or names a reserved rate.
    pub fn decode(config: &[u8]) -> Result<Self, Malformed> {
        match Self::plain(config) {
            Some(decoded) => Ok(decoded),
            None => Self::decode_any(config),
        }
    }

    /// Reads what nearly all streams have: AAC-LC whose channels have a number, and perhaps an
    /// extension behind it. `None` for others.
    ///
    /// ```text
    ///  TTTTTRRR RCCCCF00    type, rate, channels, frameLengthFlag
    /// ```
    #[inline(always)]
    fn plain(config: &[u8]) -> Option<Self> {
        let (bytes, behind) = config.split_first_chunk()?;
        let word = u16::from_be_bytes(*bytes);
        let sample_rate = *RATES.get(usize::from(word >> 7 & 0xf))?;
        let channel_config = (word >> 3 & 0xf) as u8;
        if word >> 11 != u16::from(LC) || word & 3 != 0 || channel_config == 0 {
            return None;
        }
        let mut decoded = Self::lc(sample_rate, channel_config);
        decoded.short_frames = word & 4 != 0;
        if behind.len() >= 2 {
            decoded.extend(Bits::new(behind));
        }
        Some(decoded)
    }

    #[inline(never)]
    fn decode_any(config: &[u8]) -> Result<Self, Malformed> {
        let mut bits = Bits::new(config);
        let object_type = object_type(&mut bits)?;
        let sample_rate = rate(&mut bits)?;
        let channel_config = bits.read_u8(4, "channelConfiguration")?;
        let mut decoded = Self {
            object_type,
            ..Self::lc(sample_rate, channel_config)
        };
        if matches!(object_type, SBR | PS) {
            decoded.signalling = Signalling::Explicit;
            decoded.sbr = Some(true);
            decoded.ps = Some(object_type == PS);
            decoded.extension_rate = Some(rate(&mut bits)?);
            decoded.object_type = self::object_type(&mut bits)?;
            if decoded.object_type == BSAC {
                bits.skip(4, "extensionChannelConfiguration")?;
            }
        }
        if is_general_audio(decoded.object_type) {
            decoded.general_audio(&mut bits)?;
        } else if decoded.object_type == ELD {
            decoded.short_frames = bits.flag("frameLengthFlag")?;
            return Ok(decoded);
        } else {
            return Ok(decoded);
        }
        if is_error_resilient(decoded.object_type) {
            bits.skip(2, "epConfig")?;
        }
        if decoded.signalling == Signalling::Implicit && bits.left() >= 16 {
            decoded.extend(bits);
        }
        Ok(decoded)
    }

    /// The configuration's bytes.
    ///
    /// # Errors
    /// [`EncodeError`] when the object type is not of the AAC family (error resilient ones
    /// included), or a rate has more than 24 bits.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let form = "AudioSpecificConfig";
        if !is_general_audio(self.object_type) || is_error_resilient(self.object_type) {
            return Err(EncodeError::NoPlace {
                form,
                what: "this object type",
            });
        }
        let mut bits = BitWriter::default();
        if self.signalling == Signalling::Explicit {
            let extension = if self.ps == Some(true) { PS } else { SBR };
            write_object_type(&mut bits, extension);
        } else {
            write_object_type(&mut bits, self.object_type);
        }
        write_rate(&mut bits, self.sample_rate)?;
        bits.write(self.channel_config.into(), 4);
        let output_rate = self.extension_rate.unwrap_or(self.sample_rate);
        if self.signalling == Signalling::Explicit {
            write_rate(&mut bits, output_rate)?;
            write_object_type(&mut bits, self.object_type);
        }
        bits.flag(self.short_frames);
        bits.flag(self.core_coder_delay.is_some());
        if let Some(delay) = self.core_coder_delay {
            bits.write(delay.into(), 14);
        }
        bits.flag(false);
        if self.channel_config == 0 {
            match &self.program {
                Some(program) => program.encode(&mut bits)?,
                None => {
                    return Err(EncodeError::NoPlace {
                        form,
                        what: "channels left unsaid",
                    });
                }
            }
        }
        if is_scalable(self.object_type) {
            bits.write(0, 3);
        }
        if self.signalling == Signalling::BackwardCompatible {
            bits.write(SYNC_SBR, 11);
            bits.write(SBR.into(), 5);
            bits.flag(self.sbr == Some(true));
            if self.sbr == Some(true) {
                write_rate(&mut bits, output_rate)?;
                if let Some(ps) = self.ps {
                    bits.write(SYNC_PS, 11);
                    bits.flag(ps);
                }
            }
        }
        Ok(bits.into_bytes())
    }

    /// Samples per second when played: twice the core's with SBR.
    #[must_use]
    pub fn output_rate(&self) -> u32 {
        match self.sbr {
            Some(true) => self.extension_rate.unwrap_or(self.sample_rate),
            _ => self.sample_rate,
        }
    }

    /// Channels when played; `None` for reserved configurations.
    #[must_use]
    pub fn channels(&self) -> Option<u8> {
        let channels = match self.channel_config {
            0 => self.program.as_ref()?.channels(),
            config @ 1..=6 => config,
            7 | 12 | 14 => 8,
            11 => 7,
            13 => 24,
            _ => return None,
        };
        Some(if channels == 1 && self.ps == Some(true) {
            2
        } else {
            channels
        })
    }

    /// Samples of each channel in one frame when played.
    #[must_use]
    pub fn frame_len(&self) -> u32 {
        let core = match (self.object_type == ELD, self.short_frames) {
            (false, false) => 1024,
            (false, true) => 960,
            (true, false) => 512,
            (true, true) => 480,
        };
        if self.sbr == Some(true) {
            core * 2
        } else {
            core
        }
    }

    /// ISO/IEC 14496-3, section 4.4.1.
    fn general_audio(&mut self, bits: &mut Bits<'_>) -> Result<(), Malformed> {
        self.short_frames = bits.flag("frameLengthFlag")?;
        if bits.flag("dependsOnCoreCoder")? {
            self.core_coder_delay = Some((bits.read(14, "coreCoderDelay")? & 0x3fff) as u16);
        }
        let extension = bits.flag("extensionFlag")?;
        if self.channel_config == 0 {
            self.program = Some(ProgramConfig::decode(bits)?);
        }
        if is_scalable(self.object_type) {
            bits.skip(3, "layerNr")?;
        }
        if extension {
            if self.object_type == BSAC {
                bits.skip(16, "numOfSubFrame")?;
            }
            if matches!(self.object_type, 17 | 19 | 20 | 23) {
                bits.skip(3, "resilience flags")?;
            }
            bits.skip(1, "extensionFlag3")?;
        }
        Ok(())
    }

    /// Takes in what the part behind the configuration says.
    #[inline]
    fn extend(&mut self, bits: Bits<'_>) {
        if let Some(extension) = Extension::decode(bits) {
            self.signalling = Signalling::BackwardCompatible;
            self.sbr = Some(extension.sbr);
            self.extension_rate = extension.rate;
            self.ps = extension.ps;
        }
    }
}

/// What stands behind a configuration where old decoders do not look.
struct Extension {
    sbr: bool,
    rate: Option<u32>,
    ps: Option<bool>,
}

impl Extension {
    /// `None` when it is something else: what cannot be read here is padding, not a fault.
    #[inline(never)]
    fn decode(mut bits: Bits<'_>) -> Option<Self> {
        let is_sbr = bits.read(11, "syncExtensionType").ok()? == SYNC_SBR
            && object_type(&mut bits).ok()? == SBR;
        if !is_sbr {
            return None;
        }
        let sbr = bits.flag("sbrPresentFlag").ok()?;
        let mut extension = Self {
            sbr,
            rate: None,
            ps: None,
        };
        if sbr {
            extension.rate = Some(rate(&mut bits).ok()?);
            if bits.left() >= 12 && bits.read(11, "syncExtensionType").ok()? == SYNC_PS {
                extension.ps = bits.flag("psPresentFlag").ok();
            }
        }
        Some(extension)
    }
}

/// The number that stands for a rate, when there is one.
pub(super) fn rate_index(rate: u32) -> Option<u8> {
    RATES
        .iter()
        .position(|known| *known == rate)
        .and_then(|index| u8::try_from(index).ok())
}

/// The rate a number stands for.
pub(super) fn rate_of(index: u32, offset: usize) -> Result<u32, Malformed> {
    RATES
        .get(index as usize)
        .copied()
        .ok_or_else(|| Malformed::Value {
            what: "samplingFrequencyIndex",
            offset,
            got: index.into(),
            allowed: "0 to 12, or 15",
        })
}

#[inline]
fn object_type(bits: &mut Bits<'_>) -> Result<u8, Malformed> {
    match bits.read_u8(5, "audioObjectType")? {
        31 => Ok(32 + bits.read_u8(6, "audioObjectTypeExt")?),
        object_type => Ok(object_type),
    }
}

fn write_object_type(bits: &mut BitWriter, object_type: u8) {
    if object_type < 31 {
        bits.write(object_type.into(), 5);
    } else {
        bits.write(31, 5);
        bits.write(u32::from(object_type) - 32, 6);
    }
}

#[inline]
fn rate(bits: &mut Bits<'_>) -> Result<u32, Malformed> {
    let offset = bits.byte_offset();
    match bits.read(4, "samplingFrequencyIndex")? {
        15 => bits.read(24, "samplingFrequency"),
        index => rate_of(index, offset),
    }
}

fn write_rate(bits: &mut BitWriter, rate: u32) -> Result<(), EncodeError> {
    if let Some(index) = rate_index(rate) {
        bits.write(index.into(), 4);
        return Ok(());
    }
    if rate > 0xff_ffff {
        let allowed = "0 to 16777215";
        return Err(EncodeError::Range {
            what: "sample rate",
            got: rate.into(),
            allowed,
        });
    }
    bits.write(15, 4);
    bits.write(rate, 24);
    Ok(())
}

/// Object types that go on with a GASpecificConfig.
const fn is_general_audio(object_type: u8) -> bool {
    matches!(object_type, 1..=4 | 6 | 7 | 17 | 19..=23)
}

const fn is_error_resilient(object_type: u8) -> bool {
    matches!(object_type, 17 | 19..=23)
}

const fn is_scalable(object_type: u8) -> bool {
    matches!(object_type, 6 | 20)
}

const LC: u8 = 2;
const SBR: u8 = 5;
const BSAC: u8 = 22;
const PS: u8 = 29;
const ELD: u8 = 39;
const SYNC_SBR: u32 = 0x2b7;
const SYNC_PS: u32 = 0x548;

/// ISO/IEC 14496-3, table 1.18.
const RATES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
];
