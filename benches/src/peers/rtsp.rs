//! Peers of weir-rtsp's messages, descriptions and payloads.

use std::hint::black_box;

use bytes::Bytes;
use rtp::codecs::h264::{H264Packet, H264Payloader};
use rtp::packetizer::{Depacketizer, Payloader};

/// rtsp-types keeps the header names and values as owned text.
pub fn rtsp_types(input: &[u8]) {
    let parsed = rtsp_types::Message::<Vec<u8>>::parse(input);
    black_box(parsed.expect("a whole message"));
}

/// sdp-types keeps each line as owned text, and looks into no attribute.
pub fn sdp_types(input: &[u8]) {
    black_box(sdp_types::Session::parse(input).expect("a valid description"));
}

/// webrtc-rs puts each unit together behind a start code; what a frame is, it leaves to its caller.
/// Takes the payloads of RTP packets.
pub fn webrtc_depacketize(depacketizer: &mut H264Packet, payloads: &[Bytes]) {
    for payload in payloads {
        black_box(depacketizer.depacketize(payload).expect("valid"));
    }
}

/// webrtc-rs makes the payloads of the packets, each on the heap, without RTP headers.
pub fn webrtc_packetize(payloader: &mut H264Payloader, frame: &Bytes) {
    black_box(payloader.payload(1388, frame).expect("valid"));
}
