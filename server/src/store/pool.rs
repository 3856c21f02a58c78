//! One writer connection, a few readers, and transactions that end with the closure they are lent to.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, TransactionBehavior};
use sambung_sync::chain::LogId;

use super::open::{log_id, open, open_reader};
use super::{SqliteStore, StoreError};

/// Reader connections kept open between requests.
const IDLE_READERS: usize = 8;

/// The connections of one process.
///
/// A panic inside a closure rolls its transaction back while it unwinds, so the locks' poison means nothing
/// here and is passed over.
#[derive(Debug)]
pub struct Pool {
    path: PathBuf,
    log: LogId,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

impl Pool {
    /// Opens a relay's database and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError`], see [`open`](super::open).
    pub fn open(path: &Path) -> Result<Pool, StoreError> {
        let writer = open(path)?;
        let log = log_id(&writer)?;
        Ok(Pool { path: path.to_owned(), log, writer: Mutex::new(writer), readers: Mutex::new(Vec::new()) })
    }

    /// The log the database keeps: settled when it was made, so it may be remembered.
    #[must_use]
    pub fn log(&self) -> LogId {
        self.log
    }

    /// Runs `work` in one transaction that holds the write lock, and commits it if `work` succeeds. When this
    /// returns the data is on the disk.
    ///
    /// # Errors
    /// Those of `work`, and [`StoreError`]; nothing is written then.
    pub fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut SqliteStore<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut store = SqliteStore::begin(&mut writer, TransactionBehavior::Immediate)?;
        let result = work(&mut store)?;
        store.commit()?;
        Ok(result)
    }

    /// Runs `work` in one transaction that sees one snapshot and cannot write.
    ///
    /// # Errors
    /// Those of `work`, and [`StoreError`]: [`StoreError::ReadOnly`] where it tried to write.
    pub fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut SqliteStore<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut reader = match idle {
            Some(reader) => reader,
            None => open_reader(&self.path)?,
        };
        let mut store = SqliteStore::begin(&mut reader, TransactionBehavior::Deferred)?;
        let result = work(&mut store);
        drop(store);
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < IDLE_READERS {
            readers.push(reader);
        }
        result
    }

    /// Writes something and takes it back, to see whether that is possible.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn probe(&self) -> Result<(), StoreError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let store = SqliteStore::begin(&mut writer, TransactionBehavior::Immediate)?;
        let text = "INSERT INTO meta (name, value) VALUES ('probe', x'00')
            ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        store.connection().execute(text, [])?;
        Ok(())
    }

    /// Runs `work` as [`write`](Pool::write) does and throws away what it wrote: the lie that the demo's
    /// promises must not survive.
    ///
    /// # Errors
    /// Those of `work`, and [`StoreError`].
    #[cfg(feature = "sabotage")]
    pub fn forget<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut SqliteStore<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut store = SqliteStore::begin(&mut writer, TransactionBehavior::Immediate)?;
        work(&mut store)
    }
}
