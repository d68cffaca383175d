//! Running the binary, and comparing what it says.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
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

/// Sends entries through `vectors` and returns the answers, one for each.
pub(crate) fn vectors(family: &str, entries: &[Value]) -> Vec<Value> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_weir-inspect"))
        .args(["vectors", family])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    for entry in entries {
        writeln!(stdin, "{entry}").expect("the binary reads all");
    }
    drop(stdin);
    let output = child.wait_with_output().expect("the binary ends");
    let answers: Vec<Value> = String::from_utf8(output.stdout)
        .expect("UTF-8")
        .lines()
        .map(parse)
        .collect();
    assert_eq!(answers.len(), entries.len());
    answers
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
    parse(&std::fs::read_to_string(path).expect("truth"))
}

/// Parses JSON of any depth.
fn parse(text: &str) -> Value {
    let mut parser = serde_json::Deserializer::from_str(text);
    parser.disable_recursion_limit();
    Value::deserialize(&mut parser).expect("JSON")
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
