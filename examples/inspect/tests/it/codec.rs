//! Codec configuration records.

use serde_json::Value;

use crate::inspect::{assert_same, data, read, vectors};

/// Keys that no record can answer, and what the truth has there.
const DIFFERENCES: [(&str, &str, &str); 5] = [
    (
        "avc_high_1080crop",
        "refs",
        "ffprobe printed its default, the SPS says 4",
    ),
    (
        "avc_interlaced",
        "refs",
        "ffprobe printed its default, the SPS says 4",
    ),
    (
        "avc_interlaced",
        "field_order",
        "which field is first is said by each picture",
    ),
    ("vp9", "width", "the record has no size"),
    ("vp9", "height", "the record has no size"),
];

#[test]
fn every_record_says_what_its_truth_says() {
    let sections = read(&data("flv").join("vectors_config.json"));
    let sections = sections.as_object().expect("sections").values();
    let entries: Vec<Value> = sections
        .flat_map(|s| s.as_array().expect("a list").clone())
        .collect();
    let mut differing = Vec::new();
    for (entry, ours) in entries.iter().zip(vectors("codec", &entries)) {
        let name = entry["name"].as_str().expect("name");
        for (key, truth) in entry["truth"].as_object().expect("truth") {
            if DIFFERENCES
                .iter()
                .any(|known| (known.0, known.1) == (name, key))
            {
                differing.push((name, key));
                assert_ne!(
                    ours["truth"].get(key),
                    Some(truth),
                    "{name}.{key} is the same now"
                );
            } else {
                let ours = ours["truth"].get(key).unwrap_or(&Value::Null);
                assert_same(ours, truth, &format!("{name}.{key}"));
            }
        }
    }
    assert_eq!(differing.len(), DIFFERENCES.len());
}
