//! The rules for transactions as a whole: all or nothing, one snapshot, no more than was asked for.

use sambung_sync::relay::ParcelStore;

use super::apart::{apart, put};
use super::parcels::{office, put as put_parcel};
use super::*;

/// A write of every kind but those that rules of their own cover.
fn write_everything<S: RelayStore<Error: std::fmt::Debug>>(store: &mut S, record: u8) {
    let id = RecordId([record; 16]);
    store.append(&shard("35.13"), &mark(1), &[0; 16], &entry(1)).unwrap();
    let written = change(store, record, 1, 6);
    let device = device(store, 3, 1);
    store.put_device(&device).unwrap();
    store.put_move(id, 1, &Move { at: Timestamp(1), before: row().routing, tips: vec![] }).unwrap();
    store.put_late(id, 1, &ChangeHash([6; 32])).unwrap();
    store.put_quarantined(&Quarantined { batch: written.batch, ..apart(record, 9, 3) }).unwrap();
    let (shard, set) = (shard("35.13"), "o:P4MI-3513".parse().unwrap());
    store.put_placed(&set, &shard, 1).unwrap();
    store.put_claim(&Claim { replica: [3; 16], shard, set, epoch: [1; 8], sequence: 1 }).unwrap();
    let order = Order::on(&PublicKey([3; 32]), Deed::End, Timestamp(1));
    let signed = Signed::seal(&order, &SecretKey::from_seed(&[9; 32]));
    store.put_order(&NewOrder { signed: &signed, order: &order, tips: &[], reason: "uji" }).unwrap();
}

pub(super) fn a_rolled_back_transaction_leaves_nothing_of_any_kind<B: Bench>(bench: &B) {
    bench.roll_back(|store| write_everything(store, 5));
    let (id, key) = (RecordId([5; 16]), PublicKey([3; 32]));
    bench.read(|store| {
        assert!(store.tips().unwrap().is_empty() && store.tip(&shard("35.13")).unwrap().is_none());
        assert!(store.record(id, 1).unwrap().is_none() && store.changes(id, 1).unwrap().is_empty());
        assert!(store.device(&[3; 16]).unwrap().is_none() && store.claims_of(&[3; 16]).unwrap().is_empty());
        assert!(store.moves(id, 1).unwrap().is_empty() && store.quarantined(id, 1).unwrap().is_empty());
        assert!(!store.is_late(id, 1, &ChangeHash([6; 32])).unwrap());
        assert!(store.excluding("BP3MI-JATIM").unwrap().is_empty());
        assert!(store.placed(&"o:P4MI-3513".parse().unwrap()).unwrap().is_empty());
        assert!(store.orders_on(&Subject::device(&key)).unwrap().is_empty());
        assert_eq!((store.orders_sum().unwrap(), store.load(&key).unwrap()), Default::default());
    });
    // The same again finds nothing in its way.
    bench.commit(|store| write_everything(store, 5));
    assert_eq!(bench.read(|store| store.load(&key).unwrap()), Load { changes: 1, bytes: 90 });
}

pub(super) fn a_reader_keeps_its_snapshot_while_others_write<B: Bench>(bench: &B) {
    bench.read(|store| {
        assert!(store.tips().unwrap().is_empty());
        bench.commit(|store| write_everything(store, 5));
        assert!(store.tips().unwrap().is_empty() && store.device(&[3; 16]).unwrap().is_none());
        assert!(store.entries(&shard("35.13"), 0, 9).unwrap().is_empty());
    });
    assert_eq!(bench.read(|store| store.tips().unwrap()).len(), 1);
}

pub(super) fn who_asks_for_none_gets_none<B: Bench>(bench: &B) {
    bench.commit(|store| write_everything(store, 5));
    put(bench, &[apart(7, 1, 4)]);
    bench.commit(|store| store.put_decided(&apart(7, 1, 4), false, "uji", Timestamp(8)).unwrap());
    put_parcel(bench, 1, Some(&office()), b"isi");
    bench.read(|store| {
        assert!(store.entries(&shard("35.13"), 0, 0).unwrap().is_empty());
        assert_eq!(store.orders_after(OrdersSum::default(), 0).unwrap(), Some(vec![]));
        assert!(store.decided_after(&PublicKey([4; 32]), 0, 0).unwrap().is_empty());
        assert!(store.parcels_for(Some(&office()), 0, 0).unwrap().is_empty());
    });
}
