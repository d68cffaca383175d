//! VP8 and VP9: the VPCodecConfigurationRecord.

use super::picture::Chroma;
use crate::Malformed;
use crate::cursor::Cursor;

/// VPCodecConfigurationRecord.
///
/// "VP Codec ISO Media File Format Binding", section "Syntax".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct VpxConfig {
    /// Whether version and flags of the MP4 box stand in front, as FFmpeg 9.0.2 writes it.
    pub boxed: bool,
    /// Profile, 0 to 3.
    pub profile: u8,
    /// Ten times the level; 0 when it is not known.
    pub level: u8,
    /// Bits per sample.
    pub bit_depth: u8,
    /// chromaSubsampling: 0 and 1 are 4:2:0, 2 is 4:2:2, 3 is 4:4:4.
    pub chroma_subsampling: u8,
    /// Whether samples use the full range of their numbers.
    pub full_range: bool,
    /// Colour primaries of ITU-T H.273.
    pub primaries: u8,
    /// Transfer characteristics of ITU-T H.273.
    pub transfer: u8,
    /// Matrix coefficients of ITU-T H.273.
    pub matrix: u8,
}

impl VpxConfig {
    /// Reads a record of 8 bytes, or of 12 with the version and flags of the box.
    ///
    /// # Errors
    /// [`Malformed`] when it is too short.
    pub fn decode(record: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(record);
        let boxed = record.len() >= 12 && record.starts_with(&BOX_VERSION);
        if boxed {
            cursor.take(BOX_VERSION.len(), "version and flags")?;
        }
        let profile = cursor.u8("profile")?;
        let level = cursor.u8("level")?;
        let sampling = cursor.u8("bitDepth")?;
        let [primaries, transfer, matrix] = cursor.array("colourPrimaries")?;
        cursor.u16("codecInitializationDataSize")?;
        Ok(Self {
            boxed,
            profile,
            level,
            bit_depth: sampling >> 4,
            chroma_subsampling: sampling >> 1 & 7,
            full_range: sampling & 1 != 0,
            primaries,
            transfer,
            matrix,
        })
    }

    /// The 8 bytes of the record, without the version and flags of the box.
    #[must_use]
    pub const fn encode(&self) -> [u8; 8] {
        let sampling =
            self.bit_depth << 4 | (self.chroma_subsampling & 7) << 1 | self.full_range as u8;
        [
            self.profile,
            self.level,
            sampling,
            self.primaries,
            self.transfer,
            self.matrix,
            0,
            0,
        ]
    }

    /// How colour is sampled; `None` for reserved numbers.
    #[must_use]
    pub const fn chroma(&self) -> Option<Chroma> {
        match self.chroma_subsampling {
            0 | 1 => Some(Chroma::Yuv420),
            2 => Some(Chroma::Yuv422),
            3 => Some(Chroma::Yuv444),
            _ => None,
        }
    }
}

/// Version 1, no flags.
const BOX_VERSION: [u8; 4] = [1, 0, 0, 0];
