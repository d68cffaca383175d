//! What is written for whom.

use bytes::{Buf, Bytes};
use weir_flv::body::{Codec, MultitrackType, PacketType, TrackId, VideoCodecId};
use weir_flv::file::{Framed, Muxer, Profile, walk};
use weir_flv::{EncryptedBody, Filter, Tag, TagKind, Timestamp};

use crate::vectors::{clean_tags, hex, load, names};

fn tags_of(name: &str) -> Vec<Tag> {
    clean_tags(&load(name).file)
        .into_iter()
        .map(|tag| tag.tag)
        .collect()
}

fn file(mut muxer: Muxer, header: weir_flv::file::FileHeader, tags: &[Tag]) -> Vec<u8> {
    let mut out = Framed::file_header(header).to_bytes();
    for tag in tags {
        for mut framed in muxer.mux(tag).expect("short bodies") {
            out.extend_from_slice(&framed.copy_to_bytes(framed.remaining()));
        }
    }
    out
}

trait ToBytes {
    fn to_bytes(self) -> Vec<u8>;
}

impl ToBytes for Framed {
    fn to_bytes(mut self) -> Vec<u8> {
        self.copy_to_bytes(self.remaining()).to_vec()
    }
}

#[test]
fn the_full_profile_gives_every_file_back_byte_by_byte() {
    for name in names("o")
        .into_iter()
        .filter(|name| !name.starts_with("ob"))
    {
        let vector = load(&name);
        let (header, _) = walk(&vector.file).expect("header");
        let ours = file(Muxer::new(Profile::Full), header, &tags_of(&name));
        assert!(ours == vector.file, "{name}");
    }
}

#[test]
fn vectored_writes_see_the_same_bytes() {
    let tag = &tags_of("o01_h264_bframes_aac44s")[3];
    let framed = Framed::new(tag).expect("short body");
    let whole = framed.clone().to_bytes();
    for skip in [0, 5, 11, 12, framed.len() - 3, framed.len()] {
        let mut rest = framed.clone();
        rest.advance(skip);
        let mut slices = [std::io::IoSlice::new(&[]); 4];
        let used = rest.chunks_vectored(&mut slices);
        let joined: Vec<u8> = slices[..used]
            .iter()
            .flat_map(|slice| slice.to_vec())
            .collect();
        assert_eq!(hex(&joined), hex(&whole[skip..]));
        assert_eq!(
            rest.chunk(),
            slices[..used].first().map_or(&[][..], |slice| slice)
        );
    }
}

#[test]
fn ffmpeg_gets_one_track_in_each_tag() {
    let tags = tags_of("os1_ermtp_manytracks_avc1");
    let (header, _) = walk(&load("os1_ermtp_manytracks_avc1").file).expect("header");
    let written = file(Muxer::new(Profile::Ffmpeg), header, &tags);
    let packets = |tags: &[Tag]| {
        let mut all = Vec::new();
        for tag in tags {
            for packet in tag.packets().map(|packet| packet.expect("valid")) {
                let code = packet.codec.four_cc();
                let row = (packet.track, code, packet.packet_type, packet.pts());
                all.push((row, packet.payload.to_vec()));
            }
        }
        all
    };
    let read: Vec<Tag> = walk(&written)
        .expect("header")
        .1
        .map(|tag| tag.to_tag())
        .collect();
    assert_eq!(packets(&read), packets(&tags));
    for tag in &read {
        let packets: Vec<_> = tag.packets().map(|packet| packet.expect("valid")).collect();
        assert!(packets.len() <= 1);
        for packet in packets {
            if packet.track == TrackId::DEFAULT && packet.codec.four_cc().is_some() {
                assert!(
                    !matches!(packet.codec, Codec::FourCc(_)),
                    "legacy for the default track"
                );
            } else {
                assert_eq!(packet.multitrack, Some(MultitrackType::OneTrack));
            }
        }
    }
}

#[test]
fn browsers_get_what_their_demuxers_read() {
    for name in names("o")
        .into_iter()
        .filter(|name| !name.starts_with("ob"))
    {
        let mut muxer = Muxer::new(Profile::Browser);
        for tag in tags_of(&name) {
            for framed in muxer.mux(&tag).expect("short bodies") {
                let bytes = framed.to_bytes();
                let body = &bytes[11..bytes.len() - 4];
                // What mpegts.js 1.8 dispatches on.
                let readable = match bytes[0] {
                    8 => match body[0] >> 4 {
                        9 => {
                            matches!(body[0] & 15, 0..=2)
                                && matches!(&body[1..5], b"Opus" | b"fLaC")
                        }
                        format => matches!(format, 2 | 3 | 10),
                    },
                    9 if body[0] & 0x80 != 0 => match &body[1..5] {
                        b"hvc1" => matches!(body[0] & 15, 0..=3),
                        b"av01" => matches!(body[0] & 15, 0..=2),
                        _ => false,
                    },
                    9 => body[0] & 15 == 7,
                    18 => body.starts_with(b"\x02\0") && body[3] != b'@',
                    _ => false,
                };
                assert!(readable, "{name}: {}", hex(&body[..body.len().min(16)]));
            }
        }
    }
}

#[test]
fn browsers_get_flac_without_its_block_header() {
    for name in ["o13_vp9_flac_ertmp", "os7_flac_spec_header"] {
        let start = tags_of(name)
            .into_iter()
            .find(|tag| {
                let packet = tag.packets().next();
                tag.kind == TagKind::AUDIO
                    && packet.is_some_and(|packet| packet.expect("valid").is_sequence_start())
            })
            .expect("sequence start");
        let framed = Muxer::new(Profile::Browser)
            .mux(&start)
            .expect("short")
            .next();
        let bytes = framed.expect("FLAC is understood").to_bytes();
        let payload = &bytes[16..bytes.len() - 4];
        assert_eq!((payload.len(), &payload[..4]), (38, &b"fLaC"[..]), "{name}");
        // Block sizes of STREAMINFO follow at once.
        assert_eq!(payload[4..6], payload[6..8], "{name}");
    }
}

#[test]
fn browsers_get_lengths_of_four_bytes() {
    // Of libx264 176x144, made by hand into what flv.js and mpegts.js refuse: lengths of 2 bytes.
    let record = b"\x01\x42\xc0\x0a\xfd\xe1\0\x04\x67\x42\xc0\x0a\x01\0\x04\x68\xce\x0f\xc8";
    let video = |body: &[u8]| Tag::new(TagKind::VIDEO, Timestamp::ZERO, body.to_vec().into());
    let start = video(&[&b"\x17\0\0\0\0"[..], record].concat());
    let frame = video(b"\x17\x01\0\0\0\0\x02\x65\x88\0\x01\x0c");
    let mut muxer = Muxer::new(Profile::Browser);
    let mut body = |tag: &Tag| {
        let framed = muxer.mux(tag).expect("short").next().expect("AVC");
        let bytes = framed.to_bytes();
        hex(&bytes[11..bytes.len() - 4])
    };
    let mut longer = record.to_vec();
    longer[4] = 0xff;
    assert_eq!(body(&start), hex(&[&b"\x17\0\0\0\0"[..], &longer].concat()));
    assert_eq!(
        body(&frame),
        hex(b"\x17\x01\0\0\0\0\0\0\x02\x65\x88\0\0\0\x01\x0c")
    );
    let again = tags_of("o01_h264_bframes_aac44s");
    let start = again
        .iter()
        .find(|tag| tag.kind == TagKind::VIDEO)
        .expect("AVC");
    assert_eq!(body(start), hex(&start.body));
    assert_eq!(body(&frame), hex(&frame.body), "lengths of 4 from here on");
}

#[test]
fn browsers_are_told_of_tracks_they_can_use_only() {
    let flags = |name: &str, profile| {
        let tags = tags_of(name);
        let (header, _) = walk(&load(name).file).expect("header");
        let start: Vec<Tag> = tags.into_iter().take(8).collect();
        Muxer::new(profile).header(header, &start).flags
    };
    assert_eq!(flags("o13_vp9_flac_ertmp", Profile::Browser), 4, "no VP9");
    assert_eq!(flags("o13_vp9_flac_ertmp", Profile::Full), 5);
    assert_eq!(flags("o12_av1_opus_ertmp", Profile::Browser), 5);
    assert_eq!(flags("o05_sorenson_mp3", Profile::Browser), 4);
}

#[test]
fn browsers_can_be_given_another_track() {
    let tags = tags_of("o14_multitrack_2v2a");
    let second = TrackId::from(1);
    let count = |mut muxer: Muxer| {
        tags.iter()
            .filter(|tag| tag.kind == TagKind::VIDEO)
            .map(|tag| muxer.mux(tag).expect("short bodies").count())
            .sum::<usize>()
    };
    // 50 frames and the configuration; the default track also has its ends.
    assert_eq!(
        count(Muxer::new(Profile::Browser).with_tracks(second, second)),
        51
    );
    assert_eq!(count(Muxer::new(Profile::Browser)), 53);
}

#[test]
fn rewritten_bodies_share_their_payload() {
    let body = Bytes::from_static(b"\x91avc1\0\0\x50\0\0\0\x01\x65");
    let tag = Tag::new(TagKind::VIDEO, Timestamp::ZERO, body.clone());
    let framed = Muxer::new(Profile::Browser)
        .mux(&tag)
        .expect("short")
        .next()
        .expect("AVC");
    assert_eq!(framed.body().as_ptr(), body[8..].as_ptr());
    let again = Tag::new(
        TagKind::VIDEO,
        Timestamp::ZERO,
        framed.to_bytes()[11..].to_vec().into(),
    );
    let packet = again.packets().next().expect("one").expect("valid");
    assert_eq!(packet.codec, Codec::Video(VideoCodecId::AVC));
    assert_eq!(
        (packet.cts, packet.packet_type),
        (80, PacketType::CodedFrames)
    );
}

#[test]
fn bodies_with_long_modifiers_are_written_as_they_came() {
    // Found by fuzzing: colours with frame type 0, which FFmpeg gets with 5, behind 100 bytes.
    let body = [&b"\x87\x63"[..], &[7; 100], b"\x54hvc1\x02\0\0"].concat();
    let tag = Tag::new(TagKind::VIDEO, Timestamp::ZERO, body.clone().into());
    let framed = Muxer::new(Profile::Ffmpeg)
        .mux(&tag)
        .expect("short")
        .next()
        .expect("one");
    assert_eq!(framed.to_bytes()[11..11 + body.len()], body);
}

#[test]
fn encrypted_tags_show_what_is_clear() {
    // FLV 10.1, annex F.3: AVC header, one filter "Encryption", 16 bytes of vector.
    let mut body = vec![0x17, 1, 0, 0, 0, 1];
    body.extend(b"Encryption\0\0\0\x10");
    body.extend([7; 16]);
    body.extend([9; 32]);
    let mut tag = Tag::new(TagKind::VIDEO, Timestamp::ZERO, body.into());
    tag.filtered = true;
    let read = EncryptedBody::decode(&tag).expect("valid");
    assert_eq!(read.av_header, [0x17, 1, 0, 0, 0]);
    assert_eq!(read.filter, Filter::Encryption([7; 16]));
    assert_eq!(read.payload, [9; 32]);
    assert_eq!(tag.packets().count(), 0, "cipher text is no packet");
    // Selective encryption, this tag in clear: AAC.
    let mut tag = Tag::new(
        TagKind::AUDIO,
        Timestamp::ZERO,
        b"\xaf\x01\x01SE\0\0\0\x01\0abc"[..].into(),
    );
    tag.filtered = true;
    let read = EncryptedBody::decode(&tag).expect("valid");
    assert_eq!(
        (read.filter, read.payload),
        (Filter::Selective(None), &b"abc"[..])
    );
    for len in 0..10 {
        let mut torn = tag.clone();
        torn.body = tag.body.slice(..len);
        assert!(EncryptedBody::decode(&torn).is_err(), "{len} bytes");
    }
}
