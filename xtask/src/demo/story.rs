//! The story: two offices work apart, meet at the relay, and agree.

use anyhow::{Context, Result};
use serde_json::Value;

use super::agree;
use super::apart;
use super::build::Binaries;
use super::complaint;
use super::office::{Office, Seat};
use super::people;
use super::promise::Report;
use super::proxy::Break;
use super::relay::Relay;
use super::relay_lost;

/// People each office registers at the beginning.
const PEOPLE: usize = 6;

/// People Kraksaan registers before each death of the relay: enough that the push is longer than every cut.
const PEOPLE_A_PUSH: usize = 6;

/// Where the relay dies while Kraksaan pushes, in words and as a point of the line.
const DEATHS: [(&str, Break); 3] = [
    ("before the push is whole", Break::InRequest(500)),
    ("in the last part of the push", Break::InRequest(1_200)),
    ("after the push, before the receipt", Break::BeforeAnswer),
];

/// Plays the story and reports what was seen.
pub(super) fn tell(binaries: &Binaries, sabotage: Option<&str>, keep: bool) -> Result<Report> {
    let dir = tempfile::Builder::new().prefix("sambung-demo-").tempdir()?;
    let mut relay = Relay::init(&binaries.relay, dir.path(), sabotage)?;
    relay.start()?;
    let enrol_at = |relay: &Relay, name, seat: &Seat<'_>| {
        Office::enrol(name, seat, &binaries.node, dir.path(), relay, sabotage)
    };
    let enrol = |name, seat: &Seat<'_>| enrol_at(&relay, name, seat);
    let office =
        |name, code| enrol(name, &Seat { role: "front_office", areas: "35.13,35.08", office: Some(code) });
    let mut kraksaan = office("Kraksaan", "MPP-3513")?;
    let mut lumajang = office("Lumajang", "DISNAKER-3508")?;
    say("a relay and two offices, Kraksaan and Lumajang, both for both areas");

    let mut report = Report::default();
    merge_fields(&mut report, &mut kraksaan, &mut lumajang)?;
    agree::conflict(&mut report, &kraksaan, &lumajang)?;
    agree::duplicate(&mut report, &kraksaan, &lumajang)?;
    kill_mid_push(&mut report, &relay, &kraksaan, &lumajang)?;
    apart::neighbour_absent(&mut report, &kraksaan, &enrol)?;
    apart::guest_stays(&mut report, &kraksaan)?;
    complaint::tell(&mut report, &relay, &enrol)?;
    relay_lost::digests_equal(&mut report, &kraksaan, &lumajang)?;
    relay_lost::replaced(&mut report, &mut relay, &kraksaan, &lumajang, &enrol_at)?;
    relay_lost::rolled_back(&mut report, &relay, &kraksaan, &lumajang)?;

    if keep {
        report.addresses.push(("relay".to_owned(), format!("http://{}", relay.address())));
        for office in [&kraksaan, &lumajang] {
            report.addresses.push((office.name.to_owned(), office.serve()?));
        }
        relay.leave_running();
        report.addresses.push(("files".to_owned(), dir.keep().display().to_string()));
    }
    Ok(report)
}

/// Both offices register people, exchange, then for days edit different fields of the same people.
fn merge_fields(report: &mut Report, kraksaan: &mut Office, lumajang: &mut Office) -> Result<()> {
    let mut ids = Vec::new();
    for person in people::of("35.13", PEOPLE)? {
        ids.push(kraksaan.register(&person)?);
    }
    for person in people::of("35.08", PEOPLE)? {
        ids.push(lumajang.register(&person)?);
    }
    agree::exchange(kraksaan, lumajang)?;
    say(&format!("{} people registered and exchanged; now six days without a network", ids.len()));
    for (day, id) in ids.iter().enumerate() {
        if day % 2 == 0 {
            kraksaan.wait_days(1);
            lumajang.wait_days(1);
        }
        kraksaan.set(id, "dusun", &format!("Krajan {day}"))?;
        lumajang.set(id, "alamat", &format!("Jl. Contoh {day}"))?;
    }
    agree::exchange(kraksaan, lumajang)?;
    let mut agreed = 0;
    for (day, id) in ids.iter().enumerate() {
        let (here, there) = (kraksaan.show(id)?, lumajang.show(id)?);
        let both_edits = here["fields"]["dusun"] == format!("Krajan {day}")
            && here["fields"]["alamat"] == format!("Jl. Contoh {day}");
        agreed += usize::from(both_edits && same(&here, &there));
    }
    let what = format!(
        "{agreed} of {} people have both edits, the same heads and values in both offices",
        ids.len()
    );
    report.note("merge_fields", agreed == ids.len(), what);
    Ok(())
}

/// The relay dies at three points of a push and comes back; everything saved arrives at the other office.
fn kill_mid_push(report: &mut Report, relay: &Relay, kraksaan: &Office, lumajang: &Office) -> Result<()> {
    let people = people::of("35.13", PEOPLE + PEOPLE_A_PUSH * DEATHS.len())?;
    let mut new = Vec::new();
    let mut failed = 0;
    for (at, (place, point)) in DEATHS.into_iter().enumerate() {
        for person in &people[PEOPLE + PEOPLE_A_PUSH * at..][..PEOPLE_A_PUSH] {
            new.push(kraksaan.register(person)?);
        }
        relay.stop();
        relay.start()?;
        kraksaan.line.arm(point, relay.killer());
        failed += usize::from(kraksaan.sync_and_fail()? == Some(75));
        say(&format!("the relay is killed {place}"));
        relay.stop();
        relay.start()?;
        kraksaan.sync()?;
    }
    relay.stop();
    relay.start()?;
    kraksaan.sync()?;
    lumajang.sync()?;
    let there = lumajang.workers()?;
    let missing = new.iter().filter(|id| !there.contains(id)).count();
    let mut equal = 0;
    for id in new.iter().filter(|id| there.contains(id)) {
        equal += usize::from(same(&kraksaan.show(id)?, &lumajang.show(id)?));
    }
    let waiting = kraksaan.status()?["waiting"].as_u64().context("a status without waiting")?;
    relay.run(&["verify"])?;
    let held = missing == 0 && equal == new.len() && waiting == 0 && failed == DEATHS.len();
    let what = format!(
        "{failed} pushes cut by the relay's death; of {} people {missing} missing at the other office, {equal} equal; {waiting} changes waiting",
        new.len()
    );
    report.note("kill_mid_push", held, what);
    Ok(())
}

/// Whether two offices hold the same history and show the same values.
pub(super) fn same(here: &Value, there: &Value) -> bool {
    here["heads"] == there["heads"] && here["fields"] == there["fields"] && here["heads"].is_array()
}

pub(super) fn say(line: &str) {
    eprintln!("· {line}");
}
