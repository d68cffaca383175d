//! What FFmpeg does not show: our own client looks at statuses, times and values.

use std::{
    fs,
    net::TcpStream,
    path::Path,
    time::{Duration, Instant},
};

use weir_flv::{
    Tag, TagKind,
    file::{Demuxer, Event, Mode},
};
use weir_minimal::{Connection, Next, seed};
use weir_rtmp::{
    Class, ClientConfig, ClientEvent, ClientSession, ConnectOptions, MediaPacket, Name,
    PlayRequest, PublishKind, RtmpUrl, StatusCode, UrlStyle, message::Values,
};

use crate::{
    Claim,
    ffmpeg::{clip, publish},
    ffprobe::{count, probe},
    program::PATIENCE,
    server::Server,
};

pub(crate) const CLAIMS: &[Claim] = &[
    Claim(
        "a_player_gets_a_key_frame_within_300_ms",
        FFMPEG,
        key_frame_at_once,
    ),
    Claim("a_second_publisher_hears_bad_name", FFMPEG, bad_name),
    Claim("append_continues_a_recording", FFMPEG, append_continues),
    Claim("record_replaces_a_recording", FFMPEG, record_replaces),
    Claim(
        "append_continues_after_the_server_was_killed",
        FFMPEG,
        append_after_a_crash,
    ),
    Claim("echo_gives_back_every_byte", &[], echo),
];

fn key_frame_at_once() {
    let server = Server::start(&[]);
    let url = server.rtmp("live/test");
    let _publisher = publish(&url);
    server.wait_for_log("published");
    // Key frames are 2 s apart, so a second into the stream the next one is far away.
    let mut first = play(&url);
    wait_for_media(&mut first, |packet| packet.timestamp.as_millis() >= 1_000);
    let mut second = play(&url);
    let replied = loop {
        if let Next::Event(ClientEvent::PlayStarted { .. }) = second.wait().unwrap() {
            break Instant::now();
        }
    };
    wait_for_media(&mut second, |packet| packet.class() == Class::Keyframe);
    let waited = replied.elapsed();
    assert!(waited < Duration::from_millis(300), "{waited:?}");
}

fn bad_name() {
    let server = Server::start(&[]);
    let url = server.rtmp("live/test");
    let first = publish(&url);
    server.wait_for_log("published");
    let mut second = connect(&url);
    request_publish(&mut second, &url, PublishKind::Live);
    let status = loop {
        match second.wait().unwrap() {
            Next::Event(ClientEvent::RequestFailed { status, .. }) => break status,
            Next::Event(ClientEvent::PublishStarted { .. }) => panic!("it may publish"),
            _ => {}
        }
    };
    assert_eq!(status.code(), StatusCode::PUBLISH_BAD_NAME);
    // The first one is untouched.
    first.succeed(PATIENCE);
}

fn append_continues() {
    let server = Server::start(&[]);
    publish_clip(&server, PublishKind::Record);
    publish_clip(&server, PublishKind::Append);
    let file = server.folder.path().join("recordings/live/test.flv");
    assert_twice(&file);
}

fn record_replaces() {
    let server = Server::start(&[]);
    publish_clip(&server, PublishKind::Record);
    publish_clip(&server, PublishKind::Record);
    let file = server.folder.path().join("recordings/live/test.flv");
    assert_eq!(count(&file), count(&clip()));
}

fn append_after_a_crash() {
    let server = Server::start(&[]);
    let url = server.rtmp("live/test");
    let mut client = connect(&url);
    send_clip(&mut client, &url, PublishKind::Record);
    let file = server.folder.path().join("recordings/live/test.flv");
    let len = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
    crate::program::eventually("most of it is in the file", PATIENCE, || {
        (len(&file) > len(&clip()) * 3 / 4).then_some(())
    });
    let folder = server.kill();
    let server = Server::start_in(folder, &[]);
    publish_clip(&server, PublishKind::Append);
    let [pictures, sounds] = count(&server.folder.path().join("recordings/live/test.flv"));
    let [once, _] = count(&clip());
    let (pictures, once): (u32, u32) = (pictures.parse().unwrap(), once.parse().unwrap());
    assert!(
        pictures > once + once / 2,
        "{pictures} pictures, {sounds} sounds"
    );
}

/// A vector of integers in AMF3 inside AMF0, and a number: what Red5's tests send around.
fn echo() {
    let server = Server::start(&[]);
    let mut client = connect(&server.rtmp("live"));
    let values =
        b"\x05\x11\x0d\x05\x01\x00\x00\x00\x07\xff\xff\xff\xff\x00\x40\x09\x21\xfb\x54\x44\x2d\x18";
    let values = Values::from_amf0(values[..].into());
    loop {
        match client.wait().unwrap() {
            Next::Event(ClientEvent::Connected { .. }) => {
                let name = Name::from_static("echo");
                client
                    .session
                    .call(name, values.clone(), Instant::now())
                    .unwrap();
            }
            Next::Event(ClientEvent::CallAnswered { answer, .. }) => {
                assert_eq!(answer, Ok(values));
                return;
            }
            _ => {}
        }
    }
}

pub(crate) fn connect(url: &str) -> Connection<ClientSession, ()> {
    let url: RtmpUrl = url.parse().unwrap();
    let now = Instant::now();
    let mut session = ClientSession::new(ClientConfig::default(), seed().unwrap(), now);
    session
        .connect(ConnectOptions::new(&url.target(UrlStyle::Ffmpeg)), now)
        .unwrap();
    let socket = TcpStream::connect((url.host(), url.port())).unwrap();
    Connection::new(socket, session).unwrap()
}

pub(crate) fn wait_until_connected(client: &mut Connection<ClientSession, ()>) {
    while !matches!(
        client.wait().unwrap(),
        Next::Event(ClientEvent::Connected { .. })
    ) {}
}

fn stream_name(url: &str) -> String {
    url.parse::<RtmpUrl>()
        .unwrap()
        .target(UrlStyle::Ffmpeg)
        .stream
}

fn play(url: &str) -> Connection<ClientSession, ()> {
    let mut client = connect(url);
    wait_until_connected(&mut client);
    client
        .session
        .play(PlayRequest::new(stream_name(url)), Instant::now())
        .unwrap();
    client
}

fn request_publish(client: &mut Connection<ClientSession, ()>, url: &str, kind: PublishKind) {
    wait_until_connected(client);
    client
        .session
        .publish(stream_name(url), kind, Instant::now())
        .unwrap();
}

fn wait_for_media(
    client: &mut Connection<ClientSession, ()>,
    wanted: impl Fn(&MediaPacket) -> bool,
) {
    loop {
        match client.wait().unwrap() {
            Next::Event(ClientEvent::Media { packet, .. }) if wanted(&packet) => return,
            Next::Event(ClientEvent::Closed) => panic!("the server closed the connection"),
            _ => {}
        }
    }
}

/// Publishes the clip as fast as it goes, and waits until it is recorded.
fn publish_clip(server: &Server, kind: PublishKind) {
    let recorded = server.log_lines("recorded").len();
    let url = server.rtmp("live/test");
    let mut client = connect(&url);
    let stream = send_clip(&mut client, &url, kind);
    client
        .session
        .delete_stream(stream, Instant::now())
        .unwrap();
    client.session.close();
    while !matches!(client.wait().unwrap(), Next::Event(ClientEvent::Closed)) {}
    crate::program::eventually("recorded", PATIENCE, || {
        (server.log_lines("recorded").len() > recorded).then_some(())
    });
}

fn send_clip(
    client: &mut Connection<ClientSession, ()>,
    url: &str,
    kind: PublishKind,
) -> weir_rtmp::chunk::MessageStreamId {
    request_publish(client, url, kind);
    let stream = loop {
        if let Next::Event(ClientEvent::PublishStarted { stream, .. }) = client.wait().unwrap() {
            break stream;
        }
    };
    for tag in clip_tags() {
        let packet = MediaPacket::from(tag);
        client
            .session
            .send_media(stream, &packet, packet.class(), Instant::now())
            .unwrap();
    }
    client.write().unwrap();
    stream
}

fn clip_tags() -> Vec<Tag> {
    let mut demuxer = Demuxer::new(Mode::Strict);
    demuxer.push(fs::read(clip()).unwrap().into());
    demuxer.finish();
    let mut tags = Vec::new();
    while let Some(event) = demuxer.poll_event().unwrap() {
        if let Event::Tag(found) = event {
            tags.push(found.tag);
        }
    }
    tags.retain(|tag| tag.kind != TagKind::SCRIPT);
    tags
}

/// The clip two times, one behind the other, times going on.
fn assert_twice(file: &Path) {
    let twice = count(&clip()).map(|count| (count.parse::<u32>().unwrap() * 2).to_string());
    assert_eq!(count(file), twice);
    let told = probe(
        "-show_format -show_packets -select_streams v",
        file,
        PATIENCE,
    );
    let duration: f64 = told["format"]["duration"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(duration > 7.9, "{duration} s");
    let times: Vec<f64> = told["packets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|packet| packet["dts_time"].as_str().unwrap().parse().unwrap())
        .collect();
    assert!(times.is_sorted(), "{times:?}");
}

const FFMPEG: &[&str] = &["ffmpeg", "ffprobe"];
