//! RTSP with other codecs than H.264 and AAC.

use crate::{
    Claim, program,
    program::{PATIENCE, Program},
    server::Server,
};

pub(crate) const CLAIMS: &[Claim] = &[
    Claim("vp8_and_opus_pass_by_rtsp", FFMPEG, || {
        passes(
            "ffmpeg",
            "-c:v libvpx -deadline realtime -c:a libopus",
            ["vp8", "opus"],
        )
    }),
    Claim("h265_and_mu_law_pass_by_rtsp", FFMPEG, || {
        let codecs = "-c:v libx265 -preset ultrafast -x265-params log-level=none:bframes=0 \
                      -c:a pcm_mulaw -ar 8000 -ac 1";
        passes("ffmpeg", codecs, ["hevc", "pcm_mulaw"]);
    }),
    Claim("vp9_and_a_law_pass_by_rtsp", FFMPEG, || {
        let codecs = "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -strict experimental \
                      -c:a pcm_alaw -ar 8000 -ac 1";
        passes("ffmpeg", codecs, ["vp9", "pcm_alaw"]);
    }),
    Claim("av1_and_mp3_pass_by_rtsp", NEWER_FFMPEG, || {
        // MPEG audio of any layer is "mp2" to the RTP reader of FFmpeg.
        let codecs = "-strict experimental -c:v libsvtav1 -preset 12 -svtav1-params keyint=30 \
                      -c:a libmp3lame";
        passes("imageio-ffmpeg", codecs, ["av1", "mp2"]);
    }),
    Claim(
        "h265_and_opus_go_from_rtmp_to_rtsp",
        NEWER_FFMPEG,
        h265_from_rtmp,
    ),
    Claim(
        "what_no_stream_carries_is_refused_by_name",
        FFMPEG,
        jpeg_is_refused,
    ),
];

/// A stream published and played by RTSP has both tracks, whole.
fn passes(ffmpeg: &str, codecs: &str, names: [&str; 2]) {
    let ffmpeg = program::find(ffmpeg).unwrap();
    let server = Server::start(&[]);
    let publisher = source(
        &ffmpeg.display(),
        codecs,
        "rtsp -rtsp_transport tcp",
        &server.rtsp("live/test"),
    );
    server.wait_for_log("published");
    assert_played(&ffmpeg.display(), &server, names);
    publisher.succeed(PATIENCE);
}

fn h265_from_rtmp() {
    let ffmpeg = program::find("imageio-ffmpeg").unwrap();
    let server = Server::start(&[]);
    let codecs = "-c:v libx265 -preset ultrafast -x265-params log-level=none -c:a libopus";
    let publisher = source(&ffmpeg.display(), codecs, "flv", &server.rtmp("live/test"));
    server.wait_for_log("published");
    assert_played(&ffmpeg.display(), &server, ["hevc", "opus"]);
    publisher.succeed(PATIENCE);
}

fn jpeg_is_refused() {
    let server = Server::start(&[]);
    let line = "ffmpeg -v error -f lavfi -i testsrc2=size=320x176:rate=30 -t 2 -c:v mjpeg \
                -pix_fmt yuvj420p -huffman default -f rtsp -rtsp_transport tcp {}";
    let refused = Program::start(line, &[&server.rtsp("live/test")]).finish(PATIENCE);
    assert!(!refused.status.success());
    assert!(
        refused.stderr.contains("JPEG cannot be carried"),
        "{}",
        refused.stderr
    );
}

/// Publishes 5 s of pictures and sound.
fn source(ffmpeg: &dyn std::fmt::Display, codecs: &str, format: &str, url: &str) -> Program {
    let line = format!(
        "{{}} -v error -re -f lavfi -i testsrc2=size=320x180:rate=30 -re -f lavfi -i sine=r=48000 -t 5 \
         -g 30 -pix_fmt yuv420p {codecs} -f {format} {{}}"
    );
    Program::start(&line, &[ffmpeg, &url])
}

/// Claims that two seconds of the stream have these codecs and decode without an error.
fn assert_played(ffmpeg: &dyn std::fmt::Display, server: &Server, names: [&str; 2]) {
    let line = "{} -v verbose -xerror -rtsp_transport tcp -i {} -t 2 -f null -";
    let finished = Program::start(line, &[ffmpeg, &server.rtsp("live/test")]).finish(PATIENCE);
    assert!(finished.status.success(), "{}", finished.stderr);
    let told = |what: &str| {
        assert!(
            finished.stderr.contains(what),
            "{what}: {}",
            finished.stderr
        )
    };
    told(&format!("Video: {}", names[0]));
    told(&format!("Audio: {}", names[1]));
    let decoded = |kind: &str| -> u32 {
        let mut counts = finished.stderr.lines().filter_map(|line| {
            let (before, _) = line.split_once(" frames decoded")?;
            before.contains(kind).then(|| before.rsplit(' ').next())?
        });
        counts.next().unwrap().parse().unwrap()
    };
    assert!(decoded("(video)") >= 50, "{} pictures", decoded("(video)"));
    assert!(
        decoded("(audio)") >= 40,
        "{} frames of sound",
        decoded("(audio)")
    );
}

const FFMPEG: &[&str] = &["ffmpeg"];
const NEWER_FFMPEG: &[&str] = &["imageio-ffmpeg"];
