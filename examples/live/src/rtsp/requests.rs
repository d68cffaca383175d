//! What a client asks for, and what it gets.

use std::time::Duration;

use percent_encoding::percent_decode_str;
use tokio::time::timeout;
use tracing::{debug, info};
use weir_auth::Action;
use weir_flv::{Tag, live::JoinPolicy};
use weir_rtsp::{
    CommandError, Limits, RequestId, ServerEvent, SetupAnswer, Url,
    header::{AUTHORIZATION, Transport, WWW_AUTHENTICATE},
    message::{Request, StatusCode},
    sdp::Description,
};

use super::{
    Connection, Role,
    player::{Player, Presentation, track_of},
    ports::Ports,
    publisher::{Publisher, Refused},
};
use crate::{
    auth,
    hub::{NameTaken, StreamKey},
    record::Recording,
    stream::Update,
};

impl Connection {
    pub(super) async fn handle(&mut self, event: ServerEvent) {
        let peer = self.ends.peer;
        let answered = match event {
            ServerEvent::DescribeRequested { id, request } => self.describe(id, &request).await,
            ServerEvent::AnnounceRequested { id, request } => self.announce(id, &request),
            ServerEvent::SetupRequested {
                id,
                request,
                transport,
            } => self.set_up(id, &request, &transport).await,
            ServerEvent::PlayRequested { id, .. } => self.play(id).await,
            ServerEvent::RecordRequested { id, .. } => self.record(id).await,
            ServerEvent::PauseRequested { id, .. } => self.pause(id),
            ServerEvent::ParametersRequested { id, .. } => {
                self.refuse(id, StatusCode::PARAMETER_NOT_UNDERSTOOD)
            }
            ServerEvent::Rtp { track, packet } => {
                let mut tags = Vec::new();
                if let Role::Record { publisher, .. } = &mut self.role {
                    publisher.rtp(track, packet, &mut tags);
                }
                self.publish(tags).await;
                Ok(())
            }
            ServerEvent::Rtcp { track, packet } => {
                if let Role::Record { publisher, .. } = &mut self.role {
                    publisher.rtcp(track, &packet);
                }
                Ok(())
            }
            ServerEvent::EndOfStream | ServerEvent::Ended { .. } => {
                self.leave().await;
                Ok(())
            }
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

    async fn describe(&mut self, id: RequestId, request: &Request) -> Result<(), CommandError> {
        let Some(key) = self.admit(id, request, Action::Play)? else {
            return Ok(());
        };
        let Some(presentation) = self.presentation(id, &key).await? else {
            return Ok(());
        };
        let sdp = presentation.description(key.as_str());
        self.role = Role::Play {
            key,
            presentation,
            player: None,
        };
        self.session.accept_describe(id, &sdp).map(drop)
    }

    /// What there is to play under a name; refused where that is nothing.
    async fn presentation(
        &mut self,
        id: RequestId,
        key: &StreamKey,
    ) -> Result<Option<Presentation>, CommandError> {
        let watching = async {
            let mut subscription = self.server.hub.watch_settled(key).await?;
            let mut tags = subscription.take_start();
            // A codec without configuration shows by its next frame.
            while !Presentation::is_told(&tags, subscription.header) {
                match subscription.next().await {
                    Update::Tags(frames) => tags.extend(frames.iter().map(|it| it.tag.clone())),
                    Update::Began | Update::Ended => return None,
                }
            }
            Some(Presentation::new(&tags))
        };
        let presentation = timeout(PATIENCE, watching).await.ok().flatten();
        let Some(presentation) = presentation else {
            return self.refuse(id, StatusCode::NOT_FOUND).map(|()| None);
        };
        let left_out = presentation.left_out.join(", ");
        if !left_out.is_empty() {
            info!(peer = %self.ends.peer, stream = %key, "RTP cannot carry {left_out}");
        }
        if presentation.is_empty() {
            let reason = format!("RTP cannot carry {left_out}");
            return self
                .explain(id, StatusCode::UNSUPPORTED_MEDIA_TYPE, reason)
                .map(|()| None);
        }
        Ok(Some(presentation))
    }

    fn announce(&mut self, id: RequestId, request: &Request) -> Result<(), CommandError> {
        let Some(key) = self.admit(id, request, Action::Publish)? else {
            return Ok(());
        };
        let sdp = Description::parse(&request.body, &Limits::default());
        match Publisher::new(&request.uri, &sdp) {
            Ok(publisher) => {
                self.role = Role::Record {
                    key,
                    publisher: Box::new(publisher),
                    publication: None,
                };
                self.session.accept_announce(id).map(drop)
            }
            Err(Refused(why)) => {
                info!(peer = %self.ends.peer, stream = %key, "refused: {why}");
                self.explain(id, StatusCode::UNSUPPORTED_MEDIA_TYPE, why)
            }
        }
    }

    async fn set_up(
        &mut self,
        id: RequestId,
        request: &Request,
        transport: &Transport,
    ) -> Result<(), CommandError> {
        let (_, number) = track_of(&request.uri);
        if let Role::None = self.role {
            // A client that knows the tracks already: GStreamer after a redirect, scripts.
            let Some(key) = self.admit(id, request, Action::Play)? else {
                return Ok(());
            };
            let Some(presentation) = self.presentation(id, &key).await? else {
                return Ok(());
            };
            self.role = Role::Play {
                key,
                presentation,
                player: None,
            };
        }
        let source = match &self.role {
            Role::Play { presentation, .. } => presentation
                .source(number.unwrap_or_default())
                .map(|(rate, ssrc)| SetupAnswer::new(rate).with_ssrc(ssrc)),
            Role::Record { publisher, .. } => {
                publisher.clock_rate(&request.uri).map(SetupAnswer::new)
            }
            Role::None => None,
        };
        let Some(mut answer) = source else {
            return self.refuse(id, StatusCode::NOT_FOUND);
        };
        let mut ports = None;
        if transport.is_udp() {
            let bound = Ports::bind(self.ends.local).await;
            let numbers = bound.and_then(|bound| Ok((bound.numbers()?, bound)));
            let Ok(((rtp, rtcp), bound)) = numbers else {
                return self.refuse(id, StatusCode::UNSUPPORTED_TRANSPORT);
            };
            answer = answer.with_ports(rtp, rtcp);
            ports = Some(bound);
        }
        let track = self.session.accept_setup(id, answer)?;
        if let Some(mut ports) = ports {
            ports.read(track, &self.datagrams);
            self.ports.insert(track, ports);
        }
        match &mut self.role {
            Role::Play { presentation, .. } => {
                presentation.set_up(number.unwrap_or_default(), track);
            }
            Role::Record { publisher, .. } => publisher.set_up(&request.uri, track),
            Role::None => {}
        }
        Ok(())
    }

    async fn play(&mut self, id: RequestId) -> Result<(), CommandError> {
        let Role::Play {
            key,
            presentation,
            player,
        } = &mut self.role
        else {
            return self.refuse(id, StatusCode::METHOD_NOT_VALID_IN_THIS_STATE);
        };
        self.session.accept_play(id, presentation.answer())?;
        if let Some(player) = player {
            player.pause(false);
            return Ok(());
        }
        // Seconds of pictures at once would be lost on the way of datagrams.
        let policy = match self.ports.is_empty() {
            true => JoinPolicy::LastKey,
            false => JoinPolicy::NextKey,
        };
        let subscription = self.server.hub.watch(key, policy).await;
        let metrics = &self.server.metrics;
        metrics.plays.add(1);
        info!(peer = %self.ends.peer, stream = %key, "played over RTSP");
        let mut new = Player::new(subscription, metrics.players.enter());
        new.begin(&mut self.session, presentation);
        *player = Some(Box::new(new));
        Ok(())
    }

    async fn record(&mut self, id: RequestId) -> Result<(), CommandError> {
        let Role::Record {
            key,
            publisher,
            publication,
        } = &mut self.role
        else {
            return self.refuse(id, StatusCode::METHOD_NOT_VALID_IN_THIS_STATE);
        };
        if publication.is_some() {
            return self.session.accept_record(id).map(drop);
        }
        match self.server.hub.publish(key, Recording::No).await {
            Ok(new) => {
                self.session.accept_record(id)?;
                self.server.metrics.publishes.add(1);
                info!(peer = %self.ends.peer, stream = %key, "published over RTSP");
                *publication = Some(new);
                let metadata = publisher.metadata();
                self.publish(metadata.into_iter().collect()).await;
                Ok(())
            }
            Err(NameTaken) => {
                self.server.metrics.names_taken.add(1);
                info!(peer = %self.ends.peer, stream = %key, "refused: the name is taken");
                let reason = "Somebody else publishes this stream".to_owned();
                self.explain(id, StatusCode::FORBIDDEN, reason)
            }
        }
    }

    fn pause(&mut self, id: RequestId) -> Result<(), CommandError> {
        if let Role::Play {
            player: Some(player),
            ..
        } = &mut self.role
        {
            player.pause(true);
        }
        self.session.accept_pause(id).map(drop)
    }

    /// The name of the stream that a request is about, if the client may do this to it; otherwise
    /// the client is told.
    fn admit(
        &mut self,
        id: RequestId,
        request: &Request,
        action: Action,
    ) -> Result<Option<StreamKey>, CommandError> {
        let (uri, _) = track_of(&request.uri);
        let path = match uri.parse::<Url>() {
            Ok(url) => url.path().to_owned(),
            Err(_) => uri.to_owned(),
        };
        let path = path.split_once('?').map_or(&*path, |(path, _)| path);
        let path = percent_decode_str(path.trim_matches('/')).decode_utf8_lossy();
        let (app, name) = path.rsplit_once('/').unwrap_or(("", &path));
        if self.login.principal.is_none() {
            let authorization = request.headers.get(AUTHORIZATION);
            let method = request.method.as_str();
            let ends = &self.ends;
            let answer =
                self.server
                    .auth
                    .request(method, &request.uri, authorization, ends.peer, ends.tls);
            match answer {
                Ok(login) => self.login = login,
                Err(auth::Refused::Unauthorized(challenges)) => {
                    let response = self.session.reject(id, StatusCode::UNAUTHORIZED)?;
                    for challenge in challenges {
                        response.headers.push(WWW_AUTHENTICATE, challenge);
                    }
                    return Ok(None);
                }
                Err(auth::Refused::Throttled(after)) => {
                    let response = self.session.reject(id, StatusCode::SERVICE_UNAVAILABLE)?;
                    response.headers.push("Retry-After", after.as_secs().max(1));
                    return Ok(None);
                }
            }
        }
        if !self.server.auth.allows(&self.login, action, app, name) {
            info!(peer = %self.ends.peer, stream = %path, "not allowed: {action:?}");
            return self.refuse(id, StatusCode::FORBIDDEN).map(|()| None);
        }
        Ok(Some(StreamKey::new(app, name)))
    }

    fn refuse(&mut self, id: RequestId, status: StatusCode) -> Result<(), CommandError> {
        self.session.reject(id, status).map(drop)
    }

    fn explain(
        &mut self,
        id: RequestId,
        status: StatusCode,
        reason: String,
    ) -> Result<(), CommandError> {
        self.session.reject(id, status)?.reason = reason;
        Ok(())
    }

    /// Passes tags on to the stream.
    pub(super) async fn publish(&mut self, tags: Vec<Tag>) {
        let Role::Record {
            key,
            publication: Some(publication),
            ..
        } = &self.role
        else {
            return;
        };
        for tag in tags {
            if let Err(NameTaken) = publication.send(tag).await {
                info!(peer = %self.ends.peer, stream = %key, "silent for too long, another one publishes");
                self.role = Role::None;
                return self.session.handle_eof(std::time::Instant::now());
            }
        }
    }

    /// Ends what the client did: its tracks are gone.
    pub(super) async fn leave(&mut self) {
        let mut tags = Vec::new();
        if let Role::Record { publisher, .. } = &mut self.role {
            publisher.finish(&mut tags);
        }
        self.publish(tags).await;
        if let Role::Record {
            key,
            publication: Some(_),
            ..
        } = &self.role
        {
            info!(peer = %self.ends.peer, stream = %key, "unpublished");
        }
        self.role = Role::None;
        self.ports.clear();
    }
}

/// How long a description may wait for the tracks of a stream to be known.
const PATIENCE: Duration = Duration::from_secs(5);
