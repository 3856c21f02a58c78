//! Backups while others save, and the way back.

use std::fs;
use std::path::PathBuf;

use sambung_domain::RecordId;
use sambung_relay::clock;
use sambung_replica::DatabaseKey;
use sambung_replica::backup::{BackupError, restore};

use crate::site::{Office, Site};

const AREAS: &[&str] = &["35.13"];

fn backup(office: &Office, site: &Site, name: &str) -> PathBuf {
    let file = site.folder().join(name);
    office.replica.backup(&file, &office.key, clock::now()).unwrap();
    file
}

/// Puts a backup in place of an office's database, which is kept under another name.
fn restored(office: Office, file: &std::path::Path, aside: &str) -> Office {
    let (path, key) = (office.path.clone(), office.key.clone());
    drop(office);
    restore(file, &path, &key, Some(aside), clock::now()).unwrap();
    Office::open(path, key)
}

#[test]
fn a_backup_is_whole_encrypted_and_never_overwrites() {
    let site = Site::start();
    let mut a = site.office("a", AREAS);
    let id = a.create(&[("nama_lengkap", "Contoh Tercadang")]).unwrap();
    a.sync(&site);
    a.edit(id, &[("dusun", "Krajan")]).unwrap();
    let file = site.folder().join("cadangan");
    let manifest = a.replica.backup(&file, &a.key, clock::now()).unwrap();
    assert_eq!((manifest.records, manifest.changes, manifest.receipts), (1, 2, 1));
    let again = a.replica.backup(&file, &a.key, clock::now());
    assert!(matches!(again, Err(BackupError::Exists(_))));
    let bytes = fs::read(&file).unwrap();
    assert!(!bytes.starts_with(b"SQLite") && !bytes.windows(9).any(|part| part == b"Tercadang"));
    let beside: Vec<_> = site.folder().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(beside.iter().all(|name| !name.to_string_lossy().starts_with("cadangan.")), "{beside:?}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let new = site.folder().join("pulih.db");
    assert_eq!(restore(&file, &new, &a.key, None, clock::now()).unwrap(), manifest);
    let b = Office::open(new, a.key.clone());
    assert_eq!(b.findings(), []);
    assert_eq!(b.show(id), a.show(id));
}

#[test]
fn a_backup_is_one_moment_while_others_save() {
    let site = Site::start();
    let mut a = site.office("a", AREAS);
    for at in 0..50 {
        a.create(&[("nama_lengkap", &format!("Contoh {at}"))]).unwrap();
    }
    let mut writer = a.reopened();
    let saving = std::thread::spawn(move || {
        for at in 0..100 {
            writer.create(&[("nama_lengkap", &format!("Lagi {at}"))]).unwrap();
        }
    });
    for round in 0..5 {
        let file = backup(&a, &site, &format!("cadangan-{round}"));
        let new = site.folder().join(format!("pulih-{round}.db"));
        let manifest = restore(&file, &new, &a.key, None, clock::now()).unwrap();
        assert!(manifest.records >= 50);
        assert_eq!(Office::open(new, a.key.clone()).findings(), []);
    }
    saving.join().unwrap();
    assert_eq!(a.replica.status(clock::now()).unwrap().records, 150);
}

#[test]
fn what_is_no_sound_backup_is_not_restored() {
    let site = Site::start();
    let mut a = site.office("a", AREAS);
    for at in 0..20 {
        a.create(&[("nama_lengkap", &format!("Contoh {at}"))]).unwrap();
    }
    let file = backup(&a, &site, "cadangan");
    let (new, bytes) = (site.folder().join("pulih.db"), fs::read(&file).unwrap());
    let try_with = |bytes: &[u8], key: &DatabaseKey| {
        let bad = site.folder().join("rusak");
        fs::write(&bad, bytes).unwrap();
        let error = restore(&bad, &new, key, None, clock::now()).unwrap_err();
        assert!(!new.exists() && !new.with_extension("db.partial").exists(), "{error}");
        error
    };
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 1;
    assert_eq!(try_with(&flipped, &a.key).code(), "storage_damaged");
    assert_eq!(try_with(&bytes[..bytes.len() - 4096], &a.key).code(), "storage_damaged");
    assert_eq!(try_with(&bytes, &DatabaseKey([9; 32].into())).code(), "configuration");
    assert_eq!(try_with(b"bukan cadangan", &a.key).code(), "configuration");
    let live = site.folder().join("hidup");
    drop(a.database().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)"));
    fs::copy(&a.path, &live).unwrap();
    let error = try_with(&fs::read(&live).unwrap(), &a.key);
    assert!(matches!(error, BackupError::NoManifest), "{error}");
    // A manifest that says something else.
    let path = site.folder().join("lain");
    fs::write(&path, &bytes).unwrap();
    let other = crate::site::database(&path, &a.key);
    other.execute_batch("PRAGMA foreign_keys = OFF; DELETE FROM change WHERE record = 7").unwrap();
    drop(other);
    let error = try_with(&fs::read(path).unwrap(), &a.key);
    assert!(matches!(error, BackupError::Unsound(_)), "{error}");
    let held = restore(&file, &a.path, &a.key, None, clock::now());
    assert!(matches!(held, Err(BackupError::InUse(_))));
    assert_eq!(a.findings(), []);
}

/// Work before the backup, sent and unsent; work after it, sent and lost with the disk; work after the restore.
/// Nothing that the relay or the backup has is lost, and the replica is no clone.
#[test]
fn a_restored_replica_goes_on_without_being_taken_for_a_clone() {
    let site = Site::start();
    let mut a = site.office("a", AREAS);
    let sent = a.create(&[("nama_lengkap", "Terkirim")]).unwrap();
    a.sync(&site);
    let unsent = a.create(&[("nama_lengkap", "Belum Terkirim")]).unwrap();
    let file = backup(&a, &site, "cadangan");
    let later: Vec<RecordId> = (0..3)
        .map(|at| {
            let id = a.create(&[("nama_lengkap", &format!("Sesudah {at}"))]).unwrap();
            a.edit(sent, &[("rt", &format!("{at}"))]).unwrap();
            a.sync(&site);
            id
        })
        .collect();
    for round in 0..3 {
        a = restored(a, &file, &format!(".lama-{round}"));
        let fresh = a.create(&[("nama_lengkap", &format!("Setelah pulih {round}"))]).unwrap();
        a.edit(unsent, &[("dusun", &format!("Dusun {round}"))]).unwrap();
        a.sync(&site);
        assert_eq!(a.waiting(), 0);
        assert_eq!(a.field(sent, "rt"), "2");
        assert_eq!(a.field(fresh, "nama_lengkap"), format!("Setelah pulih {round}"));
        assert!(later.iter().all(|id| a.replica.show(*id).is_ok()));
        assert_eq!(a.findings(), []);
        // The next restore comes in another second.
        std::thread::sleep(std::time::Duration::from_millis(1_050));
    }
    let mut b = site.office("b", AREAS);
    b.sync(&site);
    assert_eq!(b.replica.status(clock::now()).unwrap().records, 2 + 3 + 3);
    assert_eq!(b.show(unsent).heads, a.show(unsent).heads);
    let kept = Office::open(
        {
            let mut name = a.path.clone().into_os_string();
            name.push(".lama-0");
            name.into()
        },
        a.key.clone(),
    );
    assert_eq!(kept.findings(), []);
}

/// A batch signed and never answered lies in the backup; meanwhile its number went on.
#[test]
fn a_batch_that_was_open_at_the_backup_is_signed_anew() {
    let site = Site::start();
    let mut a = site.office("a", AREAS);
    a.create(&[("nama_lengkap", "Satu")]).unwrap();
    a.sync(&site);
    let open = a.create(&[("nama_lengkap", "Dua")]).unwrap();
    let mut session = a.session();
    drop(session.request(&mut a.replica, clock::now()).unwrap());
    let file = backup(&a, &site, "cadangan");
    a.sync(&site);
    a.create(&[("nama_lengkap", "Tiga")]).unwrap();
    a.sync(&site);
    let mut a = restored(a, &file, ".lama");
    assert_eq!(a.waiting(), 1);
    a.edit(open, &[("rt", "7")]).unwrap();
    a.sync(&site);
    assert_eq!((a.waiting(), a.replica.status(clock::now()).unwrap().records), (0, 3));
    assert_eq!(a.findings(), []);
}

/// The copy of an image, without a restore, is still noticed; its work is kept, and a backup of it, restored, goes
/// on.
#[test]
fn an_image_put_back_silently_is_noticed_and_a_restore_mends_it() {
    let site = Site::start();
    let mut a = site.office("a", AREAS);
    a.create(&[("nama_lengkap", "Satu")]).unwrap();
    a.sync(&site);
    drop(a.database().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)"));
    let image = fs::read(&a.path).unwrap();
    a.create(&[("nama_lengkap", "Dua")]).unwrap();
    a.sync(&site);
    let (path, key) = (a.path.clone(), a.key.clone());
    drop(a);
    fs::write(&path, image).unwrap();
    let mut clone = Office::open(path, key);
    let mine = clone.create(&[("nama_lengkap", "Tiga")]).unwrap();
    let refused = clone.try_sync(&site).unwrap_err().to_string();
    assert!(refused.contains("relay refused"), "{refused}");
    assert_eq!(clone.waiting(), 1);
    let file = backup(&clone, &site, "cadangan");
    let mut mended = restored(clone, &file, ".lama");
    mended.sync(&site);
    assert_eq!((mended.waiting(), mended.replica.status(clock::now()).unwrap().records), (0, 3));
    assert_eq!(mended.field(mine, "nama_lengkap"), "Tiga");
}
