//! Workloads of weir-rtsp.

use std::hint::black_box;

#[cfg(feature = "peers")]
use weir_benches::peers::rtsp as peers;
use weir_benches::{rtp, rtsp as inputs};
use weir_rtsp::Limits;
use weir_rtsp::message::{Head, Reader, Resync};
use weir_rtsp::payload::{Codec, Depacketizer, Framing, Packetizer, PacketizerConfig, h264};
use weir_rtsp::rtp::{RtpPacket, RtpTime, Ssrc};
use weir_rtsp::sdp::Description;

use crate::Workload;

pub(crate) const WORKLOADS: &[Workload] = &[
    ("rtsp/head/options", |count| head(count, inputs::OPTIONS)),
    ("rtsp/head/setup", |count| head(count, inputs::SETUP)),
    ("rtsp/message/options", |count| {
        message(count, inputs::OPTIONS)
    }),
    ("rtsp/message/setup", |count| message(count, inputs::SETUP)),
    ("rtsp/sdp/description", description),
    ("rtsp/sdp/codecs", codecs),
    ("rtsp/h264/depacketize_copy", depacketize_copy),
    ("rtsp/h264/depacketize_slices", depacketize_slices),
    ("rtsp/h264/packetize_copy", packetize_copy),
    ("rtsp/h264/packetize_vectored", packetize_vectored),
];

/// A head that borrows the input.
fn head(count: usize, input: &[u8]) {
    let limits = Limits::default();
    for _ in 0..count {
        black_box(Head::parse(black_box(input), &limits).expect("a valid head"));
    }
}

/// A message of its own, out of a stream.
fn message(count: usize, input: &'static [u8]) {
    let mut reader = Reader::new(Limits::default(), Resync::Never);
    for _ in 0..count {
        reader.push(black_box(input));
        black_box(
            reader
                .read()
                .expect("a valid message")
                .expect("a whole one"),
        );
    }
}

fn description(count: usize) {
    let limits = Limits::default();
    for _ in 0..count {
        black_box(Description::parse(black_box(inputs::CAMERA), &limits));
    }
}

/// The description with the parameters of each codec.
fn codecs(count: usize) {
    let limits = Limits::default();
    for _ in 0..count {
        let description = Description::parse(black_box(inputs::CAMERA), &limits);
        for media in &description.media {
            if let Some(format) = media.format() {
                let _ = black_box(Codec::from_sdp(&format));
            }
        }
    }
}

/// A picture of 100 kB in 73 packets.
fn depacketize_copy(count: usize) {
    let packets = rtp::fu_a_packets();
    let codec = Codec::H264(h264::Parameters::default());
    let mut depacketizer = Depacketizer::new(&codec, Framing::AnnexB).expect("H.264");
    for _ in 0..count {
        for packet in &packets {
            let packet = RtpPacket::decode(packet.get(..).unwrap_or_default());
            let _ = depacketizer.push(&packet.expect("valid"));
        }
        black_box(depacketizer.poll());
        depacketizer.restart();
    }
}

fn depacketize_slices(count: usize) {
    let packets = rtp::fu_a_packets();
    let codec = Codec::H264(h264::Parameters::default());
    let mut depacketizer = Depacketizer::slices(&codec).expect("H.264");
    for _ in 0..count {
        for packet in &packets {
            let packet = RtpPacket::decode(packet.clone());
            let _ = depacketizer.push(packet.expect("valid"));
        }
        black_box(depacketizer.poll());
        depacketizer.restart();
    }
}

fn packetize_copy(count: usize) {
    let frame = rtp::access_unit();
    let mut packetizer = packetizer(Framing::AnnexB);
    let mut buffer = Vec::new();
    for _ in 0..count {
        let packets = packetizer.packetize(black_box(&frame), RtpTime::new(9));
        let mut packets = packets.expect("a frame");
        while let Some(packet) = packets.next_packet() {
            buffer.clear();
            packet.write_to(&mut buffer);
            black_box(&buffer);
        }
    }
}

fn packetize_vectored(count: usize) {
    let frame = rtp::length_prefixed();
    let mut packetizer = packetizer(Framing::LengthPrefixed);
    for _ in 0..count {
        let packets = packetizer.packetize(black_box(&frame), RtpTime::new(9));
        let mut packets = packets.expect("a frame");
        while let Some(packet) = packets.next_packet() {
            black_box(packet);
        }
    }
}

fn packetizer(framing: Framing) -> Packetizer {
    let mut config = PacketizerConfig::new(96, Ssrc::new(1));
    config.max_packet_len = 1400;
    config.framing = framing;
    Packetizer::new(&Codec::H264(h264::Parameters::default()), config).expect("H.264")
}

#[cfg(feature = "peers")]
pub(crate) const PEERS: &[Workload] = &[
    ("rtsp/message/options@rtsp-types", |count| {
        peer(count, peers::rtsp_types, inputs::OPTIONS);
    }),
    ("rtsp/message/setup@rtsp-types", |count| {
        peer(count, peers::rtsp_types, inputs::SETUP);
    }),
    ("rtsp/sdp/description@sdp-types", |count| {
        peer(count, peers::sdp_types, inputs::CAMERA);
    }),
    ("rtsp/h264/depacketize_copy@webrtc-rs", |count| {
        let packets = rtp::fu_a_packets();
        let payloads: Vec<_> = packets.iter().map(|packet| packet.slice(12..)).collect();
        let mut depacketizer = Default::default();
        for _ in 0..count {
            peers::webrtc_depacketize(&mut depacketizer, black_box(&payloads));
        }
    }),
    ("rtsp/h264/packetize_copy@webrtc-rs", |count| {
        let frame = rtp::access_unit().into();
        let mut payloader = Default::default();
        for _ in 0..count {
            peers::webrtc_packetize(&mut payloader, black_box(&frame));
        }
    }),
];

#[cfg(feature = "peers")]
fn peer(count: usize, parse: fn(&[u8]), input: &[u8]) {
    for _ in 0..count {
        parse(black_box(input));
    }
}
