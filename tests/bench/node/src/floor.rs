//! The floor under a first sync: the same changes from memory, each record's form checked, its document made, read,
//! and written with its indexes into an encrypted database, without network, signatures, log or rights.
//!
//! It uses this project's form check and documents, since nothing else can check and load the same changes; everything
//! else is bare SQL in one pass, a transaction for each piece that would have come over the network.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, ensure};
use rusqlite::{Connection, OpenFlags, params};
use sambung_bench_floor::print;
use sambung_domain::{Pack, RecordId};
use sambung_sync::document::{Document, Genesis, Held, Node};
use sambung_sync::form::History;
use serde_json::{Map, Value as Json};

use crate::node::KEY;
use crate::worker::maps;

/// zstd level of bodies on the wire.
const LEVEL: i32 = 3;
/// Bytes of changes in one piece: what a relay sends in one answer.
const PIECE: usize = 4 * 1024 * 1024;

/// Rows and indexes of the kind that a node keeps of a worker.
const ROWS: &str = "
    CREATE TABLE record (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, document BLOB NOT NULL) STRICT;
    CREATE TABLE change (record INTEGER NOT NULL, position INTEGER NOT NULL, hash BLOB NOT NULL, chunk BLOB NOT NULL,
        PRIMARY KEY (record, position), UNIQUE (record, hash)) STRICT, WITHOUT ROWID;
    CREATE TABLE projection (record INTEGER PRIMARY KEY, kind TEXT NOT NULL, id BLOB NOT NULL, content TEXT NOT NULL,
        heads BLOB NOT NULL) STRICT;
    CREATE TABLE set_sum (name TEXT PRIMARY KEY, count INTEGER NOT NULL, total INTEGER NOT NULL) STRICT;
    CREATE TABLE settled (record INTEGER PRIMARY KEY, item BLOB NOT NULL) STRICT;
    CREATE INDEX projection_kind ON projection (kind, id);
    CREATE INDEX projection_area ON projection (kind, (content ->> '$.area'), id);
    CREATE INDEX projection_name ON projection ((content ->> '$.nama_lengkap'), id);
    CREATE INDEX projection_year ON projection ((content ->> '$.tahun_lahir'), id);
    CREATE INDEX projection_hamlet ON projection ((content ->> '$.dusun'), id);
    CREATE INDEX projection_created ON projection ((content ->> '$.created_at'), id);
    CREATE VIRTUAL TABLE word USING fts5 (title, number, tokenize = 'unicode61 remove_diacritics 2', columnsize = 0);
    CREATE VIRTUAL TABLE part USING fts5 (title, number, tokenize = 'trigram remove_diacritics 1', columnsize = 0);
";

/// One piece before it is decompressed: records with their changes, each behind its length.
type Piece = Vec<u8>;

/// Measures the floor of time and of bytes of a first sync of everything a relay holds.
pub(crate) fn measure(relay: &Path, floor: &Path) -> Result<()> {
    let (pieces, records) = read(relay)?;
    let connection = open(floor)?;
    let pack = Pack::builtin()?;
    let begun = Instant::now();
    let mut taken = 0;
    for piece in &pieces {
        taken += take(&connection, &pack, &zstd::bulk::decompress(piece, 4 * PIECE)?)?;
    }
    let elapsed = begun.elapsed().as_secs_f64();
    ensure!(taken == records, "{taken} of {records} records");
    print("first sync", records as f64 / elapsed, "records/s");
    weigh(relay, 0)
}

/// The least that the changes admitted after one of them take on the wire: compressed together, nothing beside them.
pub(crate) fn weigh(relay: &Path, after: i64) -> Result<()> {
    let connection = open_relay(relay)?;
    let mut statement =
        connection.prepare("SELECT chunk FROM change WHERE admission > ?1 ORDER BY admission")?;
    let mut rows = statement.query([after])?;
    let (mut all, mut count) = (Vec::new(), 0_u32);
    while let Some(row) = rows.next()? {
        all.extend(row.get::<_, Vec<u8>>(0)?);
        count += 1;
    }
    print("changes", f64::from(count), "changes");
    print("raw", all.len() as f64, "B");
    print("compressed", zstd::bulk::compress(&all, LEVEL)?.len() as f64, "B");
    Ok(())
}

/// Says which change a relay admitted last.
pub(crate) fn say_admitted(relay: &Path) -> Result<()> {
    let sql = "SELECT coalesce(max(admission), 0) FROM change";
    let last: u32 = open_relay(relay)?.query_row(sql, [], |row| row.get(0))?;
    print("admitted", f64::from(last), "changes");
    Ok(())
}

fn open_relay(relay: &Path) -> Result<Connection> {
    Connection::open_with_flags(relay, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .with_context(|| relay.display().to_string())
}

/// Everything a relay holds, in compressed pieces.
fn read(relay: &Path) -> Result<(Vec<Piece>, usize)> {
    let connection = open_relay(relay)?;
    let mut statement = connection.prepare("SELECT record, chunk FROM change ORDER BY admission")?;
    let mut rows = statement.query([])?;
    let mut order = Vec::new();
    let mut records: BTreeMap<Vec<u8>, Vec<Vec<u8>>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let record: Vec<u8> = row.get(0)?;
        if !records.contains_key(&record) {
            order.push(record.clone());
        }
        records.entry(record).or_default().push(row.get(1)?);
    }
    let (mut pieces, mut piece) = (Vec::new(), Vec::new());
    for record in &order {
        add(&mut piece, record)?;
        let chunks = records.get(record).map(Vec::as_slice).unwrap_or_default();
        piece.extend(u32::try_from(chunks.len())?.to_le_bytes());
        for chunk in chunks {
            add(&mut piece, chunk)?;
        }
        if piece.len() > PIECE {
            pieces.push(zstd::bulk::compress(&std::mem::take(&mut piece), LEVEL)?);
        }
    }
    pieces.push(zstd::bulk::compress(&piece, LEVEL)?);
    Ok((pieces, order.len()))
}

fn add(piece: &mut Vec<u8>, bytes: &[u8]) -> Result<()> {
    piece.extend(u32::try_from(bytes.len())?.to_le_bytes());
    piece.extend_from_slice(bytes);
    Ok(())
}

fn number(piece: &mut &[u8]) -> Result<usize> {
    let (head, rest) = piece.split_first_chunk::<4>().context("a piece is cut")?;
    *piece = rest;
    Ok(usize::try_from(u32::from_le_bytes(*head))?)
}

fn bytes<'a>(piece: &mut &'a [u8]) -> Result<&'a [u8]> {
    let length = number(piece)?;
    let (head, rest) = piece.split_at_checked(length).context("a piece is cut")?;
    *piece = rest;
    Ok(head)
}

fn open(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path)?;
    let hex: String = KEY.iter().map(|byte| format!("{byte:02x}")).collect();
    connection.execute_batch(&format!("PRAGMA key = \"x'{hex}'\";"))?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;
         PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 4096;",
    )?;
    connection.execute_batch(ROWS)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Takes one piece in one transaction; gives how many records it held.
fn take(connection: &Connection, pack: &Pack, mut piece: &[u8]) -> Result<usize> {
    let transaction = connection.unchecked_transaction()?;
    let mut records = 0;
    while !piece.is_empty() {
        let id = RecordId(bytes(&mut piece)?.try_into()?);
        let chunks: Vec<&[u8]> =
            (0..number(&mut piece)?).map(|_| bytes(&mut piece)).collect::<Result<_>>()?;
        insert(connection, pack, id, &chunks)?;
        records += 1;
    }
    transaction.commit()?;
    Ok(records)
}

fn insert(connection: &Connection, pack: &Pack, id: RecordId, chunks: &[&[u8]]) -> Result<()> {
    let genesis = Genesis { kind: "worker".to_owned(), record: id, generation: 1 };
    let mut history = History::begin(&genesis, &maps(pack))?;
    let mut document = Document::genesis(&genesis, &maps(pack))?;
    let mut hashes = Vec::new();
    for chunk in chunks {
        let change = history.check(chunk).map_err(|rejected| anyhow!("{rejected:?}"))?;
        hashes.push(change.hash);
        history.admit(change).map_err(|rejected| anyhow!("{rejected:?}"))?;
    }
    document.apply(chunks)?;
    let content = content(&document)?;
    let heads: Vec<u8> = document.heads().iter().flat_map(|head| head.0).collect();
    connection
        .prepare_cached("INSERT INTO record (id, document) VALUES (?1, ?2)")?
        .execute(params![id.0, document.save()?])?;
    let number = connection.last_insert_rowid();
    let mut change = connection.prepare_cached("INSERT INTO change VALUES (?1, ?2, ?3, ?4)")?;
    for (position, (hash, chunk)) in (1_i64..).zip(hashes.iter().zip(chunks)) {
        change.execute(params![number, position, hash.0, chunk])?;
    }
    connection
        .prepare_cached("INSERT INTO projection VALUES (?1, 'worker', ?2, ?3, ?4)")?
        .execute(params![number, id.0, Json::Object(content.clone()).to_string(), heads])?;
    search(connection, number, &content)?;
    sum(connection, number, &heads)
}

/// Everything in a document, the winner of each place.
fn content(document: &Document) -> Result<Map<String, Json>> {
    Ok(document.content()?.into_iter().map(|(key, node)| (key, json(&node))).collect())
}

fn json(node: &Node) -> Json {
    match node {
        Node::Value(live) => match live.first().map(|live| &live.held) {
            Some(Held::Scalar(scalar)) => match scalar.shown() {
                sambung_domain::value::Value::Bool(yes) => Json::from(yes),
                sambung_domain::value::Value::Int(number) => Json::from(number),
                sambung_domain::value::Value::Text(text) => Json::from(text),
            },
            Some(Held::Object(_)) | None => Json::Null,
        },
        Node::Map(map) => Json::Object(map.iter().map(|(key, node)| (key.clone(), json(node))).collect()),
        Node::List(_) | Node::Text(_) => Json::Null,
    }
}

fn search(connection: &Connection, number: i64, content: &Map<String, Json>) -> Result<()> {
    let text = |key: &str| content.get(key).and_then(Json::as_str).unwrap_or_default().to_lowercase();
    let entries = |key: &str| {
        let map = content.get(key).and_then(Json::as_object).into_iter().flatten();
        map.map(|(entry, _)| entry.to_lowercase()).collect::<Vec<_>>().join(" ")
    };
    let title = format!("{} {} {}", text("nama_lengkap"), entries("nama_panggilan"), text("dusun"));
    let numbers = format!("{} {}", entries("telepon"), entries("whatsapp"));
    for table in ["word", "part"] {
        let sql = format!("INSERT INTO {table} (rowid, title, number) VALUES (?1, ?2, ?3)");
        connection.prepare_cached(&sql)?.execute(params![number, title, numbers])?;
    }
    Ok(())
}

/// Notes a record's item and adds it to the sum that is compared.
fn sum(connection: &Connection, number: i64, heads: &[u8]) -> Result<()> {
    let item = blake3::hash(heads);
    let (item, _) = item.as_bytes().split_at(16);
    connection.prepare_cached("INSERT INTO settled VALUES (?1, ?2)")?.execute(params![number, item])?;
    connection
        .prepare_cached(
            "INSERT INTO set_sum VALUES ('area', 1, ?1)
             ON CONFLICT DO UPDATE SET count = count + 1, total = total + excluded.total",
        )?
        .execute([item.iter().map(|byte| i64::from(*byte)).sum::<i64>()])?;
    Ok(())
}
