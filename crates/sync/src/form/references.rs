//! Every operation must refer to what its author could know and what fits.

use std::collections::BTreeSet;

use super::bad::BadForm;
use super::clock::Clock;
use super::history::History;
use crate::document::{Action, Change, Key, NESTING_MAX, ObjectKind, ObjectRef, OpId, Operation, Scalar};

/// Greatest start of a counter and greatest step. Automerge sums in 64 bits and does not look for overflow;
/// no record ever holds enough steps of this size.
const COUNT_MAX: u64 = 1 << 31;

/// Checks the operations of a change whose dependencies have this causal past.
pub(super) fn check(history: &History, past: &Clock, change: &Change) -> Result<(), BadForm> {
    let mut replaced = BTreeSet::new();
    for (at, operation) in change.operations.iter().enumerate() {
        let known = Known { history, past, change, earlier: &change.operations[..at] };
        let (kind, depth) = known.object(operation.object)?;
        if matches!(operation.action, Action::Make(_)) && depth >= NESTING_MAX {
            return Err(BadForm::Nesting);
        }
        known.key(operation, kind)?;
        shape(operation, kind)?;
        count(&operation.action)?;
        for pred in &operation.preds {
            known.pred(operation, *pred)?;
            let adds = matches!(operation.action, Action::Increment(_));
            if !adds && !replaced.insert(*pred) {
                return Err(BadForm::Reference);
            }
        }
    }
    Ok(())
}

/// What an operation may refer to: the causal past, and what stands before it in its own change.
struct Known<'a> {
    history: &'a History,
    past: &'a Clock,
    change: &'a Change,
    earlier: &'a [Operation],
}

impl<'a> Known<'a> {
    fn find(&self, id: OpId) -> Result<&'a Operation, BadForm> {
        let own = id.actor == self.change.actor && id.counter >= self.change.start_op;
        let found = if own {
            let offset = usize::try_from(id.counter - self.change.start_op).ok();
            offset.and_then(|offset| self.earlier.get(offset))
        } else {
            let held = self.history.operation(id);
            held.filter(|(change, _)| self.history.is_past(self.past, change)).map(|(_, found)| found)
        };
        found.ok_or(BadForm::Reference)
    }

    /// The kind of an object and how deep it lies; the root is a map at depth 0.
    fn object(&self, mut object: ObjectRef) -> Result<(ObjectKind, usize), BadForm> {
        let mut kind = None;
        let mut depth = 0;
        while let ObjectRef::Id(id) = object {
            let made = self.find(id)?;
            let Action::Make(of) = made.action else { return Err(BadForm::Reference) };
            kind.get_or_insert(of);
            depth += 1;
            if depth > NESTING_MAX {
                return Err(BadForm::Nesting);
            }
            object = made.object;
        }
        Ok((kind.unwrap_or(ObjectKind::Map), depth))
    }

    fn key(&self, operation: &Operation, kind: ObjectKind) -> Result<(), BadForm> {
        let fits = match &operation.key {
            Key::Map(name) if name.is_empty() => return Err(BadForm::Key),
            Key::Map(_) => !kind.is_sequence() && !operation.insert,
            Key::Head => kind.is_sequence() && operation.insert,
            Key::Element(id) => {
                let element = self.find(*id)?;
                kind.is_sequence() && element.insert && element.object == operation.object
            }
        };
        if fits { Ok(()) } else { Err(BadForm::Reference) }
    }

    /// A predecessor is a value at the same place.
    fn pred(&self, operation: &Operation, id: OpId) -> Result<(), BadForm> {
        let pred = self.find(id)?;
        let same_place = match &operation.key {
            Key::Map(_) => pred.key == operation.key,
            Key::Head => false,
            Key::Element(element) if pred.insert => pred.id == *element,
            Key::Element(_) => pred.key == operation.key,
        };
        let fits = match (&operation.action, &pred.action) {
            (_, Action::Delete | Action::Increment(_)) => false,
            (Action::Increment(_), Action::Put(Scalar::Counter(_))) => true,
            (Action::Increment(_), Action::Put(_) | Action::Make(_)) => false,
            (Action::Put(_) | Action::Make(_) | Action::Delete, Action::Put(_) | Action::Make(_)) => true,
        };
        if same_place && fits && pred.object == operation.object { Ok(()) } else { Err(BadForm::Reference) }
    }
}

/// What needs no look at other operations: a new element replaces nothing; removing and adding need something
/// to work on; a text grows by texts and shrinks, and nothing in it is overwritten. Automerge writes no other
/// operation into a text, and panics where an overwritten character meets a removal.
fn shape(operation: &Operation, kind: ObjectKind) -> Result<(), BadForm> {
    let needs_preds = matches!(operation.action, Action::Delete | Action::Increment(_));
    let fits = if operation.insert {
        operation.preds.is_empty() && !needs_preds
    } else {
        !(needs_preds && operation.preds.is_empty())
    };
    let fits_text = match &operation.action {
        Action::Put(Scalar::Text(_)) => operation.insert,
        Action::Delete => true,
        Action::Put(_) | Action::Make(_) | Action::Increment(_) => false,
    };
    if fits && (kind != ObjectKind::Text || fits_text) { Ok(()) } else { Err(BadForm::Reference) }
}

fn count(action: &Action) -> Result<(), BadForm> {
    let count = match action {
        Action::Increment(count) | Action::Put(Scalar::Counter(count)) => count.unsigned_abs(),
        Action::Put(_) | Action::Make(_) | Action::Delete => 0,
    };
    if count <= COUNT_MAX { Ok(()) } else { Err(BadForm::Value) }
}
