//! The first change of every record, which everybody computes alike.

use std::collections::BTreeSet;
use std::num::NonZeroU64;

use automerge::{ActorId, ExpandedChange, ObjType, ScalarValue, legacy};
use sambung_domain::RecordId;

use super::name::{Actor, ChangeHash};

/// What a record's history begins with. Every change commits to it through its dependencies, so no change
/// of one record or generation fits another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Genesis {
    /// The record's kind, as the pack names it.
    pub kind: String,
    /// The record.
    pub record: RecordId,
    /// Which life of the record, from 1; an erasure ends one and may begin the next.
    pub generation: u32,
}

/// The genesis chunk and its hash: actor `00`, sequence 1, time 0, no message, no dependencies; then `kind`
/// (text), `record` (16 bytes), `generation` (whole number) and the empty maps in order of their names.
///
/// `maps` are those of the kind
/// ([`Kind::genesis_maps`](sambung_domain::pack::Kind::genesis_maps)). The bytes are frozen for every kind
/// once it is released.
#[must_use]
pub fn genesis_chunk(genesis: &Genesis, maps: &[&str]) -> (ChangeHash, Vec<u8>) {
    let maps: BTreeSet<&str> = maps.iter().copied().collect();
    let values = [
        ("kind", ScalarValue::from(genesis.kind.as_str())),
        ("record", ScalarValue::Bytes(genesis.record.0.to_vec())),
        ("generation", ScalarValue::Int(i64::from(genesis.generation))),
    ];
    let puts = values.map(|(key, value)| (key, legacy::OpType::Put(value)));
    let makes = maps.into_iter().map(|key| (key, legacy::OpType::Make(ObjType::Map)));
    let operations = puts.into_iter().chain(makes).map(|(key, action)| legacy::Op {
        action,
        obj: legacy::ObjectId::Root,
        key: legacy::Key::Map(key.into()),
        pred: legacy::SortedVec::new(),
        insert: false,
    });
    let change = automerge::Change::from(ExpandedChange {
        operations: operations.collect(),
        actor_id: ActorId::from(Actor::GENESIS.as_bytes()),
        author: None,
        hash: None,
        seq: 1,
        start_op: NonZeroU64::MIN,
        time: 0,
        message: None,
        deps: Vec::new(),
        extra_bytes: Vec::new(),
    });
    (ChangeHash(change.hash().0), change.raw_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sambung_domain::Pack;
    use sambung_domain::hex::hex;

    const WORKER: &str = concat!(
        "856f4a833e581f76019601000100010100000006155c3401420456075717700276046b696e64067265636f72",
        "640a67656e65726174696f6e086578636c75646564096b656275747568616e0e6e616d615f70616e6767696c",
        "616e08706172746e65727307726561646572730774656c65706f6e0877686174736170700a030107007d6687",
        "02140700776f726b657211111111111111111111111111111111010a00",
    );

    fn worker(record: RecordId, generation: u32) -> (ChangeHash, Vec<u8>) {
        let pack = Pack::builtin().unwrap();
        let genesis = Genesis { kind: "worker".to_owned(), record, generation };
        genesis_chunk(&genesis, &pack.kind("worker").unwrap().genesis_maps())
    }

    #[test]
    fn it_names_kind_record_and_generation() {
        let first = worker(RecordId([1; 16]), 1);
        assert_eq!(first, worker(RecordId([1; 16]), 1));
        assert_ne!(first.0, worker(RecordId([2; 16]), 1).0);
        assert_ne!(first.0, worker(RecordId([1; 16]), 2).0);
        let genesis = Genesis { kind: "visit".to_owned(), record: RecordId([1; 16]), generation: 1 };
        assert_ne!(first.0, genesis_chunk(&genesis, &[]).0);
    }

    #[test]
    fn the_order_of_the_maps_given_does_not_matter() {
        let genesis = Genesis { kind: "visit".to_owned(), record: RecordId([1; 16]), generation: 1 };
        assert_eq!(genesis_chunk(&genesis, &["b", "a"]), genesis_chunk(&genesis, &["a", "b", "a"]));
    }

    /// Frozen: a change of these bytes cuts every worker ever recorded off from its history.
    #[test]
    fn the_genesis_of_a_worker_never_changes() {
        let (hash, raw) = worker(RecordId([0x11; 16]), 1);
        assert_eq!(hash.to_string(), "3e581f7660e9c13bb3c01f1fe08bda31a621078b7a738a5d10064e325e11455d");
        assert_eq!(hex(&raw), WORKER);
    }
}
