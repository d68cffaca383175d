//! Shared objects: recorded bytes, both state machines, and clients that change at the same time.

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;
use weir_amf::{Document, Format};
use weir_rtmp::{
    Limits, Quirks, StatusCode,
    chunk::{ChunkReader, MessageType},
    message::{
        DecodeError, Persistence, SharedObjectEvent, SharedObjectMessage, SharedObjectProperty,
        Values,
    },
    shared_object::{Owner, Replica, SharedObjectError, SharedObjectLimits, Update, UserId},
};

use crate::pair::Pair;

/// Adobe Media Server refuses an object it does not know: Set Chunk Size 1024, then a status on
/// chunk stream 4 with an extended timestamp. HaishinKit.swift#21, 2016-02-16.
const AMS_REFUSAL: &[u8] = b"\x02\0\0\0\0\0\x04\x01\0\0\0\0\0\0\x04\0\
    \x04\xff\xff\xff\0\0\x36\x13\0\0\0\0\x3e\xdf\x48\x88\
    \0\0\0\0\0\0\0\0\0\0\0\0\0\0\x07\0\0\0\x23\
    \0\x1aSharedObject.NoObjectFound\0\x05error";

fn number(value: f64) -> Values {
    Values::encode(&Document::new().with_value(value)).unwrap()
}

#[test]
fn the_refusal_of_adobe_media_server_is_understood() {
    let mut reader = ChunkReader::new(&Limits::default(), &Quirks::default());
    let mut input = AMS_REFUSAL;
    assert!(reader.read(&mut input).unwrap().is_some(), "the chunk size");
    let message = reader.read(&mut input).unwrap().unwrap();
    assert_eq!(message.message_type, MessageType::SHARED_OBJECT_AMF0);
    let decoded = SharedObjectMessage::from_message(&message)
        .unwrap()
        .unwrap();
    assert_eq!((&*decoded.name, decoded.version), ("", 0));
    assert_eq!(decoded.encode(), message.payload);
    let mut replica = Replica::new("table_1", Persistence::Transient);
    replica.handle(&decoded);
    let code = StatusCode::SHARED_OBJECT_NOT_FOUND.as_str().into();
    assert_eq!(
        replica.poll_update(),
        Some(Update::Refused {
            code,
            level: "error".into()
        })
    );
}

/// The events as RTMP 1.0, section 7.1.3 numbers them, and 13 and 14 as they are seen in use.
#[test]
fn every_event_is_read_and_written() {
    let property =
        || SharedObjectProperty::new("foo", Values::from_amf0(b"\x02\0\x03bar"[..].into()));
    let names = || vec!["foo".to_owned()];
    let events: [(&[u8], SharedObjectEvent); 15] = [
        (b"\x01\0\0\0\0", SharedObjectEvent::Use),
        (b"\x02\0\0\0\0", SharedObjectEvent::Release),
        (
            b"\x03\0\0\0\x0b\0\x03foo\x02\0\x03bar",
            SharedObjectEvent::RequestChange(vec![property()]),
        ),
        (
            b"\x04\0\0\0\x0b\0\x03foo\x02\0\x03bar",
            SharedObjectEvent::Change(vec![property()]),
        ),
        (
            b"\x05\0\0\0\x05\0\x03foo",
            SharedObjectEvent::Success(names()),
        ),
        (
            b"\x06\0\0\0\x07\x02\0\x03say\x05",
            SharedObjectEvent::SendMessage(Values::from_amf0(b"\x02\0\x03say\x05"[..].into())),
        ),
        (
            b"\x07\0\0\0\x22\0\x19SharedObject.NoReadAccess\0\x05error",
            SharedObjectEvent::Status {
                code: "SharedObject.NoReadAccess".into(),
                level: "error".into(),
            },
        ),
        (b"\x08\0\0\0\0", SharedObjectEvent::Clear),
        (
            b"\x09\0\0\0\x05\0\x03foo",
            SharedObjectEvent::Remove(names()),
        ),
        (
            b"\x0a\0\0\0\x05\0\x03foo",
            SharedObjectEvent::RequestRemove(names()),
        ),
        (b"\x0b\0\0\0\0", SharedObjectEvent::UseSuccess),
        (
            b"\x0c\0\0\0\x09\0\x03foo\0\0\0\x01",
            SharedObjectEvent::Unknown {
                event: 12,
                data: b"\0\x03foo\0\0\0\x01"[..].into(),
            },
        ),
        (
            b"\x0d\0\0\0\x0b\0\x03foo\x02\0\x03bar",
            SharedObjectEvent::OwnChange(vec![property()]),
        ),
        (b"\x0e\0\0\0\0", SharedObjectEvent::RequestClear),
        (b"\x04\0\0\0\0", SharedObjectEvent::Change(Vec::new())),
    ];
    for (bytes, event) in events {
        let payload = [b"\0\x02so\0\0\0\x07\0\0\0\x02\0\0\0\0", bytes].concat();
        let message = SharedObjectMessage::decode(&payload.clone().into()).unwrap();
        assert_eq!(message.events, [event]);
        assert_eq!(
            (message.version, message.persistence()),
            (7, Persistence::Persistent)
        );
        assert_eq!(message.encode(), payload);
    }
}

#[test]
fn amf3_messages_have_a_selector_which_some_leave_out() {
    let payload = b"\0\x02so\0\0\0\0\0\0\0\0\0\0\0\0\x03\0\0\0\x06\0\x01a\x11\x04\x05";
    let with_selector = [b"\0", &payload[..]].concat();
    for bytes in [&payload[..], &with_selector] {
        let message = weir_rtmp::chunk::Message::new(
            MessageType::SHARED_OBJECT_AMF3,
            Bytes::copy_from_slice(bytes),
            weir_rtmp::chunk::ChunkStreamId::COMMAND,
            weir_rtmp::chunk::MessageStreamId::CONNECTION,
            weir_rtmp::chunk::Timestamp::ZERO,
        );
        let decoded = SharedObjectMessage::from_message(&message)
            .unwrap()
            .unwrap();
        let [SharedObjectEvent::RequestChange(properties)] = &decoded.events[..] else {
            panic!("{decoded:?}");
        };
        assert_eq!(
            properties[0].value.document().unwrap().value(0).as_f64(),
            Some(5.0)
        );
        assert!(decoded.amf3);
        assert_eq!(decoded.encode(), with_selector);
    }
}

/// A length that begins with 0 stands behind the selector, and what is no UTF-8 became three bytes.
#[test]
fn a_long_name_in_amf3_is_read_again_as_it_was_written() {
    let head = [&b"\0\0\x6a"[..], &[0xff; 106], &[0; 12]].concat();
    let read = |payload: Bytes| {
        let mut message = SharedObjectMessage::new("", Persistence::Transient).to_message();
        message.message_type = MessageType::SHARED_OBJECT_AMF3;
        message.payload = payload;
        SharedObjectMessage::from_message(&message)
            .unwrap()
            .unwrap()
    };
    let decoded = read(head.into());
    assert_eq!(decoded.name, "\u{fffd}".repeat(106));
    let written = decoded.encode();
    assert_eq!(written[..2], [1, 62], "no selector");
    assert_eq!(read(written), decoded);
}

#[test]
fn lengths_that_lie_are_refused_where_they_stand() {
    let head = b"\0\x02so\0\0\0\0\0\0\0\0\0\0\0\0";
    let event = |bytes: &[u8]| SharedObjectMessage::decode(&[head, bytes].concat().into());
    let too_long = event(b"\x03\0\0\0\x05\0\x01");
    assert_eq!(
        too_long,
        Err(DecodeError::EventLen {
            event: 3,
            offset: 16,
            announced: 5,
            left: 2
        })
    );
    assert!(matches!(
        event(b"\x09\0\0\0\x03\0\x09a"),
        Err(DecodeError::NoName { .. })
    ));
    assert!(matches!(
        event(b"\x03\0\0\0\x04\0\x01a\x02"),
        Err(DecodeError::Amf(_))
    ));
    assert!(matches!(
        event(b"\x03\0\0"),
        Err(DecodeError::EventLen { .. })
    ));
    let cut_head = SharedObjectMessage::decode(&head[..12].to_vec().into());
    assert!(matches!(
        cut_head,
        Err(DecodeError::TooShort {
            expected: 16,
            got: 12,
            ..
        })
    ));
}

#[test]
fn a_change_goes_to_the_others_and_its_success_to_the_changer() {
    let mut room = Room::new(2);
    room.clients[0].set("x", number(1.0)).unwrap();
    room.settle();
    let updates = |client: &mut Replica| std::iter::from_fn(|| client.poll_update()).collect();
    let changed = |own| Update::Changed {
        name: "x".into(),
        own,
    };
    let first: Vec<_> = updates(&mut room.clients[0]);
    let second: Vec<_> = updates(&mut room.clients[1]);
    assert_eq!(first.last(), Some(&changed(true)));
    assert_eq!(second.last(), Some(&changed(false)));
    assert_eq!(room.owner.version(), 1);
    assert_eq!(room.clients[1].version(), 1);
    assert!(room.owner.take_changed());
    assert!(!room.owner.take_changed());
}

#[test]
fn a_client_with_the_current_version_gets_no_copy() {
    let mut room = Room::new(1);
    room.clients[0].set("x", number(1.0)).unwrap();
    room.settle();
    let mut again = Replica::new("so", Persistence::Transient);
    again.restore(&room.clients[0].snapshot()).unwrap();
    again.connect();
    let id = UserId::new(9);
    room.owner.handle(id, &again.poll_message().unwrap());
    let (_, reply) = room.owner.poll_message().unwrap();
    assert_eq!(reply.events, [SharedObjectEvent::UseSuccess]);
    again.handle(&reply);
    assert_eq!(again.get("x"), Some(&number(1.0)));
}

#[test]
fn a_client_with_an_old_version_gets_a_clear_and_all_slots() {
    let mut room = Room::new(1);
    room.clients[0].set("x", number(1.0)).unwrap();
    room.settle();
    room.join();
    room.settle();
    assert_eq!(room.clients[1].get("x"), Some(&number(1.0)));
    let updates: Vec<_> = std::iter::from_fn(|| room.clients[1].poll_update()).collect();
    assert_eq!(updates[..2], [Update::Connected, Update::Cleared]);
}

#[test]
fn of_two_changes_at_one_time_the_owner_s_second_stays_everywhere() {
    let mut room = Room::new(2);
    room.clients[0].set("x", number(1.0)).unwrap();
    room.clients[1].set("x", number(2.0)).unwrap();
    room.settle();
    for client in &room.clients {
        assert_eq!(client.get("x"), Some(&number(2.0)));
    }
}

#[test]
fn everybody_hears_a_call_and_nobody_after_leaving() {
    let mut room = Room::new(2);
    room.settle();
    room.clients[1].release();
    room.settle();
    let call = Values::from_amf0(b"\x02\0\x03say\x02\0\x02hi"[..].into());
    room.clients[0].send(call.clone()).unwrap();
    room.settle();
    let heard = |client: &mut Replica| {
        std::iter::from_fn(|| client.poll_update())
            .filter(|update| *update == Update::Message(call.clone()))
            .count()
    };
    assert_eq!(
        (heard(&mut room.clients[0]), heard(&mut room.clients[1])),
        (1, 0)
    );
    room.owner.leave(UserId::new(0));
    assert!(room.owner.is_unused());
}

#[test]
fn what_is_not_allowed_is_refused_with_a_status() {
    let mut limits = SharedObjectLimits::default();
    limits.max_slots = 1;
    let mut owner = Owner::with_limits("so", Persistence::Persistent, limits);
    let id = UserId::new(1);
    let ask = |owner: &mut Owner, persistence, events: Vec<SharedObjectEvent>| {
        let mut message = SharedObjectMessage::new("so", persistence);
        message.events = events;
        owner.handle(id, &message);
        owner.poll_message().map(|(_, message)| message.events)
    };
    let status = |code: StatusCode| SharedObjectEvent::Status {
        code: code.as_str().into(),
        level: "error".into(),
    };
    let refused = ask(
        &mut owner,
        Persistence::Transient,
        vec![SharedObjectEvent::Use],
    );
    assert_eq!(
        refused,
        Some(vec![status(StatusCode::SHARED_OBJECT_BAD_PERSISTENCE)])
    );
    let slot = |name: &str| SharedObjectProperty::new(name, number(0.0));
    let change = SharedObjectEvent::RequestChange(vec![slot("a"), slot("b")]);
    let early = ask(&mut owner, Persistence::Persistent, vec![change.clone()]);
    assert_eq!(early, None, "only users may change");
    ask(
        &mut owner,
        Persistence::Persistent,
        vec![SharedObjectEvent::Use],
    );
    let partly = ask(&mut owner, Persistence::Persistent, vec![change]);
    let success = SharedObjectEvent::Success(vec!["a".into()]);
    let refusal = status(StatusCode::SHARED_OBJECT_NO_WRITE_ACCESS);
    assert_eq!(partly, Some(vec![success, refusal]));
    let error = owner.set("b", &number(1.0)).unwrap_err();
    assert_eq!(error, SharedObjectError::Slots { limit: 1 });
}

#[test]
fn a_client_that_does_not_read_costs_a_bounded_number_of_events() {
    let mut limits = SharedObjectLimits::default();
    limits.max_queued_events = 8;
    let mut owner = Owner::with_limits("so", Persistence::Transient, limits);
    let mut lazy = Replica::new("so", Persistence::Transient);
    let id = UserId::new(1);
    lazy.connect();
    owner.handle(id, &lazy.poll_message().unwrap());
    for value in 0..1000 {
        owner
            .set(&format!("slot{}", value % 5), &number(value.into()))
            .unwrap();
    }
    let mut events = 0;
    while let Some((_, message)) = owner.poll_message() {
        events += message.events.len();
        lazy.handle(&message);
    }
    assert!(events <= 9, "{events}");
    assert_eq!(contents(lazy.iter()), contents(owner.iter()));
}

/// Every request has an answer, and this client reads none.
#[test]
fn a_client_that_asks_for_ever_costs_no_more_than_the_object() {
    let mut owner = Owner::new("so", Persistence::Transient);
    let id = UserId::new(1);
    let mut request = SharedObjectMessage::new("so", Persistence::Transient);
    request.events.push(SharedObjectEvent::Use);
    owner.handle(id, &request);
    let slots = (0..2000).map(|slot| SharedObjectProperty::new(slot.to_string(), number(0.0)));
    request.events = vec![SharedObjectEvent::RequestChange(slots.collect())];
    for _ in 0..500 {
        owner.handle(id, &request);
    }
    let mut len = 0;
    while let Some(message) = owner.poll_message_for(id) {
        len += message.encode().len();
    }
    let limit = 2 * SharedObjectLimits::default().max_bytes;
    assert!(len <= limit, "{len} bytes");
}

/// Each change fits a message of a session with the default limits; all of them together do not.
#[test]
fn what_waits_for_a_client_fits_the_messages_its_session_reads() {
    let mut owner = Owner::new("so", Persistence::Transient);
    let mut lazy = Replica::new("so", Persistence::Transient);
    lazy.connect();
    owner.handle(UserId::new(1), &lazy.poll_message().unwrap());
    for step in 0..100 {
        let value =
            Values::encode(&Document::new().with_value(&*"x".repeat(9_000 + step))).unwrap();
        owner.set("slot", &value).unwrap();
    }
    while let Some(message) = owner.poll_message_for(UserId::new(1)) {
        let len = message.encode().len();
        assert!(len <= Limits::default().max_command_len, "{len}");
        lazy.handle(&message);
    }
    assert_eq!(owner.waiting().next(), None);
    assert_eq!(contents(lazy.iter()), contents(owner.iter()));
}

/// Found by fuzzing: the name of the next slot was taken for the value of this one when the message
/// was written again. The offset is that in the payload, whichever event it is.
#[test]
fn a_slot_without_a_value_is_refused_where_it_stands() {
    let payload = b"\0\x02so\0\0\0\0\0\0\0\0\0\0\0\0\x03\0\0\0\x05\0\x03foo\x02\0\0\0\0";
    let refused = SharedObjectMessage::decode(&payload[..].into());
    assert_eq!(
        refused,
        Err(DecodeError::NoValue {
            offset: 26,
            len: 31
        })
    );
    let mut owner = Owner::new("so", Persistence::Transient);
    let mut replica = Replica::new("so", Persistence::Transient);
    for (values, len) in [(&b""[..], 0), (b"\x05\x05", 2), (b"\x00\x40", 2)] {
        let refused = Err(SharedObjectError::NotOneValue { len });
        let values = Values::from_amf0(values.into());
        assert_eq!(owner.set("slot", &values), refused);
        assert_eq!(replica.set("slot", values), refused);
    }
}

/// Found by fuzzing: a refused change was taken for the one that was confirmed later.
#[test]
fn a_refused_change_is_not_confirmed_by_the_next_one() {
    let mut limits = SharedObjectLimits::default();
    limits.max_slots = 1;
    let mut owner = Owner::with_limits("so", Persistence::Transient, limits);
    owner.set("taken", &number(0.0)).unwrap();
    let mut replica = Replica::new("so", Persistence::Transient);
    replica.connect();
    replica.set("slot", number(7.0)).unwrap();
    replica.clear().unwrap();
    replica.set("slot", number(1.0)).unwrap();
    owner.handle(UserId::new(1), &replica.poll_message().unwrap());
    while let Some((_, message)) = owner.poll_message() {
        replica.handle(&message);
    }
    assert_eq!(replica.get("slot"), Some(&number(1.0)));
    assert_eq!(contents(replica.iter()), contents(owner.iter()));
}

#[test]
fn requests_that_no_message_could_carry_are_refused_at_once() {
    let mut replica = Replica::new("so", Persistence::Transient);
    replica.connect();
    let value = Values::encode(&Document::new().with_value(&*"x".repeat(60_000))).unwrap();
    for slot in ["a", "b", "c"] {
        replica.set(slot, value.clone()).unwrap();
    }
    let refused = replica.set("d", value.clone());
    assert!(
        matches!(
            refused,
            Err(SharedObjectError::Bytes { limit: 196_608, .. })
        ),
        "{refused:?}"
    );
    replica.poll_message().unwrap();
    replica.set("d", value).unwrap();
}

#[test]
fn sessions_carry_shared_objects_both_ways() {
    let mut pair = Pair::connected();
    let mut owner = Owner::new("so", Persistence::Transient);
    let mut replica = Replica::new("so", Persistence::Transient);
    replica.connect();
    replica.set("x", number(3.0)).unwrap();
    for _ in 0..3 {
        while let Some(message) = replica.poll_message() {
            pair.client.send_shared_object(&message, pair.now).unwrap();
        }
        pair.run();
        for event in pair.server_events.drain(..) {
            if let weir_rtmp::ServerEvent::SharedObject(message) = event {
                owner.handle(UserId::new(1), &message);
            }
        }
        while let Some((_, message)) = owner.poll_message() {
            pair.server.send_shared_object(&message, pair.now).unwrap();
        }
        pair.run();
        for event in pair.client_events.drain(..) {
            if let weir_rtmp::ClientEvent::SharedObject(message) = event {
                replica.handle(&message);
            }
        }
    }
    assert!(replica.is_connected());
    assert_eq!(replica.get("x"), Some(&number(3.0)));
}

/// What happens in a room, in the order of the network.
#[derive(Clone, Debug)]
enum Act {
    Set(usize, u8, u8),
    Remove(usize, u8),
    Clear(usize),
    OwnerSet(u8, u8),
    ToOwner(usize),
    ToClients,
    Reconnect(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0..3usize, 0..4u8, any::<u8>()).prop_map(|(client, slot, value)| Act::Set(client, slot, value)),
        1 => (0..3usize, 0..4u8).prop_map(|(client, slot)| Act::Remove(client, slot)),
        1 => (0..3usize).prop_map(Act::Clear),
        1 => (0..4u8, any::<u8>()).prop_map(|(slot, value)| Act::OwnerSet(slot, value)),
        4 => (0..3usize).prop_map(Act::ToOwner),
        4 => Just(Act::ToClients),
        1 => (0..3usize).prop_map(Act::Reconnect),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn all_copies_end_equal_whatever_the_order(acts in proptest::collection::vec(act(), 0..60)) {
        let mut room = Room::new(3);
        for act in acts {
            match act {
                Act::Set(client, slot, value) => {
                    room.clients[client].set(&slot.to_string(), number(value.into())).unwrap();
                }
                Act::Remove(client, slot) => room.clients[client].remove(&slot.to_string()).unwrap(),
                Act::Clear(client) => room.clients[client].clear().unwrap(),
                Act::OwnerSet(slot, value) => {
                    room.owner.set(&slot.to_string(), &number(value.into())).unwrap();
                }
                Act::ToOwner(client) => room.send_to_owner(client),
                Act::ToClients => room.send_to_clients(),
                Act::Reconnect(client) => {
                    room.send_to_clients();
                    room.clients[client].connect();
                    room.owner.leave(UserId::new(client as u64));
                }
            }
        }
        room.settle();
        for client in &room.clients {
            prop_assert_eq!(contents(client.iter()), contents(room.owner.iter()));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused_and_read_back_the_same(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let head = b"\0\x02so\0\0\0\0\0\0\0\0\0\0\0\0";
        for payload in [bytes.clone(), [&head[..], &bytes].concat()] {
            if let Ok(message) = SharedObjectMessage::decode(&payload.into()) {
                let again = SharedObjectMessage::decode(&message.encode());
                prop_assert_eq!(again, Ok(message));
            }
        }
    }
}

/// An owner and its clients.
struct Room {
    owner: Owner,
    clients: Vec<Replica>,
}

impl Room {
    fn new(clients: usize) -> Self {
        let owner = Owner::new("so", Persistence::Transient);
        let mut room = Self {
            owner,
            clients: Vec::new(),
        };
        for _ in 0..clients {
            room.join();
        }
        room
    }

    fn join(&mut self) {
        let mut client = Replica::new("so", Persistence::Transient);
        client.connect();
        self.clients.push(client);
    }

    fn send_to_owner(&mut self, client: usize) {
        if let Some(message) = self.clients[client].poll_message() {
            let message = SharedObjectMessage::decode(&message.encode()).unwrap();
            self.owner.handle(UserId::new(client as u64), &message);
        }
    }

    fn send_to_clients(&mut self) {
        while let Some((id, message)) = self.owner.poll_message() {
            let message = SharedObjectMessage::decode(&message.encode()).unwrap();
            self.clients[usize::try_from(id.get()).unwrap()].handle(&message);
        }
    }

    fn settle(&mut self) {
        for _ in 0..2 {
            for client in 0..self.clients.len() {
                self.send_to_owner(client);
            }
            self.send_to_clients();
        }
    }
}

fn contents<'a>(slots: impl Iterator<Item = (&'a str, &'a Values)>) -> BTreeMap<String, String> {
    slots
        .map(|(name, value)| {
            let document =
                Document::decode(value.as_bytes(), Format::Amf0, &weir_amf::Config::default());
            (name.to_owned(), format!("{:?}", document.unwrap().value(0)))
        })
        .collect()
}
