//! Work whose right ended while nobody could say so: revoked, lapsed, narrowed, moved. Nothing of it is lost.

use sambung_domain::{RecordId, Timestamp};
use sambung_relay::clock;
use sambung_replica::attention::What;
use sambung_replica::exchange::{SyncError, SyncReport};
use sambung_sync::message::Closed;
use sambung_trust::order::Deed;

use crate::site::{Office, Site};

fn closed(result: Result<SyncReport, SyncError>) -> Closed {
    match result {
        Err(SyncError::Closed(closed)) => closed,
        other => panic!("{other:?}"),
    }
}

/// Two offices that both hold a worker of the first's.
fn two(site: &Site, areas: &[&str]) -> (Office, Office, RecordId) {
    let (mut a, mut b) = (site.office("a", &["35.13", "35.08"]), site.office("b", areas));
    let id = a.create(&[("nama_lengkap", "Uji Siti"), ("area", "35.13.02.2004")]).unwrap();
    a.sync(site);
    b.sync(site);
    (a, b, id)
}

fn verdicts(report: &SyncReport) -> Vec<(&str, u64)> {
    report.verdicts.iter().map(|(name, count)| (name.as_str(), *count)).collect()
}

fn codes(office: &Office) -> Vec<(What, String)> {
    let matters = office.replica.matters(100).unwrap().matters;
    matters.into_iter().map(|matter| (matter.what, matter.code)).collect()
}

/// How the relay took the last write to a field, and why, as the record's history shows it.
fn lane(office: &Office, id: RecordId, field: &str) -> (Option<String>, Option<String>) {
    let history = office.replica.history(id).unwrap();
    let last = history.into_iter().rev().find(|entry| entry.field == field).unwrap();
    (last.lane, last.why)
}

fn some(lane: &str, why: &str) -> (Option<String>, Option<String>) {
    (Some(lane.to_owned()), Some(why.to_owned()))
}

#[test]
fn a_revoked_devices_work_waits_in_quarantine_and_reaches_everybody_once_released() {
    let site = Site::start();
    let (mut a, mut b, id) = two(&site, &["35.13"]);
    b.edit(id, &[("rt", "3")]).unwrap();
    let new = b.create(&[("nama_lengkap", "Uji Budi")]).unwrap();
    b.edit(new, &[("rw", "4")]).unwrap();
    site.order(&b, Deed::Revoke);
    assert_eq!(closed(b.try_sync(&site)), Closed::Revoked);
    let status = b.replica.status(Timestamp(0)).unwrap();
    assert_eq!((status.waiting, status.quarantined, status.confirmed), (0, 3, 0));
    assert_eq!(status.closed.as_deref(), Some("revoked"));
    assert_eq!(codes(&b), vec![(What::Quarantined, "quarantine_revoked".to_owned()); 2]);
    assert_eq!(lane(&b, id, "rt"), some("quarantined", "quarantine_revoked"));
    assert_eq!(a.sync(&site).pulled, 0, "nobody else gets any of it");

    // Sent again, it gets the same answer, and is kept once.
    b.sql("UPDATE change SET receipt = NULL, lane = 0, code = NULL WHERE lane = 2");
    assert_eq!(closed(b.try_sync(&site)), Closed::Revoked);
    assert_eq!(b.replica.status(Timestamp(0)).unwrap().quarantined, 3);
    assert_eq!(site.quarantine().len(), 3);

    for change in site.quarantine() {
        site.release(&change, "HP ditemukan").unwrap();
    }
    assert_eq!(closed(b.try_sync(&site)), Closed::Revoked);
    let status = b.replica.status(Timestamp(0)).unwrap();
    assert_eq!((status.quarantined, status.released, status.confirmed), (0, 3, 3));
    assert_eq!(lane(&b, id, "rt"), some("released", "HP ditemukan"));
    assert_eq!(a.sync(&site).pulled, 3);
    assert_eq!((a.field(id, "rt"), a.field(new, "rw")), ("3".into(), "4".into()));
    let theirs = sambung_domain::hex::hex(&b.replica.identity().device.public().fingerprint());
    let history = a.replica.history(id).unwrap();
    assert_eq!(history.last().unwrap().device.as_deref(), Some(theirs.as_str()), "under its author's name");
    assert!(a.findings().is_empty());
}

#[test]
fn what_is_discarded_stays_with_its_author_and_the_reason_is_told() {
    let site = Site::start();
    let (mut a, mut b, id) = two(&site, &["35.13"]);
    b.edit(id, &[("rt", "3")]).unwrap();
    site.order(&b, Deed::Revoke);
    assert_eq!(closed(b.try_sync(&site)), Closed::Revoked);
    let change = site.quarantine().remove(0);
    site.discard(&change, "bukan dari petugas");
    assert!(site.release(&change, "lagi").is_err(), "decided is decided");
    assert_eq!(closed(b.try_sync(&site)), Closed::Revoked);
    let matter = b.replica.matters(9).unwrap().matters.remove(0);
    assert_eq!((matter.what, matter.reason.as_deref()), (What::Discarded, Some("bukan dari petugas")));
    assert_eq!(lane(&b, id, "rt"), some("discarded", "bukan dari petugas"));
    assert_eq!(b.replica.status(Timestamp(0)).unwrap().discarded, 1);
    assert_eq!(b.field(id, "rt"), "3");
    assert_eq!(a.sync(&site).pulled, 0);
    b.sql("UPDATE change SET receipt = NULL, lane = 0, code = NULL, outcome = NULL WHERE lane = 2");
    assert_eq!(closed(b.try_sync(&site)), Closed::Revoked);
    assert_eq!(codes(&b), [(What::Refused, "discarded".to_owned())], "sent again");
    assert_eq!(site.quarantine(), []);
}

#[test]
fn a_lapsed_device_saves_delivers_late_and_is_sent_everything_again() {
    let site = Site::start();
    let (mut a, mut b, id) = two(&site, &["35.13"]);
    site.age_grant(&b, 91);
    b.edit(id, &[("rt", "3")]).unwrap();
    let new = b.create(&[("nama_lengkap", "Uji Budi")]).unwrap();
    a.edit(id, &[("dusun", "Krajan")]).unwrap();
    a.sync(&site);
    let report = b.sync(&site);
    assert_eq!(verdicts(&report), [("late", 2)]);
    assert_eq!((report.pulled, report.attention), (1, 0));
    assert_eq!(b.replica.status(Timestamp(0)).unwrap().late, 2);
    assert_eq!(lane(&b, id, "rt").0.as_deref(), Some("late"));
    a.sync(&site);
    assert_eq!((a.field(id, "rt"), a.field(new, "nama_lengkap")), ("3".into(), "Uji Budi".into()));
    b.edit(id, &[("rt", "4")]).unwrap();
    assert_eq!(verdicts(&b.sync(&site)), [("stored", 1)], "contact has renewed the lease");
}

#[test]
fn a_device_out_of_contact_for_too_long_delivers_into_quarantine_and_waits_for_a_grant() {
    let site = Site::start();
    let (mut a, mut b, id) = two(&site, &["35.13"]);
    site.age_grant(&b, 90 + 181);
    b.edit(id, &[("rt", "3")]).unwrap();
    a.edit(id, &[("dusun", "Krajan")]).unwrap();
    a.sync(&site);
    assert_eq!(closed(b.try_sync(&site)), Closed::Expired);
    assert_eq!(codes(&b), [(What::Quarantined, "quarantine_too_late".to_owned())]);
    assert_eq!(b.field(id, "dusun"), serde_json::Value::Null, "nothing is sent");
    site.regrant(&b, &["35.13"]);
    b.sync(&site);
    assert_eq!(b.field(id, "dusun"), "Krajan");
    assert_eq!(b.replica.status(Timestamp(0)).unwrap().closed, None);
}

#[test]
fn a_narrowed_grant_takes_what_was_done_before_and_nothing_after() {
    let site = Site::start();
    let (mut a, mut b, id) = two(&site, &["35.13"]);
    b.edit(id, &[("rt", "3")]).unwrap();
    site.regrant(&b, &["35.08"]);
    let report = b.sync(&site);
    assert_eq!(verdicts(&report), [("late", 1)]);
    assert_eq!(b.replica.status(Timestamp(0)).unwrap().sets, ["a:35.08"]);
    assert!(b.replica.show(id).is_err(), "it left with the right to it");
    a.sync(&site);
    assert_eq!(a.field(id, "rt"), "3");
    let there = a.create(&[("nama_lengkap", "Uji Wati"), ("area", "35.08.01.2001")]).unwrap();
    a.sync(&site);
    assert_eq!(b.sync(&site).pulled, 1);
    b.edit(there, &[("rt", "9")]).unwrap();
    assert_eq!(verdicts(&b.sync(&site)), [("stored", 1)]);
}

#[test]
fn what_was_begun_under_a_former_grant_goes_where_the_new_one_does_not_reach() {
    let site = Site::start();
    let (mut a, mut b, _) = two(&site, &["35.13"]);
    let new = b.create(&[("nama_lengkap", "Uji Budi")]).unwrap();
    site.regrant(&b, &["35.08"]);
    assert_eq!(verdicts(&b.sync(&site)), [("late", 1)]);
    assert!(b.replica.show(new).is_err(), "no set of this device will ever speak of it");
    assert_eq!(b.replica.status(Timestamp(0)).unwrap().leaving, 1);
    a.sync(&site);
    assert_eq!(a.field(new, "nama_lengkap"), "Uji Budi");
    a.sync(&site);
    b.sync(&site);
    assert_eq!(b.replica.status(Timestamp(0)).unwrap().leaving, 0, "another holds it");
}

#[test]
fn work_that_was_saved_while_the_grant_changed_is_sent_under_the_old_one() {
    let site = Site::start();
    let (mut a, mut b, id) = two(&site, &["35.13"]);
    site.regrant(&b, &["35.08"]);
    let mut session = b.session();
    let request = session.request(&mut b.replica, clock::now()).unwrap();
    b.edit(id, &[("rt", "3")]).unwrap();
    let (status, answer) = site.answer(&request);
    session.receive(&mut b.replica, status, &answer, clock::now()).unwrap();
    assert_eq!(verdicts(&b.sync(&site)), [("late", 1)]);
    a.sync(&site);
    assert_eq!(a.field(id, "rt"), "3");
}

#[test]
fn an_edit_of_a_record_that_moved_away_meanwhile_arrives_late() {
    let site = Site::start();
    let (mut a, mut b, id) = two(&site, &["35.13"]);
    b.edit(id, &[("rt", "3")]).unwrap();
    a.edit(id, &[("area", "35.08.01.2001")]).unwrap();
    a.sync(&site);
    assert_eq!(verdicts(&b.sync(&site)), [("late", 1)]);
    assert!(b.replica.show(id).is_err());
    a.sync(&site);
    assert_eq!((a.field(id, "rt"), a.field(id, "area")), ("3".into(), "35.08.01.2001".into()));
    assert!(site.quarantine().is_empty());
}

#[test]
fn whoever_holds_a_record_is_told_of_late_work_until_somebody_has_seen_it() {
    let site = Site::start();
    let (mut a, mut b, id) = two(&site, &["35.13"]);
    b.edit(id, &[("rt", "3")]).unwrap();
    a.edit(id, &[("area", "35.08.01.2001")]).unwrap();
    a.sync(&site);
    b.sync(&site);
    assert_eq!(b.replica.status(Timestamp(0)).unwrap().late_came, 0, "his own is told by the verdict");
    a.sync(&site);
    assert_eq!(a.replica.status(Timestamp(0)).unwrap().late_came, 1);
    assert_eq!(codes(&a), [(What::Late, "late".to_owned())]);
    assert_eq!(lane(&a, id, "rt").0.as_deref(), Some("late"));
    let mut c = site.office("c", &["35.08"]);
    c.sync(&site);
    assert_eq!(codes(&c), [(What::Late, "late".to_owned())], "with the rest of the record");

    assert_eq!(a.replica.see_late(id, clock::now()).unwrap(), 1);
    assert_eq!(a.replica.see_late(id, clock::now()).unwrap(), 0);
    assert!(a.replica.see_late(RecordId([9; 16]), clock::now()).is_err());
    assert_eq!((codes(&a), a.replica.status(Timestamp(0)).unwrap().late_came), (vec![], 0));
    assert_eq!(lane(&a, id, "rt").0.as_deref(), Some("late"), "the history still says so");
}

#[test]
fn an_edit_saved_while_the_news_of_the_move_is_under_way_arrives_late() {
    let site = Site::start();
    let (mut a, mut b, id) = two(&site, &["35.13"]);
    a.edit(id, &[("area", "35.08.01.2001")]).unwrap();
    a.sync(&site);
    let mut session = b.session();
    // The first answer says that there is news, the second brings it.
    for is_second in [false, true] {
        let request = session.request(&mut b.replica, clock::now()).unwrap();
        let (status, answer) = site.answer(&request);
        if is_second {
            b.edit(id, &[("rt", "3")]).unwrap();
        }
        session.receive(&mut b.replica, status, &answer, clock::now()).unwrap();
    }
    assert_eq!(verdicts(&b.sync(&site)), [("late", 1)]);
    assert!(site.quarantine().is_empty());
}

#[test]
fn work_built_on_quarantined_work_is_held_and_blocks_nothing_else() {
    let site = Site::start();
    let (mut a, mut b, id) = two(&site, &["35.13"]);
    b.edit(id, &[("rt", "3")]).unwrap();
    let honest = std::mem::replace(&mut b.staff, RecordId([77; 16]));
    let report = b.sync(&site);
    assert_eq!((verdicts(&report), report.attention), (vec![("quarantined", 1)], 1));
    assert_eq!(codes(&b), [(What::Quarantined, "quarantine_staff".to_owned())]);
    b.staff = honest;
    b.edit(id, &[("rw", "5")]).unwrap();
    let other = b.create(&[("nama_lengkap", "Uji Budi")]).unwrap();
    assert_eq!(verdicts(&b.sync(&site)), [("held", 1), ("stored", 1)]);
    a.sync(&site);
    assert_eq!(a.field(other, "nama_lengkap"), "Uji Budi");
    site.release(&site.quarantine()[0], "sah").unwrap();
    assert_eq!(verdicts(&b.sync(&site)), [("stored", 1)]);
    a.sync(&site);
    assert_eq!((a.field(id, "rt"), a.field(id, "rw")), ("3".into(), "5".into()));
}

#[test]
fn a_relay_that_forgot_its_quarantine_is_given_it_again() {
    let mut site = Site::start();
    let (mut a, mut b, id) = two(&site, &["35.13"]);
    b.edit(id, &[("rt", "3")]).unwrap();
    b.staff = RecordId([77; 16]);
    b.sync(&site);
    site.replace_relay();
    a.sync(&site);
    b.sync(&site);
    b.sync(&site);
    assert_eq!(site.quarantine().len(), 1);
    assert_eq!(b.waiting(), 0);
}

#[test]
fn what_was_held_back_under_a_wrong_clock_is_sent_again_with_the_next_sync() {
    let site = Site::start();
    let mut a = site.office("a", &["35.13"]);
    let id = a.create(&[("nama_lengkap", "Contoh")]).unwrap();
    // Held back by a clock that was a year ahead and has been set right.
    a.sql("UPDATE change SET held = 9000000000000000");
    assert_eq!(verdicts(&a.sync(&site)), [("stored", 1)]);
    assert_eq!(a.waiting(), 0);
    a.edit(id, &[("rt", "3")]).unwrap();
    assert_eq!(verdicts(&a.sync(&site)), [("stored", 1)]);
}
