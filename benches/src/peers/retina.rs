//! retina: messages, RTP, RTCP and H.264 through modules that are public for its own benches.
//!
//! What it makes of a description is private.

use std::hint::black_box;
use std::num::NonZeroU32;

use bytes::Bytes;
use retina::codec::{CodecItem, Depacketizer, FrameFormat, h264};
use retina::rtcp::PacketRef;
use retina::rtp::{PacketHeader, PacketMeta};
use retina::rtsp::msg::Message;
use retina::rtsp::parse::Parser;
use retina::testutil::DepacketizeBuf;
use retina::{PacketContext, Timestamp};

/// Messages keep their header names and values as owned text, in a map.
pub fn message(mut input: &[u8]) {
    let (message, body) = Parser::default()
        .feed(&mut input)
        .expect("a valid message")
        .expect("a whole one");
    black_box((message, body));
}

/// Reads the frames of a block and returns how many, and the bytes of their packets.
pub fn frames(mut block: &[u8]) -> (usize, usize) {
    let mut parser = Parser::default();
    let mut sum = (0, 0);
    while let Some((message, body)) = parser.feed(&mut block).expect("frames") {
        assert!(matches!(message, Message::Data(_)), "a frame");
        sum = (sum.0 + 1, sum.1 + black_box(body).len());
    }
    sum
}

/// The header and where the payload is; an extension is skipped.
pub fn rtp(packet: &[u8]) {
    let (header, payload) = PacketHeader::validate(packet).expect("a valid packet");
    black_box((header.sequence_number(), header.timestamp(), payload.len()));
}

/// Packets of a compound. It reads times of a sender report, no block and no description.
pub fn rtcp(mut compound: &[u8]) {
    while !compound.is_empty() {
        let (packet, rest) = PacketRef::parse(compound).expect("a valid packet");
        if let Some(report) = packet.as_sender_report().expect("a valid report") {
            black_box((report.ntp_timestamp(), report.rtp_timestamp()));
        }
        compound = rest;
    }
}

/// Puts the payloads of one picture together behind start codes. They are copied into a ring first,
/// in which its client finds them.
pub fn depacketizer() -> impl FnMut(&[Bytes]) -> usize {
    let mut ring = DepacketizeBuf::new(1 << 18);
    let mut depacketizer =
        Depacketizer::new("video", "h264", 90_000, None, Some("packetization-mode=1"))
            .expect("H.264");
    depacketizer.set_frame_format(FrameFormat::SIMPLE);
    let mut time = timestamp();
    let mut sequence_number = 0_u16;
    move |payloads| {
        time = time.try_add(3000).expect("a short time");
        for (index, payload) in payloads.iter().enumerate() {
            let meta = PacketMeta {
                ctx: PacketContext::dummy(),
                stream_id: 0,
                timestamp: time,
                sequence_number,
                ssrc: 1,
                mark: index + 1 == payloads.len(),
                loss: 0,
            };
            sequence_number = sequence_number.wrapping_add(1);
            ring.push(&mut depacketizer, meta, payload).expect("valid");
        }
        match depacketizer.pull().expect("a frame").expect("a valid one") {
            CodecItem::VideoFrame(frame) => frame.into_data().len(),
            other => panic!("{other:?}"),
        }
    }
}

/// Makes whole packets of a picture behind its length, each on the heap; returns how many.
pub fn packetizer() -> impl FnMut(&Bytes) -> usize {
    let mut packetizer = h264::Packetizer::new(1388, 0, 0, 96, 1).expect("enough room");
    let time = timestamp();
    move |frame| {
        packetizer.push(time, frame.clone()).expect("a picture");
        let mut packets = 0;
        while let Some(packet) = packetizer.pull().expect("valid") {
            black_box(packet);
            packets += 1;
        }
        packets
    }
}

fn timestamp() -> Timestamp {
    let rate = NonZeroU32::new(90_000).expect("not zero");
    Timestamp::new(0, rate, 0).expect("a short time")
}
