//! How a connection ends, whatever it speaks.

use std::{fmt::Display, io, net::SocketAddr, time::Duration};

use bytes::Buf;
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    time::timeout,
};
use tracing::{debug, warn};

use crate::metrics::Metrics;

/// Why a connection ended before its time.
pub(crate) enum Failure<E> {
    /// What the client sent.
    Peer(E),
    /// The network.
    Socket(io::Error),
}

impl<E> From<io::Error> for Failure<E> {
    fn from(error: io::Error) -> Self {
        Self::Socket(error)
    }
}

/// Writes what is left to say, as long as the client reads it.
pub(crate) async fn drain(
    output: &mut impl Buf,
    mut writer: impl AsyncWrite + Unpin,
) -> io::Result<()> {
    let written = timeout(FAREWELL, async {
        while output.has_remaining() {
            writer.write_buf(output).await?;
        }
        writer.shutdown().await
    });
    written.await.unwrap_or(Ok(()))
}

/// Counts a client that misbehaved, and tells the log.
pub(crate) fn report<E: Display>(
    ended: Result<(), Failure<E>>,
    peer: SocketAddr,
    metrics: &Metrics,
) {
    match ended {
        Ok(()) => debug!(%peer, "closed"),
        Err(Failure::Peer(error)) => {
            metrics.misbehaved.add(1);
            warn!(%peer, "{error}");
        }
        Err(Failure::Socket(error)) => debug!(%peer, "connection lost: {error}"),
    }
}

/// How long a connection that ends may take to read its last message.
const FAREWELL: Duration = Duration::from_secs(1);
