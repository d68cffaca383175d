//! FLV files, whole and cut.

use serde_json::{Value, json};

use crate::inspect::{assert_same, data, files, inspect, read};

#[test]
fn every_file_is_shown_as_its_truth_says_however_it_is_cut() {
    for file in files(&data("flv"), ".flv") {
        let name = file.display().to_string();
        let truth = read(&file.with_extension("json"));
        let is_broken = truth.get("expect_tags").is_some();
        let mode = if is_broken { "recover" } else { "strict" };
        let ours = inspect(["flv", "--mode", mode, &name]);
        let cut = inspect(["flv", "--mode", mode, "--cut", "7", &name]);
        assert_eq!(ours, cut, "{name}");
        if is_broken {
            let tags = ours["tags"].as_array().expect("tags").iter();
            let tags: Vec<Value> = tags.map(|t| json!([t[1], t[4], t[3], t[7]])).collect();
            assert_same(&json!(tags), &truth["expect_tags"], &name);
            assert_same(&ours["header"], &truth["header"], &name);
            if let Some(range) = truth["expect"].get("corrupt_range") {
                assert_same(&ours["skipped"], &json!([range]), &name);
            }
        } else {
            for key in [
                "header",
                "tag_columns",
                "tags",
                "packet_columns",
                "packets",
                "script",
            ] {
                assert_same(&ours[key], &truth[key], &format!("{name}: {key}"));
            }
        }
    }
}

#[test]
fn a_file_that_is_no_flv_is_an_error_with_its_place() {
    let file = data("flv").join("vectors_config.json");
    let ours = inspect(["flv", &file.display().to_string()]);
    assert_eq!(ours["error"]["kind"], "malformed");
    assert_eq!(ours["error"]["offset"], 0);
}
