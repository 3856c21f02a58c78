//! P4: what a relay takes that many replicas push at once.

use std::process::Command;

use anyhow::{Context, Result};

use super::Place;
use super::figure::{Figure, Goal, Reading, value};
use super::peers::{POUCHDB, Peers};
use super::process::measured;
use super::stage::Stage;

/// Least changes a second.
const SPEED: f64 = 10_000.0;
/// Longest an exchange may take, of a hundred 99, in milliseconds.
const P99: f64 = 250.0;

/// The figures at a relay that holds so many records.
pub(super) fn figures(place: &Place, n: usize, peers: &Peers) -> Result<Vec<Figure>> {
    let mut stage = Stage::of(place, n, false)?;
    let before = value(&measured(stage.work("admitted").arg(stage.database()))?, "admitted")?;
    let mut ingest = stage.work("ingest");
    let ingest = ingest.arg(stage.data()).arg(stage.address.to_string()).arg(stage.path("replicas"));
    let taken = measured(ingest)?;
    let memory = stage.end()?;
    let mut floor = Command::new(place.binary("sambung-bench-floor"));
    floor.arg("ingest").arg(stage.database()).arg(stage.path("floor.db")).arg(before.to_string());
    let floor = measured(&mut floor).context("the floor")?;
    let together = together(place, n)?;
    let of = |what| peers.morning(POUCHDB, what);
    let speed = Figure::new("P4", "ingest, durable", n, (value(&taken, "ingest")?, "changes/s"))
        .over(value(&floor, "a transaction a push")?)
        .beside(POUCHDB, of("ingest"))
        .with(Goal::AtLeast(SPEED));
    let p99 = Figure::new("P4", "exchange p99, 200 at once", n, (value(&taken, "exchange p99")?, "ms"))
        .beside(POUCHDB, of("exchange p99"))
        .with(Goal::AtMost(P99));
    let p50 = Figure::new("P4", "exchange p50, 200 at once", n, (value(&taken, "exchange p50")?, "ms"))
        .beside(POUCHDB, of("exchange p50"));
    let worst = "exchange p99, all 200 of one kabupaten";
    let worst_p99 = Figure::new("P4", worst, n, (value(&together, "exchange p99")?, "ms"));
    let worst = "ingest, all 200 of one kabupaten";
    let worst = Figure::new("P4", worst, n, (value(&together, "ingest")?, "changes/s"));
    let whole =
        Figure::new("P4", "floor in one transaction", n, (value(&floor, "one transaction")?, "changes/s"));
    let memory = Figure::new("P4", "relay's memory", n, (memory, "MB"));
    Ok(vec![speed, p99, p50, worst, worst_p99, whole, memory])
}

/// The same with replicas of one kabupaten, whose work stands in one log: each exchange looks at what all the others did.
fn together(place: &Place, n: usize) -> Result<Vec<Reading>> {
    let stage = Stage::of(place, n, false)?;
    let mut ingest = stage.work("ingest-together");
    measured(ingest.arg(stage.data()).arg(stage.address.to_string()).arg(stage.path("replicas")))
}
