//! `rtsp`: the two directions of one RTSP connection.

use std::collections::BTreeMap;

use clap::Args;
use serde_json::{Map, Value, json};
use weir_rtsp::Limits;
use weir_rtsp::message::{Headers, Item, Reader, Request, Response, Resync};

use super::{description, message};
use crate::failure::Failure;
use crate::source::Pieces;

/// Dissects a recorded RTSP connection.
#[derive(Debug, Args)]
#[command(after_help = "Example: weir-inspect rtsp --c2s play.c2s.bin --s2c play.s2c.bin")]
pub(crate) struct RtspArgs {
    /// What the client sent; - reads standard input.
    #[arg(long, value_name = "FILE", required_unless_present = "s2c")]
    c2s: Option<String>,
    /// What the server sent.
    #[arg(long, value_name = "FILE")]
    s2c: Option<String>,
    /// Feed at most so many bytes at a time; the output must not change.
    #[arg(long, value_name = "N")]
    cut: Option<usize>,
}

pub(crate) fn run(args: &RtspArgs) -> Result<Value, Failure> {
    let read = |file: &Option<String>| match file {
        Some(file) => Direction::read(file, args.cut),
        None => Ok(Direction::default()),
    };
    let (client, server) = (read(&args.c2s)?, read(&args.s2c)?);
    let exchanges: Vec<_> = client
        .requests
        .iter()
        .map(|request| (request, server.answer(request)))
        .collect();
    let setups = exchanges
        .iter()
        .filter(|(request, _)| request.method.as_str() == "SETUP");
    let plays = exchanges
        .iter()
        .filter(|(request, _)| matches!(request.method.as_str(), "PLAY" | "RECORD"));
    let described = server.responses.iter().map(|response| &response.body);
    let announced = client.requests.iter().map(|request| &request.body);
    let sdp = described
        .chain(announced)
        .find(|body| body.starts_with(b"v="));
    Ok(json!({
        "c2s_items": client.items,
        "s2c_items": server.items,
        "methods": client.requests.iter().map(|r| json!(r.method.as_str())).collect::<Value>(),
        "statuses": server.responses.iter().map(|r| json!(r.status.as_u16())).collect::<Value>(),
        "interleaved": { "c2s": client.channels_json(), "s2c": server.channels_json() },
        "setups": setups.map(|(request, response)| setup(request, *response)).collect::<Value>(),
        "play_responses": plays.filter_map(|(_, response)| response.map(play)).collect::<Value>(),
        "sdp_streams": sdp.and_then(|sdp| description::show(sdp).get_mut("media").map(Value::take)),
        "sdp": sdp.map(|sdp| String::from_utf8_lossy(sdp)),
        "skipped": [client.skipped, server.skipped],
    }))
}

#[derive(Debug, Default)]
struct Direction {
    items: Vec<Value>,
    requests: Vec<Request>,
    responses: Vec<Response>,
    /// Packets and bytes of each interleaved channel.
    channels: BTreeMap<u8, (u64, u64)>,
    skipped: u64,
    run: Option<Run>,
}

/// Frames of one channel with nothing in between.
#[derive(Debug)]
struct Run {
    channel: u8,
    count: u64,
    bytes: u64,
}

impl Direction {
    fn read(file: &str, cut: Option<usize>) -> Result<Self, Failure> {
        let mut pieces = Pieces::open(file, cut)?;
        let mut reader = Reader::new(Limits::default(), Resync::Skip);
        let mut direction = Self::default();
        while let Some(piece) = pieces.next()? {
            reader.push(piece);
            while let Some(item) = reader.read().map_err(|error| message::failure(&error))? {
                direction.add(item)?;
            }
        }
        direction.end_run();
        Ok(direction)
    }

    fn add(&mut self, item: Item) -> Result<(), Failure> {
        match item {
            Item::Data(frame) => self.frame(frame.channel, frame.payload.len() as u64),
            Item::Skipped { len, .. } => self.skipped += len,
            item => {
                self.end_run();
                self.items.push(message::show_item(&item, false)?);
                match item {
                    Item::Request(request) => self.requests.push(request),
                    Item::Response(response) => self.responses.push(response),
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

    fn end_run(&mut self) {
        if let Some(run) = self.run.take() {
            self.items.push(json!({
                "type": "data",
                "channel": run.channel,
                "count": run.count,
                "bytes": run.bytes,
            }));
        }
    }

    fn answer(&self, request: &Request) -> Option<&Response> {
        let sequence = request.headers.cseq()?;
        let mut responses = self.responses.iter();
        responses.find(|response| response.headers.cseq() == Some(sequence))
    }

    fn channels_json(&self) -> Value {
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

fn setup(request: &Request, response: Option<&Response>) -> Value {
    let header = |headers: &Headers, name| headers.get(name).map(|value| json!(value));
    let of_response = |name| response.and_then(|response| header(&response.headers, name));
    json!({
        "uri": request.uri,
        "status": response.map(|response| response.status.as_u16()),
        "request_transport": header(&request.headers, "Transport"),
        "response_transport": of_response("Transport"),
        "session": of_response("Session"),
    })
}

fn play(response: &Response) -> Value {
    json!({
        "rtp_info": response.headers.get("RTP-Info"),
        "range": response.headers.get("Range"),
        "status": response.status.as_u16(),
    })
}
