//! Wrapping times, and the breaks that real streams have.

use bytes::Bytes;
use weir_flv::{Repair, RepairConfig, Tag, TagKind, Timestamp, Unwrap};

use crate::vectors::{clean_tags, demux, load, tags};
use weir_flv::file::Mode;

fn sound(millis: u32) -> Tag {
    let body = Bytes::from_static(&[0x2f, 0]);
    Tag::new(TagKind::AUDIO, Timestamp::from_millis(millis), body)
}

fn picture(millis: u32) -> Tag {
    let body = Bytes::from_static(&[0x12, 0]);
    Tag::new(TagKind::VIDEO, Timestamp::from_millis(millis), body)
}

fn config(millis: u32) -> Tag {
    let body = Bytes::from_static(&[0xaf, 0, 0x12, 0x10]);
    Tag::new(TagKind::AUDIO, Timestamp::from_millis(millis), body)
}

fn repaired(tags: &[Tag]) -> (Vec<u32>, usize) {
    let mut repair = Repair::new(RepairConfig::default());
    let mut jumps = 0;
    let times = tags.iter().map(|tag| {
        let (tag, jump) = repair.tag(tag);
        jumps += usize::from(jump.is_some());
        tag.timestamp.as_millis()
    });
    (times.collect(), jumps)
}

#[test]
fn times_go_on_behind_24_and_32_bits() {
    let mut clock = Unwrap::new();
    let times: Vec<i64> = clean_tags(&load("os4_ts_cross_24bit").file)
        .iter()
        .filter(|tag| tag.tag.kind == TagKind::VIDEO)
        .map(|tag| clock.tag(&tag.tag))
        .collect();
    assert!(times.windows(2).all(|pair| pair[0] <= pair[1]));
    assert!(times[0] <= 0xff_ffff && times[times.len() - 1] > 0xff_ffff);

    let mut clock = Unwrap::new();
    let times: Vec<i64> = [0xffff_fff0, 0xffff_fffa, 4, 0xffff_ffff, 14]
        .map(|millis| clock.advance(Timestamp::from_millis(millis)))
        .to_vec();
    assert_eq!(
        times,
        [
            4_294_967_280,
            4_294_967_290,
            4_294_967_300,
            4_294_967_295,
            4_294_967_310
        ]
    );
}

#[test]
fn configurations_and_scripts_leave_the_clock_alone() {
    let mut clock = Unwrap::new();
    clock.tag(&sound(3_000_000_000));
    assert_eq!(clock.tag(&config(0)), 4_294_967_296);
    assert_eq!(clock.tag(&sound(3_000_000_023)), 3_000_000_023);
}

#[test]
fn two_pushes_glued_together_go_on_in_step() {
    let (times, jumps) = repaired(&[
        picture(10_000),
        sound(10_010),
        picture(10_040),
        sound(10_033),
        // The second push has another clock, and its sound begins a little earlier.
        picture(500),
        sound(490),
        picture(540),
        sound(513),
    ]);
    assert_eq!(
        times,
        [
            10_000, 10_010, 10_040, 10_033, 10_080, 10_070, 10_120, 10_093
        ]
    );
    assert_eq!(jumps, 2);
}

#[test]
fn a_stray_frame_moves_nothing_else() {
    let (times, jumps) = repaired(&[sound(0), sound(23), sound(90_000_000), sound(46), sound(69)]);
    assert_eq!(times, [0, 23, 46, 69, 92]);
    assert_eq!(jumps, 2);
}

#[test]
fn sound_far_from_its_pictures_is_pulled_to_them() {
    let (times, jumps) = repaired(&[picture(50_000), sound(0), picture(50_040), sound(23)]);
    assert_eq!(times, [50_000, 50_000, 50_040, 50_023]);
    assert_eq!(jumps, 1);
}

#[test]
fn a_configuration_with_a_wild_time_is_put_where_the_stream_is() {
    let (times, jumps) = repaired(&[sound(100), config(4_294_918_489), sound(123), config(0)]);
    assert_eq!(times, [100, 100, 123, 123]);
    assert_eq!(jumps, 0);
}

#[test]
fn gaps_are_passed_on_to_the_millisecond() {
    let came: Vec<u32> = (0..500)
        .map(|index| index * 23 + index * 22 / 100)
        .collect();
    let tags: Vec<Tag> = came.iter().map(|millis| sound(*millis)).collect();
    assert_eq!(repaired(&tags), (came, 0));
    let (times, jumps) = repaired(&[sound(0), sound(4_000), sound(4_023)]);
    assert_eq!((times, jumps), (vec![0, 4_000, 4_023], 0));
}

#[test]
fn concatenated_files_become_one_stream() {
    let (events, _) = demux(Mode::Tolerant, [load("ob7_concatenated").file]);
    let mut repair = Repair::new(RepairConfig::default());
    let mut last = [0; 32];
    for file_tag in tags(&events) {
        let (tag, _) = repair.tag(&file_tag.tag);
        let before = &mut last[usize::from(tag.kind.as_u8())];
        assert!(
            tag.timestamp.as_millis() >= *before,
            "at {}",
            file_tag.offset
        );
        *before = tag.timestamp.as_millis();
    }
    // Twice 4 seconds.
    assert!((7_900..8_300).contains(&last[9]), "{}", last[9]);
}
