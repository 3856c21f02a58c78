//! What a member of staff is shown and may do on a device that serves several, and what is shown while its lease is over.

use sambung_domain::time::DAY_MS;
use sambung_domain::{RecordId, StaffId, Timestamp};
use sambung_relay::clock;
use sambung_replica::conflict::ConflictList;
use sambung_replica::query::{List, PersonPage};
use sambung_replica::search::Search;
use sambung_replica::{Ended, GAP_MAX_DAYS, ReplicaError};
use sambung_trust::order::Deed;

use crate::site::{Office, Site};

const KRAKSAAN: &str = "P4MI-3513";
const VILLAGE: &str = "35.13.02.2004";

fn list(office: &Office, kind: &str) -> usize {
    office.replica.list(&List { kind: kind.to_owned(), ..List::default() }).unwrap().rows.len()
}

fn search(office: &Office, text: &str) -> usize {
    let search = Search { text: text.to_owned(), kind: None, limit: None };
    office.replica.search(&search, None).unwrap().hits.len()
}

/// A member of staff with a role, as the administrator records him, at a device.
fn member(site: &Site, admin: &mut Office, office: &mut Office, role: &str) -> StaffId {
    let id = admin.create_kind("staff", None, &[("nama", "Uji Petugas"), ("+peran", role)]).unwrap();
    admin.sync(site);
    office.sync(site);
    assert!(office.replica.show(id).is_ok(), "everybody with reference data has staff records");
    id
}

struct World {
    office: Office,
    worker: RecordId,
    private: RecordId,
    case: RecordId,
    desk: StaffId,
    unknown: StaffId,
}

/// A device of a case officer that also serves one at the counter.
fn world() -> World {
    let site = Site::start();
    let mut admin = site.device("admin", "admin", &["35", "00"]);
    let mut loket = site.seated("loket", ("front_office", &["35.13"]), KRAKSAAN, &[]);
    let mut office = site.seated("kraksaan", ("case_officer", &["35.13", "00"]), KRAKSAAN, &[]);
    let worker = loket.create(&[("nama_lengkap", "Uji Siti"), ("area", VILLAGE)]).unwrap();
    let private = loket.create_kind("worker_private", Some(worker), &[("nik", "3513025705840002")]).unwrap();
    loket.sync(&site);
    office.sync(&site);
    let case = office.create_kind("case", None, &[("area", VILLAGE)]).unwrap();
    let desk = member(&site, &mut admin, &mut office, "MEDIATOR");
    World { office, worker, private, case, desk, unknown: RecordId([77; 16]) }
}

#[test]
fn a_member_of_staff_is_shown_what_a_role_of_his_reads() {
    let World { mut office, worker, private, case, desk, unknown } = world();
    for staff in [office.staff, unknown] {
        office.replica.act_as(staff, clock::now()).unwrap();
        assert!([worker, private, case].iter().all(|id| office.replica.show(*id).is_ok()));
        assert_eq!((list(&office, "worker"), list(&office, "case"), search(&office, "siti")), (1, 1, 1));
    }
    office.replica.act_as(desk, clock::now()).unwrap();
    for id in [worker, private, case] {
        assert!(matches!(office.replica.show(id), Err(ReplicaError::NotFound(_))));
        assert!(matches!(office.replica.history(id), Err(ReplicaError::NotFound(_))));
        assert!(matches!(office.replica.conflicts_of(id), Err(ReplicaError::NotFound(_))));
        assert!(office.with(|replica, with| replica.export(id, with)).is_err());
    }
    assert!(office.replica.person(worker, &PersonPage::default()).is_err());
    assert_eq!((list(&office, "worker"), list(&office, "case"), search(&office, "siti")), (0, 0, 0));
    assert_eq!(search(&office, "3513025705840002"), 0, "nor by the number");
    assert_eq!(list(&office, "staff"), 1, "what is open everybody reads");
}

#[test]
fn a_member_of_staff_writes_what_a_role_of_his_may() {
    let World { mut office, worker, case, desk, unknown, .. } = world();
    office.staff = desk;
    assert!(matches!(office.edit(worker, &[("rt", "1")]), Err(ReplicaError::NotAllowed)));
    assert!(office.edit(case, &[("+readers", &desk.to_string())]).is_err());
    office.staff = unknown;
    assert!(
        office.edit(worker, &[("rt", "1")]).unwrap().is_some(),
        "of whom nothing is known the grant speaks"
    );
}

/// Looks at a device some days from now.
fn look(office: &mut Office, days: i64) -> Result<(), ReplicaError> {
    office.replica.act_as(office.staff, clock::now().plus_ms(days * DAY_MS))
}

fn is_lapsed(office: &Office, id: RecordId) -> bool {
    let shown = office.replica.show(id);
    match shown {
        Ok(_) => false,
        Err(error) => {
            assert_eq!(error.code(), "grant_ended");
            assert!(matches!(error, ReplicaError::Ended(Ended::Lapsed)));
            true
        }
    }
}

#[test]
fn a_lapsed_lease_shows_nothing_until_contact_and_refuses_no_save() {
    let site = Site::start();
    let mut village = site.device("desa", "village_officer", &[VILLAGE]);
    let id = village.create(&[("nama_lengkap", "Uji Siti")]).unwrap();
    village.sync(&site);
    for day in [20, 40, 59] {
        look(&mut village, day).unwrap();
        assert!(!is_lapsed(&village, id));
    }
    look(&mut village, 61).unwrap();
    assert!(is_lapsed(&village, id));
    let list = List { kind: "worker".to_owned(), ..List::default() };
    assert!(village.replica.list(&list).is_err() && village.replica.history(id).is_err());
    assert!(
        village.replica.conflicts(&ConflictList::default()).is_err() && village.replica.offers().is_err()
    );
    assert!(village.edit(id, &[("rt", "3")]).unwrap().is_some());
    let new = village.create(&[("nama_lengkap", "Uji Budi")]).unwrap();
    assert_eq!(village.replica.status(Timestamp(0)).unwrap().waiting, 2);
    assert!(village.findings().is_empty());
    look(&mut village, 1).unwrap();
    assert!(is_lapsed(&village, id), "a clock set back gives nothing back");
    village.sync(&site);
    look(&mut village, 0).unwrap();
    assert!(!is_lapsed(&village, id) && !is_lapsed(&village, new), "contact does");
}

#[test]
fn a_clock_that_jumps_once_takes_no_lease_away() {
    let site = Site::start();
    let mut village = site.device("desa", "village_officer", &[VILLAGE]);
    let id = village.create(&[("nama_lengkap", "Uji Siti")]).unwrap();
    village.sync(&site);
    for day in [0, 9_000, 1, 2, 3] {
        look(&mut village, day).unwrap();
        assert!(!is_lapsed(&village, id), "{day}");
    }
    look(&mut village, 9_000 + GAP_MAX_DAYS + 1).unwrap();
    look(&mut village, 9_000 + 2 * GAP_MAX_DAYS + 2).unwrap();
    assert!(is_lapsed(&village, id), "but the days after it count");
}

#[test]
fn a_device_whose_right_was_taken_shows_nothing_more() {
    for deed in [Deed::Revoke, Deed::End] {
        let site = Site::start();
        let mut village = site.device("desa", "village_officer", &[VILLAGE]);
        let id = village.create(&[("nama_lengkap", "Uji Siti")]).unwrap();
        village.sync(&site);
        site.order(&village, deed);
        assert!(village.try_sync(&site).is_err());
        look(&mut village, 0).unwrap();
        assert!(matches!(village.replica.show(id), Err(ReplicaError::Ended(Ended::Taken))));
        assert!(village.edit(id, &[("rt", "3")]).unwrap().is_some(), "and refuses no save");
    }
}
