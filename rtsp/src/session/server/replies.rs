//! What the application answers.

use alloc::{format, vec::Vec};
use core::net::{IpAddr, SocketAddr};

use super::ServerSession;
use crate::{
    content_base,
    header::{self, Range, RtpInfo, RtpInfoStream, Scale, Transport},
    message::{Method, Response, StatusCode},
    sdp::Description,
    session::{
        CommandError, RequestId, TrackId,
        link::udp_route,
        track::{Route, Track},
    },
};

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
}
