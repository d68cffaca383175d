//! Both sessions, fed and driven.

use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use weir_amf::Document;
use weir_rtmp::chunk::{
    ChunkStreamId, ChunkWriter, Message, MessageStreamId, MessageType, Timestamp,
};
use weir_rtmp::message::Values;
use weir_rtmp::{
    Class, ClientConfig, ClientEvent, ClientSession, ConnectOptions, Error, Limits, MediaKind,
    MediaPacket, Name, PlayRequest, PublishKind, RequestId, RtmpUrl, SendQueue, ServerConfig,
    ServerEvent, ServerSession, Status, StatusCode, UrlStyle,
};

/// The first byte picks the session and how it is fed: 0 and 1 give the rest as the peer's bytes
/// behind the handshake, in three different cuts; 2 and 3 drive the session with a sequence of
/// messages, ends, timeouts and commands. Whatever comes, a session allocates no more than the
/// formula of its limits and what the application sent.
pub fn rtmp_session(data: &[u8]) {
    let Some((selector, rest)) = data.split_first() else {
        return;
    };
    match selector % 4 {
        0 => any_cut(rest, server_events),
        1 => any_cut(rest, client_events),
        2 => bounded(rest, drive_server),
        _ => bounded(rest, drive_client),
    }
}

/// What is allocated at one time is within the formula; a step of the application takes two bytes
/// at least and sends little.
fn bounded(data: &[u8], drive: fn(&[u8])) {
    let info = allocation_counter::measure(|| drive(data));
    let limit = limits().worst_case() as u64 + 1024 * (data.len() as u64 + 64);
    assert!(
        info.bytes_max <= limit,
        "{} of {limit} bytes",
        info.bytes_max
    );
}

/// Whole, byte by byte and in parts of 13 bytes: the same events and the same end.
fn any_cut<T: PartialEq + std::fmt::Debug>(
    bytes: &[u8],
    events: fn(std::slice::Chunks<'_, u8>) -> (Vec<T>, Option<Error>),
) {
    let whole = events(bytes.chunks(bytes.len().max(1)));
    assert_eq!(whole, events(bytes.chunks(13)));
    assert_eq!(whole, events(bytes.chunks(1)));
}

fn server_events(mut reads: std::slice::Chunks<'_, u8>) -> (Vec<ServerEvent>, Option<Error>) {
    let now = t0();
    let mut session = open_server(now);
    let mut events = Vec::new();
    let end = reads
        .try_for_each(|read| {
            session.handle_input(Bytes::copy_from_slice(read), now);
            poll_server(&mut session, now, &mut |event| events.push(event))
        })
        .and_then(|()| {
            session.handle_eof(now);
            poll_server(&mut session, now, &mut |event| events.push(event))
        });
    (events, end.err())
}

fn client_events(mut reads: std::slice::Chunks<'_, u8>) -> (Vec<ClientEvent>, Option<Error>) {
    let now = t0();
    let mut session = open_client(now);
    let mut events = Vec::new();
    let end = reads
        .try_for_each(|read| {
            session.handle_input(Bytes::copy_from_slice(read), now);
            poll_client(&mut session, now, &mut |event| events.push(event))
        })
        .and_then(|()| {
            session.handle_eof(now);
            poll_client(&mut session, now, &mut |event| events.push(event))
        });
    (events, end.err())
}

fn drive_server(data: &[u8]) {
    let mut now = t0();
    let mut session = open_server(now);
    let mut writer = ChunkWriter::new();
    let mut waiting: Vec<RequestId> = Vec::new();
    let mut rest = data;
    while let [step, what, tail @ ..] = rest {
        rest = tail;
        let stream = MessageStreamId::new(u32::from(what % 4));
        let status = Status::new(StatusCode::STREAM_FAILED);
        match step % 16 {
            0..=5 => {
                let bytes = message(&mut writer, *what, &mut rest);
                session.handle_input(bytes, now);
            }
            6 => session.handle_eof(now),
            7 => {
                now += Duration::from_secs((*what).into());
                session.handle_timeout(now);
                let next = session.poll_timeout();
                assert!(next.is_none_or(|next| next > now), "a fired timer advances");
            }
            8 => drop(session.send_status(stream, &status, now)),
            9 => {
                let packet = MediaPacket::new(
                    MediaKind::Video,
                    Timestamp::from_millis(u32::from(*what) << 24),
                    Bytes::from_static(b"frame"),
                );
                let _ = session.send_media(stream, &packet, Class::Keyframe, now);
            }
            10 => drop(session.call(Name::from("f"), Values::default(), now)),
            11 => drop(session.request_reconnect(None, "", now)),
            12 => drop(session.finish_play(stream, Duration::ZERO, Timestamp::ZERO, now)),
            13 => {
                let _ = session.notify_published(stream, now);
                let _ = session.notify_unpublished(stream, now);
            }
            14 => {
                if let Some(id) = waiting.pop() {
                    let _ = session.reject(id, &status, now);
                    let again = session.reject(id, &status, now);
                    assert!(again.is_err(), "a request is answered once");
                }
            }
            _ => drop(session.close(&status, now)),
        }
        // Every other request waits until a step rejects it.
        let mut accept = *what & 1 == 0;
        let mut ends = 0;
        let polled = poll_all_server(&mut session, |session, event| {
            if let Some(id) = server_request(event) {
                if accept {
                    let _ = accept_server(session, event, now);
                } else {
                    waiting.push(id);
                }
                accept = !accept;
            }
            ends += usize::from(*event == ServerEvent::Closed);
        });
        assert!(ends <= 1);
        match polled {
            Ok(()) => assert_eq!(session.poll_event(), Ok(None), "an idle poll has no event"),
            Err(error) => assert_eq!(session.poll_event(), Err(error), "an error stays"),
        }
        drain(session.output());
    }
}

fn drive_client(data: &[u8]) {
    let mut now = t0();
    let mut session = open_client(now);
    let mut writer = ChunkWriter::new();
    let mut rest = data;
    while let [step, what, tail @ ..] = rest {
        rest = tail;
        let stream = MessageStreamId::new(u32::from(what % 4));
        match step % 16 {
            0..=5 => {
                let bytes = message(&mut writer, *what, &mut rest);
                session.handle_input(bytes, now);
            }
            6 => session.handle_eof(now),
            7 => {
                now += Duration::from_secs((*what).into());
                session.handle_timeout(now);
                let next = session.poll_timeout();
                assert!(next.is_none_or(|next| next > now), "a fired timer advances");
            }
            8 => drop(session.publish("a", PublishKind::Live, now)),
            9 => drop(session.play(PlayRequest::new("b"), now)),
            10 => drop(session.call(Name::from("f"), Values::default(), now)),
            11 => drop(session.seek(stream, Duration::from_secs(1), now)),
            12 => drop(session.pause(stream, *what & 1 == 0, Duration::ZERO, now)),
            13 => drop(session.delete_stream(stream, now)),
            14 => {
                let packet =
                    MediaPacket::new(MediaKind::Audio, Timestamp::ZERO, Bytes::from_static(b"a"));
                let _ = session.send_media(stream, &packet, Class::Audio, now);
            }
            _ => drop(session.receive_video(stream, *what & 1 == 0, now)),
        }
        match poll_client(&mut session, now, &mut |_| {}) {
            Ok(()) => assert_eq!(session.poll_event(), Ok(None), "an idle poll has no event"),
            Err(error) => assert_eq!(session.poll_event(), Err(error), "an error stays"),
        }
        drain(session.output());
    }
}

/// A message of a type and a length that the bytes give, as chunks.
fn message(writer: &mut ChunkWriter, what: u8, rest: &mut &[u8]) -> Bytes {
    let kinds = [20, 20, 20, 4, 18, 19, 17, 8, 9, 22, 15, 16, 3, 5, 6, 99];
    let kind = kinds.get(usize::from(what & 0xF)).copied().unwrap_or(20);
    let stream = MessageStreamId::new(u32::from(what >> 4 & 3));
    let len = rest
        .first()
        .map_or(0, |len| usize::from(*len))
        .min(rest.len());
    let (payload, tail) = rest.split_at(len);
    *rest = tail;
    let message = Message::new(
        MessageType::new(kind),
        Bytes::copy_from_slice(payload.get(1..).unwrap_or_default()),
        ChunkStreamId::COMMAND,
        stream,
        Timestamp::ZERO,
    );
    let mut bytes = Vec::new();
    writer
        .encode(&message, &mut bytes)
        .expect("a short message");
    bytes.into()
}

/// Small enough to be reached.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_message_len = 1 << 16;
    limits.max_in_progress = 1 << 17;
    limits.max_buffered_input = 1 << 16;
    limits.max_queued_output = 1 << 14;
    limits.max_command_len = 1 << 12;
    limits.max_amf_nodes = 1 << 8;
    limits.max_pending_calls = 8;
    limits.max_pending_requests = 4;
    limits.max_streams = 3;
    limits
}

/// A server behind the handshake, with small limits.
fn open_server(now: Instant) -> ServerSession {
    let mut config = ServerConfig::default();
    config.limits = limits();
    let mut session = ServerSession::new(config, [1; 32], now);
    let mut hello = vec![0; 1 + 2 * 1536];
    hello[0] = 3;
    session.handle_input(hello.into(), now);
    // The plain answer echoes zeros where the server wanted its own bytes.
    while session.poll_event().expect("a plain handshake").is_some() {}
    drain(session.output());
    session
}

/// A client behind the handshake that has sent `connect`.
fn open_client(now: Instant) -> ClientSession {
    let mut config = ClientConfig::default();
    config.limits = limits();
    let mut session = ClientSession::new(config, [1; 32], now);
    let url: RtmpUrl = "rtmp://h/live/a".parse().expect("an address");
    let options = ConnectOptions::new(&url.target(UrlStyle::Ffmpeg));
    session.connect(options, now).expect("a new session");
    let mut hello = vec![0; 1 + 2 * 1536];
    hello[0] = 3;
    session.handle_input(hello.into(), now);
    while session.poll_event().expect("a plain handshake").is_some() {}
    drain(session.output());
    session
}

fn poll_server(
    session: &mut ServerSession,
    now: Instant,
    told: &mut dyn FnMut(ServerEvent),
) -> Result<(), Error> {
    poll_all_server(session, |session, event| {
        let _ = accept_server(session, event, now);
        told(event.clone());
    })
}

fn poll_all_server(
    session: &mut ServerSession,
    mut told: impl FnMut(&mut ServerSession, &ServerEvent),
) -> Result<(), Error> {
    while let Some(event) = session.poll_event()? {
        told(session, &event);
        drain(session.output());
    }
    Ok(())
}

fn poll_client(
    session: &mut ClientSession,
    now: Instant,
    told: &mut dyn FnMut(ClientEvent),
) -> Result<(), Error> {
    while let Some(event) = session.poll_event()? {
        match &event {
            ClientEvent::Connected { .. } => {
                let _ = session.play(PlayRequest::new("a"), now);
                let _ = session.publish("b", PublishKind::Live, now);
            }
            ClientEvent::CallRequested {
                id: Some(id),
                command,
                ..
            } => {
                session
                    .accept_call(*id, command.args.clone(), now)
                    .expect("the call waits");
            }
            _ => {}
        }
        told(event);
        drain(session.output());
    }
    Ok(())
}

fn server_request(event: &ServerEvent) -> Option<RequestId> {
    match event {
        ServerEvent::ConnectRequested { id, .. }
        | ServerEvent::PublishRequested { id, .. }
        | ServerEvent::PlayRequested { id, .. }
        | ServerEvent::Play2Requested { id, .. }
        | ServerEvent::SeekRequested { id, .. }
        | ServerEvent::PauseRequested { id, .. }
        | ServerEvent::StreamLengthRequested { id, .. } => Some(*id),
        ServerEvent::CallRequested { id, .. } => *id,
        _ => None,
    }
}

fn accept_server(
    session: &mut ServerSession,
    event: &ServerEvent,
    now: Instant,
) -> Result<(), weir_rtmp::CommandError> {
    match event {
        ServerEvent::ConnectRequested { id, .. } => session.accept_connect(*id, now),
        ServerEvent::PublishRequested { id, .. } => session.accept_publish(*id, now),
        ServerEvent::PlayRequested { id, .. } => session.accept_play(*id, now),
        ServerEvent::Play2Requested { id, .. } => session.accept_play2(*id, now),
        ServerEvent::SeekRequested { id, .. } => session.accept_seek(*id, now),
        ServerEvent::PauseRequested { id, .. } => session.accept_pause(*id, now),
        ServerEvent::StreamLengthRequested { id, .. } => {
            session.accept_stream_length(*id, None, now)
        }
        ServerEvent::CallRequested { id: Some(id), .. } => {
            let values = Values::encode(&Document::new().with_value("yes")).expect("a short text");
            session.accept_call(*id, values, now)
        }
        _ => Ok(()),
    }
}

fn drain(queue: &mut SendQueue) {
    queue.commit();
    while queue.has_remaining() {
        queue.advance(queue.remaining());
        queue.commit();
    }
}

fn t0() -> Instant {
    Instant::now()
}
