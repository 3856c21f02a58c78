//! Whether a change made elsewhere is one that a command here could have made.

use sambung_domain::Pack;
use sambung_domain::pack::{Field, FieldType, Kind, Merge, RESERVED_KEYS, ROUTING_MAPS, ROUTING_TEXTS};
use sambung_domain::value::Value;
use sambung_sync::document::{Action, Change, Key, ObjectKind, ObjectRef, OpId, Operation, Scalar};
use sambung_sync::form::History;

/// Whether every operation of a change that passed the form check writes what its field holds, in the one form it
/// holds it in. Keys the pack does not know are free.
pub(super) fn fits(pack: &Pack, kind: &Kind, history: &History, change: &Change) -> bool {
    let place = Place { history, change };
    change.operations.iter().all(|operation| {
        let Some(path) = place.path(operation) else { return true };
        match path.as_slice() {
            [key] if ROUTING_TEXTS.contains(key) => true,
            [key, ..] if ROUTING_MAPS.contains(key) => true,
            [key, ..] if RESERVED_KEYS.contains(key) => false,
            [key, inside @ ..] => match kind.field(key) {
                None => true,
                Some(field) => {
                    field.merge != Merge::Derived && operation_fits(pack, field, inside, operation)
                }
            },
            [] => false,
        }
    })
}

fn operation_fits(pack: &Pack, field: &Field, inside: &[&str], operation: &Operation) -> bool {
    match (inside, &operation.action) {
        ([], Action::Delete) => !field.kind.is_map(),
        ([], Action::Put(scalar)) => !field.kind.is_map() && scalar_fits(pack, field, scalar),
        ([entry], Action::Put(Scalar::Bool(_))) if field.kind == FieldType::Set => {
            is_typed(pack, field, entry)
        }
        ([_], Action::Delete) => field.kind.is_map(),
        ([_], Action::Make(ObjectKind::Map)) => field.kind.has_items(),
        ([_, _], Action::Delete) => field.kind.has_items(),
        ([_, part], Action::Put(scalar)) => {
            let part = field.part(part);
            field.kind.has_items() && part.is_none_or(|part| scalar_fits(pack, part, scalar))
        }
        _ => false,
    }
}

fn scalar_fits(pack: &Pack, field: &Field, scalar: &Scalar) -> bool {
    match (field.kind, scalar) {
        (FieldType::Bool, Scalar::Bool(_)) => true,
        (FieldType::Int, Scalar::Int(number)) => {
            field.parse(pack, &number.to_string()) == Ok(Value::Int(*number))
        }
        (_, Scalar::Text(text)) => is_typed(pack, field, text),
        _ => false,
    }
}

/// Whether a text is stored as it is typed.
fn is_typed(pack: &Pack, field: &Field, text: &str) -> bool {
    field.parse(pack, text).is_ok_and(|value| value.as_text() == Some(text))
}

/// Where the operations of a change write.
struct Place<'a> {
    history: &'a History,
    change: &'a Change,
}

impl<'a> Place<'a> {
    /// The map keys that lead to what an operation writes; `None` inside a list or text.
    fn path(&self, operation: &'a Operation) -> Option<Vec<&'a str>> {
        let mut path = vec![key(operation)?];
        let mut object = operation.object;
        while let ObjectRef::Id(id) = object {
            let made = self.find(id)?;
            path.push(key(made)?);
            object = made.object;
        }
        path.reverse();
        Some(path)
    }

    fn find(&self, id: OpId) -> Option<&'a Operation> {
        if id.actor == self.change.actor && id.counter >= self.change.start_op {
            let offset = usize::try_from(id.counter - self.change.start_op).ok()?;
            return self.change.operations.get(offset);
        }
        self.history.operation(id).map(|(_, operation)| operation)
    }
}

fn key(operation: &Operation) -> Option<&str> {
    match &operation.key {
        Key::Map(key) => Some(key),
        Key::Head | Key::Element(_) => None,
    }
}
