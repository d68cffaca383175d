//! Targets of weir-rtmp.

mod chunk;
mod handshake;
mod message;
mod session;
mod shared_object;
mod tunnel;

pub use chunk::{rtmp_chunk_reader, rtmp_chunk_roundtrip};
pub use handshake::rtmp_handshake;
pub use message::rtmp_message;
pub use session::rtmp_session;
pub use shared_object::rtmp_shared_object;
pub use tunnel::rtmp_tunnel;

/// Three ways to cut the same bytes: whole, byte by byte, and in parts of `len`.
fn cuts(bytes: &[u8], len: u8) -> [std::slice::Chunks<'_, u8>; 3] {
    [
        bytes.chunks(bytes.len().max(1)),
        bytes.chunks(1),
        bytes.chunks(usize::from(len).max(2)),
    ]
}
