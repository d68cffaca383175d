//! H.264: the AVCDecoderConfigurationRecord and what its SPS says.

use alloc::vec::Vec;

use super::bits::Bits;
use super::nal::{push_unit, unescape};
use super::picture::{Chroma, Crop, Picture, Ratio, aspect_ratio, video_signal};
use crate::cursor::Cursor;
use crate::{EncodeError, Malformed};

/// AVCDecoderConfigurationRecord. Borrows its parameter sets.
///
/// ISO/IEC 14496-15, section 5.3.3.1.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AvcConfig<'a> {
    /// AVCProfileIndication.
    pub profile: u8,
    /// profile_compatibility: the constraint flags.
    pub compatibility: u8,
    /// AVCLevelIndication, ten times the level.
    pub level: u8,
    /// Bytes in the length of each NAL unit: 1, 2 or 4.
    pub length_size: u8,
    /// Sequence parameter sets, NAL header included.
    pub sps: Vec<&'a [u8]>,
    /// Picture parameter sets, NAL header included.
    pub pps: Vec<&'a [u8]>,
    /// The fields of the high profiles; writers leave them out or cut them short.
    pub high: Option<AvcHigh<'a>>,
}

/// The part of the record that only the high profiles have.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AvcHigh<'a> {
    /// chroma_format, 0 to 3.
    pub chroma_format: u8,
    /// Bits per luma sample.
    pub bit_depth_luma: u8,
    /// Bits per chroma sample.
    pub bit_depth_chroma: u8,
    /// Sequence parameter set extensions.
    pub sps_ext: Vec<&'a [u8]>,
}

impl<'a> AvcConfig<'a> {
    /// Makes the record for parameter sets, as an encoder hands them out.
    ///
    /// # Errors
    /// [`Malformed`] when the first SPS is too short to tell the profile.
    pub fn new(sps: Vec<&'a [u8]>, pps: Vec<&'a [u8]>) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(sps.first().copied().unwrap_or_default());
        cursor.u8("nal_unit_type")?;
        let [profile, compatibility, level] = cursor.array("profile_idc to level_idc")?;
        Ok(Self {
            profile,
            compatibility,
            level,
            length_size: 4,
            sps,
            pps,
            high: None,
        })
    }

    /// Reads a record. Bytes behind it, and high profile fields that are cut, are ignored.
    ///
    /// # Errors
    /// [`Malformed`] when it is too short or of another version.
    pub fn decode(record: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(record);
        let version = cursor.u8("configurationVersion")?;
        if version != 1 {
            return Err(Malformed::Value {
                what: "configurationVersion",
                offset: 0,
                got: version.into(),
                allowed: "1",
            });
        }
        let profile = cursor.u8("AVCProfileIndication")?;
        let compatibility = cursor.u8("profile_compatibility")?;
        let level = cursor.u8("AVCLevelIndication")?;
        let length_size = (cursor.u8("lengthSizeMinusOne")? & 3) + 1;
        let count = cursor.u8("numOfSequenceParameterSets")? & 0x1f;
        let sps = units(&mut cursor, count)?;
        let count = cursor.u8("numOfPictureParameterSets")?;
        let pps = units(&mut cursor, count)?;
        let high = if is_high(profile) {
            high(&mut cursor).ok()
        } else {
            None
        };
        Ok(Self {
            profile,
            compatibility,
            level,
            length_size,
            sps,
            pps,
            high,
        })
    }

    /// The record's bytes.
    ///
    /// # Errors
    /// [`EncodeError::Range`] when there are too many parameter sets (31, 255, 255) or one has
    /// more than 65,535 bytes.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::new();
        let length = self.length_size.clamp(1, 4) - 1;
        out.extend_from_slice(&[
            1,
            self.profile,
            self.compatibility,
            self.level,
            0xfc | length,
        ]);
        out.push(0xe0 | count(self.sps.len(), 31)?);
        push_all(&self.sps, &mut out)?;
        out.push(count(self.pps.len(), 255)?);
        push_all(&self.pps, &mut out)?;
        if let Some(high) = &self.high {
            out.push(0xfc | high.chroma_format & 3);
            out.push(0xf8 | high.bit_depth_luma.wrapping_sub(8) & 7);
            out.push(0xf8 | high.bit_depth_chroma.wrapping_sub(8) & 7);
            out.push(count(high.sps_ext.len(), 255)?);
            push_all(&high.sps_ext, &mut out)?;
        }
        Ok(out)
    }

    /// Reads the first sequence parameter set.
    ///
    /// # Errors
    /// [`Malformed`] when there is none or it cannot be read.
    pub fn parse_sps(&self) -> Result<AvcSps, Malformed> {
        AvcSps::decode(self.sps.first().copied().unwrap_or_default())
    }

    /// The name of the profile, as FFmpeg prints it.
    #[must_use]
    pub const fn profile_name(&self) -> Option<&'static str> {
        profile_name(self.profile, self.compatibility)
    }
}

/// What a sequence parameter set says.
///
/// H.264, section 7.3.2.1.1.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AvcSps {
    /// profile_idc.
    pub profile: u8,
    /// The constraint flags.
    pub compatibility: u8,
    /// level_idc, ten times the level.
    pub level: u8,
    /// seq_parameter_set_id, 0 to 31.
    pub id: u8,
    /// Most reference frames.
    pub max_ref_frames: u8,
    /// Most frames that are shown later than frames decoded behind them, when it is said.
    pub max_reorder_frames: Option<u8>,
    /// The pictures.
    pub picture: Picture,
}

impl AvcSps {
    /// Reads a NAL unit of type 7, header included.
    ///
    /// # Errors
    /// [`Malformed`] when it ends early or a field is out of its range. Offsets count without
    /// emulation prevention bytes. A VUI that cannot be read is left out.
    pub fn decode(unit: &[u8]) -> Result<Self, Malformed> {
        let bytes = unescape(unit);
        let mut bits = Bits::new(&bytes);
        bits.skip(8, "nal_unit_type")?;
        let profile = bits.read_u8(8, "profile_idc")?;
        let compatibility = bits.read_u8(8, "constraint flags")?;
        let level = bits.read_u8(8, "level_idc")?;
        let id = bits.ue_max(31, "seq_parameter_set_id", "0 to 31")?;
        let mut chroma = Chroma::Yuv420;
        let mut bit_depth = 8;
        let mut separate_planes = false;
        if is_high(profile) {
            let offset = bits.byte_offset();
            chroma = Chroma::from_idc(bits.ue("chroma_format_idc")?, offset)?;
            if chroma == Chroma::Yuv444 {
                separate_planes = bits.flag("separate_colour_plane_flag")?;
            }
            bit_depth += bits.ue_max(6, "bit_depth_luma_minus8", "0 to 6")?;
            bits.ue_max(6, "bit_depth_chroma_minus8", "0 to 6")?;
            bits.skip(1, "qpprime_y_zero_transform_bypass_flag")?;
            if bits.flag("seq_scaling_matrix_present_flag")? {
                let lists = if chroma == Chroma::Yuv444 { 12 } else { 8 };
                for list in 0..lists {
                    if bits.flag("seq_scaling_list_present_flag")? {
                        skip_scaling_list(&mut bits, if list < 6 { 16 } else { 64 })?;
                    }
                }
            }
        }
        bits.ue_max(12, "log2_max_frame_num_minus4", "0 to 12")?;
        skip_picture_order(&mut bits)?;
        let max_ref_frames = bits.ue_max(16, "max_num_ref_frames", "0 to 16")?;
        bits.skip(1, "gaps_in_frame_num_value_allowed_flag")?;
        let width = bits.ue_max(MBS_MAX, "pic_width_in_mbs_minus1", "0 to 4095")? + 1;
        let height = bits.ue_max(MBS_MAX, "pic_height_in_map_units_minus1", "0 to 4095")? + 1;
        let frames_only = bits.flag("frame_mbs_only_flag")?;
        if !frames_only {
            bits.skip(1, "mb_adaptive_frame_field_flag")?;
        }
        bits.skip(1, "direct_8x8_inference_flag")?;
        let field_factor = if frames_only { 1 } else { 2 };
        let coded = (width * 16, height * 16 * field_factor);
        let mut crop = Crop::default();
        if bits.flag("frame_cropping_flag")? {
            crop = Crop::decode(&mut bits)?;
        }
        let (across, down) = if separate_planes {
            (1, 1)
        } else {
            chroma.subsampling()
        };
        let (width, height) = crop.apply(coded, (across, down * field_factor));
        let mut sps = Self {
            profile,
            compatibility,
            level,
            id: narrow(id),
            max_ref_frames: narrow(max_ref_frames),
            max_reorder_frames: None,
            picture: Picture {
                width,
                height,
                coded_width: coded.0,
                coded_height: coded.1,
                chroma,
                bit_depth: narrow(bit_depth),
                interlaced: !frames_only,
                sample_aspect_ratio: None,
                frame_rate: None,
                color: None,
            },
        };
        if bits.flag("vui_parameters_present_flag").unwrap_or(false) {
            // The picture is known; a VUI that ends early only costs what it would have added.
            let _ = sps.vui(&mut bits);
        }
        Ok(sps)
    }

    /// The name of the profile, as FFmpeg prints it.
    #[must_use]
    pub const fn profile_name(&self) -> Option<&'static str> {
        profile_name(self.profile, self.compatibility)
    }

    /// H.264, section E.1.1.
    fn vui(&mut self, bits: &mut Bits<'_>) -> Result<(), Malformed> {
        self.picture.sample_aspect_ratio = aspect_ratio(bits)?;
        if bits.flag("overscan_info_present_flag")? {
            bits.skip(1, "overscan_appropriate_flag")?;
        }
        self.picture.color = video_signal(bits)?;
        if bits.flag("chroma_loc_info_present_flag")? {
            bits.ue("chroma_sample_loc_type_top_field")?;
            bits.ue("chroma_sample_loc_type_bottom_field")?;
        }
        if bits.flag("timing_info_present_flag")? {
            let units = bits.read(32, "num_units_in_tick")?;
            let scale = bits.read(32, "time_scale")?;
            bits.skip(1, "fixed_frame_rate_flag")?;
            // A tick is a field.
            self.picture.frame_rate = match units.checked_mul(2) {
                Some(units) => Ratio::new(scale, units),
                None => Ratio::new(scale / 2, units),
            };
        }
        let nal = bits.flag("nal_hrd_parameters_present_flag")?;
        if nal {
            skip_hrd(bits)?;
        }
        let vcl = bits.flag("vcl_hrd_parameters_present_flag")?;
        if vcl {
            skip_hrd(bits)?;
        }
        if nal || vcl {
            bits.skip(1, "low_delay_hrd_flag")?;
        }
        bits.skip(1, "pic_struct_present_flag")?;
        if bits.flag("bitstream_restriction_flag")? {
            bits.skip(1, "motion_vectors_over_pic_boundaries_flag")?;
            for what in [
                "max_bytes_per_pic_denom",
                "max_bits_per_mb_denom",
                "log2_max_mv_length_horizontal",
                "log2_max_mv_length_vertical",
            ] {
                bits.ue(what)?;
            }
            let frames = bits.ue_max(16, "max_num_reorder_frames", "0 to 16")?;
            self.max_reorder_frames = Some(narrow(frames));
        }
        Ok(())
    }
}

fn skip_picture_order(bits: &mut Bits<'_>) -> Result<(), Malformed> {
    match bits.ue_max(2, "pic_order_cnt_type", "0 to 2")? {
        0 => {
            bits.ue("log2_max_pic_order_cnt_lsb_minus4")?;
        }
        1 => {
            bits.skip(1, "delta_pic_order_always_zero_flag")?;
            bits.se("offset_for_non_ref_pic")?;
            bits.se("offset_for_top_to_bottom_field")?;
            let count = bits.ue_max(255, "num_ref_frames_in_pic_order_cnt_cycle", "0 to 255")?;
            for _ in 0..count {
                bits.se("offset_for_ref_frame")?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// H.264, section 7.3.2.1.1.1.
fn skip_scaling_list(bits: &mut Bits<'_>, len: u32) -> Result<(), Malformed> {
    let (mut last, mut next) = (8, 8);
    for _ in 0..len {
        if next != 0 {
            next = (last + bits.se("delta_scale")?).rem_euclid(256);
        }
        if next != 0 {
            last = next;
        }
    }
    Ok(())
}

/// H.264, section E.1.2.
fn skip_hrd(bits: &mut Bits<'_>) -> Result<(), Malformed> {
    let count = bits.ue_max(31, "cpb_cnt_minus1", "0 to 31")? + 1;
    bits.skip(8, "bit_rate_scale")?;
    for _ in 0..count {
        bits.ue("bit_rate_value_minus1")?;
        bits.ue("cpb_size_value_minus1")?;
        bits.skip(1, "cbr_flag")?;
    }
    bits.skip(20, "HRD lengths")
}

fn high<'a>(cursor: &mut Cursor<'a>) -> Result<AvcHigh<'a>, Malformed> {
    let chroma_format = cursor.u8("chroma_format")? & 3;
    let bit_depth_luma = (cursor.u8("bit_depth_luma_minus8")? & 7) + 8;
    let bit_depth_chroma = (cursor.u8("bit_depth_chroma_minus8")? & 7) + 8;
    let count = cursor.u8("numOfSequenceParameterSetExt")?;
    let sps_ext = units(cursor, count)?;
    Ok(AvcHigh {
        chroma_format,
        bit_depth_luma,
        bit_depth_chroma,
        sps_ext,
    })
}

fn units<'a>(cursor: &mut Cursor<'a>, count: u8) -> Result<Vec<&'a [u8]>, Malformed> {
    (0..count)
        .map(|_| {
            let len = cursor.u16("parameter set length")?;
            cursor.take(len.into(), "parameter set")
        })
        .collect()
}

fn push_all(units: &[&[u8]], out: &mut Vec<u8>) -> Result<(), EncodeError> {
    units.iter().try_for_each(|unit| push_unit(unit, 2, out))
}

/// A number of parameter sets, when it fits.
pub(super) fn count(len: usize, max: u8) -> Result<u8, EncodeError> {
    u8::try_from(len)
        .ok()
        .filter(|count| *count <= max)
        .ok_or_else(|| EncodeError::Range {
            what: "number of parameter sets",
            got: i64::try_from(len).unwrap_or(i64::MAX),
            allowed: "what its field holds",
        })
}

/// A number that was checked to fit.
pub(super) fn narrow(value: u32) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}

/// Profiles whose SPS and record say the sampling of colour. H.264, section 7.3.2.1.1.
const fn is_high(profile: u8) -> bool {
    matches!(
        profile,
        100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135 | 144
    )
}

const fn profile_name(profile: u8, compatibility: u8) -> Option<&'static str> {
    Some(match profile {
        66 if compatibility & 0x40 != 0 => "Constrained Baseline",
        66 => "Baseline",
        77 => "Main",
        88 => "Extended",
        100 if compatibility & 0x0c == 0x0c => "Constrained High",
        100 => "High",
        110 if compatibility & 0x10 != 0 => "High 10 Intra",
        110 => "High 10",
        122 if compatibility & 0x10 != 0 => "High 4:2:2 Intra",
        122 => "High 4:2:2",
        144 => "High 4:4:4",
        244 if compatibility & 0x10 != 0 => "High 4:4:4 Intra",
        244 => "High 4:4:4 Predictive",
        44 => "CAVLC 4:4:4",
        118 => "Multiview High",
        128 => "Stereo High",
        _ => return None,
    })
}

/// Past the largest picture of any level, and small enough to multiply.
const MBS_MAX: u32 = 4095;
