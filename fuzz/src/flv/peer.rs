//! Against another demuxer.

use std::io::Cursor;

use bytes::Bytes;
use scuffle_flv::audio::AudioData;
use scuffle_flv::audio::body::AudioTagBody;
use scuffle_flv::audio::body::enhanced::{AudioPacket, ExAudioTagBody};
use scuffle_flv::audio::body::legacy::LegacyAudioTagBody;
use scuffle_flv::audio::body::legacy::aac::AacAudioData;
use scuffle_flv::tag::{FlvTag, FlvTagData};
use scuffle_flv::video::VideoData;
use scuffle_flv::video::body::VideoTagBody;
use scuffle_flv::video::body::enhanced::{ExVideoTagBody, VideoPacket, VideoPacketCodedFrames};
use scuffle_flv::video::body::legacy::LegacyVideoTagBody;
use scuffle_flv::video::header::VideoTagHeaderData;
use scuffle_flv::video::header::legacy::{LegacyVideoTagHeader, LegacyVideoTagHeaderAvcPacket};
use weir_flv::body::{Codec, MultitrackType, Packet, PacketType, SoundFormat, VideoCodecId};
use weir_flv::codec::AvcConfig;
use weir_flv::{FourCc, Tag, TagHeader};

/// One tag, header and body, that scuffle-flv 0.2.2 and weir both read has the same fields.
///
/// Known disagreements, which are left out:
/// - script tags and colours: scuffle-amf0 0.2.4 overflows the stack on nested values and allocates
///   what a count of the wire says;
/// - codec ids 9, 12 to 15 and sound format 13, which FFmpeg, ireader and xiu write with a packet
///   type, and VP6, whose crop byte stands before the data: plain data to scuffle-flv;
/// - command frames of codec 7: it takes an AVC header off, which they do not have;
/// - composition times of legacy AVC, which it reads without sign: the bits are compared;
/// - `vvc1`, which it does not know, and so reads without composition time;
/// - what E-RTMP reserves: multitrack types from 3 on and modifiers inside Multitrack, which weir
///   refuses, and time offsets of a millisecond and more, which weir ignores;
/// - sequence ends and speaker layouts of several tracks in one body: it steps over no bytes of
///   theirs, and takes what is left of them for the next track;
/// - configuration records of HEVC, AV1 and AVC with what high profiles add: scuffle-expgolomb 0.1.5
///   and what is above it overflow on wrong ones; other AVC records of versions other than 1, which
///   weir refuses.
pub fn scuffle(data: &[u8]) {
    let Ok(header) = TagHeader::decode(data) else {
        return;
    };
    let len = TagHeader::LEN + header.data_size as usize;
    let Some(bytes) = data.get(..len).map(Bytes::copy_from_slice) else {
        return;
    };
    let ours = Tag::new(header.kind, header.timestamp, bytes.slice(TagHeader::LEN..));
    let Ok(packets) = ours.packets().collect::<Result<Vec<_>, _>>() else {
        return;
    };
    if !header.kind.is_media() || header.filtered || packets.iter().any(is_left_out) {
        return;
    }
    let Ok(theirs) = FlvTag::demux(&mut Cursor::new(bytes)) else {
        return;
    };
    assert_eq!(theirs.timestamp_ms, header.timestamp.as_millis());
    assert_eq!(theirs.stream_id, header.stream_id);
    match theirs.data {
        FlvTagData::Audio(audio) => same_audio(&audio, &packets),
        FlvTagData::Video(video) => same_video(&video, &packets),
        other => panic!("{other:?} and {ours:?}"),
    }
}

/// What scuffle-flv cannot be asked.
fn is_left_out(packet: &Packet<'_>) -> bool {
    match packet.packet_type {
        PacketType::Metadata => return true,
        PacketType::Command => return packet.codec == Codec::Video(VideoCodecId::AVC),
        _ => {}
    }
    match packet.codec.four_cc() {
        Some(FourCc::HEVC | FourCc::AV1) => packet.is_sequence_start(),
        Some(FourCc::AVC) if packet.is_sequence_start() => !AvcConfig::decode(packet.payload)
            .is_ok_and(|config| match config.profile {
                66 | 77 | 88 => true,
                _ => config.high.is_some_and(|high| high.sps_ext.is_empty()),
            }),
        _ => false,
    }
}

fn same_audio(audio: &AudioData, packets: &[Packet<'_>]) {
    match &audio.body {
        AudioTagBody::Legacy(body) => {
            let [packet] = packets else {
                panic!("{packets:?}")
            };
            match body {
                LegacyAudioTagBody::Other { sound_data } => {
                    if packet.codec != Codec::Audio(SoundFormat::OPUS) {
                        assert_eq!(packet.payload, sound_data);
                    }
                }
                LegacyAudioTagBody::Aac(aac) => {
                    let (packet_type, data) = match aac {
                        AacAudioData::SequenceHeader(data) => (PacketType::SequenceStart, data),
                        AacAudioData::Raw(data) => (PacketType::CodedFrames, data),
                        AacAudioData::Unknown {
                            aac_packet_type,
                            data,
                        } => (PacketType::Reserved(aac_packet_type.0), data),
                    };
                    assert_eq!(
                        (packet.packet_type, packet.payload),
                        (packet_type, &data[..])
                    );
                }
            }
        }
        AudioTagBody::Enhanced(ExAudioTagBody::NoMultitrack {
            audio_four_cc,
            packet,
        }) => {
            assert_eq!(packets.len(), 1);
            same_audio_packet(packet, audio_four_cc.0, 0, &packets[0]);
        }
        AudioTagBody::Enhanced(ExAudioTagBody::ManyTracks(tracks)) => {
            for (track, packet) in tracks.iter().zip(comparable(packets)) {
                let code = track.audio_four_cc.0;
                same_audio_packet(&track.packet, code, track.audio_track_id, packet);
            }
        }
    }
}

fn same_audio_packet(theirs: &AudioPacket, code: [u8; 4], track: u8, ours: &Packet<'_>) {
    assert_eq!(ours.codec, Codec::FourCc(code.into()));
    assert_eq!(ours.track.as_u8(), track);
    let expected = match theirs {
        AudioPacket::SequenceStart { header_data } => (PacketType::SequenceStart, header_data),
        AudioPacket::CodedFrames { data } => (PacketType::CodedFrames, data),
        AudioPacket::Unknown {
            audio_packet_type,
            data,
        } => (PacketType::Reserved(audio_packet_type.0), data),
        AudioPacket::SequenceEnd => {
            return assert_eq!(ours.packet_type, PacketType::SequenceEnd);
        }
        AudioPacket::MultichannelConfig { .. } => {
            return assert_eq!(ours.packet_type, PacketType::MultichannelConfig);
        }
    };
    assert_eq!(
        (ours.packet_type, ours.payload),
        (expected.0, &expected.1[..])
    );
}

fn same_video(video: &VideoData<'_>, packets: &[Packet<'_>]) {
    for packet in packets {
        assert_eq!(packet.frame_type.as_u8(), video.header.frame_type.0);
    }
    match (&video.header.data, &video.body) {
        (VideoTagHeaderData::Legacy(header), VideoTagBody::Legacy(body)) => {
            let [packet] = packets else {
                panic!("{packets:?}")
            };
            same_legacy_video(header, body, packet);
        }
        (_, VideoTagBody::Enhanced(ExVideoTagBody::Command)) => {
            assert!(packets.iter().all(|packet| packet.command().is_some()));
        }
        (
            _,
            VideoTagBody::Enhanced(ExVideoTagBody::NoMultitrack {
                video_four_cc,
                packet,
            }),
        ) => {
            assert_eq!(packets.len(), 1);
            same_video_packet(packet, video_four_cc.0, 0, &packets[0]);
        }
        (_, VideoTagBody::Enhanced(ExVideoTagBody::ManyTracks(tracks))) => {
            for (track, packet) in tracks.iter().zip(comparable(packets)) {
                let code = track.video_four_cc.0;
                same_video_packet(&track.packet, code, track.video_track_id, packet);
            }
        }
        other => panic!("{other:?} and {packets:?}"),
    }
}

fn same_legacy_video(
    header: &LegacyVideoTagHeader,
    body: &LegacyVideoTagBody,
    packet: &Packet<'_>,
) {
    if packet.packet_type == PacketType::Command || packet.vp6_crop.is_some() {
        return;
    }
    let Codec::Video(id) = packet.codec else {
        panic!("{packet:?}")
    };
    if id.has_packet_type() && id != VideoCodecId::AVC {
        return;
    }
    if let LegacyVideoTagHeader::AvcPacket(LegacyVideoTagHeaderAvcPacket::Nalu {
        composition_time_offset,
    }) = header
    {
        let bits = u32::from_be_bytes(packet.cts.to_be_bytes()) & 0xff_ffff;
        assert_eq!(*composition_time_offset, bits);
    }
    match body {
        LegacyVideoTagBody::Other { data } => assert_eq!(packet.payload, data),
        LegacyVideoTagBody::AvcVideoPacketSeqHdr(theirs) => {
            let ours = AvcConfig::decode(packet.payload).expect("not left out");
            assert_eq!(ours.length_size, theirs.length_size_minus_one + 1);
            assert_eq!(ours.sps, theirs.sps);
            assert_eq!(ours.pps, theirs.pps);
        }
        LegacyVideoTagBody::Command => panic!("{packet:?}"),
    }
}

fn same_video_packet(theirs: &VideoPacket<'_>, code: [u8; 4], track: u8, ours: &Packet<'_>) {
    assert_eq!(ours.codec, Codec::FourCc(code.into()));
    assert_eq!(ours.track.as_u8(), track);
    if code == *b"vvc1" {
        return;
    }
    let (packet_type, cts, data) = match theirs {
        VideoPacket::CodedFrames(VideoPacketCodedFrames::Other(data)) => {
            (PacketType::CodedFrames, 0, data)
        }
        VideoPacket::CodedFrames(
            VideoPacketCodedFrames::Avc {
                composition_time_offset,
                data,
            }
            | VideoPacketCodedFrames::Hevc {
                composition_time_offset,
                data,
            },
        ) => (PacketType::CodedFrames, *composition_time_offset, data),
        VideoPacket::CodedFramesX { data } => (PacketType::CodedFramesX, 0, data),
        VideoPacket::Unknown {
            video_packet_type,
            data,
        } => (PacketType::Reserved(video_packet_type.0), 0, data),
        VideoPacket::SequenceEnd => {
            return assert_eq!(ours.packet_type, PacketType::SequenceEnd);
        }
        VideoPacket::SequenceStart(_) => {
            return assert_eq!(ours.packet_type, PacketType::SequenceStart);
        }
        VideoPacket::Mpeg2TsSequenceStart(_) => {
            return assert_eq!(ours.packet_type, PacketType::Mpeg2TsSequenceStart);
        }
        VideoPacket::Metadata(_) => panic!("{ours:?}"),
    };
    assert_eq!(
        (ours.packet_type, ours.cts, ours.payload),
        (packet_type, cts, &data[..])
    );
}

/// The tracks up to the first whose bytes scuffle-flv does not step over, that one included.
fn comparable<'p, 'a>(packets: &'p [Packet<'a>]) -> &'p [Packet<'a>] {
    let steps_over = |packet: &Packet<'_>| {
        packet.multitrack == Some(MultitrackType::OneTrack)
            || !matches!(
                packet.packet_type,
                PacketType::SequenceEnd | PacketType::MultichannelConfig
            )
    };
    let count = packets
        .iter()
        .take_while(|packet| steps_over(packet))
        .count();
    &packets[..packets.len().min(count + 1)]
}
