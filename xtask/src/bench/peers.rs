//! Others who do the same with the same records: automerge-repo, and PouchDB with its server.
//!
//! Their programs lie in tests/bench/peers, their packages are those of the lock file there.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value as Json;

use super::Place;
use super::figure::Reading;
use super::line::{Line, Passed};
use super::process::{Running, measured, printed};
use super::stage::remove;
use crate::{javascript, workspace};

/// Automerge's own repository of documents.
pub(super) const AUTOMERGE: &str = "automerge-repo";
/// PouchDB, which speaks CouchDB's protocol.
pub(super) const POUCHDB: &str = "pouchdb";

/// Where their programs lie.
const FOLDER: &str = "tests/bench/peers";
/// Edits after a time offline, on each side.
const EDITS: usize = 100;
/// Most records that are asked of each.
const MOST: [(&str, usize); 2] = [(AUTOMERGE, 2_000), (POUCHDB, 10_000)];
/// Fewest: below, what they wait for weighs more than what they do.
const LEAST: usize = 2_000;

/// What was measured of them.
#[derive(Debug, Default)]
pub(super) struct Peers {
    synced: BTreeMap<(&'static str, usize, &'static str), f64>,
    morning: BTreeMap<&'static str, Vec<Reading>>,
}

/// What one of them did at one size.
type Found = Vec<(&'static str, f64)>;

impl Peers {
    pub(super) fn get(&self, peer: &'static str, n: usize, what: &str) -> Option<f64> {
        let found = self.synced.iter().find(|((of, at, said), _)| *of == peer && *at == n && *said == what);
        found.map(|(_, value)| *value)
    }

    pub(super) fn morning(&self, peer: &str, what: &str) -> Option<f64> {
        let readings = self.morning.get(peer)?;
        readings.iter().find(|reading| reading.what == what).map(|reading| reading.value)
    }

    /// Measures those that are measured at these sizes. Without npm there are none, which is said.
    pub(super) fn measure(place: &Place, sizes: &[usize], morning: bool) -> Result<Peers> {
        let mut peers = Peers::default();
        if let Err(error) = javascript::install_in(FOLDER) {
            eprintln!("peers are left out: {error:#}");
            return Ok(peers);
        }
        for (peer, most) in MOST {
            for n in sizes.iter().copied().filter(|n| (LEAST..=most).contains(n)) {
                eprintln!("{peer} at {n} records");
                match measured_twice(place, peer, n) {
                    Ok(found) => {
                        peers.synced.extend(found.into_iter().map(|(what, value)| ((peer, n, what), value)));
                    }
                    Err(error) => eprintln!("{peer} at {n} records is left out: {error:#}"),
                }
            }
        }
        if morning {
            eprintln!("{POUCHDB} in the morning");
            peers.morning.insert(POUCHDB, Setting::make(place, POUCHDB, 1)?.morning()?);
        }
        Ok(peers)
    }
}

/// One of them at one size; once more where it failed.
fn measured_twice(place: &Place, peer: &'static str, n: usize) -> Result<Found> {
    let once = || {
        let setting = Setting::make(place, peer, n)?;
        if peer == AUTOMERGE { setting.automerge() } else { setting.pouchdb() }
    };
    once().or_else(|error| {
        eprintln!("{peer} failed, and is asked again: {error:#}");
        once()
    })
}

/// A relay of theirs with the lines to it.
struct Setting<'a> {
    place: &'a Place,
    peer: &'static str,
    n: usize,
    dir: PathBuf,
    records: PathBuf,
    relay: Running,
    address: SocketAddr,
    line: Line,
}

impl Setting<'_> {
    fn make<'a>(place: &'a Place, peer: &'static str, n: usize) -> Result<Setting<'a>> {
        let dir = place.folder(&format!("{peer}-{n}"));
        remove(&dir)?;
        for role in ["relay", "writer", "reader"] {
            std::fs::create_dir_all(dir.join(role))?;
        }
        let records = dir.join("records");
        let mut work = Command::new(place.binary("sambung-bench-node"));
        std::fs::write(&records, printed(work.args(["records", "0", &n.to_string()]))?)?;
        let mut relay = Running::start(&mut program(peer, "relay", &dir)?)?;
        let said: Json = serde_json::from_str(&relay.line()?)?;
        let port = said["listening"].as_u64().and_then(|port| u16::try_from(port).ok());
        let address = SocketAddr::from(([127, 0, 0, 1], port.context("the relay did not start")?));
        Ok(Setting { place, peer, n, dir, records, relay, address, line: Line::to(address)? })
    }

    fn client(&self, role: &str, url: &str) -> Result<Running> {
        let mut command = program(self.peer, role, &self.dir)?;
        Running::start(command.arg(url).arg(&self.records))
    }

    fn path(&self, name: &str) -> String {
        self.dir.join(name).display().to_string()
    }

    /// Asks for something; gives the milliseconds that it took, and what passed on the line.
    fn timed(&self, client: &mut Running, line: &str) -> Result<(f64, Passed)> {
        let before = self.line.passed();
        let said = client.ask(line)?;
        Ok((said["ms"].as_f64().context("no time")?, self.line.passed().since(before)))
    }

    fn speed(&self, ms: f64) -> f64 {
        self.n as f64 / ms * 1_000.0
    }

    fn automerge(mut self) -> Result<Found> {
        let mut writer = self.client("writer", &format!("ws://{}", self.address))?;
        let mut reader = self.client("reader", &format!("ws://{}", self.line.address()))?;
        let (all, theirs, ours) = (self.path("all"), self.path("theirs"), self.path("ours"));
        writer.ask(&format!("write {all}"))?;
        self.relay.ask(&format!("has {all}"))?;
        let (ms, first) = self.timed(&mut reader, &format!("first {all}"))?;
        reader.ask("quiet")?;
        reader.ask("leave")?;
        let (_, idle) = self.timed(&mut reader, "idle")?;
        reader.ask("leave")?;
        reader.ask(&format!("change {ours} {EDITS}"))?;
        writer.ask(&format!("change {theirs} {EDITS}"))?;
        self.relay.ask(&format!("has {theirs}"))?;
        let before = self.line.passed();
        reader.ask(&format!("delta {theirs}"))?;
        self.relay.ask(&format!("has {ours}"))?;
        reader.ask("quiet")?;
        let delta = self.line.passed().since(before);
        Ok(vec![
            ("first records/s", self.speed(ms)),
            ("first bytes", first.bytes() as f64),
            ("idle bytes", idle.bytes() as f64),
            ("idle turns", idle.turns as f64),
            ("delta bytes", delta.bytes() as f64),
            ("memory", self.relay.peak_mb()?),
        ])
    }

    fn pouchdb(mut self) -> Result<Found> {
        let mut writer = self.client("writer", &format!("http://{}/records", self.address))?;
        let mut reader = self.client("reader", &format!("http://{}/records", self.line.address()))?;
        writer.ask("write")?;
        ensure!(self.relay.ask("count")?["records"] == self.n, "not everything came to its server");
        let (ms, first) = self.timed(&mut reader, "first")?;
        // It has to find out once that the server has everything it got from there.
        reader.ask("idle")?;
        let (_, idle) = self.timed(&mut reader, "idle")?;
        reader.ask(&format!("change {EDITS}"))?;
        writer.ask(&format!("change {EDITS}"))?;
        let before = self.line.passed();
        let moved = reader.ask("idle")?;
        let delta = self.line.passed().since(before);
        ensure!(moved["pushed"] == EDITS && moved["pulled"] == EDITS, "{moved}");
        Ok(vec![
            ("first records/s", self.speed(ms)),
            ("first bytes", first.bytes() as f64),
            ("idle bytes", idle.bytes() as f64),
            ("idle turns", idle.turns as f64),
            ("delta bytes", delta.bytes() as f64),
            ("delta turns", delta.turns as f64),
            ("memory", self.relay.peak_mb()?),
        ])
    }

    fn morning(self) -> Result<Vec<Reading>> {
        let mut work = Command::new(self.place.binary("sambung-bench-node"));
        measured(work.arg("bulk-docs").arg(self.address.to_string()).arg("records"))
    }
}

/// One of their programs in a role; what it complains of stands in a file beside its folder.
fn program(peer: &str, role: &str, dir: &Path) -> Result<Command> {
    let script = workspace::root().join(FOLDER).join(format!("{peer}.mjs"));
    let log = std::fs::File::create(dir.join(format!("{role}.log")))?;
    let mut command = Command::new("node");
    command.arg(script).arg(role).arg(dir.join(role)).stderr(Stdio::from(log));
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_measured_is_absent() {
        let mut peers = Peers::default();
        peers.synced.insert((POUCHDB, 2_000, "first bytes"), 7.0);
        peers
            .morning
            .insert(POUCHDB, vec![Reading { what: "ingest".into(), value: 8.0, unit: String::new() }]);
        assert_eq!(peers.get(POUCHDB, 2_000, "first bytes"), Some(7.0));
        assert_eq!(peers.get(POUCHDB, 10_000, "first bytes"), None);
        assert_eq!(peers.get(AUTOMERGE, 2_000, "first bytes"), None);
        assert_eq!((peers.morning(POUCHDB, "ingest"), peers.morning(AUTOMERGE, "ingest")), (Some(8.0), None));
    }

    #[test]
    fn the_lock_file_pins_what_is_asked_for_and_names_no_machine() {
        let folder = workspace::root().join(FOLDER);
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
        let (package, lock): (Json, Json) = (
            serde_json::from_str(&read("package.json")).unwrap(),
            serde_json::from_str(&read("package-lock.json")).unwrap(),
        );
        let asked = package["dependencies"].as_object().unwrap();
        for (name, version) in asked {
            assert!(
                version.as_str().unwrap().starts_with(|first: char| first.is_ascii_digit()),
                "{name} {version}"
            );
            assert_eq!(&lock["packages"][format!("node_modules/{name}")]["version"], version);
        }
        assert!(
            !read("package-lock.json").contains("file:") && !read("package-lock.json").contains("resolved")
        );
    }
}
