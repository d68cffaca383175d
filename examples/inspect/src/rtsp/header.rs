//! Typed RTSP headers.

use serde_json::{Map, Value, json};
use weir_rtsp::header::{NptTime, Range, RangeUnit, RtpInfo, Session, Transport, Transports};

use super::malformed;
use crate::failure::Failure;

pub(crate) fn session(text: &str) -> Result<Value, Failure> {
    let session: Session = text.parse().map_err(malformed)?;
    let timeout = session.timeout.map(|timeout| timeout.as_secs());
    Ok(json!({ "id": session.id, "timeout": timeout }))
}

pub(crate) fn transport(text: &str) -> Result<Value, Failure> {
    let list = Transports::from(text).0.into_iter();
    list.map(|spec| Ok(one_transport(&spec.map_err(malformed)?)))
        .collect()
}

fn one_transport(spec: &Transport) -> Value {
    let mut shown = Map::new();
    shown.insert("protocol".into(), json!(spec.protocol));
    shown.insert("profile".into(), json!(spec.profile));
    shown.insert("lower".into(), json!(spec.lower));
    let modes: Vec<String> = spec.mode.iter().map(ToString::to_string).collect();
    let ssrc: Vec<String> = spec.ssrc.iter().map(|ssrc| format!("{ssrc:08x}")).collect();
    let parameters = [
        ("unicast", spec.unicast.then(|| json!(true))),
        ("multicast", spec.multicast.then(|| json!(true))),
        ("append", spec.append.then(|| json!(true))),
        (
            "destination",
            spec.destination.as_ref().map(|host| json!(host)),
        ),
        ("source", spec.source.as_ref().map(|host| json!(host))),
        (
            "interleaved",
            spec.interleaved.map(|channels| json!(channels)),
        ),
        ("port", spec.port.map(|ports| json!(ports))),
        ("client_port", spec.client_port.map(|ports| json!(ports))),
        ("server_port", spec.server_port.map(|ports| json!(ports))),
        ("ttl", spec.ttl.map(|ttl| json!(ttl))),
        ("layers", spec.layers.map(|layers| json!(layers))),
        ("ssrc", (!ssrc.is_empty()).then(|| json!(ssrc))),
        ("mode", (!modes.is_empty()).then(|| json!(modes))),
    ];
    for (name, value) in parameters {
        if let Some(value) = value {
            shown.insert(name.into(), value);
        }
    }
    Value::Object(shown)
}

pub(crate) fn rtp_info(text: &str) -> Result<Value, Failure> {
    let info: RtpInfo = text.parse().map_err(malformed)?;
    let streams = info.streams.iter().map(|stream| {
        let mut shown = Map::new();
        shown.insert("url".into(), json!(stream.url));
        shown.insert("seq".into(), json!(stream.seq));
        shown.insert("rtptime".into(), json!(stream.rtptime));
        if let Some(ssrc) = stream.ssrc {
            shown.insert("ssrc".into(), json!(format!("{ssrc:08x}")));
        }
        Value::Object(shown)
    });
    Ok(streams.collect())
}

pub(crate) fn range(text: &str) -> Result<Value, Failure> {
    let range: Range = text.parse().map_err(malformed)?;
    let npt = |time: NptTime| match time {
        NptTime::Now => json!("now"),
        NptTime::At(at) => json!(at.as_secs_f64()),
    };
    let (unit, start, end) = match range.unit {
        RangeUnit::Npt { start, end } => ("npt", start.map(npt), end.map(npt)),
        RangeUnit::Smpte { start, end, .. } => (
            "smpte",
            start.map(|time| json!(time.to_string())),
            end.map(|time| json!(time.to_string())),
        ),
        RangeUnit::Clock { start, end } => (
            "clock",
            start.map(|time| json!(time.to_string())),
            end.map(|time| json!(time.to_string())),
        ),
        unit => return Err(Failure::new("malformed", format!("range unit {unit:?}"))),
    };
    let mut shown = Map::new();
    shown.insert("unit".into(), json!(unit));
    shown.insert("start".into(), json!(start));
    shown.insert("end".into(), json!(end));
    if let Some(time) = range.time {
        shown.insert("time".into(), json!(time.to_string()));
    }
    Ok(Value::Object(shown))
}
