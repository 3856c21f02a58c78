//! A second reader of the relay's disk, which believes nothing that the relay says of itself.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use sambung_domain::{Pack, RecordId, Shard};
use sambung_sync::chain::{self, Entry, LogId};
use sambung_sync::document::Genesis;
use sambung_sync::form::History;

use super::worker::name;

/// What an audit has seen.
#[derive(Debug)]
pub(crate) struct Audited {
    pub(crate) entries: usize,
    pub(crate) changes: usize,
    /// The changes of each record, in the order of their admission.
    pub(crate) records: BTreeMap<RecordId, Vec<Vec<u8>>>,
}

/// Opens a relay's database from outside.
pub(crate) fn open(database: &Path) -> Connection {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    connection.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    connection
}

/// Checks everything on a relay's disk: the database itself, every log's numbering and chain, that each entry's
/// change is there under its own name, and that each record's changes pass the form check in their order.
pub(crate) fn audit(database: &Path) -> Audited {
    let connection = open(database);
    let said: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(said, "ok");
    let orphans = connection.prepare("PRAGMA foreign_key_check").unwrap().exists([]).unwrap();
    assert!(!orphans, "rows that refer to nothing");
    let entries = check_logs(&connection);
    let records = read_records(&connection);
    records.iter().for_each(|(record, chunks)| check_form(*record, chunks));
    Audited { entries, changes: records.values().map(Vec::len).sum(), records }
}

fn check_logs(connection: &Connection) -> usize {
    let log: LogId =
        connection.query_row("SELECT value FROM meta WHERE name = 'log'", [], |row| row.get(0)).unwrap();
    let mut statement =
        connection.prepare("SELECT shard, sequence, entry, salt, chain FROM log ORDER BY shard, sequence");
    let mut rows = statement.as_mut().unwrap().query([]).unwrap();
    let mut at: BTreeMap<String, (u64, chain::Chain)> = BTreeMap::new();
    let mut count = 0;
    while let Some(row) = rows.next().unwrap() {
        let shard: String = row.get(0).unwrap();
        let start = || (0, chain::start(&log, &Shard::from_stored(shard.clone())));
        let (sequence, last) = at.get(&shard).copied().unwrap_or_else(start);
        let entry: Entry = minicbor::decode(&row.get::<_, Vec<u8>>(2).unwrap()).unwrap();
        let chain = chain::advance(&last, &row.get(3).unwrap(), &entry);
        assert_eq!(row.get::<_, u64>(1).unwrap(), sequence + 1, "a gap in {shard}");
        assert_eq!(row.get::<_, [u8; 32]>(4).unwrap(), chain, "the chain of {shard} breaks at {sequence}");
        if let Entry::Change { record, generation, hash } = entry {
            let sql = "SELECT chunk FROM change WHERE record = ?1 AND generation = ?2 AND hash = ?3";
            let chunk: Vec<u8> =
                connection.query_row(sql, (record.0, generation, hash.0), |row| row.get(0)).unwrap();
            assert_eq!(name(&chunk), hash);
        }
        at.insert(shard, (sequence + 1, chain));
        count += 1;
    }
    count
}

fn read_records(connection: &Connection) -> BTreeMap<RecordId, Vec<Vec<u8>>> {
    let mut statement = connection.prepare("SELECT record, chunk FROM change ORDER BY admission").unwrap();
    let mut rows = statement.query([]).unwrap();
    let mut records: BTreeMap<RecordId, Vec<Vec<u8>>> = BTreeMap::new();
    while let Some(row) = rows.next().unwrap() {
        records.entry(RecordId(row.get(0).unwrap())).or_default().push(row.get(1).unwrap());
    }
    records
}

/// All records of these tests are workers in their first generation.
fn check_form(record: RecordId, chunks: &[Vec<u8>]) {
    let pack = Pack::builtin().unwrap();
    let genesis = Genesis { kind: "worker".to_owned(), record, generation: 1 };
    let mut history = History::begin(&genesis, &pack.kind("worker").unwrap().genesis_maps()).unwrap();
    for chunk in chunks {
        let change = history.check(chunk).unwrap_or_else(|bad| panic!("{record}: {bad}"));
        history.admit(change).unwrap();
    }
}
