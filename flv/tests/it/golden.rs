//! Every valid vector, tag by tag and packet by packet, against the truth beside it.

use serde_json::{Value, json};
use weir_flv::TagKind;
use weir_flv::body::{MediaKind, Packet, PacketType};
use weir_flv::file::{Event, FileTag, Mode, walk};

use crate::vectors::{clean_tags, crc32, demux, load, names, tags};

#[test]
fn valid_files_read_strictly_as_their_truth_says() {
    for name in names("o")
        .into_iter()
        .filter(|name| !name.starts_with("ob"))
    {
        let vector = load(&name);
        let (events, error) = demux(Mode::Strict, [vector.file.clone()]);
        assert_eq!(error, None, "{name}");
        let Some(Event::Header { header, offset: 0 }) = events.first() else {
            panic!("{name} begins with {:?}", events.first());
        };
        let truth = &vector.truth["header"];
        assert_eq!(json!(header.version), truth["version"], "{name}");
        assert_eq!(json!(header.flags), truth["flags"], "{name}");
        assert_eq!(json!(header.data_offset), truth["data_offset"], "{name}");
        assert_eq!(json!(header.has_audio()), truth["audio"], "{name}");
        assert_eq!(json!(header.has_video()), truth["video"], "{name}");

        let tags = tags(&events);
        let rows: Vec<Value> = tags.iter().map(|tag| tag_row(tag)).collect();
        assert_rows(&name, &rows, &vector.truth["tags"]);
        let packets: Vec<Value> = tags
            .iter()
            .enumerate()
            .flat_map(|(index, tag)| packet_rows(index, tag))
            .collect();
        assert_rows(&name, &packets, &vector.truth["packets"]);
    }
}

#[test]
fn the_borrowed_walk_sees_the_same_tags() {
    for name in names("o")
        .into_iter()
        .filter(|name| !name.starts_with("ob"))
    {
        let vector = load(&name);
        let owned = clean_tags(&vector.file);
        let (_, borrowed) = walk(&vector.file).expect("header");
        let borrowed: Vec<_> = borrowed.collect();
        assert_eq!(owned.len(), borrowed.len(), "{name}");
        for (owned, borrowed) in owned.iter().zip(&borrowed) {
            assert_eq!(
                owned.tag,
                borrowed.to_tag(),
                "{name} at {}",
                borrowed.offset
            );
            assert_eq!(owned.offset, borrowed.offset, "{name}");
            assert_eq!(
                owned.previous_tag_size, borrowed.previous_tag_size,
                "{name}"
            );
            assert!(
                owned.tag.packets().eq(borrowed.packets()),
                "{name} at {}",
                owned.offset
            );
        }
    }
}

#[test]
fn bodies_inside_one_slice_are_shared() {
    let vector = load("o01_h264_bframes_aac44s");
    for tag in clean_tags(&vector.file) {
        let body = &tag.tag.body;
        let begin = usize::try_from(tag.offset).expect("small") + 11;
        assert_eq!(body.as_ptr(), vector.file[begin..].as_ptr());
    }
}

fn assert_rows(name: &str, ours: &[Value], truth: &Value) {
    let truth = truth.as_array().expect("rows");
    for (index, (ours, truth)) in ours.iter().zip(truth).enumerate() {
        assert_eq!(ours, truth, "{name}, row {index}");
    }
    assert_eq!(ours.len(), truth.len(), "{name}");
}

fn tag_row(file_tag: &FileTag) -> Value {
    let tag = &file_tag.tag;
    json!([
        file_tag.offset,
        tag.kind.as_u8(),
        u8::from(tag.filtered),
        tag.body.len(),
        tag.timestamp.as_millis(),
        file_tag.stream_id,
        file_tag.previous_tag_size,
        crc32(&tag.body),
    ])
}

fn packet_rows(index: usize, file_tag: &FileTag) -> Vec<Value> {
    let tag = &file_tag.tag;
    let begin = usize::try_from(file_tag.offset).expect("small") + 11;
    if tag.kind == TagKind::SCRIPT {
        let millis = tag.timestamp.as_millis();
        let (len, crc) = (tag.body.len(), crc32(&tag.body));
        return vec![json!([
            index,
            "script",
            "amf0",
            "script",
            null,
            millis,
            null,
            null,
            begin,
            len,
            crc,
            {}
        ])];
    }
    tag.packets()
        .map(|packet| {
            let packet = packet.expect("valid body");
            json!([
                index,
                if packet.kind == MediaKind::Audio {
                    "audio"
                } else {
                    "video"
                },
                packet.codec.to_string(),
                packet_type(&packet),
                packet.track.as_u8(),
                packet.dts.as_millis(),
                packet.pts().as_millis(),
                packet.is_key(),
                begin + packet.payload_offset,
                packet.payload.len(),
                crc32(packet.payload),
                extra(&packet),
            ])
        })
        .collect()
}

const fn packet_type(packet: &Packet<'_>) -> &'static str {
    match packet.packet_type {
        PacketType::SequenceStart => "sequence_start",
        PacketType::CodedFrames => "coded_frames",
        PacketType::CodedFramesX => "coded_frames_x",
        PacketType::SequenceEnd => "sequence_end",
        PacketType::Metadata => "metadata",
        PacketType::MultichannelConfig => "multichannel_config",
        _ => "other",
    }
}

fn extra(packet: &Packet<'_>) -> Value {
    let mut extra = serde_json::Map::new();
    if let Some(sound) = packet.sound {
        extra.insert("rate".into(), sound.rate_bits().into());
        extra.insert("bits".into(), u8::from(sound.is_16_bit()).into());
        extra.insert("stereo".into(), u8::from(sound.is_stereo()).into());
    }
    if packet.kind == MediaKind::Video {
        extra.insert("frame".into(), packet.frame_type.as_u8().into());
        if packet.codec.to_string() == "avc" {
            extra.insert("cts_raw".into(), packet.cts.into());
        }
    }
    if let Some(multitrack) = packet.multitrack {
        extra.insert("multitrack".into(), (multitrack as u8).into());
    }
    if !packet.mod_ex.is_empty() {
        extra.insert("nano".into(), packet.nano.into());
        let list: Vec<Value> = packet
            .mod_ex
            .iter()
            .map(|mod_ex| json!([mod_ex.kind.as_u8(), mod_ex.data.len()]))
            .collect();
        extra.insert("modex".into(), list.into());
    }
    extra.into()
}
