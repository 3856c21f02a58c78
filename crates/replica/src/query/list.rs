//! Lists of records with filters, one sort and seek pagination.

mod column;
mod filter;
mod select;

use std::collections::BTreeMap;

use rusqlite::Connection;
use sambung_domain::{Pack, RecordId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::{Replica, ReplicaError};
use filter::Filter;
use select::{Order, Select};

/// Most rows of one page.
const LIMIT_MAX: u32 = 1_000;
/// Rows of a page unless asked otherwise.
const LIMIT: u32 = 50;

/// What to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct List {
    /// The kind.
    pub kind: String,
    /// Fields and the values they must have, all of them; an area matches itself and everything in it, a set each of
    /// its entries, a matter each place where it stands. Without a value: fields that are empty.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Vec<Vec<String>>))]
    pub filters: Vec<(String, String)>,
    /// The field to sort by, with `-` before it from the end; equal values come in the order of their ids, and so
    /// does everything without it. Empty values are the least.
    #[serde(default)]
    pub sort: Option<String>,
    /// Most rows.
    #[serde(default)]
    pub limit: Option<u32>,
    /// The last record of the page before.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub after: Option<RecordId>,
    /// The withdrawn records, and only those.
    #[serde(default)]
    pub withdrawn: bool,
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
        let onlooker = self.onlooker()?;
        let kind = self.kind(&list.kind)?;
        let most = usize::try_from(list.limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX)).unwrap_or(usize::MAX);
        let read = |(key, text): &(String, String)| Filter::read(&self.pack, kind, key, text);
        let mut filters: Vec<Filter> = list.filters.iter().map(read).collect::<Result<_, _>>()?;
        filters.push(Filter::withdrawn(list.withdrawn));
        let order = Order::read(kind, list.sort.as_deref())?;
        // One moment: the plan, the place and the rows see the same records.
        let snapshot = self.connection.unchecked_transaction()?;
        let select = Select::plan(&snapshot, kind, &order, &filters)?;
        let mut rows = Vec::new();
        for stretch in order.behind(&snapshot, kind, list.after)? {
            let wanted = i64::try_from(most + 1 - rows.len()).unwrap_or(i64::MAX);
            let (sql, values) = select.statement(&stretch, wanted);
            read_rows(&snapshot, &sql, values, &list.kind, &mut rows)?;
            if rows.len() > most {
                break;
            }
        }
        let more = rows.len() > most;
        rows.truncate(most);
        let next = rows.last().filter(|_| more).map(|last| last.id);
        rows.retain(|row| onlooker.sees_content(&row.kind, &row.fields));
        Ok(Page { rows, next })
    }
}

fn read_rows(
    connection: &Connection,
    sql: &str,
    values: Vec<rusqlite::types::Value>,
    kind: &str,
    rows: &mut Vec<ListRow>,
) -> Result<(), ReplicaError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query(rusqlite::params_from_iter(values))?;
    while let Some(row) = found.next()? {
        let content: String = row.get(1)?;
        let fields = serde_json::from_str(&content).map_err(|_| ReplicaError::Unreadable("a projection"))?;
        rows.push(ListRow {
            id: RecordId(row.get(0)?),
            kind: kind.to_owned(),
            fields,
            conflicts: row.get(2)?,
        });
    }
    Ok(())
}

/// Makes the indexes that the pack's lists need and drops those they need no more.
pub(crate) fn make_indexes(connection: &Connection, pack: &Pack) -> Result<(), ReplicaError> {
    let sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND name GLOB 'list_*'";
    let there: BTreeMap<String, String> = connection
        .prepare(sql)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let wanted: BTreeMap<String, String> = column::indexes(pack).collect();
    for name in there.iter().filter(|(name, sql)| wanted.get(*name) != Some(*sql)).map(|(name, _)| name) {
        connection.execute_batch(&format!("DROP INDEX {name}"))?;
    }
    for (_, sql) in wanted.iter().filter(|(name, sql)| there.get(*name) != Some(*sql)) {
        connection.execute_batch(sql)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
