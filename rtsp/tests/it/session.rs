//! Stories of a server and a client session.

use std::time::Duration;

use bytes::Bytes;
use weir_rtsp::{
    Class, ClientConfig, ClientEvent, EndReason, Limits, PlayAnswer, ServerConfig, ServerEvent,
    ServerSession, SetupAnswer, TrackSetup, TransportPolicy, WarningCode,
    header::{Range, Transport},
    message::{Method, StatusCode},
    rtp::{RtpTime, SenderClock},
    sdp::{Description, Fmtp, Format, Media},
};

use crate::pair::{Pair, asked, client, drain, said, server};

/// RTP packet 1 of payload type 96, timestamp 9.
const PACKET: Bytes = Bytes::from_static(&[
    0x80, 96, 0, 1, 0, 0, 0, 9, 1, 2, 3, 4, 0x65, 0x88, 0x80, 0x40,
]);

fn description() -> Description<'static> {
    let mut sdp = Description::new("camera", 7);
    let video = Format::new(96, "H264", 90_000).with_fmtp(Fmtp::from("packetization-mode=1"));
    let audio = Format::new(97, "opus", 48_000).with_channels(2);
    sdp.media.push(Media::new("video", &video, "trackID=0"));
    sdp.media.push(Media::new("audio", &audio, "trackID=1"));
    sdp
}

/// An application that accepts everything.
fn accept(server: &mut ServerSession, event: &ServerEvent) {
    match event {
        ServerEvent::DescribeRequested { id, .. } => {
            server.accept_describe(*id, &description()).unwrap();
        }
        ServerEvent::AnnounceRequested { id, .. } => {
            server.accept_announce(*id).unwrap();
        }
        ServerEvent::SetupRequested { id, transport, .. } => {
            let port = 6000 + 2 * u16::try_from(server.tracks().count()).unwrap();
            let mut answer = SetupAnswer::new(90_000);
            if transport.is_udp() {
                answer = answer.with_ports(port, port + 1);
            }
            server.accept_setup(*id, answer).unwrap();
        }
        ServerEvent::PlayRequested { id, .. } => {
            server.accept_play(*id, PlayAnswer::default()).unwrap();
        }
        ServerEvent::RecordRequested { id, .. } => {
            server.accept_record(*id).unwrap();
        }
        ServerEvent::PauseRequested { id, .. } => {
            server.accept_pause(*id).unwrap();
        }
        ServerEvent::ParametersRequested { id, .. } => {
            server.accept_parameters(*id).unwrap().body = Bytes::from_static(b"jitter: 3\r\n");
        }
        _ => {}
    }
}

/// Describes, sets up both tracks and plays.
pub(crate) fn play(pair: &mut Pair) -> Vec<ClientEvent> {
    let now = pair.now;
    pair.client.describe(now).unwrap();
    let (_, events) = pair.run(accept);
    let Some(ClientEvent::Described { sdp, base, .. }) = events.first() else {
        panic!("{events:?}");
    };
    assert_eq!(base, "rtsp://127.0.0.1:8554/camera/");
    let sdp = Description::parse(sdp, &Limits::default());
    for (at, media) in sdp.media.iter().enumerate() {
        let format = media.format().unwrap();
        let mut setup = TrackSetup::new(format.clock_rate);
        if let Some((rtp, rtcp)) = pair.client_ports.get(at) {
            setup = setup.with_ports(*rtp, *rtcp);
        }
        pair.client.setup(media.control(), setup, now).unwrap();
    }
    pair.client
        .play(Some(Range::npt(Duration::ZERO, None)), now)
        .unwrap();
    pair.run(accept).1
}

pub(crate) fn udp_pair(policy: TransportPolicy, server_config: ServerConfig) -> Pair {
    let mut config = ClientConfig::default();
    config.transport = policy;
    let mut pair = Pair::new(server_config, config);
    pair.client_ports = vec![(7000, 7001), (7002, 7003)];
    pair.server_ports = vec![(6000, 6001), (6002, 6003)];
    pair
}

fn packets(events: &[ClientEvent]) -> Vec<&Bytes> {
    let packets = events.iter().filter_map(|event| match event {
        ClientEvent::Rtp { packet, .. } => Some(packet),
        _ => None,
    });
    packets.collect()
}

#[test]
fn a_client_describes_sets_up_and_plays_over_the_connection() {
    let mut pair = Pair::new(ServerConfig::default(), ClientConfig::default());
    let events = play(&mut pair);
    let [
        ClientEvent::SetUp { transport, .. },
        ClientEvent::SetUp {
            transport: second, ..
        },
        ClientEvent::Playing { range, .. },
    ] = events.as_slice()
    else {
        panic!("{events:?}");
    };
    assert_eq!(transport.interleaved, Some((0, Some(1))));
    assert_eq!(second.interleaved, Some((2, Some(3))));
    assert_eq!(range.as_deref(), Some(&Range::NOW));
    let track = pair.server.tracks().next().unwrap();
    pair.server
        .send_rtp(track, PACKET, Class::Keyframe, pair.now)
        .unwrap();
    assert_eq!(packets(&pair.run(accept).1), [&PACKET]);
}

#[test]
fn tracks_over_udp_carry_packets_both_ways() {
    let mut pair = udp_pair(TransportPolicy::Udp, ServerConfig::default());
    let events = play(&mut pair);
    let Some(ClientEvent::SetUp { transport, .. }) = events.first() else {
        panic!("{events:?}")
    };
    assert_eq!(transport.server_port, Some((6000, Some(6001))));
    let track = pair.server.tracks().nth(1).unwrap();
    pair.server
        .send_rtp(track, PACKET, Class::Audio, pair.now)
        .unwrap();
    assert_eq!(packets(&pair.run(accept).1), [&PACKET]);
    // The receiver reports what it heard.
    pair.now += Duration::from_secs(10);
    pair.client.handle_timeout(pair.now);
    let (at_server, _) = pair.run(accept);
    assert!(
        at_server
            .iter()
            .any(|e| matches!(e, ServerEvent::Rtcp { track: t, .. } if *t == track))
    );
}

#[test]
fn a_datagram_from_a_stranger_is_dropped_and_reported_once() {
    let mut pair = udp_pair(TransportPolicy::Udp, ServerConfig::default());
    play(&mut pair);
    let track = pair.server.tracks().next().unwrap();
    let channel = weir_rtsp::Channel {
        track,
        kind: weir_rtsp::ChannelKind::Rtp,
    };
    for _ in 0..3 {
        pair.client
            .handle_datagram(channel, "10.0.0.9:6000".parse().unwrap(), PACKET, pair.now);
    }
    let (_, events) = pair.run(accept);
    assert!(packets(&events).is_empty());
    let warnings = events
        .iter()
        .filter(|event| matches!(event, ClientEvent::Warning(_)));
    assert_eq!(warnings.count(), 1, "{events:?}");
}

#[test]
fn a_server_without_udp_makes_the_client_fall_back() {
    let mut config = ServerConfig::default();
    config.allow_udp = false;
    let mut pair = udp_pair(TransportPolicy::UdpThenTcp, config);
    let events = play(&mut pair);
    let tcp = |event: &&ClientEvent| matches!(event, ClientEvent::SetUp { transport, .. } if transport.is_tcp());
    assert_eq!(events.iter().filter(tcp).count(), 2, "{events:?}");
    assert!(
        matches!(events.last(), Some(ClientEvent::Playing { .. })),
        "{events:?}"
    );
}

#[test]
fn silence_over_udp_makes_the_client_set_up_again_over_tcp() {
    let mut pair = udp_pair(TransportPolicy::UdpThenTcp, ServerConfig::default());
    play(&mut pair);
    pair.now += Duration::from_secs(3);
    pair.client.handle_timeout(pair.now);
    let (at_server, events) = pair.run(accept);
    assert!(
        matches!(events.first(), Some(ClientEvent::Silent)),
        "{events:?}"
    );
    assert!(
        matches!(events.last(), Some(ClientEvent::Playing { .. })),
        "{events:?}"
    );
    let torn_down = ServerEvent::Ended {
        reason: EndReason::Teardown,
    };
    assert!(at_server.contains(&torn_down), "{at_server:?}");
    let track = pair.server.tracks().next().unwrap();
    pair.server
        .send_rtp(track, PACKET, Class::Keyframe, pair.now)
        .unwrap();
    assert_eq!(packets(&pair.run(accept).1), [&PACKET]);
}

#[test]
fn a_client_announces_and_records() {
    let mut pair = Pair::new(ServerConfig::default(), ClientConfig::default());
    let now = pair.now;
    pair.client.announce(&description(), now).unwrap();
    let (_, track) = pair
        .client
        .setup(Some("trackID=0"), TrackSetup::new(90_000), now)
        .unwrap();
    pair.client
        .setup(Some("trackID=1"), TrackSetup::new(48_000), now)
        .unwrap();
    pair.client.record(now).unwrap();
    let (at_server, events) = pair.run(accept);
    let Some(ServerEvent::AnnounceRequested { request, .. }) = at_server.first() else {
        panic!("{at_server:?}");
    };
    let sdp = Description::parse(&request.body, &Limits::default());
    assert_eq!(sdp.to_string(), description().to_string());
    assert!(at_server.iter().any(|event| {
        matches!(event, ServerEvent::SetupRequested { transport, .. } if transport.is_record())
    }));
    assert!(
        matches!(events.last(), Some(ClientEvent::Recording { .. })),
        "{events:?}"
    );
    pair.client
        .send_rtp(track, PACKET, Class::Keyframe, now)
        .unwrap();
    let (at_server, _) = pair.run(accept);
    assert!(matches!(&at_server[..], [ServerEvent::Rtp { packet, .. }] if *packet == PACKET));
    pair.client.teardown(now).unwrap();
    let (at_server, events) = pair.run(accept);
    assert!(
        at_server.contains(&ServerEvent::EndOfStream),
        "{at_server:?}"
    );
    assert!(
        matches!(events.last(), Some(ClientEvent::TornDown { .. })),
        "{events:?}"
    );
}

#[test]
fn an_unanswered_request_holds_back_responses_but_no_requests() {
    let (mut server, now) = server(ServerConfig::default());
    let text = "DESCRIBE rtsp://h/a RTSP/1.0\r\nCSeq: 1\r\n\r\n\
        OPTIONS * RTSP/1.0\r\nCSeq: 2\r\n\r\n\
        DESCRIBE rtsp://h/b RTSP/1.0\r\nCSeq: 3\r\n\r\n";
    server.handle_input(Bytes::from_static(text.as_bytes()), now);
    let mut ids = Vec::new();
    while let Some(ServerEvent::DescribeRequested { id, .. }) = server.poll_event().unwrap() {
        ids.push(id);
    }
    assert_eq!(said(&mut server), "");
    server.accept_describe(ids[1], &description()).unwrap();
    assert_eq!(said(&mut server), "");
    server.reject(ids[0], StatusCode::NOT_FOUND).unwrap();
    let said = said(&mut server);
    let order: Vec<_> = said
        .lines()
        .filter(|line| line.starts_with("CSeq"))
        .collect();
    assert_eq!(order, ["CSeq: 1", "CSeq: 2", "CSeq: 3"]);
}

#[test]
fn a_hundred_pipelined_requests_are_answered_in_one_go() {
    let (mut server, now) = server(ServerConfig::default());
    let text: String = (1..=100)
        .map(|cseq| format!("OPTIONS * RTSP/1.0\r\nCSeq: {cseq}\r\n\r\n"))
        .collect();
    server.handle_input(Bytes::from(text), now);
    assert_eq!(server.poll_event(), Ok(None));
    assert_eq!(said(&mut server).matches("200 OK").count(), 100);
}

#[test]
fn a_server_stops_reading_while_too_many_requests_wait() {
    let (mut server, now) = server(ServerConfig::default());
    let text: String = (1..=40)
        .map(|cseq| format!("DESCRIBE rtsp://h/a RTSP/1.0\r\nCSeq: {cseq}\r\n\r\n"))
        .collect();
    server.handle_input(Bytes::from(text), now);
    let mut ids = Vec::new();
    while let Some(ServerEvent::DescribeRequested { id, .. }) = server.poll_event().unwrap() {
        ids.push(id);
    }
    assert_eq!((ids.len(), server.wants_input()), (32, false));
    for id in ids {
        server.reject(id, StatusCode::NOT_FOUND).unwrap();
    }
    assert_eq!(said(&mut server).matches("404").count(), 32);
    assert!(matches!(
        server.poll_event(),
        Ok(Some(ServerEvent::DescribeRequested { .. }))
    ));
    assert!(server.wants_input() || server.poll_event().is_ok());
}

#[test]
fn setups_and_play_sent_before_any_answer_are_served() {
    let (mut server, now) = server(ServerConfig::default());
    let text = "SETUP rtsp://h/a/0 RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n\
        SETUP rtsp://h/a/1 RTSP/1.0\r\nCSeq: 2\r\nTransport: RTP/AVP/TCP;interleaved=2-3\r\n\r\n\
        PLAY rtsp://h/a RTSP/1.0\r\nCSeq: 3\r\n\r\n";
    server.handle_input(Bytes::from_static(text.as_bytes()), now);
    let mut events = Vec::new();
    while let Some(event) = server.poll_event().unwrap() {
        events.push(event);
    }
    assert_eq!(events.len(), 3, "{events:?}");
    for event in &events {
        accept(&mut server, event);
    }
    assert_eq!(said(&mut server).matches("RTSP/1.0 200 OK").count(), 3);
}

#[test]
fn a_play_behind_a_refused_setup_is_refused() {
    let (mut server, now) = server(ServerConfig::default());
    let text = "SETUP rtsp://h/a/0 RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n\
        PLAY rtsp://h/a RTSP/1.0\r\nCSeq: 2\r\n\r\n";
    server.handle_input(Bytes::from_static(text.as_bytes()), now);
    let Ok(Some(ServerEvent::SetupRequested { id, .. })) = server.poll_event() else {
        panic!()
    };
    let Ok(Some(ServerEvent::PlayRequested { id: play, .. })) = server.poll_event() else {
        panic!()
    };
    server.reject(id, StatusCode::NOT_FOUND).unwrap();
    let error = server.accept_play(play, PlayAnswer::default()).map(|_| ());
    assert_eq!(error, Err(weir_rtsp::CommandError::WrongState));
    let said = said(&mut server);
    assert!(
        said.contains("404 Not Found\r\nCSeq: 1") && said.contains("455 "),
        "{said}"
    );
}

#[test]
fn the_application_can_edit_an_answer_before_it_goes_out() {
    let (mut server, now) = server(ServerConfig::default());
    let text = "DESCRIBE rtsp://h/a RTSP/1.0\r\nCSeq: 1\r\n\r\n";
    server.handle_input(Bytes::from_static(text.as_bytes()), now);
    let Ok(Some(ServerEvent::DescribeRequested { id, .. })) = server.poll_event() else {
        panic!()
    };
    let response = server.reject(id, StatusCode::UNAUTHORIZED).unwrap();
    response
        .headers
        .push("WWW-Authenticate", "Digest realm=\"a\", nonce=\"b\"");
    response
        .headers
        .push("WWW-Authenticate", "Basic realm=\"a\"");
    assert_eq!(
        said(&mut server),
        "RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nServer: weir\r\n\
         WWW-Authenticate: Digest realm=\"a\", nonce=\"b\"\r\n\
         WWW-Authenticate: Basic realm=\"a\"\r\n\r\n"
    );
}

#[test]
fn every_request_asks_for_credentials_after_the_first_401() {
    let (mut client, now) = client(ClientConfig::default());
    client.describe(now).unwrap();
    let first = asked(&mut client);
    assert!(
        !first.contains("Authorization") && !first.contains("secret"),
        "{first}"
    );
    let refusal = "RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\n\
        WWW-Authenticate: Digest realm=\"a\", nonce=\"n\", algorithm=SHA-256, qop=\"auth\"\r\n\
        WWW-Authenticate: Basic realm=\"a\"\r\n\r\n";
    client.handle_input(Bytes::from_static(refusal.as_bytes()), now);
    let Ok(Some(ClientEvent::AuthorizationWanted {
        id,
        method,
        uri,
        challenges,
    })) = client.poll_event()
    else {
        panic!()
    };
    assert_eq!(
        (method, uri.as_str()),
        (Method::DESCRIBE, "rtsp://127.0.0.1:8554/camera")
    );
    assert_eq!(challenges.len(), 2);
    assert_eq!(asked(&mut client), "");
    client.authorize(id, "Digest response=\"x\"", now).unwrap();
    let second = asked(&mut client);
    assert!(second.contains("CSeq: 2\r\n"), "{second}");
    assert!(
        second.contains("\r\nAuthorization: Digest response=\"x\"\r\n"),
        "{second}"
    );
    client.handle_input(
        Bytes::from_static(b"RTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n"),
        now,
    );
    assert!(matches!(
        client.poll_event(),
        Ok(Some(ClientEvent::Described { .. }))
    ));
    client.options(now).unwrap();
    let event = client.poll_event();
    assert!(
        matches!(&event, Ok(Some(ClientEvent::AuthorizationWanted { challenges, .. })) if challenges.is_empty()),
        "{event:?}"
    );
    client.set_authorization(Some("Basic dXNlcjpwYXNz".into()), now);
    assert!(asked(&mut client).contains("\r\nAuthorization: Basic dXNlcjpwYXNz\r\n"));
}

#[test]
fn a_request_refused_three_times_is_given_up() {
    let (mut client, now) = client(ClientConfig::default());
    client.describe(now).unwrap();
    for cseq in 1..=3 {
        asked(&mut client);
        let refusal = format!(
            "RTSP/1.0 401 Unauthorized\r\nCSeq: {cseq}\r\nWWW-Authenticate: Digest nonce=\"{cseq}\"\r\n\r\n"
        );
        client.handle_input(Bytes::from(refusal), now);
        match client.poll_event().unwrap().unwrap() {
            ClientEvent::AuthorizationWanted { id, .. } if cseq < 3 => {
                client.authorize(id, "Digest x", now).unwrap();
            }
            ClientEvent::Refused { response, .. } if cseq == 3 => {
                assert_eq!(response.status, StatusCode::UNAUTHORIZED);
            }
            event => panic!("{event:?}"),
        }
    }
}

#[test]
fn a_keep_alive_is_sent_before_the_session_times_out() {
    let mut pair = Pair::new(ServerConfig::default(), ClientConfig::default());
    play(&mut pair);
    pair.now += Duration::from_secs(29);
    pair.client.handle_timeout(pair.now);
    assert!(!asked(&mut pair.client).contains("OPTIONS"));
    pair.now += Duration::from_secs(1);
    pair.client.handle_timeout(pair.now);
    let text = asked(&mut pair.client);
    assert!(
        text.contains("OPTIONS rtsp://127.0.0.1:8554/camera/ RTSP/1.0\r\n"),
        "{text}"
    );
    assert!(text.contains("\r\nSession: "), "{text}");
    assert!(!text.contains("timeout"), "{text}");
}

#[test]
fn a_silent_udp_session_times_out_and_one_over_tcp_does_not() {
    let mut pair = udp_pair(TransportPolicy::Udp, ServerConfig::default());
    play(&mut pair);
    pair.server
        .handle_timeout(pair.now + Duration::from_secs(60));
    let ended = ServerEvent::Ended {
        reason: EndReason::Timeout,
    };
    assert_eq!(pair.server.poll_event(), Ok(Some(ended)));
    let mut pair = Pair::new(ServerConfig::default(), ClientConfig::default());
    play(&mut pair);
    pair.server
        .handle_timeout(pair.now + Duration::from_secs(600));
    assert_eq!(pair.server.poll_event(), Ok(None));
}

#[test]
fn a_sender_report_precedes_the_first_packet_of_a_track_with_a_clock() {
    let mut pair = Pair::new(ServerConfig::default(), ClientConfig::default());
    play(&mut pair);
    let track = pair.server.tracks().next().unwrap();
    let clock = SenderClock::new(RtpTime::new(9), pair.now, 90_000);
    pair.server.set_sender_clock(track, clock).unwrap();
    pair.server
        .send_rtp(track, PACKET, Class::Keyframe, pair.now)
        .unwrap();
    let (_, events) = pair.run(accept);
    let [ClientEvent::Rtcp { packet, .. }, ClientEvent::Rtp { .. }] = &events[..] else {
        panic!("{events:?}");
    };
    // SR of SSRC 01020304, NTP time 1800000000 s after 1970, RTP time 9.
    assert_eq!(packet[..8], [0x80, 200, 0, 6, 1, 2, 3, 4]);
    assert_eq!(
        packet[8..12],
        (1_800_000_000_u64 + 2_208_988_800).to_be_bytes()[4..]
    );
    assert_eq!(packet[16..20], [0, 0, 0, 9]);
}

#[test]
fn media_before_the_answer_to_play_is_delivered() {
    let (mut client, now) = client(ClientConfig::default());
    client
        .setup(Some("trackID=1"), TrackSetup::new(90_000), now)
        .unwrap();
    client.play(None, now).unwrap();
    let text = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nSession: 9a; timeout=65\r\n\
        Transport: RTP/AVP/TCP;unicast;interleaved=4-5\r\n\r\n";
    client.handle_input(Bytes::from_static(text), now);
    assert!(matches!(
        client.poll_event(),
        Ok(Some(ClientEvent::SetUp { .. }))
    ));
    client.handle_input(Bytes::from_static(b"$\x04\0\x10"), now);
    client.handle_input(PACKET, now);
    let mut events = std::iter::from_fn(|| client.poll_event().unwrap());
    let moved = events.next();
    assert!(
        matches!(&moved, Some(ClientEvent::Warning(w)) if w.code == WarningCode::ChannelsMoved),
        "{moved:?}"
    );
    let event = events.next();
    assert!(
        matches!(&event, Some(ClientEvent::Rtp { packet, .. }) if *packet == PACKET),
        "{event:?}"
    );
    let early = events.next();
    assert!(
        matches!(&early, Some(ClientEvent::Warning(w)) if w.code == WarningCode::EarlyData),
        "{early:?}"
    );
}

#[test]
fn a_response_without_cseq_answers_the_oldest_request() {
    let (mut client, now) = client(ClientConfig::default());
    client.options(now).unwrap();
    client.handle_input(
        Bytes::from_static(b"RTSP/1.0 200 OK\r\nPublic: PLAY\r\n\r\n"),
        now,
    );
    let event = client.poll_event();
    assert!(
        matches!(&event, Ok(Some(ClientEvent::Options { public, .. })) if public == &[Method::PLAY]),
        "{event:?}"
    );
}

#[test]
fn a_redirect_is_an_event_whoever_asks_for_it() {
    let (mut client, now) = client(ClientConfig::default());
    client.describe(now).unwrap();
    let text = "RTSP/1.0 302 Moved Temporarily\r\nCSeq: 1\r\nLocation: rtsp://10.0.0.2/x\r\n\r\n\
        REDIRECT rtsp://h/a RTSP/1.0\r\nCSeq: 9\r\nLocation: rtsp://10.0.0.3/x\r\n\r\n";
    client.handle_input(Bytes::from_static(text.as_bytes()), now);
    for host in ["2", "3"] {
        let location = format!("rtsp://10.0.0.{host}/x");
        assert_eq!(
            client.poll_event(),
            Ok(Some(ClientEvent::Redirected { location }))
        );
    }
    assert!(asked(&mut client).ends_with("RTSP/1.0 200 OK\r\nCSeq: 9\r\n\r\n"));
}

#[test]
fn the_server_learns_what_its_own_requests_were_answered() {
    let mut pair = Pair::new(ServerConfig::default(), ClientConfig::default());
    play(&mut pair);
    let request = weir_rtsp::message::Request::new(Method::OPTIONS, "*");
    let id = pair.server.send_request(request, pair.now);
    let (at_server, _) = pair.run(accept);
    let [
        ServerEvent::Answered {
            id: answered,
            response,
        },
    ] = &at_server[..]
    else {
        panic!("{at_server:?}");
    };
    assert_eq!((*answered, response.status), (id, StatusCode::OK));
}

#[test]
fn a_drop_leaves_whole_frames_and_waits_for_a_keyframe() {
    let mut pair = Pair::new(ServerConfig::default(), ClientConfig::default());
    play(&mut pair);
    let track = pair.server.tracks().next().unwrap();
    let packet = |timestamp: u8| {
        let mut packet = PACKET.to_vec();
        packet[7] = timestamp;
        Bytes::from(packet)
    };
    let now = pair.now;
    let send = |pair: &mut Pair, timestamp, class| {
        pair.server
            .send_rtp(track, packet(timestamp), class, now)
            .unwrap();
    };
    send(&mut pair, 1, Class::Interframe);
    send(&mut pair, 2, Class::Keyframe);
    send(&mut pair, 2, Class::Keyframe);
    send(&mut pair, 3, Class::Interframe);
    assert_eq!(pair.server.queue().drop_to_keyframe().messages, 1);
    let (_, events) = pair.run(accept);
    assert_eq!(
        packets(&events).iter().map(|p| p[7]).collect::<Vec<_>>(),
        [2, 2, 3]
    );
    send(&mut pair, 4, Class::Interframe);
    assert_eq!(pair.server.queue().drop_to_keyframe().messages, 1);
    send(&mut pair, 5, Class::Interframe);
    send(&mut pair, 6, Class::Keyframe);
    let (_, events) = pair.run(accept);
    assert_eq!(
        packets(&events).iter().map(|p| p[7]).collect::<Vec<_>>(),
        [6]
    );
}

#[test]
fn a_multicast_track_is_told_its_group() {
    let mut config = ServerConfig::default();
    config.allow_multicast = true;
    let (mut server, now) = server(config);
    let text = "SETUP rtsp://h/a/0 RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP;multicast\r\n\r\n";
    server.handle_input(Bytes::from_static(text.as_bytes()), now);
    let Ok(Some(ServerEvent::SetupRequested { id, .. })) = server.poll_event() else {
        panic!()
    };
    let group = weir_rtsp::MulticastGroup {
        address: "239.1.2.3".parse().unwrap(),
        ports: (5000, 5001),
        ttl: 16,
    };
    server
        .accept_setup(id, SetupAnswer::new(90_000).with_group(group))
        .unwrap();
    let said = said(&mut server);
    let transport = said
        .lines()
        .find_map(|line| line.strip_prefix("Transport: "))
        .unwrap();
    let transport: Transport = transport.parse().unwrap();
    assert!(transport.multicast && !transport.unicast);
    assert_eq!(transport.destination.as_deref(), Some("239.1.2.3"));
    assert_eq!(
        (transport.port, transport.ttl),
        (Some((5000, Some(5001))), Some(16))
    );
}

#[test]
fn the_end_of_the_connection_is_the_last_event() {
    let (mut server, now) = server(ServerConfig::default());
    server.handle_eof(now);
    assert_eq!(server.poll_event(), Ok(Some(ServerEvent::Closed)));
    assert_eq!(server.poll_event(), Ok(None));
    let (mut client, now) = client(ClientConfig::default());
    client.handle_eof(now);
    assert_eq!(client.poll_event(), Ok(Some(ClientEvent::Closed)));
    assert_eq!(client.options(now), Err(weir_rtsp::CommandError::Closed));
    assert!(drain(client.output()).is_empty());
}

#[test]
fn events_are_at_most_128_bytes_big() {
    assert!(size_of::<ServerEvent>() <= 128);
    assert!(size_of::<ClientEvent>() <= 128);
}
