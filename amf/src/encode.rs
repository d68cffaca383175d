//! From a document to bytes, in both formats.
//!
//! How this works: a loop for each format walks the nodes in their order, which is the order of the
//! wire. The stack holds where the containers around the current node end; there, their terminator
//! is written.
//! From the first reference on, slots are counted as a reader will count them, so a reference finds
//! its slot by the position of its target among the values that took one.

use alloc::vec::Vec;

use smallvec::SmallVec;

use crate::amf0::writer as amf0;
use crate::amf3::WriteTables;
use crate::cursor::to_u32;
use crate::document::{Document, Value};
use crate::error::EncodeError;
use crate::format::Format;
use crate::limits::SlotPolicy;

/// How to encode.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct EncodeConfig {
    /// Whether a reference in the document is written as one. Default: true.
    ///
    /// If not, what it names is written again in its place. A cycle is then an error.
    pub references: bool,
    /// Whether an AMF3 string is written as reference the second time. Default: true.
    pub string_references: bool,
    /// Whether AMF3 traits are written as reference the second time. Default: true.
    pub trait_references: bool,
    /// Whether a whole number that fits is written as AMF3 integer, as ActionScript 3 does.
    /// Default: false, a number stays a number.
    pub whole_numbers_as_integers: bool,
    /// Which AMF0 values can be referred to. Default: as the specification says.
    pub slots: SlotPolicy,
    /// How many values may be written again in the place of references. Default: 1,048,576.
    pub max_repeated: u32,
}

impl Default for EncodeConfig {
    fn default() -> Self {
        Self {
            references: true,
            string_references: true,
            trait_references: true,
            whole_numbers_as_integers: false,
            slots: SlotPolicy::default(),
            max_repeated: 1 << 20,
        }
    }
}

/// Encodes all values into a new buffer.
pub(crate) fn encode_new(document: &Document, format: Format) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::with_capacity(room(document));
    encode(document, format, &EncodeConfig::default(), &mut out)?;
    Ok(out)
}

/// Estimates the length: each value takes at most 12 bytes besides its texts, unless texts are
/// written repeatedly.
fn room(document: &Document) -> usize {
    document.text.len() + document.data.len() + document.nodes.len() * 12 + 16
}

/// Encodes all values; on an error `out` is what it was.
pub(crate) fn encode(
    document: &Document,
    format: Format,
    config: &EncodeConfig,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let before = out.len();
    out.reserve(room(document));
    let result = Encoder::new(document, format, config, out).run(0, to_u32(document.nodes.len()));
    if result.is_err() {
        out.truncate(before);
    }
    result
}

/// Encodes one value and everything in it behind others, which only their writer knows: where it
/// refers to another value is an error.
pub(crate) fn encode_value(
    value: Value<'_>,
    format: Format,
    tables: &mut WriteTables,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let config = EncodeConfig {
        references: false,
        max_repeated: 0,
        ..EncodeConfig::default()
    };
    let document = value.document();
    let mut encoder = Encoder::new(document, format, &config, out);
    encoder.tables = core::mem::take(tables);
    let result = encoder.run(value.index(), document.end_of(value.index()));
    *tables = encoder.tables;
    result
}

pub(crate) struct Encoder<'e> {
    pub(crate) document: &'e Document,
    pub(crate) config: &'e EncodeConfig,
    pub(crate) out: &'e mut Vec<u8>,
    pub(crate) tables: WriteTables,
    pub(crate) format: Format,
    pub(crate) open: Stack,
    /// The references in the place of which something is written again, innermost last.
    again: Vec<u32>,
    /// Whether slots are counted, which begins at the first reference.
    pub(crate) counts_slots: bool,
    /// The nodes that took a slot, in the order of the slots.
    slots0: Vec<u32>,
    slots3: Vec<u32>,
    /// The index that each of the document's traits was written under.
    pub(crate) traits: Vec<Option<u32>>,
    repeated: u32,
}

/// The open stretches of nodes: contents of containers, or parts of one. A list instead of calls,
/// so that depth costs no stack.
pub(crate) struct Stack {
    /// The innermost one.
    pub(crate) top: Open,
    /// Those around it, outermost first.
    outer: SmallVec<[Open; 64]>,
}

/// A stretch that is being written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open {
    /// The first node behind it.
    pub(crate) end: u32,
    pub(crate) content: Content,
}

/// What a stretch holds, as far as names and its end go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Values without names, and nothing at the end.
    Values,
    /// AMF0 names and values; the empty name and the end marker at the end.
    Properties,
    /// AMF3 names and values; the empty name at the end.
    Named,
    /// An AMF3 value in AMF0.
    Switch,
    /// A value that is written again, in the place of the last of [`Encoder::again`].
    Again,
}

impl Stack {
    fn new() -> Self {
        Self {
            top: Open {
                end: 0,
                content: Content::Values,
            },
            outer: SmallVec::new(),
        }
    }

    #[inline]
    pub(crate) fn push(&mut self, end: u32, content: Content) {
        self.outer.push(self.top);
        self.top = Open { end, content };
    }

    /// Takes the innermost stretch, if there is one around it.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Open> {
        let outer = self.outer.pop()?;
        Some(core::mem::replace(&mut self.top, outer))
    }
}

impl<'e> Encoder<'e> {
    pub(crate) fn new(
        document: &'e Document,
        format: Format,
        config: &'e EncodeConfig,
        out: &'e mut Vec<u8>,
    ) -> Self {
        Self {
            document,
            config,
            out,
            tables: WriteTables::default(),
            format,
            open: Stack::new(),
            again: Vec::new(),
            counts_slots: false,
            slots0: Vec::new(),
            slots3: Vec::new(),
            traits: Vec::new(),
            repeated: 0,
        }
    }

    /// Writes the nodes from `begin` to `end`, which are whole values.
    pub(crate) fn run(&mut self, begin: u32, end: u32) -> Result<(), EncodeError> {
        self.open.top.end = end;
        let mut next = begin;
        loop {
            while next >= self.open.top.end {
                match self.close(next) {
                    Some(behind) => next = behind,
                    None => return Ok(()),
                }
            }
            next = match self.format {
                Format::Amf0 => self.amf0(next)?,
                Format::Amf3 => self.amf3(next)?,
            };
        }
    }

    /// Ends the innermost stretch before `next`, and returns which node to write next, unless all
    /// are written.
    #[inline(always)]
    fn close(&mut self, next: u32) -> Option<u32> {
        let ended = self.open.pop()?;
        match ended.content {
            Content::Values => {}
            Content::Properties => amf0::end_object(self.out),
            Content::Named => self.out.push(0x01),
            Content::Switch => self.format = Format::Amf0,
            Content::Again => return self.again.pop().map(|reference| reference + 1),
        }
        Some(next)
    }

    /// Writes a reference, or opens what it names to be written again because it cannot be
    /// referred to; returns which node to write next.
    #[inline(never)]
    pub(crate) fn reference(&mut self, index: u32, target: u32) -> Result<u32, EncodeError> {
        let document = self.document;
        let Some(node) = document.nodes.get(target as usize) else {
            return Err(self.no_such_kind(index));
        };
        if self.config.references {
            self.count_slots(index);
            match self.format {
                Format::Amf0 => {
                    let slot = position(&self.slots0, target);
                    if let Some(slot) = slot.and_then(|slot| u16::try_from(slot).ok()) {
                        amf0::reference(self.out, slot);
                        return Ok(index + 1);
                    }
                }
                Format::Amf3 => {
                    if let Some(slot) = position(&self.slots3, target) {
                        self.amf3_reference(&node.data, slot)?;
                        return Ok(index + 1);
                    }
                }
            }
        }
        let end = document.end_of(target);
        self.again.push(index);
        if self.again.iter().any(|index| (target..end).contains(index)) {
            return Err(EncodeError::Cycle);
        }
        self.repeated = self.repeated.saturating_add(end.saturating_sub(target));
        if self.repeated > self.config.max_repeated {
            let (limit, count) = (self.config.max_repeated, self.repeated);
            return Err(EncodeError::TooManyRepeated { count, limit });
        }
        self.open.push(end, Content::Again);
        Ok(target)
    }

    /// Counts the slots that were taken before the first reference, where each node was written
    /// once and in order. The data object of a `.sol` file is not written and has one, too.
    fn count_slots(&mut self, before: u32) {
        if core::mem::replace(&mut self.counts_slots, true) {
            return;
        }
        for (index, node) in (0..before).zip(&self.document.nodes) {
            if node.data.takes_amf0_slot(self.config.slots) {
                self.slots0.push(index);
            } else if node.data.takes_amf3_slot() {
                self.slots3.push(index);
            }
        }
    }

    /// Takes a slot of the current format. A value that is written again takes one as well, but
    /// only its first can be found.
    pub(crate) fn take_slot(&mut self, index: u32) {
        let slots = match self.format {
            Format::Amf0 => &mut self.slots0,
            Format::Amf3 => &mut self.slots3,
        };
        // A slot that nothing can refer to keeps the order with the greatest index so far.
        let last = slots.last().copied().unwrap_or(0);
        slots.push(index.max(last));
    }

    /// Writes an AMF3 text or a reference to it.
    #[inline]
    pub(crate) fn text(&mut self, text: &[u8]) -> Result<(), EncodeError> {
        if self.config.string_references {
            self.tables.text(self.out, text)
        } else {
            self.tables.text_inline(self.out, text)
        }
    }

    #[cold]
    pub(crate) fn no_such_kind(&self, index: u32) -> EncodeError {
        let kind = Value::new(self.document, index).kind();
        EncodeError::NoSuchKind {
            kind,
            format: self.format,
        }
    }
}

/// Finds the slot of a node: the first of that index, for those behind it only keep the order.
fn position(slots: &[u32], node: u32) -> Option<usize> {
    let slot = slots.partition_point(|known| *known < node);
    (slots.get(slot) == Some(&node)).then_some(slot)
}
