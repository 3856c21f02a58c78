//! What each command does.

mod error;
mod init;
mod invite;
mod serve;

use std::process::ExitCode;

pub use error::CommandError;

use crate::cli::Command;

/// Runs a command.
///
/// # Errors
/// [`CommandError`], which knows its exit code.
pub fn run(command: Command) -> Result<ExitCode, CommandError> {
    match command {
        Command::Init(args) => init::run(&args)?,
        Command::Serve(args) => serve::run(&args)?,
        Command::Invite(args) => invite::run(args)?,
    }
    Ok(ExitCode::SUCCESS)
}
