//! What can go wrong, split by whose fault it is.

use core::time::Duration;

use crate::{StatusCode, chunk::ChunkStreamId};

/// Why a session or a codec stopped understanding its peer. It is final.
///
/// Offsets count the bytes received on the connection, the first byte of the handshake being 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not RTMP.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The bytes are RTMP and break its rules.
    #[error(transparent)]
    PeerMisbehaved(#[from] PeerMisbehaved),
    /// The peer wants more than [`Limits`](crate::Limits) allows.
    #[error(transparent)]
    LimitExceeded(#[from] LimitExceeded),
}

impl Error {
    /// Where in the bytes received on the connection it went wrong, if at one place.
    pub const fn offset(&self) -> Option<u64> {
        match self {
            Self::Malformed(Malformed::NoEarlierHeader { offset, .. })
            | Self::PeerMisbehaved(
                PeerMisbehaved::NoMessageStreamId { offset, .. }
                | PeerMisbehaved::HeaderInMessage { offset, .. }
                | PeerMisbehaved::ChunkSizeOutOfRange { offset, .. }
                | PeerMisbehaved::NoKey { offset, .. }
                | PeerMisbehaved::HandshakeMismatch { offset, .. },
            )
            | Self::LimitExceeded(
                LimitExceeded::MessageLen { offset, .. }
                | LimitExceeded::InProgress { offset, .. }
                | LimitExceeded::ChunkStreams { offset, .. }
                | LimitExceeded::ChunksPerMessage { offset, .. },
            ) => Some(*offset),
            Self::Malformed(Malformed::Tls | Malformed::Http { .. })
            | Self::PeerMisbehaved(PeerMisbehaved::HandshakeVersion { .. }) => Some(0),
            Self::PeerMisbehaved(
                PeerMisbehaved::NotConnected { .. } | PeerMisbehaved::Idle { .. },
            )
            | Self::LimitExceeded(
                LimitExceeded::BufferedInput { .. } | LimitExceeded::QueuedOutput { .. },
            ) => None,
        }
    }

    /// What a server tells its client before it closes the connection.
    pub const fn status_hint(&self) -> StatusCode {
        match self {
            Self::PeerMisbehaved(PeerMisbehaved::Idle { .. }) => StatusCode::CONNECT_IDLE_TIMEOUT,
            Self::Malformed(_) | Self::PeerMisbehaved(_) => StatusCode::CONNECT_FAILED,
            Self::LimitExceeded(_) => StatusCode::CONNECT_REJECTED,
        }
    }
}

/// Bytes that have no meaning in RTMP.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// A chunk leaves out fields that no earlier chunk of its chunk stream has told.
    #[error("byte {offset}: fmt {fmt} opens chunk stream {csid}, which has no earlier header")]
    NoEarlierHeader {
        /// The chunk stream.
        csid: ChunkStreamId,
        /// 2 or 3.
        fmt: u8,
        /// Where the chunk begins.
        offset: u64,
    },
    /// The peer speaks TLS: an RTMPS client on a port without TLS.
    #[error("byte 0: the peer speaks TLS (first byte 0x16)")]
    Tls,
    /// The peer speaks HTTP: RTMPT, or a wrong port.
    #[error("byte 0: the peer speaks HTTP (first byte {first:#04x})")]
    Http {
        /// The first byte, a letter of the method.
        first: u8,
    },
}

/// Bytes that a peer which follows the specification would not send.
///
/// Most of these are only errors with [`Quirks::strict`](crate::Quirks::strict).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeerMisbehaved {
    /// The first chunk of a chunk stream has no message stream id.
    #[error("byte {offset}: fmt 1 opens chunk stream {csid}")]
    NoMessageStreamId {
        /// The chunk stream.
        csid: ChunkStreamId,
        /// Where the chunk begins.
        offset: u64,
    },
    /// A chunk that should continue a message has the header of a new one.
    #[error(
        "byte {offset}: fmt {fmt} on chunk stream {csid} while {missing} bytes of its message are missing"
    )]
    HeaderInMessage {
        /// The chunk stream.
        csid: ChunkStreamId,
        /// 0, 1 or 2.
        fmt: u8,
        /// Bytes that the unfinished message still wants.
        missing: u32,
        /// Where the chunk begins.
        offset: u64,
    },
    /// A chunk size of zero, or with the top bit set.
    #[error("byte {offset}: chunk size {got:#x}, allowed are 1 to 0x7fffffff")]
    ChunkSizeOutOfRange {
        /// The number on the wire.
        got: u32,
        /// Where the message that told it ended.
        offset: u64,
    },
    /// The first byte asks for a handshake that this side does not know.
    #[error("byte 0: handshake version {got}")]
    HandshakeVersion {
        /// The first byte.
        got: u8,
    },
    /// An encrypted handshake without a signed greeting that holds a key.
    #[error("byte {offset}: the greeting holds no key to encrypt with")]
    NoKey {
        /// Where the greeting begins.
        offset: u64,
    },
    /// The last part of the handshake neither echoes nor signs ours.
    #[error("byte {offset}: the handshake's last part neither echoes nor signs ours")]
    HandshakeMismatch {
        /// Where that part begins.
        offset: u64,
    },
    /// The peer did not get as far as `connect` in time.
    #[error("not connected after {limit:?}")]
    NotConnected {
        /// `handshake_timeout` of the session's config.
        limit: Duration,
    },
    /// The peer said nothing at all, not even to a ping.
    #[error("silent for {silent:?}")]
    Idle {
        /// How long.
        silent: Duration,
    },
}

/// A limit the peer ran into.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LimitExceeded {
    /// A chunk announced a message longer than `max_message_len`.
    #[error("byte {offset}: message of {got} bytes on chunk stream {csid}, the limit is {limit}")]
    MessageLen {
        /// The chunk stream.
        csid: ChunkStreamId,
        /// The announced length.
        got: u32,
        /// [`Limits::max_message_len`](crate::Limits::max_message_len).
        limit: u32,
        /// Where the chunk begins.
        offset: u64,
    },
    /// All unfinished messages together announce more than `max_in_progress`.
    #[error("byte {offset}: unfinished messages of {got} bytes in all, the limit is {limit}")]
    InProgress {
        /// The bytes announced by all unfinished messages.
        got: usize,
        /// [`Limits::max_in_progress`](crate::Limits::max_in_progress).
        limit: usize,
        /// Where the chunk begins.
        offset: u64,
    },
    /// The peer uses more than `max_chunk_streams` chunk streams.
    #[error("byte {offset}: chunk stream {csid} is one more than the limit of {limit}")]
    ChunkStreams {
        /// The chunk stream that is one too many.
        csid: ChunkStreamId,
        /// [`Limits::max_chunk_streams`](crate::Limits::max_chunk_streams).
        limit: usize,
        /// Where the chunk begins.
        offset: u64,
    },
    /// A message comes in more than `max_chunks_per_message` chunks.
    #[error("byte {offset}: a message on chunk stream {csid} has more than {limit} chunks")]
    ChunksPerMessage {
        /// The chunk stream.
        csid: ChunkStreamId,
        /// [`Limits::max_chunks_per_message`](crate::Limits::max_chunks_per_message).
        limit: u32,
        /// Where the chunk begins.
        offset: u64,
    },
    /// The driver stored more input than `max_buffered_input`.
    #[error("{got} bytes of input wait to be parsed, the limit is {limit}")]
    BufferedInput {
        /// Bytes waiting, 64 more for each read.
        got: usize,
        /// [`Limits::max_buffered_input`](crate::Limits::max_buffered_input).
        limit: usize,
    },
    /// Replies that the peer caused and does not read reach `max_queued_output`.
    #[error("{got} bytes of replies wait for a peer that does not read, the limit is {limit}")]
    QueuedOutput {
        /// Bytes waiting, the refused reply included.
        got: usize,
        /// [`Limits::max_queued_output`](crate::Limits::max_queued_output).
        limit: usize,
    },
}

/// A message this side cannot send; it never comes from the peer's bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The length field has 24 bits.
    #[error("a message of {got} bytes, a header has room for 16777215")]
    MessageLen {
        /// Bytes of the payload.
        got: usize,
    },
}

/// What is wrong with an HTTP message of a tunnel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TunnelError {
    /// The path is none of a tunnel's.
    #[error("the path is not one of /open, /send, /idle, /close and /fcs")]
    Path,
    /// The id is not a tunnel's, or another's.
    #[error("an id of {len} bytes names no tunnel")]
    Id {
        /// Bytes of the id.
        len: usize,
    },
    /// The request is not the one after the last.
    #[error("request {got}, expected {expected}")]
    Sequence {
        /// Its number.
        got: u32,
        /// The number after the last request's.
        expected: u32,
    },
    /// The tunnel was closed.
    #[error("the tunnel is closed")]
    Closed,
    /// The server refuses.
    #[error("the server answers with status {got}")]
    Status {
        /// The status, not 200.
        got: u16,
    },
    /// The server answers what nobody asked.
    #[error("an answer without a request")]
    Unasked,
    /// The first line is not HTTP.
    #[error("the first line is not HTTP")]
    StartLine,
    /// A header or chunk that tells no length.
    #[error("a header line or a chunk that makes no sense")]
    Header,
    /// The head is too long.
    #[error("a head of more than {limit} bytes")]
    Head {
        /// The longest head allowed.
        limit: usize,
    },
    /// The body is too long.
    #[error("a body of {got} bytes, the limit is {limit}")]
    Body {
        /// The announced length.
        got: usize,
        /// The longest body allowed.
        limit: usize,
    },
}
