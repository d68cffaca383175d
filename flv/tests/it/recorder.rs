//! Recordings: whole at every byte, exact at the end, and ready to be gone on with.

use std::time::Duration;

use bytes::{Buf, Bytes};
use proptest::prelude::*;
use weir_flv::body::Class;
use weir_flv::file::{
    Demuxer, Event, FileHeader, Mode, Patch, Recorder, RecorderConfig, TagRef, seek, walk,
};
use weir_flv::script::{Keyframe, Metadata, Script};
use weir_flv::{Limits, Tag, TagKind, Timestamp};

use crate::vectors::{clean_tags, demux, load};

const AVC_CONFIG: &[u8] = b"\x17\0\0\0\0avcC";
const KEY: &[u8] = b"\x17\x01\0\0\0key";
const INTER: &[u8] = b"\x27\x01\0\0\0inter";
const SOUND: &[u8] = b"\xaf\x01sound";

fn video(millis: u32, body: &'static [u8]) -> Tag {
    Tag::new(
        TagKind::VIDEO,
        Timestamp::from_millis(millis),
        Bytes::from_static(body),
    )
}

fn drain(recorder: &mut Recorder, file: &mut Vec<u8>) {
    while let Some(mut append) = recorder.poll_append() {
        file.extend_from_slice(&append.copy_to_bytes(append.remaining()));
    }
    assert_eq!(file.len() as u64, recorder.file_len());
}

fn write_over(file: &mut [u8], patches: &[Patch]) {
    for patch in patches {
        let begin = usize::try_from(patch.offset).expect("small");
        file[begin..begin + patch.bytes.len()].copy_from_slice(&patch.bytes);
    }
}

fn record(config: RecorderConfig, tags: &[Tag]) -> Vec<u8> {
    let mut recorder = Recorder::new(config);
    let mut file = Vec::new();
    for tag in tags {
        recorder.push(tag).expect("short bodies");
        drain(&mut recorder, &mut file);
    }
    let patches = recorder.patches();
    drain(&mut recorder, &mut file);
    write_over(&mut file, &patches);
    file
}

fn tags_of(name: &str) -> Vec<Tag> {
    clean_tags(&load(name).file)
        .into_iter()
        .map(|tag| tag.tag)
        .collect()
}

fn metadata_of(file: &[u8]) -> Metadata {
    let tag = walk(file)
        .expect("header")
        .1
        .next()
        .expect("metadata")
        .to_tag();
    let script = Script::decode(&tag, &Limits::default()).expect("AMF0");
    Metadata::from_script(script).expect("onMetaData")
}

fn walked(file: &[u8]) -> Vec<TagRef<'_>> {
    walk(file).expect("header").1.collect()
}

fn agrees(file: &[u8], entry: &Keyframe) -> bool {
    entry.agrees_with(&file[usize::try_from(entry.position).expect("small")..])
}

#[test]
fn a_finalised_recording_says_what_it_is() {
    for name in [
        "o01_h264_bframes_aac44s",
        "o02_h264_aac_keyframe_index",
        "o11_hevc_aac_ertmp",
    ] {
        let tags = tags_of(name);
        let file = record(RecorderConfig::default(), &tags);
        let (events, error) = demux(Mode::Strict, [file.clone().into()]);
        assert_eq!(error, None, "{name}");
        let Some(Event::Header { header, .. }) = events.first() else {
            panic!("{name}")
        };
        assert_eq!(header.flags, 5, "{name}");
        let metadata = metadata_of(&file);
        #[expect(clippy::cast_precision_loss, reason = "small")]
        let len = file.len() as f64;
        assert_eq!(metadata.file_size(), Some(len), "{name}");
        let original = load(name).truth["script"][0][2][1]["duration"]
            .as_f64()
            .expect("duration");
        let ours = metadata.duration().expect("duration");
        assert!(
            (ours - original).abs() < 0.1,
            "{name}: {ours} instead of {original}"
        );
        assert_eq!(metadata.get("hasKeyframes").as_bool(), Some(true), "{name}");
        // What the publisher said stays.
        let width = load(name).truth["script"][0][2][1]["width"].as_f64();
        assert_eq!(metadata.width(), width, "{name}");

        let index = metadata.keyframes().expect("index");
        assert!(
            index.entries().iter().all(|entry| agrees(&file, entry)),
            "{name}"
        );
        let keys: Vec<u64> = walked(&file)
            .iter()
            .filter(|tag| tag.to_tag().class() == Class::KeyFrame)
            .map(|tag| tag.offset)
            .collect();
        // flv.js throws the first entry away: it has to be the configuration.
        let listed: Vec<u64> = index.entries()[1..]
            .iter()
            .map(|entry| entry.position)
            .collect();
        assert_eq!(listed, keys, "{name}");
    }
}

#[test]
fn media_is_recorded_as_it_came() {
    for name in [
        "o02_h264_aac_keyframe_index",
        "o14_multitrack_2v2a",
        "os1_ermtp_manytracks_avc1",
    ] {
        let tags = tags_of(name);
        let file = record(RecorderConfig::default(), &tags);
        let media = |tag: &&Tag| tag.kind.is_media();
        let recorded: Vec<Tag> = walked(&file).iter().map(TagRef::to_tag).collect();
        let recorded: Vec<&[u8]> = recorded
            .iter()
            .filter(media)
            .map(|tag| &tag.body[..])
            .collect();
        let pushed: Vec<&[u8]> = tags.iter().filter(media).map(|tag| &tag.body[..]).collect();
        assert_eq!(recorded.len(), pushed.len(), "{name}");
        assert!(recorded == pushed, "{name}");
    }
}

#[test]
fn times_begin_at_zero_and_configurations_do_not_move_them() {
    let file = record(
        RecorderConfig::default(),
        &[
            video(0, AVC_CONFIG),
            video(u32::MAX - 10, KEY),
            video(29, INTER),
            video(0, b"\x17\0\0\0\0other"),
            video(69, KEY),
        ],
    );
    let times: Vec<u32> = walked(&file)[1..]
        .iter()
        .map(|tag| tag.header.timestamp.as_millis())
        .collect();
    assert_eq!(times, [0, 0, 40, 40, 80]);
}

#[test]
fn stale_fields_of_the_publisher_are_not_recorded() {
    let mut metadata = Metadata::new();
    for name in [
        "duration",
        "filesize",
        "lastkeyframelocation",
        "datasize",
        "framerate",
    ] {
        metadata.set(name, 99.0);
    }
    metadata.set("encoder", "obs-output module");
    let publisher = metadata
        .to_set_data_frame(Timestamp::ZERO)
        .expect("short names");
    let file = record(
        RecorderConfig::default(),
        &[publisher.clone(), video(0, KEY), publisher],
    );
    let metadata = metadata_of(&file);
    assert_eq!(metadata.encoder(), Some("obs-output module"));
    assert_eq!(metadata.frame_rate(), Some(99.0));
    assert_eq!(metadata.duration(), Some(0.0));
    assert!(!metadata.get("datasize").exists());
    // The second onMetaData would start flv.js anew.
    assert_eq!(walked(&file).len(), 2);
}

#[test]
fn every_prefix_is_a_valid_file() {
    let mut recorder = Recorder::new(RecorderConfig::default());
    let mut file = Vec::new();
    for tag in tags_of("o02_h264_aac_keyframe_index").iter().take(40) {
        recorder.push(tag).expect("short bodies");
    }
    drain(&mut recorder, &mut file);
    let whole = walked(&file).len();
    let file = Bytes::from(file);
    for len in (13..file.len()).step_by(61) {
        let (events, error) = demux(Mode::Tolerant, [file.slice(..len)]);
        assert_eq!(error, None, "cut at {len}");
        let tags = events
            .iter()
            .filter(|event| matches!(event, Event::Tag(_)))
            .count();
        assert!(tags <= whole);
        let warned = events
            .iter()
            .any(|event| matches!(event, Event::Warning { .. }));
        assert!(!warned, "cut at {len}");
    }
}

#[test]
fn an_index_that_is_full_keeps_every_second_key_frame() {
    let mut config = RecorderConfig::default();
    config.max_keyframes = 8;
    let keys: Vec<Tag> = (0..100).map(|index| video(index * 2_000, KEY)).collect();
    let tags = [&[video(0, AVC_CONFIG)], &keys[..]].concat();
    let file = record(config, &tags);
    let index = metadata_of(&file).keyframes().expect("index");
    let times: Vec<f64> = index.entries().iter().map(|entry| entry.time).collect();
    assert!(times.len() > 3 && times.len() <= 8, "{times:?}");
    assert!(times[times.len() - 1] > 150.0, "{times:?}");
    assert!(index.entries().iter().all(|entry| agrees(&file, entry)));
    assert_eq!(
        walked(&file)
            .last()
            .map(|tag| tag.header.timestamp.as_millis()),
        Some(198_000)
    );
}

#[test]
fn a_recording_without_tags_is_a_file() {
    let file = record(RecorderConfig::default(), &[]);
    assert_eq!(walked(&file).len(), 1);
    assert_eq!(walk(&file).expect("header").0.flags, 0);
}

#[test]
fn appending_cuts_the_torn_tag_and_goes_on() {
    let tags = tags_of("o02_h264_aac_keyframe_index");
    let (first, second) = tags.split_at(150);
    let mut recorder = Recorder::new(RecorderConfig::default());
    let mut file = Vec::new();
    for tag in first {
        recorder.push(tag).expect("short bodies");
    }
    drain(&mut recorder, &mut file);
    let whole = walked(&file).len();
    let last = walked(&file)[whole - 1].offset;
    // Killed in the middle of the last tag, and never finalised.
    file.truncate(usize::try_from(last).expect("small") + 20);

    let resumed = Recorder::append(&mut &file[..], RecorderConfig::default()).expect("a file");
    assert_eq!((resumed.keep_len, resumed.torn_len), (last, 20));
    let mut recorder = resumed.recorder;
    file.truncate(usize::try_from(resumed.keep_len).expect("small"));
    // The publisher comes back with the same configurations and a clock of its own.
    let configs = tags.iter().filter(|tag| tag.class() == Class::Config);
    let again = second.iter().filter(|tag| tag.kind.is_media());
    for tag in configs.chain(again) {
        recorder
            .push(&tag.at(tag.timestamp.wrapping_add(1_000_000)))
            .expect("short bodies");
    }
    let patches = recorder.patches();
    drain(&mut recorder, &mut file);
    write_over(&mut file, &patches);

    let (_, error) = demux(Mode::Strict, [file.clone().into()]);
    assert_eq!(error, None);
    let walked = walked(&file);
    assert_eq!(
        walked.len(),
        whole - 1 + second.iter().filter(|tag| tag.kind.is_media()).count()
    );
    let configs = walked
        .iter()
        .filter(|tag| tag.to_tag().class() == Class::Config)
        .count();
    assert_eq!(configs, 2, "unchanged configurations are not written again");
    let times: Vec<u32> = walked[3..]
        .iter()
        .map(|tag| tag.header.timestamp.as_millis())
        .collect();
    let gaps = times
        .windows(2)
        .map(|pair| i64::from(pair[1]) - i64::from(pair[0]));
    assert!(
        gaps.clone().all(|gap| (-50..=100).contains(&gap)),
        "{:?}",
        gaps.max()
    );
    let index = metadata_of(&file).keyframes().expect("index");
    assert!(index.entries().iter().all(|entry| agrees(&file, entry)));
    let keys = walked
        .iter()
        .filter(|tag| tag.to_tag().class() == Class::KeyFrame)
        .count();
    assert_eq!(index.entries().len(), keys + 1);
}

#[test]
fn a_changed_configuration_is_appended_and_found_by_seeking() {
    let mut file = record(
        RecorderConfig::default(),
        &[video(0, AVC_CONFIG), video(0, KEY), video(1_000, KEY)],
    );
    let resumed = Recorder::append(&mut &file[..], RecorderConfig::default()).expect("a file");
    assert_eq!(resumed.torn_len, 0);
    let mut recorder = resumed.recorder;
    for tag in [
        video(0, b"\x17\0\0\0\0other"),
        video(0, KEY),
        video(5_000, KEY),
    ] {
        recorder.push(&tag).expect("short bodies");
    }
    let patches = recorder.patches();
    drain(&mut recorder, &mut file);
    write_over(&mut file, &patches);
    for (time, config, expected) in [(500, AVC_CONFIG, 0), (6_500, b"\x17\0\0\0\0other", 2_000)] {
        let point = seek(
            &mut &file[..],
            Duration::from_millis(time),
            &Limits::default(),
        );
        let point = point.expect("a file").expect("key frames");
        assert!(point.by_index);
        assert_eq!(point.time, Duration::from_millis(expected), "{time}");
        let configs: Vec<&[u8]> = point.configs.iter().map(|tag| &tag.body[..]).collect();
        assert_eq!(configs, [config], "{time}");
    }
}

#[test]
fn seeking_by_index_and_by_scan_find_the_same_place() {
    let tags = tags_of("o02_h264_aac_keyframe_index");
    let with_index = record(RecorderConfig::default(), &tags);
    let mut without = with_index.clone();
    // Rename the field, so that no reader finds it.
    let at = without
        .windows(9)
        .position(|name| name == b"keyframes")
        .expect("field");
    without[at] = b'K';
    for millis in (0..4_200).step_by(70) {
        let time = Duration::from_millis(millis);
        let find = |file: &[u8]| {
            seek(&mut &file[..], time, &Limits::default())
                .expect("a file")
                .expect("key frames")
        };
        let (indexed, scanned) = (find(&with_index), find(&without));
        assert!(indexed.by_index && !scanned.by_index);
        assert_eq!(indexed.position, scanned.position, "{millis}");
        assert_eq!(indexed.time, scanned.time, "{millis}");
        assert_eq!(indexed.configs, scanned.configs, "{millis}");
        assert!(indexed.metadata.is_some());
        let tag = walked(&with_index)
            .into_iter()
            .find(|tag| tag.offset == indexed.position)
            .expect("a tag begins there");
        assert_eq!(tag.to_tag().class(), Class::KeyFrame);
    }
}

#[test]
fn recordings_longer_than_49_days_are_sought_exactly() {
    // Found by fuzzing: the index counts on where the 32 bits of the tags wrap.
    let day = 24 * 3_600 * 1_000_u32;
    let keys = (0..120).map(|half| video((day / 2).wrapping_mul(half), KEY));
    let tags: Vec<Tag> = [video(0, AVC_CONFIG)].into_iter().chain(keys).collect();
    let file = record(RecorderConfig::default(), &tags);
    let index = metadata_of(&file).keyframes().expect("index");
    assert_eq!(index.entries().len(), 121);
    assert!(index.entries().iter().all(|entry| agrees(&file, entry)));
    let target = Duration::from_secs(55 * 24 * 3_600 + 100);
    let point = seek(&mut &file[..], target, &Limits::default())
        .expect("a file")
        .expect("keys");
    assert!(point.by_index);
    assert_eq!(point.time, Duration::from_secs(55 * 24 * 3_600));
}

#[test]
fn wrong_indexes_are_not_believed() {
    let file = load("o02_h264_aac_keyframe_index").file;
    let right = seek(&mut &file[..], Duration::from_secs(2), &Limits::default());
    let right = right.expect("a file").expect("key frames");
    // All positions moved by one byte.
    let mut wrong = file.to_vec();
    let at = wrong
        .windows(13)
        .position(|name| name == b"filepositions")
        .expect("index");
    let count = usize::from(wrong[at + 17]);
    for entry in 0..count {
        let number = at + 18 + entry * 9 + 1;
        let bits: [u8; 8] = wrong[number..number + 8].try_into().unwrap();
        wrong[number..number + 8].copy_from_slice(&(f64::from_be_bytes(bits) + 1.0).to_be_bytes());
    }
    let scanned = seek(&mut &wrong[..], Duration::from_secs(2), &Limits::default());
    let scanned = scanned.expect("a file").expect("key frames");
    assert!(!scanned.by_index);
    assert_eq!(
        (scanned.position, scanned.time),
        (right.position, right.time)
    );
}

#[test]
fn a_demuxer_goes_on_from_the_place_that_was_found() {
    let file = load("o02_h264_aac_keyframe_index").file;
    let point = seek(&mut &file[..], Duration::from_secs(2), &Limits::default());
    let position = point.expect("a file").expect("key frames").position;
    let begin = usize::try_from(position).expect("a short file");
    for mode in [Mode::Strict, Mode::Tolerant, Mode::Recover] {
        let events = |mut demuxer: Demuxer, bytes: &[u8]| {
            demuxer.push(Bytes::copy_from_slice(bytes));
            demuxer.finish();
            let mut events = Vec::new();
            while let Some(event) = demuxer.poll_event().expect("a whole file") {
                events.push(event);
            }
            events
        };
        let mut whole = events(Demuxer::new(mode), &file);
        whole.retain(|event| matches!(event, Event::Tag(found) if found.offset >= position));
        assert!(whole.len() > 10);
        assert_eq!(events(Demuxer::at(position, mode), &file[begin..]), whole);
    }
}

#[test]
fn files_without_video_are_sought_by_sound() {
    let file = load("o04_aac_audio_only_mono").file;
    let point = seek(&mut &file[..], Duration::from_secs(1), &Limits::default());
    let point = point.expect("a file").expect("frames");
    assert!(point.time <= Duration::from_secs(1) && point.time > Duration::from_millis(900));
    assert_eq!(point.configs.len(), 1);
}

#[test]
fn header_flags_are_those_of_the_tracks_there_are() {
    let sound = Tag::new(TagKind::AUDIO, Timestamp::ZERO, Bytes::from_static(SOUND));
    let mut config = RecorderConfig::default();
    config.header = FileHeader::new(true, true);
    assert_eq!(
        walk(&record(config.clone(), std::slice::from_ref(&sound)))
            .expect("header")
            .0
            .flags,
        4
    );
    assert_eq!(
        walk(&record(config.clone(), &[video(0, KEY)]))
            .expect("header")
            .0
            .flags,
        1
    );
    assert_eq!(
        walk(&record(config, &[video(0, KEY), sound]))
            .expect("header")
            .0
            .flags,
        5
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_recording_cut_anywhere_can_be_gone_on_with(at in any::<prop::sample::Index>()) {
        let tags = tags_of("o01_h264_bframes_aac44s");
        let mut recorder = Recorder::new(RecorderConfig::default());
        let mut file = Vec::new();
        for tag in &tags {
            recorder.push(tag).expect("short bodies");
        }
        drain(&mut recorder, &mut file);
        file.truncate(at.index(file.len()));
        let resumed = Recorder::append(&mut &file[..], RecorderConfig::default()).expect("header");
        let mut recorder = resumed.recorder;
        file.truncate(usize::try_from(resumed.keep_len).expect("small"));
        let kept = if file.is_empty() { 0 } else { walked(&file).len() };
        for tag in &tags {
            recorder.push(tag).expect("short bodies");
        }
        let patches = recorder.patches();
        drain(&mut recorder, &mut file);
        write_over(&mut file, &patches);
        let (_, error) = demux(Mode::Strict, [file.clone().into()]);
        prop_assert_eq!(error, None);
        prop_assert!(walked(&file).len() >= kept + tags.len() - 4);
        if let Some(index) = metadata_of(&file).keyframes() {
            prop_assert!(index.entries().iter().all(|entry| agrees(&file, entry)));
        }
    }
}
