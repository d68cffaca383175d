//! What is written is read back, in any cut.

use std::io::IoSlice;

use bytes::{Buf, Bytes};
use proptest::collection::vec;
use proptest::prelude::*;

use weir_rtmp::chunk::{
    ChunkReader, ChunkSize, ChunkStreamId, ChunkWriter, Message, MessageStreamId, MessageType,
    PreparedMessage, Timestamp,
};
use weir_rtmp::{Class, Limits, Quirks, SendQueue};

use crate::t0;

fn message() -> impl Strategy<Value = Message> {
    let csid = prop_oneof![
        2..8_u32,
        Just(63),
        Just(64),
        Just(319),
        Just(320),
        Just(65_599)
    ];
    let time = prop_oneof![
        4 => 0..200_u32,
        1 => 0xFF_FFF0..0x100_0010_u32,
        1 => 0x7FFF_FFF0..0x8000_0010_u32,
        1 => any::<u32>(),
    ];
    let kind = prop_oneof![Just(8_u8), Just(9), Just(20), Just(0), Just(21), Just(255)];
    let len = prop_oneof![3 => 0..400_usize, 1 => Just(0), 1 => 0..5000_usize];
    (csid, time, kind, len, 0..3_u32, any::<u8>()).prop_map(
        |(csid, time, kind, len, stream, fill)| {
            Message::new(
                MessageType::new(kind),
                (0..=u8::MAX).cycle().skip(fill.into()).take(len).collect(),
                ChunkStreamId::new(csid).unwrap(),
                MessageStreamId::new(stream),
                Timestamp::from_millis(time),
            )
        },
    )
}

fn set_chunk_size(size: u32) -> Message {
    Message::new(
        MessageType::SET_CHUNK_SIZE,
        Bytes::copy_from_slice(&size.to_be_bytes()),
        ChunkStreamId::CONTROL,
        MessageStreamId::CONNECTION,
        Timestamp::ZERO,
    )
}

fn step() -> impl Strategy<Value = Message> {
    let size = prop_oneof![1..300_u32, 1024..1100_u32, Just(4096), Just(0x7FFF_FFFF)];
    prop_oneof![9 => message(), 1 => size.prop_map(set_chunk_size)]
}

fn read_all<'a>(reads: impl IntoIterator<Item = &'a [u8]>) -> Vec<Message> {
    let mut reader = ChunkReader::new(&Limits::default(), &Quirks::strict());
    let mut messages = Vec::new();
    for mut read in reads {
        while let Some(message) = reader.read(&mut read).unwrap() {
            messages.push(message);
        }
        assert!(read.is_empty());
    }
    assert_eq!(reader.trailing_bytes(), 0);
    assert_eq!(reader.unfinished(), 0);
    messages
}

fn drain(queue: &mut SendQueue) -> Vec<u8> {
    let mut out = Vec::new();
    queue.commit();
    while queue.has_remaining() {
        let len = queue.chunk().len();
        out.extend_from_slice(queue.chunk());
        queue.advance(len);
        queue.commit();
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn written_messages_are_read_back_in_any_cut(
        messages in vec(step(), 1..20),
        cuts in vec(1..700_usize, 1..40),
    ) {
        let mut writer = ChunkWriter::new();
        let mut bytes = Vec::new();
        for message in &messages {
            writer.encode(message, &mut bytes).unwrap();
        }
        prop_assert_eq!(&read_all([&bytes[..]]), &messages);
        prop_assert_eq!(&read_all(bytes.chunks(1)), &messages);
        let mut rest = &bytes[..];
        let cut = cuts.iter().cycle().map_while(|len| {
            let (head, tail) = rest.split_at(rest.len().min(*len));
            rest = tail;
            (!head.is_empty()).then_some(head)
        });
        prop_assert_eq!(&read_all(cut), &messages);
    }

    #[test]
    fn the_queue_sends_what_the_writer_writes(messages in vec(step(), 1..20)) {
        let now = t0();
        let mut writer = ChunkWriter::new();
        let mut queue = SendQueue::new(0);
        let mut bytes = Vec::new();
        for message in &messages {
            writer.encode(message, &mut bytes).unwrap();
            queue.push(message.clone(), Class::Essential, now).unwrap();
        }
        prop_assert_eq!(drain(&mut queue), bytes);
        prop_assert!(queue.is_empty());
    }

    #[test]
    fn the_queue_sends_the_same_however_little_is_written_at_a_time(
        messages in vec(step(), 1..20),
        writes in vec((1..6_usize, 1..3000_usize), 1..20),
    ) {
        let now = t0();
        let mut writer = ChunkWriter::new();
        let mut queue = SendQueue::new(0);
        let (mut bytes, mut written) = (Vec::new(), Vec::new());
        for message in &messages {
            writer.encode(message, &mut bytes).unwrap();
            queue.push(message.clone(), Class::Essential, now).unwrap();
        }
        queue.commit();
        for (most_slices, most) in writes.iter().cycle() {
            if !queue.has_remaining() {
                break;
            }
            let mut slices = vec![IoSlice::new(&[]); *most_slices];
            let filled = queue.chunks_vectored(&mut slices);
            prop_assert_eq!(&*slices[0], queue.chunk());
            prop_assert!(slices.iter().take(filled).all(|slice| !slice.is_empty()));
            let shown: Vec<u8> = slices.iter().flat_map(|slice| slice.to_vec()).collect();
            let some = &shown[..shown.len().min(*most)];
            written.extend_from_slice(some);
            queue.advance(some.len());
            queue.commit();
        }
        prop_assert!(queue.is_empty());
        prop_assert_eq!(written, bytes);
    }

    #[test]
    fn a_prepared_message_arrives_as_the_message_itself(
        messages in vec((message(), any::<bool>()), 1..20),
        size in prop_oneof![1..300_u32, Just(4096)],
        receivers_size in prop_oneof![1..300_u32, Just(128), Just(4096)],
    ) {
        let now = t0();
        let size = ChunkSize::new(size).unwrap();
        let mut equal = SendQueue::new(0);
        let mut other = SendQueue::new(0);
        equal.push(set_chunk_size(size.get()), Class::Essential, now).unwrap();
        equal.commit();
        other.push(set_chunk_size(receivers_size), Class::Essential, now).unwrap();
        for (message, prepare) in &messages {
            for queue in [&mut equal, &mut other] {
                if *prepare {
                    let prepared = PreparedMessage::new(message.clone(), size).unwrap();
                    queue.push_prepared(
                        &prepared, Class::Audio, message.stream, message.timestamp, now,
                    );
                } else {
                    queue.push(message.clone(), Class::Audio, now).unwrap();
                }
            }
        }
        let messages: Vec<_> = messages.into_iter().map(|(message, _)| message).collect();
        prop_assert_eq!(&read_all([&drain(&mut equal)[..]])[1..], &messages[..]);
        prop_assert_eq!(&read_all([&drain(&mut other)[..]])[1..], &messages[..]);
    }
}
