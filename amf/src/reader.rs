//! The non-recursive pull core that both formats share.
//!
//! How this works: the cursor stands behind what was told last, and the stack holds one frame per
//! open container that says what may come next. `next_event` looks at the topmost frame only, so a
//! value nested a thousand deep costs frames, never calls. A frame is pushed when its container
//! begins and popped when its `End` is told.

use alloc::vec::Vec;
use core::ops::Range;

use smallvec::SmallVec;

use crate::amf0::marker::OBJECT_END;
use crate::amf3::{Lengths, Tables};
use crate::cursor::Cursor;
use crate::error::{DecodeError, LimitExceeded, Malformed};
use crate::event::{Event, Token};
use crate::external::ExternalBody;
use crate::format::Format;
use crate::limits::Config;
use crate::text::Text;

/// Reads a sequence of values, token by token, out of a slice.
///
/// Nothing is copied: texts, byte arrays and packed vectors are slices of the input. The tables that
/// references point into live as long as the reader, so several values written one after another
/// (the parts of an RTMP command) are read with one reader.
///
/// After an error the reader is of no more use; asked again, it may return any token or error.
///
/// ```
/// use weir_amf::{Reader, Token};
///
/// // createStream, transaction 2, null
/// let payload = b"\x02\x00\x0ccreateStream\x00\x40\0\0\0\0\0\0\0\x05";
/// let mut reader = Reader::amf0(payload);
/// assert_eq!(reader.take_text()?.expect("a string").as_str()?, "createStream");
/// assert_eq!(reader.take_number()?, Some(2.0));
/// assert_eq!(reader.next_event()?.map(|event| event.token), Some(Token::Null));
/// assert_eq!(reader.next_event()?, None);
/// # Ok::<(), weir_amf::DecodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    pub(crate) cursor: Cursor<'a>,
    pub(crate) stack: SmallVec<[Frame; 64]>,
    /// How many AMF0 slots are taken.
    pub(crate) slots: u32,
    pub(crate) tables: Tables<'a>,
    /// One for each open externalizable body, innermost last.
    pub(crate) bodies: Vec<ExternalBody<'a>>,
    pub(crate) format: Format,
    pub(crate) config: Config,
}

/// An open container.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) state: State,
    /// How many values are still to come, where that is known.
    pub(crate) left: u32,
    /// See [`State`].
    pub(crate) extra: u32,
}

/// What may come next in an open container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// AMF0: a property, or the empty name and the end marker.
    Properties,
    /// AMF0: one of `left` values without name.
    Elements,
    /// One AMF3 value if `left` is 1.
    Switch,
    /// AMF3: an associative element, or the empty name and then `extra` values.
    Associative,
    /// AMF3: one of `left` sealed members; the name of the next is entry `extra`.
    Sealed,
    /// The same, and dynamic properties follow.
    SealedThenDynamic,
    /// AMF3: a dynamic property or the empty name.
    Dynamic,
    /// AMF3: one of `left` values without name.
    Dense,
    /// AMF3: one of `left` keys and values; the pair begins at offset `extra`.
    Pairs,
    /// AMF3: whatever the body's format says.
    Body,
}

impl<'a> Reader<'a> {
    /// Reads AMF0.
    #[must_use]
    pub fn amf0(input: &'a [u8]) -> Self {
        Self::new(input, Format::Amf0, &Config::default())
    }

    /// Reads AMF3.
    #[must_use]
    pub fn amf3(input: &'a [u8]) -> Self {
        Self::new(input, Format::Amf3, &Config::default())
    }

    /// Reads `format`, with limits and policies of your own.
    #[must_use]
    pub fn new(input: &'a [u8], format: Format, config: &Config) -> Self {
        Self {
            cursor: Cursor::new(input),
            stack: SmallVec::new(),
            slots: 0,
            tables: Tables::default(),
            bodies: Vec::new(),
            format,
            config: *config,
        }
    }

    /// Returns the next token, or `None` where the input ends between two values.
    ///
    /// # Errors
    /// [`DecodeError`] if the bytes are malformed, end inside a value or exceed a limit.
    pub fn next_event(&mut self) -> Result<Option<Event<'a>>, DecodeError> {
        let mut event = None;
        self.step(&mut event)?;
        Ok(event)
    }

    /// Tells the next token to `sink`, and returns whether there was one.
    #[inline]
    pub(crate) fn step<S: Sink<'a>>(&mut self, sink: &mut S) -> Result<bool, DecodeError> {
        let Some(frame) = self.stack.last_mut() else {
            return self.top_level(sink);
        };
        match frame.state {
            State::Properties => {
                let name = self.text_u16()?;
                if name.is_empty() && self.cursor.peek() == Some(OBJECT_END) {
                    self.cursor.u8()?;
                    return self.end(Format::Amf0, sink);
                }
                let name = sink.name(name);
                self.amf0_value(name, sink)
            }
            State::Sealed | State::SealedThenDynamic => match frame.left.checked_sub(1) {
                Some(left) => {
                    let name = frame.extra;
                    frame.left = left;
                    frame.extra = name.wrapping_add(1);
                    let name = sink.name(self.tables.name(name));
                    self.amf3_value(name, sink)
                }
                None if frame.state == State::Sealed => self.end(Format::Amf3, sink),
                None => {
                    frame.state = State::Dynamic;
                    self.amf3_property(sink)
                }
            },
            State::Elements | State::Switch => match frame.left.checked_sub(1) {
                Some(left) => {
                    frame.left = left;
                    match frame.state {
                        State::Elements => self.amf0_value(S::NO_NAME, sink),
                        _ => self.amf3_value(S::NO_NAME, sink),
                    }
                }
                None => self.end(Format::Amf0, sink),
            },
            State::Dense => match frame.left.checked_sub(1) {
                Some(left) => {
                    frame.left = left;
                    self.amf3_value(S::NO_NAME, sink)
                }
                None => self.end(Format::Amf3, sink),
            },
            State::Dynamic | State::Associative => self.amf3_property(sink),
            State::Pairs => self.amf3_pair(sink),
            State::Body => self.amf3_body(sink),
        }
    }

    #[inline(never)]
    fn top_level<S: Sink<'a>>(&mut self, sink: &mut S) -> Result<bool, DecodeError> {
        let limit = self.config.limits.max_bytes;
        if self.cursor.len() > limit as usize {
            let len = self.cursor.len();
            return Err(LimitExceeded::Bytes { len, limit }.into());
        }
        if self.cursor.left() == 0 {
            return Ok(false);
        }
        match self.format {
            Format::Amf0 => self.amf0_value(S::NO_NAME, sink),
            Format::Amf3 => self.amf3_value(S::NO_NAME, sink),
        }
    }

    /// Returns the next value if it is a string, and leaves the reader where it is if not, or if a
    /// container is open.
    ///
    /// # Errors
    /// As [`next_event`](Self::next_event).
    pub fn take_text(&mut self) -> Result<Option<Text<'a>>, DecodeError> {
        if !self.stack.is_empty() {
            return Ok(None);
        }
        match (self.format, self.peek_marker()) {
            (Format::Amf0, Some(0x02 | 0x0c)) | (Format::Amf3, Some(0x06)) => {}
            _ => return Ok(None),
        }
        match self.next_event()? {
            Some(Event {
                token: Token::String(text),
                ..
            }) => Ok(Some(text)),
            _ => Ok(None),
        }
    }

    /// Returns the next value if it is a number or an integer, and leaves the reader where it is
    /// if not, or if a container is open.
    ///
    /// # Errors
    /// As [`next_event`](Self::next_event).
    pub fn take_number(&mut self) -> Result<Option<f64>, DecodeError> {
        if !self.stack.is_empty() {
            return Ok(None);
        }
        match (self.format, self.peek_marker()) {
            (Format::Amf0, Some(0x00)) | (Format::Amf3, Some(0x04 | 0x05)) => {}
            _ => return Ok(None),
        }
        match self.next_event()? {
            Some(Event {
                token: Token::Number(number),
                ..
            }) => Ok(Some(number)),
            Some(Event {
                token: Token::Integer(integer),
                ..
            }) => Ok(Some(f64::from(integer))),
            _ => Ok(None),
        }
    }

    /// Passes over the rest of the innermost open container, or over the next value if none is
    /// open, and returns which bytes that was.
    ///
    /// The bytes of a top-level value that hold no reference to an earlier one can be sent on as
    /// they are.
    ///
    /// # Errors
    /// As [`next_event`](Self::next_event); at the end of the input the range is empty.
    pub fn skip(&mut self) -> Result<Range<usize>, DecodeError> {
        let begin = self.cursor.offset();
        let depth = self.stack.len().saturating_sub(1);
        loop {
            let event = self.next_event()?;
            if event.is_none() || self.stack.len() <= depth {
                return Ok(begin..self.cursor.offset());
            }
        }
    }

    /// Returns the marker of the next value without reading it, if any byte is left.
    ///
    /// Only between two top-level values; inside a container the next byte may be a name.
    #[must_use]
    pub fn peek_marker(&self) -> Option<u8> {
        self.cursor.peek()
    }

    /// Returns how many bytes were read.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.cursor.offset()
    }

    /// Returns how many containers are open.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.stack.len()
    }

    /// Returns the bytes that were not read yet.
    #[must_use]
    pub const fn remaining(&self) -> usize {
        self.cursor.left()
    }

    /// Empties the tables, as a new body does.
    pub(crate) fn forget(&mut self) {
        self.slots = 0;
        self.tables = Tables::default();
    }

    /// Opens the container whose marker stands at `offset`.
    #[inline]
    pub(crate) fn open(
        &mut self,
        state: State,
        left: u32,
        extra: u32,
        offset: usize,
    ) -> Result<(), DecodeError> {
        let limit = self.config.limits.max_depth;
        if self.stack.len() >= limit as usize {
            return Err(self.too_deep(offset));
        }
        self.stack.push(Frame { state, left, extra });
        Ok(())
    }

    #[cold]
    fn too_deep(&self, offset: usize) -> DecodeError {
        let limit = self.config.limits.max_depth;
        let offset = match self.stack.last() {
            Some(Frame {
                state: State::Pairs,
                extra,
                ..
            }) => *extra as usize,
            _ => offset,
        };
        LimitExceeded::Depth { offset, limit }.into()
    }

    /// Closes the innermost container.
    #[inline]
    pub(crate) fn end<S: Sink<'a>>(
        &mut self,
        format: Format,
        sink: &mut S,
    ) -> Result<bool, DecodeError> {
        self.stack.pop();
        let offset = to_u32(self.cursor.offset()).saturating_sub(1);
        sink.token(&self.tables, At { offset, format }, S::NO_NAME, Token::End)
    }

    /// Checks a count of elements before anything is done with it.
    ///
    /// Every element takes at least `size` bytes, which must be left behind `offset`.
    #[inline]
    pub(crate) fn check_count(
        &self,
        count: u32,
        size: u64,
        offset: usize,
    ) -> Result<(), DecodeError> {
        let limit = self.config.limits.max_elements;
        if count > limit {
            return Err(LimitExceeded::Elements {
                offset,
                count: count.into(),
                limit,
            }
            .into());
        }
        let needed = u64::from(count) * size;
        if needed > self.cursor.left() as u64 {
            return Err(Malformed::Eof {
                offset,
                needed,
                left: self.cursor.left(),
            }
            .into());
        }
        Ok(())
    }
}

/// Where tokens go: to whoever asked for the next event, or straight into a document.
///
/// The reader is compiled once for each, so that a document is built without an event in between.
pub(crate) trait Sink<'a> {
    /// What becomes of the name of a property.
    type Name: Copy;

    /// Stands for a value that has no name.
    const NO_NAME: Self::Name;

    /// Takes the name of the value that comes next.
    fn name(&mut self, name: Text<'a>) -> Self::Name;

    /// Takes a token; always `Ok(true)`, or the limit that it exceeds.
    fn token(
        &mut self,
        tables: &Tables<'a>,
        at: At,
        name: Self::Name,
        token: Token<'a>,
    ) -> Result<bool, DecodeError>;
}

/// Where a token stands, and in which format.
#[derive(Clone, Copy)]
pub(crate) struct At {
    pub(crate) offset: u32,
    pub(crate) format: Format,
}

impl<'a> Sink<'a> for Option<Event<'a>> {
    type Name = Option<Text<'a>>;

    const NO_NAME: Self::Name = None;

    #[inline(always)]
    fn name(&mut self, name: Text<'a>) -> Self::Name {
        Some(name)
    }

    #[inline(always)]
    fn token(
        &mut self,
        _tables: &Tables<'a>,
        at: At,
        name: Self::Name,
        token: Token<'a>,
    ) -> Result<bool, DecodeError> {
        *self = Some(Event {
            name,
            token,
            format: at.format,
            offset: at.offset,
        });
        Ok(true)
    }
}

/// A point between two values that the reader can return to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark<'a> {
    cursor: Cursor<'a>,
    slots: u32,
    tables: Lengths,
}

impl<'a> Reader<'a> {
    pub(crate) fn mark(&self) -> Mark<'a> {
        Mark {
            cursor: self.cursor,
            slots: self.slots,
            tables: self.tables.lengths(),
        }
    }

    pub(crate) fn rewind(&mut self, mark: Mark<'a>) {
        self.cursor = mark.cursor;
        self.slots = mark.slots;
        self.tables.truncate(mark.tables);
        self.stack.clear();
        self.bodies.clear();
    }

    /// Reads once more what was read since `mark`, to say which of its texts is not UTF-8.
    #[cold]
    pub(crate) fn find_bad_text(&mut self, mark: Mark<'a>) -> DecodeError {
        self.rewind(mark);
        loop {
            match self.check_value_text() {
                Ok(true) => {}
                Ok(false) => {
                    return Malformed::Utf8 {
                        offset: self.offset(),
                    }
                    .into();
                }
                Err(error) => return error,
            }
        }
    }

    /// Passes over the next value, checks all its texts in the order of the wire, and tells whether
    /// there was one.
    pub(crate) fn check_value_text(&mut self) -> Result<bool, DecodeError> {
        let mut seen = self.tables.lengths().traits();
        loop {
            let Some(event) = self.next_event()? else {
                return Ok(false);
            };
            if let Some(name) = event.name {
                name.as_str()?;
            }
            match event.token {
                Token::String(text)
                | Token::XmlDocument(text)
                | Token::Xml(text)
                | Token::Object { class: Some(text) }
                | Token::VectorObject { class: text, .. } => {
                    text.as_str()?;
                }
                Token::Typed(id) | Token::Externalizable(id) if id.0 as usize >= seen => {
                    seen = id.0 as usize + 1;
                    if let Some(traits) = self.traits(id) {
                        traits.class().as_str()?;
                        for member in traits.members() {
                            member.as_str()?;
                        }
                    }
                }
                _ => {}
            }
            if self.stack.is_empty() {
                return Ok(true);
            }
        }
    }
}

/// Offsets and lengths are below [`Limits::max_bytes`](crate::Limits::max_bytes), so they fit.
#[inline]
pub(crate) fn to_u32(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}
