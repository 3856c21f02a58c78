//! Giving back what stood in the relay's log and does not any more, own work and others', with the signatures of its
//! author and of the relay.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Row, params};
use sambung_domain::RecordId;
use sambung_sync::confirmed::Name;
use sambung_sync::limits::{PUSH_CHANGES_MAX, RETURNED_ADMISSIONS_MAX};
use sambung_sync::message::{
    Admitted, Disposition, ExchangeResponse, PulledBatch, PulledChange, PulledLeaf, Returned, ReturnedLeaf,
    expand,
};
use sambung_trust::DeploymentKey;
use sambung_trust::merkle::{Node, Tree};

use super::Attempt;
use super::confirmed::{Kept, names};
use super::outgoing::{PUSH_BYTES, split_hashes};
use super::session::SyncReport;
use crate::{ReplicaError, batches};

/// Changes that stood in the log and do not any more, what others build on first.
const RETURNING: &str =
    "SELECT r.id, r.generation, r.kind, c.chunk, c.nonce, c.batch, c.leaf, c.admission, c.admitted,
        c.lane = 1 OR EXISTS (SELECT 1 FROM came_late WHERE hash = c.hash)
    FROM change AS c INDEXED BY change_returning JOIN record AS r ON r.number = c.record
    WHERE c.admission IS NOT NULL AND c.sequence IS NULL AND c.receipt IS NULL AND c.refused IS NULL
      AND (c.held IS NULL OR c.held <> ?1)
    ORDER BY c.record, c.position LIMIT ?2";

/// How many of them wait in an attempt.
pub(super) fn count(connection: &Connection, attempt: Attempt) -> Result<u64, ReplicaError> {
    let sql = "SELECT count(*) FROM change AS c INDEXED BY change_returning
               WHERE c.admission IS NOT NULL AND c.sequence IS NULL AND c.receipt IS NULL AND c.refused IS NULL
                 AND (c.held IS NULL OR c.held <> ?1)";
    Ok(connection.prepare_cached(sql)?.query_row([attempt.0], |row| row.get(0))?)
}

/// The next part of what is to be given back; `None` if nothing is.
pub(super) fn draft(
    connection: &Connection,
    deployment: &DeploymentKey,
    attempt: Attempt,
) -> Result<Option<Returned>, ReplicaError> {
    let limit = i64::try_from(PUSH_CHANGES_MAX).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(RETURNING)?;
    let mut rows = statement.query((attempt.0, limit))?;
    let (mut parts, mut bytes) = (Parts::default(), 0);
    while let Some(row) = rows.next()? {
        let held = Held::read(row)?;
        bytes += held.chunk.len();
        if !parts.leaves.is_empty() && (bytes > PUSH_BYTES || parts.is_full(held.admission)) {
            break;
        }
        parts.add(connection, held)?;
    }
    if parts.leaves.is_empty() { Ok(None) } else { parts.finish(connection, deployment).map(Some) }
}

/// Takes the verdicts on what was given back. It waits until it is read in the log, as everything does after a loss; of
/// a record that is out of reach nothing is read, and the relay's word must do. What the relay will not have with these
/// proofs is sent like new work by its author.
pub(super) fn take(
    connection: &Connection,
    returned: &Returned,
    response: &ExchangeResponse,
    kept: Option<&Kept>,
    attempt: Attempt,
    report: &mut SyncReport,
) -> Result<(), ReplicaError> {
    let names = names(returned);
    let runs = response.returned.as_deref();
    let verdicts = runs.and_then(|runs| expand(runs, names.len())).unwrap_or_default();
    let away: BTreeSet<_> = response.away.iter().flatten().collect();
    for (at, name) in names.iter().enumerate() {
        let said = verdicts.get(at);
        let stored = kept.filter(|kept| kept.place(name).is_some() && away.contains(&(name.0, name.1)));
        let own = match (said.map(|verdict| verdict.disposition), stored) {
            (Some(Disposition::Stored | Disposition::Duplicate), Some(kept)) => {
                mark(connection, name, "receipt = ?4, held = NULL", kept.number)?
            }
            (Some(Disposition::Refused), _) => {
                mark(connection, name, "admission = nullif(?4, ?4), admitted = NULL", 0)?
            }
            _ => mark(connection, name, "held = ?4", attempt.0)?,
        };
        if let Some(verdict) = said {
            report.returned += u64::from(verdict.disposition == Disposition::Stored);
            if own {
                report.count(verdict);
            }
        }
    }
    Ok(())
}

/// Marks a change that was given back; whether it is own work.
fn mark(connection: &Connection, name: &Name, set: &str, value: i64) -> Result<bool, ReplicaError> {
    let sql = format!(
        "UPDATE change SET {set}
         WHERE record = (SELECT number FROM record WHERE id = ?1 AND generation = ?2) AND hash = ?3
         RETURNING own"
    );
    let values = params![name.0.0, name.1, name.2.0, value];
    let own = connection.prepare_cached(&sql)?.query_row(values, |row| row.get(0)).optional()?;
    Ok(own.unwrap_or(false))
}

/// One change to be given back.
struct Held {
    record: RecordId,
    generation: u32,
    kind: String,
    chunk: Vec<u8>,
    nonce: [u8; 16],
    batch: i64,
    leaf: u32,
    admission: i64,
    admitted: u32,
    late: bool,
}

impl Held {
    fn read(row: &Row<'_>) -> rusqlite::Result<Held> {
        Ok(Held {
            record: RecordId(row.get(0)?),
            generation: row.get(1)?,
            kind: row.get(2)?,
            chunk: row.get(3)?,
            nonce: row.get(4)?,
            batch: row.get(5)?,
            leaf: row.get(6)?,
            admission: row.get(7)?,
            admitted: row.get(8)?,
            late: row.get(9)?,
        })
    }
}

/// What is given back while it is put together: statements and batches by their numbers here.
#[derive(Default)]
struct Parts {
    admissions: Vec<(i64, BTreeSet<usize>)>,
    batches: Vec<(i64, BTreeSet<usize>)>,
    leaves: Vec<ReturnedLeaf>,
}

impl Parts {
    fn is_full(&self, next: i64) -> bool {
        self.admissions.len() == RETURNED_ADMISSIONS_MAX
            && self.admissions.iter().all(|(number, _)| *number != next)
    }

    fn add(&mut self, connection: &Connection, held: Held) -> Result<(), ReplicaError> {
        let admission = list(&mut self.admissions, held.admission, held.admitted);
        let batch = list(&mut self.batches, held.batch, held.leaf);
        let late = held.late.then_some(true);
        let change = PulledChange { offset: held.admitted, chunk: held.chunk.into(), late };
        match self.leaves.last_mut() {
            Some(last)
                if (last.admission, last.leaf.batch, last.leaf.index) == (admission, batch, held.leaf) =>
            {
                last.leaf.changes.push(change);
            }
            _ => self.leaves.push(ReturnedLeaf {
                admission,
                leaf: PulledLeaf {
                    batch,
                    index: held.leaf,
                    record: held.record,
                    generation: held.generation,
                    kind: held.kind,
                    nonce: held.nonce,
                    hashes: hashes(connection, held.batch, held.leaf)?.map(|bytes| split_hashes(&bytes)),
                    changes: vec![change],
                },
            }),
        }
        Ok(())
    }

    fn finish(self, connection: &Connection, deployment: &DeploymentKey) -> Result<Returned, ReplicaError> {
        let admissions = self.admissions.iter().map(|(number, at)| admitted(connection, *number, at));
        let batches = self.batches.iter().map(|(number, at)| batch(connection, deployment, *number, at));
        Ok(Returned {
            admissions: admissions.collect::<Result<_, _>>()?,
            batches: batches.collect::<Result<_, _>>()?,
            leaves: self.leaves,
        })
    }
}

/// The position of a number in a list, with one more of the leaves under it.
fn list(numbers: &mut Vec<(i64, BTreeSet<usize>)>, number: i64, leaf: u32) -> u32 {
    let at = numbers.iter().rposition(|(listed, _)| *listed == number).unwrap_or_else(|| {
        numbers.push((number, BTreeSet::new()));
        numbers.len() - 1
    });
    numbers[at].1.insert(usize::try_from(leaf).unwrap_or(usize::MAX));
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// All hashes under a leaf of a batch, one behind the other.
fn hashes(connection: &Connection, batch: i64, leaf: u32) -> Result<Option<Vec<u8>>, ReplicaError> {
    let sql = "SELECT hashes FROM leaf WHERE batch = ?1 AND leaf = ?2";
    Ok(connection.prepare_cached(sql)?.query_row((batch, leaf), |row| row.get(0)).optional()?)
}

/// A statement of the relay with the proof for some of its leaves.
fn admitted(connection: &Connection, number: i64, at: &BTreeSet<usize>) -> Result<Admitted, ReplicaError> {
    let (signed, leaves): (Vec<u8>, Vec<u8>) = connection
        .prepare_cached("SELECT signed, coalesce(leaves, x'') FROM receipt WHERE number = ?1")?
        .query_row([number], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let admission = minicbor::decode(&signed).map_err(|_| ReplicaError::Unreadable("a statement"))?;
    let tree = Tree::of(leaves.as_chunks::<32>().0.iter().copied().map(Node).collect());
    Ok(Admitted { admission, proof: proof(&tree, at) })
}

/// An author's batch with the proof for some of its leaves.
fn batch(
    connection: &Connection,
    deployment: &DeploymentKey,
    number: i64,
    at: &BTreeSet<usize>,
) -> Result<PulledBatch, ReplicaError> {
    let signed: Vec<u8> = connection
        .prepare_cached("SELECT signed FROM batch WHERE number = ?1")?
        .query_row([number], |row| row.get(0))?;
    let batch = minicbor::decode(&signed).map_err(|_| ReplicaError::Unreadable("a batch"))?;
    let tree = batches::tree(connection, deployment, number)?;
    Ok(PulledBatch {
        batch,
        leaves: u32::try_from(tree.count()).unwrap_or(u32::MAX),
        proof: proof(&tree, at),
    })
}

/// The proof; none where something is missing, and the relay refuses what it cannot see proven.
fn proof(tree: &Tree, at: &BTreeSet<usize>) -> Vec<Node> {
    tree.prove(&at.iter().copied().collect::<Vec<_>>()).unwrap_or_default()
}
