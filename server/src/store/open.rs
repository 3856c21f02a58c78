//! Opening the database: pragmas, version checks, migrations.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, params};
use sambung_sync::chain::LogId;

use super::{StoreError, migration};

/// Oldest SQLite that is trusted: 3.51.3 fixes the last known loss of a write-ahead log.
const SQLITE_MIN: i32 = 3_051_003;
/// How long a transaction waits for another process's write lock.
const BUSY: Duration = Duration::from_secs(10);
/// Statements kept prepared per connection; the store has fewer.
const STATEMENTS: usize = 64;
/// Greatest size the write-ahead log keeps after a checkpoint, in bytes.
const JOURNAL_MAX: i64 = 64 * 1024 * 1024;

const LOG: &str = "log";
const MADE: &str = "made";

/// Makes an empty file the database of a log of its own.
///
/// # Errors
/// [`StoreError::Foreign`] where the file holds anything; else where it cannot be written.
pub fn create(path: &Path, log: &LogId, now: sambung_domain::Timestamp) -> Result<(), StoreError> {
    let mut connection = connect(path)?;
    if migration::version(&connection)? != 0 {
        return Err(StoreError::Foreign);
    }
    migration::migrate(&mut connection)?;
    let insert = "INSERT INTO meta (name, value) VALUES (?1, ?2)";
    connection.execute(insert, params![LOG, log])?;
    connection.execute(insert, params![MADE, now.0.to_be_bytes()])?;
    Ok(())
}

/// Opens a relay's database for writing and brings its schema up to date.
///
/// # Errors
/// [`StoreError`]: missing, another program's, newer than this release, damaged.
pub fn open(path: &Path) -> Result<Connection, StoreError> {
    let mut connection = connect(path)?;
    migration::migrate(&mut connection)?;
    Ok(connection)
}

/// Opens another connection to a database that [`open`] has accepted; it cannot write.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let connection = connect(path)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    if rusqlite::version_number() < SQLITE_MIN {
        return Err(StoreError::OldSqlite(rusqlite::version()));
    }
    if !path.is_file() {
        return Err(StoreError::Missing);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "journal_size_limit", JOURNAL_MAX)?;
    Ok(connection)
}

/// The id of the database's log.
///
/// # Errors
/// [`StoreError`]; damaged where there is none.
pub(super) fn log_id(connection: &Connection) -> Result<LogId, StoreError> {
    Ok(connection.query_row("SELECT value FROM meta WHERE name = ?1", [LOG], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sambung_domain::Timestamp;

    #[test]
    fn a_database_is_made_once_and_opened_as_it_must_be() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("relay.sqlite");
        assert!(matches!(open(&path), Err(StoreError::Missing)));
        crate::file::reserve(&path).unwrap();
        create(&path, &[7; 16], Timestamp(1)).unwrap();
        assert!(matches!(create(&path, &[8; 16], Timestamp(1)), Err(StoreError::Foreign)));
        let connection = open(&path).unwrap();
        assert_eq!(log_id(&connection).unwrap(), [7; 16]);
        let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!((pragma("synchronous"), pragma("foreign_keys"), pragma("busy_timeout")), (2, 1, 10_000));
        let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
    }

    #[test]
    fn a_reader_cannot_write() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("relay.sqlite");
        crate::file::reserve(&path).unwrap();
        create(&path, &[7; 16], Timestamp(1)).unwrap();
        let refused = open_reader(&path).unwrap().execute("DELETE FROM meta", []).unwrap_err();
        assert!(matches!(refused.into(), StoreError::ReadOnly));
    }

    #[test]
    fn a_text_file_is_no_database() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("relay.sqlite");
        std::fs::write(&path, "kunci rumah di bawah pot bunga, bukan basis data".repeat(100)).unwrap();
        assert!(matches!(open(&path), Err(StoreError::Foreign)));
    }
}
