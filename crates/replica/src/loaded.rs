//! Records as they lie in the database: rows, chunks, documents, histories.

use rusqlite::{Connection, OptionalExtension, Row};
use sambung_domain::{Pack, RecordId};
use sambung_sync::document::{Document, DocumentError, Genesis};
use sambung_sync::form::History;

use crate::ReplicaError;

/// A record's row.
#[derive(Debug, Clone)]
pub(crate) struct RecordRow {
    pub(crate) number: i64,
    pub(crate) id: RecordId,
    pub(crate) generation: u32,
    pub(crate) kind: String,
    /// The saved document, as far as it is derived.
    document: Option<Vec<u8>>,
    /// How many changes are in it.
    pub(crate) position: i64,
}

const COLUMNS: &str = "number, id, generation, kind, document, position";

fn read(row: &Row<'_>) -> rusqlite::Result<RecordRow> {
    Ok(RecordRow {
        number: row.get(0)?,
        id: RecordId(row.get(1)?),
        generation: row.get(2)?,
        kind: row.get(3)?,
        document: row.get(4)?,
        position: row.get(5)?,
    })
}

/// The newest generation of a record that this device may see; one that has left its scope is not found.
pub(crate) fn find(connection: &Connection, id: RecordId) -> Result<Option<RecordRow>, ReplicaError> {
    let sql =
        format!("SELECT {COLUMNS} FROM record WHERE id = ?1 AND away = 0 ORDER BY generation DESC LIMIT 1");
    Ok(connection.prepare_cached(&sql)?.query_row([id.0], read).optional()?)
}

/// One generation of a record.
pub(crate) fn find_generation(
    connection: &Connection,
    id: RecordId,
    generation: u32,
) -> Result<Option<RecordRow>, ReplicaError> {
    let sql = format!("SELECT {COLUMNS} FROM record WHERE id = ?1 AND generation = ?2");
    Ok(connection.prepare_cached(&sql)?.query_row((id.0, generation), read).optional()?)
}

/// A record by its row number.
pub(crate) fn by_number(connection: &Connection, number: i64) -> Result<RecordRow, ReplicaError> {
    let sql = format!("SELECT {COLUMNS} FROM record WHERE number = ?1");
    Ok(connection.prepare_cached(&sql)?.query_row([number], read)?)
}

/// Makes the row of a record that is not there yet.
pub(crate) fn insert(
    connection: &Connection,
    id: RecordId,
    generation: u32,
    kind: &str,
) -> Result<RecordRow, ReplicaError> {
    connection
        .prepare_cached("INSERT INTO record (id, generation, kind) VALUES (?1, ?2, ?3)")?
        .execute((id.0, generation, kind))?;
    let number = connection.last_insert_rowid();
    Ok(RecordRow { number, id, generation, kind: kind.to_owned(), document: None, position: 0 })
}

impl RecordRow {
    /// The saved document, as it lies there.
    pub(crate) fn saved(&self) -> Option<&[u8]> {
        self.document.as_deref()
    }

    pub(crate) fn genesis(&self) -> Genesis {
        Genesis { kind: self.kind.clone(), record: self.id, generation: self.generation }
    }

    /// How many changes the record has.
    pub(crate) fn changes(&self, connection: &Connection) -> Result<i64, ReplicaError> {
        let sql = "SELECT coalesce(max(position), 0) FROM change WHERE record = ?1";
        Ok(connection.prepare_cached(sql)?.query_row([self.number], |row| row.get(0))?)
    }

    /// Whether this device has written to the record.
    #[cfg(feature = "sabotage")]
    pub(crate) fn has_own(&self, connection: &Connection) -> Result<bool, ReplicaError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM change WHERE record = ?1 AND own = 1)";
        Ok(connection.prepare_cached(sql)?.query_row([self.number], |row| row.get(0))?)
    }

    /// The raw changes after a position, in the order they were admitted.
    pub(crate) fn chunks(&self, connection: &Connection, after: i64) -> Result<Vec<Vec<u8>>, ReplicaError> {
        let sql = "SELECT chunk FROM change WHERE record = ?1 AND position > ?2 ORDER BY position";
        let mut statement = connection.prepare_cached(sql)?;
        let chunks = statement.query_map((self.number, after), |row| row.get(0))?;
        Ok(chunks.collect::<Result<_, _>>()?)
    }

    /// The record's document with all its changes.
    pub(crate) fn document(&self, connection: &Connection, pack: &Pack) -> Result<Document, ReplicaError> {
        let chunks = self.chunks(connection, self.position)?;
        self.derived(pack, &chunks).map_err(|source| ReplicaError::Document { record: self.id, source })
    }

    /// The document that `chunks` lead to from the saved one: a pure function of bytes.
    pub(crate) fn derived(&self, pack: &Pack, chunks: &[Vec<u8>]) -> Result<Document, DocumentError> {
        let mut document = match &self.document {
            Some(saved) => Document::load(saved)?,
            None => Document::genesis(&self.genesis(), &maps(pack, &self.kind))?,
        };
        let chunks: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
        if !chunks.is_empty() {
            document.apply(&chunks)?;
        }
        Ok(document)
    }

    /// The record's history, change by change.
    pub(crate) fn history(&self, connection: &Connection, pack: &Pack) -> Result<History, ReplicaError> {
        let unreadable = || ReplicaError::Unreadable("changes of a record");
        let mut history =
            History::begin(&self.genesis(), &maps(pack, &self.kind)).map_err(|_| unreadable())?;
        for chunk in self.chunks(connection, 0)? {
            history.restore(&chunk).map_err(|_| unreadable())?;
        }
        Ok(history)
    }
}

/// The maps a kind's documents are born with.
pub(crate) fn maps<'a>(pack: &'a Pack, kind: &str) -> Vec<&'a str> {
    pack.kind(kind).map(sambung_domain::pack::Kind::genesis_maps).unwrap_or_default()
}
