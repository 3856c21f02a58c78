//! Work whose right ended here while it waited: it is sent under the grant it was done under, by who had seen what was
//! seen then. Otherwise it would pass for work of somebody who knew better.

use rusqlite::{Connection, OptionalExtension, params};
use sambung_sync::message::ScopeState;
use sambung_trust::batch::Seen;
use sambung_trust::grant::GrantId;
use sambung_trust::signed::encode;

use super::Attempt;
use super::outgoing::scopes;
use crate::ReplicaError;
use crate::identity::grant;

/// How waiting work was done.
pub(super) struct Former {
    /// Its number here.
    pub(super) number: i64,
    /// The grant of that time.
    pub(super) granted: GrantId,
    /// What had been seen.
    pub(super) seen: Vec<Seen>,
}

/// What of the logs has been seen where the cursors stand so.
pub(super) fn seen(scopes: &[ScopeState]) -> Vec<Seen> {
    let seen = |scope: &ScopeState| Seen { shard: scope.shard.clone(), sequence: scope.cursor.sequence };
    scopes.iter().map(seen).collect()
}

/// How what is saved now is done.
pub(super) fn of_now(connection: &Connection) -> Result<(GrantId, Vec<Seen>), ReplicaError> {
    let (signed, grant) = grant(connection)?;
    Ok((signed.short_id(), seen(&scopes(connection, &grant)?)))
}

/// Before another grant comes: everything that waits was done under this one.
pub(super) fn set_all_apart(
    connection: &Connection,
    granted: &GrantId,
    seen: &[Seen],
) -> Result<(), ReplicaError> {
    let number = note(connection, granted, seen)?;
    connection
        .prepare_cached(
            "UPDATE change INDEXED BY change_waiting SET formerly = ?1
             WHERE own = 1 AND sequence IS NULL AND receipt IS NULL AND refused IS NULL AND formerly IS NULL",
        )?
        .execute([number])?;
    Ok(())
}

/// When a record leaves: what waits of it was done before that was seen.
pub(super) fn set_record_apart(
    connection: &Connection,
    record: i64,
    granted: &GrantId,
    seen: &[Seen],
) -> Result<(), ReplicaError> {
    let waits: bool = connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM change WHERE record = ?1 AND own = 1 AND sequence IS NULL
                 AND receipt IS NULL AND refused IS NULL AND formerly IS NULL)",
        )?
        .query_row([record], |row| row.get(0))?;
    if !waits {
        return Ok(());
    }
    let number = note(connection, granted, seen)?;
    connection
        .prepare_cached(
            "UPDATE change SET formerly = ?2 WHERE record = ?1 AND own = 1 AND sequence IS NULL
                 AND receipt IS NULL AND refused IS NULL AND formerly IS NULL",
        )?
        .execute((record, number))?;
    Ok(())
}

/// When a record has left in a part of a log that this replica passed without reading it: nothing was seen of that.
pub(super) fn set_unseen_apart(connection: &Connection, record: i64) -> Result<(), ReplicaError> {
    let (granted, _) = of_now(connection)?;
    set_record_apart(connection, record, &granted, &[])
}

/// What was seen of a log that is gone says nothing in the one that took its name.
pub(super) fn forget_seen(connection: &Connection, shard: &str) -> Result<(), ReplicaError> {
    let mut statement = connection.prepare_cached("SELECT number, granted, seen FROM formerly")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let rows: Vec<(i64, GrantId, Vec<u8>)> = rows.collect::<Result<_, _>>()?;
    for (number, granted, seen) in rows {
        let before = read_seen(&seen)?;
        let after: Vec<Seen> = before.iter().filter(|seen| seen.shard.as_str() != shard).cloned().collect();
        if after.len() == before.len() {
            continue;
        }
        let other = note(connection, &granted, &after)?;
        connection
            .prepare_cached("UPDATE change SET formerly = ?2 WHERE formerly = ?1")?
            .execute((number, other))?;
    }
    Ok(())
}

fn read_seen(bytes: &[u8]) -> Result<Vec<Seen>, ReplicaError> {
    minicbor::decode(bytes).map_err(|_| ReplicaError::Unreadable("what was seen when work was done"))
}

fn note(connection: &Connection, granted: &GrantId, seen: &[Seen]) -> Result<i64, ReplicaError> {
    let sql = "INSERT INTO formerly (granted, seen) VALUES (?1, ?2)
               ON CONFLICT (granted, seen) DO UPDATE SET seen = ?2 RETURNING number";
    Ok(connection.prepare_cached(sql)?.query_row(params![granted, encode(&seen)], |row| row.get(0))?)
}

/// The longest past way in which something that waits was done.
pub(super) fn oldest(connection: &Connection, attempt: Attempt) -> Result<Option<Former>, ReplicaError> {
    let sql = "SELECT number, granted, seen FROM formerly WHERE number IN (SELECT formerly FROM change INDEXED BY change_waiting
                   WHERE own = 1 AND sequence IS NULL AND receipt IS NULL AND refused IS NULL
                     AND (held IS NULL OR held <> ?1)) ORDER BY number LIMIT 1";
    let found: Option<(i64, GrantId, Vec<u8>)> = connection
        .prepare_cached(sql)?
        .query_row([attempt.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((number, granted, seen)) = found else { return Ok(None) };
    Ok(Some(Former { number, granted, seen: read_seen(&seen)? }))
}
