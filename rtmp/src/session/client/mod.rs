//! The client's side of a connection.

mod commands;
mod connect;
mod responses;

use std::{boxed::Box, collections::VecDeque, time::Instant};

use bytes::Bytes;

pub use connect::ConnectOptions;

use super::{
    Capabilities, ClientConfig, ClientEvent, PlayRequest, PublishKind,
    calls::{Calls, Requests},
    inbound::Inbound,
    link::{Arrival, Link, Timeouts},
    state::{ConnectionState, ConnectionStep},
    streams::Streams,
};
use crate::{
    Error, SendQueue, StreamName, WarningCode,
    chunk::{Message, MessageStreamId},
    media::MediaPacket,
    message::{Aggregate, UserControl},
};

/// The client's side of one connection, without sockets, clock or threads.
///
/// It is driven like a [`ServerSession`](crate::ServerSession): bytes in, events out, bytes to
/// write. [`connect`](Self::connect) comes first, at any time; [`publish`](Self::publish),
/// [`play`](Self::play) and [`call`](Self::call) once
/// [`ClientEvent::Connected`] was polled.
#[derive(Debug)]
pub struct ClientSession {
    link: Link,
    config: ClientConfig,
    state: ConnectionState,
    /// `connect`, until the handshake is done.
    connect: Option<Message>,
    streams: Streams,
    requests: Requests,
    calls: Calls<Call>,
    /// Events of one message that wait to be polled; a message makes few.
    events: VecDeque<ClientEvent>,
    /// What is left of an aggregate.
    aggregate: Option<Aggregate>,
    /// Whether values may be AMF3.
    amf3: bool,
    /// What the server said in its answer to `connect`.
    capabilities: Capabilities,
    /// Whether `Closed` was reported.
    closed: bool,
}

/// What an answer is for.
#[derive(Clone, Debug, PartialEq)]
enum Call {
    Connect,
    /// The stream is for this.
    CreateStream(Wish),
    /// `publish` or `play` on a stream that is there.
    Begin(MessageStreamId),
    /// The application called.
    Application,
}

/// What a stream is made for.
#[derive(Clone, Debug, PartialEq)]
enum Wish {
    Publish { name: StreamName, kind: PublishKind },
    Play(Box<PlayRequest>),
}

impl ClientSession {
    /// Makes the session of a connection that was just made.
    ///
    /// The handshake is in `output` at once. The seed makes it; it should be different for each
    /// connection.
    pub fn new(config: ClientConfig, seed: [u8; 32], now: Instant) -> Self {
        let timeouts = Timeouts {
            handshake: config.handshake_timeout,
            idle: config.idle_timeout,
            ping: None,
        };
        let limits = &config.limits;
        Self {
            link: Link::client(
                config.handshake,
                limits,
                &config.quirks,
                timeouts,
                seed,
                now,
            ),
            state: ConnectionState::New,
            connect: None,
            streams: Streams::new(limits.max_streams),
            requests: Requests::new(limits.max_pending_requests),
            calls: Calls::new(limits.max_pending_calls),
            events: VecDeque::new(),
            aggregate: None,
            amf3: false,
            capabilities: Capabilities::default(),
            closed: false,
            config,
        }
    }

    /// Takes bytes that were read from the server. Nothing is parsed yet.
    #[inline]
    pub fn handle_input(&mut self, input: Bytes, now: Instant) {
        self.link.handle_input(input, now);
    }

    /// Tells that the server's bytes ended.
    pub fn handle_eof(&mut self, now: Instant) {
        self.link.handle_eof(now);
    }

    /// Tells that time passed. Early, late or double calls are harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.link.handle_timeout(now);
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.link.poll_timeout()
    }

    /// Whether input is of use: always, since nothing a server asks stops a client.
    pub const fn wants_input(&self) -> bool {
        true
    }

    /// The bytes to write.
    pub fn output(&mut self) -> &mut SendQueue {
        self.link.output()
    }

    /// Parses up to the next event.
    ///
    /// # Errors
    /// If the server cannot be understood any more or costs too much; each later call returns the
    /// same error.
    // By force: the call would cost half of what the session adds to decoding a message.
    #[inline(always)]
    pub fn poll_event(&mut self) -> Result<Option<ClientEvent>, Error> {
        debug_assert!(!self.streams.direct || self.is_direct(self.streams.current));
        if self.streams.direct {
            match self.link.poll_media(&self.streams.current) {
                Arrival::Media(stream, packet) => {
                    return Ok(Some(ClientEvent::Media { stream, packet }));
                }
                Arrival::Nothing => return Ok(None),
                Arrival::Other => {}
            }
        }
        self.poll_all()
    }

    /// Looks at all that may come before the next message.
    #[inline(never)]
    fn poll_all(&mut self) -> Result<Option<ClientEvent>, Error> {
        self.streams.direct = false;
        let polled = self.poll();
        match &polled {
            Ok(Some(ClientEvent::Media { stream, .. })) if self.is_direct(*stream) => {
                self.streams.direct = true;
                self.streams.current = *stream;
            }
            _ => {}
        }
        polled
    }

    /// Whether the next message is handed on as it is, if it is media of `stream`.
    fn is_direct(&self, stream: MessageStreamId) -> bool {
        self.state == ConnectionState::Connected
            && self.events.is_empty()
            && self.aggregate.is_none()
            && self.link.is_quiet()
            && self.streams.is_playing(stream)
    }

    fn poll(&mut self) -> Result<Option<ClientEvent>, Error> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(Some(event));
            }
            // What a message led to comes before what the next one brings.
            if let Some(warning) = self.link.poll_warning() {
                return Ok(Some(ClientEvent::Warning(warning)));
            }
            if self.state == ConnectionState::Ended {
                return self.link.check().map(|()| self.end());
            }
            let message = match self.aggregate.as_mut().and_then(Iterator::next) {
                Some(message) => message,
                None => {
                    self.aggregate = None;
                    let polled = self.link.poll_message();
                    self.send_connect();
                    if let Ok(Some(message)) = polled {
                        message
                    } else if let Some(warning) = self.link.poll_warning() {
                        // Before an error as well, which stays.
                        return Ok(Some(ClientEvent::Warning(warning)));
                    } else {
                        polled?;
                        return Ok(if self.link.is_at_end() {
                            self.end()
                        } else {
                            None
                        });
                    }
                }
            };
            while let Some(warning) = self.link.poll_warning() {
                self.events.push_back(ClientEvent::Warning(warning));
            }
            let stream = message.stream;
            match MediaPacket::from_message(message) {
                Ok(packet) if !self.streams.is_playing(stream) => {
                    drop(packet);
                    self.link.warn(WarningCode::UnexpectedMedia);
                }
                Ok(packet) => self.events.push_back(ClientEvent::Media { stream, packet }),
                Err(message) => self.message(message),
            }
        }
    }

    /// What the server said about Enhanced RTMP in its answer to `connect`.
    pub const fn peer_capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// How many bytes the server acknowledged last; not all servers count alike.
    pub const fn acknowledged(&self) -> u32 {
        self.link.acknowledged()
    }

    /// The last event of all.
    fn end(&mut self) -> Option<ClientEvent> {
        self.state = ConnectionState::Ended;
        let first = !core::mem::replace(&mut self.closed, true);
        if first {
            self.link.end();
        }
        first.then_some(ClientEvent::Closed)
    }

    fn step(&mut self, step: ConnectionStep) -> bool {
        self.streams.direct = false;
        let next = self.state.after(step);
        self.state = next.unwrap_or(self.state);
        next.is_some()
    }

    fn message(&mut self, message: Message) {
        let (stream, timestamp) = (message.stream, message.timestamp);
        match Inbound::decode(message, self.config.limits.max_command_len) {
            Ok(Inbound::Command(command)) => {
                if self.command(stream, command).is_err() {
                    self.link.warn(WarningCode::MalformedMessage);
                }
            }
            // May come before the status that says so (SRS sends metadata before `Play.Start`).
            Ok(Inbound::Data(data)) if self.streams.is_playing(stream) => {
                self.events.push_back(ClientEvent::Data {
                    stream,
                    timestamp,
                    data,
                });
            }
            Ok(Inbound::Data(_)) => self.link.warn(WarningCode::UnexpectedMedia),
            Ok(Inbound::SharedObject(object)) => {
                self.events.push_back(ClientEvent::SharedObject(object));
            }
            Ok(Inbound::UserControl(event)) => self.user_control(event),
            // An aggregate inside an aggregate is not looked into.
            Ok(Inbound::Aggregate(aggregate)) => {
                self.aggregate.get_or_insert(aggregate);
            }
            Ok(Inbound::Unknown(message)) => self.events.push_back(ClientEvent::Unknown(message)),
            Err(code) => self.link.warn(code),
        }
    }

    fn user_control(&mut self, event: UserControl) {
        #[cfg(feature = "rtmpe")]
        if let (UserControl::SwfVerifyRequest(_), Some(swf)) = (&event, &self.config.swf) {
            let response = swf.response(self.link.swf_key());
            let response = Bytes::copy_from_slice(&response);
            self.link
                .reply(UserControl::SwfVerifyResponse(response).to_message());
        }
        self.events.push_back(ClientEvent::UserControl(event));
    }

    /// The key that answers to a SWF verification are made with; zeros before the handshake is
    /// done.
    pub const fn swf_key(&self) -> &[u8; 32] {
        self.link.swf_key()
    }

    fn send_connect(&mut self) {
        if self.link.is_open() {
            if let Some(message) = self.connect.take() {
                self.link.reply(message);
                let size = self.config.chunk_size;
                self.link
                    .reply(crate::message::Control::SetChunkSize(size.get()).to_message());
            }
        }
    }
}
