//! The form of operations on reserved keys.

use std::collections::BTreeMap;

use sambung_domain::pack::{RESERVED_KEYS, ROUTING_MAPS, ROUTING_TEXTS, TRANSFER};
use sambung_domain::{Access, Area, OfficeCode, RecordId};

use super::{RoutingMap, routing_map};
use crate::document::{Action, Change, Key, ObjectRef, OpId, Operation, Scalar};
use crate::form::{BadForm, Clock, History};

/// Keys that only the genesis writes.
const GENESIS_KEYS: [&str; 3] = ["kind", "record", "generation"];

/// Checks a change's operations on reserved keys, and the birth if it is one.
pub(crate) fn check(history: &History, past: &Clock, change: &Change) -> Result<(), BadForm> {
    let removes = change.operations.iter().any(|operation| operation.action == Action::Delete);
    let mut greatest = if removes { greatest_puts(history, past) } else { Greatest::new() };
    for operation in &change.operations {
        check_operation(history, &greatest, operation)?;
        if removes {
            note(&mut greatest, operation);
        }
    }
    let is_birth = change.deps == [history.genesis()];
    if is_birth && !ROUTING_TEXTS.iter().all(|key| puts(change, key)) {
        return Err(BadForm::Birth);
    }
    Ok(())
}

fn puts(change: &Change, wanted: &str) -> bool {
    change.operations.iter().any(|operation| {
        operation.object == ObjectRef::Root
            && matches!(operation.action, Action::Put(_))
            && matches!(&operation.key, Key::Map(key) if key == wanted)
    })
}

fn check_operation(history: &History, greatest: &Greatest<'_>, operation: &Operation) -> Result<(), BadForm> {
    let Key::Map(key) = &operation.key else { return Ok(()) };
    let at_root = operation.object == ObjectRef::Root;
    let map = routing_map(history, operation.object);
    let is_routing = map.is_some() || (at_root && (ROUTING_TEXTS.contains(&key.as_str()) || key == TRANSFER));
    let fits = if is_routing && operation.action == Action::Delete {
        keeps_the_winner(greatest, operation)
    } else if at_root {
        root_fits(key, &operation.action)
    } else if let Some(map) = map {
        matches!(operation.action, Action::Put(Scalar::Bool(_))) && name_fits(map, key)
    } else {
        true
    };
    if fits { Ok(()) } else { Err(BadForm::Routing) }
}

/// The greatest put at each place, as far as the author of a change knew.
type Greatest<'a> = BTreeMap<(ObjectRef, &'a Key), OpId>;

fn greatest_puts<'a>(history: &'a History, past: &Clock) -> Greatest<'a> {
    let known = history.changes().filter(|known| history.is_past(past, known));
    let mut greatest = Greatest::new();
    known.flat_map(|known| &known.operations).for_each(|operation| note(&mut greatest, operation));
    greatest
}

fn note<'a>(greatest: &mut Greatest<'a>, operation: &'a Operation) {
    if matches!(operation.action, Action::Put(_)) {
        let known = greatest.entry((operation.object, &operation.key)).or_insert(operation.id);
        *known = operation.id.max(*known);
    }
}

/// Putting the value that wins a conflict already is written as removing those that lost. That much removal
/// is allowed, and no more. It can never leave a key without a value, whatever happens at the same time: the
/// greatest value ever put is replaced by no put, since that one would be greater, and removed by no such
/// removal, since that needs to know a greater one.
fn keeps_the_winner(greatest: &Greatest<'_>, operation: &Operation) -> bool {
    let winner = greatest.get(&(operation.object, &operation.key));
    winner.is_some_and(|winner| operation.preds.iter().all(|pred| pred < winner))
}

fn root_fits(key: &str, action: &Action) -> bool {
    if GENESIS_KEYS.contains(&key) || ROUTING_MAPS.contains(&key) {
        return false;
    }
    if ROUTING_TEXTS.contains(&key) {
        let Action::Put(Scalar::Text(text)) = action else { return false };
        return match key {
            "area" => text.parse::<Area>().is_ok(),
            "access" => text.parse::<Access>().is_ok(),
            _ => text.parse::<OfficeCode>().is_ok(),
        };
    }
    if key == TRANSFER {
        let Action::Put(Scalar::Text(text)) = action else { return false };
        return text.is_empty() || text.parse::<OfficeCode>().is_ok();
    }
    !RESERVED_KEYS.contains(&key) || matches!(action, Action::Put(_))
}

fn name_fits(map: RoutingMap, name: &str) -> bool {
    let office = || name.parse::<OfficeCode>().is_ok();
    let staff = || name.parse::<RecordId>().is_ok_and(|id| id.to_string() == name);
    match map {
        RoutingMap::Partners => office(),
        RoutingMap::Readers => staff(),
        RoutingMap::Excluded => office() || staff(),
    }
}
