//! The client's side of a shared object.

use alloc::{
    collections::{BTreeMap, VecDeque},
    string::{String, ToString},
    vec,
    vec::Vec,
};

use super::slots::{SharedObjectError, SharedObjectLimits, Slots, Snapshot, owned};
use crate::message::{
    Persistence, SharedObjectEvent, SharedObjectMessage, SharedObjectProperty, Values,
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
    /// Values asked for and not confirmed, oldest first, for each slot.
    pending: BTreeMap<String, VecDeque<Values>>,
    pending_len: usize,
    in_use: bool,
    amf3: bool,
    outbox: Vec<SharedObjectEvent>,
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
            pending: BTreeMap::new(),
            pending_len: 0,
            in_use: false,
            amf3: false,
            outbox: Vec::new(),
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
        self.pending_len = 0;
        self.outbox.clear();
        self.outbox.push(SharedObjectEvent::Use);
    }

    /// Gives the object up.
    pub fn release(&mut self) {
        self.in_use = false;
        self.outbox.push(SharedObjectEvent::Release);
    }

    /// Asks for a new value of a slot.
    ///
    /// # Errors
    /// If too many requests wait, or the name is too long.
    pub fn set(&mut self, name: &str, value: Values) -> Result<(), SharedObjectError> {
        self.check_room(name)?;
        let value = owned(&value);
        self.pending
            .entry(name.to_string())
            .or_default()
            .push_back(value.clone());
        self.pending_len += 1;
        let property = SharedObjectProperty::new(name, value);
        self.outbox
            .push(SharedObjectEvent::RequestChange(vec![property]));
        Ok(())
    }

    /// Asks for a slot to be removed.
    ///
    /// # Errors
    /// If too many requests wait, or the name is too long.
    pub fn remove(&mut self, name: &str) -> Result<(), SharedObjectError> {
        self.check_room(name)?;
        self.outbox
            .push(SharedObjectEvent::RequestRemove(vec![name.to_string()]));
        Ok(())
    }

    /// Asks for all slots to be removed.
    ///
    /// # Errors
    /// If too many requests wait.
    pub fn clear(&mut self) -> Result<(), SharedObjectError> {
        self.check_room("")?;
        self.outbox.push(SharedObjectEvent::RequestClear);
        Ok(())
    }

    /// Calls a handler on all clients, this one included: its name and its arguments.
    ///
    /// # Errors
    /// If too many requests wait.
    pub fn send(&mut self, values: Values) -> Result<(), SharedObjectError> {
        self.check_room("")?;
        self.outbox.push(SharedObjectEvent::SendMessage(values));
        Ok(())
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
        let values = self.pending.get_mut(name)?;
        let oldest = values.pop_front()?;
        if values.is_empty() {
            self.pending.remove(name);
        }
        self.pending_len -= 1;
        Some(oldest)
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

    fn check_room(&self, name: &str) -> Result<(), SharedObjectError> {
        let limit = self.limits.max_queued_events;
        if name.len() > usize::from(u16::MAX) {
            return Err(SharedObjectError::NameLen { len: name.len() });
        }
        if self.outbox.len() >= limit || self.pending_len >= limit {
            return Err(SharedObjectError::Events { limit });
        }
        Ok(())
    }
}
