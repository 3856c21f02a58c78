//! What stood at a place before it was written.

use std::collections::BTreeSet;

use sambung_domain::value::Value;

use crate::document::{Action, Change, Key, ObjectRef, OpId, Operation};
use crate::form::History;

/// The operations whose values stood at the place of `write` as far as its author knew, the winner first; several
/// where they were in conflict.
#[must_use]
pub fn before(history: &History, write: OpId) -> Vec<OpId> {
    let Some((author, place)) = written(history, write) else { return Vec::new() };
    standing(history, place, |change| change.hash != author.hash && history.knew(author, change))
}

/// The operations whose values stood at the place of some live values as far as the authors of all of them knew:
/// the value from which they parted, the winner first. `lives` of another place than the first are not looked at.
#[must_use]
pub fn last_common(history: &History, lives: &[OpId]) -> Vec<OpId> {
    let written: Vec<(&Change, Place<'_>)> = lives.iter().filter_map(|id| written(history, *id)).collect();
    let Some((_, place)) = written.first().copied() else { return Vec::new() };
    let here = || written.iter().filter(|(_, other)| *other == place);
    standing(history, place, |change| {
        here().all(|(author, _)| author.hash != change.hash && history.knew(author, change))
    })
}

/// The value that an operation put; `None` for objects, removals and steps of counters.
#[must_use]
pub fn value(history: &History, id: OpId) -> Option<Value> {
    match &history.operation(id)?.1.action {
        Action::Put(scalar) => Some(scalar.shown()),
        Action::Make(_) | Action::Delete | Action::Increment(_) => None,
    }
}

type Place<'a> = (ObjectRef, &'a str);

fn written(history: &History, id: OpId) -> Option<(&Change, Place<'_>)> {
    let (change, operation) = history.operation(id)?;
    Some((change, place(operation)?))
}

fn place(operation: &Operation) -> Option<Place<'_>> {
    match &operation.key {
        Key::Map(key) => Some((operation.object, key)),
        Key::Head | Key::Element(_) => None,
    }
}

fn standing(history: &History, at: Place<'_>, known: impl Fn(&Change) -> bool) -> Vec<OpId> {
    let mut standing: BTreeSet<OpId> = BTreeSet::new();
    for operation in history.changes().filter(|change| known(change)).flat_map(|change| &change.operations) {
        if place(operation) != Some(at) || matches!(operation.action, Action::Increment(_)) {
            continue;
        }
        for pred in &operation.preds {
            standing.remove(pred);
        }
        if operation.action != Action::Delete {
            standing.insert(operation.id);
        }
    }
    standing.into_iter().rev().collect()
}
