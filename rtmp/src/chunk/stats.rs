//! What the chunks of one direction looked like.

use super::header::Extended;

/// Counts of one [`ChunkReader`](crate::chunk::ChunkReader), for test tools and dissectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChunkStats {
    /// Chunks that begin a message, by their fmt.
    pub starts: [u64; 4],
    /// Chunks that continue a message.
    pub continuations: u64,
    /// Chunks with a basic header of one, two and three bytes.
    pub basic_header_len: [u64; 3],
    /// Headers of fmt 0, 1 and 2 with an extended timestamp.
    pub extended: u64,
    /// fmt 3 chunks that repeat the extended timestamp.
    pub extended_repeated: u64,
    /// fmt 3 chunks that leave it out although the last header had one.
    pub extended_omitted: u64,
    /// Chunks between two chunks of another chunk stream's message.
    pub interleaved: u64,
    /// Messages finished.
    pub messages: u64,
    /// Messages given up: aborted, or restarted by a new header.
    pub dropped: u64,
}

impl ChunkStats {
    /// Returns the number of all chunks.
    pub fn chunks(&self) -> u64 {
        self.starts.iter().sum::<u64>() + self.continuations
    }

    #[inline]
    pub(super) fn count(&mut self, chunk: &OpenChunk, times: u64) {
        let kind = match chunk.start {
            Some(fmt) => self.starts.get_mut(usize::from(fmt)),
            None => Some(&mut self.continuations),
        };
        if let Some(count) = kind {
            *count += times;
        }
        if let Some(count) = self.basic_header_len.get_mut(chunk.basic_len - 1) {
            *count += times;
        }
        if chunk.extended != Extended::None {
            self.count_extended(chunk.extended, times);
        }
        if chunk.interleaved {
            self.interleaved += times;
        }
    }

    #[cold]
    fn count_extended(&mut self, extended: Extended, times: u64) {
        match extended {
            Extended::None => {}
            Extended::Value(_) => self.extended += times,
            Extended::Repeated(_) => self.extended_repeated += times,
            Extended::Omitted => self.extended_omitted += times,
        }
    }
}

/// The chunk whose payload is being read, and what to count once it is complete.
#[derive(Clone, Copy, Debug)]
pub(super) struct OpenChunk {
    /// Payload bytes still to come; 0 before a header. left <= len
    pub(super) left: u32,
    pub(super) len: u32,
    pub(super) header_len: usize,
    pub(super) basic_len: usize,
    /// The fmt, if it begins a message.
    pub(super) start: Option<u8>,
    pub(super) extended: Extended,
    pub(super) interleaved: bool,
}

impl OpenChunk {
    pub(super) const NONE: Self = Self::continuation(false);

    pub(super) const fn continuation(interleaved: bool) -> Self {
        Self {
            left: 0,
            len: 0,
            header_len: 1,
            basic_len: 1,
            start: None,
            extended: Extended::None,
            interleaved,
        }
    }
}
