//! RTSP messages, headers, addresses and descriptions.

use serde_json::Value;

use crate::inspect::{assert_same, data, files, inspect, read, vectors};
use crate::truth;

#[test]
fn every_entry_reads_as_it_should() {
    let entries = read(&data("rtsp").join("messages.json"));
    let entries = entries.as_array().expect("a list");
    for (entry, ours) in entries.iter().zip(vectors("rtsp", entries)) {
        truth::rtsp(entry, &ours);
    }
}

#[test]
fn every_recorded_connection_is_dissected_as_its_truth_says() {
    for file in files(&data("rtsp").join("sessions"), ".s2c.bin") {
        let s2c = file.display().to_string();
        let truth = read(s2c.replace(".s2c.bin", ".json").as_ref());
        let is_tunnel = truth.get("http_tunnel").is_some();
        let client = if is_tunnel {
            ".post.c2s.bin"
        } else {
            ".c2s.bin"
        };
        let c2s = s2c.replace(".s2c.bin", client);
        let ours = inspect(["rtsp", "--c2s", &c2s, "--s2c", &s2c]);
        let cut = inspect(["rtsp", "--cut", "5", "--c2s", &c2s, "--s2c", &s2c]);
        assert_eq!(ours, cut, "{s2c}");
        for key in [
            "c2s_items",
            "s2c_items",
            "methods",
            "statuses",
            "interleaved",
            "setups",
            "play_responses",
            "sdp",
        ] {
            assert_same(&ours[key], &truth[key], &format!("{s2c}: {key}"));
        }
        let streams = truth["sdp_streams"].as_array().expect("streams").iter();
        for (index, truth) in streams.enumerate() {
            let place = format!("{s2c}: stream {index}");
            assert_stream(&ours["sdp_streams"][index], truth, &place);
        }
    }
}

/// Every key of the truth, but for packets that do not travel on the connection (UDP) and for
/// what is a remark on the truth itself.
fn assert_stream(ours: &Value, truth: &Value, place: &str) {
    let is_udp = truth.get("client_port").is_some();
    for (key, truth) in truth.as_object().expect("a stream") {
        match key.as_str() {
            "client_port" | "server_port" => {}
            "rtp" if is_udp => {}
            "rtp" => {
                for (key, truth) in truth.as_object().expect("totals") {
                    let mut truth = truth.clone();
                    if let Some(frames) = truth.as_object_mut().filter(|_| key == "depacketized") {
                        frames.remove("note");
                    }
                    assert_same(&ours["rtp"][key], &truth, &format!("{place}: {key}"));
                }
            }
            key => assert_same(&ours[key], truth, &format!("{place}: {key}")),
        }
    }
}
