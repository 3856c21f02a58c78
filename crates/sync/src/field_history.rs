//! The story of a record's fields: who replaced what by what.

use std::collections::BTreeMap;

use sambung_domain::value::Value;

use crate::document::{Action, Actor, Change, ChangeHash, Key, ObjectRef, OpId, Operation, Scalar};
use crate::form::History;

/// One write to one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldEvent {
    /// The change that did it: it says who, when and with which command.
    pub change: ChangeHash,
    /// The field: keys from the root. An element of a list is named by the operation that made it.
    pub path: Vec<String>,
    /// The values it replaced; several where they were in conflict.
    pub old: Vec<Value>,
    /// The value after it: the new one, or the winner of a conflict whose losers were removed. `None` where the
    /// field was removed, or replaced by an object.
    pub new: Option<Value>,
}

/// Every write to an entry of a map since the genesis, each behind those it could know of. Making a new empty
/// object is no event, and neither are changes inside shared texts.
#[must_use]
pub fn field_history(history: &History) -> Vec<FieldEvent> {
    let mut counters = Counters::default();
    let mut events = Vec::new();
    for change in history.changes().filter(|change| change.actor != Actor::GENESIS) {
        for operation in &change.operations {
            events.extend(event(history, &mut counters, change, operation));
        }
    }
    events
}

fn event<'a>(
    history: &History,
    counters: &mut Counters<'a>,
    change: &'a Change,
    operation: &Operation,
) -> Option<FieldEvent> {
    let Key::Map(key) = &operation.key else { return None };
    let before = |pred: &OpId| counters.value(history, change, *pred);
    let old: Vec<Value> = operation.preds.iter().filter_map(before).collect();
    let new = match &operation.action {
        Action::Put(value) => Some(value.shown()),
        Action::Make(_) if old.is_empty() => return None,
        Action::Make(_) => None,
        Action::Delete => {
            let live = history.live_before(change, operation);
            let kept = live.iter().rfind(|id| !operation.preds.contains(id));
            kept.and_then(|kept| counters.value(history, change, *kept))
        }
        Action::Increment(by) => {
            let counter = operation.preds.iter().max()?;
            counters.add(*counter, change, *by);
            counters.value(history, change, *counter)
        }
    };
    let mut path = path(history, operation.object)?;
    path.push(key.clone());
    Some(FieldEvent { change: change.hash, path, old, new })
}

/// The keys that lead to an object; `None` if it was made by no operation of this history.
fn path(history: &History, mut object: ObjectRef) -> Option<Vec<String>> {
    let mut path = Vec::new();
    while let ObjectRef::Id(id) = object {
        let (_, made) = history.operation(id)?;
        path.push(match &made.key {
            Key::Map(key) => key.clone(),
            Key::Head | Key::Element(_) => id.to_string(),
        });
        object = made.object;
    }
    path.reverse();
    Some(path)
}

/// What was added to each counter, by which change.
#[derive(Debug, Default)]
struct Counters<'a>(BTreeMap<OpId, Vec<(&'a Change, i64)>>);

impl<'a> Counters<'a> {
    fn add(&mut self, counter: OpId, change: &'a Change, by: i64) {
        self.0.entry(counter).or_default().push((change, by));
    }

    /// The value an operation had put there, as the author of `change` saw it; `None` for an object.
    fn value(&self, history: &History, change: &Change, id: OpId) -> Option<Value> {
        let (_, operation) = history.operation(id)?;
        match &operation.action {
            Action::Put(Scalar::Counter(start)) => {
                let past = history.past(&change.deps);
                let added = self.0.get(&id).into_iter().flatten();
                let seen = added.filter(|(by, _)| by.hash == change.hash || history.is_past(&past, by));
                let sum = seen.fold(*start, |sum, (_, by)| sum.wrapping_add(*by));
                Some(Value::Int(sum))
            }
            Action::Put(value) => Some(value.shown()),
            Action::Make(_) | Action::Delete | Action::Increment(_) => None,
        }
    }
}
