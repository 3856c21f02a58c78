//! The texts of a projected record, field by field: entries of sets, parts of blocks and items among them.

use sambung_domain::pack::{Field, Kind};
use serde_json::{Map, Value as Json};

/// Shows every text of a record with the field or part that it stands in.
pub(crate) fn leaves<'a>(kind: &'a Kind, content: &Map<String, Json>, see: &mut dyn FnMut(&'a Field, &str)) {
    visit(&kind.fields, content, see);
}

fn visit<'a>(fields: &'a [Field], content: &Map<String, Json>, see: &mut dyn FnMut(&'a Field, &str)) {
    for field in fields {
        if let Some(value) = content.get(&field.key) {
            leaf(field, value, see);
        }
    }
}

fn leaf<'a>(field: &'a Field, value: &Json, see: &mut dyn FnMut(&'a Field, &str)) {
    match value {
        // A register of parts is one JSON text; what another release wrote there in another form is left out.
        Json::String(text) if field.kind.is_register_of_parts() => {
            if let Ok(Json::Object(parts)) = serde_json::from_str(text) {
                visit(&field.parts, &parts, see);
            }
        }
        Json::String(text) => see(field, text),
        Json::Array(entries) => entries.iter().filter_map(Json::as_str).for_each(|text| see(field, text)),
        Json::Object(items) => {
            items.values().filter_map(Json::as_object).for_each(|parts| visit(&field.parts, parts, see));
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sambung_domain::Pack;

    #[test]
    fn every_text_is_seen_with_its_own_field() {
        let pack = Pack::builtin().unwrap();
        let content = serde_json::json!({
            "nama_lengkap": "Uji Siti", "telepon": ["+62811", "+62812"], "tahun_lahir": 1990, "lain": "tidak",
        });
        let mut seen = Vec::new();
        leaves(pack.kind("worker").unwrap(), content.as_object().unwrap(), &mut |field, text| {
            seen.push((field.key.clone(), text.to_owned()));
        });
        let expected = [("nama_lengkap", "Uji Siti"), ("telepon", "+62811"), ("telepon", "+62812")];
        assert_eq!(seen, expected.map(|(key, text)| (key.to_owned(), text.to_owned())));
    }

    #[test]
    fn parts_of_blocks_and_items_are_seen_as_fields_of_their_own() {
        let pack = Pack::builtin().unwrap();
        let mut seen = Vec::new();
        let household = serde_json::json!({ "anggota": { "a1": { "nama": "Uji Budi" } } });
        leaves(pack.kind("household").unwrap(), household.as_object().unwrap(), &mut |field, text| {
            seen.push((field.key.clone(), text.to_owned()));
        });
        let private = serde_json::json!({ "foto": r#"{"nama":"uji.jpg"}"# });
        leaves(pack.kind("worker_private").unwrap(), private.as_object().unwrap(), &mut |field, text| {
            seen.push((field.key.clone(), text.to_owned()));
        });
        let expected = [("nama", "Uji Budi"), ("nama", "uji.jpg")];
        assert_eq!(seen, expected.map(|(key, text)| (key.to_owned(), text.to_owned())));
    }
}
