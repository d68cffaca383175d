//! Remoting envelopes and `.sol` files as JSON.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use super::parse::{Json, JsonError};
use super::read::Reader;
use super::write::Writer;
use crate::document::{Data, Document, Span};
use crate::encode::EncodeConfig;
use crate::format::Format;
use crate::limits::SlotPolicy;
use crate::remoting::{Header, Message, Packet};
use crate::sol::Sol;

/// Writes an envelope: `{"version":3,"headers":[{"name","must_understand","len","value"}],
/// "messages":[{"target","response","len","value"}]}`, where `len` is what the field says.
#[must_use]
pub fn packet_to_string(packet: &Packet, slots: SlotPolicy) -> String {
    let mut out = String::new();
    let _ = write!(out, "{{\"version\":{},\"headers\":[", packet.version);
    for (position, header) in packet.headers.iter().enumerate() {
        let mut writer = Writer::new(&header.value, slots);
        writer.separate(position == 0);
        writer.out.push_str("{\"name\":");
        writer.text(&header.name);
        let _ = write!(
            writer.out,
            ",\"must_understand\":{}",
            header.must_understand
        );
        out.push_str(&sized(writer, header.len, &header.value, slots));
    }
    out.push_str("],\"messages\":[");
    for (position, message) in packet.messages.iter().enumerate() {
        let mut writer = Writer::new(&message.body, slots);
        writer.separate(position == 0);
        writer.out.push_str("{\"target\":");
        writer.text(&message.target);
        writer.out.push_str(",\"response\":");
        writer.text(&message.response);
        out.push_str(&sized(writer, message.len, &message.body, slots));
    }
    out.push_str("]}");
    out
}

/// Writes the length and the value of a header or message.
fn sized(
    mut writer: Writer<'_>,
    announced: Option<u32>,
    value: &Document,
    slots: SlotPolicy,
) -> String {
    let decoded = value.wire_range(0).map(|range| range.len());
    let exact = decoded.or_else(|| encoded_len(value, slots)).unwrap_or(0);
    let _ = match announced {
        Some(len) => write!(writer.out, ",\"len\":{len},\"value\":"),
        None => write!(writer.out, ",\"len\":{exact},\"value\":"),
    };
    writer.value(0);
    writer.out.push('}');
    writer.out
}

fn encoded_len(value: &Document, slots: SlotPolicy) -> Option<usize> {
    let mut out = Vec::new();
    let config = EncodeConfig {
        slots,
        ..EncodeConfig::default()
    };
    crate::amf0::encode_into(value, &config, &mut out).ok()?;
    Some(out.len())
}

/// Reads an envelope that [`packet_to_string`] writes.
///
/// # Errors
/// [`JsonError`] if the text is not JSON or not in the notation of this [module](crate::json).
pub fn packet_from_str(text: &str, slots: SlotPolicy) -> Result<Packet, JsonError> {
    let json = Json::parse(text)?;
    let mut packet = Packet::new(json.member("version")?.whole()?);
    for header in json.member("headers")?.array()? {
        let must_understand = header.member("must_understand")?.bool()?;
        let value = value(header, slots)?;
        let mut made = Header::new(header.member("name")?.str()?, must_understand, value);
        made.len = announced(header, &made.value, slots)?;
        packet.headers.push(made);
    }
    for message in json.member("messages")?.array()? {
        let (target, response) = (message.member("target")?, message.member("response")?);
        let mut made = Message::new(target.str()?, response.str()?, value(message, slots)?);
        made.len = announced(message, &made.body, slots)?;
        packet.messages.push(made);
    }
    Ok(packet)
}

fn value(json: &Json<'_>, slots: SlotPolicy) -> Result<Document, JsonError> {
    let mut reader = Reader::new(Format::Amf0, slots);
    reader.value(json.member("value")?, Span::NONE)?;
    Ok(reader.document)
}

/// Returns what the length field says, if that is not the length.
fn announced(
    json: &Json<'_>,
    value: &Document,
    slots: SlotPolicy,
) -> Result<Option<u32>, JsonError> {
    let len: u32 = json.member("len")?.whole()?;
    let exact = encoded_len(value, slots) == usize::try_from(len).ok();
    Ok((!exact).then_some(len))
}

/// Writes a file: `{"name":"..","amf_version":0,"body":[["name",value],...]}`.
#[must_use]
pub fn sol_to_string(sol: &Sol, slots: SlotPolicy) -> String {
    let mut writer = Writer::new(&sol.data, slots);
    writer.out.push_str("{\"name\":");
    writer.text(&sol.name);
    let version = match sol.format {
        Format::Amf0 => 0,
        Format::Amf3 => 3,
    };
    let _ = write!(
        writer.out,
        ",\"amf_version\":{version},\"header_length_ok\":"
    );
    let _ = write!(writer.out, "{},\"body\":[", sol.len.is_none());
    for (position, (name, value)) in sol.data.root().properties().enumerate() {
        writer.separate(position == 0);
        writer.out.push('[');
        writer.text(name);
        writer.out.push(',');
        writer.value(value.index());
        writer.out.push(']');
    }
    writer.out.push_str("]}");
    writer.out
}

/// Reads a file that [`sol_to_string`] writes; its length field will be right.
///
/// # Errors
/// [`JsonError`] if the text is not JSON or not in the notation of this [module](crate::json).
pub fn sol_from_str(text: &str, slots: SlotPolicy) -> Result<Sol, JsonError> {
    let json = Json::parse(text)?;
    let version = json.member("amf_version")?;
    let format = match version.whole()? {
        0 => Format::Amf0,
        3 => Format::Amf3,
        _ => return Err(version.error("version 0 or 3")),
    };
    let mut sol = Sol::new(json.member("name")?.str()?, format);
    let mut reader = Reader::new(format, slots);
    reader.push(
        Span::NONE,
        Data::Object {
            end: 1,
            class: Span::NONE,
        },
    );
    reader.properties(json.member("body")?)?;
    sol.data = reader.document.under_root();
    Ok(sol)
}
