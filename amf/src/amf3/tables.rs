//! The three tables that AMF3 references point into. AMF3, section 2.2.

use alloc::vec::Vec;

use crate::cursor::to_u32;
use crate::error::{DecodeError, LimitExceeded, Malformed};
use crate::text::Text;

/// The traits of a class, by their entry in the table of one [`Reader`](crate::Reader).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraitsId(pub(crate) u32);

/// What is known about the members of a class.
#[derive(Clone, Copy, Debug)]
pub struct Traits<'r, 'a> {
    tables: &'r Tables<'a>,
    entry: Entry,
}

impl<'r, 'a> Traits<'r, 'a> {
    /// Returns the name of the class, empty for an anonymous one.
    #[must_use]
    pub fn class(self) -> Text<'a> {
        self.tables.text(self.entry.class)
    }

    /// Returns the names of the sealed members, in the order of their values.
    #[must_use]
    pub fn members(self) -> impl ExactSizeIterator<Item = Text<'a>> + 'r {
        let first = self.first();
        let names = self
            .tables
            .names
            .get(first..first + self.entry.len as usize);
        let names = names.unwrap_or_default().iter();
        names.map(|name| self.tables.text(*name))
    }

    /// Returns where the members begin in the table of all.
    pub(crate) const fn first(self) -> usize {
        self.entry.first as usize
    }

    /// Tells whether an object may have more properties than the sealed ones.
    #[must_use]
    pub const fn is_dynamic(self) -> bool {
        self.entry.dynamic
    }

    /// Tells whether the class writes its own body.
    #[must_use]
    pub const fn is_externalizable(self) -> bool {
        self.entry.externalizable
    }
}

/// Traits as they are stored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// An entry of the table of strings, or [`Text::NO_ENTRY`] for the empty name.
    pub(crate) class: u32,
    /// The first of the members in [`Tables::names`].
    pub(crate) first: u32,
    pub(crate) len: u32,
    pub(crate) dynamic: bool,
    pub(crate) externalizable: bool,
}

/// How many names are kept as texts: those of the few classes that most inputs have. A name can be a
/// single byte of the input, so all of them would take too much.
const NEAR: usize = 64;

#[derive(Clone, Debug, Default)]
pub(crate) struct Tables<'a> {
    strings: Vec<Text<'a>>,
    /// The marker of each object.
    objects: Vec<u8>,
    traits: Vec<Entry>,
    /// The members of all traits, one behind the other, like [`Entry::class`].
    names: Vec<u32>,
    /// The first [`NEAR`] of them, as the texts that they are.
    near: Vec<Text<'a>>,
    /// How many entries all tables hold together.
    entries: u32,
}

impl<'a> Tables<'a> {
    /// Returns the text that a reference names, checked.
    #[inline]
    pub(crate) fn string(&mut self, index: u32) -> Option<Text<'a>> {
        let text = self.strings.get_mut(index as usize)?;
        text.check();
        Some(*text)
    }

    /// Returns the text of an entry, or the empty text for none.
    #[inline]
    pub(crate) fn text(&self, entry: u32) -> Text<'a> {
        match self.strings.get(entry as usize) {
            Some(text) => *text,
            None => Text::EMPTY,
        }
    }

    /// Enters the text `bytes`, which is not empty.
    #[inline]
    pub(crate) fn add_string(
        &mut self,
        bytes: &'a [u8],
        offset: u32,
        limit: u32,
    ) -> Result<Text<'a>, DecodeError> {
        self.count(offset as usize, limit)?;
        let text = Text::new(bytes, offset, to_u32(self.strings.len()));
        self.strings.push(text);
        Ok(text)
    }

    /// Returns the text that a reference names, if it has been checked before.
    #[inline]
    pub(crate) fn checked_string(&self, index: u32) -> Option<Text<'a>> {
        let text = self.strings.get(index as usize)?;
        text.is_checked().then_some(*text)
    }

    /// Enters a text, if it is not empty, is within the limit and the table need not grow.
    #[inline(always)]
    pub(crate) fn add_string_at_once(
        &mut self,
        bytes: &'a [u8],
        offset: u32,
        limit: u32,
    ) -> Option<Text<'a>> {
        let has_room = self.strings.len() < self.strings.capacity();
        if bytes.is_empty() || self.entries >= limit || !has_room {
            return None;
        }
        self.entries += 1;
        // No more than the limit, which has 32 bits.
        let entry = self.strings.len() & u32::MAX as usize;
        let text = Text::new(bytes, offset, to_u32(entry));
        self.strings.push(text);
        Some(text)
    }

    pub(crate) fn strings_len(&self) -> u32 {
        to_u32(self.strings.len())
    }

    /// Enters an object before its content is read, so that the content can refer to it.
    #[inline]
    pub(crate) fn add_object(
        &mut self,
        marker: u8,
        offset: usize,
        limit: u32,
    ) -> Result<(), DecodeError> {
        self.count(offset, limit)?;
        self.objects.push(marker);
        Ok(())
    }

    /// Checks a reference to an object.
    ///
    /// Flash Player writes it with the marker of the object, and what it does with another is not
    /// known, so another is refused.
    pub(crate) fn check_object(
        &self,
        index: u32,
        marker: u8,
        offset: usize,
    ) -> Result<(), DecodeError> {
        match self.objects.get(index as usize) {
            Some(entered) if *entered == marker => Ok(()),
            Some(_) => Err(Malformed::ReferenceType { offset, index }.into()),
            None => {
                let len = to_u32(self.objects.len());
                Err(Malformed::Reference { offset, index, len }.into())
            }
        }
    }

    pub(crate) fn entry(&self, index: u32) -> Option<Entry> {
        self.traits.get(index as usize).copied()
    }

    pub(crate) fn traits_len(&self) -> u32 {
        to_u32(self.traits.len())
    }

    pub(crate) fn names_len(&self) -> u32 {
        to_u32(self.names.len())
    }

    pub(crate) fn add_name(
        &mut self,
        name: Text<'a>,
        offset: usize,
        limit: u32,
    ) -> Result<(), DecodeError> {
        self.count(offset, limit)?;
        // Every object of the class has the name.
        if let Some(name) = self.strings.get_mut(name.entry() as usize) {
            name.check();
        }
        self.names.push(name.entry());
        if self.near.len() < NEAR {
            self.near.push(self.text(name.entry()));
        }
        Ok(())
    }

    pub(crate) fn add_traits(
        &mut self,
        entry: Entry,
        offset: usize,
        limit: u32,
    ) -> Result<TraitsId, DecodeError> {
        self.count(offset, limit)?;
        let id = TraitsId(self.traits_len());
        self.traits.push(entry);
        Ok(id)
    }

    /// Returns a sealed member's name; the index comes from the traits and so exists.
    #[inline]
    pub(crate) fn name(&self, index: u32) -> Text<'a> {
        let entry = self.names.get(index as usize);
        self.text(entry.copied().unwrap_or(Text::NO_ENTRY))
    }

    /// Returns a sealed member's name, if it is one of the first.
    #[inline]
    pub(crate) fn near_name(&self, index: u32) -> Option<&Text<'a>> {
        self.near.get(index as usize)
    }

    pub(crate) fn traits(&self, id: TraitsId) -> Option<Traits<'_, 'a>> {
        let tables = self;
        self.entry(id.0).map(|entry| Traits { tables, entry })
    }

    pub(crate) fn objects_len(&self) -> u32 {
        to_u32(self.objects.len())
    }

    pub(crate) fn lengths(&self) -> Lengths {
        Lengths {
            strings: self.strings.len(),
            objects: self.objects.len(),
            traits: self.traits.len(),
            names: self.names.len(),
            entries: self.entries,
        }
    }

    /// Forgets what was entered since the tables had these lengths.
    pub(crate) fn truncate(&mut self, lengths: Lengths) {
        self.strings.truncate(lengths.strings);
        self.objects.truncate(lengths.objects);
        self.traits.truncate(lengths.traits);
        self.names.truncate(lengths.names);
        self.near.truncate(lengths.names);
        self.entries = lengths.entries;
    }

    #[inline]
    fn count(&mut self, offset: usize, limit: u32) -> Result<(), DecodeError> {
        if self.entries >= limit {
            return Err(LimitExceeded::References { offset, limit }.into());
        }
        self.entries += 1;
        Ok(())
    }
}

/// How long the tables were at some point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lengths {
    strings: usize,
    objects: usize,
    traits: usize,
    names: usize,
    entries: u32,
}

impl Lengths {
    pub(crate) const fn traits(&self) -> usize {
        self.traits
    }
}
