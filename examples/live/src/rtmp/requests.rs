//! What a client asks for and sends, and what it gets.

use std::time::{Duration, Instant};

use bytes::Bytes;
use tracing::{debug, info, warn};
use weir_auth::Action;
use weir_flv::{Tag, live::JoinPolicy};
use weir_rtmp::{
    CommandError, ConnectReply, ConnectRequest, Name, PlayReply, PlayRequest, PlayStart,
    PublishKind, RequestId, ServerEvent, Status, StatusCode, StreamName,
    chunk::MessageStreamId,
    message::{Command, DataAction, SharedObjectEvent, SharedObjectMessage},
};

use super::{
    Connection,
    player::{Player, ROOM, Source},
};
use crate::{
    auth::Rejection,
    hub::{NameTaken, StreamKey},
    playback::{self, Playback},
    record::Recording,
};

impl Connection {
    pub(super) async fn handle(&mut self, event: ServerEvent) {
        let peer = self.peer;
        let answered = match event {
            ServerEvent::ConnectRequested { id, request } => self.connect(id, &request),
            ServerEvent::PublishRequested {
                id,
                stream,
                name,
                kind,
            } => self.publish(id, stream, &name, kind).await,
            ServerEvent::PlayRequested {
                id,
                stream,
                request,
            } => self.play(id, stream, &request).await,
            ServerEvent::Media { stream, packet } => {
                self.send(stream, packet.into()).await;
                Ok(())
            }
            ServerEvent::Data {
                stream,
                timestamp,
                data,
            } => {
                let mut tag = Tag::from(data.packet(timestamp));
                if data.action() == DataAction::Clear {
                    tag.body = Bytes::new();
                    if *data.name() != Name::ON_META_DATA {
                        return;
                    }
                } else if tag.body.is_empty() {
                    return;
                }
                self.send(stream, tag).await;
                Ok(())
            }
            ServerEvent::PublishEnded { stream } => {
                self.unpublish(|published| published == stream);
                Ok(())
            }
            ServerEvent::PlayEnded { stream } => {
                self.players.retain(|player| player.stream != stream);
                Ok(())
            }
            ServerEvent::PauseRequested {
                id, stream, pause, ..
            } => {
                if let Some(player) = self.player(stream) {
                    player.pause(pause);
                }
                self.session.accept_pause(id, Instant::now())
            }
            ServerEvent::BufferLength { stream, length } => {
                self.buffer = length;
                if let Some(player) = self.player(stream) {
                    player.set_buffer(length);
                }
                Ok(())
            }
            ServerEvent::StreamLengthRequested { id, name } => {
                let length = self.length(&name).await;
                self.session
                    .accept_stream_length(id, length, Instant::now())
            }
            ServerEvent::SeekRequested {
                id,
                stream,
                position,
            } => self.seek(id, stream, position).await,
            ServerEvent::Play2Requested { id, .. } => self.refuse(id, StatusCode::PLAY_FAILED),
            ServerEvent::CallRequested {
                id: Some(id),
                command,
                ..
            } => self.call(id, &command),
            ServerEvent::SharedObject(message) => self.shared_object(&message),
            ServerEvent::Warning(warning) => {
                info!(%peer, "accepted: {warning}");
                Ok(())
            }
            other => {
                debug!(%peer, "ignored: {other:?}");
                Ok(())
            }
        };
        if let Err(error) = answered {
            // The client gave up what it asked for before it was answered.
            debug!(%peer, "not answered: {error}");
        }
    }

    fn connect(&mut self, id: RequestId, request: &ConnectRequest) -> Result<(), CommandError> {
        let peer = self.peer;
        match self.server.auth.connect(request, peer, self.tls) {
            Ok(login) => {
                self.app = request.app_name().to_owned();
                let mut reply = ConnectReply::new();
                if let Some(proof) = &login.proof {
                    reply.info = reply.info.with("authproof", proof.as_str());
                }
                self.login = login;
                self.session.accept_connect_with(id, reply, Instant::now())
            }
            Err(Rejection { description, cause }) => {
                match cause {
                    Some(cause) => warn!(%peer, "login refused: {cause}"),
                    None => debug!(%peer, "login begins"),
                }
                let status =
                    Status::new(StatusCode::CONNECT_REJECTED).with_description(&description);
                self.session.reject(id, &status, Instant::now())
            }
        }
    }

    fn allows(&self, action: Action, stream: &str) -> bool {
        self.server
            .auth
            .allows(&self.login, action, &self.app, stream)
    }

    async fn publish(
        &mut self,
        id: RequestId,
        stream: MessageStreamId,
        name: &StreamName,
        kind: PublishKind,
    ) -> Result<(), CommandError> {
        let key = StreamKey::new(&self.app, name.path());
        if !self.allows(Action::Publish, name.path()) {
            info!(peer = %self.peer, stream = %key, "not allowed to publish");
            return self.refuse(id, StatusCode::PUBLISH_UNAUTHORIZED);
        }
        let recording = match kind {
            PublishKind::Record => Recording::Replace,
            PublishKind::Append | PublishKind::AppendWithGap => Recording::Append,
            _ => Recording::No,
        };
        match self.server.hub.publish(&key, recording).await {
            Ok(publication) => {
                self.session.accept_publish(id, Instant::now())?;
                self.server.metrics.publishes.add(1);
                info!(peer = %self.peer, stream = %key, "published");
                self.published.push((stream, key, publication));
                Ok(())
            }
            Err(NameTaken) => {
                self.server.metrics.names_taken.add(1);
                let code = StatusCode::PUBLISH_BAD_NAME;
                info!(peer = %self.peer, stream = %key, "refused: {code}");
                self.refuse(id, code)
            }
        }
    }

    async fn play(
        &mut self,
        id: RequestId,
        stream: MessageStreamId,
        request: &PlayRequest,
    ) -> Result<(), CommandError> {
        let key = StreamKey::new(&self.app, request.name.path());
        if !self.allows(Action::Play, request.name.path()) {
            info!(peer = %self.peer, stream = %key, "not allowed to play");
            return self.refuse(id, StatusCode::PLAY_FAILED);
        }
        let source = match self.recording(&key, request).await {
            Some(playback) => {
                let reply = PlayReply::recorded();
                self.session.accept_play_with(id, &reply, Instant::now())?;
                info!(peer = %self.peer, stream = %key, "played from its recording");
                Source::Recorded(Box::new(playback))
            }
            None => {
                let subscription = self.server.hub.watch(&key, JoinPolicy::LastKey).await;
                self.session.accept_play(id, Instant::now())?;
                info!(peer = %self.peer, stream = %key, "played");
                Source::Live {
                    subscription: Box::new(subscription),
                    paused: false,
                }
            }
        };
        self.server.metrics.plays.add(1);
        let mut player = Player::new(stream, source, self.server.metrics.players.enter());
        player.begin(&mut self.session);
        // A second play on a message stream takes the place of the first.
        self.players.retain(|player| player.stream != stream);
        self.players.push(player);
        Ok(())
    }

    /// The recording of a stream that nobody publishes, unless the client wants it live.
    async fn recording(&self, key: &StreamKey, request: &PlayRequest) -> Option<Playback> {
        let hub = &self.server.hub;
        // librtmp asks for the start of a recording unless it is told that a stream is live, so
        // that a stream is live counts more than what is asked for.
        let start = match request.start {
            PlayStart::Live => return None,
            _ if hub.is_live(key).await => return None,
            PlayStart::LiveOrRecorded => Duration::ZERO,
            PlayStart::Recorded(start) => start,
        };
        let path = hub.recordings().path(key);
        Playback::open(path, start, request.duration, self.buffer).await
    }

    /// How long the recording of a stream is.
    async fn length(&self, name: &StreamName) -> Option<Duration> {
        if !self.allows(Action::Play, name.path()) {
            return None;
        }
        let key = StreamKey::new(&self.app, name.path());
        playback::length(self.server.hub.recordings().path(&key)).await
    }

    async fn seek(
        &mut self,
        id: RequestId,
        stream: MessageStreamId,
        position: Duration,
    ) -> Result<(), CommandError> {
        let seeked = match self.player(stream) {
            Some(player) => player.seek(position).await,
            None => false,
        };
        match seeked {
            true => self.session.accept_seek(id, Instant::now()),
            false => self.refuse(id, StatusCode::SEEK_FAILED),
        }
    }

    fn call(&mut self, id: RequestId, command: &Command) -> Result<(), CommandError> {
        match command.name.as_str() {
            name if !self.allows(Action::Call, name) => self.refuse(id, StatusCode::CALL_FAILED),
            "echo" => self
                .session
                .accept_call(id, command.args.clone(), Instant::now()),
            _ => self.refuse(id, StatusCode::CALL_FAILED),
        }
    }

    fn shared_object(&mut self, message: &SharedObjectMessage) -> Result<(), CommandError> {
        let handled = if self.allows(Action::SharedObject, &message.name) {
            self.shared.handle(&self.app, message)
        } else {
            Err(StatusCode::SHARED_OBJECT_NO_READ_ACCESS)
        };
        let Err(code) = handled else {
            return Ok(());
        };
        info!(peer = %self.peer, object = %message.name.escape_debug(), "refused: {code}");
        let now = Instant::now();
        if self.session.output().backlog(now).bytes >= ROOM {
            return Ok(());
        }
        let mut refusal = SharedObjectMessage::new(&*message.name, message.persistence());
        refusal.amf3 = message.amf3;
        refusal.events.push(SharedObjectEvent::Status {
            code: code.as_str().into(),
            level: code.level().as_str().into(),
        });
        self.session.send_shared_object(&refusal, now)
    }

    fn refuse(&mut self, id: RequestId, code: StatusCode) -> Result<(), CommandError> {
        self.session.reject(id, &Status::new(code), Instant::now())
    }

    async fn send(&mut self, stream: MessageStreamId, tag: Tag) {
        let Some((_, key, publication)) = self.published.iter().find(|(id, ..)| *id == stream)
        else {
            return;
        };
        if let Err(NameTaken) = publication.send(tag).await {
            info!(peer = %self.peer, stream = %key, "silent for too long, another one publishes");
            let status = Status::new(StatusCode::CONNECT_CLOSED);
            // An error means that the session is over already.
            let _ = self.session.close(&status, Instant::now());
        }
    }
}
