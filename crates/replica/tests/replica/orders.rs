//! What the issuer takes back: how it reaches every replica, and a relay that has forgotten it.

use sambung_relay::clock;
use sambung_replica::exchange::SyncError;
use sambung_sync::message::Closed;
use sambung_trust::order::Deed;

use crate::site::{Office, Site};

/// The orders an office holds.
fn held(office: &Office) -> i64 {
    office.database().query_row("SELECT count(*) FROM orders", [], |row| row.get(0)).unwrap()
}

fn closed(result: Result<sambung_replica::exchange::SyncReport, SyncError>) -> Closed {
    match result {
        Err(SyncError::Closed(closed)) => closed,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_order_reaches_everybody_in_the_round_trip_they_make_anyway() {
    let site = Site::start();
    let (mut a, mut b) = (site.office("a", &["35.13"]), site.office("b", &["35.13"]));
    a.create(&[("nama_lengkap", "Uji Siti")]).unwrap();
    a.sync(&site);
    b.sync(&site);
    a.sync(&site);
    site.order(&b, Deed::Revoke);
    assert_eq!(a.sync(&site).rounds, 1);
    assert_eq!(held(&a), 1);
    let idle = a.sync(&site);
    assert_eq!((idle.rounds, idle.pulled), (1, 0));
    assert!(idle.bytes_up + idle.bytes_down <= 300, "{idle:?}");
}

#[test]
fn a_revoked_device_is_told_and_sent_nothing() {
    let site = Site::start();
    let (mut a, mut b) = (site.office("a", &["35.13"]), site.office("b", &["35.13"]));
    site.order(&b, Deed::Revoke);
    let id = a.create(&[("nama_lengkap", "Uji Siti")]).unwrap();
    a.sync(&site);
    assert_eq!(closed(b.try_sync(&site)), Closed::Revoked);
    assert!(b.replica.show(id).is_err());
    assert_eq!(held(&b), 1);
    b.create(&[("nama_lengkap", "Uji Budi")]).unwrap();
    assert_eq!(closed(b.try_sync(&site)), Closed::Revoked, "what is saved stays possible");
}

#[test]
fn a_relay_that_has_forgotten_a_revocation_is_given_it_back_by_whoever_comes_first() {
    let mut site = Site::start();
    let (mut a, mut b) = (site.office("a", &["35.13"]), site.office("b", &["35.13"]));
    let mut c = site.office("c", &["35.13"]);
    site.order(&b, Deed::Revoke);
    for office in [&mut a, &mut c] {
        office.sync(&site);
    }
    site.replace_relay();
    a.sync(&site);
    assert_eq!(closed(b.try_sync(&site)), Closed::Revoked);
    // The set of the third is the relay's again: nothing is asked back.
    let rounds = c.sync(&site).rounds;
    assert!(rounds <= 2, "{rounds} rounds: the grant, and no orders");
    site.order(&a, Deed::End);
    c.sync(&site);
    assert_eq!(held(&c), 2, "orders grow");
}

#[test]
fn a_forged_order_ends_the_request_and_is_not_kept() {
    let site = Site::start();
    let (mut a, b) = (site.office("a", &["35.13"]), site.office("b", &["35.13"]));
    let order = sambung_trust::Order::on(&b.replica.identity().device.public(), Deed::Revoke, clock::now());
    let forged = sambung_trust::Signed::seal(&order, &a.replica.identity().device);
    let text = sambung_domain::hex::hex(&sambung_trust::signed::encode(&forged));
    a.sql(&format!(
        "INSERT INTO orders (id, subject, signed) VALUES (x'01', x'02', x'{text}');
         INSERT INTO named VALUES ('orders', x'0102030405060708');"
    ));
    match a.try_sync(&site) {
        Err(SyncError::Refused { code, .. }) => assert_eq!(code, "frame_invalid"),
        other => panic!("{other:?}"),
    }
}
