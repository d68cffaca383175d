//! Targets of weir-rtmp.

mod chunk;
mod handshake;
mod tunnel;

pub use chunk::{rtmp_chunk_reader, rtmp_chunk_roundtrip};
pub use handshake::rtmp_handshake;
pub use tunnel::rtmp_tunnel;

/// Three ways to cut the same bytes: whole, byte by byte, and in parts of `len`.
fn cuts(bytes: &[u8], len: u8) -> [std::slice::Chunks<'_, u8>; 3] {
    [
        bytes.chunks(bytes.len().max(1)),
        bytes.chunks(1),
        bytes.chunks(usize::from(len).max(2)),
    ]
}
