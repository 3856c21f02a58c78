//! Trying again what could not be used: after an upgrade its kind may be known, its form be understood.

use std::cell::RefCell;

use rusqlite::{Connection, TransactionBehavior, params};
use sambung_domain::{RecordId, Timestamp};
use sambung_sync::message::PulledLeaf;
use sambung_trust::{BatchHeader, PublicKey, Signed};

use super::pulled::{Intake, Place, Proven};
use crate::{Replica, ReplicaError, loaded};

/// Names a chunk that was set aside: record, generation, hash.
type Name = ([u8; 16], u32, [u8; 32]);

impl Replica {
    /// Tries every unusable chunk that somebody vouches for, and every change that waits for its base, once
    /// more, in the order of the log; gives how many could be taken. Their documents are still to be derived.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) fn retry_set_aside(&mut self, now: Timestamp) -> Result<u64, ReplicaError> {
        let mut taken = 0;
        for name in unusable(&self.connection)? {
            taken += u64::from(self.with_intake(now, |intake| take(intake, &name))?);
        }
        for record in pending(&self.connection)? {
            taken += self.with_intake(now, |intake| take_pending(intake, &record))?;
        }
        Ok(taken)
    }

    fn with_intake<T>(
        &mut self,
        now: Timestamp,
        work: impl FnOnce(&Intake<'_>) -> Result<T, ReplicaError>,
    ) -> Result<T, ReplicaError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let touched = RefCell::default();
        let intake = Intake::begin(&transaction, (&self.pack, &self.identity), now, &touched)?;
        let done = work(&intake)?;
        intake.count_touched()?;
        transaction.commit()?;
        Ok(done)
    }
}

fn unusable(connection: &Connection) -> Result<Vec<Name>, ReplicaError> {
    let sql = "SELECT record, generation, hash FROM unusable WHERE batch IS NOT NULL ORDER BY sequence";
    let mut statement = connection.prepare_cached(sql)?;
    let names = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(names.collect::<Result<_, _>>()?)
}

/// A record with changes that wait for their base.
type Waiting = ([u8; 16], u32);

fn pending(connection: &Connection) -> Result<Vec<Waiting>, ReplicaError> {
    let sql = "SELECT DISTINCT record, generation FROM pending";
    let mut statement = connection.prepare_cached(sql)?;
    let records = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(records.collect::<Result<_, _>>()?)
}

/// Takes one chunk out of the unusable ones through the same door as at its first coming; it lies there again
/// where nothing has changed.
fn take(intake: &Intake<'_>, name: &Name) -> Result<bool, ReplicaError> {
    let sql = "DELETE FROM unusable WHERE record = ?1 AND generation = ?2 AND hash = ?3
               RETURNING kind, set_name, nonce, batch, leaf, shard, sequence, chunk, code, came";
    let (leaf, batch, set, shard, sequence, chunk, code, came) =
        intake.connection.prepare_cached(sql)?.query_row(params![name.0, name.1, name.2], |row| {
            let leaf = PulledLeaf {
                batch: 0,
                index: row.get(4)?,
                record: RecordId(name.0),
                generation: name.1,
                kind: row.get(0)?,
                nonce: row.get(2)?,
                hashes: None,
                changes: Vec::new(),
            };
            let set: String = row.get(1)?;
            let (batch, shard): (i64, String) = (row.get(3)?, row.get(5)?);
            let chunk: Vec<u8> = row.get(7)?;
            Ok((leaf, batch, set, shard, row.get::<_, u64>(6)?, chunk, row.get::<_, String>(8)?, row.get(9)?))
        })?;
    let proven = Proven { number: batch, device: signer(intake.connection, batch)? };
    let place = Place { shard: &shard, set: &set, sequence, admitted: None };
    let intake = Intake { now: Timestamp(came), ..*intake };
    if intake.pack.kind(&leaf.kind).is_none() {
        intake.set_aside(&leaf, Some(&proven), &chunk, &code, &place)?;
        return Ok(false);
    }
    let known = loaded::find_generation(intake.connection, leaf.record, leaf.generation)?;
    let is_new = known.is_none();
    let row = match known {
        Some(row) => row,
        None => loaded::insert(intake.connection, leaf.record, leaf.generation, &leaf.kind)?,
    };
    intake.join(row.number, &set)?;
    intake.join_sets_aside(&row)?;
    let mut history = row.history(intake.connection, intake.pack)?;
    let taken = intake.take_change(&row, &mut history, &leaf, &proven, &chunk, &place)?;
    if taken {
        intake.retry_pending(&row, &mut history)?;
        intake.mark_underived(row.number)?;
    } else if is_new {
        intake.forget(row.number)?;
        intake.join_aside(leaf.record, leaf.generation, &set)?;
        return Ok(false);
    }
    intake.touch(row.number);
    Ok(taken)
}

fn take_pending(intake: &Intake<'_>, (id, generation): &Waiting) -> Result<u64, ReplicaError> {
    let Some(row) = loaded::find_generation(intake.connection, RecordId(*id), *generation)? else {
        return Ok(0);
    };
    let mut history = row.history(intake.connection, intake.pack)?;
    let taken = intake.retry_pending(&row, &mut history)?;
    intake.touch(row.number);
    if taken > 0 {
        intake.mark_underived(row.number)?;
    }
    Ok(taken)
}

/// The device that vouches for a stored batch.
fn signer(connection: &Connection, batch: i64) -> Result<PublicKey, ReplicaError> {
    let signed: Vec<u8> = connection
        .prepare_cached("SELECT signed FROM batch WHERE number = ?1")?
        .query_row([batch], |row| row.get(0))?;
    let unreadable = || ReplicaError::Unreadable("a batch");
    let signed: Signed = minicbor::decode(&signed).map_err(|_| unreadable())?;
    let header: BatchHeader = signed.peek().map_err(|_| unreadable())?;
    Ok(header.device)
}
