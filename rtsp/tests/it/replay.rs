//! Fifteen recorded sessions of FFmpeg, GStreamer and live555, through the reader and both
//! session machines: in the recorded reads, each read whole, and byte by byte.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Value, json};
use weir_rtsp::{
    Channel, ChannelKind, ClientConfig, ClientEvent, ClientSession, Limits, PlayAnswer, RequestId,
    ServerConfig, ServerEvent, ServerSession, SetupAnswer, TrackSetup, TransportPolicy,
    header::{Session, Transport},
    message::{Interleaved, Item, Method, Reader, Request, Resync, StatusCode},
    sdp::Description,
    tunnel,
};

use crate::pair::{HOST, client, drain, said, server};

const NAMES: [&str; 15] = [
    "ffsrv_record_mjpeg_ffmpeg_tcp",
    "gst_basicauth_ffmpeg_tcp",
    "gst_h264aac_gstsrc_tcp",
    "gst_h264pcma_ffmpeg_httptunnel",
    "gst_h264pcma_ffmpeg_tcp",
    "gst_h264pcma_ffmpeg_udp",
    "gst_h265opus_ffmpeg_tcp",
    "gst_mp2t_ffmpeg_tcp",
    "gst_pipeline_custom_tcp",
    "gst_record_ffmpeg_tcp",
    "gst_record_ffmpeg_udp",
    "gst_vp8g722_ffmpeg_tcp",
    "l5_aac_ffmpeg_tcp",
    "l5_errors_custom",
    "l5_mkv_openrtsp_tcp",
];

/// One recorded session: what each side said, read by read.
struct Recording {
    name: &'static str,
    facts: Value,
    /// Whether the client said it, and the bytes, the heads and the Base64 of a tunnel undone.
    reads: Vec<(bool, Bytes)>,
}

#[derive(Clone, Copy, Debug)]
enum Cut {
    AsRead,
    Joined,
    ByteByByte,
}

const CUTS: [Cut; 3] = [Cut::AsRead, Cut::Joined, Cut::ByteByByte];

fn file(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/data/sessions/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).unwrap()
}

impl Recording {
    fn load(name: &'static str) -> Self {
        let facts: Value = serde_json::from_slice(&file(&format!("{name}.json"))).unwrap();
        let chunks: Value = serde_json::from_slice(&file(&format!("{name}.chunks.json"))).unwrap();
        let (up, down) = (
            file(&format!("{name}.c2s.bin")),
            file(&format!("{name}.s2c.bin")),
        );
        let tunnelled = facts.get("http_tunnel").is_some();
        let post = if tunnelled {
            file(&format!("{name}.post.c2s.bin"))
        } else {
            Vec::new()
        };
        let limits = Limits::default();
        let mut post_head = tunnel::Request::parse(&post, &limits)
            .unwrap()
            .map_or(0, |(_, len)| len);
        let mut get_head = if tunnelled {
            tunnel::Answer::parse(&down, &limits).unwrap().unwrap().len
        } else {
            0
        };
        let mut decoder = tunnel::Decoder::new();
        let mut reads = Vec::new();
        for chunk in chunks.as_array().unwrap() {
            let number = |at: usize| usize::try_from(chunk[at].as_u64().unwrap()).unwrap();
            let (connection, at, len) = (number(1), number(3), number(4));
            match (chunk[2] == "c2s", connection) {
                (true, 1) if tunnelled => {
                    let head = post_head.min(len);
                    post_head -= head;
                    let mut text = Vec::new();
                    decoder
                        .decode(&post[at + head..at + len], &mut text)
                        .unwrap();
                    reads.push((true, Bytes::from(text)));
                }
                (true, _) if tunnelled => {
                    let (get, _) = tunnel::Request::parse(&up, &limits).unwrap().unwrap();
                    assert_eq!(get.cookie, facts["http_tunnel"]["sessioncookie"]);
                }
                (true, _) => reads.push((true, Bytes::copy_from_slice(&up[at..at + len]))),
                (false, _) => {
                    let head = get_head.min(len);
                    get_head -= head;
                    reads.push((false, Bytes::copy_from_slice(&down[at + head..at + len])));
                }
            }
        }
        Self { name, facts, reads }
    }

    /// The reads, cut otherwise: joined as far as the other side was silent, or byte by byte.
    fn cut(&self, cut: Cut) -> Vec<(bool, Bytes)> {
        match cut {
            Cut::AsRead => self.reads.clone(),
            Cut::Joined => {
                let mut joined: Vec<(bool, Vec<u8>)> = Vec::new();
                for (up, bytes) in &self.reads {
                    match joined.last_mut() {
                        Some((last, into)) if last == up => into.extend_from_slice(bytes),
                        _ => joined.push((*up, bytes.to_vec())),
                    }
                }
                joined
                    .into_iter()
                    .map(|(up, bytes)| (up, Bytes::from(bytes)))
                    .collect()
            }
            Cut::ByteByByte => {
                let bytes = |(up, bytes): &(bool, Bytes)| {
                    let (up, bytes) = (*up, bytes.clone());
                    (0..bytes.len()).map(move |at| (up, bytes.slice(at..=at)))
                };
                self.reads.iter().flat_map(bytes).collect()
            }
        }
    }

    /// Packets on the channels of a direction, as the facts say.
    fn interleaved(&self, direction: &str) -> BTreeMap<u8, u64> {
        let channels = self.facts["interleaved"][direction].as_object().unwrap();
        let count = |(channel, facts): (&String, &Value)| {
            (channel.parse().unwrap(), facts["packets"].as_u64().unwrap())
        };
        channels.iter().map(count).collect()
    }

    fn statuses(&self) -> Vec<u64> {
        self.facts["statuses"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_u64)
            .collect()
    }
}

/// All items of one direction.
fn items(reads: &[(bool, Bytes)], wanted: bool) -> Vec<Item> {
    let mut reader = Reader::new(Limits::default(), Resync::Never);
    let mut items = Vec::new();
    for (_, bytes) in reads.iter().filter(|(up, _)| *up == wanted) {
        reader.push(bytes.clone());
        while let Some(item) = reader.read().unwrap() {
            items.push(item);
        }
    }
    items
}

/// Items as the facts write them: frames in a row on one channel are one line.
fn lines(items: &[Item]) -> Vec<Value> {
    let mut lines: Vec<Value> = Vec::new();
    for item in items {
        match item {
            Item::Request(request) => lines.push(json!([request.method.as_str(), request.uri])),
            Item::Response(response) => lines.push(json!([response.status.as_u16()])),
            Item::Data(Interleaved {
                channel, payload, ..
            }) => match lines.last_mut() {
                Some(Value::Object(last)) if last["channel"] == *channel => {
                    last["count"] = json!(last["count"].as_u64().unwrap() + 1);
                    last["bytes"] = json!(last["bytes"].as_u64().unwrap() + payload.len() as u64);
                }
                _ => lines.push(json!({"channel": channel, "count": 1, "bytes": payload.len()})),
            },
            item => panic!("{item:?}"),
        }
    }
    lines
}

fn expected_lines(facts: &Value) -> Vec<Value> {
    let line = |item: &Value| match item["type"].as_str().unwrap() {
        "request" => json!([item["method"], item["uri"]]),
        "response" => json!([item["status"]]),
        _ => json!({"channel": item["channel"], "count": item["count"], "bytes": item["bytes"]}),
    };
    facts.as_array().unwrap().iter().map(line).collect()
}

#[test]
fn every_recording_is_cut_into_its_items() {
    for name in NAMES {
        let recording = Recording::load(name);
        for cut in CUTS {
            let reads = recording.cut(cut);
            for (up, key) in [(true, "c2s_items"), (false, "s2c_items")] {
                let got = lines(&items(&reads, up));
                assert_eq!(
                    got,
                    expected_lines(&recording.facts[key]),
                    "{name} {key} {cut:?}"
                );
            }
        }
    }
}

/// Gives the command a recorded request stands for.
fn command(client: &mut ClientSession, request: &Request, wanted: &mut Vec<RequestId>) {
    let (_, now) = server(ServerConfig::default());
    match request.method.as_str() {
        // The second DESCRIBE answers the challenge to the first.
        "DESCRIBE" if !wanted.is_empty() => {
            let value = request.headers.get("Authorization").unwrap();
            client.authorize(wanted.remove(0), value, now).unwrap();
            client.set_authorization(Some(value.to_owned()), now);
        }
        "OPTIONS" => drop(client.options(now).unwrap()),
        "DESCRIBE" => drop(client.describe(now).unwrap()),
        "ANNOUNCE" => {
            let sdp = Description::parse(&request.body, &Limits::default());
            client.announce(&sdp, now).unwrap();
        }
        "SETUP" => {
            let transport = request.headers.get("Transport").unwrap();
            let transport: Transport = transport.split(',').next().unwrap().parse().unwrap();
            let mut setup = TrackSetup::new(90_000);
            if let Some((rtp, Some(rtcp))) = transport.client_port {
                setup = setup.with_ports(rtp, rtcp);
            }
            client.setup(Some(&request.uri), setup, now).unwrap();
        }
        "PLAY" if request.headers.contains("Session") => {
            let range = request
                .headers
                .get("Range")
                .and_then(|range| range.parse().ok());
            if client.play(range, now).is_err() {
                client.send_request(request.clone(), now).unwrap();
            }
        }
        "RECORD" => drop(client.record(now).unwrap()),
        "PAUSE" => drop(client.pause(now).unwrap()),
        "TEARDOWN" => drop(client.teardown(now).unwrap()),
        _ => drop(
            client
                .send_request(Request::new(request.method.clone(), "*"), now)
                .unwrap(),
        ),
    }
}

/// Drives our client with the recorded server: its events.
fn replay_client(recording: &Recording, cut: Cut) -> Vec<ClientEvent> {
    let mut config = ClientConfig::default();
    if recording.name.ends_with("udp") {
        config.transport = TransportPolicy::Udp;
    }
    let (mut client, now) = client(config);
    let mut requests = Reader::new(Limits::default(), Resync::Never);
    let (mut events, mut wanted) = (Vec::new(), Vec::new());
    for (up, bytes) in recording.cut(cut) {
        if up {
            requests.push(bytes);
            while let Some(item) = requests.read().unwrap() {
                if let Item::Request(request) = item {
                    command(&mut client, &request, &mut wanted);
                }
            }
        } else {
            client.handle_input(bytes, now);
        }
        drop(drain(client.output()));
        while let Some(event) = client.poll_event().unwrap() {
            if let ClientEvent::AuthorizationWanted { id, .. } = &event {
                wanted.push(*id);
            }
            events.push(event);
        }
    }
    events
}

#[test]
fn our_client_understands_every_recorded_server() {
    for name in NAMES {
        let recording = Recording::load(name);
        let whole = replay_client(&recording, Cut::AsRead);
        let (mut packets, mut channels) = (BTreeMap::new(), BTreeMap::new());
        let mut answers = 0;
        for event in &whole {
            if let ClientEvent::SetUp {
                track, transport, ..
            } = event
            {
                channels.insert(*track, transport.interleaved.unwrap_or_default().0);
            }
            let (kind, track) = match event {
                ClientEvent::Rtp { track, .. } => (0, track),
                ClientEvent::Rtcp { track, .. } => (1, track),
                ClientEvent::Warning(_) | ClientEvent::EndOfStream => continue,
                _ => {
                    answers += 1;
                    continue;
                }
            };
            *packets.entry(channels[track] + kind).or_insert(0) += 1;
        }
        assert_eq!(packets, recording.interleaved("s2c"), "{name}");
        assert_eq!(answers, recording.statuses().len(), "{name}: {whole:?}");
        for cut in [Cut::Joined, Cut::ByteByByte] {
            let told = |events: &[ClientEvent]| {
                let warning = |event: &&ClientEvent| !matches!(event, ClientEvent::Warning(_));
                events.iter().filter(warning).cloned().collect::<Vec<_>>()
            };
            // Joined reads come after commands that were given between them.
            if matches!(cut, Cut::ByteByByte) {
                assert_eq!(
                    told(&replay_client(&recording, cut)),
                    told(&whole),
                    "{name} {cut:?}"
                );
            } else {
                assert_eq!(
                    replay_client(&recording, cut).len(),
                    whole.len(),
                    "{name} {cut:?}"
                );
            }
        }
    }
}

/// The application behind our server: it answers as the recorded server did.
fn answer(server: &mut ServerSession, event: &ServerEvent, recorded: StatusCode, sdp: &[u8]) {
    let refuse = !recorded.is_success();
    match event {
        ServerEvent::DescribeRequested { id, .. }
        | ServerEvent::SetupRequested { id, .. }
        | ServerEvent::PlayRequested { id, .. }
        | ServerEvent::ParametersRequested { id, .. }
            if refuse =>
        {
            server.reject(*id, recorded).unwrap();
        }
        ServerEvent::DescribeRequested { id, .. } => {
            let sdp = Description::parse(sdp, &Limits::default());
            server.accept_describe(*id, &sdp).unwrap();
        }
        ServerEvent::AnnounceRequested { id, request } => {
            assert_eq!(&request.body[..], sdp);
            server.accept_announce(*id).unwrap();
        }
        ServerEvent::SetupRequested { id, .. } => {
            server
                .accept_setup(*id, SetupAnswer::new(90_000).with_ports(6000, 6001))
                .unwrap();
        }
        ServerEvent::PlayRequested { id, .. } => {
            server.accept_play(*id, PlayAnswer::default()).unwrap();
        }
        ServerEvent::RecordRequested { id, .. } => {
            server.accept_record(*id).unwrap();
        }
        ServerEvent::PauseRequested { id, .. } => {
            server.accept_pause(*id).unwrap();
        }
        ServerEvent::ParametersRequested { id, .. } => {
            server.accept_parameters(*id).unwrap();
        }
        _ => {}
    }
}

/// Drives our server with the recorded client: the statuses it answers and the packets per channel.
fn replay_server(recording: &Recording, by_byte: bool) -> (Vec<u64>, BTreeMap<u8, u64>) {
    let (mut server, now) = server(ServerConfig::default());
    let sdp = recording.facts["sdp"].as_str().unwrap_or_default();
    let mut recorded = recording
        .statuses()
        .into_iter()
        .map(|status| StatusCode::from_u16(u16::try_from(status).unwrap()).unwrap());
    let (mut statuses, mut packets) = (Vec::new(), BTreeMap::new());
    let mut session: Option<String> = None;
    for item in items(&recording.reads, true) {
        let mut expected = StatusCode::OK;
        let bytes = match item {
            Item::Request(mut request) => {
                expected = recorded.next().unwrap_or(StatusCode::OK);
                // The id is ours, not the recorded one; wrong ones stay wrong.
                if let (Some(id), true) = (&session, request.headers.contains("Session")) {
                    request.headers.set("Session", id);
                }
                request.encode()
            }
            Item::Data(Interleaved {
                channel, payload, ..
            }) => {
                let len = u16::try_from(payload.len()).unwrap();
                Bytes::from([&Interleaved::header(channel, len)[..], &payload].concat())
            }
            item => panic!("{item:?}"),
        };
        let step = if by_byte { 1 } else { bytes.len() };
        for part in bytes.chunks(step) {
            server.handle_input(Bytes::copy_from_slice(part), now);
            while let Some(event) = server.poll_event().unwrap() {
                answer(&mut server, &event, expected, sdp.as_bytes());
                let (kind, track) = match event {
                    ServerEvent::Rtp { track, .. } => (0, track),
                    ServerEvent::Rtcp { track, .. } => (1, track),
                    _ => continue,
                };
                *packets
                    .entry(u8::try_from(track.index()).unwrap() * 2 + kind)
                    .or_insert(0) += 1;
            }
            let said = said(&mut server);
            for line in said.lines() {
                // RTSP/2.0 is answered as it asks.
                if let Some(rest) = line.strip_prefix("RTSP/") {
                    statuses.push(rest[4..7].parse().unwrap());
                } else if let Some(value) = line.strip_prefix("Session: ") {
                    session = Some(value.parse::<Session>().unwrap().id);
                }
            }
        }
    }
    (statuses, packets)
}

#[test]
fn our_server_answers_every_recorded_client() {
    for name in NAMES {
        let recording = Recording::load(name);
        let mut statuses_expected = recording.statuses();
        match name {
            // FFmpeg's listening server knows no TEARDOWN.
            "ffsrv_record_mjpeg_ffmpeg_tcp" => statuses_expected[5] = 200,
            // The connection ended before the answer to TEARDOWN.
            "gst_h264pcma_ffmpeg_httptunnel" => statuses_expected.push(200),
            // An unknown method is 501 here, and RAW/RAW/UDP is refused before the path is looked at.
            "l5_errors_custom" => (statuses_expected[1], statuses_expected[7]) = (501, 461),
            _ => {}
        }
        for by_byte in [false, true] {
            let (statuses, packets) = replay_server(&recording, by_byte);
            assert_eq!(statuses, statuses_expected, "{name}");
            let mut expected = recording.interleaved("c2s");
            if name == "l5_mkv_openrtsp_tcp" {
                // openRTSP says BYE behind its TEARDOWN, when there is no track any more.
                expected.clear();
            }
            assert_eq!(packets, expected, "{name}");
        }
    }
}

#[test]
fn datagrams_of_a_recorded_session_reach_their_tracks() {
    let recording = Recording::load("gst_h264pcma_ffmpeg_udp");
    let mut config = ClientConfig::default();
    config.transport = TransportPolicy::Udp;
    let (mut client, now) = client(config);
    let mut ports = Vec::new();
    for item in items(&recording.reads, true) {
        let Item::Request(request) = item else {
            panic!()
        };
        if request.method == Method::SETUP {
            let transport = request.headers.get("Transport").unwrap();
            ports.push(transport.parse::<Transport>().unwrap().client_port.unwrap());
        }
        if request.method != Method::TEARDOWN {
            command(&mut client, &request, &mut Vec::new());
        }
    }
    for (_, bytes) in recording.reads.iter().filter(|(up, _)| !up) {
        client.handle_input(bytes.clone(), now);
        while client.poll_event().unwrap().is_some() {}
    }
    let bytes = file("gst_h264pcma_ffmpeg_udp.udp.bin");
    let mut rest = &bytes[..];
    let mut packets = BTreeMap::new();
    let tracks: Vec<_> = client.tracks().collect();
    while let Some((head, behind)) = rest.split_at_checked(14) {
        let word = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
        let (packet, behind) = behind.split_at(word(12).into());
        rest = behind;
        let listener = ports.iter().zip(&tracks).find_map(|((rtp, rtcp), track)| {
            let kind = match word(10) {
                port if port == *rtp => ChannelKind::Rtp,
                port if Some(port) == *rtcp => ChannelKind::Rtcp,
                _ => return None,
            };
            Some(Channel {
                track: *track,
                kind,
            })
        });
        let Some(channel) = listener else { continue };
        let from = (HOST, word(8)).into();
        client.handle_datagram(channel, from, Bytes::copy_from_slice(packet), now);
        while let Some(event) = client.poll_event().unwrap() {
            let key = match event {
                ClientEvent::Rtp { track, .. } => (track.index(), "rtp"),
                ClientEvent::Rtcp { track, .. } => (track.index(), "rtcp"),
                _ => continue,
            };
            *packets.entry(key).or_insert(0) += 1;
        }
    }
    let expected = [
        ((0, "rtp"), 194),
        ((0, "rtcp"), 2),
        ((1, "rtp"), 149),
        ((1, "rtcp"), 2),
    ];
    assert_eq!(packets, BTreeMap::from(expected));
}
