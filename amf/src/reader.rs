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
use crate::amf3::{Property, Tables};
use crate::cursor::Cursor;
use crate::error::{DecodeError, LimitExceeded, Malformed};
use crate::event::{Event, Token};
use crate::external::{ExternalBody, Piece};
use crate::format::Format;
use crate::limits::Config;
use crate::sink::{At, Events, Sink};
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
    /// The innermost open container.
    pub(crate) top: Frame,
    /// The containers around it, outermost first; the first stands for none at all.
    outer: SmallVec<[Frame; 64]>,
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

const TOP: Frame = Frame {
    state: State::Top,
    left: 0,
    extra: 0,
};

/// What may come next in an open container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// A value of the reader's format, or the end of the input: no container is open.
    Top,
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
    /// The same, then a dynamic property or the empty name.
    SealedThenDynamic,
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
            top: TOP,
            outer: SmallVec::new(),
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
    #[inline]
    pub fn next_event(&mut self) -> Result<Option<Event<'a>>, DecodeError> {
        // Two functions, because one needs far fewer registers than the other.
        if self.top.state == State::Sealed {
            self.sealed_event()
        } else {
            self.any_event()
        }
    }

    #[inline(never)]
    fn sealed_event(&mut self) -> Result<Option<Event<'a>>, DecodeError> {
        self.amf3_sealed(&mut Events)
    }

    #[inline(never)]
    pub(crate) fn any_event(&mut self) -> Result<Option<Event<'a>>, DecodeError> {
        self.step(&mut Events)
    }

    /// Tells the next token to `sink`, and returns what that made of it, if there was one.
    #[inline(always)]
    pub(crate) fn step<S: Sink<'a>>(
        &mut self,
        sink: &mut S,
    ) -> Result<Option<S::Made>, DecodeError> {
        let frame = &mut self.top;
        let (format, name) = match frame.state {
            State::Properties => {
                let name = self.text_u16()?;
                if name.is_empty() && self.cursor.peek() == Some(OBJECT_END) {
                    self.cursor.u8()?;
                    return self.end(Format::Amf0, sink);
                }
                (Format::Amf0, sink.name(name))
            }
            State::Sealed | State::SealedThenDynamic if frame.left > 0 => {
                let member = frame.extra;
                frame.left -= 1;
                frame.extra = member.wrapping_add(1);
                let name = self.tables.name(member);
                (Format::Amf3, sink.sealed_name(&name, member))
            }
            State::Elements if frame.left > 0 => {
                frame.left -= 1;
                (Format::Amf0, S::NO_NAME)
            }
            State::Dense | State::Switch if frame.left > 0 => {
                frame.left -= 1;
                (Format::Amf3, S::NO_NAME)
            }
            State::Elements | State::Switch => return self.end(Format::Amf0, sink),
            State::Dense | State::Sealed => return self.end(Format::Amf3, sink),
            State::SealedThenDynamic | State::Associative => match self.amf3_property()? {
                Some(Property::Named(name)) => (Format::Amf3, sink.name(name)),
                Some(Property::Dense) => (Format::Amf3, S::NO_NAME),
                None => return self.end(Format::Amf3, sink),
            },
            State::Pairs if frame.left > 0 => {
                if frame.left % 2 == 0 {
                    frame.extra = self.cursor.at();
                }
                frame.left -= 1;
                (Format::Amf3, S::NO_NAME)
            }
            State::Pairs => return self.end(Format::Amf3, sink),
            State::Body => match self.amf3_piece() {
                Piece::Value => (Format::Amf3, S::NO_NAME),
                Piece::Bytes(len) => return self.amf3_raw(len, sink),
                Piece::End => return self.end(Format::Amf3, sink),
            },
            State::Top => {
                if self.is_finished()? {
                    return Ok(None);
                }
                (self.format, S::NO_NAME)
            }
        };
        match format {
            Format::Amf0 => self.amf0_value(name, sink),
            Format::Amf3 => self.amf3_value(name, sink),
        }
    }

    /// Tells whether the input ends here, between two top-level values.
    fn is_finished(&self) -> Result<bool, DecodeError> {
        let (len, limit) = (self.cursor.len(), self.config.limits.max_bytes);
        if len > limit.min(Cursor::MAX_LEN - 1) as usize {
            return Err(LimitExceeded::Bytes { len, limit }.into());
        }
        Ok(self.cursor.left() == 0)
    }

    /// Returns the next value if it is a string, and leaves the reader where it is if not, or if a
    /// container is open.
    ///
    /// # Errors
    /// As [`next_event`](Self::next_event).
    pub fn take_text(&mut self) -> Result<Option<Text<'a>>, DecodeError> {
        if self.depth() > 0 {
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
        if self.depth() > 0 {
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
        let depth = self.depth().saturating_sub(1);
        loop {
            let event = self.next_event()?;
            if event.is_none() || self.depth() <= depth {
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
        self.outer.len()
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
    #[inline(always)]
    pub(crate) fn open(
        &mut self,
        state: State,
        left: u32,
        extra: u32,
        offset: usize,
    ) -> Result<(), DecodeError> {
        let limit = self.config.limits.max_depth;
        if self.outer.len() >= limit as usize {
            return Err(self.too_deep(offset));
        }
        self.outer.push(core::mem::replace(
            &mut self.top,
            Frame { state, left, extra },
        ));
        Ok(())
    }

    #[cold]
    fn too_deep(&self, offset: usize) -> DecodeError {
        let limit = self.config.limits.max_depth;
        let offset = match self.top.state {
            State::Pairs => self.top.extra as usize,
            _ => offset,
        };
        LimitExceeded::Depth { offset, limit }.into()
    }

    /// Closes all containers.
    pub(crate) fn close_all(&mut self) {
        self.outer.clear();
        self.top = TOP;
        self.bodies.clear();
    }

    /// Closes the innermost container.
    #[inline]
    pub(crate) fn end<S: Sink<'a>>(
        &mut self,
        format: Format,
        sink: &mut S,
    ) -> Result<Option<S::Made>, DecodeError> {
        self.top = self.outer.pop().unwrap_or(TOP);
        let offset = self.cursor.at().saturating_sub(1);
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
