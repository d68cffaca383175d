//! Body headers, byte by byte from the specifications.

use weir_flv::body::{
    Class, Codec, FrameType, MediaKind, ModExType, MultitrackType, Packet, PacketType, SoundFormat,
    VideoCodecId, VideoCommand, classify, encode, packets,
};
use weir_flv::{FourCc, Malformed, TagKind, Timestamp};

use crate::vectors::{clean_tags, hex, load, names};

fn read(kind: TagKind, body: &[u8]) -> Result<Vec<Packet<'_>>, Malformed> {
    packets(kind, Timestamp::ZERO, body).collect()
}

fn one(kind: TagKind, body: &[u8]) -> Packet<'_> {
    let all = read(kind, body).expect("valid body");
    assert_eq!(all.len(), 1, "{}", hex(body));
    all[0]
}

#[test]
fn negative_composition_times_are_negative() {
    let packet = one(TagKind::VIDEO, &[0x27, 1, 0xff, 0xff, 0xc4, 0xaa]);
    assert_eq!(packet.cts, -60);
    assert_eq!(packet.pts().as_millis(), 0_u32.wrapping_sub(60));
}

#[test]
fn a_legacy_command_has_no_avc_header() {
    let packet = one(TagKind::VIDEO, &[0x57, 0]);
    assert_eq!(packet.packet_type, PacketType::Command);
    assert_eq!(packet.command(), Some(VideoCommand::START_SEEK));
    assert_eq!(packet.codec, Codec::Video(VideoCodecId::AVC));
}

#[test]
fn an_enhanced_command_has_no_four_cc() {
    let packet = one(TagKind::VIDEO, &[0xd0, 1]);
    assert_eq!(packet.command(), Some(VideoCommand::END_SEEK));
    assert_eq!(packet.codec, Codec::None);
}

#[test]
fn metadata_is_no_command_whatever_its_frame_type() {
    for first in [0xd4, 0x84, 0x94] {
        let body = [first, b'h', b'v', b'c', b'1', 2, 0, 0];
        let packet = one(TagKind::VIDEO, &body);
        assert_eq!(packet.packet_type, PacketType::Metadata, "{first:#x}");
        assert!(!packet.is_key_frame(), "{first:#x}");
    }
}

#[test]
fn vp6_has_a_crop_byte() {
    let packet = one(TagKind::VIDEO, &[0x14, 0x21, 9, 9]);
    assert_eq!((packet.vp6_crop, packet.payload), (Some(0x21), &[9, 9][..]));
    // With alpha the payload begins with the offset to it.
    let packet = one(TagKind::VIDEO, &[0x15, 0x10, 0, 0, 1, 9, 8]);
    assert_eq!(
        (packet.vp6_crop, packet.payload),
        (Some(0x10), &[0, 0, 1, 9, 8][..])
    );
}

#[test]
fn sound_bits_of_codecs_with_fixed_rates_are_not_believed() {
    for (first, rate) in [
        (0xb2, Some(16_000)), // Speex as FFmpeg writes it
        (0x72, Some(8_000)),  // G.711 A-law
        (0x5e, Some(8_000)),  // Nellymoser 8k
        (0x6a, Some(22_050)), // Nellymoser
        (0x2f, Some(44_100)), // MP3
        (0x36, Some(11_025)), // PCM
    ] {
        let body = [first, 0];
        let packet = one(TagKind::AUDIO, &body);
        assert_eq!(
            packet.sound.and_then(|sound| sound.sample_rate()),
            rate,
            "{first:#x}"
        );
    }
    let aac = one(TagKind::AUDIO, &[0xaf, 1, 0]);
    assert_eq!(aac.sound.and_then(|sound| sound.sample_rate()), None);
}

#[test]
fn composition_time_is_only_for_three_codecs() {
    let cts = |code: &[u8; 4]| {
        let body = [&[0x91][..], code, &[0, 0, 80, 7]].concat();
        let packet = one(TagKind::VIDEO, &body);
        (packet.cts, packet.payload.len())
    };
    assert_eq!(cts(b"avc1"), (80, 1));
    assert_eq!(cts(b"hvc1"), (80, 1));
    assert_eq!(cts(b"vvc1"), (80, 1));
    assert_eq!(cts(b"av01"), (0, 4));
    assert_eq!(cts(b"vp09"), (0, 4));
    assert_eq!(cts(b"vp08"), (0, 4));
}

#[test]
fn mod_ex_of_256_bytes_is_ff_00_ff() {
    let mut body = vec![0x97, 0xff, 0x00, 0xff];
    body.extend([7; 256]);
    body.push(0x53); // type 5, then CodedFramesX
    body.extend(b"hvc1");
    body.push(0xaa);
    let packet = one(TagKind::VIDEO, &body);
    let mod_ex: Vec<_> = packet.mod_ex.iter().collect();
    assert_eq!(mod_ex.len(), 1);
    assert_eq!(
        (mod_ex[0].kind, mod_ex[0].data.len()),
        (ModExType::from(5), 256)
    );
    assert_eq!(
        (packet.packet_type, packet.payload),
        (PacketType::CodedFramesX, &[0xaa][..])
    );
    assert_eq!(encode(&[packet]).as_deref(), Ok(&body[..]));
}

#[test]
fn a_modifier_whose_short_length_has_the_long_form_is_the_same_modifier() {
    // Found by fuzzing: 0xFF and 16 bits may say a length that eight bits could.
    let long = [0xf7, 0xff, 0x00, 0x00, 0x09, 0x50, 0, 0xfd, 0, 0, 0x55];
    let short = [0xf7, 0x00, 0x09, 0x50, 0, 0xfd, 0, 0, 0x55];
    let packet = one(TagKind::VIDEO, &long);
    let written = encode(&[packet]).expect("a packet that was read");
    assert_eq!(written, short);
    assert_eq!(packet.mod_ex, one(TagKind::VIDEO, &short).mod_ex);
}

#[test]
fn nano_offset_may_stand_behind_unknown_modifiers() {
    let mut body = vec![0x97, 0, 9, 0xa7, 2, 0x01, 0x86, 0xa0, 0x01];
    body.extend(b"avc1\x00\x00\x00\x55");
    let packet = one(TagKind::VIDEO, &body);
    assert_eq!((packet.nano, packet.payload), (100_000, &[0x55][..]));
    assert_eq!(packet.mod_ex.iter().count(), 2);
    assert_eq!(encode(&[packet]).as_deref(), Ok(&body[..]));
}

#[test]
fn a_nano_offset_of_a_millisecond_or_more_is_ignored() {
    let packet = |nano: [u8; 3]| {
        let mut body = vec![0x97, 2];
        body.extend(nano);
        body.push(0x03);
        body.extend(b"avc1\x55");
        one(TagKind::VIDEO, &body).nano
    };
    assert_eq!(packet([0x0f, 0x42, 0x3f]), 999_999);
    assert_eq!(packet([0x0f, 0x42, 0x40]), 0);
}

#[test]
fn many_tracks_of_many_codecs_name_each_codec() {
    let mut body = vec![0x95, 0x21];
    body.extend(b"mp4a\x00\x00\x00\x02\xaa\xab");
    body.extend(b"Opus\x05\x00\x00\x01\xba");
    let tracks = read(TagKind::AUDIO, &body).expect("valid");
    let seen: Vec<_> = tracks
        .iter()
        .map(|packet| (packet.track.as_u8(), packet.codec, packet.payload))
        .collect();
    assert_eq!(
        seen,
        [
            (0, Codec::FourCc(FourCc::AAC), &[0xaa, 0xab][..]),
            (5, Codec::FourCc(FourCc::OPUS), &[0xba][..]),
        ]
    );
    assert_eq!(
        tracks[1].multitrack,
        Some(MultitrackType::ManyTracksManyCodecs)
    );
    assert_eq!(encode(&tracks).as_deref(), Ok(&body[..]));
}

#[test]
fn a_track_longer_than_the_body_costs_that_track_only() {
    let mut body = vec![0x96, 0x13];
    body.extend(b"avc1\x00\x00\x00\x01\xaa\x01\x00\x00\x09\xbb");
    let mut tracks = packets(TagKind::VIDEO, Timestamp::ZERO, &body);
    assert_eq!(
        tracks.next().expect("first").expect("whole").payload,
        [0xaa]
    );
    assert_eq!(
        tracks.next(),
        Some(Err(Malformed::Short {
            what: "track",
            offset: 15,
            wanted: 9,
            left: 1
        }))
    );
    assert_eq!(tracks.next(), None);
}

#[test]
fn multitrack_inside_multitrack_is_malformed() {
    let body = [0x96, 0x06, b'a', b'v', b'c', b'1', 0, 0];
    assert!(matches!(
        read(TagKind::VIDEO, &body),
        Err(Malformed::Value {
            offset: 1,
            got: 6,
            ..
        })
    ));
    let body = [0x96, 0x31, b'a', b'v', b'c', b'1', 0, 0];
    assert!(matches!(
        read(TagKind::VIDEO, &body),
        Err(Malformed::Value {
            what: "multitrackType",
            offset: 1,
            got: 3,
            ..
        })
    ));
}

#[test]
fn empty_bodies_have_no_packets() {
    for kind in [TagKind::AUDIO, TagKind::VIDEO, TagKind::SCRIPT] {
        assert_eq!(read(kind, &[]), Ok(vec![]));
    }
    assert_eq!(classify(TagKind::AUDIO, &[]), Class::Empty);
}

#[test]
fn an_empty_sequence_start_is_valid() {
    let packet = one(TagKind::AUDIO, b"\x90ac-3");
    assert_eq!(
        (packet.packet_type, packet.payload),
        (PacketType::SequenceStart, &[][..])
    );
}

#[test]
fn bodies_that_end_early_say_where() {
    for (kind, body, offset, wanted) in [
        (TagKind::AUDIO, &[0xaf][..], 1, 1),
        (TagKind::VIDEO, &[0x17, 1, 0, 0], 2, 3),
        (TagKind::VIDEO, &[0x91, b'a', b'v'], 1, 4),
        (TagKind::VIDEO, &[0x97], 1, 1),
        (TagKind::VIDEO, &[0x97, 4, 0], 2, 5),
        (TagKind::VIDEO, &[0x96, 0x01, b'a', b'v', b'c', b'1'], 6, 1),
    ] {
        match read(kind, body) {
            Err(Malformed::Short {
                offset: at,
                wanted: len,
                ..
            }) => {
                assert_eq!((at, len), (offset, wanted), "{}", hex(body));
            }
            other => panic!("{} gave {other:?}", hex(body)),
        }
    }
}

#[test]
fn private_codec_ids_have_the_header_their_writers_give_them() {
    for first in [0x19, 0x1c, 0x1d, 0x1e, 0x1f] {
        let body = [first, 1, 0, 0, 40, 7];
        let packet = one(TagKind::VIDEO, &body);
        assert_eq!((packet.cts, packet.payload), (40, &[7][..]), "{first:#x}");
    }
    let packet = one(TagKind::AUDIO, &[0xdf, 1, 7]);
    assert_eq!(packet.codec, Codec::Audio(SoundFormat::OPUS));
    assert_eq!(packet.payload, [7]);
}

#[test]
fn classes_tell_what_may_be_dropped() {
    for (kind, body, class) in [
        (TagKind::VIDEO, &[0x17, 0, 0, 0, 0][..], Class::Config),
        (TagKind::VIDEO, &[0x17, 1, 0, 0, 0, 1], Class::KeyFrame),
        (TagKind::VIDEO, &[0x27, 1, 0, 0, 0, 1], Class::Frame),
        (TagKind::VIDEO, &[0x32, 1], Class::Disposable),
        (TagKind::VIDEO, &[0x17, 2, 0, 0, 0], Class::Control),
        (TagKind::VIDEO, b"\xd4hvc1", Class::Config),
        (TagKind::AUDIO, &[0xaf, 1, 2], Class::Frame),
        (TagKind::AUDIO, b"\x94Opus\0\x02", Class::Config),
        (TagKind::VIDEO, b"\x98avc1", Class::Unknown),
        (TagKind::SCRIPT, &[2, 0, 0], Class::Script),
    ] {
        assert_eq!(classify(kind, body), class, "{}", hex(body));
    }
}

#[test]
fn bodies_of_every_vector_survive_decoding_and_encoding() {
    for name in names("o")
        .into_iter()
        .filter(|name| !name.starts_with("ob"))
    {
        for tag in clean_tags(&load(&name).file) {
            let packets: Result<Vec<_>, _> = tag.tag.packets().collect();
            let packets = packets.expect("valid body");
            if packets.is_empty() {
                continue;
            }
            let again = encode(&packets).expect("what was read can be written");
            assert_eq!(hex(&again), hex(&tag.tag.body), "{name} at {}", tag.offset);
        }
    }
}

#[test]
fn packets_that_do_not_fit_their_form_are_refused() {
    let avc = Codec::Video(VideoCodecId::AVC);
    let mut packet = Packet::new(
        MediaKind::Video,
        avc,
        PacketType::CodedFrames,
        Timestamp::ZERO,
    );
    packet.nano = 1;
    assert!(encode(&[packet]).is_err());
    packet.nano = 0;
    packet.cts = 0x80_0000;
    assert!(encode(&[packet]).is_err());
    packet.cts = 0;
    packet.packet_type = PacketType::Metadata;
    assert!(encode(&[packet]).is_err());
    packet.packet_type = PacketType::CodedFrames;
    packet.frame_type = FrameType::COMMAND;
    assert!(encode(&[packet]).is_err());
}
