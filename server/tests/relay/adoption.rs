//! Relays that have lost sight of a device, and grants that wear out.

use sambung_domain::Timestamp;
use sambung_domain::time::DAY_MS;
use sambung_relay::clock;
use sambung_relay::keys::{KeyFile, Recovery};
use sambung_relay::store::{Pool, StoreError};
use sambung_sync::message::{Closed, Disposition, ExchangeRequest, Want};
use sambung_sync::relay::RelayStore;
use sambung_trust::grant::LEASE_DAYS_OFFICE;
use sambung_trust::lane::LATE_DAYS;
use sambung_trust::{Grant, Signed};

use crate::device::Device;
use crate::record::Worker;
use crate::site::Site;

fn recovery() -> Recovery {
    Recovery::generate("Uji", clock::now()).unwrap()
}

/// The device before another relay, whose nonces it does not have yet.
fn moved(mut device: Device, site: &Site) -> Device {
    device.address = site.address;
    device
}

#[test]
fn an_empty_relay_takes_its_devices_in_again_by_their_grants() {
    let recovery = recovery();
    let (old, new) = (Site::of(&recovery), Site::of(&recovery));
    let mut device = moved(Device::enrol(&old, "front_office", &["35.13"]), &new);
    device.counter = 41;
    let told = device.exchange(&device.request()).unwrap();
    assert_eq!(told.want, Some(Want::Grant));
    let whole = ExchangeRequest { whole_grant: Some(device.signed_grant.clone()), ..device.request() };
    assert_eq!(device.exchange(&whole).unwrap().want, None);

    device.log = new.data().open().unwrap().1.log();
    let mut worker = Worker::born(&device, "35.13");
    let item = worker.item(&device);
    let push = device.sign(vec![item]);
    assert_eq!(device.push(&push).unwrap().verdicts[0].disposition, Disposition::Stored);
}

#[test]
fn a_grant_of_another_deployment_opens_nothing() {
    let (theirs, ours) = (Site::start(), Site::start());
    let mut device = moved(Device::enrol(&theirs, "central", &["35"]), &ours);
    let relay = ours.data().open().unwrap().0.keys.relay.public();
    device.relay = relay;
    device.nonce = device.exchange(&device.request()).unwrap().nonce;
    let whole = ExchangeRequest { whole_grant: Some(device.signed_grant.clone()), ..device.request() };
    let (status, refusal) = device.exchange(&whole).err().unwrap();
    assert_eq!((status, refusal.code.as_str()), (403, "grant_ended"));
}

#[test]
fn a_grant_does_not_serve_another_key() {
    let recovery = recovery();
    let (old, new) = (Site::of(&recovery), Site::of(&recovery));
    let mut thief = moved(Device::enrol(&old, "village_officer", &["35.13"]), &new);
    let owner = Device::enrol(&old, "central", &["35"]);
    thief.signed_grant = owner.signed_grant;
    thief.exchange(&thief.request()).unwrap();
    let whole = ExchangeRequest { whole_grant: Some(thief.signed_grant.clone()), ..thief.request() };
    let (status, refusal) = thief.exchange(&whole).err().unwrap();
    assert_eq!((status, refusal.code.as_str()), (400, "frame_invalid"));
}

#[test]
fn a_replica_cannot_take_another_name_under_its_grant() {
    let site = Site::start();
    let mut device = Device::enrol(&site, "front_office", &["35.13"]);
    device.replica = [7; 16];
    let whole = ExchangeRequest { whole_grant: Some(device.signed_grant.clone()), ..device.request() };
    let (status, refusal) = device.exchange(&whole).err().unwrap();
    assert_eq!((status, refusal.code.as_str()), (403, "grant_ended"));
}

/// Gives a device a grant of its own making, as if issued `age` days ago.
fn grant_of_age(site: &Site, device: &mut Device, age: i64, known: bool) {
    let issuer = KeyFile::read(&site.data().keys()).unwrap().keys().unwrap().issuer;
    let from = Timestamp(clock::now().0 - age * DAY_MS);
    let grant = Grant { from, ..device.grant.renewed(from) };
    device.signed_grant = Signed::seal(&grant, &issuer);
    if known {
        let pool = Pool::open(&site.data().database()).unwrap();
        pool.write::<_, StoreError>(|store| {
            store.put_grant(&device.signed_grant)?;
            let row = store.device(&device.replica)?.unwrap();
            store.put_device(&sambung_sync::relay::Device { grant: device.signed_grant.short_id(), ..row })
        })
        .unwrap();
    }
}

#[test]
fn a_worn_grant_is_renewed_without_a_push() {
    let site = Site::start();
    let mut device = Device::enrol(&site, "front_office", &["35.13"]);
    grant_of_age(&site, &mut device, 40, true);
    let renewed = device.exchange(&device.request()).unwrap().grant.unwrap();
    let grant: Grant = renewed.peek().unwrap();
    assert!(grant.until.0 > clock::now().0 + 89 * DAY_MS);
    device.signed_grant = renewed;
    let response = device.exchange(&device.request()).unwrap();
    assert_eq!((response.want, response.grant), (None, None));
}

#[test]
fn a_lapsed_lease_is_sent_nothing_until_contact_has_renewed_it() {
    let site = Site::start();
    let (mut other, worker) = someones_worker(&site);
    let mut device = Device::enrol(&site, "front_office", &["35.13"]);
    grant_of_age(&site, &mut device, 91, true);
    let listed = ExchangeRequest { scopes: Some(Vec::new()), ..device.request() };
    let lapsed = device.exchange(&listed).unwrap();
    assert_eq!((lapsed.pulls, lapsed.more, lapsed.closed), (None, Some(true), None));
    device.signed_grant = lapsed.grant.unwrap();
    let pulled = device.exchange(&ExchangeRequest { scopes: Some(Vec::new()), ..device.request() }).unwrap();
    assert!(format!("{:?}", pulled.pulls.unwrap()).contains(&format!("{worker:?}")));
    other.exchange(&other.request()).unwrap();
}

#[test]
fn a_lease_that_is_over_for_half_a_year_is_not_renewed_by_itself() {
    let site = Site::start();
    let (_other, _worker) = someones_worker(&site);
    let mut device = Device::enrol(&site, "front_office", &["35.13"]);
    let days = LEASE_DAYS_OFFICE + LATE_DAYS;
    grant_of_age(&site, &mut device, days - 1, true);
    assert!(device.exchange(&device.request()).unwrap().grant.is_some(), "one day to go");
    let mut device = Device::enrol(&site, "front_office", &["35.13"]);
    grant_of_age(&site, &mut device, days + 1, true);
    let listed = ExchangeRequest { scopes: Some(Vec::new()), ..device.request() };
    let told = device.exchange(&listed).unwrap();
    assert_eq!((told.pulls, told.grant, told.closed), (None, None, Some(Closed::Expired)));
}

/// Another device with a worker at the relay.
fn someones_worker(site: &Site) -> (Device, sambung_domain::RecordId) {
    let mut device = Device::enrol(site, "front_office", &["35.13"]);
    let mut worker = Worker::born(&device, "35.13");
    let item = worker.item(&device);
    let push = device.sign(vec![item]);
    device.push(&push).unwrap();
    (device, worker.record)
}

#[test]
fn a_restored_relay_learns_a_newer_grant_once() {
    let site = Site::start();
    let mut device = Device::enrol(&site, "front_office", &["35.13"]);
    grant_of_age(&site, &mut device, 1, false);
    assert_eq!(device.exchange(&device.request()).unwrap().want, Some(Want::Grant));
    let whole = ExchangeRequest { whole_grant: Some(device.signed_grant.clone()), ..device.request() };
    assert_eq!(device.exchange(&whole).unwrap().want, None);
    assert_eq!(device.exchange(&device.request()).unwrap().want, None);
}
