//! Challenges of real cameras and the responses to them, recorded by other projects. Read from the folder in
//! `WEIR_THIRD_PARTY_VECTORS`; without it the test reports itself as ignored.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test; clippy does not see it as one"
)]
#![expect(clippy::print_stderr, reason = "says why the test is ignored")]

use std::path::Path;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;
use weir_auth::http::{Challenge, DigestAlgorithm, DigestInput, Qop};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = match std::env::var_os("WEIR_THIRD_PARTY_VECTORS") {
        Some(folder) => {
            let text = std::fs::read_to_string(Path::new(&folder).join("rtsp_messages.json"));
            let all: Vec<Value> = serde_json::from_str(&text.unwrap()).unwrap();
            all.iter().filter_map(trial).collect()
        }
        None => {
            eprintln!("ignored: WEIR_THIRD_PARTY_VECTORS is not set");
            vec![Trial::test("third_party", || Ok(())).with_ignored_flag(true)]
        }
    };
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial(vector: &Value) -> Option<Trial> {
    let check: fn(&Value) -> Result<(), Failed> = match vector["kind"].as_str()? {
        "www-authenticate" => challenge,
        "digest-response" => response,
        _ => return None,
    };
    let name = vector["id"].as_str()?.to_owned();
    let vector = vector.clone();
    Some(Trial::test(name, move || check(&vector)))
}

fn challenge(vector: &Value) -> Result<(), Failed> {
    let header = vector["input"].as_str().unwrap();
    let parsed = Challenge::parse_list(header)?;
    let [challenge] = parsed.as_slice() else {
        return Err("not one challenge".into());
    };
    if !challenge.is(vector["expect"]["scheme"].as_str().unwrap()) {
        return Err(challenge.scheme().into());
    }
    let expected = vector["expect"]["params"].as_object().unwrap();
    for (name, value) in expected {
        if challenge.param(name) != value.as_str() {
            return Err(format!("{name}: {:?}", challenge.param(name)).into());
        }
    }
    if challenge.params().count() == expected.len() {
        Ok(())
    } else {
        Err("more parameters".into())
    }
}

fn response(vector: &Value) -> Result<(), Failed> {
    let input = &vector["input"];
    let text = |name: &str| input[name].as_str().unwrap_or_default();
    let qop = match input["qop"].as_str() {
        Some(_) => Qop::Auth {
            nc: text("nc"),
            cnonce: text("cnonce"),
        },
        None => Qop::None,
    };
    let algorithm = DigestAlgorithm::from_name(input["alg"].as_str().unwrap_or("MD5")).unwrap();
    let (method, uri, nonce) = (text("method"), text("uri"), text("nonce"));
    let digest = DigestInput {
        algorithm,
        method,
        uri,
        nonce,
        qop,
    };
    let response = digest.response(text("user"), text("realm"), &text("pw").into());
    if response == vector["expect"]["response"] {
        Ok(())
    } else {
        Err(response.into())
    }
}
