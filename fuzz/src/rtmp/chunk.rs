//! The chunk layer, from bytes and from messages.

use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use weir_rtmp::chunk::{
    ChunkReader, ChunkSize, ChunkStats, ChunkStreamId, ChunkWriter, Message, MessageStreamId,
    MessageType, PreparedMessage, Timestamp,
};
use weir_rtmp::{Class, Error, Limits, Quirks, SendQueue, Warning};

/// Laws: any cut gives the same messages, warnings, counts and end; messages have no more bytes
/// than came in; what was read can be written and read again.
pub fn rtmp_chunk_reader(data: &[u8]) {
    let [selector, cut, bytes @ ..] = data else {
        return;
    };
    let [whole, single, parts] = super::cuts(bytes, *cut).map(|cut| read(*selector, cut));
    assert_eq!(whole, single);
    assert_eq!(whole, parts);
    let total: usize = whole
        .messages
        .iter()
        .map(|message| message.payload.len())
        .sum();
    assert!(total <= bytes.len());

    let mut writer = ChunkWriter::new();
    let mut written = Vec::new();
    // Those two are obeyed by the reader, and reported if they make no sense.
    let obeyed = [MessageType::SET_CHUNK_SIZE, MessageType::ABORT];
    let plain = |message: &&Message| !obeyed.contains(&message.message_type);
    let messages: Vec<_> = whole.messages.iter().filter(plain).cloned().collect();
    for message in &messages {
        writer
            .encode(message, &mut written)
            .expect("it came in chunks");
    }
    let again = read(STRICT, written.chunks(written.len().max(1)));
    assert_eq!(again.messages, messages);
    assert!(again.warnings.is_empty());
}

#[derive(Debug, PartialEq)]
struct Reading {
    messages: Vec<Message>,
    warnings: Vec<Warning>,
    end: Result<(), Error>,
    stats: ChunkStats,
}

/// The selector of [`Quirks::strict`].
const STRICT: u8 = 1;

fn read<'a>(selector: u8, reads: impl Iterator<Item = &'a [u8]>) -> Reading {
    let quirks = if selector & STRICT == 0 {
        Quirks::tolerant()
    } else {
        Quirks::strict()
    };
    let mut limits = Limits::default();
    if selector & 2 != 0 {
        limits.max_message_len = 1000;
        limits.max_in_progress = 3000;
        limits.max_chunk_streams = 3;
        limits.max_chunks_per_message = 10;
    }
    let mut reader = ChunkReader::new(&limits, &quirks);
    let mut messages = Vec::new();
    let mut warnings = Vec::new();
    let mut end = Ok(());
    'reads: for mut read in reads {
        loop {
            let result = reader.read(&mut read);
            warnings.extend(std::iter::from_fn(|| reader.poll_warning()));
            match result {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => {
                    assert!(read.is_empty());
                    break;
                }
                Err(error) => {
                    end = Err(error);
                    break 'reads;
                }
            }
        }
    }
    Reading {
        messages,
        warnings,
        end,
        stats: *reader.stats(),
    }
}

/// Laws: a strict reader gets every message that was queued and not dropped, in order and
/// unchanged, whatever was shared, dropped or written short on the way; the counts of the backlog
/// are right; a drained queue is empty.
pub fn rtmp_chunk_roundtrip(data: &[u8]) {
    let begin = start();
    let mut queue = SendQueue::new(1 << 16);
    let mut reader = ChunkReader::new(&Limits::default(), &Quirks::strict());
    let mut pushed = Vec::new();
    let mut arrived = Vec::new();
    let mut steps = data.chunks_exact(8);
    for (index, step) in steps.by_ref().enumerate() {
        let now = begin + Duration::from_millis(index as u64);
        let &[verb, kind, csid, time_kind, time, stream, len_high, len_low] = step else {
            break;
        };
        let len = usize::from(u16::from_be_bytes([len_high, len_low])) >> (kind >> 5);
        let chunk_stream = match csid {
            0..=250 => u32::from(csid) % 80 + 2,
            other => 65_599 - u32::from(other),
        };
        let millis = match time_kind & 3 {
            0 => u32::from(time),
            1 => 0xFF_FF80 + u32::from(time),
            2 => 0xFFFF_FF80_u32.wrapping_add(u32::from(time)),
            _ => u32::from(time) << (time_kind >> 3),
        };
        let message = Message::new(
            MessageType::new(8 + (kind & 15)),
            // Each message is told from its neighbours.
            (0..len).map(|at| (at ^ index).to_le_bytes()[0]).collect(),
            ChunkStreamId::new(chunk_stream).expect("in range"),
            MessageStreamId::new(u32::from(stream & 3)),
            Timestamp::from_millis(millis),
        );
        let class = match verb >> 4 {
            0..=5 => Class::Essential,
            6..=8 => Class::Audio,
            9 => Class::Keyframe,
            10 => Class::Disposable,
            _ => Class::Interframe,
        };
        match verb & 15 {
            0..=4 => {
                queue
                    .push(message.clone(), class, now)
                    .expect("at most 64 KiB");
                pushed.push(message);
            }
            5..=8 => {
                let size = ChunkSize::new(u32::from(time) % 200 + 1).expect("not 0");
                let size = if verb & 1 == 0 {
                    queue.chunk_size()
                } else {
                    size
                };
                let prepared = PreparedMessage::new(message.clone(), size).expect("64 KiB");
                queue.push_prepared(&prepared, class, message.stream, message.timestamp, now);
                pushed.push(message);
            }
            9 => {
                if queue.push_reply(message.clone(), now).is_ok() {
                    pushed.push(message);
                }
            }
            10 => {
                let size = u32::from(u16::from_be_bytes([time, len_low])) + 1;
                let set = Message::new(
                    MessageType::SET_CHUNK_SIZE,
                    Bytes::copy_from_slice(&size.to_be_bytes()),
                    ChunkStreamId::CONTROL,
                    MessageStreamId::CONNECTION,
                    Timestamp::ZERO,
                );
                queue
                    .push(set.clone(), Class::Essential, now)
                    .expect("four bytes");
                pushed.push(set);
            }
            11 => _ = queue.drop_to_keyframe(),
            12 => _ = queue.drop_disposable(),
            _ => write(
                &mut queue,
                usize::from(len_low) * 16,
                &mut reader,
                &mut arrived,
            ),
        }
        let backlog = queue.backlog(now);
        assert!(backlog.droppable.messages <= backlog.messages);
        assert!(backlog.droppable.bytes <= backlog.bytes);
    }
    let dropped = queue.backlog(begin).dropped.messages;
    write(&mut queue, usize::MAX, &mut reader, &mut arrived);
    assert!(queue.is_empty());
    assert_eq!(arrived.len() + dropped, pushed.len());
    // What arrived is what was pushed, less some.
    let mut pushed = pushed.iter();
    for message in &arrived {
        assert!(
            pushed.any(|pushed| pushed == message),
            "{message:?} was not pushed, or not then"
        );
    }
    assert_eq!(reader.unfinished(), 0);
}

fn write(
    queue: &mut SendQueue,
    mut most: usize,
    reader: &mut ChunkReader,
    arrived: &mut Vec<Message>,
) {
    queue.commit();
    while queue.has_remaining() && most > 0 {
        let mut slices = [std::io::IoSlice::new(&[]); 5];
        let filled = queue.chunks_vectored(&mut slices);
        let mut written = 0;
        for slice in &slices[..filled] {
            let mut read = &slice[..slice.len().min(most)];
            written += read.len();
            most -= read.len();
            while let Some(message) = reader.read(&mut read).expect("our own chunks") {
                arrived.push(message);
            }
        }
        queue.advance(written);
        queue.commit();
    }
}

/// One instant to count from, the same for all runs of a process.
fn start() -> Instant {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    *START.get_or_init(Instant::now)
}
