//! A shared object, its users, and strangers.

use bytes::Bytes;
use weir_rtmp::message::{Persistence, SharedObjectMessage, Values};
use weir_rtmp::shared_object::{Owner, Replica, SharedObjectLimits, UserId};

/// A sequence of steps of three bytes: who does what with which value. A fourth kind of step feeds
/// the rest of the bytes to the owner and the first user as a message.
///
/// Whatever was sent, the limits hold; as long as nobody lied, all copies end equal.
pub fn rtmp_shared_object(data: &[u8]) {
    let mut limits = SharedObjectLimits::default();
    limits.max_slots = 5;
    limits.max_queued_events = 6;
    let mut owner = Owner::with_limits("so", Persistence::Transient, limits.clone());
    let mut users: Vec<Replica> = (0..USERS)
        .map(|_| {
            let mut limits = limits.clone();
            limits.max_queued_events = 4;
            let mut user = Replica::with_limits("so", Persistence::Transient, limits);
            user.connect();
            user
        })
        .collect();
    let mut honest = true;
    let mut rest = data;
    while let [step, slot, value, tail @ ..] = rest {
        rest = tail;
        let who = usize::from(step >> 4) % USERS;
        let name = (slot % 8).to_string();
        let Some(user) = users.get_mut(who) else {
            return;
        };
        match step & 0xF {
            0..=3 => drop(user.set(&name, number(*value))),
            4 => drop(user.remove(&name)),
            5 => drop(user.clear()),
            6 => drop(user.send(number(*value))),
            7 => drop(owner.set(&name, &number(*value))),
            8 | 9 => to_owner(&mut owner, user, who),
            10 | 11 => to_users(&mut owner, &mut users),
            12 => {
                to_users(&mut owner, &mut users);
                owner.leave(UserId::new(who as u64));
                if let Some(user) = users.get_mut(who) {
                    user.connect();
                }
            }
            13 => {
                // What was asked for before the release is answered by nobody.
                to_owner(&mut owner, user, who);
                to_users(&mut owner, &mut users);
            }
            14 => {
                let _ = owner.take_changed();
                let snapshot = owner.snapshot();
                owner.restore(&snapshot).expect("what was held can be held");
            }
            _ => {
                honest = false;
                let payload = Bytes::copy_from_slice(rest);
                if let Ok(message) = SharedObjectMessage::decode(&payload) {
                    owner.handle(UserId::new(u64::from(*value)), &message);
                    user.handle(&message);
                }
                rest = &[];
            }
        }
        assert!(owner.iter().count() <= 5);
    }
    for _ in 0..2 {
        for (who, user) in users.iter_mut().enumerate() {
            to_owner(&mut owner, user, who);
        }
        to_users(&mut owner, &mut users);
    }
    assert!(owner.poll_message().is_none(), "everything was said");
    if honest {
        for user in &users {
            assert!(user.iter().eq(owner.iter()), "{user:?} is not {owner:?}");
        }
    }
}

fn to_owner(owner: &mut Owner, user: &mut Replica, who: usize) {
    if let Some(message) = user.poll_message() {
        let message = SharedObjectMessage::decode(&message.encode()).expect("our own bytes");
        owner.handle(UserId::new(who as u64), &message);
    }
}

fn to_users(owner: &mut Owner, users: &mut [Replica]) {
    while let Some((id, message)) = owner.poll_message() {
        assert!(message.events.len() <= 7, "{}", message.events.len());
        let message = SharedObjectMessage::decode(&message.encode()).expect("our own bytes");
        if let Some(user) = usize::try_from(id.get())
            .ok()
            .and_then(|at| users.get_mut(at))
        {
            user.handle(&message);
            while user.poll_update().is_some() {}
        }
    }
}

fn number(value: u8) -> Values {
    let mut bytes = vec![0];
    bytes.extend(f64::from(value).to_be_bytes());
    Values::from_amf0(bytes.into())
}

const USERS: usize = 3;
