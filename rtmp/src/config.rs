//! What a peer may cost, and which of its habits are accepted.

/// What one peer may cost. There is no unlimited value.
///
/// What a session holds for the worst of peers is at most [`worst_case`](Self::worst_case): about
/// 60 MiB with the defaults, most of it for a message of 16 MiB in the making. What the application
/// sends and what it keeps of events comes on top.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Longest message the peer may send, in bytes. Default: 16 MiB - 1, all a header can say.
    ///
    /// A longer announcement ends the session before anything is allocated.
    pub max_message_len: u32,
    /// Bytes that all unfinished messages may announce together. Default: 32 MiB.
    ///
    /// A buffer begins with at most 64 KiB and doubles with what arrives up to the message's length,
    /// so announcing alone costs 64 KiB for each chunk stream.
    pub max_in_progress: usize,
    /// Chunk streams the peer may use. Default: 64, some 100 bytes each.
    pub max_chunk_streams: usize,
    /// Chunks one message may be cut into. Default: 131,072 (16 MiB in chunks of 128 bytes).
    ///
    /// It bounds the work that chunks of a few bytes can cause (Red5/red5-server#475).
    pub max_chunks_per_message: u32,
    /// Bytes of input that may wait, each stored read counting 64 more. Default: 1 MiB.
    pub max_buffered_input: usize,
    /// Bytes of replies the peer may cause without reading them, each counting 96 more.
    /// Default: 1 MiB.
    ///
    /// What the application sends is not counted; see the send queue's `backlog`.
    pub max_queued_output: usize,
    /// Longest command or shared object message, in bytes. Default: 256 KiB.
    ///
    /// Longer ones are passed over with a warning. A shared object message takes up to 40 times
    /// its length until its event is polled.
    pub max_command_len: usize,
    /// AMF values that the session decodes at a time. Default: 65,536, of up to 32 bytes each.
    ///
    /// It is for what sessions read themselves: `connect`, `play2`, statuses. The application
    /// decodes everything else, with limits of its own.
    pub max_amf_nodes: u32,
    /// Longest name of a stream with its query, in bytes. Default: 16 KiB.
    pub max_name_len: usize,
    /// Message streams of one connection. Default: 64, some 100 bytes and a name each.
    pub max_streams: usize,
    /// Requests of the peer that wait for the application's answer. Default: 64, some 100 bytes
    /// and a name each. More are refused with a warning.
    pub max_pending_requests: usize,
    /// Calls of this side that wait for the peer's answer. Default: 64, some 100 bytes each.
    pub max_pending_calls: usize,
}

impl Limits {
    /// The memory a session holds for the worst of peers, in bytes:
    ///
    /// ```text
    ///   max_buffered_input
    /// + max_in_progress + max_message_len          messages in the making, and one being looked at
    /// + 3 * max_queued_output                      replies that the peer does not read
    /// + 40 * max_command_len                       one shared object message
    /// + 32 * max_amf_nodes + 3 * max_command_len   values the session looks at itself
    /// + 300 * max_chunk_streams
    /// + (max_name_len + 300) * (max_streams + max_pending_requests)
    /// + 200 * max_pending_calls
    /// + 32 KiB
    /// ```
    pub fn worst_case(&self) -> usize {
        let wide = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let names = self.max_streams.saturating_add(self.max_pending_requests);
        [
            self.max_buffered_input,
            self.max_in_progress,
            wide(self.max_message_len),
            self.max_queued_output.saturating_mul(3),
            self.max_command_len.saturating_mul(43),
            wide(self.max_amf_nodes).saturating_mul(32),
            self.max_chunk_streams.saturating_mul(300),
            self.max_name_len.saturating_add(300).saturating_mul(names),
            self.max_pending_calls.saturating_mul(200),
            32 << 10,
        ]
        .into_iter()
        .fold(0, usize::saturating_add)
    }

    /// The limits of the AMF values that a session decodes itself.
    #[cfg(feature = "std")]
    pub(crate) fn amf(&self) -> weir_amf::Config {
        let mut config = weir_amf::Config::default();
        config.limits.max_nodes = self.max_amf_nodes;
        config.limits.max_bytes = u32::try_from(self.max_command_len).unwrap_or(u32::MAX);
        config.limits.max_references = self.max_amf_nodes;
        config.utf8 = weir_amf::Utf8::Lossy;
        config
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_message_len: 0xFF_FFFF,
            max_in_progress: 32 << 20,
            max_chunk_streams: 64,
            max_chunks_per_message: 131_072,
            max_buffered_input: 1 << 20,
            max_queued_output: 1 << 20,
            max_command_len: 256 << 10,
            max_amf_nodes: 65_536,
            max_name_len: 16 << 10,
            max_streams: 64,
            max_pending_requests: 64,
            max_pending_calls: 64,
        }
    }
}

/// What to do with a habit that the specification does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "closed: a habit is accepted or not"
)]
pub enum Tolerance {
    /// Accept it, and report it once as a [`Warning`](crate::Warning).
    Accept,
    /// End the session with [`PeerMisbehaved`](crate::PeerMisbehaved).
    Refuse,
}

/// Which habits of real peers are accepted; each field names the peers that have it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quirks {
    /// The first chunk on a chunk stream is fmt 1, without a message stream id (taken as 0):
    /// librtmp 2.4 and all built on it, when they acknowledge.
    pub no_message_stream_id: Tolerance,
    /// Continuation chunks leave out the extended timestamp, or repeat another value than the
    /// header's: librtmp forks before obs-studio#10097, VLC. Refusing means to trust that four
    /// bytes are there and to ignore their value.
    pub extended_timestamp: Tolerance,
    /// A header other than fmt 3 in the middle of a message: rml_rtmp repeats fmt 0 in each
    /// chunk, hardware encoders restart a message (membrane_rtmp_plugin#118).
    pub header_in_message: Tolerance,
    /// A chunk size of 0 (taken as 1) or with the top bit set (ignored).
    pub chunk_size_out_of_range: Tolerance,
    /// A C0 or S0 other than 3 and the RTMPE versions: answered with 3.
    pub handshake_version: Tolerance,
    /// A C2 or S2 that neither echoes nor signs ours: FFmpeg signs C1 and sends a plain C2,
    /// and the specification changes four bytes of the echo.
    pub handshake_mismatch: Tolerance,
}

impl Quirks {
    /// Accepts everything that known peers do. The default.
    pub const fn tolerant() -> Self {
        Self::all(Tolerance::Accept)
    }

    /// Refuses what the specification does not allow, for testing other implementations.
    pub const fn strict() -> Self {
        Self::all(Tolerance::Refuse)
    }

    const fn all(tolerance: Tolerance) -> Self {
        Self {
            no_message_stream_id: tolerance,
            extended_timestamp: tolerance,
            header_in_message: tolerance,
            chunk_size_out_of_range: tolerance,
            handshake_version: tolerance,
            handshake_mismatch: tolerance,
        }
    }
}

impl Default for Quirks {
    fn default() -> Self {
        Self::tolerant()
    }
}
