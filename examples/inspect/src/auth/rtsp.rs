//! The entries of the RTSP vectors that are about logins, in the words of those vectors.

use serde_json::{Value, json};
use weir_auth::http::Authorization;

use super::fields::{Fields, malformed};
use super::{explain, respond};
use crate::failure::Failure;

pub(crate) fn vector(entry: &Value) -> Result<Value, Failure> {
    let input = &entry["input"];
    match entry["kind"].as_str().unwrap_or_default() {
        "www-authenticate" => {
            let shown = &explain::www_authenticate(&Fields(&json!({ "www_authenticate": input })))?;
            Ok(shown["challenges"].get(0).cloned().unwrap_or_default())
        }
        "authorization" => {
            let shown = &explain::authorization(&Fields(&json!({ "authorization": input })))?;
            let scheme = shown["scheme"].as_str().map(str::to_ascii_lowercase);
            Ok(json!({ "scheme": scheme, "user": shown["user"], "pass": shown["password"] }))
        }
        "digest-response" => {
            let mut fields = input.as_object().cloned().unwrap_or_default();
            fields.insert("password".to_owned(), input["pw"].clone());
            let shown = &respond::digest(&Fields(&fields.into()))?;
            Ok(json!({ "response": shown["response"] }))
        }
        _ => choice(input),
    }
}

/// Which of several offers a client takes.
fn choice(offers: &Value) -> Result<Value, Failure> {
    let fields = json!({
        "www_authenticate": offers, "user": "", "password": "", "method": "OPTIONS", "uri": "*",
    });
    let shown = &respond::www_authenticate(&Fields(&fields))?;
    let answer = shown["authorization"].as_str().unwrap_or_default();
    Ok(match Authorization::parse(answer).map_err(malformed)? {
        Authorization::Digest(sent) => {
            json!({ "scheme": "digest", "algorithm": sent.algorithm.as_str() })
        }
        _ => json!({ "scheme": "basic" }),
    })
}
