//! Fields: their types, how they merge, and how a typed text becomes a value.

use serde::{Deserialize, Serialize};

use super::{Bilingual, Pack};
use crate::date::PartialDate;
use crate::{Access, Area, OfficeCode, RecordId, value::Value};

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// A line of text.
    Text,
    /// Text of several lines.
    LongText,
    /// One code of a list.
    Code,
    /// Several texts or codes, each present or not.
    Set,
    /// Yes or no.
    Bool,
    /// A whole number.
    Int,
    /// A year, a year and month, or a day: `1984`, `1984-05`, `1984-05-17`.
    Date,
    /// A region code or a prefix of one.
    Area,
    /// An office code.
    Office,
    /// A member of staff.
    Staff,
    /// Another record.
    Record,
}

impl FieldType {
    /// Whether the document holds a map for the field rather than one value.
    #[must_use]
    pub fn is_map(self) -> bool {
        matches!(self, FieldType::Set)
    }
}

/// What two different values mean when they meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Merge {
    /// The latest in causal order holds; concurrent values are all kept and shown.
    Register,
    /// Entries from both sides stay.
    Union,
    /// Computed, never written by hand.
    Derived,
}

/// What goes wrong for the person if the wrong one of two values is believed; the order of the review list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Harm {
    /// Who the person is.
    Identity,
    /// Life and safety.
    Safety,
    /// Where the matter stands.
    Status,
    /// Money.
    Money,
    /// How the person is reached.
    Contact,
    /// Anything else.
    Other,
}

/// How much an empty field matters. Saving is always possible; `hard` stops a later step, never a save.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Required {
    /// Said, not insisted on.
    Warn,
    /// Needed before the next step.
    Hard,
}

/// One field of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its key in the document: Indonesian, as on the official forms.
    pub key: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// What people call it.
    pub label: Bilingual,
    /// A sentence of help under the label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<Bilingual>,
    /// The code list it draws on, for `code` and `set`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codes: Option<String>,
    /// Greatest length in characters, for texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u16>,
    /// Whether an empty field is remarked on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<Required>,
    /// How concurrent values meet.
    pub merge: Merge,
    /// What a wrong value costs.
    pub harm: Harm,
    /// Who may see it; never above the kind's access.
    pub sensitivity: Access,
    /// Whether lists filter and sort by it.
    #[serde(default)]
    pub indexed: bool,
    /// Whether search looks into it.
    #[serde(default)]
    pub searchable: bool,
}

/// A text that is no value of its field, in words for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: `{given}` {why}")]
pub struct ValueError {
    /// The field's key.
    pub field: String,
    /// What was typed.
    pub given: String,
    /// What is expected.
    pub why: String,
}

/// Greatest length of a text field without a length of its own, in characters.
const TEXT_MAX: u16 = 500;
/// Greatest length of a long text, in characters.
const LONG_TEXT_MAX: u16 = 10_000;

impl Field {
    /// The value a typed text stands for.
    ///
    /// # Errors
    /// [`ValueError`] where the text is no value of the field's type.
    pub fn parse(&self, pack: &Pack, text: &str) -> Result<Value, ValueError> {
        let bad = |why: String| ValueError { field: self.key.clone(), given: text.to_owned(), why };
        let text_value = || Value::Text(text.to_owned());
        if text.is_empty() && self.kind != FieldType::Set {
            return Ok(text_value());
        }
        match self.kind {
            FieldType::Text | FieldType::LongText => self.check_length(text).map(|()| text_value()),
            FieldType::Code => self.check_code(pack, text).map(|()| text_value()),
            FieldType::Set if self.codes.is_some() => self.check_code(pack, text).map(|()| text_value()),
            FieldType::Set if text.is_empty() => Err(bad("is empty; a set holds texts".to_owned())),
            FieldType::Set => self.check_length(text).map(|()| text_value()),
            FieldType::Bool => match text.to_ascii_lowercase().as_str() {
                "ya" | "yes" | "true" | "1" => Ok(Value::Bool(true)),
                "tidak" | "no" | "false" | "0" => Ok(Value::Bool(false)),
                _ => Err(bad("is neither ya nor tidak".to_owned())),
            },
            FieldType::Int => {
                text.parse().map(Value::Int).map_err(|_| bad("is not a whole number".to_owned()))
            }
            FieldType::Date => {
                if text.parse::<PartialDate>().is_ok() {
                    Ok(text_value())
                } else {
                    Err(bad("is no date; write 1984, 1984-05 or 1984-05-17".to_owned()))
                }
            }
            FieldType::Area => text.parse::<Area>().map(|_| text_value()).map_err(|e| bad(e.to_string())),
            FieldType::Office => {
                text.parse::<OfficeCode>().map(|_| text_value()).map_err(|e| bad(e.to_string()))
            }
            FieldType::Staff | FieldType::Record => {
                text.parse::<RecordId>().map(|_| text_value()).map_err(|e| bad(e.to_string()))
            }
        }
    }

    fn check_length(&self, text: &str) -> Result<(), ValueError> {
        let default = if self.kind == FieldType::LongText { LONG_TEXT_MAX } else { TEXT_MAX };
        let max = usize::from(self.max.unwrap_or(default));
        if text.chars().count() <= max {
            return Ok(());
        }
        let why = format!("is longer than {max} characters");
        Err(ValueError { field: self.key.clone(), given: text.chars().take(20).collect(), why })
    }

    fn check_code(&self, pack: &Pack, text: &str) -> Result<(), ValueError> {
        let codes = pack.code_list(self).map(|list| list.codes.as_slice()).unwrap_or_default();
        if codes.iter().any(|code| code.code == text) {
            return Ok(());
        }
        let known: Vec<&str> = codes.iter().map(|code| code.code.as_str()).collect();
        let why = format!("is not in the list; codes are {}", known.join(", "));
        Err(ValueError { field: self.key.clone(), given: text.to_owned(), why })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker_field(key: &str) -> (Pack, Field) {
        let pack = Pack::builtin().unwrap();
        let field = pack.kind("worker").unwrap().field(key).unwrap().clone();
        (pack, field)
    }

    #[test]
    fn typed_texts_become_values_of_the_fields_type() {
        let (pack, sex) = worker_field("jenis_kelamin");
        assert_eq!(sex.parse(&pack, "P"), Ok(Value::from("P")));
        let refused = sex.parse(&pack, "X").unwrap_err();
        assert_eq!(refused.to_string(), "jenis_kelamin: `X` is not in the list; codes are L, P");

        let (pack, year) = worker_field("tahun_lahir");
        assert_eq!(year.parse(&pack, "1984"), Ok(Value::Int(1984)));
        assert!(year.parse(&pack, "delapan").is_err());

        let (pack, shown) = worker_field("boleh_diketahui_desa");
        assert_eq!(shown.parse(&pack, "tidak"), Ok(Value::Bool(false)));
    }

    #[test]
    fn an_emptied_field_is_an_empty_text() {
        let (pack, name) = worker_field("nama_lengkap");
        assert_eq!(name.parse(&pack, ""), Ok(Value::from("")));
    }

    #[test]
    fn a_text_is_bounded_in_characters() {
        let (pack, name) = worker_field("nama_lengkap");
        assert!(name.parse(&pack, &"é".repeat(150)).is_ok());
        assert!(name.parse(&pack, &"é".repeat(151)).is_err());
    }
}
