//! A server and a client session joined in memory, with a clock that only the test moves.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::{Duration, Instant, SystemTime},
};

use bytes::{Buf, Bytes};
use weir_rtsp::{
    Channel, ChannelKind, ClientConfig, ClientEvent, ClientSession, ServerConfig, ServerEvent,
    ServerSession, rtp::ClockAnchor,
};

pub(crate) const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

#[expect(
    clippy::disallowed_methods,
    reason = "any moment will do as the start of a test"
)]
pub(crate) fn start() -> (Instant, ClockAnchor) {
    let now = Instant::now();
    (
        now,
        ClockAnchor::new(
            now,
            SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000),
        ),
    )
}

pub(crate) fn server(config: ServerConfig) -> (ServerSession, Instant) {
    let (now, clock) = start();
    (
        ServerSession::new(config, SocketAddr::new(HOST, 50_000), clock, [3; 32], now),
        now,
    )
}

pub(crate) fn client(config: ClientConfig) -> (ClientSession, Instant) {
    let (now, clock) = start();
    let url = "rtsp://user:secret@127.0.0.1:8554/camera";
    (
        ClientSession::new(config, url, HOST, clock, [5; 32], now).unwrap(),
        now,
    )
}

/// Everything a queue holds.
pub(crate) fn drain(mut queue: impl Buf) -> Bytes {
    queue.copy_to_bytes(queue.remaining())
}

/// Everything a server has to say, as text.
pub(crate) fn said(server: &mut ServerSession) -> String {
    String::from_utf8_lossy(&drain(server.output())).into_owned()
}

/// Everything a client has to say, as text.
pub(crate) fn asked(client: &mut ClientSession) -> String {
    String::from_utf8_lossy(&drain(client.output())).into_owned()
}

pub(crate) struct Pair {
    pub(crate) client: ClientSession,
    pub(crate) server: ServerSession,
    pub(crate) now: Instant,
    /// Ports of the client's and of the server's tracks, where they use UDP.
    pub(crate) client_ports: Vec<(u16, u16)>,
    pub(crate) server_ports: Vec<(u16, u16)>,
}

impl Pair {
    pub(crate) fn new(server_config: ServerConfig, client_config: ClientConfig) -> Self {
        let (now, clock) = start();
        let peer = SocketAddr::new(HOST, 50_000);
        let server = ServerSession::new(server_config, peer, clock, [3; 32], now);
        let url = "rtsp://127.0.0.1:8554/camera";
        let client = ClientSession::new(client_config, url, HOST, clock, [5; 32], now).unwrap();
        Self {
            client,
            server,
            now,
            client_ports: Vec::new(),
            server_ports: Vec::new(),
        }
    }

    /// Carries bytes and datagrams both ways, once; whether there were any bytes.
    pub(crate) fn carry(&mut self) -> bool {
        let up = drain(self.client.output());
        let down = drain(self.server.output());
        let carried = !up.is_empty() || !down.is_empty();
        self.server.handle_input(up, self.now);
        self.client.handle_input(down, self.now);
        while let Some((channel, to, bytes)) = self.client.poll_datagram() {
            if let Some(target) = channel_of(&self.server, &self.server_ports, to) {
                let from = address(&self.client_ports, channel);
                self.server.handle_datagram(target, from, bytes, self.now);
            }
        }
        while let Some((channel, to, bytes)) = self.server.poll_datagram() {
            if let Some(target) = channel_of(&self.server, &self.client_ports, to) {
                let from = address(&self.server_ports, channel);
                self.client.handle_datagram(target, from, bytes, self.now);
            }
        }
        carried
    }

    /// Carries until both sides are quiet; `answer` is the server's application.
    pub(crate) fn run(
        &mut self,
        mut answer: impl FnMut(&mut ServerSession, &ServerEvent),
    ) -> (Vec<ServerEvent>, Vec<ClientEvent>) {
        let (mut at_server, mut at_client) = (Vec::new(), Vec::new());
        loop {
            let carried = self.carry();
            let before = at_server.len() + at_client.len();
            while let Some(event) = self.server.poll_event().unwrap() {
                answer(&mut self.server, &event);
                at_server.push(event);
            }
            while let Some(event) = self.client.poll_event().unwrap() {
                at_client.push(event);
            }
            if !carried && before == at_server.len() + at_client.len() {
                return (at_server, at_client);
            }
        }
    }
}

fn address(ports: &[(u16, u16)], channel: Channel) -> SocketAddr {
    let (rtp, rtcp) = ports[channel.track.index()];
    SocketAddr::new(
        HOST,
        if channel.kind == ChannelKind::Rtp {
            rtp
        } else {
            rtcp
        },
    )
}

/// The channel that listens on an address.
fn channel_of(server: &ServerSession, ports: &[(u16, u16)], to: SocketAddr) -> Option<Channel> {
    server
        .tracks()
        .zip(ports)
        .find_map(|(track, (rtp, rtcp))| match to.port() {
            port if port == *rtp => Some(Channel {
                track,
                kind: ChannelKind::Rtp,
            }),
            port if port == *rtcp => Some(Channel {
                track,
                kind: ChannelKind::Rtcp,
            }),
            _ => None,
        })
}
