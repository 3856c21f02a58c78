//! The records: their routing is what their changes say.

use rusqlite::params;
use sambung_domain::{Area, RecordId, Routing, Set};
use sambung_sync::document::Genesis;
use sambung_sync::form::History;
use sambung_sync::relay::{RecordRow, RelayStore};
use sambung_sync::routing::routing;

use super::super::{SqliteStore, StoreError};
use super::{Authorities, Report};

/// Records read at a time.
const PAGE: i64 = 1_000;

/// Recomputes every record's routing from its changes.
pub(super) fn check(
    store: &mut SqliteStore<'_>,
    authorities: &Authorities<'_>,
    report: &mut Report,
) -> Result<(), StoreError> {
    let mut after: (Vec<u8>, u32) = (Vec::new(), 0);
    loop {
        let page = page(store, &after)?;
        let Some((record, generation)) = page.last() else { return Ok(()) };
        after = (record.0.to_vec(), *generation);
        for (record, generation) in page {
            report.records += 1;
            if let Err(why) = examine(store, authorities, record, generation)? {
                report.find(format!("record {record}: {why}"));
            }
        }
    }
}

fn page(store: &SqliteStore<'_>, after: &(Vec<u8>, u32)) -> Result<Vec<(RecordId, u32)>, StoreError> {
    let mut statement = store.connection().prepare_cached(
        "SELECT record, generation FROM record WHERE (record, generation) > (?1, ?2)
         ORDER BY record, generation LIMIT ?3",
    )?;
    let rows = statement
        .query_map(params![after.0, after.1, PAGE], |row| Ok((RecordId(row.get(0)?), row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn examine(
    store: &mut SqliteStore<'_>,
    authorities: &Authorities<'_>,
    record: RecordId,
    generation: u32,
) -> Result<Result<(), &'static str>, StoreError> {
    let row = match store.record(record, generation) {
        Ok(Some(row)) => row,
        Ok(None) | Err(StoreError::Damaged(_)) => return Ok(Err("its row cannot be read")),
        Err(error) => return Err(error),
    };
    // A kind of a newer pack is carried, not judged.
    let Some(kind) = authorities.pack.kind(&row.kind) else { return Ok(Ok(())) };
    let genesis = Genesis { kind: row.kind.clone(), record, generation };
    let Ok(mut history) = History::begin(&genesis, &kind.genesis_maps()) else {
        return Ok(Err("its kind has no genesis"));
    };
    for change in store.changes(record, generation)? {
        if history.restore(&change.chunk).is_err() {
            return Ok(Err("its changes do not build on each other"));
        }
    }
    let RecordRow { routing: kept, .. } = row;
    if routing(&history) != kept {
        return Ok(Err("its routing is not what its changes say"));
    }
    Ok(if is_placed(store, &kept)? {
        Ok(())
    } else {
        Err("an office or person it names does not look for it")
    })
}

/// Whether the offices and persons of a record read the shards it lies in.
fn is_placed(store: &mut SqliteStore<'_>, routing: &Routing) -> Result<bool, StoreError> {
    for set in routing.sets().iter().filter(|set| !matches!(set, Set::Area(_))) {
        let placed = store.placed(set)?;
        let reads = |area: &Area| placed.iter().any(|(shard, _)| *shard == area.shard());
        if !routing.areas.iter().all(reads) {
            return Ok(false);
        }
    }
    Ok(true)
}
