//! The few fields of sequence parameter sets that RTP needs: the id and the reorder depth.

use super::bits::Bits;

/// A sequence parameter set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sps {
    pub(crate) id: u32,
    /// How many pictures may follow a picture in output order and come before it in decoding
    /// order; none if the parameter set does not tell.
    pub(crate) reorder_depth: Option<u32>,
}

impl Sps {
    /// H.264, section 7.3.2.1. `unit` is the NAL unit with its header.
    pub(crate) fn h264(unit: &[u8]) -> Option<Self> {
        let mut bits = Bits::of_nal_unit(unit.get(1..)?);
        let profile = bits.bits(8)?;
        let constraints = bits.bits(8)?;
        bits.skip(8)?;
        let id = bits.ue()?;
        // Intra-only profiles and Baseline have no reordering. H.264, section E.2.1.
        let intra_only =
            matches!(profile, 44 | 86 | 100 | 110 | 122 | 244) && constraints & 0x10 != 0;
        let reorder_depth = if profile == 66 || intra_only {
            Some(0)
        } else {
            h264_reorder_depth(&mut bits, profile)
        };
        Some(Self { id, reorder_depth })
    }

    /// H.265, section 7.3.2.2. `unit` is the NAL unit with its header.
    pub(crate) fn h265(unit: &[u8]) -> Option<Self> {
        let mut bits = Bits::of_nal_unit(unit.get(2..)?);
        bits.skip(4)?;
        let sub_layers = bits.bits(3)?;
        bits.skip(1)?;
        profile_tier_level(&mut bits, sub_layers)?;
        let id = bits.ue()?;
        let reorder_depth = h265_reorder_depth(&mut bits, sub_layers);
        Some(Self { id, reorder_depth })
    }
}

fn h264_reorder_depth(bits: &mut Bits<'_>, profile: u32) -> Option<u32> {
    if matches!(
        profile,
        100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135
    ) {
        let chroma_format = bits.ue()?;
        if chroma_format == 3 {
            bits.skip(1)?;
        }
        bits.ue()?;
        bits.ue()?;
        bits.skip(1)?;
        if bits.bit()? {
            let lists = if chroma_format == 3 { 12 } else { 8 };
            for list in 0..lists {
                if bits.bit()? {
                    scaling_list(bits, if list < 6 { 16 } else { 64 })?;
                }
            }
        }
    }
    bits.ue()?; // log2_max_frame_num
    match bits.ue()? {
        0 => {
            bits.ue()?;
        }
        1 => {
            bits.skip(1)?;
            bits.se()?;
            bits.se()?;
            for _ in 0..bits.ue()?.min(255) {
                bits.se()?;
            }
        }
        // Output order is decoding order. H.264, section 8.2.1.3.
        _ => return Some(0),
    }
    bits.ue()?; // max_num_ref_frames
    bits.skip(1)?;
    bits.ue()?; // width
    bits.ue()?; // height
    if !bits.bit()? {
        bits.skip(1)?;
    }
    bits.skip(1)?;
    if bits.bit()? {
        for _ in 0..4 {
            bits.ue()?;
        }
    }
    if !bits.bit()? {
        return None;
    }
    h264_vui_reorder_depth(bits)
}

/// H.264, section E.1.1.
fn h264_vui_reorder_depth(bits: &mut Bits<'_>) -> Option<u32> {
    if bits.bit()? && bits.bits(8)? == 255 {
        bits.skip(32)?;
    }
    if bits.bit()? {
        bits.skip(1)?;
    }
    if bits.bit()? {
        bits.skip(4)?;
        if bits.bit()? {
            bits.skip(24)?;
        }
    }
    if bits.bit()? {
        bits.ue()?;
        bits.ue()?;
    }
    if bits.bit()? {
        bits.skip(65)?;
    }
    let nal_hrd = bits.bit()?;
    if nal_hrd {
        hrd(bits)?;
    }
    let vcl_hrd = bits.bit()?;
    if vcl_hrd {
        hrd(bits)?;
    }
    if nal_hrd || vcl_hrd {
        bits.skip(1)?;
    }
    bits.skip(1)?;
    if !bits.bit()? {
        return None;
    }
    bits.skip(1)?;
    for _ in 0..4 {
        bits.ue()?;
    }
    bits.ue()
}

/// H.264, section E.1.2.
fn hrd(bits: &mut Bits<'_>) -> Option<()> {
    let count = bits.ue()?.min(31);
    bits.skip(8)?;
    for _ in 0..=count {
        bits.ue()?;
        bits.ue()?;
        bits.skip(1)?;
    }
    bits.skip(20)
}

/// H.264, section 7.3.2.1.1.1.
fn scaling_list(bits: &mut Bits<'_>, len: u32) -> Option<()> {
    let (mut last, mut next) = (8, 8);
    for _ in 0..len {
        if next != 0 {
            next = (last + bits.se()?).rem_euclid(256);
        }
        if next != 0 {
            last = next;
        }
    }
    Some(())
}

/// H.265, section 7.3.3.
fn profile_tier_level(bits: &mut Bits<'_>, sub_layers: u32) -> Option<()> {
    bits.skip(96)?;
    let mut present = [(false, false); 8];
    for layer in present.iter_mut().take(usize::try_from(sub_layers).ok()?) {
        *layer = (bits.bit()?, bits.bit()?);
    }
    if sub_layers > 0 {
        bits.skip(2 * (8 - sub_layers))?;
    }
    for (profile, level) in present {
        bits.skip(if profile { 88 } else { 0 })?;
        bits.skip(if level { 8 } else { 0 })?;
    }
    Some(())
}

fn h265_reorder_depth(bits: &mut Bits<'_>, sub_layers: u32) -> Option<u32> {
    if bits.ue()? == 3 {
        bits.skip(1)?;
    }
    bits.ue()?; // width
    bits.ue()?; // height
    if bits.bit()? {
        for _ in 0..4 {
            bits.ue()?;
        }
    }
    bits.ue()?; // bit depth of luma
    bits.ue()?; // bit depth of chroma
    bits.ue()?; // log2_max_pic_order_cnt_lsb
    let layers = if bits.bit()? { sub_layers } else { 0 };
    let mut depth = 0;
    for _ in 0..=layers {
        bits.ue()?;
        depth = bits.ue()?;
        bits.ue()?;
    }
    Some(depth)
}
