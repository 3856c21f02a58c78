//! One writer connection, a few readers, and transactions that end with the closure they are lent to.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, TransactionBehavior};
use sambung_sync::chain::LogId;

use super::open::{log_id, open, open_reader};
use super::{Holdings, SqliteStore, StoreError};

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

    /// What the store holds now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn holdings(&self) -> Result<Holdings, StoreError> {
        self.read(|store| store.holdings(self.bytes()))
    }

    /// Size of the database with its write-ahead log.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let mut log = self.path.as_os_str().to_owned();
        log.push("-wal");
        let length = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
        length(&self.path) + length(Path::new(&log))
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
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use sambung_domain::Timestamp;
    use sambung_sync::relay::RelayStore;
    use sambung_trust::{Signature, Signed};

    use super::*;

    fn pools(count: usize) -> (tempfile::TempDir, Vec<Pool>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("relay.sqlite");
        crate::file::reserve(&path).unwrap();
        super::super::create(&path, &[1; 16], Timestamp(0)).unwrap();
        let pools = (0..count).map(|_| Pool::open(&path).unwrap()).collect();
        (dir, pools)
    }

    fn grant(number: u8) -> Signed {
        Signed { body: vec![number].into(), signature: Signature([number; 64]) }
    }

    fn put(pool: &Pool, number: u8) {
        pool.write::<_, StoreError>(|store| store.put_grant(&grant(number))).unwrap();
    }

    fn has(pool: &Pool, number: u8) -> bool {
        let id = grant(number).short_id();
        pool.read::<_, StoreError>(|store| store.grant(&id)).unwrap().is_some()
    }

    #[test]
    fn a_panic_rolls_back_and_poisons_nothing() {
        let (_dir, pools) = pools(1);
        let pool = &pools[0];
        for write in [true, false] {
            let panicked = catch_unwind(AssertUnwindSafe(|| {
                let work = |store: &mut SqliteStore<'_>| -> Result<(), StoreError> {
                    drop(store.put_grant(&grant(1)));
                    panic!("a fault in a handler");
                };
                if write { pool.write(work) } else { pool.read(work) }
            }));
            assert!(panicked.is_err());
        }
        put(pool, 2);
        assert!(!has(pool, 1) && has(pool, 2));
    }

    #[test]
    fn processes_see_each_others_commits() {
        let (_dir, pools) = pools(2);
        std::thread::scope(|scope| {
            for (pool, first) in pools.iter().zip([0, 50]) {
                scope.spawn(move || (first..first + 50).for_each(|number| put(pool, number)));
            }
        });
        for pool in &pools {
            assert!((0..100).all(|number| has(pool, number)));
        }
    }

    #[test]
    fn a_reader_sees_one_snapshot() {
        let (_dir, pools) = pools(1);
        let pool = &pools[0];
        pool.read::<_, StoreError>(|store| {
            assert!(store.grant(&grant(1).short_id())?.is_none());
            put(pool, 1);
            assert!(store.grant(&grant(1).short_id())?.is_none());
            Ok(())
        })
        .unwrap();
        assert!(has(pool, 1));
    }

    #[test]
    fn probing_leaves_nothing() {
        let (_dir, pools) = pools(1);
        pools[0].probe().unwrap();
        pools[0]
            .read::<_, StoreError>(|store| {
                let text = "SELECT count(*) FROM meta WHERE name = 'probe'";
                let rows: i64 = store.connection().query_row(text, [], |row| row.get(0))?;
                assert_eq!(rows, 0);
                Ok(())
            })
            .unwrap();
    }
}
