//! What the client's commands do.

use core::time::Duration;
use std::boxed::Box;

use weir_amf::NewValue;

use super::{ServerSession, is_answer, name_argument};
use crate::{
    Name, ServerEvent, Status, StatusCode, WarningCode,
    chunk::MessageStreamId,
    message::{Command, DecodeError, TransactionId, Values},
    names::wire,
    session::{
        ConnectRequest, Play2Request, PlayRequest, PublishKind,
        calls::{Request, RequestKind},
        compose::{code_as, on_connection, on_stream, status_command},
        state::{ConnectionState, ConnectionStep, StreamState, StreamStep},
    },
};

impl ServerSession {
    pub(super) fn command(
        &mut self,
        stream: MessageStreamId,
        command: Command,
    ) -> Result<(), DecodeError> {
        if command.name == Name::CONNECT {
            return self.connect(&command);
        }
        if self.state != ConnectionState::Connected {
            self.link.warn(WarningCode::NotConnected);
            self.answer_error(&command, &Status::new(StatusCode::CALL_FAILED));
            return Ok(());
        }
        let limit = self.config.limits.max_name_len;
        if command.args.text(1).is_some_and(|name| name.len() > limit) {
            self.link.warn(WarningCode::NameTooLong);
            self.answer_error(&command, &Status::new(StatusCode::CALL_FAILED));
            return Ok(());
        }
        match command.name.as_str() {
            wire::CREATE_STREAM => self.create_stream(&command),
            wire::DELETE_STREAM => self.delete_stream(&command),
            wire::CLOSE_STREAM => self.close_stream(stream, false),
            wire::PUBLISH => self.publish(stream, &command),
            wire::PLAY => self.play(stream, command),
            wire::PLAY2 => self.play2(stream, command),
            wire::SEEK => self.seek(stream, &command),
            wire::PAUSE | wire::PAUSE_RAW => self.pause(stream, &command),
            wire::RECEIVE_AUDIO => self.receive(stream, &command, true),
            wire::RECEIVE_VIDEO => self.receive(stream, &command, false),
            wire::RELEASE_STREAM => {
                self.answer_undefined(&command);
                let name = name_argument(&command);
                self.events
                    .push_back(ServerEvent::ReleaseRequested { name });
            }
            wire::FC_PUBLISH => {
                self.announced = true;
                self.answer_undefined(&command);
            }
            wire::FC_UNPUBLISH => {
                self.answer_undefined(&command);
                let code = StatusCode::UNPUBLISH_SUCCESS;
                self.notify_about(Name::ON_FC_UNPUBLISH, code, &command);
            }
            wire::FC_SUBSCRIBE => {
                self.notify_about(Name::ON_FC_SUBSCRIBE, StatusCode::PLAY_START, &command);
            }
            wire::FC_UNSUBSCRIBE => {
                self.notify_about(Name::ON_FC_UNSUBSCRIBE, StatusCode::PLAY_STOP, &command);
            }
            wire::GET_STREAM_LENGTH => self.stream_length(stream, &command),
            // The number is the measured bandwidth: not known.
            wire::CHECK_BANDWIDTH => self.answer(&command, [NewValue::Null, NewValue::Number(0.0)]),
            _ if is_answer(&command.name) => self.answered(command),
            _ => self.call_requested(stream, command),
        }
        Ok(())
    }

    fn connect(&mut self, command: &Command) -> Result<(), DecodeError> {
        let request = ConnectRequest::decode(&command.args, &self.config.limits)?;
        if !self.step(ConnectionStep::AskConnect) {
            self.answer_error(command, &Status::new(StatusCode::CONNECT_REJECTED));
            return Ok(());
        }
        self.link.set_connected();
        self.capabilities = request.capabilities();
        self.amf3 = self.config.amf3 && request.object_encoding() == weir_amf::Format::Amf3;
        if let Some(id) = self.ask(RequestKind::Connect, MessageStreamId::CONNECTION, command) {
            self.block(id);
            let request = Box::new(request);
            self.events
                .push_back(ServerEvent::ConnectRequested { id, request });
        }
        Ok(())
    }

    fn create_stream(&mut self, command: &Command) {
        match self.streams.create() {
            Some(stream) => {
                self.answer(
                    command,
                    [NewValue::Null, NewValue::Number(stream.get().into())],
                );
                self.events.push_back(ServerEvent::StreamCreated { stream });
            }
            None => {
                let text = "Too many streams.";
                let status = Status::new(StatusCode::CALL_FAILED).with_description(text);
                self.answer_error(command, &status);
            }
        }
    }

    fn delete_stream(&mut self, command: &Command) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the cast saturates; there is no stream of a wrong number"
        )]
        let id = command
            .args
            .number(1)
            .map(|id| MessageStreamId::new(id as u32));
        // GStreamer 1.22, rtmp2sink: the name of the stream in the place of its id.
        let stream = id.or_else(|| self.streams.named(&name_argument(command)));
        if let Some(stream) = stream {
            self.close_stream(stream, true);
        }
    }

    /// Ends what a stream carries, and the stream itself if it is to be deleted.
    fn close_stream(&mut self, stream: MessageStreamId, delete: bool) {
        let Some(found) = self.streams.get_mut(stream) else {
            return;
        };
        let was = found.state;
        found.step(StreamStep::End);
        let name = core::mem::take(&mut found.name);
        if delete {
            self.streams.remove(stream);
        }
        self.requests.forget(stream);
        match was {
            StreamState::Publishing => {
                let status = Status::new(StatusCode::UNPUBLISH_SUCCESS);
                self.reply_status(stream, &status.with("details", name.as_str()));
                self.events.push_back(ServerEvent::PublishEnded { stream });
            }
            StreamState::Playing => {
                if !delete {
                    let status = Status::new(StatusCode::PLAY_STOP);
                    self.reply_status(stream, &status.with("details", name.as_str()));
                }
                self.events.push_back(ServerEvent::PlayEnded { stream });
            }
            _ => {}
        }
    }

    fn publish(&mut self, stream: MessageStreamId, command: &Command) {
        let name = name_argument(command);
        let kind = command.args.text(2).map(weir_amf::Text::to_str_lossy);
        let kind = PublishKind::from_name(kind.as_deref());
        if !self.stream_step(stream, StreamStep::AskPublish) {
            let text = "This message stream is in use.";
            let status = Status::new(StatusCode::PUBLISH_BAD_NAME).with_description(text);
            return self.reply_status(stream, &status);
        }
        if let Some(id) = self.ask(RequestKind::Publish { name: name.clone() }, stream, command) {
            self.block(id);
            self.events.push_back(ServerEvent::PublishRequested {
                id,
                stream,
                name,
                kind,
            });
        }
    }

    fn play(&mut self, stream: MessageStreamId, command: Command) {
        if !self.stream_step(stream, StreamStep::AskPlay) {
            let text = "This message stream is in use.";
            let status = Status::new(StatusCode::PLAY_FAILED).with_description(text);
            return self.reply_status(stream, &status);
        }
        let request = Box::new(PlayRequest::decode(command.args.clone()));
        let kind = RequestKind::Play {
            name: request.name.clone(),
            reset: request.reset,
        };
        if let Some(id) = self.ask(kind, stream, &command) {
            self.block(id);
            self.events.push_back(ServerEvent::PlayRequested {
                id,
                stream,
                request,
            });
        }
    }

    fn play2(&mut self, stream: MessageStreamId, command: Command) {
        if !self.is_playing(stream) {
            return self.reply_status(stream, &Status::new(StatusCode::PLAY_FAILED));
        }
        let request = Box::new(Play2Request::decode(
            command.args.clone(),
            &self.config.limits,
        ));
        let kind = RequestKind::Play2 {
            name: request.name.clone(),
        };
        if let Some(id) = self.ask(kind, stream, &command) {
            self.events.push_back(ServerEvent::Play2Requested {
                id,
                stream,
                request,
            });
        }
    }

    fn seek(&mut self, stream: MessageStreamId, command: &Command) {
        if !self.is_playing(stream) {
            return self.reply_status(stream, &Status::new(StatusCode::SEEK_FAILED));
        }
        let millis = command.args.number(1).unwrap_or_default();
        if let Some(id) = self.ask(RequestKind::Seek { millis }, stream, command) {
            let position = from_millis(millis);
            self.events.push_back(ServerEvent::SeekRequested {
                id,
                stream,
                position,
            });
        }
    }

    fn pause(&mut self, stream: MessageStreamId, command: &Command) {
        if !self.is_playing(stream) {
            return self.reply_status(stream, &Status::new(StatusCode::STREAM_FAILED));
        }
        let pause = command.args.boolean(1).unwrap_or(true);
        let position = from_millis(command.args.number(2).unwrap_or_default());
        if let Some(id) = self.ask(RequestKind::Pause { pause }, stream, command) {
            self.events.push_back(ServerEvent::PauseRequested {
                id,
                stream,
                pause,
                position,
            });
        }
    }

    fn receive(&mut self, stream: MessageStreamId, command: &Command, audio: bool) {
        let wanted = command.args.boolean(1).unwrap_or(true);
        let Some(found) = self.streams.get_mut(stream) else {
            return;
        };
        let flag = if audio {
            &mut found.wants_audio
        } else {
            &mut found.wants_video
        };
        *flag = wanted;
        if found.state == StreamState::Playing && wanted {
            // RTMP 1.0, sections 7.2.2.4 and 7.2.2.5: only turning on is answered.
            self.reply_status(stream, &Status::new(StatusCode::SEEK_NOTIFY));
            self.reply_status(stream, &Status::new(StatusCode::PLAY_START));
        }
        self.events.push_back(if audio {
            ServerEvent::AudioWanted { stream, wanted }
        } else {
            ServerEvent::VideoWanted { stream, wanted }
        });
    }

    fn stream_length(&mut self, stream: MessageStreamId, command: &Command) {
        if !command.transaction.wants_answer() {
            return;
        }
        let name = name_argument(command);
        if let Some(id) = self.ask(RequestKind::StreamLength, stream, command) {
            self.events
                .push_back(ServerEvent::StreamLengthRequested { id, name });
        }
    }

    fn call_requested(&mut self, stream: MessageStreamId, command: Command) {
        let mut id = None;
        if command.transaction.wants_answer() {
            id = self.ask(RequestKind::Call, stream, &command);
            if id.is_none() {
                return;
            }
        }
        let command = Box::new(command);
        self.events.push_back(ServerEvent::CallRequested {
            id,
            stream,
            command,
        });
    }

    fn answered(&mut self, command: Command) {
        let Some((call, ())) = self.calls.take(command.transaction) else {
            return self.link.warn(WarningCode::UnexpectedAnswer);
        };
        let ok = command.name == Name::RESULT;
        let answer = if ok {
            Ok(command.args)
        } else {
            Err(command.args)
        };
        self.events
            .push_back(ServerEvent::CallAnswered { call, answer });
    }

    /// Keeps a request for the application; refuses it if too many wait already.
    fn ask(
        &mut self,
        kind: RequestKind,
        stream: MessageStreamId,
        command: &Command,
    ) -> Option<crate::RequestId> {
        let (transaction, amf3) = (command.transaction, command.amf3);
        let id = self.requests.push(Request {
            kind,
            stream,
            transaction,
            amf3,
        });
        if id.is_none() {
            self.link.warn(WarningCode::TooManyRequests);
            if let Some(found) = self.streams.get_mut(stream) {
                if matches!(
                    found.state,
                    StreamState::PublishAsked | StreamState::PlayAsked
                ) {
                    found.step(StreamStep::End);
                }
            }
            let text = "Too many requests wait for their answer.";
            let status = Status::new(StatusCode::CALL_FAILED).with_description(text);
            self.answer_error(command, &status);
        }
        id
    }

    /// Parses nothing more until the request is answered.
    fn block(&mut self, id: crate::RequestId) {
        self.blocked = Some(id);
        self.link.stop_clock();
    }

    /// Takes a step of a stream. A stream that was never created is made, as some devices publish
    /// on message stream 0 or do not wait for `createStream`.
    fn stream_step(&mut self, stream: MessageStreamId, step: StreamStep) -> bool {
        if self.streams.get(stream).is_none() && self.streams.open(stream).is_some() {
            self.link.warn(WarningCode::StreamNotCreated);
        }
        self.streams
            .get_mut(stream)
            .is_some_and(|stream| stream.step(step))
    }

    pub(super) fn is_playing(&self, stream: MessageStreamId) -> bool {
        self.streams
            .get(stream)
            .is_some_and(|stream| stream.state == StreamState::Playing)
    }

    /// `_result` with the command object null and nothing else: FMLE's three commands.
    fn answer_undefined(&mut self, command: &Command) {
        self.answer(command, [NewValue::Null, NewValue::Undefined]);
    }

    /// `_result`, unless the client wants no answer.
    fn answer<'a>(&mut self, command: &Command, values: [NewValue<'a>; 2]) {
        self.reply_command(Name::RESULT, command.transaction, values, command.amf3);
    }

    /// `_error`, unless the client wants no answer.
    fn answer_error(&mut self, command: &Command, status: &Status) {
        let values = [NewValue::Null, status.info().into()];
        self.reply_command(Name::ERROR, command.transaction, values, command.amf3);
    }

    /// `onFCPublish` and its like: a command that tells, behind the answer to the client's.
    fn notify_about(&mut self, name: Name, code: StatusCode, command: &Command) {
        self.notify_code(name, &code, name_argument(command).as_str());
    }

    /// A command without transaction on the connection, with a status.
    pub(super) fn notify_code(&mut self, name: Name, code: &StatusCode, description: &str) {
        if let Ok(command) = code_as(name, code, Some(description)) {
            self.link.reply(on_connection(&command));
        }
    }

    /// An answer that the peer caused, on the connection.
    pub(super) fn reply_command<'a>(
        &mut self,
        name: Name,
        transaction: TransactionId,
        values: [NewValue<'a>; 2],
        amf3: bool,
    ) {
        if !transaction.wants_answer() {
            return;
        }
        // Fails only for texts that no message of the limited length can have made.
        if let Ok(args) = Values::of(&values) {
            let command = Command {
                amf3,
                ..Command::new(name, transaction, args)
            };
            self.link.reply(on_connection(&command));
        }
    }

    /// `onStatus` that the peer caused, on a stream.
    pub(super) fn reply_status(&mut self, stream: MessageStreamId, status: &Status) {
        if let Ok(command) = status_command(status) {
            self.link.reply(on_stream(&command, stream));
        }
    }
}

/// A time in milliseconds that came as a number; what is none is 0.
fn from_millis(millis: f64) -> Duration {
    Duration::try_from_secs_f64(millis / 1000.0).unwrap_or_default()
}
