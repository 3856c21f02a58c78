//! The changes: each is what its name says, in the log, and under its author's signature.

use rusqlite::params;
use sambung_domain::RecordId;
use sambung_sync::document::ChangeHash;
use sambung_sync::gate::gate;
use sambung_sync::relay::{RelayStore, StoredBatch, StoredChange, StoredLeaf};
use sambung_trust::batch;
use sambung_trust::merkle::Node;
use sambung_trust::{BatchHeader, DeploymentKey};

use super::super::{SqliteStore, StoreError, row};
use super::{Authorities, Report};

/// Changes read at a time.
const PAGE: i64 = 1_000;

/// The batch and leaf of the last change: those of the next are mostly the same.
#[derive(Default)]
struct Last {
    batch: Option<(i64, Option<StoredBatch>)>,
    leaf: Option<((i64, u32), Option<StoredLeaf>)>,
}

struct Named {
    admission: i64,
    record: RecordId,
    generation: u32,
    change: StoredChange,
    logged: bool,
}

/// Checks every change in the order of admission.
pub(super) fn check(
    store: &mut SqliteStore<'_>,
    authorities: &Authorities<'_>,
    report: &mut Report,
) -> Result<(), StoreError> {
    let (mut last, mut after) = (Last::default(), i64::MIN);
    loop {
        let page = page(store, after)?;
        let Some(end) = page.last() else { return Ok(()) };
        after = end.admission;
        for named in &page {
            report.changes += 1;
            if let Err(why) = examine(store, authorities.deployment, &mut last, named, report)? {
                let Named { record, change, .. } = named;
                report.find(format!("change {} of record {record}: {why}", change.hash));
            }
        }
    }
}

fn page(store: &SqliteStore<'_>, after: i64) -> Result<Vec<Named>, StoreError> {
    let mut statement = store.connection().prepare_cached(
        "SELECT hash, chunk, batch, leaf, admission, record, generation, EXISTS (
             SELECT 1 FROM temp.logged WHERE logged.record = change.record
                 AND logged.generation = change.generation AND logged.hash = change.hash)
         FROM change WHERE admission > ?1 ORDER BY admission LIMIT ?2",
    )?;
    let rows = statement.query_map(params![after, PAGE], |row| {
        Ok(Named {
            change: row::change(row)?,
            admission: row.get(4)?,
            record: RecordId(row.get(5)?),
            generation: row.get(6)?,
            logged: row.get(7)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn examine(
    store: &mut SqliteStore<'_>,
    deployment: &DeploymentKey,
    last: &mut Last,
    named: &Named,
    report: &mut Report,
) -> Result<Result<(), &'static str>, StoreError> {
    let Named { change, record, generation, logged, .. } = named;
    if gate(&change.chunk).map(|seen| seen.hash) != Ok(change.hash) {
        return Ok(Err("the chunk is not what its name says"));
    }
    if !logged {
        return Ok(Err("no log names it"));
    }
    last.fetch_batch(store, change.batch, report)?;
    last.fetch_leaf(store, change)?;
    let (Some((_, Some(batch))), Some((_, Some(leaf)))) = (&last.batch, &last.leaf) else {
        return Ok(Err("its author's signature is missing or does not match"));
    };
    let node = leaf_node(deployment, *record, *generation, leaf);
    let at = usize::try_from(change.leaf).unwrap_or(usize::MAX);
    let signed = leaf.hashes.contains(&change.hash) && batch.tree.leaf(at) == Some(node);
    Ok(if signed { Ok(()) } else { Err("it is not under its author's signature") })
}

fn leaf_node(deployment: &DeploymentKey, record: RecordId, generation: u32, leaf: &StoredLeaf) -> Node {
    let hashes: Vec<[u8; 32]> = leaf.hashes.iter().map(|ChangeHash(hash)| *hash).collect();
    batch::leaf(deployment, record, generation, &leaf.nonce, &hashes)
}

impl Last {
    /// The batch, if its signature is its device's and covers its leaves.
    fn fetch_batch(
        &mut self,
        store: &mut SqliteStore<'_>,
        number: i64,
        report: &mut Report,
    ) -> Result<(), StoreError> {
        if self.batch.as_ref().is_some_and(|(held, _)| *held == number) {
            return Ok(());
        }
        let batch = readable(store.batch(number))?.filter(|batch| {
            let header = batch.signed.open::<BatchHeader>(&batch.device);
            header.is_ok_and(|header| header.device == batch.device && Some(header.root) == batch.tree.root())
        });
        report.batches += u64::from(batch.is_some());
        self.batch = Some((number, batch));
        Ok(())
    }

    fn fetch_leaf(&mut self, store: &mut SqliteStore<'_>, change: &StoredChange) -> Result<(), StoreError> {
        let at = (change.batch, change.leaf);
        if self.leaf.as_ref().is_none_or(|(held, _)| *held != at) {
            self.leaf = Some((at, readable(store.leaf(change.batch, change.leaf))?));
        }
        Ok(())
    }
}

/// What cannot be read is a finding, not the end of the check.
fn readable<T>(result: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(StoreError::Damaged(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
