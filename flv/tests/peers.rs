//! Real programs read what is written: ffprobe the legacy files and recordings, a newer FFmpeg
//! (PyPI's imageio-ffmpeg) the enhanced ones.
#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use bytes::Buf;
use libtest_mimic::{Arguments, Failed, Trial};
use weir_flv::body::encode;
use weir_flv::file::{Framed, Muxer, Profile, Recorder, RecorderConfig, walk};
use weir_flv::{Tag, body};

const LEGACY: [&str; 10] = [
    "o01_h264_bframes_aac44s",
    "o02_h264_aac_keyframe_index",
    "o03_h264_video_only",
    "o04_aac_audio_only_mono",
    "o05_sorenson_mp3",
    "o06_screen_pcmle",
    "o07_nellymoser_22k",
    "o08_speex_16k",
    "o09_g711_alaw",
    "o10_h264_aac_nometa",
];

const ENHANCED: [&str; 8] = [
    "o11_hevc_aac_ertmp",
    "o12_av1_opus_ertmp",
    "o13_vp9_flac_ertmp",
    "o14_multitrack_2v2a",
    "o15_hevc10_hdr_metadata",
    "os2_ertmp_modex_nano",
    "os3_obs_style_setdataframe_meta0",
    "os7_flac_spec_header",
];

fn main() {
    let ffprobe = Command::new("ffprobe").arg("-version").output().is_ok();
    let newer = newer_ffmpeg();
    let mut trials = Vec::new();
    for name in LEGACY {
        let title = format!("ffprobe_reads_the_same_packets_of_{name}");
        trials.push(Trial::test(title, move || same_packets(name)).with_ignored_flag(!ffprobe));
    }
    let title = "ffprobe_seeks_exactly_in_a_recording";
    trials.push(Trial::test(title, seeks_exactly).with_ignored_flag(!ffprobe));
    let title = "ffprobe_reads_a_recording_that_was_never_finalised";
    trials.push(Trial::test(title, reads_a_torn_recording).with_ignored_flag(!ffprobe));
    for name in ENHANCED {
        let program = newer.clone();
        let title = format!("newer_ffmpeg_reads_the_same_frames_of_{name}");
        let is_missing = program.is_none();
        let trial = Trial::test(title, move || same_frames(program.as_deref(), name));
        trials.push(trial.with_ignored_flag(is_missing));
    }
    if !ffprobe {
        eprintln_once("ffprobe is not installed: its tests are ignored");
    }
    if newer.is_none() {
        eprintln_once(
            "PyPI's imageio-ffmpeg is not installed: tests of enhanced files are ignored",
        );
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

#[expect(clippy::print_stderr, reason = "the reason why tests are ignored")]
fn eprintln_once(reason: &str) {
    eprintln!("{reason}");
}

/// The program of PyPI's imageio-ffmpeg.
fn newer_ffmpeg() -> Option<PathBuf> {
    let script = "import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())";
    let output = Command::new("python3").args(["-c", script]).output().ok()?;
    let path = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    path.is_file().then_some(path)
}

fn vector(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(format!("{name}.flv"))
}

/// A file of the test's own that is removed with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("weir-flv-{}-{name}.flv", std::process::id()));
        fs::write(&path, bytes).expect("a writable folder for temporary files");
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Every tag taken apart into packets, put together again, and framed.
fn remuxed(name: &str, profile: Profile) -> Scratch {
    let file = fs::read(vector(name)).expect("vector");
    let (header, tags) = walk(&file).expect("header");
    let mut muxer = Muxer::new(profile);
    let mut out = Vec::new();
    push(Framed::file_header(header), &mut out);
    for tag in tags {
        let tag = tag.to_tag();
        let packets: Vec<body::Packet<'_>> = tag.packets().map_while(Result::ok).collect();
        let body = if packets.is_empty() {
            tag.body.clone()
        } else {
            encode(&packets).expect("what was read").into()
        };
        let again = Tag::new(tag.kind, tag.timestamp, body);
        for framed in muxer.mux(&again).expect("short bodies") {
            push(framed, &mut out);
        }
    }
    Scratch::new(name, &out)
}

fn push(mut framed: Framed, out: &mut Vec<u8>) {
    out.extend_from_slice(&framed.copy_to_bytes(framed.remaining()));
}

fn run(program: &Path, arguments: &[&str]) -> Result<String, Failed> {
    let output = Command::new(program).args(arguments).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn show_packets(path: &Path) -> Result<String, Failed> {
    let path = path.to_str().expect("UTF-8 path");
    let entries = "packet=stream_index,pts,dts,size,flags,data_hash";
    let arguments = [
        "-v",
        "error",
        "-show_packets",
        "-show_data_hash",
        "crc32",
        "-show_entries",
        entries,
        path,
    ];
    run(Path::new("ffprobe"), &arguments)
}

fn same_packets(name: &str) -> Result<(), Failed> {
    let ours = show_packets(&remuxed(name, Profile::Ffmpeg).0)?;
    let theirs = show_packets(&vector(name))?;
    assert!(theirs.contains("[PACKET]"), "ffprobe shows packets");
    assert_eq!(ours, theirs);
    Ok(())
}

fn frames(program: &Path, path: &Path) -> Result<String, Failed> {
    let path = path.to_str().expect("UTF-8 path");
    let arguments = [
        "-v", "error", "-i", path, "-map", "0", "-c", "copy", "-f", "framemd5", "-",
    ];
    let shown = run(program, &arguments)?;
    Ok(shown
        .lines()
        .filter(|line| !line.starts_with("#software"))
        .fold(String::new(), |text, line| text + line + "\n"))
}

fn same_frames(program: Option<&Path>, name: &str) -> Result<(), Failed> {
    let program = program.ok_or("no newer FFmpeg")?;
    let profile = if name.starts_with("os3") {
        Profile::Full
    } else {
        Profile::Ffmpeg
    };
    let ours = frames(program, &remuxed(name, profile).0)?;
    let theirs = frames(program, &vector(name))?;
    assert!(theirs.lines().count() > 20, "FFmpeg shows frames");
    assert_eq!(ours, theirs);
    Ok(())
}

/// A recording of a vector; finalised, or left as a crash would leave it.
fn recording(name: &str, finalise: bool) -> Vec<u8> {
    let file = fs::read(vector(name)).expect("vector");
    let mut recorder = Recorder::new(RecorderConfig::default());
    let mut out = Vec::new();
    for tag in walk(&file).expect("header").1 {
        recorder.push(&tag.to_tag()).expect("short bodies");
        while let Some(append) = recorder.poll_append() {
            push(append, &mut out);
        }
    }
    if finalise {
        for patch in recorder.patches() {
            let begin = usize::try_from(patch.offset).expect("small");
            let place = out
                .get_mut(begin..begin + patch.bytes.len())
                .expect("inside the file");
            place.copy_from_slice(&patch.bytes);
        }
    }
    out
}

fn seeks_exactly() -> Result<(), Failed> {
    let name = "o02_h264_aac_keyframe_index";
    let scratch = Scratch::new("seek", &recording(name, true));
    let path = scratch.0.to_str().expect("UTF-8 path");
    for (target, expected) in [("2.6%+#1", "2.521000"), ("3.6%+#1", "3.521000")] {
        let first = first_packet(path, target)?;
        assert!(
            first.starts_with(expected) && first.contains('K'),
            "{target}: {first}"
        );
    }
    // Elsewhere FFmpeg 5.1 goes to an earlier key frame, as it does in the file with its own index.
    let original = vector(name);
    let original = original.to_str().expect("UTF-8 path");
    for target in ["0.6%+#1", "1.1%+#1", "1.6%+#1", "2.1%+#1", "3.1%+#1"] {
        assert_eq!(
            first_packet(path, target)?,
            first_packet(original, target)?,
            "{target}"
        );
    }
    let arguments = [
        "-v",
        "error",
        "-show_entries",
        "format=duration",
        "-of",
        "csv=p=0",
        path,
    ];
    let duration: f64 = run(Path::new("ffprobe"), &arguments)?.trim().parse()?;
    assert!((duration - 4.02).abs() < 0.05, "{duration}");
    Ok(())
}

/// Time and flags of the first picture that ffprobe reads from a time on.
fn first_packet(path: &str, interval: &str) -> Result<String, Failed> {
    let entries = "packet=dts_time,flags";
    let arguments = [
        "-v",
        "error",
        "-read_intervals",
        interval,
        "-select_streams",
        "v",
    ];
    let format = ["-show_entries", entries, "-of", "csv=p=0", path];
    let shown = run(Path::new("ffprobe"), &[&arguments[..], &format].concat())?;
    Ok(shown.lines().next().unwrap_or_default().to_owned())
}

fn reads_a_torn_recording() -> Result<(), Failed> {
    let name = "o02_h264_aac_keyframe_index";
    let whole = recording(name, false);
    let torn = Scratch::new("torn", whole.get(..whole.len() - 100).expect("longer"));
    let shown = show_packets(&torn.0)?;
    let original = show_packets(&vector(name))?;
    let packets = |shown: &str| shown.matches("[PACKET]").count();
    let lost = packets(&original) - packets(&shown);
    assert!(lost <= 2, "{lost} packets lost");
    Ok(())
}
