//! `sambung-relay`.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use sambung_relay::cli::Cli;
use sambung_relay::{command, logging, output};

fn main() -> ExitCode {
    logging::start();
    match command::run(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            output::say(&format!("sambung-relay: {error}"));
            error.exit_code()
        }
    }
}
