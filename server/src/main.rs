//! `sambung-relay`.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use sambung_relay::cli::Cli;
use sambung_relay::{command, logging, output};

fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::start(cli.log_format);
    match command::run(cli.command) {
        Ok(code) => code,
        Err(error) => {
            output::say(&format!("sambung-relay: {error}"));
            error.exit_code()
        }
    }
}
