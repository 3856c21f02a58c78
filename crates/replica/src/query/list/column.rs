//! The keys that lists filter and sort by, as SQL. Names come from the pack only, values are always parameters.

use sambung_domain::Pack;
use sambung_domain::pack::{Field, FieldType, Kind, ROUTING_TEXTS};

use super::super::listed::is_listed;
use crate::UsageError;
use crate::command::unknown_field;

/// Root keys that say when and by whom a record was made.
const RECORDED: [&str; 2] = ["created_at", "created_by"];

/// Root keys of every kind with an index of their own in the schema.
const COMMON: [(&str, &str); 3] =
    [("area", "projection_area"), ("office", "projection_office"), ("created_at", "projection_created")];

/// A key of a kind.
pub(super) struct Column<'a> {
    /// The field behind it; none for routing keys and the like.
    pub(super) field: Option<&'a Field>,
    /// Its value; NULL where it is empty.
    pub(super) expression: String,
    /// The index that holds kind, value and id in this order.
    pub(super) index: Option<String>,
}

impl<'a> Column<'a> {
    /// The key of a kind.
    pub(super) fn of(kind: &'a Kind, key: &str) -> Result<Self, UsageError> {
        if let Some(field) = kind.field(key) {
            let index = is_indexed(field).then(|| index_name(kind, field));
            return Ok(Column { field: Some(field), expression: expression(field), index });
        }
        if ROUTING_TEXTS.contains(&key) || RECORDED.contains(&key) {
            let index = COMMON.iter().find(|(known, _)| *known == key).map(|(_, index)| (*index).to_owned());
            return Ok(Column {
                field: None,
                expression: format!("nullif(content ->> '$.{key}', '')"),
                index,
            });
        }
        Err(unknown_field(kind, key))
    }

    /// Whether its values are areas.
    pub(super) fn is_area(&self, key: &str) -> bool {
        self.field.map_or(key == "area", |field| field.kind == FieldType::Area)
    }
}

/// Every index that the lists of a pack need, by name, with what makes it.
pub(super) fn indexes(pack: &Pack) -> impl Iterator<Item = (String, String)> {
    pack.kinds.values().flat_map(|kind| {
        kind.fields.iter().filter(|field| is_indexed(field)).map(|field| {
            let name = index_name(kind, field);
            let sql = format!(
                "CREATE INDEX {name} ON projection ({}, id) WHERE kind = '{}'",
                expression(field),
                kind.name
            );
            (name, sql)
        })
    })
}

fn is_indexed(field: &Field) -> bool {
    field.indexed && (!field.kind.has_parts() && !field.kind.is_map() || is_listed(field))
}

fn index_name(kind: &Kind, field: &Field) -> String {
    format!("list_{}_{}", kind.name, field.key)
}

/// The value of a field. Small and capital letters of texts are alike.
fn expression(field: &Field) -> String {
    let from = if is_listed(field) { "listed" } else { "content" };
    let collation = if field.kind == FieldType::Text { " COLLATE NOCASE" } else { "" };
    format!("nullif({from} ->> '$.{}', ''){collation}", field.key)
}
