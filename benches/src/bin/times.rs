//! Prints what `cargo bench` measured as Markdown, a table for each layer.
//!
//! `times [PREFIX]`: the fastest sample of each row, behind it how many times the floor it takes. A
//! peer whose column is empty does not do that. Where an operation works on several things of a
//! kind, the time is that of one, and the row says of what.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use weir_benches::rows::{self, Amount, FLOOR, Row, WEIR};

fn main() -> Result<(), Box<dyn Error>> {
    let prefix = std::env::args().nth(1).unwrap_or_default();
    let mut rows = rows::all();
    rows.retain(|row| row.name.starts_with(&prefix));
    let layer = |row: &Row| row.name.split('/').next().unwrap_or_default().to_owned();
    for rows in rows.chunk_by(|a, b| layer(a) == layer(b)) {
        table(rows)?;
    }
    Ok(())
}

/// One layer, with a column for each who has a time in it.
fn table(rows: &[Row]) -> Result<(), Box<dyn Error>> {
    let mut columns = vec![WEIR.to_owned(), FLOOR.to_owned()];
    let mut lines = Vec::new();
    for row in rows {
        let times = times(row)?;
        for (who, _) in &times {
            if !columns.contains(who) {
                columns.push(who.clone());
            }
        }
        if !times.is_empty() {
            lines.push((row, times));
        }
    }
    let mut out = String::new();
    writeln!(out, "\n| | {} |", columns.join(" | "))?;
    writeln!(out, "| --- |{}", " ---: |".repeat(columns.len()))?;
    for (row, times) in lines {
        let time_of = |who: &str| times.iter().find(|(known, _)| known == who);
        let floor = time_of(FLOOR).map(|(_, floor)| *floor);
        write!(out, "| `{}`{} |", row.name, unit(row))?;
        for who in &columns {
            match (time_of(who), floor) {
                (None, _) => out.push_str(" |"),
                (Some((_, time)), Some(floor)) if who != FLOOR => {
                    write!(out, " {} ({:.1}) |", readable(*time), time / floor)?;
                }
                (Some((_, time)), _) => write!(out, " {} |", readable(*time))?,
            }
        }
        out.push('\n');
    }
    io::stdout().write_all(out.as_bytes())?;
    Ok(())
}

/// Who was measured, ourselves and the floor first, and the nanoseconds of the fastest sample.
fn times(row: &Row) -> Result<Vec<(String, f64)>, Box<dyn Error>> {
    let group = criterion_home().join(row.name.replace('/', "_"));
    let mut times = Vec::new();
    let Ok(folders) = std::fs::read_dir(group) else {
        return Ok(times);
    };
    for folder in folders {
        let folder = folder?.path().join("new");
        if !folder.join("sample.json").exists() {
            continue;
        }
        let bench = json(&folder.join("benchmark.json"))?;
        let who = bench.get("function_id").and_then(|who| who.as_str());
        let who = who.ok_or("no function_id")?;
        let sample = json(&folder.join("sample.json"))?;
        let time = fastest(&sample).ok_or("no samples")? / per_operation(row);
        times.push((who.to_owned(), time));
    }
    times.sort_by_key(|(who, _)| (who != WEIR, who != FLOOR, who.clone()));
    Ok(times)
}

/// Samples are times of several iterations.
fn fastest(sample: &serde_json::Value) -> Option<f64> {
    let numbers = |name| sample.get(name)?.as_array();
    numbers("times")?
        .iter()
        .zip(numbers("iters")?)
        .filter_map(|(time, iterations)| Some(time.as_f64()? / iterations.as_f64()?))
        .reduce(f64::min)
}

fn per_operation(row: &Row) -> f64 {
    match (row.amount)() {
        #[expect(clippy::cast_precision_loss, reason = "some thousands")]
        Amount::Elements(elements, _) => elements as f64,
        Amount::Bytes(_) => 1.0,
    }
}

fn unit(row: &Row) -> String {
    match (row.amount)() {
        Amount::Elements(2.., one) => format!(", a {one}"),
        _ => String::new(),
    }
}

fn readable(nanoseconds: f64) -> String {
    let (number, unit) = match nanoseconds {
        ..1e3 => (nanoseconds, "ns"),
        ..1e6 => (nanoseconds / 1e3, "us"),
        _ => (nanoseconds / 1e6, "ms"),
    };
    let digits = if number < 10.0 {
        2
    } else {
        usize::from(number < 100.0)
    };
    format!("{number:.digits$} {unit}")
}

fn json(path: &Path) -> Result<serde_json::Value, Box<dyn Error>> {
    Ok(serde_json::from_slice(&std::fs::read(path)?)?)
}

/// Where criterion keeps its results, as it finds out itself.
fn criterion_home() -> PathBuf {
    let folder = |variable| std::env::var_os(variable).map(PathBuf::from);
    folder("CRITERION_HOME").unwrap_or_else(|| {
        let target = folder("CARGO_TARGET_DIR").or_else(|| folder("CARGO_BUILD_TARGET_DIR"));
        target
            .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"))
            .join("criterion")
    })
}
