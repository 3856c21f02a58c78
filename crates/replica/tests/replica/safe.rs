//! What a replica knows to be safe: held by another full one, on the relay's word.

use sambung_domain::{RecordId, Timestamp};
use sambung_relay::clock;
use sambung_replica::query::Status;

use crate::site::{Office, Site};

fn status(office: &Office) -> Status {
    office.replica.status(clock::now()).unwrap()
}

/// Changes of a record: stored, settled, safe.
fn places(office: &Office, id: RecordId) -> (u32, u32, u32) {
    let view = office.show(id);
    (view.stored, view.settled, view.safe)
}

/// One gives what it has, the other takes it and shows that it has it, the first hears of it.
fn pass(site: &Site, from: &mut Office, to: &mut Office) {
    from.sync(site);
    to.sync(site);
    to.sync(site);
    from.sync(site);
}

#[test]
fn work_is_safe_once_another_full_replica_has_shown_that_it_has_it() {
    let site = Site::start();
    let (mut a, mut b) = (site.office("a", &["35.13"]), site.office("b", &["35.13"]));
    let mut centre = site.device("c", "central", &["35"]);
    let id = a.create(&[("nama_lengkap", "Contoh")]).unwrap();
    assert_eq!(places(&a, id), (0, 0, 0));
    a.sync(&site);
    assert_eq!(places(&a, id), (1, 1, 0));
    b.sync(&site);
    a.sync(&site);
    assert_eq!(places(&a, id), (1, 1, 0), "the answer to b may have been lost");
    b.sync(&site);
    a.sync(&site);
    assert_eq!(places(&a, id), (1, 1, 1));
    assert_eq!((status(&a).confirmed, status(&a).settled, status(&a).safe), (1, 1, 1));
    a.edit(id, &[("rt", "3")]).unwrap();
    a.sync(&site);
    assert_eq!(places(&a, id), (2, 2, 1));
    assert_eq!(status(&a).safe, 1);
    // The centre counts for the offices as well, and an office not for the centre.
    for _ in 0..2 {
        centre.sync(&site);
    }
    a.sync(&site);
    assert_eq!(places(&a, id), (2, 2, 2));
    b.sync(&site);
    assert_eq!((places(&b, id), places(&centre, id)), ((2, 2, 2), (2, 2, 0)));
    assert_eq!((status(&b).confirmed, status(&b).settled, status(&b).safe), (0, 0, 0), "b wrote nothing");
}

#[test]
fn a_village_that_is_sent_less_makes_nothing_safe() {
    let site = Site::start();
    let mut a = site.office("a", &["35.13"]);
    let mut village = site.device("v", "village_officer", &["35.13.02.2004"]);
    let set = [("nama_lengkap", "Contoh"), ("area", "35.13.02.2004"), ("boleh_diketahui_desa", "ya")];
    let id = a.create(&set).unwrap();
    a.sync(&site);
    for _ in 0..2 {
        village.sync(&site);
    }
    a.sync(&site);
    assert_eq!(places(&a, id), (1, 1, 0));
    village.sync(&site);
    assert_eq!(places(&village, id), (1, 1, 1), "the office has it");
}

#[test]
fn idle_stays_one_round_trip_once_all_is_safe() {
    let site = Site::start();
    let (mut a, mut b) = (site.office("a", &["35.13"]), site.office("b", &["35.13"]));
    a.create(&[("nama_lengkap", "Contoh")]).unwrap();
    pass(&site, &mut a, &mut b);
    pass(&site, &mut b, &mut a);
    for office in [&mut a, &mut b] {
        let idle = office.sync(&site);
        assert_eq!((idle.rounds, idle.pushed, idle.pulled), (1, 0, 0));
        assert!(idle.bytes_up + idle.bytes_down <= 300, "{idle:?}");
    }
}

#[test]
fn what_was_safe_stays_so_in_the_same_log_and_the_next_change_is_not() {
    let site = Site::start();
    let (mut a, mut b) = (site.office("a", &["35.13"]), site.office("b", &["35.13"]));
    let id = a.create(&[("nama_lengkap", "Contoh")]).unwrap();
    pass(&site, &mut a, &mut b);
    assert_eq!(places(&a, id), (1, 1, 1));
    site.end_grant(&b);
    a.edit(id, &[("rt", "3")]).unwrap();
    a.sync(&site);
    assert_eq!(places(&a, id), (2, 2, 1));
    assert_eq!(a.sync(&site).rounds, 1, "the relay's lower word is taken note of once");
    assert_eq!(places(&a, id), (2, 2, 1));
}

#[test]
fn nothing_is_safe_at_an_empty_relay_until_the_others_have_come_again() {
    let mut site = Site::start();
    let (mut a, mut b) = (site.office("a", &["35.13"]), site.office("b", &["35.13"]));
    let id = a.create(&[("nama_lengkap", "Contoh")]).unwrap();
    pass(&site, &mut a, &mut b);
    site.replace_relay();
    a.sync(&site);
    assert_eq!(places(&a, id), (1, 1, 0));
    pass(&site, &mut a, &mut b);
    assert_eq!(places(&a, id), (1, 1, 1));
}

#[test]
fn a_record_that_moved_is_safe_where_it_is_now() {
    let site = Site::start();
    let areas = &["35.13", "35.08"];
    let (mut a, mut b) = (site.office("a", areas), site.office("b", &["35.13"]));
    let mut c = site.office("c", areas);
    let id = a.create(&[("nama_lengkap", "Contoh"), ("area", "35.13")]).unwrap();
    pass(&site, &mut a, &mut b);
    assert_eq!(places(&a, id), (1, 1, 1));
    a.edit(id, &[("area", "35.08")]).unwrap();
    pass(&site, &mut a, &mut b);
    assert_eq!(places(&a, id), (2, 2, 0), "it has left what b is sent");
    pass(&site, &mut a, &mut c);
    assert_eq!(places(&a, id), (2, 2, 2));
}

#[test]
fn held_and_pending_changes_are_counted_with_their_ages() {
    let site = Site::start();
    let mut a = site.office("a", &["35.13"]);
    for name in ["Satu", "Dua"] {
        a.create(&[("nama_lengkap", name)]).unwrap();
    }
    a.sql(
        "UPDATE change SET held = 9000, came = 5000 WHERE record = 1;
         UPDATE change SET came = 1000 WHERE record = 2;
         INSERT INTO pending (record, generation, kind, hash, chunk, nonce, batch, leaf, shard, sequence, came) SELECT id, 1, kind, zeroblob(32), x'00', zeroblob(16), 1, 0, '35.13', 9, 6000
           FROM record WHERE number = 1",
    );
    let status = a.replica.status(Timestamp(20_000)).unwrap();
    assert_eq!((status.waiting, status.oldest_waiting_s), (2, 19));
    assert_eq!((status.held, status.oldest_held_s), (1, 15));
    assert_eq!((status.pending, status.oldest_pending_s), (1, 14));
    assert_eq!((status.confirmed, status.settled, status.safe), (0, 0, 0));
    a.sql("UPDATE change SET refused = 'form_time', judged = 0 WHERE record = 1");
    let status = a.replica.status(Timestamp(20_000)).unwrap();
    assert_eq!((status.waiting, status.held, status.confirmed, status.quarantined), (1, 0, 0, 1));
}
