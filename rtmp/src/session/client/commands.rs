//! What the application lets the client do.

use core::time::Duration;
use std::{boxed::Box, time::Instant};

use weir_amf::{Document, NewValue};

use super::{Call, ClientSession, Wish};
use crate::{
    CallId, Class, CommandError, Name, Play2Request, PlayRequest, PublishKind, RequestId, Status,
    StreamName,
    chunk::{ChunkSize, Message, MessageStreamId, PreparedMessage, Timestamp},
    media::{MediaKind, MediaPacket},
    message::{Command, Control, Data, SharedObjectMessage, TransactionId, UserControl, Values},
    session::{
        calls::RequestKind,
        compose::{bare, on_connection, on_stream, status_as},
        state::{ConnectionState, ConnectionStep, StreamState, StreamStep},
    },
};

impl ClientSession {
    /// Publishes under a name: makes a message stream and asks for it.
    ///
    /// The answer is [`PublishStarted`](crate::ClientEvent::PublishStarted), with the stream to
    /// send media on, or [`RequestFailed`](crate::ClientEvent::RequestFailed).
    ///
    /// # Errors
    /// [`CommandError`] if the session is not connected, or too many calls wait.
    ///
    /// RTMP 1.0, section 7.2.2.6.
    pub fn publish(
        &mut self,
        name: impl Into<StreamName>,
        kind: PublishKind,
        now: Instant,
    ) -> Result<CallId, CommandError> {
        self.check_connected(now)?;
        let name = name.into();
        if self.config.announce_publish {
            self.announce(Name::RELEASE_STREAM, &name)?;
            self.announce(Name::FC_PUBLISH, &name)?;
        }
        self.create_stream(Wish::Publish { name, kind })
    }

    /// Plays a stream: makes a message stream and asks for it.
    ///
    /// The answer is [`PlayStarted`](crate::ClientEvent::PlayStarted), or
    /// [`RequestFailed`](crate::ClientEvent::RequestFailed).
    ///
    /// # Errors
    /// [`CommandError`] if the session is not connected, or too many calls wait.
    ///
    /// RTMP 1.0, section 7.2.2.1.
    pub fn play(&mut self, request: PlayRequest, now: Instant) -> Result<CallId, CommandError> {
        self.check_connected(now)?;
        self.create_stream(Wish::Play(Box::new(request)))
    }

    /// Switches to another stream in the place of the one that is played.
    ///
    /// # Errors
    /// [`CommandError`] if the stream is not played.
    ///
    /// RTMP 1.0, section 7.2.2.2.
    pub fn play2(
        &mut self,
        stream: MessageStreamId,
        request: &Play2Request,
        now: Instant,
    ) -> Result<(), CommandError> {
        self.check_connected(now)?;
        let old = self.playing(stream)?.name.clone();
        let old = request.old_name.as_ref().unwrap_or(&old);
        let mut parameters = Document::object()
            .with("streamName", request.name.as_str())
            .with("oldStreamName", old.as_str())
            .with("transition", &request.transition)
            .with("start", request.start.to_option())
            .with(
                "len",
                request.duration.map_or(-1.0, |len| len.as_secs_f64()),
            );
        if let Some(offset) = request.offset {
            parameters.set("offset", offset.as_secs_f64());
        }
        let values = [NewValue::Null, parameters.into()];
        self.command_on(stream, Name::PLAY2, &values)
    }

    /// Goes on at another time of the recording.
    ///
    /// # Errors
    /// [`CommandError`] if the stream is not played.
    ///
    /// RTMP 1.0, section 7.2.2.7.
    pub fn seek(
        &mut self,
        stream: MessageStreamId,
        position: Duration,
        now: Instant,
    ) -> Result<(), CommandError> {
        self.check_connected(now)?;
        self.playing(stream)?;
        let values = [NewValue::Null, millis(position).into()];
        self.command_on(stream, Name::SEEK, &values)
    }

    /// Pauses, or goes on, at this time of the recording.
    ///
    /// # Errors
    /// [`CommandError`] if the stream is not played.
    ///
    /// RTMP 1.0, section 7.2.2.8.
    pub fn pause(
        &mut self,
        stream: MessageStreamId,
        pause: bool,
        position: Duration,
        now: Instant,
    ) -> Result<(), CommandError> {
        self.check_connected(now)?;
        self.playing(stream)?;
        let values = [NewValue::Null, pause.into(), millis(position).into()];
        self.command_on(stream, Name::PAUSE, &values)
    }

    /// Turns audio on or off.
    ///
    /// # Errors
    /// [`CommandError`] if the stream is not played.
    ///
    /// RTMP 1.0, section 7.2.2.4.
    pub fn receive_audio(
        &mut self,
        stream: MessageStreamId,
        wanted: bool,
        now: Instant,
    ) -> Result<(), CommandError> {
        self.check_connected(now)?;
        self.playing(stream)?;
        let values = [NewValue::Null, wanted.into()];
        self.command_on(stream, Name::RECEIVE_AUDIO, &values)
    }

    /// Turns video on or off.
    ///
    /// # Errors
    /// [`CommandError`] if the stream is not played.
    ///
    /// RTMP 1.0, section 7.2.2.5.
    pub fn receive_video(
        &mut self,
        stream: MessageStreamId,
        wanted: bool,
        now: Instant,
    ) -> Result<(), CommandError> {
        self.check_connected(now)?;
        self.playing(stream)?;
        let values = [NewValue::Null, wanted.into()];
        self.command_on(stream, Name::RECEIVE_VIDEO, &values)
    }

    /// Ends a stream: `FCUnpublish` if it is published, then `deleteStream`.
    ///
    /// # Errors
    /// [`CommandError`] if there is no such stream.
    ///
    /// RTMP 1.0, section 7.2.2.3.
    pub fn delete_stream(
        &mut self,
        stream: MessageStreamId,
        now: Instant,
    ) -> Result<(), CommandError> {
        self.check_connected(now)?;
        let found = self
            .streams
            .remove(stream)
            .ok_or(CommandError::UnknownStream { stream })?;
        if found.state == StreamState::Publishing && self.config.announce_publish {
            self.announce(Name::FC_UNPUBLISH, &found.name)?;
        }
        let values = Values::of(&[NewValue::Null, stream.get().into()])?;
        let call = self.calls.number();
        self.send(&Command::new(
            Name::DELETE_STREAM,
            call.transaction(),
            values,
        ))
    }

    /// Sends audio, video or data of a stream that is published.
    ///
    /// The class decides what may be dropped when the server is too slow; see
    /// [`SendQueue`](crate::SendQueue).
    ///
    /// # Errors
    /// [`CommandError`] if the stream is not published, or the payload is too long for a message.
    pub fn send_media(
        &mut self,
        stream: MessageStreamId,
        packet: &MediaPacket,
        class: Class,
        now: Instant,
    ) -> Result<(), CommandError> {
        self.publishing(stream)?;
        Ok(self.link.queue(packet.to_message(stream), class, now)?)
    }

    /// Sends a message that other servers get too, with a time of this stream's own.
    ///
    /// The message has to be prepared for [`media_chunk_stream`](crate::media_chunk_stream) of its
    /// kind; its chunks are shared if it was prepared for [`Self::chunk_size`].
    ///
    /// # Errors
    /// [`CommandError`] if the stream is not published.
    pub fn send_prepared(
        &mut self,
        stream: MessageStreamId,
        message: &PreparedMessage,
        class: Class,
        timestamp: Timestamp,
        now: Instant,
    ) -> Result<(), CommandError> {
        self.publishing(stream)?;
        self.link
            .queue_prepared(message, class, stream, timestamp, now);
        Ok(())
    }

    /// The chunk size that messages for this server should be prepared for.
    pub const fn chunk_size(&self) -> ChunkSize {
        self.config.chunk_size
    }

    /// Sends data of a stream that is published, with its action: metadata is
    /// [`Set`](crate::message::DataAction::Set).
    ///
    /// # Errors
    /// [`CommandError`] if the stream is not published, or the values are too long for a message.
    pub fn send_data(
        &mut self,
        stream: MessageStreamId,
        data: &Data,
        timestamp: Timestamp,
        now: Instant,
    ) -> Result<(), CommandError> {
        let packet = MediaPacket::new(MediaKind::Data, timestamp, data.encode());
        self.send_media(stream, &packet, Class::Essential, now)
    }

    /// Calls a method of the server; the answer is an event.
    ///
    /// The values stand behind the transaction id, of which the first should be null.
    ///
    /// # Errors
    /// [`CommandError`] if the session is not connected, or too many calls wait.
    ///
    /// RTMP 1.0, section 7.2.1.2.
    pub fn call(
        &mut self,
        name: Name,
        values: Values,
        now: Instant,
    ) -> Result<CallId, CommandError> {
        self.check_connected(now)?;
        let call = self.calls.push(Call::Application)?;
        let command = Command::new(name, call.transaction(), values);
        self.send(&Command {
            amf3: self.amf3,
            ..command
        })?;
        Ok(call)
    }

    /// Calls a method of the server without wanting an answer.
    ///
    /// # Errors
    /// [`CommandError`] if the session is not connected, or the values are too long.
    pub fn notify(&mut self, name: Name, values: Values, now: Instant) -> Result<(), CommandError> {
        self.check_connected(now)?;
        let command = Command::new(name, TransactionId::NONE, values);
        self.send(&Command {
            amf3: self.amf3,
            ..command
        })
    }

    /// Answers a call of the server: `_result` with these values, of which the first is mostly
    /// null.
    ///
    /// # Errors
    /// [`CommandError`] if no such request waits.
    pub fn accept_call(
        &mut self,
        id: RequestId,
        values: Values,
        now: Instant,
    ) -> Result<(), CommandError> {
        self.link.advance(now);
        let request = self.requests.take(id, |kind| *kind == RequestKind::Call)?;
        let command = Command::new(Name::RESULT, request.transaction, values);
        self.link.reply(on_connection(&Command {
            amf3: request.amf3,
            ..command
        }));
        Ok(())
    }

    /// Refuses a call of the server.
    ///
    /// # Errors
    /// [`CommandError`] if no such request waits, or the status is not AMF0.
    pub fn reject(
        &mut self,
        id: RequestId,
        status: &Status,
        now: Instant,
    ) -> Result<(), CommandError> {
        self.link.advance(now);
        let command = status_as(Name::ERROR, status)?;
        let request = self.requests.take(id, |_| true)?;
        let (transaction, amf3) = (request.transaction, request.amf3);
        self.link.reply(on_connection(&Command {
            transaction,
            amf3,
            ..command
        }));
        Ok(())
    }

    /// Sends what a [`Replica`](crate::shared_object::Replica) has to say to the server.
    ///
    /// # Errors
    /// [`CommandError`] if the session is not connected, or the message is too long.
    pub fn send_shared_object(
        &mut self,
        message: &SharedObjectMessage,
        now: Instant,
    ) -> Result<(), CommandError> {
        self.check_connected(now)?;
        self.send_message(message.to_message())
    }

    /// Sends a user control event, such as the answer to a SWF verification.
    ///
    /// # Errors
    /// [`CommandError`] if the session is not connected.
    pub fn send_user_control(
        &mut self,
        event: &UserControl,
        now: Instant,
    ) -> Result<(), CommandError> {
        self.check_connected(now)?;
        self.send_message(event.to_message())
    }

    /// Ends the session. Delete streams first; write what is in `output`, then close the
    /// connection.
    pub fn close(&mut self) {
        self.events.clear();
        self.step(ConnectionStep::End);
    }

    pub(super) fn begin_publish(
        &mut self,
        request: CallId,
        stream: MessageStreamId,
        name: StreamName,
        kind: PublishKind,
    ) -> Result<(), CommandError> {
        let args = [NewValue::Null, name.as_str().into(), kind.as_str().into()];
        let values = Values::of(&args)?;
        self.begin(request, stream, name, StreamStep::AskPublish);
        let call = self.calls.push(Call::Begin(stream))?;
        let command = Command::new(Name::PUBLISH, call.transaction(), values);
        self.send_message(on_stream(&command, stream))
    }

    pub(super) fn begin_play(
        &mut self,
        request: CallId,
        stream: MessageStreamId,
        play: &PlayRequest,
    ) -> Result<(), CommandError> {
        if self.config.ask_stream_length {
            let call = self.calls.push(Call::Application)?;
            let values = Values::of(&[NewValue::Null, play.name.as_str().into()])?;
            self.send(&Command::new(
                Name::GET_STREAM_LENGTH,
                call.transaction(),
                values,
            ))?;
        }
        if self.config.subscribe {
            self.announce(Name::FC_SUBSCRIBE, &play.name)?;
        }
        let window = self.config.window_ack_size;
        self.send_message(Control::WindowAckSize(window).to_message())?;
        let millis = u32::try_from(self.config.buffer_length.as_millis()).unwrap_or(u32::MAX);
        let buffer = UserControl::SetBufferLength { stream, millis };
        let mut values = std::vec![
            NewValue::Null,
            play.name.as_str().into(),
            play.start.to_wire().into(),
        ];
        // What is the default is left out, as all clients do.
        if play.duration.is_some() || !play.reset {
            let duration = play.duration;
            let millis = duration.map_or(-1.0, |duration| duration.as_secs_f64() * 1_000.0);
            values.push(millis.into());
        }
        if !play.reset {
            values.push(false.into());
        }
        self.begin(request, stream, play.name.clone(), StreamStep::AskPlay);
        let call = self.calls.push(Call::Begin(stream))?;
        let values = Values::of(&values)?;
        let command = Command::new(Name::PLAY, call.transaction(), values);
        self.send_message(on_stream(&command, stream))?;
        self.send_message(buffer.to_message())
    }

    fn begin(
        &mut self,
        request: CallId,
        stream: MessageStreamId,
        name: StreamName,
        step: StreamStep,
    ) {
        if let Some(found) = self.streams.get_mut(stream) {
            found.step(step);
            found.name = name;
            found.request = Some(request);
        }
    }

    fn create_stream(&mut self, wish: Wish) -> Result<CallId, CommandError> {
        let call = self.calls.push(Call::CreateStream(wish))?;
        let transaction = call.transaction();
        self.send(&Command {
            transaction,
            ..bare(Name::CREATE_STREAM)
        })?;
        Ok(call)
    }

    /// A command with a name that most servers answer and nobody waits for.
    fn announce(&mut self, command: Name, name: &StreamName) -> Result<(), CommandError> {
        let values = Values::of(&[NewValue::Null, name.as_str().into()])?;
        let call = self.calls.number();
        self.send(&Command::new(command, call.transaction(), values))
    }

    /// A command on a stream that is answered by `onStatus`.
    fn command_on(
        &mut self,
        stream: MessageStreamId,
        name: Name,
        values: &[NewValue<'_>],
    ) -> Result<(), CommandError> {
        let command = Command::new(name, TransactionId::NONE, Values::of(values)?);
        self.send_message(on_stream(&command, stream))
    }

    fn send(&mut self, command: &Command) -> Result<(), CommandError> {
        self.send_message(on_connection(command))
    }

    fn send_message(&mut self, message: Message) -> Result<(), CommandError> {
        let now = self.link.now();
        Ok(self.link.queue(message, Class::Essential, now)?)
    }

    fn publishing(&self, stream: MessageStreamId) -> Result<(), CommandError> {
        match self.streams.get(stream) {
            Some(found) if found.state == StreamState::Publishing => Ok(()),
            Some(_) => Err(CommandError::StreamState { stream }),
            None => Err(CommandError::UnknownStream { stream }),
        }
    }

    fn playing(
        &self,
        stream: MessageStreamId,
    ) -> Result<&crate::session::streams::Stream, CommandError> {
        match self.streams.get(stream) {
            Some(found) if found.state == StreamState::Playing => Ok(found),
            Some(_) => Err(CommandError::StreamState { stream }),
            None => Err(CommandError::UnknownStream { stream }),
        }
    }

    fn check_connected(&mut self, now: Instant) -> Result<(), CommandError> {
        self.link.advance(now);
        match self.state {
            ConnectionState::Connected => Ok(()),
            ConnectionState::Ended => Err(CommandError::Ended),
            _ => Err(CommandError::NotConnected),
        }
    }
}

/// A time as `seek` and `pause` carry it.
fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
