//! SIGKILL during saves, beside a ledger in another process: whatever returned is there afterwards.
//!
//! A process is stopped before it is killed, so that it can be asked where it was: SQLite holds the write lock of the
//! database, a lock on one byte of a file that others can ask the system about, from `BEGIN IMMEDIATE` until `COMMIT`
//! has returned.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Flock, FlockType, Pid, Signal, WaitOptions, fcntl_getlk, kill_process, waitpid};
use sambung_domain::RecordId;
use sambung_replica::DatabaseKey;
use sambung_testkit::Seed;

use crate::site::{Office, Site};

/// Kills of every run.
const KILLS: usize = 200;
/// Kills of `cargo xtask soak kills`.
const KILLS_SOAK: usize = 3_000;
/// Where the process that saves finds its database.
const DATABASE: &str = "SAMBUNG_TEST_SAVER_DATABASE";
const KEY: [u8; 32] = [7; 32];

#[test]
fn what_returned_survives_a_kill_at_any_moment() {
    survive(KILLS, 20_261_124);
}

#[test]
#[ignore = "long: cargo xtask soak kills"]
fn what_returned_survives_thousands_of_kills() {
    survive(KILLS_SOAK, u64::from_le_bytes(sambung_relay::clock::random().unwrap()));
}

/// The process that the kills are aimed at. Started without them it saves for a moment in a place of its own.
///
/// It says `b ID KEY VALUE` before a save begins and `e` after it has returned; `b` of a record that is to be made
/// has `-` for its id, and `e` names it.
#[test]
#[ignore = "started and killed by the others"]
fn saver() {
    let (_site, path, most) = match std::env::var_os(DATABASE) {
        Some(path) => (None, PathBuf::from(path), usize::MAX),
        None => {
            let site = Site::start();
            let path = site.office("a", &["35.13"]).path.clone();
            (Some(site), path, 20)
        }
    };
    let mut office = Office::open(path, DatabaseKey(KEY.into()));
    let mut out = std::io::stdout();
    writeln!(out).unwrap();
    let mut last = None;
    for number in 0..most {
        let value = format!("Uji-{}-{number}", std::process::id());
        match last.filter(|_| number % 3 != 0) {
            Some(id) => {
                writeln!(out, "b {id} dusun {value}").unwrap();
                let change = office.edit(id, &[("dusun", &value)]).unwrap().unwrap();
                writeln!(out, "e {id} {change}").unwrap();
            }
            None => {
                writeln!(out, "b - nama_lengkap {value}").unwrap();
                let id = office.create(&[("nama_lengkap", &value)]).unwrap();
                writeln!(out, "e {id} -").unwrap();
                last = Some(id);
            }
        }
    }
}

/// A save that was begun.
struct Begun {
    id: Option<RecordId>,
    key: String,
    value: String,
}

/// What returned, and what may have happened besides.
#[derive(Default)]
struct Ledger {
    saved: BTreeMap<(RecordId, String), String>,
    /// Hashes of changes that were named.
    changes: BTreeMap<RecordId, Vec<String>>,
    /// The edit that was under way at the last kill of each record: it may have happened or not.
    possible: BTreeMap<(RecordId, String), String>,
    begun: Option<Begun>,
}

impl Ledger {
    fn hear(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["b", id, key, value] => {
                let id = (id != "-").then(|| id.parse().unwrap());
                self.begun = Some(Begun { id, key: key.to_owned(), value: value.to_owned() });
            }
            ["e", id, change] => {
                let begun = self.begun.take().unwrap();
                let id: RecordId = id.parse().unwrap();
                if change != "-" {
                    self.changes.entry(id).or_default().push(change.to_owned());
                }
                self.possible.remove(&(id, begun.key.clone()));
                self.saved.insert((id, begun.key), begun.value);
            }
            _ => {}
        }
    }

    /// The process is dead, and what it had begun may have happened or not.
    fn dead(&mut self) {
        let Some(Begun { id: Some(id), key, value }) = self.begun.take() else { return };
        self.possible.insert((id, key), value);
    }

    fn check(&self, office: &Office) {
        for ((id, key), value) in &self.saved {
            let found = office.field(*id, key);
            let possible = self.possible.get(&(*id, key.clone()));
            let is_right = found == value.as_str() || possible.is_some_and(|value| found == value.as_str());
            assert!(is_right, "{id} {key}: {found} instead of {value} or {possible:?}");
        }
        for (id, changes) in &self.changes {
            let history = office.replica.history(*id).unwrap();
            for change in changes {
                assert!(history.iter().any(|entry| entry.change == *change), "{id} lacks {change}");
            }
        }
        assert_eq!(office.findings(), []);
    }
}

fn survive(kills: usize, seed: u64) {
    let site = Site::start();
    let path = site.office("a", &["35.13"]).path.clone();
    let mut seed_of = Seed::new(seed);
    let mut ledger = Ledger::default();
    let mut in_transaction = 0;
    let mut usual = Duration::from_millis(5);
    for kill in 0..kills {
        let wait_for = 1 + seed_of.below(4);
        let span = usize::try_from(usual.as_micros()).unwrap_or(1).max(100);
        let delay = Duration::from_micros(u64::try_from(seed_of.below(span)).unwrap());
        let life = one_life(&path, &mut ledger, wait_for, delay);
        usual = usual.mul_f64(0.8) + life.save.mul_f64(0.2);
        in_transaction += usize::from(life.ended_in_transaction);
        ledger.dead();
        if kill % 50 == 49 || kill + 1 == kills {
            ledger.check(&Office::open(path.clone(), DatabaseKey(KEY.into())));
        }
    }
    let said = format!(
        "seed {seed}: {kills} kills, {in_transaction} between BEGIN and the return of COMMIT; {} values returned",
        ledger.saved.len()
    );
    eprintln!("{said}");
    assert!(in_transaction * 10 >= kills * 6, "{said}");
    assert!(ledger.saved.len() >= kills / 2, "{said}");
    let mut office = Office::open(path, DatabaseKey(KEY.into()));
    office.sync(&site);
    assert_eq!(office.waiting(), 0);
}

/// What is known of one process.
struct Life {
    /// How long a save took.
    save: Duration,
    /// It held the write lock when it was killed.
    ended_in_transaction: bool,
}

/// Starts the process, waits until it has begun so many saves and then a moment longer, and kills it.
fn one_life(path: &Path, ledger: &mut Ledger, wait_for: usize, delay: Duration) -> Life {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kills::saver", "--ignored", "--nocapture"])
        .env(DATABASE, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (mut begun, mut first, mut save) = (0, Instant::now(), Duration::from_millis(1));
    while begun < wait_for {
        let line = lines.next().unwrap().unwrap();
        ledger.hear(&line);
        if line.starts_with("b ") {
            begun += 1;
            first = Instant::now();
        } else if line.starts_with("e ") {
            save = first.elapsed();
        }
    }
    std::thread::sleep(delay);
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::STOP).unwrap();
    waitpid(Some(pid), WaitOptions::UNTRACED).unwrap();
    let ended_in_transaction = holds_write_lock(pid, path);
    child.kill().unwrap();
    child.wait().unwrap();
    // A line cut off by the kill says nothing: its save had not returned to anybody.
    for line in lines.map_while(Result::ok) {
        ledger.hear(&line);
    }
    Life { save, ended_in_transaction }
}

/// Whether a process holds the write lock of a database in write-ahead mode (WAL_WRITE_LOCK, the first lock byte of
/// the file beside it: <https://sqlite.org/walformat.html#locks>).
fn holds_write_lock(pid: Pid, database: &Path) -> bool {
    const WRITE_LOCK: u64 = 120;
    let mut name = database.as_os_str().to_owned();
    name.push("-shm");
    let shared = File::options().read(true).write(true).open(name).unwrap();
    let wanted = Flock { start: WRITE_LOCK, length: 1, ..Flock::from(FlockType::WriteLock) };
    fcntl_getlk(&shared, &wanted).unwrap().is_some_and(|lock| lock.pid == Some(pid))
}
