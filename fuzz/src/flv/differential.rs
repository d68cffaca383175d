//! weir-flv beside scuffle-flv 0.2, where both claim support: tag heads and legacy bodies.

use std::io::Cursor;

use bytes::Bytes;
use scuffle_flv::audio::body::AudioTagBody;
use scuffle_flv::audio::body::legacy::LegacyAudioTagBody;
use scuffle_flv::tag::{FlvTag, FlvTagData};
use scuffle_flv::video::body::VideoTagBody;
use scuffle_flv::video::body::legacy::LegacyVideoTagBody;
use weir_flv::body::{Codec, FrameType, VideoCodecId};
use weir_flv::{Tag, TagHeader};

/// One tag read by both: what scuffle-flv accepts has the same fields here.
///
/// Script tags are left out: scuffle-amf0 0.2.4 overflows the stack on nested ones. So are
/// composition times, which scuffle-flv 0.2.2 reads without sign, and VP6, whose crop byte it
/// leaves in the data.
pub fn against_scuffle(data: &[u8]) {
    let Ok(header) = TagHeader::decode(data) else {
        return;
    };
    let len = TagHeader::LEN + header.data_size as usize;
    if !header.kind.is_media() || header.filtered || data.len() < len {
        return;
    }
    let bytes = Bytes::copy_from_slice(&data[..len]);
    let Ok(theirs) = FlvTag::demux(&mut Cursor::new(bytes.clone())) else {
        return;
    };
    assert_eq!(theirs.timestamp_ms, header.timestamp.as_millis());
    assert_eq!(theirs.stream_id, header.stream_id);
    let ours = Tag::new(header.kind, header.timestamp, bytes.slice(TagHeader::LEN..));
    let packet = ours.packets().next();
    match theirs.data {
        FlvTagData::Audio(audio) => {
            let AudioTagBody::Legacy(body) = audio.body else {
                return;
            };
            let packet = packet.expect("they read one").expect("they read it");
            match body {
                LegacyAudioTagBody::Other { sound_data } => {
                    // Private, and to scuffle-flv without a packet type.
                    if packet.codec != Codec::Audio(weir_flv::body::SoundFormat::OPUS) {
                        assert_eq!(packet.payload, sound_data);
                    }
                }
                LegacyAudioTagBody::Aac(_) => {
                    assert_eq!(packet.payload, &ours.body[2..]);
                }
            }
        }
        FlvTagData::Video(video) => {
            let VideoTagBody::Legacy(body) = video.body else {
                return;
            };
            let packet = packet.expect("they read one").expect("they read it");
            assert_eq!(packet.frame_type.as_u8(), video.header.frame_type.0);
            let Codec::Video(id) = packet.codec else {
                panic!("{packet:?}")
            };
            // A command frame has no AVC header, which scuffle-flv takes off it all the same.
            let same = packet.frame_type != FrameType::COMMAND
                && (id == VideoCodecId::AVC || !id.has_packet_type() && packet.vp6_crop.is_none());
            if let (LegacyVideoTagBody::Other { data }, true) = (body, same) {
                assert_eq!(packet.payload, data);
            }
        }
        _ => {}
    }
}
