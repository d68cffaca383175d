//! RTSP: FFmpeg and GStreamer publish and play over every transport, beside RTMP.

use std::{fs, path::Path};

use crate::{
    Claim,
    ffmpeg::{Player, assert_same, clip, payloads, publish},
    ffprobe::{count, probe},
    program::{PATIENCE, Program},
    server::Server,
};

pub(crate) const CLAIMS: &[Claim] = &[
    Claim("what_rtmp_publishes_rtsp_plays_over_tcp", FFMPEG, || {
        rtmp_to_rtsp("tcp")
    }),
    Claim("what_rtmp_publishes_rtsp_plays_over_udp", FFMPEG, || {
        rtmp_to_rtsp("udp")
    }),
    Claim("what_rtsp_publishes_over_tcp_rtmp_plays", FFMPEG, || {
        rtsp_to_rtmp("tcp")
    }),
    Claim("what_rtsp_publishes_over_udp_rtmp_plays", FFMPEG, || {
        rtsp_to_rtmp("udp")
    }),
    Claim("what_rtsp_publishes_http_flv_plays", FFMPEG, rtsp_to_http),
    Claim("rtspclientsink_publishes_over_tcp", GSTREAMER, || {
        rtspclientsink_publishes("tcp")
    }),
    Claim("rtspclientsink_publishes_over_udp", GSTREAMER, || {
        rtspclientsink_publishes("udp")
    }),
    Claim("rtspsrc_plays_over_tcp", GSTREAMER, || {
        rtspsrc_plays("rtsp", "tcp")
    }),
    Claim("rtspsrc_plays_over_udp", GSTREAMER, || {
        rtspsrc_plays("rtsp", "udp")
    }),
    Claim("rtspsrc_plays_through_http", GSTREAMER, || {
        rtspsrc_plays("rtsph", "tcp+http")
    }),
    Claim(
        "ffmpeg_plays_through_http",
        FFMPEG,
        ffmpeg_plays_through_http,
    ),
    Claim(
        "a_stream_that_nobody_publishes_is_not_found",
        FFMPEG,
        not_found,
    ),
    Claim(
        "a_second_publisher_by_rtsp_is_refused",
        FFMPEG,
        second_publisher,
    ),
    Claim("logins_with_digest_play_by_rtsp", GSTREAMER, || {
        logins_play("digest", "Digest")
    }),
    Claim("logins_with_basic_play_by_rtsp", GSTREAMER, || {
        logins_play("basic", "Basic")
    }),
];

fn rtmp_to_rtsp(transport: &str) {
    let server = Server::start(&[]);
    let publisher = publish(&server.rtmp("live/test"));
    server.wait_for_log("published");
    let played = Played::start(
        &format!("-rtsp_transport {transport}"),
        &server.rtsp("live/test"),
    );
    publisher.succeed(PATIENCE);
    let (played, sent) = (played.packets(), Packets::of(clip()));
    let all = transport == "tcp";
    // ffprobe keeps the last picture for itself when the stream ends.
    assert!(
        !all || played.video.len() + 1 >= sent.video.len(),
        "{} pictures",
        played.video.len()
    );
    assert_in_step(&played, &sent);
}

fn rtsp_to_rtmp(transport: &str) {
    let server = Server::start(&[]);
    let player = Player::start(server.rtmp("live/test"));
    let probed = Played::start("", &server.rtmp("live/test"));
    server.wait_for_metric("weir_players", 2);
    publish_by_rtsp(&server, transport, "").succeed(PATIENCE);
    let (got, sent) = (player.packets(), payloads(clip()));
    // FFmpeg 5.1 never sends its last packet of AAC, with up to three frames. Datagrams that come
    // after the farewell are lost too.
    let lost = if transport == "udp" { 15 } else { 3 };
    for kind in ["video", "audio"] {
        let of_kind = |all: &[String]| -> Vec<String> {
            all.iter()
                .filter(|packet| packet.starts_with(kind))
                .cloned()
                .collect()
        };
        assert_same(&of_kind(&got), &of_kind(&sent), lost);
    }
    let (played, sent) = (probed.packets(), Packets::of(clip()));
    let dts: Vec<_> = played
        .video
        .iter()
        .filter_map(|packet| packet.dts)
        .collect();
    assert!(dts.is_sorted(), "pictures are decoded in order: {dts:?}");
    assert_in_step(&played, &sent);
}

fn rtsp_to_http() {
    let server = Server::start(&["--record"]);
    let publisher = publish_by_rtsp(&server, "tcp", "");
    server.wait_for_log("published");
    let viewer = Player::start(server.http("live/test.flv"));
    publisher.succeed(PATIENCE);
    assert_eq!(viewer.packets().len() + 3, payloads(clip()).len());
    server.wait_for_log("recorded");
    let file = server.folder.path().join("recordings/live/test.flv");
    assert_eq!(count(&file)[0], count(&clip())[0]);
    let told = &probe("-show_streams -select_streams v", &file, PATIENCE)["streams"][0];
    assert_eq!(
        (told["width"].as_u64(), told["has_b_frames"].as_u64()),
        (Some(320), Some(2))
    );
}

fn rtspclientsink_publishes(transport: &str) {
    let server = Server::start(&["--record"]);
    let line = "gst-launch-1.0 -q rtspclientsink name=sink protocols={} location={} \
                videotestsrc is-live=true num-buffers=60 ! video/x-raw,width=320,height=180 ! \
                x264enc speed-preset=ultrafast key-int-max=30 tune=zerolatency ! h264parse ! sink. \
                audiotestsrc is-live=true num-buffers=88 ! avenc_aac ! aacparse ! sink.";
    // GStreamer 1.22 says goodbye, and then does not end in one run of ten.
    let _publisher = Program::start(line, &[&transport, &server.rtsp("live/test")]);
    server.wait_for_log("published");
    server.wait_for_log("recorded");
    let file = server.folder.path().join("recordings/live/test.flv");
    let [pictures, sounds] = count(&file).map(|count| count.parse::<u32>().unwrap());
    assert!((59..=60).contains(&pictures), "{pictures} pictures");
    assert!((80..=100).contains(&sounds), "{sounds} frames of sound");
    let line = "ffmpeg -v error -xerror -i {} -f null -";
    Program::start(line, &[&file.display()]).succeed(PATIENCE);
}

fn rtspsrc_plays(scheme: &str, protocols: &str) {
    let server = Server::start(&[]);
    let publisher = publish(&server.rtmp("live/test"));
    server.wait_for_log("published");
    let url = server.rtsp("live/test").replacen("rtsp", scheme, 1);
    let files = ["pictures.264", "sound.aac"].map(|name| server.folder.path().join(name));
    let player = rtspsrc(
        &format!("protocols={protocols}"),
        &url,
        &files[0],
        &files[1],
    );
    publisher.succeed(PATIENCE);
    player.succeed(PATIENCE);
    let [pictures, sounds] = files.each_ref().map(|file| {
        let told = &probe("-count_packets -show_streams", file, PATIENCE)["streams"][0];
        let count = told["nb_read_packets"].as_str().unwrap();
        count.parse::<usize>().unwrap()
    });
    // Over datagrams the second group of pictures is the first whole one.
    let least = if protocols == "udp" { 58 } else { 119 };
    assert!((least..=120).contains(&pictures), "{pictures} pictures");
    assert!(sounds >= 80, "{sounds} frames of sound");
    let line = "ffmpeg -v error -xerror -i {} -f null -";
    Program::start(line, &[&files[0].display()]).succeed(PATIENCE);
}

/// GStreamer playing pictures and sound into a file each.
fn rtspsrc(options: &str, url: &str, pictures: &Path, sound: &Path) -> Program {
    let line = format!(
        "gst-launch-1.0 -q rtspsrc name=src {options} latency=200 location={{}} \
         src. ! rtph264depay ! h264parse ! video/x-h264,stream-format=byte-stream,alignment=au ! \
         filesink location={{}} \
         src. ! rtpmp4gdepay ! aacparse ! audio/mpeg,stream-format=adts ! filesink location={{}}"
    );
    Program::start(&line, &[&url, &pictures.display(), &sound.display()])
}

fn ffmpeg_plays_through_http() {
    let server = Server::start(&[]);
    let publisher = publish(&server.rtmp("live/test"));
    server.wait_for_log("published");
    let played = Played::start("-rtsp_transport http", &server.rtsp("live/test"));
    publisher.succeed(PATIENCE);
    assert_in_step(&played.packets(), &Packets::of(clip()));
}

fn not_found() {
    let server = Server::start(&[]);
    let line = "ffprobe -v error {}";
    let finished = Program::start(line, &[&server.rtsp("live/none")]).finish(PATIENCE);
    assert!(!finished.status.success());
    assert!(finished.stderr.contains("404"), "{}", finished.stderr);
}

fn second_publisher() {
    let server = Server::start(&[]);
    let first = publish(&server.rtmp("live/test"));
    server.wait_for_log("published");
    let second = publish_by_rtsp(&server, "tcp", "").finish(PATIENCE);
    assert!(!second.status.success());
    server.wait_for_log("the name is taken");
    first.succeed(PATIENCE);
}

fn logins_play(offer: &str, scheme: &str) {
    let folder = tempfile::tempdir().unwrap();
    let users = folder.path().join("users");
    fs::write(&users, "pub=secret,ROLE_USER\nview=pass word,ROLE_PLAY\n").unwrap();
    let server = Server::start(&["--users", users.to_str().unwrap(), "--auth", offer]);
    let with = |user: &str| {
        server
            .rtsp("live/test")
            .replacen("//", &format!("//{user}@"), 1)
    };
    for (user, told) in [("view:wrong", "401"), ("view:pass%20word", "403")] {
        let line = "ffmpeg -v error -re -i {} -c copy -f rtsp -rtsp_transport tcp {}";
        let refused = Program::start(line, &[&clip().display(), &with(user)]).finish(PATIENCE);
        assert!(!refused.status.success(), "{user} may not publish");
        assert!(refused.stderr.contains(told), "{}", refused.stderr);
    }
    let line = "ffmpeg -v error -re -i {} -c copy -f rtsp -rtsp_transport tcp {}";
    let publisher = Program::start(line, &[&clip().display(), &with("pub:secret")]);
    server.wait_for_log("published");
    let asked = "-rtsp_transport tcp";
    let refused = Program::start(
        &format!("ffprobe -v error {asked} {{}}"),
        &[&server.rtsp("live/test")],
    );
    assert!(refused.finish(PATIENCE).stderr.contains("401"));
    let played = Played::start(asked, &with("view:pass%20word"));
    let files = ["pictures.264", "sound.aac"].map(|name| server.folder.path().join(name));
    let options = "protocols=tcp user-id=view user-pw={}";
    let line = options.replace("{}", "secret");
    let refused = rtspsrc(&line, &server.rtsp("live/test"), &files[0], &files[1]);
    assert!(
        !refused.finish(PATIENCE).status.success(),
        "a wrong password by {scheme}"
    );
    publisher.succeed(PATIENCE);
    assert_in_step(&played.packets(), &Packets::of(clip()));
}

/// Publishes the clip by RTSP at its own speed.
pub(crate) fn publish_by_rtsp(server: &Server, transport: &str, options: &str) -> Program {
    let line = format!(
        "ffmpeg -v error -re -i {{}} -c copy {options} -f rtsp -rtsp_transport {transport} {{}}"
    );
    Program::start(&line, &[&clip().display(), &server.rtsp("live/test")])
}

/// ffprobe reading a stream to its end.
struct Played(Program);

impl Played {
    fn start(options: &str, url: &str) -> Self {
        let line = format!("ffprobe -v error {options} {SHOW} {{}}");
        Self(Program::start(&line, &[&url]))
    }

    fn packets(self) -> Packets {
        Packets::read(&serde_json::from_slice(&self.0.succeed(PATIENCE)).unwrap())
    }
}

/// The packets of a stream in the order they came.
#[derive(Debug)]
struct Packets {
    video: Vec<Packet>,
    audio: Vec<Packet>,
}

#[derive(Debug)]
struct Packet {
    /// When it is to be shown or heard, in seconds. ffprobe does not tell it of the first picture
    /// of RTSP.
    pts: Option<f64>,
    dts: Option<f64>,
    size: String,
}

impl Packets {
    fn of(file: impl AsRef<Path>) -> Self {
        Self::read(&probe("-show_packets", file, PATIENCE))
    }

    fn read(told: &serde_json::Value) -> Self {
        let packets = told["packets"].as_array().unwrap();
        let of_kind = |kind: &str| -> Vec<Packet> {
            let of_kind = packets.iter().filter(|packet| packet["codec_type"] == kind);
            let time = |time: &serde_json::Value| time.as_str()?.parse().ok();
            let read = |packet: &serde_json::Value| Packet {
                pts: time(&packet["pts_time"]),
                dts: time(&packet["dts_time"]),
                size: packet["size"].as_str().unwrap().to_owned(),
            };
            of_kind.map(read).collect()
        };
        Self {
            video: of_kind("video"),
            audio: of_kind("audio"),
        }
    }
}

/// Claims that what was played is a part of what was sent without a gap, and that sound and
/// pictures are as far apart as they were.
fn assert_in_step(played: &Packets, sent: &Packets) {
    let video = shift(&played.video, &sent.video, "pictures");
    let audio = shift(&played.audio, &sent.audio, "sound");
    assert!(
        (video - audio).abs() < 0.020,
        "{video} s for pictures, {audio} s for sound"
    );
}

/// How much later packets were played than they were sent, which has to be the same for all.
fn shift(played: &[Packet], sent: &[Packet], what: &str) -> f64 {
    assert!(played.len() >= 30, "{} packets of {what}", played.len());
    // Of a key frame the parameter sets in front of it count too, so the first one is left out.
    let sizes = |packets: &[Packet]| -> Vec<String> {
        packets[1..8]
            .iter()
            .map(|packet| packet.size.clone())
            .collect()
    };
    let begin = sent
        .windows(8)
        .position(|sent| sizes(sent) == sizes(played));
    let begin = begin.unwrap_or_else(|| panic!("other {what} than was sent: {played:?}"));
    let sent = &sent[begin..];
    assert!(played.len() <= sent.len(), "more {what} than was sent");
    // Sound that is a little older than the first picture is moved to it.
    let pairs = played.iter().zip(sent).skip(1);
    let shifts: Option<Vec<f64>> = pairs.map(|(it, sent)| Some(it.pts? - sent.pts?)).collect();
    let shifts = shifts.unwrap_or_else(|| panic!("{what} without a time: {played:?}"));
    for shift in &shifts {
        assert!(
            (shift - shifts[0]).abs() < 0.005,
            "{what} is not evenly spaced: {shifts:?}"
        );
    }
    shifts[0]
}

const FFMPEG: &[&str] = &["ffmpeg", "ffprobe"];
const GSTREAMER: &[&str] = &["ffmpeg", "ffprobe", "gst-launch-1.0"];
const SHOW: &str = "-of json -show_packets";
