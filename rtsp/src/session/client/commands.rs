//! What the application asks of the server.

use alloc::{boxed::Box, format, string::String};
use std::time::Instant;

use bytes::Bytes;

use super::{ClientSession, outgoing::Purpose};
use crate::{
    Url,
    header::{self, Range, Transport},
    join_control,
    message::{Method, Request, Response},
    sdp::Description,
    session::{CommandError, RequestId, TrackId, TransportPolicy, track::Track},
};

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
    pub(super) fn own_host(&self, uri: String) -> String {
        match uri.parse::<Url>() {
            Ok(url) if url.host() != self.url.host() => {
                format!("{}", self.url.with_path(url.path()))
            }
            _ => uri,
        }
    }

    pub(super) fn offer(
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

    pub(super) fn play_request(&self, range: Option<Range>) -> Request {
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

    /// Answers [`ClientEvent::AuthorizationWanted`](crate::ClientEvent::AuthorizationWanted) with the value of an `Authorization` header.
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
}
