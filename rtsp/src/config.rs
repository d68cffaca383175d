//! What one peer may cost, and how a session behaves.

/// What one peer may cost at most. There is no unlimited default.
///
/// What a session holds for the worst of peers is at most [`worst_case`](Self::worst_case): about
/// 21 MiB with the defaults, most of it for 32 requests with URIs of 64 KiB that nobody answers.
/// Payloads of 1 KiB and more are slices of what the driver read and keep that block alive. What
/// the application sends and what it keeps of events comes on top; so do reorder buffers and
/// depacketizers, which are its own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Longest start line plus header fields of one message, in bytes. Default: 64 KiB.
    ///
    /// An unfinished head is held whole, so this is also what it can cost.
    pub max_head_len: usize,
    /// Header fields of one message. Default: 128. Each costs 32 bytes beside its text.
    pub max_headers: usize,
    /// Longest body of one message, in bytes. Default: 1 MiB.
    ///
    /// Checked against `Content-Length` before anything is allocated.
    pub max_body_len: usize,
    /// Bytes in a row that belong to no message before the stream is given up. Default: 64 KiB.
    /// They are not stored.
    pub max_skipped: usize,
    /// Bytes of input that may wait, each stored read counting 64 more. Default: 2 MiB.
    pub max_buffered_input: usize,
    /// Bytes of replies the peer may cause without reading them, each counting 96 more, and bytes
    /// of datagrams that wait for the driver. Default: 1 MiB.
    ///
    /// Interleaved packets the application sends are not counted; see the send queue's `backlog`.
    pub max_queued_output: usize,
    /// Requests that may wait for an answer. Default: 32. No input is read beyond.
    pub max_pending_requests: usize,
    /// Tracks of one session. Default: 32, some 500 bytes each. SETUP beyond is refused with 453.
    pub max_tracks: usize,
    /// Media sections kept of one session description. Default: 32. Later ones are left out and
    /// reported.
    pub max_media: usize,
    /// Lines kept of one session description. Default: 4096. Later ones are left out and reported.
    /// Each can cost 64 bytes beside its text.
    pub max_sdp_lines: usize,
    /// Longest frame (access unit, audio frame) a depacketizer assembles, in bytes. Default: 16 MiB.
    pub max_frame_len: usize,
    /// Packets a reorder buffer holds while it waits for a missing one. Default: 512. Each can pin
    /// 64 KiB.
    pub max_reorder_packets: usize,
}

impl Limits {
    /// The most bytes a session holds for a peer with these limits.
    ///
    /// Input waits on the connection and in datagrams; one head, one body and one frame are
    /// unfinished (twice: buffers grow by doubling); each request that waits has a URI and a
    /// transport, each track a URI; replies and datagrams wait to be sent.
    pub fn worst_case(&self) -> usize {
        let request = self.max_head_len.saturating_mul(4).saturating_add(8 << 10);
        [
            self.max_buffered_input.saturating_mul(2),
            self.max_head_len.saturating_mul(4),
            self.max_headers.saturating_mul(64),
            self.max_body_len.saturating_mul(2),
            self.max_pending_requests.saturating_mul(request),
            self.max_queued_output.saturating_mul(2),
            self.max_tracks
                .saturating_mul(self.max_head_len.saturating_add(1 << 10)),
            128 << 10,
        ]
        .into_iter()
        .fold(0, usize::saturating_add)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_head_len: 64 * 1024,
            max_headers: 128,
            max_body_len: 1024 * 1024,
            max_skipped: 64 * 1024,
            max_buffered_input: 2 * 1024 * 1024,
            max_queued_output: 1024 * 1024,
            max_pending_requests: 32,
            max_tracks: 32,
            max_media: 32,
            max_sdp_lines: 4096,
            max_frame_len: 16 * 1024 * 1024,
            max_reorder_packets: 512,
        }
    }
}
