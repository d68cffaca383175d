//! RTCP packets, rules and timing.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use weir_rtsp::rtcp::{
    Compound, CompoundRule, CompoundWriter, Feedback, FirRequest, IntervalInput, PacketStatus,
    PacketType, ReportBlock, RtcpError, RtcpPacket, RtcpScheduler, SdesItem, SenderInfo, XrBlock,
};
use weir_rtsp::rtp::{NtpTime, RtpTime, SequenceNumber, Ssrc};

use crate::vectors::{hex, number, of_kind, to_hex};

#[test]
fn every_compound_vector_reads_as_expected() {
    for vector in of_kind("packets.json", "rtcp") {
        let bytes = hex(vector["hex"].as_str().unwrap());
        let (id, expect) = (&vector["id"], &vector["expect"]);
        let compound = match Compound::decode(&bytes) {
            Ok(compound) => compound,
            Err(error) => {
                assert!(vector["error"].is_string(), "{id}: {error}");
                continue;
            }
        };
        assert!(vector["error"].is_null(), "{id} must be refused");
        let packets = expect["packets"].as_array().unwrap();
        assert_eq!(compound.packets().count(), packets.len(), "{id}");
        for (packet, wanted) in compound.packets().zip(packets) {
            for (key, value) in describe(packet).as_object().unwrap() {
                assert_eq!(value, &wanted[key], "{id}: {key}");
            }
            check_message(packet, expect, id);
        }
    }
}

fn describe(packet: RtcpPacket<'_>) -> Value {
    let pt = packet.packet_type().get();
    match packet {
        RtcpPacket::SenderReport(report) => {
            let info = report.info();
            json!({
                "pt": pt, "kind": "SR", "ssrc": info.ssrc.to_string(), "rtp": info.rtp.get(),
                "packets": info.packet_count, "octets": info.octet_count,
                "ntp_hex": format!("{:016x}", info.ntp.get()),
                "reports": report.blocks().map(|b| describe_block(&b)).collect::<Vec<_>>(),
            })
        }
        RtcpPacket::ReceiverReport(report) => json!({
            "pt": pt, "kind": "RR", "ssrc": report.ssrc().to_string(),
            "reports": report.blocks().map(|b| describe_block(&b)).collect::<Vec<_>>(),
        }),
        RtcpPacket::SourceDescription(sdes) => {
            let items = |chunk: weir_rtsp::rtcp::SdesChunk<'_>| {
                let items: Vec<_> = chunk
                    .items()
                    .map(|i| json!([i.kind, i.to_text()]))
                    .collect();
                json!({ "ssrc": chunk.ssrc().to_string(), "items": items })
            };
            json!({ "pt": pt, "kind": "SDES", "chunks": sdes.chunks().map(items).collect::<Vec<_>>() })
        }
        RtcpPacket::Goodbye(bye) => json!({
            "pt": pt, "kind": "BYE", "reason": bye.reason().map(String::from_utf8_lossy),
            "ssrcs": bye.sources().map(|s| s.to_string()).collect::<Vec<_>>(),
        }),
        RtcpPacket::App(app) => json!({
            "pt": pt, "kind": "APP", "ssrc": app.ssrc.to_string(), "subtype": app.subtype,
            "name": String::from_utf8_lossy(&app.name), "data": to_hex(app.data),
        }),
        RtcpPacket::TransportFeedback(message) => describe_feedback("RTPFB", &message),
        RtcpPacket::PayloadFeedback(message) => describe_feedback("PSFB", &message),
        RtcpPacket::ExtendedReport(report) => {
            json!({ "pt": pt, "kind": "XR", "ssrc": report.ssrc().to_string() })
        }
        RtcpPacket::Unknown(unknown) => json!({ "pt": pt, "count": unknown.count }),
        _ => panic!("a kind of packet without vectors"),
    }
}

fn describe_block(block: &ReportBlock) -> Value {
    json!({
        "ssrc": block.ssrc.to_string(), "fraction_lost": block.fraction_lost,
        "cumulative_lost": block.cumulative_lost, "ext_seq": block.extended_highest_sequence,
        "jitter": block.jitter, "lsr": block.last_sr, "dlsr": block.delay_since_last_sr,
    })
}

fn describe_feedback(kind: &str, message: &Feedback<'_>) -> Value {
    json!({
        "pt": message.packet_type.get(), "kind": kind, "fmt": message.format,
        "sender_ssrc": message.sender.to_string(), "media_ssrc": message.media.to_string(),
        "fci": to_hex(message.fci),
    })
}

fn check_message(packet: RtcpPacket<'_>, expect: &Value, id: &Value) {
    match packet {
        RtcpPacket::TransportFeedback(message) => {
            let nack: Vec<_> = message.nack().map(SequenceNumber::get).collect();
            if !nack.is_empty() {
                assert_eq!(json!(nack), expect["nack_seqs"], "{id}");
            }
            if let Some(twcc) = message.transport_cc() {
                let statuses: Vec<_> = twcc.statuses().map(describe_status).collect();
                let found = json!({
                    "base_seq": twcc.base.get(), "count": twcc.status_count,
                    "reference_time_64ms": twcc.reference_time, "fb_count": twcc.feedback_count,
                    "status": statuses,
                });
                assert_eq!(found, expect["twcc"], "{id}");
            }
        }
        RtcpPacket::PayloadFeedback(message) => {
            let fir: Vec<_> = message
                .fir()
                .map(|r| json!({ "ssrc": r.ssrc.to_string(), "seq_nr": r.sequence }))
                .collect();
            if !fir.is_empty() {
                assert_eq!(json!(fir), expect["fir"], "{id}");
            }
            if let Some(remb) = message.remb() {
                assert_eq!(remb.bits_per_second(), expect["remb_bps"], "{id}");
                let sources: Vec<_> = remb.sources().map(|s| s.to_string()).collect();
                assert_eq!(json!(sources), expect["remb_ssrcs"], "{id}");
            }
        }
        RtcpPacket::ExtendedReport(report) => {
            let blocks: Vec<_> = report.blocks().map(describe_xr).collect();
            assert_eq!(json!(blocks), expect["xr"], "{id}");
        }
        _ => {}
    }
}

fn describe_status((sequence, status): (SequenceNumber, PacketStatus)) -> Value {
    match status {
        PacketStatus::NotReceived => json!([sequence.get(), "lost", null]),
        PacketStatus::Received { delta } => {
            let size = if (0..=255).contains(&delta) {
                "small"
            } else {
                "large"
            };
            json!([sequence.get(), size, i32::from(delta) * 250])
        }
    }
}

fn describe_xr(block: XrBlock<'_>) -> Value {
    match block {
        XrBlock::ReceiverReferenceTime(ntp) => {
            json!({ "bt": 4, "ntp_hex": format!("{:016x}", ntp.get()) })
        }
        XrBlock::Dlrr(dlrr) => {
            let entry = |(ssrc, lrr, dlrr): (Ssrc, u32, u32)| json!({ "ssrc": ssrc.to_string(), "lrr": lrr, "dlrr": dlrr });
            json!({ "bt": 5, "sub": dlrr.entries().map(entry).collect::<Vec<_>>() })
        }
        other => panic!("{other:?} has no vector"),
    }
}

/// Writes a packet again from what its view says.
fn rewrite(packet: RtcpPacket<'_>, writer: &mut CompoundWriter<'_>) {
    match packet {
        RtcpPacket::SenderReport(report) => {
            writer.sender_report(report.info(), &report.blocks().collect::<Vec<_>>());
        }
        RtcpPacket::ReceiverReport(report) => {
            writer.receiver_report(report.ssrc(), &report.blocks().collect::<Vec<_>>());
        }
        RtcpPacket::SourceDescription(sdes) => {
            let items: Vec<(Ssrc, Vec<SdesItem<'_>>)> = sdes
                .chunks()
                .map(|c| (c.ssrc(), c.items().collect()))
                .collect();
            let chunks: Vec<_> = items.iter().map(|(s, i)| (*s, i.as_slice())).collect();
            writer.source_description(&chunks);
        }
        RtcpPacket::Goodbye(bye) => {
            let reason = String::from_utf8_lossy(bye.reason().unwrap_or_default());
            writer.goodbye(&bye.sources().collect::<Vec<_>>(), &reason);
        }
        RtcpPacket::App(app) => {
            writer.app(app.ssrc, app.subtype, app.name, app.data);
        }
        RtcpPacket::TransportFeedback(message) => rewrite_feedback(&message, writer),
        RtcpPacket::PayloadFeedback(message) => rewrite_feedback(&message, writer),
        RtcpPacket::ExtendedReport(report) => {
            for block in report.blocks() {
                match block {
                    XrBlock::ReceiverReferenceTime(ntp) => {
                        writer.receiver_reference_time(report.ssrc(), ntp);
                    }
                    XrBlock::Dlrr(dlrr) => {
                        writer.dlrr(report.ssrc(), &dlrr.entries().collect::<Vec<_>>());
                    }
                    other => panic!("{other:?} has no vector"),
                }
            }
        }
        RtcpPacket::Unknown(unknown) => {
            writer.raw(unknown.packet_type, unknown.count, unknown.body);
        }
        _ => panic!("a kind of packet without vectors"),
    }
}

fn rewrite_feedback(message: &Feedback<'_>, writer: &mut CompoundWriter<'_>) {
    let nack: Vec<_> = message.nack().collect();
    let fir: Vec<_> = message.fir().collect();
    if !nack.is_empty() {
        writer.nack(message.sender, message.media, &nack);
    } else if !fir.is_empty() {
        // The vector's count field is the format, and FIR is the only one with entries here.
        writer.fir(message.sender, &fir);
    } else if let Some(remb) = message.remb() {
        writer.remb(
            message.sender,
            remb.bits_per_second(),
            &remb.sources().collect::<Vec<_>>(),
        );
    } else if message.is_pli() {
        writer.pli(message.sender, message.media);
    } else {
        writer.feedback(message);
    }
}

#[test]
fn every_canonical_compound_is_written_again_byte_by_byte() {
    // Profile extensions, padding that is not to a block, and a bitrate in more bits than it needs
    // are not written again.
    let other = [
        "rtcp-sr-profile-ext-o",
        "rtcp-rr-profile-ext-o",
        "rtcp-pad-last-o",
        "rtcp-remb-o",
    ];
    for vector in of_kind("packets.json", "rtcp") {
        let bytes = hex(vector["hex"].as_str().unwrap());
        let Ok(compound) = Compound::decode(&bytes) else {
            continue;
        };
        if other.iter().any(|id| vector["id"] == *id) {
            continue;
        }
        let mut out = Vec::new();
        let mut writer = CompoundWriter::new(&mut out);
        compound
            .packets()
            .for_each(|packet| rewrite(packet, &mut writer));
        assert_eq!(to_hex(&out), vector["hex"], "{}", vector["id"]);
    }
}

#[test]
fn arrival_times_survive_the_round_trip() {
    let received = |delta| PacketStatus::Received { delta };
    let mut statuses = vec![PacketStatus::NotReceived; 20];
    statuses.extend([received(0), received(255), received(256), received(-1)]);
    statuses.extend([received(4); 40]);
    statuses.extend([
        PacketStatus::NotReceived,
        received(i16::MIN),
        received(i16::MAX),
    ]);
    let mut out = Vec::new();
    let ids = (Ssrc::new(1), Ssrc::new(2));
    CompoundWriter::new(&mut out).transport_cc(ids, SequenceNumber::new(65_530), -3, 9, &statuses);
    let compound = Compound::decode(&out).unwrap();
    let Some(RtcpPacket::TransportFeedback(message)) = compound.packets().next() else {
        panic!("{compound:?}");
    };
    let twcc = message.transport_cc().unwrap();
    assert_eq!((twcc.reference_time, twcc.feedback_count), (-3, 9));
    let found: Vec<_> = twcc.statuses().map(|(_, status)| status).collect();
    assert_eq!(found, statuses);
    let last = twcc.statuses().last().unwrap().0;
    assert_eq!(last, SequenceNumber::new(65_530_u16.wrapping_add(66)));
}

#[test]
fn a_nack_packs_sixteen_followers_into_one_entry() {
    let missing: Vec<_> = [65_535, 0, 15, 16].map(SequenceNumber::new).to_vec();
    let mut out = Vec::new();
    CompoundWriter::new(&mut out).nack(Ssrc::new(1), Ssrc::new(2), &missing);
    assert_eq!(to_hex(&out[12..]), "ffff800100100000");
}

#[test]
fn more_blocks_than_a_report_holds_follow_in_further_ones() {
    let blocks = vec![ReportBlock::default(); 70];
    let info = SenderInfo::new(Ssrc::new(7), NtpTime::new(1), RtpTime::new(2)).counts(3, 4);
    let mut out = Vec::new();
    CompoundWriter::new(&mut out).sender_report(&info, &blocks);
    let compound = Compound::decode(&out).unwrap();
    let counts: Vec<_> = compound
        .packets()
        .map(|packet| match packet {
            RtcpPacket::SenderReport(report) => report.blocks().count(),
            RtcpPacket::ReceiverReport(report) => report.blocks().count(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(counts, [31, 31, 8]);
}

#[test]
fn the_rules_for_compound_packets_are_told() {
    let us = Ssrc::new(1);
    let rules = |write: &dyn Fn(&mut CompoundWriter<'_>)| {
        let mut out = Vec::new();
        write(&mut CompoundWriter::new(&mut out));
        Compound::decode(&out).unwrap().check_rules()
    };
    assert_eq!(
        rules(&|w| {
            w.cname(us, "a");
        }),
        Err(CompoundRule::NoReportFirst)
    );
    assert_eq!(
        rules(&|w| {
            w.receiver_report(us, &[]);
        }),
        Err(CompoundRule::NoCname)
    );
    assert_eq!(
        rules(&|w| {
            w.receiver_report(us, &[]).pad_to(16).cname(us, "a");
        }),
        Err(CompoundRule::PaddingInside(0))
    );
    assert_eq!(
        rules(&|w| {
            w.receiver_report(us, &[]).cname(us, "a").pad_to(64);
        }),
        Ok(())
    );
}

#[test]
fn a_description_without_its_end_is_read() {
    // Hanwha cameras leave the terminating zero out (bluenviron/mediamtx#5355).
    let mut bytes = vec![0x81, 202, 0, 2, 0, 0, 0, 1];
    bytes.extend([1, 2, b'a', b'b']);
    let compound = Compound::decode(&bytes).unwrap();
    let Some(RtcpPacket::SourceDescription(sdes)) = compound.packets().next() else {
        panic!("{compound:?}");
    };
    assert_eq!(sdes.chunks().next().unwrap().cname().unwrap(), "ab");
}

#[test]
fn errors_say_which_packet_is_broken() {
    let vector = of_kind("packets.json", "rtcp")
        .into_iter()
        .find(|vector| vector["id"] == "rtcp-trailing-o")
        .unwrap();
    let bytes = hex(vector["hex"].as_str().unwrap());
    let error = Compound::decode(&bytes).unwrap_err();
    let expected = RtcpError::Truncated {
        what: "an RTCP header",
        offset: 8,
        expected: 4,
        actual: 2,
    };
    assert_eq!(error, expected);
    assert!(Compound::decode(&[]).is_err());
}

#[test]
fn the_interval_is_that_of_the_rfc() {
    for vector in of_kind("packets.json", "rtcp-interval") {
        let mut input = IntervalInput::default();
        input.members = number(&vector["members"]);
        input.senders = number(&vector["senders"]);
        input.bandwidth = vector["rtcp_bw_bytes_per_s"].as_f64().unwrap();
        input.we_sent = vector["we_sent"].as_bool().unwrap();
        input.average_size = vector["avg_rtcp_size"].as_f64().unwrap();
        input.initial = vector["initial"].as_bool().unwrap();
        let near = |found: Duration, wanted: &Value| {
            let wanted = wanted.as_f64().unwrap();
            assert!(
                (found.as_secs_f64() - wanted).abs() < 1e-5,
                "{}",
                vector["id"]
            );
        };
        let random = vector["rand_factor_0.5_to_1.5"].as_f64().unwrap() - 0.5;
        near(input.deterministic(), &vector["expect"]["td_s"]);
        near(input.randomised(random), &vector["expect"]["t_s"]);
    }
}

#[test]
fn a_timer_that_fires_always_advances() {
    let mut now = Duration::from_secs(100);
    let mut scheduler = RtcpScheduler::new(IntervalInput::default(), 7, now);
    let mut sent = Vec::new();
    for _ in 0..40 {
        let next = scheduler.poll_timeout();
        assert!(
            !scheduler.is_due(next - Duration::from_nanos(1)),
            "too early"
        );
        now = next;
        if scheduler.is_due(now) {
            scheduler.sent(80, now);
            sent.push(now);
        }
        assert!(scheduler.poll_timeout() > now);
    }
    // About every second timer is reconsidered once.
    assert!(sent.len() > 12, "{} packets", sent.len());
    for pair in sent.windows(2) {
        let gap = (pair[1] - pair[0]).as_secs_f64();
        assert!((2.0..=7.0).contains(&gap), "{gap} s between two packets");
    }
}

#[test]
fn members_that_leave_bring_the_timer_nearer() {
    let now = Duration::ZERO;
    let mut input = IntervalInput::default();
    input.members = 1000;
    let mut scheduler = RtcpScheduler::new(input, 7, now);
    let before = scheduler.poll_timeout();
    scheduler.set_members(10, 1, false, now);
    assert_eq!(scheduler.poll_timeout(), before.mul_f64(0.01));
}

#[test]
fn the_round_trip_is_never_negative() {
    let mut block = ReportBlock::default();
    block.last_sr = 0x0001_0000;
    block.delay_since_last_sr = 0x8000;
    let now = |compact: u64| NtpTime::new(compact << 16);
    assert_eq!(block.round_trip(now(0x0001_9000)), Some(0x1000));
    assert_eq!(block.round_trip(now(0x0001_7000)), None);
    block.last_sr = 0;
    assert_eq!(block.round_trip(now(0x0001_9000)), None);
}

proptest! {
    #[test]
    fn decoding_never_panics(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..120),
        packet_type in 200_u8..208,
        fit: bool,
    ) {
        if bytes.len() >= 4 {
            bytes[0] = 0x80 | (bytes[0] & 0x3f);
            bytes[1] = packet_type;
            if fit {
                let words = u16::try_from(bytes.len() / 4 - 1).unwrap();
                bytes[2..4].copy_from_slice(&words.to_be_bytes());
                bytes.truncate(bytes.len() / 4 * 4);
            }
        }
        if let Ok(compound) = Compound::decode(&bytes) {
            let _ = compound.check_rules();
            for packet in compound.packets() {
                let _ = format!("{packet:?}");
                if let RtcpPacket::TransportFeedback(message) = packet {
                    let _ = message.nack().count();
                    let _ = message.transport_cc().map(|twcc| twcc.statuses().count());
                }
                if let RtcpPacket::PayloadFeedback(message) = packet {
                    let _ = (message.remb().is_some(), message.fir().count());
                }
                if let RtcpPacket::ExtendedReport(report) = packet {
                    prop_assert!(report.blocks().count() <= bytes.len() / 4);
                }
            }
        }
    }

    #[test]
    fn a_bitrate_keeps_its_highest_bits(bits_per_second: u64) {
        let mut out = Vec::new();
        CompoundWriter::new(&mut out).remb(Ssrc::new(1), bits_per_second, &[Ssrc::new(2)]);
        let compound = Compound::decode(&out).unwrap();
        let Some(RtcpPacket::PayloadFeedback(message)) = compound.packets().next() else {
            panic!("{compound:?}");
        };
        let found = message.remb().unwrap().bits_per_second();
        prop_assert!(found <= bits_per_second);
        prop_assert!(bits_per_second - found <= bits_per_second >> 17);
    }
}

#[test]
fn a_full_intra_request_is_told_from_other_feedback() {
    let mut out = Vec::new();
    CompoundWriter::new(&mut out).fir(Ssrc::new(1), &[FirRequest::new(Ssrc::new(2), 3)]);
    out[0] = 0x81;
    let compound = Compound::decode(&out).unwrap();
    let Some(RtcpPacket::PayloadFeedback(message)) = compound.packets().next() else {
        panic!("{compound:?}");
    };
    assert_eq!(message.packet_type, PacketType::PAYLOAD_FEEDBACK);
    assert_eq!(message.fir().count(), 0, "a PLI with a payload");
}
