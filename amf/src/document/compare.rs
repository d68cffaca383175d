//! When two values are the same.

use super::node::{Data, Span, StoredTraits};
use super::value::Value;
use crate::cursor::to_u32;

/// Compares two values and all that is in them, node by node, without recursion.
pub(super) fn equal(left: Value<'_>, right: Value<'_>) -> bool {
    if core::ptr::eq(left.document(), right.document()) && left.index() == right.index() {
        return true;
    }
    let len = |value: Value<'_>| {
        let next = value.index().saturating_add(1);
        value.data().end().unwrap_or(next) - value.index().min(next - 1)
    };
    if left.exists() != right.exists() || len(left) != len(right) {
        return false;
    }
    (0..len(left)).all(|step| {
        (step == 0 || behind(left, step).name() == behind(right, step).name())
            && node_equal(left, right, step)
    })
}

/// Returns the node `step` behind a value.
fn behind(value: Value<'_>, step: u32) -> Value<'_> {
    Value::new(value.document(), value.index().saturating_add(step))
}

/// Compares the nodes `step` behind the roots `left` and `right`, without what is in them.
fn node_equal(left: Value<'_>, right: Value<'_>, step: u32) -> bool {
    let (a, b) = (behind(left, step), behind(right, step));
    let text = |x: Span, y: Span| {
        let (left, right) = (&a.document().text, &b.document().text);
        x.is_none() == y.is_none() && left.get(x.range()) == right.get(y.range())
    };
    let bytes =
        |x: Span, y: Span| a.document().data.get(x.range()) == b.document().data.get(y.range());
    let size = |x: u32, y: u32| x.wrapping_sub(a.index()) == y.wrapping_sub(b.index());
    let bits = |x: f64, y: f64| x.to_bits() == y.to_bits();
    let traits = || match (a.traits(), b.traits()) {
        (Some(x), Some(y)) => traits_equal(x, y, text),
        _ => false,
    };
    match (a.data(), b.data()) {
        (Data::Null, Data::Null)
        | (Data::Undefined, Data::Undefined)
        | (Data::Unsupported, Data::Unsupported) => true,
        (Data::Boolean(x), Data::Boolean(y)) => x == y,
        (Data::Integer(x), Data::Integer(y)) => x == y,
        (Data::Number(x), Data::Number(y)) | (Data::Date3(x), Data::Date3(y)) => bits(x, y),
        (Data::Date0 { ms: x, tz: p }, Data::Date0 { ms: y, tz: q }) => bits(x, y) && p == q,
        (Data::String(x), Data::String(y))
        | (Data::XmlDocument0(x), Data::XmlDocument0(y))
        | (Data::XmlDocument3(x), Data::XmlDocument3(y))
        | (Data::Xml(x), Data::Xml(y)) => text(x, y),
        (Data::ByteArray(x), Data::ByteArray(y)) | (Data::Raw(x), Data::Raw(y)) => bytes(x, y),
        (Data::VectorInt { span: x, fixed: p }, Data::VectorInt { span: y, fixed: q })
        | (Data::VectorUint { span: x, fixed: p }, Data::VectorUint { span: y, fixed: q })
        | (Data::VectorNumber { span: x, fixed: p }, Data::VectorNumber { span: y, fixed: q }) => {
            bytes(x, y) && p == q
        }
        // Relative to the roots, so that equal parts of different documents are equal.
        (Data::Reference(x), Data::Reference(y)) => {
            x.wrapping_sub(left.index()) == y.wrapping_sub(right.index())
        }
        (Data::Object { end: x, class: p }, Data::Object { end: y, class: q }) => {
            size(x, y) && text(p, q)
        }
        (Data::EcmaArray { end: x, count: p }, Data::EcmaArray { end: y, count: q }) => {
            size(x, y) && p == q
        }
        (Data::StrictArray { end: x }, Data::StrictArray { end: y })
        | (Data::Array { end: x }, Data::Array { end: y })
        | (Data::Amf3 { end: x }, Data::Amf3 { end: y }) => size(x, y),
        (Data::Typed { end: x, .. }, Data::Typed { end: y, .. })
        | (Data::Externalizable { end: x, .. }, Data::Externalizable { end: y, .. }) => {
            size(x, y) && traits()
        }
        (
            Data::VectorObject {
                end: x,
                class: p,
                fixed: f,
            },
            Data::VectorObject {
                end: y,
                class: q,
                fixed: g,
            },
        ) => size(x, y) && text(p, q) && f == g,
        (Data::Dictionary { end: x, weak: p }, Data::Dictionary { end: y, weak: q }) => {
            size(x, y) && p == q
        }
        _ => false,
    }
}

fn traits_equal(
    left: &StoredTraits,
    right: &StoredTraits,
    text: impl Fn(Span, Span) -> bool,
) -> bool {
    let (a, b) = (&left.members, &right.members);
    text(left.class, right.class)
        && left.dynamic == right.dynamic
        && left.externalizable == right.externalizable
        && a.len() == b.len()
        && a.iter().zip(b).all(|(x, y)| text(*x, *y))
}

/// Documents are equal if they hold equal values.
impl PartialEq for super::Document {
    fn eq(&self, other: &Self) -> bool {
        let len = self.nodes.len();
        let (left, right) = (Value::new(self, 0), Value::new(other, 0));
        len == other.nodes.len()
            && (0..to_u32(len)).all(|step| {
                behind(left, step).name() == behind(right, step).name()
                    && node_equal(left, right, step)
            })
    }
}
