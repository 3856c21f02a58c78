//! Forward-only migrations of the schema, numbered by SQLite's `user_version`.
//!
//! What a migration once said it says for ever: its checksum is kept beside the data, and a database made by
//! another text is refused. A newer database is refused as well; there is no way back but a backup.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::StoreError;

/// Marks the file as a relay's database (`SBRL`).
const APPLICATION_ID: i64 = 0x5342_524c;

/// The migrations, in order: number one makes a new database.
const MIGRATIONS: &[&str] = &[
    include_str!("schema/0001_log.sql"),
    include_str!("schema/0002_claim.sql"),
    include_str!("schema/0003_orders.sql"),
    include_str!("schema/0004_quarantine.sql"),
    include_str!("schema/0005_sets.sql"),
    include_str!("schema/0006_parcels.sql"),
    include_str!("schema/0007_digests.sql"),
    include_str!("schema/0008_returned.sql"),
];

/// Brings a database up to date. Of several processes that try at once, one does each step.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    apply(connection, MIGRATIONS)
}

fn apply(connection: &mut Connection, migrations: &[&str]) -> Result<(), StoreError> {
    for number in 1.. {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let version = version(&transaction)?;
        check_origin(&transaction, version)?;
        let known = u32::try_from(migrations.len()).unwrap_or(u32::MAX);
        if version > known {
            return Err(StoreError::Newer { found: version, known });
        }
        if number == 1 {
            check_texts(&transaction, version, migrations)?;
        }
        let Some(text) = usize::try_from(version).ok().and_then(|at| migrations.get(at)) else { break };
        if version == 0 {
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.execute_batch(
                "CREATE TABLE migration (version INTEGER PRIMARY KEY, checksum BLOB NOT NULL) STRICT;",
            )?;
        }
        transaction.execute_batch(text)?;
        transaction.execute(
            "INSERT INTO migration (version, checksum) VALUES (?1, ?2)",
            params![version + 1, checksum(text)],
        )?;
        transaction.pragma_update(None, "user_version", version + 1)?;
        transaction.commit()?;
    }
    Ok(())
}

pub(super) fn version(connection: &Connection) -> Result<u32, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// A database of another program is left alone: ours is marked, a new one is empty.
fn check_origin(connection: &Connection, version: u32) -> Result<(), StoreError> {
    let mark: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let new = mark == 0 && version == 0 && tables == 0;
    if new || mark == APPLICATION_ID { Ok(()) } else { Err(StoreError::Foreign) }
}

fn check_texts(connection: &Connection, version: u32, migrations: &[&str]) -> Result<(), StoreError> {
    for (number, text) in (1..=version).zip(migrations) {
        let kept: Option<Vec<u8>> = connection
            .query_row("SELECT checksum FROM migration WHERE version = ?1", [number], |row| row.get(0))
            .optional()?;
        if kept.as_deref() != Some(checksum(text).as_slice()) {
            return Err(StoreError::damaged(format!(
                "migration {number} was made by another release's text"
            )));
        }
    }
    Ok(())
}

fn checksum(text: &str) -> [u8; 32] {
    *blake3::hash(text.as_bytes()).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "CREATE TABLE one (a INTEGER NOT NULL) STRICT;";
    const SECOND: &str = "CREATE TABLE two (a INTEGER NOT NULL) STRICT;";

    fn memory() -> Connection {
        Connection::open_in_memory().unwrap()
    }

    #[test]
    fn steps_are_taken_once_and_in_order() {
        let mut connection = memory();
        apply(&mut connection, &[FIRST]).unwrap();
        connection.execute("INSERT INTO one VALUES (1)", []).unwrap();
        apply(&mut connection, &[FIRST, SECOND]).unwrap();
        apply(&mut connection, &[FIRST, SECOND]).unwrap();
        assert_eq!(version(&connection).unwrap(), 2);
        let kept: i64 = connection.query_row("SELECT a FROM one", [], |row| row.get(0)).unwrap();
        assert_eq!(kept, 1);
    }

    #[test]
    fn a_newer_database_is_refused_with_both_numbers() {
        let mut connection = memory();
        apply(&mut connection, &[FIRST, SECOND]).unwrap();
        let refused = apply(&mut connection, &[FIRST]).unwrap_err();
        assert!(matches!(refused, StoreError::Newer { found: 2, known: 1 }), "{refused:?}");
        assert!(refused.to_string().contains("newer release"), "{refused}");
    }

    #[test]
    fn a_step_that_said_something_else_is_refused() {
        let mut connection = memory();
        apply(&mut connection, &[FIRST]).unwrap();
        let refused = apply(&mut connection, &[SECOND]).unwrap_err();
        assert!(matches!(refused, StoreError::Damaged(_)), "{refused:?}");
    }

    #[test]
    fn a_step_that_fails_leaves_nothing() {
        let mut connection = memory();
        apply(&mut connection, &[FIRST]).unwrap();
        assert!(
            apply(&mut connection, &[FIRST, "CREATE TABLE two (a) STRICT; CREATE TABLE one (b);"]).is_err()
        );
        assert_eq!(version(&connection).unwrap(), 1);
        apply(&mut connection, &[FIRST, SECOND]).unwrap();
    }

    #[test]
    fn a_database_of_something_else_is_left_alone() {
        let mut connection = memory();
        connection.execute_batch("CREATE TABLE theirs (a)").unwrap();
        assert!(matches!(apply(&mut connection, &[FIRST]), Err(StoreError::Foreign)));
    }
}
