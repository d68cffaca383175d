//! `cargo bench -p weir-benches --bench rtsp`, with the peers by `--features peers`.
#![expect(
    missing_docs,
    reason = "criterion's macro makes a function without docs"
)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
#[cfg(feature = "peers")]
use weir_benches::peers::rtsp as peers;
use weir_benches::rtsp as inputs;
use weir_rtsp::Limits;
use weir_rtsp::message::{Head, Reader, Resync};
use weir_rtsp::payload::Codec;
use weir_rtsp::sdp::Description;

criterion_group!(benches, messages, description);
criterion_main!(benches);

fn messages(criterion: &mut Criterion) {
    let limits = Limits::default();
    for (name, input) in [
        ("options/73", inputs::OPTIONS),
        ("setup/427", inputs::SETUP),
    ] {
        let mut group = criterion.benchmark_group(format!("rtsp/message/{name}"));
        group.throughput(Throughput::Bytes(input.len() as u64));
        group.bench_function("weir_borrowed", |bencher| {
            bencher.iter(|| Head::parse(black_box(input), &limits).expect("a valid head"));
        });
        group.bench_function("weir_reader", |bencher| {
            let mut reader = Reader::new(limits.clone(), Resync::Never);
            bencher.iter(|| {
                reader.push(black_box(input));
                reader.read().expect("a valid message")
            });
        });
        group.bench_function("floor_walk", |bencher| {
            bencher.iter(|| black_box(input).split(|byte| *byte == b'\n').count());
        });
        #[cfg(feature = "peers")]
        group.bench_function("rtsp_types", |bencher| {
            bencher.iter(|| peers::rtsp_types(black_box(input)));
        });
        group.finish();
    }
}

fn description(criterion: &mut Criterion) {
    let (input, limits) = (inputs::CAMERA, Limits::default());
    let mut group = criterion.benchmark_group(format!("rtsp/sdp/camera/{}", input.len()));
    group.throughput(Throughput::Bytes(input.len() as u64));
    group.bench_function("weir_borrowed", |bencher| {
        bencher.iter(|| Description::parse(black_box(input), &limits));
    });
    group.bench_function("weir_codecs", |bencher| {
        bencher.iter(|| {
            let description = Description::parse(black_box(input), &limits);
            for media in &description.media {
                if let Some(format) = media.format() {
                    let _ = black_box(Codec::from_sdp(&format));
                }
            }
        });
    });
    group.bench_function("floor_walk", |bencher| {
        bencher.iter(|| black_box(input).split(|byte| *byte == b'\n').count());
    });
    #[cfg(feature = "peers")]
    group.bench_function("sdp_types", |bencher| {
        bencher.iter(|| peers::sdp_types(black_box(input)));
    });
    group.finish();
}
