//! A device: a real replica in its file, a clock that may be wrong, and how its process can end.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, MAIN_DB};
use sambung_domain::{Pack, RecordId, StaffId, Timestamp};
use sambung_replica::exchange::{Session, Step, SyncError};
use sambung_replica::{Circumstances, DatabaseKey, Enrolment, Replica, ReplicaError};
use sambung_testkit::{Seed, WrongClock};

use crate::cast::Part;
use crate::relay::{Name, RelayHost, names};
use crate::sealer::Repeatable;

/// How a process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crash {
    /// It is closed, or killed where nothing was under way.
    Stopped,
    /// Killed with its files as they lay, the beginning of a write that was never committed behind them.
    TornWrite,
    /// Killed during a save or while it took an answer, before the commit: as if that had never begun.
    BeforeCommit,
}

/// An own or foreign change as a device holds it.
const OWN: &str =
    "SELECT r.id, c.hash FROM change AS c JOIN record AS r ON r.number = c.record WHERE c.own = 1";

pub(crate) struct Device {
    /// The rule that it breaks on purpose.
    fault: Option<&'static str>,
    pub(crate) part: Part,
    pub(crate) clock: WrongClock,
    pub(crate) replica: Replica,
    pub(crate) staff: StaffId,
    /// A sync that waits for an answer, and the number of its request.
    pub(crate) session: Option<(Session, u64)>,
    attempts: u64,
    random: Seed,
    folder: PathBuf,
    lives: u32,
    /// The database from outside.
    outside: Connection,
}

impl Device {
    pub(crate) fn enrol(
        (folder, fault): (&Path, Option<&'static str>),
        part: Part,
        relay: &mut RelayHost,
        now: Timestamp,
        seed: &mut Seed,
    ) -> Device {
        let mut random = seed.branch();
        let (hello, code) = relay.invite(&part, now);
        let (key, id) = (random.bytes(), random.bytes());
        let enrolment = Enrolment::begin(&hello, "http://relay.invalid", &code, part.name, &key, id).unwrap();
        let answer = relay.enrol(&enrolment.request(), now);
        let path = file(folder, part.name, 0);
        enrolment.finish(&answer, &path, &database_key()).unwrap();
        let replica = open(&path, random.bytes(), fault);
        Device {
            fault,
            staff: replica.staff().unwrap()[0],
            part,
            clock: WrongClock::right(now.0),
            replica,
            session: None,
            attempts: 0,
            random,
            folder: folder.to_owned(),
            lives: 0,
            outside: outside(&path),
        }
    }

    fn path(&self) -> PathBuf {
        file(&self.folder, self.part.name, self.lives)
    }

    fn time(&self, now: Timestamp) -> Timestamp {
        Timestamp(self.clock.at(now.0))
    }

    /// Carries a command out.
    pub(crate) fn with<T>(
        &mut self,
        now: Timestamp,
        command: impl FnOnce(&mut Replica, &mut Circumstances<'_>) -> Result<T, ReplicaError>,
    ) -> Result<T, ReplicaError> {
        let now = self.time(now);
        let random = &mut self.random;
        let mut random = || random.bytes();
        let mut with = Circumstances { staff: self.staff, now, random: &mut random };
        command(&mut self.replica, &mut with)
    }

    /// The next request of the sync under way or of a new one, with its number and where it goes.
    pub(crate) fn request(&mut self, now: Timestamp) -> Result<(u64, &'static str, Vec<u8>), SyncError> {
        let now = self.time(now);
        let mut session =
            self.session.take().map_or_else(|| Session::begin(self.staff), |(session, _)| session);
        let body = session.request(&mut self.replica, now)?;
        self.attempts += 1;
        let path = session.path();
        self.session = Some((session, self.attempts));
        Ok((self.attempts, path, body))
    }

    /// Takes what came as an answer. An error ends the sync.
    pub(crate) fn receive(&mut self, status: u16, body: &[u8], now: Timestamp) -> Result<Step, SyncError> {
        let now = self.time(now);
        let Some((mut session, attempt)) = self.session.take() else {
            return Err(SyncError::Nonsense("nobody waits"));
        };
        let step = session.receive(&mut self.replica, status, body, now)?;
        if step == Step::Continue {
            self.session = Some((session, attempt));
        }
        Ok(step)
    }

    /// Copies the files as they lie, as they would be after a kill.
    pub(crate) fn image(&self) -> Image {
        let read = |end: &str| std::fs::read(with_end(&self.path(), end)).unwrap_or_default();
        Image { database: read(""), log: read("-wal") }
    }

    /// The process ends and another begins: another incarnation. `image` are the files it finds, if not those as they
    /// are left.
    pub(crate) fn restart(&mut self, image: Option<&Image>) {
        self.session = None;
        if let Some(image) = image {
            self.lives += 1;
            std::fs::write(self.path(), &image.database).unwrap();
            std::fs::write(with_end(&self.path(), "-wal"), &image.log).unwrap();
        }
        let nonce = self.random.bytes();
        // The old connections first: what they hold in memory belongs to the process that ended.
        self.outside = Connection::open_in_memory().unwrap();
        self.replica = open(&self.path(), nonce, self.fault);
        self.outside = outside(&self.path());
    }

    /// Every own change it holds.
    pub(crate) fn own(&self) -> BTreeSet<Name> {
        names(&self.outside, OWN)
    }

    /// Own changes of which it says that the relay has them.
    pub(crate) fn confirmed(&self) -> BTreeSet<Name> {
        names(&self.outside, &format!("{OWN} AND (c.receipt IS NOT NULL OR c.sequence IS NOT NULL)"))
    }

    /// Own changes that wait.
    pub(crate) fn waiting(&self) -> BTreeSet<Name> {
        let sql = format!("{OWN} AND c.receipt IS NULL AND c.sequence IS NULL AND c.refused IS NULL");
        names(&self.outside, &sql)
    }

    /// Own changes of records that have left it, which it has not seen in the log.
    pub(crate) fn left(&self) -> BTreeSet<Name> {
        names(&self.outside, &format!("{OWN} AND r.away = 1 AND c.sequence IS NULL"))
    }

    /// The changes of one record that it holds.
    pub(crate) fn changes_of(&self, record: RecordId) -> BTreeSet<String> {
        let sql =
            "SELECT r.id, c.hash FROM change AS c JOIN record AS r ON r.number = c.record WHERE r.id = ?1";
        let mut statement = self.outside.prepare_cached(sql).unwrap();
        let rows = statement.query_map([record.0], crate::relay::name).unwrap();
        rows.map(|row| row.unwrap().1).collect()
    }

    /// Whether it holds a change, its own or another's.
    pub(crate) fn holds(&self, (record, change): &Name) -> bool {
        self.changes_of(*record).contains(change)
    }

    /// Records it shows, with heads and content.
    pub(crate) fn projections(&self) -> Vec<Projection> {
        let sql = "SELECT p.id, p.heads, p.content, p.conflicts FROM projection AS p JOIN record AS r
                   ON r.number = p.record WHERE r.away = 0 ORDER BY p.id";
        let mut statement = self.outside.prepare_cached(sql).unwrap();
        let rows = statement.query_map([], |row| {
            Ok(Projection {
                id: RecordId(row.get(0)?),
                heads: row.get(1)?,
                content: row.get(2)?,
                conflicts: row.get(3)?,
            })
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// Every page as the pager decrypts it, free ones included, with the frames that the log holds.
    pub(crate) fn pages(&mut self) -> Vec<u8> {
        self.outside.serialize(MAIN_DB).unwrap().to_vec()
    }
}

/// A record as a device shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Projection {
    pub(crate) id: RecordId,
    pub(crate) heads: Vec<u8>,
    pub(crate) content: String,
    pub(crate) conflicts: i64,
}

/// The files of a replica at a moment.
pub(crate) struct Image {
    database: Vec<u8>,
    log: Vec<u8>,
}

impl Image {
    /// A write that was begun behind the last commit, in the middle of a page.
    pub(crate) fn torn(mut self, seed: &mut Seed) -> Image {
        let length = 24 + seed.below(4_000);
        self.log.extend((0..length).map(|_| seed.byte()));
        self
    }
}

fn file(folder: &Path, name: &str, life: u32) -> PathBuf {
    folder.join(format!("{name}-{life}.db"))
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn database_key() -> DatabaseKey {
    DatabaseKey([7; 32].into())
}

#[cfg_attr(
    not(feature = "sabotage"),
    expect(unused_variables, reason = "faults are built in with the feature `sabotage`")
)]
fn open(path: &Path, nonce: [u8; 16], fault: Option<&'static str>) -> Replica {
    let pack = Pack::builtin().unwrap();
    let replica = Replica::open(path, &database_key(), pack, nonce).unwrap();
    #[cfg(feature = "sabotage")]
    let replica = replica.sabotaged(fault.map(str::to_owned));
    replica.sealing_with(std::sync::Arc::new(Repeatable))
}

fn outside(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    let hex = sambung_domain::hex::hex(&database_key().0[..]);
    connection.execute_batch(&format!("PRAGMA key = \"x'{hex}'\";")).unwrap();
    connection
}
