//! One workload under callgrind.

use std::collections::HashMap;
use std::error::Error;
use std::process::{Command, Stdio};

/// What one operation costs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    pub(super) instructions: u64,
    pub(super) allocations: f64,
}

/// What a whole run cost.
struct Total {
    instructions: u64,
    allocations: u64,
}

/// Instructions that a count of operations should reach, so that no run takes longer than a second or so.
const ENOUGH: u64 = 5_000_000;

/// The functions of C libraries that allocate.
const ALLOCATORS: [&str; 5] = [
    "malloc",
    "calloc",
    "realloc",
    "posix_memalign",
    "aligned_alloc",
];

/// The difference of two runs, so that what happens once is not counted.
pub(super) fn one_operation(workload: &str) -> Result<Cost, Box<dyn Error>> {
    let (one, two) = (run(workload, 1)?, run(workload, 2)?);
    let rough = two.instructions.saturating_sub(one.instructions).max(1);
    let count = (ENOUGH / rough).clamp(1, 10_000);
    let (few, many) = match count {
        1 => (one, two),
        _ => (run(workload, count)?, run(workload, 2 * count)?),
    };
    Ok(Cost {
        instructions: many.instructions.saturating_sub(few.instructions) / count,
        #[expect(clippy::cast_precision_loss, reason = "a mean for people")]
        allocations: many.allocations.saturating_sub(few.allocations) as f64 / count as f64,
    })
}

fn run(workload: &str, count: u64) -> Result<Total, Box<dyn Error>> {
    let out = std::env::temp_dir().join(format!("weir-instructions-{}", std::process::id()));
    let status = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe()?)
        .args(["run", workload, &count.to_string()])
        // Above 8 KiB glibc copies with `rep movsb`, which would count one instruction per byte.
        .env(
            "GLIBC_TUNABLES",
            "glibc.cpu.x86_rep_movsb_threshold=1000000000",
        )
        .stdout(Stdio::null())
        .status()
        .map_err(|error| format!("valgrind cannot be run: {error}"))?;
    if !status.success() {
        return Err(format!("{workload}: {status}").into());
    }
    let profile = std::fs::read_to_string(&out)?;
    std::fs::remove_file(&out)?;
    total(&profile).ok_or_else(|| format!("{workload}: callgrind wrote no totals").into())
}

/// Reads a profile: "Callgrind Format Specification", with its compressed names.
fn total(profile: &str) -> Option<Total> {
    let mut names = HashMap::new();
    let mut allocates = false;
    let mut allocations = 0;
    let mut instructions = None;
    for line in profile.lines() {
        if let Some(function) = line
            .strip_prefix("cfn=")
            .or_else(|| line.strip_prefix("fn="))
        {
            let (id, name) = function.split_once(' ').unwrap_or((function, ""));
            if !name.is_empty() {
                names.insert(id, name);
            }
            let name = names.get(id).copied().unwrap_or_default();
            allocates = line.starts_with('c') && ALLOCATORS.contains(&name);
        } else if let Some(calls) = line.strip_prefix("calls=") {
            if allocates {
                allocations += calls.split(' ').next()?.parse::<u64>().ok()?;
            }
        } else if let Some(totals) = line.strip_prefix("totals: ") {
            instructions = totals.trim().parse().ok();
        }
    }
    Some(Total {
        instructions: instructions?,
        allocations,
    })
}
