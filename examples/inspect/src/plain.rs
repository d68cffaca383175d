//! AMF values as plain JSON: metadata and commands, where names matter and markers do not.
//!
//! What JSON has no form for keeps the tagged notation (`{"undef":true}`, `{"date":..}`).

use serde_json::{Map, Number, Value as Json, json};
use weir_amf::{Document, Kind, Value};

/// All values of a document, one after another.
pub(crate) fn values(document: &Document) -> Vec<Json> {
    document.values().map(value).collect()
}

/// One value. A reference to a container that is still open becomes `{"ref":true}`.
pub(crate) fn value(value: Value<'_>) -> Json {
    at_depth(value, 0)
}

/// A number as JSON has it: whole ones without a fraction, NaN and infinities by their bits.
pub(crate) fn number(number: f64) -> Json {
    #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
    if number.fract() == 0.0 && number.abs() < MAX_WHOLE && !is_negative_zero(number) {
        return json!(number as i64);
    }
    match Number::from_f64(number) {
        Some(finite) if !is_negative_zero(number) => Json::Number(finite),
        _ => json!({ "dx": format!("{:016x}", number.to_bits()) }),
    }
}

/// Bytes as lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn at_depth(value: Value<'_>, depth: usize) -> Json {
    if depth > MAX_DEPTH {
        return json!({ "ref": true });
    }
    let value = value.resolve();
    let items = || value.items().map(|item| at_depth(item, depth + 1));
    match value.kind() {
        Kind::Null => Json::Null,
        Kind::Undefined => json!({ "undef": true }),
        Kind::Unsupported => json!({ "unsupported": true }),
        Kind::Boolean => json!(value.as_bool()),
        Kind::Number | Kind::Integer => number(value.as_f64().unwrap_or_default()),
        Kind::String => json!(value.as_str()),
        Kind::XmlDocument => json!({ "xmldoc": value.as_xml() }),
        Kind::Xml => json!({ "xml": value.as_xml() }),
        Kind::ByteArray | Kind::Raw => json!({ "bytes": value.as_bytes().map(hex) }),
        Kind::Date => json!({ "date": value.as_date().map(|date| number(date.ms)) }),
        Kind::VectorInt => json!(value.as_vector_int().map(|v| v.iter().collect::<Vec<_>>())),
        Kind::VectorUint => json!(value.as_vector_uint().map(|v| v.iter().collect::<Vec<_>>())),
        Kind::VectorNumber => {
            json!(
                value
                    .as_vector_number()
                    .map(|v| v.iter().map(number).collect::<Vec<_>>())
            )
        }
        Kind::StrictArray | Kind::VectorObject | Kind::Externalizable => items().collect(),
        Kind::Array if value.properties().next().is_none() => items().collect(),
        Kind::Dictionary => value
            .pairs()
            .map(|(key, value)| json!([at_depth(key, depth + 1), at_depth(value, depth + 1)]))
            .collect(),
        _ => {
            let mut members: Map<String, Json> = value
                .properties()
                .map(|(name, member)| (name.to_owned(), at_depth(member, depth + 1)))
                .collect();
            let dense = items().enumerate();
            members.extend(dense.map(|(index, item)| (index.to_string(), item)));
            Json::Object(members)
        }
    }
}

fn is_negative_zero(number: f64) -> bool {
    number == 0.0 && number.is_sign_negative()
}

/// Deeper than any document the limits let through, unless it has a cycle.
const MAX_DEPTH: usize = 64;
const MAX_WHOLE: f64 = 9_007_199_254_740_992.0;
