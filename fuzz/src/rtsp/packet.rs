//! RTP and RTCP packets, and the reorder buffer behind them.

use std::time::Duration;

use bytes::Bytes;
use weir_rtsp::rtcp::{Compound, RtcpPacket};
use weir_rtsp::rtp::{
    ReceiverStatistics, ReorderBuffer, ReorderLimits, RtpPacket, RtpPacketBuilder, Ssrc,
};

/// The first byte picks: an RTP packet beside rtp-types, an RTCP compound packet, or packets
/// through the reorder buffer.
pub fn rtsp_rtp_rtcp(data: &[u8]) {
    let Some((selector, rest)) = data.split_first() else {
        return;
    };
    match selector % 3 {
        0 => rtp(rest),
        1 => rtcp(rest),
        _ => reorder(rest),
    }
}

fn rtp(data: &[u8]) {
    let ours = RtpPacket::decode(data);
    let theirs = rtp_types::RtpPacket::parse(data);
    // rtp-types takes a padding of 0 and one that reaches into the header; RFC 3550 does not.
    if let (Err(error), Ok(_)) = (&ours, &theirs) {
        assert!(
            matches!(error, weir_rtsp::rtp::RtpError::Padding { .. }),
            "{error}"
        );
    }
    let Ok(packet) = ours else { return };
    let theirs = theirs.expect("rtp-types refuses what RFC 3550 allows");
    assert_eq!(packet.payload(), theirs.payload());
    assert_eq!(packet.sequence().get(), theirs.sequence_number());
    assert_eq!(packet.timestamp().get(), theirs.timestamp());
    assert_eq!(packet.ssrc().get(), theirs.ssrc());
    assert_eq!(packet.marker(), theirs.marker_bit());
    assert_eq!(packet.payload_type(), theirs.payload_type());
    assert!(packet.csrcs().map(Ssrc::get).eq(theirs.csrc()));
    let extension = packet.extension().map(|e| (e.profile(), e.data()));
    assert_eq!(extension, theirs.extension());
    if let Some(extension) = packet.extension() {
        let len: usize = extension.elements().map(|e| 1 + e.data.len()).sum();
        assert!(len <= extension.data().len());
    }
    let csrcs: Vec<_> = packet.csrcs().collect();
    let padding = data.len() - packet.header_len() - packet.payload().len();
    let mut builder = RtpPacketBuilder::new(
        packet.payload_type(),
        packet.sequence(),
        packet.timestamp(),
        packet.ssrc(),
    )
    .marker(packet.marker())
    .csrcs(&csrcs)
    .payload(packet.payload())
    .padding(u8::try_from(padding).expect("its length is one byte"));
    if let Some(extension) = packet.extension() {
        builder = builder.extension(extension);
    }
    let mut built = Vec::new();
    builder
        .encode(&mut built)
        .expect("what was read can be written");
    // What padding holds beside its length is free.
    let compared = data.len() - padding;
    assert_eq!(built.len(), data.len());
    assert_eq!(built[..compared], data[..compared]);
}

fn rtcp(data: &[u8]) {
    let Ok(compound) = Compound::decode(data) else {
        return;
    };
    let _ = compound.check_rules();
    let mut count = 0;
    for packet in compound.packets() {
        count += 1;
        match packet {
            RtcpPacket::SenderReport(report) => assert!(report.blocks().count() <= 31),
            RtcpPacket::ReceiverReport(report) => assert!(report.blocks().count() <= 31),
            RtcpPacket::SourceDescription(sdes) => {
                let items: usize = sdes.chunks().map(|chunk| chunk.items().count()).sum();
                assert!(items <= data.len() / 2);
            }
            RtcpPacket::Goodbye(bye) => assert!(bye.sources().count() <= 31),
            RtcpPacket::TransportFeedback(message) => {
                assert!(message.nack().count() <= 17 * data.len() / 4);
                if let Some(twcc) = message.transport_cc() {
                    assert!(twcc.statuses().count() <= usize::from(twcc.status_count));
                }
            }
            RtcpPacket::PayloadFeedback(message) => {
                assert!(message.fir().count() <= data.len() / 8);
                let _ = message.remb().map(|remb| remb.sources().count());
            }
            RtcpPacket::ExtendedReport(report) => {
                assert!(report.blocks().count() <= data.len() / 4);
            }
            _ => {}
        }
    }
    assert!((1..=data.len() / 4).contains(&count));
}

/// Each four bytes are a packet: source, sequence number, time since the one before.
fn reorder(data: &[u8]) {
    let mut limits = ReorderLimits::default();
    limits.max_packets = 8;
    limits.max_bytes = 200;
    let mut buffer = ReorderBuffer::new(limits);
    let mut statistics = ReceiverStatistics::new(90_000);
    let (mut now, mut given, mut taken) = (Duration::ZERO, 0_u64, 0_u64);
    let mut last = None;
    let mut check = |buffer: &mut ReorderBuffer, taken: &mut u64| {
        while let Some(ordered) = buffer.poll() {
            *taken += 1;
            let sequence = ordered.packet.sequence();
            if let (Some((before, ssrc)), false) = (last, ordered.restarted) {
                assert_eq!(ssrc, ordered.packet.ssrc(), "sources are not mixed");
                let step = i64::from(sequence.since(before));
                assert_eq!(step, i64::from(ordered.lost) + 1, "what is lost is said");
            }
            last = Some((sequence, ordered.packet.ssrc()));
        }
    };
    for step in data.chunks_exact(4) {
        let &[source, high, low, time] = step else {
            break;
        };
        now += Duration::from_millis(time.into());
        let bytes = [0x80, 96, high, low, 0, 0, 0, 0, 0, 0, 0, source & 1];
        let packet = RtpPacket::decode(Bytes::copy_from_slice(&bytes)).expect("a plain packet");
        statistics.receive(&packet, now);
        buffer.push(packet, now);
        given += 1;
        check(&mut buffer, &mut taken);
        if let Some(timeout) = buffer.poll_timeout() {
            assert!(timeout > now, "a timer that fired advances");
        }
    }
    buffer.flush();
    check(&mut buffer, &mut taken);
    assert!(taken + buffer.dropped() <= given);
    let _ = statistics.report(now);
}
