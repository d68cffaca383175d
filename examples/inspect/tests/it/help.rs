//! Help texts: each has an example, and each example runs.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::inspect::data;

#[test]
fn every_command_has_an_example_in_its_help_and_every_example_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    example_files(folder.path());
    let commands = commands();
    assert_eq!(commands.len(), 15, "{commands:?}");
    for command in commands {
        let help = text(run(folder.path(), &[command.clone(), "--help".into()]));
        let examples = help
            .lines()
            .filter_map(|line| line.trim().strip_prefix("Example: "));
        let mut ran = 0;
        for example in examples {
            let mut words = words(example).into_iter();
            assert_eq!(words.next().as_deref(), Some("weir-inspect"), "{example}");
            let args: Vec<String> = words.collect();
            assert_eq!(args[0], command);
            let output = run(folder.path(), &args);
            assert!(output.status.success(), "{example}: {output:?}");
            assert!(!output.stdout.is_empty(), "{example}");
            ran += 1;
        }
        assert!(ran > 0, "{command} has no example: {help}");
    }
}

/// The commands that the help lists.
fn commands() -> Vec<String> {
    let help = text(run(Path::new("."), &["--help".to_owned()]));
    let (_, list) = help.split_once("Commands:\n").expect("commands");
    let list = list.lines().take_while(|line| !line.is_empty());
    // The text beside a name may go on below it.
    let names = list.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

fn run(folder: &Path, args: &[String]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_weir-inspect"))
        .current_dir(folder)
        .args(args)
        .output()
        .expect("the binary starts")
}

fn text(output: Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The words of a command line; single quotes hold some together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for (index, part) in line.split('\'').enumerate() {
        let is_quoted = index % 2 == 1;
        for (index, piece) in part.split(' ').enumerate() {
            if is_quoted {
                let space = if index > 0 { " " } else { "" };
                let word = words.last_mut().expect("a word");
                word.push_str(space);
                word.push_str(piece);
            } else {
                if index > 0 {
                    words.push(String::new());
                }
                words.last_mut().expect("a word").push_str(piece);
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The files that the examples speak of.
fn example_files(folder: &Path) {
    let rtmp = |end: &str| data("rtmp").join(format!("ff5_pub_avc_aac_cs4096.{end}"));
    let rtsp = |end: &str| {
        let name = format!("sessions/ffsrv_record_mjpeg_ffmpeg_tcp.{end}");
        data("rtsp").join(name)
    };
    let own = |name: &str| {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/data")
            .join(name)
    };
    let copies: [(&str, PathBuf); 6] = [
        ("broken.flv", data("flv").join("ob2_garbage_between.flv")),
        ("publish.c2s.bin", rtmp("c2s.bin")),
        ("publish.s2c.bin", rtmp("s2c.bin")),
        ("play.c2s.bin", rtsp("c2s.bin")),
        ("play.s2c.bin", rtsp("s2c.bin")),
        ("trouble.pcap", own("ffmpeg_wrong_password.pcap")),
    ];
    for (name, from) in copies {
        std::fs::copy(from, folder.join(name)).expect(name);
    }
    let describe = "DESCRIBE rtsp://camera/live RTSP/1.0\r\nCSeq: 2\r\n\r\n";
    let written: [(&str, &[u8]); 5] = [
        // One call without arguments.
        ("request.bin", b"\0\0\0\0\0\x01\0\x04ping\0\x02/1\0\0\0\x05\x0a\0\0\0\0"),
        // One number.
        ("settings.sol", b"\0\xbf\0\0\0\x2bTCSO\0\x04\0\0\0\0\0\x08settings\0\0\0\0\0\x06volume\0\x3f\xe0\0\0\0\0\0\0\0"),
        ("describe.txt", describe.as_bytes()),
        ("camera.sdp", b"v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"),
        ("packets.txt", b"80e00001000000000000000165880421\n"),
    ];
    for (name, bytes) in written {
        std::fs::write(folder.join(name), bytes).expect(name);
    }
}
