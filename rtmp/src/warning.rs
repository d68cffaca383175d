//! Tolerances taken, so that a bug in the field is visible.

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
}
