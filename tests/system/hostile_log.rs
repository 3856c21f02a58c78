//! The replica's door: a relay whose log holds what it should never have let in. An office takes everything that
//! is right, sets aside what is not, says so, and goes on.

mod compromised;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use sambung_domain::RecordId;
use sambung_domain::value::Value;
use sambung_sync::document::Edit;
use sambung_sync::message::{Disposition, Verdict};
use sambung_testkit::Seed;
use sambung_testkit::mutant::{Forged, forge, mutate_bytes};

use crate::harness::{Deployment, Device, Office, Worker, item, random, say};
use compromised::Compromised;

const MEMORY_MAX_KIB: u64 = 300 * 1024;
const ALL: Duration = Duration::from_secs(30);
const MUTANTS: usize = 60;
/// Round trips of a sync that compares and finds what cannot be mended.
const ROUNDS_MAX: u64 = 6;

/// A relay in wrong hands, a device whose signatures it has, and an honest office that has not synced yet.
struct Scene {
    device: Device,
    disk: Compromised,
    office: Office,
    /// Everything above lives in it.
    deployment: Deployment,
}

impl Scene {
    fn set() -> Scene {
        let deployment = Deployment::start();
        let device = Device::enrol(&deployment, "front_office", "35.13");
        let office = deployment.office("Lumajang", "front_office", "35.13,35.08");
        let disk = Compromised::disk_of(&deployment);
        Scene { device, disk, office, deployment }
    }

    /// An honest record with a name; gives it and its chunks.
    fn honest(&mut self, name: &str) -> (Worker, Vec<Vec<u8>>) {
        let (mut worker, birth) = Worker::born(&self.device);
        let named = worker.put(&self.device, &[("nama_lengkap", name)]);
        let chunks = vec![birth, named];
        let item = item(&self.device, worker.record, chunks.clone());
        assert!(self.device.push(vec![item]).iter().all(Verdict::is_at_relay));
        (worker, chunks)
    }

    /// A named record whose leaf also covers chunks that the relay does not take; they are then forced into its
    /// log. Gives the record and how many of them were refused; the others would wait for a base.
    fn forced(
        &mut self,
        name: &str,
        make: impl FnOnce(&mut Device, &mut Worker) -> Vec<Vec<u8>>,
    ) -> (RecordId, u64) {
        let (mut worker, birth) = Worker::born(&self.device);
        let named = worker.put(&self.device, &[("nama_lengkap", name)]);
        let incarnation = self.device.incarnation;
        let hostile = make(&mut self.device, &mut worker);
        self.device.incarnation = incarnation;
        let mut chunks = vec![birth, named];
        chunks.extend(hostile.iter().cloned());
        let item = item(&self.device, worker.record, chunks);
        let verdicts = self.device.push(vec![item]);
        let (place, mut refused) = (self.disk.place_of(worker.record), 0);
        for (chunk, verdict) in hostile.iter().zip(&verdicts[2..]) {
            if !verdict.is_at_relay() {
                self.disk.store(worker.record, chunk, place);
                self.disk.enter(worker.record, chunk);
                refused += u64::from(verdict.disposition == Disposition::Refused);
            }
        }
        (worker.record, refused)
    }

    /// The office syncs and must find this many things wrong, in bounded memory and time, and again the next
    /// time, when it has nothing more to say. What the log names was never counted, so the sums differ.
    fn sync_finds(&self, expected: u64) {
        self.sync_finds_and_proves(expected, false);
    }

    /// As [`sync_finds`](Self::sync_finds), where both sides hold the same or not.
    fn sync_finds_and_proves(&self, expected: u64, same: bool) {
        let begun = Instant::now();
        let first = self.office.try_sync();
        say(&format!(
            "sync in {:?} with {} MiB: {}",
            begun.elapsed(),
            first.peak_kib / 1024,
            first.out.trim()
        ));
        assert_eq!(first.code, Some(4), "{first:?}");
        assert_eq!(first.json()["attention"], expected, "{first:?}");
        assert!(first.peak_kib > 0 && first.peak_kib < MEMORY_MAX_KIB, "{} KiB", first.peak_kib);
        assert!(begun.elapsed() < ALL, "{:?}", begun.elapsed());
        let next = self.office.try_sync();
        assert_eq!(next.code, Some(4), "{next:?}");
        let report = next.json();
        assert_eq!((&report["pulled"], &report["verified"]), (&0.into(), &same.into()), "{report}");
        // What differs is compared once a session, and to no end.
        let most = if same { 1 } else { ROUNDS_MAX };
        assert!(report["rounds"].as_u64().is_some_and(|rounds| rounds <= most), "{report}");
        assert_eq!(self.office.status()["quarantined"], expected);
    }

    fn shows(&self, record: RecordId, name: &str) {
        assert_eq!(self.office.show(&record.to_string())["fields"]["nama_lengkap"], name);
    }

    /// The record is not there in any way.
    fn shows_nothing_of(&self, record: RecordId) {
        let id = record.to_string();
        let shown = self.office.run(&["record", "show", &id]);
        assert_eq!((shown.code, shown.error_code()), (Some(1), "not_found"), "{shown:?}");
        assert!(self.office.list().iter().all(|row| row["id"] != id.as_str()));
    }

    /// What is honest still comes and goes.
    fn goes_on(&mut self) {
        let (worker, _) = self.honest("Siti Uji Sesudah");
        let own = self.office.create(&[("nama_lengkap", "Siti Uji Kantor"), ("area", "35.13")]);
        assert_eq!(self.office.try_sync().code, Some(4));
        self.shows(worker.record, "Siti Uji Sesudah");
        assert_eq!(self.office.show(&own)["state"], "centre");
        let status = self.office.status();
        assert_eq!((&status["waiting"], &status["underived"]), (&0.into(), &0.into()), "{status}");
        let peak = self.deployment.peak_kib();
        assert!(peak < MEMORY_MAX_KIB, "the relay: {peak} KiB");
    }
}

#[test]
fn a_bomb_costs_its_own_change_only() {
    let mut scene = Scene::set();
    let (before, _) = scene.honest("Siti Uji 1");
    let (bombed, _) = scene.forced("Siti Uji 2", |_, _| {
        [30_000_000, 1 << 39, i64::MIN].map(|count| Forged::run(count).chunk()).to_vec()
    });
    let (after, _) = scene.honest("Siti Uji 3");
    scene.sync_finds(3);
    scene.shows(before.record, "Siti Uji 1");
    scene.shows(bombed, "Siti Uji 2");
    scene.shows(after.record, "Siti Uji 3");
    scene.goes_on();
}

#[test]
fn a_record_of_nothing_but_a_bomb_is_not_there() {
    let mut scene = Scene::set();
    let (beside, birth) = Worker::born(&scene.device);
    let (bombed, bomb) = (RecordId(random()), Forged::run(30_000_000).chunk());
    let items = vec![
        item(&scene.device, beside.record, vec![birth]),
        item(&scene.device, bombed, vec![bomb.clone()]),
    ];
    scene.device.push(items);
    let place = (scene.disk.place_of(beside.record).0, 1);
    scene.disk.leaf(place, &scene.device.incarnation, &[&bomb]);
    scene.disk.house(bombed, beside.record);
    scene.disk.store(bombed, &bomb, place);
    scene.disk.enter(bombed, &bomb);
    scene.sync_finds(1);
    scene.shows_nothing_of(bombed);
    assert_eq!(scene.office.status()["records"], 1);
    scene.goes_on();
}

#[test]
fn mutants_leave_the_last_good_state() {
    let mut scene = Scene::set();
    let mut seed = Seed::new(20_261_126);
    let (mut expected, mut records) = (0, Vec::new());
    for number in 0..4 {
        let name = format!("Siti Uji {number}");
        let (record, refused) = scene.forced(&name, |device, worker| {
            let honest = worker.put(device, &[("dusun", "Krajan"), ("rt", "3"), ("area", "35.13.03")]);
            let mutants: BTreeSet<Vec<u8>> = (0..MUTANTS).map(|_| mutate_bytes(&mut seed, &honest)).collect();
            mutants.into_iter().collect()
        });
        expected += refused;
        records.push((record, name));
    }
    assert!(expected > 100, "{expected}");
    scene.sync_finds(expected);
    records.iter().for_each(|(record, name)| scene.shows(*record, name));
    scene.goes_on();
}

#[test]
fn a_change_by_another_hand_is_set_aside() {
    let mut scene = Scene::set();
    let (record, _) = scene.forced("Siti Uji", |device, worker| {
        device.reincarnate();
        vec![worker.put(device, &[("nama_lengkap", "Bukan Siti")])]
    });
    scene.sync_finds(1);
    scene.shows(record, "Siti Uji");
    scene.goes_on();
}

#[test]
fn a_batch_with_a_broken_signature_is_not_believed_and_others_are() {
    let mut scene = Scene::set();
    let (honest, _) = scene.honest("Siti Uji 1");
    let (unsigned, _) = scene.honest("Siti Uji 2");
    scene.disk.break_signature(unsigned.record);
    // The changes are what the relay has counted; what is wrong is who is said to have made them.
    scene.sync_finds_and_proves(2, true);
    scene.shows(honest.record, "Siti Uji 1");
    scene.shows_nothing_of(unsigned.record);
    scene.goes_on();
}

#[test]
fn a_chunk_that_rotted_on_the_relays_disk_costs_nobody_else() {
    let mut scene = Scene::set();
    let made: Vec<(Worker, Vec<Vec<u8>>)> = (0..3)
        .map(|number| {
            let (mut worker, birth) = Worker::born(&scene.device);
            let named = worker.put(&scene.device, &[("nama_lengkap", &format!("Siti Uji {number}"))]);
            let last = worker.put(&scene.device, &[("nama_lengkap", "Siti Uji Akhir")]);
            (worker, vec![birth, named, last])
        })
        .collect();
    let items = made.iter().map(|(worker, chunks)| item(&scene.device, worker.record, chunks.clone()));
    let items = items.collect();
    scene.device.push(items);
    scene.disk.rot(made[1].0.record, &made[1].1[2]);
    scene.sync_finds(1);
    scene.shows(made[0].0.record, "Siti Uji Akhir");
    scene.shows(made[1].0.record, "Siti Uji 1");
    scene.shows(made[2].0.record, "Siti Uji Akhir");
    scene.goes_on();
}

/// The relay shows one leaf twice: once as its author signed it, once with a record of the relay's own making,
/// written under the author's public name.
#[test]
fn the_relay_cannot_write_in_a_devices_name() {
    let mut scene = Scene::set();
    let (beside, other) = scene.honest("Siti Uji 1");
    let (signed, own) = scene.honest("Siti Uji 2");
    let (forged, birth) = Worker::born(&scene.device);
    scene.disk.retract(4);
    scene.disk.house(forged.record, signed.record);
    scene.disk.store(forged.record, &birth, scene.disk.place_of(signed.record));
    scene.disk.enter(forged.record, &birth);
    other.iter().for_each(|chunk| scene.disk.enter(beside.record, chunk));
    own.iter().for_each(|chunk| scene.disk.enter(signed.record, chunk));
    let synced = scene.office.try_sync();
    assert_eq!(synced.code, Some(4), "{synced:?}");
    scene.shows_nothing_of(forged.record);
    scene.shows(beside.record, "Siti Uji 1");
    scene.goes_on();
}

/// A bad change that comes before what it builds on has to wait, and must not wait for ever.
#[test]
fn what_came_too_early_and_turns_out_bad_is_reported() {
    let mut scene = Scene::set();
    let mut late = None;
    let (record, _) = scene.forced("Siti Uji", |device, worker| {
        let dep = worker.put(device, &[("dusun", "Krajan")]);
        let honest =
            worker.edit(device, &[Edit::Put { path: vec!["rt".to_owned()], value: Value::from("1") }]);
        let bad = forge(&honest, |change| change.start_op = 99.try_into().unwrap()).unwrap();
        late = Some(dep);
        vec![bad]
    });
    let late = late.unwrap();
    let known = item(&scene.device, record, vec![late]);
    assert!(scene.device.push(vec![known])[0].is_at_relay());
    scene.sync_finds(1);
    scene.shows(record, "Siti Uji");
    assert_eq!(scene.office.show(&record.to_string())["fields"]["dusun"], "Krajan");
    scene.goes_on();
}
