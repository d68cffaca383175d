//! The server's side of a shared object.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    string::String,
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

/// A client of a shared object, under a number of the driver's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(u64);

impl UserId {
    /// Makes an id of the number the driver has for a connection.
    pub const fn new(id: u64) -> Self {
        Self(id)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// The server's side of a shared object: owns the slots, orders the changes, tells everybody.
///
/// A driver keeps one for each name and application, gives it the messages of its clients with
/// [`Self::handle`] and sends what [`Self::poll_message`] returns. Transient objects are dropped
/// when [`Self::is_unused`]; persistent ones are stored with [`Self::snapshot`] when
/// [`Self::take_changed`] says so.
#[derive(Clone, Debug)]
pub struct Owner {
    name: String,
    persistence: Persistence,
    version: u32,
    slots: Slots,
    users: BTreeMap<UserId, User>,
    /// The users for whom something waits, so that an idle poll is O(1).
    waiting: BTreeSet<UserId>,
    changed: bool,
    limits: SharedObjectLimits,
}

#[derive(Clone, Debug, Default)]
struct User {
    /// Whether the last message of the user was of type 16.
    amf3: bool,
    /// False until `Use`, and again after `Release`.
    uses: bool,
    outbox: Vec<SharedObjectEvent>,
    /// Bytes that the outbox takes on the wire.
    outbox_len: usize,
    /// Whether too much waited: then the outbox holds answers only, and the whole object follows.
    resend: bool,
}

impl Owner {
    /// Makes an empty object of version 0 with the default limits.
    pub fn new(name: impl Into<String>, persistence: Persistence) -> Self {
        Self::with_limits(name, persistence, SharedObjectLimits::default())
    }

    /// Makes an empty object of version 0.
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
            users: BTreeMap::new(),
            waiting: BTreeSet::new(),
            changed: false,
            limits,
        }
    }

    /// Puts back what was stored; users that are there already are told.
    ///
    /// # Errors
    /// If the limits do not allow that much; nothing is changed then.
    pub fn restore(&mut self, snapshot: &Snapshot) -> Result<(), SharedObjectError> {
        self.slots = Slots::restore(&snapshot.properties, &self.limits)?;
        self.version = snapshot.version;
        self.resend_to_all();
        Ok(())
    }

    /// What has to be stored to have the object back.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.version, self.slots.properties())
    }

    /// Whether slots changed since this was asked last.
    pub fn take_changed(&mut self) -> bool {
        core::mem::take(&mut self.changed)
    }

    /// The name of the object.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the object outlives its users.
    pub const fn persistence(&self) -> Persistence {
        self.persistence
    }

    /// The number of changes so far, modulo 2^32.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The value of a slot.
    pub fn get(&self, name: &str) -> Option<&Values> {
        self.slots.get(name)
    }

    /// All slots, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Values)> {
        self.slots.iter()
    }

    /// Whether nobody uses the object and nothing waits to be sent.
    pub fn is_unused(&self) -> bool {
        self.users.is_empty()
    }

    /// Takes a message of a client.
    ///
    /// What the client may not do is answered with a status; what a server would not be asked is
    /// ignored. Messages with another name or persistence are answered with
    /// `SharedObject.BadPersistence` or ignored.
    pub fn handle(&mut self, user: UserId, message: &SharedObjectMessage) {
        if message.name != self.name {
            return;
        }
        for event in &message.events {
            let known = self.users.get(&user).is_some_and(|user| user.uses);
            match event {
                SharedObjectEvent::Use => self.open(user, message),
                // Red5's client sends changes in the same message as `Use`, never before it.
                _ if !known => {}
                SharedObjectEvent::Release => self.leave(user),
                SharedObjectEvent::RequestChange(properties) => self.change(user, properties),
                SharedObjectEvent::RequestRemove(names) => self.remove_all(names),
                SharedObjectEvent::RequestClear => self.clear(),
                SharedObjectEvent::SendMessage(values) => self.send(values),
                _ => {}
            }
        }
    }

    /// Removes a client whose connection ended. Unknown ids are ignored.
    pub fn leave(&mut self, user: UserId) {
        self.users.remove(&user);
        self.waiting.remove(&user);
    }

    /// Tells a client that it was refused, and forgets it.
    ///
    /// For drivers that allow some clients only: call this in place of [`Self::handle`].
    pub fn refuse(&mut self, user: UserId, code: &StatusCode) {
        self.users.entry(user).or_default().uses = false;
        self.push(user, status(code));
    }

    /// Sets a slot from the side of the server; everybody gets a `Change`.
    ///
    /// # Errors
    /// If a limit forbids it, or it is not one value.
    pub fn set(&mut self, name: &str, value: &Values) -> Result<(), SharedObjectError> {
        check_value(value)?;
        self.slots.set(name, value, &self.limits)?;
        self.touch();
        let property = SharedObjectProperty::new(name, owned(value));
        self.push_to_all(None, &SharedObjectEvent::Change(vec![property]));
        Ok(())
    }

    /// Removes a slot from the side of the server; tells whether it was there.
    pub fn remove(&mut self, name: &str) -> bool {
        let there = self.slots.get(name).is_some();
        if there {
            self.remove_all(&[name.into()]);
        }
        there
    }

    /// Removes all slots; everybody gets a `Clear`.
    pub fn clear(&mut self) {
        self.slots.clear();
        self.touch();
        self.push_to_all(None, &SharedObjectEvent::Clear);
    }

    /// Calls a handler on all clients: its name and its arguments.
    pub fn send(&mut self, values: &Values) {
        self.push_to_all(None, &SharedObjectEvent::SendMessage(owned(values)));
    }

    /// The next message that has to be sent, and to whom. Events that wait for one client are put
    /// into one message.
    pub fn poll_message(&mut self) -> Option<(UserId, SharedObjectMessage)> {
        let id = *self.waiting.first()?;
        self.poll_message_for(id).map(|message| (id, message))
    }

    /// The next message that has to be sent to one client: for drivers that ask when there is room
    /// for it. What waits longer than that is merged.
    pub fn poll_message_for(&mut self, id: UserId) -> Option<SharedObjectMessage> {
        if !self.waiting.contains(&id) {
            return None;
        }
        let user = self.users.get_mut(&id)?;
        let mut message = SharedObjectMessage::new(self.name.clone(), self.persistence);
        message.version = self.version;
        message.amf3 = user.amf3;
        message.events = core::mem::take(&mut user.outbox);
        user.outbox_len = 0;
        if user.resend && message.events.is_empty() {
            user.resend = false;
            message.events.push(SharedObjectEvent::Clear);
            message
                .events
                .push(SharedObjectEvent::Change(self.slots.properties()));
        }
        if !user.resend {
            self.waiting.remove(&id);
        }
        if !user.uses {
            self.leave(id);
        }
        Some(message)
    }

    /// The clients for whom a message waits.
    pub fn waiting(&self) -> impl Iterator<Item = UserId> {
        self.waiting.iter().copied()
    }

    fn open(&mut self, id: UserId, message: &SharedObjectMessage) {
        let known = self.users.contains_key(&id);
        if message.persistence() != self.persistence {
            return self.refuse(id, &StatusCode::SHARED_OBJECT_BAD_PERSISTENCE);
        }
        if !known && self.users.len() >= self.limits.max_users {
            return self.refuse_over_limit(id);
        }
        let user = self.users.entry(id).or_default();
        user.uses = true;
        user.amf3 = message.amf3;
        self.push(id, SharedObjectEvent::UseSuccess);
        // A client of version 0 has no copy; an object of version 0 has nothing to copy.
        if message.version != self.version || message.version == 0 {
            self.push(id, SharedObjectEvent::Clear);
            if self.slots.len() > 0 {
                self.push(id, SharedObjectEvent::Change(self.slots.properties()));
            }
        }
    }

    /// One client too many is told so as long as that costs no more than one event each.
    fn refuse_over_limit(&mut self, id: UserId) {
        if self.users.len() < self.limits.max_users.saturating_mul(2) {
            self.refuse(id, &StatusCode::SHARED_OBJECT_CREATION_FAILED);
        }
    }

    fn change(&mut self, changer: UserId, properties: &[SharedObjectProperty]) {
        let mut done = Vec::new();
        let mut refused = false;
        for property in properties {
            match self
                .slots
                .set(&property.name, &property.value, &self.limits)
            {
                Ok(()) => {
                    done.push(SharedObjectProperty::new(
                        &*property.name,
                        owned(&property.value),
                    ));
                }
                Err(_) => refused = true,
            }
        }
        if !done.is_empty() {
            self.touch();
            let names = done.iter().map(|property| property.name.clone()).collect();
            self.push(changer, SharedObjectEvent::Success(names));
            self.push_to_all(Some(changer), &SharedObjectEvent::Change(done));
        }
        if refused {
            self.push(changer, status(&StatusCode::SHARED_OBJECT_NO_WRITE_ACCESS));
        }
    }

    fn remove_all(&mut self, names: &[String]) {
        let gone: Vec<String> = names
            .iter()
            .filter(|name| self.slots.remove(name))
            .cloned()
            .collect();
        if !gone.is_empty() {
            self.touch();
            self.push_to_all(None, &SharedObjectEvent::Remove(gone));
        }
    }

    fn touch(&mut self) {
        self.version = self.version.wrapping_add(1);
        self.changed = true;
    }

    fn push_to_all(&mut self, but: Option<UserId>, event: &SharedObjectEvent) {
        let to: Vec<UserId> = self
            .users
            .keys()
            .copied()
            .filter(|id| Some(*id) != but)
            .collect();
        for id in to {
            if self.users.get(&id).is_some_and(|user| user.uses) {
                self.push(id, event.clone());
            }
        }
    }

    fn resend_to_all(&mut self) {
        self.push_to_all(None, &SharedObjectEvent::Clear);
        if self.slots.len() > 0 {
            self.push_to_all(None, &SharedObjectEvent::Change(self.slots.properties()));
        }
    }

    /// Queues an event. Too much for a client that does not read becomes the whole object, which is
    /// what it would lead to; only `SendMessage`s get lost then.
    fn push(&mut self, id: UserId, event: SharedObjectEvent) {
        let Some(user) = self.users.get_mut(&id) else {
            return;
        };
        self.waiting.insert(id);
        let len = wire_len(&event);
        let is_full = |user: &User| {
            user.outbox.len() >= self.limits.max_queued_events
                || user.outbox_len.saturating_add(len) > self.limits.max_bytes
        };
        if !user.resend && is_full(user) {
            user.resend = true;
            user.outbox.retain(is_answer);
            user.outbox_len = user.outbox.iter().map(wire_len).sum();
        }
        // The client counts its answers, so none is left out, unless it never waits for them.
        if !user.resend || is_answer(&event) && !is_full(user) {
            user.outbox.push(event);
            user.outbox_len += len;
        }
    }
}

/// Whether a client has asked for this event, and counts on it.
const fn is_answer(event: &SharedObjectEvent) -> bool {
    matches!(
        event,
        SharedObjectEvent::UseSuccess
            | SharedObjectEvent::Success(_)
            | SharedObjectEvent::Status { .. }
    )
}

fn status(code: &StatusCode) -> SharedObjectEvent {
    let level = code.level().as_str().into();
    SharedObjectEvent::Status {
        code: code.as_str().into(),
        level,
    }
}
