//! The RTSP drivers: FFmpeg at both ends, gst-rtsp-server, and our client at either.

use std::{collections::HashMap, fs, net::TcpListener, path::Path};

use crate::{
    FFMPEG, Server,
    claim::Claim,
    ffmpeg::{Player, assert_same, clip, payloads},
    ffprobe::{count, probe},
    program::{PATIENCE, Program, eventually},
};

pub(crate) const CLAIMS: &[Claim] = &[
    Claim("rtsp_is_relayed_between_ffmpegs", FFMPEG, relays),
    Claim(
        "rtsp_from_our_client_to_our_client",
        FFPROBE,
        own_client_both_ways,
    ),
    Claim(
        "our_rtsp_client_pushes_to_a_listening_ffmpeg",
        FFPROBE,
        pushes_to_ffmpeg,
    ),
    Claim(
        "our_rtsp_client_pulls_from_gst_rtsp_server",
        GST_RTSP_SERVER,
        || pulls_from_gstreamer("none", "tcp"),
    ),
    Claim(
        "our_rtsp_client_pulls_over_udp_from_gst_rtsp_server",
        GST_RTSP_SERVER,
        || pulls_from_gstreamer("none", "udp"),
    ),
    Claim(
        "our_rtsp_client_logs_in_to_gst_rtsp_server_by_basic",
        GST_RTSP_SERVER,
        || pulls_from_gstreamer("basic", "tcp"),
    ),
    Claim(
        "our_rtsp_client_logs_in_to_gst_rtsp_server_by_digest",
        GST_RTSP_SERVER,
        || pulls_from_gstreamer("digest", "tcp"),
    ),
    Claim(
        "our_rtsp_client_gives_a_wrong_password_up",
        GST_RTSP_SERVER,
        gives_up,
    ),
];

/// FFmpeg 5.1 never sends the last sounds that do not fill a packet; another FFmpeg at the other end
/// gets no more of them.
const KEPT_BY_FFMPEG: usize = 3;

fn relays() {
    let mut server = Server::start(RTSP_SERVER);
    let line = "ffmpeg -v error -re -i {} -c copy -f rtsp -rtsp_transport tcp {}";
    let publisher = Program::start(line, &[&clip().display(), &server.url]);
    server.wait_for("live/test is published");
    let line = "ffmpeg -v error -rtsp_transport tcp -i {} -map 0 -c copy -f framemd5 -";
    let player = Player(Program::start(line, &[&server.url]));
    server.wait_for("live/test is played");
    publisher.succeed(PATIENCE);
    let got = player.packets();
    let pictures = got.iter().filter(|packet| packet.starts_with("video"));
    assert!(pictures.count() >= 60, "one whole GOP follows the join");
    // The player joined late and stays to the end.
    let (got, sent) = (of_kind("audio", &got), of_kind("audio", &payloads(clip())));
    assert!(got.len() >= 80, "{} sounds", got.len());
    let begin = sent.iter().position(|sound| *sound == got[0]).unwrap();
    assert_same(&got, &sent[begin..], KEPT_BY_FFMPEG);
}

fn of_kind(kind: &str, packets: &[String]) -> Vec<String> {
    let is_kind = |packet: &&String| packet.starts_with(kind);
    packets.iter().filter(is_kind).cloned().collect()
}

/// Both roles at once: what was published is played to its last frame, at the times it had.
fn own_client_both_ways() {
    let mut server = Server::start(RTSP_SERVER);
    let publisher = Program::start(
        "{} publish {} {}",
        &[&RTSP_CLIENT, &clip().display(), &server.url],
    );
    server.wait_for("live/test is published");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("played.flv");
    let player = Program::start(
        "{} play {} {} tcp",
        &[&RTSP_CLIENT, &server.url, &file.display()],
    );
    server.wait_for("live/test is played");
    publisher.succeed(PATIENCE);
    player.succeed(PATIENCE);
    let (got, sent) = (payloads(&file), payloads(clip()));
    assert_eq!(got.last(), sent.last());
    assert!(got.len() > 100, "{} packets", got.len());
    assert_same_times(&file, &clip());
    assert_rising(&file);
}

fn pushes_to_ffmpeg() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("rtsp://127.0.0.1:{port}/live/test");
    let listener = decode("-rtsp_flags listen", &url);
    // FFmpeg does not say when it listens.
    eventually("FFmpeg listens", PATIENCE, || {
        let line = "{} publish {} {}";
        let client = Program::start(line, &[&RTSP_CLIENT, &clip().display(), &url]);
        client.finish(PATIENCE).status.success().then_some(())
    });
    let mut got = frames(listener);
    let sent = frames(decode("", clip().display()));
    assert_eq!(got.len(), sent.len());
    // The first picture has no time in a listening FFmpeg 5.1, whoever sends it.
    let first = got.iter().position(|(hash, _)| hash.starts_with("0 "));
    got.remove(first.unwrap());
    let times = |frames: Vec<(String, f64)>| frames.into_iter().collect::<HashMap<_, _>>();
    assert_one_shift(&times(got), &times(sent));
}

/// FFmpeg decoding a source to its end.
fn decode(options: &str, source: impl std::fmt::Display) -> Program {
    let line = format!(
        "ffmpeg -v error {options} -i {{}} -map 0 -vsync passthrough -enc_time_base -1 -f framemd5 -"
    );
    Program::start(&line, &[&source])
}

/// The decoded pictures and sounds, each with its time in seconds.
fn frames(decoder: Program) -> Vec<(String, f64)> {
    let told = String::from_utf8(decoder.succeed(PATIENCE)).unwrap();
    // "#tb 0: 1/90000" is the unit of a stream's times.
    let units: HashMap<&str, f64> = told
        .lines()
        .filter_map(|line| line.strip_prefix("#tb ")?.split_once(": 1/"))
        .map(|(stream, unit)| (stream, unit.parse().unwrap()))
        .collect();
    let frame = |line: &str| {
        let fields: Vec<_> = line.split(',').map(str::trim).collect();
        let time = fields[2].parse::<f64>().unwrap() / units[fields[0]];
        (format!("{} {}", fields[0], fields[5]), time)
    };
    let lines = told.lines().filter(|line| !line.starts_with('#'));
    lines.map(frame).collect()
}

/// gst-rtsp-server and its URL, to be played once.
fn gst_rtsp_server(login: &str) -> (Program, String) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real/gst_rtsp_server.py");
    let told = tempfile::NamedTempFile::new().unwrap();
    let line = "/usr/bin/python3 {} {} {}";
    let server = Program::start(line, &[&script, &told.path().display(), &login]);
    let url = eventually("the server is up", PATIENCE, || {
        let url = fs::read_to_string(told.path()).unwrap();
        url.strip_suffix('\n').map(str::to_owned)
    });
    (server, url)
}

fn gives_up() {
    let (_server, url) = gst_rtsp_server("digest");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("played.flv");
    let url = url.replace("s3cr3t", "wrong");
    let played = Program::start("{} play {} {} tcp", &[&RTSP_CLIENT, &url, &file.display()]);
    let finished = played.finish(PATIENCE);
    assert!(!finished.status.success());
    assert!(finished.stderr.contains("401"), "{}", finished.stderr);
}

fn pulls_from_gstreamer(login: &str, transport: &str) {
    let (_server, url) = gst_rtsp_server(login);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("played.flv");
    let line = "{} play {} {} {}";
    Program::start(line, &[&RTSP_CLIENT, &url, &file.display(), &transport]).succeed(PATIENCE);
    let [pictures, sounds] = count(&file);
    assert_eq!(pictures, "90");
    assert!((125..=143).contains(&sounds.parse().unwrap()), "{sounds}");
    assert!(offset(&file).abs() < 0.02 + AAC_DELAY, "{}", offset(&file));
    assert_rising(&file);
    let line = "ffmpeg -v error -xerror -i {} -f null -";
    Program::start(line, &[&file.display()]).succeed(PATIENCE);
}

/// How long after the first picture of a file its first sound is, in seconds.
fn offset(file: &Path) -> f64 {
    let first = |kind: &str| {
        let options = format!("-select_streams {kind} -show_packets -read_intervals %+#20");
        let told = probe(&options, file, PATIENCE);
        let times = told["packets"].as_array().unwrap().iter();
        let times =
            times.map(|packet| packet["pts_time"].as_str().unwrap().parse::<f64>().unwrap());
        times.fold(f64::INFINITY, f64::min)
    };
    first("a") - first("v")
}

/// Claims that pictures and sounds are as far apart as in the source, within 20 ms.
fn assert_same_times(file: &Path, source: &Path) {
    let options = "-show_packets -show_data_hash MD5";
    let [got, sent] = [file, source].map(|file| {
        let told = probe(options, file, PATIENCE);
        let time = |packet: &serde_json::Value| {
            let time = packet["pts_time"].as_str().unwrap().parse::<f64>();
            (packet["data_hash"].to_string(), time.unwrap())
        };
        let packets = told["packets"].as_array().unwrap().iter();
        packets.map(time).collect::<HashMap<_, _>>()
    });
    assert_one_shift(&got, &sent);
}

fn assert_one_shift(got: &HashMap<String, f64>, sent: &HashMap<String, f64>) {
    let shifts = got.iter().map(|(hash, time)| time - sent[hash]);
    let (first, last) = shifts.fold(
        (f64::INFINITY, f64::NEG_INFINITY),
        |(first, last), shift| (first.min(shift), last.max(shift)),
    );
    assert!(last - first <= 0.02, "shifted by {first} to {last} s");
}

/// Claims that no packet is decoded before the one in front of it.
fn assert_rising(file: &Path) {
    for kind in ["v", "a"] {
        let told = probe(
            &format!("-select_streams {kind} -show_packets"),
            file,
            PATIENCE,
        );
        let times: Vec<f64> = told["packets"]
            .as_array()
            .unwrap()
            .iter()
            .map(|packet| packet["dts_time"].as_str().unwrap().parse().unwrap())
            .collect();
        assert!(
            times.windows(2).all(|pair| pair[0] < pair[1]),
            "{kind}: {times:?}"
        );
    }
}

const RTSP_SERVER: &str = env!("CARGO_BIN_EXE_rtsp_server");
const RTSP_CLIENT: &str = env!("CARGO_BIN_EXE_rtsp_client");
const FFPROBE: &[&str] = &["ffmpeg", "ffprobe"];
const GST_RTSP_SERVER: &[&str] = &["ffmpeg", "ffprobe", "gst-rtsp-server"];
/// An AAC encoder begins with sound from before the first sample.
const AAC_DELAY: f64 = 0.025;
