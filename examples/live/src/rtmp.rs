//! One RTMP connection: bytes between the socket and the session, media between the session and
//! the streams.

use std::{net::SocketAddr, pin::pin, sync::Arc, time::Instant};

use bytes::{Buf, Bytes, BytesMut};
use futures_util::future::{self, FutureExt};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::sleep_until,
};
use tracing::{debug, info, warn};
use weir_auth::Action;
use weir_flv::{Tag, live::JoinPolicy};
use weir_rtmp::{
    CommandError, ConnectReply, ConnectRequest, Error, Name, PlayRequest, PublishKind, RequestId,
    ServerEvent, ServerSession, Status, StatusCode, StreamName,
    chunk::MessageStreamId,
    message::{Command, DataAction, SharedObjectEvent, SharedObjectMessage},
};

use crate::{
    auth::{Login, Rejection},
    ending::{Failure, drain, report},
    hub::{NameTaken, Publication, StreamKey},
    player::Player,
    record::Recording,
    server::Server,
    shared_objects::Membership,
    stream::Update,
};

/// Serves one client, behind TLS or not, until either side ends the connection.
pub(crate) async fn serve(
    server: Arc<Server>,
    reader: impl AsyncRead + Unpin,
    writer: impl AsyncWrite + Unpin,
    peer: SocketAddr,
    tls: bool,
) {
    let _open = server.metrics.open.enter();
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).expect("the system has random numbers");
    let mut connection = Connection {
        session: ServerSession::new(server.config.session(), seed, Instant::now()),
        app: String::new(),
        login: Login::default(),
        published: Vec::new(),
        players: Vec::new(),
        shared: Membership::new(&server.shared_objects),
        peer,
        tls,
        server: Arc::clone(&server),
    };
    let ended = connection.run(reader, writer).await;
    report(ended, peer, &server.metrics);
    connection.end();
}

struct Connection {
    session: ServerSession,
    /// The application of `connect`, without query.
    app: String,
    login: Login,
    published: Vec<(MessageStreamId, StreamKey, Publication)>,
    players: Vec<Player>,
    shared: Membership,
    peer: SocketAddr,
    tls: bool,
    server: Arc<Server>,
}

impl Connection {
    async fn run(
        &mut self,
        mut reader: impl AsyncRead + Unpin,
        mut writer: impl AsyncWrite + Unpin,
    ) -> Result<(), Failure<Error>> {
        let server = Arc::clone(&self.server);
        let mut stopping = pin!(server.shutdown.cancelled().fuse());
        let mut timer = pin!(sleep_until(tokio::time::Instant::now()));
        let mut buffer = BytesMut::new();
        loop {
            loop {
                match self.session.poll_event() {
                    Ok(Some(ServerEvent::Closed)) => {
                        return Ok(drain(self.session.output(), writer).await?);
                    }
                    Ok(Some(event)) => self.handle(event).await,
                    Ok(None) => break,
                    Err(error) => {
                        // What the client should be told is in the output already.
                        let _ = drain(self.session.output(), writer).await;
                        return Err(Failure::Peer(error));
                    }
                }
            }
            if let Some(deadline) = self.session.poll_timeout().map(Into::into) {
                if deadline != timer.deadline() {
                    timer.as_mut().reset(deadline);
                }
            }
            let wants_input = self.session.wants_input();
            let timed = self.session.poll_timeout().is_some();
            let output = self.session.output();
            let has_room = output.backlog(Instant::now()).bytes < SHARED_BACKLOG;
            buffer.reserve(READ_LEN);
            tokio::select! {
                biased;
                () = &mut stopping => {
                    let status = Status::new(StatusCode::CONNECT_APP_SHUTDOWN);
                    // An error means that there is nobody to tell.
                    let _ = self.session.close(&status, Instant::now());
                }
                written = writer.write_buf(output), if output.has_remaining() => {
                    self.server.metrics.bytes_out.add(written?);
                }
                (index, update) = next_update(&mut self.players) => self.forward(index, update),
                () = self.shared.ready(), if has_room => self.share(),
                read = reader.read_buf(&mut buffer), if wants_input => {
                    match read? {
                        0 => self.session.handle_eof(Instant::now()),
                        read => {
                            self.server.metrics.bytes_in.add(read);
                            self.session.handle_input(buffer.split().freeze(), Instant::now());
                        }
                    }
                }
                () = &mut timer, if timed => self.session.handle_timeout(Instant::now()),
            }
        }
    }

    async fn handle(&mut self, event: ServerEvent) {
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
            ServerEvent::StreamLengthRequested { id, .. } => {
                self.session.accept_stream_length(id, None, Instant::now())
            }
            ServerEvent::SeekRequested { id, .. } => self.refuse(id, StatusCode::SEEK_FAILED),
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
        // librtmp asks for the start of a recording unless it is told that a stream is live, so
        // what is asked for is not looked at.
        let key = StreamKey::new(&self.app, request.name.path());
        if !self.allows(Action::Play, request.name.path()) {
            info!(peer = %self.peer, stream = %key, "not allowed to play");
            return self.refuse(id, StatusCode::PLAY_FAILED);
        }
        let subscription = self.server.hub.watch(&key, JoinPolicy::LastKey).await;
        self.session.accept_play(id, Instant::now())?;
        self.server.metrics.plays.add(1);
        info!(peer = %self.peer, stream = %key, "played");
        let mut player = Player::new(stream, subscription, self.server.metrics.players.enter());
        player.begin(&mut self.session);
        // A second play on a message stream takes the place of the first.
        self.players.retain(|player| player.stream != stream);
        self.players.push(player);
        Ok(())
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
        if self.session.output().backlog(now).bytes >= SHARED_BACKLOG {
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

    /// Tells the client what happened to its shared objects, as long as it reads.
    fn share(&mut self) {
        let now = Instant::now();
        while let Some(message) = self.shared.poll() {
            // An error means that the session is over.
            let _ = self.session.send_shared_object(&message, now);
            if self.session.output().backlog(now).bytes >= SHARED_BACKLOG {
                return self.shared.ring();
            }
        }
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

    fn forward(&mut self, index: usize, update: Update) {
        if let Some(player) = self.players.get_mut(index) {
            let dropped = player.forward(&mut self.session, update);
            if dropped > 0 {
                self.server.metrics.dropped.add(dropped);
                debug!(peer = %self.peer, dropped, "player is behind");
            }
        }
    }

    fn player(&mut self, stream: MessageStreamId) -> Option<&mut Player> {
        self.players
            .iter_mut()
            .find(|player| player.stream == stream)
    }

    fn unpublish(&mut self, ended: impl Fn(MessageStreamId) -> bool) {
        self.published.retain(|(stream, key, _)| {
            if ended(*stream) {
                info!(peer = %self.peer, stream = %key, "unpublished");
            }
            !ended(*stream)
        });
    }

    /// Gives back the names and leaves the streams.
    fn end(&mut self) {
        self.unpublish(|_| true);
        self.players.clear();
    }
}

/// Waits for the next thing that one of the players gets.
async fn next_update(players: &mut [Player]) -> (usize, Update) {
    match players {
        [] => future::pending().await,
        [player] => (0, player.next().await),
        players => {
            let (update, index, _) =
                future::select_all(players.iter_mut().map(|player| Box::pin(player.next()))).await;
            (index, update)
        }
    }
}

/// How much is read at a time, at least: players send little, publishers fill what there is.
const READ_LEN: usize = 4 << 10;
/// How much may wait for a client that uses shared objects; what comes then is merged.
const SHARED_BACKLOG: usize = 64 << 10;
