//! An enrolled device turns hostile: signatures, frames and batches are right, what they carry is not. The relay
//! must say of each piece what is wrong with it, at once, in bounded memory, and go on serving everybody else.

mod attack;
mod frames;
mod mutants;

use std::time::Duration;

use sambung_sync::message::{Disposition, Verdict};

use crate::harness::{Deployment, Device, Office, Worker, audit, item, say};

/// Greatest resident memory of a relay under attack, in KiB.
const MEMORY_MAX_KIB: u64 = 300 * 1024;
/// What a push may take on a machine that does other things besides. The bombs take hours where they go off.
const AT_ONCE: Duration = Duration::from_secs(2);

/// The relay is small, and two offices can still work through it.
fn still_serves(deployment: &Deployment, offices: [&Office; 2]) {
    let [one, other] = offices;
    let id = one.create(&[("nama_lengkap", "Siti Uji Sesudah"), ("area", "35.13.02.2004")]);
    one.sync();
    other.sync();
    assert_eq!(other.show(&id)["fields"], one.show(&id)["fields"]);
    other.edit(&id, &[("dusun", "Krajan")]);
    other.sync();
    one.sync();
    assert_eq!(one.show(&id)["fields"]["dusun"], "Krajan");
    let peak = deployment.peak_kib();
    say(&format!("the relay's greatest memory: {} MiB", peak / 1024));
    assert!(peak < MEMORY_MAX_KIB, "{peak} KiB");
}

#[test]
fn every_attack_is_named_at_once_and_nothing_else_is_held_up() {
    let deployment = Deployment::start();
    let offices = ["Kraksaan", "Lumajang"].map(|name| deployment.office(name, "front_office", "35.13,35.08"));
    let mut device = Device::enrol(&deployment, "front_office", "35.13");
    for (name, expected, make) in attack::ATTACKS {
        let hostile = make(&mut device);
        let (victim, birth) = Worker::born(&device);
        let honest = item(&device, victim.record, vec![birth]);
        let verdicts = device.push(vec![hostile, honest]);
        let expected = match *expected {
            "held" => Verdict::plain(Disposition::Held),
            "held_pack" => Verdict { code: Some("pack".to_owned()), ..Verdict::plain(Disposition::Held) },
            code => Verdict::refused(code),
        };
        assert_eq!(verdicts, [expected, Verdict::plain(Disposition::Stored)], "{name}");
        assert!(device.slowest < AT_ONCE, "{name}: {:?}", device.slowest);
    }
    say(&format!("{} attacks, the slowest push {:?}", attack::ATTACKS.len(), device.slowest));
    still_serves(&deployment, [&offices[0], &offices[1]]);
    let audited = audit(&deployment.database());
    assert!(audited.changes > attack::ATTACKS.len() && audited.entries >= audited.changes, "{audited:?}");
}
