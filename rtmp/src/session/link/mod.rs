//! What both sessions share: bytes in and out, handshake, chunks, acknowledgements, pings, time.
//!
//! A link turns input into messages and answers by itself what needs no decision. It knows nothing
//! of commands.

mod clock;
mod control;
mod input;

use core::time::Duration;
use std::time::Instant;

use bytes::Bytes;

pub(super) use clock::Timeouts;

use self::{clock::Clock, control::Acks, input::Input};
use crate::{
    Class, EncodeError, Error, Limits, PeerMisbehaved, Quirks, SendQueue, Warning, WarningCode,
    chunk::{ChunkReader, Message, MessageStreamId, MessageType, PreparedMessage, Step, Timestamp},
    handshake::{Handshake, HandshakeKind},
    media::MediaPacket,
    message::UserControl,
    warning::Warnings,
};

/// One connection below the level of commands.
#[derive(Debug)]
pub(super) struct Link {
    /// Until it is done.
    handshake: Option<Handshake>,
    reader: ChunkReader,
    queue: SendQueue,
    input: Input,
    failed: Option<Error>,
    warnings: Warnings,
    clock: Clock,
    acks: Acks,
    /// The key of SWF verification, once the handshake is done.
    swf_key: [u8; 32],
}

impl Link {
    pub(super) fn client(
        kind: HandshakeKind,
        limits: &Limits,
        quirks: &Quirks,
        timeouts: Timeouts,
        seed: [u8; 32],
        now: Instant,
    ) -> Self {
        let handshake = Handshake::client(kind, quirks, seed);
        let mut link = Self::new(handshake, limits, quirks, timeouts, now);
        link.send_handshake();
        link
    }

    pub(super) fn new(
        handshake: Handshake,
        limits: &Limits,
        quirks: &Quirks,
        timeouts: Timeouts,
        now: Instant,
    ) -> Self {
        Self {
            handshake: Some(handshake),
            reader: ChunkReader::new(limits, quirks),
            queue: SendQueue::new(limits.max_queued_output),
            input: Input::new(limits.max_buffered_input),
            failed: None,
            warnings: Warnings::default(),
            clock: Clock::new(timeouts, now),
            acks: Acks::new(),
            swf_key: [0; 32],
        }
    }

    #[inline]
    pub(super) fn handle_input(&mut self, input: Bytes, now: Instant) {
        self.clock.advance(now);
        self.clock.last_input = self.clock.now;
        if self.input.closed || input.is_empty() {
            return;
        }
        if let Err(error) = self.input.push(input) {
            self.fail(error);
        }
    }

    pub(super) fn handle_eof(&mut self, now: Instant) {
        self.clock.advance(now);
        self.input.closed = true;
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.clock.advance(now);
        if self.input.closed {
            return;
        }
        if self
            .clock
            .deadline()
            .is_some_and(|deadline| deadline <= self.clock.now)
        {
            let silent = self
                .clock
                .now
                .saturating_duration_since(self.clock.last_input);
            let error = if self.clock.connected {
                PeerMisbehaved::Idle { silent }
            } else {
                PeerMisbehaved::NotConnected {
                    limit: self.clock.timeouts.handshake,
                }
            };
            return self.fail(error);
        }
        if self
            .clock
            .next_ping()
            .is_some_and(|ping| ping <= self.clock.now)
        {
            self.clock.last_ping = Some(self.clock.now);
            let data = Bytes::copy_from_slice(&self.clock.millis().to_be_bytes());
            self.reply(UserControl::PingRequest(data).to_message());
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        if self.input.closed {
            return None;
        }
        [self.clock.deadline(), self.clock.next_ping()]
            .into_iter()
            .flatten()
            .min()
    }

    /// The bytes to write, up to 64 KiB of them committed.
    pub(super) fn output(&mut self) -> &mut SendQueue {
        self.queue.commit();
        &mut self.queue
    }

    /// The next message that the session has to look at.
    pub(super) fn poll_message(&mut self) -> Result<Option<Message>, Error> {
        if self.handshake.is_some() && !self.shake_hands() {
            return self.check().map(|()| None);
        }
        loop {
            if !self.reader.has_message() {
                match self.parse() {
                    Parsed::Message => {}
                    Parsed::Nothing => return self.check().map(|()| None),
                    Parsed::Other => continue,
                }
            }
            match self.reader.take_message_if(|_, _| true) {
                Some(message) if !is_media(message.message_type) && self.absorb(&message) => {}
                Some(message) => return Ok(Some(message)),
                None => {}
            }
        }
    }

    /// The shorter way that nearly all messages take: audio or video of the `expected` stream, with
    /// nothing to tell before it. The id is looked at last, so no register keeps it meanwhile.
    #[inline(always)]
    pub(super) fn poll_media(&mut self, expected: &MessageStreamId) -> Arrival {
        match self.parse() {
            Parsed::Message => {
                let taken = self
                    .reader
                    .take_message_if(|kind, stream| is_media(kind) && stream == *expected);
                if let Some(message) = taken {
                    let stream = message.stream;
                    if let Ok(packet) = MediaPacket::from_message(message) {
                        return Arrival::Media(stream, packet);
                    }
                }
                Arrival::Other
            }
            Parsed::Nothing if !self.input.closed => Arrival::Nothing,
            _ => Arrival::Other,
        }
    }

    /// Whether nothing is to be told before what the reader finds next.
    pub(super) fn is_quiet(&self) -> bool {
        !self.reader.has_message() && self.warnings.is_empty()
    }

    pub(super) fn poll_warning(&mut self) -> Option<Warning> {
        self.warnings.poll()
    }

    /// The error that ended the link, if one did.
    pub(super) fn check(&self) -> Result<(), Error> {
        match &self.failed {
            None => Ok(()),
            Some(error) => Err(error.clone()),
        }
    }

    /// Whether the handshake is done.
    pub(super) const fn is_open(&self) -> bool {
        self.handshake.is_none()
    }

    /// The latest time that was told.
    pub(super) const fn now(&self) -> Instant {
        self.clock.now
    }

    pub(super) fn has_input(&self) -> bool {
        !self.input.is_empty()
    }

    /// Whether the peer's bytes ended and all of them were parsed.
    pub(super) fn is_at_end(&self) -> bool {
        self.input.closed && self.input.is_empty()
    }

    /// Drops the input that waits, and all that comes.
    pub(super) fn end(&mut self) {
        self.input.close();
    }

    /// Reports a tolerance of the session.
    pub(super) fn warn(&mut self, code: WarningCode) {
        self.warnings.report(code, self.reader.offset());
    }

    /// Sends what the peer caused; too much of it ends the link.
    pub(super) fn reply(&mut self, message: Message) {
        self.note(&message);
        if let Err(error) = self.queue.push_reply(message, self.clock.now) {
            self.fail(error);
        }
    }

    /// Sends what the application wants.
    pub(super) fn queue(
        &mut self,
        message: Message,
        class: Class,
        now: Instant,
    ) -> Result<(), EncodeError> {
        self.queue.push(message, class, now)
    }

    pub(super) fn queue_prepared(
        &mut self,
        message: &PreparedMessage,
        class: Class,
        stream: MessageStreamId,
        timestamp: Timestamp,
        now: Instant,
    ) {
        self.queue
            .push_prepared(message, class, stream, timestamp, now);
    }

    /// Takes note of the time without anything else having happened.
    pub(super) fn advance(&mut self, now: Instant) {
        self.clock.advance(now);
    }

    /// Ends the handshake timeout and begins the idle timeout.
    pub(super) fn set_connected(&mut self) {
        self.clock.connected = true;
    }

    /// Stops the idle timeout while the application is asked something.
    pub(super) fn stop_clock(&mut self) {
        self.clock.stopped = true;
    }

    /// Starts it again: the peer's silence began now.
    pub(super) fn resume(&mut self) {
        self.clock.stopped = false;
        self.clock.last_input = self.clock.now;
    }

    pub(super) const fn round_trip(&self) -> Option<Duration> {
        self.clock.round_trip
    }

    /// The key of SWF verification; zeros before the handshake is done.
    pub(super) const fn swf_key(&self) -> &[u8; 32] {
        &self.swf_key
    }

    pub(super) const fn acknowledged(&self) -> u32 {
        self.acks.acknowledged
    }

    #[cold]
    fn fail(&mut self, error: impl Into<Error>) {
        self.failed.get_or_insert_with(|| error.into());
        self.input.close();
    }

    /// Parses up to the end of a message or of the input.
    #[inline(always)]
    fn parse(&mut self) -> Parsed {
        while let Some(input) = self.input.front() {
            let (step, taken) = self.reader.advance(input);
            if self.input.consume(taken) && self.reader.offset() >= self.acks.next {
                self.acknowledge();
            }
            if self.reader.has_warnings() {
                return self.attend();
            }
            match step {
                Step::Complete => return Parsed::Message,
                Step::Progress => {}
                _ => return self.attend(),
            }
        }
        Parsed::Nothing
    }

    /// Takes over the reader's warnings, behind those of the messages before this one, and its
    /// failure.
    #[cold]
    fn attend(&mut self) -> Parsed {
        while let Some(Warning { code, offset }) = self.reader.poll_warning() {
            self.warnings.report(code, offset);
        }
        if let Err(error) = self.reader.failure() {
            self.fail(error);
        }
        Parsed::Other
    }

    /// Goes on with the handshake; tells whether it is done.
    #[cold]
    fn shake_hands(&mut self) -> bool {
        while let (Some(handshake), Some(mut rest)) = (&mut self.handshake, self.input.front()) {
            let len = rest.len();
            let done = handshake.read(&mut rest);
            let taken = len - rest.len();
            self.input.consume(taken);
            self.acks.handshake_len += taken as u64;
            self.send_handshake();
            match done {
                Ok(None) => {}
                Ok(Some(handshaken)) => {
                    self.swf_key = handshaken.swf_key;
                    self.end_handshake();
                }
                Err(error) => self.fail(error),
            }
        }
        self.handshake.is_none()
    }

    fn send_handshake(&mut self) {
        if let Some(bytes) = self.handshake.as_mut().and_then(Handshake::poll_output) {
            self.queue.push_handshake(bytes);
        }
    }

    fn end_handshake(&mut self) {
        if let Some(mut handshake) = self.handshake.take() {
            while let Some(Warning { code, offset, .. }) = handshake.poll_warning() {
                self.warnings.report(code, offset);
            }
            #[cfg(feature = "rtmpe")]
            if let Some(ciphers) = handshake.take_ciphers() {
                self.queue.encrypt(ciphers.output);
                self.input.decrypt_with(ciphers.input);
            }
        }
        let len = self.acks.handshake_len;
        self.reader = self.reader.clone().starting_at(len);
        self.acks.next += len;
    }
}

/// What came next.
#[derive(Debug)]
pub(super) enum Arrival {
    /// Audio or video.
    Media(MessageStreamId, MediaPacket),
    /// Nothing, and there is nothing to tell.
    Nothing,
    /// Something that only the longer way finds out.
    Other,
}

/// How far parsing got.
#[derive(Debug)]
enum Parsed {
    /// To the end of a message, which is to be taken.
    Message,
    /// To the end of the input.
    Nothing,
    /// To something to tell: a warning, behind which a message may have arrived, or a failure.
    Other,
}

fn is_media(message_type: MessageType) -> bool {
    matches!(message_type, MessageType::AUDIO | MessageType::VIDEO)
}
