//! Legacy audio headers.

use super::codec_id::{Codec, SoundFormat};
use super::packet::{MediaKind, Packet, PacketType};
use crate::cursor::Cursor;
use crate::{Malformed, Timestamp};

/// The first byte of a legacy audio body.
///
/// The rate, size and channel bits are nominal: AAC says `0xaf` whatever its configuration,
/// Nellymoser 8k/16k, Speex, G.711 and MP3 8k have fixed rates.
///
/// ```text
///  FFFF RR S C    format, rate, size, channels
/// ```
/// FLV 10.1, section E.4.2.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SoundHeader(u8);

impl SoundHeader {
    /// What every AAC body begins with: 44.1 kHz, 16 bits, stereo.
    pub const AAC: Self = Self(0xaf);

    /// The byte on the wire.
    #[must_use]
    pub const fn as_u8(self) -> u8 {
        self.0
    }

    /// The codec.
    #[must_use]
    pub fn format(self) -> SoundFormat {
        SoundFormat::from(self.0 >> 4)
    }

    /// The two rate bits: 0 to 3 for 5.5, 11, 22 and 44.1 kHz.
    #[must_use]
    pub const fn rate_bits(self) -> u8 {
        self.0 >> 2 & 3
    }

    /// Samples per second, as far as this header can tell: AAC and Opus say it elsewhere.
    #[must_use]
    pub fn sample_rate(self) -> Option<u32> {
        match self.format() {
            SoundFormat::AAC | SoundFormat::OPUS => None,
            SoundFormat::NELLYMOSER_16K | SoundFormat::SPEEX => Some(16_000),
            SoundFormat::NELLYMOSER_8K
            | SoundFormat::G711_A
            | SoundFormat::G711_MU
            | SoundFormat::MP3_8K => Some(8_000),
            // FFmpeg writes 44.1 kHz divided by 8, 4 and 2 for the lower three.
            _ => Some(44_100 >> (3 - self.rate_bits())),
        }
    }

    /// Whether uncompressed samples have 16 bits rather than 8.
    #[must_use]
    pub const fn is_16_bit(self) -> bool {
        self.0 & 2 != 0
    }

    /// Whether there are two channels.
    #[must_use]
    pub const fn is_stereo(self) -> bool {
        self.0 & 1 != 0
    }
}

impl From<u8> for SoundHeader {
    fn from(byte: u8) -> Self {
        Self(byte)
    }
}

/// Reads a body whose sound format is not ExHeader; `cursor` stands behind the first byte.
#[inline]
pub(super) fn decode<E: From<Malformed>>(
    first: u8,
    mut cursor: Cursor<'_>,
    dts: Timestamp,
) -> Result<Packet<'_>, E> {
    let sound = SoundHeader(first);
    let format = sound.format();
    let packet_type = if format.has_packet_type() {
        PacketType::from_legacy_audio(cursor.u8("AACPacketType")?)
    } else {
        PacketType::CodedFrames
    };
    let mut packet = Packet::new(MediaKind::Audio, Codec::Audio(format), packet_type, dts);
    packet.sound = Some(sound);
    packet.set_payload(cursor);
    Ok(packet)
}
