//! Other clients and servers: rtmpdump, GStreamer, nginx-rtmp, a newer FFmpeg.

use crate::{
    Claim,
    ffmpeg::{Player, assert_same, clip, payloads, publish},
    ffprobe::count,
    nginx::Nginx,
    program::{self, PATIENCE, Program},
    server::Server,
};

pub(crate) const CLAIMS: &[Claim] = &[
    Claim("rtmpdump_plays", &["ffmpeg", "rtmpdump"], rtmpdump_plays),
    Claim(
        "rtmpdump_plays_after_a_digest_handshake",
        &["ffmpeg", "rtmpdump"],
        rtmpdump_digest,
    ),
    Claim(
        "rtmpdump_plays_encrypted",
        &["ffmpeg", "rtmpdump"],
        rtmpdump_encrypted,
    ),
    Claim(
        "gstreamer_rtmp2sink_publishes",
        GSTREAMER,
        rtmp2sink_publishes,
    ),
    Claim(
        "gstreamer_rtmpsink_publishes",
        GSTREAMER,
        rtmpsink_publishes,
    ),
    Claim("gstreamer_rtmp2src_plays", GSTREAMER, rtmp2src_plays),
    Claim("gstreamer_rtmpsrc_plays", GSTREAMER, rtmpsrc_plays),
    Claim(
        "nginx_rtmp_pushes_to_us",
        &["ffmpeg", "nginx"],
        nginx_pushes,
    ),
    Claim(
        "every_chunk_size_is_understood",
        &["ffmpeg", "rtmpdump"],
        every_chunk_size,
    ),
    Claim(
        "nginx_rtmp_pulls_from_us",
        &["ffmpeg", "nginx"],
        nginx_pulls,
    ),
    Claim(
        "timestamps_go_beyond_24_bits",
        &["ffmpeg", "ffprobe"],
        timestamps_go_beyond_24_bits,
    ),
    Claim("hevc_and_opus_pass", NEWER_FFMPEG, hevc_and_opus_pass),
    Claim("av1_and_flac_pass", NEWER_FFMPEG, av1_and_flac_pass),
    Claim(
        "two_pictures_and_two_sounds_pass",
        NEWER_FFMPEG,
        multitrack_passes,
    ),
];

fn rtmpdump_plays() {
    rtmpdump(&Server::start(&[]), "rtmp", "");
}

/// rtmpdump signs C1 only when it can verify an SWF.
fn rtmpdump_digest() {
    let options = format!(" --swfhash {} --swfsize 1000", "5a".repeat(32));
    rtmpdump(&Server::start(&[]), "rtmp", &options);
}

fn rtmpdump_encrypted() {
    let server = Server::start(&["--rtmpe"]);
    rtmpdump(&server, "rtmpe", "");
    // Without the option the version of RTMPE is one that nobody knows, and is told.
    assert_eq!(server.log_lines("HandshakeVersion"), [""; 0]);
}

fn rtmpdump(server: &Server, scheme: &str, options: &str) {
    let file = server.folder.path().join("played.flv");
    let line = format!("rtmpdump -q --live -r {{}}{options} -o {{}}");
    let url = server.rtmp("live/test").replacen("rtmp", scheme, 1);
    let player = Program::start(&line, &[&url, &file.display()]);
    server.wait_for_metric("weir_players", 1);
    publish(&server.rtmp("live/test")).succeed(PATIENCE);
    // Its exit code tells only whether it believes that the stream is complete.
    player.finish(PATIENCE);
    assert_same(&payloads(file), &payloads(clip()), 0);
}

fn rtmp2sink_publishes() {
    gstreamer_publishes("rtmp2sink location={}");
}

fn rtmpsink_publishes() {
    gstreamer_publishes("rtmpsink location={}");
}

fn gstreamer_publishes(sink: &str) {
    let server = Server::start(&["--record"]);
    let line = "gst-launch-1.0 -q videotestsrc num-buffers=60 ! video/x-raw,width=320,height=180 ! \
                x264enc speed-preset=ultrafast key-int-max=30 ! h264parse ! flvmux name=mux streamable=true ! ";
    let sound = " audiotestsrc num-buffers=80 ! avenc_aac ! aacparse ! mux.";
    let line = format!("{line}{sink}{sound}");
    Program::start(&line, &[&server.rtmp("live/test")]).succeed(PATIENCE);
    server.wait_for_log("recorded");
    let [pictures, sounds] = count(&server.folder.path().join("recordings/live/test.flv"));
    assert_eq!(pictures, "60");
    assert!(sounds.parse::<u32>().unwrap() >= 80, "{sounds}");
}

/// With librtmp. At the end of a stream it connects again, and waits (GStreamer 1.22).
fn rtmpsrc_plays() {
    let server = Server::start(&[]);
    let file = server.folder.path().join("played.flv");
    let line = "gst-launch-1.0 -q rtmpsrc location={} ! filesink buffer-mode=2 location={}";
    let mut player = Program::start(line, &[&server.rtmp("live/test"), &file.display()]);
    server.wait_for_metric("weir_players", 1);
    publish(&server.rtmp("live/test")).succeed(PATIENCE);
    program::eventually("it connects again", PATIENCE, || {
        (server.log_lines(" played").len() == 2).then_some(())
    });
    player.kill();
    assert_same(&payloads(file), &payloads(clip()), 1);
}

fn rtmp2src_plays() {
    let server = Server::start(&[]);
    let file = server.folder.path().join("played.flv");
    let line = "gst-launch-1.0 -q rtmp2src location={} ! filesink location={}";
    let player = Program::start(line, &[&server.rtmp("live/test"), &file.display()]);
    server.wait_for_metric("weir_players", 1);
    publish(&server.rtmp("live/test")).succeed(PATIENCE);
    player.finish(PATIENCE);
    // rtmp2src forgets the message it has when it hears that the stream ended.
    assert_same(&payloads(file), &payloads(clip()), 1);
}

fn nginx_pulls() {
    let server = Server::start(&[]);
    let pull = format!(
        "pull rtmp://127.0.0.1:{}/live/ name=test;",
        server.rtmp_port
    );
    let nginx = Nginx::start(&pull);
    // nginx does not pass on that the publisher is gone.
    let line = "ffmpeg -v error -i {} -map 0 -c copy -t 3 -f framemd5 -";
    let player = Player(Program::start(line, &[&nginx.url()]));
    server.wait_for_metric("weir_players", 1);
    publish(&server.rtmp("live/test")).succeed(PATIENCE);
    assert_same(
        &player.packets(),
        &Player(Program::start(line, &[&clip().display()])).packets(),
        0,
    );
}

fn nginx_pushes() {
    let server = Server::start(&[]);
    let push = format!("push rtmp://127.0.0.1:{}/live;", server.rtmp_port);
    let nginx = Nginx::start(&push);
    let player = Player::start(server.rtmp("live/test"));
    server.wait_for_metric("weir_players", 1);
    publish(&nginx.url()).succeed(PATIENCE);
    let (got, sent) = (player.packets(), payloads(clip()));
    // nginx connects to us when the stream has begun; pictures begin with the next key frame then.
    for kind in ["video", "audio"] {
        let of_kind = |packets: &[String]| -> Vec<String> {
            let packets = packets.iter().filter(|packet| packet.starts_with(kind));
            packets.cloned().collect()
        };
        let (got, sent) = (of_kind(&got), of_kind(&sent));
        assert!(
            sent.ends_with(&got),
            "{kind}: {got:?} is no end of {sent:?}"
        );
        assert!(
            got.len() * 2 >= sent.len(),
            "{} of {}",
            got.len(),
            sent.len()
        );
    }
}

/// What we send in chunks of these sizes; FFmpeg publishes in chunks of the size that it is told.
fn every_chunk_size() {
    let runs = ["1", "128", "4096", "65536", "16777215"].map(|size| {
        let server = Server::start(&["--chunk-size", size]);
        let url = server.rtmp("live/test");
        let file = server.folder.path().join("played.flv");
        let line = "rtmpdump -q --live -r {} -o {}";
        let rtmpdump = Program::start(line, &[&url, &file.display()]);
        let player = Player::start(&url);
        server.wait_for_metric("weir_players", 2);
        let publisher = publish(&url);
        (publisher, player, rtmpdump, file, server)
    });
    for (publisher, player, rtmpdump, file, _server) in runs {
        publisher.succeed(PATIENCE);
        assert_same(&player.packets(), &payloads(clip()), 0);
        rtmpdump.finish(PATIENCE);
        assert_same(&payloads(file), &payloads(clip()), 0);
    }
}

fn timestamps_go_beyond_24_bits() {
    let server = Server::start(&["--record"]);
    let url = server.rtmp("live/test");
    // 0xFFFFFF ms are 16,777.215 s: the time passes it after two seconds.
    let player = Player::start(&url);
    server.wait_for_metric("weir_players", 1);
    let line = "ffmpeg -v error -re -i {} -c copy -output_ts_offset 16775 -f flv {}";
    Program::start(line, &[&clip().display(), &url]).succeed(PATIENCE);
    assert_same(&player.packets(), &payloads(clip()), 0);
    server.wait_for_log("recorded");
    let file = server.folder.path().join("recordings/live/test.flv");
    assert_same(&payloads(file), &payloads(clip()), 0);
}

/// E-RTMP v2, "Multitrack Streaming via Enhanced RTMP".
fn multitrack_passes() {
    newer_codecs_pass(
        "-f lavfi -i testsrc2=size=160x90:rate=30 -f lavfi -i sine=f=880:r=48000 \
         -map 0:v -map 1:a -map 2:v -map 3:a \
         -c:v libx264 -preset ultrafast -bf 0 -c:a aac",
    );
}

fn hevc_and_opus_pass() {
    newer_codecs_pass("-c:v libx265 -preset ultrafast -x265-params log-level=none -c:a libopus");
}

fn av1_and_flac_pass() {
    newer_codecs_pass("-c:v libsvtav1 -preset 12 -svtav1-params keyint=30 -c:a flac");
}

/// A newer FFmpeg publishes by Enhanced RTMP, plays, and watches over HTTP.
///
/// The first inputs are a picture and a sound; `options` may add more, and say how to encode them.
fn newer_codecs_pass(options: &str) {
    let ffmpeg = program::find("imageio-ffmpeg").unwrap();
    let server = Server::start(&["--record"]);
    let source = server.folder.path().join("source.flv");
    let make = format!(
        "{{}} -v error -f lavfi -i testsrc2=size=320x180:rate=30 -f lavfi -i sine=r=48000 \
         {options} -t 2 -g 30 -pix_fmt yuv420p -f flv {{}}"
    );
    Program::start(&make, &[&ffmpeg.display(), &source.display()]).succeed(PATIENCE);
    let player = Player::with(&ffmpeg, server.rtmp("live/test"));
    server.wait_for_metric("weir_players", 1);
    let publish = "{} -v error -re -i {} -map 0 -c copy -f flv {}";
    let url = server.rtmp("live/test");
    Program::start(publish, &[&ffmpeg.display(), &source.display(), &url]).succeed(PATIENCE);
    let sent = Player::with(&ffmpeg, &source).packets();
    assert_same(&player.packets(), &sent, 0);
    server.wait_for_log("recorded");
    let recorded = server.folder.path().join("recordings/live/test.flv");
    assert_same(&Player::with(&ffmpeg, recorded).packets(), &sent, 0);
}

const GSTREAMER: &[&str] = &["ffmpeg", "ffprobe", "gst-launch-1.0"];
const NEWER_FFMPEG: &[&str] = &["ffmpeg", "imageio-ffmpeg"];
