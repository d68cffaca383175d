//! H.265: what a sequence parameter set says.

use super::avc::narrow;
use super::bits::Bits;
use super::hevc::profile_name;
use super::nal::unescape;
use super::picture::{Chroma, Crop, Picture, Ratio, aspect_ratio, video_signal};
use crate::Malformed;

/// What a sequence parameter set says.
///
/// H.265, section 7.3.2.2.1.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HevcSps {
    /// general_profile_space, 0 to 3.
    pub profile_space: u8,
    /// general_tier_flag: high tier.
    pub high_tier: bool,
    /// general_profile_idc, 0 to 31.
    pub profile: u8,
    /// general_profile_compatibility_flags.
    pub compatibility: u32,
    /// The 48 bits of constraint flags.
    pub constraints: [u8; 6],
    /// general_level_idc, 30 times the level.
    pub level: u8,
    /// sps_seq_parameter_set_id, 0 to 15.
    pub id: u8,
    /// Temporal layers, 1 to 7.
    pub temporal_layers: u8,
    /// Whether every picture of a higher layer may be switched to.
    pub temporal_id_nested: bool,
    /// Bits per chroma sample.
    pub bit_depth_chroma: u8,
    /// The pictures.
    pub picture: Picture,
}

impl HevcSps {
    /// Reads a NAL unit of type 33, header included.
    ///
    /// # Errors
    /// [`Malformed`] when it ends early or a field is out of its range, up to the bit depths.
    /// Offsets count without emulation prevention bytes. What comes later and cannot be read is
    /// left out: the picture's aspect, colour and rate.
    pub fn decode(unit: &[u8]) -> Result<Self, Malformed> {
        let bytes = unescape(unit);
        let mut bits = Bits::new(&bytes);
        bits.skip(16, "nal_unit_header")?;
        bits.skip(4, "sps_video_parameter_set_id")?;
        let max_sub_layers = bits.read_u8(3, "sps_max_sub_layers_minus1")?;
        let temporal_id_nested = bits.flag("sps_temporal_id_nesting_flag")?;
        let profile_space = bits.read_u8(2, "general_profile_space")?;
        let high_tier = bits.flag("general_tier_flag")?;
        let profile = bits.read_u8(5, "general_profile_idc")?;
        let compatibility = bits.read(32, "general_profile_compatibility_flags")?;
        let mut constraints = [0; 6];
        for byte in &mut constraints {
            *byte = bits.read_u8(8, "general constraint flags")?;
        }
        let level = bits.read_u8(8, "general_level_idc")?;
        skip_sub_layers(&mut bits, max_sub_layers)?;
        let id = bits.ue_max(15, "sps_seq_parameter_set_id", "0 to 15")?;
        let offset = bits.byte_offset();
        let chroma = Chroma::from_idc(bits.ue("chroma_format_idc")?, offset)?;
        let separate_planes =
            chroma == Chroma::Yuv444 && bits.flag("separate_colour_plane_flag")?;
        let width = bits.ue_max(SIDE_MAX, "pic_width_in_luma_samples", "0 to 65535")?;
        let height = bits.ue_max(SIDE_MAX, "pic_height_in_luma_samples", "0 to 65535")?;
        let mut crop = Crop::default();
        if bits.flag("conformance_window_flag")? {
            crop = Crop::decode(&mut bits)?;
        }
        let bit_depth = 8 + bits.ue_max(8, "bit_depth_luma_minus8", "0 to 8")?;
        let bit_depth_chroma = 8 + bits.ue_max(8, "bit_depth_chroma_minus8", "0 to 8")?;
        let unit = if separate_planes {
            (1, 1)
        } else {
            chroma.subsampling()
        };
        let shown = crop.apply((width, height), unit);
        let mut sps = Self {
            profile_space,
            high_tier,
            profile,
            compatibility,
            constraints,
            level,
            id: narrow(id),
            temporal_layers: max_sub_layers + 1,
            temporal_id_nested,
            bit_depth_chroma: narrow(bit_depth_chroma),
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
        };
        // The picture is known; what ends early behind it only costs what it would have added.
        let _ = sps.tail(&mut bits, max_sub_layers);
        Ok(sps)
    }

    /// The name of the profile, as FFmpeg prints it.
    #[must_use]
    pub const fn profile_name(&self) -> Option<&'static str> {
        profile_name(self.profile)
    }

    /// Everything between the bit depths and the VUI, and the VUI.
    fn tail(&mut self, bits: &mut Bits<'_>, max_sub_layers: u8) -> Result<(), Malformed> {
        let poc_bits = 4 + bits.ue_max(12, "log2_max_pic_order_cnt_lsb_minus4", "0 to 12")?;
        let each = bits.flag("sps_sub_layer_ordering_info_present_flag")?;
        for _ in 0..=if each { max_sub_layers } else { 0 } {
            bits.ue("sps_max_dec_pic_buffering_minus1")?;
            bits.ue("sps_max_num_reorder_pics")?;
            bits.ue("sps_max_latency_increase_plus1")?;
        }
        for _ in 0..6 {
            bits.ue("block sizes")?;
        }
        if bits.flag("scaling_list_enabled_flag")?
            && bits.flag("sps_scaling_list_data_present_flag")?
        {
            skip_scaling_lists(bits)?;
        }
        bits.skip(2, "amp_enabled_flag")?;
        if bits.flag("pcm_enabled_flag")? {
            bits.skip(8, "pcm_sample_bit_depth")?;
            bits.ue("log2_min_pcm_luma_coding_block_size_minus3")?;
            bits.ue("log2_diff_max_min_pcm_luma_coding_block_size")?;
            bits.skip(1, "pcm_loop_filter_disabled_flag")?;
        }
        skip_short_term_sets(bits)?;
        if bits.flag("long_term_ref_pics_present_flag")? {
            let count = bits.ue_max(32, "num_long_term_ref_pics_sps", "0 to 32")?;
            bits.skip(
                count as usize * (poc_bits as usize + 1),
                "lt_ref_pic_poc_lsb_sps",
            )?;
        }
        bits.skip(2, "sps_temporal_mvp_enabled_flag")?;
        if bits.flag("vui_parameters_present_flag")? {
            self.vui(bits)?;
        }
        Ok(())
    }

    /// H.265, section E.2.1.
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
        bits.skip(1, "neutral_chroma_indication_flag")?;
        self.picture.interlaced = bits.flag("field_seq_flag")?;
        bits.skip(1, "frame_field_info_present_flag")?;
        if bits.flag("default_display_window_flag")? {
            Crop::decode(bits)?;
        }
        if bits.flag("vui_timing_info_present_flag")? {
            let units = bits.read(32, "vui_num_units_in_tick")?;
            let scale = bits.read(32, "vui_time_scale")?;
            self.picture.frame_rate = Ratio::new(scale, units);
        }
        Ok(())
    }
}

/// The sub-layer part of profile_tier_level. H.265, section 7.3.3.
fn skip_sub_layers(bits: &mut Bits<'_>, max_sub_layers: u8) -> Result<(), Malformed> {
    if max_sub_layers == 0 {
        return Ok(());
    }
    let mut len = 0;
    for _ in 0..max_sub_layers {
        if bits.flag("sub_layer_profile_present_flag")? {
            len += 88;
        }
        if bits.flag("sub_layer_level_present_flag")? {
            len += 8;
        }
    }
    bits.skip(
        2 * usize::from(8 - max_sub_layers.min(8)),
        "reserved_zero_2bits",
    )?;
    bits.skip(len, "sub-layer profiles")
}

/// H.265, section 7.3.4.
fn skip_scaling_lists(bits: &mut Bits<'_>) -> Result<(), Malformed> {
    for size in 0..4_u32 {
        // Of 32x32 lists only those for luma are sent.
        let step = if size == 3 { 3 } else { 1 };
        for _ in (0..6).step_by(step) {
            if !bits.flag("scaling_list_pred_mode_flag")? {
                bits.ue("scaling_list_pred_matrix_id_delta")?;
                continue;
            }
            if size > 1 {
                bits.se("scaling_list_dc_coef_minus8")?;
            }
            for _ in 0..64.min(1 << (4 + (size << 1))) {
                bits.se("scaling_list_delta_coef")?;
            }
        }
    }
    Ok(())
}

/// H.265, section 7.3.7: each set may be predicted from the one before it.
fn skip_short_term_sets(bits: &mut Bits<'_>) -> Result<(), Malformed> {
    let sets = bits.ue_max(64, "num_short_term_ref_pic_sets", "0 to 64")?;
    let mut pictures = 0;
    for set in 0..sets {
        if set > 0 && bits.flag("inter_ref_pic_set_prediction_flag")? {
            bits.skip(1, "delta_rps_sign")?;
            bits.ue("abs_delta_rps_minus1")?;
            let mut kept = 0;
            for _ in 0..=pictures {
                let used = bits.flag("used_by_curr_pic_flag")?;
                if used || bits.flag("use_delta_flag")? {
                    kept += 1;
                }
            }
            pictures = kept;
        } else {
            let negative = bits.ue_max(16, "num_negative_pics", "0 to 16")?;
            let positive = bits.ue_max(16, "num_positive_pics", "0 to 16")?;
            pictures = negative + positive;
            for _ in 0..pictures {
                bits.ue("delta_poc_minus1")?;
                bits.skip(1, "used_by_curr_pic_flag")?;
            }
        }
    }
    Ok(())
}

/// Past the largest picture of any level.
const SIDE_MAX: u32 = 65_535;
