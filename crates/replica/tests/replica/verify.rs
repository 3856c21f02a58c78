//! Verification finds what was done to a database behind its back, and names it.

use crate::site::{Office, Site};

/// Two offices that have exchanged: own changes with receipts, and others' with proofs.
fn exchanged() -> (Site, Office, Office) {
    let site = Site::start();
    let mut a = site.office("a", &["35.13"]);
    let mut b = site.office("b", &["35.13"]);
    let id = a.create(&[("nama_lengkap", "Contoh Satu")]).unwrap();
    a.create(&[("nama_lengkap", "Contoh Dua"), ("+telepon", "080000001")]).unwrap();
    a.sync(&site);
    b.sync(&site);
    b.edit(id, &[("dusun", "Krajan")]).unwrap();
    a.edit(id, &[("dusun", "Tengah")]).unwrap();
    b.sync(&site);
    a.sync(&site);
    b.sync(&site);
    (site, a, b)
}

#[test]
fn a_sound_replica_has_nothing_to_find() {
    let (_site, a, b) = exchanged();
    for office in [&a, &b] {
        assert_eq!(office.findings(), []);
        let verified = office.replica.verify(&mut |_| {}).unwrap();
        assert_eq!((verified.records, verified.changes, verified.findings), (2, 4, 0));
        assert!(verified.batches >= 2 && verified.receipts >= 1);
    }
}

#[test]
fn every_kind_of_tampering_is_found_under_its_own_code() {
    let (site, a, _) = exchanged();
    let (image, key) = (a.path.clone(), a.key.clone());
    drop(a);
    for (sql, code) in [
        ("UPDATE change SET hash = zeroblob(32) WHERE record = 1 AND position = 3", "change_hash"),
        ("UPDATE change SET chunk = substr(chunk, 1, length(chunk) - 1) WHERE record = 2", "change_form"),
        ("DELETE FROM change WHERE record = 1 AND position = 1", "change_position"),
        ("UPDATE change SET nonce = zeroblob(16) WHERE record = 2", "change_author"),
        ("UPDATE leaf SET hashes = zeroblob(32) WHERE record = (SELECT id FROM record WHERE number = 2)", "change_leaf"),
        ("UPDATE record SET document = x'00' WHERE number = 2", "document"),
        ("UPDATE record SET document = (SELECT document FROM record WHERE number = 1) WHERE number = 2", "document"),
        ("UPDATE record SET position = 0 WHERE number = 1", "document"),
        ("UPDATE projection SET content = '{}' WHERE record = 2", "projection"),
        ("UPDATE projection SET heads = x'' WHERE record = 2", "projection"),
        ("DELETE FROM projection WHERE record = 2", "projection"),
        ("UPDATE projection SET listed = '{\"status\":1}' WHERE record = 2", "projection"),
        ("DELETE FROM search_word WHERE rowid = 2", "search"),
        ("DELETE FROM search_part WHERE rowid = 2", "search"),
        ("UPDATE search_word SET title = 'lain' WHERE rowid = 2", "search"),
        ("DELETE FROM sibling WHERE record = 2", "search"),
        ("INSERT INTO reference VALUES (zeroblob(16), 'worker', '', 2)", "search"),
        ("DELETE FROM search_word_data WHERE id > 10", "index"),
        ("UPDATE search_part_content SET c1 = 'lain'", "index"),
        ("INSERT INTO underived VALUES (1)", "underived"),
        ("UPDATE batch SET signed = (SELECT signed FROM batch ORDER BY number DESC LIMIT 1)", "batch_signature"),
        ("UPDATE receipt SET signed = x'80'", "receipt_signature"),
        ("UPDATE change SET receipt = (SELECT max(number) FROM receipt) WHERE record = 2", "receipt_changes"),
        ("UPDATE receipt SET leaves = zeroblob(32) WHERE leaves IS NOT NULL", "receipt_signature"),
        ("UPDATE change SET admitted = admitted + 1", "receipt_changes"),
        (
            "UPDATE change SET receipt = (SELECT max(number) FROM receipt WHERE leaves IS NULL) WHERE record = 2",
            "receipt_changes",
        ),
        ("UPDATE receipt_range SET last = last + 1", "receipt_range"),
        ("UPDATE receipt_range SET chain = zeroblob(32)", "receipt_range"),
        ("UPDATE set_sum SET count = count + 1", "digest"),
        ("DELETE FROM settled", "digest"),
        ("UPDATE scope SET sequence = 1", "cursor"),
        ("DELETE FROM scope", "cursor"),
        ("UPDATE named SET value = (SELECT value FROM named WHERE name = 'grant') || x'00' WHERE name = 'nothing';
          PRAGMA foreign_keys = OFF; INSERT INTO member VALUES (99, 'a:35')", "reference"),
    ] {
        let tampered = site.folder().join("tampered.db");
        std::fs::copy(&image, &tampered).unwrap();
        let tampered = Office::open(tampered, key.clone());
        tampered.sql(sql);
        let codes = tampered.codes();
        assert!(codes.contains(&code), "{sql}: {codes:?}");
    }
}

#[test]
fn a_repair_heals_what_search_and_person_pages_see() {
    let (site, a, _) = exchanged();
    let (image, key) = (a.path.clone(), a.key.clone());
    drop(a);
    for sql in [
        "DELETE FROM search_word WHERE rowid = 2",
        "DELETE FROM search_part WHERE rowid = 2",
        "UPDATE search_word SET title = 'lain'",
        "DELETE FROM sibling",
        "DELETE FROM projection",
        "DELETE FROM search_word_data WHERE id > 10",
        "UPDATE search_part_content SET c1 = 'lain'",
        "INSERT INTO reference VALUES (zeroblob(16), 'worker', '', 2)",
    ] {
        let damaged = site.folder().join("damaged.db");
        std::fs::copy(&image, &damaged).unwrap();
        let mut damaged = Office::open(damaged, key.clone());
        damaged.sql(sql);
        let repaired = damaged.repair();
        assert!(repaired.before.findings > 0, "{sql}");
        assert_eq!(repaired.after.findings, 0, "{sql}: {:?}", damaged.findings());
    }
}
