//! What the relay said of a push: receipt and verdicts, believed only under its signature.

use rusqlite::{Connection, params};
use sambung_domain::Timestamp;
use sambung_sync::message::{Disposition, Verdict, VerdictRun, expand, verdicts_hash};
use sambung_trust::signed::encode;
use sambung_trust::{PublicKey, Receipt, Signed};

use super::Attempt;
use super::outgoing::split_hashes;
use super::session::{SyncError, SyncReport};
use crate::ReplicaError;

/// Writes the verdicts on a batch.
pub(super) fn take(
    connection: &Connection,
    relay: &PublicKey,
    batch: i64,
    (runs, receipt): (&[VerdictRun], Option<&Signed>),
    (attempt, now): (Attempt, Timestamp),
    report: &mut SyncReport,
) -> Result<(), SyncError> {
    let root: [u8; 32] = connection
        .prepare_cached("SELECT root FROM batch WHERE number = ?1")
        .and_then(|mut statement| statement.query_row([batch], |row| row.get(0)))
        .map_err(ReplicaError::from)?;
    let signed = receipt.ok_or(SyncError::Nonsense("verdicts without a receipt"))?;
    let statement: Receipt = signed.open(relay).map_err(|_| SyncError::RelayUnknown)?;
    if statement.root.0 != root || statement.verdicts != verdicts_hash(runs) {
        return Err(SyncError::Nonsense("a receipt for another push"));
    }
    let changes = changes_of(connection, batch)?;
    let verdicts = expand(runs, changes.len()).ok_or(SyncError::Nonsense("verdicts for another push"))?;
    let number = store_receipt(connection, signed, &statement)?;
    for ((record, position), verdict) in changes.into_iter().zip(verdicts) {
        apply(connection, (record, position), &verdict, number, (attempt, now))?;
        report.count(&verdict);
    }
    connection
        .prepare_cached("UPDATE batch SET open = 0 WHERE number = ?1")
        .and_then(|mut statement| statement.execute([batch]))
        .map_err(ReplicaError::from)?;
    Ok(())
}

/// The changes of a batch in the order of its leaves.
fn changes_of(connection: &Connection, batch: i64) -> Result<Vec<(i64, i64)>, ReplicaError> {
    let sql = "SELECT r.number, l.hashes FROM leaf AS l
               JOIN record AS r ON r.id = l.record AND r.generation = l.generation
               WHERE l.batch = ?1 ORDER BY l.leaf";
    let mut statement = connection.prepare_cached(sql)?;
    let mut position =
        connection.prepare_cached("SELECT position FROM change WHERE record = ?1 AND hash = ?2")?;
    let mut rows = statement.query([batch])?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        let record: i64 = row.get(0)?;
        for hash in split_hashes(&row.get::<_, Vec<u8>>(1)?) {
            changes.push((record, position.query_row((record, hash.0), |row| row.get(0))?));
        }
    }
    Ok(changes)
}

fn store_receipt(connection: &Connection, signed: &Signed, receipt: &Receipt) -> Result<i64, ReplicaError> {
    connection
        .prepare_cached("INSERT INTO receipt (signed, time) VALUES (?1, ?2)")?
        .execute(params![encode(signed), receipt.relay_time.0])?;
    let number = connection.last_insert_rowid();
    let mut range = connection.prepare_cached("INSERT INTO receipt_range VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for place in &receipt.ranges {
        range.execute(params![number, place.shard.as_str(), place.from, place.to, place.chain])?;
    }
    Ok(number)
}

fn apply(
    connection: &Connection,
    place: (i64, i64),
    verdict: &Verdict,
    receipt: i64,
    (attempt, now): (Attempt, Timestamp),
) -> Result<(), ReplicaError> {
    match verdict.disposition {
        Disposition::Stored | Disposition::Duplicate => connection
            .prepare_cached(
                "UPDATE change SET receipt = ?3, lane = ?4, held = NULL, code = ?5, judged = ?6, outcome = NULL
                 WHERE record = ?1 AND position = ?2",
            )?
            .execute((place.0, place.1, receipt, lane_number(verdict), verdict.code.as_deref(), now.0))?,
        Disposition::Held | Disposition::Later => connection
            .prepare_cached(
                "UPDATE change SET held = ?3, judged = ?4 WHERE record = ?1 AND position = ?2",
            )?
            .execute((place.0, place.1, attempt.0, now.0))?,
        Disposition::Refused => connection
            .prepare_cached(
                "UPDATE change SET refused = ?3, judged = ?4 WHERE record = ?1 AND position = ?2",
            )?
            .execute((place.0, place.1, verdict.code.as_deref().unwrap_or("refused"), now.0))?,
    };
    Ok(())
}

fn lane_number(verdict: &Verdict) -> i64 {
    use sambung_sync::message::Lane;
    match verdict.lane {
        Lane::Normal => 0,
        Lane::Late => 1,
        Lane::Quarantined => 2,
        Lane::Replaced => 3,
    }
}
