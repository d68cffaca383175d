/// Bounds on what input can make this crate hold.
///
/// A [`Demuxer`](crate::file::Demuxer) that is polled after each push holds at most
/// `max_body_len + 30` bytes of an unfinished tag and the slice pushed last; while the buffer of
/// the unfinished tag grows, twice that.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Longest tag body, in bytes. Default: 16 MiB - 1, all that the field can say.
    ///
    /// A longer tag ends strict and tolerant reading with an error before anything is stored;
    /// recovering readers take it for damage and look for the next tag.
    pub max_body_len: u32,
    /// Deepest nesting of a script value. Default: 64.
    pub max_script_depth: u16,
    /// Most values in one script tag. Default: 65,536, at most 32 bytes of memory each.
    pub max_script_nodes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_body_len: 0xff_ffff,
            max_script_depth: 64,
            max_script_nodes: 65_536,
        }
    }
}
