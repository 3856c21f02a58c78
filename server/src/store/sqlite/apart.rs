//! Moves, late changes and the quarantine.

use rusqlite::params;
use sambung_domain::{RecordId, Timestamp};
use sambung_sync::document::ChangeHash;
use sambung_sync::relay::{Load, Move, Quarantined};
use sambung_trust::PublicKey;
use sambung_trust::signed::encode;

use super::SqliteStore;
use crate::store::{StoreError, row};

/// The columns of [`row::quarantined`].
const COLUMNS: &str =
    "record, generation, kind, hash, device, staff, code, bytes, came, batch, leaf, chunk, outcome,
    released, reason, decided";

impl SqliteStore<'_> {
    pub(super) fn moves_of(&self, record: RecordId, generation: u32) -> Result<Vec<Move>, StoreError> {
        let text = "SELECT at, before, tips FROM move WHERE record = ?1 AND generation = ?2 ORDER BY number";
        self.list(text, params![record.0, generation], row::moved)
    }

    pub(super) fn note_move(
        &self,
        record: RecordId,
        generation: u32,
        moved: &Move,
    ) -> Result<(), StoreError> {
        let text = "INSERT INTO move (record, generation, at, before, tips) VALUES (?1, ?2, ?3, ?4, ?5)";
        let (before, tips) = (encode(&moved.before), encode(&moved.tips));
        self.write(text, params![record.0, generation, moved.at.0, before, tips]).map(drop)
    }

    pub(super) fn was_late(
        &self,
        record: RecordId,
        generation: u32,
        hash: &ChangeHash,
    ) -> Result<bool, StoreError> {
        let text = "SELECT 1 FROM late WHERE record = ?1 AND generation = ?2 AND hash = ?3";
        Ok(self.find(text, params![record.0, generation, hash.0], |_| Ok(()))?.is_some())
    }

    pub(super) fn note_late(
        &self,
        record: RecordId,
        generation: u32,
        hash: &ChangeHash,
    ) -> Result<(), StoreError> {
        let text = "INSERT OR IGNORE INTO late (record, generation, hash) VALUES (?1, ?2, ?3)";
        self.write(text, params![record.0, generation, hash.0]).map(drop)
    }

    pub(super) fn apart_of(&self, record: RecordId, generation: u32) -> Result<Vec<Quarantined>, StoreError> {
        let text =
            format!("SELECT {COLUMNS} FROM quarantine WHERE record = ?1 AND generation = ?2 ORDER BY number");
        self.list(&text, params![record.0, generation], row::quarantined)
    }

    pub(super) fn load_of(&self, device: &PublicKey) -> Result<Load, StoreError> {
        let text = "SELECT count(*), coalesce(sum(bytes), 0) FROM quarantine
            WHERE device = ?1 AND outcome IS NULL";
        self.waits(text, device)
    }

    pub(super) fn keep_apart(&self, change: &Quarantined) -> Result<(), StoreError> {
        let text =
            "INSERT INTO quarantine (record, generation, kind, hash, device, staff, code, bytes, came, batch,
                leaf, chunk)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
        let values = params![
            change.record.0,
            change.generation,
            change.kind,
            change.hash.0,
            change.device.0,
            change.staff.0,
            change.code,
            change.bytes,
            change.came.0,
            change.batch,
            change.leaf,
            change.chunk
        ];
        self.write(text, values).map(drop)
    }

    pub(super) fn decide_on(
        &self,
        change: &Quarantined,
        released: bool,
        reason: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let text = "UPDATE quarantine SET chunk = NULL, released = ?4, reason = ?5, decided = ?6,
                outcome = 1 + (SELECT coalesce(max(outcome), 0) FROM quarantine)
            WHERE record = ?1 AND generation = ?2 AND hash = ?3 AND outcome IS NULL";
        let values = params![change.record.0, change.generation, change.hash.0, released, reason, at.0];
        match self.write(text, values)? {
            1 => Ok(()),
            _ => Err(StoreError::damaged("a change in quarantine is missing")),
        }
    }

    pub(super) fn decided_since(
        &self,
        device: &PublicKey,
        number: u64,
        limit: usize,
    ) -> Result<Vec<Quarantined>, StoreError> {
        // What a replica names lies beyond every decision if it does not fit.
        let Ok(number) = row::column(number) else { return Ok(Vec::new()) };
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let text = format!(
            "SELECT {COLUMNS} FROM quarantine WHERE device = ?1 AND outcome > ?2 ORDER BY outcome LIMIT ?3"
        );
        self.list(&text, params![device.0, number, limit], row::quarantined)
    }

    /// What waits in quarantine, or everything that was ever in it, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn quarantine(&mut self, all: bool) -> Result<Vec<Quarantined>, StoreError> {
        let text = format!("SELECT {COLUMNS} FROM quarantine WHERE ?1 OR outcome IS NULL ORDER BY number");
        self.list(&text, [all], row::quarantined)
    }
}
