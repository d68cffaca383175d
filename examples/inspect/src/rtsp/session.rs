//! `rtsp`: the two directions of one RTSP connection, through an HTTP tunnel too.

use std::collections::BTreeMap;

use bytes::Bytes;
use clap::Args;
use serde_json::{Value, json};
use weir_rtsp::header::Transports;
use weir_rtsp::message::{Headers, Item, Request, Response};
use weir_rtsp::sdp::Description;
use weir_rtsp::{Limits, content_base, join_control};

use super::description;
use super::direction::{Direction, Sender};
use super::track::Track;
use crate::failure::Failure;
use crate::source::Pieces;

/// Dissects a recorded RTSP connection; of an HTTP tunnel, the POST and the answer to the GET.
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
    let mut session = Session::default();
    for (sender, file) in [(Sender::Client, &args.c2s), (Sender::Server, &args.s2c)] {
        let Some(file) = file else { continue };
        let mut pieces = Pieces::open(file, args.cut)?;
        while let Some(piece) = pieces.next()? {
            session.push(sender, piece)?;
        }
    }
    Ok(session.finish())
}

/// What both sides of a connection said so far.
#[derive(Debug, Default)]
pub(crate) struct Session {
    client: Direction,
    server: Direction,
    /// By the interleaved channel.
    tracks: BTreeMap<u8, Track>,
}

impl Session {
    pub(crate) fn push(&mut self, sender: Sender, piece: Bytes) -> Result<(), Failure> {
        let direction = match sender {
            Sender::Client => &mut self.client,
            Sender::Server => &mut self.server,
        };
        direction.push(sender, piece)?;
        while let Some(item) = self.direction(sender).read()? {
            if let Item::Data(frame) = &item {
                let media = self.media_of(frame.channel);
                let track = self.tracks.entry(frame.channel).or_default();
                track.add(sender, &frame.payload, media.as_ref());
            }
            self.direction(sender).add(item)?;
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Value {
        self.client.end_run();
        self.server.end_run();
        self.tracks.values_mut().for_each(Track::end);
        let exchanges = || {
            let requests = self.client.requests.iter();
            requests.map(|request| (request, self.answer(request)))
        };
        let of_method = |names: &'static [&str]| {
            exchanges().filter(move |(request, _)| names.contains(&request.method.as_str()))
        };
        let plays = of_method(&["PLAY", "RECORD"]);
        let (client, server) = (&self.client, &self.server);
        let sdp = self.sdp().map(|(_, sdp)| sdp);
        json!({
            "c2s_items": client.items,
            "s2c_items": server.items,
            "methods": client.requests.iter().map(|r| json!(r.method.as_str())).collect::<Value>(),
            "statuses":
                server.responses.iter().map(|r| json!(r.status.as_u16())).collect::<Value>(),
            "interleaved": { "c2s": client.channels(), "s2c": server.channels() },
            "setups": of_method(&["SETUP"]).map(|(request, response)| setup(request, response))
                .collect::<Value>(),
            "play_responses": plays.filter_map(|(_, response)| response.map(play))
                .collect::<Value>(),
            "sdp_streams": sdp.map(|sdp| self.streams(sdp)),
            "sdp": sdp.map(|sdp| String::from_utf8_lossy(sdp)),
            "skipped": [client.skipped, server.skipped],
        })
    }

    fn direction(&mut self, sender: Sender) -> &mut Direction {
        match sender {
            Sender::Client => &mut self.client,
            Sender::Server => &mut self.server,
        }
    }

    fn answer(&self, request: &Request) -> Option<&Response> {
        let sequence = request.headers.cseq()?;
        let mut responses = self.server.responses.iter();
        responses.find(|response| response.headers.cseq() == Some(sequence))
    }

    /// The first description, and the base of its controls.
    fn sdp(&self) -> Option<(String, &[u8])> {
        self.client.requests.iter().find_map(|request| {
            let answer = self.answer(request);
            let described = answer.map(|answer| (&answer.headers, &answer.body));
            let (headers, body) = [Some((&request.headers, &request.body)), described]
                .into_iter()
                .flatten()
                .find(|(_, body)| body.starts_with(b"v="))?;
            let base = headers
                .get("Content-Base")
                .or_else(|| headers.get("Content-Location"));
            Some((content_base(&request.uri, base), &body[..]))
        })
    }

    /// The channels of a track: as the server answered, or as the client asked.
    fn channels_of(&self, url: &str) -> Option<(u8, Option<u8>)> {
        let of = |headers: &Headers| {
            let transports = Transports::from(headers.get("Transport")?);
            transports
                .readable()
                .find_map(|transport| transport.interleaved)
        };
        let mut setups = self.client.requests.iter().rev();
        let request = setups.find(|r| r.method.as_str() == "SETUP" && r.uri == url)?;
        let answer = self.answer(request);
        answer
            .and_then(|answer| of(&answer.headers))
            .or_else(|| of(&request.headers))
    }

    /// The description of the track whose RTP travels on `channel`, once it is known.
    fn media_of(&self, channel: u8) -> Option<Description<'static>> {
        if self.tracks.contains_key(&channel) {
            return None;
        }
        let (base, sdp) = self.sdp()?;
        let mut sdp = Description::parse(sdp, &Limits::default()).into_owned();
        sdp.media.retain(|media| {
            let channels = self.channels_of(&join_control(&base, media.control()));
            channels.is_some_and(|(rtp, _)| rtp == channel)
        });
        Some(sdp)
    }

    /// The tracks of the description with what came of each.
    fn streams(&self, sdp: &[u8]) -> Value {
        let mut shown = description::show(sdp);
        let mut streams = shown.get_mut("media").map_or(Value::Null, Value::take);
        let base = self.sdp().map(|(base, _)| base).unwrap_or_default();
        for stream in streams.as_array_mut().into_iter().flatten() {
            let url = join_control(&base, stream["control"].as_str());
            let (Some((rtp, rtcp)), Some(stream)) =
                (self.channels_of(&url), stream.as_object_mut())
            else {
                continue;
            };
            stream.insert("rtp_channel".into(), json!(rtp));
            stream.insert("rtcp_channel".into(), json!(rtcp));
            let rtcp = rtcp.and_then(|channel| self.tracks.get(&channel));
            if let Some(track) = self.tracks.get(&rtp) {
                stream.insert("rtp".into(), track.show(rtcp));
            }
        }
        streams
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
