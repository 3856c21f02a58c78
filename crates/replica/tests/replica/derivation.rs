//! A record that cannot be derived costs that record, and nothing else.

use sambung_replica::Replica;
use sambung_replica::search::Search;

use crate::site::{Office, Site};

/// Two offices; what the first wrote last has come to the second and is not derived there yet.
fn behind() -> (Site, Office, [sambung_domain::RecordId; 3]) {
    let site = Site::start();
    let mut a = site.office("a", &["35.13"]);
    let mut b = site.office("b", &["35.13"]);
    let ids = ["Satu", "Dua", "Tiga"].map(|name| a.create(&[("nama_lengkap", name)]).unwrap());
    a.sync(&site);
    b.sync(&site);
    for id in ids {
        a.edit(id, &[("dusun", "Krajan")]).unwrap();
    }
    a.sync(&site);
    let hex = sambung_domain::hex::hex(&ids[1].0);
    b.sql(&format!("UPDATE record SET document = x'00010203' WHERE id = x'{hex}'"));
    b.sync(&site);
    (site, b, ids)
}

#[test]
fn a_record_that_breaks_costs_only_itself_and_a_repair_heals_it() {
    let (site, mut b, ids) = behind();
    assert_eq!(b.field(ids[0], "dusun"), "Krajan");
    assert_eq!(b.field(ids[2], "dusun"), "Krajan");
    let status = b.replica.status(sambung_domain::Timestamp(0)).unwrap();
    assert_eq!((status.underived, status.records), (1, 3));
    let last_good: String = b
        .database()
        .query_row("SELECT content FROM projection WHERE id = ?1", [ids[1].0], |row| row.get(0))
        .unwrap();
    assert!(last_good.contains("Dua") && !last_good.contains("Krajan"));
    assert!(b.edit(ids[1], &[("rt", "1")]).is_err());
    assert!(b.edit(ids[0], &[("rt", "1")]).is_ok());
    let derived = b.replica.derive().unwrap();
    assert_eq!((derived.records, derived.failed), (0, 1));

    let repaired = b.repair();
    assert!(repaired.before.findings >= 2, "{repaired:?}");
    assert_eq!((repaired.rebuilt, repaired.after.findings), (1, 0));
    assert_eq!(b.field(ids[1], "dusun"), "Krajan");
    assert!(b.edit(ids[1], &[("rt", "1")]).is_ok());
    b.sync(&site);
    assert_eq!(b.replica.status(sambung_domain::Timestamp(0)).unwrap().underived, 0);
}

/// What an attempt that took the process down leaves behind is a counted attempt: after three of them the record
/// is left alone, and everything else goes on.
#[test]
fn attempts_are_counted_before_they_are_made() {
    let (_site, mut b, ids) = behind();
    let attempts = |b: &Office| -> i64 {
        let sql = "SELECT attempts FROM record WHERE id = ?1";
        b.database().query_row(sql, [ids[1].0], |row| row.get(0)).unwrap()
    };
    assert_eq!(attempts(&b), 2, "one with the others, one alone");
    b.replica.derive().unwrap();
    assert_eq!(attempts(&b), 3);
    b.replica.derive().unwrap();
    assert_eq!(attempts(&b), 3, "left to a repair");
    b.repair();
    assert_eq!(attempts(&b), 0);
}

#[test]
fn damaged_changes_are_not_built_from_and_their_last_good_document_stays() {
    let (_site, mut b, ids) = behind();
    b.sql("UPDATE change SET chunk = zeroblob(40) WHERE record = 1 AND position = 2");
    let repaired = b.repair();
    assert!(repaired.after.findings > 0);
    assert_eq!(repaired.rebuilt, 1);
    let kept: bool = b
        .database()
        .query_row("SELECT document IS NOT NULL FROM record WHERE number = 1", [], |row| row.get(0))
        .unwrap();
    assert!(kept);
    assert_eq!(b.field(ids[1], "dusun"), "Krajan");
}

/// An update whose pack looks into another field: opening takes no time for it, and nothing is lost on the way.
#[test]
fn what_an_update_derives_otherwise_is_made_in_turns_after_opening() {
    let site = Site::start();
    let mut office = site.office("a", &["35.13"]);
    for at in 0..3 {
        office.create(&[("nama_lengkap", "Uji Siti"), ("rt", &format!("7{at}"))]).unwrap();
    }
    let mut pack = sambung_domain::Pack::builtin().unwrap();
    let fields = &mut pack.kinds.get_mut("worker").unwrap().fields;
    fields.iter_mut().find(|field| field.key == "rt").unwrap().searchable = true;
    let mut updated = Replica::open(&office.path, &office.key, pack, [9; 16]).unwrap();

    let status = updated.status(sambung_domain::Timestamp(0)).unwrap();
    assert_eq!((status.behind, status.underived, status.records), (3, 0, 3));
    assert_eq!((hits(&updated, "siti"), hits(&updated, "71")), (3, 0), "as before until their turn");
    let derived = updated.derive().unwrap();
    assert_eq!((derived.records, derived.failed, updated.behind().unwrap()), (3, 0, 0));
    assert_eq!((hits(&updated, "siti"), hits(&updated, "71")), (3, 1));
}

fn hits(replica: &Replica, text: &str) -> usize {
    let search = Search { text: text.to_owned(), ..Search::default() };
    replica.search(&search, None).unwrap().hits.len()
}
