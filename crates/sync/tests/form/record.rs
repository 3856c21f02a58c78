//! A record to test on: its genesis, people who edit it, and what they write.

use sambung_domain::value::Value;
use sambung_domain::{Pack, RecordId};
use sambung_sync::document::{Actor, ChangeHash, Document, Edit, Genesis};
use sambung_sync::form::{History, Message};
use sambung_sync::routing::{routing, routing_after};

pub(crate) const RECORD: RecordId = RecordId([7; 16]);

pub(crate) fn genesis() -> Genesis {
    Genesis { kind: "worker".to_owned(), record: RECORD, generation: 1 }
}

pub(crate) fn pack() -> Pack {
    Pack::builtin().unwrap()
}

pub(crate) fn begin(genesis: &Genesis) -> (History, Document) {
    let pack = pack();
    let maps = pack.kind(&genesis.kind).unwrap().genesis_maps();
    (History::begin(genesis, &maps).unwrap(), Document::genesis(genesis, &maps).unwrap())
}

pub(crate) fn actor(number: u8) -> Actor {
    Actor::from_bytes(&[number; 8]).unwrap()
}

pub(crate) fn message() -> String {
    Message { command: "record.edit".to_owned(), reason: None, staff: RecordId([9; 16]) }.encode().unwrap()
}

pub(crate) fn put(path: &[&str], value: impl Into<Value>) -> Edit {
    Edit::Put { path: path.iter().map(|key| (*key).to_owned()).collect(), value: value.into() }
}

pub(crate) fn yes(path: &[&str]) -> Edit {
    put(path, Value::Bool(true))
}

pub(crate) fn birth() -> [Edit; 3] {
    [put(&["area"], "35.13.02.2004"), put(&["access"], "ordinary"), put(&["office"], "P4MI-3513")]
}

/// Edits and admits; the change must be one that the check takes.
pub(crate) fn edit(
    history: &mut History,
    document: &mut Document,
    who: u8,
    edits: &[Edit],
) -> (ChangeHash, Vec<u8>) {
    let (hash, raw) = document.edit(actor(who), 1_790_000_000, &message(), edits).unwrap().unwrap();
    let change = history.check(&raw).unwrap();
    assert_eq!(change.hash, hash);
    let foreseen = routing_after(history, &change);
    history.admit(change).unwrap();
    assert_eq!(routing(history), foreseen);
    assert_eq!(history.heads(), document.heads());
    (hash, raw)
}

/// A record after its birth.
pub(crate) fn born() -> (History, Document) {
    let (mut history, mut document) = begin(&genesis());
    edit(&mut history, &mut document, 1, &birth());
    (history, document)
}
