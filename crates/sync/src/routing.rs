//! Where a record belongs: the live values of its routing keys.
//!
//! They are followed from the operations' predecessors, without loading a document, and equal what the
//! document shows. A record belongs to **every** live area and office, under the **strictest** live access:
//! whatever two people decided at the same time, nobody who needs the record loses it and nobody sees more
//! than the more careful of the two allowed.

mod reserved;
mod rule;

use std::collections::{BTreeMap, BTreeSet};

use sambung_domain::pack::TRANSFER;
use sambung_domain::{Access, Area, OfficeCode, RecordId, Routing};

use crate::document::{Action, Actor, Change, ChangeHash, Key, ObjectRef, OpId, Operation, Scalar};
use crate::form::History;

pub use reserved::{forges_creation, is_reserved};
pub(crate) use rule::check;

/// The routing of a record as its whole history says.
#[must_use]
pub fn routing(history: &History) -> Routing {
    routing_at(history, &history.heads())
}

/// The routing of a record as somebody saw it who knew these changes and what they build on.
#[must_use]
pub fn routing_at(history: &History, deps: &[ChangeHash]) -> Routing {
    let past = history.past(deps);
    routing_of(history, history.changes().filter(|change| history.is_past(&past, change)))
}

/// The routing of a record once a change that [`History::check`] returned is admitted.
#[must_use]
pub fn routing_after(history: &History, change: &Change) -> Routing {
    routing_of(history, history.changes().chain([change]))
}

fn routing_of<'a>(history: &History, changes: impl Iterator<Item = &'a Change>) -> Routing {
    let mut live: BTreeMap<OpId, Slot<'_>> = BTreeMap::new();
    let mut replaced: BTreeSet<OpId> = BTreeSet::new();
    for change in changes {
        for operation in &change.operations {
            if let Some(slot) = slot(history, operation) {
                live.insert(operation.id, slot);
                replaced.extend(&operation.preds);
            }
        }
    }
    live.retain(|id, _| !replaced.contains(id));
    collect(live.into_values())
}

fn collect<'a>(slots: impl Iterator<Item = Slot<'a>>) -> Routing {
    let mut routing = Routing::default();
    for slot in slots {
        match slot {
            Slot::Area(area) => {
                routing.areas.insert(area);
            }
            Slot::Access(level) => routing.access = routing.access.max(Some(level)),
            Slot::Office(code) => {
                routing.offices.insert(code);
            }
            Slot::Entry(map, name) => enter(&mut routing, map, name),
            Slot::Offer(code) => {
                routing.offered.insert(code);
            }
            Slot::Nothing => {}
        }
    }
    routing
}

/// Only names that passed the rule of this module are in a history, so one that does not parse does not occur.
fn enter(routing: &mut Routing, map: RoutingMap, name: &str) {
    match map {
        RoutingMap::Partners => routing.partners.extend(name.parse::<OfficeCode>().ok()),
        RoutingMap::Readers => routing.readers.extend(name.parse::<RecordId>().ok()),
        RoutingMap::Excluded => {
            routing.excluded.insert(name.to_owned());
        }
    }
}

/// One value of a routing key.
#[derive(Debug)]
enum Slot<'a> {
    Area(Area),
    Access(Access),
    Office(OfficeCode),
    /// An offer to an office.
    Offer(OfficeCode),
    /// An entry that says yes.
    Entry(RoutingMap, &'a str),
    /// An entry that says no, or the removal of what lost a conflict.
    Nothing,
}

/// The routing keys that hold maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RoutingMap {
    Partners,
    Readers,
    Excluded,
}

impl RoutingMap {
    fn named(key: &str) -> Option<RoutingMap> {
        match key {
            "partners" => Some(RoutingMap::Partners),
            "readers" => Some(RoutingMap::Readers),
            "excluded" => Some(RoutingMap::Excluded),
            _ => None,
        }
    }
}

/// Which routing map of the genesis an object is.
fn routing_map(history: &History, object: ObjectRef) -> Option<RoutingMap> {
    let ObjectRef::Id(id) = object else { return None };
    if id.actor != Actor::GENESIS {
        return None;
    }
    match &history.operation(id)?.1.key {
        Key::Map(key) => RoutingMap::named(key),
        Key::Head | Key::Element(_) => None,
    }
}

/// The routing value an operation puts; `None` for an operation elsewhere. Only operations that passed the rule
/// of this module are in a history, so a text that does not parse does not occur.
fn slot<'a>(history: &History, operation: &'a Operation) -> Option<Slot<'a>> {
    let Key::Map(key) = &operation.key else { return None };
    let map = routing_map(history, operation.object);
    let text = match &operation.action {
        Action::Put(Scalar::Text(text)) => text.as_str(),
        Action::Put(Scalar::Bool(true)) => return map.map(|map| Slot::Entry(map, key)),
        Action::Put(_) | Action::Delete | Action::Make(_) | Action::Increment(_) => "",
    };
    match key.as_str() {
        _ if map.is_some() => Some(Slot::Nothing),
        _ if operation.object != ObjectRef::Root => None,
        "area" => Some(text.parse().map_or(Slot::Nothing, Slot::Area)),
        "access" => Some(text.parse().map_or(Slot::Nothing, Slot::Access)),
        "office" => Some(text.parse().map_or(Slot::Nothing, Slot::Office)),
        TRANSFER => Some(text.parse().map_or(Slot::Nothing, Slot::Offer)),
        _ => None,
    }
}
