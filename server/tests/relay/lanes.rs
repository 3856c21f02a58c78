//! What a device that has lost its right, or never had one, can do by sending again and again.

use sambung_domain::RecordId;
use sambung_relay::clock;
use sambung_relay::host::Failure;
use sambung_relay::store::{Pool, StoreError};
use sambung_sync::message::{Closed, Disposition, ExchangeRequest, Lane, Verdict};
use sambung_sync::relay::{Quarantined, RelayStore};
use sambung_trust::Signed;
use sambung_trust::batch::BatchHeader;
use sambung_trust::order::Deed;

use crate::device::{Device, Stranger};
use crate::record::Worker;
use crate::site::Site;

/// Revokes a device, as the program does.
pub(crate) fn revoke(site: &Site, device: &Device) {
    let (relay, pool) = site.data().open().unwrap();
    let key = device.key.public();
    pool.write(|store| relay.order(store, &key, Deed::Revoke, "uji", clock::now()).map_err(Failure::from))
        .unwrap();
}

fn quarantine(site: &Site) -> Vec<Quarantined> {
    let pool = Pool::open(&site.data().database()).unwrap();
    pool.read::<_, StoreError>(|store| store.quarantine(true)).unwrap()
}

fn apart(disposition: Disposition, code: &str) -> Verdict {
    Verdict { disposition, lane: Lane::Quarantined, code: Some(code.to_owned()) }
}

#[test]
fn a_revoked_device_is_answered_with_verdicts_and_nothing_else() {
    let site = Site::start();
    let mut other = Device::enrol(&site, "front_office", &["35.13"]);
    let mut theirs = Worker::born(&other, "35.13");
    let item = theirs.item(&other);
    let push = other.sign(vec![item]);
    other.push(&push).unwrap();

    let mut device = Device::enrol(&site, "front_office", &["35.13"]);
    let mut worker = Worker::born(&device, "35.13");
    let item = worker.item(&device);
    let known = device.sign(vec![item]);
    device.push(&known).unwrap();
    worker.edit(&device, &[("nama_lengkap", "Siti Uji 001")]);
    revoke(&site, &device);

    let item = worker.item(&device);
    let push = device.sign(vec![item]);
    let request = ExchangeRequest { push: Some(push.clone()), scopes: Some(Vec::new()), ..device.request() };
    let told = device.exchange(&request).unwrap();
    assert_eq!((told.closed, told.pulls, told.grant), (Some(Closed::Revoked), None, None));
    assert_eq!(told.orders.unwrap().len(), 1);
    for _ in 0..3 {
        let verdicts = device.push(&push).unwrap().verdicts;
        assert_eq!(verdicts, [apart(Disposition::Duplicate, "quarantine_revoked")]);
    }
    assert_eq!(quarantine(&site).len(), 1, "kept once, however often it is sent");
    device.push(&device.sign_as(9, known.items)).unwrap();
    let stranger = Stranger { key: device.key, replica: [9; 16] };
    let (_, reply) = stranger.ask(site.address, &site.invite("front_office", &["35.13"]));
    assert_eq!(reply.status, 403, "its key is not enrolled again");
}

#[test]
fn a_revoked_device_learns_nothing_of_records_it_never_had() {
    let site = Site::start();
    let mut office = Device::enrol(&site, "front_office", &["35.08"]);
    let mut worker = Worker::born(&office, "35.08");
    let birth = worker.waiting[0].clone();
    let item = worker.item(&office);
    let push = office.sign(vec![item]);
    office.push(&push).unwrap();

    let mut device = Device::enrol(&site, "front_office", &["35.13"]);
    revoke(&site, &device);
    let mut copy = Worker::unborn(worker.record);
    copy.apply(&[&birth]);
    copy.edit(&device, &[("nama_lengkap", "Bukan Siti")]);
    let known = copy.item(&device);
    let unknown = Worker::born(&device, "35.08").item(&device);
    let push = device.sign(vec![known, unknown]);
    assert_eq!(device.push(&push).unwrap().verdicts, vec![Verdict::plain(Disposition::Held); 2]);
    assert_eq!(quarantine(&site), []);
}

/// A push of one item that names another member of staff or grant.
fn signed(device: &mut Device, worker: &mut Worker, change: impl FnOnce(&mut BatchHeader)) -> Vec<Verdict> {
    let item = worker.item(device);
    let mut push = device.sign(vec![item]);
    let mut header: BatchHeader = push.batch.peek().unwrap();
    change(&mut header);
    push.batch = Signed::seal(&header, &device.key);
    device.push(&push).unwrap().verdicts
}

#[test]
fn a_batch_names_staff_of_the_grant_or_waits_in_quarantine() {
    let site = Site::start();
    let mut device = Device::enrol(&site, "front_office", &["35.13"]);
    let mut worker = Worker::born(&device, "35.13");
    let verdicts = signed(&mut device, &mut worker, |header| header.staff = RecordId([66; 16]));
    assert_eq!(verdicts, [apart(Disposition::Stored, "quarantine_staff")]);
    worker.edit(&device, &[("nama_lengkap", "Siti Uji 001")]);
    let honest = signed(&mut device, &mut worker, |_| {});
    assert_eq!(honest, [Verdict::plain(Disposition::Held)], "it builds on what waits");
}

#[test]
fn nobody_says_that_another_made_the_record() {
    let site = Site::start();
    let mut device = Device::enrol(&site, "front_office", &["35.13"]);
    let (me, other) = (device.staff().to_string(), RecordId([66; 16]).to_string());
    let place = [("area", "35.13"), ("access", "ordinary"), ("office", "P4MI-3513")];
    let mut born = |created_by: &str| {
        let mut worker = Worker::unborn(RecordId(clock::random().unwrap()));
        worker.edit(&device, &[&place[..], &[("created_by", created_by)]].concat());
        let verdicts = signed(&mut device, &mut worker, |_| {});
        (worker, verdicts)
    };
    assert_eq!(born(&other).1, [apart(Disposition::Stored, "quarantine_creation")]);
    let (mut worker, verdicts) = born(&me);
    assert_eq!(verdicts, [Verdict::plain(Disposition::Stored)]);
    worker.edit(&device, &[("created_by", &other)]);
    let again = signed(&mut device, &mut worker, |_| {});
    assert_eq!(again, [apart(Disposition::Stored, "quarantine_creation")], "it is written once");
}

#[test]
fn who_says_that_he_had_seen_the_move_is_not_late_but_quarantined() {
    let site = Site::start();
    let mut device = Device::enrol(&site, "front_office", &["35.13"]);
    let mut mover = Device::enrol(&site, "front_office", &["35.13", "35.08"]);
    let mut worker = Worker::born(&device, "35.13");
    let birth = worker.waiting[0].clone();
    assert_eq!(signed(&mut device, &mut worker, |_| {}), [Verdict::plain(Disposition::Stored)]);
    let mut moved = Worker::unborn(worker.record);
    moved.apply(&[&birth]);
    moved.edit(&mover, &[("area", "35.08")]);
    assert_eq!(signed(&mut mover, &mut moved, |_| {}), [Verdict::plain(Disposition::Stored)]);

    let seen = |sequence| {
        let shard = "35.13".parse::<sambung_domain::Area>().unwrap().shard();
        move |header: &mut BatchHeader| header.seen = vec![sambung_trust::batch::Seen { shard, sequence }]
    };
    worker.edit(&device, &[("nama_lengkap", "Siti Uji 001")]);
    let late = signed(&mut device, &mut worker, seen(1));
    assert_eq!(late, [Verdict { lane: Lane::Late, ..Verdict::plain(Disposition::Stored) }]);
    worker.edit(&device, &[("nama_lengkap", "Siti Uji 002")]);
    let knowing = signed(&mut device, &mut worker, seen(3));
    assert_eq!(knowing, [apart(Disposition::Stored, "quarantine_seen_end")]);
    worker.edit(&device, &[("area", "35.13.02")]);
    let back = signed(&mut device, &mut worker, seen(1));
    assert_eq!(back, [apart(Disposition::Stored, "quarantine_routing")], "nobody moves it back like that");
}

#[test]
fn a_late_change_is_late_whenever_it_is_sent() {
    let site = Site::start();
    let mut device = Device::enrol(&site, "front_office", &["35.13"]);
    let mut worker = Worker::born(&device, "35.13");
    let item = worker.item(&device);
    let issuer = site.data().open().unwrap().0.keys.issuer;
    let from = clock::now().plus_ms(-91 * sambung_domain::time::DAY_MS);
    let old = sambung_trust::Grant { from, ..device.grant.renewed(from) };
    device.signed_grant = Signed::seal(&old, &issuer);
    let pool = Pool::open(&site.data().database()).unwrap();
    pool.write::<_, StoreError>(|store| {
        store.put_grant(&device.signed_grant)?;
        let row = store.device(&device.replica)?.unwrap();
        store.put_device(&sambung_sync::relay::Device { grant: device.signed_grant.short_id(), ..row })
    })
    .unwrap();
    let push = device.sign(vec![item]);
    for disposition in [Disposition::Stored, Disposition::Duplicate] {
        let late = Verdict { lane: Lane::Late, ..Verdict::plain(disposition) };
        assert_eq!(device.push(&push).unwrap().verdicts, [late]);
    }
}
