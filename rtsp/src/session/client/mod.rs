//! The client session: its verbs and its media.

mod answer;
mod commands;
mod outgoing;

use alloc::{collections::VecDeque, format, string::String, vec::Vec};
use core::net::{IpAddr, SocketAddr};
use std::time::Instant;

use bytes::Bytes;

pub use self::commands::TrackSetup;
use self::outgoing::{Outgoing, Purpose};
use crate::{
    Class, Error, SendQueue, Url, ValueError,
    header::Range,
    message::Method,
    rtp::{ClockAnchor, SenderClock},
    session::{
        Channel, ChannelKind, ClientConfig, ClientEvent, CommandError, RequestId, TrackId,
        TransportPolicy,
        keepalive::KeepAlive,
        link::{Arrival, Link},
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
}
