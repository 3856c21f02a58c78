//! The rules, for any store.

pub(super) use super::all_or_nothing::{
    a_reader_keeps_its_snapshot_while_others_write, a_rolled_back_transaction_leaves_nothing_of_any_kind,
    who_asks_for_none_gets_none,
};
pub(super) use super::apart::{
    decisions_are_numbered_and_told_device_by_device, late_changes_are_remembered,
    moves_return_in_their_order, what_is_apart_returns_and_is_counted_until_it_is_decided_about,
};
pub(super) use super::digests::{
    records_lie_where_their_live_values_say, sums_are_added_to_modulo_their_width,
    what_was_counted_can_be_forgotten, what_was_counted_returns,
};
pub(super) use super::parcels::{
    a_note_on_an_unknown_item_stays, an_item_is_opened_then_safe_and_its_content_is_gone,
    parcels_wait_for_their_destination_in_their_order, recipients_are_listed_once_and_dropped,
};
pub(super) use super::silence::a_silence_is_ended_and_begins_anew_unheard;
use super::*;

pub(super) fn devices_return_and_are_overwritten<B: Bench>(bench: &B) {
    let first = bench.commit(|store| {
        let device = device(store, 3, 0);
        store.put_device(&device).unwrap();
        device
    });
    let found = || bench.read(|store| store.device(&first.replica).unwrap());
    assert_eq!(found().as_ref(), Some(&first));
    let later = Device { counter: 5, root: Some(Node([1; 32])), seen: Timestamp(9), ..first.clone() };
    bench.commit(|store| store.put_device(&later).unwrap());
    assert_eq!(found(), Some(later));
    assert_eq!(bench.read(|store| store.device(&[0; 16]).unwrap()), None);
}

pub(super) fn an_unsigned_counter_survives<B: Bench>(bench: &B) {
    for counter in [u64::MAX, 1 << 63, (1 << 63) - 1] {
        bench.commit(|store| {
            let device = device(store, 3, counter);
            store.put_device(&device).unwrap();
        });
        assert_eq!(bench.read(|store| store.device(&[3; 16]).unwrap()).unwrap().counter, counter);
    }
}

pub(super) fn invitations_and_grants_return<B: Bench>(bench: &B) {
    let mut invitation = Invitation {
        hash: [4; 32],
        role: Role::Head,
        areas: vec!["35.13".parse().unwrap(), "35".parse().unwrap()],
        sets: vec!["p:00000000000000000000000001".parse().unwrap(), "o:BLK-3513".parse().unwrap()],
        office: Some("P4MI-3513".parse().unwrap()),
        staff: vec![RecordId([1; 16]), RecordId([2; 16])],
        expires: Timestamp(-5),
        used_by: None,
    };
    let found = || bench.read(|store| store.invitation(&[4; 32]).unwrap());
    assert_eq!(found(), None);
    for used_by in [None, Some(PublicKey([6; 32]))] {
        invitation.used_by = used_by;
        bench.commit(|store| store.put_invitation(&invitation).unwrap());
        assert_eq!(found().as_ref(), Some(&invitation));
    }
    let grant = signed(8);
    for _ in 0..2 {
        bench.commit(|store| store.put_grant(&grant).unwrap());
    }
    assert_eq!(bench.read(|store| store.grant(&grant.short_id()).unwrap()), Some(grant));
    assert_eq!(bench.read(|store| store.grant(&[0; 8]).unwrap()), None);
}

pub(super) fn entries_page_in_order<B: Bench>(bench: &B) {
    let shard = shard("35.13");
    bench.commit(|store| {
        assert_eq!(store.tip(&shard).unwrap(), None);
        for sequence in 1..=300 {
            let number = u8::try_from(sequence % 251).unwrap();
            store.append(&shard, &mark(sequence), &[3; 16], &entry(number)).unwrap();
        }
    });
    let page = |after, limit| {
        let rows = bench.read(|store| store.entries(&shard, after, limit).unwrap());
        rows.into_iter().map(|row| row.sequence).collect::<Vec<_>>()
    };
    assert_eq!(page(0, 3), [1, 2, 3]);
    assert_eq!(page(254, 4), [255, 256, 257, 258]);
    assert_eq!(page(298, 10), [299, 300]);
    assert!(page(300, 10).is_empty() && page(u64::MAX, 10).is_empty());
    bench.read(|store| {
        assert_eq!(store.tip(&shard).unwrap(), Some(mark(300)));
        assert_eq!(store.mark_at(&shard, 255).unwrap(), Some(mark(255)));
        assert_eq!(store.entries(&shard, 4, 1).unwrap()[0].entry, entry(5));
        for beyond in [0, 301, u64::MAX] {
            assert_eq!(store.mark_at(&shard, beyond).unwrap(), None);
        }
    });
}

pub(super) fn shards_have_their_own_sequences<B: Bench>(bench: &B) {
    assert!(bench.read(|store| store.tips().unwrap()).is_empty());
    bench.commit(|store| {
        for (area, length) in [("35.13", 2), ("00", 1), ("35.08", 3), ("35", 1)] {
            for sequence in 1..=length {
                store.append(&shard(area), &mark(sequence), &[0; 16], &entry(1)).unwrap();
            }
        }
    });
    let tips = bench.read(|store| store.tips().unwrap());
    let shown: Vec<(&str, Mark)> = tips.iter().map(|(shard, mark)| (shard.as_str(), *mark)).collect();
    assert_eq!(shown, [("00", mark(1)), ("35.00", mark(1)), ("35.08", mark(3)), ("35.13", mark(2))]);
}

pub(super) fn a_taken_sequence_is_refused<B: Bench>(bench: &B) {
    let shard = shard("35.13");
    bench.commit(|store| store.append(&shard, &mark(1), &[0; 16], &entry(1)).unwrap());
    bench.roll_back(|store| assert!(store.append(&shard, &mark(1), &[0; 16], &entry(2)).is_err()));
    assert_eq!(bench.read(|store| store.entries(&shard, 0, 9).unwrap())[0].entry, entry(1));
}

pub(super) fn a_gap_is_refused<B: Bench>(bench: &B) {
    let shard = shard("35.13");
    for wrong in [0, 2, u64::MAX] {
        bench.roll_back(|store| assert!(store.append(&shard, &mark(wrong), &[0; 16], &entry(1)).is_err()));
    }
}

pub(super) fn reads_see_the_transactions_own_writes<B: Bench>(bench: &B) {
    let shard = shard("35.13");
    bench.roll_back(|store| {
        store.append(&shard, &mark(1), &[0; 16], &entry(1)).unwrap();
        assert_eq!(store.tip(&shard).unwrap(), Some(mark(1)));
        assert_eq!(store.tips().unwrap().len(), 1);
        let change = change(store, 5, 1, 6);
        assert_eq!(store.changes(RecordId([5; 16]), 1).unwrap(), [change]);
        assert_eq!(store.record(RecordId([5; 16]), 1).unwrap(), Some(row()));
    });
}

pub(super) fn a_rolled_back_transaction_leaves_nothing<B: Bench>(bench: &B) {
    bench.roll_back(|store| {
        store.append(&shard("35.13"), &mark(1), &[0; 16], &entry(1)).unwrap();
        change(store, 5, 1, 6);
        let device = device(store, 3, 1);
        store.put_device(&device).unwrap();
    });
    bench.read(|store| {
        assert!(store.tips().unwrap().is_empty());
        assert!(store.changes(RecordId([5; 16]), 1).unwrap().is_empty());
        assert_eq!(store.record(RecordId([5; 16]), 1).unwrap(), None);
        assert_eq!(store.device(&[3; 16]).unwrap(), None);
    });
}

pub(super) fn a_reading_transaction_cannot_write<B: Bench>(bench: &B) {
    bench.read(|store| {
        assert!(store.put_grant(&signed(1)).is_err());
        assert!(store.append(&shard("35.13"), &mark(1), &[0; 16], &entry(1)).is_err());
    });
    assert_eq!(bench.read(|store| store.grant(&signed(1).short_id()).unwrap()), None);
}

pub(super) fn records_return_with_every_routing_value<B: Bench>(bench: &B) {
    let id = RecordId([5; 16]);
    let moved = RecordRow { routing: Routing::default(), ..row() };
    for row in [row(), moved] {
        bench.commit(|store| store.put_record(id, 1, &row).unwrap());
        assert_eq!(bench.read(|store| store.record(id, 1).unwrap()), Some(row));
    }
    assert_eq!(bench.read(|store| store.record(id, 2).unwrap()), None);
}

pub(super) fn changes_return_in_the_order_of_admission<B: Bench>(bench: &B) {
    for hash in [200, 3, 100, 4] {
        bench.commit(|store| change(store, 5, 1, hash));
    }
    let changes = bench.read(|store| store.changes(RecordId([5; 16]), 1).unwrap());
    let order: Vec<u8> = changes.iter().map(|change| change.hash.0[0]).collect();
    assert_eq!(order, [200, 3, 100, 4]);
}

pub(super) fn a_change_is_named_by_record_generation_and_hash<B: Bench>(bench: &B) {
    let written = bench.commit(|store| {
        change(store, 5, 2, 6);
        change(store, 6, 1, 6);
        change(store, 5, 1, 6)
    });
    let (id, hash) = (RecordId([5; 16]), ChangeHash([6; 32]));
    bench.read(|store| {
        assert_eq!(store.change(id, 1, &hash).unwrap(), Some(written.clone()));
        assert_eq!(store.change(id, 3, &hash).unwrap(), None);
        assert_eq!(store.change(id, 1, &ChangeHash([7; 32])).unwrap(), None);
    });
    bench.roll_back(|store| assert!(store.put_change(id, 1, &written).is_err()));
}

pub(super) fn a_batch_is_found_by_its_root<B: Bench>(bench: &B) {
    let put = |root, batch: StoredBatch| bench.commit(|store| store.put_batch(&root, &batch).unwrap());
    let (first, second) = (put(Node([1; 32]), batch(1)), put(Node([2; 32]), batch(2)));
    assert_ne!(first, second);
    assert_eq!(put(Node([1; 32]), batch(3)), first);
    assert_eq!(bench.read(|store| store.batch(first).unwrap()), batch(1));
}

pub(super) fn a_batch_given_back_in_parts_grows_whole<B: Bench>(bench: &B) {
    let leaves: Vec<Node> = (1..6).map(|number| Node([number; 32])).collect();
    let part = |at: usize| {
        let tree = Tree::from_proof(5, &[(at, leaves[at])], &merkle::prove(&leaves, &[at])).unwrap();
        StoredBatch { tree, ..batch(1) }
    };
    let put = |batch: StoredBatch| {
        bench.commit(|store| {
            let number = store.put_batch(&Node([1; 32]), &batch).unwrap();
            store.batch(number).unwrap().tree
        })
    };
    assert_eq!(put(part(0)), part(0).tree);
    let grown = put(part(4));
    assert_eq!(grown.prove(&[0, 4]), Some(merkle::prove(&leaves, &[0, 4])));
    let whole = StoredBatch { tree: Tree::of(leaves.clone()), ..batch(1) };
    assert_eq!(put(whole.clone()).whole(), Some(leaves.clone()));
    assert_eq!(put(part(2)).whole(), Some(leaves));
}

pub(super) fn a_leaf_is_written_once<B: Bench>(bench: &B) {
    let leaf = |nonce| StoredLeaf { nonce: [nonce; 16], hashes: vec![ChangeHash([nonce; 32]); 3] };
    let number = bench.commit(|store| {
        let number = store.put_batch(&Node([1; 32]), &batch(1)).unwrap();
        store.put_leaf(number, 4_095, &leaf(1)).unwrap();
        store.put_leaf(number, 4_095, &leaf(2)).unwrap();
        number
    });
    assert_eq!(bench.read(|store| store.leaf(number, 4_095).unwrap()), leaf(1));
}

pub(super) fn what_is_not_there_is_an_error_where_it_must_be<B: Bench>(bench: &B) {
    bench.read(|store| {
        assert!(store.batch(77).is_err());
        assert!(store.leaf(77, 0).is_err());
    });
}

fn claim(replica: u8, set: &str, sequence: u64) -> Claim {
    let set = set.parse().unwrap();
    Claim { replica: [replica; 16], shard: shard("35.13"), set, epoch: [replica; 8], sequence }
}

pub(super) fn claims_return_the_farthest_first_and_are_overwritten<B: Bench>(bench: &B) {
    let claims = [claim(3, "a:35.13", 7), claim(4, "a:35.13", 300), claim(4, "a:35", 9)];
    bench.commit(|store| {
        for number in [3, 4] {
            let device = device(store, number, 0);
            store.put_device(&device).unwrap();
        }
        claims.iter().for_each(|claim| store.put_claim(claim).unwrap());
    });
    let on = |area: &str, set: &str| {
        bench.read(|store| store.claims_on(&shard(area), &set.parse().unwrap()).unwrap())
    };
    assert_eq!(on("35.13", "a:35.13"), [claims[1].clone(), claims[0].clone()]);
    assert!(on("35.13", "a:35.13.02").is_empty() && on("35.08", "a:35.13").is_empty());
    assert_eq!(bench.read(|store| store.claims_of(&[4; 16]).unwrap()).len(), 2);
    let back = Claim { epoch: [9; 8], ..claim(4, "a:35.13", 6) };
    bench.commit(|store| store.put_claim(&back).unwrap());
    assert_eq!(on("35.13", "a:35.13"), [claims[0].clone(), back]);
}

pub(super) fn a_claim_is_of_an_enrolled_replica<B: Bench>(bench: &B) {
    bench.roll_back(|store| assert!(store.put_claim(&claim(3, "a:35.13", 7)).is_err()));
    bench.read(|store| assert!(store.put_claim(&claim(3, "a:35.13", 7)).is_err()));
}

pub(super) fn exclusions_are_remembered_by_name<B: Bench>(bench: &B) {
    let id = RecordId([5; 16]);
    let open_again = RecordRow { routing: Routing::default(), ..row() };
    bench.commit(|store| {
        store.put_record(id, 1, &row()).unwrap();
        store.put_record(id, 1, &open_again).unwrap();
    });
    let excluding = |name: &str| bench.read(|store| store.excluding(name).unwrap());
    assert_eq!(excluding("BP3MI-JATIM"), [(id, 1)]);
    assert!(excluding("P4MI-3513").is_empty());
}

/// An order on a device, as its issuer signs it.
fn order(device: u8, at: i64) -> (Signed, Order) {
    let order = Order::on(&PublicKey([device; 32]), Deed::End, Timestamp(at));
    (Signed::seal(&order, &SecretKey::from_seed(&[9; 32])), order)
}

fn put_order<B: Bench>(bench: &B, device: u8, at: i64, tips: &[Seen]) -> Signed {
    let (signed, order) = order(device, at);
    let new = NewOrder { signed: &signed, order: &order, tips, reason: "hilang" };
    bench.commit(|store| store.put_order(&new).unwrap());
    signed
}

pub(super) fn orders_only_grow_and_every_earlier_set_is_remembered<B: Bench>(bench: &B) {
    let after = |sum, limit| bench.read(|store| store.orders_after(sum, limit).unwrap());
    let empty = OrdersSum::default();
    assert_eq!(bench.read(|store| store.orders_sum().unwrap()), empty);
    assert_eq!(after(empty, 9), Some(vec![]));
    let all: Vec<Signed> = (1..=3).map(|at| put_order(bench, 1, at, &[])).collect();
    let mut sum = empty;
    for (at, signed) in all.iter().enumerate() {
        assert_eq!(after(sum, 9), Some(all[at..].to_vec()));
        assert_eq!(after(sum, 1), Some(vec![signed.clone()]));
        sum = sum.with(&signed.short_id());
        assert!(bench.read(|store| store.has_order(&signed.short_id()).unwrap()));
    }
    assert_eq!(bench.read(|store| store.orders_sum().unwrap()), sum);
    assert_eq!(after(empty.with(&all[1].short_id()), 9), None, "never a set of ours");
    let (signed, order) = order(1, 2);
    let again = NewOrder { signed: &signed, order: &order, tips: &[], reason: "" };
    bench.roll_back(|store| assert!(store.put_order(&again).is_err()));
}

pub(super) fn orders_are_found_by_their_device<B: Bench>(bench: &B) {
    let tips = [Seen { shard: shard("35.13"), sequence: 7 }];
    put_order(bench, 1, 5, &tips);
    put_order(bench, 2, 6, &[]);
    let on =
        |device| bench.read(|store| store.orders_on(&Subject::device(&PublicKey([device; 32]))).unwrap());
    assert_eq!(on(1), [StoredOrder { order: order(1, 5).1, tips: tips.to_vec() }]);
    assert!(on(3).is_empty());
}

pub(super) fn sets_are_placed_from_their_first_entry_on<B: Bench>(bench: &B) {
    let office = "o:P4MI-3513".parse().unwrap();
    bench.commit(|store| {
        for (area, first) in [("35.13", 7), ("35.13", 9), ("35.08", 2)] {
            store.put_placed(&office, &shard(area), first).unwrap();
        }
    });
    let placed = |set: &str| bench.read(|store| store.placed(&set.parse().unwrap()).unwrap());
    assert_eq!(placed("o:P4MI-3513"), [(shard("35.08"), 2), (shard("35.13"), 7)]);
    assert!(placed("o:P4MI-3508").is_empty());
}
