//! The records: their routing is what their changes say.

use std::collections::BTreeMap;

use rusqlite::params;
use sambung_domain::{Area, RecordId, Routing, Set};
use sambung_sync::digest::{Item, Sum};
use sambung_sync::document::Genesis;
use sambung_sync::form::History;
use sambung_sync::relay::{
    Collection, DigestStore, RecordRow, RelayError, RelayStore, collections, heads_of,
};
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
    let mut sums = Sums::new();
    loop {
        let page = page(store, &after)?;
        let Some((record, generation)) = page.last() else { break };
        after = (record.0.to_vec(), *generation);
        for (record, generation) in page {
            report.records += 1;
            if let Err(why) = examine(store, authorities, record, generation)? {
                report.find(format!("record {record}: {why}"));
            }
            if let Err(why) = count(store, authorities, (record, generation), &mut sums)? {
                report.find(format!("record {record}: {why}"));
            }
        }
    }
    compare(store, sums, report)
}

/// The sums that the records give, and those that are kept.
type Sums = BTreeMap<Collection, Sum>;

/// Adds a record to the sums it belongs to, and sees whether it was counted as what it is.
fn count(
    store: &mut SqliteStore<'_>,
    authorities: &Authorities<'_>,
    name: (RecordId, u32),
    sums: &mut Sums,
) -> Result<Result<(), &'static str>, StoreError> {
    let Ok(Some(row)) = store.record(name.0, name.1) else { return Ok(Ok(())) };
    let heads = match heads_of(store, name) {
        Ok(heads) => heads,
        Err(RelayError::Store(error)) => return Err(error),
        Err(RelayError::Rejected(_)) => return Ok(Err("its changes cannot be read")),
    };
    let item = Item::of(authorities.deployment, name.0, name.1, &heads);
    if store.counted(name.0, name.1)?.map(|counted| counted.item) != item {
        return Ok(Err("it is not counted with the heads its changes have"));
    }
    for collection in collections(&row.kind, &row.routing) {
        item.into_iter().for_each(|item| sums.entry(collection.clone()).or_default().add(item));
    }
    Ok(Ok(()))
}

/// Compares what the records give with what is kept.
fn compare(store: &mut SqliteStore<'_>, mut sums: Sums, report: &mut Report) -> Result<(), StoreError> {
    let mut statement = store.connection().prepare("SELECT DISTINCT set_name FROM collection")?;
    let names: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    drop(statement);
    for name in names {
        let set: Set = name.parse().map_err(StoreError::damaged)?;
        for (collection, sum) in store.sums(&set)? {
            let given = sums.remove(&collection).unwrap_or_default();
            if given != sum {
                report.find(format!("the sum of {name} is not what its records give"));
            }
        }
    }
    for collection in sums.into_keys() {
        report.find(format!("there is no sum of {}", collection.set));
    }
    Ok(())
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
