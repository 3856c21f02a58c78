//! Small chunks that would cost a believing decoder hours and gigabytes.

use std::time::{Duration, Instant};

use allocation_counter::{AllocationInfo, measure};
use sambung_sync::document::Document;
use sambung_sync::form::{BadForm, Rejected};
use sambung_sync::gate::{CHANGE_MAX, gate};
use sambung_testkit::mutant::{ExpandedChange, Forged, ObjType, body, chunk, forge, legacy, op_id};

use crate::record::{actor, born, message, put};

/// Long enough for a busy machine, far too short for any of the bombs to go off.
const AT_ONCE: Duration = Duration::from_millis(10);
/// What a chunk that passes the gate may cost at most, decoded, checked and applied.
const MEMORY_MAX: u64 = 64 * 1024 * 1024;

/// The verdict of one run and the time of the fastest of a few, so that a busy machine fails nothing.
fn fastest<T>(mut work: impl FnMut() -> T) -> (T, Duration) {
    let mut timed = || {
        let began = Instant::now();
        (work(), began.elapsed())
    };
    let (verdict, first) = timed();
    (verdict, (0..4).map(|_| timed().1).fold(first, Duration::min))
}

fn gated(bytes: &[u8]) -> (Option<BadForm>, AllocationInfo) {
    let (outcome, took) = fastest(|| {
        let mut verdict = None;
        let cost = measure(|| verdict = gate(bytes).err());
        (verdict, cost)
    });
    assert!(took < AT_ONCE, "{took:?}");
    outcome
}

#[test]
fn claimed_runs_are_refused_without_a_single_allocation() {
    for claimed in [30_000_000, 1 << 39, 1 << 40, i64::MAX, i64::MIN] {
        let bomb = Forged::run(claimed).chunk();
        assert!(bomb.len() < 110);
        let (verdict, cost) = gated(&bomb);
        assert_eq!(verdict, Some(BadForm::Operations), "{claimed}");
        assert_eq!(cost.count_total, 0, "{claimed}");
    }
}

#[test]
fn the_gate_never_allocates_not_even_for_what_passes() {
    let passes = Forged::run(4096).chunk();
    let (verdict, cost) = gated(&passes);
    assert_eq!((verdict, cost.count_total), (None, 0));
}

#[test]
fn chunks_of_other_types_are_refused_whatever_they_hold() {
    let plain = Forged::run(1).chunk();
    for kind in [0, 2, 3] {
        let (verdict, cost) = gated(&chunk(kind, body(&plain)));
        assert_eq!((verdict, cost.count_total), (Some(BadForm::Type), 0));
    }
    let (_, document) = born();
    let saved = document.save().unwrap();
    assert_eq!(gated(&saved).0, Some(BadForm::Type));
}

fn nested(raw: &[u8], depth: u64) -> Vec<u8> {
    forge(raw, |change| {
        let start = change.start_op.get();
        let author = change.actor_id.to_bytes().to_vec();
        change.operations = (0..depth)
            .map(|level| legacy::Op {
                action: legacy::OpType::Make(ObjType::Map),
                obj: match level {
                    0 => legacy::ObjectId::Root,
                    _ => legacy::ObjectId::Id(op_id(start + level - 1, &author)),
                },
                key: legacy::Key::Map("k".into()),
                pred: legacy::SortedVec::new(),
                insert: false,
            })
            .collect();
    })
    .unwrap()
}

#[test]
fn nesting_is_bounded() {
    let (history, mut document) = born();
    let (_, raw) = document.edit(actor(2), 0, &message(), &[put(&["rt"], "1")]).unwrap().unwrap();
    assert!(history.check(&nested(&raw, 8)).is_ok());
    for depth in [9, 300] {
        let bomb = nested(&raw, depth);
        let (verdict, took) = fastest(|| history.check(&bomb));
        assert!(took < AT_ONCE, "{took:?}");
        assert_eq!(verdict, Err(Rejected::Bad(BadForm::Nesting)));
    }
}

/// A change as expensive as the gate lets through.
fn heaviest(raw: &[u8], fill: impl Fn(&mut ExpandedChange, u64)) -> Vec<u8> {
    forge(raw, |change| {
        change.operations.clear();
        for at in 0..4096 {
            fill(change, at);
        }
    })
    .unwrap()
}

fn put_op(key: &str, value: &str) -> legacy::Op {
    legacy::Op {
        action: legacy::OpType::Put(value.into()),
        obj: legacy::ObjectId::Root,
        key: legacy::Key::Map(key.into()),
        pred: legacy::SortedVec::new(),
        insert: false,
    }
}

#[test]
fn what_passes_costs_a_bounded_amount_of_memory() {
    let (history, mut document) = born();
    let saved = document.save().unwrap();
    let (_, raw) = document.edit(actor(2), 0, &message(), &[put(&["rt"], "1")]).unwrap().unwrap();
    let long_key = "k".repeat(2048);
    for bomb in [
        heaviest(&raw, |change, _| change.operations.push(put_op(&long_key, ""))),
        heaviest(&raw, |change, at| change.operations.push(put_op(&format!("k{at}"), "v"))),
        heaviest(&raw, |change, at| {
            let made = legacy::OpType::Make(ObjType::Text);
            change.operations.push(legacy::Op { action: made, ..put_op(&format!("k{at}"), "") });
        }),
    ] {
        assert!(bomb.len() <= CHANGE_MAX, "{}", bomb.len());
        let mut verdict = None;
        let cost = measure(|| verdict = Some(history.check(&bomb).unwrap()));
        println!("check of {} bytes: {} bytes at most", bomb.len(), cost.bytes_max);
        assert!(cost.bytes_max < MEMORY_MAX);
        let cost = measure(|| {
            let mut document = Document::load(&saved).unwrap();
            document.apply(&[&bomb]).unwrap();
            document.save().unwrap();
            document.content().unwrap();
        });
        println!("apply, save and show: {} bytes at most", cost.bytes_max);
        assert!(cost.bytes_max < MEMORY_MAX);
    }
}
