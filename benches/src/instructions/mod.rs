//! Counts instructions and allocations of one operation with `valgrind --tool=callgrind`.
//!
//! - `instructions table [PREFIX]` prints them as Markdown, a table for each layer; the floor and the
//!   peers (feature `peers`) in the rows below ours;
//! - `instructions check` compares ours with `benches/BUDGETS.toml` and fails past +3 %;
//! - `instructions list` names the workloads, `instructions run WORKLOAD COUNT` runs one so many
//!   times, for a profile of one's own.
//!
//! A workload has the name of its row; what is not ours has `@` and the name of who does it behind.

mod budgets;
mod count;

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::rows::{Row, WEIR};

/// Does what the arguments of the command say, with these rows.
pub fn main(mut rows: Vec<Row>) -> ExitCode {
    rows.retain(|row| row.counted);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["list"] => list(&rows),
        ["run", name, count] => run(&rows, name, count),
        ["table"] => budgets::table(&rows, ""),
        ["table", prefix] => budgets::table(&rows, prefix),
        ["check"] => budgets::check(&rows),
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

/// The name of what one candidate of a row does.
fn workload(row: &Row, who: &str) -> String {
    match who {
        WEIR => row.name.clone(),
        _ => format!("{}@{who}", row.name),
    }
}

fn list(rows: &[Row]) -> Result<(), Box<dyn Error>> {
    for row in rows {
        for candidate in &row.candidates {
            writeln!(io::stdout(), "{}", workload(row, candidate.who))?;
        }
    }
    Ok(())
}

fn run(rows: &[Row], name: &str, count: &str) -> Result<(), Box<dyn Error>> {
    let (row, who) = name.split_once('@').unwrap_or((name, WEIR));
    let candidates = rows.iter().filter(|known| known.name == row);
    let candidate = candidates
        .flat_map(|row| &row.candidates)
        .find(|candidate| candidate.who == who)
        .ok_or("no such workload")?;
    (candidate.prepare)()(count.parse()?);
    Ok(())
}
