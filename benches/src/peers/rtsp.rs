//! rtsp-types, sdp-types, rtp-types, rtcp-types and webrtc-rs.

use std::hint::black_box;

use bytes::Bytes;
use rtp::codecs::h264::{H264Packet, H264Payloader};
use rtp::packetizer::{Depacketizer, Payloader};
use webrtc_util::marshal::Unmarshal;

/// rtsp-types keeps the header names and values as owned text.
pub fn rtsp_types(input: &[u8]) {
    let parsed = rtsp_types::Message::<Vec<u8>>::parse(input);
    black_box(parsed.expect("a whole message"));
}

/// Reads the frames of a block with rtsp-types and returns how many, and the bytes of their packets.
pub fn rtsp_types_frames(mut block: &[u8]) -> (usize, usize) {
    let mut sum = (0, 0);
    while !block.is_empty() {
        let (message, len) = rtsp_types::Message::<&[u8]>::parse(block).expect("a frame");
        let rtsp_types::Message::Data(data) = &message else {
            panic!("{message:?}")
        };
        sum = (sum.0 + 1, sum.1 + data.len());
        black_box(message);
        block = block.get(len..).unwrap_or_default();
    }
    sum
}

/// sdp-types keeps each line as owned text, and looks into no attribute.
pub fn sdp_types(input: &[u8]) {
    black_box(sdp_types::Session::parse(input).expect("a valid description"));
}

/// rtp-types; an extension is skipped.
pub fn rtp_types(packet: &[u8]) {
    let packet = rtp_types::RtpPacket::parse(packet).expect("a valid packet");
    black_box((
        packet.sequence_number(),
        packet.timestamp(),
        packet.payload().len(),
    ));
}

/// webrtc-rs; the elements of an extension are kept.
pub fn webrtc_rtp(packet: &Bytes) {
    let packet = rtp::packet::Packet::unmarshal(&mut packet.clone());
    black_box(packet.expect("a valid packet"));
}

/// rtcp-types.
pub fn rtcp_types(compound: &[u8]) {
    let compound = rtcp_types::Compound::parse(compound).expect("a valid compound");
    for packet in compound {
        match packet.expect("a valid packet") {
            rtcp_types::Packet::Sr(report) => report.report_blocks().for_each(|block| {
                black_box((block.ssrc(), block.interarrival_jitter()));
            }),
            rtcp_types::Packet::Sdes(sdes) => sdes.chunks().for_each(|chunk| {
                chunk.items().for_each(|item| {
                    black_box(item.value());
                });
            }),
            _ => {}
        }
    }
}

/// webrtc-rs puts each unit together behind a start code; what a frame is, it leaves to its caller.
/// Takes the payloads of RTP packets, returns the bytes.
pub fn webrtc_depacketizer() -> impl FnMut(&[Bytes]) -> usize {
    let mut depacketizer = H264Packet::default();
    move |payloads| {
        payloads
            .iter()
            .map(|payload| black_box(depacketizer.depacketize(payload).expect("valid")).len())
            .sum()
    }
}

/// webrtc-rs makes the payloads of the packets, each on the heap, without RTP headers; returns how
/// many.
pub fn webrtc_packetizer() -> impl FnMut(&Bytes) -> usize {
    let mut payloader = H264Payloader::default();
    move |frame| black_box(payloader.payload(1388, frame).expect("valid")).len()
}
