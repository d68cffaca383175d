//! FLV and Enhanced RTMP media without I/O: tags, bodies, codec records, recordings.
//!
//! The body of an RTMP media message is the body of an FLV tag, so the same types serve files,
//! HTTP-FLV and RTMP. Nothing here reads a file, opens a socket or looks at a clock.
//!
//! ```
//! use bytes::Bytes;
//! use weir_flv::file::{Demuxer, Event, Mode};
//!
//! // 13 bytes of header, and one tag: AVC, a key frame shown 80 ms after it is decoded.
//! let file = Bytes::from_static(
//!     b"FLV\x01\x01\0\0\0\x09\0\0\0\0\
//!       \x09\0\0\x0a\0\0\x28\0\0\0\0\x17\x01\0\0\x50\0\0\0\x01\x65\0\0\0\x15",
//! );
//! let mut demuxer = Demuxer::new(Mode::Tolerant);
//! demuxer.push(file);
//! demuxer.finish();
//! while let Some(event) = demuxer.poll_event()? {
//!     let Event::Tag(file_tag) = event else { continue };
//!     for packet in file_tag.tag.packets() {
//!         let packet = packet?; // A malformed body costs this tag only.
//!         assert_eq!(packet.codec.to_string(), "avc");
//!         assert_eq!((packet.dts.as_millis(), packet.pts().as_millis()), (40, 120));
//!         assert!(packet.is_key_frame());
//!         assert_eq!(packet.payload, [0, 0, 0, 1, 0x65]);
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Layers
//!
//! Each can be used without the ones above it:
//!
//! ```text
//!  file   Demuxer  walk   Muxer  Recorder  seek        live   GopCache  Viewer
//!            \       \      |       /       /                     |
//!  tag        TagHeader | body ------------------ Tag { kind, timestamp, body }
//!                                                     |
//!  body       legacy, enhanced and multitrack headers -> Packet { track, codec, cts, payload }
//!                                                                    |
//!  codec      configuration records, parameter sets, NAL units, ADTS     script   onMetaData ...
//! ```
//!
//! [`Unwrap`] counts times on behind 32 bits, [`Repair`] mends their breaks; both stand beside the
//! demuxer, never inside, and the time on the wire is always there.
//!
//! # Specifications
//!
//! | what | state |
//! | --- | --- |
//! | FLV 10.1, annex E: header, tags, audio, video, script data | ✓ read and written |
//! | FLV 10.1, annex F: encryption | ✓ headers; no keys, no decryption |
//! | E-RTMP v2 (2026-01-31 r2): ExVideo, ExAudio, all packet types | ✓ read and written |
//! | E-RTMP v2: ModEx with nanosecond offset, unknown types carried along | ✓ |
//! | E-RTMP v2: Multitrack of one, many, many codecs | ✓ |
//! | E-RTMP v2: Metadata (`colorInfo`), MultichannelConfig, track info maps | ✓ |
//! | AVC, HEVC, VVC, AV1, VP8/VP9, AAC, Opus, FLAC records | ✓ read and written |
//! | SPS of AVC, HEVC, VVC; sequence header of AV1 | ✓ size, crop, rate, colour (VVC: size) |
//! | AudioSpecificConfig with SBR, PS and program config | ✓; ELD and others: type and rate |
//! | `keyframes` index of yamdi, flvmeta and FFmpeg | ✓ read, checked against the file, written |
//! | private codec ids of FFmpeg, ireader, xiu | ✓ |
//!
//! # Limits
//!
//! [`Limits`] bounds what input can make this crate hold, [`live::GopLimits`] a stream's cache, and
//! [`file::RecorderConfig`] an index. A count or length from the wire never reaches an allocation
//! before it was checked; no function recurses on input.
//!
//! # Not here
//!
//! Decoding or encoding of pictures and sound; other containers; RTMP itself (weir-rtmp);
//! keys and decryption; SWF.
//!
//! # Features
//!
//! `std` (default) adds vectored writes of [`file::Framed`]. Without it the crate is
//! `no_std + alloc`.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod body;
mod clock;
pub mod codec;
mod cursor;
mod encryption;
mod error;
pub mod file;
mod fourcc;
mod limits;
pub mod live;
mod registry;
mod repair;
pub mod script;
mod tag;

pub use clock::{Timestamp, Unwrap};
pub use encryption::{EncryptedBody, Filter};
pub use error::{DemuxError, EncodeError, LimitExceeded, Malformed, Warning};
pub use fourcc::FourCc;
pub use limits::Limits;
pub use repair::{Jump, Repair, RepairConfig};
pub use tag::{Tag, TagHeader, TagKind};
