//! Tests that need other people's programs.

use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Trial};

use crate::program;

/// A test: what it claims, the programs it needs, and the proof.
#[derive(Clone, Copy)]
pub(crate) struct Claim(
    pub(crate) &'static str,
    pub(crate) &'static [&'static str],
    pub(crate) fn(),
);

/// Runs the tests, two at a time unless `--test-threads` says otherwise.
///
/// A test whose program is missing reports itself as ignored, and fails when `CI` is set.
pub(crate) fn run(claims: &[&[Claim]]) -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(2);
    let trials = claims.concat().into_iter().map(trial).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial(Claim(claim, programs, proof): Claim) -> Trial {
    Trial::ignorable_test(claim, move || {
        let missing = programs
            .iter()
            .find(|program| program::find(program).is_none());
        let Some(missing) = missing else {
            proof();
            return Ok(Completion::Completed);
        };
        if std::env::var_os("CI").is_some() {
            return Err(format!("{missing} is not installed").into());
        }
        Ok(Completion::ignored_with(format!(
            "{missing} is not installed"
        )))
    })
}
