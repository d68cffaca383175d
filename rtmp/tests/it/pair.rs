//! A client and a server session with nothing but memory between them.

use std::time::{Duration, Instant};

use bytes::Bytes;
use weir_rtmp::{
    ClientConfig, ClientEvent, ClientSession, ConnectOptions, PlayRequest, PublishKind,
    ServerConfig, ServerEvent, ServerSession, UrlStyle, chunk::MessageStreamId,
};

use crate::{
    accepting::{accept, drain},
    t0,
};

pub(crate) struct Pair {
    pub(crate) client: ClientSession,
    pub(crate) server: ServerSession,
    pub(crate) now: Instant,
    /// Whether the server says yes to what `run` comes across.
    pub(crate) accepts: bool,
    pub(crate) client_events: Vec<ClientEvent>,
    pub(crate) server_events: Vec<ServerEvent>,
}

impl Pair {
    pub(crate) fn new() -> Self {
        Self::with(ClientConfig::default(), ServerConfig::default())
    }

    pub(crate) fn with(client: ClientConfig, server: ServerConfig) -> Self {
        let now = t0();
        Self {
            client: ClientSession::new(client, [1; 32], now),
            server: ServerSession::new(server, [2; 32], now),
            now,
            accepts: true,
            client_events: Vec::new(),
            server_events: Vec::new(),
        }
    }

    /// A pair whose `connect` was accepted.
    pub(crate) fn connected() -> Self {
        Self::new().connect()
    }

    pub(crate) fn connect(mut self) -> Self {
        self.client.connect(options(), self.now).unwrap();
        self.run();
        let connected = |event: &ClientEvent| matches!(event, ClientEvent::Connected { .. });
        assert!(
            self.client_events.iter().any(connected),
            "{:?}",
            self.client_events
        );
        self.client_events.clear();
        self.server_events.clear();
        self
    }

    /// A connected pair in which the client plays.
    pub(crate) fn playing() -> (Self, MessageStreamId) {
        let mut pair = Self::connected();
        pair.client
            .play(PlayRequest::new("show"), pair.now)
            .unwrap();
        pair.run();
        let stream = pair.client_events.iter().find_map(|event| match event {
            ClientEvent::PlayStarted { stream, .. } => Some(*stream),
            _ => None,
        });
        pair.client_events.clear();
        pair.server_events.clear();
        (pair, stream.expect("the play was accepted"))
    }

    /// A connected pair in which the client publishes.
    pub(crate) fn publishing() -> (Self, MessageStreamId) {
        let mut pair = Self::connected();
        pair.client
            .publish("show", PublishKind::Live, pair.now)
            .unwrap();
        pair.run();
        let stream = pair.client_events.iter().find_map(|event| match event {
            ClientEvent::PublishStarted { stream, .. } => Some(*stream),
            _ => None,
        });
        pair.client_events.clear();
        pair.server_events.clear();
        (pair, stream.expect("the publishing was accepted"))
    }

    /// Moves bytes both ways until there are none.
    pub(crate) fn run(&mut self) {
        loop {
            let to_server = take(|to| drain(self.client.output(), to));
            let to_client = take(|to| drain(self.server.output(), to));
            if to_server.is_empty() && to_client.is_empty() {
                return;
            }
            self.server.handle_input(to_server, self.now);
            self.poll_server();
            self.client.handle_input(to_client, self.now);
            self.poll_client();
        }
    }

    /// Moves bytes to the client, whose server has failed.
    pub(crate) fn run_client_only(&mut self) {
        let to_client = take(|to| drain(self.server.output(), to));
        self.client.handle_input(to_client, self.now);
        self.poll_client();
    }

    pub(crate) fn poll_server(&mut self) {
        while let Some(event) = self.server.poll_event().unwrap() {
            if self.accepts {
                accept(&mut self.server, &event, self.now).unwrap();
            }
            self.server_events.push(event);
        }
    }

    pub(crate) fn poll_client(&mut self) {
        while let Some(event) = self.client.poll_event().unwrap() {
            self.client_events.push(event);
        }
    }

    /// Lets time pass for both.
    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
        self.client.handle_timeout(self.now);
        self.server.handle_timeout(self.now);
    }
}

pub(crate) fn options() -> ConnectOptions {
    let url = "rtmp://example.com/live/show"
        .parse::<weir_rtmp::RtmpUrl>()
        .unwrap();
    ConnectOptions::new(&url.target(UrlStyle::Ffmpeg))
}

fn take(write: impl FnOnce(&mut Vec<u8>)) -> Bytes {
    let mut bytes = Vec::new();
    write(&mut bytes);
    bytes.into()
}
