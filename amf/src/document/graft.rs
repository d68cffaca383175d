//! Copying values from one document into another.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::Document;
use super::build::NewValue;
use super::node::{Data, Node, Span, StoredTraits};
use super::value::Value;
use crate::amf3::u29;
use crate::cursor::to_u32;

impl Document {
    /// Stores what a new value consists of, or returns the value that it has to be a copy of.
    pub(super) fn store<'v>(&mut self, value: &'v NewValue<'_>) -> Result<Data, Value<'v>> {
        Ok(match *value {
            NewValue::Null => Data::Null,
            NewValue::Undefined => Data::Undefined,
            NewValue::Unsupported => Data::Unsupported,
            NewValue::Boolean(value) => Data::Boolean(value),
            NewValue::Number(value) => Data::Number(value),
            NewValue::Integer(value) if u29::INTEGERS.contains(&value) => Data::Integer(value),
            NewValue::Integer(value) => Data::Number(value.into()),
            NewValue::String(text) => Data::String(self.add_text(text)),
            NewValue::Date(date) => Data::Date0 {
                ms: date.ms,
                tz: date.tz,
            },
            NewValue::Amf3Date(ms) => Data::Date3(ms),
            NewValue::XmlDocument(text) => Data::XmlDocument0(self.add_text(text)),
            NewValue::Amf3XmlDocument(text) => Data::XmlDocument3(self.add_text(text)),
            NewValue::Xml(text) => Data::Xml(self.add_text(text)),
            NewValue::ByteArray(bytes) => Data::ByteArray(self.add_bytes(bytes)),
            NewValue::Raw(bytes) => Data::Raw(self.add_bytes(bytes)),
            NewValue::VectorInt(numbers) => {
                let span = self.add_packed(numbers.iter().map(|number| number.to_be_bytes()));
                Data::VectorInt { span, fixed: false }
            }
            NewValue::VectorUint(numbers) => {
                let span = self.add_packed(numbers.iter().map(|number| number.to_be_bytes()));
                Data::VectorUint { span, fixed: false }
            }
            NewValue::VectorNumber(numbers) => {
                let span = self.add_packed(numbers.iter().map(|number| number.to_be_bytes()));
                Data::VectorNumber { span, fixed: false }
            }
            NewValue::Copy(value) => return Err(value),
            NewValue::Document(ref document) => return Err(document.root()),
        })
    }

    fn add_packed<const N: usize>(&mut self, numbers: impl Iterator<Item = [u8; N]>) -> Span {
        let start = to_u32(self.data.len());
        self.data.extend(numbers.flatten());
        Span {
            start,
            len: to_u32(self.data.len()) - start,
        }
    }

    /// Copies a value and everything in it, and returns the nodes, with indices that count from 0.
    ///
    /// A reference to a value outside brings a copy of that value along, once; others refer to the
    /// copy. So nothing is copied twice, and cycles stay cycles.
    pub(super) fn graft(&mut self, name: Span, from: Value<'_>) -> Vec<Node> {
        let mut copy = Graft {
            into: self,
            from: from.document(),
            nodes: Vec::new(),
            copied: BTreeMap::new(),
            traits: BTreeMap::new(),
            open: Vec::new(),
        };
        if let Some(nodes) = copy.without_references(name, from.index()) {
            return nodes;
        }
        copy.node(name, from.index());
        while let Some((next, end, container)) = copy.open.pop() {
            if next >= end {
                let end = to_u32(copy.nodes.len());
                if let Some(slot) = copy
                    .nodes
                    .get_mut(container)
                    .and_then(|it| it.data.end_mut())
                {
                    *slot = end;
                }
                continue;
            }
            copy.open.push((copy.from.end_of(next), end, container));
            let name = Value::new(copy.from, next).name();
            let name = name.map_or(Span::NONE, |name| copy.into.add_text(name));
            copy.node(name, next);
        }
        copy.nodes
    }
}

struct Graft<'i, 'f> {
    into: &'i mut Document,
    from: &'f Document,
    nodes: Vec<Node>,
    /// Where the copy of each node stands that can be referred to.
    copied: BTreeMap<u32, u32>,
    traits: BTreeMap<u32, u32>,
    /// The next child, the end, and the copy of each open container.
    open: Vec<(u32, u32, usize)>,
}

impl Graft<'_, '_> {
    /// Copies a value in which nothing refers to anything, as most are: the nodes keep their order.
    fn without_references(&mut self, name: Span, index: u32) -> Option<Vec<Node>> {
        let end = self.from.end_of(index);
        let from = self.from.nodes.get(index as usize..end as usize)?;
        if from
            .iter()
            .any(|node| matches!(node.data, Data::Reference(_)))
        {
            return None;
        }
        let mut nodes = from.to_vec();
        for (at, node) in nodes.iter_mut().enumerate() {
            node.name = if at == 0 { name } else { self.text(node.name) };
            self.localize(&mut node.data);
            if let Some(end) = node.data.end_mut() {
                *end -= index;
            }
        }
        Some(nodes)
    }

    /// Copies one node; what is in it follows through `open`.
    fn node(&mut self, name: Span, index: u32) {
        let index = match Value::new(self.from, index).data() {
            Data::Reference(target) => match self.copied.get(&target) {
                Some(copy) => {
                    self.nodes.push(Node {
                        name,
                        data: Data::Reference(*copy),
                    });
                    return;
                }
                None => target,
            },
            _ => index,
        };
        let mut data = Value::new(self.from, index).data();
        self.localize(&mut data);
        let copy = self.nodes.len();
        if data.is_referable() {
            self.copied.insert(index, to_u32(copy));
        }
        if let Some(end) = data.end() {
            self.open.push((index + 1, end, copy));
        }
        self.nodes.push(Node { name, data });
    }

    /// Brings over the text, bytes and traits that a node names.
    fn localize(&mut self, data: &mut Data) {
        match data {
            Data::String(span)
            | Data::XmlDocument0(span)
            | Data::XmlDocument3(span)
            | Data::Xml(span)
            | Data::Object { class: span, .. }
            | Data::VectorObject { class: span, .. } => *span = self.text(*span),
            Data::ByteArray(span)
            | Data::Raw(span)
            | Data::VectorInt { span, .. }
            | Data::VectorUint { span, .. }
            | Data::VectorNumber { span, .. } => {
                *span = self.into.add_bytes(self.from.bytes(*span));
            }
            Data::Typed { traits, .. } | Data::Externalizable { traits, .. } => {
                *traits = self.traits(*traits);
            }
            _ => {}
        }
    }

    fn text(&mut self, span: Span) -> Span {
        if span.is_none() {
            span
        } else {
            self.into.add_text(self.from.str(span))
        }
    }

    fn traits(&mut self, index: u32) -> u32 {
        if let Some(copy) = self.traits.get(&index) {
            return *copy;
        }
        let added = to_u32(self.into.traits.len());
        if let Some(traits) = self.from.traits.get(index as usize) {
            let stored = StoredTraits {
                class: self.text(traits.class),
                members: traits
                    .members
                    .iter()
                    .map(|member| self.text(*member))
                    .collect(),
                ..*traits
            };
            self.into.traits.push(stored);
        }
        self.traits.insert(index, added);
        added
    }
}
