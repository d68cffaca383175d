//! What the payload headers of a frame's first packet say besides the frame.

use serde_json::{Value, json};
use weir_rtsp::payload::{jpeg, vp8, vp9};

use crate::plain::hex;

type Pairs = Vec<(&'static str, Value)>;

/// Keys for a frame of `codec`, read from the payload of its first packet.
pub(super) fn show(codec: &str, payload: &[u8]) -> Pairs {
    let pairs = match codec.to_ascii_lowercase().as_str() {
        "vp8" => vp8::Descriptor::decode(payload).map(|descriptor| of_vp8(&descriptor)),
        "vp9" => vp9::Descriptor::decode(payload).map(|descriptor| of_vp9(&descriptor)),
        "jpeg" => jpeg::Header::decode(payload).map(|header| of_jpeg(&header)),
        // G.722's clock runs at half its sampling rate. RFC 3551, section 4.5.2.
        "g722" => Some(vec![("sample_rate", json!(16_000))]),
        "l16" => payload
            .first_chunk()
            .map(|sample| vec![("first_sample_left_be", json!(i16::from_be_bytes(*sample)))]),
        "mp2t" => Some(vec![("ts_packets", json!(payload.len() / 188))]),
        _ => None,
    };
    let mut pairs = pairs.unwrap_or_default();
    pairs.retain(|(_, value)| !value.is_null());
    pairs
}

fn of_vp8(descriptor: &vp8::Descriptor) -> Pairs {
    vec![
        ("picture_id", json!(descriptor.picture_id)),
        ("tl0picidx", json!(descriptor.tl0_picture_index)),
        (
            "tid",
            json!(descriptor.temporal_layer.map(|(layer, _)| layer)),
        ),
        (
            "y",
            json!(descriptor.temporal_layer.map(|(_, sync)| u8::from(sync))),
        ),
        ("keyidx", json!(descriptor.key_index)),
        ("non_ref", json!(descriptor.non_reference)),
    ]
}

fn of_vp9(descriptor: &vp9::Descriptor) -> Pairs {
    let layer = descriptor.layer.as_ref();
    let sizes = descriptor.layer_sizes.iter();
    let sizes: Vec<Value> = sizes.map(|(w, h)| json!({ "w": w, "h": h })).collect();
    let differences: Vec<u8> = descriptor.reference_differences.iter().copied().collect();
    vec![
        ("picture_id", json!(descriptor.picture_id)),
        ("tid", json!(layer.map(|layer| layer.temporal))),
        ("u", json!(layer.map(|layer| u8::from(layer.switching_up)))),
        ("sid", json!(layer.map(|layer| layer.spatial))),
        ("d", json!(layer.map(|layer| u8::from(layer.inter_layer)))),
        ("tl0picidx", json!(descriptor.tl0_picture_index)),
        (
            "p_diffs",
            json!((!differences.is_empty()).then_some(differences)),
        ),
        ("ss", json!((!sizes.is_empty()).then_some(sizes))),
    ]
}

fn of_jpeg(header: &jpeg::Header<'_>) -> Pairs {
    let sampling = match header.kind & 0x3F {
        0 => Some("4:2:2"),
        1 => Some("4:2:0"),
        _ => None,
    };
    vec![
        ("type", json!(header.kind)),
        ("q", json!(header.quality)),
        ("width", json!(header.width)),
        ("height", json!(header.height)),
        ("sampling", json!(sampling)),
        ("restart_interval", json!(header.restart_interval)),
        ("qtables", json!(header.tables.map(hex))),
    ]
}
