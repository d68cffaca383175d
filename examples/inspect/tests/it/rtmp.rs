//! Recorded RTMP connections, whole and cut.

use crate::inspect::{assert_same, data, files, inspect, read};

#[test]
fn every_recorded_connection_is_dissected_as_its_truth_says() {
    for file in files(&data("rtmp"), ".c2s.bin") {
        let c2s = file.display().to_string();
        let s2c = c2s.replace(".c2s.bin", ".s2c.bin");
        let truth = read(c2s.replace(".c2s.bin", ".json").as_ref());
        let ours = inspect(["rtmp", "--c2s", &c2s, "--s2c", &s2c]);
        let cut = inspect(["rtmp", "--cut", "13", "--c2s", &c2s, "--s2c", &s2c]);
        assert_eq!(ours, cut, "{c2s}");
        for direction in ["expect_c2s", "expect_s2c"] {
            for (key, truth) in truth[direction].as_object().expect("truth") {
                if !key.ends_with("_note") {
                    let place = format!("{c2s}: {direction}.{key}");
                    assert_same(&ours[direction][key], truth, &place);
                }
            }
        }
    }
}

#[test]
fn a_connection_that_ends_in_its_handshake_is_an_eof() {
    let file = data("rtmp").join("q_ff5_amf3.seg");
    let ours = inspect(["rtmp", "--c2s", &file.display().to_string()]);
    assert_eq!(ours["error"]["kind"], "eof");
}
