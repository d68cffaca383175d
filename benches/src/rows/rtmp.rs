//! RTMP: chunks, handshakes, sessions and fan-out, over a real 6 Mbit/s publish.
//!
//! One operation of `decode`, `encode` and `ingest` is the whole publish, of `fan_out` a GOP of it.

use std::hint::black_box;

use weir_rtmp::handshake::HandshakeKind;

use super::{Amount, Row, run};
#[cfg(feature = "peers")]
use crate::peers::{rtmp as peers, shiguredo};
use crate::rtmp::{self as inputs, CHUNK_SIZES, FanOut, Live, Recording};

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    rows.extend(CHUNK_SIZES.map(decode));
    rows.extend(CHUNK_SIZES.map(encode));
    rows.extend(CHUNK_SIZES.map(ingest));
    rows.push(connect("plain", HandshakeKind::Plain));
    rows.push(connect("digest", HandshakeKind::Digest));
    rows.push(handshake("plain", inputs::plain_c0_c1));
    rows.push(handshake("digest", inputs::digest_c0_c1));
    rows.extend([100, 1000].map(fan_out).into_iter().flatten());
    rows
}

/// The whole publish.
fn publish(what: &str, size: u32) -> Row {
    Row::new(format!("rtmp/{what}/{size}"), || {
        let messages = inputs::publish();
        let bytes: usize = messages.iter().map(|message| message.payload.len()).sum();
        Amount::Bytes(bytes as u64)
    })
}

fn decode(size: u32) -> Row {
    let row = publish("decode", size)
        .weir(move || {
            let bytes = inputs::chunked(size);
            run(move || inputs::decode(black_box(&bytes)))
        })
        .floor(move || {
            let (bytes, messages) = (inputs::chunked(size), inputs::publish());
            run(move || inputs::floor(black_box(&bytes), &messages, size))
        });
    #[cfg(feature = "peers")]
    let row = peers::DECODERS.iter().fold(row, |row, (peer, decode)| {
        row.with(peer, move || {
            let bytes = inputs::chunked(size);
            assert_eq!(decode(&bytes), inputs::decode(&bytes), "all messages");
            run(move || decode(black_box(&bytes)))
        })
    });
    row
}

fn encode(size: u32) -> Row {
    let row = publish("encode", size)
        .weir(move || {
            let messages = inputs::publish();
            run(move || inputs::encode(black_box(&messages), size))
        })
        .floor(|| {
            let messages = inputs::publish();
            run(move || inputs::copy_each(black_box(&messages)))
        });
    #[cfg(feature = "peers")]
    let row = peers::ENCODERS.iter().fold(row, |row, (peer, encoder)| {
        row.with(peer, move || {
            let messages = inputs::publish();
            let mut encode = encoder(&messages, size);
            // Headers of another form may be longer or shorter.
            let bodies: usize = messages.iter().map(|message| message.payload.len()).sum();
            assert!(encode() > bodies, "all messages");
            run(encode)
        })
    });
    row
}

/// The session; its floor is our decoder alone.
fn ingest(size: u32) -> Row {
    let row = publish("ingest", size)
        .weir(move || {
            let recording = Recording::new(size);
            let mut session = recording.session();
            run(move || black_box(&recording).ingest(&mut session))
        })
        .floor(move || {
            let recording = Recording::new(size);
            run(move || black_box(&recording).decode())
        });
    #[cfg(feature = "peers")]
    let row = row
        .with("rml_rtmp", move || {
            let recording = Recording::new(size);
            let mut session = peers::rml_session(&recording);
            let all = recording.ingest(&mut recording.session());
            assert_eq!(peers::rml_ingest(&recording, &mut session), all);
            run(move || peers::rml_ingest(black_box(&recording), &mut session))
        })
        .with("shiguredo_rtmp", move || {
            let recording = shiguredo::recording(size);
            let mut session = shiguredo::session(&recording);
            let ours = Recording::new(size);
            let all = ours.ingest(&mut ours.session());
            let (messages, bytes) = shiguredo::ingest(&recording, &mut session);
            assert_eq!(messages, all.0, "all messages");
            assert!(
                bytes < all.1 && all.1 - bytes <= 5 * messages,
                "their heads"
            );
            run(move || shiguredo::ingest(black_box(&recording), &mut session))
        });
    row
}

/// A server session from the first byte to the accepted publish.
fn connect(name: &'static str, kind: HandshakeKind) -> Row {
    let row = Row::new(format!("rtmp/connect/{name}"), || {
        Amount::Elements(1, "session")
    })
    .weir(move || {
        let recording = Recording::with(kind, 4096);
        run(move || black_box(&recording).session())
    });
    #[cfg(feature = "peers")]
    let row = row.with("rml_rtmp", move || {
        let recording = Recording::with(kind, 4096);
        run(move || peers::rml_session(black_box(&recording)))
    });
    #[cfg(feature = "peers")]
    if kind == HandshakeKind::Plain {
        return row.with("shiguredo_rtmp", || {
            let recording = shiguredo::recording(4096);
            run(move || shiguredo::session(black_box(&recording)))
        });
    }
    row
}

/// C0 and C1 answered with S0, S1 and S2.
fn handshake(name: &'static str, c0_c1: fn() -> bytes::Bytes) -> Row {
    let row = Row::new(format!("rtmp/handshake/{name}"), || {
        Amount::Elements(1, "handshake")
    })
    .weir(move || {
        let c0_c1 = c0_c1();
        run(move || inputs::answer(black_box(&c0_c1)))
    });
    #[cfg(feature = "peers")]
    let row = peers::HANDSHAKES
        .iter()
        .filter(|(peer, _)| name == "plain" || !peers::WITHOUT_DIGESTS.contains(peer))
        .fold(row, |row, (peer, answer)| {
            row.with(peer, move || {
                let c0_c1 = c0_c1();
                assert_eq!(answer(&c0_c1), inputs::answer(&c0_c1).len(), "S0 to S2");
                run(move || answer(black_box(&c0_c1)))
            })
        });
    row
}

/// One publisher's GOP for so many players: prepared and sent, sent, or only pushed.
fn fan_out(players: usize) -> [Row; 3] {
    let row = |what| {
        Row::new(format!("rtmp/{what}/{players}"), move || {
            let pushes = Live::new().gop().len() * players;
            Amount::Elements(pushes as u64, "message and player")
        })
    };
    let serve = row("fan_out").weir(move || {
        let mut fan_out = FanOut::new(players);
        run(move || fan_out.serve())
    });
    #[cfg(feature = "peers")]
    let serve = peers::FAN_OUTS
        .iter()
        .fold(serve, |row, (peer, players_of)| {
            row.with(peer, move || run(players_of(players)))
        });
    let send = row("push_and_drain").weir(move || {
        let mut fan_out = FanOut::new(players);
        run(move || fan_out.send())
    });
    let push = row("push").weir(move || {
        let mut fan_out = FanOut::new(players);
        Box::new(move |count| (0..count).map(|_| fan_out.time_pushes()).sum())
    });
    let mut rows = [serve, send, push.only_timed()];
    if players > 100 {
        // As many instructions as ten times a hundred.
        rows = rows.map(Row::only_timed);
    }
    rows
}
