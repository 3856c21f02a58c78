//! What an exchange costs when there is nothing to say.

use serde_json::Value;

use crate::harness::{Deployment, Device, Worker, item};

/// Greatest size of an idle exchange, both bodies together.
const IDLE_MAX: u64 = 300;
/// Numbers and signatures do not all compress alike.
const FLAT_WITHIN: u64 = 12;
const MANY: usize = 300;

fn number(report: &Value, key: &str) -> u64 {
    report[key].as_u64().unwrap_or_else(|| panic!("{key}: {report}"))
}

/// The bytes of an idle sync, which must be one round trip.
fn idle_bytes(report: &Value) -> u64 {
    assert_eq!((number(report, "rounds"), number(report, "pulled"), number(report, "pushed")), (1, 0, 0));
    number(report, "bytes_up") + number(report, "bytes_down")
}

#[test]
fn an_idle_sync_is_one_small_round_trip_with_one_record_or_three_hundred() {
    let deployment = Deployment::start();
    let office = deployment.office("Kraksaan", "front_office", "35.13,35.08");
    office.create(&[("nama_lengkap", "Siti Uji 001")]);
    assert_eq!(number(&office.sync(), "pushed"), 1);
    let with_one = idle_bytes(&office.sync());

    let mut device = Device::enrol(&deployment, "front_office", "35.13");
    let items = (1..MANY).map(|_| {
        let (worker, birth) = Worker::born(&device);
        item(&device, worker.record, vec![birth])
    });
    let items = items.collect();
    device.push(items);
    assert_eq!(number(&office.sync(), "pulled"), 299);
    assert_eq!(number(&office.status(), "records"), 300);
    let with_many = idle_bytes(&office.sync());
    assert!(with_one <= IDLE_MAX && with_many <= IDLE_MAX, "{with_one} and {with_many} bytes");
    assert!(with_one.abs_diff(with_many) <= FLAT_WITHIN, "{with_one} and {with_many} bytes");
}

#[test]
fn a_stale_nonce_costs_one_more_round_trip_once() {
    let deployment = Deployment::start();
    let office = deployment.office("Kraksaan", "front_office", "35.13");
    office.create(&[("nama_lengkap", "Siti Uji 001")]);
    office.sync();
    idle_bytes(&office.sync());
    deployment.kill();
    change_nonce_key(&deployment);
    deployment.restart();
    let report = office.sync();
    assert_eq!((number(&report, "rounds"), number(&report, "pulled")), (2, 0));
    idle_bytes(&office.sync());
}

/// Gives the relay another key for its nonces, as an operator does who suspects that it was copied.
fn change_nonce_key(deployment: &Deployment) {
    let file = deployment.data().join("relay.key");
    let text = std::fs::read_to_string(&file).unwrap();
    let line = text.lines().find(|line| line.starts_with("nonce = ")).unwrap();
    let changed = text.replace(line, &format!("nonce = \"{}\"", "5a".repeat(32)));
    assert_ne!(text, changed);
    std::fs::write(&file, changed).unwrap();
}
