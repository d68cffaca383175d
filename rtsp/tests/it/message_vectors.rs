//! Compares one entry of a vector file with what the crate makes of it.

use serde_json::{Map, Value, json};
use weir_rtsp::{
    Limits, Url, content_base,
    header::{Public, Range, RangeUnit, RtpInfo, Session, Transport, Transports},
    join_control,
    message::{Headers, Item, Reader, Resync},
    sdp::{Description, Direction, Media},
};

/// Whether this crate reads entries of this kind.
pub(crate) fn is_ours(kind: &str) -> bool {
    KINDS.contains(&kind)
}

/// What the crate makes of an entry and what the entry expects, or the error it expects.
pub(crate) fn check(entry: &Value) -> Result<(), String> {
    let id = entry["id"].as_str().unwrap_or_default();
    let got = read(entry);
    match (got, entry.get("error")) {
        (Err(_), Some(_)) => Ok(()),
        (Ok(got), Some(error)) => Err(format!("{id}: {got} instead of the error {error}")),
        (Err(error), None) => Err(format!("{id}: {error}")),
        (Ok(got), None) if same(&got, &entry["expect"]) => Ok(()),
        (Ok(got), None) => Err(format!("{id}:\n got {got}\nwant {}", entry["expect"])),
    }
}

/// Whether they say the same. An expectation need not name every typed header of a message, and
/// challenges are weir-auth's to read.
fn same(got: &Value, expect: &Value) -> bool {
    match (got, expect) {
        (Value::Object(got), Value::Object(expect)) if expect.contains_key("type") => expect
            .iter()
            .filter(|(name, _)| *name != "challenges")
            .all(|(name, value)| got.get(name) == Some(value)),
        _ => got == expect,
    }
}

fn read(entry: &Value) -> Result<Value, String> {
    let input = &entry["input"];
    let text = input.as_str().unwrap_or_default();
    let expect = &entry["expect"];
    match entry["kind"].as_str().unwrap_or_default() {
        "request" | "response" => message(text),
        "sdp" => Ok(description(&bytes(entry))),
        "transport" => transports(text),
        "session" => session(text),
        "rtp-info" => rtp_info(text),
        "range" => range(text),
        "control-join" => {
            Ok(join_control(input["base"].as_str().unwrap(), input["control"].as_str()).into())
        }
        "content-base" => Ok(content_base(
            input["request_url"].as_str().unwrap(),
            input["content_base"].as_str(),
        )
        .into()),
        "url" => url(text),
        "stream" => stream(&bytes(entry), expect),
        kind => Err(format!("unknown kind {kind}")),
    }
}

fn bytes(entry: &Value) -> Vec<u8> {
    match entry["input_hex"].as_str() {
        Some(hex) => unhex(hex),
        None => entry["input"].as_str().unwrap().as_bytes().to_vec(),
    }
}

pub(crate) fn unhex(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn message(text: &str) -> Result<Value, String> {
    let mut reader = Reader::new(Limits::default(), Resync::Never);
    reader.push(text.to_owned());
    let item = reader
        .read()
        .map_err(|error| error.to_string())?
        .ok_or("no whole message")?;
    let (mut object, headers, body) = match item {
        Item::Request(request) => (
            json!({
                "type": "request",
                "version": request.version.to_string(),
                "method": request.method.as_str(),
                "uri": request.uri,
            }),
            request.headers,
            request.body,
        ),
        Item::Response(response) => (
            json!({
                "type": "response",
                "version": response.version.to_string(),
                "status": response.status.as_u16(),
                "reason": response.reason,
            }),
            response.headers,
            response.body,
        ),
        item => return Err(format!("{item:?}")),
    };
    object["headers"] = headers
        .iter()
        .map(|(name, value)| json!([name, value]))
        .collect();
    object["body_len"] = body.len().into();
    object["cseq"] = headers.cseq().map_or(Value::Null, Value::from);
    typed(&headers, &mut object)?;
    if body.starts_with(b"v=") {
        object["sdp"] = description(&body);
    }
    Ok(object)
}

/// The typed headers an expectation names where they are present.
fn typed(headers: &Headers, object: &mut Value) -> Result<(), String> {
    if let Some(value) = headers.get("Session") {
        object["session"] = session(value)?;
    }
    if let Some(value) = headers.get("Transport") {
        object["transport"] = transports(value)?;
    }
    if let Some(value) = headers.get("RTP-Info") {
        object["rtp_info"] = rtp_info(value)?;
    }
    if let Some(value) = headers.get("Range") {
        object["range"] = range(value)?;
    }
    if let Some(value) = headers.get("Public") {
        object["public"] = Public::from(value)
            .0
            .iter()
            .map(ToString::to_string)
            .collect();
    }
    Ok(())
}

fn session(text: &str) -> Result<Value, String> {
    let session: Session = text.parse().map_err(|error| format!("{error}"))?;
    Ok(json!({ "id": session.id, "timeout": session.timeout.map(|timeout| timeout.as_secs()) }))
}

fn transports(text: &str) -> Result<Value, String> {
    let list = Transports::from(text).0;
    list.into_iter()
        .map(|transport| {
            transport
                .map(|t| transport_json(&t))
                .map_err(|error| error.to_string())
        })
        .collect()
}

fn transport_json(transport: &Transport) -> Value {
    let mut object = Map::new();
    let t = transport;
    object.insert("protocol".into(), json!(t.protocol));
    object.insert("profile".into(), json!(t.profile));
    object.insert("lower".into(), json!(t.lower));
    for (name, flag) in [
        ("unicast", t.unicast),
        ("multicast", t.multicast),
        ("append", t.append),
    ] {
        if flag {
            object.insert(name.into(), json!(true));
        }
    }
    let modes: Vec<_> = t.mode.iter().map(ToString::to_string).collect();
    let ssrc: Vec<_> = t.ssrc.iter().map(|ssrc| format!("{ssrc:08x}")).collect();
    let values = [
        ("destination", json!(t.destination)),
        ("source", json!(t.source)),
        ("interleaved", json!(t.interleaved)),
        ("port", json!(t.port)),
        ("client_port", json!(t.client_port)),
        ("server_port", json!(t.server_port)),
        ("ttl", json!(t.ttl)),
        ("layers", json!(t.layers)),
        (
            "ssrc",
            if ssrc.is_empty() {
                Value::Null
            } else {
                json!(ssrc)
            },
        ),
        (
            "mode",
            if modes.is_empty() {
                Value::Null
            } else {
                json!(modes)
            },
        ),
    ];
    object.extend(
        values
            .into_iter()
            .filter(|(_, v)| !v.is_null())
            .map(|(name, v)| (name.to_owned(), v)),
    );
    Value::Object(object)
}

fn rtp_info(text: &str) -> Result<Value, String> {
    let info: RtpInfo = text.parse().map_err(|error| format!("{error}"))?;
    let streams = info.streams.iter().map(|stream| {
        let mut object = json!({ "url": stream.url, "seq": stream.seq, "rtptime": stream.rtptime });
        if let Some(ssrc) = stream.ssrc {
            object["ssrc"] = format!("{ssrc:08x}").into();
        }
        object
    });
    Ok(streams.collect())
}

fn range(text: &str) -> Result<Value, String> {
    let range: Range = text.parse().map_err(|error| format!("{error}"))?;
    let npt = |time: weir_rtsp::header::NptTime| match time {
        weir_rtsp::header::NptTime::Now => json!("now"),
        weir_rtsp::header::NptTime::At(at) => json!(at.as_secs_f64()),
    };
    let (unit, start, end) = match range.unit {
        RangeUnit::Npt { start, end } => ("npt", start.map(npt), end.map(npt)),
        RangeUnit::Smpte { start, end, .. } => (
            "smpte",
            start.map(|t| json!(t.to_string())),
            end.map(|t| json!(t.to_string())),
        ),
        RangeUnit::Clock { start, end } => (
            "clock",
            start.map(|t| json!(t.to_string())),
            end.map(|t| json!(t.to_string())),
        ),
        unit => return Err(format!("{unit:?}")),
    };
    let mut object = json!({ "unit": unit, "start": start, "end": end });
    if let Some(time) = range.time {
        object["time"] = time.to_string().into();
    }
    Ok(object)
}

fn url(text: &str) -> Result<Value, String> {
    let url: Url = text.parse().map_err(|error| format!("{error}"))?;
    Ok(json!({
        "scheme": url.scheme(),
        "user": url.user(),
        "pass": url.password(),
        "host": url.host(),
        "port": url.port(),
        "path": url.path(),
    }))
}

fn description(text: &[u8]) -> Value {
    let sdp = Description::parse(text, &Limits::default());
    let mut object = json!({
        "session_name": sdp.session_name,
        "session_control": sdp.control(),
        "media": sdp.media.iter().enumerate().map(media).collect::<Value>(),
    });
    if let Some(range) = sdp.range() {
        object["session_range"] = range.into();
    }
    object
}

fn media((index, media): (usize, &Media<'_>)) -> Value {
    let pt = media.payload_type();
    let mut object = json!({
        "index": index,
        "media": media.media,
        "proto": media.proto,
        "fmts": media.fmts.iter().map(|fmt| json!(fmt)).collect::<Value>(),
        "pt": pt,
        "encoding": null,
        "control": media.control(),
        "port": media.port,
    });
    let map = pt.and_then(|pt| media.rtpmap(pt));
    match (media.format(), map) {
        (Some(format), _) => {
            object["encoding"] = json!(format.encoding);
            object["clock_rate"] = json!(format.clock_rate);
            object["channels"] = json!(format.channels);
        }
        (None, Some(map)) => {
            object["encoding"] = json!(map.encoding);
            object["clock_rate"] = json!(map.clock_rate);
            object["channels"] = json!(map.channels);
        }
        (None, None) => {}
    }
    let fmtp = pt.and_then(|pt| media.fmtp(pt));
    if let Some(fmtp) = fmtp.filter(|fmtp| !fmtp.is_empty()) {
        object["fmtp"] = fmtp
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), json!(value)))
            .collect();
    }
    let optional = [
        ("range", media.range()),
        ("framerate", media.framerate()),
        ("ptime", media.ptime()),
        ("direction", media.direction().map(Direction::as_str)),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            object[name] = value.into();
        }
    }
    if !media.bandwidth.is_empty() {
        object["bandwidth"] = media.bandwidth.iter().map(|b| json!(b.text)).collect();
    }
    object
}

/// Items of a stream, whole and byte by byte.
fn stream(bytes: &[u8], expect: &Value) -> Result<Value, String> {
    let whole = items(bytes, bytes.len(), expect)?;
    for cut in [1, 2, 3, 7, 64] {
        let other = items(bytes, cut, expect)?;
        if other != whole {
            return Err(format!("in parts of {cut}: {other} instead of {whole}"));
        }
    }
    Ok(whole)
}

fn items(bytes: &[u8], cut: usize, expect: &Value) -> Result<Value, String> {
    let mut reader = Reader::new(Limits::default(), Resync::Skip);
    let (mut items, mut skipped) = (Vec::new(), 0);
    for chunk in bytes.chunks(cut) {
        reader.push(chunk.to_vec());
        while let Some(item) = reader.read().map_err(|error| error.to_string())? {
            match item {
                Item::Request(request) => items.push(json!({
                    "type": "request", "cseq": request.headers.cseq(),
                })),
                Item::Response(response) => items.push(json!({
                    "type": "response", "cseq": response.headers.cseq(),
                })),
                Item::Data(frame) => items.push(json!({
                    "type": "data", "channel": frame.channel, "len": frame.payload.len(),
                })),
                Item::Skipped { len, .. } => skipped += len,
                item => return Err(format!("{item:?}")),
            }
        }
    }
    let mut object = json!({ "items": items });
    if expect.get("skipped_bytes").is_some() || skipped > 0 {
        object["skipped_bytes"] = skipped.into();
    }
    Ok(object)
}

const KINDS: &[&str] = &[
    "request",
    "response",
    "sdp",
    "transport",
    "session",
    "rtp-info",
    "range",
    "control-join",
    "content-base",
    "url",
    "stream",
];
