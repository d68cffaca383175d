//! The server session: its verbs and its media.

mod pending;
mod replies;
mod request;

use alloc::{collections::VecDeque, string::String, vec::Vec};
use core::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;

use self::pending::Pending;
pub use self::replies::{MulticastGroup, PlayAnswer, SetupAnswer};
use crate::{
    Class, Error, SendQueue, header,
    message::{Request, Response},
    rtp::{ClockAnchor, SenderClock},
    session::{
        Channel, ChannelKind, CommandError, EndReason, RequestId, ServerConfig, ServerEvent,
        TrackId,
        link::{Arrival, Link},
        state::State,
        track::Route,
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
