//! `shiguredo_rtmp`. Its server session is public; its AMF, its chunks and its handshake are reached
//! through a module for its own tests, which its docs do not show.

use std::hint::black_box;

use bytes::Bytes;
use shiguredo_rtmp::tests::{
    Amf0Value, Amf3Value, RtmpChunk, RtmpChunkDecoder, RtmpChunkEncoder, RtmpChunkSize,
    RtmpChunkStreamId, RtmpMessageStreamId, RtmpMessageType, RtmpServerHandshake,
};
use shiguredo_rtmp::{
    Error, ErrorKind, RtmpConnectionEvent, RtmpConnectionState, RtmpServerConnection, RtmpTimestamp,
};
use weir_amf::Format;
use weir_rtmp::chunk::Message;
use weir_rtmp::handshake::HandshakeKind;

use crate::rtmp::{READ_LEN, Recording};

/// AMF, both versions.
pub fn amf(input: &[u8], format: Format) -> bool {
    match format {
        Format::Amf0 => all(input, Amf0Value::decode).map(black_box).is_some(),
        Format::Amf3 => all(input, Amf3Value::decode).map(black_box).is_some(),
    }
}

/// It writes no references.
pub fn amf_encoder(input: &[u8], format: Format) -> Option<Box<dyn FnMut()>> {
    Some(match format {
        Format::Amf0 => encoder(all(input, Amf0Value::decode)?, Amf0Value::encode),
        Format::Amf3 => encoder(all(input, Amf3Value::decode)?, Amf3Value::encode),
    })
}

fn all<V>(mut input: &[u8], decode: impl Fn(&[u8]) -> Result<(usize, V), Error>) -> Option<Vec<V>> {
    let mut values = Vec::new();
    while !input.is_empty() {
        let (len, value) = decode(input).ok()?;
        input = input.get(len..)?;
        values.push(value);
    }
    Some(values)
}

fn encoder<V: 'static>(values: Vec<V>, encode: fn(&V, &mut Vec<u8>)) -> Box<dyn FnMut()> {
    Box::new(move || {
        let mut out = Vec::new();
        for value in black_box(&values) {
            encode(value, &mut out);
        }
        black_box(out);
    })
}

/// The chunk decoder, over a buffer that is read into as its own connection does.
pub fn decode(bytes: &[u8]) -> (usize, usize) {
    let mut decoder = RtmpChunkDecoder::default();
    let mut buffer = Vec::new();
    let mut sum = (0, 0);
    for read in bytes.chunks(READ_LEN) {
        buffer.extend_from_slice(read);
        let mut done = 0;
        loop {
            let rest = buffer.get(done..).unwrap_or_default();
            match decoder.decode(rest) {
                Ok((len, chunk)) => {
                    done += len;
                    let Some(chunk) = chunk else { continue };
                    if chunk.message_type == RtmpMessageType::SetChunkSize {
                        let size = *chunk.payload.first_chunk().expect("four bytes");
                        let size = u32::from_be_bytes(size) as usize;
                        decoder.set_chunk_size(RtmpChunkSize::saturating_new(size));
                    }
                    sum = (sum.0 + 1, sum.1 + chunk.payload.len());
                    black_box(chunk);
                }
                Err(error) => {
                    assert_eq!(error.kind, ErrorKind::InsufficientBuffer, "our chunks");
                    break;
                }
            }
        }
        buffer.drain(..done);
    }
    sum
}

/// The chunk encoder. It takes bodies in vectors of their own; they are made before.
pub fn encoder_of(messages: &[Message], size: u32) -> Box<dyn FnMut() -> usize> {
    let chunk = |message: &Message| RtmpChunk {
        chunk_stream_id: RtmpChunkStreamId::new(message.chunk_stream.get()).expect("an id"),
        message_stream_id: RtmpMessageStreamId::new(message.stream.get()),
        message_type: RtmpMessageType::from_type_id(message.message_type.get()).expect("a type"),
        timestamp: RtmpTimestamp::from_millis(message.timestamp.as_millis()),
        payload: message.payload.to_vec(),
    };
    let chunks: Vec<RtmpChunk> = messages.iter().map(chunk).collect();
    Box::new(move || {
        let mut encoder = RtmpChunkEncoder::default();
        encoder.set_chunk_size(RtmpChunkSize::saturating_new(size as usize));
        let mut out = Vec::new();
        let mut sum = 0;
        for chunk in black_box(&chunks) {
            out.clear();
            encoder.encode(&mut out, chunk);
            sum += black_box(&out).len();
        }
        sum
    })
}

/// The handshake, without digests.
pub fn answer(c0_c1: &Bytes) -> usize {
    let mut server = RtmpServerHandshake::new();
    server.feed_recv_buf(c0_c1).expect("a client's bytes");
    black_box(server.send_buf()).len()
}

/// Records our client at this server: it knows no digests, and wants its own S1 back in C2.
pub fn recording(size: u32) -> Recording {
    let mut session = RtmpServerConnection::new();
    Recording::at(HandshakeKind::Plain, size, |sent| {
        receive(&mut session, sent)
    })
}

/// Returns the server session after it has accepted the publish.
pub fn session(recording: &Recording) -> RtmpServerConnection {
    let mut session = RtmpServerConnection::new();
    for read in recording.before() {
        black_box(receive(&mut session, read));
    }
    assert_eq!(session.state(), RtmpConnectionState::Publishing);
    session
}

/// Accepts what is wanted and returns the answer.
fn receive(session: &mut RtmpServerConnection, read: &[u8]) -> Bytes {
    session.feed_recv_buf(read).expect("our own client");
    while let Some(event) = session.next_event() {
        if matches!(event, RtmpConnectionEvent::PublishRequested { .. }) {
            session.accept().expect("the request waits");
        }
        black_box(event);
    }
    let mut answer = Vec::new();
    // The handshake and what follows it wait in two buffers.
    while !session.send_buf().is_empty() {
        let len = session.send_buf().len();
        answer.extend_from_slice(session.send_buf());
        session.advance_send_buf(len);
    }
    answer.into()
}

/// Lets the session take in the media, and returns their number and their bytes, less the heads of
/// their bodies, which it takes apart.
pub fn ingest(recording: &Recording, session: &mut RtmpServerConnection) -> (usize, usize) {
    let mut sum = (0, 0);
    for read in recording.media() {
        session.feed_recv_buf(read).expect("our own client");
        while let Some(event) = session.next_event() {
            match &event {
                RtmpConnectionEvent::AudioReceived(frame) => {
                    sum = (sum.0 + 1, sum.1 + frame.data.len());
                }
                RtmpConnectionEvent::VideoReceived(frame) => {
                    sum = (sum.0 + 1, sum.1 + frame.data.len());
                }
                _ => {}
            }
            black_box(event);
        }
        let len = black_box(session.send_buf()).len();
        session.advance_send_buf(len);
    }
    sum
}
