//! Configuration records against vectors_config.json (ffprobe and ISO/IEC 14496-3 by hand), and
//! bytes written out from the specifications where there is no vector.

use proptest::prelude::*;
use serde_json::Value;
use weir_flv::FourCc;
use weir_flv::body::{Codec, MediaKind, PacketType};
use weir_flv::codec::{
    AacConfig, Av1Config, AvcConfig, Chroma, CodecConfig, FlacConfig, HevcConfig, OpusConfig,
    Picture, Signalling, VpxConfig, VvcConfig, adts, nal,
};

use crate::vectors::{clean_tags, hex, load, names, path, unhex};

fn vectors(section: &str) -> Vec<Value> {
    let file = std::fs::read(path("vectors_config.json")).expect("vectors");
    let all: Value = serde_json::from_slice(&file).expect("JSON");
    all[section].as_array().expect("section").clone()
}

fn codec_of(name: &str) -> Codec {
    let code: [u8; 4] = if name == "avc" {
        *b"avc1"
    } else {
        name.as_bytes().try_into().unwrap()
    };
    Codec::FourCc(FourCc::from(code))
}

#[test]
fn video_records_parse_to_their_truth() {
    for vector in vectors("video") {
        let name = vector["name"].as_str().expect("name");
        let bytes = unhex(vector["hex"].as_str().expect("hex"));
        let codec = codec_of(vector["codec"].as_str().expect("codec"));
        let config = CodecConfig::decode(codec, &bytes).expect(name).expect(name);
        let truth = &vector["truth"];
        let profile = match &config {
            CodecConfig::Avc(avc) => avc.parse_sps().expect(name).profile_name(),
            CodecConfig::Hevc(hevc) => hevc.profile_name(),
            CodecConfig::Av1(av1) => av1.profile_name(),
            CodecConfig::Vpx(vpx) => ["Profile 0"].get(usize::from(vpx.profile)).copied(),
            _ => None,
        };
        assert_eq!(profile, truth["profile"].as_str(), "{name}");
        if let CodecConfig::Vpx(vpx) = &config {
            // The record has no size.
            assert_eq!(
                pix_fmt(vpx.chroma().unwrap(), vpx.bit_depth),
                truth["pix_fmt"],
                "{name}"
            );
            continue;
        }
        if let CodecConfig::Avc(avc) = &config {
            let sps = avc.parse_sps().expect(name);
            assert_eq!(u64::from(sps.level), truth["level"], "{name}");
            assert_eq!(
                sps.max_reorder_frames.map(u64::from),
                truth["has_b_frames"].as_u64()
            );
        }
        picture_is(name, &config.picture().expect(name), &vector);
    }
}

fn picture_is(name: &str, picture: &Picture, vector: &Value) {
    let truth = &vector["truth"];
    assert_eq!(u64::from(picture.width), truth["width"], "{name}");
    assert_eq!(u64::from(picture.height), truth["height"], "{name}");
    assert_eq!(
        pix_fmt(picture.chroma, picture.bit_depth),
        truth["pix_fmt"],
        "{name}"
    );
    let rate = vector["encoder_fps"].as_str().expect("fps");
    let (num, den) = rate.split_once('/').unwrap_or((rate, "1"));
    let rate = num.parse::<f64>().unwrap() / den.parse::<f64>().unwrap();
    if let Some(ours) = picture.frame_rate {
        assert!((ours.as_f64() - rate).abs() < 1e-9, "{name}: {ours:?}");
    } else {
        assert_eq!(name, "av1_svt", "only SVT-AV1 says no rate");
    }
    if let Some(ratio) = truth["sample_aspect_ratio"].as_str() {
        let ours = picture.sample_aspect_ratio.expect(name);
        let (width, height) = ratio.split_once(':').expect("ratio");
        let width: f64 = width.parse().unwrap();
        let height: f64 = height.parse().unwrap();
        assert!((ours.as_f64() - width / height).abs() < 1e-9, "{name}");
    }
    if let Some(order) = truth["field_order"].as_str() {
        assert_eq!(picture.interlaced, order != "progressive", "{name}");
    }
    if truth["color_space"].is_string() {
        // bt470bg is number 5 as primaries and matrix; as transfer ffprobe names gamma28 so.
        let color = picture.color.expect(name);
        assert_eq!(
            (color.primaries, color.transfer, color.matrix),
            (5, 5, 5),
            "{name}"
        );
        assert!(!color.full_range, "{name}");
    }
}

fn pix_fmt(chroma: Chroma, bit_depth: u8) -> String {
    let sampling = match chroma {
        Chroma::Monochrome => "gray",
        Chroma::Yuv420 => "yuv420p",
        Chroma::Yuv422 => "yuv422p",
        Chroma::Yuv444 => "yuv444p",
    };
    if bit_depth == 8 {
        sampling.to_owned()
    } else {
        format!("{sampling}{bit_depth}le")
    }
}

#[test]
fn aac_records_parse_to_their_truth() {
    for vector in vectors("aac") {
        let name = vector["name"].as_str().expect("name");
        let bytes = unhex(vector["hex"].as_str().expect("hex"));
        let config = AacConfig::decode(&bytes).expect(name);
        let truth = &vector["truth"];
        assert_eq!(u64::from(config.object_type), truth["aot"], "{name}");
        assert_eq!(u64::from(config.sample_rate), truth["core_rate"], "{name}");
        assert_eq!(u64::from(config.output_rate()), truth["rate"], "{name}");
        assert_eq!(
            u64::from(config.channel_config),
            truth["channel_config"],
            "{name}"
        );
        assert_eq!(
            config.channels().map(u64::from),
            truth["channels"].as_u64(),
            "{name}"
        );
        assert_eq!(u64::from(config.frame_len()), truth["frame"], "{name}");
        assert_eq!(config.sbr, truth["sbr"].as_bool(), "{name}");
        assert_eq!(config.ps, truth["ps"].as_bool(), "{name}");
        let explicit = match config.signalling {
            Signalling::Explicit => Some(if config.ps == Some(true) { 29 } else { 5 }),
            _ => None,
        };
        assert_eq!(explicit, truth["ext_aot"].as_u64(), "{name}");
        let again = config.encode().expect(name);
        assert!(
            bytes.starts_with(&again) || again.starts_with(&bytes),
            "{name} {}",
            hex(&again)
        );
        assert_eq!(AacConfig::decode(&again), Ok(config), "{name}");
    }
}

#[test]
fn opus_records_parse_to_their_truth() {
    for vector in vectors("other") {
        let bytes = unhex(vector["hex"].as_str().expect("hex"));
        let config = OpusConfig::decode(&bytes).expect("OpusHead");
        let truth = &vector["truth"];
        assert_eq!(u64::from(config.version), truth["version"]);
        assert_eq!(u64::from(config.channels), truth["channels"]);
        assert_eq!(u64::from(config.pre_skip), truth["pre_skip"]);
        assert_eq!(u64::from(config.input_rate), truth["input_rate"]);
        assert_eq!(i64::from(config.gain), truth["gain"]);
        assert_eq!(u64::from(config.family), truth["family"]);
        assert_eq!(config.encode(), bytes);
    }
}

#[test]
fn video_records_are_written_as_they_were_read() {
    for vector in vectors("video") {
        let name = vector["name"].as_str().expect("name");
        let bytes = unhex(vector["hex"].as_str().expect("hex"));
        let codec = codec_of(vector["codec"].as_str().expect("codec"));
        let again = match CodecConfig::decode(codec, &bytes).expect(name).expect(name) {
            CodecConfig::Avc(config) => config.encode().expect(name),
            CodecConfig::Hevc(config) => config.encode().expect(name),
            CodecConfig::Av1(config) => config.encode(),
            // FFmpeg's four bytes of box header are left out.
            CodecConfig::Vpx(config) => [&[1, 0, 0, 0][..], &config.encode()].concat(),
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(hex(&again), hex(&bytes), "{name}");
    }
}

#[test]
fn records_can_be_made_from_parameter_sets() {
    for vector in vectors("video") {
        let name = vector["name"].as_str().expect("name");
        let bytes = unhex(vector["hex"].as_str().expect("hex"));
        match vector["codec"].as_str().expect("codec") {
            "avc" => {
                let read = AvcConfig::decode(&bytes).expect(name);
                let made = AvcConfig::new(read.sps.clone(), read.pps.clone()).expect(name);
                assert_eq!(
                    (made.profile, made.level),
                    (read.profile, read.level),
                    "{name}"
                );
                assert_eq!((made.sps, made.pps), (read.sps, read.pps), "{name}");
            }
            "hvc1" => {
                let read = HevcConfig::decode(&bytes).expect(name);
                let units = |kind| read.units(kind).collect();
                let made = HevcConfig::new(
                    units(HevcConfig::VPS),
                    units(HevcConfig::SPS),
                    units(HevcConfig::PPS),
                )
                .expect(name);
                let mut expected = read.clone();
                expected.arrays.truncate(3);
                // x265 leaves these to the SPS; the record made from it repeats them.
                expected.constraints = made.constraints;
                expected
                    .arrays
                    .iter_mut()
                    .for_each(|array| array.complete = true);
                assert_eq!(made, expected, "{name}");
            }
            _ => {}
        }
    }
}

#[test]
fn every_sequence_start_of_the_vectors_is_a_record() {
    for name in names("o")
        .into_iter()
        .filter(|name| !name.starts_with("ob"))
    {
        let mut records = 0;
        for tag in clean_tags(&load(&name).file) {
            for packet in tag.tag.packets().map(|packet| packet.expect("valid body")) {
                if packet.packet_type != PacketType::SequenceStart {
                    continue;
                }
                let config = CodecConfig::decode(packet.codec, packet.payload)
                    .unwrap_or_else(|error| panic!("{name} at {}: {error}", tag.offset));
                records += usize::from(config.is_some());
                if let Some(CodecConfig::Flac(flac)) = config {
                    let rate = if name.starts_with("o13") {
                        44_100
                    } else {
                        48_000
                    };
                    assert_eq!(flac.sample_rate, rate, "{name}");
                    assert_eq!((flac.bits_per_sample, flac.min_block), (16, flac.max_block));
                }
            }
        }
        let has_none = ["o05", "o06", "o07", "o08", "o09"].contains(&&name[..3]);
        assert_eq!(records == 0, has_none, "{name}");
    }
}

#[test]
fn flac_headers_of_all_three_lengths_are_one() {
    let tags = clean_tags(&load("os7_flac_spec_header").file);
    let packet = tags[1]
        .tag
        .packets()
        .next()
        .expect("packet")
        .expect("valid");
    assert_eq!(packet.payload.len(), 42);
    let config = FlacConfig::decode(packet.payload).expect("42 bytes");
    assert_eq!(FlacConfig::decode(&packet.payload[4..]), Ok(config));
    assert_eq!(FlacConfig::decode(&packet.payload[8..]), Ok(config));
    assert_eq!(FlacConfig::decode(&config.encode()), Ok(config));
    assert!(FlacConfig::decode(&packet.payload[9..]).is_err());
}

#[test]
fn a_vp8_record_is_the_bare_eight_bytes() {
    // Written out from "VP Codec ISO Media File Format Binding": profile 0, level 1.0, 8 bits,
    // 4:2:0 colocated, limited range, BT.709.
    let bytes = [0, 10, 0x82, 1, 1, 1, 0, 0];
    let config = VpxConfig::decode(&bytes).expect("record");
    assert_eq!(
        (config.bit_depth, config.chroma()),
        (8, Some(Chroma::Yuv420))
    );
    assert!(!config.boxed);
    assert_eq!(config.encode(), bytes);
}

#[test]
fn a_vvc_record_is_read_field_by_field() {
    // Written out from ISO/IEC 14496-15:2022, section 11.2.4.2: 4 byte lengths, with PTL; ols 0,
    // 1 sublayer, 4:2:0, 10 bits, 1 constraint byte, Main 10, level 4.0 (64), 320x180, 25 fps in
    // 1/256, one complete array with an SPS that begins as H.266, section 7.3.2.4 says.
    let sps = sps_of_320_by_180();
    let mut bytes = unhex("ff 0011 5f 01 02 40 00 00 0140 00b4 1900 02 8f 0001");
    bytes.extend(u16::try_from(sps.len()).unwrap().to_be_bytes());
    bytes.extend(&sps);
    // Decoding capability information has no count.
    bytes.extend(unhex("8d 0002 0069"));
    let config = VvcConfig::decode(&bytes).expect("record");
    let ptl = config.ptl.as_ref().expect("PTL");
    assert_eq!((ptl.profile, ptl.level, ptl.high_tier), (1, 64, false));
    assert_eq!(
        (ptl.max_width, ptl.max_height, ptl.bit_depth),
        (320, 180, 10)
    );
    assert_eq!((ptl.chroma_format, ptl.avg_frame_rate), (1, 25 * 256));
    assert_eq!(config.length_size, 4);
    assert_eq!(
        config.units(VvcConfig::DCI).collect::<Vec<_>>(),
        [[0x00, 0x69]]
    );
    let picture = config.parse_sps().expect("SPS").picture;
    assert_eq!((picture.width, picture.height), (320, 180));
    assert_eq!((picture.coded_width, picture.coded_height), (320, 184));
    assert_eq!((picture.bit_depth, picture.chroma), (10, Chroma::Yuv420));
    assert_eq!(config.encode().as_deref(), Ok(&bytes[..]));
}

/// Bits of an SPS with PTL, 320x184 cropped by 2 units of 2 rows at the bottom, 10 bits.
fn sps_of_320_by_180() -> Vec<u8> {
    let bits = [
        "0000000001111001", // header: layer 0, type 15, temporal id 1
        "0000 0000 000 01 10 1",
        "0000001 0 01000000 1 0 0 00000", // PTL: Main 10, tier, level, flags, no GCI, aligned
        "00000000",                       // no sub-profiles
        "0 0",
        "00000000101000001", // 320
        "000000010111001",   // 184
        "1 1 1 1 011",       // crop 0 0 0 2
        "0",
        "011", // 2: 10 bits
        "1000000",
    ];
    let bits: Vec<u8> = bits.concat().bytes().filter(|bit| *bit != b' ').collect();
    bits.chunks(8)
        .map(|byte| byte.iter().fold(0, |value, bit| value << 1 | (bit - b'0')) << (8 - byte.len()))
        .collect()
}

#[test]
fn aac_with_its_channels_listed_counts_them() {
    // ISO/IEC 14496-3, section 4.4.1.1: LC, 48 kHz, front centre and pair, back pair, LFE.
    let bits = "00010 0011 0000 0 0 0 \
        0000 01 0011 0010 0000 0001 01 000 0000 0 0 0 0 0000 1 0000 1 0001 0000";
    let bits: Vec<u8> = bits
        .bytes()
        .filter(|bit| matches!(bit, b'0' | b'1'))
        .collect();
    let mut bytes: Vec<u8> = bits
        .chunks(8)
        .map(|byte| byte.iter().fold(0, |value, bit| value << 1 | (bit - b'0')) << (8 - byte.len()))
        .collect();
    bytes.extend(b"\x03abc");
    let config = AacConfig::decode(&bytes).expect("record");
    let program = config.program.as_ref().expect("program");
    assert_eq!(
        (program.front.len(), program.back.len(), program.lfe.len()),
        (2, 1, 1)
    );
    assert_eq!(program.comment, b"abc");
    assert_eq!(config.channels(), Some(6));
    assert_eq!(config.encode().map(|bytes| hex(&bytes)), Ok(hex(&bytes)));
}

#[test]
fn reserved_sample_rates_are_malformed() {
    // Sampling frequency index 13.
    assert!(AacConfig::decode(&[0x16, 0x90]).is_err());
    // 15 is a rate of 24 bits: 44,056 Hz.
    let config = AacConfig::decode(&unhex("17 80 56 0c 10")).expect("explicit rate");
    assert_eq!((config.sample_rate, config.channels()), (44_056, Some(2)));
}

#[test]
fn nal_units_change_between_both_forms() {
    let stream = unhex("00000001 6742c00d 000001 68ce 00000001 6588 0000");
    let mut payload = Vec::new();
    nal::to_length_prefixed(&stream, 4, &mut payload).expect("short units");
    assert_eq!(hex(&payload), "000000046742c00d0000000268ce000000026588");
    let mut again = Vec::new();
    nal::to_annex_b(&payload, 4, &mut again).expect("whole units");
    assert_eq!(hex(&again), "000000016742c00d0000000168ce000000016588");
    // A unit longer than its length field holds.
    let long = [&[0, 0, 1][..], &[7; 300]].concat();
    assert!(nal::to_length_prefixed(&long, 1, &mut payload).is_err());
    // Lengths of 0 are stepped over and lengths past the end are an error.
    let units: Vec<_> = nal::length_prefixed(&[0, 0, 0, 1, 9, 0, 0xff], 2).collect();
    assert_eq!(units.len(), 2);
    assert_eq!(units[0], Ok(&[9][..]));
    assert!(units[1].is_err());
}

#[test]
fn adts_frames_become_raw_frames() {
    let config = AacConfig::lc(44_100, 2);
    let mut stream = adts::header(&config, 3).expect("ADTS can say it").to_vec();
    // ISO/IEC 14496-3, section 1.A.2.2: LC, index 4, 2 channels, 10 bytes.
    assert_eq!(hex(&stream), "fff15080015ffc");
    stream.extend([1, 2, 3]);
    // With a CRC: protection_absent is 0 and the header is two bytes longer.
    stream.extend(unhex("fff0 5080 017f fc abcd 0405"));
    let frames: Result<Vec<_>, _> = adts::frames(&stream).collect();
    let frames = frames.expect("valid");
    assert_eq!(frames.len(), 2);
    assert_eq!(frames[0].config, config);
    assert_eq!(
        (frames[0].payload, frames[1].payload),
        (&[1, 2, 3][..], &[4, 5][..])
    );
    assert!(adts::frames(&stream[1..]).next().expect("one").is_err());
    assert!(adts::header(&config, 8_185).is_err());
}

#[test]
fn every_prefix_of_a_record_is_an_error_or_a_shorter_record() {
    for section in ["video", "aac", "other"] {
        for vector in vectors(section) {
            let bytes = unhex(vector["hex"].as_str().expect("hex"));
            let codec = codec_of(vector["codec"].as_str().unwrap_or("mp4a"));
            for len in 0..bytes.len() {
                if let Ok(Some(config)) = CodecConfig::decode(codec, &bytes[..len]) {
                    let _ = (config.picture(), config.sound());
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn records_of_random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for code in FourCc::ALL {
            if let Ok(Some(config)) = CodecConfig::decode(Codec::FourCc(*code), &bytes) {
                let _ = (config.picture(), config.sound());
            }
        }
        let mut with_start = vec![1];
        with_start.extend(&bytes);
        let _ = AvcConfig::decode(&with_start).map(|config| config.parse_sps());
        with_start[0] = 0x81;
        let _ = Av1Config::decode(&with_start).map(|config| config.parse_sequence_header());
        let _ = nal::annex_b(&bytes).count();
        for size in [1, 2, 4] {
            let _ = nal::length_prefixed(&bytes, size).count();
        }
        let _ = adts::frames(&bytes).count();
    }

    #[test]
    fn damaged_records_never_panic(
        index in 0_usize..64,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let vectors = vectors("video");
        let vector = &vectors[index % vectors.len()];
        let mut bytes = unhex(vector["hex"].as_str().expect("hex"));
        for (at, byte) in damage {
            let at = at.index(bytes.len().min(80));
            bytes[at] = byte;
        }
        let codec = codec_of(vector["codec"].as_str().expect("codec"));
        if let Ok(Some(config)) = CodecConfig::decode(codec, &bytes) {
            let _ = config.picture();
        }
    }
}

/// The first configuration and the first key frame of a video track.
fn config_and_key_frame(name: &str) -> (Vec<u8>, Vec<u8>) {
    let (mut config, mut frame) = (None, None);
    for tag in clean_tags(&load(name).file) {
        for packet in tag.tag.packets().map(|packet| packet.expect("valid")) {
            if packet.kind == MediaKind::Video && packet.is_sequence_start() {
                config.get_or_insert_with(|| packet.payload.to_vec());
            } else if packet.is_key_frame() {
                frame.get_or_insert_with(|| packet.payload.to_vec());
            }
        }
    }
    (config.expect("configuration"), frame.expect("key frame"))
}

#[test]
fn a_key_frame_of_av1_makes_the_record_its_muxer_wrote() {
    let (record, frame) = config_and_key_frame("o12_av1_opus_ertmp");
    let mut theirs = Av1Config::decode(&record).expect("record");
    // libaom's header outside the stream differs from the one in it by the tools in use.
    theirs.obus = Av1Config::new(&frame).expect("key frame").obus;
    assert_eq!(Av1Config::new(&frame), Ok(theirs));
    // Temporal delimiter, then a frame: nothing to make a record of.
    assert!(Av1Config::new(&[0x12, 0, 0x32, 1, 0]).is_err());
    assert!(Av1Config::new(&[]).is_err());
}

#[test]
fn a_key_frame_of_vp9_makes_the_record_its_muxer_wrote() {
    let (record, frame) = config_and_key_frame("o13_vp9_flac_ertmp");
    let theirs = VpxConfig::decode(&record).expect("record");
    let ours = VpxConfig::of_vp9(&frame).expect("key frame");
    assert_eq!(
        (ours.profile, ours.bit_depth, ours.chroma(), ours.full_range),
        (
            theirs.profile,
            theirs.bit_depth,
            theirs.chroma(),
            theirs.full_range
        )
    );
    // VP9, section 7.2: profile 1 in 4:4:4 as sRGB; an inter frame has no sync code.
    let srgb = VpxConfig::of_vp9(&[0xa0, 0x49, 0x83, 0x42, 0xe0]).expect("key frame");
    assert_eq!((srgb.profile, srgb.chroma()), (1, Some(Chroma::Yuv444)));
    assert_eq!((srgb.primaries, srgb.transfer, srgb.matrix), (1, 13, 0));
    assert!(VpxConfig::of_vp9(&[0x86, 0, 0, 0, 0]).is_err());
    for len in 0..5 {
        assert!(VpxConfig::of_vp9(&frame[..len]).is_err(), "{len} bytes");
    }
}
