//! The table for people, and the comparison with the budgets for the gate.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Write};

use super::count::one_operation;
use super::workload;
use crate::rows::{Row, WEIR};

/// Instructions that one operation of a workload may take.
const BUDGETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/BUDGETS.toml");

pub(super) fn table(rows: &[Row], prefix: &str) -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    let mut section = "";
    for row in rows.iter().filter(|row| row.name.starts_with(prefix)) {
        let layer = row.name.split('/').next().unwrap_or_default();
        if section != layer {
            section = layer;
            writeln!(
                out,
                "\n| {layer} | instructions | times ours | allocations |"
            )?;
            writeln!(out, "| --- | ---: | ---: | ---: |")?;
        }
        let mut ours = 0;
        for candidate in &row.candidates {
            let cost = one_operation(&workload(row, candidate.who))?;
            let name = if candidate.who == WEIR {
                ours = cost.instructions;
                format!("`{}`", row.name)
            } else {
                format!("- {}", candidate.who)
            };
            writeln!(
                out,
                "| {name} | {} | {} | {:.1} |",
                grouped(cost.instructions),
                times(cost.instructions, ours),
                cost.allocations
            )?;
        }
    }
    Ok(())
}

/// Fails when a workload takes more than its budget and 3 %, and when one has no budget.
pub(super) fn check(rows: &[Row]) -> Result<(), Box<dyn Error>> {
    let budgets: BTreeMap<String, u64> = toml::from_str(&std::fs::read_to_string(BUDGETS)?)?;
    let mut out = io::stdout().lock();
    let mut failed = Vec::new();
    for name in rows.iter().map(|row| &row.name) {
        let took = one_operation(name)?.instructions;
        match budgets.get(name) {
            Some(budget) if took * 100 > budget * 103 => {
                failed.push(format!(
                    "{name}: {took} instructions, the budget is {budget}"
                ));
            }
            // A budget that is too wide hides the next regression.
            Some(budget) if took * 100 < budget * 97 => {
                writeln!(out, "{name} = {took} # lower the budget, it is {budget}")?;
            }
            Some(_) => {}
            None => failed.push(format!("no budget: \"{name}\" = {took}")),
        }
    }
    let known = |name: &&String| !rows.iter().any(|row| row.name == **name);
    failed.extend(
        budgets
            .keys()
            .filter(known)
            .map(|name| format!("no workload: {name}")),
    );
    if failed.is_empty() {
        writeln!(out, "{} workloads are within their budgets", budgets.len())?;
        return Ok(());
    }
    Err(failed.join("\n").into())
}

/// 1234567 as 1,234,567.
fn grouped(number: u64) -> String {
    let digits: Vec<char> = number.to_string().chars().collect();
    let groups: Vec<String> = digits.rchunks(3).rev().map(String::from_iter).collect();
    groups.join(",")
}

fn times(theirs: u64, ours: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
    let ratio = theirs as f64 / ours.max(1) as f64;
    format!("{ratio:.1}")
}
