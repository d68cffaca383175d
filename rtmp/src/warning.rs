//! Tolerances taken, so that a bug in the field is visible.

use alloc::vec::Vec;

/// A habit of the peer that was accepted; each code is reported once per connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Warning {
    /// What the peer did.
    pub code: WarningCode,
    /// Where it first did so, in bytes from the beginning of the connection.
    pub offset: u64,
}

impl Warning {
    /// Returns a warning.
    pub const fn new(code: WarningCode, offset: u64) -> Self {
        Self { code, offset }
    }
}

impl core::fmt::Display for Warning {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "byte {}: {:?}", self.offset, self.code)
    }
}

/// What a [`Warning`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WarningCode {
    /// A chunk stream opened with fmt 1; its message stream id was taken as 0.
    NoMessageStreamId,
    /// Continuation chunks leave out the extended timestamp.
    ExtendedTimestampOmitted,
    /// Continuation chunks repeat the absolute time where the header had a delta.
    ExtendedTimestampAbsolute,
    /// A repeated header in the middle of a message was taken as a continuation.
    HeaderInMessage,
    /// A new header in the middle of a message; what had arrived of it was dropped.
    PartialMessageDropped,
    /// A chunk size out of range was clamped.
    ChunkSizeClamped,
    /// A control message was too short to mean anything, and ignored.
    ControlTooShort,
    /// The handshake had an unknown version and was answered with version 3.
    HandshakeVersion,
    /// The last part of the handshake neither echoed nor signed ours.
    HandshakeMismatch,
    /// The payload of a command, data, user control or shared object message made no sense; the
    /// message was passed over.
    MalformedMessage,
    /// A command or shared object message was longer than `max_command_len`, and passed over.
    CommandTooLong,
    /// The name of a stream was longer than `max_name_len`; its command was refused.
    NameTooLong,
    /// A command came before `connect` was accepted, and was refused.
    NotConnected,
    /// Media or data came on a message stream that carries none, and were dropped.
    UnexpectedMedia,
    /// An answer came to a call that was never made.
    UnexpectedAnswer,
    /// `publish` or `play` came on a message stream that was never created.
    StreamNotCreated,
    /// More requests than `max_pending_requests` waited for their answer; one was refused.
    TooManyRequests,
}

/// Warnings to hand out, each code once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Warnings {
    /// Bit n is set once the code with discriminant n was reported.
    reported: u64,
    waiting: Vec<Warning>,
}

impl Warnings {
    pub(crate) fn report(&mut self, code: WarningCode, offset: u64) {
        let bit = 1 << (code as u8);
        if self.reported & bit == 0 {
            self.reported |= bit;
            self.waiting.push(Warning::new(code, offset));
        }
    }

    #[cfg(feature = "std")]
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(crate) fn poll(&mut self) -> Option<Warning> {
        if self.waiting.is_empty() {
            None
        } else {
            Some(self.waiting.remove(0))
        }
    }
}
