//! What lists and searches look at: rows derived from a document.

#[cfg(test)]
mod laws;
mod shown;

use rusqlite::{Connection, OptionalExtension, params};
use sambung_domain::Pack;
use sambung_domain::value::Value;
use sambung_sync::document::{Document, DocumentError, Held, Live};
use sambung_sync::{ChangeHash, document};
use serde_json::{Map, Value as Json};

use crate::ReplicaError;
use crate::conflict::{self, Differing, REOPENED};
use crate::loaded::RecordRow;
use crate::query::listed;
use crate::reference::References;
use crate::same::Derived;
use crate::search::Terms;

pub(crate) use shown::of_several;

/// Root keys that say which record this is; they are columns, not content.
const NAMING_KEYS: [&str; 3] = ["generation", "kind", "record"];

/// A projected document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Projection {
    pub(crate) content: Map<String, Json>,
    /// Places about which somebody must decide.
    pub(crate) differing: Vec<Differing>,
    pub(crate) heads: Vec<ChangeHash>,
}

/// The projection of a document of a kind. Of a kind the pack does not know the winner of each conflict is shown.
pub(crate) fn project(pack: &Pack, kind: &str, document: &Document) -> Result<Projection, DocumentError> {
    let mut reading = shown::Reading::new(pack, pack.kind(kind));
    let mut content = Map::new();
    for (key, node) in document.content()? {
        if let Some(field) = key.strip_prefix(REOPENED) {
            reading.marker(field, &node);
        } else if !NAMING_KEYS.contains(&key.as_str()) {
            let json = reading.root(&key, &node);
            content.insert(key, json);
        }
    }
    Ok(Projection { content, differing: reading.questions(), heads: document.heads() })
}

/// The scalar of a live value; `None` for an object.
pub(crate) fn value(live: &Live) -> Option<Value> {
    match &live.held {
        Held::Scalar(scalar) => Some(document::Scalar::shown(scalar)),
        Held::Object(_) => None,
    }
}

/// A value as JSON.
pub(crate) fn json(value: Value) -> Json {
    match value {
        Value::Bool(yes) => Json::from(yes),
        Value::Int(number) => Json::from(number),
        Value::Text(text) => Json::from(text),
    }
}

/// A projection as its row says it: content, heads, number of fields with several values, values to list by.
pub(crate) type Stored = (String, Vec<u8>, i64, String);

impl Projection {
    /// What the row of this projection holds.
    pub(crate) fn row(&self, pack: &Pack, kind: &str) -> Stored {
        let heads = self.heads.iter().flat_map(|head| head.0).collect();
        let conflicts = i64::try_from(self.differing.len()).unwrap_or(i64::MAX);
        let listed = listed(pack, kind, &self.content);
        (Json::Object(self.content.clone()).to_string(), heads, conflicts, Json::Object(listed).to_string())
    }
}

/// The row of a record as it stands; none if it has none, or one of another kind or id.
pub(crate) fn stored(connection: &Connection, row: &RecordRow) -> Result<Option<Stored>, ReplicaError> {
    let sql = "SELECT content, heads, conflicts, listed FROM projection WHERE record = ?1 AND kind = ?2 AND id = ?3";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    Ok(connection.prepare_cached(sql)?.query_row(params![row.number, row.kind, row.id.0], read).optional()?)
}

/// What the row of a record shows; nothing where it has none.
pub(crate) fn content(connection: &Connection, row: &RecordRow) -> Result<Map<String, Json>, ReplicaError> {
    let Some((content, ..)) = stored(connection, row)? else { return Ok(Map::new()) };
    serde_json::from_str(&content).map_err(|_| ReplicaError::Unreadable("a projection"))
}

/// Writes a record's document and projection, as far as its changes have come, and everything that the pack says
/// is derived further.
pub(crate) fn write(
    connection: &Connection,
    pack: &Pack,
    row: &RecordRow,
    document: &Document,
    position: i64,
) -> Result<(), ReplicaError> {
    let failed = |source| ReplicaError::Document { record: row.id, source };
    let projection = project(pack, &row.kind, document).map_err(failed)?;
    let saved = document.save().map_err(failed)?;
    connection
        .prepare_cached("UPDATE record SET document = ?2, position = ?3, attempts = 0 WHERE number = ?1")?
        .execute(params![row.number, saved, position])?;
    derive(connection, pack, row, &projection)
}

/// Writes the row of a projection and what is derived from it.
pub(crate) fn derive(
    connection: &Connection,
    pack: &Pack,
    row: &RecordRow,
    projection: &Projection,
) -> Result<(), ReplicaError> {
    let (content, heads, conflicts, listed) = projection.row(pack, &row.kind);
    connection
        .prepare_cached(
            "INSERT INTO projection (record, kind, id, content, heads, conflicts, listed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (record) DO UPDATE SET content = ?4, heads = ?5, conflicts = ?6, listed = ?7",
        )?
        .execute(params![row.number, row.kind, row.id.0, content, heads, conflicts, listed])?;
    let terms = Terms::of(pack, &row.kind, &projection.content);
    Terms::write(terms.as_ref(), connection, row.number)?;
    References::of(pack, row, &projection.content).write(connection, row.number)?;
    Derived::of(pack, &row.kind, projection).write(connection, row)?;
    conflict::write(connection, row, &projection.differing)
}

/// Whether search and person pages see a projected record as it is.
pub(crate) fn is_found(
    connection: &Connection,
    pack: &Pack,
    row: &RecordRow,
    projection: &Projection,
) -> Result<bool, ReplicaError> {
    let terms = Terms::of(pack, &row.kind, &projection.content);
    let references = References::of(pack, row, &projection.content);
    Ok(Terms::stand(terms.as_ref(), connection, row.number)?
        && references.stand(connection, row.number)?
        && Derived::of(pack, &row.kind, projection).stand(connection, row)?
        && conflict::stand(connection, row, &projection.differing)?)
}
