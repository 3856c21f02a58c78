//! Lists of records with filters, one sort and seek pagination.

use rusqlite::OptionalExtension;
use rusqlite::types::Value as Sql;
use sambung_domain::pack::{Kind, ROUTING_TEXTS};
use sambung_domain::value::Value;
use sambung_domain::{Pack, RecordId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::command::unknown_field;
use crate::write::unknown_kind;
use crate::{Replica, ReplicaError, UsageError};

/// Most rows of one page.
const LIMIT_MAX: u32 = 1_000;
/// Rows of a page unless asked otherwise.
const LIMIT: u32 = 50;

/// What to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// The kind.
    pub kind: String,
    /// Fields and the values they must have; `area` matches the area and everything in it.
    #[serde(default)]
    pub filters: Vec<(String, String)>,
    /// The field to sort by; without it records come in the order of their ids.
    #[serde(default)]
    pub sort: Option<String>,
    /// Most rows.
    #[serde(default)]
    pub limit: Option<u32>,
    /// The last record of the page before.
    #[serde(default)]
    pub after: Option<RecordId>,
}

/// One row of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ListRow {
    /// The record.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub id: RecordId,
    /// Its kind.
    pub kind: String,
    /// What is recorded, the first of several values where they differ.
    pub fields: Map<String, Json>,
    /// How many fields have several values.
    pub conflicts: u32,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Page {
    /// The rows.
    pub rows: Vec<ListRow>,
    /// The record to continue after; absent on the last page.
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub next: Option<RecordId>,
}

impl Replica {
    /// One page of the records of a kind that this device may see.
    ///
    /// # Errors
    /// [`ReplicaError::Usage`] for a kind or field that does not exist, and what the database says.
    pub fn list(&self, list: &List) -> Result<Page, ReplicaError> {
        let kind = self.pack.kind(&list.kind).ok_or_else(|| unknown_kind(&self.pack, &list.kind))?;
        let limit = list.limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX);
        let mut select = Select::new(&list.kind);
        for (key, value) in &list.filters {
            select.filter(&self.pack, kind, key, value)?;
        }
        if let Some(sort) = &list.sort {
            known(kind, sort)?;
        }
        self.seek(&mut select, list)?;
        let sql = select.sql(list.sort.as_deref());
        select.values.push(Sql::from(i64::from(limit) + 1));
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(rusqlite::params_from_iter(&select.values), |row| {
            Ok((RecordId(row.get(0)?), row.get::<_, String>(1)?, row.get::<_, u32>(2)?))
        })?;
        let mut page = Page { rows: Vec::new(), next: None };
        for row in rows {
            let (id, content, conflicts) = row?;
            if page.rows.len() == usize::try_from(limit).unwrap_or(usize::MAX) {
                page.next = page.rows.last().map(|last: &ListRow| last.id);
                break;
            }
            let fields =
                serde_json::from_str(&content).map_err(|_| ReplicaError::Unreadable("a projection"))?;
            page.rows.push(ListRow { id, kind: list.kind.clone(), fields, conflicts });
        }
        Ok(page)
    }

    /// Starts behind the last record of the page before, at its present place in the order.
    fn seek(&self, select: &mut Select, list: &List) -> Result<(), ReplicaError> {
        let Some(after) = list.after else { return Ok(()) };
        let Some(sort) = &list.sort else {
            select.require("p.id > ?", [Sql::Blob(after.0.to_vec())]);
            return Ok(());
        };
        let sql = format!("SELECT {} FROM projection WHERE id = ?1", path(sort));
        let value: Option<Sql> =
            self.connection.prepare_cached(&sql)?.query_row([after.0], |row| row.get(0)).optional()?;
        let value = value.ok_or(ReplicaError::NotFound(after))?;
        let id = Sql::Blob(after.0.to_vec());
        // NULL sorts first in SQLite: behind it comes everything that has a value, then the later ids.
        if value == Sql::Null {
            select.require(&format!("({0} IS NOT NULL OR p.id > ?)", path(sort)), [id]);
        } else {
            select.require(&format!("({0}, p.id) > (?, ?)", path(sort)), [value, id]);
        }
        Ok(())
    }
}

/// A statement while it is put together. Keys come from the pack only, values are always parameters.
struct Select {
    conditions: Vec<String>,
    values: Vec<Sql>,
}

impl Select {
    fn new(kind: &str) -> Self {
        Select { conditions: vec!["p.kind = ?".to_owned()], values: vec![Sql::from(kind.to_owned())] }
    }

    fn require<const N: usize>(&mut self, condition: &str, values: [Sql; N]) {
        self.conditions.push(condition.to_owned());
        self.values.extend(values);
    }

    fn filter(&mut self, pack: &Pack, kind: &Kind, key: &str, text: &str) -> Result<(), ReplicaError> {
        if key == "area" {
            let area: sambung_domain::Area =
                text.parse().map_err(|e: sambung_domain::area::BadArea| UsageError::Query(e.to_string()))?;
            let inside = format!("{area}.%");
            let condition = format!("({0} = ? OR {0} LIKE ?)", path(key));
            self.require(&condition, [Sql::from(area.to_string()), Sql::from(inside)]);
            return Ok(());
        }
        known(kind, key)?;
        match kind.field(key) {
            Some(field) if field.kind.is_map() => {
                let condition =
                    format!("EXISTS (SELECT 1 FROM json_each(content, '$.{key}') WHERE value = ?)");
                self.require(&condition, [Sql::from(text.to_owned())]);
            }
            Some(field) => {
                let value = field.parse(pack, text).map_err(UsageError::from)?;
                self.require(&format!("{} = ?", path(key)), [sql(&value)]);
            }
            None => self.require(&format!("{} = ?", path(key)), [Sql::from(text.to_owned())]),
        }
        Ok(())
    }

    fn sql(&self, sort: Option<&str>) -> String {
        let order = sort.map(|key| format!("{}, ", path(key))).unwrap_or_default();
        format!(
            "SELECT p.id, content, conflicts FROM projection p JOIN record ON number = p.record
             WHERE away = 0 AND {} ORDER BY {order}p.id LIMIT ?",
            self.conditions.join(" AND ")
        )
    }
}

fn path(key: &str) -> String {
    format!("(content ->> '$.{key}')")
}

fn sql(value: &Value) -> Sql {
    match value {
        // JSON's yes and no come out of SQLite as 1 and 0.
        Value::Bool(yes) => Sql::from(i64::from(*yes)),
        Value::Int(number) => Sql::from(*number),
        Value::Text(text) => Sql::from(text.clone()),
    }
}

fn known(kind: &Kind, key: &str) -> Result<(), UsageError> {
    let recorded = ["created_at", "created_by"];
    if kind.field(key).is_some() || ROUTING_TEXTS.contains(&key) || recorded.contains(&key) {
        Ok(())
    } else {
        Err(unknown_field(kind, key))
    }
}
