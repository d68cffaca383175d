//! What an RTSP relay does with the events of a session, whatever reads and writes the socket.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{mem, time::Instant};

use bytes::Bytes;
use weir_rtsp::message::{Request, StatusCode};
use weir_rtsp::{ChannelKind, Class, CommandError, Limits, PlayAnswer, ServerEvent, ServerSession};
use weir_rtsp::{SetupAnswer, TrackId, Url, sdp::Description};

use crate::{Inbox, say};

/// The streams of an RTSP relay, by path.
#[derive(Debug, Default)]
pub struct RtspStreams(Mutex<HashMap<String, Stream>>);

#[derive(Debug)]
struct Stream {
    sdp: Description<'static>,
    players: Vec<Inbox<RtspMessage>>,
    /// The latest report of each medium: without it a player cannot tell how tracks belong
    /// together before the next one, seconds later.
    reports: HashMap<usize, Bytes>,
}

/// A packet of the medium with this place in the description; `None` when the publisher is gone.
#[derive(Clone, Debug)]
pub struct RtspMessage(Option<(usize, ChannelKind, Bytes)>);

impl RtspStreams {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Stream>> {
        // Nothing under this lock can panic half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One client of the relay.
#[derive(Debug)]
pub struct RtspClient {
    streams: Arc<RtspStreams>,
    name: String,
    publishes: bool,
    /// The tracks it set up, and the place of each in the description.
    tracks: Vec<(TrackId, usize)>,
}

impl RtspClient {
    /// A client that has not asked for anything yet.
    pub fn new(streams: Arc<RtspStreams>) -> Self {
        let (name, tracks) = (String::new(), Vec::new());
        Self {
            streams,
            name,
            publishes: false,
            tracks,
        }
    }

    /// Answers what the client asks for, and passes on what it records.
    ///
    /// `inbox` gets what the client will play, to be given to [`forward`](Self::forward).
    ///
    /// # Errors
    /// None that the client can cause.
    pub fn handle(
        &mut self,
        session: &mut ServerSession,
        event: ServerEvent,
        inbox: Inbox<RtspMessage>,
    ) -> Result<(), CommandError> {
        match event {
            ServerEvent::DescribeRequested { id, request } => {
                self.name = name(&request);
                match self.streams.lock().get(&self.name) {
                    Some(stream) => _ = session.accept_describe(id, &stream.sdp)?,
                    None => _ = session.reject(id, StatusCode::NOT_FOUND)?,
                }
            }
            ServerEvent::AnnounceRequested { id, request } => {
                self.end();
                self.name = name(&request);
                let sdp = Description::parse(&request.body, &Limits::default()).into_owned();
                let mut streams = self.streams.lock();
                if streams.contains_key(&self.name) {
                    session.reject(id, StatusCode::FORBIDDEN)?;
                } else {
                    let (players, reports) = (Vec::new(), HashMap::new());
                    let stream = Stream {
                        sdp,
                        players,
                        reports,
                    };
                    streams.insert(self.name.clone(), stream);
                    self.publishes = true;
                    session.accept_announce(id)?;
                }
            }
            ServerEvent::SetupRequested { id, request, .. } => match self.medium(&request) {
                Some((place, clock_rate)) => {
                    let track = session.accept_setup(id, SetupAnswer::new(clock_rate))?;
                    self.tracks.push((track, place));
                }
                None => _ = session.reject(id, StatusCode::NOT_FOUND)?,
            },
            ServerEvent::RecordRequested { id, .. } => {
                session.accept_record(id)?;
                say(&format!("{} is published", self.name));
            }
            ServerEvent::PlayRequested { id, .. } => {
                session.accept_play(id, PlayAnswer::default())?;
                if let Some(stream) = self.streams.lock().get_mut(&self.name) {
                    stream.players.push(inbox);
                    for (place, report) in &stream.reports {
                        let report = (*place, ChannelKind::Rtcp, report.clone());
                        self.forward(session, RtspMessage(Some(report)));
                    }
                }
                say(&format!("{} is played", self.name));
            }
            ServerEvent::Rtp { track, packet } => self.pass(track, ChannelKind::Rtp, packet),
            ServerEvent::Rtcp { track, packet } => self.pass(track, ChannelKind::Rtcp, packet),
            ServerEvent::PauseRequested { id, .. } => _ = session.accept_pause(id)?,
            ServerEvent::ParametersRequested { id, .. } => _ = session.accept_parameters(id)?,
            ServerEvent::Ended { .. } => self.end(),
            _ => {}
        }
        Ok(())
    }

    /// The medium a SETUP names: its place in the description, and its clock rate.
    fn medium(&self, request: &Request) -> Option<(usize, u32)> {
        let streams = self.streams.lock();
        let media = &streams.get(&self.name)?.sdp.media;
        let named = |control: &str| request.uri.ends_with(control);
        let place = media
            .iter()
            .position(|medium| medium.control().is_some_and(named))?;
        Some((place, media.get(place)?.format()?.clock_rate))
    }

    /// Passes on what the client records; a player whose inbox is full misses it.
    fn pass(&self, track: TrackId, kind: ChannelKind, packet: Bytes) {
        let mut streams = self.streams.lock();
        let place = self.tracks.iter().find(|(own, _)| *own == track);
        let stream = streams.get_mut(&self.name).filter(|_| self.publishes);
        let (Some((_, place)), Some(stream)) = (place, stream) else {
            return;
        };
        if kind == ChannelKind::Rtcp {
            stream.reports.insert(*place, packet.clone());
        }
        for player in &stream.players {
            let _ = player.try_send(RtspMessage(Some((*place, kind, packet.clone()))));
        }
    }

    /// Sends what another client published, or that it is gone.
    pub fn forward(&self, session: &mut ServerSession, RtspMessage(message): RtspMessage) {
        let now = Instant::now();
        let Some((place, kind, packet)) = message else {
            return session.end_of_stream(now);
        };
        if let Some((track, _)) = self.tracks.iter().find(|(_, own)| *own == place) {
            // An error means that the player pauses.
            let _ = match kind {
                ChannelKind::Rtp => session.send_rtp(*track, packet, Class::Essential, now),
                ChannelKind::Rtcp => session.send_rtcp(*track, packet, now),
            };
        }
    }

    fn end(&mut self) {
        self.tracks.clear();
        if mem::take(&mut self.publishes) {
            let stream = self.streams.lock().remove(&self.name);
            for player in stream.into_iter().flat_map(|stream| stream.players) {
                player.send(RtspMessage(None));
            }
        }
    }
}

impl Drop for RtspClient {
    fn drop(&mut self) {
        self.end();
    }
}

/// The path of a request's URI: the name of the stream, and of the track in a SETUP.
fn name(request: &Request) -> String {
    let url = request.uri.parse::<Url>();
    url.map_or_else(|_| String::new(), |url| url.path().trim_matches('/').into())
}
