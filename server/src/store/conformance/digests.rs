//! The rules for sums and for where records lie.

use sambung_domain::Set;
use sambung_sync::digest::{Item, Sum};
use sambung_sync::relay::{Collection, Counted, DigestStore};

use super::*;

fn put<B: Bench>(bench: &B, record: u8, routing: &Routing) -> RecordId {
    let id = RecordId([record; 16]);
    let row = RecordRow { kind: "worker".to_owned(), routing: routing.clone() };
    bench.commit(|store| store.put_record(id, 1, &row).unwrap());
    id
}

fn at(areas: &[&str]) -> Routing {
    let areas = areas.iter().map(|area| area.parse().unwrap()).collect();
    Routing { areas, access: Some(Access::Ordinary), ..Routing::default() }
}

pub(super) fn what_was_counted_returns<B: Bench>(bench: &B) {
    let id = put(bench, 5, &at(&["35.13"]));
    let of = |id| bench.read(|store| store.counted(id, 1).unwrap());
    assert_eq!(of(id), None);
    for heads in [vec![ChangeHash([1; 32])], vec![ChangeHash([2; 32]), ChangeHash([3; 32])]] {
        let counted = Counted { heads, item: Item(u128::MAX - 5) };
        bench.commit(|store| store.put_counted(id, 1, &counted).unwrap());
        put(bench, 5, &at(&["35.08"]));
        assert_eq!(of(id), Some(counted), "a record that moves stays counted");
    }
    let missing = Counted { heads: Vec::new(), item: Item(1) };
    bench.roll_back(|store| assert!(store.put_counted(RecordId([6; 16]), 1, &missing).is_err()));
}

pub(super) fn sums_are_added_to_modulo_their_width<B: Bench>(bench: &B) {
    let set: Set = "a:35.13".parse().unwrap();
    let collection = |kind: &str, area: &str, access| Collection {
        set: set.clone(),
        shard: shard(area),
        kind: kind.to_owned(),
        access,
    };
    let one = collection("worker", "35.13", Access::Restricted);
    let others = [collection("visit", "35.13", Access::Open), collection("worker", "35.08", Access::Secret)];
    bench.commit(|store| {
        store.add_to_sum(&one, Sum { count: 2, total: u128::MAX }).unwrap();
        store.add_to_sum(&one, Sum { count: u64::MAX, total: 3 }).unwrap();
        for other in &others {
            store.add_to_sum(other, Sum { count: 1, total: 7 }).unwrap();
        }
    });
    let mut sums = bench.read(|store| store.sums(&set).unwrap());
    sums.sort_by(|a, b| a.0.cmp(&b.0));
    let [visit, secret] = others.map(|collection| (collection, Sum { count: 1, total: 7 }));
    let mut expected = [(one, Sum { count: 1, total: 2 }), visit, secret];
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(sums, expected);
    assert!(bench.read(|store| store.sums(&"a:35".parse().unwrap()).unwrap()).is_empty());
}

pub(super) fn records_lie_where_their_live_values_say<B: Bench>(bench: &B) {
    let partner = Routing { partners: BTreeSet::from(["BLK-3508".parse().unwrap()]), ..at(&["35.13"]) };
    put(bench, 1, &at(&["35.13.02.2004"]));
    put(bench, 2, &at(&["35.13.02.2001", "35.13.02.2004"]));
    put(bench, 3, &partner);
    let secret = Routing { access: Some(Access::Secret), ..at(&["35.13.02.2004"]) };
    put(bench, 4, &secret);
    let names = |set: &str, limit| {
        let set: Set = set.parse().unwrap();
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = bench.read(|store| store.lying_in(&set, after.as_ref(), limit).unwrap());
            let Some((name, last)) = page.last() else { return found };
            after = Some((name.clone(), last.record, last.generation));
            found.extend(page.into_iter().map(|(_, lying)| lying.record.0[0]));
        }
    };
    for limit in [1, 2, 9] {
        assert_eq!(names("a:35.13.02.2004", limit), [1, 2]);
        assert_eq!(names("a:35.13.02", limit), [2, 1, 2], "one of two areas comes twice");
        assert_eq!(names("a:35.13", limit), [3, 2, 1, 2]);
        assert_eq!(names("a:35", limit), [3, 2, 1, 2]);
        assert_eq!(names("o:BLK-3508", limit), [3]);
        assert!(names("a:35.14", limit).is_empty() && names("o:BLK-3509", limit).is_empty());
    }
    put(bench, 2, &at(&["35.13.05"]));
    assert_eq!((names("a:35.13.02", 9), names("a:35.13.05", 9)), (vec![1], vec![2]));
    let all = bench.read(|store| store.records_after(Some((RecordId([2; 16]), 1)), 9).unwrap());
    assert_eq!(all, [(RecordId([3; 16]), 1), (RecordId([4; 16]), 1)]);
}

pub(super) fn what_was_counted_can_be_forgotten<B: Bench>(bench: &B) {
    let id = put(bench, 5, &at(&["35.13"]));
    let set: Set = "a:35.13".parse().unwrap();
    let (kind, access) = ("worker".to_owned(), Access::Ordinary);
    let collection = Collection { set: set.clone(), shard: shard("35.13"), kind, access };
    assert!(!bench.read(|store| store.is_counted().unwrap()));
    bench.commit(|store| {
        store.put_counted(id, 1, &Counted { heads: vec![ChangeHash([1; 32])], item: Item(1) }).unwrap();
        store.add_to_sum(&collection, Sum { count: 1, total: 1 }).unwrap();
        store.set_counted().unwrap();
    });
    assert!(bench.read(|store| store.is_counted().unwrap()));
    bench.commit(|store| store.forget_sums().unwrap());
    bench.read(|store| {
        assert!(!store.is_counted().unwrap());
        assert_eq!(store.counted(id, 1).unwrap(), None);
        assert!(store.sums(&set).unwrap().is_empty());
        assert!(store.lying_in(&set, None, 9).unwrap().is_empty());
    });
}
