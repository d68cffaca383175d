//! From a document to bytes, in both formats.
//!
//! How this works: one loop walks the nodes in their order, which is the order of the wire. The
//! stack holds the containers around the current node; where one ends, its terminator is written.
//! From the first reference on, slots are counted as a reader will count them, so a reference finds
//! its slot by the position of its target among the values that took one.

use alloc::vec::Vec;

use smallvec::SmallVec;

use crate::amf0::writer as amf0;
use crate::amf3::WriteTables;
use crate::cursor::to_u32;
use crate::document::{Data, Document, Span, Value};
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
    /// The innermost open container.
    top: Open,
    /// The containers around it; the first stands for none at all.
    outer: SmallVec<[Open; 16]>,
    /// Whether slots are counted, which begins at the first reference.
    pub(crate) counts_slots: bool,
    /// The nodes that took a slot, in the order of the slots.
    slots0: Vec<u32>,
    slots3: Vec<u32>,
    /// The index that each of the document's traits was written under.
    pub(crate) traits: Vec<Option<u32>>,
    repeated: u32,
}

/// A container whose content is being written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open {
    node: u32,
    end: u32,
    closing: Closing,
    /// Sealed members still to come, whose names stand in the traits.
    sealed: u32,
    /// Where to go on behind the end, which is elsewhere for a value that is written again.
    resume: u32,
}

/// No container: values without names, as many as there are.
const TOP: Open = Open {
    node: u32::MAX,
    end: u32::MAX,
    closing: Closing::Counted,
    sealed: 0,
    resume: u32::MAX,
};

/// What a container is, as far as names and its end go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closing {
    /// No names and no end mark.
    Counted,
    /// AMF0 names; the empty name and the end marker at the end.
    Properties,
    /// Sealed members only.
    Sealed,
    /// AMF3 names behind the sealed members; the empty name at the end.
    Dynamic,
    /// AMF3 names; the empty name before the first value without name.
    Associative,
    /// No names; back to AMF0 at the end.
    Switch,
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
            top: TOP,
            outer: SmallVec::new(),
            counts_slots: false,
            slots0: Vec::new(),
            slots3: Vec::new(),
            traits: Vec::new(),
            repeated: 0,
        }
    }

    /// Writes the nodes from `next` to `end`, which are whole values.
    pub(crate) fn run(&mut self, mut next: u32, end: u32) -> Result<(), EncodeError> {
        let document = self.document;
        loop {
            while next >= self.top.end {
                next = self.top.resume;
                self.close();
            }
            if next >= end && self.outer.is_empty() {
                return Ok(());
            }
            let Some(node) = document.nodes.get(next as usize) else {
                return Ok(());
            };
            match self.top.closing {
                Closing::Properties => {
                    if node.data.is_amf0_scalar() {
                        let behind = self.amf0_scalars(next, self.top.end);
                        if behind > next {
                            next = behind;
                            continue;
                        }
                    }
                    self.amf0_name(node.name)?;
                }
                Closing::Sealed => {
                    let behind = self.amf3_scalars(next, self.top.end)?;
                    if behind > next {
                        next = behind;
                        continue;
                    }
                }
                Closing::Counted | Closing::Switch => {}
                Closing::Dynamic | Closing::Associative => self.amf3_name(node.name)?,
            }
            let resume = next + 1;
            let (index, data) = match node.data {
                Data::Reference(target) => match self.reference(next, target)? {
                    Some(again) => again,
                    None => {
                        next = resume;
                        continue;
                    }
                },
                data => (next, data),
            };
            next = match self.format {
                Format::Amf0 => self.amf0(index, data, resume)?,
                Format::Amf3 => self.amf3(index, data, resume)?,
            };
        }
    }

    /// Writes the name of an AMF3 property, unless it is sealed.
    #[inline]
    fn amf3_name(&mut self, name: Span) -> Result<(), EncodeError> {
        let open = &mut self.top;
        if open.sealed > 0 {
            open.sealed -= 1;
            return Ok(());
        }
        if name.is_none() {
            open.closing = Closing::Counted;
            self.out.push(0x01);
            return Ok(());
        }
        if name.len == 0 {
            return Err(EncodeError::EmptyName);
        }
        self.text(self.document.text_bytes(name))
    }

    /// Writes a reference, or returns which value has to be written again because it cannot be
    /// referred to.
    #[inline(never)]
    fn reference(&mut self, index: u32, target: u32) -> Result<Option<(u32, Data)>, EncodeError> {
        let document = self.document;
        let Some(node) = document.nodes.get(target as usize) else {
            return Ok(Some((index, Data::Undefined)));
        };
        if self.config.references {
            self.count_slots(index);
            match self.format {
                Format::Amf0 => {
                    let slot = position(&self.slots0, target);
                    if let Some(slot) = slot.and_then(|slot| u16::try_from(slot).ok()) {
                        amf0::reference(self.out, slot);
                        return Ok(None);
                    }
                }
                Format::Amf3 => {
                    if let Some(slot) = position(&self.slots3, target) {
                        self.amf3_reference(&node.data, slot)?;
                        return Ok(None);
                    }
                }
            }
        }
        if self.top.node == target || self.outer.iter().any(|open| open.node == target) {
            return Err(EncodeError::Cycle);
        }
        let size = document.end_of(target).saturating_sub(target);
        self.repeated = self.repeated.saturating_add(size);
        if self.repeated > self.config.max_repeated {
            let (limit, count) = (self.config.max_repeated, self.repeated);
            return Err(EncodeError::TooManyRepeated { count, limit });
        }
        Ok(Some((target, node.data)))
    }

    /// Opens the container at `index` and returns the first node in it.
    #[inline]
    pub(crate) fn begin(
        &mut self,
        index: u32,
        end: u32,
        closing: Closing,
        sealed: u32,
        resume: u32,
    ) -> u32 {
        // Where a container stands for the first time, the writer goes on behind it.
        let resume = if resume == index + 1 { end } else { resume };
        let inner = Open {
            node: index,
            end,
            closing,
            sealed,
            resume,
        };
        self.outer.push(core::mem::replace(&mut self.top, inner));
        index + 1
    }

    fn close(&mut self) {
        match self.top.closing {
            Closing::Properties => amf0::end_object(self.out),
            Closing::Dynamic | Closing::Associative => self.out.push(0x01),
            Closing::Switch => self.format = Format::Amf0,
            Closing::Counted | Closing::Sealed => {}
        }
        self.top = self.outer.pop().unwrap_or(TOP);
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

    /// Counts the values directly in the container at `index` that have no name.
    pub(crate) fn count_items(&self, index: u32) -> u32 {
        to_u32(Value::new(self.document, index).items().count())
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
