//! Relays and replicas that come back with less than they had.

use std::fs;

use crate::site::Site;

const AREAS: &[&str] = &["35.13"];

#[test]
fn an_empty_relay_with_the_same_identity_is_given_back_what_it_lacks() {
    let mut site = Site::start();
    let mut a = site.office("a", AREAS);
    let id = a.create(&[("nama_lengkap", "Contoh")]).unwrap();
    a.sync(&site);
    assert_eq!(a.waiting(), 0);
    site.replace_relay();
    a.edit(id, &[("dusun", "Krajan")]).unwrap();
    a.sync(&site);
    assert_eq!(a.waiting(), 0);
    let mut b = site.office("b", AREAS);
    b.sync(&site);
    assert_eq!(b.field(id, "dusun"), "Krajan");
    assert_eq!(b.show(id).heads, a.show(id).heads);
}

#[test]
fn a_relay_that_lost_a_whole_shard_is_noticed_without_any_new_work() {
    let mut site = Site::start();
    let mut a = site.office("a", AREAS);
    let id = a.create(&[("nama_lengkap", "Contoh")]).unwrap();
    a.sync(&site);
    site.replace_relay();
    let report = a.sync(&site);
    assert_eq!(report.verdicts["stored"], 1, "{report:?}");
    let mut b = site.office("b", AREAS);
    b.sync(&site);
    assert_eq!(b.show(id).heads, a.show(id).heads);
}

#[test]
fn what_a_lost_relay_had_comes_back_from_another_holder_and_is_not_judged_again() {
    let mut site = Site::start();
    let mut author = site.office("author", AREAS);
    // Of the centre: a relay that has lost an order sends nobody anything before.
    let mut other = site.device("other", "central", &["35"]);
    let id = author.create(&[("nama_lengkap", "Contoh")]).unwrap();
    author.sync(&site);
    author.edit(id, &[("dusun", "Krajan")]).unwrap();
    author.sync(&site);
    other.sync(&site);
    site.end_grant(&author);
    other.sync(&site);
    site.replace_relay();
    // The author never comes again, and what he may today would not let his work in.
    let report = other.sync(&site);
    assert_eq!((report.returned, report.pushed, report.attention), (2, 0, 0), "{report:?}");
    let report = other.sync(&site);
    assert_eq!((report.rounds, report.verified), (1, Some(true)), "{report:?}");
    let mut third = site.office("third", AREAS);
    third.sync(&site);
    assert_eq!(third.show(id).heads, other.show(id).heads);
    assert_eq!(third.field(id, "dusun"), "Krajan");
    assert!(third.findings().is_empty(), "his signature is under it: {:?}", third.findings());
    assert!(other.findings().is_empty(), "{:?}", other.findings());
}

#[test]
fn a_replica_restored_from_an_old_image_gets_its_own_later_work_back() {
    let site = Site::start();
    let mut a = site.office("a", AREAS);
    let id = a.create(&[("nama_lengkap", "Contoh")]).unwrap();
    a.sync(&site);
    let image = a.path.with_extension("image");
    let mut old = a.reopened();
    drop(a);
    fs::copy(&old.path, &image).unwrap();
    let wal = old.path.with_extension("db-wal");
    let wal_image = image.with_extension("image-wal");
    if wal.exists() {
        fs::copy(&wal, &wal_image).unwrap();
    }
    old.edit(id, &[("dusun", "Krajan")]).unwrap();
    old.sync(&site);
    let path = old.path.clone();
    let key = old.key.clone();
    drop(old);
    fs::copy(&image, &path).unwrap();
    drop(fs::remove_file(&wal));
    drop(fs::remove_file(path.with_extension("db-shm")));
    if wal_image.exists() {
        fs::copy(&wal_image, &wal).unwrap();
    }
    let mut restored = crate::site::Office {
        replica: sambung_replica::Replica::open(
            &path,
            &key,
            sambung_domain::Pack::builtin().unwrap(),
            sambung_relay::clock::random().unwrap(),
        )
        .unwrap(),
        staff: sambung_domain::RecordId([0; 16]),
        path,
        key,
    };
    restored.staff = restored.replica.staff().unwrap()[0];
    assert!(restored.show(id).fields.get("dusun").is_none());
    restored.sync(&site);
    assert_eq!(restored.field(id, "dusun"), "Krajan");
}
