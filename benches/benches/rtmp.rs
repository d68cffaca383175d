//! RTMP: chunks, handshakes, sessions and fan-out, over a real 6 Mbit/s publish.
//!
//! `cargo bench -p weir-benches --bench rtmp`
#![expect(
    missing_docs,
    reason = "criterion's macros make a function without docs"
)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
#[cfg(feature = "peers")]
use weir_benches::peers::rtmp as peers;
use weir_benches::rtmp::{self, CHUNK_SIZES, FanOut, Recording};

fn decode(c: &mut Criterion) {
    let messages = rtmp::publish();
    for size in CHUNK_SIZES {
        let mut group = c.benchmark_group(format!("chunk/decode/{size}"));
        let bytes = rtmp::chunked(size);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function("weir", |b| b.iter(|| rtmp::decode(black_box(&bytes))));
        group.bench_function("floor", |b| {
            b.iter(|| rtmp::floor(black_box(&bytes), &messages, size))
        });
        #[cfg(feature = "peers")]
        for (name, decode) in peers::DECODERS {
            group.bench_function(*name, |b| b.iter(|| decode(black_box(&bytes))));
        }
        group.finish();
    }
}

fn ingest(c: &mut Criterion) {
    let recording = Recording::new(4096);
    let mut group = c.benchmark_group("session/connect/publish");
    group.bench_function("weir", |b| b.iter(|| black_box(&recording).session()));
    #[cfg(feature = "peers")]
    group.bench_function("rml_rtmp", |b| {
        b.iter(|| peers::rml_session(black_box(&recording)))
    });
    group.finish();
    for size in CHUNK_SIZES {
        let mut group = c.benchmark_group(format!("session/ingest/{size}"));
        let recording = Recording::new(size);
        group.throughput(Throughput::Bytes(recording.media_len() as u64));
        let mut session = recording.session();
        group.bench_function("weir", |b| {
            b.iter(|| black_box(&recording).ingest(&mut session))
        });
        group.bench_function("decode", |b| b.iter(|| black_box(&recording).decode()));
        #[cfg(feature = "peers")]
        {
            let mut session = peers::rml_session(&recording);
            group.bench_function("rml_rtmp", |b| {
                b.iter(|| peers::rml_ingest(black_box(&recording), &mut session))
            });
        }
        group.finish();
    }
}

fn encode(c: &mut Criterion) {
    let messages = rtmp::publish();
    for size in CHUNK_SIZES {
        let mut group = c.benchmark_group(format!("chunk/encode/{size}"));
        group.throughput(Throughput::Bytes(rtmp::chunked(size).len() as u64));
        group.bench_function("weir", |b| {
            b.iter(|| rtmp::encode(black_box(&messages), size))
        });
        group.bench_function("floor", |b| {
            b.iter(|| rtmp::copy_each(black_box(&messages)))
        });
        #[cfg(feature = "peers")]
        for (name, encode) in peers::ENCODERS {
            group.bench_function(*name, |b| b.iter(|| encode(black_box(&messages), size)));
        }
        group.finish();
    }
}

fn handshake(c: &mut Criterion) {
    for (name, c0_c1) in [
        ("plain", rtmp::plain_c0_c1()),
        ("digest", rtmp::digest_c0_c1()),
    ] {
        let mut group = c.benchmark_group(format!("handshake/server/{name}"));
        group.bench_function("weir", |b| b.iter(|| rtmp::answer(black_box(&c0_c1))));
        #[cfg(feature = "peers")]
        for (peer, answer) in peers::HANDSHAKES {
            if *peer != "rtmp-rs" || name == "plain" {
                group.bench_function(*peer, |b| b.iter(|| answer(black_box(&c0_c1))));
            }
        }
        group.finish();
    }
}

fn fan_out(c: &mut Criterion) {
    for players in [100, 1000] {
        let mut fan_out = FanOut::new(players);
        let throughput = Throughput::Elements(fan_out.pushes() as u64);
        let mut group = c.benchmark_group(format!("fan_out/push/{players}"));
        group.throughput(throughput.clone());
        group.bench_function("weir", |b| {
            b.iter_custom(|times| (0..times).map(|_| fan_out.time_pushes()).sum());
        });
        group.finish();
        let mut group = c.benchmark_group(format!("fan_out/push_and_drain/{players}"));
        group.throughput(throughput.clone());
        group.bench_function("weir", |b| b.iter(|| fan_out.send()));
        group.finish();
        let mut group = c.benchmark_group(format!("fan_out/serve/{players}"));
        group.throughput(throughput);
        group.bench_function("weir", |b| b.iter(|| fan_out.serve()));
        #[cfg(feature = "peers")]
        for (name, players_of) in peers::FAN_OUTS {
            let mut serve = players_of(players);
            group.bench_function(*name, |b| b.iter(&mut serve));
        }
        group.finish();
    }
}

criterion_group!(benches, decode, encode, handshake, ingest, fan_out);
criterion_main!(benches);
