//! Publishing, playing and what can be asked of a stream.

use std::time::Duration;

use bytes::Bytes;
use weir_amf::Document;
use weir_rtmp::{
    Class, ClientConfig, ClientEvent, CommandError, MediaKind, MediaPacket, Name, Play2Request,
    PlayReply, PlayRequest, PlayStart, PublishKind, ServerConfig, ServerEvent, Status, StatusCode,
    Warning, WarningCode,
    chunk::{Message, MessageStreamId, MessageType, PreparedMessage, Timestamp},
    media_chunk_stream,
    message::{Data, DataAction, UserControl, Values},
};

use crate::pair::Pair;

fn codes(events: &[ClientEvent]) -> Vec<StatusCode> {
    let code = |event: &ClientEvent| match event {
        ClientEvent::Status { status, .. }
        | ClientEvent::PlayStarted { status, .. }
        | ClientEvent::PublishStarted { status, .. }
        | ClientEvent::RequestFailed { status, .. } => Some(status.code()),
        _ => None,
    };
    events.iter().filter_map(code).collect()
}

fn video(millis: u32, payload: &'static [u8]) -> MediaPacket {
    let timestamp = Timestamp::from_millis(millis);
    MediaPacket::new(MediaKind::Video, timestamp, Bytes::from_static(payload))
}

#[test]
fn publishing_asks_for_the_name_and_carries_media() {
    let (mut pair, stream) = Pair::publishing();
    let packet = video(40, b"\x17\x01\0\0\0frame");
    pair.client
        .send_media(stream, &packet, Class::Keyframe, pair.now)
        .unwrap();
    let metadata = Values::encode(&Document::new().with_value(Document::ecma_array())).unwrap();
    let data = Data::new(DataAction::Set, Name::ON_META_DATA, metadata);
    pair.client
        .send_data(stream, &data, Timestamp::ZERO, pair.now)
        .unwrap();
    pair.run();
    let timestamp = Timestamp::ZERO;
    assert_eq!(
        pair.server_events,
        [
            ServerEvent::Media { stream, packet },
            ServerEvent::Data {
                stream,
                timestamp,
                data: Box::new(data)
            }
        ]
    );
}

#[test]
fn publishing_announces_itself_as_encoders_do() {
    let mut pair = Pair::connected();
    pair.client
        .publish("show?key=1", PublishKind::Append, pair.now)
        .unwrap();
    pair.run();
    let [
        ServerEvent::ReleaseRequested { name: released },
        ServerEvent::StreamCreated { stream: created },
        ServerEvent::PublishRequested {
            stream, name, kind, ..
        },
    ] = &pair.server_events[..]
    else {
        panic!("{:?}", pair.server_events);
    };
    assert_eq!(
        (released, created, *kind),
        (name, stream, PublishKind::Append)
    );
    assert_eq!((name.path(), name.query()), ("show", Some("key=1")));
}

#[test]
fn a_name_in_use_is_refused_before_it_starts() {
    let mut pair = Pair::connected();
    pair.accepts = false;
    let call = pair
        .client
        .publish("show", PublishKind::Live, pair.now)
        .unwrap();
    pair.run();
    let Some(ServerEvent::PublishRequested { id, .. }) = pair.server_events.last() else {
        panic!("{:?}", pair.server_events);
    };
    pair.server
        .reject(*id, &Status::new(StatusCode::PUBLISH_BAD_NAME), pair.now)
        .unwrap();
    pair.run();
    let [ClientEvent::RequestFailed { request, status }] = &pair.client_events[..] else {
        panic!("{:?}", pair.client_events);
    };
    assert_eq!(
        (*request, status.code()),
        (call, StatusCode::PUBLISH_BAD_NAME)
    );
}

#[test]
fn a_deleted_stream_is_over_on_both_sides() {
    let (mut pair, stream) = Pair::publishing();
    pair.client
        .send_media(stream, &video(0, b"a"), Class::Keyframe, pair.now)
        .unwrap();
    pair.client.delete_stream(stream, pair.now).unwrap();
    pair.run();
    assert!(matches!(
        pair.server_events[..],
        [ServerEvent::Media { .. }, ServerEvent::PublishEnded { stream: ended }] if ended == stream
    ));
    let refused = pair
        .client
        .send_media(stream, &video(1, b"b"), Class::Keyframe, pair.now);
    assert_eq!(refused, Err(CommandError::UnknownStream { stream }));
    assert_eq!(codes(&pair.client_events), [StatusCode::UNPUBLISH_SUCCESS]);
}

#[test]
fn media_on_their_way_to_a_deleted_stream_are_dropped() {
    let (mut pair, stream) = Pair::playing();
    for (millis, deleted) in [(0, false), (40, false), (80, true)] {
        pair.server
            .send_media(stream, &video(millis, b"a"), Class::Keyframe, pair.now)
            .unwrap();
        if deleted {
            pair.client.delete_stream(stream, pair.now).unwrap();
        }
        pair.run_client_only();
    }
    let events = &pair.client_events;
    let dropped = |warning: &Warning| warning.code == WarningCode::UnexpectedMedia;
    assert!(
        matches!(
            &events[..],
            [ClientEvent::Media { .. }, ClientEvent::Media { .. }, ClientEvent::Warning(warning)]
                if dropped(warning)
        ),
        "{events:?}"
    );
}

#[test]
fn a_live_play_is_answered_in_the_order_players_expect() {
    let mut pair = Pair::connected();
    pair.client
        .play(PlayRequest::new("show"), pair.now)
        .unwrap();
    pair.run();
    let stream = MessageStreamId::new(1);
    assert!(matches!(
        &pair.client_events[..],
        [
            ClientEvent::UserControl(UserControl::StreamBegin(begun)),
            ClientEvent::Status { .. },
            ClientEvent::PlayStarted { .. },
            ClientEvent::Data { data, .. },
            ClientEvent::Status { .. },
        ] if *begun == stream && *data.name() == Name::RTMP_SAMPLE_ACCESS
    ));
    let expected = [
        StatusCode::PLAY_RESET,
        StatusCode::PLAY_START,
        StatusCode::DATA_START,
    ];
    assert_eq!(codes(&pair.client_events), expected);
    assert!(pair.server_events.contains(&ServerEvent::BufferLength {
        stream,
        length: ClientConfig::default().buffer_length
    }));
}

#[test]
fn a_play_says_where_to_begin() {
    for start in [
        PlayStart::LiveOrRecorded,
        PlayStart::Live,
        PlayStart::Recorded(Duration::from_millis(1500)),
    ] {
        let mut pair = Pair::connected();
        let mut request = PlayRequest::new("mp4:show");
        request.start = start;
        request.duration = Some(Duration::from_secs(9));
        request.reset = false;
        pair.client.play(request, pair.now).unwrap();
        pair.run();
        let played = play_request(&pair);
        assert_eq!(played.start, start);
        assert_eq!(
            (played.duration, played.reset),
            (Some(Duration::from_secs(9)), false)
        );
        assert!(!codes(&pair.client_events).contains(&StatusCode::PLAY_RESET));
    }
}

/// What the server was asked to play.
fn play_request(pair: &Pair) -> &PlayRequest {
    let played = pair.server_events.iter().find_map(|event| match event {
        ServerEvent::PlayRequested { request, .. } => Some(request),
        _ => None,
    });
    played.expect("the server was asked")
}

/// What `rtmpdump --start 2 --stop 3.5` of librtmp 2.4 sends.
#[test]
fn times_of_a_play_are_milliseconds() {
    let mut pair = Pair::connected();
    let (start, len) = (2_000_f64.to_be_bytes(), 1_500_f64.to_be_bytes());
    let args = [b"\x05\x02\0\x04show\0", &start[..], b"\0", &len].concat();
    let mut request = PlayRequest::new("show");
    request.start = PlayStart::Recorded(Duration::from_secs(2));
    request.duration = Some(Duration::from_millis(1500));
    pair.client.play(request, pair.now).unwrap();
    pair.run();
    let played = play_request(&pair);
    assert_eq!(played.args.as_bytes()[..], args);
    assert_eq!(played.start, PlayStart::Recorded(Duration::from_secs(2)));
    assert_eq!(played.duration, Some(Duration::from_millis(1500)));
}

#[test]
fn a_recording_is_played_from_begin_to_end() {
    let mut pair = Pair::connected();
    pair.accepts = false;
    pair.client
        .play(PlayRequest::new("show"), pair.now)
        .unwrap();
    pair.run();
    let request = pair.server_events.iter().find_map(|event| match event {
        ServerEvent::PlayRequested { id, stream, .. } => Some((*id, *stream)),
        _ => None,
    });
    let (id, stream) = request.unwrap();
    pair.server
        .accept_play_with(id, &PlayReply::recorded(), pair.now)
        .unwrap();
    let end = Timestamp::from_millis(3000);
    pair.server
        .finish_play(stream, Duration::from_secs(3), end, pair.now)
        .unwrap();
    pair.run();
    assert_eq!(
        pair.client_events.first(),
        Some(&ClientEvent::UserControl(UserControl::StreamIsRecorded(
            stream
        )))
    );
    let [
        ..,
        ClientEvent::Data {
            data, timestamp, ..
        },
        eof,
        ClientEvent::Status { status, .. },
    ] = &pair.client_events[..]
    else {
        panic!("{:?}", pair.client_events);
    };
    let complete = data.values().document().unwrap();
    assert_eq!(complete.get("code"), StatusCode::PLAY_COMPLETE.as_str());
    assert_eq!(
        (complete.get("duration").as_f64(), *timestamp),
        (Some(3.0), end)
    );
    assert_eq!(
        *eof,
        ClientEvent::UserControl(UserControl::StreamEof(stream))
    );
    assert_eq!(status.code(), StatusCode::PLAY_STOP);
}

#[test]
fn a_player_seeks_pauses_and_switches() {
    let (mut pair, stream) = Pair::playing();
    let now = pair.now;
    pair.client
        .seek(stream, Duration::from_millis(2500), now)
        .unwrap();
    pair.client
        .pause(stream, true, Duration::from_secs(3), now)
        .unwrap();
    pair.client
        .pause(stream, false, Duration::from_secs(3), now)
        .unwrap();
    let mut other = Play2Request::new("other");
    other.transition = "switch".into();
    pair.client.play2(stream, &other, now).unwrap();
    pair.run();
    let [
        ServerEvent::SeekRequested { position, .. },
        ServerEvent::PauseRequested {
            pause: true,
            position: paused_at,
            ..
        },
        ServerEvent::PauseRequested { pause: false, .. },
        ServerEvent::Play2Requested { request, .. },
    ] = &pair.server_events[..]
    else {
        panic!("{:?}", pair.server_events);
    };
    assert_eq!((position.as_millis(), paused_at.as_secs()), (2500, 3));
    assert_eq!(
        (request.name.as_str(), &*request.transition),
        ("other", "switch")
    );
    assert_eq!(request.old_name.as_ref().unwrap().as_str(), "show");
    let expected = [
        StatusCode::SEEK_NOTIFY,
        StatusCode::PLAY_START,
        StatusCode::PAUSE_NOTIFY,
        StatusCode::UNPAUSE_NOTIFY,
        StatusCode::PLAY_TRANSITION,
    ];
    assert_eq!(codes(&pair.client_events), expected);
}

#[test]
fn what_a_player_turned_off_is_not_sent() {
    let (mut pair, stream) = Pair::playing();
    pair.client.receive_video(stream, false, pair.now).unwrap();
    pair.run();
    assert_eq!(
        pair.server_events,
        [ServerEvent::VideoWanted {
            stream,
            wanted: false
        }]
    );
    pair.server
        .send_media(stream, &video(0, b"x"), Class::Keyframe, pair.now)
        .unwrap();
    let audio = MediaPacket::new(MediaKind::Audio, Timestamp::ZERO, Bytes::from_static(b"a"));
    pair.server
        .send_media(stream, &audio, Class::Audio, pair.now)
        .unwrap();
    pair.run();
    assert_eq!(
        pair.client_events,
        [ClientEvent::Media {
            stream,
            packet: audio
        }]
    );
    pair.client_events.clear();
    pair.client.receive_video(stream, true, pair.now).unwrap();
    pair.run();
    pair.server
        .send_media(stream, &video(0, b"x"), Class::Keyframe, pair.now)
        .unwrap();
    pair.run();
    assert!(matches!(
        pair.client_events.last(),
        Some(ClientEvent::Media { packet, .. }) if packet.kind == MediaKind::Video
    ));
}

#[test]
fn a_prepared_message_arrives_with_the_players_own_time() {
    let (mut pair, stream) = Pair::playing();
    let payload = Bytes::from(vec![0x17; 200_000]);
    let message = Message::new(
        MessageType::VIDEO,
        payload.clone(),
        media_chunk_stream(MediaKind::Video),
        MessageStreamId::CONNECTION,
        Timestamp::ZERO,
    );
    let prepared = PreparedMessage::new(message, pair.server.chunk_size()).unwrap();
    let timestamp = Timestamp::from_millis(77);
    pair.server
        .send_prepared(stream, &prepared, Class::Keyframe, timestamp, pair.now)
        .unwrap();
    pair.run();
    let packet = MediaPacket::new(MediaKind::Video, timestamp, payload);
    assert_eq!(pair.client_events, [ClientEvent::Media { stream, packet }]);
}

#[test]
fn a_player_is_told_when_its_publisher_goes_and_comes() {
    let (mut pair, stream) = Pair::playing();
    pair.server.notify_unpublished(stream, pair.now).unwrap();
    pair.server.notify_published(stream, pair.now).unwrap();
    pair.run();
    let expected = [
        StatusCode::PLAY_UNPUBLISH_NOTIFY,
        StatusCode::PLAY_PUBLISH_NOTIFY,
    ];
    assert_eq!(codes(&pair.client_events), expected);
    assert!(
        pair.client_events
            .contains(&ClientEvent::UserControl(UserControl::StreamEof(stream)))
    );
}

#[test]
fn the_length_of_a_recording_is_told() {
    let mut config = ClientConfig::default();
    config.ask_stream_length = true;
    let mut pair = Pair::with(config, ServerConfig::default()).connect();
    pair.client
        .play(PlayRequest::new("show"), pair.now)
        .unwrap();
    pair.run();
    let length = pair.client_events.iter().find_map(|event| match event {
        ClientEvent::CallAnswered {
            answer: Ok(values), ..
        } => values.number(1),
        _ => None,
    });
    assert_eq!(length, Some(3.0));
}

#[test]
fn one_connection_carries_several_streams() {
    let mut pair = Pair::connected();
    for name in ["a", "b", "c"] {
        pair.client
            .publish(name, PublishKind::Live, pair.now)
            .unwrap();
    }
    pair.client.play(PlayRequest::new("d"), pair.now).unwrap();
    pair.run();
    let streams: Vec<_> = pair
        .server_events
        .iter()
        .filter_map(|event| match event {
            ServerEvent::PublishRequested { stream, name, .. } => {
                Some((stream.get(), name.as_str().to_owned()))
            }
            ServerEvent::PlayRequested {
                stream, request, ..
            } => Some((stream.get(), request.name.as_str().to_owned())),
            _ => None,
        })
        .collect();
    let expected = [(1, "a"), (2, "b"), (3, "c"), (4, "d")];
    assert_eq!(streams, expected.map(|(id, name)| (id, name.to_owned())));
}

#[test]
fn a_stream_too_many_is_refused() {
    let mut config = ServerConfig::default();
    config.limits.max_streams = 1;
    let mut pair = Pair::with(ClientConfig::default(), config).connect();
    pair.client
        .publish("a", PublishKind::Live, pair.now)
        .unwrap();
    let second = pair
        .client
        .publish("b", PublishKind::Live, pair.now)
        .unwrap();
    pair.run();
    let Some(ClientEvent::RequestFailed { request, status }) = pair
        .client_events
        .iter()
        .find(|event| matches!(event, ClientEvent::RequestFailed { .. }))
    else {
        panic!("{:?}", pair.client_events);
    };
    assert_eq!((*request, status.code()), (second, StatusCode::CALL_FAILED));
}

#[test]
fn calls_go_both_ways_and_are_answered_or_refused() {
    let mut pair = Pair::connected();
    let values = |text: &str| {
        Values::encode(
            &Document::new()
                .with_value(weir_amf::NewValue::Null)
                .with_value(text),
        )
        .unwrap()
    };
    let echo = pair
        .client
        .call(Name::from("echo"), values("hello"), pair.now)
        .unwrap();
    pair.client
        .notify(Name::from("ping"), values("bye"), pair.now)
        .unwrap();
    let ask = pair
        .server
        .call(Name::from("who"), values(""), pair.now)
        .unwrap();
    pair.run();
    let (answered, rest) = pair.client_events.split_last().unwrap();
    assert_eq!(
        *answered,
        ClientEvent::CallAnswered {
            call: echo,
            answer: Ok(values("hello"))
        }
    );
    let [ClientEvent::CallRequested { id: Some(id), .. }] = rest else {
        panic!("{:?}", pair.client_events);
    };
    let no_id = pair.server_events.iter().any(|event| {
        matches!(event, ServerEvent::CallRequested { id: None, command, .. } if command.name == "ping")
    });
    assert!(no_id, "{:?}", pair.server_events);
    pair.client
        .reject(*id, &Status::new(StatusCode::CALL_PROHIBITED), pair.now)
        .unwrap();
    pair.run();
    let Some(ServerEvent::CallAnswered {
        call,
        answer: Err(values),
    }) = pair.server_events.last()
    else {
        panic!("{:?}", pair.server_events);
    };
    assert_eq!(*call, ask);
    let refusal = values.document().unwrap();
    assert_eq!(
        refusal.value(1).get("code"),
        StatusCode::CALL_PROHIBITED.as_str()
    );
}
