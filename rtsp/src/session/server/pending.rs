//! Requests that wait for an answer, and answers that wait for their turn.

use alloc::string::String;
use core::time::Duration;

use super::ServerSession;
use crate::{
    header::{self, Session, Transport},
    message::{Method, Response, Version},
    session::{CommandError, RequestId},
};

/// A request on its way to being answered.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) id: RequestId,
    pub(super) method: Method,
    pub(super) uri: String,
    pub(super) cseq: Option<u32>,
    pub(super) version: Version,
    /// Of SETUP: what the client offers.
    pub(super) transport: Option<Transport>,
    pub(super) answer: Option<Response>,
}

impl ServerSession {
    /// A request that waits and has one of these methods.
    pub(super) fn waiting(
        &self,
        id: RequestId,
        methods: &[Method],
    ) -> Result<&Pending, CommandError> {
        let pending = self.pending.iter().find(|pending| pending.id == id);
        let open = pending.filter(|pending| pending.answer.is_none());
        open.filter(|pending| methods.contains(&pending.method))
            .ok_or(CommandError::NoSuchRequest)
    }

    /// Takes the step of an accepted request, or refuses it where an earlier answer made the step
    /// impossible. The version of the request.
    pub(super) fn enter(
        &mut self,
        id: RequestId,
        recording: bool,
    ) -> Result<Version, CommandError> {
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
    pub(super) fn answer(
        &mut self,
        id: RequestId,
        response: Response,
    ) -> Result<&mut Response, CommandError> {
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
    pub(super) fn dress(&self, response: Response, cseq: Option<u32>) -> Response {
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
    pub(super) fn flush_answers(&mut self) {
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
}
