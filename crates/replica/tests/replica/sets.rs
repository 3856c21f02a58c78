//! Records that are reached by their office or by name, wherever their person lives.

use serde_json::json;

use sambung_domain::RecordId;

use crate::site::{Office, Site};

const JEMBER: &str = "35.09.13.2001";
const PROBOLINGGO: &str = "P4MI-3513";

fn desk(site: &Site, name: &str) -> Office {
    site.seated(name, ("front_office", &["35.13"]), PROBOLINGGO, &[])
}

/// A woman of Jember, registered at the Probolinggo office.
fn guest(desk: &mut Office) -> RecordId {
    let set = [("nama_lengkap", "Uji Siti Tamu"), ("area", JEMBER), ("office", PROBOLINGGO)];
    desk.create(&set).unwrap()
}

fn has(office: &Office, id: RecordId) -> bool {
    office.replica.show(id).is_ok()
}

/// Names or takes back a partner, reader or exclusion.
fn name(office: &mut Office, id: RecordId, map: &str, who: &str) {
    let key = format!("+{map}");
    office.edit(id, &[(key.as_str(), who)]).unwrap();
}

#[test]
fn a_woman_of_jember_registered_at_the_probolinggo_office_stays_there() {
    let site = Site::start();
    let (mut one, mut two) = (desk(&site, "one"), desk(&site, "two"));
    let mut neighbour = site.seated("n", ("front_office", &["35.13"]), "DISNAKER-3513", &[]);
    let mut jember = site.device("j", "front_office", &["35.09"]);
    let id = guest(&mut one);
    assert_eq!(one.sync(&site).pushed, 1);
    for office in [&mut two, &mut neighbour, &mut jember] {
        office.sync(&site);
    }
    assert_eq!(two.field(id, "nama_lengkap"), "Uji Siti Tamu");
    assert!(has(&jember, id), "she lives there");
    assert!(!has(&neighbour, id), "another office in the same town");
    jember.edit(id, &[("rt", "4")]).unwrap();
    jember.sync(&site);
    for office in [&mut one, &mut two] {
        office.sync(&site);
        assert_eq!(office.field(id, "rt"), "4");
        assert_eq!(office.sync(&site).rounds, 1);
    }
}

#[test]
fn a_guest_who_moves_on_within_java_stays_with_the_office() {
    let site = Site::start();
    let (mut one, mut two) = (desk(&site, "one"), desk(&site, "two"));
    let id = guest(&mut one);
    one.sync(&site);
    two.sync(&site);
    one.edit(id, &[("area", "33.74.01.1001")]).unwrap();
    one.sync(&site);
    two.edit(id, &[("rt", "7")]).unwrap();
    for _ in 0..2 {
        two.sync(&site);
        one.sync(&site);
    }
    assert_eq!(one.field(id, "rt"), "7");
    assert_eq!((two.field(id, "area"), two.show(id).heads), (json!("33.74.01.1001"), one.show(id).heads));
    assert_eq!((one.waiting(), two.waiting()), (0, 0));
}

#[test]
fn a_partner_and_a_reader_are_given_the_whole_history() {
    let site = Site::start();
    let mut one = desk(&site, "one");
    let mut partner = site.seated("p", ("front_office", &["35.08"]), "BLK-3508", &[]);
    let mut mediator = site.seated("m", ("mediator", &["35.08"]), "BLK-3508", &[]);
    let id = one.create(&[("nama_lengkap", "Uji Siti Bersama"), ("area", "35.13.02.2004")]).unwrap();
    one.edit(id, &[("rt", "1")]).unwrap();
    for office in [&mut one, &mut partner, &mut mediator] {
        office.sync(&site);
    }
    assert!(!has(&partner, id) && !has(&mediator, id));
    name(&mut one, id, "partners", "BLK-3508");
    let reader = mediator.staff.to_string();
    name(&mut one, id, "readers", &reader);
    for office in [&mut one, &mut partner, &mut mediator] {
        office.sync(&site);
    }
    for office in [&partner, &mediator] {
        assert_eq!((office.field(id, "rt"), office.show(id).changes), (json!("1"), 4));
    }
    partner.edit(id, &[("rw", "2")]).unwrap();
    partner.sync(&site);
    one.sync(&site);
    assert_eq!(one.field(id, "rw"), "2");
}

#[test]
fn a_shared_record_travels_once_though_it_is_in_several_sets() {
    let site = Site::start();
    let mut one = desk(&site, "one");
    let staff = one.staff;
    let person = format!("p:{staff}");
    let mut two = site.seated("two", ("front_office", &["35.13", "35"]), PROBOLINGGO, &[&person]);
    let id = one
        .create(&[("nama_lengkap", "Uji Siti"), ("area", "35.13.02.2004"), ("office", PROBOLINGGO)])
        .unwrap();
    name(&mut one, id, "readers", &staff.to_string());
    one.sync(&site);
    assert_eq!(two.sync(&site).pulled, 2);
    let rows = |sql: &str| two.database().query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(
        rows("SELECT count(*) FROM member"),
        3,
        "two areas and the office; front office reads nothing by name"
    );
}
