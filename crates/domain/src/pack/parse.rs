//! How a typed text becomes a value.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::field::{LONG_TEXT_MAX, SEALED_MAX, TEXT_MAX};
use super::{CURRENCY_LIST, Field, FieldType, Pack, Problem, format};
use crate::date::PartialDate;
use crate::identifier::phone;
use crate::{Area, OfficeCode, RecordId, value::Value};

/// Most characters of a refused text that are repeated to the person.
const GIVEN_MAX: usize = 80;

/// A text that is no value of its field, in words for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: `{given}` {why}")]
pub struct ValueError {
    /// The field's key.
    pub field: String,
    /// What was typed; its beginning where it was long.
    pub given: String,
    /// What is expected.
    pub why: String,
}

impl Field {
    /// The value a typed text stands for. For a set this is one entry. A block or blob is typed as a JSON
    /// object of its parts; items are typed with [`Field::parse_item`].
    ///
    /// # Errors
    /// [`ValueError`] where the text is no value of the field's type.
    pub fn parse(&self, pack: &Pack, text: &str) -> Result<Value, ValueError> {
        self.read(pack, text).map_err(|problem| self.refuse(text, &problem))
    }

    /// The parts of one item of an `items`, `log` or `stage` field, typed as a JSON object.
    ///
    /// # Errors
    /// [`ValueError`] where the text is no such object or a part is no value of its type.
    pub fn parse_item(&self, pack: &Pack, text: &str) -> Result<BTreeMap<String, Value>, ValueError> {
        if !self.kind.has_items() {
            return Err(self.refuse(text, &Problem::NotParts));
        }
        self.read_parts(pack, text).map_err(|problem| self.refuse(text, &problem))
    }

    fn refuse(&self, text: &str, problem: &Problem) -> ValueError {
        let given = text.chars().take(GIVEN_MAX).collect();
        ValueError { field: self.key.clone(), given, why: problem.to_string() }
    }

    /// The value of a text, or the problem with it. An empty text is a field cleared on purpose.
    pub(crate) fn read(&self, pack: &Pack, text: &str) -> Result<Value, Problem> {
        if text.is_empty() && self.kind != FieldType::Set {
            return Ok(Value::Text(String::new()));
        }
        if let Some(value) = self.canonical(pack, text)? {
            return Ok(value);
        }
        self.check_text(pack, self.kind, text).map(|()| Value::Text(text.to_owned()))
    }

    /// The value of types whose stored form can differ from the typed one.
    fn canonical(&self, pack: &Pack, text: &str) -> Result<Option<Value>, Problem> {
        if self.kind.is_register_of_parts() {
            let parts = self.read_parts(pack, text)?;
            return serde_json::to_string(&parts)
                .map(|json| Some(Value::Text(json)))
                .map_err(|_| Problem::NotParts);
        }
        if self.kind == FieldType::Bool {
            return yes_or_no(text).map(|yes| Some(Value::Bool(yes))).ok_or(Problem::NotYesNo);
        }
        if self.kind == FieldType::Int {
            let number = text.parse().map_err(|_| Problem::NotWhole)?;
            return self.check_range(number).map(|()| Some(Value::Int(number)));
        }
        if [Some(self.kind), self.of].contains(&Some(FieldType::Phone)) && !text.is_empty() {
            self.check_length(text)?;
            return Ok(Some(Value::Text(phone::read(text).text)));
        }
        if self.kind == FieldType::Money {
            let (currency, amount) = format::money(text).ok_or(Problem::NotMoney)?;
            check_currency(pack, currency)?;
            return Ok(Some(Value::Text(format!("{currency} {amount}"))));
        }
        Ok(None)
    }

    /// What is wrong with a text of a type; `kind` is the field's own or that of a set's entries.
    fn check_text(&self, pack: &Pack, kind: FieldType, text: &str) -> Result<(), Problem> {
        let unless = |good: bool, problem: Problem| if good { Ok(()) } else { Err(problem) };
        match kind {
            FieldType::Text | FieldType::LongText => self.check_length(text),
            FieldType::Code | FieldType::Country => self.check_code(pack, text),
            FieldType::Set if text.is_empty() => Err(Problem::Empty),
            FieldType::Set if self.codes.is_some() => self.check_code(pack, text),
            FieldType::Set => self.check_text(pack, self.of.unwrap_or(FieldType::Text), text),
            FieldType::Bool => unless(yes_or_no(text).is_some(), Problem::NotYesNo),
            FieldType::Int => unless(text.parse::<i64>().is_ok(), Problem::NotWhole),
            FieldType::Decimal => unless(format::is_decimal(text), Problem::NotDecimal),
            FieldType::Money => unless(format::money(text).is_some(), Problem::NotMoney),
            FieldType::Date => unless(text.parse::<PartialDate>().is_ok(), Problem::NotDate),
            FieldType::DateTime => unless(format::is_date_time(text), Problem::NotDateTime),
            FieldType::Phone => self.check_length(text),
            FieldType::Area => unless(text.parse::<Area>().is_ok(), Problem::NotArea),
            FieldType::Office => unless(text.parse::<OfficeCode>().is_ok(), Problem::NotOffice),
            FieldType::Staff | FieldType::Record => unless(text.parse::<RecordId>().is_ok(), Problem::NotId),
            FieldType::Hash => unless(format::is_hash(text), Problem::NotHash),
            FieldType::Sealed => {
                self.check_length(text).and_then(|()| unless(format::is_sealed(text), Problem::NotSealed))
            }
            FieldType::Blob | FieldType::Block => Err(Problem::NotParts),
            FieldType::Items | FieldType::Log | FieldType::Stage => Err(Problem::HasItems),
        }
    }

    /// Whether a number lies in the field's range.
    pub(crate) fn check_range(&self, number: i64) -> Result<(), Problem> {
        match self.range {
            Some([low, high]) if !(low..=high).contains(&number) => Err(Problem::OutOfRange(low, high)),
            _ => Ok(()),
        }
    }

    fn check_length(&self, text: &str) -> Result<(), Problem> {
        let max = usize::from(self.max.unwrap_or_else(|| default_length(self.kind)));
        if text.chars().count() <= max { Ok(()) } else { Err(Problem::TooLong(max)) }
    }

    fn check_code(&self, pack: &Pack, text: &str) -> Result<(), Problem> {
        let codes = pack.code_list(self).map(|list| list.codes.as_slice()).unwrap_or_default();
        if codes.iter().any(|code| code.code == text) {
            return Ok(());
        }
        Err(Problem::NotInList(codes.iter().map(|code| code.code.clone()).collect()))
    }

    /// The parts of a typed JSON object, each read as its own field.
    pub(crate) fn read_parts(&self, pack: &Pack, text: &str) -> Result<BTreeMap<String, Value>, Problem> {
        let Ok(Json::Object(parts)) = serde_json::from_str::<Json>(text) else {
            return Err(Problem::NotParts);
        };
        parts.iter().map(|(key, json)| Ok((key.clone(), self.read_part(pack, key, json)?))).collect()
    }

    fn read_part(&self, pack: &Pack, key: &str, json: &Json) -> Result<Value, Problem> {
        let part = self.part(key).ok_or_else(|| Problem::UnknownPart(key.to_owned()))?;
        let typed = match json {
            Json::String(text) => text.clone(),
            Json::Bool(_) | Json::Number(_) | Json::Object(_) => json.to_string(),
            Json::Null | Json::Array(_) => {
                return Err(Problem::Part(key.to_owned(), Box::new(Problem::Empty)));
            }
        };
        part.read(pack, &typed).map_err(|why| Problem::Part(key.to_owned(), Box::new(why)))
    }
}

fn default_length(kind: FieldType) -> u16 {
    if kind == FieldType::LongText {
        LONG_TEXT_MAX
    } else if kind == FieldType::Sealed {
        SEALED_MAX
    } else {
        TEXT_MAX
    }
}

fn yes_or_no(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "ya" | "yes" | "true" | "1" => Some(true),
        "tidak" | "no" | "false" | "0" => Some(false),
        _ => None,
    }
}

fn check_currency(pack: &Pack, currency: &str) -> Result<(), Problem> {
    match pack.codes.get(CURRENCY_LIST) {
        Some(list) if !list.has(currency) => {
            Err(Problem::NotInList(list.codes.iter().map(|code| code.code.clone()).collect()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(kind: &str, key: &str) -> (Pack, Field) {
        let pack = Pack::builtin().unwrap();
        let field = pack.kind(kind).unwrap().field(key).unwrap().clone();
        (pack, field)
    }

    #[test]
    fn typed_texts_become_values_of_the_fields_type() {
        let (pack, sex) = field("worker", "jenis_kelamin");
        assert_eq!(sex.parse(&pack, "P"), Ok(Value::from("P")));
        let refused = sex.parse(&pack, "X").unwrap_err();
        assert_eq!(refused.to_string(), "jenis_kelamin: `X` is not in the list; codes are L, P");

        let (pack, year) = field("worker", "tahun_lahir");
        assert_eq!(year.parse(&pack, "1984"), Ok(Value::Int(1984)));
        assert!(year.parse(&pack, "delapan").is_err());

        let (pack, shown) = field("worker", "boleh_diketahui_desa");
        assert_eq!(shown.parse(&pack, "tidak"), Ok(Value::Bool(false)));
    }

    #[test]
    fn an_emptied_field_is_an_empty_text() {
        let (pack, name) = field("worker", "nama_lengkap");
        assert_eq!(name.parse(&pack, ""), Ok(Value::from("")));
    }

    #[test]
    fn a_text_is_bounded_in_characters() {
        let (pack, name) = field("worker", "nama_lengkap");
        assert!(name.parse(&pack, &"é".repeat(150)).is_ok());
        assert!(name.parse(&pack, &"é".repeat(151)).is_err());
    }

    #[test]
    fn an_amount_is_stored_currency_first() {
        let (pack, wage) = field("placement_private", "gaji");
        assert_eq!(wage.parse(&pack, "7500 TWD"), Ok(Value::from("TWD 7500")));
        let refused = wage.parse(&pack, "7500 XYZ").unwrap_err().to_string();
        assert!(refused.contains("is not in the list"), "{refused}");
    }

    #[test]
    fn a_telephone_number_is_stored_in_its_one_form_and_never_refused() {
        let (pack, phone) = field("household", "telepon");
        assert_eq!(phone.parse(&pack, "0812-3456-7890"), Ok(Value::from("+6281234567890")));
        assert_eq!(phone.parse(&pack, "tidak punya"), Ok(Value::from("tidak punya")));
        assert!(phone.parse(&pack, "").is_err());
    }

    #[test]
    fn a_block_is_typed_as_its_parts_and_stored_with_sorted_keys() {
        let (pack, priority) = field("case", "prioritas");
        let stored = priority.parse(&pack, r#"{ "tingkat": "TINGGI", "alasan": "paspor ditahan" }"#);
        assert_eq!(stored, Ok(Value::from(r#"{"alasan":"paspor ditahan","tingkat":"TINGGI"}"#)));
        for (typed, why) in [
            ("TINGGI", "is no JSON object"),
            (r#"{"warna":"merah"}"#, "has no part `warna`"),
            (r#"{"tingkat":"SEKALI"}"#, "has a part `tingkat` that is not in the list"),
        ] {
            let refused = priority.parse(&pack, typed).unwrap_err().to_string();
            assert!(refused.contains(why), "{refused} does not say {why}");
        }
    }

    #[test]
    fn an_item_is_typed_as_its_parts() {
        let (pack, actions) = field("case", "tindakan");
        let item = actions.parse_item(&pack, r#"{"jenis":"TELEPON","pada":"2026-01-08T09:30+07:00"}"#);
        assert_eq!(item.unwrap()["jenis"], Value::from("TELEPON"));
        assert!(actions.parse(&pack, "{}").unwrap_err().why.contains("holds items"));
        assert!(actions.parse_item(&pack, "[]").is_err());
    }

    #[test]
    fn a_refused_text_is_repeated_only_in_part() {
        let (pack, name) = field("worker", "nama_lengkap");
        assert_eq!(name.parse(&pack, &"x".repeat(5_000)).unwrap_err().given.len(), GIVEN_MAX);
    }
}
