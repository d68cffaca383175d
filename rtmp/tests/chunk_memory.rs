//! What the chunk layer holds and allocates, counted by the allocator. A test binary of its own,
//! because the allocator counts for the whole process; one test, because others would count too.
#![cfg(test)]

use std::alloc::System;
use std::time::Instant;

use bytes::Buf;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use weir_rtmp::chunk::{
    ChunkReader, ChunkSize, ChunkStreamId, Message, MessageStreamId, MessageType, PreparedMessage,
    Timestamp,
};
use weir_rtmp::{Class, Limits, Quirks, SendQueue};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[test]
fn memory_is_what_the_docs_say() {
    unfinished_messages_hold_no_more_than_they_announce();
    announcing_alone_costs_64_kib_for_each_chunk_stream();
    a_message_takes_one_buffer_of_its_own_length();
    fan_out_allocates_nothing_and_a_drained_queue_gives_a_burst_back();
}

/// What is allocated and not freed since the region began.
fn held(region: &Region<'_, System>) -> usize {
    let change = region.change();
    change
        .bytes_allocated
        .saturating_sub(change.bytes_deallocated)
}

/// 62 chunk streams of some 100 bytes, in a vector that doubles.
const STREAMS_LEN: usize = 128 * 100;

/// fmt 0 on a chunk stream with a one-byte id: a message of `len` bytes.
fn announce(csid: u8, len: u32) -> Vec<u8> {
    let [_, high, middle, low] = len.to_be_bytes();
    vec![csid, 0, 0, 0, high, middle, low, 9, 1, 0, 0, 0]
}

fn unfinished_messages_hold_no_more_than_they_announce() {
    const LEN: u32 = 100_000;
    let limits = Limits::default();
    let mut reader = ChunkReader::new(&limits, &Quirks::default());
    let region = Region::new(ALLOCATOR);
    let most = 62 * LEN as usize + STREAMS_LEN;
    // 781 chunks of 128 bytes leave 32 bytes missing.
    for round in 0..781 {
        for csid in 2..64_u8 {
            let header = if round == 0 {
                announce(csid, LEN)
            } else {
                vec![0xC0 | csid]
            };
            assert_eq!(reader.read(&mut &header[..]).unwrap(), None);
            assert_eq!(reader.read(&mut &[7; 128][..]).unwrap(), None);
        }
        assert!(
            held(&region) <= most + 1024,
            "{} in round {round}",
            held(&region)
        );
    }
    assert_eq!(reader.unfinished(), 62);
    assert!(held(&region) >= 62 * 99_968);
}

fn announcing_alone_costs_64_kib_for_each_chunk_stream() {
    let mut limits = Limits::default();
    limits.max_in_progress = usize::MAX >> 1;
    let mut reader = ChunkReader::new(&limits, &Quirks::default());
    let region = Region::new(ALLOCATOR);
    for csid in 2..64_u8 {
        let chunk = [&announce(csid, 0xFF_FFFF)[..], &[7; 128]].concat();
        assert_eq!(reader.read(&mut &chunk[..]).unwrap(), None);
    }
    assert!(
        held(&region) <= 62 * (64 << 10) + STREAMS_LEN,
        "{}",
        held(&region)
    );
}

fn a_message_takes_one_buffer_of_its_own_length() {
    for len in [1, 100, 4096, 60_000, 300_000, 3_000_000_u32] {
        let mut bytes = vec![2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF];
        bytes.extend(announce(4, len));
        bytes.extend(std::iter::repeat_n(7, len as usize));
        let mut reader = ChunkReader::new(&Limits::default(), &Quirks::default());
        let mut input = &bytes[..];
        drop(reader.read(&mut input).unwrap());
        let region = Region::new(ALLOCATOR);
        let message = reader.read(&mut input).unwrap().unwrap();
        assert_eq!(message.payload.len(), len as usize);
        let change = region.change();
        // A message that is there as a whole is one allocation, besides the chunk stream's.
        assert!(
            change.allocations <= 2 && change.reallocations == 0,
            "{len}: {change:?}"
        );
        assert!(held(&region) <= len as usize + 4 * 128, "{len}: {change:?}");
    }
}

fn fan_out_allocates_nothing_and_a_drained_queue_gives_a_burst_back() {
    let now = t0();
    let size = ChunkSize::DEFAULT;
    let messages: Vec<_> = (1..=300_u32)
        .map(|index| {
            let message = Message::new(
                MessageType::VIDEO,
                vec![7; index as usize * 10].into(),
                ChunkStreamId::new(6).unwrap(),
                MessageStreamId::new(1),
                Timestamp::from_millis(index * 40),
            );
            PreparedMessage::new(message, size).unwrap()
        })
        .collect();
    let mut queue = SendQueue::new(1 << 20);
    let push = |queue: &mut SendQueue, prepared: &PreparedMessage| {
        let timestamp = prepared.message().timestamp;
        queue.push_prepared(
            prepared,
            Class::Keyframe,
            MessageStreamId::new(1),
            timestamp,
            now,
        );
    };
    let drain = |queue: &mut SendQueue| {
        queue.commit();
        while queue.has_remaining() {
            queue.advance(queue.chunk().len());
            queue.commit();
        }
    };
    for prepared in &messages {
        push(&mut queue, prepared);
    }
    let burst = Region::new(ALLOCATOR);
    drain(&mut queue);
    let change = burst.change();
    assert!(
        change.bytes_deallocated > change.bytes_allocated + 10_000,
        "{change:?}"
    );

    for prepared in messages.iter().take(3) {
        push(&mut queue, prepared);
    }
    drain(&mut queue);
    let region = Region::new(ALLOCATOR);
    for batch in messages.chunks(3) {
        for prepared in batch {
            push(&mut queue, prepared);
        }
        drain(&mut queue);
    }
    let change = region.change();
    assert_eq!((change.allocations, change.reallocations), (0, 0));
}

/// A moment to count from.
#[expect(
    clippy::disallowed_methods,
    reason = "tests need one instant, and let it never pass"
)]
fn t0() -> Instant {
    Instant::now()
}
