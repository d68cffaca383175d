//! How a session behaves.

use alloc::{string::String, vec::Vec};
use core::time::Duration;

use crate::{Limits, Quirks};

/// How a server session behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerConfig {
    /// What the peer may cost.
    pub limits: Limits,
    /// Which habits of the peer are accepted.
    pub quirks: Quirks,
    /// The `Server` header of every response. Default: `weir`.
    pub server: String,
    /// Silence after which a session over UDP, or a connection without a session, is ended.
    /// Default: 60 s. Announced in every `Session` header, in whole seconds.
    pub session_timeout: Duration,
    /// Whether SETUP may ask for interleaved packets. Default: true.
    pub allow_tcp: bool,
    /// Whether SETUP may ask for unicast datagrams. Default: true.
    pub allow_udp: bool,
    /// Whether SETUP may ask for multicast. Default: false.
    pub allow_multicast: bool,
    /// Option tags of `Require` this server has got, such as
    /// `www.onvif.org/ver20/backchannel`. Default: none.
    pub options: Vec<String>,
    /// The name this side gives itself in RTCP. Default: `weir`.
    pub cname: String,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            quirks: Quirks::default(),
            server: "weir".into(),
            session_timeout: Duration::from_secs(60),
            allow_tcp: true,
            allow_udp: true,
            allow_multicast: false,
            options: Vec::new(),
            cname: "weir".into(),
        }
    }
}

/// How a client session behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientConfig {
    /// What the peer may cost.
    pub limits: Limits,
    /// Which habits of the peer are accepted.
    pub quirks: Quirks,
    /// The `User-Agent` header of every request; some cameras refuse requests without one
    /// (go2rtc#235). Default: `weir`.
    pub user_agent: String,
    /// How packets are to travel. Default: [`TransportPolicy::Tcp`].
    pub transport: TransportPolicy,
    /// The option tag every request of a presentation requires, such as
    /// `www.onvif.org/ver20/backchannel`. Default: none.
    pub require: Option<String>,
    /// Silence over UDP after PLAY that counts as a firewall. Default: 3 s.
    pub udp_silence: Duration,
    /// Time a request may stay unanswered. Default: 10 s.
    pub response_timeout: Duration,
    /// The name this side gives itself in RTCP. Default: `weir`.
    pub cname: String,
}

/// How packets are to travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "closed: the four ways there are")]
pub enum TransportPolicy {
    /// On the connection.
    #[default]
    Tcp,
    /// In datagrams.
    Udp,
    /// In datagrams; on the connection where the server refuses them (461) or none come.
    UdpThenTcp,
    /// To a multicast group of the server's choice.
    Multicast,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            quirks: Quirks::default(),
            user_agent: "weir".into(),
            transport: TransportPolicy::default(),
            require: None,
            udp_silence: Duration::from_secs(3),
            response_timeout: Duration::from_secs(10),
            cname: "weir".into(),
        }
    }
}
