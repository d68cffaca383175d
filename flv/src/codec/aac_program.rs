//! AAC: the program configuration element, which lists channels one by one.

use alloc::vec::Vec;

use super::avc::count;
use super::bits::{BitWriter, Bits};
use crate::{EncodeError, Malformed};

/// program_config_element. ISO/IEC 14496-3, section 4.4.1.1.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ProgramConfig {
    /// element_instance_tag, 0 to 15.
    pub tag: u8,
    /// object_type, one less than the audioObjectType, 0 to 3.
    pub object_type: u8,
    /// sampling_frequency_index, 0 to 15.
    pub rate_index: u8,
    /// Elements in front, from the middle out. At most 15, as at the side and behind.
    pub front: Vec<ChannelElement>,
    /// Elements at the side, from front to back.
    pub side: Vec<ChannelElement>,
    /// Elements behind, from outside in.
    pub back: Vec<ChannelElement>,
    /// Tags of low frequency elements, at most 3.
    pub lfe: Vec<u8>,
    /// Tags of associated data elements, at most 7.
    pub data: Vec<u8>,
    /// Coupling elements, at most 15; a pair stands for "independently switched".
    pub coupling: Vec<ChannelElement>,
    /// Tag of the mono mixdown.
    pub mono_mixdown: Option<u8>,
    /// Tag of the stereo mixdown.
    pub stereo_mixdown: Option<u8>,
    /// Index of the matrix mixdown, 0 to 3, and whether it makes surround.
    pub matrix_mixdown: Option<(u8, bool)>,
    /// A comment of at most 255 bytes.
    pub comment: Vec<u8>,
}

/// One or two channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChannelElement {
    /// Whether it has two channels.
    pub is_pair: bool,
    /// Its tag, 0 to 15.
    pub tag: u8,
}

impl ProgramConfig {
    /// Channels that are played.
    #[must_use]
    pub fn channels(&self) -> u8 {
        let elements = self.front.iter().chain(&self.side).chain(&self.back);
        let channels: usize = elements
            .map(|element| 1 + usize::from(element.is_pair))
            .sum::<usize>();
        u8::try_from(channels + self.lfe.len()).unwrap_or(u8::MAX)
    }

    pub(super) fn decode(bits: &mut Bits<'_>) -> Result<Self, Malformed> {
        let tag = bits.read_u8(4, "element_instance_tag")?;
        let object_type = bits.read_u8(2, "object_type")?;
        let rate_index = bits.read_u8(4, "sampling_frequency_index")?;
        let front = bits.read(4, "num_front_channel_elements")?;
        let side = bits.read(4, "num_side_channel_elements")?;
        let back = bits.read(4, "num_back_channel_elements")?;
        let lfe = bits.read(2, "num_lfe_channel_elements")?;
        let data = bits.read(3, "num_assoc_data_elements")?;
        let coupling = bits.read(4, "num_valid_cc_elements")?;
        let optional = |bits: &mut Bits<'_>, len, what| match bits.flag(what)? {
            true => bits.read_u8(len, what).map(Some),
            false => Ok(None),
        };
        let mono_mixdown = optional(bits, 4, "mono_mixdown_element_number")?;
        let stereo_mixdown = optional(bits, 4, "stereo_mixdown_element_number")?;
        let matrix_mixdown =
            optional(bits, 3, "matrix_mixdown_idx")?.map(|three| (three >> 1, three & 1 != 0));
        let elements = |bits: &mut Bits<'_>, count| -> Result<Vec<_>, Malformed> {
            (0..count)
                .map(|_| {
                    let is_pair = bits.flag("element_is_cpe")?;
                    Ok(ChannelElement {
                        is_pair,
                        tag: bits.read_u8(4, "element_tag_select")?,
                    })
                })
                .collect()
        };
        let tags = |bits: &mut Bits<'_>, count| -> Result<Vec<_>, Malformed> {
            (0..count)
                .map(|_| bits.read_u8(4, "element_tag_select"))
                .collect()
        };
        let front = elements(bits, front)?;
        let side = elements(bits, side)?;
        let back = elements(bits, back)?;
        let lfe = tags(bits, lfe)?;
        let data = tags(bits, data)?;
        let coupling = elements(bits, coupling)?;
        bits.align();
        let comment_len = bits.read(8, "comment_field_bytes")?;
        let comment = (0..comment_len)
            .map(|_| bits.read_u8(8, "comment_field_data"))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            tag,
            object_type,
            rate_index,
            front,
            side,
            back,
            lfe,
            data,
            coupling,
            mono_mixdown,
            stereo_mixdown,
            matrix_mixdown,
            comment,
        })
    }

    pub(super) fn encode(&self, bits: &mut BitWriter) -> Result<(), EncodeError> {
        bits.write(self.tag.into(), 4);
        bits.write(self.object_type.into(), 2);
        bits.write(self.rate_index.into(), 4);
        for (len, width, max) in [
            (self.front.len(), 4, 15),
            (self.side.len(), 4, 15),
            (self.back.len(), 4, 15),
            (self.lfe.len(), 2, 3),
            (self.data.len(), 3, 7),
            (self.coupling.len(), 4, 15),
        ] {
            bits.write(count(len, max)?.into(), width);
        }
        for mixdown in [self.mono_mixdown, self.stereo_mixdown] {
            bits.flag(mixdown.is_some());
            if let Some(tag) = mixdown {
                bits.write(tag.into(), 4);
            }
        }
        bits.flag(self.matrix_mixdown.is_some());
        if let Some((index, surround)) = self.matrix_mixdown {
            bits.write(index.into(), 2);
            bits.flag(surround);
        }
        for element in self.front.iter().chain(&self.side).chain(&self.back) {
            element.encode(bits);
        }
        for tag in self.lfe.iter().chain(&self.data) {
            bits.write((*tag).into(), 4);
        }
        for element in &self.coupling {
            element.encode(bits);
        }
        bits.align();
        bits.write(count(self.comment.len(), 255)?.into(), 8);
        for byte in &self.comment {
            bits.write((*byte).into(), 8);
        }
        Ok(())
    }
}

impl ChannelElement {
    fn encode(self, bits: &mut BitWriter) {
        bits.flag(self.is_pair);
        bits.write(self.tag.into(), 4);
    }
}
