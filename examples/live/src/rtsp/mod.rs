//! One RTSP connection: bytes and datagrams between the sockets and the session, media between
//! the session and the streams.

mod carry;
mod player;
mod ports;
mod publisher;
mod requests;
mod tunnel;

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::{Instant, SystemTime},
};

use bytes::{Buf, BytesMut};
use futures_util::future::{self, FutureExt};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::mpsc,
    time::sleep_until,
};
use tracing::debug;
use weir_rtsp::{Error, ServerConfig, ServerEvent, ServerSession, TrackId, rtp::ClockAnchor};

pub(crate) use self::tunnel::Tunnels;
use self::{
    player::{Player, Presentation},
    ports::{Datagram, Ports},
    publisher::Publisher,
};
use crate::{
    auth::Login,
    ending::{Failure, drain, report},
    hub::{Publication, StreamKey},
    random,
    server::Server,
    stream::Update,
};

/// Both ends of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ends {
    pub(crate) peer: SocketAddr,
    /// Where datagrams are sent from.
    pub(crate) local: IpAddr,
    pub(crate) tls: bool,
}

/// Serves one connection, a tunnel's or not, until either side ends it.
pub(crate) async fn serve(
    server: Arc<Server>,
    mut reader: impl AsyncRead + Unpin,
    mut writer: impl AsyncWrite + Unpin,
    ends: Ends,
) {
    let mut input = BytesMut::new();
    let detected = tokio::select! {
        detected = tunnel::detect(&mut reader, &mut input) => detected,
        () = server.shutdown.cancelled() => return,
    };
    match detected {
        None => run(server, input, reader, writer, ends).await,
        Some(request) if tunnel::hears(&request) => {
            let tunnels = &server.rtsp_tunnels;
            if let Some(reader) = tunnels.get(&request, &mut writer).await {
                run(Arc::clone(&server), BytesMut::new(), reader, writer, ends).await;
            }
        }
        Some(request) => {
            tokio::select! {
                () = server.rtsp_tunnels.post(&request, input.freeze(), reader) => {}
                () = server.shutdown.cancelled() => {}
            }
        }
    }
}

async fn run(
    server: Arc<Server>,
    input: BytesMut,
    reader: impl AsyncRead + Unpin,
    writer: impl AsyncWrite + Unpin,
    ends: Ends,
) {
    let _open = server.metrics.open.enter();
    let now = Instant::now();
    let clock = ClockAnchor::new(now, SystemTime::now());
    let mut session = ServerSession::new(
        ServerConfig::default(),
        ends.peer,
        clock,
        random::bytes(),
        now,
    );
    session.handle_input(input.freeze(), now);
    let (datagrams, received) = mpsc::channel(DATAGRAMS);
    let mut connection = Connection {
        session,
        login: Login::default(),
        role: Role::None,
        ports: HashMap::new(),
        datagrams,
        received,
        ends,
        server: Arc::clone(&server),
    };
    let ended = connection.run(reader, writer).await;
    report(ended, ends.peer, &server.metrics);
    connection.end().await;
}

struct Connection {
    session: ServerSession,
    login: Login,
    role: Role,
    /// Of the tracks that travel in datagrams.
    ports: HashMap<TrackId, Ports>,
    datagrams: mpsc::Sender<Datagram>,
    received: mpsc::Receiver<Datagram>,
    ends: Ends,
    server: Arc<Server>,
}

/// What the client is here for.
enum Role {
    /// Nothing yet.
    None,
    /// It was told what there is to play; with a player once it plays.
    Play {
        key: StreamKey,
        presentation: Presentation,
        player: Option<Box<Player>>,
    },
    /// It told what it will send; with the right to publish once it records.
    Record {
        key: StreamKey,
        publisher: Box<Publisher>,
        publication: Option<Publication>,
    },
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
            self.send_datagrams();
            let deadline = self.poll_timeout();
            if let Some(deadline) = deadline.map(Into::into) {
                if deadline != timer.deadline() {
                    timer.as_mut().reset(deadline);
                }
            }
            let wants_input = self.session.wants_input();
            let output = self.session.output();
            buffer.reserve(READ_LEN);
            tokio::select! {
                biased;
                () = &mut stopping => {
                    self.session.end_of_stream(Instant::now());
                    self.send_datagrams();
                    return Ok(drain(self.session.output(), writer).await?);
                }
                written = writer.write_buf(output), if output.has_remaining() => {
                    self.server.metrics.bytes_out.add(written?);
                }
                update = next_update(&mut self.role) => self.forward(update),
                Some((channel, from, datagram)) = self.received.recv() => {
                    self.server.metrics.bytes_in.add(datagram.len());
                    self.session.handle_datagram(channel, from, datagram, Instant::now());
                }
                read = reader.read_buf(&mut buffer), if wants_input => {
                    match read? {
                        0 => self.session.handle_eof(Instant::now()),
                        read => {
                            self.server.metrics.bytes_in.add(read);
                            self.session.handle_input(buffer.split().freeze(), Instant::now());
                        }
                    }
                }
                () = &mut timer, if deadline.is_some() => self.handle_timeout().await,
            }
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let publisher = match &self.role {
            Role::Record { publisher, .. } => publisher.poll_timeout(),
            _ => None,
        };
        self.session
            .poll_timeout()
            .into_iter()
            .chain(publisher)
            .min()
    }

    async fn handle_timeout(&mut self) {
        self.session.handle_timeout(Instant::now());
        let mut tags = Vec::new();
        if let Role::Record { publisher, .. } = &mut self.role {
            publisher.handle_timeout(&mut tags);
        }
        self.publish(tags).await;
    }

    fn forward(&mut self, update: Update) {
        let Role::Play {
            presentation,
            player: Some(player),
            key,
        } = &mut self.role
        else {
            return;
        };
        match update {
            Update::Tags(frames) => {
                let dropped = player.forward(&mut self.session, presentation, &frames);
                if dropped > 0 {
                    self.server.metrics.dropped.add(dropped);
                    debug!(peer = %self.ends.peer, dropped, "player is behind");
                }
            }
            Update::Ended => {
                debug!(peer = %self.ends.peer, stream = %key, "the stream ended");
                self.session.end_of_stream(Instant::now());
            }
            // The next publisher may have other tracks, which the client was not told of.
            Update::Began => {}
        }
    }

    fn send_datagrams(&mut self) {
        while let Some((channel, to, datagram)) = self.session.poll_datagram() {
            let ports = self.ports.get(&channel.track);
            if ports.is_some_and(|ports| ports.send(channel.kind, to, &datagram)) {
                self.server.metrics.bytes_out.add(datagram.len());
            }
        }
    }

    /// Gives back the name, or leaves the stream, and closes the ports.
    async fn end(&mut self) {
        self.leave().await;
        self.ports.clear();
    }
}

/// Waits for the next thing that a player gets.
async fn next_update(role: &mut Role) -> Update {
    match role {
        Role::Play {
            player: Some(player),
            ..
        } => player.next().await,
        _ => future::pending().await,
    }
}

/// How much is read at a time, at least: players send little, publishers fill what there is.
const READ_LEN: usize = 16 << 10;
/// Datagrams that may wait for the session.
const DATAGRAMS: usize = 512;
