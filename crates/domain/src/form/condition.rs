//! Conditions: when a section or question is shown.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::Record;

/// A condition over the answers of a record. A field is named by its key, a part of a block as `block.part`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// Every one of these holds.
    All(Vec<Condition>),
    /// At least one of these holds.
    Any(Vec<Condition>),
    /// This does not hold.
    Not(Box<Condition>),
    /// The answer is exactly this.
    Equals {
        /// The field.
        field: String,
        /// The answer.
        value: Json,
    },
    /// The answer is one of these.
    In {
        /// The field.
        field: String,
        /// The answers.
        values: Vec<Json>,
    },
    /// The set has this entry, or the items have this id.
    Has {
        /// The field.
        field: String,
        /// The entry.
        value: String,
    },
    /// There is no answer.
    Empty {
        /// The field.
        field: String,
    },
}

impl Condition {
    /// Whether the condition holds of a record.
    #[must_use]
    pub fn holds(&self, record: &Record) -> bool {
        match self {
            Condition::All(parts) => parts.iter().all(|part| part.holds(record)),
            Condition::Any(parts) => parts.iter().any(|part| part.holds(record)),
            Condition::Not(part) => !part.holds(record),
            Condition::Equals { field, value } => answer(record, field) == Some(value),
            Condition::In { field, values } => {
                answer(record, field).is_some_and(|given| values.contains(given))
            }
            Condition::Has { field, value } => answer(record, field).is_some_and(|given| has(given, value)),
            Condition::Empty { field } => answer(record, field).is_none_or(is_empty),
        }
    }
}

/// Whether an answer says nothing: absent, cleared, or without entries.
pub(super) fn is_empty(json: &Json) -> bool {
    match json {
        Json::Null => true,
        Json::String(text) => text.trim().is_empty(),
        Json::Array(entries) => entries.is_empty(),
        Json::Object(parts) => parts.is_empty(),
        Json::Bool(_) | Json::Number(_) => false,
    }
}

fn answer<'a>(record: &'a Record, field: &str) -> Option<&'a Json> {
    match field.split_once('.') {
        None => record.get(field),
        Some((key, part)) => record.get(key)?.get(part),
    }
}

fn has(json: &Json, entry: &str) -> bool {
    match json {
        Json::Array(entries) => entries.iter().any(|known| known.as_str() == Some(entry)),
        Json::Object(items) => items.contains_key(entry),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let text =
            r#"{"kanal":"WHATSAPP","bahaya":["DISEKAP"],"prioritas":{"tingkat":"DARURAT"},"lokasi":" "}"#;
        serde_json::from_str(text).unwrap()
    }

    fn holds(condition: &str) -> bool {
        serde_json::from_str::<Condition>(condition).unwrap().holds(&record())
    }

    #[test]
    fn each_kind_of_condition_asks_the_record() {
        for (condition, expected) in [
            (r#"{"equals":{"field":"kanal","value":"WHATSAPP"}}"#, true),
            (r#"{"equals":{"field":"prioritas.tingkat","value":"DARURAT"}}"#, true),
            (r#"{"in":{"field":"kanal","values":["SMS","WHATSAPP"]}}"#, true),
            (r#"{"in":{"field":"tidak_ada","values":["SMS"]}}"#, false),
            (r#"{"has":{"field":"bahaya","value":"DISEKAP"}}"#, true),
            (r#"{"has":{"field":"bahaya","value":"HILANG"}}"#, false),
            (r#"{"empty":{"field":"lokasi"}}"#, true),
            (r#"{"empty":{"field":"tidak_ada"}}"#, true),
            (r#"{"not":{"empty":{"field":"kanal"}}}"#, true),
            (r#"{"all":[{"empty":{"field":"lokasi"}},{"empty":{"field":"kanal"}}]}"#, false),
            (r#"{"any":[{"empty":{"field":"lokasi"}},{"empty":{"field":"kanal"}}]}"#, true),
            (r#"{"all":[]}"#, true),
            (r#"{"any":[]}"#, false),
        ] {
            assert_eq!(holds(condition), expected, "{condition}");
        }
    }

    #[test]
    fn an_unknown_word_is_no_condition() {
        assert!(serde_json::from_str::<Condition>(r#"{"sometimes":{"field":"kanal"}}"#).is_err());
    }
}
