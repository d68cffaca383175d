//! The live server and real programs over loopback.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that fails is told by its panic"
)]

mod browser;
mod claim;
mod ffmpeg;
mod ffprobe;
mod first_light;
mod interop;
mod login;
mod nginx;
mod our_client;
mod program;
mod recordings;
mod rtsp;
mod rtsp_codecs;
mod server;
mod shared_objects;
mod transports;

use std::process::ExitCode;

use claim::Claim;

fn main() -> ExitCode {
    claim::run(&[
        first_light::CLAIMS,
        our_client::CLAIMS,
        recordings::CLAIMS,
        shared_objects::CLAIMS,
        transports::CLAIMS,
        interop::CLAIMS,
        login::CLAIMS,
        rtsp::CLAIMS,
        rtsp_codecs::CLAIMS,
        browser::CLAIMS,
    ])
}
