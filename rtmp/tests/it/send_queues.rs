//! What the writer and the queue send.

use std::time::Duration;

use bytes::{Buf, Bytes};
use weir_rtmp::chunk::{
    ChunkReader, ChunkSize, ChunkStreamId, ChunkWriter, Message, MessageStreamId, MessageType,
    PreparedMessage, Timestamp,
};
use weir_rtmp::{Class, LimitExceeded, Limits, Quirks, SendQueue};

use crate::t0;

fn message(kind: u8, len: usize, csid: u32, time: u32) -> Message {
    Message::new(
        MessageType::new(kind),
        vec![0x55; len].into(),
        ChunkStreamId::new(csid).unwrap(),
        MessageStreamId::new(1),
        Timestamp::from_millis(time),
    )
}

/// The fmt of each message the writer makes of these types, lengths and times.
fn formats(messages: &[(u8, usize, u32)]) -> Vec<u8> {
    let mut writer = ChunkWriter::new();
    messages
        .iter()
        .map(|(kind, len, time)| {
            let mut out = Vec::new();
            writer
                .encode(&message(*kind, *len, 4, *time), &mut out)
                .unwrap();
            out[0] >> 6
        })
        .collect()
}

#[test]
fn headers_are_as_short_as_all_peers_understand() {
    // Never fmt 3 right after fmt 0, since peers disagree on the delta then, unless it is 0.
    assert_eq!(
        formats(&[(9, 1, 40), (9, 1, 80), (9, 1, 120), (9, 1, 160)]),
        [0, 2, 3, 3]
    );
    assert_eq!(
        formats(&[(9, 1, 0), (9, 1, 0), (9, 1, 40), (9, 1, 80)]),
        [0, 3, 2, 3]
    );
    assert_eq!(
        formats(&[(9, 1, 40), (9, 2, 80), (8, 2, 120), (8, 2, 160)]),
        [0, 1, 1, 3]
    );
    // Backwards, and 4.66 hours ahead.
    assert_eq!(
        formats(&[(9, 1, 40), (9, 1, 39), (9, 1, 39 + 0xFF_FFFF)]),
        [0, 0, 0]
    );
    assert_eq!(
        formats(&[(9, 1, u32::MAX), (9, 1, 4), (9, 1, 9)]),
        [0, 2, 3]
    );
}

#[test]
fn a_message_past_24_bits_is_refused_and_nothing_written() {
    let mut out = Vec::new();
    let error = ChunkWriter::new()
        .encode(&message(9, 0x100_0000, 4, 0), &mut out)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "a message of 16777216 bytes, a header has room for 16777215"
    );
    assert!(out.is_empty());
}

fn queue_of(messages: &[(Class, u32)]) -> SendQueue {
    let mut queue = SendQueue::new(1000);
    for (class, time) in messages {
        queue.push(message(9, 10, 4, *time), *class, t0()).unwrap();
    }
    queue
}

fn times(queue: &mut SendQueue) -> Vec<u32> {
    queue.commit();
    let bytes = queue.copy_to_bytes(queue.remaining());
    let mut reader = ChunkReader::new(&Limits::default(), &Quirks::strict());
    let mut input = &bytes[..];
    std::iter::from_fn(|| reader.read(&mut input).unwrap())
        .map(|message| message.timestamp.as_millis())
        .collect()
}

#[test]
fn dropping_to_the_keyframe_leaves_times_and_essentials_right() {
    use Class::{Audio, Disposable, Essential, Interframe, Keyframe};
    let mut queue = queue_of(&[
        (Essential, 1),
        (Keyframe, 2),
        (Interframe, 3),
        (Audio, 4),
        (Essential, 5),
        (Keyframe, 6),
        (Disposable, 7),
        (Audio, 8),
        (Interframe, 9),
    ]);
    let backlog = queue.backlog(t0());
    assert_eq!((backlog.messages, backlog.bytes), (9, 90));
    assert_eq!(
        (backlog.droppable.messages, backlog.droppable.bytes),
        (7, 70)
    );
    assert_eq!(queue.drop_to_keyframe().messages, 3);
    assert_eq!(queue.drop_disposable().messages, 1);
    assert_eq!(queue.backlog(t0()).dropped.messages, 4);
    assert_eq!(times(&mut queue), [1, 5, 6, 8, 9]);
    assert!(queue.is_empty());
}

#[test]
fn without_a_keyframe_video_stops_until_the_next_and_audio_goes_on() {
    use Class::{Audio, Essential, Interframe, Keyframe};
    let mut queue = queue_of(&[(Interframe, 1), (Audio, 2), (Interframe, 3)]);
    assert_eq!(queue.drop_to_keyframe().messages, 2);
    for (class, time) in [
        (Interframe, 4),
        (Audio, 5),
        (Essential, 6),
        (Keyframe, 7),
        (Interframe, 8),
    ] {
        queue.push(message(9, 10, 4, time), class, t0()).unwrap();
    }
    assert_eq!(queue.backlog(t0()).dropped.messages, 3);
    assert_eq!(times(&mut queue), [2, 5, 6, 7, 8]);
}

#[test]
fn the_backlog_knows_its_age_and_what_is_committed_is_not_dropped() {
    let begin = t0();
    let mut queue = SendQueue::new(1000);
    for second in 0..20_u32 {
        let time = begin + Duration::from_secs(second.into());
        queue
            .push(message(9, 10_000, 4, second), Class::Interframe, time)
            .unwrap();
    }
    assert_eq!(
        queue.backlog(begin + Duration::from_secs(30)).oldest,
        Duration::from_secs(30)
    );
    queue.commit();
    let backlog = queue.backlog(begin + Duration::from_secs(30));
    assert_eq!(backlog.messages, 13, "seven messages make more than 64 KiB");
    assert_eq!(backlog.oldest, Duration::from_secs(23));
    assert_eq!(queue.drop_to_keyframe().messages, 13);
    assert_eq!(times(&mut queue), [0, 1, 2, 3, 4, 5, 6]);
}

/// Pushes an audio or video message of 10 bytes that others get too.
fn share(queue: &mut SendQueue, csid: u32, time: u32, class: Class) {
    let message = message(9, 10, csid, time);
    let prepared = PreparedMessage::new(message.clone(), ChunkSize::DEFAULT).unwrap();
    queue.push_prepared(&prepared, class, message.stream, message.timestamp, t0());
}

/// The first byte of each message in the queue, all of which have 10 bytes.
fn first_bytes(queue: &mut SendQueue) -> Vec<u8> {
    queue.commit();
    let mut firsts = Vec::new();
    while queue.has_remaining() {
        let first = queue.chunk()[0];
        firsts.push(first);
        queue.advance([12, 8, 4, 1][usize::from(first >> 6)] + 10);
    }
    firsts
}

#[test]
fn after_a_drop_only_its_chunk_stream_begins_anew() {
    use Class::{Audio, Disposable, Interframe};
    let mut queue = SendQueue::new(1000);
    share(&mut queue, 4, 0, Audio);
    share(&mut queue, 9, 0, Interframe);
    assert_eq!(first_bytes(&mut queue), [4, 9]);
    share(&mut queue, 9, 10, Disposable);
    for time in [20, 30] {
        share(&mut queue, 4, time, Audio);
        share(&mut queue, 9, time, Interframe);
    }
    assert_eq!(queue.drop_disposable().messages, 1);
    let fmt_1 = 1 << 6;
    assert_eq!(
        first_bytes(&mut queue),
        [fmt_1 | 4, 9, fmt_1 | 4, fmt_1 | 9]
    );
}

#[test]
fn a_receiver_that_reads_slowly_and_never_all_gets_everything_in_order() {
    let mut queue = SendQueue::new(1000);
    let mut reader = ChunkReader::new(&Limits::default(), &Quirks::strict());
    let mut arrived = Vec::new();
    for time in 0..400 {
        share(&mut queue, 6, 2 * time, Class::Interframe);
        queue
            .push(message(9, 10, 6, 2 * time + 1), Class::Interframe, t0())
            .unwrap();
        queue.commit();
        // Falls behind, then catches up, but for the last message.
        let most = if time < 100 { 9 } else { 40 };
        let taken = most.min(queue.remaining().saturating_sub(9));
        let bytes = queue.copy_to_bytes(taken);
        let mut input = &bytes[..];
        while let Some(message) = reader.read(&mut input).unwrap() {
            arrived.push(message.timestamp.as_millis());
        }
        let left = queue.backlog(t0()).bytes;
        assert_eq!(left, queue.remaining(), "nothing waits, all is committed");
    }
    assert!(arrived.len() > 790);
    assert!((0..).zip(&arrived).all(|(index, time)| index == *time));
}

#[test]
fn a_chunk_size_counts_from_the_next_message_on_even_if_it_was_prepared_or_called_disposable() {
    let set = Message::new(
        MessageType::SET_CHUNK_SIZE,
        Bytes::from_static(&[0, 0, 1, 0]),
        ChunkStreamId::CONTROL,
        MessageStreamId::CONNECTION,
        Timestamp::ZERO,
    );
    let prepared = PreparedMessage::new(set.clone(), ChunkSize::DEFAULT).unwrap();
    let by_prepared = |queue: &mut SendQueue| {
        let (stream, time) = (set.stream, set.timestamp);
        queue.push_prepared(&prepared, Class::Disposable, stream, time, t0());
    };
    let by_message = |queue: &mut SendQueue| {
        queue.push(set.clone(), Class::Disposable, t0()).unwrap();
    };
    for push in [&by_prepared as &dyn Fn(&mut SendQueue), &by_message] {
        let mut queue = SendQueue::new(1000);
        for _ in 0..2 {
            push(&mut queue);
            assert_eq!(queue.drop_disposable().messages, 0);
            assert_eq!(queue.chunk_size().get(), 256);
        }
        queue
            .push(message(9, 200, 6, 5), Class::Audio, t0())
            .unwrap();
        assert_eq!(times(&mut queue), [0, 0, 5]);
    }
}

#[test]
fn replies_are_bounded_and_reading_makes_room() {
    let mut queue = SendQueue::new(1000);
    let pong = || message(4, 104, 2, 0);
    for _ in 0..5 {
        queue.push_reply(pong(), t0()).unwrap();
    }
    let error = LimitExceeded::QueuedOutput {
        got: 1200,
        limit: 1000,
    };
    assert_eq!(queue.push_reply(pong(), t0()), Err(error));
    queue.commit();
    assert_eq!(queue.push_reply(pong(), t0()), Ok(()));
}

#[test]
fn short_writes_lose_nothing() {
    let mut queue = queue_of(&[(Class::Essential, 1), (Class::Essential, 2)]);
    queue
        .push(message(9, 5000, 4, 3), Class::Essential, t0())
        .unwrap();
    let mut whole = queue_of(&[(Class::Essential, 1), (Class::Essential, 2)]);
    whole
        .push(message(9, 5000, 4, 3), Class::Essential, t0())
        .unwrap();
    whole.commit();
    let expected: Bytes = whole.copy_to_bytes(whole.remaining());
    let mut out = Vec::new();
    for len in 1.. {
        if queue.is_empty() {
            break;
        }
        queue.commit();
        let mut slices = [std::io::IoSlice::new(&[]); 3];
        let filled = queue.chunks_vectored(&mut slices);
        let bytes: Vec<u8> = slices[..filled]
            .iter()
            .flat_map(|slice| slice.to_vec())
            .collect();
        let len = bytes.len().min(len);
        out.extend_from_slice(&bytes[..len]);
        queue.advance(len);
    }
    assert_eq!(out, expected);
}
