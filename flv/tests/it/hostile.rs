//! Bytes that nobody means well: errors with an offset, never a panic, never another tag.

use bytes::Bytes;
use proptest::prelude::*;
use weir_flv::body::{Packet, encode, packets};
use weir_flv::file::{Demuxer, Event, Mode, walk};
use weir_flv::{DemuxError, TagKind, Timestamp, Warning};

use crate::vectors::{clean_tags, demux, load, tags};

const HEADER: &[u8] = b"FLV\x01\x05\0\0\0\x09\0\0\0\0";

fn file(parts: &[&[u8]]) -> Bytes {
    parts.concat().into()
}

fn warnings(events: &[Event]) -> Vec<(u64, Warning)> {
    let warnings = events.iter().filter_map(|event| match event {
        Event::Warning { offset, warning } => Some((*offset, *warning)),
        _ => None,
    });
    warnings.collect()
}

/// A sound of one byte at a time, with everything right.
const SOUND: &[u8] = b"\x08\0\0\x02\0\0\x17\0\0\0\0\x2f\x01\0\0\0\x0d";

#[test]
fn deviations_are_errors_to_strict_readers_and_warnings_to_others() {
    for (input, offset, warning) in [
        (
            file(&[b"FLV\x02\x05\0\0\0\x09\0\0\0\0", SOUND]),
            3,
            Warning::Version { got: 2 },
        ),
        (
            file(&[b"FLV\x01\x07\0\0\0\x09\0\0\0\0", SOUND]),
            4,
            Warning::ReservedFlags { got: 7 },
        ),
        (
            file(&[b"FLV\x01\x05\0\0\0\x09\0\0\0\x01", SOUND]),
            9,
            Warning::PreviousTagSize0 { got: 1 },
        ),
        (
            file(&[HEADER, b"\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\x0c", SOUND]),
            24,
            Warning::PreviousTagSize {
                got: 12,
                expected: 11,
            },
        ),
        (
            file(&[HEADER, b"\x0c\0\0\0\0\0\0\0\0\0\0\0\0\0\x0b"]),
            13,
            Warning::UnknownTagType { got: 12 },
        ),
        (
            file(&[HEADER, b"\x48\0\0\0\0\0\0\0\0\0\0\0\0\0\x0b"]),
            13,
            Warning::ReservedTagBits { got: 1 },
        ),
        (
            file(&[HEADER, b"\x08\0\0\0\0\0\0\0\0\0\x01\0\0\0\x0b"]),
            21,
            Warning::StreamId { got: 1 },
        ),
        (
            file(&[HEADER, SOUND, HEADER, SOUND]),
            30,
            Warning::SecondHeader,
        ),
    ] {
        let (events, error) = demux(Mode::Tolerant, [input.clone()]);
        assert_eq!(error, None, "{warning}");
        assert_eq!(warnings(&events), [(offset, warning)]);
        assert!(!tags(&events).is_empty(), "{warning}");
        let (_, error) = demux(Mode::Strict, [input]);
        assert_eq!(error, Some(DemuxError::Deviation { offset, warning }));
    }
}

#[test]
fn what_is_no_tag_ends_tolerant_reading_and_not_recovery() {
    let input = file(&[
        HEADER,
        SOUND,
        b"HTTP/1.1 200 OK\r\nContent-Type: video/x-flv\r\n",
        SOUND,
    ]);
    let (events, error) = demux(Mode::Tolerant, [input.clone()]);
    assert_eq!(tags(&events).len(), 1);
    assert!(
        matches!(
            error,
            Some(DemuxError::NotATag {
                offset: 30,
                got: b'H'
            }) | None
        ),
        "{error:?}"
    );
    let (events, error) = demux(Mode::Recover, [input]);
    assert_eq!((tags(&events).len(), error), (2, None));
}

#[test]
fn zero_runs_are_skipped_and_reported() {
    // What a power failure leaves, and a second recording behind it.
    let input = file(&[HEADER, SOUND, &[0; 5_000], HEADER, SOUND, &[0; 700]]);
    let (events, error) = demux(Mode::Recover, [input]);
    assert_eq!(error, None);
    let seen: Vec<(u64, u64)> = events
        .iter()
        .filter_map(|event| match event {
            Event::Skipped { offset, len } => Some((*offset, *len)),
            _ => None,
        })
        .collect();
    assert_eq!(seen, [(30, 5_000), (5_060, 700)]);
    assert_eq!(tags(&events).len(), 2);
}

#[test]
fn a_length_past_the_end_costs_one_tag() {
    let mut long = SOUND.to_vec();
    long[1] = 0x10; // a megabyte more
    let input = file(&[HEADER, SOUND, &long, SOUND, SOUND]);
    let (events, _) = demux(Mode::Recover, [input.clone()]);
    let offsets: Vec<u64> = tags(&events).iter().map(|tag| tag.offset).collect();
    assert_eq!(offsets, [13, 47, 64]);
    let (events, error) = demux(Mode::Tolerant, [input]);
    assert_eq!((tags(&events).len(), error), (1, None));
    assert!(matches!(
        events.last(),
        Some(Event::Truncated { offset: 30, .. })
    ));
}

#[test]
fn a_file_without_its_beginning_is_recovered() {
    let vector = load("o02_h264_aac_keyframe_index");
    let all = clean_tags(&vector.file);
    // From the middle of the fourth tag on.
    let from = usize::try_from(all[3].offset).expect("small") + 20;
    let (events, error) = demux(Mode::Recover, [vector.file.slice(from..)]);
    assert_eq!(error, None);
    let found = tags(&events);
    assert_eq!(found.len(), all.len() - 4);
    for (ours, theirs) in found.iter().zip(&all[4..]) {
        assert_eq!(ours.tag, theirs.tag);
        assert_eq!(ours.offset + from as u64, theirs.offset);
    }
}

#[test]
fn empty_and_tiny_inputs_are_no_files() {
    for len in 0..13 {
        let input = file(&[&HEADER[..len]]);
        let (events, error) = demux(Mode::Tolerant, [input.clone()]);
        assert_eq!(error, None);
        assert!(
            matches!(events.last(), Some(Event::Truncated { .. })),
            "{len}: {events:?}"
        );
        assert!(demux(Mode::Strict, [input.clone()]).1.is_some(), "{len}");
        assert_eq!(demux(Mode::Recover, [input]).1, None);
    }
    let (events, error) = demux(Mode::Strict, [HEADER.into()]);
    assert_eq!((events.len(), error), (1, None), "a file may be empty");
    // Found by fuzzing: bytes between header and first tag stayed behind.
    let mut demuxer = Demuxer::new(Mode::Recover);
    demuxer.push(b"FLV\x01\x05\0\0\0\x10\0\0\0\0\0\0\0\0\0\0\0"[..].into());
    demuxer.finish();
    while demuxer
        .poll_event()
        .expect("recovery has no errors")
        .is_some()
    {}
    assert_eq!(demuxer.buffered_len(), 0);
    assert!(walk(b"RIFF").is_err());
}

#[test]
fn a_walk_ends_in_front_of_what_is_no_tag() {
    let sound = b"\x08\0\0\x03\0\0\0\0\0\0\0\xaf\x01\x21";
    let size = b"\0\0\0\x0e";
    let unknown = b"\x07\0\0\x01\0\0\0\0\0\0\0\x55";
    let cases: [(&[&[u8]], usize, &str); 7] = [
        (&[sound, size], 1, "a tag"),
        (&[sound], 1, "no size behind it"),
        (&[sound, &size[..3]], 1, "part of a size behind it"),
        (&[sound, size, &sound[..13]], 1, "a torn tag"),
        (
            &[sound, size, unknown, b"\0\0\0\x0c"],
            2,
            "an unknown type that its size backs",
        ),
        (&[sound, size, unknown, b"\0\0\0\x0d"], 1, "an unknown type"),
        (&[sound, size, unknown], 1, "an unknown type and no size"),
    ];
    for (parts, count, what) in cases {
        let input = file(&[&[HEADER], parts].concat());
        let mut tags = walk(&input).expect("header").1;
        let ends: Vec<u64> = tags
            .by_ref()
            .map(|tag| {
                let size = tag.previous_tag_size.map_or(0, |_| 4);
                tag.offset + 11 + u64::from(tag.header.data_size) + size
            })
            .collect();
        assert_eq!(ends.len(), count, "{what}");
        assert_eq!(ends.last().copied(), Some(tags.offset()), "{what}");
    }
    let two = file(&[HEADER, sound, size, HEADER, sound, size]);
    assert_eq!(walk(&two).expect("header").1.count(), 1, "a second file");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn recovery_delivers_what_damage_did_not_touch(
        at in any::<prop::sample::Index>(),
        damage in prop::collection::vec(any::<u8>(), 1..300),
        overwrite in any::<bool>(),
    ) {
        let vector = load("o03_h264_video_only");
        let all = clean_tags(&vector.file);
        let at = 13 + at.index(vector.file.len() - 13);
        let behind = if overwrite { at + damage.len() } else { at };
        let rest = vector.file.get(behind..).unwrap_or_default();
        let input = file(&[&vector.file[..at], &damage, rest]);
        let (events, error) = demux(Mode::Recover, [input]);
        prop_assert_eq!(error, None);
        let found: Vec<_> = tags(&events).into_iter().map(|tag| tag.tag.clone()).collect();
        // Tags whose bytes, and the size behind them, are all there.
        let end = |tag: &weir_flv::file::FileTag| {
            usize::try_from(tag.offset).expect("small") + 15 + tag.tag.body.len()
        };
        for tag in &all {
            let begin = usize::try_from(tag.offset).expect("small");
            if end(tag) <= at || begin >= behind {
                prop_assert!(found.contains(&tag.tag), "tag at {}", tag.offset);
            }
        }
        // None is invented: what is there besides was touched by the damage itself.
        let strange = found.iter().filter(|tag| !all.iter().any(|known| known.tag == **tag));
        prop_assert!(strange.count() <= 1);
    }

    #[test]
    fn random_bodies_never_panic_and_survive_encoding(
        kind in prop::sample::select(vec![TagKind::AUDIO, TagKind::VIDEO]),
        first in any::<u8>(),
        body in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let body = [&[first][..], &body].concat();
        let read: Result<Vec<Packet<'_>>, _> = packets(kind, Timestamp::ZERO, &body).collect();
        if let Ok(read) = read {
            if let Ok(written) = encode(&read) {
                let again: Result<Vec<Packet<'_>>, _> =
                    packets(kind, Timestamp::ZERO, &written).collect();
                let again = again.expect("what was written");
                prop_assert_eq!(again.len(), read.len());
                prop_assert_eq!(encode(&again).expect("again"), written);
            }
        }
    }

    #[test]
    fn random_files_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let input = file(&[HEADER, &bytes]);
        for mode in [Mode::Strict, Mode::Tolerant, Mode::Recover] {
            let _ = demux(mode, [input.clone()]);
            let _ = demux(mode, [Bytes::from(bytes.clone())]);
        }
    }
}
