//! Running the binary, and comparing what it says.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Runs the binary with `--json` and returns what it printed.
pub(crate) fn inspect<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_weir-inspect"))
        .arg("--json")
        .args(args)
        .output()
        .expect("the binary starts");
    let value: Value = serde_json::from_slice(&output.stdout).expect("one JSON value");
    assert_eq!(value.get("error").is_none(), output.status.success());
    value
}

/// The test data of a crate; it is not copied here.
pub(crate) fn data(krate: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(krate)
        .join("tests/data")
}

/// Files of `dir` that end in `suffix`, sorted.
pub(crate) fn files(dir: &Path, suffix: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(dir)
        .expect("test data")
        .map(|entry| entry.expect("entry").path())
        .filter(|path| path.to_string_lossy().ends_with(suffix))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no {suffix} in {}", dir.display());
    files
}

pub(crate) fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("truth")).expect("JSON")
}

/// Compares as JSON does: 1 and 1.0 are one number.
pub(crate) fn assert_same(ours: &Value, truth: &Value, place: &str) {
    match (ours, truth) {
        (Value::Number(ours), Value::Number(truth)) => {
            assert_eq!(ours.as_f64(), truth.as_f64(), "{place}");
        }
        (Value::Array(ours), Value::Array(truth)) => {
            for (index, (ours, truth)) in ours.iter().zip(truth).enumerate() {
                assert_same(ours, truth, &format!("{place}[{index}]"));
            }
            assert_eq!(ours.len(), truth.len(), "{place}");
        }
        (Value::Object(ours), Value::Object(truth)) => {
            let keys = |of: &serde_json::Map<String, Value>| {
                let mut keys: Vec<String> = of.keys().cloned().collect();
                keys.sort();
                keys
            };
            assert_eq!(keys(ours), keys(truth), "{place}");
            for (key, truth) in truth {
                assert_same(&ours[key], truth, &format!("{place}.{key}"));
            }
        }
        _ => assert_eq!(ours, truth, "{place}"),
    }
}
