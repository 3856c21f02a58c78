//! What a relay lists and says when it is compared, and to whom.

use sambung_domain::{RecordId, Set};
use sambung_sync::digest::{Item, bucket, level};
use sambung_sync::document::ChangeHash;
use sambung_sync::message::{Asked, AskedSet, Compared, Level, ReconcileRequest, ReconcileResponse, Word};

use crate::device::Device;
use crate::record::{Worker, name};
use crate::site::Site;

/// A worker at the relay, with the hashes of its changes.
fn worker(device: &mut Device, area: &str, access: &str) -> (RecordId, Vec<ChangeHash>) {
    let mut worker = Worker::unborn(RecordId(sambung_relay::clock::random().unwrap()));
    worker.edit(device, &[("area", area), ("access", access), ("office", "P4MI-3513")]);
    worker.edit(device, &[("rt", "3")]);
    let hashes = worker.waiting.iter().map(|chunk| name(chunk)).collect();
    let item = worker.item(device);
    let push = device.sign(vec![item]);
    device.push(&push).unwrap();
    (worker.record, hashes)
}

fn set(device: &Device) -> Set {
    device.grant.sets[0].clone()
}

fn request(device: &Device) -> ReconcileRequest {
    let grant = device.signed_grant.short_id();
    ReconcileRequest { replica: device.replica, grant, ..ReconcileRequest::default() }
}

/// Compares a set of which a device holds nothing.
fn compare(device: &mut Device, set: &Set, depth: u8, sums: Vec<u8>) -> Option<Compared> {
    let epoch = device.grant.epoch(set);
    let level = Level { set: set.clone(), epoch, count: 0, depth, sums: sums.into() };
    let request = ReconcileRequest { levels: Some(vec![level]), ..request(device) };
    device.reconcile(&request).unwrap().compared.unwrap().pop()
}

fn ask(device: &mut Device, set: &Set, records: Vec<Asked>) -> ReconcileResponse {
    let asked = AskedSet { set: set.clone(), epoch: device.grant.epoch(set), records };
    let request = ReconcileRequest { asked: Some(vec![asked]), ..request(device) };
    device.reconcile(&request).unwrap()
}

fn words(response: &ReconcileResponse) -> Vec<(u32, &Word)> {
    let answered = &response.answered.as_ref().unwrap()[0];
    answered.answers.iter().map(|answer| (answer.at, &answer.word)).collect()
}

#[test]
fn only_what_a_device_may_read_is_listed() {
    let site = Site::start();
    let mut office = Device::enrol(&site, "front_office", &["35.13", "35.08"]);
    let mut village = Device::enrol(&site, "village_officer", &["35.13.02.2004"]);
    let (seen, _) = worker(&mut office, "35.13.02.2004", "ordinary");
    worker(&mut office, "35.13.02.2004", "restricted");
    worker(&mut office, "35.13.02.2001", "ordinary");
    worker(&mut office, "35.08.01.2001", "ordinary");
    let own = set(&village);
    let compared = compare(&mut village, &own, 0, vec![0; 8]).unwrap();
    let listed: Vec<RecordId> = compared.buckets[0].records.iter().map(|listed| listed.record).collect();
    assert_eq!((listed, compared.count), (vec![seen], 1));
    assert_eq!(compare(&mut village, &"a:35.13".parse().unwrap(), 0, vec![0; 8]), None);
}

#[test]
fn equal_levels_list_nothing_and_unequal_ones_the_bucket_that_differs() {
    let site = Site::start();
    let mut office = Device::enrol(&site, "front_office", &["35.13"]);
    for _ in 0..20 {
        worker(&mut office, "35.13.02.2004", "ordinary");
    }
    let (own, key) = (set(&office), office.deployment);
    let all: Vec<(RecordId, Item)> = compare(&mut office, &own, 0, vec![0; 8]).unwrap().buckets[0]
        .records
        .iter()
        .map(|listed| (listed.record, listed.item))
        .collect();
    assert_eq!(all.len(), 20);
    for depth in 0..=3 {
        let equal = compare(&mut office, &own, depth, level(&key, depth, all.iter().copied())).unwrap();
        assert!(equal.buckets.is_empty() && !equal.more);
        let lacking = level(&key, depth, all[1..].iter().copied());
        let found = compare(&mut office, &own, depth, lacking).unwrap();
        let number = bucket(&key, all[0].0, depth);
        assert_eq!(found.buckets.iter().map(|found| found.number as usize).collect::<Vec<_>>(), [number]);
        assert!(found.buckets[0].records.iter().any(|listed| listed.record == all[0].0));
    }
}

#[test]
fn a_level_of_another_size_is_refused() {
    let site = Site::start();
    let mut office = Device::enrol(&site, "front_office", &["35.13"]);
    let own = set(&office);
    for (depth, bytes, status) in [(3, 8 * 4_096, 200), (0, 7, 400), (1, 8, 400), (4, 8 * 65_536, 400)] {
        let epoch = office.grant.epoch(&own);
        let level = Level { set: own.clone(), epoch, count: 0, depth, sums: vec![0; bytes].into() };
        let request = ReconcileRequest { levels: Some(vec![level]), ..request(&office) };
        let answer = office.reconcile(&request);
        assert_eq!(answer.err().map_or(200, |(status, _)| status), status, "{depth} {bytes}");
    }
}

#[test]
fn what_lacks_is_given_and_what_is_not_here_is_passed_over() {
    let site = Site::start();
    let mut office = Device::enrol(&site, "front_office", &["35.13"]);
    let mut other = Device::enrol(&site, "front_office", &["35.13"]);
    let (record, hashes) = worker(&mut office, "35.13.02.2004", "ordinary");
    let own = set(&other);
    let asked = |record, heads: &[ChangeHash]| Asked { record, generation: 1, heads: heads.to_vec() };
    let given = |response: &ReconcileResponse| {
        let leaves = response.leaves.iter().flatten();
        leaves.flat_map(|leaf| &leaf.changes).map(|change| name(&change.chunk)).collect::<Vec<_>>()
    };
    let nobody = RecordId([9; 16]);
    let all = ask(&mut other, &own, vec![asked(nobody, &hashes), asked(record, &[])]);
    let has =
        Word::Has { heads: vec![hashes[1]], shard: "35.13".parse::<sambung_domain::Area>().unwrap().shard() };
    assert_eq!(words(&all), [(1, &has)]);
    assert_eq!(given(&all), hashes);
    assert_eq!(given(&ask(&mut other, &own, vec![asked(record, &hashes[..1])])), hashes[1..]);
    assert!(given(&ask(&mut other, &own, vec![asked(record, &hashes[1..])])).is_empty());
    let beyond = ask(&mut other, &own, vec![asked(record, &[ChangeHash([7; 32])])]);
    assert_eq!(given(&beyond), hashes, "what the relay does not know says nothing");
}

#[test]
fn of_a_record_out_of_reach_only_its_holder_hears() {
    let site = Site::start();
    let mut office = Device::enrol(&site, "front_office", &["35.13"]);
    let mut village = Device::enrol(&site, "village_officer", &["35.13.02.2004"]);
    let (hidden, hashes) = worker(&mut office, "35.13.02.2004", "restricted");
    let own = set(&village);
    let asked = |record, heads: &[ChangeHash]| Asked { record, generation: 1, heads: heads.to_vec() };
    let guesses =
        vec![asked(hidden, &[]), asked(hidden, &[ChangeHash([7; 32])]), asked(RecordId([9; 16]), &[])];
    assert!(words(&ask(&mut village, &own, guesses)).is_empty());
    let held = ask(&mut village, &own, vec![asked(hidden, &hashes[..1])]);
    assert_eq!((words(&held), &held.leaves), (vec![(0, &Word::Left)], &None));
}
