//! The open questions, the most harmful first.

use rusqlite::params;
use sambung_domain::RecordId;
use sambung_domain::pack::Harm;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{Asked, ConflictValue, harm_at};
use crate::loaded::{self, RecordRow};
use crate::projection::project;
use crate::{Replica, ReplicaError, UsageError};

/// Most questions of one page: each is read with its record's history.
const LIMIT_MAX: u32 = 200;
/// Questions of a page unless asked otherwise.
const LIMIT: u32 = 50;

/// Which questions to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConflictList {
    /// Most questions.
    #[serde(default)]
    pub limit: Option<u32>,
    /// The last question of the page before.
    #[serde(default)]
    pub after: Option<ConflictCursor>,
}

/// A place in the list. Printed as `harm.record.field`; programs hand it back as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ConflictCursor {
    harm: i64,
    record: i64,
    field: String,
}

impl From<ConflictCursor> for String {
    fn from(cursor: ConflictCursor) -> String {
        format!("{}.{}.{}", cursor.harm, cursor.record, cursor.field)
    }
}

impl TryFrom<String> for ConflictCursor {
    type Error = UsageError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl std::str::FromStr for ConflictCursor {
    type Err = UsageError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (harm, rest) = text.split_once('.')?;
            let (record, field) = rest.split_once('.')?;
            let field = field.to_owned();
            Some(ConflictCursor { harm: harm.parse().ok()?, record: record.parse().ok()?, field })
        };
        parse().ok_or_else(|| UsageError::Query(format!("`{text}` is no place in the list")))
    }
}

/// A field about which somebody must decide.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Conflict {
    /// The record.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub id: RecordId,
    /// Its kind.
    pub kind: String,
    /// The field; a part of an item by its path.
    pub field: String,
    /// What goes wrong if the wrong value is believed.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub harm: Harm,
    /// Whether it was decided before and the decision taken back.
    pub reopened: bool,
    /// The values, each with who, when and where.
    pub values: Vec<ConflictValue>,
    /// The last value that the authors of all of them knew; none where there was none.
    pub common: Vec<Json>,
}

/// One page of open questions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ConflictPage {
    /// The questions, the most harmful first.
    pub conflicts: Vec<Conflict>,
    /// Where to go on; absent on the last page.
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub next: Option<ConflictCursor>,
}

/// A row of the list before its record is read.
struct Open {
    harm: i64,
    record: i64,
    field: String,
    reopened: bool,
}

impl Replica {
    /// The open questions about records this device may see, the most harmful first.
    ///
    /// # Errors
    /// What the database says, and [`ReplicaError::Document`] where a record cannot be read.
    pub fn conflicts(&self, list: &ConflictList) -> Result<ConflictPage, ReplicaError> {
        let onlooker = self.onlooker()?;
        let limit = list.limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX);
        let mut open = self.open_after(list.after.as_ref(), i64::from(limit) + 1)?;
        let more = open.len() > usize::try_from(limit).unwrap_or(usize::MAX);
        open.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let last = open.last().filter(|_| more);
        let next = last.map(|open| ConflictCursor {
            harm: open.harm,
            record: open.record,
            field: open.field.clone(),
        });
        let mut conflicts = Vec::new();
        for open in &open {
            if onlooker.sees(&self.connection, &loaded::by_number(&self.connection, open.record)?)? {
                conflicts.push(self.described(open)?);
            }
        }
        Ok(ConflictPage { conflicts, next })
    }

    /// The open questions of one record, the most harmful first.
    ///
    /// # Errors
    /// [`ReplicaError::NotFound`] where there is no such record here.
    pub fn conflicts_of(&self, id: RecordId) -> Result<Vec<Conflict>, ReplicaError> {
        let row = self.found(id)?;
        #[cfg(feature = "sabotage")]
        if self.sabotage.as_deref() == Some("conflict_visible") {
            return Ok(Vec::new());
        }
        let sql = "SELECT harm, record, field, reopened FROM conflict WHERE record = ?1 ORDER BY harm, field";
        let mut statement = self.connection.prepare_cached(sql)?;
        let open: Vec<Open> = statement.query_map([row.number], read)?.collect::<Result<_, _>>()?;
        open.iter().map(|open| self.described(open)).collect()
    }

    fn open_after(&self, after: Option<&ConflictCursor>, limit: i64) -> Result<Vec<Open>, ReplicaError> {
        let sql = "SELECT harm, c.record, field, reopened FROM conflict c JOIN record ON number = c.record
                   WHERE away = 0 AND (harm, c.record, field) > (?1, ?2, ?3)
                   ORDER BY harm, c.record, field LIMIT ?4";
        let start = ConflictCursor { harm: -1, record: 0, field: String::new() };
        let after = after.unwrap_or(&start);
        let mut statement = self.connection.prepare_cached(sql)?;
        let open = statement.query_map(params![after.harm, after.record, after.field, limit], read)?;
        Ok(open.collect::<Result<_, _>>()?)
    }

    fn described(&self, open: &Open) -> Result<Conflict, ReplicaError> {
        let row = loaded::by_number(&self.connection, open.record)?;
        self.asked(&row, |asked| {
            Ok(Conflict {
                id: row.id,
                kind: row.kind.clone(),
                field: open.field.clone(),
                harm: harm_at(open.harm),
                reopened: open.reopened,
                values: asked.values(&open.field)?,
                common: asked.common(&open.field)?,
            })
        })
    }

    /// Reads a record whole, to ask about its fields.
    pub(crate) fn asked<T>(
        &self,
        row: &RecordRow,
        ask: impl FnOnce(&Asked<'_>) -> Result<T, ReplicaError>,
    ) -> Result<T, ReplicaError> {
        asked(&self.connection, &self.pack, &self.identity, row, ask)
    }
}

/// Reads a record whole, to ask about its fields.
pub(crate) fn asked<T>(
    connection: &rusqlite::Connection,
    pack: &sambung_domain::Pack,
    identity: &crate::Identity,
    row: &RecordRow,
    ask: impl FnOnce(&Asked<'_>) -> Result<T, ReplicaError>,
) -> Result<T, ReplicaError> {
    let document = row.document(connection, pack)?;
    let history = row.history(connection, pack)?;
    let projection = project(pack, &row.kind, &document)
        .map_err(|source| ReplicaError::Document { record: row.id, source })?;
    ask(&Asked { connection, identity, row, document: &document, history: &history, projection: &projection })
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Open> {
    Ok(Open { harm: row.get(0)?, record: row.get(1)?, field: row.get(2)?, reopened: row.get(3)? })
}

#[cfg(test)]
mod tests {
    use super::super::rank;
    use super::*;

    #[test]
    fn a_place_in_the_list_returns_from_its_printed_form() {
        let cursor =
            ConflictCursor { harm: rank(Harm::Money), record: 7, field: "klarifikasi/x.1/ke".into() };
        assert_eq!(String::from(cursor.clone()).parse(), Ok(cursor));
        assert!("3".parse::<ConflictCursor>().is_err());
    }
}
