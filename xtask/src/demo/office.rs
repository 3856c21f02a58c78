//! An office: a directory with a replica, and the node's command line.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::people::Person;
use super::proxy::Proxy;
use super::relay::Relay;

/// Seconds in a day.
const DAY_S: i64 = 86_400;

/// Most records of a kind that are listed.
const LISTED: &str = "1000";

/// What a device is invited for.
pub(super) struct Seat<'a> {
    pub(super) role: &'a str,
    pub(super) areas: &'a str,
    pub(super) office: Option<&'a str>,
}

/// An office of the demo.
pub(super) struct Office {
    pub(super) name: &'static str,
    /// What its device was invited as, and for which areas.
    pub(super) role: String,
    pub(super) areas: String,
    binary: PathBuf,
    dir: PathBuf,
    pub(super) line: Proxy,
    /// How many days the office's clock is ahead of the first day.
    day: i64,
    sabotage: Option<String>,
}

impl Office {
    /// Enrols a device with the grant of its seat.
    pub(super) fn enrol(
        name: &'static str,
        seat: &Seat<'_>,
        binary: &Path,
        dir: &Path,
        relay: &Relay,
        sabotage: Option<&str>,
    ) -> Result<Self> {
        let mut invite = vec!["invite", "--role", seat.role, "--area", seat.areas, "--json"];
        invite.extend(seat.office.iter().flat_map(|code| ["--office", *code]));
        let invitation = relay.run(&invite)?;
        let invitation: Value = serde_json::from_str(&invitation)?;
        let code = invitation["code"].as_str().context("an invitation without a code")?.to_owned();
        let office = Office {
            name,
            role: seat.role.to_owned(),
            areas: seat.areas.to_owned(),
            binary: binary.to_owned(),
            dir: dir.join(name),
            line: Proxy::start(relay.address())?,
            day: 0,
            sabotage: sabotage.map(str::to_owned),
        };
        office.run(&["enrol", "--relay", &office.line.url(), "--code", &code, "--name", name])?;
        Ok(office)
    }

    /// Days pass.
    pub(super) fn wait_days(&mut self, days: i64) {
        self.day += days;
    }

    /// How many days the office's clock is ahead of the first day.
    pub(super) fn day(&self) -> i64 {
        self.day
    }

    /// The same in seconds, as the node is told.
    pub(super) fn shift_s(&self) -> i64 {
        self.day * DAY_S
    }

    /// Registers a person; gives the record's id.
    pub(super) fn register(&self, person: &Person) -> Result<String> {
        self.run(&[
            "record",
            "create",
            "worker",
            "--set",
            &format!("nama_lengkap={}", person.name),
            "--set",
            &format!("jenis_kelamin={}", person.sex),
            "--set",
            &format!("tahun_lahir={}", person.birth.year),
            "--set",
            &format!("area={}", person.village),
            "--set",
            "boleh_diketahui_desa=ya",
            "--add",
            &format!("telepon={}", person.phone),
        ])
    }

    /// Sets one field of a record.
    pub(super) fn set(&self, id: &str, key: &str, value: &str) -> Result<()> {
        self.run(&["record", "edit", id, "--set", &format!("{key}={value}")]).map(drop)
    }

    /// Sends a complaint; gives the name of the sealed item.
    pub(super) fn seal(&self, told: &[(&str, Value)], story: &str) -> Result<String> {
        let mut arguments = vec!["complaint".to_owned(), "seal".to_owned()];
        for (key, value) in told {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            arguments.extend(["--set".to_owned(), format!("{key}={text}")]);
        }
        arguments.extend(["--add".to_owned(), format!("kronologi={}", json!({ "isi": story }))]);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        self.run(&arguments)
    }

    /// Opens a sealed complaint; gives the id of its record.
    pub(super) fn open(&self, item: &str) -> Result<String> {
        let opened: Value = serde_json::from_str(&self.run(&["complaint", "open", item, "--json"])?)?;
        Ok(opened["complaint"].as_str().context("nothing was opened")?.to_owned())
    }

    /// Exchanges with the relay.
    pub(super) fn sync(&self) -> Result<Value> {
        Ok(serde_json::from_str(&self.run(&["sync", "--json"])?)?)
    }

    /// Tries to exchange on a line that will break; the exit code.
    pub(super) fn sync_and_fail(&self) -> Result<Option<i32>> {
        Ok(self.output(&["sync", "--json"])?.status.code())
    }

    /// Tries to exchange; says whether it went well and proved that both sides hold the same.
    pub(super) fn sync_verified(&self) -> Result<bool> {
        let output = self.output(&["sync", "--json"])?;
        let said: Option<Value> = serde_json::from_slice(&output.stdout).ok();
        Ok(output.status.success() && said.is_some_and(|said| said["verified"] == true))
    }

    /// The directory of the replica.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether this office shows a record.
    pub(super) fn shows(&self, id: &str) -> Result<bool> {
        Ok(self.output(&["record", "show", id, "--json"])?.status.success())
    }

    /// A record as this office shows it.
    pub(super) fn show(&self, id: &str) -> Result<Value> {
        Ok(serde_json::from_str(&self.run(&["record", "show", id, "--json"])?)?)
    }

    /// The state of the replica. Exit code 4 means that somebody must look, and is no failure here.
    pub(super) fn status(&self) -> Result<Value> {
        Ok(serde_json::from_slice(&self.output(&["status", "--json"])?.stdout)?)
    }

    /// The ids of all workers.
    pub(super) fn workers(&self) -> Result<Vec<String>> {
        let rows = self.rows("worker")?;
        Ok(rows.iter().filter_map(|row| row["id"].as_str().map(str::to_owned)).collect())
    }

    /// The records of a kind that this office shows.
    pub(super) fn rows(&self, kind: &str) -> Result<Vec<Value>> {
        let page = self.run(&["record", "list", kind, "--limit", LISTED, "--json"])?;
        let mut page: Value = serde_json::from_str(&page)?;
        let rows = page["rows"].as_array_mut().context("a list without rows")?;
        Ok(std::mem::take(rows))
    }

    /// Starts `sambung serve` and leaves it running; gives its address and its process.
    pub(super) fn serve(&self) -> Result<(String, u32)> {
        use std::io::{BufRead, BufReader};
        let mut child: Child = self
            .command(&["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
        line.trim()
            .strip_prefix("listening ")
            .map(|address| (address.to_owned(), child.id()))
            .with_context(|| format!("not served: {line}"))
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Result<String> {
        let output = self.output(arguments)?;
        if !output.status.success() {
            bail!(
                "{}: sambung {}: {}",
                self.name,
                arguments.join(" "),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    pub(super) fn output(&self, arguments: &[&str]) -> Result<Output> {
        Ok(self.command(arguments).output()?)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).env("SAMBUNG_DIR", &self.dir).stdin(Stdio::null());
        command.env("SAMBUNG_CLOCK_SHIFT_S", self.shift_s().to_string());
        command.env_remove("SAMBUNG_SABOTAGE");
        if let Some(promise) = &self.sabotage {
            command.env("SAMBUNG_SABOTAGE", promise);
        }
        command
    }
}
