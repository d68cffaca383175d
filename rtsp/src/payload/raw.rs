//! Formats whose payload is the frame: Opus, PCM, MPEG-2 transport streams, anything unknown.

use super::assembler::{Assembler, Head, Store, Take};
use super::depacketizer::Fault;
use super::packetizer::{Body, PacketHead};
use super::{PacketizeError, opus, pcm, ts};

/// Delivers each payload as a frame.
#[derive(Debug)]
pub(super) struct Depacketizer {
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Opus,
    Pcm(pcm::Parameters),
    TransportStream,
    PassThrough,
}

impl Depacketizer {
    pub(super) const fn opus() -> Self {
        Self { kind: Kind::Opus }
    }

    pub(super) const fn pcm(parameters: pcm::Parameters) -> Self {
        Self {
            kind: Kind::Pcm(parameters),
        }
    }

    pub(super) const fn transport_stream() -> Self {
        Self {
            kind: Kind::TransportStream,
        }
    }

    pub(super) const fn pass_through() -> Self {
        Self {
            kind: Kind::PassThrough,
        }
    }

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
        let duration = match self.kind {
            Kind::Opus => Some(opus::opus_duration(data).ok_or(BAD_OPUS)?),
            Kind::Pcm(parameters) => Some(parameters.duration(data.len()).ok_or(BAD_PCM)?),
            Kind::TransportStream => ts::check(data).map(|()| None)?,
            Kind::PassThrough => None,
        };
        out.begin_frame(head.timestamp);
        out.keyframe = true;
        out.begin_unit();
        out.store.rest(payload, 0);
        out.end_unit();
        out.end_frame(duration);
        Ok(())
    }

    pub(super) fn flush<S: Store>(&self, out: &mut Assembler<S>) {
        out.end_frame(None);
    }

    pub(super) const fn reset(&self) {}
}

/// Sends a frame as a payload, split where the format allows it.
#[derive(Debug)]
pub(super) struct Packetizer {
    /// Frames are split at multiples of this many bytes; 0 for frames that are not.
    block_len: usize,
    /// Clock units per block.
    block_duration: u32,
    marker: bool,
    /// What a receiver would refuse is not sent.
    check: fn(&[u8]) -> Result<(), Fault>,
}

/// Where a packetizer stands in a frame.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    /// Bytes per packet.
    step: usize,
    step_duration: u32,
    sent_duration: u32,
    marker: bool,
}

impl Packetizer {
    /// Frames that must not be split.
    pub(super) const fn whole() -> Self {
        Self {
            block_len: 0,
            block_duration: 0,
            marker: false,
            check: |_| Ok(()),
        }
    }

    pub(super) const fn opus() -> Self {
        Self {
            check: |frame| opus::opus_duration(frame).map(drop).ok_or(BAD_OPUS),
            ..Self::whole()
        }
    }

    pub(super) const fn pcm(parameters: pcm::Parameters) -> Self {
        Self {
            block_len: parameters.block_len(),
            block_duration: 1,
            marker: false,
            check: |_| Ok(()),
        }
    }

    pub(super) const fn transport_stream() -> Self {
        Self {
            block_len: ts::PACKET_LEN,
            block_duration: 0,
            marker: false,
            check: |_| Ok(()),
        }
    }

    pub(super) fn begin<'a>(
        &self,
        frame: &'a [u8],
        room: usize,
    ) -> Result<Cursor<'a>, PacketizeError> {
        if self.block_len == 0 {
            if frame.len() > room {
                return Err(PacketizeError::UnitTooLong {
                    len: frame.len(),
                    room,
                });
            }
        } else if frame.len() % self.block_len != 0 {
            return Err(PacketizeError::Malformed {
                offset: frame.len() - frame.len() % self.block_len,
                what: "a part of a sample or of a transport packet",
            });
        }
        match (self.check)(frame) {
            Ok(()) => {}
            Err(Fault::Malformed(offset, what)) => {
                return Err(PacketizeError::Malformed { offset, what });
            }
            Err(Fault::Incomplete(what)) => {
                return Err(PacketizeError::Malformed { offset: 0, what });
            }
        }
        let blocks = room.checked_div(self.block_len).unwrap_or(0);
        let step = if blocks == 0 {
            frame.len().max(1)
        } else {
            blocks * self.block_len
        };
        let blocks = u32::try_from(blocks).unwrap_or(0);
        Ok(Cursor {
            rest: frame,
            step,
            step_duration: blocks.saturating_mul(self.block_duration),
            sent_duration: 0,
            marker: self.marker,
        })
    }
}

impl<'a> Cursor<'a> {
    pub(super) fn next(&mut self, _: usize, head: &mut PacketHead) -> Option<Body<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let cut = self.rest.split_at_checked(self.step);
        let (payload, rest) = cut.unwrap_or((self.rest, &[]));
        self.rest = rest;
        head.advance(self.sent_duration);
        self.sent_duration = self.sent_duration.wrapping_add(self.step_duration);
        Some(Body::packet(payload, self.marker))
    }
}

const BAD_OPUS: Fault = Fault::Malformed(0, "an Opus packet of no valid length");
const BAD_PCM: Fault = Fault::Malformed(0, "a part of a sample");
