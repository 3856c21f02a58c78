//! The rules for moves, late changes and the quarantine.

use super::*;

pub(super) fn apart(record: u8, hash: u8, device: u8) -> Quarantined {
    Quarantined {
        record: RecordId([record; 16]),
        generation: 1,
        kind: "worker".to_owned(),
        hash: ChangeHash([hash; 32]),
        device: PublicKey([device; 32]),
        staff: RecordId([4; 16]),
        code: "quarantine_revoked".to_owned(),
        bytes: 90,
        came: Timestamp(7),
        batch: 1,
        leaf: 0,
        chunk: Some(vec![hash; 90]),
        decided: None,
    }
}

pub(super) fn put<B: Bench>(bench: &B, changes: &[Quarantined]) {
    bench.commit(|store| {
        let number = store.put_batch(&Node([1; 32]), &batch(1)).unwrap();
        store.put_leaf(number, 0, &StoredLeaf { nonce: [2; 16], hashes: vec![] }).unwrap();
        for change in changes {
            store.put_quarantined(&Quarantined { batch: number, ..change.clone() }).unwrap();
        }
    });
}

pub(super) fn moves_return_in_their_order<B: Bench>(bench: &B) {
    let id = RecordId([5; 16]);
    let tips = vec![Seen { shard: shard("35.13"), sequence: 9 }];
    let moves = [3, 1].map(|at| Move { at: Timestamp(at), before: row().routing, tips: tips.clone() });
    for moved in &moves {
        bench.commit(|store| store.put_move(id, 1, moved).unwrap());
    }
    assert_eq!(bench.read(|store| store.moves(id, 1).unwrap()), moves);
    assert!(bench.read(|store| store.moves(id, 2).unwrap()).is_empty());
}

pub(super) fn late_changes_are_remembered<B: Bench>(bench: &B) {
    let (id, hash) = (RecordId([5; 16]), ChangeHash([6; 32]));
    for _ in 0..2 {
        bench.commit(|store| store.put_late(id, 1, &hash).unwrap());
    }
    bench.read(|store| {
        assert!(store.is_late(id, 1, &hash).unwrap());
        assert!(!store.is_late(id, 2, &hash).unwrap());
    });
}

pub(super) fn what_is_apart_returns_and_is_counted_until_it_is_decided_about<B: Bench>(bench: &B) {
    let (first, second, other) = (apart(5, 9, 1), apart(5, 3, 1), apart(5, 4, 2));
    put(bench, &[first.clone(), second.clone(), other.clone()]);
    let of = || bench.read(|store| store.quarantined(RecordId([5; 16]), 1).unwrap());
    assert_eq!(of(), [first.clone(), second.clone(), other]);
    let load = || bench.read(|store| store.load(&PublicKey([1; 32])).unwrap());
    assert_eq!(load(), Load { changes: 2, bytes: 180 });
    bench.commit(|store| store.put_decided(&first, true, "sah", Timestamp(8)).unwrap());
    assert_eq!(load(), Load { changes: 1, bytes: 90 });
    let decided = Decided { number: 1, released: true, reason: "sah".to_owned(), at: Timestamp(8) };
    assert_eq!(of()[0], Quarantined { chunk: None, decided: Some(decided), ..first.clone() });
    bench.roll_back(|store| assert!(store.put_decided(&first, false, "lagi", Timestamp(9)).is_err()));
    bench.roll_back(|store| assert!(store.put_quarantined(&second).is_err()));
}

pub(super) fn decisions_are_numbered_and_told_device_by_device<B: Bench>(bench: &B) {
    let changes = [apart(5, 1, 1), apart(5, 2, 2), apart(5, 3, 1)];
    put(bench, &changes);
    for change in &changes {
        bench.commit(|store| store.put_decided(change, false, "ganda", Timestamp(8)).unwrap());
    }
    let after = |number, limit| {
        let told =
            bench.read(|store| store.decided_after(&PublicKey([1; 32]), number, limit).unwrap()).into_iter();
        told.map(|change| change.decided.unwrap().number).collect::<Vec<_>>()
    };
    assert_eq!((after(0, 9), after(0, 1), after(1, 9)), (vec![1, 3], vec![1], vec![3]));
    assert!(after(3, 9).is_empty() && after(u64::MAX, 9).is_empty());
}
