//! Exchanges between offices, with everything that can go wrong on the way.

use sambung_relay::clock;
use sambung_replica::exchange::{Step, SyncError};
use sambung_replica::query::RecordState;

use crate::site::Site;

const AREAS: &[&str] = &["35.13", "35.08"];

#[test]
fn different_fields_edited_apart_both_stay() {
    let site = Site::start();
    let (mut a, mut b) = (site.office("a", AREAS), site.office("b", AREAS));
    let id = a.create(&[("nama_lengkap", "Contoh Siti")]).unwrap();
    a.sync(&site);
    b.sync(&site);
    a.edit(id, &[("dusun", "Krajan")]).unwrap();
    b.edit(id, &[("alamat", "Jl. Contoh 1")]).unwrap();
    for office in [&mut a, &mut b] {
        office.sync(&site);
    }
    a.sync(&site);
    assert_eq!(a.show(id).fields, b.show(id).fields);
    assert_eq!(a.show(id).heads, b.show(id).heads);
    assert_eq!(a.field(id, "alamat"), "Jl. Contoh 1");
    assert_eq!(b.field(id, "dusun"), "Krajan");
    let view = a.show(id);
    assert_eq!((view.state, view.settled), (RecordState::Centre, 3));
}

#[test]
fn two_values_of_one_field_are_both_kept_and_shown_with_their_authors() {
    let site = Site::start();
    let (mut a, mut b) = (site.office("a", AREAS), site.office("b", AREAS));
    let id = a.create(&[("nama_lengkap", "Contoh")]).unwrap();
    a.sync(&site);
    b.sync(&site);
    a.edit(id, &[("rt", "1")]).unwrap();
    b.edit(id, &[("rt", "2")]).unwrap();
    a.sync(&site);
    b.sync(&site);
    a.sync(&site);
    for office in [&a, &b] {
        let conflict = &office.show(id).conflicts["rt"];
        let mut values: Vec<_> = conflict.iter().map(|value| value.value.as_str().unwrap()).collect();
        assert_eq!(office.show(id).fields["rt"], values[0]);
        values.sort_unstable();
        assert_eq!(values, ["1", "2"]);
        assert!(conflict.iter().all(|value| value.device.is_some()));
        assert_ne!(conflict[0].staff, conflict[1].staff);
    }
    a.edit(id, &[("rt", "2")]).unwrap();
    a.sync(&site);
    b.sync(&site);
    assert!(b.show(id).conflicts.is_empty());
}

#[test]
fn the_neighbour_is_sent_nothing() {
    let site = Site::start();
    let (mut a, mut b) = (site.office("a", &["35.13"]), site.office("b", &["35.08"]));
    let id = a.create(&[("nama_lengkap", "Contoh")]).unwrap();
    a.sync(&site);
    assert_eq!(b.sync(&site).pulled, 0);
    assert!(b.replica.show(id).is_err());
}

#[test]
fn an_idle_sync_is_one_round_trip_in_three_hundred_bytes() {
    let site = Site::start();
    let mut a = site.office("a", AREAS);
    for _ in 0..20 {
        a.create(&[("nama_lengkap", "Contoh")]).unwrap();
    }
    assert_eq!(a.sync(&site).pushed, 20);
    let idle = a.sync(&site);
    assert_eq!((idle.rounds, idle.pushed, idle.pulled), (1, 0, 0));
    assert!(idle.bytes_up + idle.bytes_down <= 300, "{idle:?}");
}

#[test]
fn a_lost_answer_costs_a_repetition_and_nothing_else() {
    let site = Site::start();
    let (mut a, mut b) = (site.office("a", AREAS), site.office("b", AREAS));
    let id = a.create(&[("nama_lengkap", "Contoh")]).unwrap();
    let request = a.session().request(&mut a.replica, clock::now()).unwrap();
    let (status, _lost) = site.answer(&request);
    assert_eq!(status, 200);
    a.edit(id, &[("dusun", "Krajan")]).unwrap();
    assert_eq!(a.waiting(), 2);
    let report = a.sync(&site);
    assert_eq!(report.verdicts, [("duplicate".to_owned(), 1), ("stored".to_owned(), 1)].into());
    assert_eq!(a.waiting(), 0);
    b.sync(&site);
    assert_eq!(b.field(id, "dusun"), "Krajan");
}

#[test]
fn an_answer_that_comes_again_changes_nothing() {
    let site = Site::start();
    let (mut a, mut b) = (site.office("a", AREAS), site.office("b", AREAS));
    let id = a.create(&[("nama_lengkap", "Contoh")]).unwrap();
    a.sync(&site);
    // Two processes of one office ask at the same time; the slower answer is applied second.
    let mut other = b.reopened();
    let (mut first, mut second) = (b.session(), other.session());
    let asked = first.request(&mut b.replica, clock::now()).unwrap();
    let asked_too = second.request(&mut other.replica, clock::now()).unwrap();
    let (old, new) = (site.answer(&asked), site.answer(&asked_too));
    second.receive(&mut other.replica, new.0, &new.1, clock::now()).unwrap();
    let step = first.receive(&mut b.replica, old.0, &old.1, clock::now()).unwrap();
    assert_eq!(step, Step::Continue, "the page did not fit the cursor any more and is asked for again");
    b.sync(&site);
    assert_eq!(b.show(id).changes, 1);
}

#[test]
fn several_processes_of_one_replica_write_side_by_side() {
    let site = Site::start();
    let (mut a, mut b) = (site.office("a", AREAS), site.office("b", AREAS));
    let mut other = a.reopened();
    let id = a.create(&[("nama_lengkap", "Contoh")]).unwrap();
    other.edit(id, &[("dusun", "Krajan")]).unwrap();
    a.edit(id, &[("rt", "3")]).unwrap();
    other.edit(id, &[("rw", "4")]).unwrap();
    assert_eq!(a.sync(&site).pushed, 4);
    b.sync(&site);
    assert_eq!(a.show(id).fields, b.show(id).fields);
    assert_eq!(b.field(id, "rw"), "4");
}

#[test]
fn another_deployments_relay_is_refused_and_nothing_is_lost() {
    let mut site = Site::start();
    let mut a = site.office("a", AREAS);
    a.create(&[("nama_lengkap", "Contoh")]).unwrap();
    site.put_stranger();
    let refused = a.try_sync(&site).unwrap_err();
    assert!(matches!(&refused, SyncError::RelayUnknown), "{refused}");
    assert_eq!(a.waiting(), 1);
}

#[test]
fn garbage_instead_of_an_answer_is_an_error_and_nothing_is_lost() {
    let site = Site::start();
    let mut a = site.office("a", AREAS);
    a.create(&[("nama_lengkap", "Contoh")]).unwrap();
    let mut session = a.session();
    let request = session.request(&mut a.replica, clock::now()).unwrap();
    let login = b"<html>Silakan login Wi-Fi</html>";
    assert!(matches!(session.receive(&mut a.replica, 200, login, clock::now()), Err(SyncError::Frame(_))));
    let (_, good) = site.answer(&request);
    let mut forged = good.clone();
    *forged.last_mut().unwrap() ^= 1;
    let mut again = a.session();
    again.request(&mut a.replica, clock::now()).unwrap();
    assert!(again.receive(&mut a.replica, 200, &forged, clock::now()).is_err());
    assert_eq!(a.waiting(), 1);
    assert_eq!(a.sync(&site).verdicts["duplicate"], 1);
}

#[test]
fn a_record_that_moves_inside_the_scope_is_followed_and_one_that_leaves_is_hidden() {
    let site = Site::start();
    let (mut a, mut b) = (site.office("a", AREAS), site.office("b", &["35.13.02"]));
    let id = a.create(&[("nama_lengkap", "Contoh"), ("area", "35.13.02.2004")]).unwrap();
    a.sync(&site);
    assert_eq!(b.sync(&site).pulled, 1);
    a.edit(id, &[("area", "35.13.02.2001")]).unwrap();
    a.edit(id, &[("dusun", "Timur")]).unwrap();
    a.sync(&site);
    b.sync(&site);
    assert_eq!(b.field(id, "dusun"), "Timur");
    a.edit(id, &[("area", "35.08.01.2001")]).unwrap();
    a.sync(&site);
    b.sync(&site);
    assert_eq!(b.replica.status(clock::now()).unwrap().records, 0, "it left b's only set");
    a.edit(id, &[("area", "35.13.02.2005")]).unwrap();
    a.sync(&site);
    b.sync(&site);
    assert_eq!(b.field(id, "area"), "35.13.02.2005", "it came back with everything that happened elsewhere");
    assert_eq!(b.show(id).heads, a.show(id).heads);
}

#[test]
fn the_village_follows_the_answer_whether_it_may_know() {
    let site = Site::start();
    let mut office = site.office("kraksaan", &["35.13"]);
    let mut village = site.device("desa", "village_officer", &["35.13.02.2004"]);
    let set = [("nama_lengkap", "Contoh"), ("area", "35.13.02.2004")];
    let id = office.create(&set).unwrap();
    office.edit(id, &[("dusun", "Krajan")]).unwrap();
    office.sync(&site);
    assert_eq!(village.sync(&site).pulled, 0, "protected: nobody asked the person yet");

    office.edit(id, &[("boleh_diketahui_desa", "ya")]).unwrap();
    office.sync(&site);
    village.sync(&site);
    assert_eq!(village.show(id).heads, office.show(id).heads, "the whole history came");
    assert_eq!(village.field(id, "dusun"), "Krajan");

    office.edit(id, &[("boleh_diketahui_desa", "tidak")]).unwrap();
    office.sync(&site);
    village.sync(&site);
    assert!(village.replica.show(id).is_err(), "what may not be known any more is not shown");
    assert_eq!(village.replica.status(clock::now()).unwrap().records, 0);
    assert!(village.edit(id, &[("rt", "1")]).is_err());
}
