//! What lists sort and filter by where the content does not hold it as one value.

use sambung_domain::Pack;
use sambung_domain::pack::{Field, FieldType, stage};
use serde_json::{Map, Value as Json};

/// Stands before and between the codes of a matter that stands in several places. It sorts before every code, so
/// that clashes come first.
pub(super) const CLASH: char = '+';

/// Whether lists take the value of a field from here rather than from the content.
pub(super) fn is_listed(field: &Field) -> bool {
    field.indexed && (field.kind == FieldType::Stage || field.kind.is_register_of_parts())
}

/// The values of a record's indexed stages and blocks: the codes of the standing steps, the first part.
pub(crate) fn listed(pack: &Pack, kind: &str, content: &Map<String, Json>) -> Map<String, Json> {
    let Some(kind) = pack.kind(kind) else { return Map::new() };
    let value = |field: &Field| {
        let value = content.get(&field.key)?;
        let value = if field.kind == FieldType::Stage { standing(value) } else { first_part(field, value) };
        Some((field.key.clone(), value?))
    };
    kind.fields.iter().filter(|field| is_listed(field)).filter_map(value).collect()
}

fn standing(steps: &Json) -> Option<Json> {
    let codes = stage::codes(steps.as_object()?);
    let all: Vec<&str> = codes.into_iter().collect();
    match all.as_slice() {
        [] => None,
        [code] => Some(Json::from(*code)),
        several => {
            let joined: String = several.iter().map(|code| format!("{CLASH}{code}")).collect();
            Some(Json::from(format!("{joined}{CLASH}")))
        }
    }
}

fn first_part(field: &Field, block: &Json) -> Option<Json> {
    let parts: Map<String, Json> = serde_json::from_str(block.as_str()?).ok()?;
    let value = parts.get(&field.parts.first()?.key)?;
    (value.is_string() || value.is_number() || value.is_boolean()).then(|| value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(kind: &str, content: Json) -> Json {
        let Json::Object(content) = content else { panic!("no object") };
        Json::Object(listed(&Pack::builtin().unwrap(), kind, &content))
    }

    #[test]
    fn a_matter_is_listed_where_it_stands() {
        let clear =
            json!({ "status": { "a": { "kode": "BARU" }, "b": { "kode": "VERIFIKASI", "sesudah": "a" } } });
        assert_eq!(of("case", clear), json!({ "status": "VERIFIKASI" }));
        let clash = json!({ "status": { "a": { "kode": "SELESAI" }, "b": { "kode": "MEDIASI" } } });
        assert_eq!(of("case", clash), json!({ "status": "+MEDIASI+SELESAI+" }));
        assert_eq!(of("case", json!({ "status": [] })), json!({}));
    }

    #[test]
    fn a_block_is_listed_by_its_first_part() {
        let pack = Pack::builtin().unwrap();
        let block = pack.kind("case").unwrap().field("prioritas").unwrap();
        let value = json!({ &block.parts[0].key: "TINGGI", "lain": "x" }).to_string();
        assert_eq!(of("case", json!({ "prioritas": value })), json!({ "prioritas": "TINGGI" }));
        assert_eq!(of("case", json!({ "prioritas": "not JSON" })), json!({}));
    }
}
