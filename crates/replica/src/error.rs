//! What can go wrong in a replica, in words for the person who reads it.

use rusqlite::ErrorCode;
use sambung_domain::{RecordId, pack::ValueError};
use sambung_sync::document::DocumentError;

use crate::Ended;

/// A mistake of whoever typed the command. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// There is no such kind.
    #[error("there is no kind `{given}`; kinds are {known}")]
    Kind {
        /// What was typed.
        given: String,
        /// What there is.
        known: String,
    },
    /// The kind has no such field.
    #[error("{kind} has no field `{given}`{nearest}")]
    Field {
        /// The kind.
        kind: String,
        /// What was typed.
        given: String,
        /// The nearest names, as a half-sentence; empty if none is near.
        nearest: String,
    },
    /// The text is no value of the field.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// The field is computed.
    #[error("{0} is computed and cannot be set")]
    Derived(String),
    /// The operation does not fit the field's type.
    #[error("{key}: {why}")]
    Operation {
        /// The field.
        key: String,
        /// What to do instead.
        why: &'static str,
    },
    /// A record whose id is derived is there already.
    #[error("there is one already: {0}; change it with an edit")]
    Exists(RecordId),
    /// A value that a list or query cannot use.
    #[error("{0}")]
    Query(String),
    /// The command as a whole is too large for one change, or its reason too long.
    #[error("the command is too large: {0}")]
    TooLarge(String),
}

/// Why a replica did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ReplicaError {
    /// The command was not understood.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// No such record here, or none this device may see: the same answer for both.
    #[error("there is no record {0} here")]
    NotFound(RecordId),
    /// A value is odd, and only good ones were asked for.
    #[error("{field}: {why}; without --strict it is saved all the same")]
    Odd {
        /// The field.
        field: String,
        /// What is odd.
        why: String,
    },
    /// The grant does not allow it.
    #[error("this device may not do that")]
    NotAllowed,
    /// The device shows nothing. Saving and sending go on.
    #[error("{}", ended_sentence(*.0))]
    Ended(Ended),
    /// The key does not open the database, or it is not an encrypted database.
    #[error("the database does not open with this key; it is another's, damaged, or not encrypted")]
    Locked,
    /// The database is a plain SQLite file.
    #[error("the database is not encrypted; this release opens encrypted ones only")]
    NotEncrypted,
    /// There is no database to open, or this user may not.
    #[error(
        "the database cannot be opened: it is missing, or this user may not read and write its directory"
    )]
    Unopenable,
    /// Nothing can be written where the database is.
    #[error("the database cannot be written: its file system or directory is read-only")]
    ReadOnly,
    /// The database was written by a newer release.
    #[error("the database has version {found}, this release knows {known}; install the newer release")]
    TooNew {
        /// The database's version.
        found: i64,
        /// The newest this release knows.
        known: i64,
    },
    /// SQLite is too old to be trusted with this.
    #[error("SQLite {0} has a known fault in its write-ahead log; 3.51.3 or newer is needed")]
    SqliteTooOld(String),
    /// There is no replica in the database.
    #[error("this database holds no replica; enrol first")]
    Empty,
    /// The disk is full. Nothing was changed.
    #[error("the disk is full; nothing was changed. Free some space and try again")]
    StorageFull,
    /// The database is damaged.
    #[error("the database is damaged: {0}")]
    StorageDamaged(String),
    /// Anything else SQLite says.
    #[error("the database failed: {0}")]
    Storage(rusqlite::Error),
    /// A stored value that cannot be read back.
    #[error("stored {0} cannot be read")]
    Unreadable(&'static str),
    /// A record's document could not be processed.
    #[error("record {record}: {source}")]
    Document {
        /// The record.
        record: RecordId,
        /// Why.
        source: DocumentError,
    },
}

fn ended_sentence(ended: Ended) -> &'static str {
    match ended {
        Ended::Lapsed => {
            "Perangkat ini terlalu lama tidak tersambung: yang tersimpan baru terlihat lagi setelah tersambung; mencatat tetap bisa. / \
             This device was out of contact for too long: what is saved is shown again after the next contact; recording goes on"
        }
        Ended::Taken => {
            "Hak perangkat ini sudah dicabut atau berakhir: yang tersimpan tidak ditampilkan lagi. / \
             This device's right was revoked or has ended: what is saved is not shown any more"
        }
    }
}

impl ReplicaError {
    /// The stable code for programs (tables of the error codes in docs/errors.md).
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            ReplicaError::Usage(_) => "usage",
            ReplicaError::NotFound(_) | ReplicaError::NotAllowed => "not_found",
            ReplicaError::Odd { .. } => "odd",
            ReplicaError::Ended(_) => "grant_ended",
            ReplicaError::StorageFull => "storage_full",
            ReplicaError::StorageDamaged(_) | ReplicaError::Unreadable(_) | ReplicaError::Document { .. } => {
                "storage_damaged"
            }
            ReplicaError::Locked
            | ReplicaError::NotEncrypted
            | ReplicaError::Unopenable
            | ReplicaError::ReadOnly
            | ReplicaError::TooNew { .. }
            | ReplicaError::SqliteTooOld(_)
            | ReplicaError::Empty => "configuration",
            ReplicaError::Storage(_) => "storage_failed",
        }
    }
}

impl From<rusqlite::Error> for ReplicaError {
    fn from(error: rusqlite::Error) -> Self {
        // The shared memory beside the database could not grow: the disk is full before a save has begun.
        let no_room_to_open = error
            .sqlite_error()
            .is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE);
        match error.sqlite_error_code() {
            _ if no_room_to_open => ReplicaError::StorageFull,
            Some(ErrorCode::DiskFull) => ReplicaError::StorageFull,
            Some(ErrorCode::NotADatabase) => ReplicaError::Locked,
            Some(ErrorCode::CannotOpen) => ReplicaError::Unopenable,
            Some(ErrorCode::ReadOnly) => ReplicaError::ReadOnly,
            Some(ErrorCode::DatabaseCorrupt) => ReplicaError::StorageDamaged(error.to_string()),
            _ => ReplicaError::Storage(error),
        }
    }
}
