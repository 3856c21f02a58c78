//! Work of others that came late: the relay took it although the right to it had ended. Whoever holds the record is told.

use rusqlite::{Connection, TransactionBehavior, params};
use sambung_domain::{RecordId, Timestamp};
use sambung_sync::chunk;
use sambung_sync::message::PulledLeaf;

use crate::{Replica, ReplicaError};

/// Notes that a change came late.
pub(crate) fn note(
    connection: &Connection,
    leaf: &PulledLeaf,
    chunk: &[u8],
    now: Timestamp,
) -> Result<(), ReplicaError> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO came_late (hash, record, generation, came) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![chunk::name(chunk).0, leaf.record.0, leaf.generation, now.0])?;
    Ok(())
}

impl Replica {
    /// Somebody has looked at what came late to a record; gives how many changes that were.
    ///
    /// # Errors
    /// [`ReplicaError::NotFound`] where there is no such record that this device may see.
    pub fn see_late(&mut self, id: RecordId, now: Timestamp) -> Result<u64, ReplicaError> {
        let row = self.found(id)?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let seen = transaction
            .prepare_cached(
                "UPDATE came_late SET told = ?3 WHERE record = ?1 AND generation = ?2 AND told IS NULL",
            )?
            .execute((row.id.0, row.generation, now.0))?;
        transaction.commit()?;
        Ok(u64::try_from(seen).unwrap_or(u64::MAX))
    }
}
