//! The bytes of one direction: messages, and packets between them.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use serde_json::{Map, Value, json};
use weir_rtsp::message::{Item, Reader, Request, Response, Resync};
use weir_rtsp::{Limits, tunnel};

use super::message;
use crate::failure::Failure;

/// Whose bytes they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    Client,
    Server,
}

#[derive(Debug)]
pub(crate) struct Direction {
    wrapping: Wrapping,
    reader: Reader,
    pub(crate) items: Vec<Value>,
    pub(crate) requests: Vec<Request>,
    pub(crate) responses: Vec<Response>,
    /// Packets and bytes of each interleaved channel.
    channels: BTreeMap<u8, (u64, u64)>,
    pub(crate) skipped: u64,
    run: Option<Run>,
}

/// What stands around the messages.
#[derive(Debug)]
enum Wrapping {
    /// Not enough came to tell.
    Unknown(BytesMut),
    /// Nothing.
    Plain,
    /// The POST of an HTTP tunnel.
    Base64(tunnel::Decoder),
}

/// Frames of one channel with nothing in between.
#[derive(Debug)]
struct Run {
    channel: u8,
    count: u64,
    bytes: u64,
}

impl Default for Direction {
    fn default() -> Self {
        Self {
            wrapping: Wrapping::Unknown(BytesMut::new()),
            reader: Reader::new(Limits::default(), Resync::Skip),
            items: Vec::new(),
            requests: Vec::new(),
            responses: Vec::new(),
            channels: BTreeMap::new(),
            skipped: 0,
            run: None,
        }
    }
}

impl Direction {
    pub(crate) fn push(&mut self, sender: Sender, piece: Bytes) -> Result<(), Failure> {
        let mut piece = piece;
        if let Wrapping::Unknown(start) = &mut self.wrapping {
            start.extend_from_slice(&piece);
            let Some((wrapping, head_len)) = wrapping(sender, start)? else {
                return Ok(());
            };
            piece = std::mem::take(start).freeze().split_off(head_len);
            self.wrapping = wrapping;
        }
        if let Wrapping::Base64(decoder) = &mut self.wrapping {
            let mut plain = Vec::new();
            decoder.decode(&piece, &mut plain).map_err(malformed)?;
            piece = plain.into();
        }
        self.reader.push(piece);
        Ok(())
    }

    pub(crate) fn read(&mut self) -> Result<Option<Item>, Failure> {
        self.reader.read().map_err(|error| message::failure(&error))
    }

    pub(crate) fn add(&mut self, item: Item) -> Result<(), Failure> {
        match item {
            Item::Data(frame) => self.frame(frame.channel, frame.payload.len() as u64),
            Item::Skipped { len, .. } => self.skipped += len,
            item => {
                self.end_run();
                self.items.push(message::show_item(&item, false)?);
                match item {
                    Item::Request(request) => self.requests.push(*request),
                    Item::Response(response) => self.responses.push(*response),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn frame(&mut self, channel: u8, len: u64) {
        let (packets, bytes) = self.channels.entry(channel).or_default();
        *packets += 1;
        *bytes += len;
        match &mut self.run {
            Some(run) if run.channel == channel => {
                run.count += 1;
                run.bytes += len;
            }
            _ => {
                self.end_run();
                self.run = Some(Run {
                    channel,
                    count: 1,
                    bytes: len,
                });
            }
        }
    }

    pub(crate) fn end_run(&mut self) {
        if let Some(run) = self.run.take() {
            self.items.push(json!({
                "type": "data",
                "channel": run.channel,
                "count": run.count,
                "bytes": run.bytes,
            }));
        }
    }

    pub(crate) fn channels(&self) -> Value {
        let channels = self.channels.iter();
        let channels = channels.map(|(channel, (packets, bytes))| {
            (
                channel.to_string(),
                json!({ "packets": packets, "bytes": bytes }),
            )
        });
        channels.collect::<Map<_, _>>().into()
    }
}

/// Tells a tunnel by its first bytes, and how long its head is. `None` while that is open.
fn wrapping(sender: Sender, start: &[u8]) -> Result<Option<(Wrapping, usize)>, Failure> {
    let limits = Limits::default();
    match sender {
        Sender::Server if start.starts_with(b"HTTP/") => {
            let answer = tunnel::Answer::parse(start, &limits).map_err(malformed)?;
            Ok(answer.map(|answer| (Wrapping::Plain, answer.len)))
        }
        Sender::Client if tunnel::is_tunnel(start) == Some(true) => {
            let head = tunnel::Request::parse(start, &limits).map_err(malformed)?;
            Ok(head.map(|(head, len)| match head.kind {
                tunnel::Kind::Post => (Wrapping::Base64(tunnel::Decoder::new()), len),
                tunnel::Kind::Get => (Wrapping::Plain, len),
            }))
        }
        _ if start.len() < b"HTTP/".len() => Ok(None),
        _ => Ok(Some((Wrapping::Plain, 0))),
    }
}

fn malformed(error: tunnel::TunnelError) -> Failure {
    Failure::new("malformed", error)
}
