//! RTP packets, statistics, reordering and clocks.

use std::num::NonZeroU32;
use std::time::{Duration, Instant, UNIX_EPOCH};

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::Value;
use weir_rtsp::rtp::{
    Arrival, ClockAnchor, Element, Extension, Jitter, NtpTime, OnvifReplay, PresentationClock,
    ReceiverStatistics, ReorderBuffer, ReorderLimits, RtpBuildError, RtpError, RtpNtpMap,
    RtpPacket, RtpPacketBuilder, RtpTime, SenderClock, SequenceNumber, SequenceTracker, Ssrc,
    TimestampUnwrapper, is_rtcp,
};

use crate::vectors::{hex, number, of_kind, sha256, to_hex};

#[test]
fn every_packet_vector_reads_as_expected() {
    for vector in of_kind("packets.json", "rtp") {
        let bytes = hex(vector["hex"].as_str().unwrap());
        let decoded = RtpPacket::decode(&bytes);
        match decoded {
            Ok(packet) => check(&packet, &vector),
            Err(error) => assert!(vector["error"].is_string(), "{}: {error}", vector["id"]),
        }
    }
}

fn check(packet: &RtpPacket<&Vec<u8>>, vector: &Value) {
    let (id, expect) = (&vector["id"], &vector["expect"]);
    assert!(expect.is_object(), "{id} must be refused");
    assert_eq!(packet.marker(), expect["marker"], "{id}");
    assert_eq!(packet.payload_type(), expect["pt"], "{id}");
    assert_eq!(packet.sequence().get(), expect["seq"], "{id}");
    assert_eq!(packet.timestamp().get(), expect["timestamp"], "{id}");
    assert_eq!(packet.ssrc().to_string(), expect["ssrc"], "{id}");
    assert_eq!(packet.has_padding(), expect["padding"], "{id}");
    assert_eq!(packet.header_len() as u64, expect["header_len"], "{id}");
    assert_eq!(packet.payload().len(), expect["payload_len"], "{id}");
    assert_eq!(sha256(packet.payload()), expect["payload_sha256"], "{id}");
    let csrcs: Vec<_> = packet.csrcs().map(|csrc| csrc.to_string()).collect();
    assert_eq!(Value::from(csrcs), expect["csrc"], "{id}");
    let padding = packet.as_bytes().len() - packet.header_len() - packet.payload().len();
    assert_eq!(padding, expect["padding_len"], "{id}");
    match packet.extension() {
        None => assert!(expect["ext_profile"].is_null(), "{id}"),
        Some(extension) => check_extension(extension, expect, id),
    }
}

fn check_extension(extension: Extension<'_>, expect: &Value, id: &Value) {
    assert_eq!(
        format!("{:04x}", extension.profile()),
        expect["ext_profile"],
        "{id}"
    );
    assert_eq!(to_hex(extension.data()), expect["ext_data"], "{id}");
    if let Some(elements) = expect["elements"].as_array() {
        let found: Vec<_> = extension
            .elements()
            .map(|e| (e.id, to_hex(e.data)))
            .collect();
        let wanted: Vec<_> = elements
            .iter()
            .map(|e| (number(&e["id"]), e["data"].as_str().unwrap().to_string()))
            .collect();
        assert_eq!(found, wanted, "{id}");
    }
}

#[test]
fn every_packet_vector_is_built_again_byte_by_byte() {
    for vector in of_kind("packets.json", "rtp") {
        let bytes = hex(vector["hex"].as_str().unwrap());
        let Ok(packet) = RtpPacket::decode(&bytes) else {
            continue;
        };
        let csrcs: Vec<Ssrc> = packet.csrcs().collect();
        let padding = bytes.len() - packet.header_len() - packet.payload().len();
        let mut builder = RtpPacketBuilder::new(
            packet.payload_type(),
            packet.sequence(),
            packet.timestamp(),
            packet.ssrc(),
        )
        .marker(packet.marker())
        .csrcs(&csrcs)
        .payload(packet.payload())
        .padding(u8::try_from(padding).unwrap());
        if let Some(extension) = packet.extension() {
            builder = builder.extension(extension);
        }
        let mut built = Vec::new();
        builder.encode(&mut built).unwrap();
        assert_eq!(to_hex(&built), vector["hex"], "{}", vector["id"]);
        assert_eq!(built.len(), builder.encoded_len(), "{}", vector["id"]);
    }
}

#[test]
fn errors_name_the_part_that_is_cut_short() {
    let short = |bytes: &[u8]| RtpPacket::decode(bytes).map(|_| ()).unwrap_err();
    assert_eq!(
        short(&[0x80; 11]),
        RtpError::Truncated {
            what: "the fixed header",
            expected: 12,
            actual: 11
        }
    );
    assert_eq!(short(&[0x40; 12]), RtpError::Version(1));
    let mut padded = vec![0xa0; 12];
    padded.extend([1, 2, 4]);
    assert_eq!(
        short(&padded),
        RtpError::Padding {
            padding: 4,
            available: 3
        }
    );
}

#[test]
fn the_builder_refuses_what_does_not_fit() {
    let builder = |payload_type| {
        let (sequence, timestamp) = (SequenceNumber::new(0), RtpTime::new(0));
        RtpPacketBuilder::new(payload_type, sequence, timestamp, Ssrc::new(1))
    };
    let mut out = Vec::new();
    let sources = [Ssrc::new(1); 16];
    let refused = [
        (
            builder(128).encode(&mut out),
            RtpBuildError::PayloadType(128),
        ),
        (
            builder(0).csrcs(&sources).encode(&mut out),
            RtpBuildError::TooManyCsrcs(16),
        ),
        (
            builder(0)
                .extension(Extension::new(0, &[0; 3]))
                .encode(&mut out),
            RtpBuildError::ExtensionLen(3),
        ),
    ];
    for (result, error) in refused {
        assert_eq!(result, Err(error));
    }
    assert!(out.is_empty());
}

#[test]
fn elements_take_the_shortest_form_that_holds_them() {
    let mut out = Vec::new();
    let small = [Element::new(1, &[0xaa]), Element::new(14, &[1; 16])];
    assert_eq!(
        Extension::encode_elements(&small, &mut out),
        Ok(Extension::ONE_BYTE)
    );
    let found: Vec<_> = Extension::new(Extension::ONE_BYTE, &out)
        .elements()
        .collect();
    assert_eq!(found, small);
    out.clear();
    let large = [Element::new(15, &[]), Element::new(200, &[7; 255])];
    assert_eq!(
        Extension::encode_elements(&large, &mut out),
        Ok(Extension::TWO_BYTE)
    );
    assert_eq!(out.len() % 4, 0);
    let extension = Extension::new(Extension::TWO_BYTE, &out);
    assert_eq!(extension.elements().collect::<Vec<_>>(), large);
    assert_eq!(extension.element(200), Some(&[7; 255][..]));
    let refused = Extension::encode_elements(&[Element::new(0, &[])], &mut out);
    assert_eq!(refused, Err(RtpBuildError::Element { id: 0, len: 0 }));
}

#[test]
fn an_element_with_id_0_and_a_length_ends_the_list() {
    // RFC 8285, section 4.2.
    let data = [0x10, 0xaa, 0x02, 1, 2, 3, 0x20, 0xbb];
    let ids: Vec<_> = Extension::new(Extension::ONE_BYTE, &data)
        .elements()
        .map(|e| e.id)
        .collect();
    assert_eq!(ids, [1]);
}

#[test]
fn the_onvif_replay_extension_reads_and_writes() {
    let vector = of_kind("packets.json", "rtp")
        .into_iter()
        .find(|vector| vector["id"] == "rtp-ext-onvif-replay-o")
        .unwrap();
    let bytes = hex(vector["hex"].as_str().unwrap());
    let packet = RtpPacket::decode(&bytes).unwrap();
    let extension = packet.extension().unwrap();
    let replay = extension.onvif_replay().unwrap();
    let mut expected = OnvifReplay::new(NtpTime::new(0xe500_03e8_8000_0000), 3);
    expected.clean_point = true;
    expected.end_of_section = true;
    assert_eq!(replay, expected);
    assert_eq!(replay.encode(), extension.data());
}

#[test]
fn rtcp_is_told_from_rtp_by_the_second_byte() {
    for vector in of_kind("packets.json", "demux") {
        let bytes = hex(vector["hex"].as_str().unwrap());
        assert_eq!(
            is_rtcp(&bytes),
            vector["expect"]["is_rtcp"],
            "{}",
            vector["id"]
        );
    }
    assert!(!is_rtcp(&[0x80, 0x60]));
    assert!(!is_rtcp(&[0x80, 0xe0]), "payload type 96 with marker");
    assert!(!is_rtcp(&[0x80]));
    assert!(!is_rtcp(&[0x00, 200]), "version 0");
}

#[test]
fn statistics_are_those_of_the_rfc() {
    for vector in of_kind("packets.json", "stats") {
        let clock_rate = number(&vector["clock_rate"]);
        let mut statistics = ReceiverStatistics::new(clock_rate);
        for packet in vector["packets"].as_array().unwrap() {
            let bytes = bare_packet(number(&packet["seq"]), number(&packet["ts"]));
            let arrival = Duration::from_micros(number(&packet["arrival_us"]));
            statistics.receive(&RtpPacket::decode(&bytes[..]).unwrap(), arrival);
        }
        let (id, expect) = (&vector["id"], &vector["expect"]);
        let sequence = statistics.sequence().clone();
        assert_eq!(sequence.expected(), expect["expected"], "{id}");
        assert_eq!(sequence.received(), expect["received"], "{id}");
        let block = statistics.report(Duration::from_secs(9)).unwrap();
        let highest = block.extended_highest_sequence;
        assert_eq!(highest, expect["extended_highest_seq"], "{id}");
        assert_eq!(
            i64::from(block.cumulative_lost),
            expect["cumulative_lost"],
            "{id}"
        );
        let fraction = u64::from(block.fraction_lost);
        assert_eq!(fraction, expect["fraction_lost_first_report"], "{id}");
        assert_eq!(block.jitter, expect["jitter"], "{id}");
        assert_eq!((block.last_sr, block.delay_since_last_sr), (0, 0), "{id}");
    }
}

fn bare_packet(sequence: u16, timestamp: u32) -> Vec<u8> {
    source_packet(sequence, timestamp, 1)
}

fn source_packet(sequence: u16, timestamp: u32, ssrc: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (sequence, timestamp) = (SequenceNumber::new(sequence), RtpTime::new(timestamp));
    RtpPacketBuilder::new(96, sequence, timestamp, Ssrc::new(ssrc))
        .payload(&[1, 2, 3])
        .encode(&mut bytes)
        .unwrap();
    bytes
}

#[test]
fn the_report_says_how_long_ago_the_sender_report_came() {
    let mut statistics = ReceiverStatistics::new(8000);
    statistics.sender_report(NtpTime::new(0x1122_3344_5566_7788), Duration::from_secs(1));
    assert_eq!(
        statistics.report(Duration::from_secs(2)),
        None,
        "no source yet"
    );
    let bytes = bare_packet(1, 0);
    statistics.receive(
        &RtpPacket::decode(&bytes[..]).unwrap(),
        Duration::from_secs(1),
    );
    let block = statistics.report(Duration::from_millis(2500)).unwrap();
    assert_eq!(block.last_sr, 0x3344_5566);
    assert_eq!(block.delay_since_last_sr, 3 * 0x8000);
}

#[test]
fn another_source_starts_the_statistics_anew() {
    let mut statistics = ReceiverStatistics::new(8000);
    for (sequence, ssrc) in [(1, 1), (9, 1), (500, 2), (501, 2)] {
        let bytes = source_packet(sequence, 0, ssrc);
        statistics.receive(&RtpPacket::decode(&bytes[..]).unwrap(), Duration::ZERO);
    }
    assert_eq!(statistics.source(), Some(Ssrc::new(2)));
    assert_eq!(statistics.sequence().expected(), 2);
    assert_eq!(statistics.sequence().cumulative_lost(), 0);
}

#[test]
fn two_far_packets_in_a_row_are_a_restart_and_one_is_a_stray() {
    let mut tracker = SequenceTracker::default();
    let verdicts: Vec<_> = [10, 11, 14, 13, 9000, 15, 20000, 20001, 20000]
        .into_iter()
        .map(|sequence| tracker.update(SequenceNumber::new(sequence)))
        .collect();
    use Arrival::{First, Gap, Late, Next, Stray};
    let gap = Gap { missing: 2 };
    assert_eq!(
        verdicts,
        [First, Next, gap, Late, Stray, Next, Stray, First, Late]
    );
    assert_eq!(tracker.expected(), 1);
}

#[test]
fn jitter_survives_any_arrival() {
    let mut jitter = Jitter::default();
    jitter.update(RtpTime::new(0), Duration::ZERO, 90_000);
    jitter.update(RtpTime::new(1 << 31), Duration::MAX, u32::MAX);
    jitter.update(RtpTime::new(u32::MAX), Duration::ZERO, 0);
    assert!(jitter.value() > 0);
}

fn reorder(limits: ReorderLimits, input: &[(u16, u64)]) -> (Vec<(u16, u32)>, u64) {
    let mut buffer = ReorderBuffer::new(limits);
    let mut output = Vec::new();
    for (sequence, millis) in input {
        let packet = RtpPacket::decode(Bytes::from(bare_packet(*sequence, 0))).unwrap();
        buffer.push(packet, Duration::from_millis(*millis));
        output.extend(std::iter::from_fn(|| buffer.poll()));
    }
    buffer.flush();
    output.extend(std::iter::from_fn(|| buffer.poll()));
    let output = output.iter().map(|o| (o.packet.sequence().get(), o.lost));
    (output.collect(), buffer.dropped())
}

#[test]
fn packets_come_out_in_order_across_the_wrap() {
    let input = [
        (65534, 0),
        (0, 1),
        (65535, 2),
        (2, 3),
        (1, 4),
        (1, 5),
        (3, 6),
    ];
    let (order, dropped) = reorder(ReorderLimits::default(), &input);
    assert_eq!(
        order,
        [(65534, 0), (65535, 0), (0, 0), (1, 0), (2, 0), (3, 0)]
    );
    assert_eq!(dropped, 1, "the second packet 1");
}

#[test]
fn a_missing_packet_is_given_up_after_the_delay() {
    let mut buffer = ReorderBuffer::new(ReorderLimits::default());
    let packet = |sequence| RtpPacket::decode(Bytes::from(bare_packet(sequence, 0))).unwrap();
    buffer.push(packet(1), Duration::ZERO);
    assert!(buffer.poll().is_some());
    assert_eq!(buffer.poll_timeout(), None);
    buffer.push(packet(4), Duration::from_millis(5));
    assert_eq!(buffer.poll(), None);
    assert_eq!(buffer.poll_timeout(), Some(Duration::from_millis(205)));
    buffer.handle_timeout(Duration::from_millis(204));
    assert_eq!(buffer.poll(), None);
    buffer.handle_timeout(Duration::from_millis(205));
    let ordered = buffer.poll().unwrap();
    assert_eq!((ordered.packet.sequence().get(), ordered.lost), (4, 2));
    assert_eq!(buffer.poll_timeout(), None);
    buffer.push(packet(2), Duration::from_millis(206));
    assert_eq!(buffer.poll(), None, "too late");
    assert_eq!(buffer.dropped(), 1);
}

#[test]
fn a_flood_behind_a_missing_packet_stays_within_the_limits() {
    let mut limits = ReorderLimits::default();
    limits.max_packets = 4;
    let input: Vec<(u16, u64)> = [0, 2, 3, 4, 5, 6, 7].map(|sequence| (sequence, 0)).to_vec();
    let (order, _) = reorder(limits, &input);
    assert_eq!(order[1], (2, 1));
    assert_eq!(order.len(), 7);
    let mut limits = ReorderLimits::default();
    limits.max_bytes = 40;
    let (order, _) = reorder(limits, &input);
    assert_eq!(order[1], (2, 1));
    assert_eq!(order.len(), 7);
}

#[test]
fn a_new_source_is_never_mixed_with_the_one_before() {
    let mut buffer = ReorderBuffer::new(ReorderLimits::default());
    for (sequence, ssrc) in [(1, 1), (3, 1), (900, 2), (901, 2)] {
        let bytes = Bytes::from(source_packet(sequence, 0, ssrc));
        buffer.push(RtpPacket::decode(bytes).unwrap(), Duration::ZERO);
    }
    let order: Vec<_> = std::iter::from_fn(|| buffer.poll())
        .map(|o| {
            (
                o.packet.ssrc().get(),
                o.packet.sequence().get(),
                o.lost,
                o.restarted,
            )
        })
        .collect();
    let expected = [
        (1, 1, 0, true),
        (1, 3, 1, false),
        (2, 900, 0, true),
        (2, 901, 0, false),
    ];
    assert_eq!(order, expected);
}

#[test]
fn a_source_that_begins_elsewhere_is_followed_from_its_second_packet() {
    let input = [(10, 0), (11, 0), (30_000, 0), (30_001, 0), (30_002, 0)];
    let (order, dropped) = reorder(ReorderLimits::default(), &input);
    let expected = [(10, 0), (11, 0), (30_000, 0), (30_001, 0), (30_002, 0)];
    assert_eq!((order.as_slice(), dropped), (&expected[..], 0));
}

proptest! {
    #[test]
    fn any_shuffle_within_the_window_comes_out_in_order(
        first: u16,
        swaps in proptest::collection::vec((1_usize..60, 1_usize..8), 0..40),
    ) {
        let mut order: Vec<u16> = (0..64).map(|n| first.wrapping_add(n)).collect();
        for (at, by) in swaps {
            order.swap(at, (at + by).min(63));
        }
        let input: Vec<_> = order.iter().map(|sequence| (*sequence, 0)).collect();
        let (out, dropped) = reorder(ReorderLimits::default(), &input);
        let expected: Vec<_> = (0..64).map(|n| (first.wrapping_add(n), 0)).collect();
        prop_assert_eq!(out, expected);
        prop_assert_eq!(dropped, 0);
    }

    #[test]
    fn decoding_never_panics_and_a_prefix_is_an_error_or_shorter(
        bytes in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        if let Ok(packet) = RtpPacket::decode(&bytes[..]) {
            prop_assert!(packet.header_len() + packet.payload().len() <= bytes.len());
            let _ = packet.extension().map(|e| e.elements().count());
            let _ = format!("{packet:?}");
        }
    }
}

#[test]
fn ntp_and_rtp_time_map_both_ways() {
    for vector in of_kind("packets.json", "ntp-map") {
        let ntp = u64::from_str_radix(vector["sr_ntp_hex"].as_str().unwrap(), 16).unwrap();
        let rate = NonZeroU32::new(number(&vector["clock_rate"])).unwrap();
        let rtp = RtpTime::new(number(&vector["sr_rtp"]));
        let map = RtpNtpMap::new(NtpTime::new(ntp), rtp, rate);
        let asked = RtpTime::new(number(&vector["rtp"]));
        let found = map.ntp_at(asked);
        let unix = i128::try_from(found.to_unix().as_nanos()).unwrap();
        let off = unix - number::<i128>(&vector["expect"]["unix_ns"]);
        let tolerance = number::<i128>(&vector["expect"]["tolerance_ns"]);
        assert!(off.abs() <= tolerance, "{}: {off} ns off", vector["id"]);
        assert!(
            map.rtp_at(found).since(asked).abs() <= 1,
            "{}",
            vector["id"]
        );
    }
}

#[test]
fn ntp_time_goes_on_after_2036() {
    let after = Duration::new(2_085_978_496 + 7, 250_000_000);
    let ntp = NtpTime::from_unix(after);
    assert_eq!(ntp.get(), (7 << 32) | 0x4000_0000, "era 1");
    assert_eq!(ntp.to_unix(), after);
    let now = Duration::new(1_712_027_200, 123_456_789);
    assert_eq!(NtpTime::from_unix(now).to_unix(), now);
    let (early, late) = (NtpTime::new(u64::MAX), NtpTime::new((1 << 32) - 1));
    assert_eq!(late.nanos_since(early), 1_000_000_000, "across the wrap");
}

#[test]
fn wall_time_follows_the_monotonic_clock() {
    #[expect(
        clippy::disallowed_methods,
        reason = "an instant cannot be made otherwise"
    )]
    let start = Instant::now();
    let wall = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let anchor = ClockAnchor::new(start, wall);
    let later = start + Duration::from_millis(1500);
    assert_eq!(anchor.wall_at(later), wall + Duration::from_millis(1500));
    assert_eq!(anchor.ntp_at(later).compact() & 0xffff, 0x8000);
    let sender = SenderClock::new(RtpTime::new(10), later, 90_000);
    assert_eq!(
        sender.timestamp_at(later + Duration::from_secs(1)).get(),
        90_010
    );
    assert_eq!(
        sender.timestamp_at(start),
        RtpTime::new(10_u32.wrapping_sub(135_000))
    );
}

#[test]
fn timestamps_unwrap_forward_and_back() {
    let mut unwrapper = TimestampUnwrapper::default();
    let values = [u32::MAX - 1, 5, u32::MAX, 10].map(|v| unwrapper.unwrap(RtpTime::new(v)));
    let top = i64::from(u32::MAX);
    assert_eq!(values, [top - 1, top + 6, top, top + 11]);
}

const SECOND: u64 = 1 << 32;

#[test]
fn drift_is_followed_slowly_and_a_set_clock_is_not() {
    let mut clock = PresentationClock::new();
    let video = clock.add_track(NonZeroU32::new(90_000).unwrap());
    let ntp = NtpTime::new(3_900_000_000 * SECOND);
    let arrival = Duration::from_secs(1);
    let at = |clock: &mut PresentationClock, ts: u32| {
        clock.time(video, RtpTime::new(ts), arrival).as_millis()
    };
    assert_eq!(at(&mut clock, 0), 0);
    clock.sender_report(video, ntp, RtpTime::new(0));
    // The wall clock says that 10.004 s passed where the media clock says 10 s.
    let drifted = NtpTime::new(ntp.get() + 10 * SECOND + SECOND / 250);
    assert_eq!(at(&mut clock, 900_000), 10_000);
    clock.sender_report(video, drifted, RtpTime::new(900_000));
    assert_eq!(at(&mut clock, 900_000), 10_004);
    // The camera sets its clock by an hour.
    let stepped = NtpTime::new(ntp.get() + 3620 * SECOND);
    clock.sender_report(video, stepped, RtpTime::new(990_000));
    assert_eq!(at(&mut clock, 990_000), 11_004);
    let raw = clock.wall_time(video, RtpTime::new(990_000)).unwrap();
    assert_eq!(raw, stepped);
}

#[test]
fn audio_is_put_beside_the_video_it_was_captured_with() {
    let mut clock = PresentationClock::new();
    let video = clock.add_track(NonZeroU32::new(90_000).unwrap());
    let audio = clock.add_track(NonZeroU32::new(8_000).unwrap());
    let ntp = NtpTime::new(3_900_000_000 * SECOND);
    let (t1, t2) = (Duration::from_millis(100), Duration::from_millis(900));
    clock.time(video, RtpTime::new(0), t1);
    clock.sender_report(video, ntp, RtpTime::new(0));
    assert_eq!(clock.time(audio, RtpTime::new(50), t2).as_millis(), 800);
    // The report says: captured 40 ms after the first picture.
    clock.sender_report(
        audio,
        NtpTime::new(ntp.get() + SECOND),
        RtpTime::new(50 + 7680),
    );
    assert_eq!(clock.time(audio, RtpTime::new(50), t2).as_millis(), 40);
}
