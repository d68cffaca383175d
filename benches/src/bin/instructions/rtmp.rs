//! Workloads of weir-rtmp.
//!
//! One operation of `decode`, `encode` and `ingest` is the whole publish, 781 messages of 9.8 KB
//! on average; one of `fan_out` prepares the 154 messages of a GOP and sends them to each of 100
//! players, three at a time, and one of `push_and_drain` only sends them: 15,400 pushes.

use std::hint::black_box;

#[cfg(feature = "peers")]
use weir_benches::peers::rtmp as peers;
use weir_benches::rtmp::{self as inputs, FanOut, Recording};

use crate::Workload;

pub(crate) const WORKLOADS: &[Workload] = &[
    ("rtmp/decode/128", |count| decode(128, count)),
    ("rtmp/decode/4096", |count| decode(4096, count)),
    ("rtmp/decode/65536", |count| decode(65536, count)),
    ("rtmp/encode/128", |count| encode(128, count)),
    ("rtmp/encode/4096", |count| encode(4096, count)),
    ("rtmp/encode/65536", |count| encode(65536, count)),
    ("rtmp/ingest/128", |count| ingest(128, count)),
    ("rtmp/ingest/4096", |count| ingest(4096, count)),
    ("rtmp/ingest/65536", |count| ingest(65536, count)),
    ("rtmp/connect", |count| {
        let recording = Recording::new(4096);
        repeat(count, || {
            usize::from(black_box(&recording).session().wants_input())
        });
    }),
    ("rtmp/handshake/plain", |count| {
        let c0_c1 = inputs::plain_c0_c1();
        repeat(count, || inputs::answer(black_box(&c0_c1)).len());
    }),
    ("rtmp/handshake/digest", |count| {
        let c0_c1 = inputs::digest_c0_c1();
        repeat(count, || inputs::answer(black_box(&c0_c1)).len());
    }),
    ("rtmp/fan_out/100", |count| {
        let mut fan_out = FanOut::new(100);
        repeat(count, || fan_out.serve());
    }),
    ("rtmp/push_and_drain/100", |count| {
        let mut fan_out = FanOut::new(100);
        repeat(count, || fan_out.send());
    }),
];

fn decode(size: u32, count: usize) {
    let bytes = inputs::chunked(size);
    repeat(count, || inputs::decode(black_box(&bytes)).0);
}

fn encode(size: u32, count: usize) {
    let messages = inputs::publish();
    repeat(count, || inputs::encode(black_box(&messages), size));
}

fn ingest(size: u32, count: usize) {
    let recording = Recording::new(size);
    let mut session = recording.session();
    repeat(count, || black_box(&recording).ingest(&mut session).0);
}

/// The same work done by peers.
#[cfg(feature = "peers")]
pub(crate) const PEERS: &[Workload] = &[
    ("rtmp/decode/128@rml_rtmp", |count| {
        decode_peer(peers::rml, 128, count);
    }),
    ("rtmp/decode/4096@rml_rtmp", |count| {
        decode_peer(peers::rml, 4096, count);
    }),
    ("rtmp/decode/65536@rml_rtmp", |count| {
        decode_peer(peers::rml, 65536, count);
    }),
    ("rtmp/decode/128@scuffle-rtmp", |count| {
        decode_peer(peers::scuffle, 128, count);
    }),
    ("rtmp/decode/4096@scuffle-rtmp", |count| {
        decode_peer(peers::scuffle, 4096, count);
    }),
    ("rtmp/decode/65536@scuffle-rtmp", |count| {
        decode_peer(peers::scuffle, 65536, count);
    }),
    ("rtmp/decode/128@rtmp-rs", |count| {
        decode_peer(peers::rtmp_rs, 128, count);
    }),
    ("rtmp/decode/4096@rtmp-rs", |count| {
        decode_peer(peers::rtmp_rs, 4096, count);
    }),
    ("rtmp/decode/65536@rtmp-rs", |count| {
        decode_peer(peers::rtmp_rs, 65536, count);
    }),
    ("rtmp/encode/128@rml_rtmp", |count| {
        encode_peer(peers::rml_encoder, 128, count);
    }),
    ("rtmp/encode/4096@rml_rtmp", |count| {
        encode_peer(peers::rml_encoder, 4096, count);
    }),
    ("rtmp/encode/65536@rml_rtmp", |count| {
        encode_peer(peers::rml_encoder, 65536, count);
    }),
    ("rtmp/encode/128@scuffle-rtmp", |count| {
        encode_peer(peers::scuffle_encoder, 128, count);
    }),
    ("rtmp/encode/4096@scuffle-rtmp", |count| {
        encode_peer(peers::scuffle_encoder, 4096, count);
    }),
    ("rtmp/encode/65536@scuffle-rtmp", |count| {
        encode_peer(peers::scuffle_encoder, 65536, count);
    }),
    ("rtmp/encode/128@rtmp-rs", |count| {
        encode_peer(peers::rtmp_rs_encoder, 128, count);
    }),
    ("rtmp/encode/4096@rtmp-rs", |count| {
        encode_peer(peers::rtmp_rs_encoder, 4096, count);
    }),
    ("rtmp/encode/65536@rtmp-rs", |count| {
        encode_peer(peers::rtmp_rs_encoder, 65536, count);
    }),
    ("rtmp/ingest/128@rml_rtmp", |count| ingest_rml(128, count)),
    ("rtmp/ingest/4096@rml_rtmp", |count| ingest_rml(4096, count)),
    ("rtmp/ingest/65536@rml_rtmp", |count| {
        ingest_rml(65536, count);
    }),
    ("rtmp/connect@rml_rtmp", |count| {
        let recording = Recording::new(4096);
        repeat(count, || {
            black_box(peers::rml_session(black_box(&recording)));
            1
        });
    }),
    ("rtmp/handshake/plain@rml_rtmp", |count| {
        answer_peer(peers::rml_answer, &inputs::plain_c0_c1(), count);
    }),
    ("rtmp/handshake/plain@scuffle-rtmp", |count| {
        answer_peer(peers::scuffle_answer, &inputs::plain_c0_c1(), count);
    }),
    ("rtmp/handshake/plain@rtmp-rs", |count| {
        answer_peer(peers::rtmp_rs_answer, &inputs::plain_c0_c1(), count);
    }),
    ("rtmp/handshake/digest@rml_rtmp", |count| {
        answer_peer(peers::rml_answer, &inputs::digest_c0_c1(), count);
    }),
    ("rtmp/handshake/digest@scuffle-rtmp", |count| {
        answer_peer(peers::scuffle_answer, &inputs::digest_c0_c1(), count);
    }),
    ("rtmp/fan_out/100@rml_rtmp", |count| {
        repeat(count, peers::rml_players(100));
    }),
    ("rtmp/fan_out/100@scuffle-rtmp", |count| {
        repeat(count, peers::scuffle_players(100));
    }),
    ("rtmp/fan_out/100@rtmp-rs", |count| {
        repeat(count, peers::rtmp_rs_players(100));
    }),
];

#[cfg(feature = "peers")]
fn decode_peer(peer: peers::Decoder, size: u32, count: usize) {
    let bytes = inputs::chunked(size);
    assert_eq!(peer(&bytes), inputs::decode(&bytes), "all messages");
    repeat(count, || peer(black_box(&bytes)).0);
}

#[cfg(feature = "peers")]
fn encode_peer(peer: peers::Encoder, size: u32, count: usize) {
    let messages = inputs::publish();
    repeat(count, || peer(black_box(&messages), size));
}

#[cfg(feature = "peers")]
fn ingest_rml(size: u32, count: usize) {
    let recording = Recording::new(size);
    let mut session = peers::rml_session(&recording);
    let all = recording.ingest(&mut recording.session());
    assert_eq!(peers::rml_ingest(&recording, &mut session), all);
    repeat(count, || {
        peers::rml_ingest(black_box(&recording), &mut session).0
    });
}

#[cfg(feature = "peers")]
fn answer_peer(peer: peers::Answer, c0_c1: &bytes::Bytes, count: usize) {
    assert_eq!(peer(c0_c1), inputs::answer(c0_c1).len(), "S0, S1 and S2");
    repeat(count, || peer(black_box(c0_c1)));
}

fn repeat(count: usize, mut run: impl FnMut() -> usize) {
    for _ in 0..count {
        black_box(run());
    }
}
