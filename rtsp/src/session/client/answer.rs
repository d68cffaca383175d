//! What a client session makes of responses, of the server's requests and of packets.

use alloc::{borrow::ToOwned, boxed::Box, string::String, vec::Vec};
use core::net::{IpAddr, SocketAddr};

use bytes::Bytes;

use super::{
    ClientSession,
    outgoing::{Outgoing, Purpose},
};
use crate::{
    Class, Error, PeerMisbehaved, WarningCode, content_base,
    header::{self, Public, Session, Transport, Transports},
    join_control,
    message::{Method, Request, Response, StatusCode},
    quirks::Tolerance,
    sdp::Description,
    session::{
        Channel, ChannelKind, ClientEvent, RequestId, TrackId, TransportPolicy,
        keepalive::KeepAlive, link::udp_route, track::Route,
    },
};

impl ClientSession {
    pub(super) fn receive_response(&mut self, response: Box<Response>) -> Result<(), Error> {
        if response.status.is_provisional() {
            return Ok(());
        }
        let cseq = response.headers.cseq();
        let at = match self.open.iter().position(|open| Some(open.cseq) == cseq) {
            Some(at) => at,
            // Tapo answers with the CSeq of the request before, AirPlay devices with none.
            None if self.config.quirks.response_without_cseq == Tolerance::Accept => {
                self.link.warn(WarningCode::CSeqMismatch);
                0
            }
            None => return Ok(()),
        };
        let Some(open) = self.open.remove(at) else {
            return Ok(());
        };
        if response.status.is_success() {
            self.keep_session(&response)?;
            self.succeeded(open, response);
        } else {
            self.refused(open, response);
        }
        self.pump(self.last_now);
        Ok(())
    }

    /// The first session id of a presentation is the one that counts.
    fn keep_session(&mut self, response: &Response) -> Result<(), Error> {
        let session = response
            .headers
            .get(header::SESSION)
            .and_then(|text| text.parse().ok());
        let Some(Session { id, timeout }) = session else {
            return Ok(());
        };
        match &self.session_id {
            None => {
                self.session_id = Some(id);
                self.keep_alive = Some(KeepAlive::new(timeout, self.last_now));
            }
            Some(known) if *known == id => {
                if timeout.is_some() {
                    self.keep_alive = Some(KeepAlive::new(timeout, self.last_now));
                }
            }
            Some(_) if self.config.quirks.changing_session_id == Tolerance::Accept => {
                self.link.warn(WarningCode::SessionIdChanged);
            }
            Some(_) => return self.link.fail(PeerMisbehaved::SessionIdChanged),
        }
        Ok(())
    }

    fn succeeded(&mut self, open: Outgoing, response: Box<Response>) {
        let Outgoing {
            id,
            purpose,
            request,
            ..
        } = open;
        let event = match purpose {
            Purpose::KeepAlive => return,
            Purpose::Options => {
                let public = Public::from(response.headers.get(header::PUBLIC).unwrap_or_default());
                // GET_PARAMETER breaks GW Security cameras, which do not name it; SET_PARAMETER
                // breaks Tapo, which does.
                if public.contains(&Method::GET_PARAMETER) {
                    self.keep_alive_method = Method::GET_PARAMETER;
                }
                ClientEvent::Options {
                    id,
                    public: public.0,
                }
            }
            Purpose::Describe => {
                let named = response.headers.get(header::CONTENT_BASE);
                let named = named.or_else(|| response.headers.get(header::CONTENT_LOCATION));
                self.base = self.own_host(content_base(&request.uri, named));
                let sdp = Description::parse(&response.body, &self.config.limits);
                self.aggregate = self.own_host(join_control(&self.base, sdp.control()));
                ClientEvent::Described {
                    id,
                    sdp: response.body.clone(),
                    base: self.base.clone(),
                }
            }
            Purpose::Announce => ClientEvent::Announced { id },
            Purpose::Setup { track, transport } => {
                let answered =
                    Transports::from(response.headers.get(header::TRANSPORT).unwrap_or_default());
                let answered = answered.readable().next().cloned();
                let Some(agreed) = self.agree(track, &transport, answered) else {
                    let method = request.method;
                    self.events.push_back(ClientEvent::Refused {
                        id,
                        method,
                        response,
                    });
                    return;
                };
                ClientEvent::SetUp {
                    id,
                    track,
                    transport: Box::new(agreed),
                }
            }
            Purpose::Play => self.playing(id, &response),
            Purpose::Record => {
                self.media_allowed = true;
                self.link.start_reports(self.last_now);
                ClientEvent::Recording { id }
            }
            Purpose::Pause => {
                self.media_allowed = false;
                self.silence = None;
                self.link.stop_reports();
                ClientEvent::Paused { id }
            }
            Purpose::Teardown => self.torn_down(id),
            Purpose::Other => ClientEvent::Answered { id, response },
        };
        self.events.push_back(event);
    }

    fn playing(&mut self, id: RequestId, response: &Response) -> ClientEvent {
        self.media_allowed = true;
        self.link.start_reports(self.last_now);
        self.punch();
        let over_udp = self
            .link
            .tracks
            .iter()
            .any(|t| matches!(t.route, Route::Udp { .. }));
        if over_udp && !self.announced {
            self.silence = Some(self.last_now + self.config.udp_silence);
        }
        let get = |name| response.headers.get(name);
        ClientEvent::Playing {
            id,
            range: get(header::RANGE)
                .and_then(|text| text.parse().ok())
                .map(Box::new),
            rtp_info: get(header::RTP_INFO)
                .and_then(|text| text.parse().ok())
                .map(Box::new),
        }
    }

    /// Opens firewalls between here and there, as FFmpeg does: an RTP header and a receiver report
    /// of nothing.
    fn punch(&mut self) {
        let tracks: Vec<TrackId> = self.link.tracks.iter().map(|track| track.id).collect();
        for track in tracks {
            let udp = matches!(
                self.link.track_mut(track).map(|track| track.route),
                Some(Route::Udp { .. })
            );
            for (kind, packet) in [
                (ChannelKind::Rtp, PUNCH_RTP),
                (ChannelKind::Rtcp, PUNCH_RTCP),
            ] {
                if udp {
                    let packet = Bytes::from_static(packet);
                    // A packet of this length can always be sent.
                    let _ = self.link.send(
                        Channel { track, kind },
                        packet,
                        Class::Essential,
                        self.last_now,
                    );
                }
            }
        }
    }

    fn torn_down(&mut self, id: RequestId) -> ClientEvent {
        self.session_id = None;
        self.keep_alive = None;
        self.media_allowed = false;
        self.silence = None;
        self.link.stop_reports();
        // A fallback sets the same tracks up again; its requests wait already.
        let again = self
            .waiting
            .iter()
            .any(|o| matches!(o.purpose, Purpose::Setup { .. }));
        if !again {
            self.link.tracks.clear();
        }
        ClientEvent::TornDown { id }
    }

    /// The way of a track by what the server answered; `None` where that is no way.
    fn agree(
        &mut self,
        track: TrackId,
        offered: &Transport,
        answered: Option<Transport>,
    ) -> Option<Transport> {
        let agreed = answered.unwrap_or_else(|| offered.clone());
        let host =
            |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<IpAddr>().ok());
        let route = if agreed.is_tcp() {
            let (rtp, rtcp) = agreed.interleaved.or(offered.interleaved)?;
            if agreed.interleaved.is_some() && agreed.interleaved != offered.interleaved {
                self.link.warn(WarningCode::ChannelsMoved);
            }
            Route::Interleaved {
                rtp,
                rtcp: rtcp.unwrap_or_else(|| rtp.saturating_add(1)),
            }
        } else if offered.multicast || agreed.multicast {
            let (rtp, rtcp) = agreed.port?;
            let rtcp = rtcp.unwrap_or_else(|| rtp.saturating_add(1));
            Route::Multicast {
                rtcp: SocketAddr::new(host(&agreed.destination)?, rtcp),
            }
        } else if agreed.is_udp() && offered.is_udp() {
            let source = host(&agreed.source).unwrap_or(self.peer);
            udp_route(source, agreed.server_port.unwrap_or_default())
        } else {
            return None;
        };
        self.link.set_route(track, route);
        Some(agreed)
    }

    fn refused(&mut self, mut open: Outgoing, response: Box<Response>) {
        let status = response.status;
        if status == StatusCode::UNAUTHORIZED && open.attempts < MAX_ATTEMPTS {
            return self.challenge(open, &response);
        }
        if let (true, Some(location)) = (
            status.is_redirection(),
            response.headers.get(header::LOCATION),
        ) {
            let location = location.to_owned();
            self.events.push_back(ClientEvent::Redirected { location });
            return;
        }
        if let Purpose::Setup { track, transport } = &mut open.purpose {
            let again = self.config.transport == TransportPolicy::UdpThenTcp && !transport.is_tcp();
            if status == StatusCode::UNSUPPORTED_TRANSPORT && again {
                **transport = self.offer(*track, None, TransportPolicy::Tcp);
                open.request.headers.remove(header::AUTHORIZATION);
                open.asked = false;
                self.waiting.push_front(open);
                return;
            }
        }
        match open.purpose {
            Purpose::KeepAlive => {}
            // Whatever the server says to it, this side is done.
            Purpose::Teardown => {
                let event = self.torn_down(open.id);
                self.events.push_back(event);
            }
            _ => {
                let (id, method) = (open.id, open.request.method);
                self.events.push_back(ClientEvent::Refused {
                    id,
                    method,
                    response,
                });
            }
        }
    }

    /// Puts a request back until the application has credentials for it.
    fn challenge(&mut self, mut open: Outgoing, response: &Response) {
        self.challenged = true;
        // What was set for all requests is refused; it would only be refused again.
        self.authorization = None;
        open.attempts += 1;
        open.asked = true;
        open.request.headers.remove(header::AUTHORIZATION);
        let challenges = response
            .headers
            .get_all(header::WWW_AUTHENTICATE)
            .map(str::to_owned);
        self.events.push_back(ClientEvent::AuthorizationWanted {
            id: open.id,
            method: open.request.method.clone(),
            uri: open.request.uri.clone(),
            challenges: challenges.collect(),
        });
        self.waiting.push_front(open);
    }

    pub(super) fn receive_request(&mut self, request: Box<Request>) {
        let (now, cseq) = (self.last_now, request.headers.cseq());
        let answer = |status| Response::new(status);
        match (request.method.as_str(), cseq) {
            (_, None) => self.send_response(answer(StatusCode::BAD_REQUEST), None, now),
            ("OPTIONS", _) => {
                let public = "OPTIONS, GET_PARAMETER, SET_PARAMETER, REDIRECT, PLAY_NOTIFY";
                let response = answer(StatusCode::OK).with_header(header::PUBLIC, public);
                self.send_response(response, cseq, now);
            }
            ("GET_PARAMETER" | "SET_PARAMETER", _) if request.body.is_empty() => {
                self.send_response(answer(StatusCode::OK), cseq, now);
            }
            ("REDIRECT", _) => {
                self.send_response(answer(StatusCode::OK), cseq, now);
                let location = request
                    .headers
                    .get(header::LOCATION)
                    .unwrap_or_default()
                    .to_owned();
                self.events.push_back(ClientEvent::Redirected { location });
            }
            ("PLAY_NOTIFY", _) => {
                self.send_response(answer(StatusCode::OK), cseq, now);
                let reason = request
                    .headers
                    .get(header::NOTIFY_REASON)
                    .unwrap_or_default();
                if reason.eq_ignore_ascii_case("end-of-stream") {
                    self.events.push_back(ClientEvent::EndOfStream);
                }
            }
            (_, Some(cseq)) if request.method.is_known() && self.asked.len() < MAX_ASKED => {
                let id = self.new_id();
                self.asked.push((id, cseq));
                self.events
                    .push_back(ClientEvent::RequestReceived { id, request });
            }
            _ => self.send_response(answer(UNKNOWN), cseq, now),
        }
    }

    pub(super) fn receive_packet(&mut self, channel: Channel, packet: Bytes) {
        let track = channel.track;
        if channel.kind == ChannelKind::Rtp {
            self.silence = None;
        }
        // live555 sends reports, and sometimes media, before it answers PLAY.
        if self.open.iter().any(|open| open.purpose == Purpose::Play) && !self.media_allowed {
            self.link.warn(WarningCode::EarlyData);
        }
        if channel.kind == ChannelKind::Rtp {
            self.events.push_back(ClientEvent::Rtp { track, packet });
            return;
        }
        self.events.push_back(ClientEvent::Rtcp { track, packet });
        if self.link.all_ended() {
            for track in &mut self.link.tracks {
                track.ended = false;
            }
            self.events.push_back(ClientEvent::EndOfStream);
        }
    }
}

/// A 401 to credentials is answered once more, in case the nonce was old; then never again.
const MAX_ATTEMPTS: u8 = 2;
/// Requests of the server that may wait for an answer.
const MAX_ASKED: usize = 32;
const PUNCH_RTP: &[u8] = &[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const PUNCH_RTCP: &[u8] = &[0x80, 201, 0, 1, 0, 0, 0, 0];

/// The status of a request of the server nobody answers.
const UNKNOWN: StatusCode = StatusCode::NOT_IMPLEMENTED;
