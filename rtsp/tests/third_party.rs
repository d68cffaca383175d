//! Messages, headers and descriptions of shipped products, read from a folder that is not part of
//! this project.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use libtest_mimic::{Arguments, Trial};

#[path = "it/message_vectors.rs"]
#[expect(clippy::unwrap_used, clippy::indexing_slicing)]
mod message_vectors;

fn main() {
    let arguments = Arguments::from_args();
    let Some(folder) = std::env::var_os("WEIR_THIRD_PARTY_VECTORS") else {
        let name = "ignored, because WEIR_THIRD_PARTY_VECTORS is not set";
        let trial = Trial::test(name, || Ok(())).with_ignored_flag(true);
        libtest_mimic::run(&arguments, vec![trial]).exit();
    };
    let path = std::path::Path::new(&folder).join("rtsp_messages.json");
    let entries: Vec<serde_json::Value> =
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let trials = entries
        .into_iter()
        .filter(|entry| message_vectors::is_ours(entry["kind"].as_str().unwrap_or_default()))
        .map(|entry| {
            let name = entry["id"].as_str().unwrap_or_default().to_owned();
            Trial::test(name, move || Ok(message_vectors::check(&entry)?))
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}
