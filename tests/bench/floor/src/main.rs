//! `sambung-bench-floor measure NODE FLOOR` copies the rows of a filled node into a plain table each and measures the
//! same work on them: the same SQLCipher, the same pragmas, bare SQL. `… open FLOOR` opens them, counts and waits
//! for the end of its input. `… ingest RELAY FLOOR AFTER` writes the rows of the changes that a relay admitted after one of
//! them into plain tables. Used by `cargo xtask bench`.

#![expect(clippy::print_stdout, reason = "a program of measurements prints them")]

mod ingest;

use std::io::Read;

use anyhow::{Result, bail};
use rusqlite::{Connection, params};
use sambung_bench_floor::{figures, timed};

/// The key of the databases of measurements, whose people are made up.
const KEY: &str = "x'0707070707070707070707070707070707070707070707070707070707070707'";

const ROWS: &str = "
    CREATE TABLE record (number INTEGER PRIMARY KEY, id BLOB NOT NULL, document BLOB NOT NULL) STRICT;
    CREATE TABLE change (record INTEGER NOT NULL REFERENCES record (number), chunk BLOB NOT NULL) STRICT;
    CREATE TABLE projection (record INTEGER PRIMARY KEY REFERENCES record (number), kind TEXT, id BLOB, content TEXT) STRICT;
    CREATE TABLE reference (target BLOB, record INTEGER, PRIMARY KEY (target, record)) STRICT, WITHOUT ROWID;
    CREATE VIRTUAL TABLE names USING fts5 (title, tokenize = 'trigram', columnsize = 0);
    INSERT INTO record SELECT number, id, document FROM node.record;
    INSERT INTO change SELECT record, chunk FROM node.change;
    INSERT INTO projection SELECT record, kind, id, content FROM node.projection;
    INSERT INTO reference SELECT target, record FROM node.reference;
    INSERT INTO names (rowid, title) SELECT rowid, title FROM node.search_part;
    CREATE INDEX projection_id ON projection (id);
    CREATE INDEX projection_name ON projection ((content ->> '$.nama_lengkap'), id) WHERE kind = 'worker';
";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["measure", node, floor] => measure(&copy(node, floor)?),
        ["open", floor] => open_and_wait(floor),
        ["ingest", relay, floor, after] => ingest::measure(relay, floor, after.parse()?),
        _ => bail!("measure NODE FLOOR, open FLOOR, or ingest RELAY FLOOR AFTER"),
    }
}

fn open(path: &str) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.execute_batch(&format!("PRAGMA key = \"{KEY}\";"))?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON; PRAGMA cache_size = -16384;
         PRAGMA wal_autocheckpoint = 4096;",
    )?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn open_and_wait(path: &str) -> Result<()> {
    let connection = open(path)?;
    let count: i64 = connection.query_row("SELECT count(*) FROM projection", [], |row| row.get(0))?;
    println!("listening with {count} rows");
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn copy(node: &str, floor: &str) -> Result<Connection> {
    let connection = open(floor)?;
    connection.execute(&format!("ATTACH DATABASE ?1 AS node KEY \"{KEY}\""), [node])?;
    connection.execute_batch(&format!("BEGIN; {ROWS} COMMIT; DETACH DATABASE node;"))?;
    connection
        .execute_batch("INSERT INTO names (names) VALUES ('optimize'); PRAGMA wal_checkpoint(TRUNCATE);")?;
    Ok(connection)
}

fn measure(connection: &Connection) -> Result<()> {
    let mut random = 1_u64;
    let most: i64 = connection.query_row("SELECT max(number) FROM record", [], |row| row.get(0))?;
    let mut pick = move || -> i64 {
        // An ordinary linear congruence; what is drawn need not be unpredictable.
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        1 + i64::try_from(random >> 33).unwrap_or(0) % most
    };
    let mut saved = most;
    figures("save", 0.99, |_| {
        saved += 1;
        let like = sample(connection, pick())?;
        timed(|| save(connection, saved, &like))
    })?;
    figures("list page", 0.95, |_| {
        let after: Option<String> = name(connection, pick())?;
        timed(|| list(connection, after.as_deref().unwrap_or("Uji")))
    })?;
    figures("search", 0.95, |_| {
        let name = name(connection, pick())?.unwrap_or_default();
        let word = name.split(' ').nth(1).filter(|word| word.len() >= 3).unwrap_or("siti").to_lowercase();
        timed(|| search(connection, &word))
    })?;
    figures("person page", 0.95, |_| {
        let person: Option<Vec<u8>> = target(connection, pick())?;
        timed(|| page(connection, &person.unwrap_or_default()))
    })?;
    Ok(())
}

/// Blobs and text of one record.
type Row = (Vec<u8>, Vec<u8>, String, String);

fn sample(connection: &Connection, record: i64) -> Result<Row> {
    let sql = "SELECT document, chunk, content, 'uji ' || coalesce(content ->> '$.nama_lengkap', 'siti aminah') FROM record
               JOIN change ON change.record = number JOIN projection ON projection.record = number
               WHERE number >= ?1 AND change.rowid >= ?1 LIMIT 1";
    let row = connection
        .prepare_cached(sql)?
        .query_row([record], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)));
    Ok(row.unwrap_or_else(|_| (vec![1; 800], vec![1; 500], "{}".to_owned(), "uji".to_owned())))
}

fn save(connection: &Connection, number: i64, (document, chunk, content, title): &Row) -> Result<()> {
    let transaction = connection.unchecked_transaction()?;
    let id = number.to_be_bytes();
    connection
        .prepare_cached("INSERT INTO record VALUES (?1, ?2, ?3)")?
        .execute(params![number, id, document])?;
    connection.prepare_cached("INSERT INTO change VALUES (?1, ?2)")?.execute(params![number, chunk])?;
    connection
        .prepare_cached("INSERT INTO projection VALUES (?1, 'worker', ?2, ?3)")?
        .execute(params![number, id, content])?;
    connection
        .prepare_cached("INSERT INTO names (rowid, title) VALUES (?1, ?2)")?
        .execute(params![number, title])?;
    Ok(transaction.commit()?)
}

fn name(connection: &Connection, record: i64) -> Result<Option<String>> {
    let sql =
        "SELECT content ->> '$.nama_lengkap' FROM projection WHERE record >= ?1 AND kind = 'worker' LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([record])?;
    Ok(rows.next()?.map(|row| row.get(0)).transpose()?.flatten())
}

fn target(connection: &Connection, record: i64) -> Result<Option<Vec<u8>>> {
    let mut statement = connection
        .prepare_cached("SELECT id FROM projection WHERE record >= ?1 AND kind = 'worker' LIMIT 1")?;
    let mut rows = statement.query([record])?;
    Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
}

fn list(connection: &Connection, after: &str) -> Result<()> {
    rows(
        connection,
        "SELECT content FROM projection INDEXED BY projection_name
         WHERE kind = 'worker' AND (content ->> '$.nama_lengkap') > ?1
         ORDER BY (content ->> '$.nama_lengkap'), id LIMIT 50",
        after,
    )
}

fn search(connection: &Connection, word: &str) -> Result<()> {
    rows(
        connection,
        "SELECT content FROM names JOIN projection ON record = names.rowid WHERE names MATCH ?1
         ORDER BY names.rowid DESC LIMIT 20",
        format!("\"{word}\""),
    )
}

fn page(connection: &Connection, person: &[u8]) -> Result<()> {
    rows(connection, "SELECT content FROM projection WHERE id = ?1", person)?;
    rows(
        connection,
        "SELECT content FROM reference JOIN projection USING (record) WHERE target = ?1 LIMIT 10",
        person,
    )
}

fn rows(connection: &Connection, sql: &str, value: impl rusqlite::ToSql) -> Result<()> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([value])?;
    while let Some(row) = rows.next()? {
        let _content: String = row.get(0)?;
    }
    Ok(())
}
