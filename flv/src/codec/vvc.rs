//! H.266: the VvcDecoderConfigurationRecord and what its SPS says.

use alloc::vec::Vec;

use super::avc::{count, narrow};
use super::bits::Bits;
use super::hevc::{NalArray, push_units, units};
use super::nal::{push_unit, unescape};
use super::picture::{Chroma, Crop, Picture};
use crate::cursor::Cursor;
use crate::{EncodeError, Malformed};

/// VvcDecoderConfigurationRecord, without the box header of MP4. Borrows its parameter sets.
///
/// ISO/IEC 14496-15:2022, section 11.2.4.2.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VvcConfig<'a> {
    /// Bytes in the length of each NAL unit: 1, 2 or 4.
    pub length_size: u8,
    /// Profile, tier, level and picture, when they are said.
    pub ptl: Option<VvcPtl<'a>>,
    /// The arrays of parameter sets and messages, in order.
    pub arrays: Vec<NalArray<'a>>,
}

/// What the record says about the stream as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VvcPtl<'a> {
    /// ols_idx, 9 bits.
    pub ols_idx: u16,
    /// num_sublayers, 0 to 7.
    pub sublayers: u8,
    /// constant_frame_rate, 0 to 3.
    pub constant_frame_rate: u8,
    /// chroma_format_idc, 0 to 3.
    pub chroma_format: u8,
    /// Bits per sample.
    pub bit_depth: u8,
    /// general_profile_idc, 7 bits.
    pub profile: u8,
    /// general_tier_flag: high tier.
    pub high_tier: bool,
    /// general_level_idc, 16 times the level.
    pub level: u8,
    /// The constraint flags, from ptl_frame_only_constraint_flag on, at most 63 bytes.
    pub constraints: &'a [u8],
    /// The level of each sublayer but the highest, from the second highest down.
    pub sublayer_levels: Vec<Option<u8>>,
    /// general_sub_profile_idc.
    pub sub_profiles: Vec<u32>,
    /// Most samples across.
    pub max_width: u16,
    /// Most samples down.
    pub max_height: u16,
    /// Frames in 256 seconds; 0 when it is not said.
    pub avg_frame_rate: u16,
}

impl<'a> VvcConfig<'a> {
    /// Type of an operating point information unit.
    pub const OPI: u8 = 12;
    /// Type of decoding capability information.
    pub const DCI: u8 = 13;
    /// Type of a video parameter set.
    pub const VPS: u8 = 14;
    /// Type of a sequence parameter set.
    pub const SPS: u8 = 15;
    /// Type of a picture parameter set.
    pub const PPS: u8 = 16;

    /// Reads a record; bytes behind it are ignored.
    ///
    /// # Errors
    /// [`Malformed`] when it is too short.
    pub fn decode(record: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(record);
        let first = cursor.u8("LengthSizeMinusOne")?;
        let ptl = if first & 1 != 0 {
            Some(VvcPtl::decode(&mut cursor)?)
        } else {
            None
        };
        let array_count = cursor.u8("num_of_arrays")?;
        let arrays = (0..array_count)
            .map(|_| {
                let first = cursor.u8("NAL_unit_type")?;
                let nal_type = first & 0x1f;
                let unit_count = if is_single(nal_type) {
                    1
                } else {
                    cursor.u16("num_nalus")?
                };
                let units = units(&mut cursor, unit_count)?;
                Ok(NalArray {
                    complete: first & 0x80 != 0,
                    nal_type,
                    units,
                })
            })
            .collect::<Result<_, Malformed>>()?;
        Ok(Self {
            length_size: (first >> 1 & 3) + 1,
            ptl,
            arrays,
        })
    }

    /// The record's bytes.
    ///
    /// # Errors
    /// [`EncodeError::Range`] when a count or length does not fit its field.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::new();
        let length = self.length_size.clamp(1, 4) - 1;
        out.push(0xf8 | length << 1 | u8::from(self.ptl.is_some()));
        if let Some(ptl) = &self.ptl {
            ptl.encode(&mut out)?;
        }
        out.push(count(self.arrays.len(), 255)?);
        for array in &self.arrays {
            out.push(u8::from(array.complete) << 7 | array.nal_type & 0x1f);
            if is_single(array.nal_type) {
                push_unit(
                    array.units.first().copied().unwrap_or_default(),
                    2,
                    &mut out,
                )?;
            } else {
                push_units(&array.units, &mut out)?;
            }
        }
        Ok(out)
    }

    /// The units of one type, over all arrays.
    pub fn units(&self, nal_type: u8) -> impl Iterator<Item = &'a [u8]> {
        let arrays = self
            .arrays
            .iter()
            .filter(move |array| array.nal_type == nal_type);
        arrays.flat_map(|array| array.units.iter().copied())
    }

    /// Reads the first sequence parameter set.
    ///
    /// # Errors
    /// [`Malformed`] when there is none or it cannot be read.
    pub fn parse_sps(&self) -> Result<VvcSps, Malformed> {
        VvcSps::decode(self.units(Self::SPS).next().unwrap_or_default())
    }
}

impl<'a> VvcPtl<'a> {
    /// ```text
    ///  ols_idx(9) num_sublayers(3) constant_frame_rate(2) chroma_format_idc(2)
    ///  bit_depth_minus8(3) 11111  00 num_bytes_constraint_info(6)
    ///  general_profile_idc(7) general_tier_flag(1)  general_level_idc(8)  constraint bytes
    ///  sublayers > 1: one flag for each but the highest, padded to a byte, and their levels
    ///  num_sub_profiles(8), 4 bytes each
    ///  max_picture_width(16) max_picture_height(16) avg_frame_rate(16)
    /// ```
    fn decode(cursor: &mut Cursor<'a>) -> Result<Self, Malformed> {
        let first = cursor.u16("ols_idx")?;
        let bit_depth = (cursor.u8("bit_depth_minus8")? >> 5) + 8;
        let constraint_len = cursor.u8("num_bytes_constraint_info")? & 0x3f;
        let profile = cursor.u8("general_profile_idc")?;
        let level = cursor.u8("general_level_idc")?;
        let constraints = cursor.take(constraint_len.into(), "general_constraint_info")?;
        let sublayers = (first >> 4 & 7) as u8;
        let mut sublayer_levels = Vec::new();
        if sublayers > 1 {
            let flags = cursor.u8("ptl_sublayer_level_present_flag")?;
            for index in 0..sublayers - 1 {
                let present = flags << index & 0x80 != 0;
                let level = if present {
                    Some(cursor.u8("sublayer_level_idc")?)
                } else {
                    None
                };
                sublayer_levels.push(level);
            }
        }
        let sub_profile_count = cursor.u8("num_sub_profiles")?;
        let sub_profiles = (0..sub_profile_count)
            .map(|_| cursor.u32("general_sub_profile_idc"))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            ols_idx: first >> 7,
            sublayers,
            constant_frame_rate: (first >> 2 & 3) as u8,
            chroma_format: (first & 3) as u8,
            bit_depth,
            profile: profile >> 1,
            high_tier: profile & 1 != 0,
            level,
            constraints,
            sublayer_levels,
            sub_profiles,
            max_width: cursor.u16("max_picture_width")?,
            max_height: cursor.u16("max_picture_height")?,
            avg_frame_rate: cursor.u16("avg_frame_rate")?,
        })
    }

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let first = self.ols_idx << 7
            | u16::from(self.sublayers & 7) << 4
            | u16::from(self.constant_frame_rate & 3) << 2
            | u16::from(self.chroma_format & 3);
        out.extend_from_slice(&first.to_be_bytes());
        out.push(self.bit_depth.wrapping_sub(8) << 5 | 0x1f);
        out.push(count(self.constraints.len(), 63)?);
        out.push(self.profile << 1 | u8::from(self.high_tier));
        out.push(self.level);
        out.extend_from_slice(self.constraints);
        if self.sublayers > 1 {
            let levels = self
                .sublayer_levels
                .iter()
                .take(usize::from(self.sublayers) - 1);
            let flags = levels
                .clone()
                .enumerate()
                .filter(|(_, level)| level.is_some())
                .fold(0, |flags, (index, _)| flags | 0x80_u8 >> index.min(7));
            out.push(flags);
            out.extend(levels.flatten());
        }
        out.push(count(self.sub_profiles.len(), 255)?);
        for profile in &self.sub_profiles {
            out.extend_from_slice(&profile.to_be_bytes());
        }
        for field in [self.max_width, self.max_height, self.avg_frame_rate] {
            out.extend_from_slice(&field.to_be_bytes());
        }
        Ok(())
    }
}

/// What the front of a sequence parameter set says: profile and pictures.
///
/// H.266, section 7.3.2.4.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VvcSps {
    /// sps_seq_parameter_set_id, 0 to 15.
    pub id: u8,
    /// general_profile_idc, tier and level, when the SPS says them.
    pub profile_tier_level: Option<(u8, bool, u8)>,
    /// The pictures. Aspect, rate and colour stand too far back to be read.
    pub picture: Picture,
}

impl VvcSps {
    /// Reads a NAL unit of type 15, header included.
    ///
    /// # Errors
    /// [`Malformed`] when it ends early or a field is out of its range, up to the picture's
    /// size. Offsets count without emulation prevention bytes.
    pub fn decode(unit: &[u8]) -> Result<Self, Malformed> {
        let bytes = unescape(unit);
        let mut bits = Bits::new(&bytes);
        bits.skip(16, "nal_unit_header")?;
        let id = bits.read_u8(4, "sps_seq_parameter_set_id")?;
        bits.skip(4, "sps_video_parameter_set_id")?;
        let max_sublayers = bits.read(3, "sps_max_sublayers_minus1")?;
        let offset = bits.byte_offset();
        let chroma = Chroma::from_idc(bits.read(2, "sps_chroma_format_idc")?, offset)?;
        bits.skip(2, "sps_log2_ctu_size_minus5")?;
        let mut profile_tier_level = None;
        if bits.flag("sps_ptl_dpb_hrd_params_present_flag")? {
            profile_tier_level = Some(decode_ptl(&mut bits, max_sublayers)?);
        }
        bits.skip(1, "sps_gdr_enabled_flag")?;
        if bits.flag("sps_ref_pic_resampling_enabled_flag")? {
            bits.skip(1, "sps_res_change_in_clvs_allowed_flag")?;
        }
        let width = bits.ue_max(65_535, "sps_pic_width_max_in_luma_samples", "0 to 65535")?;
        let height = bits.ue_max(65_535, "sps_pic_height_max_in_luma_samples", "0 to 65535")?;
        let mut crop = Crop::default();
        if bits.flag("sps_conformance_window_flag")? {
            crop = Crop::decode(&mut bits)?;
        }
        let shown = crop.apply((width, height), chroma.subsampling());
        // Behind a description of subpictures the bit depth cannot be found; all profiles in use
        // have one picture.
        let bit_depth = match bits.flag("sps_subpic_info_present_flag") {
            Ok(false) => 8 + bits.ue_max(8, "sps_bitdepth_minus8", "0 to 8")?,
            _ => 8,
        };
        Ok(Self {
            id,
            profile_tier_level,
            picture: Picture {
                width: shown.0,
                height: shown.1,
                coded_width: width,
                coded_height: height,
                chroma,
                bit_depth: narrow(bit_depth),
                interlaced: false,
                sample_aspect_ratio: None,
                frame_rate: None,
                color: None,
            },
        })
    }
}

/// H.266, section 7.3.3.1.
fn decode_ptl(bits: &mut Bits<'_>, max_sublayers: u32) -> Result<(u8, bool, u8), Malformed> {
    let profile = bits.read_u8(7, "general_profile_idc")?;
    let high_tier = bits.flag("general_tier_flag")?;
    let level = bits.read_u8(8, "general_level_idc")?;
    bits.skip(2, "ptl_frame_only_constraint_flag")?;
    if bits.flag("gci_present_flag")? {
        bits.skip(71, "general constraint flags")?;
        let more = bits.read(8, "gci_num_additional_bits")?;
        bits.skip(more as usize, "gci_reserved_bit")?;
    }
    bits.align();
    let mut levels = 0;
    for _ in 0..max_sublayers {
        if bits.flag("ptl_sublayer_level_present_flag")? {
            levels += 1;
        }
    }
    bits.align();
    bits.skip(levels * 8, "sublayer_level_idc")?;
    let sub_profiles = bits.read(8, "ptl_num_sub_profiles")?;
    bits.skip(sub_profiles as usize * 32, "general_sub_profile_idc")?;
    Ok((profile, high_tier, level))
}

/// Types of which a stream has one unit, so that the record does not count them.
const fn is_single(nal_type: u8) -> bool {
    matches!(nal_type, VvcConfig::OPI | VvcConfig::DCI)
}
