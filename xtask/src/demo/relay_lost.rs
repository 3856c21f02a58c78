//! The relay's machine is lost: replaced by an empty one, then put back from an old image. Nothing of the work is.

use anyhow::{Context, Result};
use serde_json::Value;

use super::agree::exchange;
use super::office::{Office, Seat};
use super::people::Cast;
use super::promise::Report;
use super::relay::Relay;
use super::story::{same, say};

/// People that each office registers before the relay is lost, and whose records are edited while the image is older than
/// the work.
const PEOPLE: usize = 4;

/// Both offices compare every record with the relay.
pub(super) fn digests_equal(report: &mut Report, kraksaan: &Office, lumajang: &Office) -> Result<()> {
    // Twice: what the first round brings, and the word that it is safe elsewhere.
    exchange(kraksaan, lumajang)?;
    exchange(kraksaan, lumajang)?;
    let mut equal = 0;
    let mut compared = 0;
    for office in [kraksaan, lumajang] {
        let idle = office.sync()?;
        let verified: Value =
            serde_json::from_slice(&office.output(&["verify", "--with-relay", "--json"])?.stdout)?;
        let sets = verified["relay"]["sets"].as_array().context("nothing was compared")?;
        compared += sets.iter().filter_map(|set| set["here"].as_u64()).sum::<u64>();
        let all = !sets.is_empty() && sets.iter().all(|set| set["equal"] == true);
        equal += usize::from(idle["verified"] == true && idle["rounds"] == 1 && all);
    }
    let mut differing = 0;
    let here = kraksaan.workers()?;
    let shared: Vec<String> = lumajang.workers()?.into_iter().filter(|id| here.contains(id)).collect();
    for id in &shared {
        differing += usize::from(!same(&kraksaan.show(id)?, &lumajang.show(id)?));
    }
    say("every record of both offices compared with the relay");
    let what = format!(
        "{equal} of 2 offices agree with the relay at an idle exchange and over {compared} records; of {} people in both {differing} differ",
        shared.len()
    );
    report.note("digests_equal", equal == 2 && differing == 0 && !shared.is_empty(), what);
    Ok(())
}

/// The relay comes back from an image of yesterday, and is written to before everybody has returned.
pub(super) fn rolled_back(
    report: &mut Report,
    cast: &mut Cast,
    relay: &Relay,
    kraksaan: &Office,
    lumajang: &Office,
) -> Result<()> {
    let mut ids = Vec::new();
    for person in cast.of("35.13", PEOPLE)? {
        ids.push(kraksaan.register(&person)?);
    }
    exchange(kraksaan, lumajang)?;
    relay.stop();
    let image = relay.image()?;
    relay.start()?;
    for (at, id) in ids.iter().enumerate() {
        kraksaan.set(id, "rt", &format!("{}", at + 1))?;
    }
    kraksaan.sync()?;
    let confirmed = kraksaan.status()?["waiting"] == 0;
    relay.stop();
    relay.put_back(&image)?;
    relay.start()?;
    say("the relay is put back from an image that lacks what it had confirmed");
    for (at, id) in ids.iter().enumerate() {
        lumajang.set(id, "rw", &format!("{}", at + 1))?;
    }
    lumajang.sync()?;
    exchange(kraksaan, lumajang)?;
    let mut whole = 0;
    for (at, id) in ids.iter().enumerate() {
        let (here, there) = (kraksaan.show(id)?, lumajang.show(id)?);
        let wanted = (at + 1).to_string();
        let both = there["fields"]["rt"] == wanted.as_str() && here["fields"]["rw"] == wanted.as_str();
        whole += usize::from(both && same(&here, &there));
    }
    relay.run(&["verify"])?;
    let held = confirmed && whole == ids.len();
    let what =
        format!("{whole} of {} records have what the relay had lost and what it got meanwhile", ids.len());
    report.note("relay_rolled_back", held, what);
    Ok(())
}

/// The relay is gone; an empty one is made from the recovery file.
pub(super) fn replaced(
    report: &mut Report,
    cast: &mut Cast,
    relay: &mut Relay,
    kraksaan: &Office,
    lumajang: &Office,
    enrol: &dyn Fn(&Relay, &'static str, &Seat<'_>) -> Result<Office>,
) -> Result<()> {
    let centre = enrol(relay, "Kanwil", &Seat { role: "central", areas: "35", office: None })?;
    let mut new = Vec::new();
    for person in cast.of("35.13", PEOPLE)? {
        new.push(kraksaan.register(&person)?);
    }
    for person in cast.of("35.08", PEOPLE)? {
        new.push(lumajang.register(&person)?);
    }
    exchange(kraksaan, lumajang)?;
    centre.sync()?;
    let mut had = Vec::new();
    for id in centre.workers()? {
        let heads = centre.show(&id)?["heads"].clone();
        had.push((id, heads));
    }
    relay.stop();
    relay.replace()?;
    relay.start()?;
    say("an empty relay from the recovery file takes the place of the lost one");
    let mut known = 0;
    for office in [kraksaan, lumajang, &centre, kraksaan, lumajang, kraksaan] {
        known += usize::from(office.output(&["sync", "--json"])?.status.success());
    }
    let fresh = if known == 6 {
        let fresh = enrol(relay, "Kanwil Baru", &Seat { role: "central", areas: "35", office: None })?;
        fresh.sync()?;
        Some(fresh)
    } else {
        None
    };
    let mut whole = Vec::new();
    for (id, heads) in &had {
        if let Some(fresh) = &fresh
            && fresh.shows(id)?
            && fresh.show(id)?["heads"] == *heads
        {
            whole.push(id);
        }
    }
    let newest = new.iter().filter(|id| whole.contains(id)).count();
    let held = known == 6 && newest == new.len();
    let what = format!(
        "{known} of 6 exchanges went on as before; a new node of the centre got {newest} of the {} people registered last, and {} of all {} that the lost relay had, whole",
        new.len(),
        whole.len(),
        had.len()
    );
    report.note("relay_replaced", held, what);
    Ok(())
}
