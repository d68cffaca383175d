//! What ffprobe tells.

use std::{path::Path, time::Duration};

use crate::program::{PATIENCE, Program};

/// What ffprobe tells about a file or URL; `options` say what to tell.
pub(crate) fn probe(
    options: &str,
    source: impl AsRef<Path>,
    deadline: Duration,
) -> serde_json::Value {
    let line = format!("ffprobe -v error -of json {options} {{}}");
    let told = Program::start(&line, &[&source.as_ref().display()]).succeed(deadline);
    serde_json::from_slice(&told).unwrap()
}

/// How many packets of pictures and of sound a file has, as ffprobe counts them.
pub(crate) fn count(file: &Path) -> [String; 2] {
    ["v", "a"].map(|kind| {
        let options = format!("-count_packets -select_streams {kind} -show_streams");
        let told = probe(&options, file, PATIENCE);
        told["streams"][0]["nb_read_packets"]
            .as_str()
            .unwrap()
            .to_owned()
    })
}
