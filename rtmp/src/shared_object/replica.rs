//! The client's side of a shared object.

use alloc::{
    collections::VecDeque,
    string::{String, ToString},
    vec,
    vec::Vec,
};

use super::slots::{
    SharedObjectError, SharedObjectLimits, Slots, Snapshot, check_value, owned, wire_len,
};
use crate::{
    StatusCode,
    message::{Persistence, SharedObjectEvent, SharedObjectMessage, SharedObjectProperty, Values},
};

/// The client's side of a shared object: a copy that follows the server's.
///
/// Requests are kept until [`Self::poll_message`] takes them; a slot has its new value when the
/// server has said so, and [`Self::poll_update`] tells. Like that two clients that change the same
/// slot at one time end with the same value.
#[derive(Clone, Debug)]
pub struct Replica {
    name: String,
    persistence: Persistence,
    version: u32,
    slots: Slots,
    /// Slots and values asked for and not answered, oldest first.
    pending: VecDeque<(String, Values)>,
    in_use: bool,
    amf3: bool,
    outbox: Vec<SharedObjectEvent>,
    /// Bytes that the outbox takes on the wire.
    outbox_len: usize,
    updates: VecDeque<Update>,
    limits: SharedObjectLimits,
}

/// What happened to a [`Replica`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Update {
    /// The server lets the object be used; its slots follow if the copy was old.
    Connected,
    /// A slot has a new value.
    Changed {
        /// The slot.
        name: String,
        /// Whether it was this client that changed it.
        own: bool,
    },
    /// A slot is gone.
    Removed {
        /// The slot.
        name: String,
    },
    /// All slots are gone.
    Cleared,
    /// Somebody called a handler: its name and its arguments.
    Message(Values),
    /// The server refused something.
    Refused {
        /// A status code, such as `SharedObject.NoWriteAccess`.
        code: String,
        /// `error` in most cases.
        level: String,
    },
    /// The server's object does not fit the limits of this side; the copy is not complete.
    Overflow(SharedObjectError),
}

impl Replica {
    /// Makes an empty copy with the default limits.
    pub fn new(name: impl Into<String>, persistence: Persistence) -> Self {
        Self::with_limits(name, persistence, SharedObjectLimits::default())
    }

    /// Makes an empty copy.
    pub fn with_limits(
        name: impl Into<String>,
        persistence: Persistence,
        limits: SharedObjectLimits,
    ) -> Self {
        Self {
            name: name.into(),
            persistence,
            version: 0,
            slots: Slots::default(),
            pending: VecDeque::new(),
            in_use: false,
            amf3: false,
            outbox: Vec::new(),
            outbox_len: 0,
            updates: VecDeque::new(),
            limits,
        }
    }

    /// Begins with what was stored of an earlier connection; the server then sends changes only if
    /// its version is another.
    ///
    /// # Errors
    /// If the limits do not allow that much; nothing is changed then.
    pub fn restore(&mut self, snapshot: &Snapshot) -> Result<(), SharedObjectError> {
        self.slots = Slots::restore(&snapshot.properties, &self.limits)?;
        self.version = snapshot.version;
        Ok(())
    }

    /// What has to be stored to begin with it next time.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.version, self.slots.properties())
    }

    /// Sends messages of type 16, in whose values AMF3 may stand.
    pub const fn set_amf3(&mut self, amf3: bool) {
        self.amf3 = amf3;
    }

    /// The name of the object.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version of the copy.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Whether the server lets the object be used.
    pub const fn is_connected(&self) -> bool {
        self.in_use
    }

    /// The confirmed value of a slot.
    pub fn get(&self, name: &str) -> Option<&Values> {
        self.slots.get(name)
    }

    /// All confirmed slots, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Values)> {
        self.slots.iter()
    }

    /// Asks to use the object. Also to be called after the connection was made anew.
    pub fn connect(&mut self) {
        self.in_use = false;
        self.pending.clear();
        self.outbox.clear();
        self.outbox_len = 0;
        self.ask(SharedObjectEvent::Use);
    }

    /// Gives the object up.
    pub fn release(&mut self) {
        self.in_use = false;
        self.ask(SharedObjectEvent::Release);
    }

    /// Asks for a new value of a slot.
    ///
    /// # Errors
    /// If too many requests wait, name or value are too long, or it is not one value.
    pub fn set(&mut self, name: &str, value: Values) -> Result<(), SharedObjectError> {
        check_value(&value)?;
        let value = owned(&value);
        let property = SharedObjectProperty::new(name, value.clone());
        self.try_ask(SharedObjectEvent::RequestChange(vec![property]), name)?;
        self.pending.push_back((name.to_string(), value));
        Ok(())
    }

    /// Asks for a slot to be removed.
    ///
    /// # Errors
    /// If too many requests wait, or the name is too long.
    pub fn remove(&mut self, name: &str) -> Result<(), SharedObjectError> {
        self.try_ask(
            SharedObjectEvent::RequestRemove(vec![name.to_string()]),
            name,
        )
    }

    /// Asks for all slots to be removed.
    ///
    /// # Errors
    /// If too many requests wait.
    pub fn clear(&mut self) -> Result<(), SharedObjectError> {
        self.try_ask(SharedObjectEvent::RequestClear, "")
    }

    /// Calls a handler on all clients, this one included: its name and its arguments.
    ///
    /// # Errors
    /// If too many requests wait.
    pub fn send(&mut self, values: Values) -> Result<(), SharedObjectError> {
        self.try_ask(SharedObjectEvent::SendMessage(values), "")
    }

    /// Takes a message of the server; ignores those about other objects.
    ///
    /// Adobe Media Server refuses an object that it does not know with an empty name
    /// (HaishinKit.swift#21); such a status is taken to be about this one.
    pub fn handle(&mut self, message: &SharedObjectMessage) {
        if message.name.is_empty() && !self.name.is_empty() {
            let is_status = |event: &&_| matches!(event, SharedObjectEvent::Status { .. });
            return message
                .events
                .iter()
                .filter(is_status)
                .for_each(|event| self.handle_event(event));
        }
        if message.name != self.name {
            return;
        }
        for event in &message.events {
            self.handle_event(event);
        }
        self.version = message.version;
    }

    /// The next message that has to be sent.
    pub fn poll_message(&mut self) -> Option<SharedObjectMessage> {
        if self.outbox.is_empty() {
            return None;
        }
        let mut message = SharedObjectMessage::new(self.name.clone(), self.persistence);
        message.version = self.version;
        message.amf3 = self.amf3;
        message.events = core::mem::take(&mut self.outbox);
        self.outbox_len = 0;
        Some(message)
    }

    /// What happened next.
    pub fn poll_update(&mut self) -> Option<Update> {
        self.updates.pop_front()
    }

    fn handle_event(&mut self, event: &SharedObjectEvent) {
        match event {
            SharedObjectEvent::UseSuccess => {
                self.in_use = true;
                self.tell(Update::Connected);
            }
            SharedObjectEvent::Change(properties) => {
                for SharedObjectProperty { name, value } in properties {
                    self.store(name, value, false);
                }
            }
            SharedObjectEvent::Success(names) => {
                for name in names {
                    if let Some(value) = self.confirmed(name) {
                        self.store(name, &value, true);
                    }
                }
            }
            SharedObjectEvent::OwnChange(properties) => {
                for SharedObjectProperty { name, value } in properties {
                    self.confirmed(name);
                    self.store(name, value, true);
                }
            }
            SharedObjectEvent::Remove(names) => {
                for name in names {
                    if self.slots.remove(name) {
                        self.tell(Update::Removed { name: name.clone() });
                    }
                }
            }
            SharedObjectEvent::Clear => {
                self.slots.clear();
                self.tell(Update::Cleared);
            }
            SharedObjectEvent::SendMessage(values) => self.tell(Update::Message(owned(values))),
            SharedObjectEvent::Status { code, level } => {
                // It does not say which slot: requests are answered in their order.
                if !self.in_use {
                    self.pending.clear();
                } else if StatusCode::SHARED_OBJECT_NO_WRITE_ACCESS.as_str() == code {
                    self.pending.pop_front();
                }
                self.tell(Update::Refused {
                    code: code.clone(),
                    level: level.clone(),
                });
            }
            _ => {}
        }
    }

    /// Takes out the oldest value that was asked for and is confirmed now.
    fn confirmed(&mut self, name: &str) -> Option<Values> {
        let asked = |(slot, _): &(String, Values)| slot == name;
        let oldest = self.pending.iter().position(asked)?;
        self.pending.remove(oldest).map(|(_, value)| value)
    }

    fn store(&mut self, name: &str, value: &Values, own: bool) {
        match self.slots.set(name, value, &self.limits) {
            Ok(()) => self.tell(Update::Changed {
                name: name.to_string(),
                own,
            }),
            Err(error) => self.tell(Update::Overflow(error)),
        }
    }

    /// Tells an update; when nobody asks, the oldest are forgotten: the slots are what counts.
    fn tell(&mut self, update: Update) {
        if self.updates.len() >= self.limits.max_queued_events.max(1) {
            self.updates.pop_front();
        }
        self.updates.push_back(update);
    }

    /// Queues what an application may ask for as often as it likes.
    fn try_ask(&mut self, event: SharedObjectEvent, slot: &str) -> Result<(), SharedObjectError> {
        let limit = self.limits.max_queued_events;
        if slot.len() > usize::from(u16::MAX) {
            return Err(SharedObjectError::NameLen { len: slot.len() });
        }
        if self.outbox.len() >= limit || self.pending.len() >= limit {
            return Err(SharedObjectError::Events { limit });
        }
        let got = self.outbox_len.saturating_add(wire_len(&event));
        let limit = self.limits.max_bytes;
        if got > limit {
            return Err(SharedObjectError::Bytes { got, limit });
        }
        self.ask(event);
        Ok(())
    }

    fn ask(&mut self, event: SharedObjectEvent) {
        self.outbox_len += wire_len(&event);
        self.outbox.push(event);
    }
}
