//! Any cut of the input gives the same events.

use bytes::Bytes;
use proptest::prelude::*;
use weir_flv::DemuxError;
use weir_flv::file::{Event, Mode};

use crate::vectors::{demux, load, names};

const MODES: [Mode; 3] = [Mode::Strict, Mode::Tolerant, Mode::Recover];

#[test]
fn byte_by_byte_is_the_same_as_whole() {
    for name in names("ob") {
        let file = load(&name).file.slice(..20_000);
        for mode in MODES {
            let whole = demux(mode, [file.clone()]);
            let bytes = demux(mode, (0..file.len()).map(|at| file.slice(at..=at)));
            assert_same(&whole, &bytes, &format!("{name}, {mode:?}"));
        }
    }
}

#[test]
fn every_split_point_is_the_same_as_whole() {
    let file = load("ob2_garbage_between").file.slice(16_000..19_000);
    let head = load("o03_h264_video_only").file.slice(..600);
    for file in [file, head] {
        for mode in MODES {
            let whole = demux(mode, [file.clone()]);
            for at in 0..=file.len() {
                let split = demux(mode, [file.slice(..at), file.slice(at..)]);
                assert_same(&whole, &split, &format!("cut at {at}, {mode:?}"));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn random_cuts_are_the_same_as_whole(
        index in 0_usize..64,
        lens in prop::collection::vec(1_usize..20_000, 1..200),
    ) {
        let names = names("o");
        let file = load(&names[index % names.len()]).file;
        for mode in MODES {
            let (whole, cut) = (demux(mode, [file.clone()]), demux(mode, pieces(&file, &lens)));
            assert_same(&whole, &cut, &format!("{mode:?}"));
        }
    }
}

type Outcome = (Vec<Event>, Option<DemuxError>);

/// Compares event by event, so that a failure shows one event and not a file.
fn assert_same(left: &Outcome, right: &Outcome, what: &str) {
    for (index, (left, right)) in left.0.iter().zip(&right.0).enumerate() {
        assert_eq!(left, right, "{what}, event {index}");
    }
    assert_eq!((left.0.len(), left.1), (right.0.len(), right.1), "{what}");
}

fn pieces(file: &Bytes, lens: &[usize]) -> Vec<Bytes> {
    let mut rest = file.clone();
    let mut pieces = Vec::new();
    for len in lens.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        pieces.push(rest.split_to(rest.len().min(*len)));
    }
    pieces
}
