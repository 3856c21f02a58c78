//! What came and cannot be applied: changes whose base is missing, chunks that cannot be used.

use rusqlite::params;
use sambung_domain::RecordId;
use sambung_sync::form::{History, Rejected};
use sambung_sync::message::PulledLeaf;
use sambung_sync::{ChangeHash, chunk};

use super::pulled::{Intake, Place, Proven};
use crate::loaded::RecordRow;
use crate::{ReplicaError, digest};

impl Intake<'_> {
    /// Keeps a change whose base has not come yet.
    pub(super) fn wait(
        &self,
        leaf: &PulledLeaf,
        proven: &Proven,
        hash: ChangeHash,
        chunk: &[u8],
        place: &Place<'_>,
    ) -> Result<(), ReplicaError> {
        let (admission, admitted) = place.admitted.unzip();
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO pending (record, generation, kind, hash, chunk, nonce, batch, leaf, shard,
                                                 sequence, came, admission, admitted)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )?
            .execute(params![
                leaf.record.0,
                leaf.generation,
                leaf.kind,
                hash.0,
                chunk,
                leaf.nonce,
                proven.number,
                leaf.index,
                place.shard,
                place.sequence,
                self.now.0,
                admission,
                admitted
            ])?;
        Ok(())
    }

    /// Tries the changes that waited for their base; gives how many could be taken.
    pub(super) fn retry_pending(&self, row: &RecordRow, history: &mut History) -> Result<u64, ReplicaError> {
        let mut taken = 0;
        loop {
            let mut progress = false;
            for waiting in self.pending_of(row)? {
                let hash = chunk::name(&waiting.chunk);
                let (shard, sequence, admitted) = (&waiting.shard, waiting.sequence, waiting.admitted);
                let place = Place { shard, set: "", sequence, admitted };
                match history.check(&waiting.chunk).and_then(|change| history.admit(change)) {
                    Ok(()) => {
                        let Some(change) = history.change(&hash) else { continue };
                        let from = (waiting.nonce, false);
                        self.insert(
                            row,
                            change,
                            &waiting.chunk,
                            from,
                            (waiting.batch, waiting.leaf),
                            &place,
                        )?;
                        taken += 1;
                        progress = true;
                    }
                    Err(Rejected::Missing(_)) => continue,
                    Err(Rejected::Duplicate(_)) => {}
                    Err(Rejected::Bad(bad)) => {
                        let leaf = waiting.leaf_of(row);
                        self.set_aside(&leaf, None, &waiting.chunk, bad.code(), &place)?;
                    }
                }
                self.connection
                    .prepare_cached(
                        "DELETE FROM pending WHERE record = ?1 AND generation = ?2 AND hash = ?3",
                    )?
                    .execute(params![row.id.0, row.generation, hash.0])?;
            }
            if !progress {
                return Ok(taken);
            }
        }
    }

    fn pending_of(&self, row: &RecordRow) -> Result<Vec<Waiting>, ReplicaError> {
        let sql = "SELECT chunk, nonce, batch, leaf, shard, sequence, admission, admitted FROM pending
                   WHERE record = ?1 AND generation = ?2 ORDER BY sequence";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![row.id.0, row.generation], |row| {
            Ok(Waiting {
                chunk: row.get(0)?,
                nonce: row.get(1)?,
                batch: row.get(2)?,
                leaf: row.get(3)?,
                shard: row.get(4)?,
                sequence: row.get(5)?,
                admitted: row.get::<_, Option<i64>>(6)?.zip(row.get(7)?),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Keeps a chunk that cannot be used, with the reason and its place: reported, never in anybody's way.
    pub(super) fn set_aside(
        &self,
        leaf: &PulledLeaf,
        proven: Option<&Proven>,
        bytes: &[u8],
        code: &str,
        place: &Place<'_>,
    ) -> Result<(), ReplicaError> {
        self.connection
            .prepare_cached(
                "INSERT OR IGNORE INTO unusable (record, generation, hash, code, chunk, came, kind, set_name, nonce,
                                                 batch, leaf, shard, sequence)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )?
            .execute(params![
                leaf.record.0,
                leaf.generation,
                chunk::name(bytes).0,
                code,
                bytes,
                self.now.0,
                leaf.kind,
                place.set,
                leaf.nonce,
                proven.map(|proven| proven.number),
                leaf.index,
                place.shard,
                place.sequence
            ])?;
        Ok(())
    }
}

impl Intake<'_> {
    /// Notes that a record is to be counted anew at the end.
    pub(super) fn touch(&self, record: i64) {
        self.touched.borrow_mut().insert(record);
    }

    /// Counts what was touched.
    pub(super) fn count_touched(&self) -> Result<(), ReplicaError> {
        // What came is not added to the sums.
        #[cfg(feature = "sabotage")]
        if self.sabotage == Some("digest_update") {
            return Ok(());
        }
        for record in self.touched.take() {
            digest::recount(self.connection, &self.identity.deployment, record)?;
        }
        Ok(())
    }

    /// Notes that a record of which nothing can be used is in a set.
    pub(super) fn join_aside(
        &self,
        record: RecordId,
        generation: u32,
        set: &str,
    ) -> Result<(), ReplicaError> {
        self.connection
            .prepare_cached(
                "INSERT OR IGNORE INTO member_aside (record, generation, set_name) VALUES (?1, ?2, ?3)",
            )?
            .execute((record.0, generation, set))?;
        Ok(())
    }

    /// Notes that such a record left a set.
    pub(super) fn leave_aside(
        &self,
        record: RecordId,
        generation: u32,
        set: &str,
    ) -> Result<(), ReplicaError> {
        self.connection
            .prepare_cached(
                "DELETE FROM member_aside WHERE record = ?1 AND generation = ?2 AND set_name = ?3",
            )?
            .execute((record.0, generation, set))?;
        Ok(())
    }

    /// Puts a record that has a row now into the sets it was in without one.
    pub(super) fn join_sets_aside(&self, row: &RecordRow) -> Result<(), ReplicaError> {
        let sql = "DELETE FROM member_aside WHERE record = ?1 AND generation = ?2 RETURNING set_name";
        let mut statement = self.connection.prepare_cached(sql)?;
        let sets: Vec<String> =
            statement.query_map((row.id.0, row.generation), |row| row.get(0))?.collect::<Result<_, _>>()?;
        sets.iter().try_for_each(|set| self.join(row.number, set))
    }
}

/// A change that waits for its base.
struct Waiting {
    chunk: Vec<u8>,
    nonce: [u8; 16],
    batch: i64,
    leaf: u32,
    shard: String,
    sequence: u64,
    admitted: Option<(i64, u32)>,
}

impl Waiting {
    /// The leaf it came in, without its changes.
    fn leaf_of(&self, row: &RecordRow) -> PulledLeaf {
        PulledLeaf {
            batch: 0,
            index: self.leaf,
            record: row.id,
            generation: row.generation,
            kind: row.kind.clone(),
            nonce: self.nonce,
            hashes: None,
            changes: Vec::new(),
        }
    }
}
