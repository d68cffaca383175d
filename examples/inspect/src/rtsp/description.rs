//! Session descriptions.

use serde_json::{Map, Value, json};
use weir_rtsp::Limits;
use weir_rtsp::sdp::{Description, Direction, Media};

pub(crate) fn show(text: &[u8]) -> Value {
    let sdp = Description::parse(text, &Limits::default());
    let mut shown = Map::new();
    shown.insert("session_name".into(), json!(sdp.session_name));
    shown.insert("session_control".into(), json!(sdp.control()));
    if let Some(range) = sdp.range() {
        shown.insert("session_range".into(), json!(range));
    }
    shown.insert(
        "media".into(),
        sdp.media.iter().enumerate().map(media).collect(),
    );
    Value::Object(shown)
}

fn media((index, media): (usize, &Media<'_>)) -> Value {
    let payload_type = media.payload_type();
    let mut shown = Map::new();
    let mut add = |name: &str, value: Value| shown.insert(name.to_owned(), value);
    add("index", json!(index));
    add("media", json!(media.media));
    add("proto", json!(media.proto));
    add("fmts", media.fmts.iter().map(|fmt| json!(fmt)).collect());
    add("pt", json!(payload_type));
    add("control", json!(media.control()));
    add("port", json!(media.port));
    // A format is what the map or the static payload type says; a map may say too little.
    let format = media.format();
    let map = payload_type.and_then(|payload_type| media.rtpmap(payload_type));
    match (format, map) {
        (Some(format), _) => {
            add("encoding", json!(format.encoding));
            add("clock_rate", json!(format.clock_rate));
            add("channels", json!(format.channels));
        }
        (None, Some(map)) => {
            add("encoding", json!(map.encoding));
            add("clock_rate", json!(map.clock_rate));
            add("channels", json!(map.channels));
        }
        (None, None) => {
            add("encoding", Value::Null);
        }
    }
    let fmtp = payload_type.and_then(|payload_type| media.fmtp(payload_type));
    if let Some(fmtp) = fmtp.filter(|fmtp| !fmtp.is_empty()) {
        let parameters = fmtp.iter();
        let parameters = parameters.map(|(name, value)| (name.to_ascii_lowercase(), json!(value)));
        add("fmtp", parameters.collect());
    }
    let attributes = [
        ("range", media.range()),
        ("framerate", media.framerate()),
        ("ptime", media.ptime()),
        ("direction", media.direction().map(Direction::as_str)),
    ];
    for (name, value) in attributes {
        if let Some(value) = value {
            add(name, json!(value));
        }
    }
    if !media.bandwidth.is_empty() {
        add(
            "bandwidth",
            media
                .bandwidth
                .iter()
                .map(|line| json!(line.text))
                .collect(),
        );
    }
    Value::Object(shown)
}
