//! Sides that do not hold the same find what differs, and only that travels.

use sambung_domain::RecordId;
use sambung_replica::exchange::SyncReport;
use sambung_testkit::Seed;

use crate::site::{Office, Site};

const AREAS: &[&str] = &["35.13"];

/// Workers of one office at the relay, and another office that has them all.
fn exchanged(count: usize) -> (Site, Office, Office, Vec<RecordId>) {
    let site = Site::start();
    let (mut a, mut b) = (site.office("a", AREAS), site.office("b", AREAS));
    let ids: Vec<RecordId> = (0..count).map(|_| a.create(&[("nama_lengkap", "Uji Siti")]).unwrap()).collect();
    assert_all_quiet(&site, &mut [&mut a, &mut b]);
    (site, a, b, ids)
}

/// Everybody hears how far the others have come; then there is nothing to say.
fn assert_all_quiet(site: &Site, offices: &mut [&mut Office]) {
    for _ in 0..3 {
        offices.iter_mut().for_each(|office| drop(office.sync(site)));
    }
    offices.iter_mut().for_each(|office| assert_quiet(&office.sync(site)));
}

/// One round trip in which both sides showed that they hold the same.
fn assert_quiet(report: &SyncReport) {
    let SyncReport { rounds, reconciled, verified, .. } = report;
    assert_eq!((*rounds, *reconciled, *verified), (1, 0, Some(true)), "{report:?}");
}

/// Both sides hold the same again, after one look at the buckets, one at the records, and one exchange. Before those
/// lie at most a fresh nonce, the list of scopes, and the answer that shows that something is wrong.
fn assert_mended(report: &SyncReport) {
    assert_eq!(report.verified, Some(true), "{report:?}");
    assert!((1..=2).contains(&report.reconciled) && report.rounds <= 6, "{report:?}");
}

/// Everything that two offices show of some records.
fn assert_same(a: &Office, b: &Office, ids: &[RecordId]) {
    for id in ids {
        assert_eq!((a.show(*id).heads, a.show(*id).fields), (b.show(*id).heads, b.show(*id).fields));
    }
}

#[test]
fn a_record_that_a_replica_lost_is_noticed_and_comes_back() {
    let (site, a, mut b, ids) = exchanged(30);
    b.sql(
        "PRAGMA foreign_keys = OFF;
         DELETE FROM change WHERE record = 7; DELETE FROM member WHERE record = 7;
         DELETE FROM settled WHERE record = 7; DELETE FROM projection WHERE record = 7;
         DELETE FROM record WHERE number = 7; DELETE FROM named WHERE name = 'counted';",
    );
    let report = b.sync(&site);
    assert_mended(&report);
    let set = report.sets.iter().find(|set| set.set == "a:35.13").unwrap();
    assert_eq!((report.pulled, set.equal), (1, false));
    assert_same(&a, &b, &ids);
    assert_all_quiet(&site, &mut [&mut b]);
}

#[test]
fn a_change_that_a_relay_lost_is_noticed_and_given_back_by_its_author() {
    let (mut site, mut a, mut b, ids) = exchanged(30);
    let image = site.image("before");
    a.edit(ids[3], &[("dusun", "Krajan")]).unwrap();
    b.edit(ids[4], &[("dusun", "Timur")]).unwrap();
    a.sync(&site);
    b.sync(&site);
    a.sync(&site);
    site.restore_relay(&image);
    let report = a.sync(&site);
    assert_mended(&report);
    assert_eq!((report.pushed, report.returned, report.pulled), (1, 2, 0), "{report:?}");
    let report = b.sync(&site);
    assert_eq!((report.pushed, report.returned, report.pulled), (0, 0, 0), "{report:?}");
    assert!(report.sets.iter().all(|set| set.equal), "what b wrote was given back by a: {report:?}");
    a.sync(&site);
    assert_same(&a, &b, &ids);
    let mut fresh = site.office("c", AREAS);
    assert_eq!(fresh.sync(&site).verified, Some(true));
    assert_same(&a, &fresh, &ids);
    assert_all_quiet(&site, &mut [&mut a, &mut b]);
}

#[test]
fn a_relay_rolled_back_and_written_to_takes_and_gives_only_what_differs() {
    let (mut site, mut a, mut b, mut ids) = exchanged(80);
    let image = site.image("before");
    a.edit(ids[3], &[("dusun", "Krajan")]).unwrap();
    ids.push(a.create(&[("nama_lengkap", "Uji Siti Hilang")]).unwrap());
    a.sync(&site);
    b.sync(&site);
    site.restore_relay(&image);
    // Somebody who was behind writes first: the log goes on otherwise than it did.
    let mut late = site.office("c", AREAS);
    late.sync(&site);
    late.edit(ids[3], &[("rt", "7")]).unwrap();
    late.edit(ids[9], &[("rt", "8")]).unwrap();
    ids.push(late.create(&[("nama_lengkap", "Uji Siti Baru")]).unwrap());
    late.sync(&site);
    let report = a.sync(&site);
    assert_mended(&report);
    assert_eq!((report.pushed, report.pulled), (2, 3), "{report:?}");
    for office in [&mut b, &mut late, &mut a] {
        assert_eq!(office.sync(&site).verified, Some(true));
    }
    assert_same(&a, &b, &ids);
    assert_same(&a, &late, &ids);
    assert_eq!((a.field(ids[3], "rt"), a.field(ids[3], "dusun")), ("7".into(), "Krajan".into()));
    assert_all_quiet(&site, &mut [&mut a, &mut b, &mut late]);
    for office in [&a, &b, &late] {
        assert!(office.codes().is_empty(), "{:?}", office.findings());
    }
}

#[test]
fn a_receipt_above_the_cursor_that_a_relay_lost_is_void() {
    let (mut site, mut a, _b, ids) = exchanged(3);
    let image = site.image("before");
    a.edit(ids[0], &[("dusun", "Krajan")]).unwrap();
    // The answer is cut after the verdicts: a receipt above the cursor.
    let mut session = a.session();
    let request = session.request(&mut a.replica, sambung_relay::clock::now()).unwrap();
    let (status, body) = site.answer_at(session.path(), &request);
    session.receive(&mut a.replica, status, &body, sambung_relay::clock::now()).unwrap();
    a.sql(
        "UPDATE scope SET sequence = 3, chain = (SELECT chain FROM receipt_range WHERE last = 3);
           UPDATE change SET shard = NULL, sequence = NULL WHERE sequence > 3;
           DELETE FROM named WHERE name IN ('counted', 'agreed')",
    );
    assert_eq!(a.waiting(), 0);
    site.restore_relay(&image);
    let report = a.sync(&site);
    assert_eq!((report.pushed, report.verified), (1, Some(true)), "{report:?}");
    assert_eq!(site.office("c", AREAS).sync(&site).pulled, 4);
}

#[test]
fn a_change_that_cannot_be_used_here_counts_all_the_same() {
    let (site, _a, mut b, _) = exchanged(3);
    b.sql(
        "INSERT INTO unusable (record, generation, hash, code, chunk, came, kind, set_name, nonce, batch, leaf, shard, sequence)
           SELECT id, generation, hash, 'pack', chunk, came, kind, 'a:35.13', nonce, batch, leaf, shard, sequence
           FROM change JOIN record ON number = record WHERE record = 2;
         INSERT INTO member_aside SELECT id, generation, 'a:35.13' FROM record WHERE number = 2;
         PRAGMA foreign_keys = OFF;
         DELETE FROM change WHERE record = 2; DELETE FROM member WHERE record = 2;
         DELETE FROM settled WHERE record = 2; DELETE FROM projection WHERE record = 2;
         DELETE FROM record WHERE number = 2; DELETE FROM named WHERE name = 'counted';",
    );
    let report = b.sync(&site);
    assert_eq!((report.verified, report.reconciled, report.attention), (Some(true), 0, 1), "{report:?}");
}

#[test]
fn a_record_that_went_elsewhere_unnoticed_leaves_when_it_is_compared() {
    let (site, mut a, mut b, ids) = exchanged(3);
    let mut wide = site.office("w", &["35.13", "35.08"]);
    wide.sync(&site);
    wide.edit(ids[1], &[("area", "35.08.01.2001")]).unwrap();
    wide.sync(&site);
    // b misses the entry that told of it.
    b.sql("UPDATE scope SET sequence = (SELECT sequence + 2 FROM scope), chain = zeroblob(32)");
    let report = b.sync(&site);
    assert_mended(&report);
    assert!(b.replica.show(ids[1]).is_err());
    assert_eq!(a.sync(&site).verified, Some(true));
    assert!(a.replica.show(ids[1]).is_err());
}

#[test]
fn whatever_a_relay_forgets_it_is_given_back_what_its_authors_hold() {
    for run in 0..3 {
        let mut site = Site::start();
        let mut offices: Vec<Office> =
            ["a", "b", "c"].iter().map(|name| site.office(name, &["35.13", "35.08"])).collect();
        let mut seed = Seed::new(0x4e60_71a7 + run);
        let (mut ids, mut images) = (Vec::new(), Vec::new());
        for step in 0..60 {
            let who = seed.below(3);
            match seed.below(8) {
                0 | 1 => ids.push(offices[who].create(&[("nama_lengkap", "Uji Siti")]).unwrap()),
                2..=4 if !ids.is_empty() => {
                    drop(offices[who].edit(ids[seed.below(ids.len())], &[("rt", &step.to_string())]));
                }
                5 if step % 5 == 0 => images.push(site.image(&format!("image-{step}"))),
                6 if seed.once_in(4) && !images.is_empty() => {
                    site.restore_relay(&images[seed.below(images.len())].clone());
                }
                _ => drop(offices[who].sync(&site)),
            }
        }
        // More than once around: an edit on top of another's change waits until that is back.
        assert_all_quiet(&site, &mut offices.iter_mut().collect::<Vec<_>>());
        for office in &offices {
            assert_eq!(office.waiting(), 0);
            assert!(office.codes().is_empty(), "{:?}", office.findings());
        }
        assert_same(&offices[0], &offices[1], &ids);
        assert_same(&offices[0], &offices[2], &ids);
    }
}
