//! What a capture of 10 MB costs.
#![cfg(target_os = "linux")]

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::inspect::data;
use crate::pcap::connection;

/// The bytes of a publish at 1.3 Mbit/s, as long as asked for: chunk size 4096, a picture of 6 KB for each 40 ms, two
/// frames of sound between.
fn publish(len: usize) -> Vec<u8> {
    // C0, C1 and C2 without digests, then Set Chunk Size.
    let mut bytes = vec![3];
    bytes.resize(1 + 1536 * 2, 0);
    bytes.extend(b"\x02\0\0\0\0\0\x04\x01\0\0\0\0\0\0\x10\0");
    let mut message = |time: u32, kind: u8, csid: u8, body: &[u8]| {
        let len = u32::try_from(body.len()).expect("short");
        bytes.push(csid);
        bytes.extend(&time.to_be_bytes()[1..]);
        bytes.extend(&len.to_be_bytes()[1..]);
        bytes.extend([kind, 1, 0, 0, 0]);
        for (index, chunk) in body.chunks(4096).enumerate() {
            if index > 0 {
                bytes.push(0xc0 | csid);
            }
            bytes.extend(chunk);
        }
        bytes.len()
    };
    let mut picture = vec![0x27, 1, 0, 0, 0];
    picture.resize(6_000, 0x5a);
    let mut sound = vec![0xaf, 1];
    sound.resize(340, 0x21);
    for time in (0..).step_by(40) {
        message(time, 9, 6, &picture);
        message(time, 8, 4, &sound);
        if message(time + 21, 8, 4, &sound) >= len {
            return bytes;
        }
    }
    unreachable!("it ends when it is long enough")
}

/// A recorded play, and after it more packets of its track, as many as asked for.
fn play(len: usize) -> (Vec<u8>, Vec<u8>) {
    let of = |end: &str| {
        let name = format!("sessions/{RECORDED}.{end}.bin");
        std::fs::read(data("rtsp").join(name)).expect("recorded bytes")
    };
    let (c2s, mut s2c) = (of("c2s"), of("s2c"));
    for sequence in 0..u16::MAX {
        let sound = (2, 8, 320_u16);
        for (channel, payload_type, packet_len) in [(0, 96, 1_400), sound] {
            s2c.extend([b'$', channel]);
            s2c.extend(packet_len.to_be_bytes());
            s2c.extend([0x80, payload_type]);
            s2c.extend(sequence.to_be_bytes());
            s2c.extend((u32::from(sequence) * 900).to_be_bytes());
            s2c.extend([0; 4]);
            s2c.resize(s2c.len() + usize::from(packet_len) - 12, 0x41);
        }
        if s2c.len() >= len {
            break;
        }
    }
    (c2s, s2c)
}

/// Runs the binary and returns how long it took and how much memory it had at most, in KiB.
fn cost(file: &Path) -> (Duration, u64) {
    let begin = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_weir-inspect"))
        .args(["--json", "pcap", "--messages"])
        .arg(file)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdout = child.stdout.take().expect("a pipe");
    // The output is made whole and then written. It does not fit the pipe, so the process is still there.
    let mut out = vec![0];
    stdout.read_exact(&mut out).expect("output");
    let status = format!("/proc/{}/status", child.id());
    let status = std::fs::read_to_string(status).expect("a running process");
    stdout.read_to_end(&mut out).expect("output");
    let took = begin.elapsed();
    assert!(child.wait().expect("an end").success());
    assert!(out.len() > 80 << 10, "{} bytes fit a pipe", out.len());
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|peak| peak.trim().strip_suffix(" kB"));
    (took, peak.expect("a peak").parse().expect("KiB"))
}

#[test]
fn a_capture_of_10_mb_takes_less_than_32_mb() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("large.pcap");
    let (asked, played) = play(10_000_000);
    for (c2s, s2c) in [(publish(10_000_000), Vec::new()), (asked, played)] {
        let capture = connection(&c2s, &s2c);
        let mut file = std::fs::File::create(&path).expect("a file");
        file.write_all(capture.bytes()).expect("written");
        let (took, peak) = cost(&path);
        assert!(peak < 32 << 10, "{peak} KiB");
        // Less than a second when it is built for release; tests are not.
        assert!(took < Duration::from_secs(20), "{took:?}");
    }
}

/// gst-rtsp-server 1.22 sends H.264 and A-law to FFmpeg 5.1.
const RECORDED: &str = "gst_h264pcma_ffmpeg_tcp";
