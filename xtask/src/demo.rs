//! `cargo xtask demo`: the main job with the shipped binaries, on people made up for it.
//!
//! A relay, a village node in Krucil, offices in Kraksaan and Lumajang, a complaint desk and the centre run as real
//! processes over HTTP on loopback. They work apart for days, edit the same people, exchange, and agree; the relay is
//! killed in the middle of pushes and nothing is missing afterwards; the village gets nothing of its neighbours, and an
//! office keeps its guest; the relay is replaced by an empty one and put back from an old image; a list from
//! SISKOP2MI is taken in, its faults row by row. Only the binaries' command line and files on disk are used.

mod agree;
mod apart;
mod build;
mod complaint;
mod keep;
mod mix;
mod office;
mod people;
mod places;
mod promise;
mod proxy;
mod relay;
mod relay_lost;
mod sealed_file;
mod sisko;
mod story;
mod village;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::prepare::{self, Purpose};
use promise::{PROMISES, Report};

/// What the command was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    json: bool,
    keep: bool,
    sabotage: Option<String>,
}

/// `cargo xtask demo [--json] [--keep] [--sabotage ID]`
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    if let Some((keep::CARRY, addresses)) =
        arguments.split_first().map(|(first, rest)| (first.as_str(), rest))
    {
        keep::carry(addresses)?;
        return Ok(ExitCode::SUCCESS);
    }
    let options = parse(arguments)?;
    let report = play(&options)?;
    if options.json {
        println!("{}", report.json());
    } else {
        print!("{}", report.table());
    }
    Ok(if report.all_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The demo as a check of the tests: every promise held.
pub(crate) fn check() -> Result<()> {
    let report = play(&Options::default())?;
    print!("{}", report.table());
    if report.all_well() { Ok(()) } else { bail!("a promise was not held, or the list was not taken in") }
}

/// Sabotage as a check of the tests: each promise, broken on purpose, is the one that is not held.
pub(crate) fn check_sabotage() -> Result<()> {
    for promise in PROMISES {
        let sabotage = Some(promise.id.to_owned());
        let report = play(&Options { sabotage, ..Options::default() })?;
        let broken = report.broken();
        if broken != [promise.id] {
            print!("{}", report.table());
            bail!("sabotage of {} broke {broken:?}", promise.id);
        }
    }
    Ok(())
}

fn play(options: &Options) -> Result<Report> {
    prepare::ensure(&[Purpose::Native])?;
    let binaries = build::binaries(options.sabotage.is_some())?;
    let began = Instant::now();
    let mut report = story::tell(&binaries, options.sabotage.as_deref(), options.keep)?;
    report.seconds = began.elapsed().as_secs_f64();
    Ok(report)
}

fn parse(arguments: &[String]) -> Result<Options> {
    let mut options = Options::default();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--json" => options.json = true,
            "--keep" => options.keep = true,
            "--sabotage" => {
                let id = rest.next().map(String::as_str).unwrap_or_default();
                if !PROMISES.iter().any(|promise| promise.id == id) {
                    let known: Vec<&str> = PROMISES.iter().map(|promise| promise.id).collect();
                    bail!("`{id}` is no promise; promises are {}", known.join(", "));
                }
                options.sabotage = Some(id.to_owned());
            }
            other => bail!("`{other}` is not understood; use --json, --keep or --sabotage ID"),
        }
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn options_are_read_and_nonsense_is_refused() {
        let expected = Options { json: true, keep: false, sabotage: Some("kill_mid_push".to_owned()) };
        assert_eq!(parse(&words("--json --sabotage kill_mid_push")).unwrap(), expected);
        assert!(parse(&words("--sabotage everything")).is_err());
        assert!(parse(&words("--jsom")).is_err());
    }
}
