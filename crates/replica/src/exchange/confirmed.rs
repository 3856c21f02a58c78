//! The relay's word on everything that an answer confirms: kept with the changes, which can be given back with it.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};
use sambung_sync::confirmed::{Confirmed, Name, beginning_with};
use sambung_sync::message::{
    ExchangeRequest, ExchangeResponse, KnownChange, PullAnswer, PulledLeaf, Returned, VerdictRun, expand,
};
use sambung_sync::{ChangeHash, chunk};
use sambung_trust::merkle::{self, Node};
use sambung_trust::signed::encode;
use sambung_trust::{Admission, DeploymentKey, PublicKey, Signed};

use super::pulled::leaves_of;
use crate::ReplicaError;

/// A statement that is kept, with the place of each change under it.
#[derive(Debug)]
pub(super) struct Kept {
    /// Its number.
    pub(super) number: i64,
    places: BTreeMap<Name, u32>,
}

impl Kept {
    /// The place of a change; `None` if the statement does not speak of it.
    pub(super) fn place(&self, name: &Name) -> Option<u32> {
        self.places.get(name).copied()
    }

    /// Number and place for a change that is known by the beginning of its hash.
    pub(super) fn place_of(&self, change: &KnownChange) -> Option<(i64, u32)> {
        let names = beginning_with((change.record, change.generation), change.hash);
        self.places.range(names).next().map(|(_, place)| (self.number, *place))
    }

    /// Writes the statement to a change that has none yet.
    pub(super) fn stamp(&self, connection: &Connection, name: &Name) -> Result<(), ReplicaError> {
        let Some(place) = self.place(name) else { return Ok(()) };
        connection
            .prepare_cached(
                "UPDATE change SET admission = ?4, admitted = ?5
                 WHERE record = (SELECT number FROM record WHERE id = ?1 AND generation = ?2) AND hash = ?3
                   AND admission IS NULL",
            )?
            .execute(params![name.0.0, name.1, name.2.0, self.number, place])?;
        Ok(())
    }
}

/// Keeps the relay's statement, if it is the relay's and about just these changes. Without one nothing is amiss: what it
/// would have covered is sent like new work, should the relay lose it.
pub(super) fn keep(
    connection: &Connection,
    deployment: &DeploymentKey,
    (relay, signed): (&PublicKey, Option<&Signed>),
    confirmed: &Confirmed,
) -> Result<Option<Kept>, ReplicaError> {
    let said = signed.and_then(|signed| Some((signed, signed.open::<Admission>(relay).ok()?)));
    let Some((signed, said)) = said else { return Ok(None) };
    let leaves = confirmed.leaves(deployment);
    if leaves.len() != usize::try_from(said.count).unwrap_or(usize::MAX) || merkle::root(&leaves) != said.root
    {
        return Ok(None);
    }
    let bytes: Vec<u8> = leaves.iter().flat_map(|Node(leaf)| *leaf).collect();
    connection
        .prepare_cached("INSERT INTO receipt (signed, time, leaves) VALUES (?1, ?2, ?3)")?
        .execute(params![encode(signed), said.relay_time.0, bytes])?;
    let number = connection.last_insert_rowid();
    let places = confirmed.in_order().copied().zip(0u32..).collect();
    Ok(Some(Kept { number, places }))
}

/// Everything that an answer to an exchange confirms.
pub(super) fn of_exchange(
    connection: &Connection,
    request: &ExchangeRequest,
    response: &ExchangeResponse,
) -> Result<Confirmed, ReplicaError> {
    let mut confirmed = Confirmed::default();
    note_verdicts(&mut confirmed, &pushed(request), response.verdicts.as_deref());
    let returned = request.returned.as_ref().map(names).unwrap_or_default();
    note_verdicts(&mut confirmed, &returned, response.returned.as_deref());
    let pulls = response.pulls.as_deref().unwrap_or_default();
    note_leaves(&mut confirmed, pulls.iter().flat_map(leaves_of));
    for pull in pulls {
        let PullAnswer::Delta { known, .. } = &pull.answer else { continue };
        for change in known {
            if !confirmed.names((change.record, change.generation), change.hash)
                && let Some(hash) = here(connection, change)?
            {
                confirmed.note((change.record, change.generation, hash), false);
            }
        }
    }
    Ok(confirmed)
}

/// Everything that comes with an answer to a comparison.
pub(super) fn of_leaves<'a>(leaves: impl Iterator<Item = &'a PulledLeaf>) -> Confirmed {
    let mut confirmed = Confirmed::default();
    note_leaves(&mut confirmed, leaves);
    confirmed
}

/// The changes given back, in the order of the request.
pub(super) fn names(returned: &Returned) -> Vec<Name> {
    let of_leaf = |leaf: &PulledLeaf| -> Vec<Name> {
        let name = |bytes: &[u8]| (leaf.record, leaf.generation, chunk::name(bytes));
        leaf.changes.iter().map(|change| name(&change.chunk)).collect()
    };
    returned.leaves.iter().flat_map(|part| of_leaf(&part.leaf)).collect()
}

/// The changes pushed, in the order of the push.
pub(super) fn pushed(request: &ExchangeRequest) -> Vec<Name> {
    let items = request.push.iter().flat_map(|push| &push.items);
    items
        .flat_map(|item| item.chunks.iter().map(|bytes| (item.record, item.generation, chunk::name(bytes))))
        .collect()
}

fn note_verdicts(confirmed: &mut Confirmed, names: &[Name], runs: Option<&[VerdictRun]>) {
    let verdicts = runs.and_then(|runs| expand(runs, names.len())).unwrap_or_default();
    names.iter().zip(&verdicts).for_each(|(name, verdict)| confirmed.note_verdict(*name, verdict));
}

fn note_leaves<'a>(confirmed: &mut Confirmed, leaves: impl Iterator<Item = &'a PulledLeaf>) {
    for leaf in leaves {
        for change in &leaf.changes {
            let name = (leaf.record, leaf.generation, chunk::name(&change.chunk));
            confirmed.note(name, change.late == Some(true));
        }
    }
}

/// The change that a short name means, unless it came late: of those the relay says nothing more.
fn here(connection: &Connection, change: &KnownChange) -> Result<Option<ChangeHash>, ReplicaError> {
    let sql = "SELECT hash FROM change JOIN record ON number = record
                   WHERE id = ?1 AND generation = ?2 AND substr(hash, 1, 8) = ?3 AND lane <> 1
               UNION ALL SELECT hash FROM pending
                   WHERE record = ?1 AND generation = ?2 AND substr(hash, 1, 8) = ?3
               UNION ALL SELECT hash FROM unusable
                   WHERE record = ?1 AND generation = ?2 AND substr(hash, 1, 8) = ?3
               LIMIT 1";
    let key = (change.record.0, change.generation, change.hash);
    let hash: Option<[u8; 32]> =
        connection.prepare_cached(sql)?.query_row(key, |row| row.get(0)).optional()?;
    Ok(hash.map(ChangeHash))
}
