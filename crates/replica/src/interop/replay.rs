//! What a file says anew, as edits of this device.

use sambung_domain::Pack;
use sambung_domain::pack::{Field, FieldType, Kind, Merge, RESERVED_KEYS, ROUTING_TEXTS};
use sambung_domain::value::Value;
use sambung_sync::document::Edit;
use sambung_sync::interop::{Difference, Found};

use super::InteropError;

/// The edits that say what a file says. Texts become the scalars that fields hold.
pub(super) fn edits(pack: &Pack, kind: &Kind, differences: &[Difference]) -> Result<Vec<Edit>, InteropError> {
    let mut edits = Vec::new();
    for difference in differences {
        let refuse = |why: String| InteropError::Unsayable { path: difference.path.join("/"), why };
        edits.push(edit(pack, kind, difference).map_err(refuse)?);
    }
    Ok(edits)
}

fn edit(pack: &Pack, kind: &Kind, difference: &Difference) -> Result<Edit, String> {
    let path: Vec<&str> = difference.path.iter().map(String::as_str).collect();
    match path.as_slice() {
        [] => Err("is no place".to_owned()),
        [key] if ROUTING_TEXTS.contains(key) => match &difference.now {
            Found::Text(text) => Ok(put(&path, Value::from(text.as_str()))),
            Found::Removed | Found::Map | Found::Int(_) | Found::Bool(_) | Found::Other(_) => {
                Err("decides where the record belongs and holds a text".to_owned())
            }
        },
        [key, ..] if RESERVED_KEYS.contains(key) => Err("is not changed from outside".to_owned()),
        [key, inside @ ..] => match kind.field(key) {
            Some(field) if field.merge == Merge::Derived => Err("is computed and cannot be set".to_owned()),
            Some(field) => field_edit(pack, field, inside, &path, &difference.now),
            None => unknown(&path, &difference.now),
        },
    }
}

fn field_edit(
    pack: &Pack,
    field: &Field,
    inside: &[&str],
    path: &[&str],
    now: &Found,
) -> Result<Edit, String> {
    match (inside, now) {
        ([], Found::Removed) if !field.kind.is_map() => Ok(delete(path)),
        ([], _) if !field.kind.is_map() => Ok(put(path, scalar(pack, field, now)?)),
        ([], _) => Err("holds entries: add or remove them one by one".to_owned()),
        ([_], Found::Removed) => Ok(delete(path)),
        ([entry], Found::Bool(yes)) if field.kind == FieldType::Set => {
            let entry = field.parse(pack, entry).map_err(|error| error.why)?;
            let entry = entry.as_text().ok_or("is no text")?;
            Ok(put(&[path[0], entry], Value::Bool(*yes)))
        }
        ([_], Found::Map) if field.kind.has_items() => Ok(Edit::PutMap { path: owned(path) }),
        ([_, _], Found::Removed) if field.kind.has_items() => Ok(delete(path)),
        ([_, key], _) if field.kind.has_items() => match field.part(key) {
            Some(part) => Ok(put(path, scalar(pack, part, now)?)),
            None => unknown(path, now),
        },
        _ => Err(format!("a field of type {} does not hold this", field.kind.name())),
    }
}

/// The value a field holds for what stands in the file.
fn scalar(pack: &Pack, field: &Field, now: &Found) -> Result<Value, String> {
    let typed = match now {
        Found::Text(text) => text.clone(),
        Found::Int(number) => number.to_string(),
        Found::Bool(yes) => yes.to_string(),
        Found::Removed | Found::Map => return Err("must be one value".to_owned()),
        Found::Other(what) => return Err(cannot(what)),
    };
    field.parse(pack, &typed).map_err(|error| error.why)
}

/// What a newer pack may know is kept, as far as records hold it.
fn unknown(path: &[&str], now: &Found) -> Result<Edit, String> {
    Ok(match now {
        Found::Removed => delete(path),
        Found::Map => Edit::PutMap { path: owned(path) },
        Found::Text(text) => put(path, Value::from(text.as_str())),
        Found::Int(number) => put(path, Value::Int(*number)),
        Found::Bool(yes) => put(path, Value::Bool(*yes)),
        Found::Other(what) => return Err(cannot(what)),
    })
}

fn cannot(what: &str) -> String {
    format!("holds a {what}, which no record holds; write a text, a whole number, yes or no")
}

fn put(path: &[&str], value: Value) -> Edit {
    Edit::Put { path: owned(path), value }
}

fn delete(path: &[&str]) -> Edit {
    Edit::Delete { path: owned(path) }
}

fn owned(path: &[&str]) -> Vec<String> {
    path.iter().map(|key| (*key).to_owned()).collect()
}
