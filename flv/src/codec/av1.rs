//! AV1: the AV1CodecConfigurationRecord and its sequence header.

use alloc::vec::Vec;

use super::bits::Bits;
use super::picture::{Chroma, Color, Picture, Ratio};
use crate::Malformed;
use crate::cursor::Cursor;

/// AV1CodecConfigurationRecord. Borrows its OBUs.
///
/// "AV1 Codec ISO Media File Format Binding", section 2.3.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Av1Config<'a> {
    /// seq_profile, 0 to 7.
    pub profile: u8,
    /// seq_level_idx_0, 0 to 31.
    pub level: u8,
    /// seq_tier_0: high tier.
    pub high_tier: bool,
    /// More than 8 bits per sample.
    pub high_bitdepth: bool,
    /// 12 bits per sample.
    pub twelve_bit: bool,
    /// Brightness only.
    pub monochrome: bool,
    /// Colour at half the width.
    pub subsampling_x: bool,
    /// Colour at half the height.
    pub subsampling_y: bool,
    /// chroma_sample_position, 0 to 3.
    pub chroma_sample_position: u8,
    /// initial_presentation_delay_minus_one, 0 to 15, when it is said.
    pub presentation_delay: Option<u8>,
    /// configOBUs: a sequence header, perhaps metadata; empty from some encoders.
    pub obus: &'a [u8],
}

impl<'a> Av1Config<'a> {
    /// Makes the record for the first sequence header among the OBUs of a key frame.
    ///
    /// # Errors
    /// [`Malformed`] when there is none or it cannot be read.
    pub fn new(frame: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(frame);
        loop {
            let begin = cursor.offset();
            if cursor.is_empty() {
                return Err(NO_SEQUENCE_HEADER);
            }
            let obu = obu(&mut cursor)?;
            if obu.kind == Obu::SEQUENCE_HEADER {
                let header = Av1SequenceHeader::decode(obu.payload)?;
                let obus = frame.get(begin..cursor.offset()).unwrap_or_default();
                return Ok(Self::of(&header, obus));
            }
        }
    }

    fn of(header: &Av1SequenceHeader, obus: &'a [u8]) -> Self {
        let picture = &header.picture;
        Self {
            profile: header.profile,
            level: header.level,
            high_tier: header.high_tier,
            high_bitdepth: picture.bit_depth > 8,
            twelve_bit: picture.bit_depth == 12,
            monochrome: picture.chroma == Chroma::Monochrome,
            subsampling_x: picture.chroma != Chroma::Yuv444,
            subsampling_y: matches!(picture.chroma, Chroma::Monochrome | Chroma::Yuv420),
            chroma_sample_position: 0,
            presentation_delay: None,
            obus,
        }
    }

    /// Reads a record.
    ///
    /// # Errors
    /// [`Malformed`] when it is too short or of another version.
    pub fn decode(record: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(record);
        let [first, levels, flags, delay] = cursor.array("AV1CodecConfigurationRecord")?;
        if first != 0x81 {
            return Err(Malformed::Value {
                what: "marker and version",
                offset: 0,
                got: first.into(),
                allowed: "0x81",
            });
        }
        Ok(Self {
            profile: levels >> 5,
            level: levels & 0x1f,
            high_tier: flags & 0x80 != 0,
            high_bitdepth: flags & 0x40 != 0,
            twelve_bit: flags & 0x20 != 0,
            monochrome: flags & 0x10 != 0,
            subsampling_x: flags & 0x08 != 0,
            subsampling_y: flags & 0x04 != 0,
            chroma_sample_position: flags & 3,
            presentation_delay: (delay & 0x10 != 0).then_some(delay & 0x0f),
            obus: cursor.rest(),
        })
    }

    /// The record's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let flags = u8::from(self.high_tier) << 7
            | u8::from(self.high_bitdepth) << 6
            | u8::from(self.twelve_bit) << 5
            | u8::from(self.monochrome) << 4
            | u8::from(self.subsampling_x) << 3
            | u8::from(self.subsampling_y) << 2
            | self.chroma_sample_position & 3;
        let delay = self
            .presentation_delay
            .map_or(0, |delay| 0x10 | delay & 0x0f);
        let mut out = Vec::with_capacity(4 + self.obus.len());
        out.extend_from_slice(&[0x81, self.profile << 5 | self.level & 0x1f, flags, delay]);
        out.extend_from_slice(self.obus);
        out
    }

    /// Bits per sample.
    #[must_use]
    pub const fn bit_depth(&self) -> u8 {
        bit_depth(self.profile, self.high_bitdepth, self.twelve_bit)
    }

    /// How colour is sampled.
    #[must_use]
    pub const fn chroma(&self) -> Chroma {
        chroma(self.monochrome, self.subsampling_x, self.subsampling_y)
    }

    /// The name of the profile, as FFmpeg prints it.
    #[must_use]
    pub const fn profile_name(&self) -> Option<&'static str> {
        match self.profile {
            0 => Some("Main"),
            1 => Some("High"),
            2 => Some("Professional"),
            _ => None,
        }
    }

    /// Reads the sequence header among the OBUs.
    ///
    /// # Errors
    /// [`Malformed`] when there is none or it cannot be read.
    pub fn parse_sequence_header(&self) -> Result<Av1SequenceHeader, Malformed> {
        for obu in obus(self.obus) {
            let obu = obu?;
            if obu.kind == Obu::SEQUENCE_HEADER {
                return Av1SequenceHeader::decode(obu.payload);
            }
        }
        Err(NO_SEQUENCE_HEADER)
    }
}

const NO_SEQUENCE_HEADER: Malformed = Malformed::Short {
    what: "sequence header OBU",
    offset: 0,
    wanted: 1,
    left: 0,
};

/// One open bitstream unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Obu<'a> {
    /// obu_type, 0 to 15.
    pub kind: u8,
    /// temporal_id, 0 to 7.
    pub temporal_id: u8,
    /// spatial_id, 0 to 3.
    pub spatial_id: u8,
    /// What is behind the header.
    pub payload: &'a [u8],
}

impl Obu<'_> {
    /// Type of a sequence header.
    pub const SEQUENCE_HEADER: u8 = 1;
    /// Type of a temporal delimiter, which FLV payloads should not have.
    pub const TEMPORAL_DELIMITER: u8 = 2;
}

/// Walks OBUs in the low-overhead format; one without a size reaches to the end.
///
/// Ends after an error. AV1, section 5.2.
pub fn obus(data: &[u8]) -> impl Iterator<Item = Result<Obu<'_>, Malformed>> {
    let mut cursor = Cursor::new(data);
    let mut failed = false;
    core::iter::from_fn(move || {
        if failed || cursor.is_empty() {
            return None;
        }
        let obu = obu(&mut cursor);
        failed = obu.is_err();
        Some(obu)
    })
}

fn obu<'a>(cursor: &mut Cursor<'a>) -> Result<Obu<'a>, Malformed> {
    let header = cursor.u8("obu_header")?;
    let extension = if header & 4 != 0 {
        cursor.u8("obu_extension_header")?
    } else {
        0
    };
    let len = match header & 2 {
        0 => cursor.rest().len(),
        _ => leb128(cursor)?,
    };
    Ok(Obu {
        kind: header >> 3 & 0x0f,
        temporal_id: extension >> 5,
        spatial_id: extension >> 3 & 3,
        payload: cursor.take(len, "obu")?,
    })
}

/// AV1, section 4.10.5: 8 bytes at most, 32 bits at most.
fn leb128(cursor: &mut Cursor<'_>) -> Result<usize, Malformed> {
    let offset = cursor.offset();
    let mut value = 0_u64;
    for index in 0..8 {
        let byte = cursor.u8("obu_size")?;
        value |= u64::from(byte & 0x7f) << (index * 7);
        if byte & 0x80 == 0 {
            break;
        }
    }
    u32::try_from(value)
        .ok()
        .and_then(|size| usize::try_from(size).ok())
        .ok_or(Malformed::Value {
            what: "obu_size",
            offset,
            got: value,
            allowed: "32 bits",
        })
}

/// What a sequence header says.
///
/// AV1, section 5.5.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Av1SequenceHeader {
    /// seq_profile, 0 to 7.
    pub profile: u8,
    /// seq_level_idx of the first operating point.
    pub level: u8,
    /// seq_tier of the first operating point: high tier.
    pub high_tier: bool,
    /// Whether it is one picture.
    pub still_picture: bool,
    /// The pictures.
    pub picture: Picture,
}

impl Av1SequenceHeader {
    /// Reads the payload of a sequence header OBU.
    ///
    /// # Errors
    /// [`Malformed`] when it ends early.
    pub fn decode(payload: &[u8]) -> Result<Self, Malformed> {
        let mut bits = Bits::new(payload);
        let profile = bits.read_u8(3, "seq_profile")?;
        let still_picture = bits.flag("still_picture")?;
        let reduced = bits.flag("reduced_still_picture_header")?;
        let mut frame_rate = None;
        let (level, high_tier) = if reduced {
            (bits.read_u8(5, "seq_level_idx")?, false)
        } else {
            let delay_len;
            (frame_rate, delay_len) = timing(&mut bits)?;
            operating_points(&mut bits, delay_len)?
        };
        let width_len = bits.read(4, "frame_width_bits_minus_1")? + 1;
        let height_len = bits.read(4, "frame_height_bits_minus_1")? + 1;
        let width = bits.read(width_len, "max_frame_width_minus_1")? + 1;
        let height = bits.read(height_len, "max_frame_height_minus_1")? + 1;
        skip_tools(&mut bits, reduced)?;
        let mut picture = color_config(&mut bits, profile)?;
        (picture.width, picture.height) = (width, height);
        (picture.coded_width, picture.coded_height) = (width, height);
        picture.frame_rate = frame_rate;
        Ok(Self {
            profile,
            level,
            high_tier,
            still_picture,
            picture,
        })
    }
}

/// Frame rate, and the length of the decoder model's delays where there is one.
fn timing(bits: &mut Bits<'_>) -> Result<(Option<Ratio>, Option<u32>), Malformed> {
    if !bits.flag("timing_info_present_flag")? {
        return Ok((None, None));
    }
    let units = bits.read(32, "num_units_in_display_tick")?;
    let scale = bits.read(32, "time_scale")?;
    let mut frame_rate = None;
    if bits.flag("equal_picture_interval")? {
        let ticks = bits.ue("num_ticks_per_picture_minus_1")?.checked_add(1);
        let units = ticks.and_then(|ticks| units.checked_mul(ticks));
        frame_rate = units.and_then(|units| Ratio::new(scale, units));
    }
    let mut delay_len = None;
    if bits.flag("decoder_model_info_present_flag")? {
        delay_len = Some(bits.read(5, "buffer_delay_length_minus_1")? + 1);
        bits.skip(32 + 5 + 5, "decoder_model_info")?;
    }
    Ok((frame_rate, delay_len))
}

/// Level and tier of the first operating point.
fn operating_points(bits: &mut Bits<'_>, delay_len: Option<u32>) -> Result<(u8, bool), Malformed> {
    let display_delay = bits.flag("initial_display_delay_present_flag")?;
    let count = bits.read(5, "operating_points_cnt_minus_1")? + 1;
    let mut first = None;
    for _ in 0..count {
        bits.skip(12, "operating_point_idc")?;
        let level = bits.read_u8(5, "seq_level_idx")?;
        let high_tier = level > 7 && bits.flag("seq_tier")?;
        if let Some(delay_len) = delay_len {
            if bits.flag("decoder_model_present_for_this_op")? {
                bits.skip(2 * delay_len as usize + 1, "operating_parameters_info")?;
            }
        }
        if display_delay && bits.flag("initial_display_delay_present_for_this_op")? {
            bits.skip(4, "initial_display_delay_minus_1")?;
        }
        first.get_or_insert((level, high_tier));
    }
    Ok(first.unwrap_or_default())
}

/// Everything between the size and the colours.
fn skip_tools(bits: &mut Bits<'_>, reduced: bool) -> Result<(), Malformed> {
    if !reduced && bits.flag("frame_id_numbers_present_flag")? {
        bits.skip(7, "delta_frame_id_length_minus_2")?;
    }
    bits.skip(3, "use_128x128_superblock")?;
    if !reduced {
        bits.skip(4, "enable_interintra_compound")?;
        let order_hint = bits.flag("enable_order_hint")?;
        if order_hint {
            bits.skip(2, "enable_jnt_comp")?;
        }
        let choose = bits.flag("seq_choose_screen_content_tools")?;
        let screen = choose || bits.flag("seq_force_screen_content_tools")?;
        if screen && !bits.flag("seq_choose_integer_mv")? {
            bits.skip(1, "seq_force_integer_mv")?;
        }
        if order_hint {
            bits.skip(3, "order_hint_bits_minus_1")?;
        }
    }
    bits.skip(3, "enable_superres")
}

/// AV1, section 5.5.2; the sizes are filled in later.
fn color_config(bits: &mut Bits<'_>, profile: u8) -> Result<Picture, Malformed> {
    let high_bitdepth = bits.flag("high_bitdepth")?;
    let twelve_bit = profile == 2 && high_bitdepth && bits.flag("twelve_bit")?;
    let monochrome = profile != 1 && bits.flag("mono_chrome")?;
    let depth = bit_depth(profile, high_bitdepth, twelve_bit);
    let mut color = None;
    let (mut primaries, mut transfer, mut matrix) = (2, 2, 2);
    if bits.flag("color_description_present_flag")? {
        primaries = bits.read_u8(8, "color_primaries")?;
        transfer = bits.read_u8(8, "transfer_characteristics")?;
        matrix = bits.read_u8(8, "matrix_coefficients")?;
        color = Some(Color {
            primaries,
            transfer,
            matrix,
            full_range: false,
        });
    }
    let (full_range, sampling) = if monochrome {
        (bits.flag("color_range")?, Chroma::Monochrome)
    } else if (primaries, transfer, matrix) == SRGB {
        (true, Chroma::Yuv444)
    } else {
        let full_range = bits.flag("color_range")?;
        let sampling = match profile {
            0 => Chroma::Yuv420,
            1 => Chroma::Yuv444,
            _ if depth == 12 => {
                let x = bits.flag("subsampling_x")?;
                let y = x && bits.flag("subsampling_y")?;
                chroma(false, x, y)
            }
            _ => Chroma::Yuv422,
        };
        (full_range, sampling)
    };
    if let Some(color) = &mut color {
        color.full_range = full_range;
    }
    Ok(Picture {
        width: 0,
        height: 0,
        coded_width: 0,
        coded_height: 0,
        chroma: sampling,
        bit_depth: depth,
        interlaced: false,
        sample_aspect_ratio: None,
        frame_rate: None,
        color,
    })
}

const fn bit_depth(profile: u8, high: bool, twelve: bool) -> u8 {
    match (high, twelve) {
        (true, true) if profile == 2 => 12,
        (true, _) => 10,
        _ => 8,
    }
}

const fn chroma(monochrome: bool, subsampling_x: bool, subsampling_y: bool) -> Chroma {
    match (monochrome, subsampling_x, subsampling_y) {
        (true, ..) => Chroma::Monochrome,
        (_, true, true) => Chroma::Yuv420,
        (_, true, false) => Chroma::Yuv422,
        _ => Chroma::Yuv444,
    }
}

/// BT.709 primaries, sRGB transfer, identity matrix: samples are RGB.
const SRGB: (u8, u8, u8) = (1, 13, 0);
