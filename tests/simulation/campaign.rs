//! Many runs: which seeds, how many, and what must have happened in them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use sambung_testkit::{Tally, network};

use crate::world::{self, FAULTS, LOST_RELAYS, Options, run};

/// Runs of every `cargo xtask test`.
const RUNS: u64 = 500;
/// The first of the seeds that are the same every time: all of a test, half of what is asked for.
pub(crate) const PINNED: u64 = 20_261_124;
/// Share of the runs in which each fault must have fired.
const FIRED_PERCENT: u64 = 10;
/// Share of the cuts that must have fallen inside a request.
const CUT_REQUEST_PERCENT: u64 = 30;
/// How many runs, where it is not [`RUNS`].
const RUNS_VARIABLE: &str = "SAMBUNG_SIMULATION_RUNS";
/// Which seed to run, or to begin with.
const SEED_VARIABLE: &str = "SAMBUNG_SIMULATION_SEED";
/// Set: in every run, and not in every other one, the relay is restored from old backups and replaced by empty ones.
const LOSSES_VARIABLE: &str = "SAMBUNG_SIMULATION_LOSSES";

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

/// Every other seed loses relays.
fn options(seed: u64) -> Options {
    let loses_relays = seed % 2 == 1 || std::env::var_os(LOSSES_VARIABLE).is_some();
    Options { loses_relays, ..Options::default() }
}

/// Runs a seed; an error says how to repeat it.
fn attempt(seed: u64, options: Options) -> Result<world::Outcome, String> {
    let outcome = catch_unwind(AssertUnwindSafe(|| run(seed, options)));
    let what = match outcome {
        Ok(Ok(outcome)) => return Ok(outcome),
        Ok(Err(violation)) => violation.to_string(),
        Err(_) => "a panic, see above".to_owned(),
    };
    let losses = if options.loses_relays { format!("{LOSSES_VARIABLE}=1 ") } else { String::new() };
    Err(format!(
        "seed {seed}: {what}\n  {losses}{SEED_VARIABLE}={seed} cargo test -p sambung-simulation one_seed -- --ignored --nocapture"
    ))
}

/// Runs seeds on two threads, each run in one of them.
fn campaign(seeds: impl Iterator<Item = u64>) -> (u64, Tally, Vec<String>) {
    let seeds: Vec<u64> = seeds.collect();
    let next = AtomicU64::new(0);
    let result = Mutex::new((Tally::default(), Vec::new()));
    let work = || {
        loop {
            let at = usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap();
            let Some(&seed) = seeds.get(at) else { return };
            let outcome = attempt(seed, options(seed));
            let mut result = result.lock().unwrap_or_else(PoisonError::into_inner);
            match outcome {
                Ok(outcome) => result.0.add(&outcome.tally),
                Err(failure) => result.1.push(failure),
            }
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
    });
    let (tally, failures) = result.into_inner().unwrap_or_else(PoisonError::into_inner);
    (u64::try_from(seeds.len()).unwrap(), tally, failures)
}

#[test]
fn whatever_the_network_the_clocks_and_the_crashes_every_promise_is_kept() {
    // What everybody's work has to pass is the same for all; whoever asks for runs gets fresh ones as well.
    let asked = number(RUNS_VARIABLE);
    let runs = asked.unwrap_or(RUNS);
    let fresh = number(SEED_VARIABLE)
        .unwrap_or_else(|| u64::from_le_bytes(sambung_relay::clock::random().unwrap()) >> 1);
    let pinned = if asked.is_some() { runs / 2 } else { runs };
    let seeds = (0..pinned).map(|at| PINNED + at).chain((pinned..runs).map(|at| fresh.wrapping_add(at)));
    let (runs, tally, failures) = campaign(seeds);
    eprintln!("{runs} runs, the fresh ones from seed {fresh} on:\n{tally}");
    assert!(failures.is_empty(), "{} of {runs} runs failed\n{}", failures.len(), failures.join("\n"));
    let faults = [&network::FAULTS, &FAULTS[..], &LOST_RELAYS].concat();
    let rare = tally.rare(&faults, runs, FIRED_PERCENT);
    assert!(rare.is_empty(), "too seldom to mean anything: {rare:?}");
    let (request, answer) = (tally.times("request cut"), tally.times("answer cut"));
    assert!(request * 100 >= (request + answer) * CUT_REQUEST_PERCENT, "{request} of {}", request + answer);
    let happened = ["sealed", "opened", "moved", "decided", "in conflict at the end", "markers in answers"];
    let rare = tally.rare(&happened, runs, FIRED_PERCENT);
    assert!(rare.is_empty(), "nobody did: {rare:?}");
}

#[test]
fn the_same_seed_gives_the_same_logs_and_the_same_heads() {
    let hash = |seed| attempt(seed, Options::default()).unwrap_or_else(|failure| panic!("{failure}")).hash;
    assert_eq!(hash(PINNED), hash(PINNED));
    assert_ne!(hash(PINNED), hash(PINNED + 1));
}

#[test]
fn a_relay_that_confirms_what_it_does_not_keep_is_noticed() {
    let options = Options { forgetful: true, ..Options::default() };
    assert_eq!(run(PINNED, options).unwrap_err().promise, "G1");
}

#[test]
#[ignore = "repeats the run of one seed: set SAMBUNG_SIMULATION_SEED"]
fn one_seed() {
    let seed = number(SEED_VARIABLE).unwrap_or(PINNED);
    let outcome = attempt(seed, options(seed)).unwrap_or_else(|failure| panic!("{failure}"));
    eprintln!("seed {seed}: {}\n{}", outcome.hash, outcome.tally);
}
