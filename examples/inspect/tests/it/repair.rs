//! `flv --repair`: broken files become whole ones.

use serde_json::Value;

use crate::inspect::{data, files, inspect};

fn list<'a>(report: &'a Value, key: &str) -> &'a [Value] {
    report[key].as_array().unwrap_or_else(|| panic!("{key}"))
}

#[test]
fn every_repaired_file_passes_strict_reading_and_says_its_length_and_index() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("whole.flv").display().to_string();
    for file in files(&data("flv"), ".flv") {
        let name = file.display().to_string();
        let report = inspect(["flv", &name, "--repair", &out]);
        assert_eq!(report["repaired"]["file"], out, "{name}");
        let whole = inspect(["flv", "--mode", "strict", &out]);
        assert_eq!(list(&whole, "skipped"), [] as [Value; 0], "{name}");
        let metadata = &list(&whole, "script")[0][2][1];
        let len = std::fs::metadata(&out).expect("the copy").len();
        assert_eq!(metadata["filesize"], len, "{name}");
        assert_eq!(report["repaired"]["bytes"], len, "{name}");
        let tags = list(&whole, "tags");
        assert_eq!(report["repaired"]["tags"], tags.len(), "{name}");
        for at in list(&metadata["keyframes"], "filepositions") {
            let tag = tags.iter().find(|tag| tag[0] == *at);
            assert_eq!(tag.expect("a tag at each place")[1], 9, "{name}");
        }
        // Every picture and every sound that could be read is there.
        let frames = |report: &Value| -> Vec<Value> {
            let packets = list(report, "packets").iter();
            let frames = packets.filter(|packet| packet[3] == "coded_frames" && packet[9] != 0);
            frames.map(|packet| packet[10].clone()).collect()
        };
        assert_eq!(frames(&whole), frames(&report), "{name}");
    }
    let rest = std::fs::read_dir(folder.path()).expect("the folder");
    assert_eq!(rest.count(), 1, "only the copy is left");
}

#[test]
fn times_that_jump_go_on_in_the_copy() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("whole.flv").display().to_string();
    // Two pushes in one file: the second one begins at 0 again.
    let file = data("flv").join("ob7_concatenated.flv");
    let report = inspect(["flv", &file.display().to_string(), "--repair", &out]);
    assert!(!list(&report["repaired"], "jumps").is_empty());
    let whole = inspect(["flv", "--mode", "strict", &out]);
    let times = |kind: u8| {
        let tags = list(&whole, "tags").iter();
        let tags = tags.filter(move |tag| tag[1] == kind);
        tags.map(|tag| tag[4].as_u64().expect("a time"))
            .collect::<Vec<_>>()
    };
    assert!(times(8).is_sorted() && times(9).is_sorted());
}

#[test]
fn a_file_is_repaired_in_its_own_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("torn.flv");
    std::fs::copy(data("flv").join("ob1_truncated_in_body.flv"), &path).expect("a copy");
    let path = path.display().to_string();
    inspect(["flv", &path, "--repair", &path]);
    let again = inspect(["flv", "--mode", "strict", &path]);
    assert!(!list(&again, "packets").is_empty());
}

#[test]
fn what_is_no_flv_leaves_no_copy() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("whole.flv").display().to_string();
    let file = data("flv").join("vectors_config.json");
    let report = inspect([
        "flv",
        "--mode",
        "strict",
        &file.display().to_string(),
        "--repair",
        &out,
    ]);
    assert_eq!(report["error"]["kind"], "malformed");
    let rest = std::fs::read_dir(folder.path()).expect("the folder");
    assert_eq!(rest.count(), 0);
}
