//! RTMP without I/O: handshakes, chunks, messages, shared objects, server and client sessions.
//!
//! You bring sockets and time, the crate brings the protocol: bytes in, events out, bytes to
//! write. It runs under any runtime, on threads or in a test, and it holds no more memory for a
//! peer than [`Limits`] says.
//!
//! A publisher and a server with nothing but memory between them:
//!
//! ```
//! use std::time::Instant;
//!
//! use bytes::{Buf, Bytes};
//! use weir_rtmp::chunk::Timestamp;
//! use weir_rtmp::{
//!     Class, ClientConfig, ClientEvent, ClientSession, ConnectOptions, MediaKind, MediaPacket,
//!     PublishKind, RtmpUrl, SendQueue, ServerConfig, ServerEvent, ServerSession, UrlStyle,
//! };
//!
//! fn take(queue: &mut SendQueue) -> Bytes {
//!     queue.copy_to_bytes(queue.remaining())
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let now = Instant::now();
//! let url: RtmpUrl = "rtmp://example.com/live/show".parse()?;
//! let target = url.target(UrlStyle::Ffmpeg);
//! let mut client = ClientSession::new(ClientConfig::default(), [1; 32], now);
//! let mut server = ServerSession::new(ServerConfig::default(), [2; 32], now);
//! client.connect(ConnectOptions::new(&target), now)?;
//!
//! let frame = Bytes::from_static(b"\x17\x01\0\0\0...");
//! let packet = MediaPacket::new(MediaKind::Video, Timestamp::from_millis(40), frame);
//! let received = 'done: loop {
//!     // The server's driver: read, poll and answer, write.
//!     server.handle_input(take(client.output()), now);
//!     while let Some(event) = server.poll_event()? {
//!         match event {
//!             ServerEvent::ConnectRequested { id, .. } => server.accept_connect(id, now)?,
//!             ServerEvent::PublishRequested { id, name, .. } if name.path() == "show" => {
//!                 server.accept_publish(id, now)?;
//!             }
//!             ServerEvent::Media { packet, .. } => break 'done packet,
//!             _ => {}
//!         }
//!     }
//!     // The client's driver.
//!     client.handle_input(take(server.output()), now);
//!     while let Some(event) = client.poll_event()? {
//!         match event {
//!             ClientEvent::Connected { .. } => {
//!                 client.publish(&*target.stream, PublishKind::Live, now)?;
//!             }
//!             ClientEvent::PublishStarted { stream, .. } => {
//!                 client.send_media(stream, &packet, Class::Keyframe, now)?;
//!             }
//!             _ => {}
//!         }
//!     }
//! };
//! assert_eq!(received, packet);
//! # Ok(())
//! # }
//! ```
//!
//! # The shape
//!
//! ```text
//!             handle_input(bytes)   handle_eof()   handle_timeout(now)
//!                      |                 |                |
//!   peer's bytes  -->  +---------------------------------------------+  -->  poll_event()
//!                      |  handshake | chunks | messages |  session   |       accept_*(id), reject(id)
//!   SendQueue     <--  +---------------------------------------------+  <--  publish, play, call, send_*
//!      output()                          |
//!                                  poll_timeout()
//! ```
//!
//! - Nothing is parsed before `poll_event`; a driver that stops polling stops reading.
//! - `connect`, `publish` and `play` of a client wait for `accept_*` or `reject`, and nothing
//!   behind them is parsed until then; `wants_input` says so.
//! - Statuses, replies and what `connect` says can be edited before they go out.
//! - Sending goes through the [`SendQueue`]: messages wait before they become bytes, so they can
//!   be aged and dropped to the next keyframe; [`chunk::PreparedMessage`] shares one chunked body
//!   among all players.
//! - What a peer does against the specification is accepted where real peers do it, and told once
//!   as a [`Warning`]. [`Quirks`] turns that off.
//!
//! The layers can be used alone: [`handshake`], [`chunk`], [`message`], [`shared_object`] and
//! [`tunnel`] are without state beyond their own, without time and `no_std`.
//!
//! # What is covered
//!
//! | specification | part | |
//! | --- | --- | --- |
//! | RTMP 1.0, section 5.2 | plain handshake, both roles | x |
//! | (no specification) | digest handshake, both layouts, both roles | x |
//! | (no specification) | RTMPE and SWF verification (feature `rtmpe`) | x |
//! | RTMP 1.0, section 5.3 | chunks: fmt 0 to 3, ids of 1 to 3 bytes, extended timestamps | x |
//! | RTMP 1.0, section 5.4 | set chunk size, abort, acknowledgement, windows and bandwidth | x |
//! | RTMP 1.0, section 6.2, 7.1.7 | user control events, pings | x |
//! | RTMP 1.0, section 7.1.1, 7.1.2 | commands and data, AMF0 and AMF3 | x |
//! | RTMP 1.0, section 7.1.3 | shared objects, owner and replica | x |
//! | RTMP 1.0, section 7.1.6 | aggregates, read and written; never sent by a session | x |
//! | RTMP 1.0, section 7.2.1 | connect, call, createStream, `close` | x |
//! | RTMP 1.0, section 7.2.2 | play, play2, deleteStream, receiveAudio, receiveVideo, publish, seek, pause | x |
//! | FMLE and Flash Media Server | releaseStream, FCPublish, FCUnpublish, FCSubscribe, getStreamLength, `_checkbw`, onBWDone, onPlayStatus, `\|RtmpSampleAccess`, `ex.redirect` | x |
//! | E-RTMP v2 | `fourCcList`, FourCC info maps, `capsEx`, reconnect request | x |
//! | E-RTMP v2 | multitrack, ModEx, nanosecond offsets: in weir-flv, carried unchanged here | x |
//! | RTMPT | HTTP tunnel as a byte adapter, both roles | x |
//!
//! # Limits
//!
//! Every field of [`Limits`] bounds something a peer could make grow, and
//! [`Limits::worst_case`] adds them up; a test counts allocations against it.
//!
//! # What it does not do
//!
//! No sockets, no TLS (RTMPS is this crate inside the driver's TLS), no RTMFP, no storage of
//! recordings or shared objects, no transcoding. Payloads of audio and video are opaque; weir-flv
//! reads them. Authentication stands in weir-auth, on top of `reject` and
//! [`ConnectRequest::query`].
//!
//! # Features
//!
//! - `std` (default): the sessions and the send queue, which need `Instant` and `IoSlice`.
//! - `rtmpe`: RTMPE and SWF verification. They protect nothing, see [`handshake`].
#![no_std]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod chunk;
mod config;
mod cursor;
mod error;
pub mod handshake;
mod media;
pub mod message;
mod names;
#[cfg(feature = "std")]
mod send_queue;
#[cfg(feature = "std")]
mod session;
pub mod shared_object;
mod status;
pub mod tunnel;
mod url;
mod warning;

pub use config::{Limits, Quirks, Tolerance};
pub use error::{EncodeError, Error, LimitExceeded, Malformed, PeerMisbehaved, TunnelError};
pub use media::{MediaKind, MediaPacket};
pub use names::Name;
#[cfg(feature = "std")]
pub use send_queue::{Backlog, Class, Dropped, SendQueue};
#[cfg(feature = "std")]
pub use session::{
    CallId, Capabilities, CapsEx, ClientConfig, ClientEvent, ClientSession, CommandError,
    ConnectOptions, ConnectReply, ConnectRequest, FourCcInfo, Play2Request, PlayReply, PlayRequest,
    PlayStart, PublishKind, RequestId, ServerConfig, ServerEvent, ServerSession,
    media_chunk_stream,
};
pub use status::{Level, Status, StatusCode};
pub use url::{RtmpUrl, Scheme, StreamName, Target, UrlError, UrlStyle};
pub use warning::{Warning, WarningCode};

/// The README's example is compiled as a test.
#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../README.md")]
struct Readme;
