//! RTSP in HTTP: the answer of a GET and the body of a POST make one connection.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex},
    sync::oneshot,
    time::timeout,
};
use tracing::debug;
use weir_rtsp::tunnel::{Decoder, Kind, Request};

/// GETs that wait for the POST with the same cookie.
#[derive(Debug, Default)]
pub(crate) struct Tunnels(Mutex<HashMap<String, oneshot::Sender<DuplexStream>>>);

impl Tunnels {
    /// Opens the way to the client, and waits for the other connection. Gives what the client
    /// says; `None` if it does not come back.
    pub(crate) async fn get(
        &self,
        request: &Request,
        writer: &mut (impl AsyncWrite + Unpin),
    ) -> Option<DuplexStream> {
        let (sender, other) = oneshot::channel();
        self.lock().insert(request.cookie.clone(), sender);
        let joined = async {
            writer.write_all(&request.accept()).await.ok()?;
            other.await.ok()
        };
        let joined = timeout(PATIENCE, joined).await.ok().flatten();
        self.lock().remove(&request.cookie);
        joined
    }

    /// Passes on what the client says, `body` and then what is read, until it ends.
    pub(crate) async fn post(
        &self,
        request: &Request,
        body: Bytes,
        mut reader: impl AsyncRead + Unpin,
    ) {
        let Some(waiting) = self.lock().remove(&request.cookie) else {
            return debug!("a POST without its GET");
        };
        let (mut session, socket) = duplex(PIPE_LEN);
        if waiting.send(socket).is_err() {
            return;
        }
        let (mut decoder, mut text) = (Decoder::new(), Vec::new());
        let mut input = BytesMut::from(&body[..]);
        loop {
            text.clear();
            if let Err(error) = decoder.decode(&input, &mut text) {
                return debug!("{error}");
            }
            input.clear();
            // Errors mean that one of the two sides is gone.
            if session.write_all(&text).await.is_err() {
                return;
            }
            if !matches!(reader.read_buf(&mut input).await, Ok(1..)) {
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, oneshot::Sender<DuplexStream>>> {
        // Nothing is left half done under this lock, so a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads until it is clear whether a connection is one of a tunnel: `None` for plain RTSP. What
/// was read and belongs to the session, or to the body, is left in `input`.
pub(crate) async fn detect(
    reader: &mut (impl AsyncRead + Unpin),
    input: &mut BytesMut,
) -> Option<Request> {
    let limits = weir_rtsp::Limits::default();
    let reading = async {
        loop {
            if weir_rtsp::tunnel::is_tunnel(input) == Some(false) {
                return None;
            }
            match Request::parse(input, &limits) {
                Ok(Some((request, len))) => {
                    let _ = input.split_to(len);
                    return Some(request);
                }
                // The session says what is wrong with it.
                Err(_) => return None,
                Ok(None) => {}
            }
            if !matches!(reader.read_buf(input).await, Ok(1..)) {
                return None;
            }
        }
    };
    timeout(PATIENCE, reading).await.ok().flatten()
}

/// Whether a connection says what is to be sent, or hears it.
pub(crate) fn hears(request: &Request) -> bool {
    request.kind == Kind::Get
}

/// How long the first bytes, and the other connection, may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How much of what the client says may wait.
const PIPE_LEN: usize = 64 << 10;
