//! Going back to say where a bad text is.
//!
//! A document's texts are checked in one pass at its end, which knows that one is bad but not where
//! it stood on the wire. Only then the input is read once more.

use crate::amf3::Lengths;
use crate::cursor::Cursor;
use crate::error::{DecodeError, Malformed};
use crate::event::Token;
use crate::reader::Reader;

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
        self.close_all();
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
            if self.depth() == 0 {
                return Ok(true);
            }
        }
    }
}
