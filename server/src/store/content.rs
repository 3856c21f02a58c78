//! A hash of everything a database holds: its schema and every value of every row.

use blake3::Hasher;
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::StoreError;

/// The hash, without the rows of `meta` named `except`.
pub(super) fn hash(connection: &Connection, except: &str) -> Result<[u8; 32], StoreError> {
    let mut hasher = Hasher::new_derive_key("sambung relay content 1");
    add(connection, "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name", [], &mut hasher)?;
    let text =
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
        ORDER BY name";
    let mut statement = connection.prepare(text)?;
    let tables: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for table in tables {
        put(&mut hasher, 5, table.as_bytes());
        if table == "meta" {
            add(connection, "SELECT * FROM meta WHERE name <> ?1 ORDER BY name", [except], &mut hasher)?;
        } else {
            add(connection, &format!("SELECT * FROM \"{table}\""), [], &mut hasher)?;
        }
    }
    Ok(*hasher.finalize().as_bytes())
}

fn add(
    connection: &Connection,
    text: &str,
    values: impl rusqlite::Params,
    hasher: &mut Hasher,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare(text)?;
    let columns = statement.column_count();
    let mut rows = statement.query(values)?;
    while let Some(row) = rows.next()? {
        for column in 0..columns {
            match row.get_ref(column)? {
                ValueRef::Null => put(hasher, 0, &[]),
                ValueRef::Integer(number) => put(hasher, 1, &number.to_be_bytes()),
                ValueRef::Real(number) => put(hasher, 2, &number.to_bits().to_be_bytes()),
                ValueRef::Text(text) => put(hasher, 3, text),
                ValueRef::Blob(bytes) => put(hasher, 4, bytes),
            }
        }
    }
    Ok(())
}

/// One value with its type and length: no two rows look alike.
fn put(hasher: &mut Hasher, kind: u8, bytes: &[u8]) {
    hasher.update(&[kind]);
    hasher.update(&bytes.len().to_be_bytes());
    hasher.update(bytes);
}
