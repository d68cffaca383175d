//! Where the pull core tells its tokens.

use crate::amf3::Tables;
use crate::error::DecodeError;
use crate::event::{Event, Token};
use crate::format::Format;
use crate::reader::Reader;
use crate::text::Text;

/// Where tokens go: to whoever asked for the next event, or straight into a document.
///
/// The reader is compiled once for each, so that a document is built without an event in between.
pub(crate) trait Sink<'a> {
    /// What becomes of a token.
    type Made;
    /// What becomes of the name of a property.
    type Name: Copy;

    /// Stands for a value that has no name.
    const NO_NAME: Self::Name;

    /// Takes the name of the value that comes next.
    fn name(&mut self, name: Text<'a>) -> Self::Name;

    /// Takes the name of the sealed member that comes next, and its place in the table of them.
    fn sealed_name(&mut self, name: &Text<'a>, member: u32) -> Self::Name;

    /// Takes the next token of `reader`, whatever it is: [`Reader::step`], once for each sink.
    fn any(&mut self, reader: &mut Reader<'a>) -> Result<Option<Self::Made>, DecodeError>;

    /// Takes a token; never `Ok(None)`.
    fn token(
        &mut self,
        tables: &Tables<'a>,
        at: At,
        name: Self::Name,
        token: Token<'a>,
    ) -> Result<Option<Self::Made>, DecodeError>;
}

/// Where a token stands, and in which format.
#[derive(Clone, Copy)]
pub(crate) struct At {
    pub(crate) offset: u32,
    pub(crate) format: Format,
}

/// Makes events of tokens.
pub(crate) struct Events;

impl<'a> Sink<'a> for Events {
    type Made = Event<'a>;
    type Name = Option<Text<'a>>;

    const NO_NAME: Self::Name = None;

    #[inline(always)]
    fn name(&mut self, name: Text<'a>) -> Self::Name {
        Some(name)
    }

    #[inline(always)]
    fn sealed_name(&mut self, name: &Text<'a>, _member: u32) -> Self::Name {
        Some(*name)
    }

    #[inline(always)]
    fn any(&mut self, reader: &mut Reader<'a>) -> Result<Option<Self::Made>, DecodeError> {
        reader.any_event()
    }

    #[inline(always)]
    fn token(
        &mut self,
        _tables: &Tables<'a>,
        at: At,
        name: Self::Name,
        token: Token<'a>,
    ) -> Result<Option<Event<'a>>, DecodeError> {
        Ok(Some(Event {
            name,
            token,
            format: at.format,
            offset: at.offset,
        }))
    }
}
