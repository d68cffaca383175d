//! What a relay does with the events of a session, whatever reads and writes the socket.

use std::{sync::Arc, time::Instant};

use weir_flv::Tag;
use weir_rtmp::{
    CommandError, MediaPacket, ServerEvent, ServerSession, Status, StatusCode,
    chunk::MessageStreamId,
};

use crate::{Listener, Played, Published, Streams};

/// One client of the relay.
#[derive(Debug)]
pub struct Client {
    streams: Arc<Streams>,
    app: String,
    published: Option<Published>,
    played: Option<(MessageStreamId, Played)>,
}

impl Client {
    /// A client that has not asked for anything yet.
    pub fn new(streams: Arc<Streams>) -> Self {
        Self {
            streams,
            app: String::new(),
            published: None,
            played: None,
        }
    }

    /// Answers what the client asks for, and passes on what it publishes.
    ///
    /// `listener` gets what the client will play, to be given to [`forward`](Self::forward).
    ///
    /// # Errors
    /// None that the client can cause.
    pub fn handle(
        &mut self,
        session: &mut ServerSession,
        event: ServerEvent,
        listener: Listener,
    ) -> Result<(), CommandError> {
        let now = Instant::now();
        match event {
            ServerEvent::ConnectRequested { id, request } => {
                self.app = request.app_name().to_owned();
                session.accept_connect(id, now)?;
            }
            ServerEvent::PublishRequested { id, name, .. } => {
                self.published = self
                    .streams
                    .publish(format!("{}/{}", self.app, name.path()));
                match self.published {
                    Some(_) => session.accept_publish(id, now)?,
                    None => session.reject(id, &Status::new(StatusCode::PUBLISH_BAD_NAME), now)?,
                }
            }
            ServerEvent::PlayRequested {
                id,
                stream,
                request,
            } => {
                session.accept_play(id, now)?;
                let name = format!("{}/{}", self.app, request.name.path());
                let (played, start) = self.streams.play(name, listener);
                self.played = Some((stream, played));
                for tag in start {
                    send(session, stream, tag)?;
                }
            }
            ServerEvent::Media { packet, .. } => self.publish(packet),
            ServerEvent::Data {
                timestamp, data, ..
            } => self.publish(data.packet(timestamp)),
            ServerEvent::PublishEnded { .. } => self.published = None,
            ServerEvent::PlayEnded { .. } => self.played = None,
            _ => {}
        }
        Ok(())
    }

    /// Passes on what the client published.
    fn publish(&self, packet: MediaPacket) {
        if let Some(published) = &self.published {
            published.send(&packet.into());
        }
    }

    /// Passes on what another client published, or that it is gone.
    ///
    /// # Errors
    /// None that the client can cause.
    pub fn forward(
        &mut self,
        session: &mut ServerSession,
        tag: Option<Tag>,
    ) -> Result<(), CommandError> {
        let Some((stream, played)) = &mut self.played else {
            return Ok(());
        };
        let Some(tag) = tag else {
            return session.notify_unpublished(*stream, Instant::now());
        };
        match played.viewer.forward(&tag) {
            Some(tag) => send(session, *stream, tag),
            None => Ok(()),
        }
    }
}

fn send(
    session: &mut ServerSession,
    stream: MessageStreamId,
    tag: Tag,
) -> Result<(), CommandError> {
    let packet = MediaPacket::from(tag);
    session.send_media(stream, &packet, packet.class(), Instant::now())
}
