//! Commands: what a person can do to a record, as plain data for CLI, API and simulation alike.

use std::collections::BTreeMap;

use sambung_domain::pack::{Field, FieldType, Kind, Merge, ROUTING_TEXTS};
use sambung_domain::value::Value;
use sambung_domain::{Access, Area, OfficeCode, Pack, RecordId};
use sambung_sync::document::Edit;
use serde::{Deserialize, Serialize};

use crate::UsageError;

/// What to write, field by field. Values come as typed texts or as JSON scalars; the pack says what they mean.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Fields {
    /// Fields to set. An empty text empties the field.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = BTreeMap<String, serde_json::Value>))]
    pub set: BTreeMap<String, Value>,
    /// Fields to remove.
    #[serde(default)]
    pub unset: Vec<String>,
    /// Entries to add to sets.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Vec<Vec<serde_json::Value>>))]
    pub add: Vec<(String, Value)>,
}

/// Makes a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Create {
    /// Its kind.
    pub kind: String,
    /// What is known of it. `area`, `office` and `access` may stand among them; else they come from the device's
    /// grant and the kind.
    #[serde(flatten)]
    pub fields: Fields,
}

/// Changes a record: only the fields named are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EditRecord {
    /// Which.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub id: RecordId,
    /// What to write.
    #[serde(flatten)]
    pub fields: Fields,
    /// Why, where a reason is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a command did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Outcome {
    /// The record.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub id: RecordId,
    /// The hash of the change; absent if nothing was different.
    pub change: Option<String>,
}

/// The writes of a command on the fields of a kind.
pub(crate) fn edits(pack: &Pack, kind: &Kind, fields: &Fields) -> Result<Vec<Edit>, UsageError> {
    let mut edits = Vec::new();
    for (key, value) in &fields.set {
        edits.push(Edit::Put { path: vec![key.clone()], value: typed(pack, kind, key, value)? });
    }
    for key in &fields.unset {
        if is_set(writable(kind, key)?) {
            return Err(UsageError::Operation { key: key.clone(), why: "a set is changed entry by entry" });
        }
        edits.push(Edit::Delete { path: vec![key.clone()] });
    }
    for (key, value) in &fields.add {
        let field = writable(kind, key)?;
        if !is_set(field) {
            return Err(UsageError::Operation { key: key.clone(), why: "is no set; use --set" });
        }
        let Value::Text(entry) = field.parse(pack, &as_typed(value))? else {
            return Err(UsageError::Operation { key: key.clone(), why: "a set holds texts" });
        };
        edits.push(Edit::Put { path: vec![key.clone(), entry], value: Value::Bool(true) });
    }
    Ok(edits)
}

fn typed(pack: &Pack, kind: &Kind, key: &str, value: &Value) -> Result<Value, UsageError> {
    if ROUTING_TEXTS.contains(&key) {
        return routing_value(key, &as_typed(value));
    }
    let field = writable(kind, key)?;
    if is_set(field) {
        return Err(UsageError::Operation { key: key.to_owned(), why: "is a set; use --add" });
    }
    Ok(field.parse(pack, &as_typed(value))?)
}

fn routing_value(key: &str, text: &str) -> Result<Value, UsageError> {
    let sound = match key {
        "area" => text.parse::<Area>().map(|_| ()).map_err(|e| e.to_string()),
        "office" => text.parse::<OfficeCode>().map(|_| ()).map_err(|e| e.to_string()),
        _ => text.parse::<Access>().map(|_| ()).map_err(|e| e.to_string()),
    };
    sound.map_err(UsageError::Query)?;
    Ok(Value::from(text))
}

fn as_typed(value: &Value) -> String {
    match value {
        Value::Bool(yes) => yes.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Text(text) => text.clone(),
    }
}

fn is_set(field: &Field) -> bool {
    field.kind == FieldType::Set
}

/// The field under a key, if people may write it.
fn writable<'a>(kind: &'a Kind, key: &str) -> Result<&'a Field, UsageError> {
    let field = kind.field(key).ok_or_else(|| unknown_field(kind, key))?;
    if field.merge == Merge::Derived { Err(UsageError::Derived(key.to_owned())) } else { Ok(field) }
}

/// The error for a key that a kind does not have, with the nearest names.
pub(crate) fn unknown_field(kind: &Kind, given: &str) -> UsageError {
    let mut near: Vec<(usize, &str)> = kind
        .fields
        .iter()
        .map(|field| (distance(given, &field.key), field.key.as_str()))
        .filter(|(distance, key)| *distance <= 3 || (given.len() >= 3 && key.contains(given)))
        .collect();
    near.sort_unstable();
    let names: Vec<&str> = near.into_iter().take(3).map(|(_, key)| key).collect();
    let nearest =
        if names.is_empty() { String::new() } else { format!("; did you mean {}?", names.join(", ")) };
    UsageError::Field { kind: kind.name.clone(), given: given.to_owned(), nearest }
}

/// Levenshtein distance, for texts as short as field names.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, left) in a.chars().take(64).enumerate() {
        let mut diagonal = at;
        row[0] = at + 1;
        for (column, right) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(left != *right);
            diagonal = row[column + 1];
            row[column + 1] = substituted.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker() -> (Pack, Kind) {
        let pack = Pack::builtin().unwrap();
        let kind = pack.kind("worker").unwrap().clone();
        (pack, kind)
    }

    #[test]
    fn a_misspelt_field_is_refused_with_the_nearest_names() {
        let (pack, kind) = worker();
        let fields =
            Fields { set: [("nama_lengkp".to_owned(), Value::from("x"))].into(), ..Fields::default() };
        let error = edits(&pack, &kind, &fields).unwrap_err().to_string();
        assert_eq!(error, "worker has no field `nama_lengkp`; did you mean nama_lengkap?");
        assert!(unknown_field(&kind, "zzzzzzzz").to_string().ends_with("`zzzzzzzz`"));
    }

    #[test]
    fn sets_are_added_to_and_never_set() {
        let (pack, kind) = worker();
        let set = Fields { set: [("telepon".to_owned(), Value::from("0812"))].into(), ..Fields::default() };
        assert!(edits(&pack, &kind, &set).is_err());
        let add = Fields { add: vec![("telepon".to_owned(), Value::from("0812"))], ..Fields::default() };
        let expected =
            Edit::Put { path: vec!["telepon".to_owned(), "0812".to_owned()], value: Value::Bool(true) };
        assert_eq!(edits(&pack, &kind, &add).unwrap(), [expected]);
    }

    #[test]
    fn computed_fields_cannot_be_written() {
        let (pack, kind) = worker();
        let fields =
            Fields { set: [("status_pmi".to_owned(), Value::from("BEKERJA"))].into(), ..Fields::default() };
        assert_eq!(edits(&pack, &kind, &fields), Err(UsageError::Derived("status_pmi".to_owned())));
    }
}
