//! RTSP without I/O: messages, SDP, RTP, RTCP, payload formats, server and client sessions.
//!
//! Bytes, datagrams and the time go in; events, bytes and datagrams come out. There is no socket,
//! clock, thread or random number inside, so a session runs the same under std, tokio or a test.
//!
//! ```
//! use bytes::{Buf, Bytes};
//! use std::time::{Instant, SystemTime};
//! use weir_rtsp::{
//!     Class, ClientConfig, ClientEvent, ClientSession, Limits, PlayAnswer, ServerConfig,
//!     ServerEvent, ServerSession, SetupAnswer, TrackSetup,
//!     rtp::ClockAnchor,
//!     sdp::{Description, Format, Media},
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // The driver owns the clock, the random numbers and the addresses.
//! let now = Instant::now();
//! let clock = ClockAnchor::new(now, SystemTime::now());
//! let (seed, peer) = ([7; 32], "127.0.0.1:50000".parse()?);
//! let mut server = ServerSession::new(ServerConfig::default(), peer, clock, seed, now);
//! let url = "rtsp://127.0.0.1/camera";
//! let config = ClientConfig::default();
//! let mut client = ClientSession::new(config, url, "127.0.0.1".parse()?, clock, seed, now)?;
//!
//! client.describe(now)?;
//! let packet = Bytes::from_static(&[0x80, 96, 0, 1, 0, 0, 0, 9, 1, 2, 3, 4, 0x65, 0x88]);
//! let mut received = None;
//! while received.is_none() {
//!     // 1. What one side writes, the other reads.
//!     let request = client.output();
//!     server.handle_input(request.copy_to_bytes(request.remaining()), now);
//!     // 2. The server's application answers requests.
//!     while let Some(event) = server.poll_event()? {
//!         match event {
//!             ServerEvent::DescribeRequested { id, .. } => {
//!                 let mut sdp = Description::new("camera", 1);
//!                 sdp.media.push(Media::new("video", &Format::new(96, "H264", 90_000), "track1"));
//!                 server.accept_describe(id, &sdp)?;
//!             }
//!             ServerEvent::SetupRequested { id, .. } => {
//!                 server.accept_setup(id, SetupAnswer::new(90_000))?;
//!             }
//!             ServerEvent::PlayRequested { id, .. } => {
//!                 server.accept_play(id, PlayAnswer::default())?;
//!                 // The track of the first SETUP.
//!                 let track = server.tracks().next().ok_or("no track")?;
//!                 server.send_rtp(track, packet.clone(), Class::Keyframe, now)?;
//!             }
//!             _ => {}
//!         }
//!     }
//!     let response = server.output();
//!     client.handle_input(response.copy_to_bytes(response.remaining()), now);
//!     // 3. The client's application goes on from answer to answer.
//!     while let Some(event) = client.poll_event()? {
//!         match event {
//!             ClientEvent::Described { sdp, .. } => {
//!                 let sdp = Description::parse(&sdp, &Limits::default());
//!                 for media in &sdp.media {
//!                     let format = media.format().ok_or("a format nobody knows")?;
//!                     client.setup(media.control(), TrackSetup::new(format.clock_rate), now)?;
//!                 }
//!                 client.play(None, now)?;
//!             }
//!             ClientEvent::Rtp { packet, .. } => received = Some(packet),
//!             _ => {}
//!         }
//!     }
//! }
//! assert_eq!(received, Some(packet));
//! # Ok(())
//! # }
//! ```
//!
//! # Layers
//!
//! Each is usable alone; all but the sessions build without `std`.
//!
//! | layer | what it does |
//! | --- | --- |
//! | [`message`] | cuts a stream into requests, responses and `$` frames; writes them |
//! | [`header`] | reads and writes header values |
//! | [`sdp`] | reads descriptions that no line can spoil; writes them |
//! | [`rtp`], [`rtcp`] | packets, statistics, reordering, clocks |
//! | [`payload`] | packetizers and depacketizers of the codecs |
//! | [`MediaReceiver`] | packets of all tracks into frames on one timeline |
//! | [`tunnel`] | RTSP through HTTP, both roles |
//! | [`ServerSession`], [`ClientSession`] | the protocol, in the shape all weir sessions share |
//!
//! Header values and SDP lines are lists of parameters, so they are cut with `str` methods; no
//! parser library is used.
//!
//! # Specifications
//!
//! - [x] RFC 2326 (RTSP 1.0): messages (4 to 9), all methods (10), status codes (11), the headers a
//!   session needs (12), interleaved packets (10.12), server states (A.2), use of SDP (C)
//! - [x] RFC 7826 (RTSP 2.0): messages, `Transport`, `RTP-Info`, `Range`, `PLAY_NOTIFY`,
//!   `Supported`; not its feature negotiation nor `Pipelined-Requests`
//! - [x] RFC 8866 and RFC 4566 (SDP): reader and writer
//! - [x] RFC 3551 (static payload types)
//! - [x] ONVIF Streaming Specification: back channel by `Require`, replay headers
//! - [x] RTSP through HTTP as QuickTime, live555 and GStreamer do it
//! - [ ] RFC 3711 and RFC 3830 (SRTP, MIKEY): out of scope for now
//!
//! # Limits
//!
//! [`Limits`] bounds what a peer may cost, with the formula; [`Quirks`] says which habits of real
//! devices are accepted, and every one taken is reported once as a [`Warning`].
//!
//! # Not here
//!
//! Sockets, TLS, DNS and timers belong to the driver, users and passwords to weir-auth. A
//! presentation lives on one connection and ends with it.
#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod config;
mod cursor;
mod dts;
mod error;
pub mod header;
pub mod message;
pub mod payload;
mod quirks;
mod receiver;
pub mod rtcp;
pub mod rtp;
mod scan;
pub mod sdp;
#[cfg(feature = "std")]
mod send_queue;
#[cfg(feature = "std")]
mod session;
pub mod tunnel;
mod url;
mod warning;

pub use config::Limits;
pub use dts::DtsRecovery;
pub use error::{Error, LimitExceeded, Malformed, PeerMisbehaved, ReadError, ValueError};
pub use quirks::{Latching, Quirks, Tolerance};
pub use receiver::{MediaEvent, MediaFrame, MediaReceiver};
#[cfg(feature = "std")]
pub use send_queue::{Backlog, Class, Dropped, SendQueue};
#[cfg(feature = "std")]
pub use session::{
    Channel, ChannelKind, ClientConfig, ClientEvent, ClientSession, CommandError, EndReason,
    MulticastGroup, PlayAnswer, RequestId, ServerConfig, ServerEvent, ServerSession, SetupAnswer,
    TrackId, TrackSetup, TransportPolicy,
};
pub use url::{Url, content_base, join_control};
pub use warning::{Warning, WarningCode};
