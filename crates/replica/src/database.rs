//! Opening the encrypted database, its schema and its named values.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};
use sambung_domain::hex::hex;
use sambung_trust::{Signature, Signed};
use zeroize::Zeroizing;

use crate::{Replica, ReplicaError};

/// The raw 256-bit key of a database. How it is kept is the host's matter; wiped when dropped.
#[derive(Clone)]
pub struct DatabaseKey(pub Zeroizing<[u8; 32]>);

impl std::fmt::Debug for DatabaseKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DatabaseKey(…)")
    }
}

/// The schema, one step a release; a step is never edited once released.
const MIGRATIONS: &[&str] = &[
    include_str!("database/001_replica.sql"),
    concat!(include_str!("database/002_search_tables.sql"), include_str!("database/002_search.sql")),
    include_str!("database/003_review.sql"),
    include_str!("database/004_reasons.sql"),
    include_str!("database/005_interop.sql"),
    include_str!("database/006_safe.sql"),
    include_str!("database/007_away.sql"),
    include_str!("database/008_orders.sql"),
    include_str!("database/009_parcels.sql"),
    include_str!("database/010_cards.sql"),
    include_str!("database/011_offers.sql"),
    include_str!("database/012_digests.sql"),
    include_str!("database/013_returned.sql"),
];

/// What makes the two tables of search, for a step of the schema and for making them anew.
pub(crate) const SEARCH_TABLES: &str = include_str!("database/002_search_tables.sql");

/// SQLite before 3.51.3 can corrupt a write-ahead log that two connections use.
const SQLITE_LEAST: i32 = 3_051_003;

/// Pages kept decrypted, a connection: a page read anew is decrypted anew.
const CACHE_KIB: i64 = 16_384;

/// Pages of the write-ahead log from which on a save itself copies them into the database, where nobody does it in the
/// background ([`Replica::checkpoint`]): 16 MiB.
const CHECKPOINT_PAGES: i64 = 4_096;

/// How long a writer waits for another process's transaction.
const BUSY_MS: u64 = 10_000;

impl Replica {
    /// Copies what the write-ahead log holds into the database, as far as no reader is in the way, without holding up
    /// anybody. Whoever calls it now and then keeps this work out of saves.
    ///
    /// # Errors
    /// What the database says.
    pub fn checkpoint(&self) -> Result<(), ReplicaError> {
        Ok(self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?)
    }
}

/// Makes the database of a new replica. An existing one is opened as it is.
pub(crate) fn create(path: &Path, key: &DatabaseKey) -> Result<Connection, ReplicaError> {
    prepare(connect(path, key, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?)
}

/// Opens the database at `path` and brings its schema up to date. A file that is missing or empty is refused and
/// left as it is: it was more than that once.
pub(crate) fn open(path: &Path, key: &DatabaseKey) -> Result<Connection, ReplicaError> {
    let connection = connect(path, key, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
    if pages == 0 {
        return Err(ReplicaError::StorageDamaged("the file is empty".to_owned()));
    }
    prepare(connection)
}

/// Opens a database that is only looked at.
pub(crate) fn open_to_read(path: &Path, key: &DatabaseKey) -> Result<Connection, ReplicaError> {
    connect(path, key, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// A connection that has shown that its key fits. Nothing was written.
pub(crate) fn connect(path: &Path, key: &DatabaseKey, flags: OpenFlags) -> Result<Connection, ReplicaError> {
    if rusqlite::version_number() < SQLITE_LEAST {
        return Err(ReplicaError::SqliteTooOld(rusqlite::version().to_owned()));
    }
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    match unlock(&connection, key) {
        Err(ReplicaError::Locked) if is_plain(path) => Err(ReplicaError::NotEncrypted),
        other => other,
    }?;
    connection.busy_timeout(std::time::Duration::from_millis(BUSY_MS))?;
    // Else SQLite compiles a statement anew whenever another value is bound to it, in case the plan should be another:
    // an eighth of a first sync. Plans that depend on a value have it in their text.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

fn prepare(mut connection: Connection) -> Result<Connection, ReplicaError> {
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA secure_delete = ON;",
    )?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.set_prepared_statement_cache_capacity(64);
    migrate(&mut connection)?;
    Ok(connection)
}

/// Whether a file that no key opens is a database without encryption.
fn is_plain(path: &Path) -> bool {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags)
        .and_then(|plain| plain.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())))
        .is_ok()
}

#[cfg(not(target_arch = "wasm32"))]
fn unlock(connection: &Connection, key: &DatabaseKey) -> Result<(), ReplicaError> {
    let hex = Zeroizing::new(hex(&key.0[..]));
    connection.execute_batch(&format!("PRAGMA key = \"x'{}'\";", hex.as_str()))?;
    // The first read is where a wrong key shows.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(())
}

#[cfg(target_arch = "wasm32")]
fn unlock(connection: &Connection, key: &DatabaseKey) -> Result<(), ReplicaError> {
    let hex = Zeroizing::new(hex(&key.0[..]));
    connection.execute_batch(&format!("PRAGMA cipher = 'chacha20'; PRAGMA hexkey = '{}';", hex.as_str()))?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(())
}

/// The schema version this release writes.
pub(crate) fn schema_known() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// The schema version of an open database.
pub(crate) fn schema_found(connection: &Connection) -> Result<i64, ReplicaError> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

fn migrate(connection: &mut Connection) -> Result<(), ReplicaError> {
    let known = schema_known();
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let found = schema_found(&transaction)?;
    if found > known {
        return Err(ReplicaError::TooNew { found, known });
    }
    for step in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", known)?;
    transaction.commit()?;
    Ok(())
}

/// Reads a named value.
pub(crate) fn named(connection: &Connection, name: &str) -> Result<Option<Vec<u8>>, ReplicaError> {
    let mut statement = connection.prepare_cached("SELECT value FROM named WHERE name = ?1")?;
    Ok(statement.query_row([name], |row| row.get(0)).optional()?)
}

/// Writes a named value.
pub(crate) fn set_named(connection: &Connection, name: &str, value: &[u8]) -> Result<(), ReplicaError> {
    connection
        .prepare_cached("INSERT INTO named VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2")?
        .execute(params![name, value])?;
    Ok(())
}

/// The next of a list that is asked about in turn, where it is longer than one request may name. `page` gives what
/// comes after a place in the list, each with its place; the place reached is kept under `name`.
pub(crate) fn in_turn<T>(
    connection: &Connection,
    name: &str,
    page: impl Fn(i64) -> Result<Vec<(i64, T)>, ReplicaError>,
) -> Result<Vec<T>, ReplicaError> {
    let after =
        named(connection, name)?.and_then(|bytes| bytes.try_into().ok()).map_or(0, i64::from_be_bytes);
    let mut next = page(after)?;
    if next.is_empty() && after > 0 {
        next = page(0)?;
    }
    if let Some((last, _)) = next.last() {
        set_named(connection, name, &last.to_be_bytes())?;
    }
    Ok(next.into_iter().map(|(_, item)| item).collect())
}

/// The signed statement in two columns beginning at one, body and signature.
pub(crate) fn signed(row: &Row<'_>, first: usize) -> rusqlite::Result<Signed> {
    let body: Vec<u8> = row.get(first)?;
    Ok(Signed { body: body.into(), signature: Signature(row.get(first + 1)?) })
}

/// Reads a named value that a stored structure hides in.
pub(crate) fn named_cbor<T: for<'b> minicbor::Decode<'b, ()>>(
    connection: &Connection,
    name: &'static str,
) -> Result<Option<T>, ReplicaError> {
    named(connection, name)?
        .map(|bytes| minicbor::decode(&bytes).map_err(|_| ReplicaError::Unreadable(name)))
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> DatabaseKey {
        DatabaseKey(Zeroizing::new([byte; 32]))
    }

    #[test]
    fn a_database_opens_with_its_own_key_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("replica.db");
        set_named(&create(&path, &key(1)).unwrap(), "mark", b"here").unwrap();
        assert_eq!(named(&open(&path, &key(1)).unwrap(), "mark").unwrap(), Some(b"here".to_vec()));
        assert!(matches!(open(&path, &key(2)), Err(ReplicaError::Locked)));
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.starts_with(b"SQLite format 3"));
    }

    #[test]
    fn a_statement_is_compiled_once_whatever_is_bound_to_it() {
        let dir = tempfile::tempdir().unwrap();
        let connection = create(&dir.path().join("replica.db"), &key(1)).unwrap();
        let sql = "SELECT coalesce(max(position), 0) FROM change WHERE record = ?1";
        let mut statement = connection.prepare(sql).unwrap();
        for record in 1..4 {
            assert_eq!(statement.query_row([record], |row| row.get::<_, i64>(0)).unwrap(), 0);
        }
        assert_eq!(statement.get_status(rusqlite::StatementStatus::RePrepare), 0);
    }

    #[test]
    fn a_plain_database_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("plain.db");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
        assert!(matches!(open(&path, &key(1)), Err(ReplicaError::NotEncrypted)));
        assert!(matches!(create(&path, &key(1)), Err(ReplicaError::NotEncrypted)));
    }

    #[test]
    fn a_missing_or_empty_file_is_refused_and_not_made_into_a_database() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("replica.db");
        assert!(matches!(open(&path, &key(1)), Err(ReplicaError::Unopenable)));
        assert!(!path.exists());
        std::fs::write(&path, b"").unwrap();
        assert!(matches!(open(&path, &key(1)), Err(ReplicaError::StorageDamaged(_))));
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
    }

    #[test]
    fn a_newer_database_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("replica.db");
        create(&path, &key(1)).unwrap().pragma_update(None, "user_version", 99).unwrap();
        assert!(matches!(open(&path, &key(1)), Err(ReplicaError::TooNew { found: 99, .. })));
    }
}
