//! Which records name which, and which are private parts of which: derived from the projection.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};
use sambung_domain::pack::IdRule;
use sambung_domain::{Pack, RecordId};
use serde_json::{Map, Value as Json};

use crate::ReplicaError;
use crate::leaves::leaves;
use crate::loaded::RecordRow;

/// Most records that one record names: a list of members, a manifest. Further ones do not lead here.
const TARGETS_MAX: usize = 1_000;

/// What a record leads to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct References {
    kind: String,
    created: String,
    targets: BTreeSet<[u8; 16]>,
    siblings: BTreeSet<[u8; 16]>,
}

impl References {
    /// The records that a projected record names, and the private parts it can have.
    pub(crate) fn of(pack: &Pack, row: &RecordRow, content: &Map<String, Json>) -> References {
        let mut targets = BTreeSet::new();
        if let Some(kind) = pack.kind(&row.kind) {
            leaves(kind, content, &mut |field, text| {
                if field.names_records()
                    && targets.len() < TARGETS_MAX
                    && let Ok(RecordId(id)) = text.parse()
                {
                    targets.insert(id);
                }
            });
        }
        let created = content.get("created_at").and_then(Json::as_str).unwrap_or_default();
        let siblings = siblings(pack, &row.kind).map(|kind| row.id.sibling(kind).0).collect();
        References { kind: row.kind.clone(), created: created.to_owned(), targets, siblings }
    }

    /// Writes what a record leads to, if it is not there already.
    pub(crate) fn write(&self, connection: &Connection, record: i64) -> Result<(), ReplicaError> {
        if self.stand(connection, record)? {
            return Ok(());
        }
        for table in ["reference", "sibling"] {
            let sql = format!("DELETE FROM {table} WHERE record = ?1");
            connection.prepare_cached(&sql)?.execute([record])?;
        }
        let mut reference = connection.prepare_cached("INSERT INTO reference VALUES (?1, ?2, ?3, ?4)")?;
        for target in &self.targets {
            reference.execute(params![target, self.kind, self.created, record])?;
        }
        let mut sibling = connection.prepare_cached("INSERT INTO sibling VALUES (?1, ?2)")?;
        for id in &self.siblings {
            sibling.execute(params![id, record])?;
        }
        Ok(())
    }

    /// Whether exactly this stands in the database.
    pub(crate) fn stand(&self, connection: &Connection, record: i64) -> Result<bool, ReplicaError> {
        let sql = "SELECT target, kind, created FROM reference WHERE record = ?1";
        let mut statement = connection.prepare_cached(sql)?;
        let rows = statement.query_map([record], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let mut targets = BTreeSet::new();
        for row in rows {
            let (target, kind, created): ([u8; 16], String, String) = row?;
            if (kind, created) != (self.kind.clone(), self.created.clone()) {
                return Ok(false);
            }
            targets.insert(target);
        }
        let mut statement = connection.prepare_cached("SELECT id FROM sibling WHERE record = ?1")?;
        let siblings: BTreeSet<[u8; 16]> =
            statement.query_map([record], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(targets == self.targets && siblings == self.siblings)
    }
}

/// The kinds of the private parts that records of a kind can have.
pub(crate) fn siblings<'a>(pack: &'a Pack, kind: &'a str) -> impl Iterator<Item = &'a str> {
    let belongs = move |id: &IdRule| matches!(id, IdRule::Sibling(main) if main == kind);
    pack.kinds.values().filter(move |other| belongs(&other.id)).map(|other| other.name.as_str())
}

/// The row of the record whose private part an id is, the newest of its generations.
pub(crate) fn main_of(connection: &Connection, id: RecordId) -> Result<Option<i64>, ReplicaError> {
    let sql = "SELECT record FROM sibling WHERE id = ?1 ORDER BY record DESC LIMIT 1";
    Ok(connection.prepare_cached(sql)?.query_row([id.0], |row| row.get(0)).optional()?)
}

/// The row of a projected record that is not away, by its id.
pub(crate) fn number_of(connection: &Connection, id: RecordId) -> Result<Option<i64>, ReplicaError> {
    let sql = "SELECT record AS found FROM projection INDEXED BY projection_id WHERE id = ?1
               AND NOT EXISTS (SELECT 1 FROM record INDEXED BY record_away WHERE away = 1 AND number = found)
               ORDER BY record DESC LIMIT 1";
    Ok(connection.prepare_cached(sql)?.query_row([id.0], |row| row.get(0)).optional()?)
}
