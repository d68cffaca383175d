//! The server session: the verbs, and the answers of the application.

mod request;

use alloc::{collections::VecDeque, format, string::String, vec::Vec};
use core::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use std::time::Instant;

use bytes::Bytes;

use crate::{
    Class, Error, SendQueue, content_base,
    header::{self, Range, RtpInfo, RtpInfoStream, Scale, Session, Transport},
    message::{Method, Request, Response, StatusCode, Version},
    rtp::{ClockAnchor, SenderClock},
    sdp::Description,
    session::{
        Channel, ChannelKind, CommandError, EndReason, RequestId, ServerConfig, ServerEvent,
        TrackId,
        link::{Arrival, Link, udp_route},
        state::State,
        track::{Route, Track},
    },
};

/// The server's side of one RTSP connection.
///
/// Feed it what comes ([`handle_input`](Self::handle_input),
/// [`handle_datagram`](Self::handle_datagram)), poll [`poll_event`](Self::poll_event) to `None`,
/// answer requests, write [`output`](Self::output) and [`poll_datagram`](Self::poll_datagram).
///
/// One connection carries one presentation at a time and the presentation ends with it. SETUP of a
/// further track needs no `Session` header, so clients may send it before the first answer. Any URI
/// of the presentation will do for PLAY, PAUSE, RECORD and TEARDOWN.
#[derive(Debug)]
pub struct ServerSession {
    config: ServerConfig,
    link: Link,
    peer: SocketAddr,
    state: State,
    session_id: Option<String>,
    next_id: u64,
    /// Requests in the order they came, answered ones too while an earlier one is not.
    pending: VecDeque<Pending>,
    events: VecDeque<ServerEvent>,
    /// Requests of this side that wait for an answer.
    asked: Vec<(RequestId, u32)>,
    next_cseq: u32,
    closed: bool,
    last_now: Instant,
}

/// A request on its way to being answered.
#[derive(Debug)]
struct Pending {
    id: RequestId,
    method: Method,
    uri: String,
    cseq: Option<u32>,
    version: Version,
    /// Of SETUP: what the client offers.
    transport: Option<Transport>,
    answer: Option<Response>,
}

/// How a server takes a SETUP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetupAnswer {
    /// Clock rate of the track's format in Hz, for the reports of a receiver.
    pub clock_rate: u32,
    /// The synchronization source of what will be sent, if it is known.
    pub ssrc: Option<u32>,
    /// The local ports of RTP and RTCP the driver bound, for a track over UDP.
    pub ports: Option<(u16, u16)>,
    /// The group the track is sent to, for a track over multicast.
    pub group: Option<MulticastGroup>,
}

/// Where a multicast track is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "what Transport can say of a group"
)]
pub struct MulticastGroup {
    /// The address of the group.
    pub address: IpAddr,
    /// The ports of RTP and RTCP.
    pub ports: (u16, u16),
    /// Time to live, in hops.
    pub ttl: u8,
}

impl SetupAnswer {
    /// Takes the track over the connection.
    pub const fn new(clock_rate: u32) -> Self {
        Self {
            clock_rate,
            ssrc: None,
            ports: None,
            group: None,
        }
    }

    /// Takes the track over UDP, on these local ports of RTP and RTCP.
    #[must_use]
    pub const fn with_ports(mut self, rtp: u16, rtcp: u16) -> Self {
        self.ports = Some((rtp, rtcp));
        self
    }

    /// Takes the track over this multicast group.
    #[must_use]
    pub const fn with_group(mut self, group: MulticastGroup) -> Self {
        self.group = Some(group);
        self
    }

    /// Names the synchronization source of what will be sent.
    #[must_use]
    pub const fn with_ssrc(mut self, ssrc: u32) -> Self {
        self.ssrc = Some(ssrc);
        self
    }
}

/// What a server says when it begins to play.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct PlayAnswer {
    /// The part that is played. `npt=now-` where nothing is said.
    pub range: Option<Range>,
    /// How fast, where the client asked.
    pub scale: Option<Scale>,
    /// The next sequence number and the RTP timestamp of the start, for each track whose are
    /// known. A wrong number is fatal for GStreamer (ZLMediaKit#4802): leave out what is a guess.
    pub first_packets: Vec<(TrackId, Option<u16>, Option<u32>)>,
}

impl PlayAnswer {
    /// Plays this part.
    pub const fn new(range: Range) -> Self {
        Self {
            range: Some(range),
            scale: None,
            first_packets: Vec::new(),
        }
    }

    /// Plays at this speed.
    #[must_use]
    pub const fn with_scale(mut self, scale: Scale) -> Self {
        self.scale = Some(scale);
        self
    }

    /// Says where the packets of a track begin.
    #[must_use]
    pub fn with_first_packet(mut self, track: TrackId, seq: u16, rtptime: u32) -> Self {
        self.first_packets.push((track, Some(seq), Some(rtptime)));
        self
    }
}

impl ServerSession {
    /// A session on a connection with `peer`. `seed` is 32 random bytes, the source of the session
    /// id; `clock` ties `now` to wall-clock time for RTCP.
    pub fn new(
        config: ServerConfig,
        peer: SocketAddr,
        clock: ClockAnchor,
        seed: [u8; 32],
        now: Instant,
    ) -> Self {
        let link = Link::new(
            &config.limits,
            &config.quirks,
            &config.cname,
            clock,
            seed,
            now,
        );
        Self {
            config,
            link,
            peer,
            state: State::Init,
            session_id: None,
            next_id: 0,
            pending: VecDeque::new(),
            events: VecDeque::new(),
            asked: Vec::new(),
            next_cseq: 1,
            closed: false,
            last_now: now,
        }
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

    /// The client's bytes ended.
    pub fn handle_eof(&mut self, now: Instant) {
        self.last_now = now;
        self.link.eof = true;
    }

    /// Time passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.last_now = now;
        self.link.handle_report_timer(false, now);
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.link.alive = now;
            if self.state == State::Init {
                self.link.eof = true;
            } else {
                self.end(EndReason::Timeout);
            }
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let reports = self.link.reports_due();
        reports.into_iter().chain(self.deadline()).min()
    }

    /// When silence ends the session. A session over the connection lives as long as that.
    fn deadline(&self) -> Option<Instant> {
        let udp = self
            .link
            .tracks
            .iter()
            .any(|track| matches!(track.route, Route::Udp { .. }));
        let waits = self.state == State::Init || udp;
        (waits && !self.closed).then(|| self.link.alive + self.config.session_timeout)
    }

    /// The next event, or `None` until something comes.
    ///
    /// # Errors
    /// [`Error`] when the client broke the protocol or a limit; what it is told is already in
    /// [`output`](Self::output).
    pub fn poll_event(&mut self) -> Result<Option<ServerEvent>, Error> {
        self.flush_answers();
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(Some(event));
            }
            if let Some(warning) = self.link.next_warning() {
                return Ok(Some(ServerEvent::Warning(warning)));
            }
            if self.is_busy() {
                self.flush_answers();
            }
            if self.closed || self.is_busy() {
                return Ok(None);
            }
            let failed_before = self.link.has_failed();
            match self.link.poll() {
                Ok(Some(Arrival::Request(request))) => self.receive_request(request),
                Ok(Some(Arrival::Response(response))) => self.receive_response(response),
                Ok(Some(Arrival::Packet(channel, packet))) => self.receive_packet(channel, packet),
                Ok(None) if self.link.eof => {
                    self.closed = true;
                    return Ok(Some(ServerEvent::Closed));
                }
                Ok(None) => return Ok(None),
                Err(error) => {
                    if !failed_before {
                        let answer = self.dress(Response::new(error.status_hint()), None);
                        self.link.queue.push_message(answer.encode(), self.last_now);
                    }
                    // What was noticed before the error is told before it.
                    let warning = self.link.next_warning().map(ServerEvent::Warning);
                    return warning.map_or(Err(error), |warning| Ok(Some(warning)));
                }
            }
        }
    }

    /// Whether more input is useful now: not while requests wait for the application.
    pub fn wants_input(&self) -> bool {
        !(self.closed || self.is_busy() && self.link.has_input())
    }

    fn is_busy(&self) -> bool {
        self.pending.len() >= self.config.limits.max_pending_requests
    }

    /// The bytes to write.
    pub fn output(&mut self) -> &mut SendQueue {
        self.flush_answers();
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

    /// Sends an RTP packet on a track while the client plays.
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
        if !matches!(self.state, State::Playing | State::Recording) {
            return Err(CommandError::WrongState);
        }
        self.flush_answers();
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

    /// Tells the client that the stream is over: BYE on every track. The connection stays open, as
    /// live555 and GStreamer leave it.
    pub fn end_of_stream(&mut self, now: Instant) {
        self.flush_answers();
        self.link.send_goodbyes(now);
    }

    /// Sends a request of this side: REDIRECT, OPTIONS, PLAY_NOTIFY or any other. `CSeq` and
    /// `Session` are added.
    pub fn send_request(&mut self, mut request: Request, now: Instant) -> RequestId {
        let id = self.new_id();
        let cseq = self.next_cseq;
        self.next_cseq += 1;
        request.headers.set(header::CSEQ, cseq);
        if let Some(session) = &self.session_id {
            request.headers.set(header::SESSION, session);
        }
        if self.asked.len() >= self.config.limits.max_pending_requests {
            self.asked.remove(0);
        }
        self.asked.push((id, cseq));
        self.link.queue.push_message(request.encode(), now);
        id
    }

    /// The tracks that are set up, in the order of their SETUP.
    pub fn tracks(&self) -> impl Iterator<Item = TrackId> {
        self.link.tracks.iter().map(|track| track.id)
    }

    /// `$` frames that came on channels no SETUP assigned, and were dropped.
    pub const fn unassigned_frames(&self) -> u64 {
        self.link.unassigned
    }

    /// Answers a DESCRIBE. Relative control URLs are relative to the URI of the request.
    ///
    /// Returns the response, which can be edited until the next call of any method.
    /// # Errors
    /// [`CommandError::NoSuchRequest`] where no DESCRIBE has this id.
    pub fn accept_describe(
        &mut self,
        id: RequestId,
        sdp: &Description<'_>,
    ) -> Result<&mut Response, CommandError> {
        let uri = &self.waiting(id, &[Method::DESCRIBE])?.uri;
        let slash = if uri.ends_with('/') { "" } else { "/" };
        let base = format!("{}{slash}", content_base(uri, None));
        let response = Response::new(StatusCode::OK)
            .with_header(header::CONTENT_BASE, base)
            .with_body("application/sdp", format!("{sdp}"));
        self.answer(id, response)
    }

    /// Answers an ANNOUNCE. The client goes on with SETUP.
    ///
    /// # Errors
    /// As [`accept_describe`](Self::accept_describe); [`CommandError::WrongState`] where an earlier
    /// answer made it impossible, and the client was told so.
    pub fn accept_announce(&mut self, id: RequestId) -> Result<&mut Response, CommandError> {
        self.waiting(id, &[Method::ANNOUNCE])?;
        self.enter(id, true)?;
        self.answer(id, Response::new(StatusCode::OK))
    }

    /// Answers a SETUP and makes the track.
    ///
    /// # Errors
    /// As [`accept_announce`](Self::accept_announce); [`CommandError::PortsMissing`] where the
    /// transport needs ports or a group and the answer names none.
    pub fn accept_setup(
        &mut self,
        id: RequestId,
        answer: SetupAnswer,
    ) -> Result<TrackId, CommandError> {
        let pending = self.waiting(id, &[Method::SETUP])?;
        let uri = pending.uri.clone();
        let mut transport = pending.transport.clone().unwrap_or_default();
        let track_id = TrackId(u8::try_from(self.link.tracks.len()).unwrap_or(u8::MAX));
        let route = self.route(&mut transport, answer)?;
        self.enter(id, transport.is_record())?;
        let receiver = self.link.random_ssrc();
        self.link
            .tracks
            .push(Track::new(track_id, uri, answer.clock_rate, receiver));
        self.link.set_route(track_id, route);
        transport.ssrc = answer.ssrc.into_iter().collect();
        if self.session_id.is_none() {
            // No dashes: they confuse some clients.
            self.session_id = Some(format!("{:016x}", self.link.random()));
        }
        let response = Response::new(StatusCode::OK).with_header(header::TRANSPORT, transport);
        self.answer(id, response)?;
        Ok(track_id)
    }

    /// The way of a track, and what the client is told of it.
    fn route(&self, transport: &mut Transport, answer: SetupAnswer) -> Result<Route, CommandError> {
        // Echoing the destination would only repeat what the client said of itself.
        transport.destination = None;
        if transport.multicast {
            let group = answer.group.ok_or(CommandError::PortsMissing)?;
            transport.unicast = false;
            transport.client_port = None;
            transport.destination = Some(format!("{}", group.address));
            transport.port = Some((group.ports.0, Some(group.ports.1)));
            transport.ttl = Some(group.ttl);
            return Ok(Route::Multicast {
                rtcp: SocketAddr::new(group.address, group.ports.1),
            });
        }
        transport.unicast = true;
        if transport.is_tcp() {
            let (rtp, rtcp) = self.channels(transport.interleaved);
            transport.interleaved = Some((rtp, Some(rtcp)));
            return Ok(Route::Interleaved { rtp, rtcp });
        }
        let (rtp, rtcp) = answer.ports.ok_or(CommandError::PortsMissing)?;
        transport.server_port = Some((rtp, Some(rtcp)));
        Ok(udp_route(
            self.peer.ip(),
            transport.client_port.unwrap_or_default(),
        ))
    }

    /// The channels a client asked for, or the next free pair.
    fn channels(&self, asked: Option<(u8, Option<u8>)>) -> (u8, u8) {
        let asked = asked.map(|(rtp, rtcp)| (rtp, rtcp.unwrap_or_else(|| rtp.saturating_add(1))));
        let free = |pair: &(u8, u8)| !self.link.is_taken(pair.0) && !self.link.is_taken(pair.1);
        let pairs = (0..u8::MAX).step_by(2).map(|rtp| (rtp, rtp + 1));
        asked
            .into_iter()
            .chain(pairs)
            .find(free)
            .unwrap_or_default()
    }

    /// Answers a PLAY. Packets may be sent from then on.
    ///
    /// # Errors
    /// As [`accept_announce`](Self::accept_announce).
    pub fn accept_play(
        &mut self,
        id: RequestId,
        answer: PlayAnswer,
    ) -> Result<&mut Response, CommandError> {
        self.waiting(id, &[Method::PLAY])?;
        let version = self.enter(id, false)?;
        let now = self.last_now;
        self.link.start_reports(now);
        let mut response = Response::new(StatusCode::OK)
            .with_header(header::RANGE, answer.range.unwrap_or(Range::NOW));
        if let Some(scale) = answer.scale {
            response.headers.push(header::SCALE, scale);
        }
        let mut info = RtpInfo::default();
        for (track, seq, rtptime) in answer.first_packets {
            if let Some(track) = self.link.track_mut(track) {
                let mut stream = RtpInfoStream::new(track.uri.clone());
                (stream.seq, stream.rtptime) = (seq, rtptime);
                info.streams.push(stream);
            }
        }
        if !info.streams.is_empty() {
            response
                .headers
                .push(header::RTP_INFO, info.encode(version));
        }
        self.answer(id, response)
    }

    /// Answers a RECORD. Packets come from then on.
    ///
    /// # Errors
    /// As [`accept_announce`](Self::accept_announce).
    pub fn accept_record(&mut self, id: RequestId) -> Result<&mut Response, CommandError> {
        self.waiting(id, &[Method::RECORD])?;
        self.enter(id, true)?;
        let now = self.last_now;
        self.link.start_reports(now);
        self.answer(id, Response::new(StatusCode::OK))
    }

    /// Answers a PAUSE.
    ///
    /// # Errors
    /// As [`accept_announce`](Self::accept_announce).
    pub fn accept_pause(&mut self, id: RequestId) -> Result<&mut Response, CommandError> {
        self.waiting(id, &[Method::PAUSE])?;
        self.enter(id, false)?;
        self.link.stop_reports();
        self.answer(id, Response::new(StatusCode::OK))
    }

    /// Answers a GET_PARAMETER or SET_PARAMETER. Give the response a body with
    /// [`Response::with_body`] where parameters are returned.
    ///
    /// # Errors
    /// As [`accept_describe`](Self::accept_describe).
    pub fn accept_parameters(&mut self, id: RequestId) -> Result<&mut Response, CommandError> {
        self.waiting(id, &[Method::GET_PARAMETER, Method::SET_PARAMETER])?;
        self.answer(id, Response::new(StatusCode::OK))
    }

    /// Refuses any request.
    ///
    /// Returns the response, so that a `WWW-Authenticate` or `Location` can be added to it.
    /// # Errors
    /// [`CommandError::NoSuchRequest`].
    pub fn reject(
        &mut self,
        id: RequestId,
        status: StatusCode,
    ) -> Result<&mut Response, CommandError> {
        self.answer(id, Response::new(status))
    }

    /// A request that waits and has one of these methods.
    fn waiting(&self, id: RequestId, methods: &[Method]) -> Result<&Pending, CommandError> {
        let pending = self.pending.iter().find(|pending| pending.id == id);
        let open = pending.filter(|pending| pending.answer.is_none());
        open.filter(|pending| methods.contains(&pending.method))
            .ok_or(CommandError::NoSuchRequest)
    }

    /// Takes the step of an accepted request, or refuses it where an earlier answer made the step
    /// impossible. The version of the request.
    fn enter(&mut self, id: RequestId, recording: bool) -> Result<Version, CommandError> {
        let pending = self.pending.iter().find(|pending| pending.id == id);
        let pending = pending.ok_or(CommandError::NoSuchRequest)?;
        let version = pending.version;
        match self.state.after(&pending.method, recording) {
            Ok(next) => {
                self.state = next;
                Ok(version)
            }
            Err(status) => {
                self.answer(id, Response::new(status))?;
                Err(CommandError::WrongState)
            }
        }
    }

    /// Stores the answer to a request.
    fn answer(&mut self, id: RequestId, response: Response) -> Result<&mut Response, CommandError> {
        let at = self
            .pending
            .iter()
            .position(|pending| pending.id == id && pending.answer.is_none())
            .ok_or(CommandError::NoSuchRequest)?;
        let pending = self.pending.get(at).ok_or(CommandError::NoSuchRequest)?;
        let (cseq, version, method) = (pending.cseq, pending.version, pending.method.clone());
        let mut response = self.dress(response, cseq);
        response.version = version;
        let in_session = method != Method::DESCRIBE && method != Method::OPTIONS;
        if let (true, Some(id)) = (in_session, &self.session_id) {
            let timeout = Some(Duration::from_secs(self.config.session_timeout.as_secs()));
            let mut session = Session::new(id.clone());
            session.timeout = timeout.filter(|_| method == Method::SETUP);
            response.headers.push(header::SESSION, session);
        }
        let pending = self
            .pending
            .get_mut(at)
            .ok_or(CommandError::NoSuchRequest)?;
        Ok(pending.answer.insert(response))
    }

    /// Gives a response what every response has, in front of its own fields.
    fn dress(&self, response: Response, cseq: Option<u32>) -> Response {
        let mut dressed = Response::new(response.status);
        if let Some(cseq) = cseq {
            dressed.headers.push(header::CSEQ, cseq);
        }
        dressed.headers.push(header::SERVER, &self.config.server);
        for (name, value) in response.headers.iter() {
            dressed.headers.push(name, value);
        }
        dressed.body = response.body;
        dressed
    }

    /// Sends the answers that no unanswered request holds back.
    fn flush_answers(&mut self) {
        while self
            .pending
            .front()
            .is_some_and(|pending| pending.answer.is_some())
        {
            let Some(Pending {
                answer: Some(answer),
                ..
            }) = self.pending.pop_front()
            else {
                return;
            };
            self.link.queue.push_message(answer.encode(), self.last_now);
        }
    }

    /// Ends the presentation.
    fn end(&mut self, reason: EndReason) {
        self.state = State::Init;
        self.session_id = None;
        self.link.tracks.clear();
        self.link.stop_reports();
        self.events.push_back(ServerEvent::Ended { reason });
    }

    fn new_id(&mut self) -> RequestId {
        self.next_id += 1;
        RequestId(self.next_id)
    }
}
