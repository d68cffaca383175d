//! Every recorded session is dissected by the chunk layer as its .json says.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use weir_rtmp::chunk::{ChunkReader, Message, MessageType};
use weir_rtmp::{Limits, Quirks};

use crate::capture::{self, Direction};

const HANDSHAKE_LEN: usize = 3073;

#[test]
fn captures_are_dissected_as_their_json_says_at_every_read_size() {
    for capture in capture::all() {
        for (way, direction) in [("c2s", &capture.c2s), ("s2c", &capture.s2c)] {
            for len in [1, 7, 1460, 65536] {
                let context = format!("{} {way}, reads of {len}", capture.name);
                check(direction, direction.in_reads_of(len), &context);
            }
            assert_eq!(direction.reads.iter().sum::<usize>(), direction.bytes.len());
            let context = format!("{} {way}, reads as recorded", capture.name);
            check(direction, direction.as_recorded(), &context);
        }
    }
}

fn check<'a>(direction: &Direction, reads: impl Iterator<Item = &'a [u8]>, context: &str) {
    let mut reader = ChunkReader::new(&Limits::default(), &Quirks::default());
    let mut messages = Vec::new();
    let mut skip = HANDSHAKE_LEN;
    for mut read in reads {
        let skipped = skip.min(read.len());
        skip -= skipped;
        read = &read[skipped..];
        while let Some(message) = reader.read(&mut read).expect(context) {
            messages.push(message);
        }
        assert!(read.is_empty(), "{context}");
    }
    let expect = &direction.expect;
    assert_eq!(chunk_layer(&reader), expect["chunk_layer"], "{context}");
    assert_eq!(json!(messages.len()), expect["messages"], "{context}");
    let (counts, bytes) = by_type(&messages);
    assert_eq!(json!(counts), expect["message_count_by_type"], "{context}");
    assert_eq!(json!(bytes), expect["payload_bytes_by_type"], "{context}");
    assert_eq!(digest(&messages), expect["messages_sha256"], "{context}");
}

fn chunk_layer(reader: &ChunkReader) -> Value {
    let stats = reader.stats();
    let mut formats = BTreeMap::new();
    for (fmt, count) in stats.starts.iter().enumerate() {
        formats.insert(format!("fmt{fmt}"), *count);
    }
    formats.insert("cont".to_owned(), stats.continuations);
    formats.retain(|_, count| *count > 0);
    let mut basic_header_len = BTreeMap::new();
    for (index, count) in stats.basic_header_len.iter().enumerate() {
        basic_header_len.insert((index + 1).to_string(), *count);
    }
    basic_header_len.retain(|_, count| *count > 0);
    json!({
        "chunks": stats.chunks(),
        "formats": formats,
        "basic_header_len": basic_header_len,
        "ext_ts_headers": stats.extended,
        "ext_ts_on_type3": stats.extended_repeated,
        "type3_without_ext_ts": stats.extended_omitted,
        "interleaved_chunks": stats.interleaved,
        "trailing_bytes": reader.trailing_bytes(),
        "final_chunk_size": reader.chunk_size().get(),
        "incomplete_messages": reader.unfinished(),
    })
}

fn by_type(messages: &[Message]) -> (BTreeMap<&str, u64>, BTreeMap<&str, u64>) {
    let mut counts = BTreeMap::new();
    let mut bytes = BTreeMap::new();
    for message in messages {
        let name = match message.message_type {
            MessageType::SET_CHUNK_SIZE => "set_chunk_size",
            MessageType::ACKNOWLEDGEMENT => "ack",
            MessageType::USER_CONTROL => "user_control",
            MessageType::WINDOW_ACK_SIZE => "window_ack_size",
            MessageType::SET_PEER_BANDWIDTH => "set_peer_bandwidth",
            MessageType::AUDIO => "audio",
            MessageType::VIDEO => "video",
            MessageType::DATA_AMF0 => "data_amf0",
            MessageType::COMMAND_AMF0 => "command_amf0",
            MessageType::COMMAND_AMF3 => "command_amf3",
            other => panic!("no capture has {other:?}"),
        };
        *counts.entry(name).or_insert(0) += 1;
        *bytes.entry(name).or_insert(0) += message.payload.len() as u64;
    }
    (counts, bytes)
}

fn digest(messages: &[Message]) -> String {
    let mut hash = Sha256::new();
    for message in messages {
        hash.update([message.message_type.get()]);
        hash.update(message.timestamp.as_millis().to_be_bytes());
        hash.update(message.stream.get().to_be_bytes());
        hash.update(u32::try_from(message.payload.len()).unwrap().to_be_bytes());
        hash.update(&message.payload);
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
