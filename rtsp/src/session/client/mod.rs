//! The client session: the verbs and the commands.

mod answer;

use alloc::{boxed::Box, collections::VecDeque, format, string::String, vec::Vec};
use core::net::{IpAddr, SocketAddr};
use std::time::Instant;

use bytes::Bytes;

use crate::{
    Class, Error, SendQueue, Url, ValueError,
    header::{self, Range, Transport},
    join_control,
    message::{Method, Request, Response, StatusCode},
    rtp::{ClockAnchor, SenderClock},
    sdp::Description,
    session::{
        Channel, ChannelKind, ClientConfig, ClientEvent, CommandError, RequestId, TrackId,
        TransportPolicy,
        keepalive::KeepAlive,
        link::{Arrival, Link},
        track::{Route, Track},
    },
};

/// The client's side of one RTSP connection.
///
/// Commands return the id of their request at once and its answer comes as an event. They may be
/// given without waiting for one another: the session sends them in order and holds back only what
/// needs the answer to an earlier one.
///
/// The first 401 makes [`ClientEvent::AuthorizationWanted`], and from then on every request asks
/// for its credentials; [`set_authorization`](Self::set_authorization) answers them all (Basic).
/// Keep-alive requests are sent by the session.
#[derive(Debug)]
pub struct ClientSession {
    config: ClientConfig,
    link: Link,
    url: Url,
    peer: IpAddr,
    /// What control URLs are relative to.
    base: String,
    /// The URL of the presentation as a whole.
    aggregate: String,
    session_id: Option<String>,
    keep_alive: Option<KeepAlive>,
    keep_alive_method: Method,
    next_id: u64,
    next_cseq: u32,
    /// Requests not sent yet.
    waiting: VecDeque<Outgoing>,
    /// Requests sent, in order.
    open: VecDeque<Outgoing>,
    /// Whether the server wanted credentials once.
    challenged: bool,
    authorization: Option<String>,
    announced: bool,
    /// The last PLAY, for a fallback.
    played: Option<Range>,
    /// When silence over UDP counts as a firewall.
    silence: Option<Instant>,
    events: VecDeque<ClientEvent>,
    /// Requests of the server that wait for an answer.
    asked: Vec<(RequestId, u32)>,
    media_allowed: bool,
    closed: bool,
    last_now: Instant,
}

/// A request of this side.
#[derive(Debug)]
struct Outgoing {
    id: RequestId,
    request: Request,
    purpose: Purpose,
    cseq: u32,
    sent: Instant,
    /// Challenges answered.
    attempts: u8,
    /// Whether the application was asked for credentials.
    asked: bool,
}

/// What the answer to a request means.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Purpose {
    Options,
    Describe,
    Announce,
    Setup {
        track: TrackId,
        transport: Box<Transport>,
    },
    Play,
    Record,
    Pause,
    Teardown,
    KeepAlive,
    Other,
}

/// What a client knows of a track it sets up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrackSetup {
    /// Clock rate of the track's format in Hz, for the reports of a receiver.
    pub clock_rate: u32,
    /// The local ports of RTP and RTCP the driver bound. Without them the track travels on the
    /// connection, whatever the policy says.
    pub ports: Option<(u16, u16)>,
}

impl TrackSetup {
    /// A track without local ports.
    pub const fn new(clock_rate: u32) -> Self {
        Self {
            clock_rate,
            ports: None,
        }
    }

    /// The same track with local ports of RTP and RTCP, the first one even.
    #[must_use]
    pub const fn with_ports(mut self, rtp: u16, rtcp: u16) -> Self {
        self.ports = Some((rtp, rtcp));
        self
    }
}

impl ClientSession {
    /// A session on a connection to the server of `url`, whose address is `peer`. `seed` is 32
    /// random bytes; `clock` ties `now` to wall-clock time for RTCP. User name and password of the
    /// URL are never sent.
    ///
    /// # Errors
    /// [`ValueError`] where the URL cannot be read.
    pub fn new(
        config: ClientConfig,
        url: &str,
        peer: IpAddr,
        clock: ClockAnchor,
        seed: [u8; 32],
        now: Instant,
    ) -> Result<Self, ValueError> {
        let url = url.parse::<Url>()?.without_credentials();
        let link = Link::new(
            &config.limits,
            &config.quirks,
            &config.cname,
            clock,
            seed,
            now,
        );
        let base = format!("{url}");
        Ok(Self {
            config,
            link,
            url,
            peer,
            aggregate: base.clone(),
            base,
            session_id: None,
            keep_alive: None,
            keep_alive_method: Method::OPTIONS,
            next_id: 0,
            next_cseq: 1,
            waiting: VecDeque::new(),
            open: VecDeque::new(),
            challenged: false,
            authorization: None,
            announced: false,
            played: None,
            silence: None,
            events: VecDeque::new(),
            asked: Vec::new(),
            media_allowed: false,
            closed: false,
            last_now: now,
        })
    }

    /// Takes bytes read from the connection. Parses nothing.
    pub fn handle_input(&mut self, bytes: Bytes, now: Instant) {
        self.last_now = now;
        self.link.handle_input(bytes, now);
    }

    /// Takes a datagram that came to the port of a channel.
    pub fn handle_datagram(
        &mut self,
        channel: Channel,
        from: SocketAddr,
        bytes: Bytes,
        now: Instant,
    ) {
        self.last_now = now;
        self.link.handle_datagram(channel, from, bytes, now);
    }

    /// The server's bytes ended.
    pub fn handle_eof(&mut self, now: Instant) {
        self.last_now = now;
        self.link.eof = true;
    }

    /// Time passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.last_now = now;
        self.link.handle_report_timer(true, now);
        if self.keep_alive.is_some_and(|timer| timer.next <= now) {
            self.send_keep_alive(now);
        }
        let patience = self.config.response_timeout;
        while self
            .open
            .front()
            .is_some_and(|oldest| oldest.sent + patience <= now)
        {
            let Some(oldest) = self.open.pop_front() else {
                break;
            };
            // Some cameras never answer a keep-alive (mediamtx#1066).
            if oldest.purpose != Purpose::KeepAlive {
                let (id, method) = (oldest.id, oldest.request.method);
                self.events
                    .push_back(ClientEvent::Unanswered { id, method });
            }
        }
        if self.silence.is_some_and(|silence| silence <= now) {
            self.silence = None;
            if !self.link.tracks.iter().any(|track| track.heard) {
                self.events.push_back(ClientEvent::Silent);
                if self.config.transport == TransportPolicy::UdpThenTcp {
                    self.fall_back(now);
                }
            }
        }
        self.pump(now);
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.closed {
            return None;
        }
        let answer = self
            .open
            .front()
            .map(|oldest| oldest.sent + self.config.response_timeout);
        let keep_alive = self.keep_alive.map(|timer| timer.next);
        [self.link.reports_due(), keep_alive, answer, self.silence]
            .into_iter()
            .flatten()
            .min()
    }

    /// The next event, or `None` until something comes.
    ///
    /// # Errors
    /// [`Error`] when the server broke the protocol or a limit.
    pub fn poll_event(&mut self) -> Result<Option<ClientEvent>, Error> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(Some(event));
            }
            if let Some(warning) = self.link.next_warning() {
                return Ok(Some(ClientEvent::Warning(warning)));
            }
            if self.closed {
                return Ok(None);
            }
            match self.link.poll() {
                Ok(Some(Arrival::Response(response))) => self.receive_response(response)?,
                Ok(Some(Arrival::Request(request))) => self.receive_request(request),
                Ok(Some(Arrival::Packet(channel, packet))) => self.receive_packet(channel, packet),
                Ok(None) if self.link.eof => {
                    self.closed = true;
                    return Ok(Some(ClientEvent::Closed));
                }
                Ok(None) => return Ok(None),
                Err(error) => {
                    // What was noticed before the error is told before it.
                    let warning = self.link.next_warning().map(ClientEvent::Warning);
                    return warning.map_or(Err(error), |warning| Ok(Some(warning)));
                }
            }
        }
    }

    /// Whether more input is useful now: not while the server's requests wait for an answer.
    pub fn wants_input(&self) -> bool {
        !self.closed
    }

    /// The bytes to write.
    pub fn output(&mut self) -> &mut SendQueue {
        self.link.queue.commit();
        &mut self.link.queue
    }

    /// The same queue without committing anything: to look at its backlog and to drop from it.
    pub fn queue(&mut self) -> &mut SendQueue {
        &mut self.link.queue
    }

    /// The next datagram to send: the channel whose port sends it, and where to.
    pub fn poll_datagram(&mut self) -> Option<(Channel, SocketAddr, Bytes)> {
        self.link.poll_datagram()
    }

    /// Replaces the anchor of wall-clock time.
    pub fn set_clock(&mut self, clock: ClockAnchor) {
        self.link.set_clock(clock);
    }

    /// Asks for the methods of the server.
    ///
    /// # Errors
    /// [`CommandError::Closed`], as of all commands.
    pub fn options(&mut self, now: Instant) -> Result<RequestId, CommandError> {
        let request = Request::new(Method::OPTIONS, format!("{}", self.url));
        self.command(request, Purpose::Options, now)
    }

    /// Asks for the description of the URL.
    ///
    /// # Errors
    /// [`CommandError::Closed`].
    pub fn describe(&mut self, now: Instant) -> Result<RequestId, CommandError> {
        let request = Request::new(Method::DESCRIBE, format!("{}", self.url))
            .with_header(header::ACCEPT, "application/sdp");
        self.command(request, Purpose::Describe, now)
    }

    /// Describes what this side will send. Tracks set up from then on are for recording.
    ///
    /// # Errors
    /// [`CommandError::Closed`].
    pub fn announce(
        &mut self,
        sdp: &Description<'_>,
        now: Instant,
    ) -> Result<RequestId, CommandError> {
        self.announced = true;
        let request = Request::new(Method::ANNOUNCE, format!("{}", self.url))
            .with_body("application/sdp", format!("{sdp}"));
        self.command(request, Purpose::Announce, now)
    }

    /// Sets up the track with this `a=control`.
    ///
    /// # Errors
    /// [`CommandError::Closed`], and [`CommandError::WrongState`] for one track too many.
    pub fn setup(
        &mut self,
        control: Option<&str>,
        setup: TrackSetup,
        now: Instant,
    ) -> Result<(RequestId, TrackId), CommandError> {
        let tracks = self.link.tracks.len();
        if tracks >= self.config.limits.max_tracks.min(usize::from(u8::MAX) / 2) {
            return Err(CommandError::WrongState);
        }
        let id = TrackId(u8::try_from(tracks).map_err(|_| CommandError::WrongState)?);
        let uri = self.own_host(join_control(&self.base, control));
        let receiver = self.link.random_ssrc();
        let transport = self.offer(id, setup.ports, self.config.transport);
        let request = self.command(
            Request::new(Method::SETUP, uri.clone()),
            Purpose::Setup {
                track: id,
                transport: Box::new(transport),
            },
            now,
        )?;
        self.link
            .tracks
            .push(Track::new(id, uri, setup.clock_rate, receiver));
        Ok((request, id))
    }

    /// An absolute control URL with another host is meant for this one: the server does not know
    /// its own address behind a router.
    fn own_host(&self, uri: String) -> String {
        match uri.parse::<Url>() {
            Ok(url) if url.host() != self.url.host() => {
                format!("{}", self.url.with_path(url.path()))
            }
            _ => uri,
        }
    }

    fn offer(
        &self,
        track: TrackId,
        ports: Option<(u16, u16)>,
        policy: TransportPolicy,
    ) -> Transport {
        let channel = track.0.saturating_mul(2);
        let mut transport = match (policy, ports) {
            (TransportPolicy::Multicast, _) => {
                let mut transport = Transport::udp();
                (transport.unicast, transport.multicast) = (false, true);
                transport
            }
            (TransportPolicy::Udp | TransportPolicy::UdpThenTcp, Some((rtp, rtcp))) => Transport {
                client_port: Some((rtp, Some(rtcp))),
                ..Transport::udp()
            },
            _ => Transport::interleaved(channel, channel.saturating_add(1)),
        };
        // Some servers are upset by the mode of a player (gortsplib): it is left out.
        if self.announced {
            transport.mode.push(Method::RECORD);
        }
        transport
    }

    /// Asks for media: a part, or from where a PAUSE left off.
    ///
    /// # Errors
    /// [`CommandError::Closed`], and [`CommandError::WrongState`] without a track.
    pub fn play(&mut self, range: Option<Range>, now: Instant) -> Result<RequestId, CommandError> {
        if self.link.tracks.is_empty() {
            return Err(CommandError::WrongState);
        }
        self.played = range.or(self.played);
        self.command(self.play_request(range), Purpose::Play, now)
    }

    fn play_request(&self, range: Option<Range>) -> Request {
        let request = Request::new(Method::PLAY, self.aggregate.clone());
        match range {
            Some(range) => request.with_header(header::RANGE, range),
            None => request,
        }
    }

    /// Begins to send what was announced.
    ///
    /// # Errors
    /// As [`play`](Self::play).
    pub fn record(&mut self, now: Instant) -> Result<RequestId, CommandError> {
        if self.link.tracks.is_empty() {
            return Err(CommandError::WrongState);
        }
        let request = Request::new(Method::RECORD, self.aggregate.clone())
            .with_header(header::RANGE, "npt=0.000-");
        self.command(request, Purpose::Record, now)
    }

    /// Stops media for a while.
    ///
    /// # Errors
    /// [`CommandError::Closed`].
    pub fn pause(&mut self, now: Instant) -> Result<RequestId, CommandError> {
        let request = Request::new(Method::PAUSE, self.aggregate.clone());
        self.command(request, Purpose::Pause, now)
    }

    /// Ends the presentation. Wait for the answer before closing: old live555 servers (Reolink)
    /// otherwise send on into the next connection (retina#17).
    ///
    /// # Errors
    /// [`CommandError::Closed`].
    pub fn teardown(&mut self, now: Instant) -> Result<RequestId, CommandError> {
        self.link.send_goodbyes(now);
        let request = Request::new(Method::TEARDOWN, self.aggregate.clone());
        self.command(request, Purpose::Teardown, now)
    }

    /// Asks for parameters, one name a line; with none it is a ping.
    ///
    /// # Errors
    /// [`CommandError::Closed`].
    pub fn get_parameter(&mut self, body: Bytes, now: Instant) -> Result<RequestId, CommandError> {
        let mut request = Request::new(Method::GET_PARAMETER, self.aggregate.clone());
        if !body.is_empty() {
            request = request.with_body("text/parameters", body);
        }
        self.command(request, Purpose::Other, now)
    }

    /// Sets parameters, one `name: value` a line.
    ///
    /// # Errors
    /// [`CommandError::Closed`].
    pub fn set_parameter(&mut self, body: Bytes, now: Instant) -> Result<RequestId, CommandError> {
        let request = Request::new(Method::SET_PARAMETER, self.aggregate.clone())
            .with_body("text/parameters", body);
        self.command(request, Purpose::Other, now)
    }

    /// Sends any request. `CSeq`, `Session`, `User-Agent` and credentials are added.
    ///
    /// # Errors
    /// [`CommandError::Closed`].
    pub fn send_request(
        &mut self,
        request: Request,
        now: Instant,
    ) -> Result<RequestId, CommandError> {
        self.command(request, Purpose::Other, now)
    }

    /// Answers [`ClientEvent::AuthorizationWanted`] with the value of an `Authorization` header.
    ///
    /// # Errors
    /// [`CommandError::NoSuchRequest`] where no request waits for credentials.
    pub fn authorize(
        &mut self,
        id: RequestId,
        authorization: &str,
        now: Instant,
    ) -> Result<(), CommandError> {
        let waiting = self
            .waiting
            .iter_mut()
            .find(|waiting| waiting.id == id && waiting.asked);
        let waiting = waiting.ok_or(CommandError::NoSuchRequest)?;
        waiting
            .request
            .headers
            .set(header::AUTHORIZATION, authorization);
        self.pump(now);
        Ok(())
    }

    /// Sets the `Authorization` header of all requests to come, which then ask no more. For
    /// credentials that do not depend on the request: Basic, Bearer.
    pub fn set_authorization(&mut self, authorization: Option<String>, now: Instant) {
        self.authorization = authorization;
        self.pump(now);
    }

    /// Answers a request of the server.
    ///
    /// # Errors
    /// [`CommandError::NoSuchRequest`].
    pub fn respond(
        &mut self,
        id: RequestId,
        response: Response,
        now: Instant,
    ) -> Result<(), CommandError> {
        let at = self.asked.iter().position(|(asked, _)| *asked == id);
        let (_, cseq) = self.asked.remove(at.ok_or(CommandError::NoSuchRequest)?);
        self.send_response(response, Some(cseq), now);
        Ok(())
    }

    /// Sends an RTP packet on a track: while recording, or on a back channel while playing.
    ///
    /// # Errors
    /// [`CommandError`] for a track that is not set up, a state without media, or bytes that are no
    /// RTP packet.
    pub fn send_rtp(
        &mut self,
        track: TrackId,
        packet: Bytes,
        class: Class,
        now: Instant,
    ) -> Result<(), CommandError> {
        if !self.media_allowed {
            return Err(CommandError::WrongState);
        }
        self.link.send_rtp(track, packet, class, now)
    }

    /// Sends an RTCP packet of your own on a track, such as a picture loss indication.
    ///
    /// # Errors
    /// As [`send_rtp`](Self::send_rtp).
    pub fn send_rtcp(
        &mut self,
        track: TrackId,
        packet: Bytes,
        now: Instant,
    ) -> Result<(), CommandError> {
        let channel = Channel {
            track,
            kind: ChannelKind::Rtcp,
        };
        self.link.send(channel, packet, Class::Essential, now)
    }

    /// Ties the timestamps of a track to the time of capture. Sender reports go out from then on.
    ///
    /// # Errors
    /// [`CommandError::NoSuchTrack`].
    pub fn set_sender_clock(
        &mut self,
        track: TrackId,
        clock: SenderClock,
    ) -> Result<(), CommandError> {
        let track = self
            .link
            .track_mut(track)
            .ok_or(CommandError::NoSuchTrack(track))?;
        track.set_clock(clock);
        Ok(())
    }

    /// The tracks, in the order of their SETUP.
    pub fn tracks(&self) -> impl Iterator<Item = TrackId> {
        self.link.tracks.iter().map(|track| track.id)
    }

    /// `$` frames that came on channels no SETUP assigned, and were dropped.
    pub const fn unassigned_frames(&self) -> u64 {
        self.link.unassigned
    }

    fn command(
        &mut self,
        request: Request,
        purpose: Purpose,
        now: Instant,
    ) -> Result<RequestId, CommandError> {
        if self.closed || self.link.has_failed() {
            return Err(CommandError::Closed);
        }
        let id = self.new_id();
        let (cseq, attempts, asked) = (0, 0, false);
        self.waiting.push_back(Outgoing {
            id,
            request,
            purpose,
            cseq,
            sent: now,
            attempts,
            asked,
        });
        self.pump(now);
        Ok(id)
    }

    /// Sends what waits and may go.
    fn pump(&mut self, now: Instant) {
        while let Some(first) = self.waiting.front_mut() {
            // A SETUP may have to be asked anew, for credentials or another transport.
            let needs_tracks = matches!(first.purpose, Purpose::Play | Purpose::Record);
            let holds = |open: &Outgoing| match open.purpose {
                // The first SETUP brings the session id every later request needs.
                Purpose::Setup { .. } => needs_tracks || self.session_id.is_none(),
                Purpose::Teardown => true,
                _ => false,
            };
            if self.open.iter().any(holds) {
                return;
            }
            if let Some(authorization) = &self.authorization {
                first
                    .request
                    .headers
                    .set(header::AUTHORIZATION, authorization);
            } else if self.challenged && !first.request.headers.contains(header::AUTHORIZATION) {
                if !first.asked {
                    first.asked = true;
                    self.events.push_back(ClientEvent::AuthorizationWanted {
                        id: first.id,
                        method: first.request.method.clone(),
                        uri: first.request.uri.clone(),
                        challenges: Vec::new(),
                    });
                }
                return;
            }
            let Some(mut first) = self.waiting.pop_front() else {
                return;
            };
            first.cseq = self.next_cseq;
            first.sent = now;
            self.next_cseq = self.next_cseq.wrapping_add(1);
            let bytes = self.dress(&first).encode();
            self.link.queue.push_message(bytes, now);
            if let Some(timer) = self
                .keep_alive
                .as_mut()
                .filter(|_| self.session_id.is_some())
            {
                timer.reset(now);
            }
            self.open.push_back(first);
        }
    }

    /// Gives a request what every request has, in front of its own fields.
    fn dress(&self, outgoing: &Outgoing) -> Request {
        let Request {
            method,
            uri,
            version,
            headers,
            body,
        } = &outgoing.request;
        let mut dressed = Request::new(method.clone(), uri.clone());
        dressed.version = *version;
        dressed.headers.push(header::CSEQ, outgoing.cseq);
        dressed
            .headers
            .push(header::USER_AGENT, &self.config.user_agent);
        if let Some(session) = self
            .session_id
            .as_ref()
            .filter(|_| *method != Method::DESCRIBE)
        {
            dressed.headers.push(header::SESSION, session);
        }
        let of_presentation = ["DESCRIBE", "SETUP", "PLAY", "TEARDOWN"].contains(&method.as_str());
        if let Some(tag) = self.config.require.as_ref().filter(|_| of_presentation) {
            dressed.headers.push(header::REQUIRE, tag);
        }
        if let Purpose::Setup { transport, .. } = &outgoing.purpose {
            dressed.headers.push(header::TRANSPORT, transport);
        }
        for (name, value) in headers.iter() {
            dressed.headers.push(name, value);
        }
        dressed.body = body.clone();
        dressed
    }

    fn send_keep_alive(&mut self, now: Instant) {
        let busy = self
            .open
            .iter()
            .chain(&self.waiting)
            .any(|o| o.purpose == Purpose::KeepAlive);
        if let Some(timer) = &mut self.keep_alive {
            timer.reset(now);
        }
        if !busy {
            let request = Request::new(self.keep_alive_method.clone(), self.aggregate.clone());
            // A closed session needs no keep-alive.
            let _ = self.command(request, Purpose::KeepAlive, now);
        }
    }

    fn send_response(&mut self, mut response: Response, cseq: Option<u32>, now: Instant) {
        if let Some(cseq) = cseq {
            response.headers.set(header::CSEQ, cseq);
        }
        self.link.queue.push_message(response.encode(), now);
    }

    /// Sets all tracks up again on the connection, and plays on.
    fn fall_back(&mut self, now: Instant) {
        let teardown = Request::new(Method::TEARDOWN, self.aggregate.clone());
        let tracks: Vec<_> = self
            .link
            .tracks
            .iter()
            .map(|track| (track.id, track.uri.clone()))
            .collect();
        let mut requests = alloc::vec![(teardown, Purpose::Teardown)];
        for (track, uri) in tracks {
            let transport = Box::new(self.offer(track, None, TransportPolicy::Tcp));
            requests.push((
                Request::new(Method::SETUP, uri),
                Purpose::Setup { track, transport },
            ));
            self.link.set_route(track, Route::None);
        }
        requests.push((self.play_request(self.played), Purpose::Play));
        for (request, purpose) in requests {
            // Only a session that lives falls back.
            let _ = self.command(request, purpose, now);
        }
    }

    fn new_id(&mut self) -> RequestId {
        self.next_id += 1;
        RequestId(self.next_id)
    }
}

/// The status of a request of the server nobody answers.
const UNKNOWN: StatusCode = StatusCode::NOT_IMPLEMENTED;
