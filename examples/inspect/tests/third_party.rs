//! Values, envelopes, `.sol` files, messages and descriptions of shipped products through the binary. They are
//! read from the folder that `WEIR_THIRD_PARTY_VECTORS` names and are not part of this repository.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

use std::path::Path;

use libtest_mimic::{Arguments, Trial};
use serde_json::Value;

#[path = "it/inspect.rs"]
#[expect(dead_code, reason = "the vectors are not in a crate's folder")]
mod inspect;
#[path = "it/truth.rs"]
mod truth;

fn main() {
    let arguments = Arguments::from_args();
    let trials = match std::env::var_os("WEIR_THIRD_PARTY_VECTORS") {
        Some(folder) => trials(Path::new(&folder)),
        None => {
            let reason = "ignored, because WEIR_THIRD_PARTY_VECTORS is not set";
            vec![Trial::test(reason, || Ok(())).with_ignored_flag(true)]
        }
    };
    libtest_mimic::run(&arguments, trials).exit();
}

fn trials(folder: &Path) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (file, family, check) in [
        ("amf_vectors.json", "amf", truth::amf as fn(&Value, &Value)),
        ("amf_packets.json", "amf", truth::amf),
        ("rtsp_messages.json", "rtsp", truth::rtsp),
    ] {
        let entries = inspect::read(&folder.join(file));
        let entries = entries.as_array().expect("a list").clone();
        for (entry, ours) in entries
            .iter()
            .cloned()
            .zip(inspect::vectors(family, &entries))
        {
            let name = entry.get("name").or_else(|| entry.get("id"));
            let name = format!("{file} {}", name.expect("a name"));
            trials.push(Trial::test(name, move || {
                check(&entry, &ours);
                Ok(())
            }));
        }
    }
    let expected = inspect::read(&folder.join("sol/EXPECTED.json"));
    for (name, truth) in expected.as_object().expect("files").clone() {
        let path = folder.join("sol").join(&name);
        trials.push(Trial::test(format!("sol {name}"), move || {
            sol(&path, &truth);
            Ok(())
        }));
    }
    trials
}

fn sol(path: &Path, truth: &Value) {
    let path = path.display().to_string();
    let refs = truth["amf0_refs"].as_str().unwrap_or("avm1");
    let ours = inspect::inspect(["sol", "--refs", refs, &path]);
    if truth["expect"] == "error" {
        let error = &ours["error"];
        let found = format!(
            "{}@{}",
            error["kind"].as_str().expect("a kind"),
            error["offset"]
        );
        assert_eq!(truth["kind"], found, "{path}");
        return;
    }
    for key in ["name", "amf_version", "body"] {
        inspect::assert_same(&ours[key], &truth[key], key);
    }
}
