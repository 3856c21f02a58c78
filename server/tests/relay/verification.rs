//! The check of the whole database notices what it must, and the copy is as good as the original.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use sambung_relay::store::{Authorities, Report, copy, verify};

use crate::device::Device;
use crate::record::Worker;
use crate::site::Site;

/// A database with two records of one device in two shards, five changes in all.
fn filled(site: &Site) -> PathBuf {
    let mut office = Device::enrol(site, "front_office", &["35"]);
    for (area, edits) in [("35.13.02.2004", 2), ("35.08.01.2001", 1)] {
        let mut worker = Worker::born(&office, area);
        for number in 0..edits {
            worker.edit(&office, &[("rt", &number.to_string())]);
        }
        let item = worker.item(&office);
        let push = office.sign(vec![item]);
        office.push(&push).unwrap();
    }
    site.data().database()
}

fn check(site: &Site, database: &Path) -> Report {
    let (relay, _) = site.data().open().unwrap();
    let authorities = Authorities { pack: &relay.pack, deployment: &relay.keys.deployment, log: &relay.log };
    verify(database, &authorities).unwrap()
}

fn copied(site: &Site, database: &Path, name: &str) -> PathBuf {
    let to = site.data().database().with_file_name(name);
    sambung_relay::file::reserve(&to).unwrap();
    copy(database, &to).unwrap();
    to
}

#[test]
fn a_sound_database_and_its_copy_have_no_findings() {
    let site = Site::start();
    let database = filled(&site);
    let report = check(&site, &database);
    assert_eq!(
        report,
        Report { shards: 2, entries: 5, records: 2, changes: 5, batches: 2, findings: vec![] }
    );
    assert_eq!(check(&site, &copied(&site, &database, "copy.sqlite")), report);
}

#[test]
fn every_kind_of_damage_is_found() {
    let site = Site::start();
    let database = filled(&site);
    let cases = [
        ("UPDATE log SET salt = zeroblob(16) WHERE shard = '35.13' AND sequence = 2", "chain does not hold"),
        ("UPDATE log SET chain = zeroblob(32) WHERE shard = '35.13' AND sequence = 3", "chain does not hold"),
        ("DELETE FROM log WHERE shard = '35.13' AND sequence = 2", "the next sequence is 3"),
        ("UPDATE record SET item = zeroblob(16)", "not counted with the heads"),
        ("UPDATE collection SET total = zeroblob(16) WHERE set_name = 'a:35.13'", "sum of a:35.13 is not"),
        ("DELETE FROM collection WHERE set_name = 'a:35'", "there is no sum of a:35"),
        ("DELETE FROM log WHERE shard = '35.13' AND sequence = 3", "no log names it"),
        ("UPDATE change SET chunk = zeroblob(90) WHERE admission = 3", "not what its name says"),
        ("DELETE FROM change WHERE admission = 3", "is missing"),
        ("UPDATE batch SET signature = zeroblob(64) WHERE number = 1", "missing or does not match"),
        ("UPDATE leaf SET nonce = zeroblob(16) WHERE batch = 1", "not under its author's signature"),
        ("UPDATE batch SET leaves = x'00' WHERE number = 2", "missing or does not match"),
        (
            "UPDATE record SET routing = (SELECT max(routing) FROM record)",
            "routing is not what its changes say",
        ),
        ("DELETE FROM record", "refers to nothing"),
        ("DELETE FROM grant", "refers to nothing"),
    ];
    for (number, (damage, finding)) in cases.into_iter().enumerate() {
        let copy = copied(&site, &database, &format!("damaged-{number}.sqlite"));
        let connection = Connection::open(&copy).unwrap();
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        assert!(connection.execute(damage, []).unwrap() > 0, "{damage}");
        drop(connection);
        let findings = check(&site, &copy).findings;
        assert!(findings.iter().any(|line| line.contains(finding)), "{damage}: {findings:?}");
    }
}
