//! Why a command failed, with the exit code that scripts rely on.

use sambung_replica::backup::BackupError;
use sambung_replica::card::CardListError;
use sambung_replica::exchange::SyncError;
use sambung_replica::interop::InteropError;
use sambung_replica::{EnrolmentError, ReplicaError};

/// Exit code: the command failed.
const FAILED: u8 = 1;
/// Exit code: the command was not understood.
const USAGE: u8 = 2;
/// Exit code: this device or directory is not set up for it.
const CONFIGURATION: u8 = 3;
/// Exit code: done, and somebody must look at something.
pub(crate) const ATTENTION: u8 = 4;
/// Exit code: no network now; try again later.
const LATER: u8 = 75;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The replica.
    #[error(transparent)]
    Replica(#[from] ReplicaError),
    /// The enrolment.
    #[error(transparent)]
    Enrolment(#[from] EnrolmentError),
    /// The exchange.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// The backup.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// A list of cards.
    #[error(transparent)]
    Cards(#[from] CardListError),
    /// A file of another program that was to be taken in.
    #[error(transparent)]
    Interop(#[from] InteropError),
    /// A file that cannot be read as what it should be.
    #[error("the file cannot be taken in: {0}. Nothing was changed")]
    Foreign(String),
    /// The arguments.
    #[error("{0}")]
    Usage(String),
    /// The directory, its key or its files.
    #[error("{0}")]
    Configuration(String),
    /// The relay refused to enrol.
    #[error("{message}")]
    EnrolRefused {
        /// The relay's code.
        code: String,
        /// Its sentence.
        message: String,
    },
    /// The relay cannot be reached.
    #[error("the relay cannot be reached: {0}. What is saved stays saved and is sent another time")]
    Unreachable(String),
    /// A file.
    #[error("{what}: {source}")]
    File {
        /// Which.
        what: String,
        /// Why.
        source: std::io::Error,
    },
}

impl Failure {
    /// The stable code, for programs.
    pub(crate) fn code(&self) -> &str {
        match self {
            Failure::Replica(error)
            | Failure::Sync(SyncError::Replica(error))
            | Failure::Interop(InteropError::Replica(error)) => error.code(),
            Failure::Cards(CardListError::Replica(error)) => error.code(),
            Failure::Cards(CardListError::NotAnOffice) => "configuration",
            Failure::Interop(_) | Failure::Foreign(_) | Failure::Cards(_) => "import_invalid",
            Failure::Enrolment(EnrolmentError::Replica(error)) => error.code(),
            Failure::Backup(error) => error.code(),
            Failure::Enrolment(EnrolmentError::WrongRelay) | Failure::Sync(SyncError::RelayUnknown) => {
                "relay_unknown"
            }
            Failure::Enrolment(EnrolmentError::Code) => "invite_invalid",
            Failure::Enrolment(EnrolmentError::Version) => "version",
            Failure::Enrolment(EnrolmentError::Frame(_))
            | Failure::Sync(SyncError::Frame(_) | SyncError::Nonsense(_)) => "frame_invalid",
            Failure::Sync(SyncError::Refused { code, .. }) | Failure::EnrolRefused { code, .. } => code,
            Failure::Sync(SyncError::Closed(_)) => "grant_ended",
            Failure::Sync(SyncError::Later(_)) => "later",
            Failure::Usage(_) => "usage",
            Failure::Configuration(_) => "configuration",
            Failure::Unreachable(_) => "unreachable",
            Failure::File { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                "storage_full"
            }
            Failure::File { .. } => "file",
        }
    }

    /// The exit code.
    pub(crate) fn exit(&self) -> u8 {
        match self.code() {
            "usage" => USAGE,
            "invite_invalid" | "grant_ended" | "relay_unknown" | "replica_cloned" | "version"
            | "configuration" => CONFIGURATION,
            "unreachable" | "later" => LATER,
            _ => FAILED,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_exit_codes_of_the_table() {
        let refused =
            |code: &str| Failure::EnrolRefused { code: code.to_owned(), message: String::new() }.exit();
        assert_eq!(refused("invite_invalid"), 3);
        assert_eq!(refused("grant_ended"), 3);
        assert_eq!(refused("frame_invalid"), 1);
        assert_eq!(refused("later"), 75);
        assert_eq!(Failure::Unreachable(String::new()).exit(), 75);
        assert_eq!(Failure::Usage(String::new()).exit(), 2);
        assert_eq!(Failure::Sync(SyncError::RelayUnknown).exit(), 3);
        assert_eq!(Failure::Sync(SyncError::Closed(sambung_sync::message::Closed::Revoked)).exit(), 3);
        assert_eq!(Failure::Replica(ReplicaError::Locked).exit(), 3);
        assert_eq!(Failure::Replica(ReplicaError::StorageFull).exit(), 1);
    }
}
