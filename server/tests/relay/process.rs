//! The real program: killed, stopped, asked from the command line.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use sambung_domain::RecordId;
use sambung_relay::data::DataDir;
use sambung_relay::store::{Pool, StoreError};
use sambung_sync::document::ChangeHash;
use sambung_sync::frame::MEDIA_TYPE;
use sambung_sync::message::Disposition;
use sambung_sync::relay::RelayStore;

use crate::device::{Device, EXCHANGE, Stranger};
use crate::record::{Worker, name};

/// Receipted pushes before the relay is killed.
const PUSHES: usize = 200;

/// A relay's directory with the program that works on it.
pub(crate) struct Place {
    dir: tempfile::TempDir,
}

/// The program while it serves.
pub(crate) struct Served {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) out: BufReader<ChildStdout>,
}

impl Place {
    pub(crate) fn new() -> Place {
        let place = Place { dir: tempfile::tempdir().unwrap() };
        let out = place.path("pemulihan.toml");
        place.good(&["init", "--name", "Uji", "--recovery-out", out.to_str().unwrap()]);
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn data(&self) -> DataDir {
        DataDir::at(&self.path("data"))
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sambung-relay"));
        command.args(args).env("SAMBUNG_RELAY_DATA", self.path("data"));
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Standard output of a command that must succeed.
    pub(crate) fn good(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn json(&self, args: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.good(args)).unwrap()
    }

    pub(crate) fn exit(&self, args: &[&str]) -> i32 {
        self.run(args).status.code().unwrap()
    }

    pub(crate) fn serve(&self) -> Served {
        self.serve_with(&[])
    }

    /// Serves with further words of the command line.
    pub(crate) fn serve_with(&self, words: &[&str]) -> Served {
        let mut child = self
            .command(&["serve", "--listen", "127.0.0.1:0"])
            .args(words)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening http://").unwrap().parse().unwrap();
        Served { child, address, out }
    }

    pub(crate) fn enrol(&self, address: SocketAddr) -> Device {
        self.enrol_at(address, &self.path("data"))
    }

    /// Enrols a device at a relay that lives in another directory.
    pub(crate) fn enrol_at(&self, address: SocketAddr, data: &Path) -> Device {
        let data = ["--data", data.to_str().unwrap()];
        let words = ["invite", "--role", "front_office", "--area", "35.13", "--json"];
        let invited = self.json(&[&words[..], &data].concat());
        Stranger::new().enrol(address, invited["code"].as_str().unwrap())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

type Ledger = Mutex<Vec<(RecordId, ChangeHash)>>;

/// Pushes record after record until the relay is gone, and notes what was receipted.
fn push_until_killed(mut device: Device, ledger: &Ledger) {
    loop {
        let mut worker = Worker::born(&device, "35.13.02.2004");
        let hash = name(&worker.waiting[0]);
        let item = worker.item(&device);
        let push = device.sign(vec![item]);
        let Ok(pushed) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| device.push(&push))) else {
            return;
        };
        assert_eq!(pushed.unwrap().verdicts[0].disposition, Disposition::Stored);
        ledger.lock().unwrap().push((worker.record, hash));
    }
}

#[test]
fn a_killed_relay_has_everything_it_gave_a_receipt_for() {
    let place = Place::new();
    let mut served = place.serve();
    let ledger = Ledger::default();
    let devices: Vec<Device> = (0..3).map(|_| place.enrol(served.address)).collect();
    std::thread::scope(|scope| {
        let ledger = &ledger;
        for device in devices {
            scope.spawn(move || push_until_killed(device, ledger));
        }
        while ledger.lock().unwrap().len() < PUSHES {
            std::thread::sleep(Duration::from_millis(5));
        }
        served.child.kill().unwrap();
    });
    let receipted = ledger.into_inner().unwrap();
    assert!(receipted.len() >= PUSHES);
    let report = place.json(&["verify", "--json"]);
    assert_eq!(report["findings"], serde_json::json!([]));
    assert!(report["changes"].as_u64().unwrap() >= u64::try_from(receipted.len()).unwrap());
    let pool = Pool::open(&place.data().database()).unwrap();
    for (record, hash) in receipted {
        let there = pool.read::<_, StoreError>(|store| store.change(record, 1, &hash)).unwrap();
        assert!(there.is_some(), "{record} {hash}");
    }
    drop(place.serve());
}

pub(crate) fn terminate(served: &Served) {
    let pid = served.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
}

#[test]
fn a_stopped_relay_ends_in_time_and_with_success() {
    let place = Place::new();
    let mut served = place.serve();
    let idle = std::net::TcpStream::connect(served.address).unwrap();
    let begun = Instant::now();
    terminate(&served);
    assert_eq!(served.child.wait().unwrap().code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    drop(idle);
}

#[test]
fn a_request_under_way_is_answered_before_the_relay_ends() {
    let place = Place::new();
    let mut served = place.serve();
    let mut stream = std::net::TcpStream::connect(served.address).unwrap();
    let head = format!(
        "POST {EXCHANGE} HTTP/1.1\r\nhost: relay\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: 8\r\n\r\nhalo"
    );
    stream.write_all(head.as_bytes()).unwrap();
    // The relay has begun to read once it answers somebody else.
    assert_eq!(crate::http::get(served.address, "/livez").status, 200);
    terminate(&served);
    std::thread::sleep(Duration::from_millis(200));
    stream.write_all(b"halo").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 400"), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(served.child.wait().unwrap().code(), Some(0));
}

#[test]
fn the_command_line_tells_what_there_is_and_no_secrets() {
    let place = Place::new();
    let served = place.serve();
    let mut device = place.enrol(served.address);
    let mut worker = Worker::born(&device, "35.13");
    let item = worker.item(&device);
    let push = device.sign(vec![item]);
    device.push(&push).unwrap();

    let status = place.json(&["status", "--json"]);
    let of = |key: &str| status[key].as_u64().unwrap();
    assert_eq!((of("records"), of("changes"), of("devices"), of("invitations_open")), (1, 1, 1, 0));
    assert_eq!(status["shards"][0]["sequence"], 1);
    let listed = place.json(&["device", "list", "--json"]);
    assert_eq!((&listed[0]["role"], &listed[0]["counter"]), (&"front_office".into(), &1.into()));
    assert_eq!(listed[0]["areas"], serde_json::json!(["a:35.13", "a:00"]));
    let keys = std::fs::read_to_string(place.data().keys()).unwrap();
    let shown = format!("{status}{listed}{}{}", place.good(&["status"]), place.good(&["device", "list"]));
    for line in keys.lines().filter(|line| !line.starts_with("root")) {
        let secret = line.split('"').nth(1).unwrap_or("").get(..32);
        assert!(secret.is_none_or(|secret| !shown.contains(secret)), "{line}");
    }
}

#[test]
fn a_backup_is_complete_and_never_written_over() {
    let place = Place::new();
    let served = place.serve();
    place.enrol(served.address);
    let file = place.path("cadangan.sqlite");
    let args = ["backup", file.to_str().unwrap()];
    place.good(&args);
    assert_eq!(place.exit(&args), 1);
}

#[test]
fn a_recovered_relay_has_the_same_identity_and_another_log() {
    let place = Place::new();
    let other = place.path("baru");
    let (file, other) = (place.path("pemulihan.toml"), other.to_str().unwrap().to_owned());
    place.good(&["init", "--data", &other, "--recover", file.to_str().unwrap()]);
    let status = |dir: &Path| place.json(&["status", "--json", "--data", dir.to_str().unwrap()]);
    let (old, new) = (status(&place.path("data")), status(Path::new(&other)));
    assert_eq!(old["name"], new["name"]);
    assert_ne!(old["log"], new["log"]);
}

#[test]
fn exit_codes_say_whose_turn_it_is() {
    let place = Place::new();
    let out = place.path("lagi.toml");
    let again = ["init", "--name", "Uji", "--recovery-out", out.to_str().unwrap()];
    assert_eq!(place.exit(&again), 3);
    assert!(!out.exists());
    let empty = place.path("kosong");
    let empty = empty.to_str().unwrap();
    for command in ["serve", "status", "verify"] {
        assert_eq!(place.exit(&[command, "--data", empty]), 3, "{command}");
    }
    assert_eq!(place.exit(&["invite", "--role", "raja", "--area", "35"]), 2);
    assert_eq!(place.exit(&["man", "tiada"]), 2);
    let taken = place.serve();
    assert_eq!(place.exit(&["serve", "--listen", &taken.address.to_string()]), 3);
    assert!(place.good(&["completions", "bash"]).contains("sambung-relay"));
    assert!(place.good(&["man", "invite"]).contains("sambung-relay-invite"));
    let database = rusqlite::Connection::open(place.data().database()).unwrap();
    assert_eq!(place.exit(&["verify"]), 0);
    let forged = "INSERT INTO log VALUES ('35.13', 1, x'00', zeroblob(16), zeroblob(32))";
    database.execute(forged, []).unwrap();
    assert_eq!(place.exit(&["verify"]), 1);
    database.pragma_update(None, "user_version", 99).unwrap();
    assert_eq!(place.exit(&["status"]), 3);
}
