//! A relay with its directory, its log and its address.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};

use super::audit::{Audited, audit};
use super::line::Line;
use super::office::Office;
use super::process::Ended;
use super::{binary, process};

/// A deployment of its own: everything in one temporary directory, everything killed when dropped.
pub(crate) struct Deployment {
    dir: tempfile::TempDir,
    relay: Arc<RelayProcess>,
    line: Line,
}

/// The relay's process, which can be killed from anywhere.
pub(crate) struct RelayProcess {
    running: Mutex<Option<(Child, SocketAddr)>>,
}

impl RelayProcess {
    /// Where it listens; none while it is dead.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.running.lock().unwrap().as_ref().map(|(_, address)| *address)
    }

    /// SIGKILL, and waits until it is gone. Killing a dead one changes nothing.
    pub(crate) fn kill(&self) {
        if let Some((mut child, _)) = self.running.lock().unwrap().take() {
            drop(child.kill());
            child.wait().unwrap();
        }
    }
}

impl Drop for RelayProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Deployment {
    /// A new relay that listens on a free port, and a line to it that keeps its own address.
    pub(crate) fn start() -> Deployment {
        let dir = tempfile::tempdir().unwrap();
        let relay = Arc::new(RelayProcess { running: Mutex::new(None) });
        let line = Line::to(Arc::clone(&relay));
        let deployment = Deployment { dir, relay, line };
        let init = process::run(
            deployment
                .command("init")
                .args(["--name", "BP3MI Uji"])
                .arg("--recovery-out")
                .arg(deployment.recovery_file()),
        );
        assert_eq!(init.code, Some(0), "{init:?}");
        deployment.restart();
        deployment
    }

    /// Starts the relay again on the same directory; offices find it at the line's address as before.
    pub(crate) fn restart(&self) {
        self.restart_with(&[]);
    }

    /// Starts it again in an environment of the test's choice.
    pub(crate) fn restart_with(&self, environment: &[(&str, &str)]) {
        self.kill();
        let mut serve = self.command("serve");
        serve.args(["--listen", "127.0.0.1:0"]).envs(environment.iter().copied());
        let started = process::listen(&mut serve, &self.log_file());
        *self.relay.running.lock().unwrap() = Some(started);
    }

    pub(crate) fn kill(&self) {
        self.relay.kill();
    }

    /// A command of the relay on its directory.
    pub(crate) fn command(&self, name: &str) -> Command {
        let mut command = Command::new(binary::relay());
        command.arg(name).arg("--data").arg(self.data());
        command
    }

    /// Runs a command of the relay with all its words, whatever comes of it.
    pub(crate) fn relay(&self, arguments: &[&str]) -> Ended {
        process::run(Command::new(binary::relay()).args(arguments).env("SAMBUNG_RELAY_DATA", self.data()))
    }

    /// The JSON of a command of the relay that must succeed.
    pub(crate) fn relay_json(&self, arguments: &[&str]) -> serde_json::Value {
        let ended = self.relay(&[arguments, &["--json"]].concat());
        assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
        ended.json()
    }

    /// An invitation code for a role and areas.
    pub(crate) fn invite(&self, role: &str, areas: &str) -> String {
        self.invite_with(&["--role", role, "--area", areas])
    }

    /// An invitation code, as the command line gives it.
    pub(crate) fn invite_with(&self, arguments: &[&str]) -> String {
        let invited = process::run(self.command("invite").args(arguments).arg("--json"));
        assert_eq!(invited.code, Some(0), "{invited:?}");
        invited.json()["code"].as_str().unwrap().to_owned()
    }

    /// An enrolled office.
    pub(crate) fn office(&self, name: &str, role: &str, areas: &str) -> Office {
        let office = self.newcomer(name);
        let enrolled = office.enrol(&self.url(), &self.invite(role, areas));
        assert_eq!(enrolled.code, Some(0), "{enrolled:?}");
        office
    }

    /// A desk of an office: enrolled with its code.
    pub(crate) fn desk(&self, name: &str, (role, areas, office): (&str, &str, &str)) -> Office {
        let desk = self.newcomer(name);
        let code = self.invite_with(&["--role", role, "--area", areas, "--office", office]);
        let enrolled = desk.enrol(&self.url(), &code);
        assert_eq!(enrolled.code, Some(0), "{enrolled:?}");
        desk
    }

    /// An office that is not enrolled yet.
    pub(crate) fn newcomer(&self, name: &str) -> Office {
        Office::in_folder(self.dir.path(), name)
    }

    /// The line's address, which outlives the relay.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.line.address())
    }

    pub(crate) fn line(&self) -> &Line {
        &self.line
    }

    /// The relay's own address.
    pub(crate) fn address(&self) -> SocketAddr {
        self.relay.address().unwrap()
    }

    /// Greatest resident memory of the running relay, in KiB.
    pub(crate) fn peak_kib(&self) -> u64 {
        let running = self.relay.running.lock().unwrap();
        process::peak_kib(running.as_ref().unwrap().0.id()).unwrap()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("relay")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.data().join("relay.sqlite")
    }

    /// Checks the relay's disk twice over: with its own `verify` and with a reader of the tests.
    pub(crate) fn audit(&self) -> Audited {
        let verified = process::run(&mut self.command("verify"));
        assert_eq!(verified.code, Some(0), "{verified:?}");
        audit(&self.database())
    }

    pub(crate) fn recovery_file(&self) -> PathBuf {
        self.dir.path().join("pemulihan.toml")
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        self.dir.path()
    }

    pub(crate) fn log_file(&self) -> PathBuf {
        self.dir.path().join("relay.log")
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.log_file()).unwrap_or_default();
            let lines: Vec<&str> = log.lines().filter(|line| !line.contains("\"INFO\"")).collect();
            process::say(&format!("the relay's log, without requests:\n{}", lines.join("\n")));
        }
    }
}
