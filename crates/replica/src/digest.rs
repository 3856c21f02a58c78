//! What this replica holds, summed set by set, to be compared with the relay's sums.
//!
//! A record counts with the heads of those of its changes that stand in the relay's log as far as this replica has
//! read it: also those that wait for their base and those that cannot be used here. The sums are kept in the
//! transaction that changes them; what cannot be used at all is counted when it is asked for, it is little.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};
use sambung_domain::RecordId;
use sambung_sync::digest::{Item, SetSum, Sum, heads};
use sambung_sync::{ChangeHash, chunk};
use sambung_trust::{DeploymentKey, Grant};

use crate::ReplicaError;
use crate::database::{named, set_named};
use crate::loaded;

/// Name of the note that everything is counted.
const COUNTED: &str = "counted";

/// A record's name.
type Name = (RecordId, u32);

/// Everything of a record that stands in the log as far as it was read.
const SETTLED: &str = "SELECT c.hash, c.chunk FROM change AS c
        WHERE c.record = (SELECT number FROM record WHERE id = ?1 AND generation = ?2) AND c.sequence IS NOT NULL
    UNION ALL SELECT hash, chunk FROM pending WHERE record = ?1 AND generation = ?2 AND sequence > 0
    UNION ALL SELECT hash, chunk FROM unusable WHERE record = ?1 AND generation = ?2 AND sequence > 0";

/// A record came into a set.
pub(crate) fn joined(connection: &Connection, record: i64, set: &str) -> Result<(), ReplicaError> {
    match item(connection, record)? {
        Some(item) => adjust(connection, set, |sum| sum.add(item)),
        None => Ok(()),
    }
}

/// A record left a set.
pub(crate) fn left(connection: &Connection, record: i64, set: &str) -> Result<(), ReplicaError> {
    match item(connection, record)? {
        Some(item) => adjust(connection, set, |sum| sum.remove(item)),
        None => Ok(()),
    }
}

/// Nothing is a member of a set any more.
pub(crate) fn emptied(connection: &Connection, set: &str) -> Result<(), ReplicaError> {
    connection.prepare_cached("DELETE FROM adrift WHERE set_name = ?1")?.execute([set])?;
    connection.prepare_cached("DELETE FROM set_sum WHERE set_name = ?1")?.execute([set])?;
    connection.prepare_cached("DELETE FROM member_aside WHERE set_name = ?1")?.execute([set])?;
    Ok(())
}

/// Counts a record anew after something of it was settled, or is no longer.
pub(crate) fn recount(connection: &Connection, key: &DeploymentKey, record: i64) -> Result<(), ReplicaError> {
    // Of a page that was taken back the record is gone again.
    let row = match loaded::by_number(connection, record) {
        Err(ReplicaError::Storage(rusqlite::Error::QueryReturnedNoRows)) => return Ok(()),
        found => found?,
    };
    let before = item(connection, record)?;
    let now = Item::of(key, row.id, row.generation, &settled_heads(connection, row.id, row.generation)?);
    if before == now {
        return Ok(());
    }
    let mut statement = connection.prepare_cached("SELECT set_name FROM member WHERE record = ?1")?;
    let sets: Vec<String> = statement.query_map([record], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for set in sets {
        adjust(connection, &set, |sum| {
            before.into_iter().for_each(|item| sum.remove(item));
            now.into_iter().for_each(|item| sum.add(item));
        })?;
    }
    match now {
        Some(item) => connection
            .prepare_cached("INSERT OR REPLACE INTO settled (record, item) VALUES (?1, ?2)")?
            .execute((record, item.to_bytes()))?,
        None => connection.prepare_cached("DELETE FROM settled WHERE record = ?1")?.execute([record])?,
    };
    Ok(())
}

/// The heads of what is settled of a record.
pub(crate) fn settled_heads(
    connection: &Connection,
    record: RecordId,
    generation: u32,
) -> Result<Vec<ChangeHash>, ReplicaError> {
    let mut statement = connection.prepare_cached(SETTLED)?;
    let mut rows = statement.query((record.0, generation))?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        let (hash, chunk): ([u8; 32], Vec<u8>) = (row.get(0)?, row.get(1)?);
        changes.push((ChangeHash(hash), chunk::deps(&chunk)));
    }
    Ok(heads(changes))
}

/// The sum of every set of a grant.
pub(crate) fn sums(
    connection: &Connection,
    key: &DeploymentKey,
    grant: &Grant,
) -> Result<Vec<SetSum>, ReplicaError> {
    let aside = aside(connection, key)?;
    let mut sums = Vec::new();
    for set in grant.sets.iter().collect::<BTreeSet<_>>() {
        let name = set.to_string();
        let mut sum = stored(connection, &name)?;
        for (_, item, _) in aside.iter().filter(|(_, _, sets)| sets.contains(&name)) {
            sum.add(*item);
        }
        sums.push(SetSum { set: set.clone(), epoch: grant.epoch(set), sum });
    }
    Ok(sums)
}

/// Counts everything, if that was never done: in a replica from before there were sums.
pub(crate) fn ensure(connection: &Connection, key: &DeploymentKey) -> Result<(), ReplicaError> {
    if named(connection, COUNTED)?.is_some() {
        return Ok(());
    }
    connection.execute_batch("DELETE FROM set_sum; DELETE FROM settled;")?;
    let mut statement = connection.prepare_cached("SELECT number FROM record ORDER BY number")?;
    let numbers: Vec<i64> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for number in numbers {
        recount(connection, key, number)?;
    }
    set_named(connection, COUNTED, &[1])
}

/// The sets whose sums are not what a fresh look at every change gives; none before everything was counted once.
pub(crate) fn wrong_sets(connection: &Connection, key: &DeploymentKey) -> Result<Vec<String>, ReplicaError> {
    if named(connection, COUNTED)?.is_none() {
        return Ok(Vec::new());
    }
    let (mut sums, mut wrong): (BTreeMap<String, Sum>, BTreeSet<String>) = Default::default();
    let sql = "SELECT set_name, number, id, generation FROM member JOIN record ON number = record
               ORDER BY record";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut last: Option<(i64, Option<Item>, bool)> = None;
    while let Some(row) = rows.next()? {
        let (set, number): (String, i64) = (row.get(0)?, row.get(1)?);
        let (fresh, holds) = match last {
            Some((known, fresh, holds)) if known == number => (fresh, holds),
            _ => {
                let (record, generation) = (RecordId(row.get(2)?), row.get(3)?);
                let heads = settled_heads(connection, record, generation)?;
                let fresh = Item::of(key, record, generation, &heads);
                (fresh, fresh == item(connection, number)?)
            }
        };
        last = Some((number, fresh, holds));
        if !holds {
            wrong.insert(set.clone());
        }
        let sum = sums.entry(set).or_default();
        fresh.into_iter().for_each(|item| sum.add(item));
    }
    let mut kept = connection.prepare_cached("SELECT set_name, count, total FROM set_sum")?;
    for row in kept.query_map([], |row| Ok((row.get::<_, String>(0)?, sum_of(row, 1)?)))? {
        let (set, sum) = row?;
        let fresh = sums.entry(set).or_default();
        fresh.count = fresh.count.wrapping_sub(sum.count);
        fresh.total = fresh.total.wrapping_sub(sum.total);
    }
    wrong.extend(sums.into_iter().filter(|(_, sum)| *sum != Sum::default()).map(|(set, _)| set));
    Ok(wrong.into_iter().collect())
}

/// Forgets all sums: they are counted anew at the next exchange.
pub(crate) fn forget(connection: &Connection) -> Result<(), ReplicaError> {
    connection.prepare_cached("DELETE FROM named WHERE name = ?1")?.execute([COUNTED])?;
    Ok(())
}

/// Records of a set of which nothing can be used here, with the items they count with.
pub(crate) fn aside_in(
    connection: &Connection,
    key: &DeploymentKey,
    set: &str,
) -> Result<Vec<(Name, Item)>, ReplicaError> {
    let aside = aside(connection, key)?.into_iter();
    Ok(aside.filter(|(_, _, sets)| sets.contains(set)).map(|(name, item, _)| (name, item)).collect())
}

/// Records of which nothing can be used here, each with its item and its sets.
fn aside(
    connection: &Connection,
    key: &DeploymentKey,
) -> Result<Vec<(Name, Item, BTreeSet<String>)>, ReplicaError> {
    let sql = "SELECT record, generation, set_name FROM member_aside ORDER BY record, generation";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut sets: BTreeMap<(RecordId, u32), BTreeSet<String>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        sets.entry((RecordId(row.get(0)?), row.get(1)?)).or_default().insert(row.get(2)?);
    }
    let mut found = Vec::new();
    for ((record, generation), sets) in sets {
        let heads = settled_heads(connection, record, generation)?;
        let item = Item::of(key, record, generation, &heads);
        found.extend(item.map(|item| ((record, generation), item, sets)));
    }
    Ok(found)
}

fn item(connection: &Connection, record: i64) -> Result<Option<Item>, ReplicaError> {
    let mut statement = connection.prepare_cached("SELECT item FROM settled WHERE record = ?1")?;
    Ok(statement.query_row([record], |row| row.get(0)).optional()?.map(Item::from_bytes))
}

fn stored(connection: &Connection, set: &str) -> Result<Sum, ReplicaError> {
    let mut statement = connection.prepare_cached("SELECT count, total FROM set_sum WHERE set_name = ?1")?;
    Ok(statement.query_row([set], |row| sum_of(row, 0)).optional()?.unwrap_or_default())
}

fn sum_of(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<Sum> {
    let count: i64 = row.get(first)?;
    Ok(Sum { count: count.cast_unsigned(), total: u128::from_be_bytes(row.get(first + 1)?) })
}

fn adjust(connection: &Connection, set: &str, change: impl FnOnce(&mut Sum)) -> Result<(), ReplicaError> {
    let mut sum = stored(connection, set)?;
    change(&mut sum);
    connection
        .prepare_cached("INSERT OR REPLACE INTO set_sum (set_name, count, total) VALUES (?1, ?2, ?3)")?
        .execute(params![set, sum.count.cast_signed(), sum.total.to_be_bytes()])?;
    Ok(())
}
