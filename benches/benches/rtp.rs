//! `cargo bench -p weir-benches --bench rtp`, with the peers by `--features peers`.
#![expect(
    missing_docs,
    reason = "criterion's macro makes a function without docs"
)]

use std::hint::black_box;

use bytes::{Buf, Bytes};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use weir_benches::rtp as inputs;
use weir_rtsp::payload::{Codec, Depacketizer, Framing, Packetizer, PacketizerConfig, h264};
use weir_rtsp::rtcp::{Compound, RtcpPacket};
use weir_rtsp::rtp::{RtpPacket, RtpTime, Ssrc};

criterion_group!(
    benches,
    rtp_parse,
    rtcp_parse,
    h264_depacketize,
    h264_packetize
);
criterion_main!(benches);

fn rtp_parse(criterion: &mut Criterion) {
    let workloads = [
        ("plain/1400", inputs::plain_packet()),
        ("one_byte_extension/1416", inputs::extended_packet()),
    ];
    for (name, packet) in workloads {
        let mut group = criterion.benchmark_group(format!("rtp_parse/{name}"));
        group.throughput(Throughput::Elements(1));
        group.bench_function("weir", |bencher| {
            bencher.iter(|| {
                let packet = RtpPacket::decode(black_box(&packet[..])).expect("a valid packet");
                black_box((
                    packet.sequence(),
                    packet.timestamp(),
                    packet.payload().len(),
                ))
            });
        });
        group.bench_function("weir_elements", |bencher| {
            bencher.iter(|| {
                let packet = RtpPacket::decode(black_box(&packet[..])).expect("a valid packet");
                let elements = packet.extension().map_or(0, |e| e.elements().count());
                black_box((packet.sequence(), elements))
            });
        });
        #[cfg(feature = "peers")]
        peers::rtp_parse(&mut group, &packet);
    }
}

fn rtcp_parse(criterion: &mut Criterion) {
    let bytes = inputs::compound();
    let mut group = criterion.benchmark_group(format!("rtcp_parse/sr_sdes/{}", bytes.len()));
    group.throughput(Throughput::Elements(1));
    group.bench_function("weir", |bencher| {
        bencher.iter(|| {
            let compound = Compound::decode(black_box(&bytes)).expect("a valid compound");
            for packet in compound.packets() {
                match packet {
                    RtcpPacket::SenderReport(report) => {
                        black_box(report.info());
                        report.blocks().for_each(|block| {
                            black_box(block);
                        });
                    }
                    RtcpPacket::SourceDescription(sdes) => {
                        for chunk in sdes.chunks() {
                            chunk.items().for_each(|item| {
                                black_box(item);
                            });
                        }
                    }
                    _ => {}
                }
            }
        });
    });
    #[cfg(feature = "peers")]
    peers::rtcp_parse(&mut group, &bytes);
}

fn h264_depacketize(criterion: &mut Criterion) {
    let packets = inputs::fu_a_packets();
    let payload_len: usize = packets.iter().map(|packet| packet.len() - 14).sum();
    let codec = Codec::H264(h264::Parameters::default());
    let mut group = criterion.benchmark_group(format!("h264_depacketize/fu_a/{payload_len}"));
    group.throughput(Throughput::Bytes(payload_len as u64));
    let views: Vec<_> = packets
        .iter()
        .map(|packet| RtpPacket::decode(&packet[..]).expect("valid"))
        .collect();
    group.bench_function("weir_copy", |bencher| {
        let mut depacketizer = Depacketizer::new(&codec, Framing::AnnexB).expect("H.264");
        bencher.iter(|| {
            for packet in black_box(&views) {
                let _ = depacketizer.push(packet);
            }
            let frame = depacketizer.poll();
            depacketizer.restart();
            frame
        });
    });
    group.bench_function("weir_slices", |bencher| {
        let mut depacketizer = Depacketizer::slices(&codec).expect("H.264");
        let decode = |packet: &Bytes| RtpPacket::decode(packet.clone()).expect("valid");
        bencher.iter_batched(
            || packets.iter().map(decode).collect::<Vec<_>>(),
            |packets| {
                for packet in packets {
                    let _ = depacketizer.push(packet);
                }
                let frame = depacketizer.poll();
                depacketizer.restart();
                frame
            },
            BatchSize::SmallInput,
        );
    });
    group.bench_function("floor_one_copy", |bencher| {
        let mut buffer = Vec::with_capacity(payload_len + 1);
        bencher.iter(|| {
            buffer.clear();
            for packet in black_box(&packets) {
                buffer.extend_from_slice(packet.get(14..).unwrap_or_default());
            }
            buffer.len()
        });
    });
    group.bench_function("floor_slices", |bencher| {
        bencher.iter_batched(
            || packets.clone(),
            |packets| {
                let slice = |mut packet: Bytes| {
                    packet.advance(14);
                    packet
                };
                packets.into_iter().map(slice).collect::<Vec<_>>()
            },
            BatchSize::SmallInput,
        );
    });
    #[cfg(feature = "peers")]
    peers::h264_depacketize(&mut group, &packets);
}

fn h264_packetize(criterion: &mut Criterion) {
    let annex_b = inputs::access_unit();
    let lengths = inputs::length_prefixed();
    let codec = Codec::H264(h264::Parameters::default());
    let packetizer = |framing| {
        let mut config = PacketizerConfig::new(96, Ssrc::new(1));
        config.max_packet_len = 1400;
        config.framing = framing;
        Packetizer::new(&codec, config).expect("H.264")
    };
    let mut group = criterion.benchmark_group(format!("h264_packetize/1400/{}", annex_b.len()));
    group.throughput(Throughput::Bytes(annex_b.len() as u64));
    for (name, framing, frame) in [
        ("weir_copy_annex_b", Framing::AnnexB, &annex_b),
        (
            "weir_copy_length_prefixed",
            Framing::LengthPrefixed,
            &lengths,
        ),
    ] {
        group.bench_function(name, |bencher| {
            let mut packetizer = packetizer(framing);
            let mut buffer = Vec::new();
            bencher.iter(|| {
                let mut packets = packetizer
                    .packetize(black_box(frame), RtpTime::new(9))
                    .expect("a frame");
                while let Some(packet) = packets.next_packet() {
                    buffer.clear();
                    packet.write_to(&mut buffer);
                    black_box(&buffer);
                }
            });
        });
    }
    group.bench_function("weir_vectored_length_prefixed", |bencher| {
        let mut packetizer = packetizer(Framing::LengthPrefixed);
        bencher.iter(|| {
            let frame = black_box(&lengths);
            let mut packets = packetizer
                .packetize(frame, RtpTime::new(9))
                .expect("a frame");
            while let Some(packet) = packets.next_packet() {
                black_box(packet);
            }
        });
    });
    let finder = memchr::memmem::Finder::new(&[0, 0, 1]);
    for (name, searches) in [("floor_one_copy", false), ("floor_search_and_copy", true)] {
        group.bench_function(name, |bencher| {
            let mut buffer = Vec::with_capacity(1400);
            bencher.iter(|| {
                let unit = black_box(&annex_b).get(5..).unwrap_or_default();
                if searches {
                    black_box(finder.find(unit));
                }
                for chunk in unit.chunks(1386) {
                    buffer.clear();
                    buffer.extend_from_slice(&[0; 14]);
                    buffer.extend_from_slice(chunk);
                    black_box(&buffer);
                }
            });
        });
    }
    #[cfg(feature = "peers")]
    peers::h264_packetize(&mut group, &annex_b);
}

#[cfg(feature = "peers")]
mod peers {
    use std::hint::black_box;

    use bytes::Bytes;
    use criterion::BenchmarkGroup;
    use criterion::measurement::WallTime;
    use webrtc_util::marshal::Unmarshal;
    use weir_benches::peers::rtsp as peers;

    pub(super) fn rtp_parse(group: &mut BenchmarkGroup<'_, WallTime>, packet: &[u8]) {
        group.bench_function("rtp_types", |bencher| {
            bencher.iter(|| {
                let packet = rtp_types::RtpPacket::parse(black_box(packet)).expect("valid");
                black_box((
                    packet.sequence_number(),
                    packet.timestamp(),
                    packet.payload().len(),
                ))
            });
        });
        let bytes = Bytes::copy_from_slice(packet);
        group.bench_function("webrtc_rs", |bencher| {
            bencher.iter(|| {
                rtp::packet::Packet::unmarshal(&mut black_box(&bytes).clone()).expect("valid")
            });
        });
    }

    pub(super) fn rtcp_parse(group: &mut BenchmarkGroup<'_, WallTime>, bytes: &[u8]) {
        group.bench_function("rtcp_types", |bencher| {
            bencher.iter(|| {
                let compound = rtcp_types::Compound::parse(black_box(bytes)).expect("valid");
                for packet in compound {
                    match packet.expect("valid") {
                        rtcp_types::Packet::Sr(report) => report.report_blocks().for_each(|b| {
                            black_box((b.ssrc(), b.interarrival_jitter()));
                        }),
                        rtcp_types::Packet::Sdes(sdes) => sdes.chunks().for_each(|chunk| {
                            chunk.items().for_each(|item| {
                                black_box(item.value());
                            });
                        }),
                        _ => {}
                    }
                }
            });
        });
    }

    pub(super) fn h264_depacketize(group: &mut BenchmarkGroup<'_, WallTime>, packets: &[Bytes]) {
        let payloads: Vec<Bytes> = packets.iter().map(|packet| packet.slice(12..)).collect();
        group.bench_function("webrtc_rs", |bencher| {
            let mut depacketizer = Default::default();
            bencher.iter(|| peers::webrtc_depacketize(&mut depacketizer, black_box(&payloads)));
        });
    }

    pub(super) fn h264_packetize(group: &mut BenchmarkGroup<'_, WallTime>, annex_b: &[u8]) {
        let frame = Bytes::copy_from_slice(annex_b);
        group.bench_function("webrtc_rs", |bencher| {
            let mut payloader = Default::default();
            bencher.iter(|| peers::webrtc_packetize(&mut payloader, black_box(&frame)));
        });
    }
}
