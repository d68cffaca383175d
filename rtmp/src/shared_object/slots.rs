//! The slots of a shared object, bounded.

use alloc::{
    collections::BTreeMap,
    string::{String, ToString},
    vec::Vec,
};

use weir_amf::Reader;

use crate::message::{SharedObjectEvent, SharedObjectProperty, Values};

/// What one shared object may cost.
///
/// The worst case of an object with `n` users is `max_bytes + 150 * max_slots` for its slots and
/// `32 * max_bytes` for each user for what waits to be sent: that is `max_bytes` on the wire, and
/// what waits longer is merged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SharedObjectLimits {
    /// Slots. Default: 1024.
    pub max_slots: usize,
    /// Bytes of all names and values together. Default: 192 KiB, so that the whole object fits a
    /// message of a session with the default limits.
    pub max_bytes: usize,
    /// Clients that use the object at one time. Default: 4096.
    pub max_users: usize,
    /// Events that wait for one receiver before they are merged; they are merged as well when they
    /// take more than [`max_bytes`](Self::max_bytes) together. Default: 256.
    pub max_queued_events: usize,
}

impl Default for SharedObjectLimits {
    fn default() -> Self {
        Self {
            max_slots: 1024,
            max_bytes: 192 << 10,
            max_users: 4096,
            max_queued_events: 256,
        }
    }
}

/// Why a local change of a shared object was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SharedObjectError {
    /// The object would have too many slots.
    #[error("{limit} slots are the limit")]
    Slots {
        /// [`SharedObjectLimits::max_slots`].
        limit: usize,
    },
    /// The names and values would be too long together.
    #[error("{got} bytes in all, the limit is {limit}")]
    Bytes {
        /// What it would be.
        got: usize,
        /// [`SharedObjectLimits::max_bytes`].
        limit: usize,
    },
    /// Too many requests wait for their answer or for being sent.
    #[error("{limit} events wait already")]
    Events {
        /// [`SharedObjectLimits::max_queued_events`].
        limit: usize,
    },
    /// What a slot should hold is not one AMF0 value.
    #[error("a slot holds one value, not {len} bytes of something else")]
    NotOneValue {
        /// The bytes there are.
        len: usize,
    },
    /// The name of a slot is longer than its length field can say.
    #[error("a slot name of {len} bytes, the limit is 65535")]
    NameLen {
        /// Its length.
        len: usize,
    },
}

/// The content of a shared object at one time: what a driver stores.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The version of the object.
    pub version: u32,
    /// Its slots, sorted by name.
    pub properties: Vec<SharedObjectProperty>,
}

impl Snapshot {
    /// Makes a snapshot of what was stored.
    pub const fn new(version: u32, properties: Vec<SharedObjectProperty>) -> Self {
        Self {
            version,
            properties,
        }
    }
}

/// The slots with their sum of bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Slots {
    values: BTreeMap<String, Values>,
    /// The bytes of all names and values.
    bytes: usize,
}

impl Slots {
    pub(super) fn get(&self, name: &str) -> Option<&Values> {
        self.values.get(name)
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Values)> {
        self.values
            .iter()
            .map(|(name, value)| (name.as_str(), value))
    }

    /// Sets a slot unless a limit forbids it; the value is copied so that it pins nothing.
    pub(super) fn set(
        &mut self,
        name: &str,
        value: &Values,
        limits: &SharedObjectLimits,
    ) -> Result<(), SharedObjectError> {
        let old = self
            .values
            .get(name)
            .map(|value| name.len() + value.as_bytes().len());
        let new = name.len() + value.as_bytes().len();
        if name.len() > usize::from(u16::MAX) {
            return Err(SharedObjectError::NameLen { len: name.len() });
        }
        if old.is_none() && self.values.len() >= limits.max_slots {
            return Err(SharedObjectError::Slots {
                limit: limits.max_slots,
            });
        }
        let got = self.bytes - old.unwrap_or(0) + new;
        if got > limits.max_bytes {
            return Err(SharedObjectError::Bytes {
                got,
                limit: limits.max_bytes,
            });
        }
        self.bytes = got;
        self.values.insert(name.to_string(), owned(value));
        Ok(())
    }

    pub(super) fn remove(&mut self, name: &str) -> bool {
        let Some(value) = self.values.remove(name) else {
            return false;
        };
        self.bytes -= name.len() + value.as_bytes().len();
        true
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn properties(&self) -> Vec<SharedObjectProperty> {
        self.iter()
            .map(|(name, value)| SharedObjectProperty::new(name, value.clone()))
            .collect()
    }

    /// Takes over what was stored, as far as the limits allow.
    pub(super) fn restore(
        properties: &[SharedObjectProperty],
        limits: &SharedObjectLimits,
    ) -> Result<Self, SharedObjectError> {
        let mut slots = Self::default();
        for property in properties {
            slots.set(&property.name, &property.value, limits)?;
        }
        Ok(slots)
    }
}

/// Checks what an application sets; what a message says was checked when it was read.
pub(super) fn check_value(value: &Values) -> Result<(), SharedObjectError> {
    let bytes = value.as_bytes();
    match Reader::amf0(bytes).skip() {
        Ok(first) if !first.is_empty() && first.end == bytes.len() => Ok(()),
        _ => Err(SharedObjectError::NotOneValue { len: bytes.len() }),
    }
}

/// A value that is a slice of a message would keep the whole message alive.
pub(super) fn owned(value: &Values) -> Values {
    Values::from_amf0(bytes::Bytes::copy_from_slice(value.as_bytes()))
}

/// The bytes that an event takes in a message.
pub(super) fn wire_len(event: &SharedObjectEvent) -> usize {
    let of_names = |names: &[String]| names.iter().map(|name| 2 + name.len()).sum();
    let of_property =
        |property: &SharedObjectProperty| 2 + property.name.len() + property.value.as_bytes().len();
    let payload = match event {
        SharedObjectEvent::Change(properties)
        | SharedObjectEvent::OwnChange(properties)
        | SharedObjectEvent::RequestChange(properties) => properties.iter().map(of_property).sum(),
        SharedObjectEvent::Success(names)
        | SharedObjectEvent::Remove(names)
        | SharedObjectEvent::RequestRemove(names) => of_names(names),
        SharedObjectEvent::SendMessage(values) => values.as_bytes().len(),
        SharedObjectEvent::Status { code, level } => 4 + code.len() + level.len(),
        _ => 0,
    };
    EVENT_HEAD_LEN + payload
}

/// Type and length.
const EVENT_HEAD_LEN: usize = 5;
