//! Chunks to messages.
//!
//! # How this works
//!
//! `step` looks at the front of the input: it reads a chunk header if one is due, and copies the
//! payload behind it. A header that is not complete moves into `front` (17 bytes at most) and the
//! next call looks at `front` followed by the new input, so every cut of the input gives the same
//! messages. While payload is copied, the one-byte headers of plain continuations are skipped in
//! the same loop; at 128 bytes a chunk that loop is where the time goes.
//!
//! A payload byte is copied once, from the caller's slice into a buffer that ends up as long as
//! the message.

use alloc::vec::Vec;
use core::mem;

use super::header::{Extended, Header, MAX_HEADER_LEN, Proof, Repetition, basic_header};
use super::stats::OpenChunk;
use super::stream::ChunkStream;
use super::{ChunkSize, ChunkStats, ChunkStreamId, Message, MessageStreamId, MessageType};
use crate::config::{Limits, Quirks, Tolerance};
use crate::cursor::{self, Cursor};
use crate::error::{Error, LimitExceeded, Malformed, PeerMisbehaved};
use crate::warning::{Warning, WarningCode, Warnings};

/// Reads the chunks of one direction and returns whole messages.
///
/// Set Chunk Size and Abort are obeyed and returned like every other message; the other control
/// messages mean nothing here.
///
/// ```
/// use weir_rtmp::chunk::{ChunkReader, MessageType};
/// use weir_rtmp::{Limits, Quirks};
///
/// let mut reader = ChunkReader::new(&Limits::default(), &Quirks::default());
/// let mut input: &[u8] = &[
///     0x02, 0, 0, 0, 0, 0, 4, 5, 0, 0, 0, 0, // fmt 0, csid 2, time 0, 4 bytes, type 5, msid 0
///     0x00, 0x26, 0x25, 0xA0,
/// ];
/// let message = reader.read(&mut input)?.unwrap();
/// assert_eq!(message.message_type, MessageType::WINDOW_ACK_SIZE);
/// assert_eq!(message.payload[..], 2_500_000_u32.to_be_bytes());
/// assert_eq!(reader.read(&mut input)?, None);
/// # Ok::<(), weir_rtmp::Error>(())
/// ```
///
/// RTMP 1.0, section 5.3.
#[derive(Clone, Debug)]
pub struct ChunkReader {
    /// Sorted by id.
    streams: Vec<ChunkStream>,
    /// The chunk stream of the last header, an index into `streams`.
    current: usize,
    /// The one before that, or a wrong guess at it: audio and video take turns.
    previous: usize,
    chunk: OpenChunk,
    chunk_size: ChunkSize,
    repetition: Repetition,
    /// Unfinished messages, and the sum of their lengths.
    open: usize,
    announced: usize,
    /// The first `front_len` bytes were read before and belong to a header not complete yet.
    front: [u8; MAX_HEADER_LEN],
    front_len: usize,
    /// Bytes consumed, `front` not included.
    offset: u64,
    limits: Limits,
    quirks: Quirks,
    warnings: Warnings,
    stats: ChunkStats,
    failed: Option<Error>,
}

/// What a step over some input came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The message of the current chunk stream is complete.
    Complete,
    /// So is it, and the reader has to obey it.
    Control,
    /// More input is needed, or another step over the rest.
    Progress,
    /// The header at the front is not complete.
    Incomplete,
    /// For good; the error is kept.
    Failed,
}

impl ChunkReader {
    /// Returns a reader that expects the first chunk after the handshake, chunk size 128.
    pub fn new(limits: &Limits, quirks: &Quirks) -> Self {
        let repetition = match quirks.extended_timestamp {
            Tolerance::Accept => Repetition::Unknown,
            Tolerance::Refuse => Repetition::Repeats,
        };
        Self {
            streams: Vec::new(),
            current: 0,
            previous: 0,
            chunk: OpenChunk::NONE,
            chunk_size: ChunkSize::DEFAULT,
            repetition,
            open: 0,
            announced: 0,
            front: [0; MAX_HEADER_LEN],
            front_len: 0,
            offset: 0,
            limits: limits.clone(),
            quirks: quirks.clone(),
            warnings: Warnings::default(),
            stats: ChunkStats::default(),
            failed: None,
        }
    }

    /// Sets how many bytes came before the first chunk, for the offsets in errors and warnings.
    #[must_use]
    pub const fn starting_at(mut self, offset: u64) -> Self {
        self.offset = offset;
        self
    }

    /// Takes bytes off the front of `input` up to the end of the next message.
    ///
    /// After `None` the input is empty and more is needed.
    ///
    /// # Errors
    ///
    /// Any [`Error`]; it stays, each later call returns it again.
    #[inline]
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<Message>, Error> {
        if self.failed.is_some() {
            return self.failure();
        }
        while !input.is_empty() {
            let (step, taken) = self.advance(input);
            cursor::take(input, taken);
            match step {
                Step::Complete => return Ok(self.take_message_if(|_, _| true)),
                Step::Progress => {}
                _ => return self.failure(),
            }
        }
        Ok(None)
    }

    /// Returns the next tolerance taken, each code once.
    pub fn poll_warning(&mut self) -> Option<Warning> {
        self.warnings.poll()
    }

    #[cfg(feature = "std")]
    pub(crate) fn has_warnings(&self) -> bool {
        !self.warnings.is_empty()
    }

    /// Returns the size of the peer's chunks.
    pub const fn chunk_size(&self) -> ChunkSize {
        self.chunk_size
    }

    /// Returns how many bytes were taken in, the ones before the first chunk included.
    pub const fn offset(&self) -> u64 {
        self.offset + self.front_len as u64
    }

    /// Returns how many messages are begun and not finished.
    pub const fn unfinished(&self) -> usize {
        self.open
    }

    /// Returns how many bytes of a chunk that is not complete were taken in, its header included.
    pub const fn trailing_bytes(&self) -> usize {
        match self.chunk.left {
            0 => self.front_len,
            left => self.chunk.header_len + (self.chunk.len - left) as usize,
        }
    }

    /// Returns what the complete chunks so far looked like.
    pub const fn stats(&self) -> &ChunkStats {
        &self.stats
    }

    /// Makes a step over `input`, which is not empty, and tells how many bytes it took.
    ///
    /// It is `Complete`, and the message has to be taken before the next step, `Progress` or
    /// `Failed`, and then the last. The input is no `&mut &[u8]`, which would live in memory.
    #[inline]
    pub(crate) fn advance(&mut self, input: &[u8]) -> (Step, usize) {
        let (step, taken) = match self.front_len {
            0 => self.step(input),
            _ => self.step_over_front(input),
        };
        match step {
            Step::Complete | Step::Progress => (step, taken),
            _ => self.finish(step, taken, input),
        }
    }

    /// Does what is left to do after a step that is neither `Complete` nor `Progress`.
    #[cold]
    fn finish(&mut self, step: Step, taken: usize, input: &[u8]) -> (Step, usize) {
        match step {
            Step::Control => (self.obey(), taken),
            Step::Incomplete => {
                // Behind a step over `front` nothing is left.
                let behind = input.get(taken..).unwrap_or_default();
                (Step::Progress, taken + self.extend_front(behind))
            }
            _ => (step, taken),
        }
    }

    /// Whether a message is complete that was not taken.
    #[cfg(feature = "std")]
    pub(crate) fn has_message(&self) -> bool {
        let stream = self.streams.get(self.current);
        self.failed.is_none() && stream.is_some_and(|stream| stream.open && stream.missing() == 0)
    }

    /// Takes the message that is complete out of the current chunk stream, if it is wanted.
    #[inline]
    pub(crate) fn take_message_if(
        &mut self,
        wanted: impl FnOnce(MessageType, MessageStreamId) -> bool,
    ) -> Option<Message> {
        let stream = self.streams.get_mut(self.current)?;
        if !wanted(stream.message_type, stream.stream) {
            return None;
        }
        let message = stream.complete();
        self.open -= 1;
        self.announced -= message.payload.len();
        self.stats.messages += 1;
        Some(message)
    }

    /// The error that ended the reading, if one did.
    #[cold]
    pub(crate) fn failure(&self) -> Result<Option<Message>, Error> {
        self.failed.clone().map_or(Ok(None), Err)
    }

    #[cold]
    fn fail(&mut self, error: Error) -> Step {
        self.failed = Some(error);
        Step::Failed
    }

    /// Makes a step over `front` followed by `input`.
    #[inline(never)]
    fn step_over_front(&mut self, input: &[u8]) -> (Step, usize) {
        let old_len = self.front_len;
        let ahead = self.extend_front(input);
        let joined = self.front;
        let (step, consumed) = self.step(joined.get(..self.front_len).unwrap_or_default());
        if step == Step::Incomplete {
            return (step, ahead);
        }
        if consumed >= old_len {
            self.front_len = 0;
        } else {
            // Only after a wrong guess that an extended timestamp begins here.
            self.front.copy_within(consumed..old_len, 0);
            self.front_len = old_len - consumed;
        }
        (step, consumed.saturating_sub(old_len))
    }

    /// Copies bytes of `input` to `front` until that has room for no more, and tells how many.
    fn extend_front(&mut self, input: &[u8]) -> usize {
        let room = self.front.get_mut(self.front_len..).unwrap_or_default();
        let len = room.len().min(input.len());
        for (to, from) in room.iter_mut().zip(input) {
            *to = *from;
        }
        self.front_len += len;
        len
    }

    fn step(&mut self, input: &[u8]) -> (Step, usize) {
        let mut rest = input;
        let mut step = Step::Progress;
        if self.chunk.left == 0 {
            step = match self.read_header(&mut rest) {
                Ok(step) => step,
                Err(error) => return (self.fail(error), 0),
            };
        }
        if self.chunk.left > 0 && !rest.is_empty() {
            step = self.read_payload(&mut rest);
        }
        let taken = input.len() - rest.len();
        self.offset += taken as u64;
        (step, taken)
    }

    /// Copies payload, over as many plain continuations as follow each other.
    fn read_payload(&mut self, input: &mut &[u8]) -> Step {
        let Some(stream) = self.streams.get_mut(self.current) else {
            return Step::Incomplete;
        };
        let continuation = stream.plain_continuation();
        let chunk_size = self.chunk_size.get() as usize;
        let mut rest = *input;
        let mut len = self.chunk.len as usize;
        let mut left = self.chunk.left as usize;
        // More continuations than the limit allows are left to `read_header`, which refuses them.
        let chunks = self
            .limits
            .max_chunks_per_message
            .saturating_sub(stream.chunks) as usize;
        let most = left.saturating_add(chunks.saturating_mul(chunk_size));
        let mut allowed = stream.missing().min(most);
        let old_len = stream.payload.len();
        stream.reserve(stream.missing().min(rest.len()));
        while let Some((payload, behind)) = rest.split_at_checked(left) {
            stream.payload.extend_from_slice(payload);
            allowed -= left;
            left = 0;
            rest = behind;
            match behind.split_first() {
                Some((first, behind)) if u16::from(*first) == continuation && allowed > 0 => {
                    rest = behind;
                    len = allowed.min(chunk_size);
                    left = len;
                }
                _ => break,
            }
        }
        if left > 0 {
            stream.payload.extend_from_slice(rest);
            left -= rest.len();
            rest = &[];
        }
        let taken = input.len() - rest.len();
        *input = rest;
        // What is not payload is their headers.
        let continuations = taken - (stream.payload.len() - old_len);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "no more than the length, 24 bits"
        )]
        let [continuations, len, left] = [continuations as u32, len as u32, left as u32];
        stream.chunks += continuations;
        if continuations > 0 {
            self.stats.count(&self.chunk, 1);
            self.chunk = OpenChunk::continuation(self.open > 1);
            self.stats.count(&self.chunk, u64::from(continuations) - 1);
        }
        (self.chunk.len, self.chunk.left) = (len, left);
        if left == 0 {
            self.stats.count(&self.chunk, 1);
        }
        match stream.missing() {
            0 => stream.end(),
            _ => Step::Progress,
        }
    }

    fn read_header(&mut self, input: &mut &[u8]) -> Result<Step, Error> {
        let mut cursor = Cursor::new(input.get(..MAX_HEADER_LEN).unwrap_or(input));
        let Some((fmt, csid)) = basic_header(&mut cursor) else {
            return Ok(Step::Incomplete);
        };
        let known = self.find(csid);
        let history = known.ok().and_then(|index| self.streams.get(index));
        if history.is_none() && fmt > 1 {
            return Err(Malformed::NoEarlierHeader {
                csid,
                fmt,
                offset: self.offset,
            }
            .into());
        }
        let Some(header) = Header::read(&mut cursor, fmt, csid, history, self.repetition) else {
            return Ok(Step::Incomplete);
        };
        let header_len = cursor.position();
        let current = match known {
            Ok(index) => index,
            Err(index) => self.open_chunk_stream(index, &header)?,
        };
        if current != self.current {
            self.previous = mem::replace(&mut self.current, current);
        }
        self.chunk = self.begin_chunk(&header, header_len)?;
        cursor::take(input, header_len);
        if self.chunk.left > 0 {
            return Ok(Step::Progress);
        }
        // A message without payload.
        self.stats.count(&self.chunk, 1);
        let stream = self.streams.get(self.current);
        Ok(stream.map_or(Step::Complete, ChunkStream::end))
    }

    /// The index of a chunk stream, or where it belongs.
    fn find(&self, csid: ChunkStreamId) -> Result<usize, usize> {
        let is = |index: usize| {
            self.streams
                .get(index)
                .is_some_and(|found| found.csid == csid)
        };
        if is(self.current) {
            Ok(self.current)
        } else if is(self.previous) {
            Ok(self.previous)
        } else {
            self.streams.binary_search_by_key(&csid, |found| found.csid)
        }
    }

    fn open_chunk_stream(&mut self, index: usize, header: &Header) -> Result<usize, Error> {
        let csid = header.csid;
        if self.streams.len() >= self.limits.max_chunk_streams {
            let limit = self.limits.max_chunk_streams;
            return Err(LimitExceeded::ChunkStreams {
                csid,
                limit,
                offset: self.offset,
            }
            .into());
        }
        if header.fmt == 1 {
            if self.quirks.no_message_stream_id == Tolerance::Refuse {
                let offset = self.offset;
                return Err(PeerMisbehaved::NoMessageStreamId { csid, offset }.into());
            }
            self.warnings
                .report(WarningCode::NoMessageStreamId, self.offset);
        }
        self.streams.insert(index, ChunkStream::new(header));
        Ok(index)
    }

    /// Takes a header in and returns the chunk it opens.
    fn begin_chunk(&mut self, header: &Header, header_len: usize) -> Result<OpenChunk, Error> {
        let offset = self.offset;
        let Some(stream) = self.streams.get_mut(self.current) else {
            return Ok(OpenChunk::NONE);
        };
        match header.extended {
            Extended::None | Extended::Value(_) | Extended::Repeated(None) => {}
            Extended::Repeated(Some(proof)) => {
                self.repetition = Repetition::Repeats;
                if proof == Proof::AbsoluteTime {
                    self.warnings
                        .report(WarningCode::ExtendedTimestampAbsolute, offset);
                }
            }
            Extended::Omitted => {
                self.repetition = Repetition::Omits;
                self.warnings
                    .report(WarningCode::ExtendedTimestampOmitted, offset);
            }
        }
        if header.fmt < 3 {
            stream.extended = match header.extended {
                Extended::Value(value) => Some(value),
                _ => None,
            };
        }
        let interleaved = self.open > usize::from(stream.open);
        let continues = stream.open && (header.fmt == 3 || stream.is_repeated_by(header));
        if stream.open && header.fmt < 3 {
            if self.quirks.header_in_message == Tolerance::Refuse {
                return Err(PeerMisbehaved::HeaderInMessage {
                    csid: header.csid,
                    fmt: header.fmt,
                    missing: stream.length - stream.received(),
                    offset,
                }
                .into());
            }
            self.warnings.report(
                match continues {
                    true => WarningCode::HeaderInMessage,
                    false => WarningCode::PartialMessageDropped,
                },
                offset,
            );
        }
        let len = if continues {
            stream.chunks += 1;
            if stream.chunks > self.limits.max_chunks_per_message {
                return Err(LimitExceeded::ChunksPerMessage {
                    csid: header.csid,
                    limit: self.limits.max_chunks_per_message,
                    offset,
                }
                .into());
            }
            stream.length - stream.received()
        } else {
            if stream.open {
                self.drop_partial(self.current);
            }
            self.begin_message(header)?;
            header.length
        }
        .min(self.chunk_size.get());
        Ok(OpenChunk {
            left: len,
            len,
            header_len,
            basic_len: header.basic_len,
            start: (!continues).then_some(header.fmt),
            extended: header.extended,
            interleaved,
        })
    }

    fn begin_message(&mut self, header: &Header) -> Result<(), Error> {
        if header.length > self.limits.max_message_len {
            return Err(LimitExceeded::MessageLen {
                csid: header.csid,
                got: header.length,
                limit: self.limits.max_message_len,
                offset: self.offset,
            }
            .into());
        }
        let announced = self.announced + header.length as usize;
        if announced > self.limits.max_in_progress {
            return Err(LimitExceeded::InProgress {
                got: announced,
                limit: self.limits.max_in_progress,
                offset: self.offset,
            }
            .into());
        }
        let Some(stream) = self.streams.get_mut(self.current) else {
            return Ok(());
        };
        self.announced = announced;
        self.open += 1;
        stream.begin(header);
        Ok(())
    }

    fn drop_partial(&mut self, index: usize) {
        if let Some(stream) = self.streams.get_mut(index) {
            if stream.drop_partial() {
                self.open -= 1;
                self.announced -= stream.length as usize;
                self.stats.dropped += 1;
            }
        }
    }

    /// Obeys Set Chunk Size and Abort, from whatever stream they come (DJI sends them elsewhere).
    #[cold]
    fn obey(&mut self) -> Step {
        let Some(stream) = self.streams.get(self.current) else {
            return Step::Complete;
        };
        let message_type = stream.message_type;
        let Some(value) = Cursor::new(&stream.payload).u32() else {
            self.warnings
                .report(WarningCode::ControlTooShort, self.offset);
            return Step::Complete;
        };
        if message_type == MessageType::SET_CHUNK_SIZE {
            match self.checked_chunk_size(value) {
                Ok(size) => self.chunk_size = size,
                Err(error) => return self.fail(error),
            }
        } else if let Some(csid) = ChunkStreamId::new(value) {
            // The message that says so is complete.
            if let Some(index) = self.find(csid).ok().filter(|index| *index != self.current) {
                self.drop_partial(index);
            }
        }
        Step::Complete
    }

    fn checked_chunk_size(&mut self, got: u32) -> Result<ChunkSize, Error> {
        if let Some(size) = ChunkSize::new(got) {
            return Ok(size);
        }
        let offset = self.offset;
        if self.quirks.chunk_size_out_of_range == Tolerance::Refuse {
            return Err(PeerMisbehaved::ChunkSizeOutOfRange { got, offset }.into());
        }
        self.warnings.report(WarningCode::ChunkSizeClamped, offset);
        Ok(ChunkSize::new(got & 0x7FFF_FFFF).unwrap_or(ChunkSize::MIN))
    }
}
