//! What can go wrong, split by whose fault it is.

use thiserror::Error;

use crate::message::StatusCode;

/// A value (of a header, a URL, an SDP line) does not follow its grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{expected} expected at byte {offset}")]
#[non_exhaustive]
pub struct ValueError {
    /// Bytes from the start of the value.
    pub offset: usize,
    /// What the grammar wants there.
    pub expected: &'static str,
}

impl ValueError {
    pub(crate) const fn new(offset: usize, expected: &'static str) -> Self {
        Self { offset, expected }
    }
}

/// Why a stream of messages cannot be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The bytes break the grammar in a way that hides where the next message starts.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The peer announced or sent more than it may.
    #[error(transparent)]
    LimitExceeded(#[from] LimitExceeded),
}

/// Why a session ended. Sticky: each later call returns the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes cannot be read on.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The messages are sound, but not what the protocol allows here.
    #[error(transparent)]
    PeerMisbehaved(#[from] PeerMisbehaved),
    /// The peer announced or sent more than it may.
    #[error(transparent)]
    LimitExceeded(#[from] LimitExceeded),
}

/// Sound messages that the protocol does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PeerMisbehaved {
    /// The session id of a response is not the one of the session. Only with
    /// [`Quirks::strict`](crate::Quirks::strict).
    #[error("the session id changed")]
    SessionIdChanged,
}

impl Error {
    /// What the peer is told before the connection is closed.
    pub const fn status_hint(&self) -> StatusCode {
        match self {
            Self::Malformed(
                Malformed::StartLine { .. }
                | Malformed::ContentLength { .. }
                | Malformed::NotUtf8 { .. }
                | Malformed::Unframed { .. },
            ) => StatusCode::BAD_REQUEST,
            Self::PeerMisbehaved(PeerMisbehaved::SessionIdChanged) => StatusCode::SESSION_NOT_FOUND,
            Self::LimitExceeded(LimitExceeded::Body { .. }) => StatusCode::REQUEST_ENTITY_TOO_LARGE,
            Self::LimitExceeded(
                LimitExceeded::Head { .. }
                | LimitExceeded::Headers { .. }
                | LimitExceeded::Skipped { .. },
            ) => StatusCode::BAD_REQUEST,
            Self::LimitExceeded(
                LimitExceeded::BufferedInput { .. } | LimitExceeded::QueuedOutput { .. },
            ) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Malformed(error) => Self::Malformed(error),
            ReadError::LimitExceeded(error) => Self::LimitExceeded(error),
        }
    }
}

/// Bytes that cannot be a message. Offsets count from the first byte of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Malformed {
    /// The first line of a message is neither a request line nor a status line.
    #[error("{expected} expected in the message at byte {offset}")]
    StartLine {
        /// Where the message starts.
        offset: u64,
        /// What the grammar wants.
        expected: &'static str,
    },
    /// `Content-Length` is not a plain number, or stands twice with different ones.
    #[error("content-length of the message at byte {offset} is not one plain number")]
    ContentLength {
        /// Where the message starts.
        offset: u64,
    },
    /// The text of a head is not UTF-8. Only [`Head::parse`](crate::message::Head::parse) refuses
    /// it; the [`Reader`](crate::message::Reader) takes it for Latin-1.
    #[error("the text at byte {offset} is not UTF-8")]
    NotUtf8 {
        /// Where the text stops being UTF-8.
        offset: u64,
    },
    /// What follows a message is neither a message nor a `$` frame, and
    /// [`Resync::Never`](crate::message::Resync::Never) forbids to look for the next one.
    #[error("byte {first:#04x} at byte {offset} starts neither a message nor a frame")]
    Unframed {
        /// Where it stands.
        offset: u64,
        /// The byte found.
        first: u8,
    },
}

/// The peer sent more than it may. Offsets count from the first byte of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LimitExceeded {
    /// A head did not end in time.
    #[error("the head at byte {offset} is longer than {limit} bytes")]
    Head {
        /// Where the head starts.
        offset: u64,
        /// [`Limits::max_head_len`](crate::Limits::max_head_len).
        limit: usize,
    },
    /// A head has too many fields.
    #[error("the header field at byte {offset} is one more than {limit}")]
    Headers {
        /// Where the first field over the limit starts.
        offset: u64,
        /// [`Limits::max_headers`](crate::Limits::max_headers).
        limit: usize,
    },
    /// A body was announced that is too long.
    #[error("a body of {got} bytes for the message at byte {offset}, the limit is {limit}")]
    Body {
        /// Where the message starts.
        offset: u64,
        /// What `Content-Length` says.
        got: u64,
        /// [`Limits::max_body_len`](crate::Limits::max_body_len).
        limit: usize,
    },
    /// Too much stood between two messages that belongs to none.
    #[error("more than {limit} bytes from byte {offset} on belong to no message")]
    Skipped {
        /// Where the first of these bytes stands.
        offset: u64,
        /// [`Limits::max_skipped`](crate::Limits::max_skipped).
        limit: usize,
    },
    /// More input was stored than may wait, because nobody polled.
    #[error("more than {limit} bytes of input wait")]
    BufferedInput {
        /// [`Limits::max_buffered_input`](crate::Limits::max_buffered_input).
        limit: usize,
    },
    /// The peer causes replies and does not read them.
    #[error("{got} bytes of replies wait, the limit is {limit}")]
    QueuedOutput {
        /// What waits, 96 bytes for each reply included.
        got: usize,
        /// [`Limits::max_queued_output`](crate::Limits::max_queued_output).
        limit: usize,
    },
}

impl Malformed {
    /// The same, found in a part that starts at `base`.
    pub(crate) const fn behind(self, base: u64) -> Self {
        match self {
            Self::StartLine { offset, expected } => Self::StartLine {
                offset: base + offset,
                expected,
            },
            Self::ContentLength { offset } => Self::ContentLength {
                offset: base + offset,
            },
            Self::NotUtf8 { offset } => Self::NotUtf8 {
                offset: base + offset,
            },
            Self::Unframed { offset, first } => Self::Unframed {
                offset: base + offset,
                first,
            },
        }
    }
}

impl LimitExceeded {
    /// The same, found in a part that starts at `base`.
    pub(crate) const fn behind(self, base: u64) -> Self {
        match self {
            Self::Head { offset, limit } => Self::Head {
                offset: base + offset,
                limit,
            },
            Self::Headers { offset, limit } => Self::Headers {
                offset: base + offset,
                limit,
            },
            Self::Body { offset, got, limit } => Self::Body {
                offset: base + offset,
                got,
                limit,
            },
            Self::Skipped { offset, limit } => Self::Skipped {
                offset: base + offset,
                limit,
            },
            Self::BufferedInput { .. } | Self::QueuedOutput { .. } => self,
        }
    }
}

impl ReadError {
    /// The same, found in a part that starts at `base`.
    pub(crate) const fn behind(self, base: u64) -> Self {
        match self {
            Self::Malformed(error) => Self::Malformed(error.behind(base)),
            Self::LimitExceeded(error) => Self::LimitExceeded(error.behind(base)),
        }
    }
}
