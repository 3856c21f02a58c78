//! A relay and the offices enrolled at it.

use std::path::PathBuf;

use sambung_domain::time::DAY_MS;
use sambung_domain::{Pack, RecordId, Set, StaffId, Timestamp};
use sambung_relay::clock;
use sambung_relay::data::DataDir;
use sambung_relay::host::{Failure, Host};
use sambung_relay::keys::{KeyFile, Recovery};
use sambung_relay::store::{Pool, StoreError};
use sambung_replica::command::{Create, EditRecord, Fields};
use sambung_replica::exchange::{Session, Step, SyncError, SyncReport};
use sambung_replica::query::RecordView;
use sambung_replica::verify::{Event, Finding, Repaired};
use sambung_replica::{Circumstances, DatabaseKey, Enrolment, Replica, ReplicaError};
use sambung_sync::frame::pack;
use sambung_sync::relay::{self, Device, Invitation, NotReleased, Quarantined, RelayStore};
use sambung_trust::invitation::InvitationCode;
use sambung_trust::order::Deed;
use sambung_trust::{Grant, Signed};

pub(crate) struct Site {
    dir: tempfile::TempDir,
    recovery: Recovery,
    host: Host,
    relays: u32,
}

impl Site {
    pub(crate) fn start() -> Site {
        let dir = tempfile::tempdir().unwrap();
        let recovery = Recovery::generate("Uji", clock::now()).unwrap();
        let host = relay(&dir.path().join("relay-0"), &recovery);
        Site { dir, recovery, host, relays: 0 }
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        self.dir.path()
    }

    fn data(&self) -> DataDir {
        DataDir::at(&self.dir.path().join(format!("relay-{}", self.relays)))
    }

    /// The relay is gone; an empty one with the same identity takes its place.
    pub(crate) fn replace_relay(&mut self) {
        self.relays += 1;
        self.host = relay(&self.dir.path().join(format!("relay-{}", self.relays)), &self.recovery);
    }

    /// A copy of the relay's database as it is now.
    pub(crate) fn image(&self, name: &str) -> PathBuf {
        let to = self.dir.path().join(name);
        sambung_relay::file::reserve(&to).unwrap();
        sambung_relay::store::copy(&self.data().database(), &to).unwrap();
        to
    }

    /// The relay is restored from a copy.
    pub(crate) fn restore_relay(&mut self, image: &std::path::Path) {
        self.replace_relay();
        let database = self.data().database();
        // What answers until now is of the empty database.
        let recovered = DataDir::at(&self.dir.path().join(format!("relay-{}", self.relays)));
        self.host = relay(&self.dir.path().join(format!("relay-{}-aside", self.relays)), &self.recovery);
        for name in ["relay.sqlite-wal", "relay.sqlite-shm"] {
            drop(std::fs::remove_file(database.with_file_name(name)));
        }
        std::fs::copy(image, &database).unwrap();
        let (relay, pool) = recovered.open().unwrap();
        self.host = Host::new(relay, pool);
    }

    /// A relay of another deployment answers at the same address.
    pub(crate) fn put_stranger(&mut self) {
        self.relays += 1;
        let other = Recovery::generate("Lain", clock::now()).unwrap();
        self.host = relay(&self.dir.path().join(format!("relay-{}", self.relays)), &other);
    }

    pub(crate) fn office(&self, name: &str, areas: &[&str]) -> Office {
        self.device(name, "front_office", areas)
    }

    pub(crate) fn device(&self, name: &str, role: &str, areas: &[&str]) -> Office {
        self.enrol(name, &self.invite(role, areas, None, &[]))
    }

    /// A device that stands in an office, with further sets.
    pub(crate) fn seated(
        &self,
        name: &str,
        (role, areas): (&str, &[&str]),
        office: &str,
        sets: &[&str],
    ) -> Office {
        self.enrol(name, &self.invite(role, areas, Some(office), sets))
    }

    fn enrol(&self, name: &str, code: &str) -> Office {
        let path = self.dir.path().join(format!("{name}.db"));
        let key = DatabaseKey([7; 32].into());
        let enrolment = Enrolment::begin(
            &self.host.hello(),
            "http://relay.invalid",
            code,
            name,
            &clock::random().unwrap(),
            clock::random().unwrap(),
        )
        .unwrap();
        let answer = self.host.enrol(&enrolment.request()).unwrap();
        enrolment.finish(&answer, &path, &key).unwrap();
        Office::open(path, key)
    }

    fn invite(&self, role: &str, areas: &[&str], office: Option<&str>, sets: &[&str]) -> String {
        let root = KeyFile::read(&self.data().keys()).unwrap().root();
        let code = InvitationCode::new(clock::random().unwrap(), &root);
        let invitation = Invitation {
            hash: code.hash(),
            role: role.parse().unwrap(),
            areas: areas.iter().map(|area| area.parse().unwrap()).collect(),
            sets: sets.iter().map(|set| set.parse().unwrap()).collect(),
            office: office.map(|code| code.parse().unwrap()),
            staff: Vec::new(),
            expires: clock::now().plus_ms(60_000),
            used_by: None,
        };
        let pool = Pool::open(&self.data().database()).unwrap();
        pool.write::<_, StoreError>(|store| store.put_invitation(&invitation)).unwrap();
        code.text()
    }

    /// Ends a device's grant, as the relay knows it.
    pub(crate) fn end_grant(&self, office: &Office) {
        self.order(office, Deed::End);
    }

    /// Makes an order on a device, as the relay's program does.
    pub(crate) fn order(&self, office: &Office, deed: Deed) {
        let (relay, pool) = self.data().open().unwrap();
        let device = office.replica.identity().device.public();
        pool.write(|store| {
            relay.order(store, &device, deed, "uji", clock::now().plus_ms(-1)).map_err(Failure::from)
        })
        .unwrap();
    }

    /// Gives a device other areas, as the relay's program does.
    pub(crate) fn regrant(&self, office: &Office, areas: &[&str]) {
        self.regrant_keeping(office, areas, |_| false);
    }

    /// Gives a device other areas; what it reaches by its office or by name stays.
    pub(crate) fn regrant_areas(&self, office: &Office, areas: &[&str]) {
        self.regrant_keeping(office, areas, |set| !matches!(set, Set::Area(area) if !area.is_reference()));
    }

    fn regrant_keeping(&self, office: &Office, areas: &[&str], stays: impl Fn(&Set) -> bool) {
        self.order(office, Deed::End);
        let areas: Vec<Set> = areas.iter().map(|area| Set::Area(area.parse().unwrap())).collect();
        self.with_grant(office, |grant| {
            let from = clock::now();
            let kept = grant.sets.iter().filter(|set| stays(set)).cloned();
            let sets = areas.into_iter().chain(kept).collect();
            Grant { sets, from, ..grant.renewed(from) }
        });
    }

    /// What the relay holds of some records, in its order.
    pub(crate) fn chunks(&self, records: &[RecordId]) -> Vec<Vec<Vec<u8>>> {
        let (_, pool) = self.data().open().unwrap();
        let changes = |record: &RecordId| {
            let changes = pool.read::<_, StoreError>(|store| store.changes(*record, 1)).unwrap();
            changes.into_iter().map(|change| change.chunk).collect()
        };
        records.iter().map(changes).collect()
    }

    /// Makes a device's grant one that was issued so many days ago.
    pub(crate) fn age_grant(&self, office: &Office, days: i64) {
        let from = Timestamp(clock::now().0 - days * DAY_MS);
        let signed = self.with_grant(office, |grant| Grant { from, ..grant.renewed(from) });
        let text = sambung_domain::hex::hex(&sambung_trust::signed::encode(&signed));
        office.sql(&format!("UPDATE named SET value = x'{text}' WHERE name = 'grant'"));
    }

    /// Replaces the grant of a device at the relay.
    fn with_grant(&self, office: &Office, change: impl FnOnce(Grant) -> Grant) -> Signed {
        let (relay, pool) = self.data().open().unwrap();
        let replica = office.replica.identity().replica;
        pool.write::<_, StoreError>(|store| {
            let device = store.device(&replica)?.unwrap();
            let grant: Grant = store.grant(&device.grant)?.unwrap().peek().unwrap();
            let signed = Signed::seal(&change(grant), &relay.keys.issuer);
            store.put_grant(&signed)?;
            store.put_device(&Device { grant: signed.short_id(), ..device })?;
            Ok(signed)
        })
        .unwrap()
    }

    /// What waits in the relay's quarantine.
    pub(crate) fn quarantine(&self) -> Vec<Quarantined> {
        let (_, pool) = self.data().open().unwrap();
        pool.read::<_, StoreError>(|store| store.quarantine(false)).unwrap()
    }

    pub(crate) fn release(&self, change: &Quarantined, reason: &str) -> Result<(), NotReleased> {
        let (relay, pool) = self.data().open().unwrap();
        let mut random = || clock::random().unwrap();
        let mut circumstances = relay::Circumstances { now: clock::now(), random: &mut random };
        pool.write(|store| {
            let outcome = relay.release(store, change, reason, &mut circumstances);
            outcome.map_err(Failure::from)
        })
        .unwrap()
    }

    pub(crate) fn discard(&self, change: &Quarantined, reason: &str) {
        let (relay, pool) = self.data().open().unwrap();
        pool.write(|store| relay.discard(store, change, reason, clock::now()).map_err(Failure::from))
            .unwrap()
            .unwrap();
    }

    /// The relay's answer to a request, as status and body.
    pub(crate) fn answer(&self, request: &[u8]) -> (u16, Vec<u8>) {
        self.answer_at("exchange", request)
    }

    /// The same, wherever it goes.
    pub(crate) fn answer_at(&self, path: &str, request: &[u8]) -> (u16, Vec<u8>) {
        let answer = match path {
            "reconcile" => self.host.reconcile(request),
            _ => self.host.exchange(request),
        };
        match answer {
            Ok(body) => (200, body),
            Err(Failure::Rejected(reject)) => (reject.status(), pack(&reject.refusal())),
            Err(other) => panic!("the relay failed: {other}"),
        }
    }
}

fn relay(path: &std::path::Path, recovery: &Recovery) -> Host {
    let data = DataDir::at(path);
    data.claim().unwrap();
    data.fill(recovery, "Uji").unwrap();
    let (relay, pool) = data.open().unwrap();
    Host::new(relay, pool)
}

pub(crate) struct Office {
    pub(crate) replica: Replica,
    pub(crate) staff: StaffId,
    pub(crate) path: PathBuf,
    pub(crate) key: DatabaseKey,
}

impl Office {
    pub(crate) fn open(path: PathBuf, key: DatabaseKey) -> Office {
        let replica = Replica::open(&path, &key, Pack::builtin().unwrap(), clock::random().unwrap()).unwrap();
        let staff = replica.staff().unwrap()[0];
        Office { replica, staff, path, key }
    }

    /// The same replica, opened by another process: another incarnation.
    pub(crate) fn reopened(&self) -> Office {
        Office::open(self.path.clone(), self.key.clone())
    }

    /// The database from outside, as somebody with the key sees it.
    pub(crate) fn database(&self) -> rusqlite::Connection {
        database(&self.path, &self.key)
    }

    /// Does something to the database behind the replica's back.
    pub(crate) fn sql(&self, sql: &str) {
        self.database().execute_batch(sql).unwrap();
    }

    /// Verifies; gives what was found.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        self.replica.verify(&mut |event| collect(&mut findings, &event)).unwrap();
        findings
    }

    /// The codes of what a verification finds, each once, in the order found.
    pub(crate) fn codes(&self) -> Vec<&'static str> {
        let mut codes: Vec<&str> = self.findings().iter().map(|finding| finding.code).collect();
        codes.dedup();
        codes
    }

    pub(crate) fn repair(&mut self) -> Repaired {
        self.replica.repair(clock::now(), &mut |_| {}).unwrap()
    }

    pub(crate) fn create(&mut self, set: &[(&str, &str)]) -> Result<RecordId, ReplicaError> {
        self.create_kind("worker", None, set)
    }

    pub(crate) fn create_kind(
        &mut self,
        kind: &str,
        of: Option<RecordId>,
        set: &[(&str, &str)],
    ) -> Result<RecordId, ReplicaError> {
        let command = create(kind, of, set);
        self.with(|replica, circumstances| replica.create(&command, circumstances)).map(|outcome| outcome.id)
    }

    pub(crate) fn edit(
        &mut self,
        id: RecordId,
        set: &[(&str, &str)],
    ) -> Result<Option<String>, ReplicaError> {
        let command = EditRecord { id, fields: fields(set), reason: None };
        self.with(|replica, circumstances| replica.edit(&command, circumstances))
            .map(|outcome| outcome.change)
    }

    pub(crate) fn with<T>(
        &mut self,
        command: impl FnOnce(&mut Replica, &mut Circumstances<'_>) -> Result<T, ReplicaError>,
    ) -> Result<T, ReplicaError> {
        let mut random = || clock::random().unwrap();
        let mut circumstances = Circumstances { staff: self.staff, now: clock::now(), random: &mut random };
        command(&mut self.replica, &mut circumstances)
    }

    pub(crate) fn sync(&mut self, site: &Site) -> SyncReport {
        self.try_sync(site).unwrap()
    }

    pub(crate) fn try_sync(&mut self, site: &Site) -> Result<SyncReport, SyncError> {
        let mut session = self.session();
        loop {
            let request = session.request(&mut self.replica, clock::now())?;
            let (status, body) = site.answer_at(session.path(), &request);
            if let Step::Done(report) = session.receive(&mut self.replica, status, &body, clock::now())? {
                return Ok(report);
            }
        }
    }

    pub(crate) fn session(&self) -> Session {
        // A session skips what was held back since it began; a moment earlier than any save of the test.
        Session::begin(self.staff)
    }

    pub(crate) fn show(&self, id: RecordId) -> RecordView {
        self.replica.show(id).unwrap()
    }

    pub(crate) fn field(&self, id: RecordId, key: &str) -> serde_json::Value {
        self.show(id).fields.get(key).cloned().unwrap_or_default()
    }

    pub(crate) fn waiting(&self) -> u64 {
        self.replica.status(Timestamp(0)).unwrap().waiting
    }
}

/// A database from outside, as somebody with the key sees it.
pub(crate) fn database(path: &std::path::Path, key: &DatabaseKey) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(path).unwrap();
    let hex = sambung_domain::hex::hex(&key.0[..]);
    connection.execute_batch(&format!("PRAGMA key = \"x'{hex}'\";")).unwrap();
    connection.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    connection
}

fn collect(findings: &mut Vec<Finding>, event: &Event<'_>) {
    if let Event::Found(finding) = event {
        findings.push((*finding).clone());
    }
}

pub(crate) fn create(kind: &str, of: Option<RecordId>, set: &[(&str, &str)]) -> Create {
    Create { kind: kind.to_owned(), of, fields: fields(set) }
}

/// Values of fields; `+key` adds an entry to a set, or an item as a JSON object.
fn fields(set: &[(&str, &str)]) -> Fields {
    let mut fields = Fields::default();
    for (key, value) in set {
        match key.strip_prefix('+') {
            Some(key) => {
                let json = serde_json::from_str(value).ok().filter(serde_json::Value::is_object);
                fields.add.push((key.to_owned(), json.unwrap_or_else(|| serde_json::Value::from(*value))));
            }
            None => {
                fields.set.insert((*key).to_owned(), serde_json::Value::from(*value));
            }
        }
    }
    fields
}
