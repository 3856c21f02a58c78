//! What the relay says is safe: what another device that is sent as much has shown to have passed.

use sambung_domain::Timestamp;
use sambung_domain::time::DAY_MS;
use sambung_relay::clock;
use sambung_relay::keys::KeyFile;
use sambung_relay::store::{Pool, StoreError};
use sambung_sync::message::{ExchangeRequest, ExchangeResponse, PullAnswer, ScopeState, Want, scopes_hash};
use sambung_sync::relay::RelayStore;
use sambung_trust::{Grant, Signed};

use crate::device::Device;
use crate::record::Worker;
use crate::site::Site;

fn office(site: &Site) -> Device {
    Device::enrol(site, "front_office", &["35.13"])
}

/// Pushes a new worker of the area.
fn work(device: &mut Device, area: &str) -> Worker {
    let mut worker = Worker::born(device, area);
    send(device, &mut worker);
    worker
}

fn send(device: &mut Device, worker: &mut Worker) {
    let item = worker.item(device);
    let push = device.sign(vec![item]);
    device.push(&push).unwrap();
}

/// What a device is told to be safe in its one scope, having pulled to the end.
fn safe(device: &mut Device) -> u64 {
    device.pull();
    device.scopes[0].safe
}

/// Asks with the list of scopes as a device claims it.
fn claim(device: &mut Device, scopes: Vec<ScopeState>) -> ExchangeResponse {
    let hash = scopes_hash(&scopes);
    let request = ExchangeRequest { scopes_hash: hash, scopes: Some(scopes), ..device.request() };
    device.exchange(&request).unwrap()
}

/// The device comes back and shows where it stands.
fn shows(device: &mut Device) {
    device.pull();
    assert_eq!(device.exchange(&device.request()).unwrap().pulls, None);
}

#[test]
fn what_another_office_has_shown_to_have_passed_is_safe() {
    let site = Site::start();
    let (mut a, mut b) = (office(&site), office(&site));
    work(&mut a, "35.13");
    assert_eq!(safe(&mut a), 0);
    // The answer to the first request may be lost: only what the second one names has arrived.
    b.pull();
    assert_eq!(safe(&mut a), 0);
    b.pull();
    assert_eq!(safe(&mut a), 1);
    work(&mut a, "35.13");
    assert_eq!(safe(&mut a), 1);
    b.pull();
    b.pull();
    assert_eq!(safe(&mut a), 2);
}

#[test]
fn news_of_safety_alone_comes_as_an_empty_page_once() {
    let site = Site::start();
    let (mut a, mut b) = (office(&site), office(&site));
    work(&mut a, "35.13");
    a.pull();
    assert_eq!(a.exchange(&a.request()).unwrap().want, None);
    shows(&mut b);
    assert_eq!(a.exchange(&a.request()).unwrap().want, Some(Want::Scopes));
    let told = a.pull().pulls.unwrap();
    let PullAnswer::Delta { from, to, leaves, known, left } = &told[0].answer else { panic!("{told:?}") };
    assert!(*from == 1 && to.sequence == 1 && leaves.is_empty() && known.is_empty() && left.is_empty());
    assert_eq!(told[0].safe, 1);
    let idle = a.exchange(&a.request()).unwrap();
    assert_eq!((idle.want, idle.pulls), (None, None));
}

#[test]
fn an_exchange_in_which_nothing_moved_writes_nothing() {
    let site = Site::start();
    let (mut a, mut b) = (office(&site), office(&site));
    work(&mut a, "35.13");
    shows(&mut a);
    shows(&mut b);
    shows(&mut a);
    let database = rusqlite::Connection::open(site.data().database()).unwrap();
    let version = || database.query_row("PRAGMA data_version", [], |row| row.get::<_, i64>(0)).unwrap();
    let before = version();
    for device in [&mut a, &mut b] {
        device.exchange(&device.request()).unwrap();
        claim(device, device.scopes.clone());
    }
    assert_eq!(version(), before);
    work(&mut a, "35.13");
    assert_ne!(version(), before);
}

#[test]
fn the_centre_is_full_for_an_office_and_not_the_other_way_round() {
    let site = Site::start();
    let (mut office, mut centre) = (office(&site), Device::enrol(&site, "central", &["35"]));
    work(&mut centre, "35.13");
    shows(&mut office);
    assert_eq!(safe(&mut centre), 0);
    shows(&mut centre);
    assert_eq!(safe(&mut office), 1);
}

#[test]
fn a_device_that_is_sent_less_does_not_count() {
    let site = Site::start();
    let mut a = office(&site);
    work(&mut a, "35.13.02.2004");
    for (role, area) in [
        ("village_officer", "35.13.02.2004"),
        ("village_officer", "35.13"),
        ("front_office", "35.13.02"),
        ("auditor", "35.13"),
    ] {
        shows(&mut Device::enrol(&site, role, &[area]));
        assert_eq!(safe(&mut a), 0, "{role} of {area}");
    }
    let mut village = Device::enrol(&site, "village_officer", &["35.13.02.2004"]);
    assert_eq!(safe(&mut village), 1, "another village device is full for it");
}

#[test]
fn a_device_does_not_make_its_own_work_safe() {
    let site = Site::start();
    let mut a = office(&site);
    work(&mut a, "35.13");
    shows(&mut a);
    assert_eq!(safe(&mut a), 0);
}

#[test]
fn claims_without_the_chain_raise_nothing() {
    let site = Site::start();
    let (mut a, mut b) = (office(&site), office(&site));
    work(&mut a, "35.13");
    work(&mut a, "35.13");
    b.pull();
    let honest = b.scopes.clone();
    let bent = |bend: fn(&mut ScopeState)| {
        let mut scopes = honest.clone();
        bend(&mut scopes[0]);
        scopes
    };
    for scopes in [
        bent(|scope| scope.cursor.chain[0] ^= 1),
        bent(|scope| scope.cursor.sequence = 1),
        bent(|scope| scope.cursor.sequence = 3),
        bent(|scope| scope.cursor.sequence = u64::MAX),
        bent(|scope| scope.log[0] ^= 1),
        bent(|scope| scope.epoch[0] ^= 1),
        bent(|scope| scope.set = "a:35".parse().unwrap()),
        bent(|scope| scope.set = "a:35.13.02".parse().unwrap()),
        Vec::new(),
    ] {
        claim(&mut b, scopes.clone());
        assert_eq!(safe(&mut a), 0, "{scopes:?}");
        let request = ExchangeRequest { scopes_hash: [7; 16], ..b.request() };
        b.exchange(&request).unwrap();
    }
    assert_eq!(safe(&mut a), 0);
    claim(&mut b, honest);
    assert_eq!(safe(&mut a), 2);
}

#[test]
fn a_device_brought_back_from_an_old_image_takes_its_claim_back() {
    let site = Site::start();
    let (mut a, mut b) = (office(&site), office(&site));
    work(&mut a, "35.13");
    shows(&mut b);
    let image = b.scopes.clone();
    work(&mut a, "35.13");
    shows(&mut b);
    assert_eq!(safe(&mut a), 2);
    claim(&mut b, image);
    assert_eq!(safe(&mut a), 1);
    claim(&mut b, Vec::new());
    assert_eq!(safe(&mut a), 0);
}

/// Ends a device's grant, as the relay knows it.
fn end(site: &Site, device: &Device) {
    let issuer = KeyFile::read(&site.data().keys()).unwrap().keys().unwrap().issuer;
    let ended = Grant { until: Timestamp(clock::now().0 - DAY_MS), ..device.grant.clone() };
    let signed = Signed::seal(&ended, &issuer);
    let pool = Pool::open(&site.data().database()).unwrap();
    pool.write::<_, StoreError>(|store| {
        store.put_grant(&signed)?;
        let known = store.device(&device.replica)?.unwrap();
        store.put_device(&sambung_sync::relay::Device { grant: signed.short_id(), ..known })
    })
    .unwrap();
}

#[test]
fn a_device_whose_grant_has_ended_counts_no_more() {
    let site = Site::start();
    let (mut a, mut b, mut c) = (office(&site), office(&site), office(&site));
    work(&mut a, "35.13");
    shows(&mut c);
    work(&mut a, "35.13");
    shows(&mut b);
    assert_eq!(safe(&mut a), 2);
    end(&site, &b);
    assert_eq!(safe(&mut a), 1);
}

#[test]
fn a_device_that_a_record_excludes_does_not_count_where_the_record_is() {
    let site = Site::start();
    let mut a = Device::enrol(&site, "complaint_officer", &["35.13"]);
    let mut b = Device::enrol(&site, "complaint_officer", &["35.13"]);
    let mut worker = work(&mut a, "35.13.02.2004");
    worker.exclude(&a, &b.staff().to_string());
    send(&mut a, &mut worker);
    shows(&mut b);
    assert_eq!(safe(&mut a), 0);
    let mut elsewhere = Device::enrol(&site, "village_officer", &["35.13.03"]);
    assert_eq!(safe(&mut elsewhere), 4, "none of its records excludes anybody");
}

#[test]
fn a_centre_that_may_lack_what_has_moved_between_shards_does_not_count() {
    let site = Site::start();
    let mut a = Device::enrol(&site, "front_office", &["35.08", "35.13"]);
    let (mut b, mut centre) = (Device::enrol(&site, "front_office", &["35.08"]), {
        let mut centre = Device::enrol(&site, "central", &["35"]);
        work(&mut centre, "35.13");
        shows(&mut centre);
        centre
    });
    let mut moving = work(&mut a, "35.13");
    moving.edit(&a, &[("area", "35.08.01.2001")]);
    send(&mut a, &mut moving);
    work(&mut a, "35.08");
    // The centre has been sent what lies in 35.08, and not yet what left 35.13.
    let behind = centre.scopes.clone();
    centre.pull();
    let mut scopes = centre.scopes.clone();
    let log_moved = |scope: &&mut ScopeState| scope.shard.as_str() == "35.13";
    let old = behind.iter().find(|scope| scope.shard.as_str() == "35.13").unwrap().clone();
    *scopes.iter_mut().find(log_moved).unwrap() = old;
    claim(&mut centre, scopes);
    assert_eq!(safe(&mut b), 0);
    let scopes = centre.scopes.clone();
    claim(&mut centre, scopes);
    assert!(safe(&mut b) > 0);
}
