//! What a peer can make a session hold, counted by the allocator. A test binary of its own, because
//! the allocator counts for the whole process.
#![cfg(test)]

use std::alloc::System;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use weir_rtmp::chunk::{
    ChunkStreamId, ChunkWriter, Message, MessageStreamId, MessageType, Timestamp,
};
use weir_rtmp::message::{SharedObjectEvent, SharedObjectMessage};
use weir_rtmp::{
    ClientConfig, ClientSession, ConnectOptions, Error, Limits, RtmpUrl, SendQueue, ServerConfig,
    ServerEvent, ServerSession, UrlStyle,
};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes allocated and not freed; what a reallocation adds or takes is in both sums.
fn held() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

/// Limits of which each has a share in the sum that shows.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_message_len = 100_000;
    limits.max_in_progress = 400_000;
    limits.max_chunk_streams = 16;
    limits.max_buffered_input = 64 << 10;
    limits.max_queued_output = 32 << 10;
    limits.max_command_len = 8 << 10;
    limits.max_amf_nodes = 1_000;
    limits.max_name_len = 1_000;
    limits.max_streams = 8;
    limits.max_pending_requests = 16;
    limits
}

/// The session under attack.
enum Session {
    Server(ServerSession),
    Client(ClientSession),
}

/// A session that is connected, and a peer that from now on only takes.
struct Victim {
    session: Session,
    writer: ChunkWriter,
    now: Instant,
    before: usize,
    most: usize,
}

/// One test, because the others would count here too.
#[test]
fn a_session_holds_no_more_than_the_formula_whatever_its_peer_does() {
    let worst = limits().worst_case();
    for (name, attack) in ATTACKS {
        for (role, mut victim) in [("server", Victim::server()), ("client", Victim::client())] {
            let end = attack(&mut victim);
            let most = victim.most;
            assert!(
                most <= worst,
                "{role}, {name}: {most} bytes, the formula says {worst}"
            );
            println!("{role}, {name}: {most} of {worst} bytes, {end:?}");
        }
    }
}

type Attack = fn(&mut Victim) -> Result<(), Error>;

const ATTACKS: [(&str, Attack); 8] = [
    (
        "unfinished messages on all chunk streams",
        unfinished_messages,
    ),
    ("more chunk streams than allowed", many_chunk_streams),
    ("input that is never polled", unpolled_input),
    ("pings whose answers are not read", unread_pongs),
    ("requests that are never answered", unanswered_requests),
    ("streams with the longest names", long_names),
    ("deep and wide values", wide_values),
    (
        "a shared object message of the smallest events",
        small_events,
    ),
];

fn unfinished_messages(victim: &mut Victim) -> Result<(), Error> {
    for csid in 3..64_u8 {
        // 100,000 bytes announced, 99,968 sent, in chunks of 128.
        let mut bytes = vec![csid, 0, 0, 0, 0x01, 0x86, 0xA0, 9, 1, 0, 0, 0];
        for chunk in 0..781 {
            if chunk > 0 {
                bytes.push(0xC0 | csid);
            }
            bytes.extend([0; 128]);
        }
        for read in bytes.chunks(16 << 10) {
            victim.read(read)?;
        }
    }
    Ok(())
}

fn many_chunk_streams(victim: &mut Victim) -> Result<(), Error> {
    for csid in 64..65_000_u32 {
        let [low, high, ..] = (csid - 64).to_le_bytes();
        victim.read(&[1, low, high, 0, 0, 0, 0, 0, 0, 9, 1, 0, 0, 0])?;
    }
    Ok(())
}

fn unpolled_input(victim: &mut Victim) -> Result<(), Error> {
    for _ in 0..100_000 {
        victim
            .session
            .handle_input(Bytes::copy_from_slice(&[2]), victim.now);
        victim.measure();
    }
    victim.poll()
}

fn unread_pongs(victim: &mut Victim) -> Result<(), Error> {
    for _ in 0..100_000 {
        let payload = Bytes::from_static(&[0, 6, 1, 2, 3, 4]);
        victim.send(MessageType::USER_CONTROL, payload, 0)?;
    }
    Ok(())
}

fn unanswered_requests(victim: &mut Victim) -> Result<(), Error> {
    let name = [
        b"\x02\0\x0fgetStreamLength\0\x40\0\0\0\0\0\0\0\x05\x02\x03\xe8",
        &[b'n'; 1000][..],
    ];
    for _ in 0..10_000 {
        victim.send(MessageType::COMMAND_AMF0, name.concat().into(), 0)?;
        victim.drain();
    }
    Ok(())
}

fn long_names(victim: &mut Victim) -> Result<(), Error> {
    for stream in 1..100 {
        let publish = [
            b"\x02\0\x07publish\0\0\0\0\0\0\0\0\0\x05\x02\x03\xe8",
            &[b'n'; 1000][..],
        ];
        victim.send(MessageType::COMMAND_AMF0, publish.concat().into(), stream)?;
        victim.drain();
    }
    Ok(())
}

fn wide_values(victim: &mut Victim) -> Result<(), Error> {
    let arrays = [
        b"\x02\0\x05play2\0\0\0\0\0\0\0\0\0\x05\x0a\0\0\x1f\0",
        &[5; 0x1f00][..],
    ];
    let play = b"\x02\0\x04play\0\0\0\0\0\0\0\0\0\x05\x02\0\x01a";
    victim.send(MessageType::COMMAND_AMF0, Bytes::from_static(play), 1)?;
    for _ in 0..100 {
        victim.send(MessageType::COMMAND_AMF0, arrays.concat().into(), 1)?;
        victim.drain();
    }
    Ok(())
}

fn small_events(victim: &mut Victim) -> Result<(), Error> {
    let head = b"\0\x01a\0\0\0\0\0\0\0\0\0\0\0\0";
    let events = b"\x01\0\0\0\0".repeat(1600);
    victim.send(
        MessageType::SHARED_OBJECT_AMF0,
        [head, &events[..]].concat().into(),
        0,
    )?;
    let slots = b"\0\0\x05".repeat(2600);
    let change = [&head[..], b"\x03\0\0\x1e\x78", &slots].concat();
    let decoded = SharedObjectMessage::decode(&change.clone().into()).unwrap();
    assert!(matches!(
        &decoded.events[..],
        [SharedObjectEvent::RequestChange(_)]
    ));
    drop(decoded);
    victim.send(MessageType::SHARED_OBJECT_AMF0, change.into(), 0)
}

impl Victim {
    fn server() -> Self {
        let now = t0();
        let mut config = ServerConfig::default();
        config.limits = limits();
        let before = held();
        let mut server = ServerSession::new(config, [1; 32], now);
        let mut client = ClientSession::new(ClientConfig::default(), [2; 32], now);
        shake_hands(&mut server, &mut client, now);
        drop(client);
        Self::new(Session::Server(server), before, now)
    }

    fn client() -> Self {
        let now = t0();
        let mut config = ClientConfig::default();
        config.limits = limits();
        let before = held();
        let mut client = ClientSession::new(config, [2; 32], now);
        let mut server = ServerSession::new(ServerConfig::default(), [1; 32], now);
        shake_hands(&mut server, &mut client, now);
        drop(server);
        Self::new(Session::Client(client), before, now)
    }

    fn new(session: Session, before: usize, now: Instant) -> Self {
        let mut victim = Self {
            session,
            writer: ChunkWriter::new(),
            now,
            before,
            most: 0,
        };
        // The peer has said that its chunks are bigger; back to the size the writer has.
        let default = Bytes::from_static(&[0, 0, 0, 128]);
        let mut bytes = vec![0x02, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0];
        bytes.extend(&default);
        victim.read(&bytes).unwrap();
        victim
    }

    fn send(&mut self, kind: MessageType, payload: Bytes, stream: u32) -> Result<(), Error> {
        let (csid, stream) = (ChunkStreamId::COMMAND, MessageStreamId::new(stream));
        let message = Message::new(kind, payload, csid, stream, Timestamp::ZERO);
        let mut bytes = Vec::new();
        self.writer.encode(&message, &mut bytes).unwrap();
        self.read(&bytes)
    }

    fn read(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let copy = Bytes::copy_from_slice(bytes);
        let bytes_outside = held();
        self.session.handle_input(copy, self.now);
        self.measure();
        self.poll()?;
        assert!(held() < bytes_outside + (64 << 20));
        Ok(())
    }

    /// Answers what stops the session, and keeps nothing.
    fn poll(&mut self) -> Result<(), Error> {
        loop {
            let polled = self.session.poll(self.now);
            self.measure();
            if !polled? {
                return Ok(());
            }
        }
    }

    fn drain(&mut self) {
        let output = self.session.output();
        output.commit();
        while output.has_remaining() {
            output.advance(output.remaining());
            output.commit();
        }
    }

    fn measure(&mut self) {
        self.most = self.most.max(held().saturating_sub(self.before));
    }
}

impl Session {
    fn handle_input(&mut self, input: Bytes, now: Instant) {
        match self {
            Self::Server(session) => session.handle_input(input, now),
            Self::Client(session) => session.handle_input(input, now),
        }
    }

    /// Answers what stops the session; tells whether there was an event.
    fn poll(&mut self, now: Instant) -> Result<bool, Error> {
        let session = match self {
            Self::Server(session) => session,
            Self::Client(session) => return session.poll_event().map(|event| event.is_some()),
        };
        match session.poll_event()? {
            Some(ServerEvent::PublishRequested { id, .. }) => {
                session.accept_publish(id, now).unwrap();
            }
            Some(ServerEvent::PlayRequested { id, .. }) => session.accept_play(id, now).unwrap(),
            Some(_) => {}
            None => return Ok(false),
        }
        Ok(true)
    }

    fn output(&mut self) -> &mut SendQueue {
        match self {
            Self::Server(session) => session.output(),
            Self::Client(session) => session.output(),
        }
    }
}

fn t0() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "tests need one instant")]
    Instant::now()
}

fn shake_hands(session: &mut ServerSession, client: &mut ClientSession, now: Instant) {
    let url: RtmpUrl = "rtmp://h/live/a".parse().unwrap();
    client
        .connect(ConnectOptions::new(&url.target(UrlStyle::Ffmpeg)), now)
        .unwrap();
    for _ in 0..4 {
        let output = client.output();
        output.commit();
        session.handle_input(output.copy_to_bytes(output.remaining()), now);
        while let Some(event) = session.poll_event().unwrap() {
            if let ServerEvent::ConnectRequested { id, .. } = event {
                session.accept_connect(id, now).unwrap();
            }
        }
        let output = session.output();
        output.commit();
        client.handle_input(output.copy_to_bytes(output.remaining()), now);
        while client.poll_event().unwrap().is_some() {}
    }
    assert!(session.round_trip().is_none());
    session.handle_timeout(now + Duration::from_millis(1));
}

#[test]
fn the_default_worst_case_is_what_the_docs_say() {
    let worst = Limits::default().worst_case();
    assert!((56 << 20..72 << 20).contains(&worst), "{worst}");
}
