//! VP8: RFC 7741.

use super::PacketizeError;
use super::assembler::{Assembler, Head, Store, Take};
use super::depacketizer::Fault;
use super::packetizer::{Body, PacketHead};

/// The payload descriptor in front of each VP8 payload.
///
/// ```text
/// |X|R|N|S|R| PID | [|I|L|T|K| RSV |] [|M| PictureID |] [TL0PICIDX] [|TID|Y| KEYIDX |]
/// ```
/// RFC 7741, section 4.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Descriptor {
    /// N: no other frame is predicted from this one.
    pub non_reference: bool,
    /// S: a partition begins here.
    pub partition_start: bool,
    /// PID: which partition.
    pub partition: u8,
    /// The picture id, 7 or 15 bits.
    pub picture_id: Option<u16>,
    /// TL0PICIDX.
    pub tl0_picture_index: Option<u8>,
    /// TID, the temporal layer, and Y, whether it depends on the base layer only.
    pub temporal_layer: Option<(u8, bool)>,
    /// KEYIDX.
    pub key_index: Option<u8>,
    /// Bytes of the descriptor.
    pub len: usize,
}

impl Descriptor {
    /// Reads the descriptor of a payload; none if it is cut short.
    pub fn decode(payload: &[u8]) -> Option<Self> {
        let mut rest = payload.iter();
        let mut next = || rest.next().copied();
        let first = next()?;
        let mut descriptor = Self {
            non_reference: first & 0x20 != 0,
            partition_start: first & 0x10 != 0,
            partition: first & 0x07,
            ..Self::default()
        };
        if first & 0x80 != 0 {
            let extension = next()?;
            if extension & 0x80 != 0 {
                let high = next()?;
                descriptor.picture_id = Some(if high & 0x80 != 0 {
                    u16::from_be_bytes([high & 0x7f, next()?])
                } else {
                    u16::from(high)
                });
            }
            if extension & 0x40 != 0 {
                descriptor.tl0_picture_index = Some(next()?);
            }
            if extension & 0x30 != 0 {
                let byte = next()?;
                let layer = (byte >> 6, byte & 0x20 != 0);
                descriptor.temporal_layer = (extension & 0x20 != 0).then_some(layer);
                descriptor.key_index = (extension & 0x10 != 0).then_some(byte & 0x1f);
            }
        }
        descriptor.len = payload.len() - rest.len();
        Some(descriptor)
    }

    /// Whether a frame begins here.
    pub const fn is_frame_start(&self) -> bool {
        self.partition_start && self.partition == 0
    }
}

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
        // A frame without marker ends where the time changes; one with a hole is dropped.
        if out
            .timestamp()
            .is_some_and(|timestamp| head.gap || timestamp != head.timestamp)
        {
            if head.gap {
                out.drop_frame();
                result = Err(Fault::Incomplete("packets of a frame never came"));
            } else {
                end_frame(out);
            }
        }
        let Some(descriptor) = Descriptor::decode(data) else {
            return Err(Fault::Malformed(
                data.len(),
                "a VP8 descriptor is cut short",
            ));
        };
        let Some(first) = data.get(descriptor.len).copied() else {
            return Err(Fault::Malformed(descriptor.len, "no VP8 payload"));
        };
        if descriptor.is_frame_start() {
            end_frame(out);
            out.begin_frame(head.timestamp);
            out.keyframe = first & 0x01 == 0;
            out.begin_unit();
        } else if !out.unit_is_open() {
            return Err(Fault::Incomplete("the start of a frame never came"));
        }
        out.store.rest(payload, descriptor.len);
        if head.marker {
            end_frame(out);
        }
        result
    }

    pub(super) fn flush<S: Store>(&self, out: &mut Assembler<S>) {
        if out.saw_marker {
            // Its end never came.
            out.drop_frame();
        }
        end_frame(out);
    }

    pub(super) const fn reset(&self) {}
}

fn end_frame<S: Store>(out: &mut Assembler<S>) {
    out.end_unit();
    out.end_frame(None);
}

/// Sends frames with a picture id of 15 bits.
#[derive(Debug, Default)]
pub(super) struct Packetizer {
    picture_id: u16,
}

/// Where a packetizer stands in a frame.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    picture_id: u16,
    first: u8,
}

impl Packetizer {
    pub(super) fn begin<'a>(&mut self, frame: &'a [u8]) -> Result<Cursor<'a>, PacketizeError> {
        self.picture_id = self.picture_id.wrapping_add(1) & 0x7fff;
        Ok(Cursor {
            rest: frame,
            picture_id: self.picture_id,
            first: 0x90,
        })
    }
}

impl<'a> Cursor<'a> {
    pub(super) fn next(&mut self, room: usize, head: &mut PacketHead) -> Option<Body<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let cut = self.rest.split_at_checked(room - 4);
        let (payload, rest) = cut.unwrap_or((self.rest, &[]));
        let [high, low] = self.picture_id.to_be_bytes();
        head.extend(&[self.first, 0x80, 0x80 | high, low]);
        self.rest = rest;
        self.first = 0x80;
        Some(Body::packet(payload, rest.is_empty()))
    }
}
