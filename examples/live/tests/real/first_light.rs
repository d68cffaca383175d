//! Publish, play, watch over HTTP, record: with FFmpeg at both ends.

use std::{fs, io::Write, net::TcpStream, path::Path, time::Duration};

use crate::{
    Claim,
    ffmpeg::{Player, assert_same, clip, payloads, publish},
    ffprobe::{count, probe},
    program::{PATIENCE, Program, eventually},
    server::Server,
};

pub(crate) const CLAIMS: &[Claim] = &[
    Claim(
        "three_players_get_every_payload_unchanged",
        FFMPEG,
        three_players_get_every_payload_unchanged,
    ),
    Claim(
        "http_flv_carries_every_payload_unchanged",
        FFMPEG,
        http_flv_carries_every_payload_unchanged,
    ),
    Claim(
        "ffprobe_sees_both_tracks_within_two_seconds",
        FFMPEG,
        ffprobe_sees_both_tracks,
    ),
    Claim(
        "a_recording_has_every_packet_duration_and_index",
        FFMPEG,
        a_recording_has_every_packet,
    ),
    Claim(
        "a_stop_signal_finalises_recordings",
        FFMPEG,
        a_stop_signal_finalises_recordings,
    ),
    Claim(
        "a_killed_publisher_leaves_a_file_and_a_free_name",
        FFMPEG,
        a_killed_publisher,
    ),
    Claim(
        "a_killed_server_leaves_a_file_that_plays",
        FFMPEG,
        a_killed_server,
    ),
    Claim(
        "a_second_publisher_is_refused",
        FFMPEG,
        a_second_publisher_is_refused,
    ),
    Claim(
        "twenty_abrupt_disconnects_leak_nothing",
        FFMPEG,
        twenty_abrupt_disconnects_leak_nothing,
    ),
    Claim(
        "garbage_costs_one_log_line",
        &[],
        garbage_costs_one_log_line,
    ),
];

fn three_players_get_every_payload_unchanged() {
    let server = Server::start(&[]);
    let url = server.rtmp("live/test");
    let players = [(); 3].map(|()| Player::start(&url));
    server.wait_for_metric("weir_players", 3);
    publish(&url).succeed(PATIENCE);
    let sent = payloads(clip());
    assert!(sent.len() > 200, "the clip has {} packets", sent.len());
    for player in players {
        assert_same(&player.packets(), &sent, 0);
    }
}

fn http_flv_carries_every_payload_unchanged() {
    let server = Server::start(&[]);
    let publisher = publish(&server.rtmp("live/test"));
    server.wait_for_log("published");
    let viewer = Player::start(server.http("live/test.flv"));
    publisher.succeed(PATIENCE);
    let sent = payloads(clip());
    // The viewer joins within the first GOP, which is kept for it.
    assert_same(&viewer.packets(), &sent, 0);
}

fn ffprobe_sees_both_tracks() {
    let server = Server::start(&[]);
    let _publisher = publish(&server.rtmp("live/test"));
    server.wait_for_log("published");
    for url in [server.rtmp("live/test"), server.http("live/test.flv")] {
        let told = probe("-show_streams", &url, Duration::from_secs(2));
        let codecs: Vec<_> = (0..2)
            .map(|i| told["streams"][i]["codec_name"].as_str())
            .collect();
        assert!(
            codecs.contains(&Some("h264")) && codecs.contains(&Some("aac")),
            "{url}: {told}"
        );
    }
}

fn a_recording_has_every_packet() {
    let server = Server::start(&["--record"]);
    publish(&server.rtmp("live/test")).succeed(PATIENCE);
    server.wait_for_log("recorded");
    let file = server.folder.path().join("recordings/live/test.flv");
    assert_eq!(count(&file), count(&clip()));
    assert_finalised(&file, 3.9);
}

fn a_stop_signal_finalises_recordings() {
    let server = Server::start(&["--record"]);
    let publisher = publish(&server.rtmp("live/test"));
    server.wait_for_log("published");
    // Two key frames are 2 s apart, so the index has both when the second was played.
    play(&server.rtmp("live/test"), "2.5");
    let (status, folder) = server.terminate();
    assert!(status.success(), "{status}");
    drop(publisher);
    assert_finalised(&folder.path().join("recordings/live/test.flv"), 2.0);
}

fn a_killed_publisher() {
    let server = Server::start(&["--record"]);
    let url = server.rtmp("live/test");
    let mut publisher = publish(&url);
    server.wait_for_log("published");
    play(&url, "1.5");
    publisher.kill();
    server.wait_for_log("recorded");
    let file = server.folder.path().join("recordings/live/test.flv");
    assert_finalised(&file, 1.0);
    decode(&file);
    publish(&url).succeed(PATIENCE);
}

fn a_killed_server() {
    let server = Server::start(&["--record"]);
    let url = server.rtmp("live/test");
    let publisher = publish(&url);
    server.wait_for_log("published");
    play(&url, "1.5");
    let folder = server.kill();
    drop(publisher);
    let file = folder.path().join("recordings/live/test.flv");
    let told = probe("-show_packets", &file, PATIENCE);
    let last = told["packets"].as_array().unwrap().last().unwrap()["dts_time"]
        .as_str()
        .unwrap();
    assert!(
        last.parse::<f64>().unwrap() > 1.0,
        "the last packet is at {last} s"
    );
    decode(&file);
}

fn a_second_publisher_is_refused() {
    let server = Server::start(&[]);
    let url = server.rtmp("live/test");
    let first = publish(&url);
    server.wait_for_log("published");
    let second = publish(&url).finish(PATIENCE);
    assert!(!second.status.success());
    server.wait_for_log("NetStream.Publish.BadName");
    first.succeed(PATIENCE);
}

/// Ten publishers and ten players, each with its session cut at another place.
fn twenty_abrupt_disconnects_leak_nothing() {
    let server = Server::start(&["--record"]);
    publish(&server.rtmp("live/warm")).succeed(PATIENCE);
    server.wait_for_metric("weir_connections", 0);
    let (tasks, handles) = (server.metric("weir_tasks"), server.handles());
    for session in [FFMPEG_PUBLISHES, FFMPEG_PLAYS] {
        for cut in 1..=10 {
            let mut socket = TcpStream::connect(("127.0.0.1", server.rtmp_port)).unwrap();
            let begin = HANDSHAKE + (session.len() - HANDSHAKE) * cut / 10;
            socket.write_all(&session[..begin]).unwrap();
            // The answer is seen and never read, so that closing resets the connection.
            assert_ne!(socket.peek(&mut [0]).unwrap(), 0);
        }
    }
    server.wait_for_metric("weir_connections_total", 21);
    server.wait_for_metric("weir_connections", 0);
    server.wait_for_metric("weir_streams", 0);
    server.wait_for_metric("weir_tasks", tasks);
    eventually("all file handles are closed", PATIENCE, || {
        (server.handles() <= handles).then_some(())
    });
}

fn garbage_costs_one_log_line() {
    let server = Server::start(&[]);
    let mut socket = TcpStream::connect(("127.0.0.1", server.rtmp_port)).unwrap();
    let peer = socket.local_addr().unwrap().to_string();
    socket
        .write_all(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        .unwrap();
    let line = server.wait_for_log(&peer);
    assert!(line.contains("byte 0"), "{line}");
    server.wait_for_metric("weir_connections", 0);
    assert_eq!(server.log_lines(&peer), [line]);
}

/// Plays the given seconds of a stream.
fn play(url: &str, seconds: &str) {
    let line = "ffmpeg -v error -i {} -c copy -t {} -f null -";
    Program::start(line, &[&url, &seconds]).succeed(PATIENCE);
}

/// Decodes a file, which has to have no error.
fn decode(file: &Path) {
    let line = "ffmpeg -v error -xerror -i {} -f null -";
    Program::start(line, &[&file.display()]).succeed(PATIENCE);
}

/// A finalised recording tells its duration, and its index leads to key frames.
fn assert_finalised(file: &Path, at_least: f64) {
    let told = probe("-show_format", file, PATIENCE);
    let duration: f64 = told["format"]["duration"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(
        duration >= at_least,
        "{} lasts {duration} s",
        file.display()
    );
    assert!(
        fs::read(file)
            .unwrap()
            .windows(9)
            .any(|bytes| bytes == b"keyframes")
    );
    let seek = "-select_streams v -show_packets -read_intervals 2%+#1";
    let first = &probe(seek, file, PATIENCE)["packets"][0];
    assert!(first["flags"].as_str().unwrap().starts_with('K'), "{first}");
}

const FFMPEG: &[&str] = &["ffmpeg", "ffprobe"];
/// Everything that FFmpeg 5.1 sent to publish some seconds of H.264 and AAC.
const FFMPEG_PUBLISHES: &[u8] = include_bytes!("../data/ffmpeg_5.1_publish.bin");
/// Everything that FFmpeg 5.1 sent to play a stream.
const FFMPEG_PLAYS: &[u8] = include_bytes!("../data/ffmpeg_5.1_play.bin");
/// Length of C0 and C1: what a server waits for before it answers.
const HANDSHAKE: usize = 1 + 1536;
