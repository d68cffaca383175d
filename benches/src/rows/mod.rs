//! The rows of the tables: each operation as we do it, as peers do it, and the least it can take.
//!
//! `cargo bench` takes their time, the binary `instructions` counts their instructions.

use std::fmt;
use std::hint::black_box;
use std::time::{Duration, Instant};

mod amf;
mod auth;
mod flv;
mod rtmp;
mod rtsp;

/// Ourselves, among the [`Row::candidates`].
pub const WEIR: &str = "weir";

/// What nobody can do without: a walk by hand, one copy, one swap of bytes.
pub const FLOOR: &str = "floor";

/// Returns all rows in the order of the tables. Nothing is made for them before it is asked for.
pub fn all() -> Vec<Row> {
    [
        amf::rows(),
        rtmp::rows(),
        flv::rows(),
        rtsp::rows(),
        auth::rows(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// One operation and who can do it.
#[non_exhaustive]
pub struct Row {
    /// `layer/what/size`.
    pub name: String,
    /// Tells what one operation works on.
    pub amount: Box<dyn Fn() -> Amount>,
    /// We come first, then the floor and the peers.
    pub candidates: Vec<Candidate>,
    /// Whether instructions are counted; not where only a part of what is done takes time.
    pub counted: bool,
}

/// What one operation works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "as criterion has it")]
pub enum Amount {
    /// So many bytes.
    Bytes(u64),
    /// So many of the things with that name; times are those of one of them.
    Elements(u64, &'static str),
}

/// One who does the operation.
#[non_exhaustive]
pub struct Candidate {
    /// [`WEIR`], [`FLOOR`] or the name of a crate.
    pub who: &'static str,
    /// Makes the inputs, checks that the result is ours, and returns what is measured.
    pub prepare: Box<dyn Fn() -> Run>,
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(&self.name)
            .field("candidates", &self.candidates)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.who)
    }
}

/// Does the operation so many times and returns the time that counts.
pub type Run = Box<dyn FnMut(u64) -> Duration>;

impl Row {
    fn new(name: impl Into<String>, amount: impl Fn() -> Amount + 'static) -> Self {
        Self {
            name: name.into(),
            amount: Box::new(amount),
            candidates: Vec::new(),
            counted: true,
        }
    }

    fn only_timed(mut self) -> Self {
        self.counted = false;
        self
    }

    fn weir(self, prepare: impl Fn() -> Run + 'static) -> Self {
        self.with(WEIR, prepare)
    }

    fn floor(self, prepare: impl Fn() -> Run + 'static) -> Self {
        self.with(FLOOR, prepare)
    }

    /// Adds one who does the operation.
    #[must_use]
    pub fn with(mut self, who: &'static str, prepare: impl Fn() -> Run + 'static) -> Self {
        let candidate = Candidate {
            who,
            prepare: Box::new(prepare),
        };
        match who {
            WEIR => self.candidates.insert(0, candidate),
            _ => self.candidates.push(candidate),
        }
        self
    }
}

/// An operation without preparation of its own. A result may not borrow from the inputs; what does
/// goes through [`black_box`] in the operation.
pub fn run<T>(mut operation: impl FnMut() -> T + 'static) -> Run {
    Box::new(move |count| {
        let begin = Instant::now();
        for _ in 0..count {
            black_box(operation());
        }
        begin.elapsed()
    })
}

/// An operation on inputs that it uses up; making them takes no time.
fn run_on<I, T>(
    mut make: impl FnMut() -> I + 'static,
    mut operation: impl FnMut(I) -> T + 'static,
) -> Run {
    Box::new(move |count| {
        let mut sum = Duration::ZERO;
        for _ in 0..count {
            let input = black_box(make());
            let begin = Instant::now();
            black_box(operation(input));
            sum += begin.elapsed();
        }
        sum
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_candidate_of_every_row_does_its_operation() {
        for candidate in all().iter().flat_map(|row| &row.candidates) {
            (candidate.prepare)()(1);
        }
    }

    #[test]
    fn every_row_is_ours_and_has_a_name_of_its_own() {
        let rows = all();
        let names: BTreeSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names.len(), rows.len());
        for row in &rows {
            let first = row.candidates.first().map(|candidate| candidate.who);
            assert_eq!(first, Some(WEIR), "{row:?}");
        }
    }
}
