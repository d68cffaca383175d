//! From documents to JSON, without recursion.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use crate::cursor::to_u32;
use crate::document::{Data, Document, Span, Value};
use crate::limits::SlotPolicy;

/// Writes a value of a document.
///
/// Slots are counted as the specification says; see [`values_to_string`] for others.
#[must_use]
pub fn value_to_string(value: Value<'_>) -> String {
    let mut writer = Writer::new(value.document(), SlotPolicy::default());
    writer.value(value.index());
    writer.out
}

/// Writes all top-level values, as an array.
#[must_use]
pub fn values_to_string(document: &Document, slots: SlotPolicy) -> String {
    let mut writer = Writer::new(document, slots);
    writer.out.push('[');
    for (position, value) in document.values().enumerate() {
        writer.separate(position == 0);
        writer.value(value.index());
    }
    writer.out.push(']');
    writer.out
}

pub(super) struct Writer<'d> {
    pub(super) out: String,
    document: &'d Document,
    /// The slots of the values that references name.
    slots: BTreeMap<u32, u32>,
    open: Vec<Open>,
}

/// A container that is being written.
struct Open {
    node: u32,
    next: u32,
    end: u32,
    list: List,
    /// Whether nothing stands in the current list yet.
    first: bool,
    /// Children still to come in the current list, where that decides.
    left: usize,
}

/// What the list is that children are written to.
#[derive(Clone, Copy, PartialEq)]
enum List {
    /// `[["name",value],...]`
    Properties,
    /// The same, before the values without name.
    Associative,
    /// The same for `left` sealed members, before the dynamic ones.
    Sealed,
    /// `[value,...]`
    Items,
    /// `[[key,value],...]`; `left` is 1 before a value.
    Pairs,
    /// No list at all.
    Single,
    /// `[["flags",[value,...]],...]`
    Groups,
}

impl<'d> Writer<'d> {
    pub(super) fn new(document: &'d Document, policy: SlotPolicy) -> Self {
        let mut slots = BTreeMap::new();
        for node in &document.nodes {
            if let Data::Reference(target) = node.data {
                slots.insert(target, 0);
            }
        }
        if !slots.is_empty() {
            let (mut slot0, mut slot3) = (0, 0);
            for (index, node) in (0u32..).zip(&document.nodes) {
                let counter = if node.data.takes_amf0_slot(policy) {
                    &mut slot0
                } else if node.data.takes_amf3_slot() {
                    &mut slot3
                } else {
                    continue;
                };
                if let Some(slot) = slots.get_mut(&index) {
                    *slot = *counter;
                }
                *counter += 1;
            }
        }
        Self {
            out: String::new(),
            document,
            slots,
            open: Vec::new(),
        }
    }

    /// Writes the node at `index` and all that is in it.
    pub(super) fn value(&mut self, index: u32) {
        self.begin(index);
        while let Some(open) = self.open.last_mut() {
            if open.next >= open.end {
                self.end();
                continue;
            }
            let child = open.next;
            open.next = self.document.end_of(child);
            self.child(child);
        }
    }

    pub(super) fn separate(&mut self, first: bool) {
        if !first {
            self.out.push(',');
        }
    }

    /// Writes what stands before a child, and the child, or how it begins.
    fn child(&mut self, child: u32) {
        let value = Value::new(self.document, child);
        let Some(open) = self.open.last_mut() else {
            return;
        };
        let list = open.list;
        match list {
            List::Associative if value.name().is_none() => {
                open.list = List::Items;
                open.first = true;
                self.out.push_str("],\"arr\":[");
            }
            List::Sealed if open.left == 0 => {
                open.list = List::Properties;
                open.first = true;
                self.out.push_str("],\"dyn\":[");
            }
            List::Sealed => open.left -= 1,
            List::Groups => {
                if let Data::Raw(flags) = value.data() {
                    let first = core::mem::take(&mut open.first);
                    self.groups(first, flags);
                    return;
                }
            }
            _ => {}
        }
        let Some(open) = self.open.last_mut() else {
            return;
        };
        let first = core::mem::take(&mut open.first);
        match open.list {
            List::Pairs if open.left == 0 => {
                open.left = 1;
                self.separate(first);
                self.out.push('[');
            }
            List::Pairs => {
                open.left = 0;
                self.out.push(',');
            }
            List::Groups if self.out.ends_with('[') => {}
            _ => self.separate(first),
        }
        if matches!(
            list_of(&self.open),
            List::Properties | List::Associative | List::Sealed
        ) {
            self.out.push('[');
            self.text(value.name().unwrap_or_default());
            self.out.push(',');
        }
        self.begin(child);
    }

    /// Writes what stands behind a child.
    fn after_child(&mut self) {
        let Some(open) = self.open.last() else { return };
        match open.list {
            List::Properties | List::Associative | List::Sealed => self.out.push(']'),
            List::Pairs if open.left == 0 => self.out.push(']'),
            _ => {}
        }
    }

    /// Writes the flags of groups; the last one is left open for its values.
    fn groups(&mut self, mut first: bool, flags: Span) {
        let mut begin = true;
        for flag in self.document.bytes(flags) {
            if begin {
                self.out.push_str(if first { "[\"" } else { "]],[\"" });
                first = false;
            }
            let _ = write!(self.out, "{flag:02x}");
            begin = flag & 0x80 == 0;
            if begin {
                self.out.push_str("\",[");
            }
        }
        if !begin {
            self.out.push_str("\",[");
        }
    }

    /// Writes a scalar, or how a container begins.
    fn begin(&mut self, index: u32) {
        let value = Value::new(self.document, index);
        let data = value.data();
        if let Some(end) = data.end() {
            return self.container(index, end, value);
        }
        match data {
            Data::Null => self.out.push_str("null"),
            Data::Boolean(true) => self.out.push_str("true"),
            Data::Boolean(false) => self.out.push_str("false"),
            Data::String(text) => self.text(self.document.str(text)),
            Data::Number(number) => self.tagged_number(number),
            data => {
                self.out.push('{');
                self.scalar(data, value);
                self.id(index);
                self.out.push('}');
            }
        }
        self.after_child();
    }

    fn scalar(&mut self, data: Data, value: Value<'_>) {
        match data {
            Data::Undefined => self.out.push_str("\"undef\":true"),
            Data::Unsupported => self.out.push_str("\"unsupported\":true"),
            Data::Integer(value) => {
                let _ = write!(self.out, "\"i\":{value}");
            }
            Data::Reference(target) => {
                let slot = self.slots.get(&target).copied().unwrap_or_default();
                let _ = write!(self.out, "\"ref\":{slot}");
            }
            Data::Date0 { ms, tz } => {
                self.out.push_str("\"date\":");
                self.number(ms);
                let _ = write!(self.out, ",\"tz\":{tz}");
            }
            Data::Date3(ms) => {
                self.out.push_str("\"date\":");
                self.number(ms);
            }
            Data::XmlDocument0(text) | Data::XmlDocument3(text) => {
                self.out.push_str("\"xmldoc\":");
                self.text(self.document.str(text));
            }
            Data::Xml(text) => {
                self.out.push_str("\"xml\":");
                self.text(self.document.str(text));
            }
            Data::ByteArray(span) => self.hex("bytes", span),
            Data::Raw(span) => self.hex("raw", span),
            Data::VectorInt { fixed, .. } => {
                let numbers = value
                    .as_vector_int()
                    .into_iter()
                    .flat_map(crate::amf3::Packed::iter);
                self.list("vi", numbers, |writer, number| {
                    let _ = write!(writer.out, "{number}");
                });
                self.flag("fixed", fixed);
            }
            Data::VectorUint { fixed, .. } => {
                let numbers = value
                    .as_vector_uint()
                    .into_iter()
                    .flat_map(crate::amf3::Packed::iter);
                self.list("vu", numbers, |writer, number| {
                    let _ = write!(writer.out, "{number}");
                });
                self.flag("fixed", fixed);
            }
            Data::VectorNumber { fixed, .. } => {
                let numbers = value
                    .as_vector_number()
                    .into_iter()
                    .flat_map(crate::amf3::Packed::iter);
                self.list("vd", numbers, Self::number);
                self.flag("fixed", fixed);
            }
            _ => {}
        }
    }

    fn container(&mut self, index: u32, end: u32, value: Value<'_>) {
        let (mut list, mut left) = (List::Items, 0);
        let has_names = value
            .children()
            .next()
            .is_some_and(|child| child.name().is_some());
        match value.data() {
            Data::Object { .. } => {
                self.out.push_str("{\"obj\":[");
                list = List::Properties;
            }
            Data::EcmaArray { .. } => {
                self.out.push_str("{\"ecma\":[");
                list = List::Properties;
            }
            Data::Array { .. } if has_names => {
                self.out.push_str("{\"assoc\":[");
                list = List::Associative;
            }
            Data::StrictArray { .. } | Data::Array { .. } => self.out.push_str("{\"arr\":["),
            Data::Amf3 { .. } => {
                self.out.push_str("{\"amf3\":");
                list = List::Single;
            }
            Data::Typed { .. } => {
                self.out.push_str("{\"class\":");
                self.text(value.class().unwrap_or_default());
                self.flag("dynamic", value.is_dynamic());
                self.out.push_str(",\"sealed\":[");
                (list, left) = (List::Sealed, value.sealed_len());
            }
            Data::VectorObject { .. } => self.out.push_str("{\"vo\":["),
            Data::Dictionary { .. } => {
                self.out.push_str("{\"dict\":[");
                list = List::Pairs;
            }
            _ => {
                self.out.push_str("{\"ext\":");
                self.text(value.class().unwrap_or_default());
                let single = value.children().count() == 1
                    && !value
                        .children()
                        .any(|child| matches!(child.data(), Data::Raw(_)));
                list = match value.class() {
                    Some("DSA" | "DSC" | "DSK") => List::Groups,
                    _ if single => List::Single,
                    _ => List::Items,
                };
                self.out.push_str(match list {
                    List::Groups => ",\"groups\":[",
                    List::Single => ",\"body\":",
                    _ => ",\"pieces\":[",
                });
            }
        }
        self.open.push(Open {
            node: index,
            next: index + 1,
            end,
            list,
            first: true,
            left,
        });
    }

    /// Closes the innermost container.
    fn end(&mut self) {
        let Some(open) = self.open.pop() else { return };
        let value = Value::new(self.document, open.node);
        match open.list {
            List::Single => {}
            List::Groups if open.first => self.out.push(']'),
            List::Groups => self.out.push_str("]]]"),
            _ => self.out.push(']'),
        }
        match value.data() {
            Data::Object { class, .. } if !class.is_none() => {
                self.out.push_str(",\"class\":");
                self.text(self.document.str(class));
            }
            Data::EcmaArray { count, .. } => {
                let _ = write!(self.out, ",\"count\":{count}");
            }
            Data::Array { .. } if open.list == List::Associative => {
                self.out.push_str(",\"arr\":[]")
            }
            Data::Typed { .. } if open.list == List::Sealed && value.is_dynamic() => {
                self.out.push_str(",\"dyn\":[]");
            }
            Data::VectorObject { class, fixed, .. } => {
                self.out.push_str(",\"type\":");
                self.text(self.document.str(class));
                self.flag("fixed", fixed);
            }
            Data::Dictionary { weak, .. } => self.flag("weak", weak),
            _ => {}
        }
        self.id(open.node);
        self.out.push('}');
        self.after_child();
    }

    fn id(&mut self, index: u32) {
        if let Some(slot) = self.slots.get(&index) {
            let _ = write!(self.out, ",\"id\":{slot}");
        }
    }

    fn flag(&mut self, name: &str, value: bool) {
        let _ = write!(self.out, ",\"{name}\":{value}");
    }

    fn hex(&mut self, name: &str, span: Span) {
        let _ = write!(self.out, "\"{name}\":\"");
        for byte in self.document.bytes(span) {
            let _ = write!(self.out, "{byte:02x}");
        }
        self.out.push('"');
    }

    fn list<T>(
        &mut self,
        name: &str,
        items: impl Iterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        let _ = write!(self.out, "\"{name}\":[");
        for (position, item) in items.enumerate() {
            self.separate(position == 0);
            write(self, item);
        }
        self.out.push(']');
    }

    fn tagged_number(&mut self, number: f64) {
        if as_json(number) {
            self.out.push_str("{\"d\":");
            self.number(number);
            self.out.push('}');
        } else {
            self.number(number);
        }
    }

    /// Writes a number, or its bits if JSON has no such number.
    fn number(&mut self, number: f64) {
        let _ = if !as_json(number) {
            write!(self.out, "{{\"dx\":\"{:016x}\"}}", number.to_bits())
        } else if number % 1.0 == 0.0 && number.abs() < 9_007_199_254_740_992.0 {
            write!(self.out, "{number}")
        } else {
            write!(self.out, "{number:?}")
        };
    }

    pub(super) fn text(&mut self, text: &str) {
        self.out.push('"');
        for character in text.chars() {
            match character {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                control @ '\0'..'\x20' => {
                    let _ = write!(self.out, "\\u{:04x}", to_u32(control as usize));
                }
                plain => self.out.push(plain),
            }
        }
        self.out.push('"');
    }
}

fn list_of(open: &[Open]) -> List {
    open.last().map_or(List::Single, |open| open.list)
}

/// Tells whether JSON has the number.
fn as_json(number: f64) -> bool {
    number.is_finite() && number.to_bits() != (-0.0f64).to_bits()
}
