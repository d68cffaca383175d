//! Whatever is lost, doubled or out of order: never a corrupt unit, only a marked gap.

use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use weir_rtsp::payload::{
    Codec, DepacketizeError, Depacketizer, Frame, Framing, Units, aac, ac3, av1, h264, h265, latm,
    pcm, vp9,
};
use weir_rtsp::rtp::{ReorderBuffer, ReorderLimits, RtpPacket};

use crate::payload::{copied, packetized};
use crate::vectors::load;

/// A track to send: how it is coded and its frames, each with its own time and contents.
struct Track {
    codec: Codec,
    frames: Vec<(u32, Vec<u8>)>,
}

/// Bytes that stand nowhere else, none of them 0.
pub(crate) fn filler(seed: usize, len: usize) -> Vec<u8> {
    let byte = |at: usize| u8::try_from((at * 7 + seed * 31) % 251).unwrap() + 1;
    (0..len).map(byte).collect()
}

pub(crate) fn length_prefixed(units: &[Vec<u8>]) -> Vec<u8> {
    let prefixed = units.iter().flat_map(|unit| {
        let len = u32::try_from(unit.len()).unwrap().to_be_bytes();
        len.into_iter().chain(unit.clone())
    });
    prefixed.collect()
}

pub(crate) fn unit(head: &[u8], seed: usize, len: usize) -> Vec<u8> {
    [head.to_vec(), filler(seed, len)].concat()
}

fn tracks() -> Vec<Track> {
    let frames = |frame: &dyn Fn(usize) -> Vec<u8>| -> Vec<(u32, Vec<u8>)> {
        (0..12)
            .map(|n| (3000 * u32::try_from(n).unwrap(), frame(n)))
            .collect()
    };
    let track = |codec, frame: &dyn Fn(usize) -> Vec<u8>| Track {
        codec,
        frames: frames(frame),
    };
    let config = Bytes::from_static(&[0x11, 0x90]);
    let mut ac3_frame = vec![0x0b, 0x77, 0, 0, 0x14, 0x40];
    ac3_frame.resize(768, 5);
    let jpeg = load("payloads.json")
        .into_iter()
        .find(|v| v["id"] == "real-jpeg-ffmpeg")
        .unwrap();
    let packets = jpeg["packets"].as_array().unwrap().iter();
    let packets: Vec<_> = packets
        .map(|p| crate::vectors::hex(p.as_str().unwrap()))
        .collect();
    let image = copied(&Codec::Jpeg, Framing::Raw, &packets)
        .0
        .remove(0)
        .data;
    vec![
        track(Codec::H264(h264::Parameters::default()), &|n| {
            let slices = [unit(&[0x65, 0x88], n, 700), unit(&[0x65, 0x08], n + 50, 40)];
            let sets = [unit(&[0x67, 0x42], n, 9), unit(&[0x68, 0xce], n, 3)];
            if n % 4 == 0 {
                length_prefixed(&[sets, slices].concat())
            } else {
                length_prefixed(&slices)
            }
        }),
        track(Codec::H265(h265::Parameters::default()), &|n| {
            let slices = [
                unit(&[0x26, 1, 0x88], n, 600),
                unit(&[0x26, 1, 0x08], n + 50, 40),
            ];
            length_prefixed(&slices)
        }),
        track(Codec::Av1(av1::Parameters::default()), &|n| {
            // A sequence header of 4 bytes, and a frame of 612, its size in two bytes of leb128.
            let sequence = unit(&[0x0a, 0x04], n, 4);
            let frame = unit(&[0x32, 0xe4, 0x04], n, 612);
            if n % 4 == 0 {
                [sequence, frame].concat()
            } else {
                frame
            }
        }),
        track(Codec::Vp8, &|n| unit(&[0x10], n, 500)),
        track(Codec::Vp9(vp9::Parameters::default()), &|n| {
            unit(&[0x82], n, 500)
        }),
        track(Codec::Jpeg, &|_| image.to_vec()),
        track(
            Codec::Aac(aac::Parameters::new(config.clone(), 48_000, 2)),
            &|n| length_prefixed(&[filler(n, 400 + 10 * n)]),
        ),
        track(
            Codec::Latm(latm::Parameters::of_audio_config(&config, 48_000, 2).unwrap()),
            &|n| filler(n, 400 + 10 * n),
        ),
        track(Codec::Mpa, &|n| unit(&[0xff, 0xfb, 0xe4, 0x64], n, 956)),
        track(Codec::Ac3(ac3::Parameters::new(false, 48_000, 2)), &|n| {
            let mut frame = ac3_frame.clone();
            frame.splice(6.., filler(n, 762));
            frame
        }),
        track(Codec::Opus(2), &|n| unit(&[0xf8], n, 90)),
        track(
            Codec::Pcm(pcm::Parameters::new(pcm::Encoding::L16, 48_000, 2)),
            &|n| filler(n, 160),
        ),
    ]
}

fn framing_of(codec: &Codec) -> Framing {
    match codec {
        Codec::H264(_) | Codec::H265(_) | Codec::Aac(_) => Framing::LengthPrefixed,
        _ => Framing::Raw,
    }
}

/// What a depacketizer may deliver as units of a frame.
fn units_of(codec: &Codec, frame: &[u8]) -> Vec<Vec<u8>> {
    match codec {
        Codec::Av1(_) => match frame {
            [0x0a, ..] => vec![frame[..6].to_vec(), frame[6..].to_vec()],
            _ => vec![frame.to_vec()],
        },
        _ => Units::new(frame, framing_of(codec))
            .map(<[u8]>::to_vec)
            .collect(),
    }
}

/// Sends packets through a reorder buffer and a depacketizer; frames and errors.
fn received(codec: &Codec, packets: &[Vec<u8>]) -> (Vec<Frame>, Vec<DepacketizeError>) {
    let mut buffer = ReorderBuffer::new(ReorderLimits::default());
    let mut depacketizer = Depacketizer::new(codec, framing_of(codec)).unwrap();
    let (mut frames, mut errors) = (Vec::new(), Vec::new());
    for packet in packets {
        let packet = RtpPacket::decode(Bytes::from(packet.clone())).unwrap();
        buffer.push(packet, Duration::ZERO);
    }
    buffer.flush();
    while let Some(ordered) = buffer.poll() {
        errors.extend(depacketizer.push(&ordered.packet).err());
        frames.extend(std::iter::from_fn(|| depacketizer.poll()));
    }
    depacketizer.flush();
    frames.extend(std::iter::from_fn(|| depacketizer.poll()));
    (frames, errors)
}

#[test]
fn shuffled_packets_without_loss_give_every_frame_whole() {
    for track in tracks() {
        let framing = framing_of(&track.codec);
        let mut packets = packetized(&track.codec, framing, 200, &track.frames);
        for at in (0..packets.len() - 3).step_by(4).filter(|at| *at > 0) {
            packets.swap(at, at + 2);
        }
        let (frames, errors) = received(&track.codec, &packets);
        assert_eq!(errors, []);
        assert!(frames.iter().all(|frame| frame.complete && frame.lost == 0));
        let found: Vec<_> = frames
            .iter()
            .map(|f| (f.timestamp.get(), f.data.to_vec()))
            .collect();
        assert_eq!(found, track.frames, "{:?}", track.codec);
    }
}

#[test]
fn a_join_in_the_middle_of_a_frame_begins_with_the_next_whole_one() {
    for track in tracks() {
        let packets = packetized(&track.codec, framing_of(&track.codec), 200, &track.frames);
        let per_frame = packets.len() / track.frames.len();
        if per_frame < 2 {
            continue;
        }
        let (frames, _) = received(&track.codec, &packets[1..]);
        let first = frames.iter().find(|frame| frame.complete).unwrap();
        let original = track
            .frames
            .iter()
            .find(|(t, _)| *t == first.timestamp.get())
            .unwrap();
        // Parameter sets before the first slice may be lost without being missed.
        assert!(original.1.ends_with(&first.data), "{:?}", track.codec);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_loss_ever_makes_a_corrupt_unit(
        drops in proptest::collection::vec(0_u8..10, 80),
        swaps in proptest::collection::vec((1_usize..70, 1_usize..6), 0..20),
        doubles in proptest::collection::vec(1_usize..70, 0..6),
    ) {
        for track in tracks() {
            let framing = framing_of(&track.codec);
            let sent = packetized(&track.codec, framing, 200, &track.frames);
            let mut packets: Vec<_> = sent
                .iter()
                .enumerate()
                // The first packet tells where the others stand.
                .filter(|(n, _)| *n == 0 || drops.get(n % 80).is_none_or(|drop| *drop > 1))
                .map(|(_, packet)| packet.clone())
                .collect();
            let lost = sent.len() - packets.len();
            for (at, by) in &swaps {
                if at + by < packets.len() {
                    packets.swap(*at, at + by);
                }
            }
            for at in &doubles {
                if let Some(packet) = packets.get(*at).cloned() {
                    packets.insert(at + 1, packet);
                }
            }
            let (frames, errors) = received(&track.codec, &packets);
            for frame in &frames {
                let original = track.frames.iter().find(|(t, _)| *t == frame.timestamp.get());
                let (_, original) = original.expect("a time that was sent");
                if frame.complete {
                    // What stands before the slices may be lost without being missed.
                    prop_assert!(original.ends_with(&frame.data), "{:?}", track.codec);
                }
                let known = units_of(&track.codec, original);
                for unit in frame.units() {
                    prop_assert!(known.iter().any(|k| k == unit), "{:?}: corrupt", track.codec);
                }
            }
            if frames.len() < track.frames.len() {
                prop_assert!(lost > 0);
                let marked = frames.iter().any(|f| f.lost > 0 || !f.complete);
                let at_the_end = frames.last().is_none_or(|f| f.timestamp.get() < 33_000);
                prop_assert!(marked || at_the_end || !errors.is_empty(), "{:?}", track.codec);
            }
        }
    }

    #[test]
    fn no_payload_makes_a_depacketizer_panic_or_hold_more_than_its_limit(
        payloads in proptest::collection::vec(
            (proptest::collection::vec(any::<u8>(), 0..60), any::<bool>(), 0_u32..3), 1..20),
    ) {
        for track in tracks() {
            let mut copying = Depacketizer::new(&track.codec, Framing::AnnexB)
                .unwrap()
                .with_max_frame_len(1000);
            let mut slicing = Depacketizer::slices(&track.codec).unwrap();
            for (sequence, (payload, marker, timestamp)) in payloads.iter().enumerate() {
                let mut bytes = vec![0x80, if *marker { 0xe0 } else { 0x60 }];
                bytes.extend(u16::try_from(sequence).unwrap().to_be_bytes());
                bytes.extend(timestamp.to_be_bytes());
                bytes.extend([0; 4]);
                bytes.extend(payload);
                let _ = copying.push(&RtpPacket::decode(&bytes).unwrap());
                let _ = slicing.push(RtpPacket::decode(Bytes::from(bytes)).unwrap());
                while let Some(frame) = copying.poll() {
                    prop_assert!(frame.data.len() <= 2000, "{} bytes", frame.data.len());
                    prop_assert!(frame.units().count() > 0);
                }
                while let Some(frame) = slicing.poll() {
                    prop_assert!(frame.units().count() > 0);
                }
            }
        }
    }
}

#[test]
fn a_frame_over_the_limit_is_dropped_and_said_so() {
    let codec = Codec::H264(h264::Parameters::default());
    let frames = [
        (0, length_prefixed(&[unit(&[0x65, 0x88], 1, 5000)])),
        (3000, length_prefixed(&[unit(&[0x65, 0x88], 2, 300)])),
    ];
    let packets = packetized(&codec, Framing::LengthPrefixed, 600, &frames);
    let mut depacketizer = Depacketizer::new(&codec, Framing::LengthPrefixed)
        .unwrap()
        .with_max_frame_len(2000);
    let mut too_long = 0;
    for packet in &packets {
        let pushed = depacketizer.push(&RtpPacket::decode(packet).unwrap());
        too_long += usize::from(matches!(
            pushed,
            Err(DepacketizeError::FrameTooLong { limit: 2000, .. })
        ));
    }
    assert_eq!(too_long, 1);
    let frame = depacketizer.poll().unwrap();
    assert_eq!(
        (frame.timestamp.get(), &frame.data[..]),
        (3000, &frames[1].1[..])
    );
    assert!(depacketizer.poll().is_none());
}

#[test]
fn known_parameter_sets_go_before_key_frames_that_come_without() {
    let (sps, pps) = (
        crate::vectors::hex("674d001f95a814016e9b80808081"),
        vec![0x68, 0xee, 0x3c, 0x80],
    );
    let parameters = h264::Parameters::default()
        .with_parameter_set(&sps)
        .with_parameter_set(&pps);
    let codec = Codec::H264(parameters);
    let slice = unit(&[0x65, 0x88], 1, 300);
    let frames = [(0, length_prefixed(std::slice::from_ref(&slice)))];
    let packets = packetized(&codec, Framing::LengthPrefixed, 200, &frames);
    let mut depacketizer = Depacketizer::new(&codec, Framing::Raw)
        .unwrap()
        .with_parameter_sets_repeated();
    for packet in &packets {
        depacketizer
            .push(&RtpPacket::decode(packet).unwrap())
            .unwrap();
    }
    let frame = depacketizer.poll().unwrap();
    let units: Vec<_> = frame.units().collect();
    assert_eq!(units, [&sps[..], &pps, &slice]);
}

#[test]
fn interleaved_access_units_come_out_in_order_of_time() {
    // RFC 3640, section 3.2.3.2: two packets with units 0, 2, 4 and 1, 3, 5.
    let codec = Codec::Aac(aac::Parameters::new(
        Bytes::from_static(&[0x11, 0x90]),
        48_000,
        2,
    ));
    let packet = |sequence: u8, timestamp: u32, first: u8| {
        let mut bytes = vec![0x80, 0xe0, 0, sequence];
        bytes.extend(timestamp.to_be_bytes());
        bytes.extend([0, 0, 0, 1, 0, 48]);
        // Size 4, then index 0 or index delta 1.
        bytes.extend([0, 4 << 3, 0, (4 << 3) | 1, 0, (4 << 3) | 1]);
        for unit in [first, first + 2, first + 4] {
            bytes.extend([unit; 4]);
        }
        bytes
    };
    let packets = [packet(1, 0, 0), packet(2, 1024, 1), packet(3, 6144, 6)];
    let (frames, errors) = received(&codec, &packets);
    assert_eq!(errors, []);
    let found: Vec<_> = frames
        .iter()
        .map(|f| (f.timestamp.get() / 1024, u32::from(f.data[4])))
        .collect();
    let expected: Vec<_> = [0, 1, 2, 3, 4, 5, 6, 8, 10].map(|n| (n, n)).to_vec();
    assert_eq!(found, expected);
}

#[test]
fn a_source_that_begins_elsewhere_is_followed_from_its_second_packet() {
    let codec = Codec::Opus(2);
    let packet = |sequence: u16| {
        let mut bytes = vec![0x80, 0x60];
        bytes.extend(sequence.to_be_bytes());
        bytes.extend([0, 0, 0, 1, 0, 0, 0, 1, 0xf8, 1]);
        bytes
    };
    let packets = [100, 101, 101, 99, 30_000, 30_001, 30_002].map(packet);
    let (frames, errors) = copied(&codec, Framing::Raw, &packets);
    assert_eq!(
        (frames.len(), errors),
        (4, 3),
        "a double, a late one and a stray"
    );
}
