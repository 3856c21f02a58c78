//! What a list must have, as conditions and as the few records that an index names.

use rusqlite::types::Value as Sql;
use sambung_domain::pack::{Field, FieldType, Kind};
use sambung_domain::value::Value;
use sambung_domain::{Area, Pack};

use super::super::listed::CLASH;
use super::column::Column;
use crate::UsageError;
use crate::command::WITHDRAWN;

/// One condition of a list.
pub(super) struct Filter {
    /// The condition, true of the row looked at.
    pub(super) holds: String,
    /// Its values.
    pub(super) values: Vec<Sql>,
    /// Queries of the records that meet it, which an index answers; together they name each once. `?1` and so on
    /// stand for the values.
    pub(super) named: Option<String>,
    /// The index in which all that meet it stand in the order of their ids.
    pub(super) ordered: Option<String>,
}

impl Filter {
    /// The condition that a key has a value; an empty text means that it has none.
    pub(super) fn read(pack: &Pack, kind: &Kind, key: &str, text: &str) -> Result<Self, UsageError> {
        let column = Column::of(kind, key)?;
        match column.field {
            Some(field) if field.kind == FieldType::Stage => Filter::stage(pack, kind, &column, field, text),
            Some(field) if field.kind.is_map() => Ok(Filter::entry(pack, field, text)?),
            _ if text.is_empty() => Ok(Filter::one(kind, &column, "IS NULL", Vec::new())),
            _ if column.is_area(key) => Filter::area(kind, &column, text),
            Some(field) => {
                let of = if field.kind.is_register_of_parts() {
                    field.parts.first().unwrap_or(field)
                } else {
                    field
                };
                let value = sql(&of.parse(pack, text)?);
                Ok(Filter::one(kind, &column, "= ?", vec![value]))
            }
            None => Ok(Filter::one(kind, &column, "= ?", vec![Sql::from(text.to_owned())])),
        }
    }

    /// The condition that a record is withdrawn, or that it is not.
    pub(super) fn withdrawn(withdrawn: bool) -> Self {
        let is = if withdrawn { "IS" } else { "IS NOT" };
        let holds = format!("(content ->> '$.{WITHDRAWN}') {is} TRUE");
        Filter { holds, values: Vec::new(), named: None, ordered: None }
    }

    fn one(kind: &Kind, column: &Column<'_>, condition: &str, values: Vec<Sql>) -> Self {
        let holds = format!("{} {condition}", column.expression);
        let named = column.index.as_ref().map(|index| named(kind, index, &holds));
        Filter { holds, values, named, ordered: column.index.clone() }
    }

    /// Several conditions of which never two hold at once.
    fn any(kind: &Kind, column: &Column<'_>, conditions: &[String], values: Vec<Sql>) -> Self {
        let named = column.index.as_ref().map(|index| {
            let all: Vec<String> = conditions.iter().map(|condition| named(kind, index, condition)).collect();
            all.join(" UNION ALL ")
        });
        Filter { holds: format!("({})", conditions.join(" OR ")), values, named, ordered: None }
    }

    /// The area and everything inside it.
    fn area(kind: &Kind, column: &Column<'_>, text: &str) -> Result<Self, UsageError> {
        let area: Area =
            text.parse().map_err(|e: sambung_domain::area::BadArea| UsageError::Query(e.to_string()))?;
        let at = &column.expression;
        // The sign behind the dot: what begins with `35.13.` lies before it.
        let conditions = [format!("{at} = ?"), format!("({at} >= ? AND {at} < ?)")];
        let values = [area.to_string(), format!("{area}."), format!("{area}/")].map(Sql::from);
        Ok(Filter::any(kind, column, &conditions, values.to_vec()))
    }

    /// Matters that stand there, also those that stand elsewhere as well.
    fn stage(
        pack: &Pack,
        kind: &Kind,
        column: &Column<'_>,
        field: &Field,
        code: &str,
    ) -> Result<Self, UsageError> {
        if code.is_empty() {
            return Ok(Filter::one(kind, column, "IS NULL", Vec::new()));
        }
        if pack.code_list(field).is_some_and(|list| !list.has(code)) {
            return Err(UsageError::Query(format!("{} has no code of this name", field.key)));
        }
        let at = &column.expression;
        let next = char::from_u32(u32::from(CLASH) + 1).unwrap_or(CLASH);
        let conditions =
            [format!("{at} = ?"), format!("({at} >= '{CLASH}' AND {at} < '{next}' AND instr({at}, ?) > 0)")];
        let values = [code.to_owned(), format!("{CLASH}{code}{CLASH}")].map(Sql::from);
        Ok(Filter::any(kind, column, &conditions, values.to_vec()))
    }

    /// Sets that have an entry; without one, empty sets.
    fn entry(pack: &Pack, field: &Field, text: &str) -> Result<Self, UsageError> {
        let entries = format!("(SELECT 1 FROM json_each(content, '$.{}')", field.key);
        let (holds, values) = if text.is_empty() {
            (format!("NOT EXISTS {entries})"), Vec::new())
        } else if field.kind == FieldType::Set {
            (format!("EXISTS {entries} WHERE value = ?)"), vec![sql(&field.parse(pack, text)?)])
        } else {
            let why = "has entries with parts; lists cannot filter by it, except for being empty";
            return Err(UsageError::Operation { key: field.key.clone(), why });
        };
        Ok(Filter { holds, values, named: None, ordered: None })
    }
}

fn named(kind: &Kind, index: &str, condition: &str) -> String {
    format!(
        "SELECT record AS found FROM projection INDEXED BY {index} WHERE kind = '{}' AND {condition}",
        kind.name
    )
}

fn sql(value: &Value) -> Sql {
    match value {
        // JSON's yes and no come out of SQLite as 1 and 0.
        Value::Bool(yes) => Sql::from(i64::from(*yes)),
        Value::Int(number) => Sql::from(*number),
        Value::Text(text) => Sql::from(text.clone()),
    }
}
