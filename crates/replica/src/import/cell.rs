//! What a cell says about a field.

use std::collections::BTreeMap;

use sambung_domain::Pack;
use sambung_domain::date::PartialDate;
use sambung_domain::form::refusal;
use sambung_domain::pack::{Bilingual, Field, FieldType, plain};
use serde_json::Value as Json;

use super::{CELL_MAX, both};
use crate::command::Fields;

/// What separates the entries of a set in one cell.
const SEPARATOR: char = '|';
/// What takes the meaning from a separator, and from itself.
const ESCAPE: char = '\\';

/// The text of a cell; none where it is empty.
pub(super) fn text(cell: &Json) -> Result<Option<String>, Bilingual> {
    let text = match cell {
        Json::Null => return Ok(None),
        Json::String(text) => text.trim().to_owned(),
        Json::Bool(yes) => yes.to_string(),
        Json::Number(number) => number.to_string(),
        Json::Array(_) | Json::Object(_) => return Err(both("harus satu isian", "must be one value")),
    };
    if text.len() > CELL_MAX {
        return Err(both(
            format!("lebih panjang dari {CELL_MAX} byte"),
            format!("is longer than {CELL_MAX} bytes"),
        ));
    }
    if is_shortened(&text) {
        return Err(both(
            "angka ini sudah disingkat oleh program lembar kerja; jadikan kolomnya teks, lalu isi lagi",
            "the spreadsheet has shortened this number; format the column as text and enter it again",
        ));
    }
    Ok(if text.is_empty() { None } else { Some(text) })
}

/// `3,51312E+15`: digits are gone, and nobody can tell which.
fn is_shortened(text: &str) -> bool {
    let Some((digits, exponent)) = text.split_once(['E', 'e']) else { return false };
    let number =
        |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == ',' || c == '.');
    let power = exponent.strip_prefix('+');
    number(digits)
        && power.is_some_and(|power| power.len() >= 2 && power.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Puts what a cell says into the fields of a command.
pub(super) fn put(
    pack: &Pack,
    field: &Field,
    values: &BTreeMap<String, &str>,
    cell: &Json,
    fields: &mut Fields,
) -> Result<(), Bilingual> {
    if field.kind == FieldType::Set {
        for entry in entries(cell)? {
            let held = checked(pack, field, held(pack, field, values, entry))?;
            fields.add.push((field.key.clone(), Json::String(held)));
        }
    } else if field.kind.has_items() {
        for item in items(cell)? {
            checked(pack, field, item.to_string())?;
            fields.add.push((field.key.clone(), item));
        }
    } else if let (true, Json::Object(_)) = (field.kind.is_register_of_parts(), cell) {
        checked(pack, field, cell.to_string())?;
        fields.set.insert(field.key.clone(), cell.clone());
    } else if let Some(text) = text(cell)? {
        let held = checked(pack, field, held(pack, field, values, text))?;
        fields.set.insert(field.key.clone(), Json::String(held));
    }
    Ok(())
}

/// A value, if the field can hold it.
fn checked(pack: &Pack, field: &Field, text: String) -> Result<String, Bilingual> {
    match refusal(pack, field, &text) {
        Some(why) => Err(why),
        None => Ok(text),
    }
}

/// The entries of a set: in one cell, or a list in JSON.
fn entries(cell: &Json) -> Result<Vec<String>, Bilingual> {
    if let Json::Array(entries) = cell {
        let texts: Vec<Option<String>> = entries.iter().map(text).collect::<Result<_, _>>()?;
        return Ok(texts.into_iter().flatten().collect());
    }
    Ok(text(cell)?.iter().flat_map(|text| split(text)).collect())
}

/// Items: an object of them by their names, as an export has them, or a list. They get new names.
fn items(cell: &Json) -> Result<Vec<Json>, Bilingual> {
    let none = || both("bukan objek JSON berisi butir-butir", "is no JSON object of items");
    let parsed = match cell {
        Json::String(_) => match text(cell)? {
            Some(text) => serde_json::from_str(&text).map_err(|_| none())?,
            None => Json::Null,
        },
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => cell.clone(),
    };
    let items: Vec<Json> = match parsed {
        Json::Null => Vec::new(),
        Json::Object(items) => items.into_iter().map(|(_, item)| item).collect(),
        Json::Array(items) => items,
        Json::Bool(_) | Json::Number(_) | Json::String(_) => return Err(none()),
    };
    let whole = items.iter().all(|item| item.as_object().is_some_and(|parts| !parts.is_empty()));
    if whole { Ok(items) } else { Err(none()) }
}

/// What the field holds for what the list says: by the mapping, by the label of a code, or a date as people write it.
fn held(pack: &Pack, field: &Field, values: &BTreeMap<String, &str>, said: String) -> String {
    if let Some(held) = values.get(&plain(&said)) {
        return (*held).to_owned();
    }
    if [Some(field.kind), field.of].contains(&Some(FieldType::Date)) {
        return PartialDate::from_typed(&said).map_or(said, PartialDate::to_iso);
    }
    let Some(list) = pack.code_list(field).filter(|list| !list.has(&said)) else { return said };
    let said_plainly = plain(&said);
    let mut meant = list.codes.iter().filter(|code| {
        [&code.code, &code.label.id, &code.label.en].into_iter().any(|known| plain(known) == said_plainly)
    });
    match (meant.next(), meant.next()) {
        (Some(code), None) => code.code.clone(),
        _ => said,
    }
}

/// The entries of a set as one cell, which [`split`] takes apart again.
pub(crate) fn join<'a>(entries: impl Iterator<Item = &'a str>) -> String {
    let escaped: Vec<String> = entries.map(|entry| entry.replace('\\', "\\\\").replace('|', "\\|")).collect();
    escaped.join("|")
}

/// The entries of a set in one cell.
pub(super) fn split(text: &str) -> Vec<String> {
    let mut entries = vec![String::new()];
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let escaped = character == ESCAPE && matches!(characters.peek(), Some(&SEPARATOR | &ESCAPE));
        match (escaped, entries.last_mut()) {
            (true, Some(entry)) => entry.extend(characters.next()),
            (false, _) if character == SEPARATOR => entries.push(String::new()),
            (false, Some(entry)) => entry.push(character),
            (_, None) => {}
        }
    }
    entries.iter().map(|entry| entry.trim().to_owned()).filter(|entry| !entry.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn entries_survive_one_cell(entries in prop::collection::vec("[a-c|\\\\]{1,5}", 0..5)) {
            prop_assert_eq!(split(&join(entries.iter().map(String::as_str))), entries);
        }
    }

    #[test]
    fn a_number_that_a_spreadsheet_shortened_is_seen() {
        for shortened in ["3,51312E+15", "3.51E+15", "6E+12"] {
            assert!(text(&Json::from(shortened)).is_err(), "{shortened}");
        }
        for whole in ["3513024505840001", "E+1", "12E", "1E+1x", "SE+12", ""] {
            assert!(text(&Json::from(whole)).is_ok(), "{whole}");
        }
    }

    #[test]
    fn a_cell_is_bounded() {
        assert!(text(&Json::from("é".repeat(CELL_MAX / 2))).is_ok());
        assert!(text(&Json::from("é".repeat(CELL_MAX / 2 + 1))).is_err());
    }

    #[test]
    fn a_code_may_be_said_by_its_label() {
        let pack = Pack::builtin().unwrap();
        let country = pack.kind("placement").unwrap().field("negara").unwrap();
        let none = BTreeMap::new();
        for (said, held_) in [("Taiwan", "TW"), ("KOREA SELATAN", "KR"), ("tw", "TW"), ("Antah", "Antah")] {
            assert_eq!(held(&pack, country, &none, said.to_owned()), held_);
        }
    }

    #[test]
    fn dates_are_read_as_people_write_them() {
        let pack = Pack::builtin().unwrap();
        let birth = pack.kind("worker_private").unwrap().field("tanggal_lahir").unwrap();
        let read = |said: &str| {
            let mut fields = Fields::default();
            let put = put(&pack, birth, &BTreeMap::new(), &Json::from(said), &mut fields);
            put.map(|()| fields.set["tanggal_lahir"].as_str().unwrap().to_owned())
        };
        for (said, stored) in [
            ("17-05-1984", "1984-05-17"),
            ("17/05/1984", "1984-05-17"),
            ("5/1984", "1984-05"),
            ("1984", "1984"),
            ("1984-05-17", "1984-05-17"),
        ] {
            assert_eq!(read(said).unwrap(), stored, "{said}");
        }
        for bad in ["31-02-1984", "17-05-84", "Mei 1984"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn items_come_as_an_export_has_them_or_as_a_list() {
        let item = serde_json::json!({ "ke": 1 });
        let named = serde_json::json!({ "x1": { "ke": 1 } });
        for cell in [named.clone(), Json::from(named.to_string()), serde_json::json!([{ "ke": 1 }])] {
            assert_eq!(items(&cell).unwrap(), std::slice::from_ref(&item), "{cell}");
        }
        for bad in ["satu", "1", r#"{"x1": 1}"#, r#"[{}]"#] {
            assert!(items(&Json::from(bad)).is_err(), "{bad}");
        }
        assert_eq!(items(&Json::Null).unwrap(), Vec::<Json>::new());
    }
}
