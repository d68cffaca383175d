//! Every test vector: ours in `tests/data`, and those recorded by other projects, which are read
//! from the folder that `WEIR_THIRD_PARTY_VECTORS` names and are not part of this repository.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use std::path::Path;

use libtest_mimic::{Arguments, Failed, Trial};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use weir_amf::remoting::Packet;
use weir_amf::sol::Sol;
use weir_amf::{Config, Document, EncodeConfig, Format, SlotPolicy, amf0, amf3};

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    let own = include_str!("data/vectors.json");
    trials.extend(
        values(own)
            .into_iter()
            .map(|vector| value_trial("own", vector)),
    );
    match std::env::var_os("WEIR_THIRD_PARTY_VECTORS") {
        Some(folder) => trials.extend(third_party(Path::new(&folder))),
        None => {
            let reason = "third party: ignored because WEIR_THIRD_PARTY_VECTORS is not set";
            trials.push(Trial::test(reason, || Ok(())).with_ignored_flag(true));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn third_party(folder: &Path) -> Vec<Trial> {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let mut trials = Vec::new();
    for vector in values(&read("amf_vectors.json")) {
        trials.push(value_trial("third-party", vector));
    }
    for vector in values(&read("amf_packets.json")) {
        let name = format!("packet {}", vector["name"].as_str().unwrap());
        trials.push(Trial::test(name, move || packet(&vector)));
    }
    let expected = parse(&read("sol/EXPECTED.json"));
    for (file, expected) in expected.as_object().unwrap().clone() {
        let bytes = std::fs::read(folder.join("sol").join(&file)).unwrap();
        trials.push(Trial::test(format!("sol {file}"), move || {
            sol(&bytes, &expected)
        }));
    }
    trials
}

fn values(text: &str) -> Vec<Json> {
    parse(text).as_array().unwrap().clone()
}

/// Parses JSON of any depth: a value nested 64 deep takes 192 levels.
fn parse(text: &str) -> Json {
    let mut parser = serde_json::Deserializer::from_str(text);
    parser.disable_recursion_limit();
    Json::deserialize(&mut parser).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn value_trial(set: &str, vector: Json) -> Trial {
    let name = format!("{set} {}", vector["name"].as_str().unwrap());
    Trial::test(name, move || match vector["expect"].as_str() {
        Some("error") => malformed(&vector),
        _ => valid(&vector),
    })
}

fn format(vector: &Json) -> Format {
    if vector["format"] == "amf3" {
        Format::Amf3
    } else {
        Format::Amf0
    }
}

fn policy(vector: &Json, otherwise: SlotPolicy) -> SlotPolicy {
    match vector["amf0_refs"].as_str() {
        Some("avm1") => SlotPolicy::Avm1,
        Some("avm2") => SlotPolicy::Avm2,
        _ => otherwise,
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

fn config(vector: &Json, otherwise: SlotPolicy) -> (Config, EncodeConfig) {
    let (mut config, mut encode) = (Config::default(), EncodeConfig::default());
    config.slots = policy(vector, otherwise);
    encode.slots = config.slots;
    (config, encode)
}

fn encode(document: &Document, format: Format, config: &EncodeConfig) -> Vec<u8> {
    let mut out = Vec::new();
    match format {
        Format::Amf0 => amf0::encode_into(document, config, &mut out).unwrap(),
        Format::Amf3 => amf3::encode_into(document, config, &mut out).unwrap(),
    }
    out
}

/// Fails unless both are the same JSON, numbers compared by value.
fn same(found: &Json, expected: &Json) -> Result<(), Failed> {
    fn plain(json: &Json) -> Json {
        match json {
            Json::Number(number) => json!(number.as_f64().unwrap()),
            Json::Array(items) => items.iter().map(plain).collect(),
            Json::Object(members) => members
                .iter()
                .map(|(name, value)| (name.clone(), plain(value)))
                .collect(),
            other => other.clone(),
        }
    }
    if plain(found) == plain(expected) {
        return Ok(());
    }
    Err(format!("found    {found}\nexpected {expected}").into())
}

fn valid(vector: &Json) -> Result<(), Failed> {
    let input = bytes(vector["hex"].as_str().unwrap());
    let format = format(vector);
    let (config, encode_config) = config(vector, SlotPolicy::Spec);
    let document = Document::decode(&input, format, &config).map_err(|error| error.to_string())?;
    let text = weir_amf::json::values_to_string(&document, config.slots);
    let found = parse(&text);
    let expected = match vector["seq"].as_bool() {
        Some(true) => vector["value"].clone(),
        _ => json!([vector["value"]]),
    };
    same(&found, &expected)?;
    let text = expected.to_string();
    let from_json = weir_amf::json::values_from_str(&text, format, config.slots)
        .map_err(|error| format!("{error}: {text}"))?;
    if from_json != document {
        return Err(format!("from JSON {from_json}\ndecoded   {document}").into());
    }
    let again = encode(&document, format, &encode_config);
    if vector["roundtrip"] == true
        && (again != input || encode(&from_json, format, &encode_config) != input)
    {
        return Err(format!("written {again:02x?}\nread    {input:02x?}").into());
    }
    let decoded_again = Document::decode(&again, format, &config).unwrap();
    if decoded_again != document {
        return Err(format!("again {decoded_again}\nfirst {document}").into());
    }
    Ok(())
}

fn malformed(vector: &Json) -> Result<(), Failed> {
    let input = bytes(vector["hex"].as_str().unwrap());
    let mut config = Config::default();
    if vector["kind"] == "depth" {
        config.limits.max_depth = 256;
    }
    // No value is none, where the vectors want one.
    if input.is_empty() {
        let document = Document::decode(&input, format(vector), &config).unwrap();
        return if document.is_empty() {
            Ok(())
        } else {
            Err("a value of nothing".into())
        };
    }
    match Document::decode(&input, format(vector), &config) {
        Ok(document) => Err(format!("decoded as {document}").into()),
        Err(error) => same(
            &json!([error.kind(), error.offset()]),
            &json!([vector["kind"], vector["offset_hint"]]),
        )
        .map_err(|failed| format!("{}: {error}", failed.message().unwrap_or_default()).into()),
    }
}

fn packet(vector: &Json) -> Result<(), Failed> {
    let input = bytes(vector["hex"].as_str().unwrap());
    let slots = policy(vector, SlotPolicy::Avm1);
    let (config, encode_config) = config(vector, slots);
    let packet = Packet::decode_with(&input, &config).map_err(|error| error.to_string())?;
    let text = weir_amf::json::packet_to_string(&packet, slots);
    same(&parse(&text), &vector["packet"])?;
    let from_json = weir_amf::json::packet_from_str(&vector["packet"].to_string(), slots).unwrap();
    if from_json.encode_with(&encode_config).unwrap() != input || packet != from_json {
        return Err("the envelope made of JSON is another".into());
    }
    if packet.encode_with(&encode_config).unwrap() != input {
        return Err("the envelope is written differently".into());
    }
    Ok(())
}

/// Files whose bytes say more than their values: one marks an externalizable class as dynamic,
/// which means nothing; the other sends the same traits twice.
const NOT_CANONICAL: [&str; 2] = ["oppDetailPrefs", "AS3-Demo"];

fn sol(input: &[u8], expected: &Json) -> Result<(), Failed> {
    let slots = policy(expected, SlotPolicy::Avm1);
    let (config, encode_config) = config(expected, slots);
    let decoded = Sol::decode_with(input, &config);
    if expected["expect"] == "error" {
        let error = decoded.err().ok_or("decoded")?;
        let found = format!("{}@{}", error.kind(), error.offset());
        return same(&json!(found), &expected["kind"]);
    }
    let sol = decoded.map_err(|error| error.to_string())?;
    let found = parse(&weir_amf::json::sol_to_string(&sol, slots));
    for member in ["name", "amf_version", "header_length_ok", "body"] {
        same(&found[member], &expected[member])?;
    }
    let from_json = weir_amf::json::sol_from_str(&found.to_string(), slots).unwrap();
    if from_json != sol {
        return Err("the file made of JSON is another".into());
    }
    let again = sol.encode_with(&encode_config).unwrap();
    if Sol::decode_with(&again, &config).unwrap() != sol {
        return Err("the file is written differently".into());
    }
    if again != input && !NOT_CANONICAL.contains(&&*sol.name) {
        return Err(format!("written {again:02x?}\nread    {input:02x?}").into());
    }
    Ok(())
}
