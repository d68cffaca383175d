//! Bytes of a file in, tags out.

use alloc::collections::VecDeque;

use bytes::Bytes;

use super::event::{Event, FileTag};
use super::header::{FileHeader, SIGNATURE};
use super::input::Input;
use super::recover::Recover;
use crate::{DemuxError, LimitExceeded, Limits, TagHeader, Warning};

/// How much a [`Demuxer`] forgives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Mode {
    /// Every deviation from the specification is an error.
    Strict,
    /// Reads what players read: wrong sizes behind tags, reserved bits, torn ends and
    /// concatenated files are warnings.
    #[default]
    Tolerant,
    /// Finds the next tag behind whatever is in between, and tells what it skipped.
    Recover,
}

/// Reads an FLV file or stream that arrives in pieces of any size.
///
/// Push what arrives, poll until `None`, and call [`finish`](Self::finish) at the end:
///
/// ```
/// use bytes::Bytes;
/// use weir_flv::file::{Demuxer, Event, Mode};
///
/// let mut demuxer = Demuxer::new(Mode::Tolerant);
/// demuxer.push(Bytes::from_static(b"FLV\x01\x04\0\0\0\x09\0\0\0\0"));
/// demuxer.push(Bytes::from_static(b"\x08\0\0\x04\0\0\x17\0\0\0\0\xaf\x01\x21\x10\0\0\0\x0f"));
/// demuxer.finish();
/// let mut times = Vec::new();
/// while let Some(event) = demuxer.poll_event()? {
///     if let Event::Tag(file_tag) = event {
///         times.push(file_tag.tag.timestamp.as_millis());
///     }
/// }
/// assert_eq!(times, [23]);
/// # Ok::<(), weir_flv::DemuxError>(())
/// ```
///
/// A body inside one pushed slice shares it; one that straddles slices is copied once. A tag is
/// delivered when the PreviousTagSize behind it has arrived. Errors are sticky.
#[derive(Debug, Clone)]
pub struct Demuxer {
    mode: Mode,
    limits: Limits,
    pub(super) input: Input,
    pub(super) place: Place,
    pub(super) recover: Recover,
    pub(super) waiting: VecDeque<Event>,
    headers: u32,
    failed: Option<DemuxError>,
}

/// What has to come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Header,
    /// Bytes between the header and the first PreviousTagSize.
    HeaderRest(u32),
    Tag,
    /// The input is used up.
    End,
}

impl Demuxer {
    /// A demuxer with default limits.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        Self::with_limits(mode, Limits::default())
    }

    /// A demuxer with limits of its own.
    #[must_use]
    pub fn with_limits(mode: Mode, limits: Limits) -> Self {
        Self {
            mode,
            limits,
            input: Input::default(),
            place: Place::Header,
            recover: Recover::default(),
            waiting: VecDeque::new(),
            headers: 0,
            failed: None,
        }
    }

    /// A demuxer with default limits of what stands behind a place in a file, such as
    /// [`SeekPoint::position`](crate::file::SeekPoint::position): tags come next, no header, and
    /// offsets count from the beginning of the file.
    #[must_use]
    pub fn at(position: u64, mode: Mode) -> Self {
        Self::at_with_limits(position, mode, Limits::default())
    }

    /// What [`at`](Self::at) makes, with limits of its own.
    ///
    /// ```
    /// use weir_flv::file::{Demuxer, Mode};
    /// use weir_flv::{DemuxError, Limits};
    ///
    /// let mut limits = Limits::default();
    /// limits.max_body_len = 64 << 10;
    /// let mut demuxer = Demuxer::at_with_limits(4_096, Mode::Tolerant, limits);
    /// demuxer.push(b"\x09\x01\0\x01\0\0\0\0\0\0\0"[..].into());
    /// let error = demuxer.poll_event().expect_err("a body of 65,537 bytes");
    /// assert!(matches!(error, DemuxError::Limit { offset: 4_096, .. }));
    /// ```
    #[must_use]
    pub fn at_with_limits(position: u64, mode: Mode, limits: Limits) -> Self {
        Self {
            input: Input::at(position),
            place: Place::Tag,
            ..Self::with_limits(mode, limits)
        }
    }

    /// Stores bytes behind those pushed before. They are read by [`poll_event`](Self::poll_event).
    pub fn push(&mut self, bytes: Bytes) {
        if self.failed.is_none() && !self.input.ended() {
            self.input.push(bytes);
        }
    }

    /// Says that the input has ended. What is pushed afterwards is ignored.
    pub fn finish(&mut self) {
        self.input.end();
    }

    /// The next event; `None` when more input is wanted or, after [`finish`](Self::finish),
    /// when everything was read.
    ///
    /// # Errors
    /// [`DemuxError`], and the same one from then on. Recover mode never fails.
    #[inline]
    pub fn poll_event(&mut self) -> Result<Option<Event>, DemuxError> {
        let Some(header) = self.plain_tag() else {
            return self.poll_any();
        };
        let offset = self.input.offset();
        let len = header.data_size as usize;
        let body = self.input.take_inside(TagHeader::LEN, len, SIZE_LEN);
        let size = Some(header.previous_tag_size());
        let tag = FileTag::new(offset, &header, size, body);
        Ok(Some(Event::Tag(tag)))
    }

    /// The header of the next tag where there is nothing to say about it and it stands in one
    /// slice with more behind it. `None` for all else, which [`poll_any`](Self::poll_any) reads.
    ///
    /// All of it is inlined into the caller's loop, so that nobody puts an event together only
    /// to have it taken apart.
    #[inline(always)]
    fn plain_tag(&self) -> Option<TagHeader> {
        let in_order = self.place == Place::Tag
            && self.mode != Mode::Recover
            && self.waiting.is_empty()
            && self.failed.is_none();
        let (head, behind) = self.input.front_slice()?.split_first_chunk()?;
        let header = TagHeader::from_bytes(*head);
        let (size, rest) = behind
            .get(header.data_size as usize..)?
            .split_first_chunk()?;
        let is_plain = u32::from_be_bytes(*size) == header.previous_tag_size()
            && !is_odd(&header)
            && header.data_size <= self.limits.max_body_len;
        (in_order && is_plain && !rest.is_empty()).then_some(header)
    }

    #[inline(never)]
    fn poll_any(&mut self) -> Result<Option<Event>, DemuxError> {
        if let Some(event) = self.waiting.pop_front() {
            return Ok(Some(event));
        }
        if let Some(error) = self.failed {
            return Err(error);
        }
        let polled = match self.mode {
            Mode::Recover => Ok(self.poll_recover()),
            Mode::Strict | Mode::Tolerant => self.poll(),
        };
        if let Err(error) = polled {
            self.failed = Some(error);
            self.input = Input::default();
        }
        polled
    }

    /// Bytes that are stored and belong to no delivered tag.
    #[must_use]
    pub fn buffered_len(&self) -> usize {
        self.input.len()
    }

    fn poll(&mut self) -> Result<Option<Event>, DemuxError> {
        loop {
            match self.place {
                Place::Header => {
                    let Some(bytes) = self.input.peek::<9>(0) else {
                        return self.wait(9);
                    };
                    return self.header(bytes).map(Some);
                }
                Place::HeaderRest(len) => {
                    let now = self.input.len().min(len as usize);
                    self.input.skip(now);
                    let left = len - u32::try_from(now).unwrap_or(len);
                    self.place = Place::HeaderRest(left);
                    if left > 0 {
                        return self.wait(1);
                    }
                    let Some(size) = self.input.peek::<4>(0).map(u32::from_be_bytes) else {
                        return self.wait(4);
                    };
                    let offset = self.input.offset();
                    self.input.skip(4);
                    self.place = Place::Tag;
                    if size != 0 {
                        self.deviates(offset, Warning::PreviousTagSize0 { got: size })?;
                        return Ok(self.waiting.pop_front());
                    }
                }
                Place::Tag => return self.tag(),
                Place::End => return Ok(None),
            }
        }
    }

    fn header(&mut self, bytes: [u8; 9]) -> Result<Event, DemuxError> {
        let offset = self.input.offset();
        let [a, b, c, ..] = bytes;
        let Ok(header) = FileHeader::decode(&bytes) else {
            return Err(DemuxError::NotFlv {
                offset,
                got: [a, b, c],
            });
        };
        self.input.skip(FileHeader::LEN);
        self.place = Place::HeaderRest(header.data_offset - 9);
        self.found_header(offset, &header)?;
        Ok(Event::Header { offset, header })
    }

    /// Notes what is odd about a header.
    pub(super) fn found_header(
        &mut self,
        offset: u64,
        header: &FileHeader,
    ) -> Result<(), DemuxError> {
        if header.version != 1 {
            self.deviates(
                offset + 3,
                Warning::Version {
                    got: header.version,
                },
            )?;
        }
        if header.reserved_flags() != 0 {
            self.deviates(offset + 4, Warning::ReservedFlags { got: header.flags })?;
        }
        self.headers = self.headers.saturating_add(1);
        if self.headers > 1 {
            self.deviates(offset, Warning::SecondHeader)?;
        }
        Ok(())
    }

    fn tag(&mut self) -> Result<Option<Event>, DemuxError> {
        let Some(head) = self.input.peek::<11>(0) else {
            return self.tag_head_torn();
        };
        let header = TagHeader::from_bytes(head);
        if is_signature(&head) {
            self.place = Place::Header;
            return self.poll();
        }
        let offset = self.input.offset();
        if header.data_size > self.limits.max_body_len {
            return Err(DemuxError::Limit {
                offset,
                exceeded: LimitExceeded {
                    what: "body bytes",
                    got: header.data_size.into(),
                    limit: self.limits.max_body_len.into(),
                },
            });
        }
        let len = TagHeader::LEN + header.data_size as usize;
        let size = self.input.peek::<4>(len).map(u32::from_be_bytes);
        if size.is_none() && !(self.input.ended() && self.input.len() >= len) {
            return self.wait(len + 4);
        }
        if is_odd(&header) {
            self.odd_tag(offset, &header, size)?;
        }
        let event = self.deliver(&header, size);
        if let Some(got) = size.filter(|size| *size != header.previous_tag_size()) {
            let expected = header.previous_tag_size();
            // Strict mode too delivers the tag: what is wrong stands behind it.
            let warning = Warning::PreviousTagSize { got, expected };
            self.failed = self.deviates(offset + len as u64, warning).err();
        }
        Ok(Some(event))
    }

    /// Fewer bytes than a tag header are left.
    #[cold]
    fn tag_head_torn(&mut self) -> Result<Option<Event>, DemuxError> {
        if self.input.ended() && self.input.len() == 0 {
            self.place = Place::End;
            return Ok(None);
        }
        // A second file may be nothing but its header.
        if self
            .input
            .peek::<3>(0)
            .is_some_and(|bytes| is_signature(&bytes))
        {
            self.place = Place::Header;
            return self.poll();
        }
        self.wait(TagHeader::LEN)
    }

    /// A tag that no muxer writes is believed only when the size behind it agrees.
    #[cold]
    fn odd_tag(
        &mut self,
        offset: u64,
        header: &TagHeader,
        size: Option<u32>,
    ) -> Result<(), DemuxError> {
        if size != Some(header.previous_tag_size()) {
            let got = self.input.peek::<1>(0).map_or(0, |[first]| first);
            return Err(DemuxError::NotATag { offset, got });
        }
        self.note_odd_tag(offset, header)
    }

    /// Reports what is odd about a tag header.
    pub(super) fn note_odd_tag(
        &mut self,
        offset: u64,
        header: &TagHeader,
    ) -> Result<(), DemuxError> {
        if !header.kind.is_known() {
            self.deviates(
                offset,
                Warning::UnknownTagType {
                    got: header.kind.as_u8(),
                },
            )?;
        }
        if header.reserved != 0 {
            self.deviates(
                offset,
                Warning::ReservedTagBits {
                    got: header.reserved,
                },
            )?;
        }
        if header.stream_id != 0 {
            self.deviates(
                offset + 8,
                Warning::StreamId {
                    got: header.stream_id,
                },
            )?;
        }
        Ok(())
    }

    /// Takes the tag at the front off the input, and the size behind it as far as it is there.
    pub(super) fn deliver(&mut self, header: &TagHeader, size: Option<u32>) -> Event {
        let offset = self.input.offset();
        let behind = if size.is_some() { SIZE_LEN } else { 0 };
        let len = header.data_size as usize;
        let body = self.input.take_between(TagHeader::LEN, len, behind);
        if size.is_none() {
            match self.torn() {
                Ok(event) => self.waiting.push_back(event),
                Err(error) => self.failed = Some(error),
            }
        }
        Event::Tag(FileTag::new(offset, header, size, body))
    }

    /// Asks for more input, or ends when there is none.
    fn wait(&mut self, wanted: usize) -> Result<Option<Event>, DemuxError> {
        if !self.input.ended() {
            self.input.settle(wanted);
            return Ok(None);
        }
        self.torn().map(Some)
    }

    /// The input ended in the middle of something.
    fn torn(&mut self) -> Result<Event, DemuxError> {
        let offset = self.input.offset();
        let left = self.input.len();
        self.input.skip(left);
        self.place = Place::End;
        let left = left as u64;
        match self.mode {
            Mode::Strict => Err(DemuxError::Truncated { offset, left }),
            _ => Ok(Event::Truncated { offset, left }),
        }
    }

    /// Reports a deviation: an error in strict mode, a warning behind the next event otherwise.
    pub(super) fn deviates(&mut self, offset: u64, warning: Warning) -> Result<(), DemuxError> {
        if self.mode == Mode::Strict {
            return Err(DemuxError::Deviation { offset, warning });
        }
        self.waiting.push_back(Event::Warning { offset, warning });
        Ok(())
    }

    pub(super) const fn max_body_len(&self) -> u32 {
        self.limits.max_body_len
    }
}

/// Whether no muxer writes such a header.
#[inline]
fn is_odd(header: &TagHeader) -> bool {
    !header.kind.is_known() || header.reserved != 0 || header.stream_id != 0
}

/// Whether a file header begins here.
pub(super) fn is_signature(bytes: &[u8]) -> bool {
    bytes.first_chunk::<3>() == SIGNATURE.to_be_bytes().last_chunk::<3>()
}

/// Bytes of a PreviousTagSize.
const SIZE_LEN: usize = 4;
