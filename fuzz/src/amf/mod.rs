//! Targets of weir-amf.

mod peer;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use weir_amf::remoting::Packet;
use weir_amf::sol::Sol;
use weir_amf::{Config, Document, Format, Reader, SlotPolicy, amf0 as zero, amf3 as three};
use weir_amf::{json, serde as typed_amf};

pub use peer::flash_lso;

/// AMF0 in any order of bytes.
pub fn amf0(data: &[u8]) {
    values(data, Format::Amf0);
}

/// AMF3 in any order of bytes.
pub fn amf3(data: &[u8]) {
    values(data, Format::Amf3);
}

/// The memory bound of the docs of `Limits`, the same end of both levels, and any cut.
fn values(data: &[u8], format: Format) {
    let config = Config::default();
    let mut decoded = None;
    let measured = allocation_counter::measure(|| {
        decoded = Some(Document::decode(data, format, &config));
    });
    assert!(
        measured.bytes_max <= data.len() as u64 * 80 + 4096,
        "{} bytes",
        measured.bytes_max
    );
    let decoded = decoded.expect("was decoded");
    let mut reader = Reader::new(data, format, &config);
    let error = loop {
        match reader.next_event() {
            Ok(Some(_)) => {}
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    match &decoded {
        Ok(document) => {
            assert_eq!(error, None);
            cuts(data, format, document);
        }
        // The reader does not look at text.
        Err(found) if found.kind() == "utf8" => {}
        Err(found) => assert_eq!(Some(found), error.as_ref()),
    }
    if let Err(error) = decoded {
        assert!(error.offset() <= data.len());
    }
}

/// A prefix ends early or holds fewer values.
fn cuts(data: &[u8], format: Format, whole: &Document) {
    let step = data.len() / 16 + 1;
    for end in (0..data.len()).step_by(step) {
        match Document::decode(&data[..end], format, &Config::default()) {
            Ok(document) => assert!(document.len() < whole.len()),
            Err(error) => assert!(error.is_eof(), "{error}"),
        }
    }
}

/// Envelopes and `.sol` files, by the first byte.
pub fn containers(data: &[u8]) {
    let Some((selector, data)) = data.split_first() else {
        return;
    };
    if selector % 2 == 0 {
        let Ok(packet) = Packet::decode(data) else {
            return;
        };
        let Ok(written) = packet.encode() else { return };
        let again = Packet::decode(&written).expect("what was written can be read");
        assert_eq!(again.encode().as_ref(), Ok(&written));
        let text = json::packet_to_string(&again, SlotPolicy::Spec);
        let from_json = json::packet_from_str(&text, SlotPolicy::Spec).expect("own JSON");
        assert_eq!(from_json.encode(), Ok(written));
    } else {
        let Ok(sol) = Sol::decode(data) else { return };
        let Ok(written) = sol.encode() else { return };
        let again = Sol::decode(&written).expect("what was written can be read");
        assert_eq!(again.data, sol.data);
        let text = json::sol_to_string(&again, SlotPolicy::Avm1);
        let from_json = json::sol_from_str(&text, SlotPolicy::Avm1).expect("own JSON");
        assert_eq!(from_json.data, sol.data);
    }
}

/// Decode, encode, decode; JSON; copies and edits.
pub fn graph(data: &[u8]) {
    let Some((selector, data)) = data.split_first() else {
        return;
    };
    let format = if selector % 2 == 0 {
        Format::Amf0
    } else {
        Format::Amf3
    };
    let decode = |bytes: &[u8]| Document::decode(bytes, format, &Config::default());
    let encode = |document: &Document| match format {
        Format::Amf0 => zero::encode(document),
        Format::Amf3 => three::encode(document),
    };
    let Ok(mut document) = decode(data) else {
        return;
    };
    let written = encode(&document).expect("what was read can be written");
    let again = decode(&written).expect("what was written can be read");
    assert_eq!(again, document);
    assert_eq!(encode(&again).as_ref(), Ok(&written));
    let text = json::values_to_string(&document, SlotPolicy::Spec);
    assert_eq!(
        json::values_from_str(&text, format, SlotPolicy::Spec).as_ref(),
        Ok(&document)
    );
    assert!(document.to_string().len() < 64 * 300);
    let copy = document
        .values()
        .fold(Document::new(), Document::with_value);
    let _ = encode(&copy).expect("a copy can be written");
    let name = document
        .root()
        .properties()
        .next()
        .map(|(name, _)| name.to_owned());
    if let Some(name) = name {
        document.set("added", Document::object().with("inner", true));
        document.remove(&name);
        assert!(!document.get(&name).exists());
        let _ = encode(&document);
        let _ = json::values_to_string(&document, SlotPolicy::Spec);
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Any {
    Unit,
    Number(f64),
    Pair(u8, bool),
    Struct { a: i32, b: Option<String> },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Typed {
    #[serde(default)]
    app: String,
    #[serde(default)]
    alpha: Option<f64>,
    #[serde(default)]
    list: Vec<Any>,
    #[serde(default)]
    map: BTreeMap<String, i64>,
}

/// Types: what was read from bytes is the same after it was written.
pub fn typed(data: &[u8]) {
    let Some((selector, data)) = data.split_first() else {
        return;
    };
    if selector % 2 == 0 {
        let _ = typed_amf::from_amf0::<BTreeMap<String, serde::de::IgnoredAny>>(data);
        if let Ok(value) = typed_amf::from_amf0::<Typed>(data) {
            same(
                &value,
                typed_amf::to_amf0(&value).map(|bytes| typed_amf::from_amf0(&bytes)),
            );
        }
        if let Ok(value) = typed_amf::from_amf0::<Vec<Any>>(data) {
            same(
                &value,
                typed_amf::to_amf0(&value).map(|bytes| typed_amf::from_amf0(&bytes)),
            );
        }
    } else {
        let _ = typed_amf::from_amf3::<BTreeMap<String, serde::de::IgnoredAny>>(data);
        if let Ok(value) = typed_amf::from_amf3::<Typed>(data) {
            same(
                &value,
                typed_amf::to_amf3(&value).map(|bytes| typed_amf::from_amf3(&bytes)),
            );
        }
        if let Ok(value) = typed_amf::from_amf3::<Vec<Any>>(data) {
            same(
                &value,
                typed_amf::to_amf3(&value).map(|bytes| typed_amf::from_amf3(&bytes)),
            );
        }
    }
}

/// NaN is not equal to itself, so the words are compared. An integer past 2^53 cannot be written.
fn same<T: std::fmt::Debug>(
    value: &T,
    again: Result<Result<T, typed_amf::Error>, typed_amf::Error>,
) {
    if let Ok(again) = again {
        assert_eq!(
            format!("{:?}", again.expect("what was written can be read")),
            format!("{value:?}")
        );
    }
}
