//! What one peer may cost, and how a session behaves.

/// What one peer may cost at most. There is no unlimited default.
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

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_head_len: 64 * 1024,
            max_headers: 128,
            max_body_len: 1024 * 1024,
            max_skipped: 64 * 1024,
            max_media: 32,
            max_sdp_lines: 4096,
            max_frame_len: 16 * 1024 * 1024,
            max_reorder_packets: 512,
        }
    }
}
