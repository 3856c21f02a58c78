//! `cargo xtask soak simulation|kills`: what the tests do, for longer.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::{shell, workspace};

/// Runs of the simulation, where none are named.
const RUNS: u64 = 500;

/// `cargo xtask soak simulation [--runs N] [--seed N] [--losses]` or `cargo xtask soak kills`.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    shell::run(&mut command(arguments)?)?;
    Ok(ExitCode::SUCCESS)
}

fn command(arguments: &[String]) -> Result<Command> {
    let test = |package, filter| {
        workspace::cargo(&[
            "test",
            "--profile",
            "ci",
            "--locked",
            "--package",
            package,
            "--tests",
            filter,
            "--",
        ])
    };
    match arguments.split_first().map(|(name, rest)| (name.as_str(), rest)) {
        Some(("simulation", rest)) => {
            let mut command = test("sambung-simulation", "every_promise_is_kept");
            command.arg("--nocapture").env("SAMBUNG_SIMULATION_RUNS", RUNS.to_string());
            set(&mut command, rest)?;
            Ok(command)
        }
        Some(("kills", [])) => {
            let mut command = test("sambung-replica", "thousands_of_kills");
            command.args(["--ignored", "--nocapture"]);
            Ok(command)
        }
        _ => bail!("say `soak simulation [--runs N] [--seed N] [--losses]` or `soak kills`"),
    }
}

fn set(command: &mut Command, options: &[String]) -> Result<()> {
    let mut options = options.iter();
    while let Some(option) = options.next() {
        let mut number = || -> Result<String> {
            let text = options.next().with_context(|| format!("{option} needs a number"))?;
            Ok(text.parse::<u64>().with_context(|| format!("{option} {text}"))?.to_string())
        };
        match option.as_str() {
            "--runs" => command.env("SAMBUNG_SIMULATION_RUNS", number()?),
            "--seed" => command.env("SAMBUNG_SIMULATION_SEED", number()?),
            "--losses" => command.env("SAMBUNG_SIMULATION_LOSSES", "1"),
            _ => bail!("`{option}` is not an option of the simulation"),
        };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(arguments: &[&str]) -> Result<Vec<String>> {
        let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let command = command(&arguments)?;
        let set = command.get_envs().filter(|(name, _)| name.to_string_lossy().starts_with("SAMBUNG"));
        let text = |value: Option<&std::ffi::OsStr>| value.unwrap_or_default().to_string_lossy().into_owned();
        Ok(set.map(|(_, value)| text(value)).collect())
    }

    #[test]
    fn options_become_variables() {
        assert_eq!(variables(&["simulation"]).unwrap(), ["500"]);
        let all = ["simulation", "--runs", "9", "--seed", "7", "--losses"];
        assert_eq!(variables(&all).unwrap(), ["1", "9", "7"], "by name");
        assert!(variables(&["kills"]).unwrap().is_empty());
        for wrong in [&["simulation", "--runs"][..], &["simulation", "--runs", "x"], &["kills", "9"], &[]] {
            assert!(variables(wrong).is_err(), "{wrong:?}");
        }
    }
}
