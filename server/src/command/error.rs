//! How a command can fail, and with which exit code.

use std::io;
use std::process::ExitCode;

use sambung_domain::hex::BadHex;

use crate::data::{DataError, RestoreError};
use crate::keys::KeyError;
use crate::store::StoreError;

const FAILED: u8 = 1;
const USAGE: u8 = 2;
const CONFIGURATION: u8 = 3;
const LATER: u8 = 75;

/// Why a command did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The relay's directory cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// A key or certificate is damaged.
    #[error(transparent)]
    Damaged(#[from] BadHex),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// Which address.
        address: std::net::SocketAddr,
        /// What the system said.
        error: io::Error,
    },
    /// A file is there already.
    #[error("{0} exists; choose a new name")]
    Exists(String),
    /// The database has findings.
    #[error("the database has {0} findings")]
    Findings(usize),
    /// There is no such device, or several that are called so.
    #[error("there is no device `{0}`; `sambung-relay device list` shows them")]
    NoDevice(String),
    /// No such change in quarantine, or several.
    #[error("{0}; `sambung-relay quarantine list` shows what waits")]
    NoChange(String),
    /// No such sealed item, or several.
    #[error(
        "there is no sealed item `{0}`; `sambung-relay parcel list` shows what waits, name one by eight digits"
    )]
    NoParcel(String),
    /// A change could not be decided about; nothing was changed.
    #[error("change {change}: {why}; nothing was changed")]
    NotReleased {
        /// Which.
        change: String,
        /// Why.
        why: String,
    },
    /// Nothing can be changed about a revoked device.
    #[error("device {0} was revoked; enrol it anew")]
    Revoked(String),
    /// No such command.
    #[error("`{0}` is not a command of sambung-relay")]
    Usage(String),
    /// A backup was not put in place; nothing is left of the attempt.
    #[error("{0}; nothing was restored")]
    Restore(#[from] RestoreError),
    /// The system failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl CommandError {
    /// The exit code: 1 failed, 3 configuration, 75 try again later.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            CommandError::Data(DataError::Store(error))
            | CommandError::Restore(RestoreError::Data(DataError::Store(error)))
            | CommandError::Store(error) => of_store(error),
            CommandError::Data(_)
            | CommandError::Restore(
                RestoreError::Data(_) | RestoreError::InUse(_) | RestoreError::OtherKeys,
            )
            | CommandError::Keys(_)
            | CommandError::Damaged(_)
            | CommandError::Listen { .. } => CONFIGURATION,
            CommandError::Usage(_) => USAGE,
            CommandError::Exists(_)
            | CommandError::Restore(RestoreError::File { .. } | RestoreError::Findings(_))
            | CommandError::Findings(_)
            | CommandError::NoDevice(_)
            | CommandError::NoChange(_)
            | CommandError::NotReleased { .. }
            | CommandError::Revoked(_)
            | CommandError::NoParcel(_)
            | CommandError::Io(_) => FAILED,
        })
    }
}

fn of_store(error: &StoreError) -> u8 {
    match error {
        StoreError::Busy | StoreError::Random => LATER,
        StoreError::Missing
        | StoreError::Foreign
        | StoreError::NoBackup
        | StoreError::Newer { .. }
        | StoreError::OldSqlite(_)
        | StoreError::ReadOnly => CONFIGURATION,
        StoreError::Full | StoreError::Damaged(_) | StoreError::Sequence | StoreError::Sqlite(_) => FAILED,
    }
}
