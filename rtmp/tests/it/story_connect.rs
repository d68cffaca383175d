//! Connecting, and all the ways in which it is refused or ends.

use std::time::Duration;

use bytes::{Buf, Bytes};
use weir_amf::{Document, Format};
use weir_rtmp::{
    Capabilities, CapsEx, ClientConfig, ClientEvent, CommandError, ConnectReply, Error,
    PeerMisbehaved, RequestId, ServerConfig, ServerEvent, Status, StatusCode,
};

use crate::pair::{Pair, options};

/// Makes the client ask, and leaves the answer to the caller.
fn ask_to_connect(pair: &mut Pair) -> RequestId {
    pair.accepts = false;
    pair.client.connect(options(), pair.now).unwrap();
    pair.run();
    let Some(ServerEvent::ConnectRequested { id, .. }) = pair.server_events.first() else {
        panic!("{:?}", pair.server_events);
    };
    *id
}

#[test]
fn the_server_hears_what_the_client_says() {
    let mut pair = Pair::new();
    let mut connect = options();
    connect.properties.set("pageUrl", "http://example.com/");
    connect.arguments.push("secret");
    pair.client.connect(connect, pair.now).unwrap();
    pair.run();
    let Some(ServerEvent::ConnectRequested { request, .. }) = pair.server_events.first() else {
        panic!("{:?}", pair.server_events);
    };
    assert_eq!((request.app(), request.app_name()), ("live", "live"));
    assert_eq!(request.tc_url(), Some("rtmp://example.com/live"));
    assert_eq!(request.page_url(), Some("http://example.com/"));
    assert_eq!(request.arguments().value(1), "secret");
    assert_eq!(request.object_encoding(), Format::Amf0);
    assert!(request.capabilities().caps_ex.contains(CapsEx::RECONNECT));
}

#[test]
fn the_query_of_app_or_else_of_tc_url_is_found() {
    for (app, tc_url, query) in [
        ("live?user=a&x=1", "rtmp://h/live", Some("user=a&x=1")),
        ("live", "rtmp://h/live?user=b", Some("user=b")),
        ("live?", "rtmp://h/live?user=b", Some("")),
        ("live/", "rtmp://h/live", None),
    ] {
        let mut pair = Pair::new();
        let mut connect = options();
        connect.properties.set("app", app);
        connect.properties.set("tcUrl", tc_url);
        pair.client.connect(connect, pair.now).unwrap();
        pair.run();
        let Some(ServerEvent::ConnectRequested { request, .. }) = pair.server_events.first() else {
            panic!("{:?}", pair.server_events);
        };
        assert_eq!((request.query(), request.app_name()), (query, "live"));
    }
}

#[test]
fn the_client_sees_an_edited_answer() {
    let mut pair = Pair::new();
    let id = ask_to_connect(&mut pair);
    let mut reply = ConnectReply::new();
    reply.properties.set("fmsVer", "WEIR/1,0");
    reply.info = reply
        .info
        .with("data", Document::object().with("version", "1"));
    pair.server
        .accept_connect_with(id, reply, pair.now)
        .unwrap();
    pair.run();
    let Some(ClientEvent::Connected { reply }) = pair.client_events.first() else {
        panic!("{:?}", pair.client_events);
    };
    assert_eq!(reply.properties.get("fmsVer"), "WEIR/1,0");
    assert_eq!(reply.info.code(), StatusCode::CONNECT_SUCCESS);
    assert_eq!(reply.info.info().get("data").get("version"), "1");
    assert_eq!(reply.capabilities(), Capabilities::relay());
}

#[test]
fn an_answer_that_nobody_edits_is_the_same_whichever_way_it_is_given() {
    for capabilities in [Capabilities::default(), Capabilities::relay()] {
        let answers = [false, true].map(|edited| {
            let mut config = ClientConfig::default();
            config.capabilities = capabilities.clone();
            let mut pair = Pair::with(config, ServerConfig::default());
            let id = ask_to_connect(&mut pair);
            let accepted = match edited {
                false => pair.server.accept_connect(id, pair.now),
                true => {
                    let reply = ConnectReply::new();
                    pair.server.accept_connect_with(id, reply, pair.now)
                }
            };
            accepted.unwrap();
            let output = pair.server.output();
            output.copy_to_bytes(output.remaining())
        });
        assert_eq!(answers[0], answers[1]);
    }
}

#[test]
fn what_an_edited_answer_says_of_e_rtmp_is_left_as_it_is() {
    let mut pair = Pair::new();
    let id = ask_to_connect(&mut pair);
    let mut reply = ConnectReply::new();
    reply.properties.set("capsEx", 1);
    reply.info = reply.info.with("objectEncoding", 3);
    pair.server
        .accept_connect_with(id, reply, pair.now)
        .unwrap();
    pair.run();
    let Some(ClientEvent::Connected { reply }) = pair.client_events.first() else {
        panic!("{:?}", pair.client_events);
    };
    assert_eq!(reply.capabilities().caps_ex, CapsEx::RECONNECT);
    let relay = Capabilities::relay();
    assert_eq!(reply.capabilities().four_cc_list, relay.four_cc_list);
    assert_eq!(reply.info.info().get("objectEncoding"), 3.0);
    assert_eq!(reply.properties.root().properties().count(), 7);
}

#[test]
fn a_client_that_says_nothing_of_e_rtmp_is_told_nothing() {
    let mut config = ClientConfig::default();
    config.capabilities = Capabilities::default();
    let mut pair = Pair::with(config, ServerConfig::default());
    pair.client.connect(options(), pair.now).unwrap();
    pair.run();
    assert!(!pair.server.peer_capabilities().is_enhanced());
    assert!(!pair.client.peer_capabilities().is_enhanced());
}

#[test]
fn a_rejection_reaches_the_client_word_by_word() {
    let mut pair = Pair::new();
    let id = ask_to_connect(&mut pair);
    let text = "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ";
    let status = Status::new(StatusCode::CONNECT_REJECTED).with_description(text);
    pair.server.reject(id, &status, pair.now).unwrap();
    pair.run();
    let [
        ClientEvent::ConnectRejected {
            status,
            redirect: None,
        },
        ClientEvent::Closed,
    ] = &pair.client_events[..]
    else {
        panic!("{:?}", pair.client_events);
    };
    assert_eq!(status.description(), text);
    assert_eq!(pair.server_events.last(), Some(&ServerEvent::Closed));
}

/// What a server said, and with which `app` the client came back: FFmpeg 5.1.9 and servers that want
/// `adobe` and `llnw`.
const RECORDED_LOGINS: [(&str, &str); 3] = [
    (
        "[ AccessManager.Reject ] : [ authmod=adobe ] : \
         ?reason=needauth&user=alice&salt=a47p3g==&challenge=wKDiPQ==",
        "live?authmod=adobe&user=alice&challenge=9ae3314d&response=jpm6Z+peLtFeZtXKIM9yqA==",
    ),
    (
        "[ AccessManager.Reject ] : [ authmod=llnw ] : \
         ?reason=needauth&user=streamer-01&nonce=2qNrSU6sp7MR",
        "myapp/inst?authmod=llnw&user=streamer-01&nonce=2qNrSU6sp7MR&cnonce=f2f943c1&nc=00000001\
         &response=c866e69f78782332004e81504d796b0b",
    ),
    (
        "[ AccessManager.Reject ] : [ authmod=adobe ] : \
         ?reason=needauth&user=x&salt=OnLzkw==&challenge=oaum7Q==&opaque=KNtmgg==",
        "app/a/b?authmod=adobe&user=x&challenge=12153431&response=qQKUebl9ke9MLbAM0Y8Wig==\
         &opaque=KNtmgg==",
    ),
];

/// Each step of a login is a connection; the caller makes the next query of what the event says.
#[test]
fn a_login_goes_on_in_new_sessions_with_the_callers_query() {
    for (challenge, last_app) in RECORDED_LOGINS {
        let (app, last_query) = last_app.split_once('?').unwrap();
        let (authmod, _) = last_query.split_once("&challenge").unwrap_or_else(|| {
            last_query
                .split_once("&nonce")
                .expect("a challenge or a nonce")
        });
        let scheme = if last_query.contains("llnw") {
            "llnw"
        } else {
            "adobe"
        };
        let need =
            format!("[ AccessManager.Reject ] : [ code=403 need auth; authmod={scheme} ] : ");
        let steps = [
            ("", Some(&*need)),
            (authmod, Some(challenge)),
            (last_query, None),
        ];
        for (query, refusal) in steps {
            let mut target = "rtmp://example.com/app/show"
                .parse::<weir_rtmp::RtmpUrl>()
                .unwrap()
                .target(weir_rtmp::UrlStyle::Ffmpeg);
            target.app = app.to_owned();
            if !query.is_empty() {
                target.app = format!("{app}?{query}");
            }
            target.tc_url = format!("rtmp://example.com/{}", target.app);
            let mut pair = Pair::new();
            pair.accepts = refusal.is_none();
            pair.client
                .connect(weir_rtmp::ConnectOptions::new(&target), pair.now)
                .unwrap();
            pair.run();
            let Some(ServerEvent::ConnectRequested { id, request }) = pair.server_events.first()
            else {
                panic!("{:?}", pair.server_events);
            };
            assert_eq!(request.app_name(), app);
            assert_eq!(request.query().unwrap_or_default(), query);
            let Some(refusal) = refusal else {
                let connected = matches!(pair.client_events[..], [ClientEvent::Connected { .. }]);
                assert!(connected, "{:?}", pair.client_events);
                continue;
            };
            let status = Status::new(StatusCode::CONNECT_REJECTED).with_description(refusal);
            pair.server.reject(*id, &status, pair.now).unwrap();
            pair.run();
            let [
                ClientEvent::ConnectRejected { status, .. },
                ClientEvent::Closed,
            ] = &pair.client_events[..]
            else {
                panic!("{:?}", pair.client_events);
            };
            assert_eq!(status.description(), refusal);
        }
    }
}

#[test]
fn a_redirect_names_the_other_server() {
    let mut pair = Pair::new();
    let id = ask_to_connect(&mut pair);
    pair.server
        .redirect(id, "rtmp://other/live", pair.now)
        .unwrap();
    pair.run();
    let Some(ClientEvent::ConnectRejected { redirect, .. }) = pair.client_events.first() else {
        panic!("{:?}", pair.client_events);
    };
    assert_eq!(redirect.as_deref(), Some("rtmp://other/live"));
}

#[test]
fn nothing_is_parsed_behind_an_unanswered_connect() {
    let mut pair = Pair::new();
    pair.accepts = false;
    pair.client.connect(options(), pair.now).unwrap();
    pair.run();
    let id = match &pair.server_events[..] {
        [ServerEvent::ConnectRequested { id, .. }] => *id,
        events => panic!("{events:?}"),
    };
    // The chunk size the client sent behind connect.
    assert!(!pair.server.wants_input(), "input waits");
    assert_eq!(pair.server.poll_event(), Ok(None));
    pair.server.accept_connect(id, pair.now).unwrap();
    assert_eq!(pair.server.poll_event(), Ok(None));
    assert!(pair.server.wants_input());
}

#[test]
fn a_request_is_answered_once_and_in_kind() {
    let mut pair = Pair::new();
    pair.accepts = false;
    pair.client.connect(options(), pair.now).unwrap();
    pair.run();
    let id = match &pair.server_events[..] {
        [ServerEvent::ConnectRequested { id, .. }] => *id,
        events => panic!("{events:?}"),
    };
    let wrong = pair.server.accept_publish(id, pair.now);
    assert_eq!(wrong, Err(CommandError::WrongAnswer { id }));
    pair.server.accept_connect(id, pair.now).unwrap();
    let again = pair.server.accept_connect(id, pair.now);
    assert_eq!(again, Err(CommandError::UnknownRequest { id }));
}

#[test]
fn a_reconnect_request_leaves_the_connection_open() {
    let mut pair = Pair::connected();
    pair.server
        .request_reconnect(Some("rtmp://new/live"), "maintenance", pair.now)
        .unwrap();
    pair.run();
    let [
        ClientEvent::ReconnectRequested {
            tc_url,
            description,
        },
    ] = &pair.client_events[..]
    else {
        panic!("{:?}", pair.client_events);
    };
    assert_eq!(tc_url.as_deref(), Some("rtmp://new/live"));
    assert_eq!(description, "maintenance");
}

#[test]
fn a_server_that_shuts_down_says_so() {
    let mut pair = Pair::connected();
    let status = Status::new(StatusCode::CONNECT_APP_SHUTDOWN);
    pair.server.close(&status, pair.now).unwrap();
    pair.poll_server();
    assert_eq!(pair.server_events, [ServerEvent::Closed]);
    assert_eq!(
        pair.server.close(&status, pair.now),
        Err(CommandError::Ended)
    );
    pair.run();
    let [ClientEvent::Status { status, .. }, ClientEvent::Closed] = &pair.client_events[..] else {
        panic!("{:?}", pair.client_events);
    };
    assert_eq!(status.code(), StatusCode::CONNECT_APP_SHUTDOWN);
}

#[test]
fn the_end_of_the_bytes_closes_both_sides_once() {
    let mut pair = Pair::connected();
    pair.server.handle_eof(pair.now);
    pair.client.handle_eof(pair.now);
    for _ in 0..3 {
        pair.poll_server();
        pair.poll_client();
    }
    assert_eq!(pair.server_events, [ServerEvent::Closed]);
    assert_eq!(pair.client_events, [ClientEvent::Closed]);
}

#[test]
fn a_peer_that_never_connects_is_given_up() {
    let mut pair = Pair::new();
    let limit = ServerConfig::default().handshake_timeout;
    assert_eq!(pair.server.poll_timeout(), Some(pair.now + limit));
    pair.pass(limit);
    let error = Error::from(PeerMisbehaved::NotConnected { limit });
    assert_eq!(pair.server.poll_event(), Err(error.clone()));
    assert_eq!(pair.server.poll_event(), Err(error), "the error is sticky");
    assert_eq!(pair.server.poll_timeout(), None);
}

#[test]
fn a_silent_client_gets_pings_and_is_then_given_up() {
    let mut pair = Pair::connected();
    let config = ServerConfig::default();
    let connected_at = pair.now;
    // Nothing is carried to the client, so nothing comes back.
    let mut pings = 0;
    let error = loop {
        let next = pair.server.poll_timeout().expect("a timer runs");
        assert!(next > pair.now, "a fired timer advances");
        pair.now = next;
        pair.server.handle_timeout(pair.now);
        match pair.server.poll_event() {
            Ok(None) => pings += 1,
            Ok(Some(event)) => panic!("{event:?}"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.status_hint(), StatusCode::CONNECT_IDLE_TIMEOUT);
    assert_eq!(pings, 2);
    pair.run_client_only();
    let Some(ClientEvent::Status { status, .. }) = pair.client_events.last() else {
        panic!("{:?}", pair.client_events);
    };
    assert_eq!(status.code(), StatusCode::CONNECT_IDLE_TIMEOUT);
    let silent = config.idle_timeout;
    assert_eq!(error, PeerMisbehaved::Idle { silent }.into());
    assert_eq!(pair.now, connected_at + silent);
}

#[test]
fn a_client_that_answers_pings_stays_and_its_distance_is_known() {
    let mut pair = Pair::connected();
    assert_eq!(pair.server.round_trip(), None);
    for _ in 0..10 {
        pair.pass(ServerConfig::default().ping_interval);
        let mut ping = Vec::new();
        crate::accepting::drain(pair.server.output(), &mut ping);
        pair.now += Duration::from_millis(80);
        pair.client.handle_input(Bytes::from(ping), pair.now);
        pair.poll_client();
        pair.run();
    }
    assert_eq!(pair.server.round_trip(), Some(Duration::from_millis(80)));
    assert!(pair.client_events.is_empty(), "{:?}", pair.client_events);
}

#[test]
fn the_applications_own_time_is_not_the_clients_silence() {
    let mut pair = Pair::new();
    pair.accepts = false;
    pair.client.connect(options(), pair.now).unwrap();
    pair.run();
    pair.pass(Duration::from_secs(3600));
    assert_eq!(pair.server.poll_event(), Ok(None));
    assert_eq!(pair.server.poll_timeout(), None);
}

#[cfg(feature = "rtmpe")]
#[test]
fn a_server_that_does_not_want_rtmpe_answers_in_clear() {
    let mut config = ServerConfig::default();
    config.rtmpe = false;
    let mut client = ClientConfig::default();
    client.handshake = weir_rtmp::handshake::HandshakeKind::Encrypted;
    let mut pair = Pair::with(client, config);
    let mut bytes = Vec::new();
    crate::accepting::drain(pair.client.output(), &mut bytes);
    pair.server.handle_input(bytes.clone().into(), pair.now);
    pair.poll_server();
    bytes.clear();
    crate::accepting::drain(pair.server.output(), &mut bytes);
    assert_eq!(bytes[0], 3, "the version of RTMP");
    pair.client.handle_input(bytes.into(), pair.now);
    let refused = PeerMisbehaved::HandshakeVersion { got: 3 };
    assert_eq!(pair.client.poll_event(), Err(refused.into()));
}

#[cfg(feature = "rtmpe")]
#[test]
fn an_encrypted_connection_carries_the_same_commands() {
    let mut config = ClientConfig::default();
    config.handshake = weir_rtmp::handshake::HandshakeKind::Encrypted;
    let mut pair = Pair::with(config, ServerConfig::default());
    let mut hello = Vec::new();
    crate::accepting::drain(pair.client.output(), &mut hello);
    assert_eq!(hello[0], 6, "the version of RTMPE");
    pair.server.handle_input(hello.into(), pair.now);
    pair.poll_server();
    let mut pair = pair.connect();
    pair.client
        .publish("show", weir_rtmp::PublishKind::Live, pair.now)
        .unwrap();
    pair.run();
    assert!(matches!(
        pair.client_events.last(),
        Some(ClientEvent::PublishStarted { .. })
    ));
}
