//! Merge laws, on what people see: whatever the order, the batches and the repetitions in which changes come, the
//! projection is one.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::Index;
use sambung_domain::value::Value;
use sambung_domain::{Pack, RecordId, id::encode_id};
use sambung_sync::Actor;
use sambung_sync::document::{Document, Edit, Genesis};
use sambung_sync::form::{History, Message, Rejected};

use super::{Projection, project};

/// What one of several replicas does to the record.
#[derive(Debug, Clone)]
enum Deed {
    Write {
        replica: usize,
        place: usize,
        value: u8,
    },
    /// It learns everything another one has.
    Learn {
        replica: usize,
        from: usize,
    },
}

const KIND: &str = "case";

fn deed(replicas: usize) -> impl Strategy<Value = Deed> {
    let replica = 0..replicas;
    prop_oneof![
        4 => (replica.clone(), 0..8usize, 0..3u8)
            .prop_map(|(replica, place, value)| Deed::Write { replica, place, value }),
        1 => (replica.clone(), replica).prop_map(|(replica, from)| Deed::Learn { replica, from }),
    ]
}

/// Registers, blocks, sets, items and steps: every way in which fields merge.
fn edits(place: usize, value: u8, fresh: u64) -> Vec<Edit> {
    let path = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
    let put = |keys: &[&str], value: Value| Edit::Put { path: path(keys), value };
    let text = |text: &str| Value::Text(text.to_owned());
    let chosen = |codes: [&'static str; 3]| text(codes[usize::from(value)]);
    match place {
        0 => vec![put(&["nomor_sisko"], Value::Text(format!("UJI-{value}")))],
        1 => vec![put(&["indikasi_tppo"], chosen(["KUAT", "DICURIGAI", "TIDAK"]))],
        2 => vec![put(
            &["prioritas"],
            text(&format!(r#"{{"tingkat":"{}"}}"#, ["DARURAT", "TINGGI", "BIASA"][usize::from(value)])),
        )],
        3 => vec![put(&["tanda_tppo", "PASPOR_DITAHAN"], Value::Bool(value > 0))],
        4 => vec![put(&["access"], chosen(["ordinary", "restricted", "secret"]))],
        5 => vec![Edit::Delete { path: path(&["nomor_sisko"]) }],
        6 => {
            let item = format!("k{value}");
            vec![
                Edit::PutMap { path: path(&["klarifikasi", &item]) },
                put(&["klarifikasi", &item, "ke"], Value::Int(i64::from(value))),
            ]
        }
        _ => {
            let mut bytes = [0; 16];
            bytes[8..].copy_from_slice(&fresh.to_be_bytes());
            let step = encode_id(bytes);
            vec![
                Edit::PutMap { path: path(&["status", &step]) },
                put(&["status", &step, "kode"], chosen(["BARU", "VERIFIKASI", "SELESAI"])),
            ]
        }
    }
}

fn genesis() -> Genesis {
    Genesis { kind: KIND.to_owned(), record: RecordId([7; 16]), generation: 1 }
}

struct Replica {
    document: Document,
    known: BTreeSet<usize>,
    actor: Actor,
}

/// Every change that came of the deeds, with the hashes it builds on, in an order that respects them.
fn carry_out(pack: &Pack, deeds: &[Deed]) -> Vec<Vec<u8>> {
    let maps = pack.kind(KIND).unwrap().genesis_maps();
    let mut replicas: Vec<Replica> = (0..3_u8)
        .map(|at| Replica {
            document: Document::genesis(&genesis(), &maps).unwrap(),
            known: BTreeSet::new(),
            actor: Actor::derive(&[at; 32], &[at; 16]),
        })
        .collect();
    let message = Message { command: "edit".to_owned(), reason: None, staff: RecordId([1; 16]) };
    let message = message.encode().unwrap();
    let mut changes: Vec<Vec<u8>> = Vec::new();
    let born = [("area", "35.13"), ("office", "P4MI-3513"), ("access", "restricted")];
    let birth = born.map(|(key, value)| Edit::Put { path: vec![key.to_owned()], value: Value::from(value) });
    let actor = replicas[0].actor;
    let (_, birth) = replicas[0].document.edit(actor, 0, &message, &birth).unwrap().unwrap();
    for replica in &mut replicas {
        replica.document.apply(&[&birth]).unwrap();
        replica.known.insert(0);
    }
    changes.push(birth);
    for deed in deeds {
        match deed {
            Deed::Write { replica, place, value } => {
                let replica = &mut replicas[*replica];
                let fresh = u64::try_from(changes.len()).unwrap();
                let edits = edits(*place, *value, fresh);
                let written = replica.document.edit(replica.actor, 0, &message, &edits).unwrap();
                if let Some((_, chunk)) = written {
                    replica.known.insert(changes.len());
                    changes.push(chunk);
                }
            }
            Deed::Learn { replica, from } => {
                let fresh: Vec<usize> =
                    replicas[*from].known.difference(&replicas[*replica].known).copied().collect();
                let chunks: Vec<&[u8]> = fresh.iter().map(|at| changes[*at].as_slice()).collect();
                let replica = &mut replicas[*replica];
                replica.document.apply(&chunks).unwrap();
                replica.known.extend(fresh);
            }
        }
    }
    changes
}

/// Delivers changes in an order of their own, in batches, some of them twice; the form check holds back what comes
/// before its base, as everywhere.
fn deliver(pack: &Pack, changes: &[Vec<u8>], order: &[Index], again: &[Index], batch: usize) -> Projection {
    let maps = pack.kind(KIND).unwrap().genesis_maps();
    let mut waiting: Vec<usize> = (0..changes.len()).collect();
    for (at, swap) in order.iter().enumerate().take(waiting.len()) {
        let other = swap.index(changes.len());
        waiting.swap(at, other);
    }
    waiting.extend(again.iter().filter(|_| !changes.is_empty()).map(|again| again.index(changes.len())));
    let mut document = Document::genesis(&genesis(), &maps).unwrap();
    let mut history = History::begin(&genesis(), &maps).unwrap();
    while !waiting.is_empty() {
        let mut held = Vec::new();
        let mut ready: Vec<&[u8]> = Vec::new();
        for at in waiting.drain(..) {
            let known = history.check(&changes[at]).and_then(|change| history.admit(change));
            match known {
                Ok(()) => ready.push(&changes[at]),
                Err(Rejected::Missing(_)) => held.push(at),
                Err(Rejected::Duplicate(_)) => ready.push(&changes[at]),
                Err(Rejected::Bad(bad)) => panic!("an honest change was refused: {bad}"),
            }
            if ready.len() >= batch {
                document.apply(&ready).unwrap();
                ready.clear();
            }
        }
        document.apply(&ready).unwrap();
        waiting = held;
    }
    project(pack, KIND, &document).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 400, ..ProptestConfig::default() })]
    #[test]
    fn whatever_the_order_the_batches_and_the_repetitions_people_see_the_same(
        deeds in prop::collection::vec(deed(3), 1..40),
        orders in prop::collection::vec(
            (prop::collection::vec(any::<Index>(), 40), prop::collection::vec(any::<Index>(), 0..10), 1..6usize),
            3,
        ),
    ) {
        let pack = Pack::builtin().unwrap();
        let changes = carry_out(&pack, &deeds);
        let straight = deliver(&pack, &changes, &[], &[], changes.len().max(1));
        for (order, again, batch) in &orders {
            prop_assert_eq!(&deliver(&pack, &changes, order, again, *batch), &straight);
        }
    }
}
