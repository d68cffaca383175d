//! H.265: the HEVCDecoderConfigurationRecord.

use alloc::vec::Vec;

use super::avc::count;
use super::hevc_sps::HevcSps;
use super::nal::push_unit;
use crate::cursor::Cursor;
use crate::{EncodeError, Malformed};

/// HEVCDecoderConfigurationRecord. Borrows its parameter sets.
///
/// ISO/IEC 14496-15, section 8.3.3.1.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HevcConfig<'a> {
    /// configurationVersion: 1, or 0 in drafts that are still written.
    pub version: u8,
    /// general_profile_space, 0 to 3.
    pub profile_space: u8,
    /// general_tier_flag: high tier.
    pub high_tier: bool,
    /// general_profile_idc, 0 to 31.
    pub profile: u8,
    /// general_profile_compatibility_flags.
    pub compatibility: u32,
    /// general_constraint_indicator_flags.
    pub constraints: [u8; 6],
    /// general_level_idc, 30 times the level.
    pub level: u8,
    /// min_spatial_segmentation_idc, 12 bits.
    pub min_spatial_segmentation: u16,
    /// parallelismType, 0 to 3.
    pub parallelism: u8,
    /// chroma_format_idc, 0 to 3.
    pub chroma_format: u8,
    /// Bits per luma sample.
    pub bit_depth_luma: u8,
    /// Bits per chroma sample.
    pub bit_depth_chroma: u8,
    /// Frames in 256 seconds; 0 when it is not said.
    pub avg_frame_rate: u16,
    /// constantFrameRate, 0 to 3.
    pub constant_frame_rate: u8,
    /// numTemporalLayers, 0 to 7.
    pub temporal_layers: u8,
    /// Whether every picture of a higher layer may be switched to.
    pub temporal_id_nested: bool,
    /// Bytes in the length of each NAL unit: 1, 2 or 4.
    pub length_size: u8,
    /// The arrays of parameter sets and messages, in order.
    pub arrays: Vec<NalArray<'a>>,
}

/// NAL units of one type in a configuration record.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NalArray<'a> {
    /// Whether all units of this type are here and none in the stream.
    pub complete: bool,
    /// The type, in the numbers of the codec.
    pub nal_type: u8,
    /// The units, NAL header included.
    pub units: Vec<&'a [u8]>,
}

impl<'a> NalArray<'a> {
    /// An array that holds all units of its type.
    #[must_use]
    pub const fn new(nal_type: u8, units: Vec<&'a [u8]>) -> Self {
        Self {
            complete: true,
            nal_type,
            units,
        }
    }
}

impl<'a> HevcConfig<'a> {
    /// Type of a video parameter set.
    pub const VPS: u8 = 32;
    /// Type of a sequence parameter set.
    pub const SPS: u8 = 33;
    /// Type of a picture parameter set.
    pub const PPS: u8 = 34;

    /// Reads a record; bytes behind it are ignored.
    ///
    /// # Errors
    /// [`Malformed`] when it is too short or of a version above 1.
    pub fn decode(record: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(record);
        let version = cursor.u8("configurationVersion")?;
        if version > 1 {
            return Err(Malformed::Value {
                what: "configurationVersion",
                offset: 0,
                got: version.into(),
                allowed: "0 or 1",
            });
        }
        let profile = cursor.u8("general_profile")?;
        let compatibility = cursor.u32("general_profile_compatibility_flags")?;
        let constraints = cursor.array("general_constraint_indicator_flags")?;
        let level = cursor.u8("general_level_idc")?;
        let min_spatial_segmentation = cursor.u16("min_spatial_segmentation_idc")? & 0x0fff;
        let parallelism = cursor.u8("parallelismType")? & 3;
        let chroma_format = cursor.u8("chromaFormat")? & 3;
        let bit_depth_luma = (cursor.u8("bitDepthLumaMinus8")? & 7) + 8;
        let bit_depth_chroma = (cursor.u8("bitDepthChromaMinus8")? & 7) + 8;
        let avg_frame_rate = cursor.u16("avgFrameRate")?;
        let layers = cursor.u8("numTemporalLayers")?;
        let array_count = cursor.u8("numOfArrays")?;
        let arrays = (0..array_count)
            .map(|_| {
                let first = cursor.u8("NAL_unit_type")?;
                let unit_count = cursor.u16("numNalus")?;
                Ok(NalArray {
                    complete: first & 0x80 != 0,
                    nal_type: first & 0x3f,
                    units: units(&mut cursor, unit_count)?,
                })
            })
            .collect::<Result<_, Malformed>>()?;
        Ok(Self {
            version,
            profile_space: profile >> 6,
            high_tier: profile & 0x20 != 0,
            profile: profile & 0x1f,
            compatibility,
            constraints,
            level,
            min_spatial_segmentation,
            parallelism,
            chroma_format,
            bit_depth_luma,
            bit_depth_chroma,
            avg_frame_rate,
            constant_frame_rate: layers >> 6,
            temporal_layers: layers >> 3 & 7,
            temporal_id_nested: layers & 4 != 0,
            length_size: (layers & 3) + 1,
            arrays,
        })
    }

    /// Makes the record for parameter sets, as an encoder hands them out.
    ///
    /// # Errors
    /// [`Malformed`] when the first SPS cannot be read.
    pub fn new(
        vps: Vec<&'a [u8]>,
        sps: Vec<&'a [u8]>,
        pps: Vec<&'a [u8]>,
    ) -> Result<Self, Malformed> {
        let details = HevcSps::decode(sps.first().copied().unwrap_or_default())?;
        Ok(Self {
            version: 1,
            profile_space: details.profile_space,
            high_tier: details.high_tier,
            profile: details.profile,
            compatibility: details.compatibility,
            constraints: details.constraints,
            level: details.level,
            min_spatial_segmentation: 0,
            parallelism: 0,
            chroma_format: details.picture.chroma as u8,
            bit_depth_luma: details.picture.bit_depth,
            bit_depth_chroma: details.bit_depth_chroma,
            avg_frame_rate: 0,
            constant_frame_rate: 0,
            temporal_layers: details.temporal_layers,
            temporal_id_nested: details.temporal_id_nested,
            length_size: 4,
            arrays: [(Self::VPS, vps), (Self::SPS, sps), (Self::PPS, pps)]
                .into_iter()
                .map(|(nal_type, units)| NalArray::new(nal_type, units))
                .collect(),
        })
    }

    /// The record's bytes.
    ///
    /// # Errors
    /// [`EncodeError::Range`] when there are more than 255 arrays, more than 65,535 units in
    /// one, or a unit has more than 65,535 bytes.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::new();
        let tier = u8::from(self.high_tier) << 5;
        out.extend_from_slice(&[
            self.version,
            self.profile_space << 6 | tier | self.profile & 0x1f,
        ]);
        out.extend_from_slice(&self.compatibility.to_be_bytes());
        out.extend_from_slice(&self.constraints);
        out.push(self.level);
        out.extend_from_slice(&(0xf000 | self.min_spatial_segmentation & 0x0fff).to_be_bytes());
        out.push(0xfc | self.parallelism & 3);
        out.push(0xfc | self.chroma_format & 3);
        out.push(0xf8 | self.bit_depth_luma.wrapping_sub(8) & 7);
        out.push(0xf8 | self.bit_depth_chroma.wrapping_sub(8) & 7);
        out.extend_from_slice(&self.avg_frame_rate.to_be_bytes());
        let length = self.length_size.clamp(1, 4) - 1;
        let nested = u8::from(self.temporal_id_nested) << 2;
        out.push(self.constant_frame_rate << 6 | (self.temporal_layers & 7) << 3 | nested | length);
        out.push(count(self.arrays.len(), 255)?);
        for array in &self.arrays {
            out.push(u8::from(array.complete) << 7 | array.nal_type & 0x3f);
            push_units(&array.units, &mut out)?;
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
    pub fn parse_sps(&self) -> Result<HevcSps, Malformed> {
        HevcSps::decode(self.units(Self::SPS).next().unwrap_or_default())
    }

    /// The name of the profile, as FFmpeg prints it.
    #[must_use]
    pub const fn profile_name(&self) -> Option<&'static str> {
        profile_name(self.profile)
    }
}

/// The name of a general_profile_idc, as FFmpeg prints it.
pub(super) const fn profile_name(profile: u8) -> Option<&'static str> {
    Some(match profile {
        1 => "Main",
        2 => "Main 10",
        3 => "Main Still Picture",
        4 => "Rext",
        6 => "Multiview Main",
        7 => "Scalable Main",
        8 => "3D Main",
        9 => "SCC",
        10 => "Scalable REXT",
        _ => return None,
    })
}

pub(super) fn units<'a>(cursor: &mut Cursor<'a>, count: u16) -> Result<Vec<&'a [u8]>, Malformed> {
    (0..count)
        .map(|_| {
            let len = cursor.u16("nalUnitLength")?;
            cursor.take(len.into(), "nalUnit")
        })
        .collect()
}

pub(super) fn push_units(units: &[&[u8]], out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let count = u16::try_from(units.len()).map_err(|_| EncodeError::Range {
        what: "number of NAL units",
        got: i64::try_from(units.len()).unwrap_or(i64::MAX),
        allowed: "0 to 65535",
    })?;
    out.extend_from_slice(&count.to_be_bytes());
    units.iter().try_for_each(|unit| push_unit(unit, 2, out))
}
