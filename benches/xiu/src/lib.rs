//! xiu's `rtmp` beside us, in the rows of which it does the same work.
//!
//! Its sessions own a socket. What it writes goes to a trait of its own, here a buffer that is never
//! full, so its futures are done when they are first polled.

use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use bytesio::bytesio::{NetType, TNetIO};
use bytesio::bytesio_errors::BytesIOError;
use rtmp::chunk::ChunkInfo;
use rtmp::chunk::packetizer::ChunkPacketizer;
use rtmp::chunk::unpacketizer::{ChunkUnpacketizer, UnpackResult};
use rtmp::handshake::handshake_server::HandshakeServer;
use tokio::sync::Mutex;
use weir_benches::rows::{self, FLOOR, Row, Run, WEIR, run};
use weir_benches::rtmp::{self as inputs, BATCH, Live, READ_LEN};
use weir_rtmp::chunk::Message;

/// Returns its rows.
pub fn rows() -> Vec<Row> {
    let mut rows = rows::all();
    for row in &mut rows {
        row.candidates
            .retain(|candidate| [WEIR, FLOOR].contains(&candidate.who));
    }
    let with = |row: Row| match row.name.as_str() {
        "rtmp/decode/128" => Some(row.with("xiu", || decoder(128))),
        "rtmp/decode/4096" => Some(row.with("xiu", || decoder(4096))),
        "rtmp/decode/65536" => Some(row.with("xiu", || decoder(65536))),
        // Other sizes cannot be set.
        "rtmp/encode/4096" => Some(row.with("xiu", encoder)),
        "rtmp/handshake/plain" => Some(row.with("xiu", || answer(inputs::plain_c0_c1()))),
        "rtmp/handshake/digest" => Some(row.with("xiu", || answer(inputs::digest_c0_c1()))),
        "rtmp/fan_out/100" => Some(row.with("xiu", || players(100))),
        "rtmp/fan_out/1000" => Some(row.with("xiu", || players(1000))),
        _ => None,
    };
    rows.into_iter().filter_map(with).collect()
}

fn decoder(size: u32) -> Run {
    let bytes = inputs::chunked(size);
    assert_eq!(decode(&bytes), inputs::decode(&bytes), "all messages");
    run(move || decode(black_box(&bytes)))
}

fn decode(bytes: &[u8]) -> (usize, usize) {
    let mut reader = ChunkUnpacketizer::new();
    let mut sum = (0, 0);
    for read in bytes.chunks(READ_LEN) {
        reader.extend_data(read);
        // It ends a list at a new chunk size, and answers with an error when there is nothing.
        while let Ok(UnpackResult::Chunks(messages)) = reader.read_chunks() {
            for message in messages {
                if let (1, Some(size)) = (
                    message.message_header.msg_type_id,
                    message.payload.first_chunk(),
                ) {
                    reader.update_max_chunk_size(u32::from_be_bytes(*size) as usize);
                }
                sum = (sum.0 + 1, sum.1 + message.payload.len());
                black_box(message);
            }
        }
    }
    sum
}

/// It takes bodies in buffers of their own and takes them apart, so each is copied for it.
fn encoder() -> Run {
    let messages: Vec<ChunkInfo> = inputs::publish().iter().map(message).collect();
    let bodies: usize = messages.iter().map(|message| message.payload.len()).sum();
    let (io, written) = memory();
    let encode = move || {
        let mut writer = ChunkPacketizer::new(io.clone());
        for message in black_box(&messages) {
            ready(writer.write_chunk(&mut message.clone())).expect("memory");
        }
        written.swap(0, Ordering::Relaxed)
    };
    assert!(encode() > bodies, "all messages");
    run(encode)
}

fn answer(c0_c1: Bytes) -> Run {
    let (io, written) = memory();
    let answer = move || {
        let mut server = HandshakeServer::new(io.clone());
        server.extend_data(black_box(&c0_c1));
        ready(server.handshake()).expect("a client's bytes");
        written.swap(0, Ordering::Relaxed)
    };
    assert_eq!(answer(), 1 + 2 * 1536, "S0, S1 and S2");
    run(answer)
}

/// A GOP for all players, as [`inputs::FanOut::serve`] has it. Each player's copy is made for it.
fn players(count: usize) -> Run {
    let mut live = Live::new();
    let gop: Vec<ChunkInfo> = live.gop().iter().map(message).collect();
    let (io, written) = memory();
    let mut players: Vec<ChunkPacketizer> = (0..count)
        .map(|_| ChunkPacketizer::new(io.clone()))
        .collect();
    run(move || {
        let offset = live.next_gop();
        for batch in gop.chunks(BATCH) {
            for player in &mut players {
                for message in batch {
                    let mut message = message.clone();
                    message.message_header.timestamp += offset;
                    ready(player.write_chunk(&mut message)).expect("memory");
                }
            }
        }
        written.swap(0, Ordering::Relaxed)
    })
}

fn message(message: &Message) -> ChunkInfo {
    ChunkInfo::new(
        message.chunk_stream.get(),
        0,
        message.timestamp.as_millis(),
        u32::try_from(message.payload.len()).expect("a short message"),
        message.message_type.get(),
        message.stream.get(),
        BytesMut::from(&message.payload[..]),
    )
}

type Io = Arc<Mutex<Box<dyn TNetIO + Send + Sync>>>;

/// Where everything can be written, and how many bytes were.
fn memory() -> (Io, Arc<AtomicUsize>) {
    let written = Arc::new(AtomicUsize::new(0));
    let memory: Box<dyn TNetIO + Send + Sync> = Box::new(Memory(written.clone()));
    (Arc::new(Mutex::new(memory)), written)
}

struct Memory(Arc<AtomicUsize>);

#[async_trait]
impl TNetIO for Memory {
    async fn write(&mut self, bytes: Bytes) -> Result<(), BytesIOError> {
        self.0.fetch_add(black_box(bytes).len(), Ordering::Relaxed);
        Ok(())
    }

    async fn read(&mut self) -> Result<BytesMut, BytesIOError> {
        Ok(BytesMut::new())
    }

    async fn read_timeout(&mut self, _: Duration) -> Result<BytesMut, BytesIOError> {
        Ok(BytesMut::new())
    }

    fn get_net_type(&self) -> NetType {
        NetType::TCP
    }
}

fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("memory never waits"),
    }
}
