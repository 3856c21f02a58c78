//! Scopes that have lost their place: the relay's log does not contain this replica's cursor or receipt there.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};
use sambung_domain::Set;
use sambung_sync::message::{Ends, Pull};
use sambung_trust::Grant;

use super::pulled::Intake;
use super::{former, outcomes, safe};
use crate::ReplicaError;

/// Notes that a scope has lost its place. What was read of it stays believed until it is compared; what was only under
/// a receipt of the shard is not believed any more and waits again.
///
/// Of a record that has left every set nothing is compared: own work in it waits again, and is known there or new.
pub(super) fn note(intake: &Intake<'_>, pull: &Pull) -> Result<(), ReplicaError> {
    let connection = intake.connection;
    let (shard, set) = (pull.shard.as_str(), pull.set.to_string());
    connection
        .prepare_cached("INSERT OR IGNORE INTO adrift (shard, set_name) VALUES (?1, ?2)")?
        .execute(params![shard, set])?;
    connection
        .prepare_cached("DELETE FROM scope WHERE shard = ?1 AND set_name = ?2")?
        .execute(params![shard, set])?;
    for record in unsettle_away(connection, shard)? {
        intake.touch(record);
    }
    safe::forget(connection, shard)?;
    former::forget_seen(connection, shard)?;
    void_receipts(connection, shard)?;
    outcomes::forget(connection)
}

/// Unsettles what stood in a shard of records that are away; gives these.
fn unsettle_away(connection: &Connection, shard: &str) -> Result<Vec<i64>, ReplicaError> {
    let sql = "UPDATE change SET shard = NULL, sequence = NULL, receipt = NULL, held = NULL
               WHERE shard = ?1 AND sequence IS NOT NULL
                 AND record IN (SELECT number FROM record WHERE away = 1) RETURNING record";
    let mut statement = connection.prepare_cached(sql)?;
    let records = statement.query_map([shard], |row| row.get(0))?;
    Ok(records.collect::<Result<_, _>>()?)
}

/// The relay knows a record that has left every set, and not what it has of it that is here: all of that waits again,
/// and is known there or new.
pub(super) fn unsettle_left(connection: &Connection, record: i64) -> Result<(), ReplicaError> {
    connection
        .prepare_cached(
            "UPDATE change SET shard = NULL, sequence = NULL, receipt = NULL, held = NULL
             WHERE record = (SELECT number FROM record WHERE number = ?1 AND away = 1) AND sequence IS NOT NULL",
        )?
        .execute([record])?;
    Ok(())
}

/// Receipts of a shard whose log does not contain them say nothing: what is only under them waits again, and what is
/// under one that names no place (it brought nothing new to the log, or went into quarantine). What was held back may
/// have lacked just that.
pub(super) fn void_receipts(connection: &Connection, shard: &str) -> Result<(), ReplicaError> {
    connection
        .prepare_cached(
            "UPDATE change SET receipt = NULL
             WHERE sequence IS NULL AND receipt IS NOT NULL
               AND (receipt IN (SELECT receipt FROM receipt_range WHERE shard = ?1)
                    OR receipt NOT IN (SELECT receipt FROM receipt_range))",
        )?
        .execute([shard])?;
    connection.prepare_cached("DELETE FROM receipt_range WHERE shard = ?1")?.execute([shard])?;
    connection.prepare_cached("UPDATE change SET held = NULL WHERE held IS NOT NULL")?.execute([])?;
    Ok(())
}

/// The sets with a scope that has lost its place.
pub(super) fn sets(connection: &Connection) -> Result<BTreeSet<Set>, ReplicaError> {
    let mut statement = connection.prepare_cached("SELECT DISTINCT set_name FROM adrift")?;
    let names: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    names.iter().map(|name| name.parse().map_err(|_| ReplicaError::Unreadable("a scope"))).collect()
}

/// Whether a scope has lost its place.
pub(super) fn is_adrift(connection: &Connection, pull: &Pull) -> Result<bool, ReplicaError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM adrift WHERE shard = ?1 AND set_name = ?2)";
    let key = (pull.shard.as_str(), pull.set.to_string());
    Ok(connection.prepare_cached(sql)?.query_row(key, |row| row.get(0))?)
}

/// Both sides hold the same of a set where its logs end: that is this replica's place now. A place in a log that is
/// gone says nothing in the one that took its name, so in shards that had lost theirs everything stands at the end.
pub(super) fn settle(
    connection: &Connection,
    grant: &Grant,
    set: &Set,
    ends: &Ends,
) -> Result<(), ReplicaError> {
    let name = set.to_string();
    let lost: BTreeSet<String> = {
        let mut statement = connection.prepare_cached("SELECT shard FROM adrift WHERE set_name = ?1")?;
        statement.query_map([&name], |row| row.get(0))?.collect::<Result<_, _>>()?
    };
    for end in &ends.marks {
        let shard = end.shard.as_str();
        let values = params![shard, name, ends.log, grant.epoch(set), end.mark.sequence, end.mark.chain];
        // A cursor of the same log that another process has moved on meanwhile stays.
        connection
            .prepare_cached(
                "INSERT INTO scope VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (shard, set_name) DO UPDATE SET log = ?3, epoch = ?4, sequence = ?5, chain = ?6
                 WHERE log <> ?3 OR epoch <> ?4 OR sequence < ?5",
            )?
            .execute(values)?;
        if lost.contains(shard) {
            // What came from a relay in between, before this one was asked, may be in no log any more.
            void_receipts(connection, shard)?;
            connection
                .prepare_cached(
                    "UPDATE change SET sequence = ?2 WHERE shard = ?1 AND sequence IS NOT NULL AND sequence <> ?2",
                )?
                .execute(params![shard, end.mark.sequence])?;
        }
    }
    // A shard in which the relay has nothing of the set any more is no scope.
    let stale: Vec<&String> =
        lost.iter().filter(|shard| ends.marks.iter().all(|end| end.shard.as_str() != **shard)).collect();
    for shard in stale {
        connection
            .prepare_cached("DELETE FROM scope WHERE shard = ?1 AND set_name = ?2")?
            .execute(params![shard, name])?;
    }
    connection.prepare_cached("DELETE FROM adrift WHERE set_name = ?1")?.execute([name])?;
    Ok(())
}
