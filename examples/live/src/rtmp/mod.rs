//! One RTMP connection: bytes between the socket and the session, media between the session and
//! the streams.

mod player;
mod requests;
mod tunnel;

use std::{
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::{Buf, BytesMut};
use futures_util::future::{self, FutureExt};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::sleep_until,
};
use tracing::{debug, info};
use weir_rtmp::{Error, ServerEvent, ServerSession, Status, StatusCode, chunk::MessageStreamId};

use self::player::{Next, Player, ROOM};
pub(crate) use self::tunnel::{Tunnels, handle as tunnel};
use crate::{
    auth::Login,
    ending::{Failure, drain, report},
    hub::{Publication, StreamKey},
    random,
    server::Server,
    shared_objects::Membership,
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
    let mut connection = Connection {
        session: ServerSession::new(server.config.session(), random::bytes(), Instant::now()),
        app: String::new(),
        login: Login::default(),
        published: Vec::new(),
        players: Vec::new(),
        buffer: Duration::ZERO,
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
    /// How much the client said it keeps in hand.
    buffer: Duration,
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
            let deadline = self.session.poll_timeout();
            if let Some(deadline) = deadline.map(Into::into) {
                if deadline != timer.deadline() {
                    timer.as_mut().reset(deadline);
                }
            }
            let wants_input = self.session.wants_input();
            let output = self.session.output();
            let has_room = output.backlog(Instant::now()).bytes < ROOM;
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
                // Before what is sent, or a recording that goes out at full speed would hold it up.
                read = reader.read_buf(&mut buffer), if wants_input => {
                    match read? {
                        0 => self.session.handle_eof(Instant::now()),
                        read => {
                            self.server.metrics.bytes_in.add(read);
                            self.session.handle_input(buffer.split().freeze(), Instant::now());
                        }
                    }
                }
                (index, next) = next_of(&mut self.players, has_room) => self.forward(index, next),
                () = self.shared.ready(), if has_room => self.share(),
                () = &mut timer, if deadline.is_some() => self.session.handle_timeout(Instant::now()),
            }
        }
    }

    /// Tells the client what happened to its shared objects, as long as it reads.
    fn share(&mut self) {
        let now = Instant::now();
        while let Some(message) = self.shared.poll() {
            // An error means that the session is over.
            let _ = self.session.send_shared_object(&message, now);
            if self.session.output().backlog(now).bytes >= ROOM {
                return self.shared.ring();
            }
        }
    }

    fn forward(&mut self, index: usize, next: Next) {
        if let Some(player) = self.players.get_mut(index) {
            let dropped = player.forward(&mut self.session, next);
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
async fn next_of(players: &mut [Player], has_room: bool) -> (usize, Next) {
    match players {
        [] => future::pending().await,
        [player] => (0, player.next(has_room).await),
        players => {
            let all = players
                .iter_mut()
                .map(|player| Box::pin(player.next(has_room)));
            let (next, index, _) = future::select_all(all).await;
            (index, next)
        }
    }
}

/// How much is read at a time, at least: players send little, publishers fill what there is.
const READ_LEN: usize = 4 << 10;
