//! Captures: recorded connections packed into TCP segments, and one of tcpdump.

use std::io::Write;
use std::path::Path;

use etherparse::PacketBuilder;
use serde_json::Value;

use crate::inspect::{assert_same, data, files, inspect, read};

/// A pcap file whose packets all come at once.
pub(crate) struct Capture(Vec<u8>);

impl Capture {
    pub(crate) fn new() -> Self {
        let mut file = 0xa1b2_c3d4_u32.to_le_bytes().to_vec();
        file.extend([2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0]);
        file.extend(1_u32.to_le_bytes());
        Self(file)
    }

    /// One segment: of the client on port 50000, or of the server on port 1935.
    fn segment(&mut self, is_client: bool, sequence: u32, flags: &str, payload: &[u8]) {
        let ([from, to], [from_port, to_port]) = if is_client {
            ([[10, 0, 0, 1], [10, 0, 0, 2]], [50_000, 1935])
        } else {
            ([[10, 0, 0, 2], [10, 0, 0, 1]], [1935, 50_000])
        };
        let mut packet = PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv4(from, to, 64)
            .tcp(from_port, to_port, sequence, 65_535);
        for flag in flags.chars() {
            packet = match flag {
                'S' => packet.syn(),
                'A' => packet.ack(1),
                'F' => packet.fin(),
                _ => packet.rst(),
            };
        }
        let mut bytes = Vec::new();
        packet.write(&mut bytes, payload).expect("a packet");
        let len = u32::try_from(bytes.len()).expect("short").to_le_bytes();
        self.0.extend([0; 8]);
        self.0.extend(len);
        self.0.extend(len);
        self.0.extend(bytes);
    }

    /// One side's bytes in segments of 1,460, each pair of them in the wrong order and each third
    /// one twice; the sequence numbers wrap on the way.
    pub(crate) fn stream(&mut self, is_client: bool, bytes: &[u8]) {
        const FIRST: u32 = u32::MAX - 3000;
        let mut at = FIRST;
        let mut segments = Vec::new();
        for chunk in bytes.chunks(1460) {
            segments.push((at, chunk));
            at = at.wrapping_add(u32::try_from(chunk.len()).expect("short"));
        }
        for pair in segments.chunks(2) {
            for (at, chunk) in pair.iter().rev() {
                self.segment(is_client, *at, "A", chunk);
            }
        }
        for (at, chunk) in segments.iter().step_by(3) {
            self.segment(is_client, *at, "A", chunk);
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn write(&self, folder: &tempfile::TempDir) -> String {
        let path = folder.path().join("capture.pcap");
        let mut file = std::fs::File::create(&path).expect("a file");
        file.write_all(&self.0).expect("written");
        path.display().to_string()
    }
}

/// A connection between SYN and FIN.
pub(crate) fn connection(c2s: &[u8], s2c: &[u8]) -> Capture {
    let mut capture = Capture::new();
    let before = u32::MAX - 3001;
    capture.segment(true, before, "S", &[]);
    capture.segment(false, before, "SA", &[]);
    capture.stream(true, c2s);
    capture.stream(false, s2c);
    capture.segment(true, 0, "FA", &[]);
    capture
}

/// The recorded connections of a folder: both files and the truth.
fn recorded(folder: &Path) -> Vec<(Vec<u8>, Vec<u8>, Value)> {
    let mut recorded = Vec::new();
    for s2c in files(folder, ".s2c.bin") {
        let name = s2c.display().to_string();
        let of = |end: &str| name.replace(".s2c.bin", end);
        let truth = read(of(".json").as_ref());
        let bytes = |file: String| std::fs::read(file).expect("recorded bytes");
        if truth.get("http_tunnel").is_none() && Path::new(&of(".c2s.bin")).exists() {
            recorded.push((bytes(of(".c2s.bin")), bytes(name.clone()), truth));
        }
    }
    assert!(recorded.len() > 5);
    recorded
}

#[test]
fn rtmp_in_segments_out_of_order_is_dissected_as_the_recording_is() {
    let folder = tempfile::tempdir().expect("a folder");
    for (c2s, s2c, truth) in recorded(&data("rtmp")) {
        let file = connection(&c2s, &s2c).write(&folder);
        let ours = inspect(["pcap", "--messages", &file]);
        assert_eq!(ours, inspect(["pcap", "--messages", "--cut", "61", &file]));
        let ours = &ours["connections"][0];
        assert_eq!(ours["protocol"], "rtmp", "{truth}");
        assert_eq!(ours["end"], "closed by the client");
        for side in ["expect_c2s", "expect_s2c"] {
            for key in ["sha256", "messages", "chunk_layer", "command_names"] {
                assert_same(&ours[side][key], &truth[side][key], key);
            }
        }
    }
}

#[test]
fn rtsp_in_segments_out_of_order_is_dissected_as_the_recording_is() {
    let folder = tempfile::tempdir().expect("a folder");
    for (c2s, s2c, truth) in recorded(&data("rtsp").join("sessions")) {
        let file = connection(&c2s, &s2c).write(&folder);
        let ours = inspect(["pcap", &file]);
        assert_eq!(ours, inspect(["pcap", "--cut", "100", &file]));
        let ours = &ours["connections"][0];
        assert_eq!(ours["protocol"], "rtsp", "{}", truth["name"]);
        for key in ["methods", "statuses", "interleaved", "c2s_items"] {
            assert_same(&ours["rtsp"][key], &truth[key], key);
        }
    }
}

#[test]
fn a_capture_of_tcpdump_shows_what_ffmpeg_said_to_nginx_rtmp() {
    // tcpdump 4.99.3 on loopback; FFmpeg 5.1.9 publishes to nginx-rtmp 1.2.2.
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/ffmpeg_nginx_rtmp.pcap");
    let file = file.display().to_string();
    let ours = inspect(["pcap", &file]);
    for cut in ["1", "7", "1000"] {
        assert_eq!(ours, inspect(["pcap", "--cut", cut, &file]), "{cut}");
    }
    let names = |side: &str| ours["connections"][0][side]["command_names"].clone();
    assert_eq!(
        names("expect_c2s"),
        serde_json::json!([
            "connect",
            "releaseStream",
            "FCPublish",
            "createStream",
            "publish",
            "FCUnpublish",
            "deleteStream"
        ])
    );
    assert!(names("expect_s2c").to_string().contains("onStatus"));
}

#[test]
fn a_port_that_nobody_listens_on_is_shown_as_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut capture = Capture::new();
    capture.segment(true, 1, "S", &[]);
    capture.segment(false, 0, "RA", &[]);
    let ours = inspect(["pcap", &capture.write(&folder)]);
    assert_eq!(ours["connections"][0]["end"], "refused");
    assert_eq!(ours["connections"][0]["server"], "10.0.0.2:1935");
}

#[test]
fn bytes_that_the_capture_lost_are_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut capture = Capture::new();
    capture.segment(true, 0, "S", &[]);
    capture.segment(true, 1, "A", b"OPTIONS * RTSP/1.0\r\n");
    capture.segment(true, 41, "A", b"\r\n");
    let ours = inspect(["pcap", &capture.write(&folder)]);
    assert_same(
        &ours["connections"][0]["missing_bytes"],
        &serde_json::json!([20, 0]),
        "missing",
    );
}

#[test]
fn a_file_that_is_no_capture_is_an_error() {
    let file = data("flv").join("vectors_config.json");
    let ours = inspect(["pcap", &file.display().to_string()]);
    assert_eq!(ours["error"]["kind"], "malformed");
    let folder = tempfile::tempdir().expect("a folder");
    for (len, kind) in [(0, "eof"), (3, "eof"), (23, "eof")] {
        let start = Capture(Capture::new().bytes()[..len].to_vec());
        let ours = inspect(["pcap", &start.write(&folder)]);
        assert_eq!(ours["error"]["kind"], kind, "{len} bytes");
    }
}

/// A pcapng file whose section header has a comment of 300 bytes.
#[test]
fn a_pcapng_file_is_read_however_it_is_cut() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut file = Vec::new();
    let mut block = |kind: u32, body: &[u8]| {
        let len = u32::try_from(body.len() + 12).expect("short").to_le_bytes();
        file.extend(kind.to_le_bytes());
        file.extend(len);
        file.extend(body);
        file.extend(len);
    };
    let mut section =
        b"\x4d\x3c\x2b\x1a\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x01\0\x2c\x01".to_vec();
    section.extend([b'a'; 300]);
    section.extend([0; 4]);
    block(0x0a0d_0d0a, &section);
    block(1, b"\x01\0\0\0\0\0\x04\0");
    let mut packet = Capture(Vec::new());
    packet.segment(true, 1, "S", &[]);
    let packet = &packet.bytes()[16..];
    let len = u32::try_from(packet.len()).expect("short").to_le_bytes();
    let mut body = vec![0; 12];
    body.extend(len);
    body.extend(len);
    body.extend(packet);
    body.resize(body.len().next_multiple_of(4), 0);
    block(6, &body);
    let file = Capture(file).write(&folder);
    let ours = inspect(["pcap", &file]);
    assert_eq!(ours["connections"][0]["client"], "10.0.0.1:50000");
    assert_eq!(ours, inspect(["pcap", "--cut", "1", &file]));
}

/// The tour of the README: FFmpeg 5.1.9 with a wrong password at weir-live.
#[test]
fn the_tour_finds_the_wrong_password() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/ffmpeg_wrong_password.pcap");
    let ours = inspect(["pcap", &file.display().to_string()]);
    let connections = ours["connections"].as_array().expect("connections");
    assert_eq!(connections.len(), 3);
    let last = &connections[2];
    let refusal = &last["expect_s2c"]["commands"][0]["args"][1]["description"];
    assert!(
        refusal
            .as_str()
            .expect("text")
            .ends_with("?reason=authfailed")
    );
    let app = last["expect_c2s"]["commands"][0]["args"][0]["app"]
        .as_str()
        .expect("text");
    let answer = |password: &str| {
        let password = format!("password={password}");
        let sent = format!("app_sent={app}");
        inspect([
            "auth",
            "respond",
            "adobe",
            "user=alice",
            &password,
            "salt=1hqVIB5T",
            "server_challenge=YGKq3S9g",
            "opaque=n2sBJDYmvtOIqO7GMt4e3JRO4OIZlM6cX8SVd1U",
            "client_challenge=8444028d",
            &sent,
        ])
    };
    assert_eq!(answer("s3cr3t")["accept"], false);
    assert_eq!(answer("wrong")["accept"], true);
}
