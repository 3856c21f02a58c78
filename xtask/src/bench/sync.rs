//! P1, P2, P3: a first sync into an empty office, its bytes, and what a later sync costs.

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, ensure};

use super::Place;
use super::figure::{Figure, Goal, value};
use super::line::Passed;
use super::peers::{AUTOMERGE, POUCHDB, Peers};
use super::process::measured;
use super::stage::{Stage, Synced};

/// Changes of each record.
const CHANGES: usize = 9;
/// Edits of an office that was offline, and as many of others.
const EDITS: usize = 100;
/// Fewest records of a first sync: so many are edited afterwards.
pub(super) const LEAST: usize = EDITS;
/// Up to this many records a first sync is measured several times.
const SMALL: usize = 2_000;
/// How often, then; the median is the figure.
const TIMES: usize = 3;
/// Most bytes of an idle exchange, both bodies together.
const IDLE_MAX: f64 = 300.0;
/// Most bytes of the exchange after a time offline.
const DELTA_MAX: f64 = 16.0 * 1024.0;

/// A sync with what passed on the line.
struct Counted {
    said: Synced,
    passed: Passed,
    seconds: f64,
}

/// The figures of one size, P1 to P3, whichever of them are wanted.
pub(super) fn figures(
    place: &Place,
    n: usize,
    wanted: &[&'static str],
    peers: &Peers,
) -> Result<Vec<Figure>> {
    let mut stage = Stage::of(place, n, false)?;
    let (office, first) = first_syncs(&mut stage, n)?;
    let mut all = Vec::new();
    if wanted.contains(&"P1") || wanted.contains(&"P2") {
        let mut floor = stage.work("floor");
        let floor = measured(floor.arg(stage.database()).arg(stage.path("floor.db")))?;
        let speed = n as f64 / first.seconds;
        all.push(speed_figure(n, speed, value(&floor, "first sync")?, peers));
        all.extend(byte_figures(n, &first, value(&floor, "compressed")?, peers));
    }
    if wanted.contains(&"P3") {
        all.extend(idle_figures(&stage, &office, n, peers)?);
        all.extend(delta_figures(&stage, &office, n, peers)?);
    }
    all.retain(|figure| wanted.contains(&figure.id));
    Ok(all)
}

/// A first sync of records whose changes came one by one, each in another batch than the one before.
pub(super) fn spread(place: &Place, n: usize) -> Result<Vec<Figure>> {
    let mut stage = Stage::of(place, n, true)?;
    let (_, first) = first_syncs(&mut stage, n)?;
    let mut weigh = stage.work("weigh");
    let floor = value(&measured(weigh.arg(stage.database()).arg("0"))?, "compressed")?;
    let speed = Figure::new(
        "P1",
        "first sync, changes spread over batches",
        n,
        (n as f64 / first.seconds, "records/s"),
    );
    let bytes = Figure::new("P2", "bodies, changes spread over batches", n, (first.said.bodies as f64, "B"))
        .over(floor);
    Ok(vec![speed, bytes])
}

/// First syncs, each into an office of its own; gives the last office and the sync of median time.
fn first_syncs(stage: &mut Stage<'_>, n: usize) -> Result<(std::path::PathBuf, Counted)> {
    let mut office = stage.office()?;
    let mut all = vec![first_sync(stage, &office, n)?];
    for _ in 1..if n <= SMALL { TIMES } else { 1 } {
        office = stage.office()?;
        all.push(first_sync(stage, &office, n)?);
    }
    all.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
    let middle = all.len() / 2;
    Ok((office, all.swap_remove(middle)))
}

fn first_sync(stage: &Stage<'_>, office: &Path, n: usize) -> Result<Counted> {
    let counted = sync(stage, office)?;
    let expected = u64::try_from(n * CHANGES)?;
    ensure!(counted.said.pulled == expected && counted.said.verified, "{:?}", counted.said);
    Ok(counted)
}

fn sync(stage: &Stage<'_>, office: &Path) -> Result<Counted> {
    let before = stage.line.passed();
    let begun = Instant::now();
    let said = stage.sync(office)?;
    Ok(Counted { said, seconds: begun.elapsed().as_secs_f64(), passed: stage.line.passed().since(before) })
}

/// What passes beside the bodies.
fn headers(counted: &Counted) -> f64 {
    (counted.passed.bytes() - counted.said.bodies) as f64
}

fn speed_figure(n: usize, speed: f64, floor: f64, peers: &Peers) -> Figure {
    Figure::new("P1", "first sync", n, (speed, "records/s"))
        .over(floor)
        .beside(AUTOMERGE, peers.get(AUTOMERGE, n, "first records/s"))
        .beside(POUCHDB, peers.get(POUCHDB, n, "first records/s"))
        .with(Goal::FloorShare(1.3))
        .with(Goal::PeerTimes(AUTOMERGE, 25.0))
        .with(Goal::PeerTimes(POUCHDB, 2.0))
        .watched()
}

fn byte_figures(n: usize, first: &Counted, floor: f64, peers: &Peers) -> [Figure; 2] {
    let bodies = Figure::new("P2", "bodies of the first sync", n, (first.said.bodies as f64, "B"))
        .over(floor)
        .with(Goal::FloorTimes(1.1));
    let all = Figure::new("P2", "everything on the line", n, (first.passed.bytes() as f64, "B"))
        .beside(AUTOMERGE, peers.get(AUTOMERGE, n, "first bytes"))
        .beside(POUCHDB, peers.get(POUCHDB, n, "first bytes"));
    [bodies, all]
}

fn idle_figures(stage: &Stage<'_>, office: &Path, n: usize, peers: &Peers) -> Result<[Figure; 3]> {
    // What the first sync left to say is said before.
    sync(stage, office)?;
    let idle = sync(stage, office)?;
    ensure!(idle.said.pulled + idle.said.pushed == 0, "{:?}", idle.said);
    let of = |peer, what| peers.get(peer, n, what);
    let rounds =
        Figure::new("P3", "idle: round trips", n, (idle.said.rounds as f64, "")).with(Goal::AtMost(1.0));
    let bodies = Figure::new("P3", "idle: both bodies", n, (idle.said.bodies as f64, "B"));
    let all = Figure::new("P3", "idle: with headers", n, (headers(&idle) + idle.said.bodies as f64, "B"));
    let rounds = rounds.beside(POUCHDB, of(POUCHDB, "idle turns"));
    let all = all.beside(AUTOMERGE, of(AUTOMERGE, "idle bytes")).beside(POUCHDB, of(POUCHDB, "idle bytes"));
    Ok([rounds, bodies.with(Goal::AtMost(IDLE_MAX)), all])
}

/// The sync of an office that was offline while there was work on both sides.
fn delta_figures(stage: &Stage<'_>, office: &Path, n: usize, peers: &Peers) -> Result<[Figure; 3]> {
    let admitted = value(&measured(stage.work("admitted").arg(stage.database()))?, "admitted")?;
    measured(stage.work("edit").arg(office).arg(EDITS.to_string()))?;
    stage.change(EDITS)?;
    let delta = sync(stage, office)?;
    let edits = u64::try_from(EDITS)?;
    ensure!((delta.said.pulled, delta.said.pushed) == (edits, edits), "{:?}", delta.said);
    let mut weigh = stage.work("weigh");
    let floor = measured(weigh.arg(stage.database()).arg(admitted.to_string()))?;
    let of = |peer, what| peers.get(peer, n, what);
    let rounds = Figure::new("P3", "100 edits up, 100 down: round trips", n, (delta.said.rounds as f64, ""))
        .with(Goal::AtMost(1.0))
        .beside(POUCHDB, of(POUCHDB, "delta turns"));
    let bodies = Figure::new("P3", "100 edits up, 100 down: bodies", n, (delta.said.bodies as f64, "B"))
        .over(value(&floor, "compressed")?)
        .with(Goal::AtMost(DELTA_MAX));
    let all = headers(&delta) + delta.said.bodies as f64;
    let all = Figure::new("P3", "100 edits up, 100 down: with headers", n, (all, "B"))
        .beside(AUTOMERGE, of(AUTOMERGE, "delta bytes"))
        .beside(POUCHDB, of(POUCHDB, "delta bytes"));
    Ok([rounds, bodies, all])
}
