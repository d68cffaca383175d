//! The application's answers to what the client asked for.

use core::time::Duration;
use std::time::Instant;

use weir_amf::{Document, Format, NewValue};

use super::ServerSession;
use crate::{
    Capabilities, CommandError, ConnectReply, Name, PlayReply, RequestId, Status, StatusCode,
    chunk::{Message, MessageStreamId, Timestamp},
    message::{BandwidthLimit, Command, Control, Data, DataAction, UserControl, Values},
    session::{
        calls::{Request, RequestKind},
        compose::{bare, code_as, on_connection, on_stream, status_command},
        state::{ConnectionStep, StreamStep},
        status_chunk_stream,
    },
};

impl ServerSession {
    /// Accepts the connection.
    ///
    /// # Errors
    /// [`CommandError`] if the request is not a `connect` that waits.
    pub fn accept_connect(&mut self, id: RequestId, now: Instant) -> Result<(), CommandError> {
        let args = ConnectReply::write_new(self.capabilities_to_tell(), self.encoding())?;
        self.connect_accepted(id, args, now)
    }

    /// Accepts the connection with an answer of the application's own.
    ///
    /// Sends window, bandwidth, chunk size and `_result`, in this order. `objectEncoding` and what
    /// this side can do of E-RTMP (if the client said something about it) are added unless they
    /// are there.
    ///
    /// # Errors
    /// [`CommandError`] if the request is not a `connect` that waits, or the answer is not AMF0.
    ///
    /// RTMP 1.0, section 7.2.1.1.
    pub fn accept_connect_with(
        &mut self,
        id: RequestId,
        reply: ConnectReply,
        now: Instant,
    ) -> Result<(), CommandError> {
        let args = reply.write(self.capabilities_to_tell(), self.encoding())?;
        self.connect_accepted(id, args, now)
    }

    fn connect_accepted(
        &mut self,
        id: RequestId,
        args: Values,
        now: Instant,
    ) -> Result<(), CommandError> {
        let request = self.take(id, |kind| *kind == RequestKind::Connect, now)?;
        self.unblock(id);
        self.step(ConnectionStep::Accept);
        let window = self.config.peer_bandwidth;
        self.link
            .reply(Control::WindowAckSize(self.config.window_ack_size).to_message());
        self.link.reply(
            Control::SetPeerBandwidth {
                window,
                limit: BandwidthLimit::Dynamic,
            }
            .to_message(),
        );
        self.link
            .reply(Control::SetChunkSize(self.config.chunk_size.get()).to_message());
        let command = Command::new(Name::RESULT, request.transaction, args);
        self.link.reply(on_connection(&command));
        if self.config.bandwidth_done {
            self.link
                .reply(on_connection(&bare(Name::ON_BANDWIDTH_DONE)));
        }
        Ok(())
    }

    /// What this side can do of E-RTMP, if the client said something about it.
    fn capabilities_to_tell(&self) -> Option<&Capabilities> {
        let told = self.capabilities.is_enhanced();
        told.then_some(&self.config.capabilities)
    }

    const fn encoding(&self) -> Format {
        match self.amf3 {
            true => Format::Amf3,
            false => Format::Amf0,
        }
    }

    /// Lets the client publish.
    ///
    /// # Errors
    /// [`CommandError`] if the request is not a `publish` that waits.
    pub fn accept_publish(&mut self, id: RequestId, now: Instant) -> Result<(), CommandError> {
        let started = code_as(Name::ON_STATUS, &StatusCode::PUBLISH_START, None)?;
        self.publish_accepted(id, &started, now)
    }

    /// Lets the client publish, with a status of the application's own.
    ///
    /// # Errors
    /// [`CommandError`] if the request is not a `publish` that waits, or the status is not AMF0.
    ///
    /// RTMP 1.0, section 7.2.2.6.
    pub fn accept_publish_with(
        &mut self,
        id: RequestId,
        status: &Status,
        now: Instant,
    ) -> Result<(), CommandError> {
        self.publish_accepted(id, &status_command(status)?, now)
    }

    fn publish_accepted(
        &mut self,
        id: RequestId,
        started: &Command,
        now: Instant,
    ) -> Result<(), CommandError> {
        let is_publish = |kind: &RequestKind| matches!(kind, RequestKind::Publish { .. });
        let request = self.take(id, is_publish, now)?;
        let RequestKind::Publish { name } = request.kind else {
            return Ok(());
        };
        if self.announced {
            let code = StatusCode::PUBLISH_START;
            self.notify_code(Name::ON_FC_PUBLISH, &code, name.as_str());
        }
        self.accept_stream(request.stream, name);
        self.link
            .reply(UserControl::StreamBegin(request.stream).to_message());
        self.link.reply(on_stream(started, request.stream));
        Ok(())
    }

    /// Lets the client play a live stream. Send sequence headers and a key frame next.
    ///
    /// # Errors
    /// [`CommandError`] if the request is not a `play` that waits.
    pub fn accept_play(&mut self, id: RequestId, now: Instant) -> Result<(), CommandError> {
        self.accept_play_with(id, &PlayReply::live(), now)
    }

    /// Lets the client play, with an answer of the application's own.
    ///
    /// # Errors
    /// [`CommandError`] if the request is not a `play` that waits, or a status is not AMF0.
    ///
    /// RTMP 1.0, section 7.2.2.1.
    pub fn accept_play_with(
        &mut self,
        id: RequestId,
        reply: &PlayReply,
        now: Instant,
    ) -> Result<(), CommandError> {
        let reset = status_command(&reply.reset)?;
        let data_start = reply.data_start.as_ref().map(status_command).transpose()?;
        let is_play = |kind: &RequestKind| matches!(kind, RequestKind::Play { .. });
        let (start, request) = self.prepare(id, &reply.start, is_play, now)?;
        let RequestKind::Play {
            name,
            reset: wants_reset,
        } = request.kind
        else {
            return Ok(());
        };
        let stream = request.stream;
        self.accept_stream(stream, name);
        if reply.recorded {
            self.link
                .reply(UserControl::StreamIsRecorded(stream).to_message());
        }
        self.link
            .reply(UserControl::StreamBegin(stream).to_message());
        if wants_reset {
            self.link.reply(on_stream(&reset, stream));
        }
        self.link.reply(on_stream(&start, stream));
        if let Some((audio, video)) = reply.sample_access {
            self.link.reply(sample_access(audio, video, stream)?);
        }
        if let Some(data_start) = data_start {
            self.link.reply(on_stream(&data_start, stream));
        }
        Ok(())
    }

    /// Switches a player to the stream it asked for. Send that stream from here on, and call
    /// [`complete_transition`](Self::complete_transition) with its first key frame.
    ///
    /// # Errors
    /// [`CommandError`] if the request is not a `play2` that waits.
    ///
    /// RTMP 1.0, section 7.2.2.2.
    pub fn accept_play2(&mut self, id: RequestId, now: Instant) -> Result<(), CommandError> {
        let status = Status::new(StatusCode::PLAY_TRANSITION);
        let is_play2 = |kind: &RequestKind| matches!(kind, RequestKind::Play2 { .. });
        let (command, request) = self.prepare(id, &status, is_play2, now)?;
        let RequestKind::Play2 { name } = request.kind else {
            return Ok(());
        };
        if let Some(stream) = self.streams.get_mut(request.stream) {
            stream.name = name;
        }
        self.link.reply(on_stream(&command, request.stream));
        Ok(())
    }

    /// Lets a player go on at the time it asked for. Send the media from there.
    ///
    /// # Errors
    /// [`CommandError`] if the request is not a `seek` that waits.
    ///
    /// RTMP 1.0, section 7.2.2.7.
    pub fn accept_seek(&mut self, id: RequestId, now: Instant) -> Result<(), CommandError> {
        let is_seek = |kind: &RequestKind| matches!(kind, RequestKind::Seek { .. });
        let request = self.take(id, is_seek, now)?;
        let RequestKind::Seek { millis } = request.kind else {
            return Ok(());
        };
        let stream = request.stream;
        let text = std::format!("Seeking {millis} (stream ID: {stream}).");
        let seek = Status::new(StatusCode::SEEK_NOTIFY).with_description(&text);
        self.link.reply(UserControl::StreamEof(stream).to_message());
        self.link
            .reply(UserControl::StreamBegin(stream).to_message());
        self.reply_status(stream, &seek);
        self.reply_status(stream, &Status::new(StatusCode::PLAY_START));
        Ok(())
    }

    /// Lets a player pause or go on, as it asked for.
    ///
    /// # Errors
    /// [`CommandError`] if the request is not a `pause` that waits.
    ///
    /// RTMP 1.0, section 7.2.2.8.
    pub fn accept_pause(&mut self, id: RequestId, now: Instant) -> Result<(), CommandError> {
        let is_pause = |kind: &RequestKind| matches!(kind, RequestKind::Pause { .. });
        let request = self.take(id, is_pause, now)?;
        let RequestKind::Pause { pause } = request.kind else {
            return Ok(());
        };
        let stream = request.stream;
        if pause {
            self.link.reply(UserControl::StreamEof(stream).to_message());
            self.reply_status(stream, &Status::new(StatusCode::PAUSE_NOTIFY));
        } else {
            self.link
                .reply(UserControl::StreamBegin(stream).to_message());
            self.reply_status(stream, &Status::new(StatusCode::UNPAUSE_NOTIFY));
        }
        Ok(())
    }

    /// Tells how long a recording is; `None` for a live stream, which is told as 0.
    ///
    /// # Errors
    /// [`CommandError`] if the request is not a `getStreamLength` that waits.
    pub fn accept_stream_length(
        &mut self,
        id: RequestId,
        length: Option<Duration>,
        now: Instant,
    ) -> Result<(), CommandError> {
        let request = self.take(id, |kind| *kind == RequestKind::StreamLength, now)?;
        let values = [
            NewValue::Null,
            NewValue::Number(length.unwrap_or_default().as_secs_f64()),
        ];
        self.reply_command(Name::RESULT, request.transaction, values, request.amf3);
        Ok(())
    }

    /// Answers a call: `_result` with these values, of which the first is mostly null.
    ///
    /// # Errors
    /// [`CommandError`] if the request is not a call that waits.
    ///
    /// RTMP 1.0, section 7.2.1.2.
    pub fn accept_call(
        &mut self,
        id: RequestId,
        values: Values,
        now: Instant,
    ) -> Result<(), CommandError> {
        let request = self.take(id, |kind| *kind == RequestKind::Call, now)?;
        let command = Command::new(Name::RESULT, request.transaction, values);
        self.link.reply(on_connection(&Command {
            amf3: request.amf3,
            ..command
        }));
        Ok(())
    }

    /// Refuses what a client asked for, whatever it was.
    ///
    /// A `connect` ends the session: write what is in `output`, then close the connection. Clients
    /// show the description of the status, and those that authenticate read it.
    ///
    /// ```no_run
    /// # use std::time::Instant;
    /// # use weir_rtmp::{CommandError, RequestId, ServerSession, Status, StatusCode};
    /// # fn refuse(session: &mut ServerSession, id: RequestId) -> Result<(), CommandError> {
    /// let text = "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ";
    /// let status = Status::new(StatusCode::CONNECT_REJECTED).with_description(text);
    /// session.reject(id, &status, Instant::now())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`CommandError`] if no such request waits, or the status is not AMF0.
    pub fn reject(
        &mut self,
        id: RequestId,
        status: &Status,
        now: Instant,
    ) -> Result<(), CommandError> {
        let (command, request) = self.prepare(id, status, |_| true, now)?;
        let answered_by_status = !matches!(
            request.kind,
            RequestKind::Connect | RequestKind::StreamLength | RequestKind::Call
        );
        if answered_by_status {
            if matches!(
                request.kind,
                RequestKind::Publish { .. } | RequestKind::Play { .. }
            ) {
                if let Some(stream) = self.streams.get_mut(request.stream) {
                    stream.step(StreamStep::End);
                }
                self.unblock(id);
            }
            self.link.reply(on_stream(&command, request.stream));
            return Ok(());
        }
        let refusal = Command::new(Name::ERROR, request.transaction, command.args);
        self.link.reply(on_connection(&Command {
            amf3: request.amf3,
            ..refusal
        }));
        if request.kind == RequestKind::Connect {
            self.unblock(id);
            self.link.reply(on_connection(&bare(Name::CLOSE)));
            self.step(ConnectionStep::End);
        }
        Ok(())
    }

    /// Sends a client somewhere else: refuses its `connect` with `ex.redirect`.
    ///
    /// # Errors
    /// [`CommandError`] if the request is not a `connect` that waits, or the address is too long.
    pub fn redirect(
        &mut self,
        id: RequestId,
        tc_url: &str,
        now: Instant,
    ) -> Result<(), CommandError> {
        let ex = Document::object()
            .with("code", 302)
            .with("redirect", tc_url);
        let text = "Connection redirected.";
        let status = Status::new(StatusCode::CONNECT_REJECTED)
            .with_description(text)
            .with("ex", ex);
        self.reject(id, &status, now)
    }

    /// Takes a request out, with the `onStatus` that answers it written before anything changes.
    fn prepare(
        &mut self,
        id: RequestId,
        status: &Status,
        fits: impl Fn(&RequestKind) -> bool,
        now: Instant,
    ) -> Result<(Command, Request), CommandError> {
        let command = status_command(status)?;
        let request = self.take(id, fits, now)?;
        Ok((command, request))
    }

    /// Takes a request out if the answer fits it.
    fn take(
        &mut self,
        id: RequestId,
        fits: impl Fn(&RequestKind) -> bool,
        now: Instant,
    ) -> Result<Request, CommandError> {
        self.link.advance(now);
        self.requests.take(id, fits)
    }

    fn accept_stream(&mut self, stream: MessageStreamId, name: crate::StreamName) {
        if let Some(found) = self.streams.get_mut(stream) {
            found.step(StreamStep::Accept);
            found.name = name;
        }
        self.blocked = None;
        self.link.resume();
    }

    fn unblock(&mut self, id: RequestId) {
        if self.blocked == Some(id) {
            self.blocked = None;
            self.link.resume();
        }
    }
}

/// `|RtmpSampleAccess`, a data message.
fn sample_access(
    audio: bool,
    video: bool,
    stream: MessageStreamId,
) -> Result<Message, CommandError> {
    let values = Values::of(&[audio.into(), video.into()])?;
    let data = Data::new(DataAction::Send, Name::RTMP_SAMPLE_ACCESS, values);
    Ok(data.to_message(status_chunk_stream(), stream, Timestamp::ZERO))
}
