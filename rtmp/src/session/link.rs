//! What both sessions share: bytes in and out, handshake, chunks, acknowledgements, pings, time.
//!
//! A link turns input into messages and answers by itself what needs no decision. It knows nothing
//! of commands.

use core::time::Duration;
use std::{collections::VecDeque, time::Instant};

use bytes::{Buf, Bytes};

use crate::{
    Class, EncodeError, Error, LimitExceeded, Limits, PeerMisbehaved, Quirks, SendQueue, Warning,
    WarningCode,
    chunk::{ChunkReader, Message, MessageStreamId, MessageType, PreparedMessage, Timestamp},
    handshake::{Handshake, HandshakeKind},
    message::{BandwidthLimit, Control, UserControl},
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

/// The periods of a link's timers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    /// From the beginning until `connect` came or was answered.
    pub(super) handshake: Duration,
    /// How long the peer may be silent.
    pub(super) idle: Duration,
    /// How long the peer is silent before it gets a ping; `None` for no pings.
    pub(super) ping: Option<Duration>,
}

/// Reads that were not parsed yet.
#[derive(Debug, Default)]
struct Input {
    /// Each with its length when it was stored: a block is held until its last byte is parsed.
    reads: VecDeque<(Bytes, usize)>,
    /// What the reads count towards the limit.
    cost: usize,
    limit: usize,
    ended: bool,
    /// RTMPE, behind the handshake.
    #[cfg(feature = "rtmpe")]
    cipher: Option<crate::handshake::Cipher>,
}

#[derive(Debug)]
struct Clock {
    timeouts: Timeouts,
    opened: Instant,
    /// The latest time that was told.
    now: Instant,
    last_input: Instant,
    last_ping: Option<Instant>,
    round_trip: Option<Duration>,
    /// Whether the handshake timeout is over and the idle timeout has begun.
    connected: bool,
    /// Whether the application is asked something: its time does not count.
    stopped: bool,
}

#[derive(Debug)]
struct Acks {
    /// After how many bytes the peer wants an acknowledgement.
    window: u32,
    /// Where the next acknowledgement is due, counted as the reader counts.
    next: u64,
    /// Bytes of the handshake, which are not acknowledged, as FFmpeg and nginx-rtmp do it.
    handshake_len: u64,
    /// What the peer acknowledged last.
    acknowledged: u32,
    /// The window the peer set for this side, and whether that was a hard limit.
    bandwidth: Option<(u32, bool)>,
    /// The window that was last told to the peer.
    told_window: u32,
}

impl Link {
    pub(super) fn server(
        handshake: Handshake,
        limits: &Limits,
        quirks: &Quirks,
        timeouts: Timeouts,
        now: Instant,
    ) -> Self {
        Self::new(handshake, limits, quirks, timeouts, now)
    }

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

    fn new(
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
            input: Input {
                limit: limits.max_buffered_input,
                ..Input::default()
            },
            failed: None,
            warnings: Warnings::default(),
            clock: Clock {
                timeouts,
                opened: now,
                now,
                last_input: now,
                last_ping: None,
                round_trip: None,
                connected: false,
                stopped: false,
            },
            acks: Acks {
                window: DEFAULT_WINDOW,
                next: u64::from(DEFAULT_WINDOW / 2),
                handshake_len: 0,
                acknowledged: 0,
                bandwidth: None,
                told_window: 0,
            },
            swf_key: [0; 32],
        }
    }

    pub(super) fn handle_input(&mut self, input: Bytes, now: Instant) {
        self.clock.advance(now);
        self.clock.last_input = self.clock.now;
        if self.failed.is_some() || self.input.ended || input.is_empty() {
            return;
        }
        let cost = input.len() + READ_COST;
        self.input.cost += cost;
        if self.input.cost > self.input.limit {
            let (got, limit) = (self.input.cost, self.input.limit);
            return self.fail(LimitExceeded::BufferedInput { got, limit });
        }
        let input = self.input.decrypted(input);
        self.input.reads.push_back((input, cost));
    }

    pub(super) fn handle_eof(&mut self, now: Instant) {
        self.clock.advance(now);
        self.input.ended = true;
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.clock.advance(now);
        if self.failed.is_some() || self.input.ended {
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
        if self.failed.is_some() || self.input.ended {
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
        self.check()?;
        let result = self.read_message();
        if let Err(error) = &result {
            self.failed = Some(error.clone());
        }
        result
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
        !self.input.reads.is_empty()
    }

    /// Whether the peer's bytes ended and all of them were parsed.
    pub(super) fn is_at_end(&self) -> bool {
        self.input.ended && self.input.reads.is_empty()
    }

    /// Drops the input that waits, and all that comes.
    pub(super) fn end(&mut self) {
        self.input.ended = true;
        self.input.reads = VecDeque::new();
        self.input.cost = 0;
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

    fn fail(&mut self, error: impl Into<Error>) {
        self.failed.get_or_insert_with(|| error.into());
        self.input.reads = VecDeque::new();
        self.input.cost = 0;
    }

    fn read_message(&mut self) -> Result<Option<Message>, Error> {
        if self.handshake.is_some() && !self.shake_hands()? {
            return Ok(None);
        }
        while let Some((front, _)) = self.input.reads.front_mut() {
            let mut rest: &[u8] = front;
            let message = self.reader.read(&mut rest);
            let left = rest.len();
            self.input.keep(left);
            // Behind those of the messages before this one.
            while let Some(Warning { code, offset }) = self.reader.poll_warning() {
                self.warnings.report(code, offset);
            }
            let offset = self.reader.offset();
            if offset >= self.acks.next {
                self.acknowledge(offset);
            }
            match &message {
                Ok(None) => {}
                Ok(Some(control)) if !is_media(control) && self.absorb(control) => {}
                _ => return message,
            }
            self.check()?;
        }
        Ok(None)
    }

    /// Goes on with the handshake; tells whether it is done.
    #[cold]
    fn shake_hands(&mut self) -> Result<bool, Error> {
        while let (Some(handshake), Some((front, _))) =
            (&mut self.handshake, self.input.reads.front_mut())
        {
            let mut rest: &[u8] = front;
            let done = handshake.read(&mut rest);
            let left = rest.len();
            let consumed = front.len() - left;
            self.input.keep(left);
            self.acks.handshake_len += consumed as u64;
            self.send_handshake();
            if let Some(handshaken) = done? {
                self.swf_key = handshaken.swf_key;
                self.end_handshake();
            }
        }
        Ok(self.handshake.is_none())
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

    /// Acknowledges in the middle of a message as well: a peer that waits at its window would wait
    /// for ever otherwise.
    #[cold]
    fn acknowledge(&mut self, offset: u64) {
        self.acks.next = offset + u64::from(self.acks.window / 2).max(1);
        // Modulo 2^32, as the number on the wire.
        #[expect(clippy::cast_possible_truncation, reason = "the number wraps")]
        let count = (offset - self.acks.handshake_len) as u32;
        self.reply(Control::Acknowledgement(count).to_message());
    }

    /// Handles what needs no decision; tells whether there is nothing left to do.
    #[inline(never)]
    fn absorb(&mut self, message: &Message) -> bool {
        if message.message_type == MessageType::USER_CONTROL {
            return self.absorb_user_control(&message.payload);
        }
        match Control::decode(message.message_type, &message.payload) {
            Ok(None) => return false,
            Ok(Some(control)) => self.obey(control),
            Err(_) => self.warn(WarningCode::ControlTooShort),
        }
        true
    }

    fn obey(&mut self, control: Control) {
        match control {
            // The reader has obeyed already.
            Control::SetChunkSize(_) | Control::Abort(_) => {}
            Control::Acknowledgement(count) => self.acks.acknowledged = count,
            Control::WindowAckSize(window) => {
                self.acks.window = window.max(MIN_WINDOW);
                let due = self.reader.offset() + u64::from(self.acks.window / 2);
                self.acks.next = self.acks.next.min(due);
            }
            Control::SetPeerBandwidth { window, limit } => {
                let old = self.acks.bandwidth;
                let next = match (limit, old) {
                    (BandwidthLimit::Hard, _) => (window, true),
                    (BandwidthLimit::Soft, Some((old, hard))) => (window.min(old), hard),
                    (BandwidthLimit::Soft, None) => (window, false),
                    (BandwidthLimit::Dynamic, Some((_, true))) => (window, true),
                    // Ignored by the letter, but what nearly all servers send first.
                    (BandwidthLimit::Dynamic, None) => (window, false),
                    (BandwidthLimit::Dynamic, Some(old)) => old,
                };
                self.acks.bandwidth = Some(next);
                if next.0 != self.acks.told_window {
                    self.reply(Control::WindowAckSize(next.0).to_message());
                }
            }
        }
    }

    fn absorb_user_control(&mut self, payload: &Bytes) -> bool {
        match UserControl::decode(payload) {
            Ok(UserControl::PingRequest(data)) => {
                // Some peers send 8 or 12 bytes (a time and what it is about); all go back.
                let data = data.slice(..data.len().min(MAX_PING_LEN));
                self.reply(UserControl::PingResponse(data).to_message());
                true
            }
            Ok(UserControl::PingResponse(_)) => {
                let now = self.clock.now;
                let sent = self.clock.last_ping;
                self.clock.round_trip = sent.map(|sent| now.saturating_duration_since(sent));
                true
            }
            Ok(_) => false,
            Err(_) => {
                self.warn(WarningCode::ControlTooShort);
                true
            }
        }
    }

    /// Remembers what this side told about itself.
    fn note(&mut self, message: &Message) {
        if message.message_type == MessageType::WINDOW_ACK_SIZE {
            if let Ok(window) = (&message.payload[..]).try_get_u32() {
                self.acks.told_window = window;
            }
        }
    }
}

impl Input {
    /// The bytes as the chunk layer sees them.
    #[cfg(feature = "rtmpe")]
    fn decrypted(&mut self, input: Bytes) -> Bytes {
        match &mut self.cipher {
            Some(cipher) => cipher.apply(input),
            None => input,
        }
    }

    #[cfg(not(feature = "rtmpe"))]
    #[expect(
        clippy::unused_self,
        reason = "there is a cipher with the feature rtmpe"
    )]
    fn decrypted(&self, input: Bytes) -> Bytes {
        input
    }

    /// Decrypts what is there, and from now on what comes.
    #[cfg(feature = "rtmpe")]
    fn decrypt_with(&mut self, mut cipher: crate::handshake::Cipher) {
        for (read, _) in &mut self.reads {
            *read = cipher.apply(core::mem::take(read));
        }
        self.cipher = Some(cipher);
    }

    /// Drops all but the last `left` bytes of the first read.
    #[inline]
    fn keep(&mut self, left: usize) {
        if let Some((front, cost)) = self.reads.front_mut() {
            if left > 0 {
                front.advance(front.len() - left);
            } else {
                self.cost -= *cost;
                self.reads.pop_front();
            }
        }
    }
}

impl Clock {
    fn advance(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    /// When the peer's silence ends the link.
    fn deadline(&self) -> Option<Instant> {
        if self.stopped {
            None
        } else if self.connected {
            self.last_input.checked_add(self.timeouts.idle)
        } else {
            self.opened.checked_add(self.timeouts.handshake)
        }
    }

    fn next_ping(&self) -> Option<Instant> {
        if self.stopped || !self.connected {
            return None;
        }
        let last = self
            .last_ping
            .map_or(self.last_input, |ping| ping.max(self.last_input));
        last.checked_add(self.timeouts.ping?)
    }

    /// The time since the beginning, modulo 2^32 ms.
    fn millis(&self) -> u32 {
        let millis = self.now.saturating_duration_since(self.opened).as_millis();
        #[expect(clippy::cast_possible_truncation, reason = "the number wraps")]
        let millis = millis as u32;
        millis
    }
}

/// Whether a message is what nearly all are.
fn is_media(message: &Message) -> bool {
    matches!(
        message.message_type,
        MessageType::AUDIO | MessageType::VIDEO
    )
}

/// What a stored read counts besides its length.
const READ_COST: usize = 64;
/// Peers that never tell a window want acknowledgements all the same (Wirecast, arut#34).
const DEFAULT_WINDOW: u32 = 2_500_000;
/// A smaller window is taken for this one; every few bytes an acknowledgement would be a flood.
const MIN_WINDOW: u32 = 1024;
/// More bytes of a ping are not sent back.
const MAX_PING_LEN: usize = 64;
