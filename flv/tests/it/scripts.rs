//! Script tags against the truth of the vectors, and every field of the metadata.

use serde_json::{Value, json};
use weir_flv::body::{Codec, MediaKind, PacketType, SoundFormat, VideoCodecId};
use weir_flv::script::{
    ColorConfig, ColorInfo, CuePointKind, Keyframe, KeyframeIndex, Metadata, Script, is_metadata,
};
use weir_flv::{FourCc, Limits, Tag, TagKind, Timestamp};

use crate::vectors::{clean_tags, load, names};

fn script(tag: &Tag) -> Script {
    Script::decode(tag, &Limits::default()).expect("AMF0")
}

fn metadata(tag: &Tag) -> Metadata {
    Metadata::from_script(script(tag)).expect("onMetaData")
}

fn scripts(name: &str) -> Vec<Tag> {
    let tags = clean_tags(&load(name).file).into_iter().map(|tag| tag.tag);
    tags.filter(|tag| tag.kind == TagKind::SCRIPT).collect()
}

#[test]
fn script_tags_hold_what_their_truth_says() {
    for name in names("o")
        .into_iter()
        .filter(|name| !name.starts_with("ob"))
    {
        let truth = load(&name).truth;
        let rows = truth["script"].as_array().expect("rows");
        let tags = scripts(&name);
        assert_eq!(tags.len(), rows.len(), "{name}");
        for (tag, row) in tags.iter().zip(rows) {
            assert_eq!(json!(tag.timestamp.as_millis()), row[1], "{name}");
            let values: Vec<Value> = script(tag).document().values().map(to_json).collect();
            assert_eq!(json!(values), row[2], "{name}");
        }
    }
}

fn to_json(value: weir_amf::Value<'_>) -> Value {
    if let Some(number) = value.as_f64() {
        return json!(number);
    }
    if let Some(text) = value.as_str() {
        return json!(text);
    }
    if let Some(flag) = value.as_bool() {
        return json!(flag);
    }
    let items: Vec<Value> = value.items().map(to_json).collect();
    let properties: serde_json::Map<String, Value> = value
        .properties()
        .map(|(name, value)| (name.to_owned(), to_json(value)))
        .collect();
    if properties.is_empty() && !items.is_empty() {
        json!(items)
    } else {
        properties.into()
    }
}

#[test]
fn metadata_is_found_behind_set_data_frame() {
    let tags = scripts("os3_obs_style_setdataframe_meta0");
    assert!(is_metadata(&tags[0]));
    assert!(script(&tags[0]).is_set_data_frame());
    let metadata = metadata(&tags[0]);
    assert_eq!(metadata.video_codec(), Some(Codec::FourCc(FourCc::HEVC)));
    assert_eq!(metadata.audio_codec(), Some(Codec::Audio(SoundFormat::AAC)));
    assert_eq!(metadata.file_size(), Some(0.0), "OBS writes fileSize");
    assert_eq!(metadata.encoder(), Some("obs-output module"));
}

#[test]
fn the_index_of_ffmpeg_is_read() {
    let vector = load("o02_h264_aac_keyframe_index");
    let index = metadata(&scripts("o02_h264_aac_keyframe_index")[0])
        .keyframes()
        .expect("index");
    assert!(index.entries().len() > 4);
    for entry in index.entries() {
        let at = usize::try_from(entry.position).expect("small");
        assert!(entry.agrees_with(&vector.file[at..]), "{entry:?}");
        assert!(!entry.agrees_with(&vector.file[at + 1..]), "{entry:?}");
    }
    assert_eq!(index.at_or_before(-1.0), None);
    assert_eq!(index.at_or_before(1e9), index.entries().last());
}

#[test]
fn fields_of_another_type_cost_only_themselves() {
    let mut odd = Metadata::new();
    odd.set("duration", "12.5");
    odd.set("width", true);
    odd.set("height", 720.0);
    odd.set("videocodecid", "avc1");
    odd.set("audiocodecid", 10.0);
    odd.set("keyframes", "none");
    let tag = odd.to_tag(Timestamp::ZERO).expect("short names");
    let metadata = metadata(&tag);
    assert_eq!(
        metadata.duration(),
        Some(12.5),
        "numbers as text are numbers"
    );
    assert_eq!(metadata.width(), None);
    assert_eq!(metadata.get("width").as_bool(), Some(true));
    assert_eq!(metadata.height(), Some(720.0));
    assert_eq!(metadata.video_codec(), Some(Codec::FourCc(FourCc::AVC)));
    assert_eq!(metadata.audio_codec(), Some(Codec::Audio(SoundFormat::AAC)));
    assert_eq!(metadata.keyframes(), None);
}

#[test]
fn metadata_without_fields_is_none() {
    // onMetaData with null, a number, a strict array, and nothing at all.
    for value in [&b"\x05"[..], b"\0\0\0\0\0\0\0\0\0", b"\x0a\0\0\0\0", b""] {
        let body = [b"\x02\0\x0aonMetaData", value].concat();
        let tag = Tag::new(TagKind::SCRIPT, Timestamp::ZERO, body.into());
        assert!(Metadata::from_script(script(&tag)).is_none(), "{value:?}");
    }
}

#[test]
fn editing_keeps_order_and_unknown_fields() {
    let tag = &scripts("o01_h264_bframes_aac44s")[0];
    let mut metadata = metadata(tag);
    let before: Vec<String> = metadata.fields().map(|(name, _)| name.to_owned()).collect();
    metadata.set("width", 640.0);
    metadata.set("x-unknown", "kept");
    let again = Metadata::from_script(script(&metadata.to_tag(tag.timestamp).expect("names")));
    let again = again.expect("onMetaData");
    let after: Vec<String> = again.fields().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(after, [&before[..], &["x-unknown".to_owned()]].concat());
    assert_eq!(again.width(), Some(640.0));
}

#[test]
fn metadata_that_was_not_edited_keeps_its_bytes() {
    for name in names("o0") {
        let Some(tag) = scripts(&name).into_iter().next() else {
            continue;
        };
        let again = metadata(&tag).to_tag(tag.timestamp).expect("short names");
        assert!(again.body == tag.body, "{name}");
    }
}

#[test]
fn events_in_the_stream_are_read() {
    let scripts: Vec<Script> = scripts("os6_script_tags").iter().map(script).collect();
    assert_eq!(
        scripts[1].xmp(),
        Some("<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"/>")
    );
    let cue = scripts
        .iter()
        .find_map(Script::cue_point)
        .expect("cue point");
    assert_eq!(
        (cue.name, cue.time, cue.kind),
        ("chapter1", 1.0, CuePointKind::Navigation)
    );
    assert_eq!(cue.parameters.get("a"), "1");
    let text = scripts.iter().find_map(Script::text_data).expect("text");
    assert_eq!(text.text, "hello");
}

#[test]
fn tracks_have_fields_of_their_own() {
    use weir_amf::Document;
    let mut metadata = Metadata::new();
    metadata.set("videocodecid", 7.0);
    let second = Document::object()
        .with("videocodecid", FourCc::AV1.as_u32())
        .with("width", 640);
    let map = Document::object()
        .with("1", second)
        .with("x", Document::object());
    metadata.set("videoTrackIdInfoMap", map);
    assert_eq!(
        metadata.video_codec(),
        Some(Codec::Video(VideoCodecId::AVC))
    );
    let tracks: Vec<_> = metadata.tracks(MediaKind::Video).collect();
    assert_eq!(tracks.len(), 1, "x is no track");
    assert_eq!(tracks[0].track.as_u8(), 1);
    assert_eq!(tracks[0].codec(), Some(Codec::FourCc(FourCc::AV1)));
    assert_eq!(tracks[0].number("width"), Some(640.0));
    assert_eq!(metadata.tracks(MediaKind::Audio).count(), 0);
}

#[test]
fn colours_of_hdr_are_read_and_written() {
    let limits = Limits::default();
    let tags = clean_tags(&load("o15_hevc10_hdr_metadata").file);
    let packet = tags
        .iter()
        .flat_map(|tag| tag.tag.packets())
        .map(|packet| packet.expect("valid"))
        .find(|packet| packet.packet_type == PacketType::Metadata)
        .expect("FFmpeg sends one");
    let info = ColorInfo::decode(packet.payload, &limits)
        .expect("AMF0")
        .expect("colorInfo");
    let again = info.encode().expect("short names");
    assert_eq!(ColorInfo::decode(&again, &limits), Ok(Some(info)));
    // What the E-RTMP document shows for BT.2020 with PQ.
    let mut config = ColorConfig::default();
    config.bit_depth = Some(10.0);
    config.primaries = Some(9.0);
    config.transfer = Some(16.0);
    config.matrix = Some(9.0);
    let mut info = ColorInfo::default();
    info.config = Some(config);
    let bytes = info.encode().expect("short names");
    assert!(bytes.starts_with(b"\x02\0\x09colorInfo\x03\0\x0bcolorConfig\x03\0\x08bitDepth\0"));
    assert_eq!(ColorInfo::decode(&bytes, &limits), Ok(Some(info)));
    // Undefined takes everything back.
    let reset = ColorInfo::decode(b"\x02\0\x09colorInfo\x06", &limits);
    assert_eq!(reset, Ok(Some(ColorInfo::default())));
}

#[test]
fn indexes_are_read_as_far_as_they_make_sense() {
    let entries = [(13, 0.0), (500, 1.0), (400, 2.0), (900, 0.5), (1_000, 3.0)];
    let index = KeyframeIndex::new(entries.map(|(at, time)| Keyframe::new(at, time)));
    let positions: Vec<u64> = index.entries().iter().map(|entry| entry.position).collect();
    assert_eq!(positions, [13, 500, 1_000]);
    let document = index.to_value();
    assert_eq!(KeyframeIndex::read(document.root()), Some(index));
}

#[test]
fn hostile_scripts_are_refused_without_cost() {
    // 65,536 nested arrays, each announcing four billion elements.
    let body: Vec<u8> = b"\x0a\xff\xff\xff\xff".repeat(65_536);
    let tag = Tag::new(TagKind::SCRIPT, Timestamp::ZERO, body.into());
    assert!(Script::decode(&tag, &Limits::default()).is_err());
    assert!(!is_metadata(&tag));
}
