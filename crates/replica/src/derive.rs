//! Documents and projections from raw changes: record by record, the attempt counted before it is made.

use rusqlite::{Connection, TransactionBehavior};
use sambung_domain::Pack;
use serde::{Deserialize, Serialize};

use crate::loaded::{self, RecordRow};
use crate::{Replica, ReplicaError, projection};

/// How often a record's derivation is attempted before it is left to a repair.
const ATTEMPTS_MAX: i64 = 3;

/// Records derived in one transaction, as long as none of them was attempted before: an attempt that kills the
/// process then costs the whole batch one attempt, and each of its records is taken alone the next time. So few that
/// a save beside it waits for a moment only.
const BATCH: i64 = 100;

/// How a round of derivation went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Derived {
    /// Records brought up to date.
    pub records: u64,
    /// Records that could not be.
    pub failed: u64,
}

impl Replica {
    /// Brings every record up to date whose raw changes are ahead of its document, or whose rows are those of an
    /// earlier release or pack. A record that fails costs
    /// only itself: its last good document stays, and it is counted.
    ///
    /// # Errors
    /// Only what the database says; a record's own failure is counted.
    pub fn derive(&mut self) -> Result<Derived, ReplicaError> {
        let mut derived = Derived::default();
        loop {
            let fresh = self.underived("attempts = 0", BATCH)?;
            if fresh.is_empty() {
                break;
            }
            derived.records += self.derive_batch(&fresh)?;
        }
        for number in self.underived(&format!("attempts BETWEEN 1 AND {}", ATTEMPTS_MAX - 1), i64::MAX)? {
            derived.records += self.derive_batch(&[number])?;
        }
        let left = "SELECT count(*) FROM underived";
        let left: i64 = self.connection.prepare_cached(left)?.query_row([], |row| row.get(0))?;
        derived.failed = u64::try_from(left).unwrap_or(0);
        Ok(derived)
    }

    /// Records whose document or rows are not what they will be, and that were not tried yet.
    ///
    /// # Errors
    /// What the database says.
    pub fn behind(&self) -> Result<u64, ReplicaError> {
        let sql = "SELECT count(*) FROM underived JOIN record ON number = record WHERE attempts = 0";
        let count: i64 = self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    fn underived(&self, attempts: &str, limit: i64) -> Result<Vec<i64>, ReplicaError> {
        let sql = format!(
            "SELECT record FROM underived JOIN record ON number = record WHERE {attempts} ORDER BY record LIMIT ?1"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let numbers = statement.query_map([limit], |row| row.get(0))?;
        Ok(numbers.collect::<Result<_, _>>()?)
    }

    /// Derives records in one transaction, after another has counted the attempt.
    fn derive_batch(&mut self, numbers: &[i64]) -> Result<u64, ReplicaError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for number in numbers {
            transaction
                .prepare_cached("UPDATE record SET attempts = attempts + 1 WHERE number = ?1")?
                .execute([number])?;
        }
        transaction.commit()?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut derived = 0;
        for number in numbers {
            match derive_record(&transaction, &self.pack, *number) {
                Ok(()) => derived += 1,
                Err(ReplicaError::Document { .. }) => {}
                Err(other) => return Err(other),
            }
        }
        transaction.commit()?;
        Ok(derived)
    }
}

fn derive_record(connection: &Connection, pack: &Pack, number: i64) -> Result<(), ReplicaError> {
    let row: RecordRow = loaded::by_number(connection, number)?;
    let chunks = row.chunks(connection, row.position)?;
    let position = row.position + i64::try_from(chunks.len()).unwrap_or(i64::MAX);
    let document =
        row.derived(pack, &chunks).map_err(|source| ReplicaError::Document { record: row.id, source })?;
    projection::write(connection, pack, &row, &document, position)?;
    connection.prepare_cached("DELETE FROM underived WHERE record = ?1")?.execute([number])?;
    Ok(())
}
