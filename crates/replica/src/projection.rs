//! What lists and searches look at: a row derived from a document.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};
use sambung_domain::Pack;
use sambung_domain::value::Value;
use sambung_sync::document::{Document, DocumentError, Held, Live, Node};
use sambung_sync::{ChangeHash, document};
use serde_json::{Map, Value as Json};

use crate::ReplicaError;
use crate::loaded::RecordRow;
use crate::query::listed;
use crate::reference::References;
use crate::search::Terms;

/// Root keys that say which record this is; they are columns, not content.
const NAMING_KEYS: [&str; 3] = ["generation", "kind", "record"];

/// A projected document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Projection {
    pub(crate) content: Map<String, Json>,
    /// Fields with more than one live value.
    pub(crate) conflicts: BTreeSet<String>,
    pub(crate) heads: Vec<ChangeHash>,
}

/// The projection of a document.
pub(crate) fn project(document: &Document) -> Result<Projection, DocumentError> {
    let mut content = Map::new();
    let mut conflicts = BTreeSet::new();
    for (key, node) in document.content()? {
        if NAMING_KEYS.contains(&key.as_str()) {
            continue;
        }
        if distinct(&node) > 1 {
            conflicts.insert(key.clone());
        }
        content.insert(key, shown(&node));
    }
    Ok(Projection { content, conflicts, heads: document.heads() })
}

/// How many different values stand at a place.
fn distinct(node: &Node) -> usize {
    let Node::Value(lives) = node else { return 1 };
    lives.iter().map(|live| value(live).map(|value| value.to_string())).collect::<BTreeSet<_>>().len()
}

fn shown(node: &Node) -> Json {
    match node {
        Node::Value(lives) => lives.first().and_then(value).map_or(Json::Null, json),
        Node::Map(entries) if is_set(entries) => entries
            .iter()
            .filter(|(_, entry)| holds(entry))
            .map(|(key, _)| Json::from(key.as_str()))
            .collect(),
        Node::Map(entries) => {
            entries.iter().map(|(key, entry)| (key.clone(), shown(entry))).collect::<Map<_, _>>().into()
        }
        Node::List(items) => items.iter().map(shown).collect(),
        Node::Text(text) => Json::from(text.as_str()),
    }
}

/// A map whose entries all say yes or no is a set; so is an empty one.
fn is_set(entries: &BTreeMap<String, Node>) -> bool {
    entries.values().all(|entry| match entry {
        Node::Value(lives) => lives.iter().all(|live| matches!(value(live), Some(Value::Bool(_)))),
        Node::Map(_) | Node::List(_) | Node::Text(_) => false,
    })
}

/// Entries of both sides stay: one live yes is enough.
fn holds(entry: &Node) -> bool {
    match entry {
        Node::Value(lives) => lives.iter().any(|live| value(live) == Some(Value::Bool(true))),
        Node::Map(_) | Node::List(_) | Node::Text(_) => false,
    }
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
        let conflicts = i64::try_from(self.conflicts.len()).unwrap_or(i64::MAX);
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
    let projection = project(document).map_err(failed)?;
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
    References::of(pack, row, &projection.content).write(connection, row.number)
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
    Ok(Terms::stand(terms.as_ref(), connection, row.number)? && references.stand(connection, row.number)?)
}
