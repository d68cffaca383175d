//! Shared objects: our clients at the live server, before and after it was started again.

use std::time::Instant;

use weir_amf::Document;
use weir_minimal::{Connection, Next};
use weir_rtmp::{
    ClientEvent, ClientSession, StatusCode,
    message::{Persistence, Values},
    shared_object::{Replica, Update},
};

use crate::{
    Claim,
    our_client::{connect, wait_until_connected},
    server::Server,
};

pub(crate) const CLAIMS: &[Claim] = &[
    Claim("two_clients_share_an_object", &[], two_clients_share),
    Claim(
        "a_persistent_object_outlives_the_server",
        &[],
        persistent_object_stays,
    ),
    Claim(
        "an_application_does_not_see_the_objects_of_another",
        &[],
        applications_are_apart,
    ),
    Claim(
        "an_object_has_one_persistence",
        &[],
        one_persistence_per_name,
    ),
];

fn two_clients_share() {
    let server = Server::start(&[]);
    for persistence in [Persistence::Transient, Persistence::Persistent] {
        let mut anna = User::join(&server, "live", persistence);
        let mut bert = User::join(&server, "live", persistence);
        anna.set("title", text("hello"));
        anna.wait_for(|update| is_change(update, "title", true));
        bert.wait_for(|update| is_change(update, "title", false));
        assert_eq!(bert.replica.get("title"), Some(&text("hello")));
        // Both change one slot: they end with the same value.
        anna.set("title", text("from anna"));
        bert.set("title", text("from bert"));
        for user in [&mut anna, &mut bert] {
            for _ in 0..2 {
                user.wait_for(|update| matches!(update, Update::Changed { .. }));
            }
        }
        assert_eq!(anna.replica.get("title"), bert.replica.get("title"));
        bert.replica.send(text("onHello")).unwrap();
        bert.share();
        for user in [&mut bert, &mut anna] {
            user.wait_for(|update| *update == Update::Message(text("onHello")));
        }
        anna.replica.remove("title").unwrap();
        anna.share();
        bert.wait_for(|update| matches!(update, Update::Removed { .. }));
        assert_eq!(bert.replica.iter().count(), 0);
    }
}

fn persistent_object_stays() {
    let server = Server::start(&[]);
    let mut kept = User::join(&server, "live/room", Persistence::Persistent);
    let mut lost = User::join(&server, "live", Persistence::Transient);
    // A vector of numbers in AMF3: what a file has to hold byte by byte.
    let vector = b"\x11\x0f\x03\x00\x3f\xf8\x00\x00\x00\x00\x00\x00";
    let vector = Values::from_amf0(vector[..].into());
    for user in [&mut kept, &mut lost] {
        user.set("points", vector.clone());
        user.set("title", text("hello"));
        user.wait_for(|update| is_change(update, "title", true));
    }
    let version = kept.replica.version();
    let (status, folder) = server.terminate();
    assert!(status.success(), "{status}");

    let server = Server::start_in(folder, &[]);
    let mut kept = User::join(&server, "live/room", Persistence::Persistent);
    kept.wait_for(|update| is_change(update, "title", false));
    assert_eq!(kept.replica.get("points"), Some(&vector));
    assert_eq!(kept.replica.get("title"), Some(&text("hello")));
    assert_eq!(kept.replica.version(), version);
    let lost = User::join(&server, "live", Persistence::Transient);
    assert_eq!(lost.replica.iter().count(), 0);

    // A change is in the file soon, whatever happens to the server then.
    kept.set("title", text("changed"));
    kept.wait_for(|update| is_change(update, "title", true));
    let file = server
        .folder
        .path()
        .join("shared-objects/live%2Froom/board.shared");
    crate::program::eventually(
        "the change is in the file",
        crate::program::PATIENCE,
        || {
            let content = std::fs::read(&file).ok()?;
            content
                .windows(7)
                .any(|word| word == b"changed")
                .then_some(())
        },
    );
    let server = Server::start_in(server.kill(), &[]);
    let mut kept = User::join(&server, "live/room", Persistence::Persistent);
    kept.wait_for(|update| is_change(update, "title", false));
    assert_eq!(kept.replica.get("title"), Some(&text("changed")));
}

fn applications_are_apart() {
    let server = Server::start(&[]);
    let mut anna = User::join(&server, "live", Persistence::Persistent);
    anna.set("title", text("hello"));
    anna.wait_for(|update| is_change(update, "title", true));
    let bert = User::join(&server, "other", Persistence::Persistent);
    assert_eq!(bert.replica.iter().count(), 0);
}

fn one_persistence_per_name() {
    let server = Server::start(&[]);
    let _anna = User::join(&server, "live", Persistence::Persistent);
    let mut bert = User::connect(&server, "live", Persistence::Transient);
    let refused = StatusCode::SHARED_OBJECT_BAD_PERSISTENCE;
    bert.wait_for(
        |update| matches!(update, Update::Refused { code, .. } if refused.as_str() == code),
    );
}

/// A client with its copy of one object.
struct User {
    connection: Connection<ClientSession, ()>,
    replica: Replica,
}

impl User {
    /// Connects to an application and asks for the object `board`.
    fn connect(server: &Server, app: &str, persistence: Persistence) -> Self {
        let mut connection = connect(&server.rtmp(&format!("{app}/name")));
        wait_until_connected(&mut connection);
        let mut replica = Replica::new("board", persistence);
        replica.connect();
        let mut user = Self {
            connection,
            replica,
        };
        user.share();
        user
    }

    /// The same, and waits until the object can be used.
    fn join(server: &Server, app: &str, persistence: Persistence) -> Self {
        let mut user = Self::connect(server, app, persistence);
        user.wait_for(|update| *update == Update::Connected);
        user
    }

    fn set(&mut self, slot: &str, value: Values) {
        self.replica.set(slot, value).unwrap();
        self.share();
    }

    /// Sends what the copy has to say.
    fn share(&mut self) {
        while let Some(message) = self.replica.poll_message() {
            self.connection
                .session
                .send_shared_object(&message, Instant::now())
                .unwrap();
        }
        self.connection.write().unwrap();
    }

    /// Goes on until the copy tells what is `wanted`.
    fn wait_for(&mut self, wanted: impl Fn(&Update) -> bool) {
        loop {
            while let Some(update) = self.replica.poll_update() {
                if wanted(&update) {
                    return;
                }
            }
            match self.connection.wait().unwrap() {
                Next::Event(ClientEvent::SharedObject(message)) => self.replica.handle(&message),
                Next::Event(ClientEvent::Closed) => panic!("the server closed the connection"),
                _ => {}
            }
        }
    }
}

fn is_change(update: &Update, slot: &str, by_us: bool) -> bool {
    matches!(update, Update::Changed { name, own } if name == slot && *own == by_us)
}

fn text(text: &str) -> Values {
    Values::encode(&Document::new().with_value(text)).unwrap()
}
