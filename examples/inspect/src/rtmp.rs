//! `rtmp`: the two directions of one RTMP connection.

mod direction;
mod messages;

use clap::Args;
use serde_json::{Map, Value};
use weir_rtmp::handshake::Role;

use crate::failure::Failure;
use crate::source::Pieces;

pub(crate) use direction::Direction;

/// Dissects a recorded RTMP connection, from its first byte (C0, S0) on.
#[derive(Debug, Args)]
#[command(after_help = "Example: weir-inspect rtmp --c2s publish.c2s.bin --s2c publish.s2c.bin")]
pub(crate) struct RtmpArgs {
    /// What the client sent; - reads standard input.
    #[arg(long, value_name = "FILE", required_unless_present = "s2c")]
    c2s: Option<String>,
    /// What the server sent.
    #[arg(long, value_name = "FILE")]
    s2c: Option<String>,
    /// Add a line for every message.
    #[arg(long)]
    messages: bool,
    /// Feed at most so many bytes at a time; the output must not change.
    #[arg(long, value_name = "N")]
    cut: Option<usize>,
}

pub(crate) fn run(args: &RtmpArgs) -> Result<Value, Failure> {
    let mut report = Map::new();
    for (key, file, sender) in [
        ("expect_c2s", &args.c2s, Role::Client),
        ("expect_s2c", &args.s2c, Role::Server),
    ] {
        let Some(file) = file else { continue };
        let mut pieces = Pieces::open(file, args.cut)?;
        let mut direction = Direction::new(sender, args.messages);
        while let Some(piece) = pieces.next()? {
            direction.push(&piece)?;
        }
        report.insert(key.to_owned(), direction.finish()?);
    }
    Ok(Value::Object(report))
}
