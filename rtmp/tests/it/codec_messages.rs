//! What recorded messages say, read by the codecs alone.

use serde_json::Value as Json;
use weir_amf::{Kind, Value};
use weir_rtmp::{
    Limits, Quirks,
    chunk::{ChunkReader, Message, MessageType},
    message::{BandwidthLimit, Command, Control, Data, UserControl, Values},
};

use crate::capture::{self, Direction};

#[test]
fn commands_are_read_as_recorded_and_written_back_byte_for_byte() {
    for (name, direction) in directions() {
        let commands: Vec<_> = messages(&direction)
            .into_iter()
            .filter_map(|message| Some((Command::from_message(&message).unwrap()?, message)))
            .collect();
        let expected = direction.expect["commands"].as_array().unwrap();
        assert_eq!(commands.len(), expected.len(), "{name}");
        for ((command, message), expected) in commands.iter().zip(expected) {
            assert_eq!(expected["name"], command.name.as_str());
            assert_eq!(expected["tid"].as_f64(), Some(command.transaction.get()));
            assert_eq!(expected["csid"], message.chunk_stream.get());
            assert_eq!(expected["msid"], message.stream.get());
            assert_eq!(expected["amf"] == 3, command.amf3);
            assert_values(&command.args.document().unwrap(), &expected["args"]);
            assert_eq!(command.encode(), message.payload, "{name} {}", command.name);
        }
    }
}

#[test]
fn values_that_refer_to_others_are_written_with_references_that_count_from_the_first() {
    // An object with an object and a reference to it: slots 0 and 1.
    let twice = b"\x03\0\x01a\x03\0\0\x09\0\x01b\x07\0\x01\0\0\x09";
    let document = weir_amf::amf0::decode(twice).unwrap();
    let object = weir_amf::Document::object();
    let values = Values::of(&[(&object).into(), (&document).into()]).unwrap();
    let expected = b"\x03\0\0\x09\x03\0\x01a\x03\0\0\x09\0\x01b\x07\0\x02\0\0\x09";
    assert_eq!(values.as_bytes(), &expected[..]);
}

#[test]
fn data_are_read_as_recorded_and_written_back_byte_for_byte() {
    for (name, direction) in directions() {
        let data: Vec<_> = messages(&direction)
            .into_iter()
            .filter_map(|message| Some((Data::from_message(&message).unwrap()?, message)))
            .collect();
        let expected = direction.expect["data"].as_array().unwrap();
        assert_eq!(data.len(), expected.len(), "{name}");
        for ((data, message), expected) in data.iter().zip(expected) {
            let mut args = expected["args"].as_array().unwrap().clone();
            let mut said = expected["name"].clone();
            if said == "@setDataFrame" {
                said = args.remove(0);
            }
            assert_eq!(said, data.name().as_str());
            assert_values(&data.values().document().unwrap(), &Json::Array(args));
            assert_eq!(data.encode(), message.payload, "{name}");
        }
    }
}

#[test]
fn control_messages_are_read_as_recorded_and_written_back() {
    for (name, direction) in directions() {
        let controls: Vec<_> = messages(&direction)
            .into_iter()
            .filter_map(|message| {
                let control = Control::decode(message.message_type, &message.payload).unwrap()?;
                assert_eq!(control.encode(), message.payload, "{name}");
                Some(match control {
                    Control::SetChunkSize(size) => serde_json::json!(["set_chunk_size", size]),
                    Control::Abort(csid) => serde_json::json!(["abort", csid]),
                    Control::Acknowledgement(count) => serde_json::json!(["ack", count]),
                    Control::WindowAckSize(size) => serde_json::json!(["window_ack_size", size]),
                    Control::SetPeerBandwidth { window, limit } => {
                        let limit = match limit {
                            BandwidthLimit::Hard => 0,
                            BandwidthLimit::Soft => 1,
                            BandwidthLimit::Dynamic => 2,
                        };
                        serde_json::json!(["set_peer_bandwidth", window, limit])
                    }
                })
            })
            .collect();
        assert_eq!(
            Json::Array(controls),
            direction.expect["control_in_order"],
            "{name}"
        );
    }
}

#[test]
fn user_control_events_are_read_as_recorded_and_written_back() {
    for (name, direction) in directions() {
        let events: Vec<_> = messages(&direction)
            .into_iter()
            .filter(|message| message.message_type == MessageType::USER_CONTROL)
            .map(|message| {
                let event = UserControl::decode(&message.payload).unwrap();
                assert_eq!(event.encode(), message.payload, "{name}");
                (event_name(&event), hex(&message.payload[2..]))
            })
            .collect();
        let expected: Vec<_> = direction.expect["user_control"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| {
                (
                    event["event"].as_str().unwrap(),
                    event["value"].as_str().unwrap(),
                )
            })
            .collect();
        let events: Vec<_> = events
            .iter()
            .map(|(event, value)| (*event, value.as_str()))
            .collect();
        assert_eq!(events, expected, "{name}");
    }
}

fn directions() -> impl Iterator<Item = (String, Direction)> {
    capture::all().into_iter().flat_map(|capture| {
        [
            (format!("{} c2s", capture.name), capture.c2s),
            (format!("{} s2c", capture.name), capture.s2c),
        ]
    })
}

fn messages(direction: &Direction) -> Vec<Message> {
    let mut reader = ChunkReader::new(&Limits::default(), &Quirks::default());
    let mut input = &direction.bytes[1 + 2 * 1536..];
    std::iter::from_fn(|| reader.read(&mut input).unwrap()).collect()
}

/// Numbers and texts must be the recorded ones; the order of properties is in the bytes.
fn assert_values(document: &weir_amf::Document, expected: &Json) {
    let expected = expected.as_array().unwrap();
    let values: Vec<_> = document.values().collect();
    assert_eq!(values.len(), expected.len());
    for (value, expected) in values.into_iter().zip(expected) {
        assert_value(value, expected);
    }
}

fn assert_value(value: Value<'_>, expected: &Json) {
    match expected {
        Json::Null => assert!(matches!(value.kind(), Kind::Null | Kind::Undefined)),
        Json::Bool(expected) => assert_eq!(value.as_bool(), Some(*expected)),
        Json::Number(expected) => assert_eq!(value.as_f64(), expected.as_f64()),
        Json::String(expected) => assert_eq!(value.as_str(), Some(&**expected)),
        Json::Array(expected) => {
            assert_eq!(value.items().count(), expected.len());
            for (value, expected) in value.items().zip(expected) {
                assert_value(value, expected);
            }
        }
        Json::Object(expected) => {
            assert_eq!(value.properties().count(), expected.len());
            for (name, expected) in expected {
                assert_value(value.get(name), expected);
            }
        }
    }
}

fn event_name(event: &UserControl) -> &'static str {
    match event {
        UserControl::StreamBegin(_) => "stream_begin",
        UserControl::StreamEof(_) => "stream_eof",
        UserControl::StreamIsRecorded(_) => "stream_is_recorded",
        UserControl::SetBufferLength { .. } => "set_buffer_length",
        UserControl::PingRequest(_) => "ping_request",
        UserControl::PingResponse(_) => "ping_response",
        UserControl::SwfVerifyRequest(_) => "swf_verify_request",
        UserControl::SwfVerifyResponse(_) => "swf_verify_response",
        UserControl::BufferEmpty(_) => "buffer_empty",
        UserControl::BufferReady(_) => "buffer_ready",
        _ => "another",
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
