//! Single messages, and streams of messages and interleaved frames.

use serde_json::{Map, Value, json};
use weir_rtsp::header::Public;
use weir_rtsp::message::{Headers, Item, Reader, Resync};
use weir_rtsp::{LimitExceeded, Limits, Malformed, ReadError};

use super::{description, header};
use crate::auth;
use crate::failure::Failure;

/// The one message that `input` begins with.
pub(crate) fn show(input: &[u8]) -> Result<Value, Failure> {
    let mut reader = Reader::new(Limits::default(), Resync::Never);
    reader.push(input.to_vec());
    match reader.read().map_err(|error| failure(&error))? {
        Some(item) => show_item(&item, true),
        None => Err(Failure::at("eof", input.len() as u64, "no whole message")),
    }
}

/// Everything in a stream, in short.
pub(crate) fn items(input: &[u8]) -> Result<Value, Failure> {
    let mut reader = Reader::new(Limits::default(), Resync::Skip);
    reader.push(input.to_vec());
    let (mut items, mut skipped) = (Vec::new(), 0);
    while let Some(item) = reader.read().map_err(|error| failure(&error))? {
        items.push(match item {
            Item::Request(request) => json!({ "type": "request", "cseq": request.headers.cseq() }),
            Item::Response(response) => {
                json!({ "type": "response", "cseq": response.headers.cseq() })
            }
            Item::Data(frame) => {
                json!({ "type": "data", "channel": frame.channel, "len": frame.payload.len() })
            }
            Item::Skipped { len, .. } => {
                skipped += len;
                continue;
            }
            _ => continue,
        });
    }
    let mut shown = Map::new();
    shown.insert("items".into(), items.into());
    if skipped > 0 {
        shown.insert("skipped_bytes".into(), json!(skipped));
    }
    Ok(Value::Object(shown))
}

/// A message with its headers; with `typed`, also what they and its body say.
pub(crate) fn show_item(item: &Item, typed: bool) -> Result<Value, Failure> {
    let mut shown = Map::new();
    let mut add = |name: &str, value: Value| {
        shown.insert(name.to_owned(), value);
    };
    let (headers, body) = match item {
        Item::Request(request) => {
            add("type", json!("request"));
            add("version", json!(request.version.to_string()));
            add("method", json!(request.method.as_str()));
            add("uri", json!(request.uri));
            (&request.headers, &request.body)
        }
        Item::Response(response) => {
            add("type", json!("response"));
            add("version", json!(response.version.to_string()));
            add("status", json!(response.status.as_u16()));
            add("reason", json!(response.reason));
            (&response.headers, &response.body)
        }
        Item::Data(frame) => {
            add("type", json!("data"));
            add("channel", json!(frame.channel));
            add("len", json!(frame.payload.len()));
            return Ok(Value::Object(shown));
        }
        other => return Err(Failure::new("malformed", format!("{other:?}"))),
    };
    let lines = headers.iter();
    add(
        "headers",
        lines.map(|(name, value)| json!([name, value])).collect(),
    );
    add("body_len", json!(body.len()));
    if typed {
        add("cseq", json!(headers.cseq()));
        shown.extend(typed_headers(headers)?);
        if let Some(challenges) = auth::challenges(headers.get_all("WWW-Authenticate")) {
            shown.insert("challenges".to_owned(), challenges);
        }
        if body.starts_with(b"v=") {
            shown.insert("sdp".to_owned(), description::show(body));
        }
    }
    Ok(Value::Object(shown))
}

fn typed_headers(headers: &Headers) -> Result<Map<String, Value>, Failure> {
    type Read = fn(&str) -> Result<Value, Failure>;
    let readers: [(&str, &str, Read); 5] = [
        ("Session", "session", header::session),
        ("Transport", "transport", header::transport),
        ("RTP-Info", "rtp_info", header::rtp_info),
        ("Range", "range", header::range),
        ("Public", "public", public),
    ];
    let mut shown = Map::new();
    for (name, key, read) in readers {
        if let Some(value) = headers.get(name) {
            shown.insert(key.to_owned(), read(value)?);
        }
    }
    Ok(shown)
}

fn public(text: &str) -> Result<Value, Failure> {
    Ok(Public::from(text)
        .0
        .iter()
        .map(|method| json!(method.to_string()))
        .collect())
}

pub(super) fn failure(error: &ReadError) -> Failure {
    let (kind, offset) = match *error {
        ReadError::LimitExceeded(
            LimitExceeded::Head { offset, .. }
            | LimitExceeded::Headers { offset, .. }
            | LimitExceeded::Body { offset, .. },
        ) => ("limit", Some(offset)),
        ReadError::LimitExceeded(_) => ("limit", None),
        ReadError::Malformed(
            Malformed::StartLine { offset, .. }
            | Malformed::ContentLength { offset }
            | Malformed::NotUtf8 { offset }
            | Malformed::Unframed { offset, .. },
        ) => ("malformed", Some(offset)),
        _ => ("malformed", None),
    };
    Failure {
        offset,
        ..Failure::new(kind, error)
    }
}
