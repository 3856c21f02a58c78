//! A record as the paths and scalars of its document, and back.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::Record;
use crate::pack::{Field, FieldType, Kind, Merge};
use crate::value::Value;

/// What a document holds of a record: for each path from the root one scalar. A set's entry is a path of key
/// and text with the value yes, a part of an item a path of key, id and part.
pub type Entries = BTreeMap<Vec<String>, Value>;

/// The record in its one form: sets sorted and without repetition, unanswered questions, empty sets and empty
/// items left out. Nothing that says something is changed, known to the pack or not.
#[must_use]
pub fn normalised(kind: &Kind, record: &Record) -> Record {
    let kept = record.iter().filter(|(_, json)| !json.is_null());
    kept.filter_map(|(key, json)| {
        let json = match kind.field(key) {
            Some(field) if field.kind.is_map() => map_normalised(json)?,
            Some(field) if field.kind.is_register_of_parts() => without_nulls(json),
            _ => json.clone(),
        };
        Some((key.clone(), json))
    })
    .collect()
}

/// A set or items without what says nothing; `None` where nothing is left.
fn map_normalised(json: &Json) -> Option<Json> {
    match json {
        Json::Array(entries) => {
            let mut entries = entries.clone();
            // Texts in the order of their bytes; what is no text cannot be saved and stays where it is.
            entries.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
            entries.dedup();
            (!entries.is_empty()).then_some(Json::Array(entries))
        }
        Json::Object(items) => {
            let says = |json: &Json| !matches!(json, Json::Object(parts) if parts.is_empty());
            let items: Map<String, Json> = items
                .iter()
                .map(|(id, item)| (id.clone(), without_nulls(item)))
                .filter(|(_, item)| says(item))
                .collect();
            (!items.is_empty()).then_some(Json::Object(items))
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => Some(json.clone()),
    }
}

/// An object without the parts that were not answered, inner objects included.
fn without_nulls(json: &Json) -> Json {
    match json {
        Json::Object(parts) => Json::Object(
            parts
                .iter()
                .filter(|(_, part)| !part.is_null())
                .map(|(key, part)| (key.clone(), without_nulls(part)))
                .collect(),
        ),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => json.clone(),
    }
}

/// The entries of a record's known fields. Computed fields, root keys and unknown keys have none: a command
/// writes only what it knows, and what the document holds besides stays in it.
#[must_use]
pub fn entries(kind: &Kind, record: &Record) -> Entries {
    let mut all = Entries::new();
    for field in kind.fields.iter().filter(|field| field.merge != Merge::Derived) {
        let Some(json) = record.get(&field.key) else { continue };
        match (field.kind, json) {
            (FieldType::Set, Json::Array(texts)) => {
                for text in texts.iter().filter_map(Json::as_str) {
                    all.insert(vec![field.key.clone(), text.to_owned()], Value::Bool(true));
                }
            }
            (kind, Json::Object(items)) if kind.has_items() => item_entries(&mut all, field, items),
            _ => {
                if let Some(value) = scalar(json) {
                    all.insert(vec![field.key.clone()], value);
                }
            }
        }
    }
    all
}

fn item_entries(all: &mut Entries, field: &Field, items: &Map<String, Json>) {
    for (id, item) in items {
        for (key, json) in item.as_object().into_iter().flatten() {
            if let Some(value) = scalar(json) {
                all.insert(vec![field.key.clone(), id.clone(), key.clone()], value);
            }
        }
    }
}

/// The scalar of a JSON value; a block is its text with sorted keys.
fn scalar(json: &Json) -> Option<Value> {
    match json {
        Json::Null | Json::Array(_) => None,
        Json::Bool(yes) => Some(Value::Bool(*yes)),
        Json::Number(number) => number.as_i64().map(Value::Int),
        Json::String(text) => Some(Value::Text(text.clone())),
        Json::Object(_) => Some(Value::Text(json.to_string())),
    }
}

/// The record that entries stand for: what [`entries`] was given, as far as it was of known fields. Entries of
/// a set with the value no are not in the set.
#[must_use]
pub fn from_entries(kind: &Kind, entries: &Entries) -> Record {
    let mut record = Record::new();
    for (path, value) in entries {
        match path.as_slice() {
            [key] => {
                record.insert(key.clone(), json(kind.field(key), value));
            }
            [key, entry] if *value == Value::Bool(true) => {
                let set = record.entry(key.clone()).or_insert_with(|| Json::Array(Vec::new()));
                if let Json::Array(set) = set {
                    set.push(Json::String(entry.clone()));
                }
            }
            [key, id, part] => {
                let field = kind.field(key).and_then(|field| field.part(part));
                let items = record.entry(key.clone()).or_insert_with(|| Json::Object(Map::new()));
                if let Json::Object(items) = items {
                    let item = items.entry(id.clone()).or_insert_with(|| Json::Object(Map::new()));
                    if let Json::Object(item) = item {
                        item.insert(part.clone(), json(field, value));
                    }
                }
            }
            _ => {}
        }
    }
    record
}

/// The JSON of a scalar; the text of a block becomes its object again.
fn json(field: Option<&Field>, value: &Value) -> Json {
    match value {
        Value::Bool(yes) => Json::Bool(*yes),
        Value::Int(number) => Json::from(*number),
        Value::Text(text) => {
            let of_parts = field.is_some_and(|field| field.kind.is_register_of_parts());
            let parts = of_parts.then(|| serde_json::from_str::<Map<String, Json>>(text).ok()).flatten();
            parts.map_or_else(|| Json::String(text.clone()), Json::Object)
        }
    }
}
