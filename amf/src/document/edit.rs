//! Changing documents.

use super::build::NewValue;
use super::node::{Data, Node, Span};
use super::value::Value;
use super::{Document, StoredTraits};
use crate::cursor::to_u32;

/// A value of a document that can be changed.
///
/// Changes go through references and the switch to AMF3 to the value behind them. After the first,
/// this stands for the value that a reference named, no longer for the reference.
///
/// ```
/// use weir_amf::Document;
///
/// let mut metadata = Document::new().with_value("onMetaData").with_value(
///     Document::ecma_array().with("duration", 0).with("width", 640).with("x-note", "kept"),
/// );
/// let mut properties = metadata.value_mut(1).expect("two values");
/// properties.remove("duration");
/// properties.set("width", 1920);
/// properties.set("encoder", "weir");
/// let names: Vec<_> = metadata.value(1).properties().map(|(name, _)| name).collect();
/// assert_eq!(names, ["width", "x-note", "encoder"]);
/// assert_eq!(metadata.value(1).ecma_count(), Some(3));
/// ```
#[derive(Debug)]
pub struct ValueMut<'d> {
    document: &'d mut Document,
    index: u32,
}

impl<'d> ValueMut<'d> {
    pub(crate) const fn new(document: &'d mut Document, index: u32) -> Self {
        Self { document, index }
    }

    /// Returns the value, to look at.
    #[must_use]
    pub const fn as_value(&self) -> Value<'_> {
        Value::new(self.document, self.index)
    }

    /// Returns the first property of this name, to be edited.
    #[must_use]
    pub fn into_property(self, name: &str) -> Option<Self> {
        let index = self.as_value().get(name).existing()?;
        Some(Self { index, ..self })
    }

    /// Returns the element at `position`, to be edited.
    #[must_use]
    pub fn into_item(self, position: usize) -> Option<Self> {
        let index = self.as_value().at(position).existing()?;
        Some(Self { index, ..self })
    }

    /// Gives the first property of this name another value where it stands, or adds the property
    /// at the end. Returns whether the value can have properties; if not, nothing changes.
    ///
    /// An AMF3 object that is not dynamic becomes so by a new property. The count of an ECMA array
    /// follows, unless it was not the number of its properties before.
    pub fn set<'a>(&mut self, name: &str, value: impl Into<NewValue<'a>>) -> bool {
        self.edit(|document, index| document.set_property(index, name, value.into()))
    }

    /// Removes every property of this name and returns whether there was one.
    ///
    /// A sealed member is removed from this object's traits as well. A reference elsewhere to
    /// something that was removed becomes undefined.
    pub fn remove(&mut self, name: &str) -> bool {
        self.edit(|document, index| document.remove_property(index, name))
    }

    /// Adds an element at the end. Returns whether the value can have elements; if not, nothing
    /// changes.
    ///
    /// A dictionary takes keys and values in turn.
    pub fn push<'a>(&mut self, value: impl Into<NewValue<'a>>) -> bool {
        self.edit(|document, index| document.push_item(index, value.into()))
    }

    /// Puts another value in the place of this one, under the same name.
    pub fn replace<'a>(&mut self, value: impl Into<NewValue<'a>>) {
        self.document.replace(self.index, value.into());
    }

    /// Adds a sealed member at the end of an AMF3 object without dynamic properties.
    pub(crate) fn push_sealed<'a>(&mut self, name: &str, value: impl Into<NewValue<'a>>) -> bool {
        self.edit(|document, index| document.push_sealed(index, name, value.into()))
    }

    /// Allows an AMF3 object to have properties that its class does not name.
    pub(crate) fn make_dynamic(&mut self) {
        self.edit(Document::make_dynamic);
    }

    /// Changes the value behind a reference or switch. A change does not move the value that it is
    /// in, but may move the reference, so this one stands for the value behind it from now on.
    fn edit<T>(&mut self, change: impl FnOnce(&mut Document, u32) -> T) -> T {
        let index = self.as_value().resolve().index();
        if matches!(self.as_value().data(), Data::Reference(_)) {
            self.index = index;
        }
        change(self.document, index)
    }
}

impl Value<'_> {
    fn existing(self) -> Option<u32> {
        self.exists().then_some(self.index())
    }
}

impl Document {
    fn set_property(&mut self, index: u32, name: &str, value: NewValue<'_>) -> bool {
        let container = Value::new(self, index);
        if let Some(found) = container.get(name).existing() {
            self.replace(found, value);
            return true;
        }
        let end = self.end_of(index);
        let at = match container.data() {
            Data::Object { .. } => end,
            Data::EcmaArray { .. } => {
                self.count(index, 1);
                end
            }
            Data::Typed { .. } => {
                self.make_dynamic(index);
                end
            }
            // Associative elements stand before the others.
            Data::Array { .. } => container.at(0).existing().unwrap_or(end),
            _ => return false,
        };
        let name = self.add_text(name);
        self.insert(at, Some(index), name, value);
        true
    }

    fn remove_property(&mut self, index: u32, name: &str) -> bool {
        let mut removed = false;
        while let Some(found) = Value::new(self, index).get(name).existing() {
            self.unseal(index, found);
            self.count(index, -1);
            self.splice(found, self.end_of(found), Some(index), &[]);
            removed = true;
        }
        removed
    }

    fn push_item(&mut self, index: u32, value: NewValue<'_>) -> bool {
        let takes_items = matches!(
            Value::new(self, index).data(),
            Data::StrictArray { .. }
                | Data::Array { .. }
                | Data::VectorObject { .. }
                | Data::Dictionary { .. }
                | Data::Externalizable { .. }
        );
        if takes_items {
            self.insert(self.end_of(index), Some(index), Span::NONE, value);
        }
        takes_items
    }

    fn push_sealed(&mut self, index: u32, name: &str, value: NewValue<'_>) -> bool {
        let object = Value::new(self, index);
        if !matches!(object.data(), Data::Typed { .. })
            || object.children().count() != object.sealed_len()
        {
            return false;
        }
        let name = self.add_text(name);
        if let Some(traits) = self.own_traits(index) {
            traits.members.push(name);
        }
        self.insert(self.end_of(index), Some(index), name, value);
        true
    }

    fn make_dynamic(&mut self, index: u32) {
        let object = Value::new(self, index);
        if matches!(object.data(), Data::Typed { .. }) && !object.is_dynamic() {
            if let Some(traits) = self.own_traits(index) {
                traits.dynamic = true;
            }
        }
    }

    /// Takes the member at node `at`, if it is a sealed one, out of the traits of its object.
    fn unseal(&mut self, object: u32, at: u32) {
        let value = Value::new(self, object);
        let position = value.children().position(|child| child.index() == at);
        let Some(position) = position.filter(|position| *position < value.sealed_len()) else {
            return;
        };
        if let Some(traits) = self.own_traits(object) {
            traits.members.remove(position);
        }
    }

    /// Adds to the count of an ECMA array, if that is the number of its properties.
    fn count(&mut self, index: u32, change: i32) {
        let properties = to_u32(Value::new(self, index).children().count());
        let node = self.nodes.get_mut(index as usize);
        if let Some(Node {
            data: Data::EcmaArray { count, .. },
            ..
        }) = node
        {
            if *count == properties {
                *count = count.saturating_add_signed(change);
            }
        }
    }

    /// Returns traits that belong to the object at `index` alone.
    fn own_traits(&mut self, index: u32) -> Option<&mut StoredTraits> {
        let copy = Value::new(self, index).traits()?.clone();
        let own = to_u32(self.traits.len());
        let node = self.nodes.get_mut(index as usize)?;
        if let Data::Typed { traits, .. } | Data::Externalizable { traits, .. } = &mut node.data {
            *traits = own;
        }
        self.traits.push(copy);
        self.traits.last_mut()
    }

    /// Inserts a value before the node `at`, inside `parent`.
    pub(super) fn insert(&mut self, at: u32, parent: Option<u32>, name: Span, value: NewValue<'_>) {
        self.put(at, at, parent, name, value);
    }

    fn replace(&mut self, index: u32, value: NewValue<'_>) {
        let name = self
            .nodes
            .get(index as usize)
            .map_or(Span::NONE, |node| node.name);
        let parent = (0..index).rev().find(|parent| self.end_of(*parent) > index);
        self.put(index, self.end_of(index), parent, name, value);
    }

    /// Puts a value in the place of the nodes from `at` to `end`, whole children of `parent`.
    fn put(&mut self, at: u32, end: u32, parent: Option<u32>, name: Span, value: NewValue<'_>) {
        match self.store(&value) {
            Ok(data) => self.splice(at, end, parent, &[Node { name, data }]),
            Err(from) => {
                let nodes = self.graft(name, from);
                self.splice(at, end, parent, &nodes);
            }
        }
    }

    /// Replaces the nodes from `at` to `end`, which are whole children of `parent`, by others
    /// whose indices count from 0.
    ///
    /// Containers around the place grow or shrink; everything behind it moves. A node before the
    /// place that ends there is not around it, which is why the parent has to be named.
    fn splice(&mut self, at: u32, end: u32, parent: Option<u32>, new: &[Node]) {
        self.starts.clear();
        if at as usize == self.nodes.len() {
            return self.append(parent, new);
        }
        let grown = to_u32(new.len());
        let moved = |index: u32| index - (end - at) + grown;
        for (index, node) in (0u32..).zip(&mut self.nodes) {
            match &mut node.data {
                Data::Reference(target) if *target >= end => *target = moved(*target),
                Data::Reference(target) if *target >= at => node.data = Data::Undefined,
                data => {
                    let Some(last) = data.end_mut() else { continue };
                    let around = parent.is_some_and(|parent| index <= parent && parent < *last);
                    if around || index >= end {
                        *last = moved(*last);
                    }
                }
            }
        }
        let new = new.iter().map(|node| node.moved_by(at));
        self.nodes.splice(at as usize..end as usize, new);
    }

    /// Adds nodes behind all others, which moves nothing: only `parent`, which ends there, and what
    /// is around it grow.
    fn append(&mut self, parent: Option<u32>, new: &[Node]) {
        let (at, grown) = (to_u32(self.nodes.len()), to_u32(new.len()));
        let around = parent.map_or(0, |parent| parent as usize + 1);
        for node in self.nodes.iter_mut().take(around) {
            if let Some(end) = node.data.end_mut().filter(|end| **end == at) {
                *end += grown;
            }
        }
        self.nodes.extend(new.iter().map(|node| node.moved_by(at)));
    }
}

impl Node {
    /// Returns the node with indices that counted from 0 counting from `base`.
    fn moved_by(mut self, base: u32) -> Self {
        if let Data::Reference(target) = &mut self.data {
            *target += base;
        } else if let Some(end) = self.data.end_mut() {
            *end += base;
        }
        self
    }
}
