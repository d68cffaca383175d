//! RTP and RTCP packets, and what a receiver computes from them.

use std::num::NonZeroU32;
use std::time::Duration;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use weir_rtsp::rtcp::{
    Compound, Feedback, IntervalInput, PacketStatus, ReportBlock, RtcpPacket, SdesChunk, XrBlock,
};
use weir_rtsp::rtp::{
    NtpTime, ReceiverStatistics, RtpNtpMap, RtpPacket, RtpPacketBuilder, RtpTime, SequenceNumber,
    Ssrc,
};

use crate::failure::Failure;
use crate::plain::hex;

pub(crate) fn rtp(bytes: &[u8]) -> Result<Value, Failure> {
    let packet = RtpPacket::decode(bytes).map_err(|error| Failure::new("malformed", error))?;
    let padding_len = bytes.len() - packet.header_len() - packet.payload().len();
    let mut shown = json!({
        "version": 2,
        "padding": packet.has_padding(),
        "padding_len": padding_len,
        "marker": packet.marker(),
        "pt": packet.payload_type(),
        "seq": packet.sequence().get(),
        "timestamp": packet.timestamp().get(),
        "ssrc": packet.ssrc().to_string(),
        "csrc": packet.csrcs().map(|csrc| csrc.to_string()).collect::<Vec<_>>(),
        "header_len": packet.header_len(),
        "payload_len": packet.payload().len(),
        "payload_sha256": hex(&Sha256::digest(packet.payload())),
    });
    if let (Some(extension), Value::Object(shown)) = (packet.extension(), &mut shown) {
        shown.insert(
            "ext_profile".into(),
            json!(format!("{:04x}", extension.profile())),
        );
        shown.insert("ext_data".into(), json!(hex(extension.data())));
        // One-byte (RFC 8285, section 4.2) and two-byte elements (section 4.3).
        if extension.profile() == 0xBEDE || extension.profile() >> 4 == 0x100 {
            let elements = extension.elements();
            let elements: Vec<Value> = elements
                .map(|element| json!({ "id": element.id, "data": hex(element.data) }))
                .collect();
            // Bytes that are neither elements nor padding are no list of elements.
            if !elements.is_empty() || extension.data().iter().all(|byte| *byte == 0) {
                shown.insert("elements".into(), elements.into());
            }
        }
    }
    Ok(shown)
}

pub(crate) fn rtcp(bytes: &[u8]) -> Result<Value, Failure> {
    let compound = Compound::decode(bytes).map_err(|error| Failure::new("malformed", error))?;
    let mut shown = Map::new();
    let mut packets = Vec::new();
    for (packet, raw) in compound.packets().zip(compound.raw_packets()) {
        let mut line = json!({
            "pt": packet.packet_type().get(),
            "count": raw.first().map(|first| first & 0x1F),
            "len": raw.len(),
        });
        if let Value::Object(line) = &mut line {
            if let (Some(0x20), Some(padding)) = (raw.first().map(|b| b & 0x20), raw.last()) {
                line.insert("pad".to_owned(), json!(padding));
            }
            line.extend(rtcp_packet(packet, raw));
        }
        packets.push(line);
        messages(packet, &mut shown);
    }
    shown.insert("packets".to_owned(), packets.into());
    Ok(Value::Object(shown))
}

/// One packet of a compound; empty for a kind that is not known.
pub(super) fn rtcp_packet(packet: RtcpPacket<'_>, raw: &[u8]) -> Map<String, Value> {
    let shown = match packet {
        RtcpPacket::SenderReport(report) => {
            let info = report.info();
            json!({
                "kind": "SR",
                "ssrc": info.ssrc.to_string(),
                "ntp_hex": format!("{:016x}", info.ntp.get()),
                "rtp": info.rtp.get(),
                "packets": info.packet_count,
                "octets": info.octet_count,
                "reports": report.blocks().map(|block| report_block(&block)).collect::<Vec<_>>(),
            })
        }
        RtcpPacket::ReceiverReport(report) => json!({
            "kind": "RR",
            "ssrc": report.ssrc().to_string(),
            "reports": report.blocks().map(|block| report_block(&block)).collect::<Vec<_>>(),
        }),
        RtcpPacket::SourceDescription(description) => json!({
            "kind": "SDES",
            "chunks": description.chunks().map(|chunk| sdes_chunk(&chunk)).collect::<Vec<_>>(),
        }),
        RtcpPacket::Goodbye(bye) => json!({
            "kind": "BYE",
            "ssrcs": bye.sources().map(|ssrc| ssrc.to_string()).collect::<Vec<_>>(),
            "reason": bye.reason().map(String::from_utf8_lossy),
        }),
        RtcpPacket::App(app) => json!({
            "kind": "APP",
            "ssrc": app.ssrc.to_string(),
            "name": String::from_utf8_lossy(&app.name),
            "subtype": app.subtype,
            "data": hex(app.data),
        }),
        RtcpPacket::TransportFeedback(message) => feedback("RTPFB", &message),
        RtcpPacket::PayloadFeedback(message) => feedback("PSFB", &message),
        RtcpPacket::ExtendedReport(report) => json!({
            "kind": "XR",
            "ssrc": report.ssrc().to_string(),
            "blocks": hex(raw.get(8..).unwrap_or_default()),
        }),
        _ => json!({}),
    };
    match shown {
        Value::Object(shown) => shown,
        _ => Map::new(),
    }
}

fn report_block(block: &ReportBlock) -> Value {
    json!({
        "ssrc": block.ssrc.to_string(),
        "fraction_lost": block.fraction_lost,
        "cumulative_lost": block.cumulative_lost,
        "ext_seq": block.extended_highest_sequence,
        "jitter": block.jitter,
        "lsr": block.last_sr,
        "dlsr": block.delay_since_last_sr,
    })
}

fn sdes_chunk(chunk: &SdesChunk<'_>) -> Value {
    let items = chunk.items().map(|item| json!([item.kind, item.to_text()]));
    json!({ "ssrc": chunk.ssrc().to_string(), "items": items.collect::<Vec<_>>() })
}

fn feedback(kind: &str, message: &Feedback<'_>) -> Value {
    json!({
        "kind": kind,
        "fmt": message.format,
        "sender_ssrc": message.sender.to_string(),
        "media_ssrc": message.media.to_string(),
        "fci": hex(message.fci),
    })
}

/// What feedback and extended reports say, beside the packets.
fn messages(packet: RtcpPacket<'_>, shown: &mut Map<String, Value>) {
    match packet {
        RtcpPacket::TransportFeedback(message) => {
            let lost: Vec<u16> = message.nack().map(SequenceNumber::get).collect();
            if !lost.is_empty() {
                shown.insert("nack_seqs".to_owned(), json!(lost));
            }
            if let Some(feedback) = message.transport_cc() {
                let statuses = feedback.statuses().map(packet_status);
                let feedback = json!({
                    "base_seq": feedback.base.get(),
                    "count": feedback.status_count,
                    "reference_time_64ms": feedback.reference_time,
                    "fb_count": feedback.feedback_count,
                    "status": statuses.collect::<Vec<_>>(),
                });
                shown.insert("twcc".to_owned(), feedback);
            }
        }
        RtcpPacket::PayloadFeedback(message) => {
            let requests = message.fir();
            let requests: Vec<Value> = requests
                .map(|request| json!({ "ssrc": request.ssrc.to_string(), "seq_nr": request.sequence }))
                .collect();
            if !requests.is_empty() {
                shown.insert("fir".to_owned(), requests.into());
            }
            if let Some(remb) = message.remb() {
                let sources = remb.sources().map(|ssrc| json!(ssrc.to_string()));
                shown.insert("remb_bps".to_owned(), json!(remb.bits_per_second()));
                shown.insert("remb_ssrcs".to_owned(), sources.collect());
            }
        }
        RtcpPacket::ExtendedReport(report) => {
            shown.insert("xr".to_owned(), report.blocks().map(xr_block).collect());
        }
        _ => {}
    }
}

fn packet_status((sequence, status): (SequenceNumber, PacketStatus)) -> Value {
    match status {
        PacketStatus::NotReceived => json!([sequence.get(), "lost", null]),
        PacketStatus::Received { delta } => {
            let size = if (0..=255).contains(&delta) {
                "small"
            } else {
                "large"
            };
            // Deltas count quarters of a millisecond.
            json!([sequence.get(), size, i32::from(delta) * 250])
        }
    }
}

fn xr_block(block: XrBlock<'_>) -> Value {
    match block {
        XrBlock::ReceiverReferenceTime(ntp) => {
            json!({ "bt": 4, "ntp_hex": format!("{:016x}", ntp.get()) })
        }
        XrBlock::Dlrr(dlrr) => {
            let entries = dlrr.entries().map(
                |(ssrc, lrr, dlrr)| json!({ "ssrc": ssrc.to_string(), "lrr": lrr, "dlrr": dlrr }),
            );
            json!({ "bt": 5, "sub": entries.collect::<Vec<_>>() })
        }
        other => json!({ "other": format!("{other:?}") }),
    }
}

/// Receiver statistics over packets of which only the numbers are known.
pub(crate) fn stats(entry: &Value) -> Result<Value, Failure> {
    let mut statistics = ReceiverStatistics::new(number(&entry["clock_rate"])?);
    for line in entry["packets"].as_array().into_iter().flatten() {
        let (sequence, time) = (number(&line["seq"])?, number(&line["ts"])?);
        let (sequence, time) = (SequenceNumber::new(sequence), RtpTime::new(time));
        let mut bytes = Vec::new();
        RtpPacketBuilder::new(96, sequence, time, Ssrc::new(1))
            .encode(&mut bytes)
            .map_err(Failure::usage)?;
        let packet = RtpPacket::decode(&bytes[..]).map_err(Failure::usage)?;
        statistics.receive(&packet, Duration::from_micros(number(&line["arrival_us"])?));
    }
    let sequence = statistics.sequence().clone();
    let report = statistics.report(Duration::ZERO);
    let block = report.ok_or_else(|| Failure::usage("no packets"))?;
    Ok(json!({
        "extended_highest_seq": block.extended_highest_sequence,
        "expected": sequence.expected(),
        "received": sequence.received(),
        "cumulative_lost": block.cumulative_lost,
        "fraction_lost_first_report": block.fraction_lost,
        "jitter": block.jitter,
    }))
}

/// The wall-clock time of an RTP time after a sender report.
pub(crate) fn ntp_map(entry: &Value) -> Result<Value, Failure> {
    let ntp = entry["sr_ntp_hex"].as_str().unwrap_or_default();
    let ntp = u64::from_str_radix(ntp, 16).map_err(Failure::usage)?;
    let rate = NonZeroU32::new(number(&entry["clock_rate"])?);
    let rate = rate.ok_or_else(|| Failure::usage("clock rate 0"))?;
    let map = RtpNtpMap::new(
        NtpTime::new(ntp),
        RtpTime::new(number(&entry["sr_rtp"])?),
        rate,
    );
    let unix = map
        .ntp_at(RtpTime::new(number(&entry["rtp"])?))
        .to_unix()
        .as_nanos();
    let nanos = |value: u128| u64::try_from(value).map_err(Failure::usage);
    Ok(json!({
        "ntp_ns_floor": nanos(unix + NTP_TO_UNIX.as_nanos())?,
        "unix_ns": nanos(unix)?,
        "tolerance_ns": 2,
    }))
}

/// The time between RTCP packets.
pub(crate) fn interval(entry: &Value) -> Result<Value, Failure> {
    let real = |key: &str| {
        let value = entry[key].as_f64();
        value.ok_or_else(|| Failure::usage(format!("{key} is no number")))
    };
    let mut input = IntervalInput::default();
    input.members = number(&entry["members"])?;
    input.senders = number(&entry["senders"])?;
    input.bandwidth = real("rtcp_bw_bytes_per_s")?;
    input.we_sent = entry["we_sent"] == true;
    input.average_size = real("avg_rtcp_size")?;
    input.initial = entry["initial"] == true;
    let random = real("rand_factor_0.5_to_1.5")? - 0.5;
    let micros = |time: Duration| (time.as_secs_f64() * 1e6).round() / 1e6;
    Ok(json!({
        "td_s": micros(input.deterministic()),
        "t_s": micros(input.randomised(random)),
    }))
}

pub(crate) fn number<T: TryFrom<u64>>(value: &Value) -> Result<T, Failure> {
    let number = value.as_u64().and_then(|number| T::try_from(number).ok());
    number.ok_or_else(|| Failure::usage(format!("{value} is not a number that fits")))
}

/// From 1900 to 1970.
const NTP_TO_UNIX: Duration = Duration::from_secs(2_208_988_800);
