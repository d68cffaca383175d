//! `cargo bench -p weir-benches --bench amf`, with the peers by `--features peers`.
#![expect(
    missing_docs,
    reason = "criterion's macro makes a function without docs"
)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use weir_amf::{Document, Format, Reader, amf0, amf3};
use weir_benches::amf as inputs;
#[cfg(feature = "peers")]
use weir_benches::peers::amf as peers;

criterion_group!(benches, decode, encode);
criterion_main!(benches);

fn document(input: &[u8], format: Format) -> Document {
    match format {
        Format::Amf0 => amf0::decode(input),
        Format::Amf3 => amf3::decode(input),
    }
    .expect("a valid input")
}

fn read(input: &[u8], format: Format) -> usize {
    let mut reader = match format {
        Format::Amf0 => Reader::amf0(input),
        Format::Amf3 => Reader::amf3(input),
    };
    let mut tokens = 0;
    while let Some(event) = reader.next_event().expect("a valid input") {
        black_box(&event);
        tokens += 1;
    }
    tokens
}

/// The name of a workload, its bytes and their format.
fn workloads() -> Vec<(&'static str, Vec<u8>, Format)> {
    vec![
        ("connect/364", inputs::CONNECT.to_vec(), Format::Amf0),
        ("metadata/526", inputs::METADATA.to_vec(), Format::Amf0),
        ("nest64_amf0/713", inputs::AMF0_NEST.to_vec(), Format::Amf0),
        ("nest64_amf3/194", inputs::AMF3_NEST.to_vec(), Format::Amf3),
        ("typed_1000x8/52845", inputs::TYPED.to_vec(), Format::Amf3),
        ("vector_number/8000005", inputs::numbers(), Format::Amf3),
        ("byte_array/1048580", inputs::byte_array(), Format::Amf3),
    ]
}

fn decode(criterion: &mut Criterion) {
    for (name, input, format) in workloads() {
        let mut group = criterion.benchmark_group(format!("amf/decode/{name}"));
        group.throughput(Throughput::Bytes(input.len() as u64));
        group.bench_function("weir_document", |bencher| {
            bencher.iter(|| document(black_box(&input), format));
        });
        group.bench_function("weir_reader", |bencher| {
            bencher.iter(|| read(black_box(&input), format));
        });
        group.bench_function("floor_copy", |bencher| {
            bencher.iter(|| black_box(&input).clone());
        });
        #[cfg(feature = "peers")]
        for (peer, run) in peers::DECODERS {
            if run(&input, format) {
                group.bench_function(*peer, |bencher| {
                    bencher.iter(|| run(black_box(&input), format));
                });
            }
        }
        group.finish();
    }
}

fn encode(criterion: &mut Criterion) {
    for (name, input, format) in workloads() {
        let value = document(&input, format);
        let mut group = criterion.benchmark_group(format!("amf/encode/{name}"));
        group.throughput(Throughput::Bytes(input.len() as u64));
        group.bench_function("weir_document", |bencher| {
            bencher.iter(|| match format {
                Format::Amf0 => amf0::encode(black_box(&value)),
                Format::Amf3 => amf3::encode(black_box(&value)),
            });
        });
        #[cfg(feature = "peers")]
        for (peer, prepare) in peers::ENCODERS {
            if let Some(run) = prepare(&input, format) {
                group.bench_function(*peer, |bencher| bencher.iter(&run));
            }
        }
        group.finish();
    }
}
