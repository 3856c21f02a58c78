//! The story of a record's fields: who replaced what by what.

use std::collections::{BTreeMap, BTreeSet};

use sambung_domain::value::Value;

use crate::document::{Action, Actor, Change, ChangeHash, Key, ObjectRef, OpId, Operation, Scalar};
use crate::form::History;

/// One write to one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldEvent {
    /// The change that did it: it says who, when and with which command.
    pub change: ChangeHash,
    /// The operation of that change.
    pub operation: OpId,
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
    let mut story = Story { history, places: BTreeMap::new(), steps: BTreeMap::new() };
    let mut events = Vec::new();
    for change in history.changes() {
        for operation in &change.operations {
            let event = story.event(change, operation);
            story.note(change, operation);
            if change.actor != Actor::GENESIS {
                events.extend(event);
            }
        }
    }
    events
}

/// What has been told so far.
struct Story<'a> {
    history: &'a History,
    /// The operations at each entry of a map.
    places: BTreeMap<(ObjectRef, &'a str), Vec<(&'a Change, &'a Operation)>>,
    /// What was added to each counter.
    steps: BTreeMap<OpId, Vec<(&'a Change, i64)>>,
}

impl<'a> Story<'a> {
    fn note(&mut self, change: &'a Change, operation: &'a Operation) {
        if let Key::Map(key) = &operation.key {
            self.places.entry((operation.object, key)).or_default().push((change, operation));
        }
        if let Action::Increment(by) = operation.action {
            for counter in &operation.preds {
                self.steps.entry(*counter).or_default().push((change, by));
            }
        }
    }

    fn event(&self, change: &Change, operation: &Operation) -> Option<FieldEvent> {
        let Key::Map(key) = &operation.key else { return None };
        let before = |pred: &OpId| self.value(change, *pred);
        let old: Vec<Value> = operation.preds.iter().filter_map(before).collect();
        let new = match &operation.action {
            Action::Put(value) => Some(value.shown()),
            Action::Make(_) if old.is_empty() => return None,
            Action::Make(_) => None,
            Action::Delete => {
                let live = self.live(change, (operation.object, key));
                let kept = live.iter().rfind(|id| !operation.preds.contains(id));
                kept.and_then(|kept| self.value(change, *kept))
            }
            Action::Increment(by) => match self.value(change, *operation.preds.iter().max()?)? {
                Value::Int(stood) => Some(Value::Int(stood.wrapping_add(*by))),
                other @ (Value::Bool(_) | Value::Text(_)) => Some(other),
            },
        };
        let mut path = self.path(operation.object)?;
        path.push(key.clone());
        Some(FieldEvent { change: change.hash, operation: operation.id, path, old, new })
    }

    /// The values that stood at a place, as the author of a change saw it.
    fn live(&self, change: &Change, place: (ObjectRef, &str)) -> BTreeSet<OpId> {
        let told = self.places.get(&place).map(Vec::as_slice).unwrap_or_default();
        let mut live = BTreeSet::new();
        for (_, operation) in told.iter().filter(|(by, _)| self.history.knew(change, by)) {
            match operation.action {
                Action::Increment(_) => continue,
                Action::Put(_) | Action::Make(_) => {
                    live.insert(operation.id);
                }
                Action::Delete => {}
            }
            for pred in &operation.preds {
                live.remove(pred);
            }
        }
        live
    }

    /// The value an operation had put, as the author of a change saw it; `None` for an object.
    fn value(&self, change: &Change, id: OpId) -> Option<Value> {
        match &self.history.operation(id)?.1.action {
            Action::Put(Scalar::Counter(start)) => {
                let steps = self.steps.get(&id).into_iter().flatten();
                let seen = steps.filter(|(by, _)| self.history.knew(change, by));
                Some(Value::Int(seen.fold(*start, |sum, (_, by)| sum.wrapping_add(*by))))
            }
            Action::Put(value) => Some(value.shown()),
            Action::Make(_) | Action::Delete | Action::Increment(_) => None,
        }
    }

    /// The keys that lead to an object.
    fn path(&self, mut object: ObjectRef) -> Option<Vec<String>> {
        let mut path = Vec::new();
        while let ObjectRef::Id(id) = object {
            let (_, made) = self.history.operation(id)?;
            path.push(match &made.key {
                Key::Map(key) => key.clone(),
                Key::Head | Key::Element(_) => id.to_string(),
            });
            object = made.object;
        }
        path.reverse();
        Some(path)
    }
}
