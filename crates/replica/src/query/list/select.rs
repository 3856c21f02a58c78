//! One page of a list as statements: along which index, from where on.

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension};
use sambung_domain::RecordId;
use sambung_domain::pack::Kind;

use super::column::Column;
use super::filter::Filter;
use crate::ReplicaError;

/// Most records of a filter whose numbers are collected; more of them are met often enough on the way.
pub(super) const FEW: i64 = 10_000;
/// Most records that are looked up one by one and sorted. Of more, the order of an index is followed, and its entries
/// compared with their numbers before any row is read.
const LOOKED_UP: i64 = 200;

/// Less than every value that is none of NULL: numbers come before texts.
const LEAST: &str = "-9e999";

/// A part of the order, which an index holds in one piece. Parts are asked one after the other.
pub(super) struct Stretch {
    condition: String,
    values: Vec<Sql>,
    order: String,
}

/// The order of a list: by a value, then by id.
pub(super) struct Order<'a> {
    pub(super) column: Option<Column<'a>>,
    pub(super) descending: bool,
}

impl<'a> Order<'a> {
    /// Reads `key` or, for the order from the end, `-key`.
    pub(super) fn read(kind: &'a Kind, sort: Option<&str>) -> Result<Self, ReplicaError> {
        let Some(sort) = sort else { return Ok(Order { column: None, descending: false }) };
        let (key, descending) = sort.strip_prefix('-').map_or((sort, false), |key| (key, true));
        Ok(Order { column: Some(Column::of(kind, key)?), descending })
    }

    /// What comes behind a record, at its present place.
    pub(super) fn behind(
        &self,
        connection: &Connection,
        kind: &Kind,
        after: Option<RecordId>,
    ) -> Result<Vec<Stretch>, ReplicaError> {
        let Some(after) = after else { return Ok(vec![self.stretch("TRUE", Vec::new())]) };
        let value = self.column.as_ref().map_or("NULL", |column| &column.expression);
        let sql = format!(
            "SELECT {value} FROM projection INDEXED BY projection_id WHERE id = ?1 AND kind = '{}' ORDER BY record DESC",
            kind.name
        );
        let value: Option<Sql> =
            connection.prepare_cached(&sql)?.query_row([after.0], |row| row.get(0)).optional()?;
        Ok(self.stretches(value.ok_or(ReplicaError::NotFound(after))?, after))
    }

    /// The parts behind a value and id: equal values, then others. Empty values come first, and last in the order
    /// from the end.
    pub(super) fn stretches(&self, value: Sql, after: RecordId) -> Vec<Stretch> {
        let sign = if self.descending { '<' } else { '>' };
        let id = Sql::Blob(after.0.to_vec());
        let Some(column) = &self.column else { return vec![self.alike(format!("id {sign} ?"), vec![id])] };
        let at = &column.expression;
        match (self.descending, value == Sql::Null) {
            (false, true) => vec![
                self.alike(format!("{at} IS NULL AND id > ?"), vec![id]),
                self.stretch(&format!("{at} >= {LEAST}"), Vec::new()),
            ],
            (true, true) => vec![self.alike(format!("{at} IS NULL AND id < ?"), vec![id])],
            (descending, false) => {
                let mut all = vec![
                    self.alike(format!("{at} = ? AND id {sign} ?"), vec![value.clone(), id]),
                    self.stretch(&format!("{at} {sign} ?"), vec![value]),
                ];
                all.extend(descending.then(|| self.alike(format!("{at} IS NULL"), Vec::new())));
                all
            }
        }
    }

    /// A part in which all have the same value.
    fn alike(&self, condition: String, values: Vec<Sql>) -> Stretch {
        Stretch { condition, values, order: format!("id{}", self.way()) }
    }

    fn stretch(&self, condition: &str, values: Vec<Sql>) -> Stretch {
        let way = self.way();
        let by = self.column.as_ref().map(|column| format!("{}{way}, ", column.expression));
        let order = format!("{}id{way}", by.unwrap_or_default());
        Stretch { condition: condition.to_owned(), values, order }
    }

    fn way(&self) -> &'static str {
        if self.descending { " DESC" } else { "" }
    }
}

/// A list as it is asked of the database.
pub(super) struct Select<'a> {
    kind: &'a Kind,
    filters: &'a [Filter],
    /// The filter that is met by number, with the query of these.
    among: Option<(usize, &'a str)>,
    from: String,
    from_values: Vec<Sql>,
}

impl<'a> Select<'a> {
    /// Chooses what to look at: the records of a filter that few meet, or an index in the order wanted.
    pub(super) fn plan(
        connection: &Connection,
        kind: &'a Kind,
        order: &'a Order<'a>,
        filters: &'a [Filter],
    ) -> Result<Self, ReplicaError> {
        let mut fewest: Option<(i64, usize, &str)> = None;
        for (at, filter) in filters.iter().enumerate() {
            let Some(named) = &filter.named else { continue };
            let sql = format!("SELECT count(*) FROM ({named} LIMIT {})", FEW + 1);
            let values = rusqlite::params_from_iter(&filter.values);
            let count: i64 = connection.prepare_cached(&sql)?.query_row(values, |row| row.get(0))?;
            if count <= FEW && fewest.is_none_or(|(least, ..)| count < least) {
                fewest = Some((count, at, named));
            }
        }
        let index = match &order.column {
            Some(column) => column.index.as_deref(),
            None => Some("projection_kind"),
        };
        let mut select = Select { kind, filters, among: None, from: String::new(), from_values: Vec::new() };
        match (fewest, index) {
            (Some((count, at, named)), index) if count <= LOOKED_UP || index.is_none() => {
                select.from = format!("({named}) CROSS JOIN projection ON record = found");
                select.from_values.clone_from(&filters[at].values);
            }
            (Some((_, at, named)), Some(index)) => {
                select.from = along(index);
                select.among = Some((at, named));
            }
            (None, Some(index)) => {
                let ordered = filters.iter().find_map(|filter| filter.ordered.as_deref());
                select.from = along(ordered.filter(|_| order.column.is_none()).unwrap_or(index));
            }
            (_, None) => "projection".clone_into(&mut select.from),
        }
        Ok(select)
    }

    /// The statement for a part of the order, with its values; the last is how many rows.
    pub(super) fn statement(&self, stretch: &Stretch, rows: i64) -> (String, Vec<Sql>) {
        let mut all = self.from_values.clone();
        let mut conditions = vec![format!("kind = '{}'", self.kind.name)];
        for (at, filter) in self.filters.iter().enumerate() {
            conditions.push(match self.among {
                Some((among, named)) if among == at => format!("record IN ({named})"),
                Some(_) | None => filter.holds.clone(),
            });
            all.extend(filter.values.iter().cloned());
        }
        conditions.push(stretch.condition.clone());
        all.extend(stretch.values.iter().cloned());
        all.push(Sql::from(rows));
        let sql = format!(
            "SELECT id, content, conflicts FROM {} WHERE {}
             AND NOT EXISTS (SELECT 1 FROM record INDEXED BY record_away WHERE away = 1 AND number = projection.record)
             ORDER BY {} LIMIT ?",
            self.from,
            conditions.join(" AND "),
            stretch.order
        );
        (sql, all)
    }
}

fn along(index: &str) -> String {
    format!("projection INDEXED BY {index}")
}
