//! What the server's commands do.

use std::{boxed::Box, string::String};

use super::{Call, ClientSession, Wish};
use crate::{
    ClientEvent, ConnectReply, Level, Limits, Name, Status, StatusCode, WarningCode,
    chunk::MessageStreamId,
    message::{Command, DecodeError, Values},
    names::wire,
    session::{
        CallId,
        calls::{Request, RequestKind},
        compose::{bare, on_connection, status_as},
        state::{ConnectionState, ConnectionStep, StreamState, StreamStep},
    },
};

impl ClientSession {
    pub(super) fn command(
        &mut self,
        stream: MessageStreamId,
        command: Command,
    ) -> Result<(), DecodeError> {
        match command.name.as_str() {
            wire::RESULT => self.answered(command, true)?,
            wire::ERROR => self.answered(command, false)?,
            wire::ON_STATUS => self.status(stream, &command.args)?,
            wire::ON_BANDWIDTH_DONE => {
                // FFmpeg and librtmp ask back; servers that measure wait for it.
                if self.state == ConnectionState::Connected {
                    let transaction = self.calls.number().transaction();
                    let check = Command {
                        transaction,
                        ..bare(Name::CHECK_BANDWIDTH)
                    };
                    self.link.reply(on_connection(&check));
                }
            }
            wire::CLOSE => {
                self.step(ConnectionStep::End);
            }
            // Answers of edge servers without transaction.
            wire::ON_FC_PUBLISH
            | wire::ON_FC_UNPUBLISH
            | wire::ON_FC_SUBSCRIBE
            | wire::ON_FC_UNSUBSCRIBE => {}
            _ => self.call_requested(stream, command),
        }
        Ok(())
    }

    fn answered(&mut self, command: Command, ok: bool) -> Result<(), DecodeError> {
        let Some((id, call)) = self.calls.take(command.transaction) else {
            if !self.calls.was_made(command.transaction) {
                self.link.warn(WarningCode::UnexpectedAnswer);
            }
            return Ok(());
        };
        match call {
            Call::Connect => self.connect_answered(&command.args, ok)?,
            Call::CreateStream(wish) => self.stream_created(id, wish, &command.args, ok)?,
            Call::Begin(stream) if !ok => self.begin_failed(stream, &command.args)?,
            Call::Begin(_) => {}
            Call::Application => {
                let answer = if ok {
                    Ok(command.args)
                } else {
                    Err(command.args)
                };
                self.events
                    .push_back(ClientEvent::CallAnswered { call: id, answer });
            }
        }
        Ok(())
    }

    fn connect_answered(&mut self, args: &Values, ok: bool) -> Result<(), DecodeError> {
        let reply = ConnectReply::decode(args, &self.config.limits)?;
        if ok && reply.info.level() != Level::Error {
            self.step(ConnectionStep::Accept);
            self.link.set_connected();
            self.capabilities = reply.capabilities();
            // A server that says nothing about AMF3 does not speak it.
            let encoding = reply.info.info().get("objectEncoding").as_f64();
            self.amf3 = self.amf3 && encoding == Some(3.0);
            let reply = Box::new(reply);
            self.events.push_back(ClientEvent::Connected { reply });
        } else {
            let ex = reply.info.info().get("ex");
            let redirect = ex.get("redirect").as_str().map(String::from);
            let status = Box::new(reply.info);
            self.events
                .push_back(ClientEvent::ConnectRejected { status, redirect });
            self.step(ConnectionStep::End);
        }
        Ok(())
    }

    fn stream_created(
        &mut self,
        request: CallId,
        wish: Wish,
        args: &Values,
        ok: bool,
    ) -> Result<(), DecodeError> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the cast saturates; a wrong number is refused by the server"
        )]
        let id = args
            .number(1)
            .filter(|_| ok)
            .map(|id| MessageStreamId::new(id as u32));
        let opened = id.is_some_and(|id| self.streams.open(id).is_some());
        let (Some(id), true) = (id, opened) else {
            let status = Box::new(failure(args, &self.config.limits)?);
            self.events
                .push_back(ClientEvent::RequestFailed { request, status });
            return Ok(());
        };
        let begun = match wish {
            Wish::Publish { name, kind } => self.begin_publish(request, id, name, kind),
            Wish::Play(play) => self.begin_play(request, id, &play),
        };
        if begun.is_err() {
            self.streams.remove(id);
            let status = Box::new(Status::new(StatusCode::STREAM_FAILED));
            self.events
                .push_back(ClientEvent::RequestFailed { request, status });
        }
        Ok(())
    }

    fn begin_failed(&mut self, stream: MessageStreamId, args: &Values) -> Result<(), DecodeError> {
        let Some(found) = self.streams.get_mut(stream) else {
            return Ok(());
        };
        if let Some(request) = found.request.take() {
            found.step(StreamStep::End);
            let status = Box::new(failure(args, &self.config.limits)?);
            self.events
                .push_back(ClientEvent::RequestFailed { request, status });
        }
        Ok(())
    }

    /// `onStatus`: the answer to `publish` or `play`, or something that happened later.
    fn status(&mut self, stream: MessageStreamId, args: &Values) -> Result<(), DecodeError> {
        let args = args.document_with(&self.config.limits.amf())?;
        // Behind the command object; some servers leave that out.
        let info = args.values().find(|value| value.get("code").exists());
        let status = Box::new(Status::from_value(info.unwrap_or_else(|| args.value(1))));
        let code = status.code();
        if code == StatusCode::CONNECT_RECONNECT_REQUEST {
            let tc_url = status.info().get("tcUrl").as_str().map(String::from);
            let description = status.description().into();
            self.events.push_back(ClientEvent::ReconnectRequested {
                tc_url,
                description,
            });
            return Ok(());
        }
        let event = match self.streams.get_mut(stream) {
            Some(found) => {
                let state = found.state;
                let failed = status.level() == Level::Error;
                match (state, found.request) {
                    (StreamState::PublishAsked, Some(request)) if failed => {
                        found.step(StreamStep::End);
                        found.request = None;
                        ClientEvent::RequestFailed { request, status }
                    }
                    (StreamState::PlayAsked, Some(request)) if failed => {
                        found.step(StreamStep::End);
                        found.request = None;
                        ClientEvent::RequestFailed { request, status }
                    }
                    (StreamState::PublishAsked, Some(request))
                        if code == StatusCode::PUBLISH_START =>
                    {
                        found.step(StreamStep::Accept);
                        ClientEvent::PublishStarted {
                            request,
                            stream,
                            status,
                        }
                    }
                    (StreamState::PlayAsked, Some(request)) if code == StatusCode::PLAY_START => {
                        found.step(StreamStep::Accept);
                        ClientEvent::PlayStarted {
                            request,
                            stream,
                            status,
                        }
                    }
                    _ => ClientEvent::Status { stream, status },
                }
            }
            None => ClientEvent::Status { stream, status },
        };
        self.events.push_back(event);
        Ok(())
    }

    fn call_requested(&mut self, stream: MessageStreamId, command: Command) {
        let mut id = None;
        if command.transaction.wants_answer() {
            let (transaction, amf3) = (command.transaction, command.amf3);
            id = self.requests.push(Request {
                kind: RequestKind::Call,
                stream,
                transaction,
                amf3,
            });
            if id.is_none() {
                self.link.warn(WarningCode::TooManyRequests);
                let status = Status::new(StatusCode::CALL_FAILED);
                if let Ok(refusal) = status_as(Name::ERROR, &status) {
                    self.link.reply(on_connection(&Command {
                        transaction,
                        amf3,
                        ..refusal
                    }));
                }
                return;
            }
        }
        let command = Box::new(command);
        self.events.push_back(ClientEvent::CallRequested {
            id,
            stream,
            command,
        });
    }
}

/// What the server said in an `_error`.
fn failure(args: &Values, limits: &Limits) -> Result<Status, DecodeError> {
    let args = args.document_with(&limits.amf())?;
    Ok(Status::from_value(args.value(1)))
}
