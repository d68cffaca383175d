//! The payload vectors, in both output modes and back through the packetizers.

use bytes::Bytes;
use serde_json::Value;
use weir_rtsp::payload::{
    Codec, Depacketizer, Frame, Framing, Packetizer, PacketizerConfig, jpeg, vp8, vp9,
};
use weir_rtsp::rtp::{RtpPacket, RtpTime, SequenceNumber, Ssrc};
use weir_rtsp::sdp::{Fmtp, Format};

use crate::vectors::{hex, load, number, sha256, to_hex};

/// A frame as the vectors write it.
#[derive(Debug, PartialEq)]
pub(crate) struct Plain {
    pub(crate) timestamp: u32,
    pub(crate) units: Vec<Vec<u8>>,
}

fn codec_of(vector: &Value) -> Codec {
    let name = match vector["codec"].as_str().unwrap() {
        "mpa" => "MPA",
        name => name,
    };
    let params = &vector["params"];
    let mut format = Format::new(96, name.to_string(), number(&params["clock_rate"]));
    if let Some(fmtp) = params["fmtp"].as_str() {
        format = format.with_fmtp(Fmtp::from(fmtp.to_string()));
    }
    if params["channels"].is_u64() {
        format = format.with_channels(number(&params["channels"]));
    }
    Codec::from_sdp(&format).unwrap()
}

fn packets_of(vector: &Value) -> Vec<Vec<u8>> {
    let packets = vector["packets"].as_array().unwrap();
    packets.iter().map(|p| hex(p.as_str().unwrap())).collect()
}

/// Runs packets through copy mode: frames, and how many pushes failed.
pub(crate) fn copied(codec: &Codec, framing: Framing, packets: &[Vec<u8>]) -> (Vec<Frame>, usize) {
    let mut depacketizer = Depacketizer::new(codec, framing).unwrap();
    let (mut frames, mut errors) = (Vec::new(), 0);
    for packet in packets {
        let packet = RtpPacket::decode(packet).unwrap();
        errors += usize::from(depacketizer.push(&packet).is_err());
        frames.extend(std::iter::from_fn(|| depacketizer.poll()));
    }
    (frames, errors)
}

pub(crate) fn sliced(codec: &Codec, packets: &[Vec<u8>]) -> (Vec<Frame<Vec<Bytes>>>, usize) {
    let mut depacketizer = Depacketizer::slices(codec).unwrap();
    let (mut frames, mut errors) = (Vec::new(), 0);
    for packet in packets {
        let packet = RtpPacket::decode(Bytes::from(packet.clone())).unwrap();
        errors += usize::from(depacketizer.push(packet).is_err());
        frames.extend(std::iter::from_fn(|| depacketizer.poll()));
    }
    (frames, errors)
}

/// The units of a frame in the form of the vectors: OBUs without size, JPEG without headers.
fn plain(codec: &Codec, timestamp: RtpTime, units: Vec<Vec<u8>>) -> Plain {
    let bare = |unit: Vec<u8>| match codec {
        Codec::Av1(_) => without_obu_size(unit),
        Codec::Jpeg => scan_of(&unit),
        _ => unit,
    };
    Plain {
        timestamp: timestamp.get(),
        units: units.into_iter().map(bare).collect(),
    }
}

fn without_obu_size(mut obu: Vec<u8>) -> Vec<u8> {
    if obu[0] & 2 != 0 {
        obu[0] &= !2;
        let at = if obu[0] & 4 != 0 { 2 } else { 1 };
        let len = obu[at..]
            .iter()
            .take_while(|byte| **byte & 0x80 != 0)
            .count()
            + 1;
        obu.drain(at..at + len);
    }
    obu
}

pub(crate) fn scan_of(image: &[u8]) -> Vec<u8> {
    assert_eq!(image[..2], [0xff, 0xd8]);
    let mut at = 2;
    loop {
        assert_eq!(image[at], 0xff, "a marker at {at}");
        let marker = image[at + 1];
        at += 2 + usize::from(u16::from_be_bytes([image[at + 2], image[at + 3]]));
        if marker == 0xda {
            break;
        }
    }
    image[at..].strip_suffix(&[0xff, 0xd9]).unwrap().to_vec()
}

fn check_frames(found: &[Plain], vector: &Value, mode: &str) {
    let id = &vector["id"];
    let wanted = vector["expect"]["frames"].as_array().unwrap();
    let times: Vec<u32> = found.iter().map(|f| f.timestamp).collect();
    assert_eq!(
        found.len(),
        wanted.len(),
        "{id} {mode}: frames at {times:?}"
    );
    for (frame, wanted) in found.iter().zip(wanted) {
        assert_eq!(frame.timestamp, wanted["ts"], "{id} {mode}");
        if let Some(units) = wanted["units"].as_array() {
            let found: Vec<_> = frame.units.iter().map(|u| to_hex(u)).collect();
            assert_eq!(
                Value::from(found),
                Value::from(units.clone()),
                "{id} {mode}"
            );
        } else {
            let sizes: Vec<_> = frame.units.iter().map(Vec::len).collect();
            assert_eq!(Value::from(sizes), wanted["unit_sizes"], "{id} {mode}");
            assert_eq!(
                digest(&frame.units),
                wanted["sha256_be32len"],
                "{id} {mode}"
            );
        }
    }
}

pub(crate) fn digest(units: &[Vec<u8>]) -> String {
    let mut bytes = Vec::new();
    for unit in units {
        bytes.extend(u32::try_from(unit.len()).unwrap().to_be_bytes());
        bytes.extend(unit);
    }
    sha256(&bytes)
}

/// Two MPEG audio frames come as two frames, the policy this crate took.
fn is_graded_apart(vector: &Value) -> bool {
    vector["id"] == "mpa-2-o"
}

#[test]
fn every_payload_vector_gives_its_frames_in_copy_mode() {
    for vector in load("payloads.json") {
        let codec = codec_of(&vector);
        for framing in [Framing::AnnexB, Framing::LengthPrefixed, Framing::Raw] {
            let (frames, errors) = copied(&codec, framing, &packets_of(&vector));
            let at_least = vector["expect"]["errors_at_least"].as_u64().unwrap_or(0);
            assert!(
                errors as u64 >= at_least,
                "{}: {errors} errors",
                vector["id"]
            );
            let frames: Vec<_> = frames
                .iter()
                .map(|f| plain(&codec, f.timestamp, f.units().map(<[u8]>::to_vec).collect()))
                .collect();
            if !is_graded_apart(&vector) {
                check_frames(&frames, &vector, &format!("{framing:?}"));
            }
        }
    }
}

#[test]
fn every_payload_vector_gives_its_frames_in_slice_mode() {
    for vector in load("payloads.json") {
        let codec = codec_of(&vector);
        let (frames, errors) = sliced(&codec, &packets_of(&vector));
        let at_least = vector["expect"]["errors_at_least"].as_u64().unwrap_or(0);
        assert!(
            errors as u64 >= at_least,
            "{}: {errors} errors",
            vector["id"]
        );
        let frames: Vec<_> = frames
            .iter()
            .map(|f| {
                plain(
                    &codec,
                    f.timestamp,
                    f.units().map(<[Bytes]>::concat).collect(),
                )
            })
            .collect();
        if !is_graded_apart(&vector) {
            check_frames(&frames, &vector, "slices");
        }
    }
}

#[test]
fn vectors_without_faults_raise_no_error() {
    for vector in load("payloads.json") {
        if vector["expect"]["errors_at_least"].is_null() {
            let (_, errors) = copied(&codec_of(&vector), Framing::AnnexB, &packets_of(&vector));
            assert_eq!(errors, 0, "{}", vector["id"]);
        }
    }
}

#[test]
fn two_mpeg_audio_frames_of_a_packet_come_apart() {
    let vectors = load("payloads.json");
    let vector = vectors
        .iter()
        .find(|vector| vector["id"] == "mpa-2-o")
        .unwrap();
    let (frames, _) = copied(&Codec::Mpa, Framing::Raw, &packets_of(vector));
    let found: Vec<_> = frames
        .iter()
        .map(|f| (f.timestamp.get(), f.data.len(), f.duration))
        .collect();
    assert_eq!(found, [(9, 192, Some(2160)), (2169, 192, Some(2160))]);
    let whole: Vec<u8> = frames.iter().flat_map(|f| f.data.to_vec()).collect();
    assert_eq!(to_hex(&whole), vector["expect"]["frames"][0]["units"][0]);
}

#[test]
fn durations_and_key_frames_are_those_of_the_vectors() {
    for vector in load("payloads.json") {
        let (frames, _) = copied(&codec_of(&vector), Framing::Raw, &packets_of(&vector));
        let wanted = vector["expect"]["frames"].as_array().unwrap();
        for (frame, wanted) in frames.iter().zip(wanted) {
            if let Some(duration) = wanted["duration"].as_u64() {
                assert_eq!(
                    frame.duration.map(u64::from),
                    Some(duration),
                    "{}",
                    vector["id"]
                );
            }
            if let Some(keyframe) = wanted["keyframe"].as_bool() {
                assert_eq!(frame.keyframe, keyframe, "{}", vector["id"]);
            }
        }
    }
}

#[test]
fn descriptors_say_what_the_vectors_say() {
    for vector in load("payloads.json") {
        let packets = packets_of(&vector);
        let packet = RtpPacket::decode(&packets[0]).unwrap();
        let wanted = &vector["expect"]["frames"][0];
        let found = match vector["codec"].as_str().unwrap() {
            "vp8" => vp8::Descriptor::decode(packet.payload()).map(describe_vp8),
            "vp9" => vp9::Descriptor::decode(packet.payload()).map(|d| describe_vp9(&d)),
            "jpeg" => jpeg::Header::decode(packet.payload()).map(describe_jpeg),
            _ => continue,
        };
        let Some(Value::Object(found)) = found else {
            assert!(wanted.is_null(), "{}", vector["id"]);
            continue;
        };
        for (key, value) in found {
            if !wanted[&key].is_null() {
                assert_eq!(wanted[&key], value, "{} {key}", vector["id"]);
            }
        }
    }
}

fn describe_vp8(d: vp8::Descriptor) -> Value {
    serde_json::json!({
        "picture_id": d.picture_id, "tl0picidx": d.tl0_picture_index, "keyidx": d.key_index,
        "tid": d.temporal_layer.map(|(tid, _)| tid), "non_ref": d.non_reference,
        "y": d.temporal_layer.map(|(_, y)| u8::from(y)),
    })
}

fn describe_vp9(d: &vp9::Descriptor) -> Value {
    let sizes: Vec<_> = d
        .layer_sizes
        .iter()
        .map(|(w, h)| serde_json::json!({ "w": w, "h": h }))
        .collect();
    serde_json::json!({
        "picture_id": d.picture_id, "tl0picidx": d.tl0_picture_index, "ss": sizes,
        "tid": d.layer.map(|l| l.temporal), "u": d.layer.map(|l| u8::from(l.switching_up)),
        "sid": d.layer.map(|l| l.spatial), "d": d.layer.map(|l| u8::from(l.inter_layer)),
        "p_diffs": d.reference_differences.to_vec(),
    })
}

fn describe_jpeg(h: jpeg::Header<'_>) -> Value {
    serde_json::json!({
        "type": h.kind, "q": h.quality, "width": h.width, "height": h.height,
        "restart_interval": h.restart_interval, "qtables": h.tables.map(to_hex),
        "sampling": if h.kind & 0x3f == 0 { "4:2:2" } else { "4:2:0" },
    })
}

/// Packetizes frames and gives the packets.
pub(crate) fn packetized(
    codec: &Codec,
    framing: Framing,
    max_packet_len: usize,
    frames: &[(u32, Vec<u8>)],
) -> Vec<Vec<u8>> {
    let mut config = PacketizerConfig::new(96, Ssrc::new(0x7765_6972));
    config.first_sequence = SequenceNumber::new(65_530);
    config.max_packet_len = max_packet_len;
    config.framing = framing;
    let mut packetizer = Packetizer::new(codec, config).unwrap();
    let mut out = Vec::new();
    for (timestamp, frame) in frames {
        let mut packets = packetizer
            .packetize(frame, RtpTime::new(*timestamp))
            .unwrap();
        while let Some(packet) = packets.next_packet() {
            assert!(packet.len() <= max_packet_len, "{} bytes", packet.len());
            out.push(packet.to_vec());
        }
    }
    assert_eq!(packetizer.packet_count() as usize, out.len());
    out
}

#[test]
fn what_a_vector_holds_survives_packetizing_at_any_packet_length() {
    let framing = Framing::LengthPrefixed;
    let mut trips = 0;
    for vector in load("payloads.json") {
        let mut codec = codec_of(&vector);
        if let Codec::H264(parameters) = &mut codec {
            parameters.packetization_mode = 1;
        }
        // Only H.264, H.265 and AAC take several units with lengths; the others one unit.
        let (frames, _) = copied(&codec, framing, &packets_of(&vector));
        let input: Vec<(u32, Vec<u8>)> = match codec {
            Codec::H264(_) | Codec::H265(_) | Codec::Aac(_) => contents(&frames),
            _ => contents(&copied(&codec, Framing::Raw, &packets_of(&vector)).0),
        };
        for max_packet_len in [200, 333, 1200, 65_535] {
            let longest = input.iter().map(|(_, data)| data.len()).max().unwrap_or(0);
            if matches!(codec, Codec::Opus(_)) && longest + 12 > max_packet_len {
                continue;
            }
            let packets = packetized(&codec, framing, max_packet_len, &input);
            let (again, errors) = match codec {
                Codec::H264(_) | Codec::H265(_) | Codec::Aac(_) => {
                    copied(&codec, framing, &packets)
                }
                _ => copied(&codec, Framing::Raw, &packets),
            };
            assert_eq!(errors, 0, "{} at {max_packet_len}", vector["id"]);
            let (again, input) = match codec {
                // These may be split anywhere.
                Codec::Pcm(_) | Codec::Mp2t => (joined(&contents(&again)), joined(&input)),
                _ => (contents(&again), input.clone()),
            };
            assert_eq!(again, input, "{} at {max_packet_len}", vector["id"]);
            trips += 1;
        }
    }
    assert!(trips > 300, "{trips} round trips");
}

fn contents(frames: &[Frame]) -> Vec<(u32, Vec<u8>)> {
    frames
        .iter()
        .map(|f| (f.timestamp.get(), f.data.to_vec()))
        .collect()
}

fn joined(frames: &[(u32, Vec<u8>)]) -> Vec<(u32, Vec<u8>)> {
    let data = frames.iter().flat_map(|(_, data)| data.clone()).collect();
    frames
        .first()
        .map(|(time, _)| (*time, data))
        .into_iter()
        .collect()
}

#[test]
fn the_latm_config_of_gstreamer_is_read() {
    // rtpmp4apay of GStreamer 1.22 in front of avenc_aac: the AudioSpecificConfig signals "no
    // SBR" behind itself, and nothing follows it.
    let format = Format::new(96, "MP4A-LATM", 44_100)
        .with_fmtp(Fmtp::from("cpresent=0;config=40002410adca00"));
    let codec = Codec::from_sdp(&format).unwrap();
    let Codec::Latm(parameters) = &codec else {
        panic!("{codec:?}");
    };
    assert_eq!(
        parameters.audio_config().as_deref(),
        Some(&[0x12, 0x08, 0x56, 0xe5, 0x00][..])
    );
    assert!(Depacketizer::new(&codec, Framing::Raw).is_ok());
}

#[test]
fn frames_of_one_unit_have_nothing_before_it() {
    // A VP8 key frame in one packet: RFC 7741, section 4.2; RFC 6386, section 9.1.
    let frame = [0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00];
    let mut packet = vec![0x80, 0xe0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0x10];
    packet.extend(frame);
    for framing in [Framing::AnnexB, Framing::LengthPrefixed, Framing::Raw] {
        let mut depacketizer = Depacketizer::new(&Codec::Vp8, framing).unwrap();
        depacketizer
            .push(&RtpPacket::decode(&packet[..]).unwrap())
            .unwrap();
        let got = depacketizer.poll().unwrap();
        assert_eq!(&got.data[..], frame, "{framing:?}");
        assert!(got.keyframe);
    }
}

#[test]
fn a_vp9_frame_without_p_is_a_key_frame_only_if_it_says_so() {
    // FFmpeg 5.1 writes a descriptor of one byte, B and E, before every frame. Behind it the
    // first bytes of a key frame and of an inter frame of libvpx.
    for (frame, is_key) in [
        (&[0x82, 0x49, 0x83, 0x42][..], true),
        (&[0x86, 0, 0x40, 0x92], false),
    ] {
        let mut packet = vec![0x80, 0xe0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0x0c];
        packet.extend(frame);
        let codec = Codec::from_sdp(&Format::new(96, "VP9", 90_000)).unwrap();
        let mut depacketizer = Depacketizer::new(&codec, Framing::Raw).unwrap();
        let packet = RtpPacket::decode(&packet[..]).unwrap();
        depacketizer.push(&packet).unwrap();
        assert_eq!(depacketizer.poll().unwrap().keyframe, is_key);
    }
}
