//! Runs one workload a number of times, to be counted by `valgrind --tool=callgrind`.
//!
//! `instructions <workload> <count>`; without arguments it lists the workloads. The instructions of
//! one operation are the difference of two counts, so that what happens once is not counted:
//! `(I(2n) - I(n)) / n`.

mod amf;

use std::io::Write;
use std::process::ExitCode;

/// A name, and what runs the workload so many times.
type Workload = (&'static str, fn(usize));

fn main() -> ExitCode {
    let workloads: Vec<Workload> = [amf::WORKLOADS].concat();
    let mut arguments = std::env::args().skip(1);
    let (name, count) = (arguments.next(), arguments.next());
    let count = count.and_then(|count| count.parse().ok());
    let found = workloads
        .iter()
        .find(|(known, _)| Some(*known) == name.as_deref());
    match (found, count) {
        (Some((_, run)), Some(count)) => {
            run(count);
            ExitCode::SUCCESS
        }
        _ => {
            for (name, _) in workloads {
                let _ = writeln!(std::io::stdout(), "{name}");
            }
            ExitCode::FAILURE
        }
    }
}
