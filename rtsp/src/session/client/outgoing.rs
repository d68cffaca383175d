//! Requests on their way to the server: in order, with credentials, on another transport.

use alloc::{boxed::Box, vec::Vec};
use std::time::Instant;

use super::ClientSession;
use crate::{
    header::{self, Transport},
    message::{Method, Request, Response},
    session::{ClientEvent, CommandError, RequestId, TrackId, TransportPolicy, track::Route},
};

/// A request of this side.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) id: RequestId,
    pub(super) request: Request,
    pub(super) purpose: Purpose,
    pub(super) cseq: u32,
    pub(super) sent: Instant,
    /// Challenges answered.
    pub(super) attempts: u8,
    /// Whether the application was asked for credentials.
    pub(super) asked: bool,
}

/// What the answer to a request means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
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

impl ClientSession {
    pub(super) fn command(
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
    pub(super) fn pump(&mut self, now: Instant) {
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

    pub(super) fn send_keep_alive(&mut self, now: Instant) {
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

    pub(super) fn send_response(
        &mut self,
        mut response: Response,
        cseq: Option<u32>,
        now: Instant,
    ) {
        if let Some(cseq) = cseq {
            response.headers.set(header::CSEQ, cseq);
        }
        self.link.queue.push_message(response.encode(), now);
    }

    /// Sets all tracks up again on the connection, and plays on.
    pub(super) fn fall_back(&mut self, now: Instant) {
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

    pub(super) fn new_id(&mut self) -> RequestId {
        self.next_id += 1;
        RequestId(self.next_id)
    }
}
