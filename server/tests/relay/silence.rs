//! A relay that has come back with less than it had sends nothing before the centre has come.

use sambung_relay::clock;
use sambung_relay::store::StoreError;
use sambung_sync::message::{ExchangeRequest, ExchangeResponse, ReconcileRequest, Want};
use sambung_sync::relay::SilenceStore;
use sambung_trust::Signed;
use sambung_trust::order::Deed;

use crate::device::Device;
use crate::record::Worker;
use crate::site::Site;

fn fall_silent(site: &Site) {
    let (_, pool) = site.data().open().unwrap();
    pool.write::<_, StoreError>(|store| store.begin_silence(clock::now(), "uji")).unwrap();
}

fn push(device: &mut Device) {
    let item = Worker::born(device, "35.13").item(device);
    let push = device.sign(vec![item]);
    let verdicts = device.push(&push).unwrap().verdicts;
    assert_eq!(verdicts[0].disposition, sambung_sync::message::Disposition::Stored);
}

fn ask(device: &mut Device) -> ExchangeResponse {
    let request = ExchangeRequest { scopes: Some(device.scopes.clone()), ..device.request() };
    device.exchange(&request).unwrap()
}

fn is_silent(device: &mut Device) -> bool {
    let response = ask(device);
    let reconciled = device
        .reconcile(&ReconcileRequest {
            replica: device.replica,
            grant: device.signed_grant.short_id(),
            ..ReconcileRequest::default()
        })
        .unwrap();
    assert_eq!(response.silent == Some(true), reconciled.want == Some(Want::Orders));
    assert_eq!(response.silent == Some(true), response.pulls.is_none());
    response.silent == Some(true)
}

#[test]
fn a_restored_relay_takes_and_does_not_give_until_the_centre_has_exchanged() {
    let site = Site::start();
    let mut office = Device::enrol(&site, "front_office", &["35.13"]);
    let mut other = Device::enrol(&site, "front_office", &["35.13"]);
    let mut centre = Device::enrol(&site, "central", &["35"]);
    let mut elsewhere = Device::enrol(&site, "central", &["33"]);
    push(&mut office);
    assert!(!is_silent(&mut other));
    fall_silent(&site);
    push(&mut office);
    assert!(is_silent(&mut other));
    elsewhere.pull();
    assert!(is_silent(&mut other), "the centre of another province says nothing of this one");
    assert!(!is_silent(&mut centre), "the centre itself is served");
    centre.pull();
    assert!(!is_silent(&mut other));
    assert_eq!(other.pull().pulls.unwrap().len(), 1);
}

#[test]
fn whoever_runs_the_relay_ends_its_silence() {
    let site = Site::start();
    let mut office = Device::enrol(&site, "front_office", &["35.13"]);
    push(&mut office);
    fall_silent(&site);
    assert!(is_silent(&mut office));
    let (_, pool) = site.data().open().unwrap();
    pool.write::<_, StoreError>(|store| store.end_silence(clock::now(), "tidak ada pusat")).unwrap();
    assert!(!is_silent(&mut office));
}

#[test]
fn an_order_that_comes_back_proves_a_loss_once() {
    let site = Site::start();
    let mut office = Device::enrol(&site, "front_office", &["35.13"]);
    push(&mut office);
    let (relay, pool) = site.data().open().unwrap();
    let order = |at| {
        let order = sambung_trust::Order::on(&sambung_trust::PublicKey([9; 32]), Deed::Revoke, at);
        Signed::seal(&order, &relay.keys.issuer)
    };
    let give = |office: &mut Device, signed: Signed| {
        let given = ExchangeRequest { orders_held: Some(vec![signed]), ..office.request() };
        office.exchange(&given).unwrap();
    };
    let (first, later) = (order(clock::now()), order(clock::now().plus_ms(-1_000)));
    give(&mut office, first);
    assert!(is_silent(&mut office));
    pool.write::<_, StoreError>(|store| store.end_silence(clock::now(), "sudah dilihat")).unwrap();
    give(&mut office, later);
    assert!(!is_silent(&mut office), "what was gone before the last silence is no news");
}
