//! RTMP in `rml_rtmp`, scuffle-rtmp and rtmp-rs; the lists hold `shiguredo_rtmp` too.
//!
//! Of their sessions only those of `rml_rtmp` and `shiguredo_rtmp` are here: scuffle's and
//! rtmp-rs's own the socket.

use std::hint::black_box;
use std::io::Cursor;

use bytes::{Bytes, BytesMut};
use rml_rtmp::handshake::{Handshake, HandshakeProcessResult, PeerType};
use rml_rtmp::sessions::{
    ServerSession, ServerSessionConfig, ServerSessionEvent, ServerSessionResult,
};
use rml_rtmp::time::RtmpTimestamp;
use weir_rtmp::chunk::{Message, MessageType};

use super::shiguredo;
use crate::rtmp::{BATCH, Live, PLAYER_CHUNK_SIZE, READ_LEN, Recording};

/// Reads the chunks of a publish and returns the number of its messages and their bytes.
pub type Decoder = fn(&[u8]) -> (usize, usize);

/// Makes a writer of messages in chunks of a size, which returns the bytes.
pub type Encoder = fn(&[Message], u32) -> Box<dyn FnMut() -> usize>;

/// Peers that decode.
pub const DECODERS: &[(&str, Decoder)] = &[
    ("rml_rtmp", rml),
    ("scuffle-rtmp", scuffle),
    ("rtmp-rs", rtmp_rs),
    ("shiguredo_rtmp", shiguredo::decode),
];

/// Peers that encode.
pub const ENCODERS: &[(&str, Encoder)] = &[
    ("rml_rtmp", rml_encoder),
    ("scuffle-rtmp", scuffle_encoder),
    ("rtmp-rs", rtmp_rs_encoder),
    ("shiguredo_rtmp", shiguredo::encoder_of),
];

/// Answers C0 and C1 as a server and returns how many bytes.
pub type Answer = fn(&Bytes) -> usize;

/// Peers that answer a client.
pub const HANDSHAKES: &[(&str, Answer)] = &[
    ("rml_rtmp", rml_answer),
    ("scuffle-rtmp", scuffle_answer),
    ("rtmp-rs", rtmp_rs_answer),
    ("shiguredo_rtmp", shiguredo::answer),
];

/// Those of them that know no digests and do not look for one.
pub const WITHOUT_DIGESTS: &[&str] = &["rtmp-rs", "shiguredo_rtmp"];

/// Makes so many players; each run sends the next GOP of [`Live`] to all of them, as
/// [`FanOut::serve`](crate::rtmp::FanOut::serve) does.
pub type Players = fn(usize) -> Box<dyn FnMut() -> usize>;

/// Peers that send to players, each of which has chunks made of its own.
pub const FAN_OUTS: &[(&str, Players)] = &[
    ("rml_rtmp", rml_players),
    ("scuffle-rtmp", scuffle_players),
    ("rtmp-rs", rtmp_rs_players),
];

const SET_CHUNK_SIZE: u8 = 1;

/// `rml_rtmp`'s deserializer.
pub fn rml(bytes: &[u8]) -> (usize, usize) {
    let mut reader = rml_rtmp::chunk_io::ChunkDeserializer::new();
    let mut sum = (0, 0);
    for read in bytes.chunks(READ_LEN) {
        let mut message = reader.get_next_message(read).expect("our chunks");
        while let Some(read) = message {
            if read.type_id == SET_CHUNK_SIZE {
                let size = chunk_size(&read.data);
                reader.set_max_chunk_size(size as usize).expect("a size");
            }
            sum = (sum.0 + 1, sum.1 + read.data.len());
            black_box(read);
            message = reader.get_next_message(&[]).expect("our chunks");
        }
    }
    sum
}

/// scuffle-rtmp's chunk reader, over a buffer that is read into.
pub fn scuffle(bytes: &[u8]) -> (usize, usize) {
    let mut reader = scuffle_rtmp::chunk::reader::ChunkReader::default();
    let mut buffer = BytesMut::new();
    let mut sum = (0, 0);
    for read in bytes.chunks(READ_LEN) {
        buffer.extend_from_slice(read);
        while let Some(chunk) = reader.read_chunk(&mut buffer).expect("our chunks") {
            if u8::from(chunk.message_header.msg_type_id) == SET_CHUNK_SIZE {
                let size = chunk_size(&chunk.payload) as usize;
                assert!(reader.update_max_chunk_size(size), "a size it takes");
            }
            sum = (sum.0 + 1, sum.1 + chunk.payload.len());
            black_box(chunk);
        }
    }
    sum
}

/// rtmp-rs's chunk decoder, over a buffer that is read into. It answers nothing after each chunk
/// that does not end a message, so it is asked until it takes no more.
pub fn rtmp_rs(bytes: &[u8]) -> (usize, usize) {
    let mut reader = rtmp_rs::protocol::chunk::ChunkDecoder::new();
    let mut buffer = BytesMut::new();
    let mut sum = (0, 0);
    for read in bytes.chunks(READ_LEN) {
        buffer.extend_from_slice(read);
        loop {
            let before = buffer.len();
            match reader.decode(&mut buffer).expect("our chunks") {
                Some(chunk) => {
                    if chunk.message_type == SET_CHUNK_SIZE {
                        reader.set_chunk_size(chunk_size(&chunk.payload));
                    }
                    sum = (sum.0 + 1, sum.1 + chunk.payload.len());
                    black_box(chunk);
                }
                None if buffer.len() == before => break,
                None => {}
            }
        }
    }
    sum
}

/// Keeps the messages for a writer.
fn encoder(
    messages: &[Message],
    size: u32,
    encode: fn(&[Message], u32) -> usize,
) -> Box<dyn FnMut() -> usize> {
    let messages = messages.to_vec();
    Box::new(move || encode(black_box(&messages), size))
}

/// `rml_rtmp`'s serializer.
pub fn rml_encoder(messages: &[Message], size: u32) -> Box<dyn FnMut() -> usize> {
    encoder(messages, size, rml_encode)
}

fn rml_encode(messages: &[Message], size: u32) -> usize {
    let mut writer = rml_rtmp::chunk_io::ChunkSerializer::new();
    let zero = RtmpTimestamp::new(0);
    let first = writer.set_max_chunk_size(size, zero).expect("a size");
    let mut sum = first.bytes.len();
    for message in messages {
        let payload = rml_rtmp::messages::MessagePayload {
            timestamp: RtmpTimestamp::new(message.timestamp.as_millis()),
            type_id: message.message_type.get(),
            message_stream_id: message.stream.get(),
            data: message.payload.clone(),
        };
        let packet = writer.serialize(&payload, false, false).expect("short");
        sum += black_box(packet).bytes.len();
    }
    sum
}

/// scuffle-rtmp's chunk writer.
pub fn scuffle_encoder(messages: &[Message], size: u32) -> Box<dyn FnMut() -> usize> {
    encoder(messages, size, scuffle_encode)
}

fn scuffle_encode(messages: &[Message], size: u32) -> usize {
    let mut writer = scuffle_rtmp::chunk::writer::ChunkWriter::default();
    writer.set_chunk_size(size as usize);
    let mut out = Vec::new();
    let mut sum = 0;
    for message in messages {
        out.clear();
        writer
            .write_chunk(&mut out, scuffle_chunk(message))
            .expect("a vector");
        sum += black_box(&out).len();
    }
    sum
}

fn scuffle_chunk(message: &Message) -> scuffle_rtmp::chunk::Chunk {
    scuffle_rtmp::chunk::Chunk::new(
        message.chunk_stream.get(),
        message.timestamp.as_millis(),
        message.message_type.get().into(),
        message.stream.get(),
        message.payload.clone(),
    )
}

/// rtmp-rs's chunk encoder.
pub fn rtmp_rs_encoder(messages: &[Message], size: u32) -> Box<dyn FnMut() -> usize> {
    encoder(messages, size, rtmp_rs_encode)
}

fn rtmp_rs_encode(messages: &[Message], size: u32) -> usize {
    let mut writer = rtmp_rs::protocol::chunk::ChunkEncoder::new();
    writer.set_chunk_size(size);
    let mut out = BytesMut::new();
    let mut sum = 0;
    for message in messages {
        out.clear();
        writer.encode(&rtmp_rs_chunk(message), &mut out);
        sum += black_box(&out).len();
    }
    sum
}

fn rtmp_rs_chunk(message: &Message) -> rtmp_rs::protocol::chunk::RtmpChunk {
    rtmp_rs::protocol::chunk::RtmpChunk {
        csid: message.chunk_stream.get(),
        timestamp: message.timestamp.as_millis(),
        message_type: message.message_type.get(),
        stream_id: message.stream.get(),
        payload: message.payload.clone(),
    }
}

/// `rml_rtmp`'s handshake.
pub fn rml_answer(c0_c1: &Bytes) -> usize {
    let mut server = Handshake::new(PeerType::Server);
    match server.process_bytes(c0_c1).expect("a client's bytes") {
        HandshakeProcessResult::InProgress { response_bytes } => black_box(response_bytes).len(),
        HandshakeProcessResult::Completed { .. } => 0,
    }
}

/// scuffle-rtmp's handshake.
pub fn scuffle_answer(c0_c1: &Bytes) -> usize {
    let mut server = scuffle_rtmp::handshake::HandshakeServer::default();
    let mut answer = Vec::new();
    server
        .handshake(&mut Cursor::new(c0_c1.clone()), &mut answer)
        .expect("a client's bytes");
    black_box(answer).len()
}

/// rtmp-rs's handshake.
pub fn rtmp_rs_answer(c0_c1: &Bytes) -> usize {
    use rtmp_rs::protocol::handshake::{Handshake, HandshakeRole};
    let mut server = Handshake::new(HandshakeRole::Server);
    server.generate_initial();
    let answer = server.process(&mut c0_c1.clone());
    let answer = answer.expect("a client's bytes").expect("all of them");
    black_box(answer).len()
}

/// Returns `rml_rtmp`'s server session after it has accepted the publish.
pub fn rml_session(recording: &Recording) -> ServerSession {
    let mut handshake = Handshake::new(PeerType::Server);
    let (mut session, first) = ServerSession::new(ServerSessionConfig::new()).expect("defaults");
    black_box(first);
    let mut shaken = false;
    let mut publishes = 0;
    for read in recording.before() {
        if shaken {
            publishes += rml_commands(&mut session, read);
            continue;
        }
        match handshake.process_bytes(read).expect("a client's bytes") {
            HandshakeProcessResult::InProgress { response_bytes } => {
                black_box(response_bytes);
            }
            HandshakeProcessResult::Completed {
                remaining_bytes, ..
            } => {
                shaken = true;
                publishes += rml_commands(&mut session, &remaining_bytes);
            }
        }
    }
    assert_eq!(publishes, 1, "the client publishes");
    session
}

/// Accepts all that is wanted and returns how many streams are published.
fn rml_commands(session: &mut ServerSession, read: &[u8]) -> usize {
    let mut publishes = 0;
    for result in session.handle_input(read).expect("our own client") {
        let id = match black_box(result) {
            ServerSessionResult::RaisedEvent(ServerSessionEvent::ConnectionRequested {
                request_id,
                ..
            }) => request_id,
            ServerSessionResult::RaisedEvent(ServerSessionEvent::PublishStreamRequested {
                request_id,
                ..
            }) => {
                publishes += 1;
                request_id
            }
            _ => continue,
        };
        black_box(session.accept_request(id).expect("the request waits"));
    }
    publishes
}

/// Lets `rml_rtmp`'s session take in the media, and returns their number and their bytes.
pub fn rml_ingest(recording: &Recording, session: &mut ServerSession) -> (usize, usize) {
    let mut sum = (0, 0);
    for read in recording.media() {
        for result in session.handle_input(read).expect("our own client") {
            if let ServerSessionResult::RaisedEvent(
                ServerSessionEvent::AudioDataReceived { data, .. }
                | ServerSessionEvent::VideoDataReceived { data, .. },
            ) = &result
            {
                sum = (sum.0 + 1, sum.1 + data.len());
            }
            black_box(result);
        }
    }
    sum
}

/// `rml_rtmp`'s server sessions, which return a vector for each message.
pub fn rml_players(count: usize) -> Box<dyn FnMut() -> usize> {
    let config = ServerSessionConfig {
        chunk_size: PLAYER_CHUNK_SIZE,
        ..ServerSessionConfig::new()
    };
    let session = |_| ServerSession::new(config.clone()).expect("a chunk size").0;
    fan_out((0..count).map(session), |session, batch| {
        let mut sum = 0;
        for message in batch {
            let stream = message.stream.get();
            let time = RtmpTimestamp::new(message.timestamp.as_millis());
            let payload = message.payload.clone();
            let packet = match message.message_type {
                MessageType::AUDIO => session.send_audio_data(stream, payload, time, false),
                _ => session.send_video_data(stream, payload, time, false),
            };
            sum += black_box(packet.expect("a short message")).bytes.len();
        }
        sum
    })
}

/// scuffle-rtmp's chunk writers, each with a buffer for a batch; its session has no players.
pub fn scuffle_players(count: usize) -> Box<dyn FnMut() -> usize> {
    let player = |_| {
        let mut writer = scuffle_rtmp::chunk::writer::ChunkWriter::default();
        writer.set_chunk_size(PLAYER_CHUNK_SIZE as usize);
        (writer, Vec::new())
    };
    fan_out((0..count).map(player), |(writer, out), batch| {
        out.clear();
        for message in batch {
            let chunk = scuffle_chunk(message);
            writer.write_chunk(&mut *out, chunk).expect("a vector");
        }
        black_box(&*out).len()
    })
}

/// rtmp-rs's chunk encoders, of which its server has one for each player, each with a buffer for a
/// batch.
pub fn rtmp_rs_players(count: usize) -> Box<dyn FnMut() -> usize> {
    let player = |_| {
        let mut writer = rtmp_rs::protocol::chunk::ChunkEncoder::new();
        writer.set_chunk_size(PLAYER_CHUNK_SIZE);
        (writer, BytesMut::new())
    };
    fan_out((0..count).map(player), |(writer, out), batch| {
        out.clear();
        for message in batch {
            writer.encode(&rtmp_rs_chunk(message), out);
        }
        black_box(&*out).len()
    })
}

fn fan_out<P: 'static>(
    players: impl Iterator<Item = P>,
    send: impl Fn(&mut P, &[Message]) -> usize + 'static,
) -> Box<dyn FnMut() -> usize> {
    let mut players: Vec<P> = players.collect();
    let mut live = Live::new();
    Box::new(move || {
        let offset = live.next_gop();
        let mut sum = 0;
        let mut now = Vec::with_capacity(BATCH);
        for batch in live.gop().chunks(BATCH) {
            now.clear();
            now.extend(batch.iter().cloned().map(|mut message| {
                message.timestamp = message.timestamp.wrapping_add(offset);
                message
            }));
            for player in &mut players {
                sum += send(player, &now);
            }
        }
        sum
    })
}

fn chunk_size(payload: &[u8]) -> u32 {
    u32::from_be_bytes(*payload.first_chunk().expect("four bytes"))
}
