//! Thousands of changes that are nearly right, pushed through an enrolled device.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use sambung_domain::value::Value;
use sambung_sync::document::Edit;
use sambung_sync::message::{Disposition, PushItem, Verdict};
use sambung_testkit::Seed;
use sambung_testkit::mutant::{mutate_bytes, mutate_fields};

use super::{AT_ONCE, still_serves};
use crate::harness::{Deployment, Device, Worker, audit, item, say};

const MUTANTS: usize = 10_000;
const RECORDS: usize = 24;
const A_PUSH: usize = 200;
const ALL: Duration = Duration::from_secs(60);
const SEED: u64 = 20_261_124;

/// A record at the relay with a little history, and honest changes that could come next: each by an incarnation
/// of its own, none built on another.
struct Base {
    worker: Worker,
    actors: Vec<Vec<u8>>,
    victims: Vec<([u8; 16], Vec<u8>)>,
}

fn edits(seed: &mut Seed) -> Vec<Edit> {
    let put = |path: &[&str], value: Value| Edit::Put {
        path: path.iter().map(|key| (*key).to_owned()).collect(),
        value,
    };
    let number = i64::from(seed.byte());
    let mut edits = vec![
        put(&["nama_lengkap"], Value::Text(format!("Siti Uji {}", seed.number()))),
        put(&["telepon", &format!("+62811000{number}")], Value::Bool(true)),
        put(&["tahun_lahir"], Value::Int(1900 + number)),
        put(&["area"], Value::from(*seed.pick(&["35.13.02.2004", "35.13.03", "35.13"]))),
        put(&["readers", "00000000000000000000000001"], Value::Bool(seed.once_in(2))),
        put(&["dusun"], Value::from("Tengah")),
        Edit::Delete { path: vec!["rt".to_owned()] },
        Edit::PutMap { path: vec!["peta".to_owned()] },
    ];
    while edits.len() > 4 {
        edits.remove(1 + seed.below(edits.len() - 1));
    }
    edits
}

fn base(seed: &mut Seed, device: &mut Device) -> Base {
    let mut worker = Worker::at_relay(device);
    let mut actors = vec![vec![0], device.actor().as_bytes().to_vec()];
    let first = worker.put(device, &[("rt", "1"), ("dusun", "Krajan")]);
    let second = worker.edit(device, &edits(seed));
    let known = item(device, worker.record, vec![first, second]);
    let verdicts = device.push(vec![known]);
    assert!(verdicts.iter().all(Verdict::is_at_relay), "{verdicts:?}");
    let mut victims = Vec::new();
    for _ in 0..6 {
        device.reincarnate();
        actors.push(device.actor().as_bytes().to_vec());
        victims.push((device.incarnation, worker.copy().edit(device, &edits(seed))));
    }
    Base { worker, actors, victims }
}

fn mutant(seed: &mut Seed, device: &Device, base: &Base) -> Option<PushItem> {
    let (incarnation, victim) = seed.pick(&base.victims).clone();
    let mutant = if seed.once_in(2) {
        mutate_bytes(seed, &victim)
    } else {
        mutate_fields(seed, &victim, &base.actors, 30)?
    };
    let item = PushItem { nonce: incarnation, ..item(device, base.worker.record, vec![mutant.clone()]) };
    (mutant != victim).then_some(item)
}

fn told(verdict: &Verdict) -> String {
    match (verdict.disposition, &verdict.code) {
        (Disposition::Refused, Some(code)) => code.clone(),
        (disposition, _) => format!("{disposition:?}").to_lowercase(),
    }
}

#[test]
fn mutants_are_judged_at_once_and_what_is_let_in_harms_nobody() {
    let deployment = Deployment::start();
    let offices = ["Kraksaan", "Lumajang"].map(|name| deployment.office(name, "front_office", "35.13,35.08"));
    let mut device = Device::enrol(&deployment, "front_office", "35.13");
    let mut seed = Seed::new(SEED);
    let bases: Vec<Base> = (0..RECORDS).map(|_| base(&mut seed, &mut device)).collect();
    let begun = Instant::now();
    let (mut pushed, mut verdicts) = (0, BTreeMap::<String, usize>::new());
    while pushed < MUTANTS {
        let items = (0..A_PUSH).filter_map(|_| {
            let base = seed.below(RECORDS);
            mutant(&mut seed, &device, &bases[base])
        });
        let items: Vec<PushItem> = items.collect();
        pushed += items.len();
        for verdict in device.push(items) {
            *verdicts.entry(told(&verdict)).or_default() += 1;
        }
        assert!(device.slowest < AT_ONCE, "{:?}", device.slowest);
    }
    say(&format!("{pushed} mutants, the slowest push {:?}: {verdicts:#?}", device.slowest));
    assert!(begun.elapsed() < ALL, "{:?}", begun.elapsed());
    assert!(verdicts.keys().filter(|code| code.starts_with("form_")).count() >= 8, "too few reasons");
    assert!(verdicts["stored"] >= 20, "too few pass to say anything");

    // What the relay lets in is good for every replica too: none sets anything aside, and all can go on.
    offices[1].sync();
    for row in offices[1].list() {
        offices[1].edit(row["id"].as_str().unwrap(), &[("dusun", "Sesudah"), ("nama_lengkap", "Siti Uji")]);
    }
    assert_eq!(offices[1].list().len(), RECORDS);
    offices[1].sync();
    offices[0].sync();
    assert!(offices[0].list().iter().all(|row| row["fields"]["dusun"] == "Sesudah"));
    still_serves(&deployment, [&offices[0], &offices[1]]);
    audit(&deployment.database());
}
