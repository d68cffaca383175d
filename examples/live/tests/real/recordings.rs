//! Streams that are played from their recording.

use std::time::{Duration, Instant};

use weir_flv::TagKind;
use weir_minimal::Next;
use weir_rtmp::{Class, ClientEvent, MediaKind, Name, PublishKind, StatusCode, message::Values};

use crate::{
    Claim,
    ffmpeg::{assert_same, clip, payloads},
    ffprobe::{count, probe},
    our_client::{clip_tags, connect, play, publish_clip, wait_until_connected},
    program::{PATIENCE, Program},
    server::Server,
};

pub(crate) const CLAIMS: &[Claim] = &[
    Claim(
        "rtmpdump_downloads_a_recording",
        &["ffmpeg", "rtmpdump"],
        rtmpdump_downloads,
    ),
    Claim(
        "rtmpdump_downloads_a_part_of_a_recording",
        &["ffmpeg", "ffprobe", "rtmpdump"],
        rtmpdump_downloads_a_part,
    ),
    Claim(
        "ffmpeg_plays_a_recording_to_its_end",
        &["ffmpeg"],
        ffmpeg_plays,
    ),
    Claim(
        "a_recording_tells_its_length",
        &["ffmpeg", "ffprobe"],
        tells_its_length,
    ),
    Claim(
        "a_recording_is_sought_and_paused",
        &["ffmpeg"],
        sought_and_paused,
    ),
];

fn rtmpdump_downloads() {
    let server = recorded();
    let file = server.folder.path().join("played.flv");
    let line = "rtmpdump -q -r {} -o {}";
    // Its exit code tells how close the last time is to the duration.
    Program::start(line, &[&server.rtmp("live/test"), &file.display()]).finish(PATIENCE);
    assert_same(&payloads(file), &payloads(clip()), 0);
}

fn rtmpdump_downloads_a_part() {
    let server = recorded();
    let file = server.folder.path().join("played.flv");
    let line = "rtmpdump -q -r {} --start 2.5 --stop 3 -o {}";
    Program::start(line, &[&server.rtmp("live/test"), &file.display()]).finish(PATIENCE);
    // The key frame before 2.5 s is the one at 2 s.
    let is_wanted = |time: u32| (2_000..3_000).contains(&time);
    let frames = |kind| {
        let tags = clip_tags();
        let frames = tags.iter().filter(|tag| {
            tag.kind == kind
                && tag.class() != weir_flv::body::Class::Config
                && is_wanted(tag.timestamp.as_millis())
        });
        frames.count().to_string()
    };
    let expected = [frames(TagKind::VIDEO), frames(TagKind::AUDIO)];
    assert_eq!(count(&file), expected);
}

fn ffmpeg_plays() {
    let server = recorded();
    assert_same(&payloads(server.rtmp("live/test")), &payloads(clip()), 0);
}

fn tells_its_length() {
    let server = recorded();
    let mut client = connect(&server.rtmp("live"));
    wait_until_connected(&mut client);
    let name = Name::from_static("getStreamLength");
    let values = Values::from_amf0(b"\x05\x02\0\x04test"[..].into());
    client.session.call(name, values, Instant::now()).unwrap();
    let answer = loop {
        if let Next::Event(ClientEvent::CallAnswered { answer, .. }) = client.wait().unwrap() {
            break answer.unwrap();
        }
    };
    let told = probe("-show_format", clip(), PATIENCE);
    let duration: f64 = told["format"]["duration"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    // A recording ends with its last frame, a clip of FFmpeg behind it.
    let length = answer.number(1).unwrap();
    assert!(
        (length - duration).abs() < 0.1,
        "{length} s of {duration} s"
    );
}

fn sought_and_paused() {
    let server = recorded();
    let mut player = play(&server.rtmp("live/test"));
    let mut told = Vec::new();
    let mut first = None;
    loop {
        let now = Instant::now();
        match player.wait().unwrap() {
            Next::Event(ClientEvent::PlayStarted { stream, .. }) => {
                let position = Duration::from_millis(2_500);
                player.session.seek(stream, position, now).unwrap();
            }
            Next::Event(ClientEvent::Status { stream, status, .. }) => {
                let (code, position) = (status.code(), Duration::from_secs(2));
                if code == StatusCode::SEEK_NOTIFY || code == StatusCode::PAUSE_NOTIFY {
                    let pause = code == StatusCode::SEEK_NOTIFY;
                    player.session.pause(stream, pause, position, now).unwrap();
                }
                let is_over = code == StatusCode::PLAY_STOP;
                told.push(code);
                if is_over {
                    break;
                }
            }
            Next::Event(ClientEvent::Media { packet, .. })
                if packet.kind == MediaKind::Video
                    && packet.class() != Class::Essential
                    && told.contains(&StatusCode::SEEK_NOTIFY) =>
            {
                first.get_or_insert(packet);
            }
            Next::Event(ClientEvent::Data { data, .. }) if *data.name() == Name::ON_PLAY_STATUS => {
                told.push(StatusCode::PLAY_COMPLETE);
            }
            Next::Event(ClientEvent::Closed) => panic!("the server closed the connection"),
            _ => {}
        }
    }
    let first = first.expect("a picture behind the seek");
    assert_eq!(
        (first.class(), first.timestamp.as_millis()),
        (Class::Keyframe, 2_000)
    );
    told.retain(|code| *code != StatusCode::PLAY_RESET && *code != StatusCode::DATA_START);
    let expected = [
        StatusCode::SEEK_NOTIFY,
        StatusCode::PLAY_START,
        StatusCode::PAUSE_NOTIFY,
        StatusCode::UNPAUSE_NOTIFY,
        StatusCode::PLAY_COMPLETE,
        StatusCode::PLAY_STOP,
    ];
    assert_eq!(told, expected);
}

/// A server with the clip as the recording of a stream that nobody publishes any more.
fn recorded() -> Server {
    let server = Server::start(&[]);
    publish_clip(&server, PublishKind::Record);
    server
}
