//! Sessions: one connection, either side, from the first byte of the handshake to the end.

mod calls;
mod capabilities;
mod client;
mod compose;
mod config;
mod connect;
mod error;
mod event;
mod inbound;
mod link;
mod request;
mod server;
mod state;
mod streams;

pub use capabilities::{Capabilities, CapsEx, FourCcInfo};
pub use client::{ClientSession, ConnectOptions};
pub use config::{ClientConfig, ServerConfig};
pub use connect::{ConnectReply, ConnectRequest};
pub use error::CommandError;
pub use event::{CallId, ClientEvent, RequestId, ServerEvent};
pub use request::{Play2Request, PlayReply, PlayRequest, PlayStart, PublishKind};
pub use server::ServerSession;

use crate::chunk::ChunkStreamId;
use crate::media::MediaKind;

/// The chunk streams that the sessions send on: those of nginx-rtmp, which every client accepts.
const STATUS: u32 = 5;
const AUDIO: u32 = 6;
const VIDEO: u32 = 7;

/// The chunk stream that sessions use for statuses and data of a stream.
const fn status_chunk_stream() -> ChunkStreamId {
    chunk_stream(STATUS)
}

/// The chunk stream that sessions use for media of this kind.
///
/// Prepared messages have to be made for it.
pub const fn media_chunk_stream(kind: MediaKind) -> ChunkStreamId {
    match kind {
        MediaKind::Audio => chunk_stream(AUDIO),
        MediaKind::Video => chunk_stream(VIDEO),
        MediaKind::Data => chunk_stream(STATUS),
    }
}

const fn chunk_stream(id: u32) -> ChunkStreamId {
    match ChunkStreamId::new(id) {
        Some(id) => id,
        None => ChunkStreamId::COMMAND,
    }
}
