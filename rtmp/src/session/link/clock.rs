//! What time it is, and what is due when.

use core::time::Duration;
use std::time::Instant;

/// The periods of a link's timers.
#[derive(Clone, Copy, Debug)]
pub(in crate::session) struct Timeouts {
    /// From the beginning until `connect` came or was answered.
    pub(in crate::session) handshake: Duration,
    /// How long the peer may be silent.
    pub(in crate::session) idle: Duration,
    /// How long the peer is silent before it gets a ping; `None` for no pings.
    pub(in crate::session) ping: Option<Duration>,
}

/// The times of one link.
#[derive(Debug)]
pub(super) struct Clock {
    pub(super) timeouts: Timeouts,
    pub(super) opened: Instant,
    /// The latest time that was told.
    pub(super) now: Instant,
    pub(super) last_input: Instant,
    pub(super) last_ping: Option<Instant>,
    pub(super) round_trip: Option<Duration>,
    /// Whether the handshake timeout is over and the idle timeout has begun.
    pub(super) connected: bool,
    /// Whether the application is asked something: its time does not count.
    pub(super) stopped: bool,
}

impl Clock {
    pub(super) const fn new(timeouts: Timeouts, now: Instant) -> Self {
        Self {
            timeouts,
            opened: now,
            now,
            last_input: now,
            last_ping: None,
            round_trip: None,
            connected: false,
            stopped: false,
        }
    }

    pub(super) fn advance(&mut self, now: Instant) {
        if now > self.now {
            self.now = now;
        }
    }

    /// When the peer's silence ends the link.
    pub(super) fn deadline(&self) -> Option<Instant> {
        if self.stopped {
            None
        } else if self.connected {
            self.last_input.checked_add(self.timeouts.idle)
        } else {
            self.opened.checked_add(self.timeouts.handshake)
        }
    }

    pub(super) fn next_ping(&self) -> Option<Instant> {
        if self.stopped || !self.connected {
            return None;
        }
        let last = self
            .last_ping
            .map_or(self.last_input, |ping| ping.max(self.last_input));
        last.checked_add(self.timeouts.ping?)
    }

    /// The time since the beginning, modulo 2^32 ms.
    pub(super) fn millis(&self) -> u32 {
        let millis = self.now.saturating_duration_since(self.opened).as_millis();
        #[expect(clippy::cast_possible_truncation, reason = "the number wraps")]
        let millis = millis as u32;
        millis
    }
}
