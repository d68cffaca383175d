//! Tests of weir-rtmp, over its public API.
#![cfg(test)]

mod accepting;
mod capture;
mod chunk_rules;
mod codec_messages;
mod golden_chunks;
mod handshakes;
mod laws_chunks;
mod network;
mod pair;
mod replay_client;
mod replay_server;
mod send_queues;
mod shared_objects;
mod story_connect;
mod story_streams;
mod tunnels;
mod urls;

/// A moment to count from.
#[expect(
    clippy::disallowed_methods,
    reason = "tests need one instant, and let it never pass"
)]
fn t0() -> std::time::Instant {
    std::time::Instant::now()
}
