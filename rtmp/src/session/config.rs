//! How sessions behave.

use core::time::Duration;
use std::string::String;

use super::Capabilities;
use crate::{
    Limits, Quirks,
    chunk::ChunkSize,
    handshake::{Handshake, HandshakeKind},
};

/// How a server session behaves.
///
/// ```
/// use std::time::Duration;
/// use weir_rtmp::ServerConfig;
///
/// let mut config = ServerConfig::default();
/// config.idle_timeout = Duration::from_secs(20);
/// config.limits.max_buffered_input = 256 << 10;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerConfig {
    /// What one client may cost.
    pub limits: Limits,
    /// Which habits of clients are accepted.
    pub quirks: Quirks,
    /// Whether clients may ask for RTMPE; those who may not are answered in clear. Default: true.
    #[cfg(feature = "rtmpe")]
    pub rtmpe: bool,
    /// The chunks this side sends once `connect` is accepted. Default: 65,536 bytes.
    ///
    /// Bigger chunks cost less to make and to read; smaller ones let audio pass a big video frame.
    pub chunk_size: ChunkSize,
    /// After how many bytes the client should acknowledge. Default: 2,500,000.
    pub window_ack_size: u32,
    /// How much the client may send unacknowledged; it answers with its own window.
    /// Default: 2,500,000.
    pub peer_bandwidth: u32,
    /// What this side can do of E-RTMP; told to clients that say something about it themselves.
    /// Default: pass everything on.
    pub capabilities: Capabilities,
    /// Whether values may be AMF3 if the client asks for it. Default: true.
    pub amf3: bool,
    /// Sends `onBWDone` behind the answer to `connect`. Default: false.
    ///
    /// FFmpeg and librtmp react with `_checkbw`, which is answered either way.
    pub bandwidth_done: bool,
    /// From the beginning to `connect`. Default: 10 s. The session fails afterwards.
    pub handshake_timeout: Duration,
    /// How long the client may say nothing at all. Default: 60 s. The session fails afterwards.
    ///
    /// Players answer pings, so a silent connection is a dead one; the application's own time to
    /// answer a request does not count.
    pub idle_timeout: Duration,
    /// How long the client says nothing before it gets a ping. Default: 20 s.
    pub ping_interval: Duration,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            quirks: Quirks::default(),
            #[cfg(feature = "rtmpe")]
            rtmpe: true,
            chunk_size: ChunkSize::new(65_536).unwrap_or_default(),
            window_ack_size: 2_500_000,
            peer_bandwidth: 2_500_000,
            capabilities: Capabilities::relay(),
            amf3: true,
            bandwidth_done: false,
            handshake_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            ping_interval: Duration::from_secs(20),
        }
    }
}

impl ServerConfig {
    pub(super) fn handshake(&self, seed: [u8; 32]) -> Handshake {
        let handshake = Handshake::server(&self.quirks, seed);
        #[cfg(feature = "rtmpe")]
        if !self.rtmpe {
            return handshake.without_rtmpe();
        }
        handshake
    }
}

/// How a client session behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientConfig {
    /// What the server may cost.
    pub limits: Limits,
    /// Which habits of servers are accepted.
    pub quirks: Quirks,
    /// Which handshake to begin. Default: with digests, as FFmpeg.
    pub handshake: HandshakeKind,
    /// What SWF verification is answered with. Default: nothing.
    #[cfg(feature = "rtmpe")]
    pub swf: Option<crate::handshake::SwfIdentity>,
    /// The chunks this side sends behind `connect`. Default: 4096 bytes, as OBS.
    pub chunk_size: ChunkSize,
    /// After how many bytes the server should acknowledge. Default: 2,500,000, as FFmpeg.
    pub window_ack_size: u32,
    /// `flashVer` of `connect`. Default: that of FMLE, which servers know.
    pub flash_ver: String,
    /// What this side can do of E-RTMP; told in `connect` unless empty. Default: pass everything
    /// on.
    pub capabilities: Capabilities,
    /// Announces a stream with `releaseStream` and `FCPublish` before `publish`, and takes it back
    /// with `FCUnpublish`, as FFmpeg and OBS do. Default: true.
    pub announce_publish: bool,
    /// Asks for the length of a stream before `play`, as FFmpeg does; the answer is an event.
    /// Default: false.
    pub ask_stream_length: bool,
    /// Sends `FCSubscribe` before `play`, which some edge servers want. Default: false.
    pub subscribe: bool,
    /// How much is buffered, told to the server before `play`. Default: 3 s, as FFmpeg.
    pub buffer_length: Duration,
    /// From the beginning to the answer to `connect`. Default: 10 s. The session fails afterwards.
    pub handshake_timeout: Duration,
    /// How long the server may say nothing at all. Default: 60 s. The session fails afterwards.
    pub idle_timeout: Duration,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            quirks: Quirks::default(),
            handshake: HandshakeKind::default(),
            #[cfg(feature = "rtmpe")]
            swf: None,
            chunk_size: ChunkSize::new(4096).unwrap_or_default(),
            window_ack_size: 2_500_000,
            flash_ver: "FMLE/3.0 (compatible; weir)".into(),
            capabilities: Capabilities::relay(),
            announce_publish: true,
            ask_stream_length: false,
            subscribe: false,
            buffer_length: Duration::from_secs(3),
            handshake_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
        }
    }
}
