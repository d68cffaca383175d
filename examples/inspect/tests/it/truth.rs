//! What the answers of `vectors` are held to.

use serde_json::Value;

use crate::inspect::assert_same;

/// A value or an envelope and its bytes, or the kind and place of an error.
pub(crate) fn amf(entry: &Value, ours: &Value) {
    let name = entry["name"].as_str().expect("name");
    assert_eq!(ours["name"], name);
    if entry["expect"] == "error" {
        assert_eq!(ours["error"]["kind"], entry["kind"], "{name}");
        assert_eq!(ours["error"]["offset"], entry["offset_hint"], "{name}");
        return;
    }
    let key = match entry["format"].as_str() {
        Some("packet") => "packet",
        _ => "value",
    };
    assert_same(&ours[key], &entry[key], name);
    if entry["roundtrip"] == true || key == "packet" {
        assert_eq!(ours["hex"], entry["hex"], "{name}");
    }
}

/// A message, header, address, description or login.
pub(crate) fn rtsp(entry: &Value, ours: &Value) {
    let name = entry["id"].as_str().expect("id");
    assert_eq!(ours["id"], name);
    if entry.get("error").is_some() {
        assert!(ours.get("error").is_some(), "{name}");
        return;
    }
    let expect = &entry["expect"];
    if expect["type"].is_string() {
        // An expectation need not name every typed header.
        for (key, truth) in expect.as_object().expect("a message") {
            let ours = ours["expect"].get(key).unwrap_or(&Value::Null);
            assert_same(ours, truth, &format!("{name}.{key}"));
        }
    } else {
        assert_same(&ours["expect"], expect, name);
    }
}
