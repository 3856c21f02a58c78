//! Records that left every set of this replica: what waits, and removing what may go.
//!
//! A record that nobody wrote to here goes at once. One with own work goes when all of that is in the relay's log and
//! the relay says that another replica holds the record; until then it is *away*: shown nowhere, counted in the status.
//! Afterwards nothing of its content is in any byte of the directory: rows are overwritten, the log is emptied.

use rusqlite::{Connection, TransactionBehavior};
use sambung_domain::{Pack, RecordId};
use sambung_sync::limits::LEAVING_MAX;
use sambung_sync::routing::routing;
use sambung_trust::Grant;
use sambung_trust::decide::shows;

use crate::database::{in_turn, named, set_named};
use crate::search::{self, Terms};
use crate::{Replica, ReplicaError};
use crate::{draft, loaded};

/// Records purged in one transaction.
const PURGE_MAX: i64 = 100;

/// Name of the note that rows were removed which the write-ahead log may still hold.
const SCRUB: &str = "scrub";

/// Name of the number of the record last asked about.
const ASKED: &str = "leaving asked";

/// Everything that refers to a record by its number.
const BY_NUMBER: [&str; 13] = [
    "settled",
    "change",
    "underived",
    "unlooked",
    "member",
    "projection",
    "reference",
    "sibling",
    "conflict",
    "trait",
    "pair",
    "issued",
    "replayed",
];

/// Away records of which every own change is in the relay's log, and nothing that was.
const LEAVING: &str = "SELECT number, id, generation FROM record INDEXED BY record_away
    WHERE away = 1 AND number > ?1
      AND EXISTS (SELECT 1 FROM change WHERE record = number AND own = 1)
      AND NOT EXISTS (SELECT 1 FROM change WHERE record = number AND own = 1
                      AND (refused IS NOT NULL OR lane = 2 OR (sequence IS NULL AND receipt IS NULL)))
      AND NOT EXISTS (SELECT 1 FROM change WHERE record = number
                      AND admission IS NOT NULL AND sequence IS NULL AND receipt IS NULL AND refused IS NULL)
    ORDER BY number LIMIT ?2";

/// Away records without own work, of which the relay's log has not lost anything.
const FREE: &str = "SELECT number FROM record INDEXED BY record_away
    WHERE away = 1 AND NOT EXISTS (SELECT 1 FROM change WHERE record = number
        AND (own = 1 OR (admission IS NOT NULL AND sequence IS NULL AND receipt IS NULL AND refused IS NULL)))
    ORDER BY number LIMIT ?1";

/// A record that waits, by name.
pub(crate) type Waiting = (RecordId, u32);

/// The next records to ask the relay about, in turn where they are more than a request may name.
pub(crate) fn leaving(connection: &Connection) -> Result<Vec<Waiting>, ReplicaError> {
    in_turn(connection, ASKED, |after| page(connection, after))
}

fn page(connection: &Connection, after: i64) -> Result<Vec<(i64, Waiting)>, ReplicaError> {
    let limit = i64::try_from(LEAVING_MAX).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(LEAVING)?;
    let rows =
        statement.query_map((after, limit), |row| Ok((row.get(0)?, (RecordId(row.get(1)?), row.get(2)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Takes the relay's word that another replica holds some of the records that were asked about. One that has come back
/// or was written to meanwhile stays.
pub(crate) fn release(connection: &Connection, asked: &[Waiting], kept: &[u32]) -> Result<(), ReplicaError> {
    let waits = format!("SELECT EXISTS (SELECT 1 FROM ({LEAVING}) WHERE number = ?3)");
    for at in kept {
        let Some((id, generation)) = usize::try_from(*at).ok().and_then(|at| asked.get(at)) else { continue };
        let Some(row) = loaded::find_generation(connection, *id, *generation)? else { continue };
        let before = row.number - 1;
        if connection.prepare_cached(&waits)?.query_row((before, 1, row.number), |row| row.get(0))? {
            remove(connection, row.number)?;
        }
    }
    Ok(())
}

/// Hides what another grant does not show and no scope will ever speak of: records that were made under the former one
/// and have never been in a set of this device.
pub(crate) fn hide_foreign(connection: &Connection, pack: &Pack, grant: &Grant) -> Result<(), ReplicaError> {
    let mut statement = connection.prepare_cached(
        "SELECT number FROM record
         WHERE away = 0 AND NOT EXISTS (SELECT 1 FROM member WHERE record = number)",
    )?;
    let numbers: Vec<i64> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for number in numbers {
        let row = loaded::by_number(connection, number)?;
        if !shows(grant, &row.kind, &routing(&row.history(connection, pack)?)) {
            connection.prepare_cached("UPDATE record SET away = 1 WHERE number = ?1")?.execute([number])?;
        }
    }
    Ok(())
}

impl Replica {
    /// Sabotage of `guest_stays`: whoever lives in none of this device's areas is taken for gone.
    #[cfg(feature = "sabotage")]
    pub(crate) fn forget_guests(&mut self) -> Result<(), ReplicaError> {
        if self.sabotage.as_deref() != Some("guest_stays") {
            return Ok(());
        }
        let grant = crate::identity::grant(&self.connection)?.1;
        let mut statement = self.connection.prepare("SELECT record, content ->> '$.area' FROM projection")?;
        let rows: Vec<(i64, Option<String>)> =
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        for (record, area) in rows {
            let lives: Option<sambung_domain::Area> = area.and_then(|area| area.parse().ok());
            if !lives.is_some_and(|area| grant.covers(&area)) {
                self.connection.execute("UPDATE record SET away = 1 WHERE number = ?1", [record])?;
            }
        }
        Ok(())
    }

    /// Removes every record that left all sets and was never written to here, in bounded steps, and empties the
    /// write-ahead log of what was removed. Another process that reads keeps the log from being emptied; the next
    /// exchange tries again.
    pub(crate) fn purge(&mut self) -> Result<(), ReplicaError> {
        loop {
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let free: Vec<i64> = transaction
                .prepare_cached(FREE)?
                .query_map([PURGE_MAX], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            for number in &free {
                remove(&transaction, *number)?;
            }
            transaction.commit()?;
            if free.is_empty() {
                return scrub(&self.connection);
            }
        }
    }
}

/// Removes everything that is here of a record, what was begun about it too.
fn remove(connection: &Connection, number: i64) -> Result<(), ReplicaError> {
    let row = loaded::by_number(connection, number)?;
    Terms::write(None, connection, number)?;
    for table in BY_NUMBER {
        connection.prepare_cached(&format!("DELETE FROM {table} WHERE record = ?1"))?.execute([number])?;
    }
    draft::forget_of_record(connection, row.id)?;
    for table in ["pending", "unusable", "member_aside", "came_late"] {
        let sql = format!("DELETE FROM {table} WHERE record = ?1 AND generation = ?2");
        connection.prepare_cached(&sql)?.execute((row.id.0, row.generation))?;
    }
    connection.prepare_cached("DELETE FROM record WHERE number = ?1")?.execute([number])?;
    remove_batches(connection, row.id, row.generation)?;
    must_scrub(connection)
}

/// Notes that something was removed which the write-ahead log may still hold.
fn must_scrub(connection: &Connection) -> Result<(), ReplicaError> {
    set_named(connection, SCRUB, &[1])
}

/// Removes the batches that spoke of no other record. Of one that did the hashes stay: others are proven with them.
fn remove_batches(connection: &Connection, id: RecordId, generation: u32) -> Result<(), ReplicaError> {
    let alone = "SELECT DISTINCT batch FROM leaf AS own WHERE record = ?1 AND generation = ?2
        AND NOT EXISTS (SELECT 1 FROM leaf AS other JOIN record AS held
                        ON held.id = other.record AND held.generation = other.generation
                        WHERE other.batch = own.batch)";
    let batches: Vec<i64> = connection
        .prepare_cached(alone)?
        .query_map((id.0, generation), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for batch in batches {
        for table in ["leaf", "proof"] {
            connection.prepare_cached(&format!("DELETE FROM {table} WHERE batch = ?1"))?.execute([batch])?;
        }
        connection.prepare_cached("DELETE FROM batch WHERE number = ?1")?.execute([batch])?;
    }
    Ok(())
}

/// Takes what was removed out of the indexes of search and the write-ahead log, if rows were since the last time.
fn scrub(connection: &Connection) -> Result<(), ReplicaError> {
    if named(connection, SCRUB)?.is_none() {
        return Ok(());
    }
    search::merge_pieces(connection)?;
    if empty_log(connection)? {
        connection.prepare_cached("DELETE FROM named WHERE name = ?1")?.execute([SCRUB])?;
    }
    Ok(())
}

/// Takes what was removed out of the write-ahead log, now or, where another process that reads is in the way, after the
/// next exchange.
pub(crate) fn scrub_log(connection: &Connection) -> Result<(), ReplicaError> {
    if empty_log(connection)? { Ok(()) } else { must_scrub(connection) }
}

/// Empties the write-ahead log; false where another process that reads keeps it from being emptied.
fn empty_log(connection: &Connection) -> Result<bool, ReplicaError> {
    let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    Ok(busy == 0)
}
