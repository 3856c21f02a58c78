//! The office node `sambung`: the host of the core on a PC.
//!
//! It owns what the core may not have: the clock, randomness, files, the network. Commands are thin: they open
//! the replica, carry out one command or query, print the outcome. An agent syncs in the background while
//! `serve` answers browsers on this machine.

mod agent;
pub mod cli;
mod command;
mod ear;
mod failure;
mod keeper;
mod keyfile;
mod logging;
mod messages;
mod node;
mod output;
mod reader;
mod regions;
mod relay;
mod table;
mod whole;

use std::process::ExitCode;

use clap::Parser;

use cli::Cli;

/// Runs the program with the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::start(matches!(cli.command, cli::Command::Serve(_)));
    match command::run(cli) {
        Ok(code) => code,
        Err(failure) => {
            output::complain(&failure);
            ExitCode::from(failure.exit())
        }
    }
}
