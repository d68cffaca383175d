//! The messages of one direction, counted, hashed and the small ones spelt out.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use weir_amf::{Document, Format};
use weir_flv::body::{Codec, FrameType, MediaKind, Packet, PacketType, packets};
use weir_flv::{TagKind, Timestamp};
use weir_rtmp::chunk::{Message, MessageType};

use crate::plain::{self, hex};

#[derive(Debug)]
pub(crate) struct Messages {
    count: u64,
    by_type: BTreeMap<String, (u64, u64)>,
    media: BTreeMap<&'static str, Media>,
    commands: Vec<Value>,
    data: Vec<Value>,
    user_control: Vec<Value>,
    control: Vec<Value>,
    sha256: Sha256,
    /// Every message by itself, if asked for.
    list: Option<Vec<Value>>,
}

#[derive(Debug, Default)]
struct Media {
    csid: BTreeSet<u32>,
    msid: BTreeSet<u32>,
    times: Option<Times>,
    nonmonotonic: u64,
    payload_bytes: u64,
    max_len: usize,
    zero_len: u64,
    kinds: BTreeMap<String, u64>,
}

#[derive(Clone, Copy, Debug)]
struct Times {
    first: u32,
    last: u32,
    max: u32,
}

impl Messages {
    pub(crate) fn new(list: bool) -> Self {
        Self {
            count: 0,
            by_type: BTreeMap::new(),
            media: BTreeMap::new(),
            commands: Vec::new(),
            data: Vec::new(),
            user_control: Vec::new(),
            control: Vec::new(),
            sha256: Sha256::new(),
            list: list.then(Vec::new),
        }
    }

    pub(crate) fn add(&mut self, message: &Message) {
        self.count += 1;
        self.hash(message);
        let name = type_name(message.message_type);
        let len = message.payload.len();
        if let Some(list) = &mut self.list {
            list.push(json!([
                name,
                message.chunk_stream.get(),
                message.stream.get(),
                message.timestamp.as_millis(),
                len,
            ]));
        }
        let (count, bytes) = self.by_type.entry(name).or_default();
        *count += 1;
        *bytes += len as u64;
        match message.message_type {
            MessageType::AUDIO => self.media("audio", TagKind::AUDIO, message),
            MessageType::VIDEO => self.media("video", TagKind::VIDEO, message),
            MessageType::COMMAND_AMF0 | MessageType::COMMAND_AMF3 => self.command(message),
            MessageType::DATA_AMF0 | MessageType::DATA_AMF3 => self.data(message),
            MessageType::USER_CONTROL => self.user_control(message),
            _ => self.control(message),
        }
    }

    fn hash(&mut self, message: &Message) {
        let len = u32::try_from(message.payload.len()).unwrap_or(u32::MAX);
        self.sha256.update([message.message_type.get()]);
        self.sha256
            .update(message.timestamp.as_millis().to_be_bytes());
        self.sha256.update(message.stream.get().to_be_bytes());
        self.sha256.update(len.to_be_bytes());
        self.sha256.update(&message.payload);
    }

    fn media(&mut self, name: &'static str, kind: TagKind, message: &Message) {
        let media = self.media.entry(name).or_default();
        let (now, len) = (message.timestamp.as_millis(), message.payload.len());
        media.csid.insert(message.chunk_stream.get());
        media.msid.insert(message.stream.get());
        let times = media.times.get_or_insert(Times {
            first: now,
            last: now,
            max: now,
        });
        media.nonmonotonic += u64::from(now < times.last);
        times.last = now;
        times.max = times.max.max(now);
        media.payload_bytes += len as u64;
        media.max_len = media.max_len.max(len);
        media.zero_len += u64::from(len == 0);
        for packet in packets(kind, Timestamp::from_millis(now), &message.payload) {
            let kind = packet.map_or_else(|_| "malformed".to_owned(), |packet| media_kind(&packet));
            *media.kinds.entry(kind).or_default() += 1;
        }
    }

    fn command(&mut self, message: &Message) {
        let (values, amf) = values(message);
        let mut values = values.into_iter();
        self.commands.push(json!({
            "name": values.next(),
            "tid": values.next(),
            "csid": message.chunk_stream.get(),
            "msid": message.stream.get(),
            "ts": message.timestamp.as_millis(),
            "args": values.collect::<Vec<_>>(),
            "amf": amf,
        }));
    }

    fn data(&mut self, message: &Message) {
        let (values, _) = values(message);
        let mut values = values.into_iter();
        self.data.push(json!({
            "name": values.next(),
            "csid": message.chunk_stream.get(),
            "msid": message.stream.get(),
            "ts": message.timestamp.as_millis(),
            "args": values.collect::<Vec<_>>(),
        }));
    }

    fn user_control(&mut self, message: &Message) {
        let payload = &message.payload;
        let number = payload
            .first_chunk()
            .map(|bytes| u16::from_be_bytes(*bytes));
        let known = EVENTS.iter().find(|(event, _)| Some(*event) == number);
        self.user_control.push(json!({
            "event": known.map_or_else(|| json!(number), |(_, name)| json!(name)),
            "value": hex(payload.get(2..).unwrap_or_default()),
            "csid": message.chunk_stream.get(),
            "msid": message.stream.get(),
        }));
    }

    fn control(&mut self, message: &Message) {
        let name = match message.message_type {
            MessageType::SET_CHUNK_SIZE
            | MessageType::ABORT
            | MessageType::ACKNOWLEDGEMENT
            | MessageType::WINDOW_ACK_SIZE
            | MessageType::SET_PEER_BANDWIDTH => type_name(message.message_type),
            _ => return,
        };
        let number = message
            .payload
            .first_chunk()
            .map(|bytes| u32::from_be_bytes(*bytes));
        self.control.push(match message.payload.get(4) {
            Some(limit) => json!([name, number, limit]),
            None => json!([name, number]),
        });
    }

    /// Adds the keys of the truth files to `report`.
    pub(crate) fn finish(self, report: &mut Map<String, Value>) {
        let names =
            |list: &[Value]| -> Value { list.iter().map(|item| item["name"].clone()).collect() };
        let counts: Map<_, _> = self
            .by_type
            .iter()
            .map(|(name, of)| (name.clone(), of.0.into()))
            .collect();
        let bytes: Map<_, _> = self
            .by_type
            .iter()
            .map(|(name, of)| (name.clone(), of.1.into()))
            .collect();
        let media_bytes: u64 = self.media.values().map(|media| media.payload_bytes).sum();
        let kinds: BTreeMap<_, _> = self
            .media
            .iter()
            .map(|(name, media)| (name, &media.kinds))
            .collect();
        let media: BTreeMap<_, _> = self
            .media
            .iter()
            .map(|(name, media)| (name, media.to_json()))
            .collect();
        report.extend([
            ("messages".to_owned(), json!(self.count)),
            ("message_count_by_type".to_owned(), counts.into()),
            ("payload_bytes_by_type".to_owned(), bytes.into()),
            ("media_bytes".to_owned(), json!(media_bytes)),
            ("media".to_owned(), json!(media)),
            ("media_kinds".to_owned(), json!(kinds)),
            ("command_names".to_owned(), names(&self.commands)),
            ("commands".to_owned(), self.commands.into()),
            ("data_names".to_owned(), names(&self.data)),
            ("data".to_owned(), self.data.into()),
            ("user_control".to_owned(), self.user_control.into()),
            ("control_in_order".to_owned(), self.control.into()),
            (
                "messages_sha256".to_owned(),
                hex(&self.sha256.finalize()).into(),
            ),
        ]);
        if let Some(list) = self.list {
            let columns = json!(["type", "csid", "msid", "timestamp", "length"]);
            report.insert("message_columns".to_owned(), columns);
            report.insert("message_list".to_owned(), list.into());
        }
    }
}

impl Media {
    fn to_json(&self) -> Value {
        json!({
            "csid": self.csid,
            "msid": self.msid,
            "first_ts": self.times.map(|times| times.first),
            "last_ts": self.times.map(|times| times.last),
            "max_ts": self.times.map(|times| times.max),
            "nonmonotonic": self.nonmonotonic,
            "payload_bytes": self.payload_bytes,
            "max_len": self.max_len,
            "zero_len": self.zero_len,
        })
    }
}

/// All values of a command or data message, and 3 if they came in an AMF3 message.
fn values(message: &Message) -> (Vec<Value>, u8) {
    let is_amf3 = matches!(
        message.message_type,
        MessageType::COMMAND_AMF3 | MessageType::DATA_AMF3
    );
    // An AMF3 message begins with a format selector, and AMF0 values follow it all the same.
    let values = message
        .payload
        .get(usize::from(is_amf3)..)
        .unwrap_or_default();
    let values = match Document::decode(values, Format::Amf0, &weir_amf::Config::default()) {
        Ok(document) => plain::values(&document),
        Err(error) => vec![json!({ "malformed": error.to_string() })],
    };
    (values, if is_amf3 { 3 } else { 0 })
}

fn media_kind(packet: &Packet<'_>) -> String {
    let number = match packet.packet_type {
        PacketType::SequenceStart => 0,
        PacketType::CodedFrames => 1,
        PacketType::SequenceEnd => 2,
        PacketType::CodedFramesX => 3,
        PacketType::Metadata | PacketType::MultichannelConfig => 4,
        PacketType::Mpeg2TsSequenceStart => 5,
        PacketType::Reserved(number) => number,
        _ => return format!("command {}", packet.codec),
    };
    match packet.codec {
        Codec::Video(codec) if codec.has_packet_type() => {
            format!("legacy codec={} pkt={number}", codec.as_u8())
        }
        Codec::Audio(codec) if codec.has_packet_type() => {
            format!("legacy codec={} pkt={number}", codec.as_u8())
        }
        Codec::Video(codec) => format!("legacy codec={}", codec.as_u8()),
        Codec::Audio(codec) => format!("legacy codec={}", codec.as_u8()),
        codec if packet.kind == MediaKind::Audio => format!("ex pkt={number} fourcc={codec}"),
        codec => {
            let frame: FrameType = packet.frame_type;
            format!("ex pkt={number} frame={} fourcc={codec}", frame.as_u8())
        }
    }
}

fn type_name(message_type: MessageType) -> String {
    let name = match message_type {
        MessageType::SET_CHUNK_SIZE => "set_chunk_size",
        MessageType::ABORT => "abort",
        MessageType::ACKNOWLEDGEMENT => "ack",
        MessageType::USER_CONTROL => "user_control",
        MessageType::WINDOW_ACK_SIZE => "window_ack_size",
        MessageType::SET_PEER_BANDWIDTH => "set_peer_bandwidth",
        MessageType::AUDIO => "audio",
        MessageType::VIDEO => "video",
        MessageType::DATA_AMF3 => "data_amf3",
        MessageType::SHARED_OBJECT_AMF3 => "shared_object_amf3",
        MessageType::COMMAND_AMF3 => "command_amf3",
        MessageType::DATA_AMF0 => "data_amf0",
        MessageType::SHARED_OBJECT_AMF0 => "shared_object_amf0",
        MessageType::COMMAND_AMF0 => "command_amf0",
        MessageType::AGGREGATE => "aggregate",
        other => return format!("type_{}", other.get()),
    };
    name.to_owned()
}

/// The user control events, by the names that the truth files give them.
const EVENTS: [(u16, &str); 11] = [
    (0, "stream_begin"),
    (1, "stream_eof"),
    (2, "stream_dry"),
    (3, "set_buffer_length"),
    (4, "stream_is_recorded"),
    (6, "ping_request"),
    (7, "ping_response"),
    (26, "swf_verify_request"),
    (27, "swf_verify_response"),
    (31, "buffer_empty"),
    (32, "buffer_ready"),
];
