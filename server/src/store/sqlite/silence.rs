//! [`SilenceStore`] inside one SQLite transaction.

use rusqlite::params;
use sambung_domain::{Set, Timestamp};
use sambung_sync::relay::{Silence, SilenceStore};

use super::SqliteStore;
use crate::store::StoreError;

impl SilenceStore for SqliteStore<'_> {
    fn silence(&mut self) -> Result<Option<Silence>, StoreError> {
        let text = "SELECT since, cause, ended FROM silence ORDER BY number DESC LIMIT 1";
        self.find(text, [], |row| {
            let ended: Option<i64> = row.get(2)?;
            Ok(Silence { since: Timestamp(row.get(0)?), cause: row.get(1)?, ended: ended.map(Timestamp) })
        })
    }

    fn begin_silence(&mut self, since: Timestamp, cause: &str) -> Result<(), StoreError> {
        self.write("DELETE FROM heard", [])?;
        let text = "INSERT INTO silence (since, cause) VALUES (?1, ?2)";
        self.write(text, params![since.0, cause]).map(drop)
    }

    fn end_silence(&mut self, at: Timestamp, reason: &str) -> Result<(), StoreError> {
        let text = "UPDATE silence SET ended = ?1, reason = ?2
            WHERE number = (SELECT max(number) FROM silence) AND ended IS NULL";
        self.write(text, params![at.0, reason]).map(drop)
    }

    fn heard(&mut self) -> Result<Vec<Set>, StoreError> {
        self.list("SELECT set_name FROM heard ORDER BY set_name", [], |row| {
            let name: String = row.get(0)?;
            Ok(name.parse().map_err(StoreError::damaged))
        })
    }

    fn put_heard(&mut self, set: &Set) -> Result<(), StoreError> {
        self.write("INSERT OR IGNORE INTO heard (set_name) VALUES (?1)", [set.to_string()]).map(drop)
    }
}
