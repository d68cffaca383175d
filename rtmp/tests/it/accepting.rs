//! A driver of a server session that says yes to everything.

use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use weir_rtmp::{CommandError, Error, SendQueue, ServerConfig, ServerEvent, ServerSession};

pub(crate) struct Accepting {
    pub(crate) session: ServerSession,
    pub(crate) events: Vec<ServerEvent>,
    pub(crate) output: Vec<u8>,
    now: Instant,
}

impl Accepting {
    pub(crate) fn new(config: ServerConfig, now: Instant) -> Self {
        let session = ServerSession::new(config, [7; 32], now);
        Self {
            session,
            events: Vec::new(),
            output: Vec::new(),
            now,
        }
    }

    /// Hands over a read, if the session wants it, and answers what comes of it.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Result<(), Error> {
        assert!(self.session.wants_input(), "everything was answered");
        self.session
            .handle_input(Bytes::copy_from_slice(bytes), self.now);
        self.poll()
    }

    pub(crate) fn eof(&mut self) -> Result<(), Error> {
        self.session.handle_eof(self.now);
        self.poll()
    }

    pub(crate) fn poll(&mut self) -> Result<(), Error> {
        while let Some(event) = self.session.poll_event()? {
            accept(&mut self.session, &event, self.now).expect("the request waits");
            self.events.push(event);
            drain(self.session.output(), &mut self.output);
        }
        drain(self.session.output(), &mut self.output);
        Ok(())
    }
}

/// Says yes to the event, if it asks.
pub(crate) fn accept(
    session: &mut ServerSession,
    event: &ServerEvent,
    now: Instant,
) -> Result<(), CommandError> {
    match event {
        ServerEvent::ConnectRequested { id, .. } => session.accept_connect(*id, now),
        ServerEvent::PublishRequested { id, .. } => session.accept_publish(*id, now),
        ServerEvent::PlayRequested { id, .. } => session.accept_play(*id, now),
        ServerEvent::Play2Requested { id, .. } => session.accept_play2(*id, now),
        ServerEvent::SeekRequested { id, .. } => session.accept_seek(*id, now),
        ServerEvent::PauseRequested { id, .. } => session.accept_pause(*id, now),
        ServerEvent::StreamLengthRequested { id, .. } => {
            session.accept_stream_length(*id, Some(Duration::from_secs(3)), now)
        }
        ServerEvent::CallRequested {
            id: Some(id),
            command,
            ..
        } => session.accept_call(*id, command.args.clone(), now),
        _ => Ok(()),
    }
}

/// Writes all there is, as a driver would.
pub(crate) fn drain(queue: &mut SendQueue, to: &mut Vec<u8>) {
    queue.commit();
    while queue.has_remaining() {
        let chunk = queue.chunk();
        to.extend_from_slice(chunk);
        let len = chunk.len();
        queue.advance(len);
        queue.commit();
    }
}
