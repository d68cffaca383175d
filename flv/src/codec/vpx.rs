//! VP8 and VP9: the VPCodecConfigurationRecord.

use super::bits::Bits;
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
    /// The record of VP8, whose frames are all of one kind. RFC 6386, section 9.
    #[must_use]
    pub const fn vp8() -> Self {
        Self {
            boxed: false,
            profile: 0,
            level: 0,
            bit_depth: 8,
            chroma_subsampling: 1,
            full_range: false,
            primaries: UNSPECIFIED,
            transfer: UNSPECIFIED,
            matrix: UNSPECIFIED,
        }
    }

    /// Makes the record for a key frame of VP9.
    ///
    /// VP9, sections 7.2 and 7.2.2: the frame says one colour space where the record has three
    /// numbers, so only BT.601, BT.709, BT.2020 and sRGB are told.
    ///
    /// # Errors
    /// [`Malformed`] when the frame is no key frame or ends early.
    pub fn of_vp9(frame: &[u8]) -> Result<Self, Malformed> {
        let mut bits = Bits::new(frame);
        bits.skip(2, "frame_marker")?;
        let low = bits.read_u8(1, "profile_low_bit")?;
        let profile = bits.read_u8(1, "profile_high_bit")? << 1 | low;
        if profile == 3 {
            bits.skip(1, "reserved_zero")?;
        }
        // show_existing_frame, frame_type (0 is a key frame)
        let kind = bits.read(2, "frame_type")?;
        bits.skip(2, "show_frame")?;
        let sync = bits.read(24, "frame_sync_code")?;
        if kind != 0 || sync != VP9_SYNC_CODE {
            return Err(Malformed::Value {
                what: "frame_sync_code of a key frame",
                offset: 1,
                got: sync.into(),
                allowed: "0x498342",
            });
        }
        let bit_depth = match profile >= 2 {
            true if bits.flag("ten_or_twelve_bit")? => 12,
            true => 10,
            false => 8,
        };
        let color_space = bits.read_u8(3, "color_space")?;
        let rgb = color_space == 7;
        let full_range = rgb || bits.flag("color_range")?;
        let chroma_subsampling = match (profile & 1, rgb) {
            (0, _) => 1,
            (_, true) => 3,
            _ => match bits.read(2, "subsampling_x")? {
                0b11 => 1,
                0b10 => 2,
                _ => 3,
            },
        };
        let (primaries, transfer, matrix) = match color_space {
            1 => (6, 6, 6),
            2 => (1, 1, 1),
            5 => (9, 14, 9),
            7 => (1, 13, 0),
            _ => (UNSPECIFIED, UNSPECIFIED, UNSPECIFIED),
        };
        Ok(Self {
            profile,
            bit_depth,
            chroma_subsampling,
            full_range,
            primaries,
            transfer,
            matrix,
            ..Self::vp8()
        })
    }

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
/// VP9, section 7.2.1.
const VP9_SYNC_CODE: u32 = 0x49_83_42;
/// "Unspecified" in ITU-T H.273.
const UNSPECIFIED: u8 = 2;
