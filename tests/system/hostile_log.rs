//! The replica's door: a relay whose log holds what it should never have let in. An office takes everything that
//! is right, sets aside what is not, says so, and goes on.

mod compromised;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use sambung_domain::RecordId;
use sambung_sync::message::{Disposition, Verdict};
use sambung_testkit::Seed;
use sambung_testkit::mutant::{Forged, mutate_bytes};

use crate::harness::{Deployment, Device, Office, Worker, item, say};
use compromised::Compromised;

const MEMORY_MAX_KIB: u64 = 300 * 1024;
const ALL: Duration = Duration::from_secs(30);
const MUTANTS: usize = 60;

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
    /// time, when it has nothing more to say.
    fn sync_finds(&self, expected: u64) {
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
        assert_eq!((&report["pulled"], &report["rounds"]), (&0.into(), &1.into()), "{report}");
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
    scene.sync_finds(2);
    scene.shows(honest.record, "Siti Uji 1");
    scene.shows_nothing_of(unsigned.record);
    scene.goes_on();
}
