//! What leaves every set leaves the replica, byte for byte, and no sooner than its work is safe.

use std::path::Path;

use sambung_domain::RecordId;
use sambung_relay::clock;
use sambung_replica::draft::Draft;
use sambung_replica::search::Search;

use crate::bytes::{contains, marker, pages};
use crate::site::{Office, Site};

fn leaving(office: &Office) -> u64 {
    office.replica.status(clock::now()).unwrap().leaving
}

fn rows(office: &Office, sql: &str) -> i64 {
    office.database().query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Bytes of the files beside a database.
fn beside(path: &Path) -> Vec<Vec<u8>> {
    let folder = path.parent().unwrap();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let files = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    let own = files.filter(|file| file.file_name().unwrap().to_string_lossy().starts_with(&name));
    own.map(|file| std::fs::read(file).unwrap()).collect()
}

/// Size of the log of a database.
fn log_size(path: &Path) -> u64 {
    std::fs::metadata(path.with_extension("db-wal")).map_or(0, |file| file.len())
}

/// Frames that the log may hold after it was emptied: the note that it was.
const FRAMES_AFTER: u64 = 4;
const FRAME: u64 = 4_096 + 24;

fn assert_gone(office: &Office, marker: &str) {
    assert!(!contains(&pages(office), marker), "in a page");
    assert!(log_size(&office.path) <= 32 + FRAMES_AFTER * FRAME, "in the log: {}", log_size(&office.path));
    assert!(beside(&office.path).iter().all(|bytes| !contains(bytes, marker)), "in the open");
}

fn office_and_village() -> (Site, Office, Office) {
    let site = Site::start();
    let office = site.office("kantor", &["35.13", "35.08"]);
    let near = site.office("dekat", &["35.13.02"]);
    (site, office, near)
}

/// A record both know, with the marker in what search looks into, in a list, and in a draft of the second.
fn shared(site: &Site, office: &mut Office, near: &mut Office, marker: &str) -> RecordId {
    let name = format!("Uji {marker}");
    let set = [("nama_lengkap", name.as_str()), ("area", "35.13.02.2004"), ("+nama_panggilan", marker)];
    let id = office.create(&set).unwrap();
    office.sync(site);
    near.sync(site);
    let content = serde_json::json!({ "alamat": marker });
    let serde_json::Value::Object(content) = content else { unreachable!() };
    let draft = Draft { id: RecordId([8; 16]), kind: "worker".to_owned(), record: Some(id), content };
    near.with(|replica, circumstances| replica.keep_draft(&draft, circumstances)).unwrap();
    assert!(contains(&pages(near), marker));
    id
}

fn found(office: &Office, text: &str) -> usize {
    let search = Search { text: text.to_owned(), ..Search::default() };
    office.replica.search(&search, None).unwrap().hits.len()
}

#[test]
fn what_left_every_set_leaves_no_byte() {
    let (site, mut office, mut near) = office_and_village();
    let marker = marker();
    let id = shared(&site, &mut office, &mut near, &marker);
    near.create(&[("nama_lengkap", "Uji Siti Tetangga"), ("area", "35.13.02.2004")]).unwrap();
    near.sync(&site);
    office.edit(id, &[("area", "35.08.01.2001")]).unwrap();
    office.sync(&site);
    near.sync(&site);
    assert_eq!((found(&near, &marker), leaving(&near)), (0, 0));
    assert_gone(&near, &marker);
    assert!(near.codes().is_empty(), "{:?}", near.findings());
    assert!(contains(&pages(&office), &marker), "the control");
    assert_eq!(rows(&near, "SELECT count(*) FROM record"), 1);
}

#[test]
fn own_work_keeps_a_record_until_another_device_holds_it() {
    let (site, mut office, mut near) = office_and_village();
    let marker = marker();
    let id = shared(&site, &mut office, &mut near, &marker);
    near.edit(id, &[("alamat", &format!("Jl. {marker}"))]).unwrap();
    near.sync(&site);
    office.sync(&site);
    office.edit(id, &[("area", "35.08.01.2001")]).unwrap();
    office.sync(&site);
    near.sync(&site);
    assert_eq!((leaving(&near), found(&near, &marker)), (1, 0), "hidden at once");
    assert!(contains(&pages(&near), &marker), "and kept: the office has not shown yet that it has it");
    let matters = near.replica.matters(9).unwrap().matters;
    assert_eq!((matters.len(), matters[0].code.as_str(), matters[0].record), (1, "leaving", id));
    office.sync(&site);
    assert_eq!(office.field(id, "alamat"), format!("Jl. {marker}"));
    near.sync(&site);
    assert_eq!(leaving(&near), 0);
    assert_gone(&near, &marker);
}

#[test]
fn what_the_relay_does_not_have_is_never_removed() {
    let (site, mut office, mut near) = office_and_village();
    let marker = marker();
    let id = shared(&site, &mut office, &mut near, &marker);
    office.edit(id, &[("area", "35.08.01.2001")]).unwrap();
    // Deciding where a record belongs is no late work: the relay puts this apart.
    near.edit(id, &[("alamat", &marker), ("+readers", &near.staff.to_string())]).unwrap();
    for _ in 0..3 {
        office.sync(&site);
        near.sync(&site);
    }
    assert_eq!((leaving(&near), near.waiting()), (1, 0));
    assert_eq!(near.replica.matters(9).unwrap().matters[0].code, "quarantine_routing");
    assert!(contains(&pages(&near), &marker));
}

#[test]
fn a_purged_record_that_comes_back_is_complete() {
    let (site, mut office, mut near) = office_and_village();
    let marker = marker();
    let id = shared(&site, &mut office, &mut near, &marker);
    near.edit(id, &[("rt", "1")]).unwrap();
    near.sync(&site);
    office.sync(&site);
    office.edit(id, &[("area", "35.08.01.2001")]).unwrap();
    for _ in 0..2 {
        office.sync(&site);
    }
    near.sync(&site);
    near.sync(&site);
    assert_eq!(rows(&near, "SELECT count(*) FROM record"), 0);
    office.edit(id, &[("dusun", "Timur")]).unwrap();
    office.edit(id, &[("area", "35.13.02.2005")]).unwrap();
    office.sync(&site);
    near.sync(&site);
    assert_eq!(near.show(id).heads, office.show(id).heads);
    assert_eq!((near.show(id).changes, near.field(id, "rt")), (5, "1".into()));
    assert_eq!(found(&near, &marker), 1);
    assert!(near.codes().is_empty(), "{:?}", near.findings());
    assert_eq!((leaving(&near), near.sync(&site).rounds), (0, 1));
}

#[test]
fn a_record_in_two_sets_stays_until_it_has_left_both() {
    let site = Site::start();
    let mut office = site.office("kantor", &["35.13", "35.08"]);
    let mut desk = site.seated("loket", ("front_office", &["35.13.02"]), "BLK-3513", &[]);
    let set = [("nama_lengkap", "Uji Siti"), ("area", "35.13.02.2004"), ("+partners", "BLK-3513")];
    let id = office.create(&set).unwrap();
    office.sync(&site);
    desk.sync(&site);
    assert_eq!(rows(&desk, "SELECT count(*) FROM member"), 2);
    office.edit(id, &[("area", "35.08.01.2001")]).unwrap();
    office.sync(&site);
    desk.sync(&site);
    assert_eq!(rows(&desk, "SELECT count(*) FROM member"), 1);
    office.edit(id, &[("rt", "6")]).unwrap();
    office.sync(&site);
    desk.sync(&site);
    assert_eq!(desk.field(id, "rt"), "6");
    let remove = |replica: &mut sambung_replica::Replica, with: &mut sambung_replica::Circumstances<'_>| {
        let mut fields = sambung_replica::command::Fields::default();
        fields.remove.push(("partners".to_owned(), "BLK-3513".into()));
        replica.edit(&sambung_replica::command::EditRecord { id, fields, reason: None }, with)
    };
    office.with(remove).unwrap();
    office.sync(&site);
    desk.sync(&site);
    assert_eq!(rows(&desk, "SELECT count(*) FROM record"), 0);
}

#[test]
fn more_records_than_a_request_may_name_leave_in_turn() {
    let (site, mut office, mut near) = office_and_village();
    let many = sambung_sync::limits::LEAVING_MAX + 6;
    for at in 0..many {
        near.create(&[("nama_lengkap", &format!("Uji {at}")), ("area", "35.13.02.2004")]).unwrap();
    }
    near.sync(&site);
    office.sync(&site);
    let ids: Vec<RecordId> = {
        let database = office.database();
        let mut statement = database.prepare("SELECT id FROM record").unwrap();
        statement.query_map([], |row| Ok(RecordId(row.get(0)?))).unwrap().map(Result::unwrap).collect()
    };
    for id in ids {
        office.edit(id, &[("area", "35.08.01.2001")]).unwrap();
    }
    for _ in 0..2 {
        office.sync(&site);
    }
    near.sync(&site);
    assert_eq!(leaving(&near), u64::try_from(many).unwrap());
    near.sync(&site);
    assert_eq!(leaving(&near), 6);
    near.sync(&site);
    assert_eq!((leaving(&near), rows(&near, "SELECT count(*) FROM record")), (0, 0));
}

#[test]
fn a_village_officer_keeps_nothing_of_what_he_protected() {
    let site = Site::start();
    let mut office = site.office("kantor", &["35.13"]);
    let mut village = site.device("desa", "village_officer", &["35.13.02.2004"]);
    let marker = marker();
    let name = format!("Uji {marker}");
    let set = [("nama_lengkap", name.as_str()), ("area", "35.13.02.2004"), ("access", "restricted")];
    let id = village.create(&set).unwrap();
    village.sync(&site);
    for _ in 0..2 {
        office.sync(&site);
    }
    village.sync(&site);
    assert_eq!((leaving(&village), village.waiting()), (0, 0));
    assert_gone(&village, &marker);
    assert_eq!(office.field(id, "nama_lengkap"), name);
}
