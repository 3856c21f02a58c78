//! The logs: gapless, chained, and about changes and records that are there.

use rusqlite::{CachedStatement, Connection, Row, params};
use sambung_domain::Shard;
use sambung_sync::chain::{Entry, Mark, advance};

use super::super::StoreError;
use super::super::row::{from_cbor, mark};
use super::{Authorities, Report};

/// What is looked up or noted for each entry.
struct Statements<'c> {
    change: CachedStatement<'c>,
    record: CachedStatement<'c>,
    note: CachedStatement<'c>,
}

/// Walks every shard's chain from its start; notes the changes that entries name in `temp.logged`.
pub(super) fn check(
    connection: &Connection,
    authorities: &Authorities<'_>,
    report: &mut Report,
) -> Result<(), StoreError> {
    connection.execute_batch(
        "CREATE TEMP TABLE logged (record BLOB, generation INTEGER, hash BLOB,
            PRIMARY KEY (record, generation, hash)) STRICT, WITHOUT ROWID;",
    )?;
    let mut statements = Statements {
        change: connection
            .prepare_cached("SELECT 1 FROM change WHERE record = ?1 AND generation = ?2 AND hash = ?3")?,
        record: connection.prepare_cached("SELECT 1 FROM record WHERE record = ?1 AND generation = ?2")?,
        note: connection.prepare_cached("INSERT OR IGNORE INTO temp.logged VALUES (?1, ?2, ?3)")?,
    };
    let mut walk =
        connection.prepare("SELECT shard, sequence, chain, salt, entry FROM log ORDER BY shard, sequence")?;
    let mut rows = walk.query([])?;
    let mut at: Option<(Shard, Mark)> = None;
    while let Some(row) = rows.next()? {
        let shard = Shard::from_stored(row.get(0)?);
        let before = match at.take() {
            Some((same, mark)) if same == shard => mark,
            _ => {
                report.shards += 1;
                Mark::start(authorities.log, &shard)
            }
        };
        report.entries += 1;
        let stands = mark(row, 1)?;
        if let Err(why) = step(row, &before, &stands, &mut statements)? {
            report.find(format!("shard {shard}, after entry {}: {why}", before.sequence));
        }
        // One broken entry is one finding: the walk goes on from what stands there.
        at = Some((shard, stands.unwrap_or(before)));
    }
    Ok(())
}

type Finding = Result<(), String>;

fn step(
    row: &Row<'_>,
    before: &Mark,
    stands: &Result<Mark, StoreError>,
    statements: &mut Statements<'_>,
) -> Result<Finding, StoreError> {
    let (salt, bytes): (Vec<u8>, Vec<u8>) = (row.get(3)?, row.get(4)?);
    let Ok(stands) = stands else { return Ok(Err("the sequence is no sequence".to_owned())) };
    let Ok(salt) = <[u8; 16]>::try_from(salt) else { return Ok(Err("the salt is damaged".to_owned())) };
    let entry: Entry = match from_cbor(&bytes) {
        Ok(entry) => entry,
        Err(_) => return Ok(Err("the entry cannot be read".to_owned())),
    };
    if stands.sequence != before.sequence + 1 {
        return Ok(Err(format!("the next sequence is {}", stands.sequence)));
    }
    if stands.chain != advance(&before.chain, &salt, &entry) {
        return Ok(Err("the chain does not hold".to_owned()));
    }
    refers(&entry, statements)
}

/// Whether what an entry is about is there.
fn refers(entry: &Entry, statements: &mut Statements<'_>) -> Result<Finding, StoreError> {
    let (record, generation) = entry.subject();
    if let Entry::Change { hash, .. } = entry {
        let name = params![record.0, generation, hash.0];
        if !statements.change.exists(name)? {
            return Ok(Err(format!("change {hash} of record {record} is missing")));
        }
        statements.note.execute(name)?;
        return Ok(Ok(()));
    }
    let there = statements.record.exists(params![record.0, generation])?;
    Ok(if there { Ok(()) } else { Err(format!("record {record} is missing")) })
}
