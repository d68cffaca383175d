//! The incremental reader: bytes in, whole messages and frames out.

use alloc::{boxed::Box, string::String, vec::Vec};

use bytes::Bytes;
use memchr::memchr;

use crate::{
    Limits,
    error::{LimitExceeded, Malformed, ReadError},
    message::{Head, Headers, Interleaved, Method, Request, Response, StartLine, input::Input},
    warning::{Warning, WarningCode, Warnings},
};

/// One whole thing read from a connection.
///
/// Messages are boxed: nearly all items are frames, and moving an item would cost them more than
/// what they need themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Item {
    /// A request with its body.
    Request(Box<Request>),
    /// A response with its body.
    Response(Box<Response>),
    /// A `$` frame.
    Data(Interleaved),
    /// Bytes that belong to no message were skipped.
    Skipped {
        /// Where the first of them stands in the stream.
        offset: u64,
        /// How many.
        len: u64,
    },
}

/// What to do where neither a message nor a frame starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a switch")]
pub enum Resync {
    /// Skip to the next plausible frame or message, at most
    /// [`Limits::max_skipped`] bytes in a row.
    ///
    /// Canon VB-H47 and Axis cameras send rubbish between frames (gortsplib#653).
    #[default]
    Skip,
    /// End the stream with [`Malformed::Unframed`].
    Never,
}

/// Cuts a stream into messages and frames, wherever the reads cut it.
///
/// Empty lines between messages are skipped, in any number. Payloads of 1 KiB and more that lie in
/// one read are slices of it and keep its block alive; smaller ones and those that span reads are
/// copied once.
/// ```
/// use weir_rtsp::{Limits, message::{Item, Reader, Resync}};
///
/// let mut reader = Reader::new(Limits::default(), Resync::Skip);
/// reader.push("RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n$\0\0\x02hi");
/// assert!(matches!(reader.read()?, Some(Item::Response(response)) if response.status.as_u16() == 200));
/// assert!(matches!(reader.read()?, Some(Item::Data(frame)) if frame.payload == "hi"));
/// assert_eq!(reader.read()?, None);
/// # Ok::<(), weir_rtsp::ReadError>(())
/// ```
#[derive(Debug)]
pub struct Reader {
    limits: Limits,
    resync: Resync,
    input: Input,
    state: State,
    /// Where skipping began.
    skipped_from: Option<u64>,
    /// Channels that frames may come on, one bit each. None set: any.
    channels: [u64; 4],
    warnings: Warnings,
}

#[derive(Debug)]
enum State {
    /// A message, a frame or an empty line starts at the front of the input.
    Boundary,
    /// The first bytes of a head; its end has not come.
    Head { start: u64, bytes: Vec<u8> },
    /// The message is read up to its body, of which `len - body.len()` bytes are missing.
    Body {
        message: Item,
        body: Vec<u8>,
        len: usize,
    },
    /// The frame is read up to its payload, of which `len - payload.len()` bytes are missing.
    Frame {
        channel: u8,
        payload: Vec<u8>,
        len: usize,
    },
    /// The stream cannot be read on.
    Failed(ReadError),
}

/// What starts at a boundary.
#[derive(PartialEq, Eq)]
enum Start {
    Blank,
    Frame,
    Message,
    Nothing,
    /// More bytes are needed to tell.
    Unknown,
}

impl Reader {
    /// A reader at the start of a stream.
    pub fn new(limits: Limits, resync: Resync) -> Self {
        Self {
            limits,
            resync,
            input: Input::default(),
            state: State::Boundary,
            skipped_from: None,
            channels: [0; 4],
            warnings: Warnings::default(),
        }
    }

    /// Stores bytes. Parses nothing.
    pub fn push(&mut self, bytes: impl Into<Bytes>) {
        if !matches!(self.state, State::Failed(_)) {
            self.input.push(bytes.into());
        }
    }

    /// What the bytes not yet looked at cost: their number, and 64 for each read.
    pub fn buffered(&self) -> usize {
        self.input.cost()
    }

    /// Tells that frames come on this channel. From the first such call on, a frame on any other
    /// channel does not end skipping.
    pub fn expect_channel(&mut self, channel: u8) {
        if let Some(word) = self.channels.get_mut(usize::from(channel / 64)) {
            *word |= 1 << (channel % 64);
        }
    }

    /// Where the next byte to be looked at stands in the stream.
    pub const fn offset(&self) -> u64 {
        self.input.offset()
    }

    /// The next tolerance taken, each code once.
    pub fn next_warning(&mut self) -> Option<Warning> {
        self.warnings.pop()
    }

    /// The next whole item, or `None` until more bytes come.
    ///
    /// # Errors
    /// [`ReadError`] where the stream cannot be read on; the same again on each later call.
    #[inline]
    pub fn read(&mut self) -> Result<Option<Item>, ReadError> {
        // Nearly all of a stream is frames, so they are looked for first.
        match self.whole_frame() {
            Some(frame) => Ok(Some(Item::Data(frame))),
            None => self.read_any(),
        }
    }

    /// Takes the frame that starts here, if the whole of it lies in one read.
    ///
    /// Inlined in any case: where the caller looks at the frame at once, it is never moved, and a
    /// third of its time would go into moving it.
    #[inline(always)]
    fn whole_frame(&mut self) -> Option<Interleaved> {
        if self.skipped_from.is_some() || !matches!(self.state, State::Boundary) {
            return None;
        }
        let (channel, len) = Interleaved::parse_header(self.input.front())?;
        let len = usize::from(len);
        let payload = self.input.front().get(HEADER_LEN..HEADER_LEN + len)?;
        if len < SLICE_FROM {
            let copy = Bytes::copy_from_slice(payload);
            self.input.advance(HEADER_LEN + len);
            return Some(Interleaved::new(channel, copy));
        }
        self.input.advance(HEADER_LEN);
        Some(Interleaved::new(channel, self.input.take(len)))
    }

    #[inline(never)]
    fn read_any(&mut self) -> Result<Option<Item>, ReadError> {
        loop {
            if let State::Failed(error) = self.state {
                return Err(error);
            }
            match self.step() {
                Ok(Step::Item(item)) => return Ok(Some(item)),
                Ok(Step::Again) => {}
                Ok(Step::Starved) => return Ok(None),
                Err(error) => {
                    self.input.clear();
                    self.state = State::Failed(error);
                }
            }
        }
    }

    #[inline]
    fn step(&mut self) -> Result<Step, ReadError> {
        match &mut self.state {
            State::Boundary => self.boundary(),
            State::Head { .. } => self.head(),
            State::Body { body, len, .. } => {
                if !self.input.fill(body, *len) {
                    return Ok(Step::Starved);
                }
                let State::Body { message, body, .. } =
                    core::mem::replace(&mut self.state, State::Boundary)
                else {
                    return Ok(Step::Again);
                };
                Ok(Step::Item(with_body(message, body)))
            }
            State::Frame {
                payload,
                len,
                channel,
            } => {
                if !self.input.fill(payload, *len) {
                    return Ok(Step::Starved);
                }
                let frame = Interleaved::new(*channel, Bytes::from(core::mem::take(payload)));
                self.state = State::Boundary;
                Ok(Step::Item(Item::Data(frame)))
            }
            State::Failed(error) => Err(*error),
        }
    }

    #[inline]
    fn boundary(&mut self) -> Result<Step, ReadError> {
        let front = self.input.front();
        if front.is_empty() {
            return Ok(Step::Starved);
        }
        let start = match self.skipped_from {
            None => start_of(front),
            Some(_) => self.plausible_start(front),
        };
        if let (Some(offset), true) = (
            self.skipped_from,
            matches!(start, Start::Frame | Start::Message),
        ) {
            self.skipped_from = None;
            return Ok(Step::Item(Item::Skipped {
                offset,
                len: self.input.offset() - offset,
            }));
        }
        match start {
            Start::Blank => self.input.advance(1),
            Start::Frame => return Ok(self.frame()),
            Start::Message => return self.message(),
            Start::Nothing => self.skip()?,
            Start::Unknown if self.input.join_front() => {}
            Start::Unknown => return Ok(Step::Starved),
        }
        Ok(Step::Again)
    }

    /// Reads a frame whose header is at the front.
    fn frame(&mut self) -> Step {
        if let Some(frame) = self.whole_frame() {
            return Step::Item(Item::Data(frame));
        }
        let Some((channel, len)) = Interleaved::parse_header(self.input.front()) else {
            return Step::Starved;
        };
        self.input.advance(HEADER_LEN);
        let len = usize::from(len);
        self.state = State::Frame {
            channel,
            payload: Vec::with_capacity(len),
            len,
        };
        Step::Again
    }

    /// Reads a head whose first byte is the front.
    #[inline(never)]
    fn message(&mut self) -> Result<Step, ReadError> {
        let (front, start) = (self.input.front(), self.input.offset());
        let window = front.get(..self.limits.max_head_len).unwrap_or(front);
        let mut head = Head::blank();
        if let Some(len) = head.find_lines(window, &self.limits) {
            let bytes = self.input.take(len);
            return self.parsed(start, &bytes, head);
        }
        self.state = State::Head {
            start,
            bytes: Vec::new(),
        };
        Ok(Step::Again)
    }

    /// Gathers a head that spans reads, line by line, so that no byte is looked at twice.
    #[inline(never)]
    fn head(&mut self) -> Result<Step, ReadError> {
        let State::Head { start, bytes } = &mut self.state else {
            return Ok(Step::Again);
        };
        let front = self.input.front();
        if front.is_empty() {
            return Ok(Step::Starved);
        }
        let room = self.limits.max_head_len - bytes.len();
        let line = memchr(b'\n', front)
            .map_or(front.len(), |at| at + 1)
            .min(room);
        bytes.extend_from_slice(front.get(..line).unwrap_or_default());
        let whole = bytes.ends_with(b"\n\r\n") || bytes.ends_with(b"\n\n");
        let (start, full) = (*start, bytes.len() >= self.limits.max_head_len);
        let bytes = if whole {
            core::mem::take(bytes)
        } else {
            Vec::new()
        };
        self.input.advance(line);
        if whole {
            self.state = State::Boundary;
            let mut head = Head::blank();
            let _ = head.find_lines(&bytes, &self.limits);
            return self.parsed(start, &bytes, head);
        }
        if full {
            let limit = self.limits.max_head_len;
            return Err(LimitExceeded::Head {
                offset: start,
                limit,
            }
            .into());
        }
        Ok(Step::Again)
    }

    /// The head whose lines were found is `bytes`.
    fn parsed(&mut self, start: u64, bytes: &[u8], head: Head<'_>) -> Result<Step, ReadError> {
        let latin1;
        let mut head = head;
        let text = match core::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(_) => {
                self.warnings.push(WarningCode::HeadNotUtf8, start);
                latin1 = bytes.iter().copied().map(char::from).collect::<String>();
                // Its lines are the same, but longer.
                head = Head::blank();
                let _ = head.find_lines(latin1.as_bytes(), &self.limits);
                &latin1
            }
        };
        head.fill(text, &self.limits)
            .map_err(|error| error.behind(start))?;
        if head.ignored_lines() > 0 {
            self.warnings.push(WarningCode::HeaderLineIgnored, start);
        }
        let got = head.content_length().map_err(|error| error.behind(start))?;
        let limit = self.limits.max_body_len;
        let Some(len) = usize::try_from(got).ok().filter(|len| *len <= limit) else {
            return Err(LimitExceeded::Body {
                offset: start,
                got,
                limit,
            }
            .into());
        };
        let message = owned(&head, text.len());
        if len == 0 {
            return Ok(Step::Item(message));
        }
        self.state = State::Body {
            message,
            body: Vec::new(),
            len,
        };
        Ok(Step::Again)
    }

    /// Passes over the byte at the front, and those behind it that cannot start anything.
    fn skip(&mut self) -> Result<(), ReadError> {
        let front = self.input.front();
        if self.resync == Resync::Never {
            let first = front.first().copied().unwrap_or_default();
            return Err(Malformed::Unframed {
                offset: self.input.offset(),
                first,
            }
            .into());
        }
        let offset = self.input.offset();
        let from = *self.skipped_from.get_or_insert(offset);
        self.warnings.push(WarningCode::BytesSkipped, from);
        let behind = front.get(1..).unwrap_or_default();
        let candidate = |byte: &u8| *byte == b'$' || byte.is_ascii_uppercase();
        let len = 1 + behind.iter().position(candidate).unwrap_or(behind.len());
        let limit = self.limits.max_skipped;
        let room = limit.saturating_sub(usize::try_from(offset - from).unwrap_or(limit));
        if len > room {
            return Err(LimitExceeded::Skipped {
                offset: from,
                limit,
            }
            .into());
        }
        self.input.advance(len);
        Ok(())
    }

    /// What starts here, asked more strictly: rubbish contains `$` and letters too.
    fn plausible_start(&self, bytes: &[u8]) -> Start {
        match bytes {
            [b'$', channel, _, _, first, ..] => {
                let word = self
                    .channels
                    .get(usize::from(channel / 64))
                    .copied()
                    .unwrap_or_default();
                let known = self.channels == [0; 4] || word >> (channel % 64) & 1 == 1;
                // The payload is RTP or RTCP, so its version is 2. A frame of nothing is too weak.
                let long = Interleaved::parse_header(bytes).is_some_and(|(_, len)| len >= 8);
                if known && long && first >> 6 == 2 {
                    Start::Frame
                } else {
                    Start::Nothing
                }
            }
            [b'$', ..] => Start::Unknown,
            _ => {
                let starts = Method::NAMES.iter().copied().chain(["RTSP/"]);
                let mut unknown = false;
                for name in starts {
                    let name = name.as_bytes();
                    if name.ends_with(b"/") && bytes.starts_with(name) {
                        return Start::Message;
                    }
                    match bytes.strip_prefix(name) {
                        Some([b' ', ..]) => return Start::Message,
                        Some([]) => unknown = true,
                        Some(_) => {}
                        None => unknown |= name.starts_with(bytes),
                    }
                }
                if unknown {
                    Start::Unknown
                } else {
                    Start::Nothing
                }
            }
        }
    }
}

enum Step {
    Item(Item),
    Again,
    Starved,
}

/// What starts with these bytes, where a message or a frame is due.
fn start_of(bytes: &[u8]) -> Start {
    match bytes {
        [b'\r' | b'\n', ..] => Start::Blank,
        [b'$', _, _, _, ..] => Start::Frame,
        [b'$', ..] => Start::Unknown,
        _ => {
            // A method and a blank, or the version of a status line.
            let token = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./".contains(byte);
            let name = bytes
                .iter()
                .take(MAX_METHOD)
                .take_while(|byte| token(byte))
                .count();
            match bytes.get(name) {
                Some(b' ') if name > 0 => Start::Message,
                None => Start::Unknown,
                _ => Start::Nothing,
            }
        }
    }
}

fn owned(head: &Head<'_>, text_len: usize) -> Item {
    let (version, headers, body) = (head.version, Headers::of(head, text_len), Bytes::new());
    match head.start {
        StartLine::Request { method, uri } => {
            let (method, uri) = (Method::from(method), uri.into());
            Item::Request(Box::new(Request {
                method,
                uri,
                version,
                headers,
                body,
            }))
        }
        StartLine::Response { status, reason } => {
            let reason = reason.into();
            Item::Response(Box::new(Response {
                status,
                reason,
                version,
                headers,
                body,
            }))
        }
    }
}

fn with_body(mut item: Item, bytes: Vec<u8>) -> Item {
    let body = Bytes::from(bytes);
    match &mut item {
        Item::Request(request) => request.body = body,
        Item::Response(response) => response.body = body,
        Item::Data(_) | Item::Skipped { .. } => {}
    }
    item
}

/// `$`, channel and length of a frame.
const HEADER_LEN: usize = 4;
/// From this size on a payload is a slice of the read.
const SLICE_FROM: usize = 1024;
/// Longest method name taken for one.
const MAX_METHOD: usize = 32;
