//! Our RTMP client logs in to our RTMP server, both without I/O, by each mechanism of weir-auth.
#![cfg(test)]

use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use bytes::{Buf, Bytes};
use weir_auth::rtmp::{RtmpAnswer, RtmpClient, RtmpClientError, RtmpConnect};
use weir_auth::{Authenticator, Config, Secret, ServerKeys, UnixTime, UsersFile};
use weir_rtmp::{
    ClientConfig, ClientEvent, ClientSession, ConnectOptions, ConnectReply, RtmpUrl, ServerConfig,
    ServerEvent, ServerSession, Status, StatusCode, UrlStyle,
};

/// A server with one user, and its clock.
struct Server {
    logins: Authenticator,
    users: UsersFile,
    now: UnixTime,
}

impl Server {
    fn new(offer: &str) -> Self {
        let mut config = Config::default();
        config.offer(offer).expect("a mechanism");
        let keys = ServerKeys::new(&Secret::from_bytes(&[1; 32]));
        Self {
            logins: Authenticator::new(config, keys, [2; 32]),
            users: UsersFile::parse("alice=s3cr3t,ROLE_USER").expect("a users file"),
            now: UnixTime::from_secs(1_700_000_000),
        }
    }

    /// Answers the `connect` of one connection.
    fn answer(&mut self, session: &mut ServerSession, event: ServerEvent, now: Instant) {
        let ServerEvent::ConnectRequested { id, request } = event else {
            return;
        };
        let connect = RtmpConnect::new(request.app(), IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7)));
        let answered = match self.logins.rtmp_connect(&self.users, &connect, self.now) {
            RtmpAnswer::Accept(accept) => {
                let mut reply = ConnectReply::new();
                if let Some(proof) = accept.proof {
                    reply.info = reply.info.with("authproof", proof.as_str());
                }
                session.accept_connect_with(id, reply, now)
            }
            RtmpAnswer::Reject(reject) => {
                let status = Status::new(StatusCode::CONNECT_REJECTED);
                session.reject(id, &status.with_description(&reject.description), now)
            }
            other => panic!("{other:?}"),
        };
        answered.expect("the request is open");
    }
}

/// One connection: what the client learns of its `connect`. Bytes travel 100 at a time.
fn connect(server: &mut Server, login: &RtmpClient) -> ClientEvent {
    let now = Instant::now();
    let url: RtmpUrl = "rtmp://127.0.0.1/live/test".parse().expect("a URL");
    let mut target = url.target(UrlStyle::Ffmpeg);
    target.tc_url = login.append_to(&target.tc_url);
    target.app = login.app();
    let mut client = ClientSession::new(ClientConfig::default(), [3; 32], now);
    let mut session = ServerSession::new(ServerConfig::default(), [4; 32], now);
    client
        .connect(ConnectOptions::new(&target), now)
        .expect("a new session");
    loop {
        let (up, down) = (take(client.output()), take(session.output()));
        assert!(
            !(up.is_empty() && down.is_empty()),
            "nobody has anything to say"
        );
        for piece in up.chunks(100) {
            session.handle_input(Bytes::copy_from_slice(piece), now);
            while let Some(event) = session.poll_event().expect("a good client") {
                server.answer(&mut session, event, now);
            }
        }
        client.handle_input(down, now);
        while let Some(event) = client.poll_event().expect("a good server") {
            if matches!(
                event,
                ClientEvent::Connected { .. } | ClientEvent::ConnectRejected { .. }
            ) {
                return event;
            }
        }
    }
}

fn take(output: &mut impl Buf) -> Bytes {
    output.copy_to_bytes(output.remaining())
}

/// Connects until the server accepts or the client gives up; the number of connections, and how
/// it ended.
fn log_in(server: &mut Server, login: &mut RtmpClient) -> (usize, Result<(), RtmpClientError>) {
    for connections in 1..10 {
        match connect(server, login) {
            ClientEvent::Connected { reply } => {
                let proof = reply.info.info().get("authproof").as_str();
                return (connections, login.handle_accept(proof));
            }
            ClientEvent::ConnectRejected { status, .. } => {
                if let Err(error) = login.handle_reject(status.description()) {
                    return (connections, Err(error));
                }
            }
            other => panic!("{other:?}"),
        }
    }
    panic!("a login that does not end");
}

fn alice(password: &str) -> RtmpClient {
    RtmpClient::new("live", "alice", &password.into(), [5; 32])
}

const MECHANISMS: [&str; 6] = [
    "adobe",
    "llnw",
    "red5",
    "cram-md5",
    "cram-sha256",
    "scram-sha-256",
];

#[test]
fn each_mechanism_logs_our_client_in_to_our_server() {
    for mechanism in MECHANISMS {
        let mut server = Server::new(mechanism);
        assert_eq!(
            log_in(&mut server, &mut alice("s3cr3t")),
            (3, Ok(())),
            "{mechanism}"
        );
    }
}

#[test]
fn each_mechanism_refuses_a_wrong_password() {
    for mechanism in MECHANISMS {
        let mut server = Server::new(mechanism);
        let refused = (3, Err(RtmpClientError::Refused));
        assert_eq!(
            log_in(&mut server, &mut alice("wrong")),
            refused,
            "{mechanism}"
        );
    }
}

/// The client with its answer in hand, one connection before it is in.
fn about_to_answer(server: &mut Server) -> RtmpClient {
    let mut login = alice("s3cr3t");
    for _ in 0..2 {
        let ClientEvent::ConnectRejected { status, .. } = connect(server, &login) else {
            panic!("in without a password");
        };
        login.handle_reject(status.description()).expect("a step");
    }
    login
}

#[test]
fn an_answer_serves_once_and_not_after_its_time() {
    for mechanism in MECHANISMS {
        let mut server = Server::new(mechanism);
        let login = about_to_answer(&mut server);
        let first = connect(&mut server, &login);
        assert!(
            matches!(first, ClientEvent::Connected { .. }),
            "{mechanism}: {first:?}"
        );
        let replay = connect(&mut server, &login);
        assert!(
            matches!(replay, ClientEvent::ConnectRejected { .. }),
            "{mechanism}"
        );

        let late = about_to_answer(&mut server);
        server.now = UnixTime::from_secs(server.now.as_secs() + 3600);
        let late = connect(&mut server, &late);
        assert!(
            matches!(late, ClientEvent::ConnectRejected { .. }),
            "{mechanism}"
        );
    }
}
