//! The story: two offices work apart, meet at the relay, and agree.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::agree;
use super::apart;
use super::build::Binaries;
use super::complaint;
use super::keep;
use super::office::{Office, Seat};
use super::people::Cast;
use super::places::{self, Holding, Places};
use super::promise::Report;
use super::proxy::Break;
use super::relay::Relay;
use super::relay_lost;
use super::sisko;
use super::village;

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
    let mut places = Places::enrol(&|name, seat: &Seat<'_>| enrol_at(&relay, name, seat))?;
    say("a relay; a village node in Krucil, offices in Kraksaan and Lumajang, a complaint desk, the centre");

    let (mut report, mut cast) = (Report::default(), Cast::new()?);
    let cast = &mut cast;
    merge_fields(&mut report, cast, &mut places)?;
    agree::conflict(&mut report, cast, &places.kraksaan, &places.lumajang)?;
    agree::duplicate(&mut report, cast, &places.kraksaan, &places.lumajang)?;
    kill_mid_push(&mut report, cast, &relay, &places)?;
    village::tell(&mut report, cast, &mut places)?;
    apart::neighbour_absent(&mut report, cast, &places)?;
    apart::guest_stays(&mut report, cast, &places.kraksaan)?;
    complaint::tell(&mut report, cast, &relay, &places)?;
    relay_lost::digests_equal(&mut report, &places.kraksaan, &places.lumajang)?;
    relay_lost::replaced(&mut report, cast, &mut relay, &places.kraksaan, &places.lumajang, &enrol_at)?;
    relay_lost::rolled_back(&mut report, cast, &relay, &places.kraksaan, &places.lumajang)?;

    // Where a promise is broken on purpose, whether it is noticed is all there is to see.
    if sabotage.is_none() {
        everyday(&mut report, cast, &mut places, dir.path())?;
    }
    if keep {
        report.kept = Some(keep::leave(&relay, &places, &binaries.node, dir)?);
    }
    Ok(report)
}

/// After all that, an ordinary day: a list is taken in, everybody exchanges, and the places are compared.
fn everyday(report: &mut Report, cast: &mut Cast, places: &mut Places, dir: &Path) -> Result<()> {
    places.meet_in_time();
    places.exchange()?;
    sisko::tell(report, cast, places, dir)?;
    let verified = places.exchange()?;
    for place in places.all() {
        report.holdings.push(Holding::of(place, cast)?);
    }
    places::agree(report, verified);
    Ok(())
}

/// Both offices register people, exchange, then for days edit different fields of the same people.
fn merge_fields(report: &mut Report, cast: &mut Cast, places: &mut Places) -> Result<()> {
    let Places { kraksaan, lumajang, .. } = places;
    let mut ids = Vec::new();
    for person in cast.of("35.13", PEOPLE)? {
        ids.push(kraksaan.register(&person)?);
    }
    for person in cast.of("35.08", PEOPLE)? {
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
fn kill_mid_push(report: &mut Report, cast: &mut Cast, relay: &Relay, places: &Places) -> Result<()> {
    let Places { kraksaan, lumajang, .. } = places;
    let mut new = Vec::new();
    let mut failed = 0;
    for (place, point) in DEATHS {
        for person in cast.of("35.13", PEOPLE_A_PUSH)? {
            new.push(kraksaan.register(&person)?);
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
