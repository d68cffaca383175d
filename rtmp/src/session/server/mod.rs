//! The server's side of a connection.

mod commands;
mod replies;
mod send;

use std::{collections::VecDeque, time::Instant};

use bytes::Bytes;

use super::{
    Capabilities, RequestId, ServerConfig, ServerEvent,
    calls::{Calls, Requests},
    inbound::Inbound,
    link::{Arrival, Link, Timeouts},
    state::{ConnectionState, ConnectionStep},
    streams::Streams,
};
use crate::{
    Error, Name, SendQueue, Status, WarningCode,
    chunk::{Message, MessageStreamId},
    media::MediaPacket,
    message::{Aggregate, Command, UserControl},
};

/// The server's side of one connection, without sockets, clock or threads.
///
/// A driver repeats these steps:
///
/// 1. Read bytes from the client and hand them over with [`handle_input`](Self::handle_input);
///    only while [`wants_input`](Self::wants_input) says so. At the end of the bytes call
///    [`handle_eof`](Self::handle_eof).
/// 2. Call [`poll_event`](Self::poll_event) until it returns `None` and answer the requests among
///    the events, now or later.
/// 3. Write what is in [`output`](Self::output).
/// 4. Wait for bytes to read, room to write, or the time that
///    [`poll_timeout`](Self::poll_timeout) says; then call
///    [`handle_timeout`](Self::handle_timeout).
///
/// An error of `poll_event` is the end: write what is left in `output`, which tells the client why
/// where there is a way to, and close the connection.
#[derive(Debug)]
pub struct ServerSession {
    link: Link,
    config: ServerConfig,
    state: ConnectionState,
    /// Set while nothing is parsed: the request whose answer decides how to go on.
    blocked: Option<RequestId>,
    streams: Streams,
    requests: Requests,
    calls: Calls<()>,
    /// Events of one message that wait to be polled; a message makes few.
    events: VecDeque<ServerEvent>,
    /// What is left of an aggregate.
    aggregate: Option<Aggregate>,
    /// Whether values may be AMF3.
    amf3: bool,
    /// What the client said in `connect`.
    capabilities: Capabilities,
    /// Whether the client announced its publishing with `FCPublish`.
    announced: bool,
    /// Whether `Closed` was reported.
    closed: bool,
}

impl ServerSession {
    /// Makes the session of a connection that was just accepted.
    ///
    /// The seed makes the handshake; it should be different for each connection.
    pub fn new(config: ServerConfig, seed: [u8; 32], now: Instant) -> Self {
        let timeouts = Timeouts {
            handshake: config.handshake_timeout,
            idle: config.idle_timeout,
            ping: Some(config.ping_interval),
        };
        let limits = &config.limits;
        Self {
            link: Link::new(
                config.handshake(seed),
                limits,
                &config.quirks,
                timeouts,
                now,
            ),
            state: ConnectionState::New,
            blocked: None,
            streams: Streams::new(limits.max_streams),
            requests: Requests::new(limits.max_pending_requests),
            calls: Calls::new(limits.max_pending_calls),
            events: VecDeque::new(),
            aggregate: None,
            amf3: false,
            capabilities: Capabilities::default(),
            announced: false,
            closed: false,
            config,
        }
    }

    /// Takes bytes that were read from the client. Nothing is parsed yet.
    #[inline]
    pub fn handle_input(&mut self, input: Bytes, now: Instant) {
        self.link.handle_input(input, now);
    }

    /// Tells that the client's bytes ended.
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

    /// False while input waits behind a request that has not been answered.
    ///
    /// Ask after `poll_event` returned `None`, before each read.
    pub fn wants_input(&self) -> bool {
        self.blocked.is_none() || !self.link.has_input()
    }

    /// The bytes to write.
    pub fn output(&mut self) -> &mut SendQueue {
        self.link.output()
    }

    /// Parses up to the next event.
    ///
    /// # Errors
    /// If the client cannot be understood any more or costs too much; each later call returns the
    /// same error.
    // By force: the call would cost half of what the session adds to decoding a message.
    #[inline(always)]
    pub fn poll_event(&mut self) -> Result<Option<ServerEvent>, Error> {
        debug_assert!(!self.streams.direct || self.is_direct(self.streams.current));
        if self.streams.direct {
            match self.link.poll_media(&self.streams.current) {
                Arrival::Media(stream, packet) => {
                    return Ok(Some(ServerEvent::Media { stream, packet }));
                }
                Arrival::Nothing => return Ok(None),
                Arrival::Other => {}
            }
        }
        self.poll_all()
    }

    /// Looks at all that may come before the next message.
    #[inline(never)]
    fn poll_all(&mut self) -> Result<Option<ServerEvent>, Error> {
        self.streams.direct = false;
        let polled = self.poll();
        match &polled {
            Ok(Some(ServerEvent::Media { stream, .. })) if self.is_direct(*stream) => {
                self.streams.direct = true;
                self.streams.current = *stream;
            }
            Err(error) => self.say_why(error),
            _ => {}
        }
        polled
    }

    /// Whether the next message is handed on as it is, if it is media of `stream`.
    fn is_direct(&self, stream: MessageStreamId) -> bool {
        self.state == ConnectionState::Connected
            && self.blocked.is_none()
            && self.events.is_empty()
            && self.aggregate.is_none()
            && self.link.is_quiet()
            && self.streams.is_publishing(stream)
    }

    fn poll(&mut self) -> Result<Option<ServerEvent>, Error> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(Some(event));
            }
            // What a message led to comes before what the next one brings.
            if let Some(warning) = self.link.poll_warning() {
                return Ok(Some(ServerEvent::Warning(warning)));
            }
            if self.blocked.is_some() {
                return self.link.check().map(|()| None);
            }
            if self.state == ConnectionState::Ended {
                return self.link.check().map(|()| self.end());
            }
            let message = match self.aggregate.as_mut().and_then(Iterator::next) {
                Some(message) => message,
                None => {
                    self.aggregate = None;
                    let polled = self.link.poll_message();
                    if let Ok(Some(message)) = polled {
                        message
                    } else if let Some(warning) = self.link.poll_warning() {
                        // Before an error as well, which stays.
                        return Ok(Some(ServerEvent::Warning(warning)));
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
                self.events.push_back(ServerEvent::Warning(warning));
            }
            let stream = message.stream;
            match MediaPacket::from_message(message) {
                Ok(packet) => self.media(stream, packet),
                Err(message) => self.message(message),
            }
        }
    }

    /// What the client said in `connect` about Enhanced RTMP.
    pub const fn peer_capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// The time a ping took there and back, once one was answered.
    pub const fn round_trip(&self) -> Option<core::time::Duration> {
        self.link.round_trip()
    }

    /// How many bytes the client acknowledged last; not all clients count alike.
    pub const fn acknowledged(&self) -> u32 {
        self.link.acknowledged()
    }

    /// The key that answers to a SWF verification are checked with; zeros before the handshake is
    /// done.
    pub const fn swf_key(&self) -> &[u8; 32] {
        self.link.swf_key()
    }

    /// The last event of all.
    #[cold]
    fn end(&mut self) -> Option<ServerEvent> {
        self.state = ConnectionState::Ended;
        let first = !core::mem::replace(&mut self.closed, true);
        if first {
            self.link.end();
        }
        first.then_some(ServerEvent::Closed)
    }

    /// Tells the client once why its connection ends, if it is connected at all.
    #[cold]
    fn say_why(&mut self, error: &Error) {
        if self.state == ConnectionState::Connected {
            let status = Status::new(error.status_hint());
            let now = self.link.now();
            // What cannot be told is not told.
            let _ = self.send_status(MessageStreamId::CONNECTION, &status, now);
        }
        self.step(ConnectionStep::End);
    }

    fn step(&mut self, step: ConnectionStep) -> bool {
        self.streams.direct = false;
        let next = self.state.after(step);
        self.state = next.unwrap_or(self.state);
        next.is_some()
    }

    #[inline(never)]
    fn media(&mut self, stream: MessageStreamId, packet: MediaPacket) {
        if self.streams.is_publishing(stream) {
            self.events.push_back(ServerEvent::Media { stream, packet });
        } else {
            self.link.warn(WarningCode::UnexpectedMedia);
        }
    }

    #[inline(never)]
    fn message(&mut self, message: Message) {
        let (stream, timestamp) = (message.stream, message.timestamp);
        match Inbound::decode(message, self.config.limits.max_command_len) {
            Ok(Inbound::Command(command)) => {
                if self.command(stream, command).is_err() {
                    self.link.warn(WarningCode::MalformedMessage);
                }
            }
            Ok(Inbound::Data(data)) if self.streams.is_publishing(stream) => {
                self.events.push_back(ServerEvent::Data {
                    stream,
                    timestamp,
                    data,
                });
            }
            Ok(Inbound::Data(_)) => self.link.warn(WarningCode::UnexpectedMedia),
            Ok(Inbound::SharedObject(object)) if self.state == ConnectionState::Connected => {
                self.events.push_back(ServerEvent::SharedObject(object));
            }
            Ok(Inbound::SharedObject(_)) => self.link.warn(WarningCode::NotConnected),
            Ok(Inbound::UserControl(event)) => self.user_control(event),
            // An aggregate inside an aggregate is not looked into.
            Ok(Inbound::Aggregate(aggregate)) => {
                self.aggregate.get_or_insert(aggregate);
            }
            Ok(Inbound::Unknown(message)) => self.events.push_back(ServerEvent::Unknown(message)),
            Err(code) => self.link.warn(code),
        }
    }

    fn user_control(&mut self, event: UserControl) {
        self.events.push_back(match event {
            UserControl::SetBufferLength { stream, millis } => {
                let length = core::time::Duration::from_millis(millis.into());
                ServerEvent::BufferLength { stream, length }
            }
            event => ServerEvent::UserControl(event),
        });
    }
}

/// The name that most commands carry behind their command object.
fn name_argument(command: &Command) -> crate::StreamName {
    let name = command.args.text(1);
    name.map(|name| name.to_str_lossy().into_owned())
        .unwrap_or_default()
        .into()
}

/// Whether a command is an answer to a call.
fn is_answer(name: &Name) -> bool {
    *name == Name::RESULT || *name == Name::ERROR
}
