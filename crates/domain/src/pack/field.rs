//! Fields: what is recorded under one key, who may see it, and how two values of it meet.

use serde::{Deserialize, Serialize};

use super::{Bilingual, FieldType};
use crate::Access;

/// What two different values mean when they meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Merge {
    /// The latest in causal order holds; concurrent values are all kept and shown.
    Register,
    /// Written once, mostly when the record is made; another value later is a mistake that people see.
    Immutable,
    /// Entries from both sides stay.
    Union,
    /// Entries from both sides stay and none is edited once written; a correction is another entry.
    Append,
    /// Steps from both sides stay; where the matter stands is derived from them and never silently moved back.
    Stage,
    /// Computed, never written by hand.
    Derived,
}

impl Merge {
    /// How a type merges where the pack says nothing else.
    #[must_use]
    pub fn of(kind: FieldType) -> Self {
        match kind {
            FieldType::Set | FieldType::Items => Merge::Union,
            FieldType::Log => Merge::Append,
            FieldType::Stage => Merge::Stage,
            FieldType::Text
            | FieldType::LongText
            | FieldType::Code
            | FieldType::Bool
            | FieldType::Int
            | FieldType::Decimal
            | FieldType::Money
            | FieldType::Date
            | FieldType::DateTime
            | FieldType::Phone
            | FieldType::Country
            | FieldType::Area
            | FieldType::Office
            | FieldType::Staff
            | FieldType::Record
            | FieldType::Hash
            | FieldType::Sealed
            | FieldType::Blob
            | FieldType::Block => Merge::Register,
        }
    }

    /// Whether fields of a type can merge like this.
    #[must_use]
    pub fn suits(self, kind: FieldType) -> bool {
        match self {
            Merge::Derived => true,
            Merge::Register | Merge::Immutable => !kind.is_map(),
            Merge::Union | Merge::Append | Merge::Stage => Merge::of(kind) == self,
        }
    }
}

/// What people see of a field with several live values until somebody decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clash {
    /// One of them, the same at every replica; the others wait in the review list.
    #[default]
    One,
    /// All of them, marked.
    Both,
    /// The one that stands first in the code list: the more urgent, the stricter, the surer sign.
    First,
    /// Yes.
    Yes,
    /// No.
    No,
    /// None is final and none is used before somebody has asked.
    Neither,
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

/// The class of personal data a field holds under UU 27/2022 article 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonalData {
    /// About no person.
    None,
    /// `data pribadi yang bersifat umum`: name, sex, marital status, what identifies together with other data.
    General,
    /// `data pribadi yang bersifat spesifik`: health, biometrics, genetics, criminal record, children, personal
    /// finance.
    Specific,
}

/// A number with rules of its own, read by [`identifier`](crate::identifier). What is odd about it is said, never
/// refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Number {
    /// NIK.
    Nik,
    /// Number of a family card.
    Kk,
    /// Passport number.
    Passport,
    /// Number of a service card.
    Card,
    /// Telephone number.
    Phone,
}

/// One field of a kind, or one part of a field.
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
    /// The code list it draws on, for `code`, `set` and `stage`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codes: Option<String>,
    /// The type of a set's entries where they are neither texts nor codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<FieldType>,
    /// The kind of record it names, for `record` and sets of records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Which number with rules of its own it is, for texts and sets of texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Number>,
    /// Greatest length in characters, for texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u16>,
    /// Least and greatest number, for `int`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<[i64; 2]>,
    /// Whether an empty field is remarked on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<Required>,
    /// How concurrent values meet.
    pub merge: Merge,
    /// What is shown of concurrent values until somebody decides.
    #[serde(default)]
    pub clash: Clash,
    /// What a wrong value costs.
    pub harm: Harm,
    /// Who may see it; never above the kind's access.
    pub sensitivity: Access,
    /// Its class under the data-protection act.
    pub personal: PersonalData,
    /// Whether lists filter and sort by it.
    #[serde(default)]
    pub indexed: bool,
    /// Whether search looks into it.
    #[serde(default)]
    pub searchable: bool,
    /// The parts of a block, blob or item, in the order of the form.
    #[serde(default, rename = "part", skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Field>,
}

/// Greatest length of a text field without a length of its own, in characters.
pub const TEXT_MAX: u16 = 500;
/// Greatest length of a long text without a length of its own, in characters.
pub const LONG_TEXT_MAX: u16 = 10_000;
/// Greatest length of a sealed text without a length of its own, in characters: a change is at most 64 KiB.
pub const SEALED_MAX: u16 = 40_000;

impl Field {
    /// The part under a key.
    #[must_use]
    pub fn part(&self, key: &str) -> Option<&Field> {
        self.parts.iter().find(|part| part.key == key)
    }

    /// Which number its texts are; every `phone` is a telephone number.
    #[must_use]
    pub fn number(&self) -> Option<Number> {
        let phone = self.kind == FieldType::Phone || self.of == Some(FieldType::Phone);
        self.number.or(phone.then_some(Number::Phone))
    }

    /// Whether it names records: itself or by the entries of its set.
    #[must_use]
    pub fn names_records(&self) -> bool {
        self.kind == FieldType::Record || self.of == Some(FieldType::Record)
    }
}
