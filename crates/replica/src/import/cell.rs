//! What a cell says about a field.

use std::collections::BTreeMap;

use sambung_domain::Pack;
use sambung_domain::pack::{Field, FieldType, plain};
use serde_json::Value as Json;

use super::CELL_MAX;
use crate::command::Fields;

/// What separates the entries of a set in one cell.
const SEPARATOR: char = '|';
/// What takes the meaning from a separator, and from itself.
const ESCAPE: char = '\\';

/// The text of a cell; none where it is empty.
pub(super) fn text(cell: &Json) -> Result<Option<String>, String> {
    let text = match cell {
        Json::Null => return Ok(None),
        Json::String(text) => text.trim().to_owned(),
        Json::Bool(yes) => yes.to_string(),
        Json::Number(number) => number.to_string(),
        Json::Array(_) | Json::Object(_) => return Err("must be one value".to_owned()),
    };
    bounded(&text)?;
    if is_shortened(&text) {
        return Err(
            "the spreadsheet has shortened this number; format the column as text and enter it again"
                .to_owned(),
        );
    }
    Ok(if text.is_empty() { None } else { Some(text) })
}

fn bounded(text: &str) -> Result<(), String> {
    if text.chars().count() > CELL_MAX {
        return Err(format!("is longer than {CELL_MAX} characters"));
    }
    Ok(())
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
) -> Result<(), String> {
    match (field.kind, cell) {
        (FieldType::Set, Json::Array(entries)) => {
            let texts: Result<Vec<Option<String>>, String> = entries.iter().map(text).collect();
            for entry in texts?.into_iter().flatten() {
                fields.add.push((field.key.clone(), Json::String(held(pack, field, values, entry))));
            }
        }
        (FieldType::Set, _) => {
            for entry in text(cell)?.iter().flat_map(|text| split(text)) {
                fields.add.push((field.key.clone(), Json::String(held(pack, field, values, entry))));
            }
        }
        (kind, Json::Object(items)) if kind.has_items() => {
            fields.add.extend(items.values().map(|item| (field.key.clone(), item.clone())));
        }
        (kind, _) if kind.has_items() => {
            let Some(text) = text(cell)? else { return Ok(()) };
            let items: serde_json::Map<String, Json> =
                serde_json::from_str(&text).map_err(|_| "is no JSON object of items".to_owned())?;
            fields.add.extend(items.into_iter().map(|(_, item)| (field.key.clone(), item)));
        }
        (kind, Json::Object(_)) if kind.is_register_of_parts() => {
            fields.set.insert(field.key.clone(), cell.clone());
        }
        _ => {
            if let Some(text) = text(cell)? {
                fields.set.insert(field.key.clone(), Json::String(held(pack, field, values, text)));
            }
        }
    }
    Ok(())
}

/// What the field holds for what the list says: by the mapping, or by the label of a code.
fn held(pack: &Pack, field: &Field, values: &BTreeMap<String, &str>, said: String) -> String {
    if let Some(held) = values.get(&plain(&said)) {
        return (*held).to_owned();
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

    fn join(entries: &[String]) -> String {
        let escape = |entry: &String| entry.replace('\\', "\\\\").replace('|', "\\|");
        entries.iter().map(escape).collect::<Vec<_>>().join("|")
    }

    proptest! {
        #[test]
        fn entries_survive_one_cell(entries in prop::collection::vec("[a-c|\\\\]{1,5}", 0..5)) {
            prop_assert_eq!(split(&join(&entries)), entries);
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
        assert!(text(&Json::from("é".repeat(CELL_MAX))).is_ok());
        assert!(text(&Json::from("é".repeat(CELL_MAX + 1))).is_err());
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
}
