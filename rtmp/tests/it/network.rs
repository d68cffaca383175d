//! A client and a server with a network between them that cuts and delays as it likes.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;
use proptest::prelude::*;
use weir_amf::Document;
use weir_rtmp::{
    CallId, Class, ClientConfig, ClientEvent, ClientSession, MediaKind, MediaPacket, Name,
    Play2Request, PlayRequest, PublishKind, ServerConfig, ServerEvent, ServerSession, StatusCode,
    chunk::{ChunkSize, MessageStreamId, Timestamp},
    message::{Data, DataAction, Persistence, Values},
    shared_object::{Owner, Replica, UserId},
};

use crate::{
    accepting::{accept, drain},
    pair, t0,
};

/// What happens next, if it can.
#[derive(Clone, Debug)]
enum Step {
    /// The network carries some bytes.
    Carry {
        to_server: bool,
        len: usize,
    },
    /// The publisher sends media; the player gets media.
    Publish(MediaKind, u32, usize),
    Serve(MediaKind, u32, usize),
    /// Calls with a number that comes back.
    ClientCalls(u32),
    ServerCalls(u32),
    /// The client and the owner change a shared object.
    ClientSets(u8, u32),
    OwnerSets(u8, u32),
    /// The player asks for something.
    Asks(Asked),
    /// The publisher ends its stream and publishes again.
    Republish,
    /// Data in line with the media.
    ClientData(u32),
    ServerData(u32),
    /// The server tells what nobody asked for.
    Tells(Told),
    /// Time passes.
    Wait(u64),
}

/// What a player asks for.
#[derive(Clone, Debug, PartialEq)]
enum Asked {
    Seek(u32),
    Pause(bool, u32),
    Play2(String),
    Audio(bool),
    Video(bool),
}

impl Asked {
    /// What it is answered with.
    fn answers(&self) -> Vec<StatusCode> {
        match self {
            Self::Seek(_) | Self::Audio(true) | Self::Video(true) => {
                vec![StatusCode::SEEK_NOTIFY, StatusCode::PLAY_START]
            }
            Self::Pause(true, _) => vec![StatusCode::PAUSE_NOTIFY],
            Self::Pause(false, _) => vec![StatusCode::UNPAUSE_NOTIFY],
            Self::Play2(_) => vec![StatusCode::PLAY_TRANSITION],
            Self::Audio(false) | Self::Video(false) => vec![],
        }
    }

    fn heard(event: &ServerEvent) -> Option<Self> {
        let millis = |time: &Duration| u32::try_from(time.as_millis()).unwrap();
        Some(match event {
            ServerEvent::SeekRequested { position, .. } => Self::Seek(millis(position)),
            ServerEvent::PauseRequested {
                pause, position, ..
            } => Self::Pause(*pause, millis(position)),
            ServerEvent::Play2Requested { request, .. } => {
                Self::Play2(request.name.as_str().to_owned())
            }
            ServerEvent::AudioWanted { wanted, .. } => Self::Audio(*wanted),
            ServerEvent::VideoWanted { wanted, .. } => Self::Video(*wanted),
            _ => return None,
        })
    }
}

/// What a server tells.
#[derive(Clone, Debug, PartialEq)]
enum Told {
    Published,
    Unpublished,
    Reconnect(String),
}

impl Told {
    fn heard(event: &ClientEvent) -> Option<Self> {
        match event {
            ClientEvent::Status { status, .. } => {
                let code = status.code();
                if code == StatusCode::PLAY_PUBLISH_NOTIFY {
                    Some(Self::Published)
                } else {
                    (code == StatusCode::PLAY_UNPUBLISH_NOTIFY).then_some(Self::Unpublished)
                }
            }
            ClientEvent::ReconnectRequested { description, .. } => {
                Some(Self::Reconnect(description.clone()))
            }
            _ => None,
        }
    }
}

fn asked() -> impl Strategy<Value = Asked> {
    prop_oneof![
        any::<u32>().prop_map(Asked::Seek),
        (any::<bool>(), any::<u32>()).prop_map(|(pause, time)| Asked::Pause(pause, time)),
        "[a-z]{1,9}".prop_map(Asked::Play2),
        any::<bool>().prop_map(Asked::Audio),
        any::<bool>().prop_map(Asked::Video),
    ]
}

fn told() -> impl Strategy<Value = Told> {
    prop_oneof![
        Just(Told::Published),
        Just(Told::Unpublished),
        "[a-z]{0,9}".prop_map(Told::Reconnect),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let media = || {
        let kind = prop_oneof![Just(MediaKind::Audio), Just(MediaKind::Video)];
        let time = prop_oneof![0..100_000_u32, 0xFF_FFF0..0x100_0010_u32, any::<u32>()];
        (
            kind,
            time,
            prop_oneof![0..10_usize, 100..300_usize, Just(70_000)],
        )
    };
    prop_oneof![
        8 => (any::<bool>(), prop_oneof![1..20_usize, 1..2000_usize, Just(100_000)])
            .prop_map(|(to_server, len)| Step::Carry { to_server, len }),
        3 => media().prop_map(|(kind, time, len)| Step::Publish(kind, time, len)),
        3 => media().prop_map(|(kind, time, len)| Step::Serve(kind, time, len)),
        1 => any::<u32>().prop_map(Step::ClientCalls),
        1 => any::<u32>().prop_map(Step::ServerCalls),
        1 => (0..3_u8, any::<u32>()).prop_map(|(slot, value)| Step::ClientSets(slot, value)),
        1 => (0..3_u8, any::<u32>()).prop_map(|(slot, value)| Step::OwnerSets(slot, value)),
        2 => asked().prop_map(Step::Asks),
        1 => Just(Step::Republish),
        1 => any::<u32>().prop_map(Step::ClientData),
        1 => any::<u32>().prop_map(Step::ServerData),
        1 => told().prop_map(Step::Tells),
        1 => (0..10_000_u64).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn everything_arrives_once_and_in_order(
        steps in proptest::collection::vec(step(), 0..120),
        client_chunks in 1..5000_u32,
        server_chunks in 1..5000_u32,
        handshake_cut in 1..4000_usize,
    ) {
        let mut network = Network::new(client_chunks, server_chunks);
        // Long enough for the steps to have something to work on.
        for _ in 0..40 {
            network.carry(true, handshake_cut);
            network.carry(false, handshake_cut);
        }
        for step in steps {
            network.take(step);
        }
        network.settle();
        prop_assert_eq!(&network.server_got, &network.client_sent);
        prop_assert_eq!(&network.client_got, &network.server_sent);
        prop_assert_eq!(&network.server_data, &network.client_data_sent);
        prop_assert_eq!(&network.client_data, &network.server_data_sent);
        prop_assert_eq!(&network.heard, &network.asked);
        prop_assert_eq!(&network.client_heard, &network.told);
        let answers: Vec<_> = network.asked.iter().flat_map(Asked::answers).collect();
        prop_assert_eq!(&network.statuses, &answers);
        prop_assert_eq!(network.published_times, network.asked_to_publish);
        prop_assert_eq!(&network.client_answers, &network.client_calls);
        prop_assert_eq!(&network.server_answers, &network.server_calls);
        let (owner, replica) = (&network.owner, &network.replica);
        prop_assert!(owner.iter().eq(replica.iter()), "{:?} is not {:?}", replica, owner);
        prop_assert_eq!(network.warnings, 0);
    }
}

struct Network {
    client: ClientSession,
    server: ServerSession,
    now: Instant,
    to_server: VecDeque<u8>,
    to_client: VecDeque<u8>,
    published: Option<MessageStreamId>,
    /// The stream that is played, once the server knows, and once the client knows.
    played: Option<MessageStreamId>,
    watched: Option<MessageStreamId>,
    client_sent: Vec<MediaPacket>,
    server_got: Vec<MediaPacket>,
    server_sent: Vec<MediaPacket>,
    client_got: Vec<MediaPacket>,
    client_calls: Vec<(CallId, u32)>,
    client_answers: Vec<(CallId, u32)>,
    server_calls: Vec<(CallId, u32)>,
    server_answers: Vec<(CallId, u32)>,
    client_data_sent: Vec<u32>,
    server_data: Vec<u32>,
    server_data_sent: Vec<u32>,
    client_data: Vec<u32>,
    asked: Vec<Asked>,
    heard: Vec<Asked>,
    statuses: Vec<StatusCode>,
    told: Vec<Told>,
    client_heard: Vec<Told>,
    asked_to_publish: usize,
    published_times: usize,
    /// What the server has heard that the player wants.
    audio: bool,
    video: bool,
    owner: Owner,
    replica: Replica,
    warnings: usize,
}

/// Bytes that the network carries at once, at most: well within what a session keeps unread.
const MAX_READ: usize = 65_536;

impl Network {
    fn new(client_chunks: u32, server_chunks: u32) -> Self {
        let now = t0();
        let mut client_config = ClientConfig::default();
        client_config.chunk_size = ChunkSize::new(client_chunks).unwrap();
        let mut server_config = ServerConfig::default();
        server_config.chunk_size = ChunkSize::new(server_chunks).unwrap();
        // Time passes without the network doing anything.
        let patience = Duration::from_secs(24 * 3600);
        client_config.handshake_timeout = patience;
        client_config.idle_timeout = patience;
        server_config.handshake_timeout = patience;
        server_config.idle_timeout = patience;
        let mut client = ClientSession::new(client_config, [1; 32], now);
        client.connect(pair::options(), now).unwrap();
        Self {
            client,
            server: ServerSession::new(server_config, [2; 32], now),
            now,
            to_server: VecDeque::new(),
            to_client: VecDeque::new(),
            published: None,
            played: None,
            watched: None,
            client_sent: Vec::new(),
            server_got: Vec::new(),
            server_sent: Vec::new(),
            client_got: Vec::new(),
            client_calls: Vec::new(),
            client_answers: Vec::new(),
            server_calls: Vec::new(),
            server_answers: Vec::new(),
            client_data_sent: Vec::new(),
            server_data: Vec::new(),
            server_data_sent: Vec::new(),
            client_data: Vec::new(),
            asked: Vec::new(),
            heard: Vec::new(),
            statuses: Vec::new(),
            told: Vec::new(),
            client_heard: Vec::new(),
            asked_to_publish: 0,
            published_times: 0,
            audio: true,
            video: true,
            owner: Owner::new("so", Persistence::Transient),
            replica: Replica::new("so", Persistence::Transient),
            warnings: 0,
        }
    }

    fn take(&mut self, step: Step) {
        let now = self.now;
        match step {
            Step::Carry { to_server, len } => self.carry(to_server, len),
            Step::Publish(kind, time, len) => {
                if let Some(stream) = self.published {
                    let packet = packet(kind, time, len);
                    self.client
                        .send_media(stream, &packet, Class::Essential, now)
                        .unwrap();
                    self.client_sent.push(packet);
                }
            }
            Step::Serve(kind, time, len) => {
                if let Some(stream) = self.played {
                    let packet = packet(kind, time, len);
                    self.server
                        .send_media(stream, &packet, Class::Essential, now)
                        .unwrap();
                    let wanted = match kind {
                        MediaKind::Audio => self.audio,
                        _ => self.video,
                    };
                    self.server_sent.extend(wanted.then_some(packet));
                }
            }
            Step::ClientCalls(value) => {
                if self.published.is_some() {
                    let call = self
                        .client
                        .call(Name::from("echo"), argument(value), now)
                        .unwrap();
                    self.client_calls.push((call, value));
                }
            }
            Step::ServerCalls(value) => {
                if self.played.is_some() {
                    let call = self
                        .server
                        .call(Name::from("echo"), argument(value), now)
                        .unwrap();
                    self.server_calls.push((call, value));
                }
            }
            Step::ClientSets(slot, value) => {
                if self.published.is_some() {
                    self.replica
                        .set(&slot.to_string(), argument(value))
                        .unwrap();
                    self.share();
                }
            }
            Step::OwnerSets(slot, value) => {
                self.owner.set(&slot.to_string(), &argument(value)).unwrap();
                self.share();
            }
            Step::Asks(asked) => {
                if let Some(stream) = self.watched {
                    self.ask(stream, asked);
                }
            }
            Step::Republish => {
                if let Some(stream) = self.published.take() {
                    self.client.delete_stream(stream, now).unwrap();
                    self.publish();
                }
            }
            Step::ClientData(value) => {
                if let Some(stream) = self.published {
                    self.client
                        .send_data(stream, &data(value), Timestamp::ZERO, now)
                        .unwrap();
                    self.client_data_sent.push(value);
                }
            }
            Step::ServerData(value) => {
                if let Some(stream) = self.played {
                    self.server
                        .send_data(stream, &data(value), Timestamp::ZERO, now)
                        .unwrap();
                    self.server_data_sent.push(value);
                }
            }
            Step::Tells(told) => {
                if let Some(stream) = self.played {
                    match &told {
                        Told::Published => self.server.notify_published(stream, now),
                        Told::Unpublished => self.server.notify_unpublished(stream, now),
                        Told::Reconnect(why) => self.server.request_reconnect(None, why, now),
                    }
                    .unwrap();
                    self.told.push(told);
                }
            }
            Step::Wait(millis) => {
                self.now += Duration::from_millis(millis);
                self.client.handle_timeout(self.now);
                self.server.handle_timeout(self.now);
            }
        }
    }

    fn publish(&mut self) {
        self.client
            .publish("a", PublishKind::Live, self.now)
            .unwrap();
        self.asked_to_publish += 1;
    }

    fn ask(&mut self, stream: MessageStreamId, asked: Asked) {
        let (client, now) = (&mut self.client, self.now);
        let millis = |time: u32| Duration::from_millis(time.into());
        match &asked {
            Asked::Seek(time) => client.seek(stream, millis(*time), now),
            Asked::Pause(pause, time) => client.pause(stream, *pause, millis(*time), now),
            Asked::Play2(name) => client.play2(stream, &Play2Request::new(name.as_str()), now),
            Asked::Audio(wanted) => client.receive_audio(stream, *wanted, now),
            Asked::Video(wanted) => client.receive_video(stream, *wanted, now),
        }
        .unwrap();
        self.asked.push(asked);
    }

    /// Gives the sessions what the shared object has to say.
    fn share(&mut self) {
        while let Some(message) = self.replica.poll_message() {
            self.client.send_shared_object(&message, self.now).unwrap();
        }
        while let Some((_, message)) = self.owner.poll_message() {
            self.server.send_shared_object(&message, self.now).unwrap();
        }
    }

    fn carry(&mut self, to_server: bool, len: usize) {
        fill(&mut self.to_server, |bytes| {
            drain(self.client.output(), bytes)
        });
        fill(&mut self.to_client, |bytes| {
            drain(self.server.output(), bytes)
        });
        let pipe = if to_server {
            &mut self.to_server
        } else {
            &mut self.to_client
        };
        let len = len.min(pipe.len()).min(MAX_READ);
        let bytes = Bytes::from_iter(pipe.drain(..len));
        if to_server {
            self.server.handle_input(bytes, self.now);
        } else {
            self.client.handle_input(bytes, self.now);
        }
        self.poll_server();
        self.poll_client();
        self.share();
    }

    fn settle(&mut self) {
        let mut quiet = 0;
        while quiet < 20 {
            self.carry(true, MAX_READ);
            self.carry(false, MAX_READ);
            let empty = self.to_server.is_empty() && self.to_client.is_empty();
            quiet = if empty { quiet + 1 } else { 0 };
        }
        assert!(self.published.is_some() && self.played.is_some());
    }

    fn poll_server(&mut self) {
        while let Some(event) = self.server.poll_event().unwrap() {
            accept(&mut self.server, &event, self.now).unwrap();
            self.heard.extend(Asked::heard(&event));
            match event {
                ServerEvent::PlayRequested { stream, .. } => self.played = Some(stream),
                ServerEvent::PublishRequested { .. } => self.published_times += 1,
                ServerEvent::AudioWanted { wanted, .. } => self.audio = wanted,
                ServerEvent::VideoWanted { wanted, .. } => self.video = wanted,
                ServerEvent::Data { data, .. } => self.server_data.push(value(data.values())),
                ServerEvent::Media { packet, .. } => self.server_got.push(packet),
                ServerEvent::CallAnswered { call, answer } => {
                    self.server_answers.push((call, value(&answer.unwrap())));
                }
                ServerEvent::SharedObject(message) => {
                    self.owner.handle(UserId::new(1), &message);
                }
                ServerEvent::Warning(_) => self.warnings += 1,
                _ => {}
            }
        }
    }

    fn poll_client(&mut self) {
        while let Some(event) = self.client.poll_event().unwrap() {
            if let Some(told) = Told::heard(&event) {
                self.client_heard.push(told);
                continue;
            }
            match event {
                ClientEvent::Connected { .. } => {
                    self.publish();
                    self.client.play(PlayRequest::new("b"), self.now).unwrap();
                    self.replica.connect();
                }
                ClientEvent::PublishStarted { stream, .. } => self.published = Some(stream),
                ClientEvent::PlayStarted { stream, .. } => self.watched = Some(stream),
                ClientEvent::Status { stream, status } if self.watched == Some(stream) => {
                    let begin = [StatusCode::PLAY_RESET, StatusCode::DATA_START];
                    let code = status.code();
                    self.statuses
                        .extend((!begin.contains(&code)).then_some(code));
                }
                ClientEvent::Data { data, .. } if *data.name() == Name::ON_META_DATA => {
                    self.client_data.push(value(data.values()));
                }
                ClientEvent::Media { packet, .. } => self.client_got.push(packet),
                ClientEvent::CallRequested {
                    id: Some(id),
                    command,
                    ..
                } => {
                    self.client
                        .accept_call(id, command.args.clone(), self.now)
                        .unwrap();
                }
                ClientEvent::CallAnswered { call, answer } => {
                    self.client_answers.push((call, value(&answer.unwrap())));
                }
                ClientEvent::SharedObject(message) => self.replica.handle(&message),
                ClientEvent::Warning(_) => self.warnings += 1,
                _ => {}
            }
        }
    }
}

fn packet(kind: MediaKind, time: u32, len: usize) -> MediaPacket {
    let payload = (0..len)
        .map(|at| u8::try_from(at % 251).unwrap())
        .collect::<Vec<_>>();
    MediaPacket::new(kind, Timestamp::from_millis(time), payload.into())
}

fn data(value: u32) -> Data {
    Data::new(DataAction::Send, Name::ON_META_DATA, argument(value))
}

fn argument(value: u32) -> Values {
    let values = Document::new().with_value(value);
    Values::encode(&values).unwrap()
}

fn value(values: &Values) -> u32 {
    values.document().unwrap().value(0).as_u32().unwrap()
}

fn fill(pipe: &mut VecDeque<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = Vec::new();
    write(&mut bytes);
    pipe.extend(bytes);
}
