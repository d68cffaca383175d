//! Against another decoder.

use flash_lso::amf0::read::AMF0Decoder;
use flash_lso::amf3::read::AMF3Decoder;
use flash_lso::types::Value;
use weir_amf::{Config, Document, Format, Reader};

/// What both decoders accept has the same length, and is the same scalar.
///
/// Known disagreements, none of which passes both: flash-lso takes unknown AMF0 markers for
/// unsupported and reads on, mangles lengths past 2^27, and knows no externalizable class unless it
/// is registered; weir refuses references to what has not begun and text that is not UTF-8.
pub fn flash_lso(data: &[u8]) {
    let Some((selector, data)) = data.split_first() else {
        return;
    };
    if data.len() > 4096 {
        return;
    }
    let format = if selector % 2 == 0 {
        Format::Amf0
    } else {
        Format::Amf3
    };
    let Ok(document) = Reader::new(data, format, &Config::default()).document(1) else {
        return;
    };
    let Some(range) = document.wire_range(0) else {
        return;
    };
    let theirs = match format {
        Format::Amf0 => AMF0Decoder::default().parse_single_element(data),
        Format::Amf3 => AMF3Decoder::default().parse_single_element(data),
    };
    let Ok((rest, value)) = theirs else { return };
    assert_eq!(
        data.len() - rest.len(),
        range.len(),
        "{document} and {value:?}"
    );
    scalar(&document, &value);
}

fn scalar(document: &Document, value: &Value) {
    let root = document.root();
    match value {
        Value::Number(number) => {
            assert_eq!(root.as_f64().map(f64::to_bits), Some(number.to_bits()));
        }
        Value::Bool(value) => assert_eq!(root.as_bool(), Some(*value)),
        Value::String(text) => assert_eq!(root.as_str(), Some(text.as_str())),
        Value::Integer(integer) => assert_eq!(root.as_i32(), Some(*integer)),
        Value::ByteArray(bytes) => assert_eq!(root.as_bytes(), Some(bytes.as_slice())),
        _ => {}
    }
}
