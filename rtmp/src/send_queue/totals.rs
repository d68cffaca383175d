//! What waits, counted.

use super::outgoing::{Kind, Outgoing};
use super::{Class, Dropped, REPLY_COST};
use crate::chunk::header_bytes::Shape;

/// What the waiting messages come to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    /// Their payload bytes.
    pub(super) bytes: usize,
    /// Their bytes on the wire; 0 only without any.
    pub(super) wire: usize,
    /// What of them may not be dropped; most may.
    pub(super) essential: Dropped,
    /// What the replies count.
    pub(super) replies: usize,
    /// How many are not finished.
    pub(super) unfinished: usize,
}

impl Totals {
    pub(super) fn add(&mut self, message: &Outgoing) {
        self.add_parts(message.kind, message.shape, message.wire_len());
        self.unfinished += usize::from(message.is_unfinished());
    }

    #[inline]
    pub(super) fn add_parts(&mut self, kind: Kind, shape: Shape, wire_len: usize) {
        let len = shape.length() as usize;
        self.bytes += len;
        self.wire += wire_len;
        if kind.class() == Class::Essential {
            self.essential.messages += 1;
            self.essential.bytes += len;
            if kind == Kind::Reply {
                self.replies += len + REPLY_COST;
            }
        }
    }

    pub(super) fn remove(&mut self, message: &Outgoing) {
        let len = message.shape.length() as usize;
        self.bytes -= len;
        self.wire -= message.wire_len();
        self.unfinished -= usize::from(message.is_unfinished());
        if message.kind.class() == Class::Essential {
            self.essential.messages -= 1;
            self.essential.bytes -= len;
            if message.kind == Kind::Reply {
                self.replies -= len + REPLY_COST;
            }
        }
    }
}
