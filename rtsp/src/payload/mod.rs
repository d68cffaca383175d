//! Payload formats: a packetizer and a depacketizer for each codec.
//!
//! [`Codec`] says how a track is coded: it is read from SDP with [`Codec::from_sdp`] and written
//! with [`Codec::to_sdp`]. A [`Depacketizer`] built from it turns packets into [`Frame`]s, a
//! [`Packetizer`] turns frames into packets.
//!
//! ```
//! use weir_rtsp::payload::{Codec, Depacketizer, Framing, Packetizer, PacketizerConfig};
//! use weir_rtsp::rtp::{RtpPacket, RtpTime, Ssrc};
//! use weir_rtsp::sdp::Format;
//!
//! let format = Format::new(96, "H264", 90_000).with_fmtp("packetization-mode=1".into());
//! let codec = Codec::from_sdp(&format)?;
//! let mut packetizer = Packetizer::new(&codec, PacketizerConfig::new(96, Ssrc::new(7)))?;
//! let mut depacketizer = Depacketizer::new(&codec, Framing::AnnexB)?;
//!
//! // One access unit in Annex B form: a slice of an IDR picture that takes several packets.
//! let mut unit = vec![0, 0, 0, 1, 0x65];
//! unit.extend([0xb8; 5000]);
//! let mut packets = packetizer.packetize(&unit, RtpTime::new(3000))?;
//! while let Some(packet) = packets.next_packet() {
//!     let bytes = packet.to_vec();
//!     depacketizer.push(&RtpPacket::decode(&bytes)?)?;
//! }
//! let frame = depacketizer.poll().expect("the marker ends the access unit");
//! assert_eq!(frame.data, unit);
//! assert!(frame.keyframe && frame.complete);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Loss
//! A depacketizer takes packets in order (a [`ReorderBuffer`](crate::rtp::ReorderBuffer) makes
//! it so) and sees from the sequence numbers what is missing. It never glues fragments of
//! different units and never delivers a unit with a hole: the unit is dropped, the push says so
//! with an error, and the next frame carries [`Frame::lost`] and, where other units of the same
//! picture survive, `complete == false`. After a late join it starts at the first unit whose
//! start it has seen. An error is news, not an end: pushing goes on.
//!
//! # Two modes
//! [`Depacketizer::new`] copies each payload byte once, into one buffer per frame;
//! [`Depacketizer::slices`] copies none: its frames are lists of slices that keep the packets'
//! buffers alive until the frame is dropped.
//!
//! | format | specification | reads | writes |
//! | --- | --- | --- | --- |
//! | H.264 | RFC 6184 | single, STAP-A/B, MTAP16/24, FU-A/B | single, STAP-A, FU-A |
//! | H.265 | RFC 7798 | single, AP, FU, DONL, PACI | single, AP, FU |
//! | AV1 | RTP payload format for AV1 1.0 | all | all |
//! | VP8 | RFC 7741 | all | 15-bit picture ids |
//! | VP9 | RFC 9628 | all | non-flexible, one layer |
//! | JPEG | RFC 2435 | types 0, 1, 64, 65, all Q | types 0, 1, 64, 65, Q 255 |
//! | MPEG-4 AAC | RFC 3640 | any sizes, fragments, interleaving | hbr, several units, fragments |
//! | MPEG-4 LATM | RFC 6416 | out-of-band and in-band config | out-of-band config |
//! | Opus | RFC 7587 | all | all |
//! | G.711, G.722, L8, L16, L24 | RFC 3551, RFC 3190 | all | all |
//! | MPEG audio | RFC 2250 | layers I to III | layers I to III |
//! | AC-3, E-AC-3 | RFC 4184, RFC 4598 | all | all |
//! | MPEG-2 TS | RFC 2250 | all | all |
//! | anything else | | the payload as it is | the payload as it is |
//!
//! Interleaved H.264 (packetization-mode 2) is delivered in the order of the packets, not of the
//! decoding order numbers. Encrypted payloads (SRTP) are the caller's.

pub mod aac;
pub mod ac3;
mod assembler;
pub mod av1;
mod bits;
mod codec;
mod depacketizer;
mod frame;
pub mod h264;
pub mod h265;
pub mod jpeg;
pub mod latm;
pub mod mpa;
mod nal;
mod opus;
mod packetizer;
pub mod pcm;
mod raw;
mod sps;
mod ts;
pub mod vp8;
pub mod vp9;

pub use assembler::{Buffer, Output, Slices};
pub use codec::{Codec, UnsupportedFormat};
pub use depacketizer::Depacketizer;
pub use frame::{Frame, Framing};
pub use nal::{ParameterSets, Units};
pub use opus::opus_duration;
pub use packetizer::{Packet, Packetizer, PacketizerConfig, Packets};

use crate::rtp::SequenceNumber;

/// Something of the peer's was dropped. The depacketizer goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DepacketizeError {
    /// A packet that came twice or too late.
    #[error("packet {sequence} is late, {expected} was expected")]
    Late {
        /// Its sequence number.
        sequence: SequenceNumber,
        /// The number that was expected.
        expected: SequenceNumber,
    },
    /// A unit was dropped because a part of it never came.
    #[error("a unit is dropped at packet {sequence}: {what}")]
    Incomplete {
        /// The packet that showed it.
        sequence: SequenceNumber,
        /// What is missing.
        what: &'static str,
    },
    /// A payload breaks its format; what stood before the offset was used.
    #[error("{what} at byte {offset} of the payload of packet {sequence}")]
    Malformed {
        /// The packet.
        sequence: SequenceNumber,
        /// Bytes from the start of the payload.
        offset: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// A frame grew over the limit and was dropped.
    #[error("a frame of more than {limit} bytes at packet {sequence}")]
    FrameTooLong {
        /// The packet that went over it.
        sequence: SequenceNumber,
        /// The limit in bytes.
        limit: usize,
    },
}

/// A frame that cannot be packetized: the caller's mistake. Nothing was sent of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PacketizeError {
    /// The frame is not what its framing or format says.
    #[error("{what} at byte {offset} of the frame")]
    Malformed {
        /// Bytes from the start of the frame.
        offset: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// A unit that may not be split does not fit a packet.
    #[error("a unit of {len} bytes that may not be split, a packet has room for {room}")]
    UnitTooLong {
        /// Length of the unit.
        len: usize,
        /// Bytes of payload a packet may carry.
        room: usize,
    },
}
