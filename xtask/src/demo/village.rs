//! A village node at work: home visits for days without a network, then one exchange.

use anyhow::Result;

use super::people::Cast;
use super::places::{KRUCIL, Places};
use super::promise::Report;
use super::story::{same, say};

/// Homes that are visited, one a day.
const VISITS: usize = 4;

/// The officer of Krucil registers people and where they work; office and centre have them after one exchange.
pub(super) fn tell(report: &mut Report, cast: &mut Cast, places: &mut Places) -> Result<()> {
    let mut made = Vec::new();
    for person in cast.of(KRUCIL, VISITS)? {
        let worker = places.krucil.register(&person)?;
        let work = &person.placement;
        let placement = places.krucil.run(&[
            "record",
            "create",
            "placement",
            "--set",
            &format!("worker={worker}"),
            "--set",
            &format!("negara={}", work.country),
            "--set",
            &format!("jabatan={}", work.position),
            "--set",
            &format!("sektor={}", work.sector),
            "--set",
            &format!("mulai={}", work.begins.iso()),
        ])?;
        made.extend([worker, placement]);
        places.krucil.wait_days(1);
    }
    let waiting = places.krucil.status()?["waiting"].as_u64().unwrap_or(0);
    for place in [&places.krucil, &places.kraksaan, &places.centre] {
        place.sync()?;
    }
    let mut seen = 0;
    for id in &made {
        let here = places.krucil.show(id)?;
        for place in [&places.kraksaan, &places.centre] {
            seen += usize::from(place.shows(id)? && same(&here, &place.show(id)?));
        }
    }
    say(&format!("Krucil registers {VISITS} people and their work, {VISITS} days without a network"));
    let what = format!(
        "{waiting} changes waited in the village; of {} records office and centre show {seen} of {} the same after one exchange",
        made.len(),
        2 * made.len()
    );
    report.show("village_offline", seen == 2 * made.len() && waiting > 0, what);
    Ok(())
}
