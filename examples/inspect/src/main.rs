//! Shows what is on the wire: AMF values, FLV files, RTMP and RTSP sessions, tokens, captures.
//!
//! No protocol logic lives here: each command asks a crate and prints its answer, as text for
//! people or, with `--json`, as one JSON value for machines.

mod amf;
mod auth;
mod codec;
mod failure;
mod flv;
mod pcap;
mod plain;
mod rtmp;
mod rtsp;
mod source;
mod text;
mod vectors;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use serde_json::Value;
use weir_amf::Format;

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
    /// Shows an AMF0 value.
    #[command(after_help = "Example: weir-inspect amf0 --hex 0200046c697665")]
    Amf0(amf::ValueArgs),
    /// Shows an AMF3 value.
    #[command(after_help = "Example: weir-inspect amf3 --hex 0d030000000007")]
    Amf3(amf::ValueArgs),
    /// Shows a remoting envelope.
    #[command(after_help = "Example: weir-inspect amf-packet request.bin")]
    AmfPacket(amf::ContainerArgs),
    /// Shows a .sol file.
    #[command(after_help = "Example: weir-inspect sol settings.sol --reencode")]
    Sol(amf::ContainerArgs),
    Auth(auth::AuthArgs),
    Flv(flv::FlvArgs),
    Codec(codec::CodecArgs),
    Pcap(pcap::PcapArgs),
    Rtmp(rtmp::RtmpArgs),
    Rtsp(rtsp::session::RtspArgs),
    /// Shows one RTSP message and what its headers and body say.
    #[command(after_help = "Example: weir-inspect rtsp-message describe.txt")]
    RtspMessage(source::Input),
    /// Shows a session description.
    #[command(after_help = "Example: weir-inspect sdp camera.sdp")]
    Sdp(source::Input),
    /// Shows one RTP packet.
    #[command(after_help = "Example: weir-inspect rtp --hex 806003e812345a60deadbeef")]
    Rtp(source::Input),
    /// Shows one compound RTCP packet.
    #[command(after_help = "Example: weir-inspect rtcp --hex 81cb000110203040")]
    Rtcp(source::Input),
    Depay(rtsp::depay::DepayArgs),
    #[command(hide = true)]
    Vectors(vectors::VectorsArgs),
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
    let value = match command {
        Command::Amf0(args) => amf::run_value(&args, Format::Amf0),
        Command::Amf3(args) => amf::run_value(&args, Format::Amf3),
        Command::AmfPacket(args) => amf::run_packet(&args),
        Command::Sol(args) => amf::run_sol(&args),
        Command::Auth(args) => auth::run(&args),
        Command::Flv(args) => flv::run(&args),
        Command::Codec(args) => codec::run(&args),
        Command::Pcap(args) => pcap::run(&args),
        Command::Rtmp(args) => rtmp::run(&args),
        Command::Rtsp(args) => rtsp::session::run(&args),
        Command::RtspMessage(input) => rtsp::run_message(&input),
        Command::Sdp(input) => rtsp::run_sdp(&input),
        Command::Rtp(input) => rtsp::run_rtp(&input),
        Command::Rtcp(input) => rtsp::run_rtcp(&input),
        Command::Depay(args) => rtsp::depay::run(&args),
        Command::Vectors(args) => return vectors::run(&args).map(Report::Lines),
    };
    value.map(Report::Value)
}
