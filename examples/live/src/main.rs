//! A live server: weir's sessions driven by tokio.
//!
//! `main` reads the arguments; [`server`] listens and ends in order; [`rtmp`], [`rtsp`] and
//! [`http`] drive one connection each; [`hub`] knows the streams, [`stream`] is the task of one, [`record`]
//! writes it to a file, and [`playback`] reads it from there. What other servers would have to write
//! again is in weir's crates.

mod auth;
mod config;
mod ending;
mod flv_viewer;
mod http;
mod hub;
mod metrics;
mod page;
mod playback;
mod random;
mod record;
mod rtmp;
mod rtsp;
mod server;
mod shared_objects;
mod stream;
mod tls;

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
};

use clap::Parser;
use tracing::error;
use tracing_subscriber::EnvFilter;

use crate::config::Config;

#[tokio::main]
async fn main() -> ExitCode {
    let config = Config::parse();
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into()))
        .init();
    match server::run(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            error!("{failure}");
            ExitCode::FAILURE
        }
    }
}
