//! The floor under a relay's ingest: the same rows, written by bare SQL.

use std::time::Instant;

use anyhow::{Result, ensure};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use sambung_bench_floor::print;

/// The relay's rows, without what ties them together.
const ROWS: &str = "
    CREATE TABLE batch (number INTEGER PRIMARY KEY, root BLOB NOT NULL UNIQUE, device BLOB NOT NULL, body BLOB NOT NULL,
        signature BLOB NOT NULL, leaves BLOB NOT NULL) STRICT;
    CREATE TABLE leaf (batch INTEGER NOT NULL, number INTEGER NOT NULL, nonce BLOB NOT NULL, hashes BLOB NOT NULL,
        PRIMARY KEY (batch, number)) STRICT, WITHOUT ROWID;
    CREATE TABLE change (admission INTEGER PRIMARY KEY, record BLOB NOT NULL, generation INTEGER NOT NULL,
        hash BLOB NOT NULL, batch INTEGER NOT NULL, leaf INTEGER NOT NULL, chunk BLOB NOT NULL,
        UNIQUE (record, generation, hash)) STRICT;
    CREATE TABLE log (shard TEXT NOT NULL, sequence INTEGER NOT NULL, entry BLOB NOT NULL, salt BLOB NOT NULL,
        chain BLOB NOT NULL, PRIMARY KEY (shard, sequence)) STRICT, WITHOUT ROWID;
";

/// A row with the table it goes to.
type Row = (usize, Vec<Value>);

/// The statements that write rows.
const INSERTS: [&str; 4] = [
    "INSERT INTO batch VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    "INSERT INTO leaf VALUES (?1, ?2, ?3, ?4)",
    "INSERT INTO change VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    "INSERT INTO log VALUES (?1, ?2, ?3, ?4, ?5)",
];

/// Writes the rows of what a relay admitted after a change: once in a transaction for each push, as they came, and once
/// all together.
pub(crate) fn measure(relay: &str, floor: &str, after: i64) -> Result<()> {
    let (pushes, changes) = read(&Connection::open(relay)?, after)?;
    ensure!(changes > 0, "nothing was admitted");
    let connection = open(&format!("{floor}-1"))?;
    let begun = Instant::now();
    for rows in &pushes {
        write(&connection, rows.iter())?;
    }
    print("a transaction a push", changes as f64 / begun.elapsed().as_secs_f64(), "changes/s");
    let connection = open(&format!("{floor}-2"))?;
    let begun = Instant::now();
    write(&connection, pushes.iter().flatten())?;
    print("one transaction", changes as f64 / begun.elapsed().as_secs_f64(), "changes/s");
    Ok(())
}

fn open(path: &str) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
    connection.execute_batch(ROWS)?;
    Ok(connection)
}

fn write<'a>(connection: &Connection, rows: impl Iterator<Item = &'a Row>) -> Result<()> {
    let transaction = connection.unchecked_transaction()?;
    for (table, row) in rows {
        connection.prepare_cached(INSERTS[*table])?.execute(params_from_iter(row))?;
    }
    Ok(transaction.commit()?)
}

/// The rows, push by push, and how many changes they hold. Entries of the log are given to the pushes in turn: as many
/// as it has changes.
fn read(relay: &Connection, after: i64) -> Result<(Vec<Vec<Row>>, usize)> {
    let sql = "SELECT min(admission), batch FROM change WHERE admission > ?1 GROUP BY batch ORDER BY 1";
    let mut batches = relay.prepare(sql)?;
    let batches: Vec<i64> = batches.query_map([after], |row| row.get(1))?.collect::<Result<_, _>>()?;
    let count: i64 =
        relay.query_row("SELECT count(*) FROM change WHERE admission > ?1", [after], |row| row.get(0))?;
    let mut log = rows(
        relay,
        3,
        "SELECT shard, sequence, entry, salt, chain FROM log ORDER BY sequence DESC, shard LIMIT ?1",
        count,
    )?
    .into_iter()
    .rev();
    let (mut pushes, mut changes) = (Vec::new(), 0);
    for batch in batches {
        let mut push = rows(
            relay,
            0,
            "SELECT number, root, device, body, signature, leaves FROM batch WHERE number = ?1",
            batch,
        )?;
        push.extend(rows(relay, 1, "SELECT batch, number, nonce, hashes FROM leaf WHERE batch = ?1", batch)?);
        let sql =
            "SELECT admission, record, generation, hash, batch, leaf, chunk FROM change WHERE batch = ?1";
        let own = rows(relay, 2, sql, batch)?;
        changes += own.len();
        push.extend(log.by_ref().take(own.len()));
        push.extend(own);
        pushes.push(push);
    }
    Ok((pushes, changes))
}

fn rows(relay: &Connection, table: usize, sql: &str, of: i64) -> Result<Vec<Row>> {
    let mut statement = relay.prepare_cached(sql)?;
    let columns = statement.column_count();
    let rows = statement.query_map([of], |row| {
        let values = (0..columns).map(|column| row.get(column)).collect::<Result<_, _>>()?;
        Ok((table, values))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
