//! One TCP connection, dissected as what its first bytes say it is.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use weir_rtmp::handshake::Role;

use super::capture::Segment;
use super::reassembly::Reassembly;
use crate::failure::Failure;
use crate::rtmp::Direction;
use crate::rtsp::direction::Sender;
use crate::rtsp::session::Session;

#[derive(Debug)]
pub(super) struct Connection {
    client: SocketAddr,
    server: SocketAddr,
    /// Since the capture's first segment.
    start: Duration,
    list_messages: bool,
    from_client: Reassembly,
    from_server: Reassembly,
    answered: bool,
    end: &'static str,
    protocol: Protocol,
    failure: Option<Failure>,
}

#[derive(Debug)]
enum Protocol {
    /// Too little came to tell; what came is kept.
    Open(Vec<(Sender, Bytes)>),
    Rtmp(Box<[Direction; 2]>),
    Rtsp(Box<Session>),
    /// Named, and not dissected.
    Other(&'static str),
}

impl Connection {
    /// `start` is the time since the capture's first segment.
    pub(super) fn new(first: &Segment<'_>, start: Duration, list_messages: bool) -> Self {
        // Without the SYN, the lower port is the server's.
        let is_client = first.opens() || !first.syn && first.from.port() >= first.to.port();
        let (client, server) = match is_client {
            true => (first.from, first.to),
            false => (first.to, first.from),
        };
        Self {
            client,
            server,
            start,
            list_messages,
            from_client: Reassembly::default(),
            from_server: Reassembly::default(),
            answered: false,
            end: "open",
            protocol: Protocol::Open(Vec::new()),
            failure: None,
        }
    }

    pub(super) const fn has_data(&self) -> bool {
        self.from_client.bytes() > 0 || self.from_server.bytes() > 0
    }

    pub(super) fn add(&mut self, segment: &Segment<'_>) {
        let sender = if segment.from == self.client {
            Sender::Client
        } else {
            Sender::Server
        };
        let reassembly = match sender {
            Sender::Client => &mut self.from_client,
            Sender::Server => &mut self.from_server,
        };
        if segment.syn {
            reassembly.open(segment.sequence);
        }
        // The payload of a SYN (fast open) is behind it.
        let sequence = segment.sequence.wrapping_add(u32::from(segment.syn));
        for piece in reassembly.add(sequence, segment.payload) {
            self.push(sender, piece);
        }
        self.answered |= sender == Sender::Server && !segment.rst;
        match (segment.rst, segment.fin, sender) {
            (true, _, Sender::Server) if !self.answered => self.end = "refused",
            (true, _, Sender::Client) => self.end = "reset by the client",
            (true, _, Sender::Server) => self.end = "reset by the server",
            (_, true, Sender::Client) if self.end == "open" => self.end = "closed by the client",
            (_, true, Sender::Server) if self.end == "open" => self.end = "closed by the server",
            _ => {}
        }
    }

    fn push(&mut self, sender: Sender, piece: Bytes) {
        if self.failure.is_some() {
            return;
        }
        let pushed = match &mut self.protocol {
            Protocol::Rtmp(directions) => {
                let [client, server] = &mut **directions;
                match sender {
                    Sender::Client => client.push(&piece),
                    Sender::Server => server.push(&piece),
                }
            }
            Protocol::Rtsp(session) => session.push(sender, piece),
            Protocol::Other(_) => Ok(()),
            Protocol::Open(kept) => {
                kept.push((sender, piece));
                if let Some(protocol) = recognise(kept, self.list_messages) {
                    let kept = std::mem::take(kept);
                    self.protocol = protocol;
                    kept.into_iter()
                        .for_each(|(sender, piece)| self.push(sender, piece));
                }
                Ok(())
            }
        };
        if let Err(failure) = pushed {
            self.failure = Some(failure);
        }
    }

    pub(super) fn finish(self) -> Value {
        let mut shown = Map::new();
        let mut add = |key: &str, value: Value| shown.insert(key.to_owned(), value);
        add("protocol", self.protocol.name().into());
        add("client", self.client.to_string().into());
        add("server", self.server.to_string().into());
        add("start_ms", json!(self.start.as_millis()));
        add("c2s_bytes", self.from_client.bytes().into());
        add("s2c_bytes", self.from_server.bytes().into());
        add("end", self.end.into());
        let missing = [self.from_client.missing(), self.from_server.missing()];
        if missing != [0, 0] {
            add("missing_bytes", json!(missing));
        }
        let mut failure = self.failure;
        match self.protocol {
            Protocol::Rtmp(directions) => {
                let [client, server] = *directions;
                for (key, direction) in [("expect_c2s", client), ("expect_s2c", server)] {
                    match direction.finish() {
                        Ok(value) => drop(add(key, value)),
                        Err(error) => failure = failure.or(Some(error)),
                    }
                }
            }
            Protocol::Rtsp(session) => drop(add("rtsp", session.finish())),
            Protocol::Open(_) | Protocol::Other(_) => {}
        }
        if let Some(failure) = failure {
            add("error", failure.to_inner_json());
        }
        Value::Object(shown)
    }
}

impl Protocol {
    const fn name(&self) -> &'static str {
        match self {
            Self::Open(_) => "unknown",
            Self::Rtmp(_) => "rtmp",
            Self::Rtsp(_) => "rtsp",
            Self::Other(name) => name,
        }
    }
}

/// Tells the protocol by the client's first bytes. `None` while they do not suffice.
fn recognise(kept: &[(Sender, Bytes)], list_messages: bool) -> Option<Protocol> {
    let pieces = kept.iter().filter(|(sender, _)| *sender == Sender::Client);
    let start: Vec<u8> = pieces.flat_map(|(_, piece)| piece).copied().collect();
    let rtsp = || Protocol::Rtsp(Box::default());
    match *start.as_slice() {
        [] => None,
        [3, ..] => Some(Protocol::Rtmp(Box::new([
            Direction::new(Role::Client, list_messages),
            Direction::new(Role::Server, list_messages),
        ]))),
        [6 | 8 | 9, ..] => Some(Protocol::Other("rtmpe (encrypted)")),
        [0x16, ..] => Some(Protocol::Other("tls (encrypted)")),
        [b'A'..=b'Z', ..] => {
            let end = start.windows(4).position(|window| window == b"\r\n\r\n");
            let Some(end) = end else {
                return (start.len() > MAX_HEAD_LEN).then_some(Protocol::Other("unknown"));
            };
            let head = String::from_utf8_lossy(start.get(..end)?).to_ascii_lowercase();
            let first = head.lines().next().unwrap_or_default();
            Some(match first.rsplit(' ').next() {
                Some(version) if version.starts_with("rtsp/") => rtsp(),
                Some(version) if version.starts_with("http/") => {
                    match head.contains("x-sessioncookie:") {
                        true => rtsp(),
                        false => Protocol::Other("http"),
                    }
                }
                _ => Protocol::Other("unknown"),
            })
        }
        _ => Some(Protocol::Other("unknown")),
    }
}

/// No head of a request is longer.
const MAX_HEAD_LEN: usize = 64 << 10;
