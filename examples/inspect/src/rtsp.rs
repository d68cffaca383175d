//! RTSP: messages, descriptions and what their headers say.

pub(crate) mod depay;
pub(crate) mod description;
mod descriptor;
pub(crate) mod direction;
pub(crate) mod header;
pub(crate) mod message;
pub(crate) mod packet;
pub(crate) mod session;
mod track;

use serde_json::{Value, json};
use weir_rtsp::rtp::is_rtcp;
use weir_rtsp::{Url, ValueError, content_base, join_control};

use crate::auth;
use crate::failure::Failure;
use crate::source::{self, Input};

pub(crate) fn run_message(input: &Input) -> Result<Value, Failure> {
    message::show(&input.read()?)
}

pub(crate) fn run_sdp(input: &Input) -> Result<Value, Failure> {
    Ok(description::show(&input.read()?))
}

pub(crate) fn run_rtp(input: &Input) -> Result<Value, Failure> {
    packet::rtp(&input.read()?)
}

pub(crate) fn run_rtcp(input: &Input) -> Result<Value, Failure> {
    packet::rtcp(&input.read()?)
}

/// One line of the vectors: what `expect` should be.
pub(crate) fn vector(entry: &Value) -> Result<Value, Failure> {
    let input = &entry["input"];
    let text = input.as_str().unwrap_or_default();
    let part = |name: &str| input[name].as_str();
    if entry.get("codec").is_some() {
        return Ok(json!({ "expect": depay::vector(entry)? }));
    }
    let expect = match entry["kind"].as_str().unwrap_or_default() {
        "request" | "response" => message::show(text.as_bytes())?,
        "sdp" => description::show(&bytes(entry)?),
        "transport" => header::transport(text)?,
        "session" => header::session(text)?,
        "rtp-info" => header::rtp_info(text)?,
        "range" => header::range(text)?,
        "control-join" => json!(join_control(
            part("base").unwrap_or_default(),
            part("control")
        )),
        "content-base" => {
            let request_url = part("request_url").unwrap_or_default();
            json!(content_base(request_url, part("content_base")))
        }
        "url" => url(text)?,
        "stream" => message::items(&bytes(entry)?)?,
        "rtp" => packet::rtp(&packet_bytes(entry)?)?,
        "rtcp" => packet::rtcp(&packet_bytes(entry)?)?,
        "demux" => json!({ "is_rtcp": is_rtcp(&packet_bytes(entry)?) }),
        "stats" => packet::stats(entry)?,
        "ntp-map" => packet::ntp_map(entry)?,
        "www-authenticate" | "authorization" | "digest-response" | "auth-choose" => {
            auth::rtsp_vector(entry)?
        }
        "rtcp-interval" => packet::interval(entry)?,
        kind => return Err(Failure::usage(format!("vector kind {kind:?}"))),
    };
    Ok(json!({ "expect": expect }))
}

fn bytes(entry: &Value) -> Result<Vec<u8>, Failure> {
    match entry["input_hex"].as_str() {
        Some(hex) => source::hex(hex),
        None => Ok(entry["input"].as_str().unwrap_or_default().into()),
    }
}

fn packet_bytes(entry: &Value) -> Result<Vec<u8>, Failure> {
    source::hex(entry["hex"].as_str().unwrap_or_default())
}

fn url(text: &str) -> Result<Value, Failure> {
    let url: Url = text.parse().map_err(malformed)?;
    Ok(json!({
        "scheme": url.scheme(),
        "user": url.user(),
        "pass": url.password(),
        "host": url.host(),
        "port": url.port(),
        "path": url.path(),
    }))
}

fn malformed(error: ValueError) -> Failure {
    Failure::at("malformed", error.offset as u64, error)
}
