//! A relay that holds so many records, and offices that come to it, as real processes on loopback.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value as Json;

use super::Place;
use super::line::Line;
use super::process::{Running, measured, printed};

/// Where the offices of measurements are at home.
const AREA: &str = "35.13";

/// A running relay on a copy of what was filled, and a line to it that counts.
pub(super) struct Stage<'a> {
    place: &'a Place,
    folder: PathBuf,
    relay: Option<Running>,
    pub(super) address: SocketAddr,
    pub(super) line: Line,
    offices: usize,
}

/// What `sambung sync --json` says, as far as it is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Synced {
    pub(super) pushed: u64,
    pub(super) pulled: u64,
    pub(super) rounds: u64,
    /// Both bodies together.
    pub(super) bodies: u64,
    pub(super) verified: bool,
}

impl Stage<'_> {
    /// A relay with so many records; filled where that was not done before. What happens on this stage leaves what was
    /// filled as it is.
    pub(super) fn of(place: &Place, records: usize, spread: bool) -> Result<Stage<'_>> {
        let name = if spread { "spread" } else { "sync" };
        let folder = place.folder(&format!("{name}-{records}"));
        let filled = folder.join("filled");
        if !filled.join("done").exists() {
            remove(&folder)?;
            fill(place, &filled, records, spread)?;
        }
        let folder = folder.join("run");
        remove(&folder)?;
        copy(&filled, &folder)?;
        Stage::open(place, folder)
    }

    fn open(place: &Place, folder: PathBuf) -> Result<Stage<'_>> {
        let mut relay = Running::start(
            relay(place, &folder, "serve").args(["--listen", "127.0.0.1:0"]).stderr(Stdio::null()),
        )?;
        let first = relay.line()?;
        let address = first.trim().strip_prefix("listening http://").context("the relay did not start")?;
        let address: SocketAddr = address.parse()?;
        Ok(Stage { place, folder, relay: Some(relay), address, line: Line::to(address)?, offices: 0 })
    }

    /// The relay's database.
    pub(super) fn database(&self) -> PathBuf {
        self.folder.join("relay/relay.sqlite")
    }

    /// The relay's directory.
    pub(super) fn data(&self) -> PathBuf {
        self.folder.join("relay")
    }

    /// A path for something of this run.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The program of measurements with some work.
    pub(super) fn work(&self, name: &str) -> Command {
        let mut command = Command::new(self.place.binary("sambung-bench-node"));
        command.arg(name);
        command
    }

    /// A newly enrolled office that speaks to the relay over the line.
    pub(super) fn office(&mut self) -> Result<PathBuf> {
        self.offices += 1;
        let dir = self.folder.join(format!("office-{}", self.offices));
        let relay = format!("http://{}", self.line.address());
        let code = invite(self.place, &self.folder)?;
        let mut command = Command::new(self.place.binary("sambung"));
        command.args(["enrol", "--relay", &relay, "--code", &code, "--name", "Kantor Uji", "--dir"]);
        printed(command.arg(&dir))?;
        Ok(dir)
    }

    /// One sync of an office.
    pub(super) fn sync(&self, office: &Path) -> Result<Synced> {
        let mut command = Command::new(self.place.binary("sambung"));
        command.args(["sync", "--json", "--dir"]).arg(office);
        Synced::read(&serde_json::from_str(&printed(&mut command)?)?)
    }

    /// Another device changes so many records at the relay.
    pub(super) fn change(&self, count: usize) -> Result<()> {
        let mut work = self.work("change");
        work.arg(self.folder.join("writer")).arg(self.address.to_string()).arg(count.to_string());
        measured(&mut work).map(drop)
    }

    /// Ends the relay; its memory at the greatest.
    pub(super) fn end(&mut self) -> Result<f64> {
        let relay = self.relay.take().context("the relay has ended")?;
        let peak = relay.peak_mb()?;
        relay.stop()?;
        Ok(peak)
    }
}

impl Synced {
    fn read(report: &Json) -> Result<Synced> {
        let number = |key: &str| report[key].as_u64().with_context(|| format!("{key} in {report}"));
        Ok(Synced {
            pushed: number("pushed")?,
            pulled: number("pulled")?,
            rounds: number("rounds")?,
            bodies: number("bytes_up")? + number("bytes_down")?,
            verified: report["verified"] == true,
        })
    }
}

fn fill(place: &Place, folder: &Path, records: usize, spread: bool) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let recovery = folder.join("recovery.toml");
    let mut init = relay(place, folder, "init");
    printed(init.args(["--name", "BP3MI Uji", "--recovery-out"]).arg(recovery))?;
    let mut stage = Stage::open(place, folder.to_owned())?;
    let code = invite(place, folder)?;
    let mut work = stage.work(if spread { "spread" } else { "write" });
    work.arg(folder.join("writer")).arg(stage.address.to_string()).arg(code).arg(records.to_string());
    measured(&mut work)?;
    stage.end()?;
    std::fs::write(folder.join("done"), "")?;
    // What was written goes to the disk now, and not under what is measured.
    ensure!(Command::new("sync").status()?.success(), "sync failed");
    Ok(())
}

fn relay(place: &Place, folder: &Path, command: &str) -> Command {
    let mut relay = Command::new(place.binary("sambung-relay"));
    relay.arg(command).arg("--data").arg(folder.join("relay"));
    relay
}

fn invite(place: &Place, folder: &Path) -> Result<String> {
    let mut command = relay(place, folder, "invite");
    let invited = printed(command.args(["--role", "front_office", "--area", AREA, "--json"]))?;
    let invited: Json = serde_json::from_str(&invited)?;
    Ok(invited["code"].as_str().context("no code")?.to_owned())
}

/// Removes a folder with everything in it, if it is there.
pub(super) fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    printed(Command::new("cp").args(["--recursive", "--preserve=mode"]).args([from, to])).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_of_a_sync_is_read() {
        let report = serde_json::json!({ "pushed": 1, "pulled": 2, "rounds": 3, "bytes_up": 4, "bytes_down": 5,
                                         "verified": true });
        let expected = Synced { pushed: 1, pulled: 2, rounds: 3, bodies: 9, verified: true };
        assert_eq!(Synced::read(&report).unwrap(), expected);
        assert!(Synced::read(&serde_json::json!({ "pushed": 1 })).is_err());
    }
}
