//! The real relay over its real store, with time and randomness from outside, and what can happen to its machine.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use sambung_domain::hex::hex;
use sambung_domain::{Pack, RecordId, Timestamp};
use sambung_relay::host::{Failure, read_or_write};
use sambung_relay::store::{self, Pool, SqliteStore, StoreError};
use sambung_sync::frame::{AnswerFrame, Frame, pack, unpack};
use sambung_sync::message::{ExchangeRequest, ReconcileRequest};
use sambung_sync::relay::{Circumstances, Invitation, Reject, Relay, RelayKeys, RelayStore, SilenceStore};
use sambung_testkit::Seed;
use sambung_trust::certificate::{Certificate, Purpose};
use sambung_trust::invitation::InvitationCode;
use sambung_trust::{DeploymentKey, OpeningKey, PublicKey, SecretKey, Signed};

use crate::cast::Part;

/// What a change is called: record and hash.
pub(crate) type Name = (RecordId, String);

pub(crate) struct RelayHost {
    folder: PathBuf,
    keys: Seed,
    random: Seed,
    relay: Relay,
    /// `None` only while the machine is being changed.
    pool: Option<Pool>,
    /// The database from outside.
    outside: Connection,
    machines: u32,
    backup: Option<PathBuf>,
    /// It has been restored or emptied: what it confirmed before it may lack.
    pub(crate) was_replaced: bool,
    /// It answers and then keeps nothing.
    pub(crate) forgetful: bool,
}

impl RelayHost {
    pub(crate) fn start(
        folder: &Path,
        seed: &mut Seed,
        now: Timestamp,
        fault: Option<&'static str>,
    ) -> RelayHost {
        #[cfg(not(feature = "sabotage"))]
        assert_eq!(fault, None, "faults are built in with the feature `sabotage`");
        let (keys, mut random) = (seed.branch(), seed.branch());
        let pool = machine(&folder.join("relay-0.sqlite"), &mut random, now);
        let relay = Relay {
            pack: Pack::builtin().unwrap(),
            keys: relay_keys(&mut keys.clone(), now),
            log: pool.log(),
            #[cfg(feature = "sabotage")]
            sabotage: fault,
        };
        let outside = outside(&folder.join("relay-0.sqlite"));
        let folder = folder.to_owned();
        RelayHost {
            folder,
            keys,
            random,
            relay,
            pool: Some(pool),
            outside,
            machines: 0,
            backup: None,
            was_replaced: false,
            forgetful: false,
        }
    }

    fn pool(&self) -> &Pool {
        self.pool.as_ref().unwrap()
    }

    fn database(&self) -> PathBuf {
        self.folder.join(format!("relay-{}.sqlite", self.machines))
    }

    /// The body of a hello, and an invitation for one device.
    pub(crate) fn invite(&mut self, part: &Part, now: Timestamp) -> (Vec<u8>, String) {
        let code = InvitationCode::new(self.random.bytes(), &self.relay.keys.root);
        let invitation = Invitation {
            hash: code.hash(),
            role: part.role.parse().unwrap(),
            areas: vec![part.area.parse().unwrap()],
            sets: Vec::new(),
            office: part.office.map(|code| code.parse().unwrap()),
            staff: Vec::new(),
            expires: now.plus_ms(60_000),
            used_by: None,
        };
        self.pool().write::<_, StoreError>(|store| store.put_invitation(&invitation)).unwrap();
        (pack(&self.relay.hello(now)), code.text())
    }

    pub(crate) fn enrol(&mut self, body: &[u8], now: Timestamp) -> Vec<u8> {
        let frame: Frame = unpack(body).unwrap();
        let RelayHost { relay, pool, random, .. } = self;
        let mut random = || random.bytes();
        let mut with = Circumstances { now, random: &mut random };
        let work = |store: &mut SqliteStore<'_>| relay.enrol(store, &frame, &mut with).map_err(Failure::from);
        pack(&pool.as_ref().unwrap().write(work).unwrap())
    }

    /// The answer to a request as status and body. What the host does besides, it does in the same order.
    pub(crate) fn answer(&mut self, path: &str, body: &[u8], now: Timestamp) -> (u16, Vec<u8>) {
        let answer = if path == "reconcile" { self.reconcile(body, now) } else { self.exchange(body, now) };
        match answer {
            Ok(answer) => (200, pack(&answer)),
            Err(Failure::Rejected(reject)) => (reject.status(), pack(&reject.refusal())),
            Err(other) => panic!("the relay failed: {other}"),
        }
    }

    fn reconcile(&mut self, body: &[u8], now: Timestamp) -> Result<AnswerFrame, Failure> {
        let frame: Frame = unpack(body).map_err(Reject::from)?;
        let request: ReconcileRequest = frame.peek().map_err(Reject::from)?;
        let relay = &self.relay;
        let work = |store: &mut SqliteStore<'_>| {
            relay.reconcile(store, &frame, &request, now).map_err(Failure::from)
        };
        read_or_write(self.pool(), work)
    }

    fn exchange(&mut self, body: &[u8], now: Timestamp) -> Result<AnswerFrame, Failure> {
        let frame: Frame = unpack(body).map_err(Reject::from)?;
        let request: ExchangeRequest = frame.peek().map_err(Reject::from)?;
        let RelayHost { relay, pool, random, forgetful, .. } = self;
        let mut random = || random.bytes();
        let mut with = Circumstances { now, random: &mut random };
        let mut work = |store: &mut SqliteStore<'_>| {
            relay.exchange(store, &frame, &request, &mut with).map_err(Failure::from)
        };
        let pool = pool.as_ref().unwrap();
        if request.push.is_none() {
            match pool.read(&mut work) {
                Err(Failure::Store(StoreError::ReadOnly)) => {}
                other => return other,
            }
        }
        if *forgetful {
            let mut answer = None;
            let work = |store: &mut SqliteStore<'_>| -> Result<(), Failure> {
                answer = Some(work(store));
                Err(Failure::Internal)
            };
            drop(pool.write(work));
            return answer.unwrap_or(Err(Failure::Internal));
        }
        pool.write(work)
    }

    /// The process is killed and started again.
    pub(crate) fn restart(&mut self) {
        self.pool = None;
        self.open();
    }

    fn open(&mut self) {
        let pool = Pool::open(&self.database()).unwrap();
        self.outside = outside(&self.database());
        self.relay.log = pool.log();
        self.pool = Some(pool);
    }

    pub(crate) fn back_up(&mut self) {
        let to = self.folder.join("relay.backup");
        drop(std::fs::remove_file(&to));
        std::fs::File::create(&to).unwrap();
        store::copy(&self.database(), &to).unwrap();
        self.backup = Some(to);
    }

    /// The machine is lost and the last backup takes its place; whether there was one.
    pub(crate) fn restore(&mut self) -> bool {
        let Some(backup) = self.backup.clone() else { return false };
        self.pool = None;
        self.machines += 1;
        std::fs::copy(backup, self.database()).unwrap();
        self.open();
        self.was_replaced = true;
        true
    }

    /// The machine is lost and there is no backup: an empty relay with the same identity, which is silent until the
    /// centre has come.
    pub(crate) fn empty(&mut self, now: Timestamp) {
        self.pool = None;
        self.machines += 1;
        let path = self.database();
        drop(machine(&path, &mut self.random, now));
        self.relay.keys = relay_keys(&mut self.keys.clone(), now);
        self.open();
        let silence = |store: &mut SqliteStore<'_>| store.begin_silence(now, "made from the recovery file");
        self.pool().write::<_, StoreError>(silence).unwrap();
        self.backup = None;
        self.was_replaced = true;
    }

    /// Every change in the relay's logs.
    pub(crate) fn changes(&self) -> BTreeSet<Name> {
        names(&self.outside, "SELECT record, hash FROM change")
    }

    /// Every change that the relay keeps apart.
    pub(crate) fn quarantined(&self) -> BTreeMap<Name, String> {
        let mut statement = self.outside.prepare_cached("SELECT record, hash, code FROM quarantine").unwrap();
        let rows = statement.query_map([], |row| Ok((name(row)?, row.get(2)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// Sequence and chain of every shard: equal ends mean equal logs.
    pub(crate) fn ends(&self) -> Vec<(String, i64, Vec<u8>)> {
        let sql = "SELECT shard, max(sequence), chain FROM log GROUP BY shard ORDER BY shard";
        let mut statement = self.outside.prepare_cached(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }
}

/// Record and hash from the first two columns of a row.
pub(crate) fn name(row: &rusqlite::Row<'_>) -> rusqlite::Result<Name> {
    Ok((RecordId(row.get(0)?), hex(&row.get::<_, [u8; 32]>(1)?)))
}

/// The changes that a query names.
pub(crate) fn names(connection: &Connection, sql: &str) -> BTreeSet<Name> {
    let mut statement = connection.prepare_cached(sql).unwrap();
    statement.query_map([], name).unwrap().map(Result::unwrap).collect()
}

fn outside(path: &Path) -> Connection {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

fn machine(path: &Path, random: &mut Seed, now: Timestamp) -> Pool {
    std::fs::File::create(path).unwrap();
    store::create(path, &random.bytes(), now).unwrap();
    Pool::open(path).unwrap()
}

fn relay_keys(seed: &mut Seed, now: Timestamp) -> RelayKeys {
    let root = SecretKey::from_seed(&seed.bytes());
    let issuer = SecretKey::from_seed(&seed.bytes());
    let relay = SecretKey::from_seed(&seed.bytes());
    let recovery = OpeningKey::from_seed(&seed.bytes());
    let certificate = |purpose, key: PublicKey| {
        let (from, until) = (now.plus_ms(-1_000), now.plus_ms(100_000_000_000));
        Signed::seal(&Certificate { purpose, key, name: "Uji".to_owned(), from, until }, &root)
    };
    RelayKeys {
        root: root.public(),
        certificates: vec![
            certificate(Purpose::Issuer, issuer.public()),
            certificate(Purpose::Relay, relay.public()),
            certificate(Purpose::Recovery, PublicKey(recovery.recipient().0)),
        ],
        deployment: DeploymentKey(seed.bytes()),
        nonce: seed.bytes(),
        issuer,
        relay,
    }
}
