//! What can go wrong in the store, told apart by what its operator can do about it.

use rusqlite::ErrorCode;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk has no room for another write.
    #[error("the disk is full")]
    Full,
    /// What is on disk is not what was written.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// Another process kept the write lock too long.
    #[error("the database is busy")]
    Busy,
    /// A write in a transaction that may only read.
    #[error("the database cannot be written")]
    ReadOnly,
    /// There is no database here.
    #[error("there is no relay database here; make one with `sambung-relay init`")]
    Missing,
    /// The file is no finished backup.
    #[error("the file is no finished backup of a relay; `sambung-relay backup` makes one")]
    NoBackup,
    /// The file is a database of something else.
    #[error("the file is not a relay database")]
    Foreign,
    /// A newer release wrote the database.
    #[error("the database has version {found}, this release knows up to {known}; use the newer release")]
    Newer {
        /// Its version.
        found: u32,
        /// The newest this release knows.
        known: u32,
    },
    /// The linked SQLite has known faults.
    #[error("SQLite {0} is too old; 3.51.3 or newer is needed")]
    OldSqlite(&'static str),
    /// The entry does not go on from the log's tip.
    #[error("the log does not go on at this sequence")]
    Sequence,
    /// The operating system gave no random bytes.
    #[error("the operating system gives no random bytes")]
    Random,
    /// Anything else SQLite says.
    #[error("SQLite: {0}")]
    Sqlite(rusqlite::Error),
}

impl StoreError {
    /// The wire code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            StoreError::Full => "storage_full",
            StoreError::Busy | StoreError::Random => "later",
            StoreError::Damaged(_)
            | StoreError::ReadOnly
            | StoreError::Missing
            | StoreError::Foreign
            | StoreError::NoBackup
            | StoreError::Newer { .. }
            | StoreError::OldSqlite(_)
            | StoreError::Sequence
            | StoreError::Sqlite(_) => "storage_damaged",
        }
    }

    /// The HTTP status that goes with it.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self.code() {
            "storage_full" => 507,
            "later" => 503,
            _ => 500,
        }
    }

    /// A value on disk that is not what this program writes there.
    pub(crate) fn damaged(what: impl std::fmt::Display) -> Self {
        StoreError::Damaged(what.to_string())
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error as Sql;

        let Some(failure) = error.sqlite_error() else {
            let unreadable = matches!(
                error,
                Sql::InvalidColumnType(..)
                    | Sql::FromSqlConversionFailure(..)
                    | Sql::IntegralValueOutOfRange(..)
                    | Sql::Utf8Error(..)
            );
            return if unreadable { StoreError::damaged(error) } else { StoreError::Sqlite(error) };
        };
        // Growing the wal-index reports a full disk as an input/output error of its own.
        if failure.code == ErrorCode::DiskFull || failure.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE
        {
            return StoreError::Full;
        }
        if failure.code == ErrorCode::DatabaseCorrupt {
            return StoreError::damaged(error);
        }
        if failure.code == ErrorCode::NotADatabase {
            return StoreError::Foreign;
        }
        if failure.code == ErrorCode::DatabaseBusy || failure.code == ErrorCode::DatabaseLocked {
            return StoreError::Busy;
        }
        if failure.code == ErrorCode::ReadOnly {
            return StoreError::ReadOnly;
        }
        StoreError::Sqlite(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_and_a_damaged_file_are_told_apart() {
        use rusqlite::ffi;

        let failure = |code| StoreError::from(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
        for (code, word, status) in [
            (ffi::SQLITE_FULL, "storage_full", 507),
            (ffi::SQLITE_IOERR_SHMSIZE, "storage_full", 507),
            (ffi::SQLITE_CORRUPT, "storage_damaged", 500),
            (ffi::SQLITE_NOTADB, "storage_damaged", 500),
            (ffi::SQLITE_IOERR_READ, "storage_damaged", 500),
            (ffi::SQLITE_BUSY, "later", 503),
        ] {
            let error = failure(code);
            assert_eq!((error.code(), error.status()), (word, status), "{error:?}");
        }
        assert!(matches!(failure(ffi::SQLITE_READONLY), StoreError::ReadOnly));
    }
}
