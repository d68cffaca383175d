//! A real 6 Mbit/s publish: 782 messages, 7.65 MB, as FFmpeg sent them.
//!
//! Types, times and lengths are the recorded ones (`data/rtmp_publish_6mbit_messages.json`); the
//! bodies are filled with bytes that are the same in each run, behind the heads of H.264 and AAC.
#![expect(
    clippy::indexing_slicing,
    reason = "the inputs are our own, and a wrong one stops the run"
)]

use std::hint::black_box;
use std::ops::Range;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use weir_rtmp::chunk::{
    ChunkReader, ChunkSize, ChunkStreamId, ChunkWriter, Message, MessageStreamId, MessageType,
    PreparedMessage, Timestamp,
};
use weir_rtmp::handshake::{Handshake, HandshakeKind};
use weir_rtmp::{
    Class, ClientConfig, ClientEvent, ClientSession, ConnectOptions, Limits, PublishKind, Quirks,
    RtmpUrl, SendQueue, ServerConfig, ServerEvent, ServerSession, UrlStyle,
};

/// Bytes handed to a decoder at a time.
pub const READ_LEN: usize = 16 << 10;

/// The chunk sizes of the benches: everybody's default, nginx-rtmp's and FFmpeg's for a publish.
pub const CHUNK_SIZES: [u32; 3] = [128, 4096, 65536];

/// Messages that a player gets in one write: about 40 ms of audio and video.
pub const BATCH: usize = 3;

/// The chunk size of players.
pub const PLAYER_CHUNK_SIZE: u32 = 4096;

/// When the second GOP of the publish begins and when the third does, in milliseconds.
const GOP: Range<u32> = 2021..4021;

/// GOPs in four hours.
const GOPS: u32 = 7200;

/// Returns the messages of the publish, less its Set Chunk Size, on the chunk streams FFmpeg uses.
pub fn publish() -> Vec<Message> {
    let json = include_str!("../data/rtmp_publish_6mbit_messages.json");
    let json: serde_json::Value = serde_json::from_str(json).expect("the file is JSON");
    let rows = json["messages"].as_array().expect("a list of messages");
    let number = |value: &serde_json::Value| {
        u32::try_from(value.as_u64().expect("a number")).expect("32 bits")
    };
    rows.iter()
        .map(|row| {
            let kind = MessageType::new(u8::try_from(number(&row[0])).expect("a message type"));
            let chunk_stream = match kind {
                MessageType::AUDIO => 4,
                MessageType::VIDEO => 6,
                _ => 3,
            };
            let len = number(&row[3]);
            let head: &[u8] = match kind {
                MessageType::AUDIO => b"\xaf\x01",
                MessageType::VIDEO => b"\x27\x01\0\0\0",
                _ => b"",
            };
            let fill = |index: u32| (index.wrapping_mul(31) >> 3).to_le_bytes()[0];
            let mut payload: Vec<u8> = (0..len).map(fill).collect();
            for (byte, of_head) in payload.iter_mut().zip(head) {
                *byte = *of_head;
            }
            Message::new(
                kind,
                payload.into(),
                ChunkStreamId::new(chunk_stream).expect("a chunk stream id"),
                MessageStreamId::new(number(&row[2])),
                Timestamp::from_millis(number(&row[1])),
            )
        })
        .filter(|message| message.message_type != MessageType::SET_CHUNK_SIZE)
        .collect()
}

/// Returns the media of the publish alone, which is what players get.
pub fn media() -> Vec<Message> {
    let mut messages = publish();
    messages.retain(|message| {
        matches!(
            message.message_type,
            MessageType::AUDIO | MessageType::VIDEO
        )
    });
    messages
}

/// Returns the publish in chunks of `size`, Set Chunk Size first.
pub fn chunked(size: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = writer(size, &mut bytes);
    for message in &publish() {
        writer.encode(message, &mut bytes).expect("a short message");
    }
    bytes
}

/// Reads `bytes` and returns the number of messages and of their bytes.
pub fn decode(bytes: &[u8]) -> (usize, usize) {
    let mut reader = ChunkReader::new(&Limits::default(), &Quirks::default());
    let mut sum = (0, 0);
    for mut read in bytes.chunks(READ_LEN) {
        while let Some(message) = reader.read(&mut read).expect("our own chunks") {
            sum = (sum.0 + 1, sum.1 + message.payload.len());
            black_box(message);
        }
    }
    sum
}

/// Writes `messages` in chunks of `size` into one buffer per message.
pub fn encode(messages: &[Message], size: u32) -> usize {
    let mut out = Vec::new();
    let mut writer = writer(size, &mut out);
    let mut sum = 0;
    for message in messages {
        out.clear();
        writer.encode(message, &mut out).expect("a short message");
        sum += black_box(&out).len();
    }
    sum
}

/// A publisher whose pictures never end: one GOP of the publish, from its second keyframe to the
/// third, again and again with times that go on.
///
/// 60 pictures and 94 audio frames in 2 seconds, 1.54 MB. What comes before is an exception: tiny
/// messages and a keyframe twice as big as all others.
#[derive(Debug)]
pub struct Live {
    gop: Vec<Message>,
    sent: u32,
}

impl Live {
    /// Returns a publisher at the beginning of its first GOP.
    pub fn new() -> Self {
        let mut gop = media();
        gop.retain(|message| GOP.contains(&message.timestamp.as_millis()));
        Self { gop, sent: 0 }
    }

    /// Returns the messages of a GOP.
    pub fn gop(&self) -> &[Message] {
        &self.gop
    }

    /// Returns what has to be added to the times of the next GOP. After four hours the times begin
    /// again, so that a long run measures no extended timestamps, which peers treat differently.
    pub fn next_gop(&mut self) -> u32 {
        let offset = self.sent * (GOP.end - GOP.start);
        self.sent = (self.sent + 1) % GOPS;
        offset
    }
}

impl Default for Live {
    fn default() -> Self {
        Self::new()
    }
}

/// One publisher's messages for many players.
#[derive(Debug)]
pub struct FanOut {
    live: Live,
    prepared: Vec<PreparedMessage>,
    players: Vec<SendQueue>,
    now: Instant,
}

impl FanOut {
    /// Returns players with chunks of [`PLAYER_CHUNK_SIZE`] that have got one GOP.
    pub fn new(players: usize) -> Self {
        let live = Live::new();
        let prepared = live.gop().iter().cloned().map(prepare).collect();
        let now = Instant::now();
        let player = |_| {
            let mut queue = SendQueue::new(1 << 20);
            queue
                .push(set_chunk_size(PLAYER_CHUNK_SIZE), Class::Essential, now)
                .expect("four bytes");
            drain(&mut queue);
            queue
        };
        let mut fan_out = Self {
            live,
            prepared,
            players: (0..players).map(player).collect(),
            now,
        };
        fan_out.send();
        fan_out
    }

    /// Returns how many pushes make a GOP.
    pub fn pushes(&self) -> usize {
        self.prepared.len() * self.players.len()
    }

    /// Prepares the next GOP and sends it to all players, [`BATCH`] messages at a time: all the
    /// work between the publisher's messages and the players' sockets. Returns the bytes.
    pub fn serve(&mut self) -> usize {
        let offset = self.live.next_gop();
        let mut sum = 0;
        let mut prepared = Vec::with_capacity(BATCH);
        for batch in self.live.gop().chunks(BATCH) {
            prepared.clear();
            prepared.extend(batch.iter().cloned().map(prepare));
            for player in &mut self.players {
                push(player, &prepared, offset, self.now);
                sum += drain(player);
            }
        }
        sum
    }

    /// Sends the next GOP to all players, [`BATCH`] messages at a time that were prepared before;
    /// returns the bytes.
    pub fn send(&mut self) -> usize {
        let offset = self.live.next_gop();
        let mut sum = 0;
        for batch in self.prepared.chunks(BATCH) {
            for player in &mut self.players {
                push(player, batch, offset, self.now);
                sum += drain(player);
            }
        }
        sum
    }

    /// Does what [`send`](Self::send) does, and returns how long its pushes took.
    pub fn time_pushes(&mut self) -> Duration {
        let offset = self.live.next_gop();
        let mut sum = Duration::ZERO;
        for batch in self.prepared.chunks(BATCH) {
            let begin = Instant::now();
            for player in &mut self.players {
                push(player, batch, offset, self.now);
            }
            sum += begin.elapsed();
            for player in &mut self.players {
                black_box(drain(player));
            }
        }
        sum
    }
}

fn prepare(message: Message) -> PreparedMessage {
    let size = ChunkSize::new(PLAYER_CHUNK_SIZE).expect("a chunk size");
    PreparedMessage::new(message, size).expect("a short message")
}

/// Pushes a batch to one player.
fn push(player: &mut SendQueue, batch: &[PreparedMessage], offset: u32, now: Instant) {
    for prepared in batch {
        let message = prepared.message();
        let class = match message.message_type {
            MessageType::AUDIO => Class::Audio,
            _ if message.timestamp.as_millis() == GOP.start => Class::Keyframe,
            _ => Class::Interframe,
        };
        let timestamp = message.timestamp.wrapping_add(offset);
        player.push_prepared(prepared, class, message.stream, timestamp, now);
    }
}

/// Takes all bytes out of a queue as a driver with vectored writes does, to a socket that takes
/// them all.
fn drain(queue: &mut SendQueue) -> usize {
    let mut sum = 0;
    queue.commit();
    while queue.has_remaining() {
        let mut slices = [std::io::IoSlice::new(&[]); 8];
        let filled = queue.chunks_vectored(&mut slices);
        let taken = black_box(&slices[..filled]);
        let len = if filled < 8 {
            queue.remaining()
        } else {
            taken.iter().map(|slice| slice.len()).sum()
        };
        queue.advance(len);
        queue.commit();
        sum += len;
    }
    sum
}

fn writer(size: u32, out: &mut Vec<u8>) -> ChunkWriter {
    let mut writer = ChunkWriter::new();
    writer
        .encode(&set_chunk_size(size), out)
        .expect("four bytes");
    writer
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

/// What a publisher sends, from its handshake to the last message of [`publish`].
#[derive(Debug)]
pub struct Recording {
    /// The handshake and the commands, up to `publish`.
    before: Vec<Bytes>,
    /// The chunks behind it, in reads of [`READ_LEN`] bytes.
    media: Vec<Bytes>,
}

impl Recording {
    /// Records our own client at our own server; media come in chunks of `size`.
    pub fn new(size: u32) -> Self {
        Self::with(HandshakeKind::Digest, size)
    }

    /// Records it with a handshake of its own.
    pub fn with(kind: HandshakeKind, size: u32) -> Self {
        let now = Instant::now();
        let mut server = ServerSession::new(ServerConfig::default(), [2; 32], now);
        Self::at(kind, size, |sent| {
            server.handle_input(sent.clone(), now);
            accept_all(&mut server, now);
            take(server.output())
        })
    }

    /// Records our own client at a server that answers what is sent to it.
    pub fn at(kind: HandshakeKind, size: u32, mut server: impl FnMut(&Bytes) -> Bytes) -> Self {
        let now = Instant::now();
        let url: RtmpUrl = "rtmp://example.com/live/show".parse().expect("a URL");
        let options = ConnectOptions::new(&url.target(UrlStyle::Ffmpeg));
        let mut config = ClientConfig::default();
        config.handshake = kind;
        let mut client = ClientSession::new(config, [1; 32], now);
        client.connect(options, now).expect("the first connect");
        let mut before = Vec::new();
        let mut stream = None;
        while stream.is_none() {
            let sent = take(client.output());
            let answer = server(&sent);
            before.push(sent);
            client.handle_input(answer, now);
            while let Some(event) = client.poll_event().expect("a server") {
                match event {
                    ClientEvent::Connected { .. } => {
                        client
                            .publish("show", PublishKind::Live, now)
                            .expect("connected");
                    }
                    ClientEvent::PublishStarted { stream: id, .. } => stream = Some(id),
                    _ => {}
                }
            }
        }
        before.push(take(client.output()));
        before.retain(|sent| !sent.is_empty());
        let mut bytes = Vec::new();
        let mut writer = writer(size, &mut bytes);
        for mut message in media() {
            message.stream = stream.unwrap_or(message.stream);
            writer
                .encode(&message, &mut bytes)
                .expect("a short message");
        }
        let media = bytes.chunks(READ_LEN).map(Bytes::copy_from_slice).collect();
        Self { before, media }
    }

    /// Returns the bytes behind the handshake and the commands.
    pub fn media_len(&self) -> usize {
        self.media.iter().map(Bytes::len).sum()
    }

    /// Returns the reads of the handshake and the commands.
    pub fn before(&self) -> &[Bytes] {
        &self.before
    }

    /// Returns the reads behind them.
    pub fn media(&self) -> &[Bytes] {
        &self.media
    }

    /// Returns a server session that has accepted the publish and expects its media.
    pub fn session(&self) -> ServerSession {
        let now = Instant::now();
        let mut server = ServerSession::new(ServerConfig::default(), [2; 32], now);
        for read in &self.before {
            server.handle_input(read.clone(), now);
            accept_all(&mut server, now);
            take(server.output());
        }
        server
    }

    /// Lets a session take in the media, and returns their number and their bytes.
    pub fn ingest(&self, server: &mut ServerSession) -> (usize, usize) {
        let now = Instant::now();
        let mut sum = (0, 0);
        for read in &self.media {
            server.handle_input(read.clone(), now);
            loop {
                match server.poll_event() {
                    Ok(Some(ServerEvent::Media { packet, .. })) => {
                        sum = (sum.0 + 1, sum.1 + packet.payload.len());
                        black_box(packet);
                    }
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(error) => panic!("our own client: {error}"),
                }
            }
            let output = server.output();
            while output.has_remaining() {
                output.advance(output.chunk().len());
            }
        }
        sum
    }

    /// Reads the same chunks with a [`ChunkReader`] alone.
    pub fn decode(&self) -> (usize, usize) {
        let mut reader = ChunkReader::new(&Limits::default(), &Quirks::default());
        let mut sum = (0, 0);
        for read in &self.media {
            let mut read = &read[..];
            while let Some(message) = reader.read(&mut read).expect("our own chunks") {
                sum = (sum.0 + 1, sum.1 + message.payload.len());
                black_box(message);
            }
        }
        sum
    }
}

fn accept_all(server: &mut ServerSession, now: Instant) {
    while let Some(event) = server.poll_event().expect("our own client") {
        match event {
            ServerEvent::ConnectRequested { id, .. } => server.accept_connect(id, now),
            ServerEvent::PublishRequested { id, .. } => server.accept_publish(id, now),
            _ => Ok(()),
        }
        .expect("the request waits");
    }
}

fn take(queue: &mut SendQueue) -> Bytes {
    queue.copy_to_bytes(queue.remaining())
}

/// Walks over the chunks of [`chunked`] with nothing but their sizes known, and copies each payload
/// once into a buffer of its own: what a decoder that returns owned messages cannot do without.
pub fn floor(bytes: &[u8], messages: &[Message], size: u32) -> usize {
    let size = size as usize;
    // Set Chunk Size; then the first header of a message is told by its fmt, whose ids are short.
    let mut rest = &bytes[16..];
    let mut sum = 0;
    for message in messages {
        let header_len = [12, 8, 4, 1][usize::from(rest[0] >> 6)];
        rest = &rest[header_len..];
        let len = message.payload.len();
        let mut payload = Vec::with_capacity(len);
        while payload.len() < len {
            if !payload.is_empty() {
                rest = &rest[1..];
            }
            let (chunk, behind) = rest.split_at(size.min(len - payload.len()));
            payload.extend_from_slice(chunk);
            rest = behind;
        }
        sum += black_box(Bytes::from(payload)).len();
    }
    assert!(rest.is_empty(), "all of the chunks were walked over");
    sum
}

/// Copies each payload into a buffer of its own: what no encoder that returns bytes can do without.
pub fn copy_each(messages: &[Message]) -> usize {
    messages
        .iter()
        .map(|message| black_box(message.payload.to_vec()).len())
        .sum()
}

/// Returns what a client sends first, without a digest.
pub fn plain_c0_c1() -> Bytes {
    c0_c1(HandshakeKind::Plain)
}

/// Returns what a client sends first, with a digest.
pub fn digest_c0_c1() -> Bytes {
    c0_c1(HandshakeKind::Digest)
}

fn c0_c1(kind: HandshakeKind) -> Bytes {
    let mut client = Handshake::client(kind, &Quirks::default(), [1; 32]);
    client.poll_output().expect("C0 and C1")
}

/// Answers a client as a server and returns S0, S1 and S2.
pub fn answer(c0_c1: &[u8]) -> Bytes {
    let mut server = Handshake::server(&Quirks::default(), [2; 32]);
    let done = server.read(&mut &c0_c1[..]).expect("a client's bytes");
    debug_assert_eq!(done, None);
    server.poll_output().expect("S0, S1 and S2")
}
