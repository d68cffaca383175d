//! Shows what is on the wire: AMF values, FLV files, RTMP and RTSP sessions, tokens, captures.
//!
//! No protocol logic lives here: each command asks a crate and prints its answer, as text for
//! people or, with `--json`, as one JSON value for machines.

mod failure;
mod flv;
mod plain;
mod rtmp;
mod source;
mod text;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use serde_json::Value;

use failure::Failure;

/// Shows what is on the wire, as its specification names it.
#[derive(Debug, Parser)]
#[command(name = "weir-inspect", version, propagate_version = true)]
struct Args {
    /// Print exactly one JSON value; errors too, as {"error":{"kind","offset","message"}}.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Flv(flv::FlvArgs),
    Rtmp(rtmp::RtmpArgs),
}

/// What a command has to say, kept back until it has succeeded.
#[derive(Debug)]
enum Report {
    /// One value: drawn as text, or printed as JSON.
    Value(Value),
    /// JSON lines, whatever `--json` says.
    Lines(Vec<Value>),
}

fn main() -> ExitCode {
    let wants_json = std::env::args_os().any(|arg| arg == "--json");
    let result = match Args::try_parse() {
        Ok(args) => run(args.command),
        Err(error) if wants_json && error.use_stderr() => {
            Err(Failure::usage(error.to_string().trim_end()))
        }
        Err(error) => error.exit(),
    };
    let (text, code) = match result {
        Ok(Report::Value(value)) if wants_json => (format!("{value}\n"), ExitCode::SUCCESS),
        Ok(Report::Value(value)) => {
            let text = text::draw(&value, io::stdout().is_terminal());
            (text, ExitCode::SUCCESS)
        }
        Ok(Report::Lines(lines)) => {
            let text = lines.iter().map(|line| format!("{line}\n")).collect();
            (text, ExitCode::SUCCESS)
        }
        Err(failure) if wants_json => (format!("{}\n", failure.to_json()), ExitCode::FAILURE),
        Err(failure) => {
            let _ = writeln!(io::stderr(), "{failure}");
            (String::new(), ExitCode::FAILURE)
        }
    };
    // A reader that stops early, such as `head`, is no failure of ours.
    let _ = io::stdout().write_all(text.as_bytes());
    code
}

fn run(command: Command) -> Result<Report, Failure> {
    match command {
        Command::Flv(args) => flv::run(&args).map(Report::Value),
        Command::Rtmp(args) => rtmp::run(&args).map(Report::Value),
    }
}
