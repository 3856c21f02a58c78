//! From typed fields to the writes of a change.

use sambung_domain::pack::{Field, FieldType, Kind, Merge, ROUTING_MAPS, ROUTING_TEXTS};
use sambung_domain::value::Value;
use sambung_domain::{Access, Area, OfficeCode, Pack, RecordId, id::encode_id};
use sambung_sync::document::Edit;
use serde_json::Value as Json;

use super::{Fields, unknown_field};
use crate::UsageError;

/// What separates field, item and part in the path of a part.
const SEPARATOR: char = '/';

/// A write of one value at the root.
pub(crate) fn put(key: &str, value: Value) -> Edit {
    Edit::Put { path: vec![key.to_owned()], value }
}

/// The writes of a command on the fields of a kind. New items are named by `random`.
pub(crate) fn edits(
    pack: &Pack,
    kind: &Kind,
    fields: &Fields,
    random: &mut dyn FnMut() -> [u8; 16],
) -> Result<Vec<Edit>, UsageError> {
    let typing = Typing { pack, kind };
    let mut edits = Vec::new();
    for (key, json) in &fields.set {
        edits.push(typing.set(key, json)?);
    }
    for key in &fields.unset {
        edits.push(typing.unset(key)?);
    }
    for (key, json) in &fields.add {
        edits.extend(typing.add(key, json, random)?);
    }
    for (key, json) in &fields.remove {
        edits.push(typing.entry(key, json, false)?);
    }
    Ok(edits)
}

/// The text a person would have typed for a JSON value.
fn typed(key: &str, json: &Json) -> Result<String, UsageError> {
    match json {
        Json::String(text) => Ok(text.clone()),
        Json::Bool(_) | Json::Number(_) | Json::Object(_) => Ok(json.to_string()),
        Json::Null | Json::Array(_) => Err(operation(key, "takes a text, a number, yes or no, or an object")),
    }
}

fn operation(key: &str, why: &'static str) -> UsageError {
    UsageError::Operation { key: key.to_owned(), why }
}

/// What fields mean in one kind of a pack.
struct Typing<'a> {
    pack: &'a Pack,
    kind: &'a Kind,
}

impl Typing<'_> {
    fn set(&self, key: &str, json: &Json) -> Result<Edit, UsageError> {
        let text = typed(key, json)?;
        if ROUTING_TEXTS.contains(&key) {
            return Ok(put(key, routing_value(key, &text)?));
        }
        if let Some((path, part)) = self.part(key)? {
            return Ok(Edit::Put { path, value: part.parse(self.pack, &text)? });
        }
        let field = self.writable(key)?;
        if field.kind.is_map() {
            return Err(operation(key, "holds several; use --add"));
        }
        Ok(put(key, field.parse(self.pack, &text)?))
    }

    fn unset(&self, key: &str) -> Result<Edit, UsageError> {
        if let Some((path, _)) = self.part(key)? {
            return Ok(Edit::Delete { path });
        }
        if self.writable(key)?.kind.is_map() {
            return Err(operation(key, "holds several; entries of a set are taken out with --remove"));
        }
        Ok(Edit::Delete { path: vec![key.to_owned()] })
    }

    fn add(
        &self,
        key: &str,
        json: &Json,
        random: &mut dyn FnMut() -> [u8; 16],
    ) -> Result<Vec<Edit>, UsageError> {
        if ROUTING_MAPS.contains(&key) {
            return Ok(vec![self.entry(key, json, true)?]);
        }
        let field = self.writable(key)?;
        if field.kind == FieldType::Set {
            return Ok(vec![self.entry(key, json, true)?]);
        }
        if field.kind == FieldType::Stage {
            return Err(operation(key, "moves by a transition"));
        }
        if !field.kind.has_items() {
            return Err(operation(key, "holds one value; use --set"));
        }
        item(self.pack, field, &encode_id(random()), &typed(key, json)?)
    }

    /// An entry of a set, put in or taken out. Taking out is a no: a yes written elsewhere at the same time stays.
    fn entry(&self, key: &str, json: &Json, held: bool) -> Result<Edit, UsageError> {
        if ROUTING_MAPS.contains(&key) {
            let name = routing_name(key, &typed(key, json)?)?;
            return Ok(Edit::Put { path: vec![key.to_owned(), name], value: Value::Bool(held) });
        }
        let field = self.writable(key)?;
        if field.kind != FieldType::Set {
            return Err(operation(key, "is no set"));
        }
        let text = typed(key, json)?;
        // What a newer pack or another system put there can be taken out though it is no value here.
        let entry = match field.parse(self.pack, &text) {
            Ok(Value::Text(entry)) => entry,
            Ok(Value::Bool(_) | Value::Int(_)) => return Err(operation(key, "a set holds texts")),
            Err(_) if !held && !text.is_empty() => text,
            Err(error) => return Err(error.into()),
        };
        Ok(Edit::Put { path: vec![key.to_owned(), entry], value: Value::Bool(held) })
    }

    /// The part of an item that a path names; `None` where the key is no path.
    fn part(&self, key: &str) -> Result<Option<(Vec<String>, &Field)>, UsageError> {
        if !key.contains(SEPARATOR) {
            return Ok(None);
        }
        let path: Vec<String> = key.split(SEPARATOR).map(str::to_owned).collect();
        let [name, _, part] = path.as_slice() else {
            return Err(operation(key, "is no path of field, item and part"));
        };
        let field = self.writable(name)?;
        if field.kind != FieldType::Items {
            return Err(operation(name, "has no items that can be changed once written"));
        }
        match field.part(part) {
            Some(part) => Ok(Some((path, part))),
            None => Err(operation(key, "the items have no such part")),
        }
    }

    /// The field under a key, if people may write it.
    fn writable(&self, key: &str) -> Result<&Field, UsageError> {
        let field = self.kind.field(key).ok_or_else(|| unknown_field(self.kind, key))?;
        if field.merge == Merge::Derived { Err(UsageError::Derived(key.to_owned())) } else { Ok(field) }
    }
}

/// A new item: its map, then its parts.
pub(crate) fn item(pack: &Pack, field: &Field, id: &str, typed: &str) -> Result<Vec<Edit>, UsageError> {
    let path = vec![field.key.clone(), id.to_owned()];
    let parts = field.parse_item(pack, typed)?;
    if parts.is_empty() {
        return Err(operation(&field.key, "an item needs at least one part"));
    }
    let mut edits = vec![Edit::PutMap { path: path.clone() }];
    edits.extend(parts.into_iter().map(|(part, value)| {
        let mut path = path.clone();
        path.push(part);
        Edit::Put { path, value }
    }));
    Ok(edits)
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

/// Who may be named in a routing map: offices as partners, persons as readers, both as excluded.
fn routing_name(key: &str, text: &str) -> Result<String, UsageError> {
    let staff = || text.parse::<RecordId>().map(|id| id.to_string()).map_err(|e| e.to_string());
    let office = || text.parse::<OfficeCode>().map(|code| code.to_string()).map_err(|e| e.to_string());
    let named = match key {
        "partners" => office(),
        "readers" => staff(),
        _ => staff().or_else(|_| office()),
    };
    named.map_err(UsageError::Query)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(kind: &str, fields: Json) -> Result<Vec<Edit>, UsageError> {
        let pack = Pack::builtin().unwrap();
        let kind = pack.kind(kind).unwrap();
        edits(&pack, kind, &serde_json::from_value(fields).unwrap(), &mut || [1; 16])
    }

    fn path(keys: &[&str]) -> Vec<String> {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    #[test]
    fn partners_and_readers_are_named_by_code_and_id() {
        let staff = "00000000000000000000000005";
        let named = of("worker", json!({"add": [["partners", "BLK-3508"], ["readers", staff]]})).unwrap();
        let put = |map: &str, name: &str| Edit::Put { path: path(&[map, name]), value: Value::Bool(true) };
        assert_eq!(named, [put("partners", "BLK-3508"), put("readers", staff)]);
        for (map, name) in [("partners", "blk"), ("readers", "BLK-3508"), ("excluded", "?")] {
            assert!(of("worker", json!({"add": [[map, name]]})).is_err(), "{map} {name}");
        }
    }

    #[test]
    fn a_misspelt_field_is_refused_with_the_nearest_names() {
        let error = of("worker", json!({"set": {"nama_lengkp": "x"}})).unwrap_err().to_string();
        assert_eq!(error, "worker has no field `nama_lengkp`; did you mean nama_lengkap?");
        let error = of("worker", json!({"set": {"zzzzzzzz": "x"}})).unwrap_err().to_string();
        assert!(error.ends_with("`zzzzzzzz`"));
    }

    #[test]
    fn sets_are_added_to_and_taken_from_and_never_set() {
        assert!(of("worker", json!({"set": {"telepon": "0812"}})).is_err());
        assert!(of("worker", json!({"unset": ["telepon"]})).is_err());
        let entry = |held| Edit::Put { path: path(&["telepon", "0812"]), value: Value::Bool(held) };
        assert_eq!(of("worker", json!({"add": [["telepon", "0812"]]})).unwrap(), [entry(true)]);
        assert_eq!(of("worker", json!({"remove": [["telepon", "0812"]]})).unwrap(), [entry(false)]);
    }

    #[test]
    fn an_unknown_entry_can_be_taken_out_but_not_put_in() {
        assert!(of("worker", json!({"add": [["kebutuhan", "TIDAK_DIKENAL"]]})).is_err());
        assert!(of("worker", json!({"remove": [["kebutuhan", "TIDAK_DIKENAL"]]})).is_ok());
    }

    #[test]
    fn computed_fields_cannot_be_written() {
        let refused = of("worker", json!({"set": {"status_pmi": "BEKERJA"}}));
        assert_eq!(refused, Err(UsageError::Derived("status_pmi".to_owned())));
    }

    #[test]
    fn a_block_is_set_as_an_object() {
        let written = of("case", json!({"set": {"prioritas": {"tingkat": "TINGGI"}}})).unwrap();
        assert_eq!(written, [put("prioritas", Value::from(r#"{"tingkat":"TINGGI"}"#))]);
    }

    #[test]
    fn an_item_is_added_whole_and_changed_by_the_path_of_its_part() {
        let added = of("case", json!({"add": [["klarifikasi", {"ke": 1, "pihak": "P3MI Uji"}]]})).unwrap();
        let id = encode_id([1; 16]);
        assert_eq!(added[0], Edit::PutMap { path: path(&["klarifikasi", &id]) });
        assert_eq!(added[1], Edit::Put { path: path(&["klarifikasi", &id, "ke"]), value: Value::Int(1) });
        let changed = of("case", json!({"set": {"klarifikasi/x1/dipenuhi": "ya"}})).unwrap();
        assert_eq!(
            changed,
            [Edit::Put { path: path(&["klarifikasi", "x1", "dipenuhi"]), value: Value::Bool(true) }]
        );
    }

    #[test]
    fn what_was_logged_is_never_changed() {
        assert!(of("case", json!({"set": {"tindakan/x1/hasil": "lain"}})).is_err());
        assert!(of("case", json!({"unset": ["tindakan/x1/hasil"]})).is_err());
        assert!(of("case", json!({"add": [["status", {"kode": "BARU"}]]})).is_err());
        assert!(of("case", json!({"add": [["tindakan", {}]]})).is_err());
    }
}
