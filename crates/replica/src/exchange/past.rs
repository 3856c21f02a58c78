//! What of a record stands in the relay's log, as the relay says by the record's heads there.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};
use sambung_domain::RecordId;
use sambung_sync::{ChangeHash, chunk};

use crate::ReplicaError;

/// A record's name.
type Name = (RecordId, u32);

/// Everything here of a record, in the log or not.
const HELD: &str = "SELECT c.hash, c.chunk FROM change AS c
        WHERE c.record = (SELECT number FROM record WHERE id = ?1 AND generation = ?2)
    UNION ALL SELECT hash, chunk FROM pending WHERE record = ?1 AND generation = ?2
    UNION ALL SELECT hash, chunk FROM unusable WHERE record = ?1 AND generation = ?2";

/// Settles what lies in the past of the heads, at a place, and unsettles all else: the relay lacks it.
pub(super) fn settle_past(
    connection: &Connection,
    name: Name,
    heads: &[ChangeHash],
    (shard, sequence): (&str, u64),
) -> Result<(), ReplicaError> {
    let held = held(connection, name)?;
    let past = past(&held, heads);
    for hash in held.keys() {
        if past.contains(hash) {
            settle(connection, name, hash, (shard, sequence))?;
        } else {
            unsettle(connection, name, hash)?;
        }
    }
    Ok(())
}

/// Unsettles everything of a record: the relay has nothing of it.
pub(super) fn forget_all(connection: &Connection, name: Name) -> Result<(), ReplicaError> {
    settle_past(connection, name, &[], ("", 0))
}

/// The changes held with what each builds on.
fn held(connection: &Connection, name: Name) -> Result<BTreeMap<ChangeHash, Vec<ChangeHash>>, ReplicaError> {
    let mut statement = connection.prepare_cached(HELD)?;
    let mut rows = statement.query((name.0.0, name.1))?;
    let mut held = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (hash, chunk): ([u8; 32], Vec<u8>) = (row.get(0)?, row.get(1)?);
        held.insert(ChangeHash(hash), chunk::deps(&chunk));
    }
    Ok(held)
}

fn past(held: &BTreeMap<ChangeHash, Vec<ChangeHash>>, heads: &[ChangeHash]) -> BTreeSet<ChangeHash> {
    let (mut past, mut next) = (BTreeSet::new(), heads.to_vec());
    while let Some(hash) = next.pop() {
        if past.insert(hash) {
            next.extend(held.get(&hash).into_iter().flatten());
        }
    }
    past
}

fn settle(
    connection: &Connection,
    (record, generation): Name,
    hash: &ChangeHash,
    (shard, sequence): (&str, u64),
) -> Result<(), ReplicaError> {
    connection
        .prepare_cached(
            "UPDATE change SET shard = ?4, sequence = ?5
             WHERE record = (SELECT number FROM record WHERE id = ?1 AND generation = ?2) AND hash = ?3
               AND sequence IS NULL",
        )?
        .execute(params![record.0, generation, hash.0, shard, sequence])?;
    for table in ["pending", "unusable"] {
        let sql = format!(
            "UPDATE {table} SET shard = ?4, sequence = ?5
             WHERE record = ?1 AND generation = ?2 AND hash = ?3 AND sequence = 0"
        );
        connection.prepare_cached(&sql)?.execute(params![record.0, generation, hash.0, shard, sequence])?;
    }
    Ok(())
}

fn unsettle(
    connection: &Connection,
    (record, generation): Name,
    hash: &ChangeHash,
) -> Result<(), ReplicaError> {
    // What `kill_mid_push` believes to be stored stays believed.
    #[cfg(feature = "sabotage")]
    if is_believed(connection, (record, generation), hash)? {
        return Ok(());
    }
    connection
        .prepare_cached(
            "UPDATE change SET shard = NULL, sequence = NULL, receipt = NULL, held = NULL
             WHERE record = (SELECT number FROM record WHERE id = ?1 AND generation = ?2) AND hash = ?3
               AND (sequence IS NOT NULL OR receipt IS NOT NULL AND lane <> 2)",
        )?
        .execute(params![record.0, generation, hash.0])?;
    for table in ["pending", "unusable"] {
        let sql = format!(
            "UPDATE {table} SET sequence = 0
             WHERE record = ?1 AND generation = ?2 AND hash = ?3 AND sequence IS NOT NULL"
        );
        connection.prepare_cached(&sql)?.execute(params![record.0, generation, hash.0])?;
    }
    Ok(())
}

/// Whether a change counts as stored only because it was sent: sabotage of `kill_mid_push`.
#[cfg(feature = "sabotage")]
fn is_believed(
    connection: &Connection,
    (record, generation): Name,
    hash: &ChangeHash,
) -> Result<bool, ReplicaError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM change JOIN receipt ON receipt.number = receipt
               WHERE record = (SELECT number FROM record WHERE id = ?1 AND generation = ?2) AND hash = ?3
                 AND signed = x'' AND sequence IS NULL)";
    let key = params![record.0, generation, hash.0];
    Ok(connection.prepare_cached(sql)?.query_row(key, |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_is_everything_below_the_heads() {
        let hash = |byte| ChangeHash([byte; 32]);
        let held = [(1, vec![0]), (2, vec![1]), (3, vec![1]), (4, vec![2, 3]), (5, vec![3])];
        let held: BTreeMap<_, Vec<_>> =
            held.into_iter().map(|(name, deps)| (hash(name), deps.into_iter().map(hash).collect())).collect();
        let here = |heads: &[u8]| {
            let heads: Vec<ChangeHash> = heads.iter().copied().map(hash).collect();
            let past = past(&held, &heads);
            held.keys().filter(|hash| past.contains(hash)).map(|hash| hash.0[0]).collect::<Vec<_>>()
        };
        assert_eq!(here(&[4]), [1, 2, 3, 4]);
        assert_eq!(here(&[2, 5]), [1, 2, 3, 5]);
        assert!(here(&[]).is_empty() && here(&[9]).is_empty());
    }
}
