//! What a change says about where its record belongs and who made it.

use sambung_domain::pack::{RESERVED_KEYS, ROUTING_TEXTS};

use super::routing_map;
use crate::document::{Action, Change, Key, ObjectRef, Scalar};
use crate::form::{History, Message};

/// Keys that say who made a record and when: written once, at its birth.
const CREATION: [&str; 2] = ["created_at", "created_by"];

/// Whether a change writes a key that decides where its record belongs, or another reserved one.
#[must_use]
pub fn is_reserved(history: &History, change: &Change) -> bool {
    change.operations.iter().any(|operation| {
        let Key::Map(key) = &operation.key else { return false };
        let root = operation.object == ObjectRef::Root
            && (RESERVED_KEYS.contains(&key.as_str()) || ROUTING_TEXTS.contains(&key.as_str()));
        root || routing_map(history, operation.object).is_some()
    })
}

/// Whether a change says who made its record although it is not the birth, or names somebody else than its author.
#[must_use]
pub fn forges_creation(history: &History, change: &Change) -> bool {
    let is_birth = change.deps == [history.genesis()];
    let author = change.message.as_deref().and_then(|text| Message::decode(text).ok());
    change.operations.iter().any(|operation| {
        let Key::Map(key) = &operation.key else { return false };
        if operation.object != ObjectRef::Root || !CREATION.contains(&key.as_str()) {
            return false;
        }
        let names_author = match (&operation.action, &author) {
            (Action::Put(Scalar::Text(text)), Some(author)) => *text == author.staff.to_string(),
            _ => false,
        };
        !is_birth || (key == "created_by" && !names_author)
    })
}
