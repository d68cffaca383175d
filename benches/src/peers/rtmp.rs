//! RTMP chunks in `rml_rtmp`, scuffle-rtmp and rtmp-rs.
//!
//! Their sessions are not here: scuffle's and rtmp-rs's own the socket. xiu's `rtmp` brings its
//! media server along (streamhub, an HTTP client) and is left out.

use std::hint::black_box;

use bytes::BytesMut;
use weir_rtmp::chunk::Message;

use crate::rtmp::READ_LEN;

/// Reads the chunks of a publish and returns the number of its messages and their bytes.
pub type Decoder = fn(&[u8]) -> (usize, usize);

/// Writes messages in chunks of a size and returns the bytes.
pub type Encoder = fn(&[Message], u32) -> usize;

/// Peers that decode.
pub const DECODERS: &[(&str, Decoder)] = &[
    ("rml_rtmp", rml),
    ("scuffle-rtmp", scuffle),
    ("rtmp-rs", rtmp_rs),
];

/// Peers that encode.
pub const ENCODERS: &[(&str, Encoder)] = &[
    ("rml_rtmp", rml_encoder),
    ("scuffle-rtmp", scuffle_encoder),
    ("rtmp-rs", rtmp_rs_encoder),
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

/// `rml_rtmp`'s serializer.
pub fn rml_encoder(messages: &[Message], size: u32) -> usize {
    let mut writer = rml_rtmp::chunk_io::ChunkSerializer::new();
    let zero = rml_rtmp::time::RtmpTimestamp::new(0);
    let first = writer.set_max_chunk_size(size, zero).expect("a size");
    let mut sum = first.bytes.len();
    for message in messages {
        let payload = rml_rtmp::messages::MessagePayload {
            timestamp: rml_rtmp::time::RtmpTimestamp::new(message.timestamp.as_millis()),
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
pub fn scuffle_encoder(messages: &[Message], size: u32) -> usize {
    let mut writer = scuffle_rtmp::chunk::writer::ChunkWriter::default();
    writer.set_chunk_size(size as usize);
    let mut out = Vec::new();
    let mut sum = 0;
    for message in messages {
        out.clear();
        let chunk = scuffle_rtmp::chunk::Chunk::new(
            message.chunk_stream.get(),
            message.timestamp.as_millis(),
            message.message_type.get().into(),
            message.stream.get(),
            message.payload.clone(),
        );
        writer.write_chunk(&mut out, chunk).expect("a vector");
        sum += black_box(&out).len();
    }
    sum
}

/// rtmp-rs's chunk encoder.
pub fn rtmp_rs_encoder(messages: &[Message], size: u32) -> usize {
    let mut writer = rtmp_rs::protocol::chunk::ChunkEncoder::new();
    writer.set_chunk_size(size);
    let mut out = BytesMut::new();
    let mut sum = 0;
    for message in messages {
        out.clear();
        let chunk = rtmp_rs::protocol::chunk::RtmpChunk {
            csid: message.chunk_stream.get(),
            timestamp: message.timestamp.as_millis(),
            message_type: message.message_type.get(),
            stream_id: message.stream.get(),
            payload: message.payload.clone(),
        };
        writer.encode(&chunk, &mut out);
        sum += black_box(&out).len();
    }
    sum
}

fn chunk_size(payload: &[u8]) -> u32 {
    u32::from_be_bytes(*payload.first_chunk().expect("four bytes"))
}
