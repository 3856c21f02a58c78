//! Syncs over a line of 50 kbit/s and 600 ms there and back.

use serde_json::Value;

use crate::harness::{Deployment, Office, Slow, TWO_G, say};

/// Records of an ordinary day.
const RECORDS: usize = 20;
/// Round trips that a sync may need: what is new goes up, what is new comes down, and a word more.
const ROUNDS_MAX: u64 = 3;
/// Where lines are cut, in bytes of the answer.
const CUTS: [usize; 4] = [1, 120, 400, 700];

fn a_day(office: &Office) -> Vec<String> {
    let name = |number| format!("Uji Siti Lambat {number}");
    (0..RECORDS)
        .map(|number| office.create(&[("nama_lengkap", &name(number)), ("dusun", "Krajan")]))
        .collect()
}

fn number(report: &Value, key: &str) -> u64 {
    report[key].as_u64().unwrap()
}

/// A deployment whose line is slow, with two offices of one area.
fn slow() -> (Deployment, Slow, [Office; 2]) {
    let deployment = Deployment::start();
    let offices = ["Kraksaan", "Lumajang"].map(|name| deployment.office(name, "front_office", "35.13"));
    offices.iter().for_each(|office| drop(office.sync()));
    let line = Slow::to(deployment.address(), TWO_G);
    deployment.line().divert(Some(line.address));
    (deployment, line, offices)
}

#[test]
fn a_day_goes_up_and_down_a_slow_line_in_few_round_trips() {
    let (_deployment, line, [one, two]) = slow();
    a_day(&one);
    for (office, key) in [(&one, "pushed"), (&two, "pulled")] {
        let before = line.passed();
        let report = office.sync();
        assert_eq!(number(&report, key), RECORDS as u64, "{report}");
        assert!(number(&report, "rounds") <= ROUNDS_MAX, "{report}");
        let after = line.passed();
        assert_eq!(after.0 - before.0, 1, "one connection for the whole conversation");
        say(&format!(
            "{key}: {} round trips, {} bytes up, {} down",
            report["rounds"],
            after.1 - before.1,
            after.2 - before.2
        ));
    }
    assert_eq!(two.list().len(), RECORDS);
}

#[test]
fn a_line_that_is_cut_again_and_again_gets_everything_through() {
    let (deployment, line, [one, two]) = slow();
    let ids = a_day(&one);
    for office in [&one, &two] {
        line.cut(&CUTS);
        let mut tries = 0;
        loop {
            tries += 1;
            let ended = office.try_sync();
            if ended.code == Some(0) {
                break;
            }
            assert_eq!((ended.code, ended.error_code()), (Some(75), "unreachable"), "{ended:?}");
            assert!(tries <= CUTS.len(), "each cut costs one try");
        }
        say(&format!("{}: {tries} tries, {} cuts", office.name, CUTS.len()));
        assert!(tries > 1, "the line was cut");
    }
    assert_eq!(one.status()["waiting"], 0);
    assert!(ids.iter().all(|id| one.show(id)["heads"] == two.show(id)["heads"]));
    assert_eq!(deployment.audit().records.len(), RECORDS, "nothing twice");
}
