//! FLV: reading, writing and codec records, beside the floor.
//!
//! `cargo bench -p weir-benches --bench flv`, with the peers by `--features peers`.
#![expect(
    missing_docs,
    reason = "criterion's macros make a function without docs"
)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use weir_benches::flv::{self as inputs, FILES, FlvFile, READ_LEN};
#[cfg(feature = "peers")]
use weir_benches::peers::flv as peers;

fn demux(c: &mut Criterion) {
    for name in FILES {
        let file = FlvFile::new(name);
        let bytes = &file.bytes;
        let sum = inputs::floor(bytes);
        assert_eq!(sum, inputs::walked(bytes), "{name}");
        assert_eq!(sum, inputs::pushed(bytes, READ_LEN), "{name}");
        let mut group = c.benchmark_group(format!("flv/demux/{name}"));
        group.throughput(Throughput::Elements(sum.0));
        group.bench_function("floor", |b| b.iter(|| inputs::floor(black_box(bytes))));
        group.bench_function("weir_walk", |b| b.iter(|| inputs::walked(black_box(bytes))));
        group.bench_function("weir_whole", |b| {
            b.iter(|| inputs::pushed(black_box(bytes), usize::MAX));
        });
        group.bench_function("weir_64KB", |b| {
            b.iter(|| inputs::pushed(black_box(bytes), READ_LEN));
        });
        #[cfg(feature = "peers")]
        for (peer, read, knows_ertmp) in peers::READERS {
            if *knows_ertmp || !name.ends_with("ertmp") {
                // All but the metadata and two configurations are frames.
                assert_eq!(
                    read(bytes).0,
                    sum.0 - 3,
                    "{peer} reads all frames of {name}"
                );
                group.bench_function(*peer, |b| b.iter(|| read(black_box(bytes))));
            }
        }
        group.finish();
    }
}

fn mux(c: &mut Criterion) {
    for name in ["8.6KB", "608B"] {
        let file = FlvFile::new(name);
        let mut group = c.benchmark_group(format!("flv/heads/{name}"));
        group.throughput(Throughput::Elements(file.tags.len() as u64));
        group.bench_function("weir", |b| b.iter(|| inputs::heads(black_box(&file.tags))));
        group.bench_function("weir_framed", |b| {
            b.iter(|| inputs::framed(black_box(&file.tags)));
        });
        group.finish();

        let mut group = c.benchmark_group(format!("flv/mux/{name}"));
        group.throughput(Throughput::Elements(file.tags.len() as u64));
        let mut out = Vec::with_capacity(file.bytes.len());
        let mut run = |who: &str, write: fn(&[weir_flv::Tag], &mut Vec<u8>)| {
            group.bench_function(who, |b| {
                b.iter(|| {
                    out.clear();
                    write(black_box(&file.tags), &mut out);
                    out.len()
                });
            });
            assert_eq!(out.len() + 13, file.bytes.len(), "{who} writes all tags");
        };
        run("floor", inputs::copy_tags);
        run("weir", inputs::append_tags);
        #[cfg(feature = "peers")]
        for (peer, write) in peers::WRITERS {
            run(peer, *write);
        }
        group.finish();
    }
}

fn records(c: &mut Criterion) {
    let mut group = c.benchmark_group(format!("flv/record/avc/{}", inputs::AVC_RECORD.len()));
    let avc = black_box(inputs::AVC_RECORD);
    group.bench_function("weir", |b| b.iter(|| inputs::avc(black_box(avc))));
    #[cfg(feature = "peers")]
    {
        assert_eq!(peers::avc(avc), inputs::avc(avc));
        group.bench_function("scuffle-h264", |b| b.iter(|| peers::avc(black_box(avc))));
    }
    group.finish();

    let mut group = c.benchmark_group(format!("flv/record/hevc/{}", inputs::HEVC_RECORD.len()));
    let hevc = black_box(inputs::HEVC_RECORD);
    group.bench_function("weir", |b| b.iter(|| inputs::hevc(black_box(hevc))));
    #[cfg(feature = "peers")]
    {
        assert_eq!(peers::hevc(hevc), inputs::hevc(hevc));
        group.bench_function("scuffle-h265", |b| b.iter(|| peers::hevc(black_box(hevc))));
    }
    group.finish();

    let mut group = c.benchmark_group(format!("flv/record/aac/{}", inputs::AAC_RECORD.len()));
    let aac = black_box(inputs::AAC_RECORD);
    group.bench_function("weir", |b| b.iter(|| inputs::aac(black_box(aac))));
    #[cfg(feature = "peers")]
    {
        assert_eq!(peers::aac(aac), inputs::aac(aac));
        group.bench_function("scuffle-aac", |b| b.iter(|| peers::aac(black_box(aac))));
    }
    group.finish();
}

criterion_group!(benches, demux, mux, records);
criterion_main!(benches);
