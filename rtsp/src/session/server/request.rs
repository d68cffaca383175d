//! What a server session makes of a request.

use alloc::{boxed::Box, string::ToString};

use bytes::Bytes;

use super::{ServerSession, pending::Pending};
use crate::{
    WarningCode,
    header::{self, Options, Public, Session, Transport, Transports},
    message::{Method, Request, Response, StatusCode, Version},
    quirks::Tolerance,
    session::{Channel, ChannelKind, EndReason, RequestId, ServerEvent, state::State},
};

impl ServerSession {
    /// Checks a request and either answers it or makes it an event.
    pub(super) fn receive_request(&mut self, request: Box<Request>) {
        self.link.alive = self.last_now;
        let id = self.new_id();
        let cseq = request.headers.cseq();
        let version = match request.version {
            Version { major: 1 | 2, .. } => request.version,
            _ => Version::V1_0,
        };
        let projected = self.projected_state();
        self.pending.push_back(Pending {
            id,
            method: request.method.clone(),
            uri: request.uri.clone(),
            cseq,
            version,
            transport: None,
            answer: None,
        });
        match self.check(&request, projected) {
            Err(response) => self.settle(id, response),
            Ok(()) => self.dispatch(id, request, projected),
        }
    }

    /// What no request may get past.
    fn check(&self, request: &Request, projected: State) -> Result<(), Response> {
        let refuse = |status| Err(Response::new(status));
        if !matches!(request.version.major, 1 | 2) {
            return refuse(StatusCode::RTSP_VERSION_NOT_SUPPORTED);
        }
        if request.headers.cseq().is_none() {
            return refuse(StatusCode::BAD_REQUEST);
        }
        if !request.method.is_known() || request.method == Method::REDIRECT {
            let response = Response::new(StatusCode::NOT_IMPLEMENTED);
            return Err(response.with_header(header::PUBLIC, public()));
        }
        let required = [header::REQUIRE, header::PROXY_REQUIRE];
        let required = required
            .iter()
            .flat_map(|name| request.headers.get_all(*name));
        let mut unsupported = Options::default();
        for tag in required.flat_map(|tags| Options::from(tags).0) {
            if !self.config.options.contains(&tag) {
                unsupported.0.push(tag);
            }
        }
        if !unsupported.0.is_empty() {
            let response = Response::new(StatusCode::OPTION_NOT_SUPPORTED);
            return Err(response.with_header(header::UNSUPPORTED, unsupported));
        }
        self.check_session(request, projected)
    }

    /// The `Session` header: needed where a presentation is meant, and then it must be ours.
    fn check_session(&self, request: &Request, projected: State) -> Result<(), Response> {
        let named = request
            .headers
            .get(header::SESSION)
            .and_then(|text| text.parse().ok());
        let matches = named
            .as_ref()
            .map(|named: &Session| Some(&named.id) == self.session_id.as_ref());
        let method = request.method.as_str();
        let needs_session = matches!(method, "PLAY" | "PAUSE" | "RECORD" | "TEARDOWN");
        // Behind an unanswered SETUP no client can know the id.
        let pipelined = self.session_id.is_none() && projected != State::Init;
        let accepted = match matches {
            Some(matches) => matches,
            None => !needs_session || pipelined,
        };
        if accepted {
            Ok(())
        } else {
            Err(Response::new(StatusCode::SESSION_NOT_FOUND))
        }
    }

    /// The state once everything unanswered is accepted.
    fn projected_state(&self) -> State {
        let unanswered = self
            .pending
            .iter()
            .filter(|pending| pending.answer.is_none());
        unanswered.fold(self.state, |state, pending| {
            let recording = pending.transport.as_ref().is_some_and(Transport::is_record);
            state.after(&pending.method, recording).unwrap_or(state)
        })
    }

    fn dispatch(&mut self, id: RequestId, request: Box<Request>, projected: State) {
        let method = request.method.clone();
        if method == Method::SETUP {
            return self.receive_setup(id, request, projected);
        }
        if let Err(status) = projected.after(&method, false) {
            return self.settle(id, Response::new(status));
        }
        let event = match method.as_str() {
            "DESCRIBE" => ServerEvent::DescribeRequested { id, request },
            "ANNOUNCE" => ServerEvent::AnnounceRequested { id, request },
            "PLAY" => {
                let range = request.headers.get(header::RANGE);
                let range = range.and_then(|text| text.parse().ok()).map(Box::new);
                ServerEvent::PlayRequested { id, request, range }
            }
            "RECORD" => ServerEvent::RecordRequested { id, request },
            "PAUSE" => ServerEvent::PauseRequested { id, request },
            "GET_PARAMETER" | "SET_PARAMETER" if !request.body.is_empty() => {
                ServerEvent::ParametersRequested { id, request }
            }
            "TEARDOWN" => return self.receive_teardown(id),
            "OPTIONS" => {
                let response = Response::new(StatusCode::OK);
                return self.settle(id, response.with_header(header::PUBLIC, public()));
            }
            // An empty GET_PARAMETER or SET_PARAMETER keeps the session alive, and nothing more.
            _ => return self.settle(id, Response::new(StatusCode::OK)),
        };
        self.events.push_back(event);
    }

    fn receive_setup(&mut self, id: RequestId, request: Box<Request>, projected: State) {
        let offers = request.headers.get(header::TRANSPORT).unwrap_or_default();
        let offers = Transports::from(offers);
        if offers.0.iter().any(Result::is_err) {
            self.link.warn(WarningCode::TransportIgnored);
        }
        let chosen = offers
            .readable()
            .find(|transport| self.can_serve(transport))
            .cloned();
        let setups = self
            .pending
            .iter()
            .filter(|pending| pending.answer.is_none() && pending.method == Method::SETUP);
        let tracks = self.link.tracks.len() + setups.count();
        let Some(transport) = chosen else {
            return self.settle(id, Response::new(StatusCode::UNSUPPORTED_TRANSPORT));
        };
        if let Err(status) = projected.after(&Method::SETUP, transport.is_record()) {
            return self.settle(id, Response::new(status));
        }
        if tracks > self.config.limits.max_tracks.min(usize::from(u8::MAX) / 2) {
            return self.settle(id, Response::new(StatusCode::NOT_ENOUGH_BANDWIDTH));
        }
        // A second SETUP of a track would change its transport; nobody does that rightly.
        if self
            .link
            .tracks
            .iter()
            .any(|track| track.uri == request.uri)
        {
            return self.settle(
                id,
                Response::new(StatusCode::METHOD_NOT_VALID_IN_THIS_STATE),
            );
        }
        if let Some(pending) = self.pending.back_mut() {
            pending.transport = Some(transport.clone());
        }
        let transport = Box::new(transport);
        self.events.push_back(ServerEvent::SetupRequested {
            id,
            request,
            transport,
        });
    }

    /// Whether the configuration allows a transport.
    fn can_serve(&self, transport: &Transport) -> bool {
        let channels = transport.interleaved.is_some()
            || self.config.quirks.setup_without_channels == Tolerance::Accept;
        let allowed = if transport.multicast {
            self.config.allow_multicast && transport.is_udp()
        } else if transport.is_tcp() {
            self.config.allow_tcp && channels
        } else {
            self.config.allow_udp && transport.is_udp() && transport.client_port.is_some()
        };
        allowed && transport.is_plain_rtp()
    }

    fn receive_teardown(&mut self, id: RequestId) {
        self.settle(id, Response::new(StatusCode::OK));
        self.end(EndReason::Teardown);
    }

    /// Answers a request at once.
    fn settle(&mut self, id: RequestId, response: Response) {
        // The request was just stored, so it is there.
        let _ = self.answer(id, response);
    }

    pub(super) fn receive_response(&mut self, response: Box<Response>) {
        self.link.alive = self.last_now;
        let cseq = response.headers.cseq();
        let at = match self
            .asked
            .iter()
            .position(|(_, asked)| Some(*asked) == cseq)
        {
            Some(at) => at,
            None if self.config.quirks.response_without_cseq == Tolerance::Accept => 0,
            None => return,
        };
        if at < self.asked.len() {
            let (id, _) = self.asked.remove(at);
            self.events
                .push_back(ServerEvent::Answered { id, response });
        }
    }

    pub(super) fn receive_packet(&mut self, channel: Channel, packet: Bytes) {
        let track = channel.track;
        if channel.kind == ChannelKind::Rtp {
            self.events.push_back(ServerEvent::Rtp { track, packet });
            return;
        }
        self.events.push_back(ServerEvent::Rtcp { track, packet });
        if self.state == State::Recording && self.link.all_ended() {
            for track in &mut self.link.tracks {
                track.ended = false;
            }
            self.events.push_back(ServerEvent::EndOfStream);
        }
    }
}

/// Every method this side takes.
fn public() -> alloc::string::String {
    let methods = Method::NAMES
        .iter()
        .filter(|name| !matches!(**name, "REDIRECT" | "PLAY_NOTIFY"));
    Public(methods.map(|name| Method::from(*name)).collect()).to_string()
}
