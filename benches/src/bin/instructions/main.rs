//! Counts instructions and allocations of one operation with `valgrind --tool=callgrind`.
//!
//! - `instructions table [PREFIX]` prints them as a Markdown table, peers (feature `peers`) in the
//!   rows below ours;
//! - `instructions check` compares ours with `benches/BUDGETS.toml` and fails past +3 %;
//! - `instructions list` names the workloads, `instructions run WORKLOAD COUNT` runs one so many
//!   times, for a profile of one's own.
//!
//! A peer's workload has the name of ours and behind it `@` and the peer's.

mod amf;
mod auth;
mod budgets;
mod count;
mod flv;
mod rtmp;
mod rtsp;

use std::io::{self, Write};
use std::process::ExitCode;

/// A name, and what runs the workload so many times.
type Workload = (&'static str, fn(usize));

fn main() -> ExitCode {
    let workloads: Vec<Workload> = [
        amf::WORKLOADS,
        #[cfg(feature = "peers")]
        amf::PEERS,
        auth::WORKLOADS,
        flv::WORKLOADS,
        #[cfg(feature = "peers")]
        flv::PEERS,
        rtmp::WORKLOADS,
        #[cfg(feature = "peers")]
        rtmp::PEERS,
        rtsp::WORKLOADS,
        #[cfg(feature = "peers")]
        rtsp::PEERS,
    ]
    .concat();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["list"] => list(&workloads),
        ["run", name, count] => run(&workloads, name, count),
        ["table"] => budgets::table(&workloads, ""),
        ["table", prefix] => budgets::table(&workloads, prefix),
        ["check"] => budgets::check(&workloads),
        _ => Err("usage: instructions list | run WORKLOAD COUNT | table [PREFIX] | check".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn list(workloads: &[Workload]) -> Result<(), Box<dyn std::error::Error>> {
    for (name, _) in workloads {
        writeln!(io::stdout(), "{name}")?;
    }
    Ok(())
}

fn run(workloads: &[Workload], name: &str, count: &str) -> Result<(), Box<dyn std::error::Error>> {
    let (_, run) = workloads
        .iter()
        .find(|(known, _)| *known == name)
        .ok_or("no such workload")?;
    run(count.parse()?);
    Ok(())
}
