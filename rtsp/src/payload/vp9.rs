//! VP9: RFC 9628.

use smallvec::SmallVec;

use super::PacketizeError;
use super::assembler::{Assembler, Head, Store, Take};
use super::bits::Bits;
use super::depacketizer::Fault;
use super::packetizer::{Body, PacketHead};

/// What SDP says about a VP9 track.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameters {
    /// `profile-id`, 0 to 3.
    pub profile: Option<u8>,
}

impl Parameters {
    /// Makes parameters.
    pub const fn new(profile: Option<u8>) -> Self {
        Self { profile }
    }
}

/// The payload descriptor in front of each VP9 payload.
///
/// ```text
/// |I|P|L|F|B|E|V|Z| [|M| PictureID |] [|TID|U|SID|D| [TL0PICIDX]] [|P_DIFF|N| ...] [SS]
/// ```
/// RFC 9628, section 4.2.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Descriptor {
    /// P: the frame is predicted from others.
    pub inter_predicted: bool,
    /// F: references are told by `reference_differences`.
    pub flexible: bool,
    /// B: a frame of a layer begins here.
    pub start_of_frame: bool,
    /// E: a frame of a layer ends here.
    pub end_of_frame: bool,
    /// Z: no frame of a higher spatial layer is predicted from this one.
    pub not_reference_for_upper: bool,
    /// The picture id, 7 or 15 bits.
    pub picture_id: Option<u16>,
    /// The layer indices.
    pub layer: Option<Layer>,
    /// TL0PICIDX, in non-flexible mode only.
    pub tl0_picture_index: Option<u8>,
    /// P_DIFF, at most 3, in flexible mode only.
    pub reference_differences: SmallVec<[u8; 3]>,
    /// Width and height of each spatial layer, from the scalability structure.
    pub layer_sizes: SmallVec<[(u16, u16); 2]>,
    /// Bytes of the descriptor.
    pub len: usize,
}

/// The layer indices of a descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Layer {
    /// TID: the temporal layer.
    pub temporal: u8,
    /// U: one may switch up to this temporal layer here.
    pub switching_up: bool,
    /// SID: the spatial layer.
    pub spatial: u8,
    /// D: the frame depends on the spatial layer below.
    pub inter_layer: bool,
}

impl Descriptor {
    /// Reads the descriptor of a payload; none if it is cut short or has more than three
    /// reference differences.
    pub fn decode(payload: &[u8]) -> Option<Self> {
        let mut rest = payload.iter();
        let first = *rest.next()?;
        let mut descriptor = Self {
            inter_predicted: first & 0x40 != 0,
            flexible: first & 0x10 != 0,
            start_of_frame: first & 0x08 != 0,
            end_of_frame: first & 0x04 != 0,
            not_reference_for_upper: first & 0x01 != 0,
            ..Self::default()
        };
        if first & 0x80 != 0 {
            let high = *rest.next()?;
            descriptor.picture_id = Some(if high & 0x80 != 0 {
                u16::from_be_bytes([high & 0x7f, *rest.next()?])
            } else {
                u16::from(high)
            });
        }
        if first & 0x20 != 0 {
            let byte = *rest.next()?;
            descriptor.layer = Some(Layer {
                temporal: byte >> 5,
                switching_up: byte & 0x10 != 0,
                spatial: (byte >> 1) & 0x07,
                inter_layer: byte & 0x01 != 0,
            });
            if !descriptor.flexible {
                descriptor.tl0_picture_index = Some(*rest.next()?);
            }
        }
        if descriptor.flexible && descriptor.inter_predicted {
            loop {
                let byte = *rest.next()?;
                if descriptor.reference_differences.len() == 3 {
                    return None;
                }
                descriptor.reference_differences.push(byte >> 1);
                if byte & 1 == 0 {
                    break;
                }
            }
        }
        if first & 0x02 != 0 {
            descriptor.read_scalability_structure(&mut rest)?;
        }
        descriptor.len = payload.len() - rest.len();
        Some(descriptor)
    }

    /// ```text
    /// | N_S |Y|G|-|-|-| [width height]* [N_G [|T|U|R|-|-| [P_DIFF]*]*]
    /// ```
    fn read_scalability_structure(&mut self, rest: &mut core::slice::Iter<'_, u8>) -> Option<()> {
        let head = *rest.next()?;
        if head & 0x10 != 0 {
            for _ in 0..=head >> 5 {
                let mut size = || Some(u16::from_be_bytes([*rest.next()?, *rest.next()?]));
                self.layer_sizes.push((size()?, size()?));
            }
        }
        if head & 0x08 != 0 {
            for _ in 0..*rest.next()? {
                let references = (*rest.next()? >> 2) & 0x03;
                for _ in 0..references {
                    rest.next()?;
                }
            }
        }
        Some(())
    }
}

/// A frame is a superframe: all layers of one time, one unit each.
#[derive(Debug, Default)]
pub(super) struct Depacketizer;

impl Depacketizer {
    pub(super) fn push<P: AsRef<[u8]>, S: Take<P>>(
        &self,
        head: &Head,
        payload: P,
        out: &mut Assembler<S>,
    ) -> Result<(), Fault> {
        let data = payload.as_ref();
        if data.is_empty() {
            return Ok(());
        }
        let mut result = Ok(());
        if out.timestamp().is_some() && head.gap {
            out.complete = false;
            if out.drop_unit() {
                result = Err(Fault::Incomplete("packets of a frame never came"));
            }
        }
        if out.timestamp() != Some(head.timestamp) {
            end_frame(out);
        }
        let Some(descriptor) = Descriptor::decode(data) else {
            return Err(Fault::Malformed(
                data.len(),
                "a VP9 descriptor is cut short",
            ));
        };
        if descriptor.len == data.len() {
            return Err(Fault::Malformed(descriptor.len, "no VP9 payload"));
        }
        if descriptor.start_of_frame {
            out.end_unit();
            if out.timestamp().is_none() {
                out.begin_frame(head.timestamp);
                // FFmpeg 5.1 to 9.0 never set P, so the frame has a say too.
                let frame = data.get(descriptor.len..).unwrap_or_default();
                out.keyframe = !descriptor.inter_predicted && is_keyframe(frame).unwrap_or(true);
                // The layers below may be among what is missing.
                out.complete = !head.gap || descriptor.layer.is_none_or(|l| l.spatial == 0);
            }
            out.begin_unit();
        } else if !out.unit_is_open() {
            out.complete = false;
            return Err(Fault::Incomplete("the start of a frame never came"));
        }
        out.store.rest(payload, descriptor.len);
        if descriptor.end_of_frame {
            out.end_unit();
        }
        if head.marker {
            end_frame(out);
        }
        result
    }

    pub(super) fn flush<S: Store>(&self, out: &mut Assembler<S>) {
        if out.saw_marker {
            // Its end never came.
            out.drop_unit();
            out.complete = false;
        }
        end_frame(out);
    }

    pub(super) const fn reset(&self) {}
}

fn end_frame<S: Store>(out: &mut Assembler<S>) {
    out.end_unit();
    out.end_frame(None);
}

/// Sends frames of one layer in non-flexible mode.
#[derive(Debug, Default)]
pub(super) struct Packetizer {
    picture_id: u16,
}

/// Where a packetizer stands in a frame.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    picture_id: u16,
    /// I, P and Z bits, and B for the first packet.
    first: u8,
}

impl Packetizer {
    pub(super) fn begin<'a>(&mut self, frame: &'a [u8]) -> Result<Cursor<'a>, PacketizeError> {
        self.picture_id = self.picture_id.wrapping_add(1) & 0x7fff;
        let predicted = match is_keyframe(frame) {
            Some(true) => 0,
            _ => 0x40,
        };
        Ok(Cursor {
            rest: frame,
            picture_id: self.picture_id,
            first: 0x80 | predicted | 0x08,
        })
    }
}

impl<'a> Cursor<'a> {
    pub(super) fn next(&mut self, room: usize, head: &mut PacketHead) -> Option<Body<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let cut = self.rest.split_at_checked(room - 3);
        let (payload, rest) = cut.unwrap_or((self.rest, &[]));
        let [high, low] = self.picture_id.to_be_bytes();
        let end = if rest.is_empty() { 0x04 } else { 0 };
        head.extend(&[self.first | end, 0x80 | high, low]);
        self.rest = rest;
        self.first &= !0x08;
        Some(Body::packet(payload, rest.is_empty()))
    }
}

/// Whether a frame is a key frame, from its uncompressed header; none if it has no such header.
/// VP9 bitstream, section 6.2.
fn is_keyframe(frame: &[u8]) -> Option<bool> {
    let mut bits = Bits::new(frame);
    if bits.bits(2)? != 2 {
        return None;
    }
    let profile = bits.bits(2)?;
    if profile == 3 {
        bits.skip(1)?;
    }
    // show_existing_frame, then frame_type, which is 0 for a key frame.
    Some(!bits.bit()? && !bits.bit()?)
}
