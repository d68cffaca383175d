//! What a server sends of its own accord.

use core::time::Duration;
use std::time::Instant;

use super::ServerSession;
use crate::{
    CallId, Class, CommandError, Name, Status, StatusCode,
    chunk::{ChunkSize, MessageStreamId, MessageType, PreparedMessage, Timestamp},
    media::{MediaKind, MediaPacket},
    message::{Command, Data, DataAction, SharedObjectMessage, TransactionId, UserControl, Values},
    session::{
        compose::{bare, on_connection, on_stream, status_command},
        state::{ConnectionState, ConnectionStep, StreamState},
        status_chunk_stream,
    },
};

impl ServerSession {
    /// Sends audio, video or data to a player.
    ///
    /// What a player turned off is dropped. The class decides what may be dropped when the player
    /// is too slow; see [`SendQueue`](crate::SendQueue).
    ///
    /// # Errors
    /// [`CommandError`] if the stream is not played, or the payload is too long for a message.
    pub fn send_media(
        &mut self,
        stream: MessageStreamId,
        packet: &MediaPacket,
        class: Class,
        now: Instant,
    ) -> Result<(), CommandError> {
        if !self.player_wants(stream, packet.kind)? {
            return Ok(());
        }
        Ok(self.link.queue(packet.to_message(stream), class, now)?)
    }

    /// Sends a message that other players get too, with a time of this player's own.
    ///
    /// The message has to be prepared for [`media_chunk_stream`](crate::media_chunk_stream) of its
    /// kind; its chunks are shared if it was prepared for [`Self::chunk_size`].
    ///
    /// # Errors
    /// [`CommandError`] if the stream is not played.
    pub fn send_prepared(
        &mut self,
        stream: MessageStreamId,
        message: &PreparedMessage,
        class: Class,
        timestamp: Timestamp,
        now: Instant,
    ) -> Result<(), CommandError> {
        let kind = match message.message().message_type {
            MessageType::AUDIO => MediaKind::Audio,
            MessageType::VIDEO => MediaKind::Video,
            _ => MediaKind::Data,
        };
        if self.player_wants(stream, kind)? {
            self.link
                .queue_prepared(message, class, stream, timestamp, now);
        }
        Ok(())
    }

    /// The chunk size that messages for this client should be prepared for.
    pub const fn chunk_size(&self) -> ChunkSize {
        self.config.chunk_size
    }

    /// Sends data to a player, such as metadata.
    ///
    /// # Errors
    /// [`CommandError`] if the stream is not played, or the values are too long for a message.
    pub fn send_data(
        &mut self,
        stream: MessageStreamId,
        data: &Data,
        timestamp: Timestamp,
        now: Instant,
    ) -> Result<(), CommandError> {
        let packet = MediaPacket::new(MediaKind::Data, timestamp, data.payload().clone());
        self.send_media(stream, &packet, Class::Essential, now)
    }

    /// Sends `onStatus` on a stream, or on the connection.
    ///
    /// # Errors
    /// [`CommandError`] if there is no such stream, or the status is not AMF0.
    pub fn send_status(
        &mut self,
        stream: MessageStreamId,
        status: &Status,
        now: Instant,
    ) -> Result<(), CommandError> {
        self.check_connected()?;
        if stream != MessageStreamId::CONNECTION && self.streams.get(stream).is_none() {
            return Err(CommandError::UnknownStream { stream });
        }
        let message = on_stream(&status_command(status)?, stream);
        Ok(self.link.queue(message, Class::Essential, now)?)
    }

    /// Tells a player that the live stream it plays has no publisher any more: `UnpublishNotify`
    /// and `StreamEOF`. The player may stay and wait.
    ///
    /// # Errors
    /// [`CommandError`] if the stream is not played.
    pub fn notify_unpublished(
        &mut self,
        stream: MessageStreamId,
        now: Instant,
    ) -> Result<(), CommandError> {
        let status = self.named_status(stream, StatusCode::PLAY_UNPUBLISH_NOTIFY)?;
        self.send_status(stream, &status, now)?;
        self.send_user_control(&UserControl::StreamEof(stream), now)
    }

    /// Tells a player that the live stream it waits for has a publisher: `StreamBegin` and
    /// `PublishNotify`.
    ///
    /// # Errors
    /// [`CommandError`] if the stream is not played.
    pub fn notify_published(
        &mut self,
        stream: MessageStreamId,
        now: Instant,
    ) -> Result<(), CommandError> {
        let status = self.named_status(stream, StatusCode::PLAY_PUBLISH_NOTIFY)?;
        self.send_user_control(&UserControl::StreamBegin(stream), now)?;
        self.send_status(stream, &status, now)
    }

    /// Tells a player that a recording was played to its end: `onPlayStatus` with `Play.Complete`,
    /// `StreamEOF`, `Play.Stop`.
    ///
    /// # Errors
    /// [`CommandError`] if the stream is not played.
    pub fn finish_play(
        &mut self,
        stream: MessageStreamId,
        duration: Duration,
        timestamp: Timestamp,
        now: Instant,
    ) -> Result<(), CommandError> {
        let stop = self.named_status(stream, StatusCode::PLAY_STOP)?;
        self.play_status(stream, StatusCode::PLAY_COMPLETE, duration, timestamp, now)?;
        self.send_user_control(&UserControl::StreamEof(stream), now)?;
        self.send_status(stream, &stop, now)
    }

    /// Tells a player that from here on it gets the stream it switched to with `play2`.
    ///
    /// # Errors
    /// [`CommandError`] if the stream is not played.
    pub fn complete_transition(
        &mut self,
        stream: MessageStreamId,
        timestamp: Timestamp,
        now: Instant,
    ) -> Result<(), CommandError> {
        let code = StatusCode::PLAY_TRANSITION_COMPLETE;
        self.play_status(stream, code, Duration::ZERO, timestamp, now)
    }

    /// Sends a user control event, such as `StreamDry`.
    ///
    /// # Errors
    /// [`CommandError`] if the session is not connected.
    pub fn send_user_control(
        &mut self,
        event: &UserControl,
        now: Instant,
    ) -> Result<(), CommandError> {
        self.check_connected()?;
        Ok(self.link.queue(event.to_message(), Class::Essential, now)?)
    }

    /// Calls a method of the client; the answer is an event.
    ///
    /// The values stand behind the transaction id, of which the first should be null.
    ///
    /// # Errors
    /// [`CommandError`] if too many calls wait for their answer.
    ///
    /// RTMP 1.0, section 7.2.1.2.
    pub fn call(
        &mut self,
        name: Name,
        values: Values,
        now: Instant,
    ) -> Result<CallId, CommandError> {
        self.check_connected()?;
        let call = self.calls.push(())?;
        let command = Command::new(name, call.transaction(), values);
        self.send_command(command, now)?;
        Ok(call)
    }

    /// Calls a method of the client without wanting an answer.
    ///
    /// # Errors
    /// [`CommandError`] if the session is not connected, or the values are too long.
    pub fn notify(&mut self, name: Name, values: Values, now: Instant) -> Result<(), CommandError> {
        self.check_connected()?;
        self.send_command(Command::new(name, TransactionId::NONE, values), now)
    }

    /// Sends what an [`Owner`](crate::shared_object::Owner) has to say to this client.
    ///
    /// # Errors
    /// [`CommandError`] if the session is not connected, or the message is too long.
    pub fn send_shared_object(
        &mut self,
        message: &SharedObjectMessage,
        now: Instant,
    ) -> Result<(), CommandError> {
        self.check_connected()?;
        Ok(self
            .link
            .queue(message.to_message(), Class::Essential, now)?)
    }

    /// Asks the client to connect again, perhaps elsewhere, and goes on serving it.
    ///
    /// Clients that do not know this ignore it; [`Self::peer_capabilities`] tells.
    ///
    /// # Errors
    /// [`CommandError`] if the session is not connected, or a text is too long.
    ///
    /// E-RTMP v2, "Reconnect Request".
    pub fn request_reconnect(
        &mut self,
        tc_url: Option<&str>,
        description: &str,
        now: Instant,
    ) -> Result<(), CommandError> {
        let code = StatusCode::CONNECT_RECONNECT_REQUEST;
        let mut status = Status::new(code).with_description(description);
        if let Some(tc_url) = tc_url {
            status = status.with("tcUrl", tc_url);
        }
        self.check_connected()?;
        let message = on_connection(&status_command(&status)?);
        Ok(self.link.queue(message, Class::Essential, now)?)
    }

    /// Ends the session with a status on the connection, such as
    /// [`StatusCode::CONNECT_APP_SHUTDOWN`]. Nothing more is read; write what is in `output`, then
    /// close the connection.
    ///
    /// # Errors
    /// [`CommandError`] if the session is over already, or the status is not AMF0.
    pub fn close(&mut self, status: &Status, now: Instant) -> Result<(), CommandError> {
        let command = status_command(status)?;
        if self.state == ConnectionState::Ended {
            return Err(CommandError::Ended);
        }
        if self.state == ConnectionState::Connected {
            self.send_command(command, now)?;
            self.send_command(bare(Name::CLOSE), now)?;
        }
        self.blocked = None;
        self.events.clear();
        self.step(ConnectionStep::End);
        Ok(())
    }

    /// `onPlayStatus`, a data message in line with the media.
    fn play_status(
        &mut self,
        stream: MessageStreamId,
        code: StatusCode,
        duration: Duration,
        timestamp: Timestamp,
        now: Instant,
    ) -> Result<(), CommandError> {
        let status = self
            .named_status(stream, code)?
            .with("duration", duration.as_secs_f64());
        let values = Values::of(&[status.info().into()])?;
        let data = Data::new(DataAction::Send, Name::ON_PLAY_STATUS, values);
        let message = data.to_message(status_chunk_stream(), stream, timestamp);
        Ok(self.link.queue(message, Class::Essential, now)?)
    }

    /// A status with the name of what is played in `details`.
    fn named_status(
        &self,
        stream: MessageStreamId,
        code: StatusCode,
    ) -> Result<Status, CommandError> {
        match self.streams.get(stream) {
            Some(found) if found.state == StreamState::Playing => {
                Ok(Status::new(code).with("details", found.name.as_str()))
            }
            Some(_) => Err(CommandError::StreamState { stream }),
            None => Err(CommandError::UnknownStream { stream }),
        }
    }

    fn send_command(&mut self, command: Command, now: Instant) -> Result<(), CommandError> {
        let command = Command {
            amf3: self.amf3,
            ..command
        };
        Ok(self
            .link
            .queue(on_connection(&command), Class::Essential, now)?)
    }

    fn player_wants(&self, stream: MessageStreamId, kind: MediaKind) -> Result<bool, CommandError> {
        let found = self
            .streams
            .get(stream)
            .ok_or(CommandError::UnknownStream { stream })?;
        if found.state != StreamState::Playing {
            return Err(CommandError::StreamState { stream });
        }
        Ok(match kind {
            MediaKind::Audio => found.wants_audio,
            MediaKind::Video => found.wants_video,
            MediaKind::Data => true,
        })
    }

    fn check_connected(&self) -> Result<(), CommandError> {
        match self.state {
            ConnectionState::Connected => Ok(()),
            ConnectionState::Ended => Err(CommandError::Ended),
            _ => Err(CommandError::NotConnected),
        }
    }
}
