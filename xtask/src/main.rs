//! Project tasks: `cargo xtask COMMAND`. Without a command it lists them.
//!
//! A new command is a module with a `run`, one `mod` line and one row in [`COMMANDS`].

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool speaks to its terminal")]

mod bench;
mod calendar;
mod check_wasm;
mod demo;
mod javascript;
mod pack_doc;
mod prepare;
mod pypi;
mod regions;
mod shell;
mod soak;
mod test;
mod wasm_size;
mod workspace;

use std::process::ExitCode;

/// One command of `cargo xtask`.
struct Task {
    name: &'static str,
    about: &'static str,
    /// Receives the arguments behind the name. An error is printed and exits 1.
    run: fn(&[String]) -> anyhow::Result<ExitCode>,
}

const COMMANDS: &[Task] = &[
    Task {
        name: "demo",
        about: "the main job with real processes; --json, --keep, --sabotage ID",
        run: demo::run,
    },
    Task {
        name: "test",
        about: "everything CI checks; `test STAGE…` runs only these stages",
        run: test::run,
    },
    Task {
        name: "bench",
        about: "what work takes, beside floor and peers; P1 … P9, --size N, --json, --reuse",
        run: bench::run,
    },
    Task {
        name: "soak",
        about: "tests for longer: simulation [--runs N] [--seed N] [--losses], kills",
        run: soak::run,
    },
    Task {
        name: "check-wasm",
        about: "build crates/ for wasm32 with whichever toolchain can",
        run: check_wasm::run,
    },
    Task {
        name: "wasm-size",
        about: "what the domain adds to the module a phone loads",
        run: wasm_size::run,
    },
    Task { name: "prepare", about: "install, or name, what build and tests need", run: prepare::run },
    Task { name: "regions", about: "make the region tables anew from their source", run: regions::run },
    Task {
        name: "pack-doc",
        about: "write docs/data.md and docs/authorisation.md from the schema pack",
        run: pack_doc::run,
    },
    Task { name: "calendar", about: "make the holiday calendar anew from its source", run: calendar::run },
];

/// Exit code for a command that does not exist or is used wrongly.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        print!("{}", overview());
        return ExitCode::SUCCESS;
    };
    let Some(task) = COMMANDS.iter().find(|task| task.name == name) else {
        eprint!("`{name}` is not a command.\n{}", overview());
        return ExitCode::from(USAGE);
    };
    (task.run)(rest).unwrap_or_else(|error| {
        eprintln!("cargo xtask {name}: {error:#}");
        ExitCode::FAILURE
    })
}

fn overview() -> String {
    let lines = COMMANDS.iter().map(|task| format!("  {:<12} {}\n", task.name, task.about));
    format!("cargo xtask COMMAND\n\n{}", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_overview_has_one_line_a_command() {
        let text = overview();
        for task in COMMANDS {
            assert_eq!(text.lines().filter(|line| line.trim_start().starts_with(task.name)).count(), 1);
            assert!(!task.about.contains('\n'));
        }
        assert!(text.lines().all(|line| line.len() <= 100), "{text}");
    }
}
