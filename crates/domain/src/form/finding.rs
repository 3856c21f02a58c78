//! What is said about the answers of a form.

use serde::{Deserialize, Serialize};

use crate::pack::{Bilingual, Pack, Problem};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Hint,
    /// To be looked at; saved and passed on all the same.
    Warn,
    /// The next step waits for it; some of these also cannot be stored ([`FindingCode::stops_save`]).
    Hard,
}

/// What was found; the key of its text in the pack's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingCode {
    /// A question without an answer.
    Required,
    /// Another JSON type than the field's.
    WrongType,
    /// A code this pack's list does not have; kept.
    UnknownCode,
    /// A key this pack's kind does not have; kept.
    UnknownKey,
    /// An answer to a question that is not asked; kept.
    Hidden,
    /// A value for a field that is computed.
    Computed,
    /// A text longer than allowed.
    TooLong,
    /// More entries than allowed.
    TooMany,
    /// A number outside its range.
    OutOfRange,
    /// An entry that says nothing.
    EmptyEntry,
    /// An entry that stands twice.
    RepeatedEntry,
    /// No decimal number.
    BadDecimal,
    /// No amount with a currency.
    BadMoney,
    /// No date.
    BadDate,
    /// No date and time.
    BadDateTime,
    /// Something odd about a number with rules of its own; kept.
    OddNumber,
    /// No region code.
    BadArea,
    /// No office code.
    BadOffice,
    /// No record id.
    BadId,
    /// No hash.
    BadHash,
    /// Not encrypted to its readers.
    NotSealed,
    /// A name that cannot name an item.
    BadItemId,
    /// Two dates in the wrong order.
    Order,
    /// There was more to say.
    More,
}

impl FindingCode {
    /// Every code.
    pub const ALL: [FindingCode; 24] = [
        FindingCode::Required,
        FindingCode::WrongType,
        FindingCode::UnknownCode,
        FindingCode::UnknownKey,
        FindingCode::Hidden,
        FindingCode::Computed,
        FindingCode::TooLong,
        FindingCode::TooMany,
        FindingCode::OutOfRange,
        FindingCode::EmptyEntry,
        FindingCode::RepeatedEntry,
        FindingCode::BadDecimal,
        FindingCode::BadMoney,
        FindingCode::BadDate,
        FindingCode::BadDateTime,
        FindingCode::OddNumber,
        FindingCode::BadArea,
        FindingCode::BadOffice,
        FindingCode::BadId,
        FindingCode::BadHash,
        FindingCode::NotSealed,
        FindingCode::BadItemId,
        FindingCode::Order,
        FindingCode::More,
    ];

    /// The key of its text in the pack's messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            FindingCode::Required => "required",
            FindingCode::WrongType => "wrong_type",
            FindingCode::UnknownCode => "unknown_code",
            FindingCode::UnknownKey => "unknown_key",
            FindingCode::Hidden => "hidden",
            FindingCode::Computed => "computed",
            FindingCode::TooLong => "too_long",
            FindingCode::TooMany => "too_many",
            FindingCode::OutOfRange => "out_of_range",
            FindingCode::EmptyEntry => "empty_entry",
            FindingCode::RepeatedEntry => "repeated_entry",
            FindingCode::BadDecimal => "bad_decimal",
            FindingCode::BadMoney => "bad_money",
            FindingCode::BadDate => "bad_date",
            FindingCode::BadDateTime => "bad_date_time",
            FindingCode::OddNumber => "odd_number",
            FindingCode::BadArea => "bad_area",
            FindingCode::BadOffice => "bad_office",
            FindingCode::BadId => "bad_id",
            FindingCode::BadHash => "bad_hash",
            FindingCode::NotSealed => "not_sealed",
            FindingCode::BadItemId => "bad_item_id",
            FindingCode::Order => "order",
            FindingCode::More => "more",
        }
    }

    /// How much it matters; a missing answer matters as its question says.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            FindingCode::UnknownCode
            | FindingCode::UnknownKey
            | FindingCode::Hidden
            | FindingCode::RepeatedEntry
            | FindingCode::EmptyEntry
            | FindingCode::More => Severity::Hint,
            FindingCode::Required | FindingCode::OddNumber | FindingCode::Order => Severity::Warn,
            FindingCode::WrongType
            | FindingCode::Computed
            | FindingCode::TooLong
            | FindingCode::TooMany
            | FindingCode::OutOfRange
            | FindingCode::BadDecimal
            | FindingCode::BadMoney
            | FindingCode::BadDate
            | FindingCode::BadDateTime
            | FindingCode::BadArea
            | FindingCode::BadOffice
            | FindingCode::BadId
            | FindingCode::BadHash
            | FindingCode::NotSealed
            | FindingCode::BadItemId => Severity::Hard,
        }
    }

    /// Whether the value cannot be stored as it is. What is merely missing never stops a save.
    #[must_use]
    pub fn stops_save(self) -> bool {
        self.severity() == Severity::Hard
    }
}

/// One thing found in a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Where: a field's key, then the item's id and the part's key where there are any.
    pub path: Vec<String>,
    /// How much it matters.
    pub severity: Severity,
    /// What was found.
    pub code: FindingCode,
    /// What people read.
    pub message: Bilingual,
}

/// Everything found in a record.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Report {
    /// The findings: in the order of the form, then of the record.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether every value can be stored. The others can be kept in the meantime; these must be corrected.
    #[must_use]
    pub fn can_save(&self) -> bool {
        !self.findings.iter().any(|finding| finding.code.stops_save())
    }

    /// Whether nothing holds up the next step.
    #[must_use]
    pub fn can_proceed(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity < Severity::Hard)
    }

    /// The codes found under a field's key, in order.
    #[must_use]
    pub fn codes(&self, key: &str) -> Vec<FindingCode> {
        let under = |finding: &&Finding| finding.path.first().is_some_and(|first| first == key);
        self.findings.iter().filter(under).map(|finding| finding.code).collect()
    }
}

/// Most characters of an answer that are repeated in a message.
const GIVEN_MAX: usize = 40;

/// The text of a finding with its places filled in: `{field}`, `{given}`, `{expected}`. A pack without the
/// text leaves the code itself.
pub(super) fn message(
    pack: &Pack,
    code: FindingCode,
    field: &Bilingual,
    given: &Bilingual,
    expected: &Bilingual,
) -> Bilingual {
    let fill = |template: &str, field: &str, given: &str, expected: &str| {
        let given: String = given.chars().take(GIVEN_MAX).collect();
        // One pass, so that an answer that looks like a place is not filled in itself.
        let mut text = String::with_capacity(template.len() + field.len() + given.len());
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let (place, tail) = after.split_once('}').unwrap_or((after, ""));
            text.push_str(match place {
                "field" => field,
                "given" => &given,
                "expected" => expected,
                _ => "",
            });
            rest = tail;
        }
        text.push_str(rest);
        text
    };
    match pack.messages.get(code.name()) {
        Some(template) => Bilingual {
            id: fill(&template.id, &field.id, &given.id, &expected.id),
            en: fill(&template.en, &field.en, &given.en, &expected.en),
        },
        None => Bilingual { id: code.name().to_owned(), en: code.name().to_owned() },
    }
}

/// The finding that stands for a problem with a value.
pub(super) fn code_of(problem: &Problem) -> FindingCode {
    match problem {
        Problem::WrongType(_)
        | Problem::NotYesNo
        | Problem::NotWhole
        | Problem::NotParts
        | Problem::HasItems => FindingCode::WrongType,
        Problem::NotInList(_) => FindingCode::UnknownCode,
        Problem::TooLong(_) => FindingCode::TooLong,
        Problem::TooMany(_) => FindingCode::TooMany,
        Problem::OutOfRange(_, _) => FindingCode::OutOfRange,
        Problem::Empty => FindingCode::EmptyEntry,
        Problem::NotDecimal => FindingCode::BadDecimal,
        Problem::NotMoney => FindingCode::BadMoney,
        Problem::NotDate => FindingCode::BadDate,
        Problem::NotDateTime => FindingCode::BadDateTime,
        Problem::NotArea => FindingCode::BadArea,
        Problem::NotOffice => FindingCode::BadOffice,
        Problem::NotId => FindingCode::BadId,
        Problem::NotHash => FindingCode::BadHash,
        Problem::NotSealed => FindingCode::NotSealed,
        Problem::NotItemId => FindingCode::BadItemId,
        Problem::UnknownPart(_) => FindingCode::UnknownKey,
        Problem::Part(_, inner) => code_of(inner),
    }
}

/// What a problem's message says was expected.
pub(super) fn expected_of(problem: &Problem) -> Bilingual {
    let same = |text: String| Bilingual { id: text.clone(), en: text };
    match problem {
        Problem::WrongType(name) => same((*name).to_owned()),
        Problem::NotYesNo => Bilingual { id: "ya atau tidak".to_owned(), en: "yes or no".to_owned() },
        Problem::NotWhole => Bilingual { id: "angka bulat".to_owned(), en: "a whole number".to_owned() },
        Problem::TooLong(max) | Problem::TooMany(max) => same(max.to_string()),
        Problem::OutOfRange(low, high) => same(format!("{low}–{high}")),
        Problem::NotInList(_)
        | Problem::Empty
        | Problem::NotDecimal
        | Problem::NotMoney
        | Problem::NotDate
        | Problem::NotDateTime
        | Problem::NotArea
        | Problem::NotOffice
        | Problem::NotId
        | Problem::NotHash
        | Problem::NotSealed
        | Problem::NotParts
        | Problem::UnknownPart(_)
        | Problem::Part(_, _)
        | Problem::HasItems
        | Problem::NotItemId => same(String::new()),
    }
}
