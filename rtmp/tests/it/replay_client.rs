//! What recorded servers sent, played into a client session that asked for the same things as the
//! recorded client.

use std::time::Instant;

use bytes::Bytes;
use serde_json::Value;
use weir_rtmp::{
    ClientConfig, ClientEvent, ClientSession, MediaKind, PlayRequest, PublishKind, StatusCode,
    WarningCode, message::UserControl,
};

use crate::{
    accepting::drain,
    capture::{self, Capture},
    pair, t0,
};

#[test]
fn the_cut_of_the_bytes_makes_no_difference() {
    let now = t0();
    for capture in capture::all() {
        let play = |reads: Vec<&[u8]>| replay(&capture, reads, now);
        let whole = play(capture.s2c.in_reads_of(65_536).collect());
        assert_eq!(
            play(capture.s2c.as_recorded().collect()),
            whole,
            "{}",
            capture.name
        );
        for len in [1, 7, 1460] {
            let cut = play(capture.s2c.in_reads_of(len).collect());
            assert!(cut == whole, "{} in reads of {len}", capture.name);
        }
    }
}

#[test]
fn every_status_arrives_in_order() {
    for capture in capture::all() {
        let events = replay(&capture, capture.s2c.as_recorded().collect(), t0());
        let said: Vec<_> = events.iter().filter_map(code).collect();
        let expected: Vec<_> = commands(&capture.s2c.expect)
            .filter(|command| command["name"] == "onStatus" || command["tid"] == 1)
            .map(|command| StatusCode::from(command["args"][1]["code"].as_str().unwrap()))
            .collect();
        assert_eq!(said, expected, "{}", capture.name);
    }
}

#[test]
fn all_media_and_data_arrive() {
    for capture in capture::all() {
        let events = replay(&capture, capture.s2c.as_recorded().collect(), t0());
        let expect = &capture.s2c.expect;
        for (kind, key) in [(MediaKind::Audio, "audio"), (MediaKind::Video, "video")] {
            let packets: Vec<_> = events
                .iter()
                .filter_map(|event| match event {
                    ClientEvent::Media { packet, .. } if packet.kind == kind => Some(packet),
                    _ => None,
                })
                .collect();
            let count = expect["message_count_by_type"][key].as_u64().unwrap_or(0);
            assert_eq!(packets.len() as u64, count, "{} {key}", capture.name);
            let Some(last) = packets.last() else { continue };
            let media = &expect["media"][key];
            let bytes: usize = packets.iter().map(|packet| packet.payload.len()).sum();
            assert_eq!(bytes as u64, media["payload_bytes"].as_u64().unwrap());
            assert_eq!(
                u64::from(last.timestamp.as_millis()),
                media["last_ts"].as_u64().unwrap()
            );
        }
        let data: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                ClientEvent::Data { data, .. } => Some(data.name().as_str()),
                _ => None,
            })
            .collect();
        let expected: Vec<_> = expect["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|data| &data["name"])
            .collect();
        assert_eq!(data, expected, "{}", capture.name);
    }
}

#[test]
fn user_control_events_but_pings_arrive() {
    for capture in capture::all() {
        let events = replay(&capture, capture.s2c.as_recorded().collect(), t0());
        let said: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                ClientEvent::UserControl(event) => Some(name(event)),
                _ => None,
            })
            .collect();
        let expected: Vec<_> = capture.s2c.expect["user_control"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["event"].as_str().unwrap())
            .filter(|event| *event != "ping_request")
            .collect();
        assert_eq!(said, expected, "{}", capture.name);
    }
}

fn replay(capture: &Capture, reads: Vec<&[u8]>, now: Instant) -> Vec<ClientEvent> {
    let sent = |name: &str| commands(&capture.c2s.expect).find(|command| command["name"] == name);
    let mut config = ClientConfig::default();
    config.announce_publish = sent("releaseStream").is_some_and(|command| command["tid"] != 0);
    config.subscribe = sent("FCSubscribe").is_some();
    config.ask_stream_length = sent("getStreamLength").is_some();
    let mut client = ClientSession::new(config, [1; 32], now);
    client.connect(pair::options(), now).unwrap();
    let mut events = Vec::new();
    let mut poll = |client: &mut ClientSession| {
        while let Some(event) = client.poll_event().unwrap_or_else(|error| {
            panic!("{}: {error}", capture.name);
        }) {
            if let ClientEvent::Connected { .. } = event {
                let name = |command: &Value| command["args"][1].as_str().unwrap().to_owned();
                if let Some(publish) = sent("publish") {
                    client
                        .publish(name(publish), PublishKind::Live, now)
                        .unwrap();
                } else if let Some(play) = sent("play") {
                    client.play(PlayRequest::new(name(play)), now).unwrap();
                }
            }
            events.push(event);
            drain(client.output(), &mut Vec::new());
        }
    };
    for read in reads {
        client.handle_input(Bytes::copy_from_slice(read), now);
        poll(&mut client);
    }
    client.handle_eof(now);
    poll(&mut client);
    assert_eq!(
        events.last(),
        Some(&ClientEvent::Closed),
        "{}",
        capture.name
    );
    events
}

fn commands(expect: &Value) -> impl Iterator<Item = &Value> {
    expect["commands"].as_array().unwrap().iter()
}

fn code(event: &ClientEvent) -> Option<StatusCode> {
    match event {
        ClientEvent::Connected { reply } => Some(reply.info.code()),
        ClientEvent::PublishStarted { status, .. }
        | ClientEvent::PlayStarted { status, .. }
        | ClientEvent::RequestFailed { status, .. }
        | ClientEvent::Status { status, .. } => Some(status.code()),
        _ => None,
    }
}

fn name(event: &UserControl) -> &'static str {
    match event {
        UserControl::StreamBegin(_) => "stream_begin",
        UserControl::StreamEof(_) => "stream_eof",
        UserControl::StreamIsRecorded(_) => "stream_is_recorded",
        UserControl::SwfVerifyRequest(_) => "swf_verify_request",
        UserControl::BufferEmpty(_) => "buffer_empty",
        _ => "another",
    }
}

/// Found by fuzzing: the warning was lost when the next chunk, in the same read, was an error.
#[test]
fn a_warning_comes_before_the_error_behind_it_in_any_cut() {
    let too_long = [0x07, 0, 0, 0, 0xFF, 0xFF, 0xFF, 9, 0, 0, 0, 0];
    let malformed = [0x03, 0, 0, 0, 0, 0, 1, 20, 0, 0, 0, 0, 0xFF];
    let bytes = [&malformed[..], &too_long].concat();
    for len in [1, bytes.len()] {
        let mut config = ClientConfig::default();
        config.limits.max_message_len = 1000;
        let now = t0();
        let mut client = ClientSession::new(config, [1; 32], now);
        let hello = [&[3][..], &[0; 2 * 1536]].concat();
        client.handle_input(hello.into(), now);
        assert!(matches!(
            client.poll_event(),
            Ok(Some(ClientEvent::Warning(_)))
        ));
        let mut seen = Vec::new();
        for read in bytes.chunks(len) {
            client.handle_input(Bytes::copy_from_slice(read), now);
            while let Ok(Some(event)) = client.poll_event() {
                seen.push(event);
            }
        }
        assert!(matches!(seen[..], [ClientEvent::Warning(_)]), "{seen:?}");
        assert!(client.poll_event().is_err());
    }
}

/// Found by fuzzing: what the session itself warned of came behind a warning about later chunks.
#[test]
fn warnings_come_in_the_order_of_the_bytes_in_any_cut() {
    let no_stream_plays = [0x03, 0, 0, 0, 0, 0, 1, 9, 1, 0, 0, 0, 0xFF];
    let ping_without_data = [0x02, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0, 0, 0];
    let opened_with_fmt_1 = [0x45, 0, 0, 0, 0, 0, 1, 9, 0];
    let bytes = [&no_stream_plays[..], &ping_without_data, &opened_with_fmt_1].concat();
    for len in [1, bytes.len()] {
        let now = t0();
        let mut client = ClientSession::new(ClientConfig::default(), [1; 32], now);
        client.handle_input([&[3][..], &[0; 2 * 1536]].concat().into(), now);
        while client.poll_event().unwrap().is_some() {}
        let mut codes = Vec::new();
        for read in bytes.chunks(len) {
            client.handle_input(Bytes::copy_from_slice(read), now);
            while let Some(event) = client.poll_event().unwrap() {
                if let ClientEvent::Warning(warning) = event {
                    codes.push(warning.code);
                }
            }
        }
        let expected = [
            WarningCode::UnexpectedMedia,
            WarningCode::ControlTooShort,
            WarningCode::NoMessageStreamId,
        ];
        assert_eq!(codes, expected);
    }
}
