//! RTMP in HTTP: each tunnel is a connection whose socket is a pair of pipes.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    body::Bytes,
    extract::{ConnectInfo, State},
    http::{StatusCode, Uri, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use bytes::BytesMut;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex, split},
    sync::Mutex as AsyncMutex,
    time::timeout,
};
use weir_rtmp::tunnel::{self, ServerTunnel, TunnelId, TunnelRequest};

use crate::{random, rtmp, server::Server};

/// The open tunnels.
#[derive(Debug, Default)]
pub(crate) struct Tunnels(Mutex<HashMap<TunnelId, Arc<AsyncMutex<Tunnel>>>>);

#[derive(Debug)]
struct Tunnel {
    http: ServerTunnel,
    session: DuplexStream,
    /// Read from the session and not yet sent.
    output: BytesMut,
}

/// `POST` to a path of RTMPT.
pub(crate) async fn handle(
    State(server): State<Arc<Server>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    uri: Uri,
    body: Bytes,
) -> Response {
    let not_found = || StatusCode::NOT_FOUND.into_response();
    let Ok(request) = uri.path().parse::<TunnelRequest>() else {
        return not_found();
    };
    match request {
        TunnelRequest::Open => answer(open(&server, peer)),
        TunnelRequest::Ident => not_found(),
        _ => {
            let id = request.id().map(|(id, _)| id);
            let tunnel = id.and_then(|id| server.tunnels.lock().get(&id).cloned());
            let Some(tunnel) = tunnel else {
                return not_found();
            };
            // A tunnel's requests come one after the other, so nobody waits for long.
            match tunnel.lock().await.exchange(&request, body).await {
                Some(body) => answer(body),
                None => StatusCode::BAD_REQUEST.into_response(),
            }
        }
    }
}

/// Starts a connection behind a new tunnel.
fn open(server: &Arc<Server>, peer: SocketAddr) -> Bytes {
    let id: TunnelId = format!("{:032x}", u128::from_le_bytes(random::bytes()))
        .parse()
        .expect("an id may have 32 hexadecimal digits");
    let (session, socket) = duplex(PIPE_LEN);
    let (http, body) = ServerTunnel::open(id);
    let tunnel = Tunnel {
        http,
        session,
        output: BytesMut::new(),
    };
    server
        .tunnels
        .lock()
        .insert(id, Arc::new(AsyncMutex::new(tunnel)));
    server.metrics.connections.add(1);
    let connection = Arc::clone(server);
    server.tasks.spawn(async move {
        let (reader, writer) = split(socket);
        rtmp::serve(Arc::clone(&connection), reader, writer, peer, false).await;
        // A player that is told goodbye should hear it.
        tokio::time::sleep(FAREWELL).await;
        connection.tunnels.lock().remove(&id);
    });
    body
}

impl Tunnels {
    fn lock(&self) -> MutexGuard<'_, HashMap<TunnelId, Arc<AsyncMutex<Tunnel>>>> {
        // Nothing is left half done under this lock, so a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tunnel {
    /// Takes a request in and gives the body of its answer; `None` if it makes no sense.
    async fn exchange(&mut self, request: &TunnelRequest, body: Bytes) -> Option<Bytes> {
        if let Some(input) = self.http.accept(request, body).ok()? {
            self.session.write_all(&input).await.ok()?;
        }
        if self.http.is_closed() {
            // An error means that the session has ended already.
            let _ = self.session.shutdown().await;
        }
        if self.output.is_empty() {
            // What the request causes had better be in its answer, not in that of the next one.
            self.output.reserve(PIPE_LEN);
            let read = self.session.read_buf(&mut self.output);
            let _ = timeout(GRACE, read).await;
        }
        Some(self.http.respond(&mut self.output, PIPE_LEN))
    }
}

fn answer(body: Bytes) -> Response {
    ([(CONTENT_TYPE, tunnel::CONTENT_TYPE)], body).into_response()
}

/// How much may wait in a tunnel, in either direction: what one answer carries.
const PIPE_LEN: usize = 64 << 10;
/// How long an answer waits for something to say.
const GRACE: Duration = Duration::from_millis(20);
/// How long a tunnel can be asked after its session ended.
const FAREWELL: Duration = Duration::from_secs(2);
