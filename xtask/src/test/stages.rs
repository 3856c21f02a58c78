//! The stages of `cargo xtask test`, in order.
//!
//! All of them build with the profile `ci` into one target directory, so that what one stage compiled the
//! next one reuses. A new stage is one row in [`STAGES`].

use anyhow::{Result, bail};

use crate::prepare::{self, Purpose};
use crate::shell::{self, Stream};
use crate::test::tally::Tally;
use crate::{check_wasm, demo, javascript, workspace};

/// A stage and what it does.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    pub(crate) work: Work,
}

/// What a stage's result means for the count.
#[derive(Debug)]
pub(crate) enum Work {
    /// No test: counted only when it fails.
    Step(fn() -> Result<()>),
    /// A step without which nothing after it can run.
    Gate(fn() -> Result<()>),
    /// Counts as one test.
    Check(fn() -> Result<()>),
    /// Runs tests and counts them.
    Tests(fn() -> Result<Tally>),
}

impl Work {
    pub(crate) fn run(&self) -> Result<Tally> {
        match self {
            Work::Step(work) | Work::Gate(work) => work().map(|()| Tally::default()),
            Work::Check(work) => work().map(|()| Tally::one_passed()),
            Work::Tests(work) => work(),
        }
    }
}

pub(crate) const STAGES: &[Stage] = &[
    Stage { name: "prepare", work: Work::Step(ready) },
    Stage { name: "fmt", work: Work::Check(fmt) },
    Stage { name: "clippy", work: Work::Check(clippy) },
    Stage { name: "doc", work: Work::Check(doc) },
    Stage { name: "check-wasm", work: Work::Check(check_wasm::check) },
    Stage { name: "build", work: Work::Gate(build) },
    Stage { name: "tests", work: Work::Tests(tests) },
    Stage { name: "doc-tests", work: Work::Tests(doc_tests) },
    Stage { name: "demo", work: Work::Check(demo::check) },
    Stage { name: "sabotage", work: Work::Check(demo::check_sabotage) },
    Stage { name: "faults", work: Work::Tests(faults) },
];

/// Fetching also brings what other targets need: the tidy tests look at the dependency tree offline.
fn ready() -> Result<()> {
    prepare::ensure(&[Purpose::Native, Purpose::Wasm])?;
    javascript::install()?;
    shell::run(&mut workspace::cargo(&["fetch", "--locked"]))
}

fn fmt() -> Result<()> {
    shell::run(&mut workspace::cargo(&["fmt", "--all", "--", "--check"]))
}

fn clippy() -> Result<()> {
    let mut command = workspace::cargo(&["clippy", "--workspace", "--all-targets", "--locked"]);
    shell::run(command.args(["--profile", "ci", "--", "-D", "warnings"]))
}

fn doc() -> Result<()> {
    let mut command = workspace::cargo(&["doc", "--workspace", "--no-deps", "--locked", "--profile", "ci"]);
    shell::run(command.env("RUSTDOCFLAGS", "-D warnings"))
}

/// The binaries first: tests that start them find them in the target directory.
fn build() -> Result<()> {
    shell::run(&mut workspace::cargo(&["build", "--workspace", "--locked", "--profile", "ci"]))?;
    shell::run(&mut workspace::cargo(&[
        "test",
        "--workspace",
        "--tests",
        "--no-run",
        "--locked",
        "--profile",
        "ci",
    ]))
}

fn tests() -> Result<Tally> {
    let tally = if shell::output("cargo-nextest", &["--version"]).is_some() { nextest() } else { libtest() }?;
    if tally.passed + tally.failed == 0 {
        bail!("no test ran");
    }
    Ok(tally)
}

fn nextest() -> Result<Tally> {
    let mut command = workspace::cargo(&["nextest", "run", "--workspace", "--tests", "--locked"]);
    command.args(["--cargo-profile", "ci", "--profile", "ci"]);
    let mut summary = None;
    let status = shell::watch(&mut command, Stream::Stderr, |line| {
        summary = Tally::from_nextest(line).or(summary);
    })?;
    match summary {
        Some(tally) => Ok(consistent(tally, status.success())),
        None => bail!("nextest printed no summary ({status})"),
    }
}

fn libtest() -> Result<Tally> {
    eprintln!("cargo-nextest is not installed: cargo's own runner does as well, only slower");
    let mut command = workspace::cargo(&["test", "--workspace", "--tests", "--no-fail-fast", "--locked"]);
    count_libtest(command.args(["--profile", "ci"]))
}

fn doc_tests() -> Result<Tally> {
    let mut command = workspace::cargo(&["test", "--workspace", "--doc", "--no-fail-fast", "--locked"]);
    count_libtest(command.args(["--profile", "ci"]))
}

/// The simulation with rules broken on purpose.
fn faults() -> Result<Tally> {
    let mut command =
        workspace::cargo(&["test", "--package", "sambung-simulation", "--features", "sabotage"]);
    count_libtest(command.args(["--locked", "--profile", "ci", "every_rule_that_is_broken"]))
}

fn count_libtest(command: &mut std::process::Command) -> Result<Tally> {
    let mut tally = Tally::default();
    let status = shell::watch(command, Stream::Stdout, |line| {
        tally = tally + Tally::from_libtest(line).unwrap_or_default();
    })?;
    Ok(consistent(tally, status.success()))
}

/// A runner that fails without a failed test (a binary that aborts, tests that do not compile) is a failure.
fn consistent(tally: Tally, success: bool) -> Tally {
    if success || tally.failed > 0 { tally } else { tally + Tally::one_failed() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runner_that_fails_without_a_failed_test_counts_as_one() {
        let passed = Tally { passed: 3, failed: 0, skipped: 0 };
        assert_eq!(consistent(passed, true), passed);
        assert_eq!(consistent(passed, false).failed, 1);
        assert_eq!(consistent(Tally { failed: 2, ..passed }, false).failed, 2);
    }
}
