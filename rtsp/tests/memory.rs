//! What a peer can make a session hold, counted by the allocator. A test binary of its own, because
//! the allocator counts for the whole process.
#![cfg(test)]

use std::alloc::System;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use weir_rtsp::{
    Error, LimitExceeded, Limits, ServerConfig, ServerEvent, ServerSession, SetupAnswer,
    rtp::ClockAnchor,
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
    limits.max_head_len = 8 << 10;
    limits.max_headers = 16;
    limits.max_body_len = 64 << 10;
    limits.max_buffered_input = 64 << 10;
    limits.max_queued_output = 32 << 10;
    limits.max_pending_requests = 8;
    limits.max_tracks = 8;
    limits
}

/// A server whose client only sends.
struct Victim {
    session: ServerSession,
    now: Instant,
    before: usize,
    most: usize,
}

impl Victim {
    #[expect(
        clippy::disallowed_methods,
        reason = "any moment will do as the start of a test"
    )]
    fn new() -> Self {
        let before = held();
        let now = Instant::now();
        let clock = ClockAnchor::new(now, SystemTime::UNIX_EPOCH + Duration::from_secs(1));
        let mut config = ServerConfig::default();
        config.limits = limits();
        let peer = SocketAddr::from(([127, 0, 0, 1], 5000));
        let session = ServerSession::new(config, peer, clock, [1; 32], now);
        Self {
            session,
            now,
            before,
            most: 0,
        }
    }

    fn send(&mut self, bytes: Vec<u8>) {
        self.session.handle_input(Bytes::from(bytes), self.now);
        self.count();
    }

    /// Polls like an application that keeps no event; SETUP is accepted where `accept` says so.
    fn poll(&mut self, accept: bool) -> Result<(), Error> {
        while let Some(event) = self.session.poll_event()? {
            if let (ServerEvent::SetupRequested { id, .. }, true) = (&event, accept) {
                self.session
                    .accept_setup(*id, SetupAnswer::new(90_000))
                    .expect("it waits");
            }
            drop(event);
            self.count();
        }
        self.count();
        Ok(())
    }

    fn count(&mut self) {
        self.most = self.most.max(held().saturating_sub(self.before));
    }
}

type Attack = fn(&mut Victim) -> Result<(), Error>;

const ATTACKS: [(&str, Attack); 9] = [
    ("reads of one byte that nobody polls", |victim| {
        (0..4000).for_each(|_| victim.send(vec![b'$']));
        victim.poll(false)
    }),
    ("a head without end", |victim| {
        for _ in 0..1000 {
            victim.send(b"OPTIONS".to_vec());
            victim.send(vec![b' '; 100]);
            victim.poll(false)?;
        }
        Ok(())
    }),
    ("many header fields", |victim| {
        victim.send(format!("OPTIONS * RTSP/1.0\r\n{}", "a:b\r\n".repeat(1000)).into());
        victim.send(b"\r\n".to_vec());
        victim.poll(false)
    }),
    ("a long body in small parts", |victim| {
        victim.send(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 65536\r\n\r\n".to_vec());
        for _ in 0..65_535 / 50 {
            victim.send(vec![0; 50]);
            victim.poll(false)?;
        }
        Ok(())
    }),
    ("a body that is announced too long", |victim| {
        victim.send(b"OPTIONS * RTSP/1.0\r\nContent-Length: 4000000000\r\n\r\n".to_vec());
        victim.poll(false)
    }),
    ("transports of many parameters, unanswered", |victim| {
        for cseq in 0..20 {
            let (uri, junk) = ("u".repeat(3500), ";a;b=c".repeat(600));
            victim.send(
                format!(
                    "SETUP {uri}{cseq} RTSP/1.0\r\nCSeq: {cseq}\r\nTransport: RTP/AVP/TCP{junk}\r\n\r\n"
                )
                .into(),
            );
            victim.poll(false)?;
        }
        Ok(())
    }),
    ("tracks without end", |victim| {
        for cseq in 0..50 {
            let uri = "u".repeat(7500);
            victim.send(
                format!(
                    "SETUP {uri}{cseq} RTSP/1.0\r\nCSeq: {cseq}\r\nTransport: RTP/AVP/TCP\r\n\r\n"
                )
                .into(),
            );
            victim.poll(true)?;
        }
        Ok(())
    }),
    ("replies nobody reads", |victim| {
        for cseq in 0..10_000 {
            victim.send(format!("OPTIONS * RTSP/1.0\r\nCSeq: {cseq}\r\n\r\n").into());
            victim.poll(false)?;
        }
        Ok(())
    }),
    ("frames on every channel", |victim| {
        for channel in 0..=255 {
            victim.send([&[b'$', channel, 0x10, 0][..], &[0x80; 4096]].concat());
            victim.poll(false)?;
        }
        Ok(())
    }),
];

/// One test, because the others would count here too.
#[test]
fn a_session_holds_no_more_than_the_formula_whatever_its_peer_does() {
    let worst = limits().worst_case();
    let mut ends = Vec::new();
    for (name, attack) in ATTACKS {
        let mut victim = Victim::new();
        ends.push(attack(&mut victim));
        assert!(
            victim.most <= worst,
            "{name}: {} bytes, the formula says {worst}",
            victim.most
        );
        println!("{name}: {} of {worst} bytes", victim.most);
    }
    let limit = |error: LimitExceeded| Err(Error::LimitExceeded(error));
    assert_eq!(
        ends,
        [
            limit(LimitExceeded::BufferedInput { limit: 64 << 10 }),
            limit(LimitExceeded::Head {
                offset: 0,
                limit: 8 << 10
            }),
            limit(LimitExceeded::Headers {
                offset: 20 + 16 * 5,
                limit: 16
            }),
            Ok(()),
            limit(LimitExceeded::Body {
                offset: 0,
                got: 4_000_000_000,
                limit: 64 << 10
            }),
            Ok(()),
            Ok(()),
            match ends.get(7) {
                Some(Err(Error::LimitExceeded(error @ LimitExceeded::QueuedOutput { .. }))) => {
                    Err(Error::LimitExceeded(*error))
                }
                end => panic!("{end:?}"),
            },
            Ok(()),
        ]
    );
}
