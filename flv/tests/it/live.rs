//! The cache of a stream's last moments, and viewers who join.

use std::time::Duration;

use bytes::Bytes;
use weir_flv::body::Class;
use weir_flv::live::{GopCache, GopLimits, JoinPolicy, Pushed, TimeBase, Viewer};
use weir_flv::{Tag, TagKind, Timestamp};

use crate::vectors::{clean_tags, load};

const AVC_CONFIG: &[u8] = b"\x17\0\0\0\0avcC";
const AAC_CONFIG: &[u8] = b"\xaf\0\x12\x10";
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

fn audio(millis: u32, body: &'static [u8]) -> Tag {
    Tag::new(
        TagKind::AUDIO,
        Timestamp::from_millis(millis),
        Bytes::from_static(body),
    )
}

fn cache_of(tags: &[Tag]) -> GopCache {
    let mut cache = GopCache::new(GopLimits::default());
    for tag in tags {
        cache.push(tag);
    }
    cache
}

fn shape(tags: &[Tag]) -> Vec<(u32, &[u8])> {
    tags.iter()
        .map(|tag| (tag.timestamp.as_millis(), &tag.body[..]))
        .collect()
}

/// Two groups of pictures, with sound in between.
fn stream() -> Vec<Tag> {
    vec![
        video(0, AVC_CONFIG),
        audio(0, AAC_CONFIG),
        video(1_000, KEY),
        audio(1_010, SOUND),
        video(1_040, INTER),
        video(2_000, KEY),
        audio(2_010, SOUND),
        video(2_040, INTER),
    ]
}

#[test]
fn a_viewer_gets_configurations_then_the_last_group() {
    let cache = cache_of(&stream());
    let mut viewer = Viewer::new(JoinPolicy::LastKey, TimeBase::Stream);
    let tags = viewer.start(&cache);
    assert_eq!(
        shape(&tags),
        [
            (2_000, AVC_CONFIG),
            (2_000, AAC_CONFIG),
            (2_000, KEY),
            (2_010, SOUND),
            (2_040, INTER),
        ]
    );
}

#[test]
fn a_viewer_of_the_next_key_waits_for_it() {
    let cache = cache_of(&stream());
    let mut viewer = Viewer::new(JoinPolicy::NextKey, TimeBase::Zero);
    assert_eq!(
        shape(&viewer.start(&cache)),
        [(0, AVC_CONFIG), (0, AAC_CONFIG)]
    );
    assert_eq!(viewer.forward(&video(2_080, INTER)), None);
    assert_eq!(viewer.forward(&audio(2_090, SOUND)), None);
    let key = viewer
        .forward(&video(3_000, KEY))
        .expect("key frames start a picture");
    assert_eq!(key.timestamp, Timestamp::ZERO);
    let sound = viewer
        .forward(&audio(3_010, SOUND))
        .expect("sound follows the picture");
    assert_eq!(sound.timestamp.as_millis(), 10);
}

#[test]
fn a_live_viewer_gets_every_tag() {
    let cache = cache_of(&stream());
    let mut viewer = Viewer::new(JoinPolicy::Live, TimeBase::Stream);
    let _ = viewer.start(&cache);
    assert!(viewer.forward(&video(2_080, INTER)).is_some());
}

#[test]
fn viewers_have_their_own_clock_over_shared_bodies() {
    let cache = cache_of(&stream());
    let mut first = Viewer::new(JoinPolicy::LastKey, TimeBase::Zero);
    let mut second = Viewer::new(JoinPolicy::NextKey, TimeBase::Zero);
    let _ = first.start(&cache);
    let _ = second.start(&cache);
    let key = video(3_000, KEY);
    let (first, second) = (
        first.forward(&key).expect("key"),
        second.forward(&key).expect("key"),
    );
    assert_eq!(
        (first.timestamp.as_millis(), second.timestamp.as_millis()),
        (1_000, 0)
    );
    assert_eq!(first.body.as_ptr(), second.body.as_ptr());
    assert_eq!(key.timestamp.as_millis(), 3_000);
}

#[test]
fn a_viewer_clock_goes_on_behind_the_wrap() {
    let mut viewer = Viewer::new(JoinPolicy::LastKey, TimeBase::Zero);
    let _ = viewer.start(&cache_of(&[video(u32::MAX - 99, KEY)]));
    let next = viewer.forward(&video(100, INTER)).expect("decodable");
    assert_eq!(next.timestamp.as_millis(), 200);
}

#[test]
fn configurations_with_time_zero_do_not_move_a_viewer() {
    let mut viewer = Viewer::new(JoinPolicy::LastKey, TimeBase::Zero);
    let _ = viewer.start(&cache_of(&stream()));
    let changed = viewer
        .forward(&video(0, b"\x17\0\0\0\0other"))
        .expect("configuration");
    assert_eq!(changed.timestamp.as_millis(), 40);
    let next = viewer.forward(&video(2_080, INTER)).expect("decodable");
    assert_eq!(next.timestamp.as_millis(), 80);
}

#[test]
fn a_viewer_that_lost_tags_waits_for_a_key_frame() {
    let mut viewer = Viewer::new(JoinPolicy::LastKey, TimeBase::Stream);
    let _ = viewer.start(&cache_of(&stream()));
    viewer.wait_for_key();
    assert_eq!(viewer.forward(&video(2_080, INTER)), None);
    assert!(viewer.forward(&video(3_000, KEY)).is_some());
}

#[test]
fn repeated_configurations_are_told_apart_from_changed_ones() {
    let mut cache = cache_of(&stream());
    assert_eq!(cache.push(&video(2_080, AVC_CONFIG)), Pushed::Repeated);
    let changed = video(2_080, b"\x17\0\0\0\0other");
    assert_eq!(cache.push(&changed), Pushed::New(Class::Config));
    assert_eq!(cache.configs().count(), 2);
    // The frames before the change need the old one.
    let mut viewer = Viewer::new(JoinPolicy::LastKey, TimeBase::Stream);
    let tags = viewer.start(&cache);
    assert_eq!(tags[0].body, AVC_CONFIG);
    assert_eq!(tags.last().map(|tag| &tag.body), Some(&changed.body));
}

#[test]
fn sound_alone_is_kept_for_its_last_moments() {
    let mut cache = GopCache::new(GopLimits::default());
    cache.push(&audio(0, AAC_CONFIG));
    for index in 0..1_000 {
        cache.push(&audio(index * 20, SOUND));
    }
    let kept: Vec<u32> = cache.tags().map(|tag| tag.timestamp.as_millis()).collect();
    assert_eq!((kept.first(), kept.last()), (Some(&17_980), Some(&19_980)));
    let mut viewer = Viewer::new(JoinPolicy::LastKey, TimeBase::Zero);
    assert_eq!(viewer.start(&cache).len(), kept.len() + 1);
    assert!(viewer.forward(&audio(20_000, SOUND)).is_some());
}

#[test]
fn a_group_that_outgrows_a_limit_is_dropped_whole() {
    let mut by_tags = GopLimits::default();
    by_tags.max_tags = 10;
    let mut by_bytes = GopLimits::default();
    by_bytes.max_bytes = 400;
    let mut by_time = GopLimits::default();
    by_time.max_duration = Duration::from_millis(200);
    for limits in [by_tags, by_bytes, by_time] {
        let mut cache = GopCache::new(limits.clone());
        cache.push(&video(0, KEY));
        for index in 1..40 {
            cache.push(&video(index * 40, INTER));
            assert!(cache.len_bytes() <= limits.max_bytes);
        }
        assert_eq!(cache.tags().count(), 0, "{limits:?}");
        let mut viewer = Viewer::new(JoinPolicy::LastKey, TimeBase::Zero);
        let _ = viewer.start(&cache);
        assert_eq!(viewer.forward(&video(1_600, INTER)), None);
        cache.push(&video(1_640, KEY));
        assert_eq!(cache.tags().count(), 1);
    }
}

#[test]
fn scripts_and_configurations_do_not_grow_a_cache_past_its_bytes() {
    let mut limits = GopLimits::default();
    limits.max_bytes = 2_000;
    let mut cache = GopCache::new(limits);
    cache.push(&video(0, KEY));
    for index in 0..200_u8 {
        let script = Tag::new(TagKind::SCRIPT, Timestamp::ZERO, vec![index; 50].into());
        cache.push(&script);
        // A configuration of a new track, or of one that is known.
        let config = [&b"\x96\x00avc1"[..], &[index % 100; 60]].concat();
        cache.push(&Tag::new(TagKind::VIDEO, Timestamp::ZERO, config.into()));
        assert!(cache.len_bytes() <= 2_000);
        assert!(
            cache
                .configs()
                .map(|tag| tag.body.len() + 64)
                .sum::<usize>()
                <= 2_000
        );
    }
}

#[test]
fn header_flags_are_the_tracks_that_had_frames() {
    let mut cache = cache_of(&[video(0, AVC_CONFIG), audio(0, AAC_CONFIG), video(0, KEY)]);
    assert_eq!(cache.header().flags, 1);
    assert!(!cache.is_settled(), "audio was announced and may come");
    cache.push(&video(1_000, INTER));
    assert!(cache.is_settled(), "it did not come in a second");
    cache.push(&audio(1_000, SOUND));
    assert_eq!(cache.header().flags, 5);
}

#[test]
fn metadata_may_be_replaced_and_cue_points_are_none() {
    let script =
        |body: &'static [u8]| Tag::new(TagKind::SCRIPT, Timestamp::ZERO, Bytes::from_static(body));
    let mut cache = cache_of(&[
        script(b"\x02\0\x0d@setDataFrame\x02\0\x0aonMetaData\x05"),
        script(b"\x02\0\x0aonCuePoint\x05"),
    ]);
    assert_eq!(
        &cache.metadata().expect("metadata").body[..4],
        b"\x02\0\x0d@"
    );
    cache.set_metadata(None);
    assert_eq!(cache.metadata(), None);
}

#[test]
fn multitrack_streams_wait_for_the_key_frame_of_each_track() {
    let track = |millis, body: &'static [u8]| video(millis, body);
    let key_1 = track(0, b"\x96\x03avc1\x01key");
    let inter_1 = track(0, b"\xa6\x03avc1\x01inter");
    let mut viewer = Viewer::new(JoinPolicy::NextKey, TimeBase::Stream);
    let _ = viewer.start(&cache_of(&[]));
    assert!(viewer.forward(&video(0, KEY)).is_some());
    assert_eq!(viewer.forward(&inter_1), None);
    assert!(viewer.forward(&key_1).is_some());
    assert!(viewer.forward(&inter_1).is_some());
}

#[test]
fn real_multitrack_files_join_with_every_configuration() {
    let tags: Vec<Tag> = clean_tags(&load("o14_multitrack_2v2a").file)
        .into_iter()
        .map(|tag| tag.tag)
        .collect();
    let cache = cache_of(&tags);
    // Two videos, two sounds, and the speaker layout of one of them.
    assert_eq!(cache.configs().count(), 5);
    let mut viewer = Viewer::new(JoinPolicy::LastKey, TimeBase::Zero);
    let start = viewer.start(&cache);
    let first_frame = start
        .iter()
        .find(|tag| tag.class() == Class::KeyFrame)
        .expect("key frame");
    assert_eq!(first_frame.timestamp, Timestamp::ZERO);
}
