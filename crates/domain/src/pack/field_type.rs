//! What a field can hold, and how the document holds it.

use serde::{Deserialize, Serialize};

/// What a field holds.
///
/// Most types are one scalar in the document. A *register of parts* (`block`, `blob`) is one scalar too: a
/// JSON text whose parts move together, so that no merge can pair the amount of one person with the reason of
/// another. A *map* (`set`, `items`, `log`, `stage`) is a map of the document: entries of both sides stay.
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
    /// A decimal number as text: `12.5`.
    Decimal,
    /// An amount and its ISO 4217 currency in one register: `TWD 7500`.
    Money,
    /// A year, a year and month, or a day: `1984`, `1984-05`, `1984-05-17`.
    Date,
    /// A day and time with its distance from UTC: `2026-01-08T09:30+07:00`.
    DateTime,
    /// A telephone number, as international as it could be made.
    Phone,
    /// A country or territory by its ISO 3166-1 alpha-2 code.
    Country,
    /// A region code or a prefix of one.
    Area,
    /// An office code.
    Office,
    /// A member of staff.
    Staff,
    /// Another record.
    Record,
    /// 32 bytes as 64 hexadecimal digits.
    Hash,
    /// Text encrypted to named readers, as an armoured `age` file.
    Sealed,
    /// A file elsewhere: its hash, size and media type in one register.
    Blob,
    /// Parts that move together, in one register.
    Block,
    /// Things with parts, each under a stable id; parts may be edited.
    Items,
    /// Entries with parts, each under a stable id and never edited once written.
    Log,
    /// The steps of a life cycle, each naming the steps it follows ([`stage`](super::stage)).
    Stage,
}

impl FieldType {
    /// Every type.
    pub const ALL: [FieldType; 23] = [
        FieldType::Text,
        FieldType::LongText,
        FieldType::Code,
        FieldType::Set,
        FieldType::Bool,
        FieldType::Int,
        FieldType::Decimal,
        FieldType::Money,
        FieldType::Date,
        FieldType::DateTime,
        FieldType::Phone,
        FieldType::Country,
        FieldType::Area,
        FieldType::Office,
        FieldType::Staff,
        FieldType::Record,
        FieldType::Hash,
        FieldType::Sealed,
        FieldType::Blob,
        FieldType::Block,
        FieldType::Items,
        FieldType::Log,
        FieldType::Stage,
    ];

    /// Whether the document holds a map for the field rather than one value.
    #[must_use]
    pub fn is_map(self) -> bool {
        self == FieldType::Set || self.has_items()
    }

    /// Whether the field holds a map of ids to things with parts.
    #[must_use]
    pub fn has_items(self) -> bool {
        matches!(self, FieldType::Items | FieldType::Log | FieldType::Stage)
    }

    /// Whether the field is one register made of parts.
    #[must_use]
    pub fn is_register_of_parts(self) -> bool {
        matches!(self, FieldType::Blob | FieldType::Block)
    }

    /// Whether the field has parts at all.
    #[must_use]
    pub fn has_parts(self) -> bool {
        self.has_items() || self.is_register_of_parts()
    }

    /// Whether the parts are the same for every field of this type, and given by the pack once.
    #[must_use]
    pub fn has_common_parts(self) -> bool {
        matches!(self, FieldType::Blob | FieldType::Stage)
    }

    /// Whether a value is one text.
    #[must_use]
    pub fn is_text(self) -> bool {
        !(self.is_map() || self.has_parts() || matches!(self, FieldType::Bool | FieldType::Int))
    }

    /// The name in pack files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            FieldType::Text => "text",
            FieldType::LongText => "long_text",
            FieldType::Code => "code",
            FieldType::Set => "set",
            FieldType::Bool => "bool",
            FieldType::Int => "int",
            FieldType::Decimal => "decimal",
            FieldType::Money => "money",
            FieldType::Date => "date",
            FieldType::DateTime => "date_time",
            FieldType::Phone => "phone",
            FieldType::Country => "country",
            FieldType::Area => "area",
            FieldType::Office => "office",
            FieldType::Staff => "staff",
            FieldType::Record => "record",
            FieldType::Hash => "hash",
            FieldType::Sealed => "sealed",
            FieldType::Blob => "blob",
            FieldType::Block => "block",
            FieldType::Items => "items",
            FieldType::Log => "log",
            FieldType::Stage => "stage",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_pack_files() {
        for kind in FieldType::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }
}
