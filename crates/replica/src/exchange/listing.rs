//! What this replica holds of a set, record by record, as it is compared with the relay.

use rusqlite::Connection;
use sambung_domain::{RecordId, Set};
use sambung_sync::ChangeHash;
use sambung_sync::digest::{self, Item, Listing, depth_for, level};
use sambung_sync::limits::HEADS_MAX;
use sambung_sync::message::{Asked, Bucket, Level, Listed};
use sambung_trust::{DeploymentKey, Grant};

use crate::ReplicaError;
use crate::digest::{aside_in, settled_heads};

/// Everything that counts in a set.
pub(super) fn listing(
    connection: &Connection,
    key: &DeploymentKey,
    set: &Set,
) -> Result<Listing, ReplicaError> {
    let name = set.to_string();
    let sql = "SELECT id, generation, item FROM member AS m JOIN settled AS s ON s.record = m.record
               JOIN record ON number = m.record WHERE set_name = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([&name], |row| {
        Ok(((RecordId(row.get(0)?), row.get(1)?), Item::from_bytes(row.get(2)?)))
    })?;
    let mut listing: Listing = rows.collect::<Result<_, _>>()?;
    listing.extend(aside_in(connection, key, &name)?);
    Ok(listing)
}

/// A set's level to be compared, at least so deep.
pub(super) fn level_of(key: &DeploymentKey, grant: &Grant, set: &Set, listing: &Listing, least: u8) -> Level {
    let count = u64::try_from(listing.len()).unwrap_or(u64::MAX);
    let depth = depth_for(count).max(least);
    let sums = level(key, depth, listing.iter().map(|((record, _), item)| (*record, *item)));
    Level { set: set.clone(), epoch: grant.epoch(set), count, depth, sums: sums.into() }
}

/// The records of differing buckets that are not the same on both sides, with the heads they have here.
pub(super) fn differing(
    connection: &Connection,
    key: &DeploymentKey,
    (listing, depth): (&Listing, u8),
    buckets: &[Bucket],
) -> Result<Vec<Asked>, ReplicaError> {
    let name = |listed: &Listed| ((listed.record, listed.generation), listed.item);
    let theirs = buckets.iter().map(|Bucket { number, records }| {
        (usize::try_from(*number).unwrap_or(usize::MAX), records.iter().map(name).collect())
    });
    digest::differing(key, depth, theirs.collect(), listing)
        .into_iter()
        .map(|(record, generation)| {
            let mut heads = settled_heads(connection, record, generation)?;
            heads.truncate(HEADS_MAX);
            Ok(Asked { record, generation, heads })
        })
        .collect()
}

/// Records of which the relay may have something that was not read in its log: it was sent, or stood there before. Where
/// the log is not read on from there, nobody else would say what became of it. With these changes for their heads.
pub(super) fn unheard_of(connection: &Connection, set: &Set) -> Result<Vec<Asked>, ReplicaError> {
    let sql = "SELECT number, id, generation FROM record
               WHERE away = 0
                 AND number IN (SELECT record FROM change WHERE sequence IS NULL AND batch IS NOT NULL AND lane <> 2)
                 AND (EXISTS (SELECT 1 FROM member WHERE record = number AND set_name = ?1)
                      OR NOT EXISTS (SELECT 1 FROM member WHERE record = number))";
    let mut records = connection.prepare_cached(sql)?;
    let mut heads = connection.prepare_cached(
        "SELECT hash FROM change WHERE record = ?1 AND batch IS NOT NULL ORDER BY position DESC LIMIT ?2",
    )?;
    let most = i64::try_from(HEADS_MAX).unwrap_or(i64::MAX);
    let mut rows = records.query([set.to_string()])?;
    let mut asked = Vec::new();
    while let Some(row) = rows.next()? {
        let hashes = heads.query_map((row.get::<_, i64>(0)?, most), |row| Ok(ChangeHash(row.get(0)?)))?;
        let heads = hashes.collect::<Result<_, _>>()?;
        asked.push(Asked { record: RecordId(row.get(1)?), generation: row.get(2)?, heads });
    }
    Ok(asked)
}
