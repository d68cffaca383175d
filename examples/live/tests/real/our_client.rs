//! What FFmpeg does not show: our own client looks at statuses, times and values.

use std::{
    fs,
    net::TcpStream,
    path::Path,
    time::{Duration, Instant},
};

use bytes::Bytes;
use weir_flv::{
    Tag, TagKind,
    file::{Demuxer, Event, Mode},
};
use weir_minimal::{Connection, Next, seed};
use weir_rtmp::{
    Class, ClientConfig, ClientEvent, ClientSession, ConnectOptions, MediaKind, MediaPacket, Name,
    PlayRequest, PublishKind, RtmpUrl, StatusCode, UrlStyle,
    chunk::{MessageStreamId, Timestamp},
    message::{Data, DataAction, Values},
};

use crate::{
    Claim,
    ffmpeg::{clip, publish},
    ffprobe::{count, probe},
    nginx::Nginx,
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
    Claim(
        "cleared_metadata_are_not_given_to_later_players",
        &[],
        cleared_metadata,
    ),
    Claim(
        "we_publish_to_and_play_from_nginx_rtmp",
        &["ffmpeg", "nginx"],
        nginx_between,
    ),
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
    send_clip(&mut client, &url, PublishKind::Record, usize::MAX);
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

/// What Red5's tests send around: a vector of each kind, vectors in vectors, elements that are null
/// and instances of a class, in AMF3 inside AMF0; and a number in AMF0 beside it.
fn echo() {
    let value = [
        &b"\x11\x09\x0d\x01"[..],                                // an array of six
        b"\x0d\x07\x00\xff\xff\xff\xff\0\0\0\0\x7f\xff\xff\xff", // Vector.<int>
        b"\x0e\x05\x01\xff\xff\xff\xff\0\0\0\0",                 // Vector.<uint>, fixed
        b"\x0f\x05\x00\x40\x09\x21\xfb\x54\x44\x2d\x18\x7f\xf0\0\0\0\0\0\0", // Vector.<Number>
        b"\x10\x07\x00\x0dString\x06\x05hi\x01\x06\x02",         // Vector.<String>: hi, null, hi
        b"\x10\x05\x00\x33__AS3__.vec::Vector.<int>\x0d\x03\x00\0\0\0\x01\x01", // and null
        // Vector.<Point>: an instance with two members, null, one of the same traits.
        b"\x10\x07\x01\x0bPoint\x0a\x23\x06\x03x\x03y\x04\x01\x01\x01\x0a\x01\x04\x02\x03",
        b"\x00\x40\x09\x21\xfb\x54\x44\x2d\x18",
    ]
    .concat();
    let values = Values::from_amf0([&b"\x05"[..], &value].concat().into());
    let document = values.document().unwrap();
    let array = document.value(1);
    assert_eq!(array.items().count(), 6, "{document:?}");
    assert_eq!(document.value(2).as_f64(), Some(std::f64::consts::PI));

    let server = Server::start(&[]);
    let mut client = connect(&server.rtmp("live"));
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
                assert_eq!(answer.unwrap().as_bytes(), values.as_bytes());
                return;
            }
            _ => {}
        }
    }
}

fn cleared_metadata() {
    let server = Server::start(&[]);
    let url = server.rtmp("live/test");
    let mut publisher = connect(&url);
    request_publish(&mut publisher, &url, PublishKind::Live);
    let stream = loop {
        if let Next::Event(ClientEvent::PublishStarted { stream, .. }) = publisher.wait().unwrap() {
            break stream;
        }
    };
    let mut publish = |action: DataAction, millis: u32| {
        let values = Values::from_amf0(b"\x08\0\0\0\x01\0\x05title\x02\0\x01x\0\0\x09"[..].into());
        let data = Data::new(action, Name::ON_META_DATA, values);
        let time = Timestamp::from_millis(millis);
        let picture = Bytes::from_static(b"\x17\x01\0\0\0picture");
        let picture = MediaPacket::new(MediaKind::Video, time, picture);
        let (session, now) = (&mut publisher.session, Instant::now());
        session.send_data(stream, &data, time, now).unwrap();
        session
            .send_media(stream, &picture, Class::Keyframe, now)
            .unwrap();
        publisher.write().unwrap();
    };
    publish(DataAction::Set, 0);
    let mut first = play(&url);
    assert!(metadata_before_media(&mut first));
    publish(DataAction::Clear, 40);
    wait_for_media(&mut first, |packet| packet.timestamp.as_millis() == 40);
    assert!(!metadata_before_media(&mut play(&url)));
}

/// Whether a player gets metadata before it gets anything else.
fn metadata_before_media(client: &mut Connection<ClientSession, ()>) -> bool {
    loop {
        match client.wait().unwrap() {
            Next::Event(ClientEvent::Data { data, .. }) if *data.name() == Name::ON_META_DATA => {
                return true;
            }
            Next::Event(ClientEvent::Media { .. }) => return false,
            Next::Event(ClientEvent::Closed) => panic!("the server closed the connection"),
            _ => {}
        }
    }
}

/// Our publisher and our player on both sides of nginx-rtmp.
fn nginx_between() {
    let nginx = Nginx::start("");
    let url = nginx.url();
    let mut player = play(&url);
    while !matches!(
        player.wait().unwrap(),
        Next::Event(ClientEvent::PlayStarted { .. })
    ) {}
    let mut publisher = connect(&url);
    // nginx drops what is more than 256 messages ahead of a player.
    let (_, sent) = send_clip(&mut publisher, &url, PublishKind::Live, 200);
    let last = sent.last().unwrap();
    let mut got = Vec::new();
    while got.last() != Some(last) {
        match player.wait().unwrap() {
            Next::Event(ClientEvent::Media { packet, .. }) => got.push(packet),
            Next::Event(ClientEvent::Closed) => panic!("nginx closed the connection"),
            _ => {}
        }
    }
    // It repeats the configurations, which it keeps, and changes no other message.
    let frames = |packets: &[MediaPacket]| -> Vec<MediaPacket> {
        let frames = packets
            .iter()
            .filter(|packet| packet.class() != Class::Essential);
        frames.cloned().collect()
    };
    assert_eq!(frames(&got), frames(&sent));
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

pub(crate) fn play(url: &str) -> Connection<ClientSession, ()> {
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
pub(crate) fn publish_clip(server: &Server, kind: PublishKind) {
    let recorded = server.log_lines("recorded").len();
    let url = server.rtmp("live/test");
    let mut client = connect(&url);
    let (stream, _) = send_clip(&mut client, &url, kind, usize::MAX);
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

/// Publishes the first `count` frames of the clip as fast as it goes; gives what was sent.
fn send_clip(
    client: &mut Connection<ClientSession, ()>,
    url: &str,
    kind: PublishKind,
    count: usize,
) -> (MessageStreamId, Vec<MediaPacket>) {
    request_publish(client, url, kind);
    let stream = loop {
        if let Next::Event(ClientEvent::PublishStarted { stream, .. }) = client.wait().unwrap() {
            break stream;
        }
    };
    let packets = clip_tags().into_iter().take(count).map(MediaPacket::from);
    let packets: Vec<_> = packets.collect();
    for packet in &packets {
        client
            .session
            .send_media(stream, packet, packet.class(), Instant::now())
            .unwrap();
    }
    client.write().unwrap();
    (stream, packets)
}

pub(crate) fn clip_tags() -> Vec<Tag> {
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
