//! Broken files.

use serde_json::{Value, json};
use weir_flv::file::{Event, Mode};

use crate::vectors::{crc32, demux, load, names, tags};

#[test]
fn recovery_delivers_every_expected_tag_and_no_other() {
    for name in names("ob") {
        let vector = load(&name);
        let (events, error) = demux(Mode::Recover, [vector.file.clone()]);
        assert_eq!(error, None, "{name}");
        let ours: Vec<Value> = tags(&events)
            .iter()
            .map(|tag| {
                let tag = &tag.tag;
                let millis = tag.timestamp.as_millis();
                json!([tag.kind.as_u8(), millis, tag.body.len(), crc32(&tag.body)])
            })
            .collect();
        let truth = vector.truth["expect_tags"].as_array().expect("rows");
        for (index, (ours, truth)) in ours.iter().zip(truth).enumerate() {
            assert_eq!(ours, truth, "{name}, tag {index}");
        }
        assert_eq!(ours.len(), truth.len(), "{name}");
    }
}

#[test]
fn a_file_cut_in_a_body_ends_with_a_report() {
    let vector = load("ob1_truncated_in_body");
    let left = vector.file.len() as u64 - 35_503;
    for mode in [Mode::Tolerant, Mode::Recover] {
        let (events, error) = demux(mode, [vector.file.clone()]);
        assert_eq!(error, None);
        assert_eq!(
            events.last(),
            Some(&Event::Truncated {
                offset: 35_503,
                left
            }),
            "{mode:?}"
        );
    }
}

#[test]
fn what_was_skipped_is_reported() {
    let skipped = |name: &str| {
        let (events, _) = demux(Mode::Recover, [load(name).file]);
        let skipped = events.into_iter().filter_map(|event| match event {
            Event::Skipped { offset, len } => Some((offset, offset + len)),
            _ => None,
        });
        skipped.collect::<Vec<_>>()
    };
    assert_eq!(skipped("ob2_garbage_between"), [(17_454, 17_591)]);
    assert_eq!(skipped("ob3_bad_prevtagsize"), []);
    assert_eq!(skipped("ob6_header_offset_wrong"), [(9, 13)]);
    assert_eq!(skipped("ob7_concatenated"), []);
    assert_eq!(skipped("ob8_datasize_too_big").len(), 1);
}
