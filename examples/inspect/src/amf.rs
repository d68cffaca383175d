//! `amf0`, `amf3`, `amf-packet`, `sol`: values in the tagged notation of weir-amf's `json`.

use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde_json::{Value, json};
use weir_amf::remoting::Packet;
use weir_amf::sol::Sol;
use weir_amf::{
    Config, DecodeError, Document, EncodeConfig, EncodeError, Format, SlotPolicy, amf0, amf3,
    json as notation,
};

use crate::failure::Failure;
use crate::plain::hex;
use crate::source::{self, Input};

#[derive(Debug, Args)]
pub(crate) struct ValueArgs {
    #[command(flatten)]
    input: Input,
    /// Which AMF0 values references count.
    #[arg(long, value_enum, default_value = "spec")]
    refs: Refs,
    /// Show all values, one after another, sharing their tables.
    #[arg(long)]
    seq: bool,
    /// Add `hex`, our own encoding of the same.
    #[arg(long)]
    reencode: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ContainerArgs {
    #[command(flatten)]
    input: Input,
    /// Which AMF0 values references count.
    #[arg(long, value_enum, default_value = "avm1")]
    refs: Refs,
    /// Add `hex`, our own encoding of the same.
    #[arg(long)]
    reencode: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Refs {
    Spec,
    Avm1,
    Avm2,
}

impl Refs {
    const fn policy(self) -> SlotPolicy {
        match self {
            Self::Spec => SlotPolicy::Spec,
            Self::Avm1 => SlotPolicy::Avm1,
            Self::Avm2 => SlotPolicy::Avm2,
        }
    }
}

pub(crate) fn run_value(args: &ValueArgs, format: Format) -> Result<Value, Failure> {
    let (value, bytes) = value(&args.input.read()?, format, args.refs.policy(), args.seq)?;
    let mut report = json!({ "value": value });
    add_hex(&mut report, args.reencode, &bytes);
    Ok(report)
}

pub(crate) fn run_packet(args: &ContainerArgs) -> Result<Value, Failure> {
    let (packet, bytes) = packet(&args.input.read()?, args.refs.policy())?;
    let mut report = json!({ "packet": packet });
    add_hex(&mut report, args.reencode, &bytes);
    Ok(report)
}

pub(crate) fn run_sol(args: &ContainerArgs) -> Result<Value, Failure> {
    let slots = args.refs.policy();
    let sol = Sol::decode_with(&args.input.read()?, &decode_config(slots))?;
    let mut report = parsed(&notation::sol_to_string(&sol, slots))?;
    if args.reencode {
        add_hex(&mut report, true, &sol.encode_with(&encode_config(slots))?);
    }
    Ok(report)
}

/// One line of the vectors: what `value` or `packet`, and `hex`, should be.
pub(crate) fn vector(entry: &Value) -> Result<Value, Failure> {
    let input = source::hex(entry["hex"].as_str().unwrap_or_default())?;
    let is_packet = entry["format"] == "packet";
    let slots = match entry["amf0_refs"].as_str() {
        Some("avm1") => SlotPolicy::Avm1,
        Some("avm2") => SlotPolicy::Avm2,
        None if is_packet => SlotPolicy::Avm1,
        _ => SlotPolicy::Spec,
    };
    if is_packet {
        let (packet, bytes) = packet(&input, slots)?;
        return Ok(json!({ "packet": packet, "hex": hex(&bytes) }));
    }
    let format = match entry["format"].as_str() {
        Some("amf3") => Format::Amf3,
        _ => Format::Amf0,
    };
    let (value, bytes) = value(&input, format, slots, entry["seq"] == true)?;
    Ok(json!({ "value": value, "hex": hex(&bytes) }))
}

fn value(
    input: &[u8],
    format: Format,
    slots: SlotPolicy,
    seq: bool,
) -> Result<(Value, Vec<u8>), Failure> {
    let document = Document::decode(input, format, &decode_config(slots))?;
    let mut value = parsed(&notation::values_to_string(&document, slots))?;
    if !seq {
        if let Some(next) = document.wire_range(1) {
            let message = format!("{} values, --seq shows them all", document.len());
            return Err(Failure::at("malformed", next.start as u64, message));
        }
        let first = value.as_array_mut().and_then(Vec::pop);
        value = first.ok_or_else(|| Failure::at("eof", 0, "no value"))?;
    }
    let mut bytes = Vec::new();
    let encode = match format {
        Format::Amf0 => amf0::encode_into,
        Format::Amf3 => amf3::encode_into,
    };
    encode(&document, &encode_config(slots), &mut bytes)?;
    Ok((value, bytes))
}

fn packet(input: &[u8], slots: SlotPolicy) -> Result<(Value, Vec<u8>), Failure> {
    let packet = Packet::decode_with(input, &decode_config(slots))?;
    let shown = parsed(&notation::packet_to_string(&packet, slots))?;
    Ok((shown, packet.encode_with(&encode_config(slots))?))
}

fn add_hex(report: &mut Value, wanted: bool, bytes: &[u8]) {
    if let (true, Value::Object(report)) = (wanted, report) {
        report.insert("hex".to_owned(), hex(bytes).into());
    }
}

fn decode_config(slots: SlotPolicy) -> Config {
    let mut config = Config::default();
    config.slots = slots;
    config.limits.max_depth = MAX_DEPTH;
    config
}

fn encode_config(slots: SlotPolicy) -> EncodeConfig {
    let mut config = EncodeConfig::default();
    config.slots = slots;
    config
}

/// Our own JSON as a value; a container of AMF takes up to three levels of JSON.
fn parsed(text: &str) -> Result<Value, Failure> {
    let mut parser = serde_json::Deserializer::from_str(text);
    parser.disable_recursion_limit();
    Value::deserialize(&mut parser).map_err(|error| Failure::new("malformed", error))
}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        Self::at(error.kind(), error.offset() as u64, error)
    }
}

impl From<EncodeError> for Failure {
    fn from(error: EncodeError) -> Self {
        Self::new("malformed", error)
    }
}

/// Four times the default: what is looked at here is not served to anyone.
const MAX_DEPTH: u32 = 256;
