//! FFmpeg: a clip, publishers, players, and what they got.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use crate::program::{PATIENCE, Program};

/// 4 s of H.264 with B frames and a key frame each 2 s, and AAC; made once for each run.
pub(crate) fn clip() -> PathBuf {
    static CLIP: OnceLock<PathBuf> = OnceLock::new();
    let make = || {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("avc_aac.flv");
        let line = "ffmpeg -v error -y -f lavfi -i testsrc2=size=320x180:rate=30 -f lavfi -i sine \
                    -t 4 -c:v libx264 -preset ultrafast -bf 2 -g 60 -keyint_min 60 -sc_threshold 0 \
                    -pix_fmt yuv420p -c:a aac -f flv {}";
        Program::start(line, &[&path.display()]).succeed(PATIENCE);
        path
    };
    CLIP.get_or_init(make).clone()
}

/// Publishes the clip at its own speed.
pub(crate) fn publish(url: &str) -> Program {
    Program::start(
        "ffmpeg -v error -re -i {} -c copy -f flv {}",
        &[&clip().display(), &url],
    )
}

/// FFmpeg reading a file or URL to its end, without decoding.
pub(crate) struct Player(pub(crate) Program);

impl Player {
    pub(crate) fn start(source: impl AsRef<Path>) -> Self {
        Self::with(Path::new("ffmpeg"), source)
    }

    /// The same with another FFmpeg.
    pub(crate) fn with(ffmpeg: &Path, source: impl AsRef<Path>) -> Self {
        let line = "{} -v error -i {} -map 0 -c copy -f framemd5 -";
        Self(Program::start(
            line,
            &[&ffmpeg.display(), &source.as_ref().display()],
        ))
    }

    /// Kind, size and MD5 of each packet in the order of the container, without times.
    pub(crate) fn packets(self) -> Vec<String> {
        let told = String::from_utf8(self.0.succeed(PATIENCE)).unwrap();
        // "#media_type 0: video" names a stream, "0, dts, pts, duration, size, md5" is a packet.
        let kinds: HashMap<_, _> = told
            .lines()
            .filter_map(|line| line.strip_prefix("#media_type ")?.split_once(": "))
            .collect();
        let packet = |line: &str| {
            let fields: Vec<_> = line.split(',').map(str::trim).collect();
            [kinds[fields[0]], fields[4], fields[5]].join(" ")
        };
        told.lines()
            .filter(|line| !line.starts_with('#'))
            .map(packet)
            .collect()
    }
}

/// Kind, size and MD5 of each packet of a file.
pub(crate) fn payloads(file: impl AsRef<Path>) -> Vec<String> {
    Player::start(file).packets()
}

/// Claims that packets are those which were sent, but for `lost` at the end.
///
/// Some clients stop at the notice that the publisher is gone and forget what they have.
pub(crate) fn assert_same(got: &[String], sent: &[String], lost: usize) {
    let differ = got.iter().zip(sent).position(|(got, sent)| got != sent);
    if let Some(at) = differ {
        panic!(
            "packet {at} of {} is {}, sent was {}",
            sent.len(),
            got[at],
            sent[at]
        );
    }
    assert!(
        got.len() + lost >= sent.len(),
        "{} of {} packets",
        got.len(),
        sent.len()
    );
    assert!(
        got.len() <= sent.len(),
        "{} more than were sent",
        got.len() - sent.len()
    );
}
