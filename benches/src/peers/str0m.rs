//! str0m: its payload formats, by its feature `unversioned`.
//!
//! Its RTP and RTCP parsers are private, and it takes descriptions of WebRTC only.

use std::hint::black_box;

use bytes::Bytes;
use str0m::format::CodecExtra;
use str0m::unversioned::{Depacketizer, H264Depacketizer, H264Packetizer, Packetizer};

/// Puts the payloads of one picture together behind start codes and returns its length.
pub fn depacketizer() -> impl FnMut(&[Bytes]) -> usize {
    let mut depacketizer = H264Depacketizer::default();
    move |payloads| {
        let len = payloads.iter().map(Bytes::len).sum();
        let room = depacketizer.out_size_hint(len).unwrap_or_default();
        let mut out = Vec::with_capacity(room);
        let mut extra = CodecExtra::None;
        for payload in payloads {
            depacketizer
                .depacketize(payload, &mut out, &mut extra)
                .expect("valid");
        }
        black_box((out, extra)).0.len()
    }
}

/// Makes the payloads of the packets, each on the heap, without RTP headers; returns how many.
pub fn packetizer() -> impl FnMut(&[u8]) -> usize {
    let mut packetizer = H264Packetizer::default();
    move |frame| {
        let payloads = packetizer.packetize(1388, frame).expect("valid");
        black_box(payloads).len()
    }
}
