//! What a video parameter set says about its pictures.

use super::bits::Bits;
use crate::Malformed;

/// Pictures as a codec's parameter set describes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Picture {
    /// Width to show, in samples.
    pub width: u32,
    /// Height to show, in samples.
    pub height: u32,
    /// Width before cropping.
    pub coded_width: u32,
    /// Height before cropping.
    pub coded_height: u32,
    /// How colour is sampled.
    pub chroma: Chroma,
    /// Bits per luma sample.
    pub bit_depth: u8,
    /// Whether pictures may be fields.
    pub interlaced: bool,
    /// Width to height of one sample; `None` when it is not said.
    pub sample_aspect_ratio: Option<Ratio>,
    /// Frames per second; `None` when it is not said.
    pub frame_rate: Option<Ratio>,
    /// What the numbers mean as colours; `None` when it is not said.
    pub color: Option<Color>,
}

/// How colour is sampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed by H.264, table 6-1")]
pub enum Chroma {
    /// Brightness only.
    Monochrome,
    /// Half the width, half the height.
    Yuv420,
    /// Half the width.
    Yuv422,
    /// In full.
    Yuv444,
}

impl Chroma {
    pub(super) fn from_idc(idc: u32, offset: usize) -> Result<Self, Malformed> {
        match idc {
            0 => Ok(Self::Monochrome),
            1 => Ok(Self::Yuv420),
            2 => Ok(Self::Yuv422),
            3 => Ok(Self::Yuv444),
            got => Err(Malformed::Value {
                what: "chroma_format_idc",
                offset,
                got: got.into(),
                allowed: "0 to 3",
            }),
        }
    }

    /// Luma samples per chroma sample: across and down. 1 and 1 for monochrome.
    pub(super) const fn subsampling(self) -> (u32, u32) {
        match self {
            Self::Yuv420 => (2, 2),
            Self::Yuv422 => (2, 1),
            Self::Monochrome | Self::Yuv444 => (1, 1),
        }
    }
}

/// A fraction as it stands in the stream, not reduced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Ratio {
    /// Numerator.
    pub num: u32,
    /// Denominator, never 0.
    pub den: u32,
}

impl Ratio {
    /// A fraction; `None` when either part is 0, which means "not said" in every codec.
    #[must_use]
    pub const fn new(num: u32, den: u32) -> Option<Self> {
        if num == 0 || den == 0 {
            None
        } else {
            Some(Self { num, den })
        }
    }

    /// The quotient.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        f64::from(self.num) / f64::from(self.den)
    }
}

/// What samples mean as colours, in the numbers of ITU-T H.273 (2 is "unspecified").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Color {
    /// Colour primaries.
    pub primaries: u8,
    /// Transfer characteristics.
    pub transfer: u8,
    /// Matrix coefficients.
    pub matrix: u8,
    /// Whether samples use the full range of their numbers.
    pub full_range: bool,
}

/// A rectangle's margins in samples, from the fields of a cropping window.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Crop {
    left: u32,
    right: u32,
    top: u32,
    bottom: u32,
}

impl Crop {
    /// Reads the four fields that H.264, H.265 and H.266 share.
    pub(super) fn decode(bits: &mut Bits<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            left: bits.ue("crop left offset")?,
            right: bits.ue("crop right offset")?,
            top: bits.ue("crop top offset")?,
            bottom: bits.ue("crop bottom offset")?,
        })
    }

    /// The size left of `coded` when the fields count units of `unit` samples.
    ///
    /// A window that leaves nothing is ignored, as decoders do.
    pub(super) fn apply(self, coded: (u32, u32), unit: (u32, u32)) -> (u32, u32) {
        let cut = |size: u32, a: u32, b: u32, unit: u32| {
            a.checked_add(b)
                .and_then(|units| units.checked_mul(unit))
                .and_then(|margin| size.checked_sub(margin))
                .filter(|rest| *rest > 0)
        };
        let width = cut(coded.0, self.left, self.right, unit.0);
        let height = cut(coded.1, self.top, self.bottom, unit.1);
        width.zip(height).unwrap_or(coded)
    }
}

/// Reads aspect_ratio_info of a VUI. H.264, table E-1; the others repeat it.
pub(super) fn aspect_ratio(bits: &mut Bits<'_>) -> Result<Option<Ratio>, Malformed> {
    if !bits.flag("aspect_ratio_info_present_flag")? {
        return Ok(None);
    }
    let idc = bits.read(8, "aspect_ratio_idc")?;
    if idc == 255 {
        let width = bits.read(16, "sar_width")?;
        let height = bits.read(16, "sar_height")?;
        return Ok(Ratio::new(width, height));
    }
    let ratio = ASPECT_RATIOS.get(idc as usize).copied();
    Ok(ratio.and_then(|(width, height)| Ratio::new(width, height)))
}

/// Reads video_signal_type of a VUI.
pub(super) fn video_signal(bits: &mut Bits<'_>) -> Result<Option<Color>, Malformed> {
    if !bits.flag("video_signal_type_present_flag")? {
        return Ok(None);
    }
    bits.skip(3, "video_format")?;
    let full_range = bits.flag("video_full_range_flag")?;
    let mut color = Color {
        primaries: 2,
        transfer: 2,
        matrix: 2,
        full_range,
    };
    if bits.flag("colour_description_present_flag")? {
        color.primaries = bits.read_u8(8, "colour_primaries")?;
        color.transfer = bits.read_u8(8, "transfer_characteristics")?;
        color.matrix = bits.read_u8(8, "matrix_coefficients")?;
    }
    Ok(Some(color))
}

const ASPECT_RATIOS: [(u32, u32); 17] = [
    (0, 0),
    (1, 1),
    (12, 11),
    (10, 11),
    (16, 11),
    (40, 33),
    (24, 11),
    (20, 11),
    (32, 11),
    (80, 33),
    (18, 11),
    (15, 11),
    (64, 33),
    (160, 99),
    (4, 3),
    (3, 2),
    (2, 1),
];
