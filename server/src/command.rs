//! What each command does.

mod backup;
mod device;
mod error;
mod init;
mod invite;
mod manual;
mod parcel;
mod quarantine;
mod restore;
mod resume;
mod serve;
mod status;
mod verify;

use std::process::ExitCode;

pub use error::CommandError;

use crate::cli::parcel::Parcel;
use crate::cli::quarantine::Quarantine;
use crate::cli::{Command, Device};

/// Runs a command.
///
/// # Errors
/// [`CommandError`], which knows its exit code.
pub fn run(command: Command) -> Result<ExitCode, CommandError> {
    match command {
        Command::Init(args) => init::run(&args)?,
        Command::Serve(args) => serve::run(&args)?,
        Command::Invite(args) => invite::run(args)?,
        Command::Device(Device::List(args)) => device::list(&args)?,
        Command::Device(Device::Show(args)) => device::show(&args)?,
        Command::Device(Device::Revoke(args)) => device::revoke(&args)?,
        Command::Device(Device::Regrant(args)) => device::regrant(&args)?,
        Command::Quarantine(Quarantine::List(args)) => quarantine::list(&args)?,
        Command::Quarantine(Quarantine::Show(args)) => quarantine::show(&args)?,
        Command::Quarantine(Quarantine::Release(args)) => {
            quarantine::decide(&args, quarantine::Deed::Release)?;
        }
        Command::Quarantine(Quarantine::Discard(args)) => {
            quarantine::decide(&args, quarantine::Deed::Discard)?;
        }
        Command::Parcel(Parcel::List(args)) => parcel::list(&args)?,
        Command::Parcel(Parcel::Take(args)) => parcel::take(&args)?,
        Command::Parcel(Parcel::Key(args)) => parcel::key(&args)?,
        Command::Resume(args) => resume::run(&args)?,
        Command::Status(args) => status::run(&args)?,
        Command::Verify(args) => verify::run(&args)?,
        Command::Backup(args) => backup::run(&args)?,
        Command::Restore(args) => restore::run(&args)?,
        Command::Completions { shell } => manual::completions(shell)?,
        Command::Man { command } => manual::page(command.as_deref())?,
    }
    Ok(ExitCode::SUCCESS)
}
