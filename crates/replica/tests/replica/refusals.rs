//! Databases that are not opened, each with its own reason, and what is beside them stays whole.

use std::fs;
use std::path::{Path, PathBuf};

use sambung_domain::{Pack, RecordId};
use sambung_replica::{DatabaseKey, Replica, ReplicaError};

use crate::site::{Office, Site};

/// Records, so that the database has pages of every sort.
const RECORDS: usize = 24;

/// A closed database with its last good copy.
struct Closed {
    path: PathBuf,
    copy: PathBuf,
    key: DatabaseKey,
    ids: Vec<RecordId>,
}

fn closed(site: &Site) -> Closed {
    let mut office = site.office("a", &["35.13"]);
    let ids: Vec<RecordId> =
        (0..RECORDS).map(|at| office.create(&[("nama_lengkap", &format!("Contoh {at}"))]).unwrap()).collect();
    let (path, key) = (office.path.clone(), office.key.clone());
    drop(office);
    let copy = path.with_extension("copy");
    fs::copy(&path, &copy).unwrap();
    Closed { path, copy, key, ids }
}

fn open(path: &Path, key: &DatabaseKey) -> Result<Replica, ReplicaError> {
    Replica::open(path, key, Pack::builtin().unwrap(), [1; 16])
}

impl Closed {
    /// The untouched copy opens and holds everything.
    fn copy_is_whole(&self) {
        let office = Office::open(self.copy.clone(), self.key.clone());
        assert_eq!(office.findings(), []);
        for (at, id) in self.ids.iter().enumerate() {
            assert_eq!(office.field(*id, "nama_lengkap"), format!("Contoh {at}"));
        }
    }

    fn damage(&self, at: u64) {
        let mut bytes = fs::read(&self.copy).unwrap();
        let at = usize::try_from(at).unwrap();
        bytes[at] ^= 0x40;
        fs::write(&self.path, bytes).unwrap();
    }
}

#[test]
fn a_wrong_key_a_plain_file_and_a_newer_schema_are_named() {
    let site = Site::start();
    let closed = closed(&site);
    let wrong = open(&closed.path, &DatabaseKey([8; 32].into())).unwrap_err();
    assert!(matches!(wrong, ReplicaError::Locked), "{wrong}");
    let plain = closed.path.with_extension("plain");
    rusqlite::Connection::open(&plain).unwrap().execute_batch("CREATE TABLE record (id)").unwrap();
    let refused = open(&plain, &closed.key).unwrap_err();
    assert!(matches!(refused, ReplicaError::NotEncrypted), "{refused}");
    let office = Office::open(closed.path.clone(), closed.key.clone());
    office.sql("PRAGMA user_version = 99");
    let newer = open(&closed.path, &closed.key).unwrap_err();
    assert!(matches!(newer, ReplicaError::TooNew { found: 99, .. }), "{newer}");
    assert!([wrong, refused, newer].iter().all(|error| error.code() == "configuration"));
    closed.copy_is_whole();
}

#[test]
fn a_file_cut_short_or_gone_is_refused_and_not_made_anew() {
    let site = Site::start();
    let closed = closed(&site);
    let bytes = fs::read(&closed.copy).unwrap();
    for (length, expected) in [
        (bytes.len() / 2 / 4096 * 4096, "storage_damaged"),
        (bytes.len() - 4096, "storage_damaged"),
        (100, "configuration"),
        (0, "storage_damaged"),
    ] {
        fs::write(&closed.path, &bytes[..length]).unwrap();
        let error = open(&closed.path, &closed.key).unwrap_err();
        assert_eq!(error.code(), expected, "{length} bytes: {error}");
        assert_eq!(fs::read(&closed.path).unwrap(), &bytes[..length], "left as it was");
    }
    fs::remove_file(&closed.path).unwrap();
    assert!(matches!(open(&closed.path, &closed.key), Err(ReplicaError::Unopenable)));
    assert!(!closed.path.exists());
    closed.copy_is_whole();
}

/// One byte in every page, one after the other. Whatever page it is: it is either refused when it is opened, or
/// found, or named where it is read; and every record that can still be read has its own values.
#[test]
fn a_flipped_byte_is_noticed_in_every_page() {
    let site = Site::start();
    let closed = closed(&site);
    let pages = fs::metadata(&closed.copy).unwrap().len() / 4096;
    assert!(pages > 20, "{pages}");
    let (mut refused, mut found) = (0, 0);
    for page in 0..pages {
        closed.damage(page * 4096 + 77);
        match open(&closed.path, &closed.key) {
            Err(error) => {
                assert!(matches!(error.code(), "configuration" | "storage_damaged"), "page {page}: {error}");
                refused += 1;
            }
            Ok(replica) => {
                let mut findings = 0;
                let verified = replica.verify(&mut |_| findings += 1);
                assert!(verified.map_or(true, |verified| verified.findings > 0), "page {page}");
                found += 1;
                for (at, id) in closed.ids.iter().enumerate() {
                    match replica.show(*id) {
                        Ok(view) => assert_eq!(view.fields["nama_lengkap"], format!("Contoh {at}")),
                        Err(error) => assert_eq!(error.code(), "storage_damaged", "page {page}: {error}"),
                    }
                }
            }
        }
    }
    assert!(refused >= 1 && found > pages / 2, "{refused} refused, {found} found of {pages}");
    closed.copy_is_whole();
}

/// SQLite takes a damaged frame for the end of its log. What was in the database before, and the frames before
/// it, stay; the replica is whole.
#[test]
fn a_flipped_byte_in_the_write_ahead_log_costs_what_stands_behind_it() {
    let site = Site::start();
    let mut office = site.office("a", &["35.13"]);
    let ids: Vec<RecordId> =
        (0..20).map(|at| office.create(&[("nama_lengkap", &format!("Contoh {at}"))]).unwrap()).collect();
    let (path, wal) = (office.path.clone(), office.path.with_extension("db-wal"));
    let frames = (fs::metadata(&wal).unwrap().len() - 32) / (4096 + 24);
    assert!(frames > 40);
    let image = site.folder().join("image.db");
    fs::copy(&path, &image).unwrap();
    let mut bytes = fs::read(&wal).unwrap();
    bytes[usize::try_from(32 + frames / 2 * (4096 + 24) + 100).unwrap()] ^= 1;
    fs::write(image.with_extension("db-wal"), bytes).unwrap();
    let damaged = Office::open(image, office.key.clone());
    assert_eq!(damaged.findings(), []);
    let there: Vec<bool> = ids.iter().map(|id| damaged.replica.show(*id).is_ok()).collect();
    let kept = there.iter().take_while(|there| **there).count();
    assert!(kept > 0 && kept < ids.len() && there[kept..].iter().all(|there| !there), "{there:?}");
    assert_eq!(ids.iter().filter(|id| office.replica.show(**id).is_ok()).count(), ids.len());
}

#[test]
fn new_work_is_seen_beside_work_that_is_held() {
    let site = Site::start();
    let mut a = site.office("a", &["35.13"]);
    assert!(!a.replica.has_new_work().unwrap());
    let id = a.create(&[("nama_lengkap", "Contoh")]).unwrap();
    assert!(a.replica.has_new_work().unwrap());
    a.sql("UPDATE change SET held = 1000");
    assert!(!a.replica.has_new_work().unwrap());
    a.edit(id, &[("rt", "3")]).unwrap();
    assert!(a.replica.has_new_work().unwrap());
    a.sync(&site);
    assert!(!a.replica.has_new_work().unwrap());
}
