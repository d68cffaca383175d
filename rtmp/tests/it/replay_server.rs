//! What recorded clients sent, played into a server session that says yes to everything.

use serde_json::Value;
use weir_rtmp::{MediaKind, ServerConfig, ServerEvent};

use crate::{
    accepting::Accepting,
    capture::{self, Capture},
    t0,
};

#[test]
fn the_cut_of_the_bytes_makes_no_difference() {
    let now = t0();
    for capture in capture::all() {
        let play = |reads: Vec<&[u8]>| replay(&capture, reads, now);
        let whole = play(capture.c2s.in_reads_of(65_536).collect());
        assert_eq!(
            play(capture.c2s.as_recorded().collect()),
            whole,
            "{}",
            capture.name
        );
        for len in [1, 7, 1460] {
            let cut = play(capture.c2s.in_reads_of(len).collect());
            assert!(cut == whole, "{} in reads of {len}", capture.name);
        }
    }
}

#[test]
fn every_command_is_asked_or_done_in_order() {
    for capture in capture::all() {
        let (events, _) = replay(&capture, capture.c2s.as_recorded().collect(), t0());
        let said: Vec<String> = events.iter().filter_map(summary).collect();
        let mut expected = Vec::new();
        for command in capture.c2s.expect["commands"].as_array().unwrap() {
            expected.extend(expected_summary(command));
        }
        assert_eq!(said, expected, "{}", capture.name);
    }
}

#[test]
fn all_media_arrive_with_their_times() {
    for capture in capture::all() {
        let (events, _) = replay(&capture, capture.c2s.as_recorded().collect(), t0());
        let expect = &capture.c2s.expect;
        for (kind, key) in [(MediaKind::Audio, "audio"), (MediaKind::Video, "video")] {
            let packets: Vec<_> = events
                .iter()
                .filter_map(|event| match event {
                    ServerEvent::Media { packet, .. } if packet.kind == kind => Some(packet),
                    _ => None,
                })
                .collect();
            let media = &expect["media"][key];
            let count = expect["message_count_by_type"][key].as_u64().unwrap_or(0);
            assert_eq!(packets.len() as u64, count, "{} {key}", capture.name);
            let Some(last) = packets.last() else { continue };
            let bytes: usize = packets.iter().map(|packet| packet.payload.len()).sum();
            assert_eq!(bytes as u64, media["payload_bytes"].as_u64().unwrap());
            assert_eq!(
                u64::from(last.timestamp.as_millis()),
                media["last_ts"].as_u64().unwrap()
            );
        }
    }
}

#[test]
fn data_arrive_without_the_command_to_store_them() {
    for capture in capture::all() {
        let (events, _) = replay(&capture, capture.c2s.as_recorded().collect(), t0());
        let said: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                ServerEvent::Data { data, .. } => Some(data),
                _ => None,
            })
            .collect();
        let expected = capture.c2s.expect["data"].as_array().unwrap();
        assert_eq!(said.len(), expected.len(), "{}", capture.name);
        for (data, expected) in said.iter().zip(expected) {
            assert_eq!(expected["name"], "@setDataFrame");
            assert_eq!(expected["args"][0], data.name().as_str());
            assert!(data.payload().starts_with(b"\x02\0\x0aonMetaData"));
        }
    }
}

/// The events, and the bytes sent back up to the first acknowledgement.
fn replay(
    capture: &Capture,
    reads: Vec<&[u8]>,
    now: std::time::Instant,
) -> (Vec<ServerEvent>, usize) {
    let mut driver = Accepting::new(ServerConfig::default(), now);
    for read in reads {
        driver
            .read(read)
            .unwrap_or_else(|error| panic!("{}: {error}", capture.name));
    }
    driver.eof().unwrap();
    assert_eq!(
        driver.events.last(),
        Some(&ServerEvent::Closed),
        "{}",
        capture.name
    );
    (driver.events, driver.output.len())
}

fn summary(event: &ServerEvent) -> Option<String> {
    Some(match event {
        ServerEvent::ConnectRequested { request, .. } => {
            format!("connect {} {}", request.app(), request.tc_url().unwrap())
        }
        ServerEvent::ReleaseRequested { name } => format!("releaseStream {name}"),
        ServerEvent::StreamCreated { .. } => "createStream".into(),
        ServerEvent::PublishRequested {
            stream, name, kind, ..
        } => {
            format!("publish {stream} {name} {}", kind.as_str())
        }
        ServerEvent::PlayRequested {
            stream, request, ..
        } => {
            format!("play {stream} {}", request.name)
        }
        ServerEvent::PauseRequested {
            pause, position, ..
        } => {
            format!("pause {pause} {}", position.as_millis())
        }
        ServerEvent::StreamLengthRequested { name, .. } => format!("getStreamLength {name}"),
        ServerEvent::PublishEnded { stream } | ServerEvent::PlayEnded { stream } => {
            format!("deleteStream {stream}")
        }
        ServerEvent::CallRequested { command, .. } => format!("call {}", command.name),
        _ => return None,
    })
}

fn expected_summary(command: &Value) -> Option<String> {
    let args = &command["args"];
    let text = |index: usize| args[index].as_str().unwrap_or_default();
    let msid = &command["msid"];
    Some(match command["name"].as_str().unwrap() {
        "connect" => {
            let properties = &args[0];
            let get = |name: &str| properties[name].as_str().unwrap().to_owned();
            format!("connect {} {}", get("app"), get("tcUrl"))
        }
        "publish" => format!("publish {msid} {} {}", text(1), text(2)),
        "play" => format!("play {msid} {}", text(1)),
        "pause" => format!("pause {} {}", args[1], args[2].as_f64().unwrap()),
        // GStreamer gives the name in the place of the id, which is 1 in all captures.
        "deleteStream" => "deleteStream 1".into(),
        "createStream" => "createStream".into(),
        name @ ("releaseStream" | "getStreamLength") => format!("{name} {}", text(1)),
        // Answered without the application.
        "FCPublish" | "FCUnpublish" | "FCSubscribe" | "_checkbw" => return None,
        name => format!("call {name}"),
    })
}
