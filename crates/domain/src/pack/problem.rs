//! Why a text or JSON value is no value of its field.

use std::fmt;

/// Most codes named in one message.
const CODES_NAMED: usize = 24;

/// Why something is no value of its field. [`fmt::Display`] says it in English after the text at fault; forms
/// say it in both languages from the pack's messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// Another JSON type than the field's.
    WrongType(&'static str),
    /// Not in the field's code list; the codes that are.
    NotInList(Vec<String>),
    /// More characters than allowed.
    TooLong(usize),
    /// More entries than allowed.
    TooMany(usize),
    /// Smaller or greater than allowed.
    OutOfRange(i64, i64),
    /// An empty entry of a set or item.
    Empty,
    /// No yes or no.
    NotYesNo,
    /// No whole number.
    NotWhole,
    /// No decimal number.
    NotDecimal,
    /// No amount with a currency.
    NotMoney,
    /// No date.
    NotDate,
    /// No date and time.
    NotDateTime,
    /// No region code.
    NotArea,
    /// No office code.
    NotOffice,
    /// No record id.
    NotId,
    /// No hash.
    NotHash,
    /// Not encrypted.
    NotSealed,
    /// No JSON object of parts.
    NotParts,
    /// A part the field does not have.
    UnknownPart(String),
    /// A part, and what is wrong with it.
    Part(String, Box<Problem>),
    /// A map of items where one value was expected.
    HasItems,
    /// A name that cannot name an item.
    NotItemId,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::WrongType(expected) => write!(f, "must be {expected}"),
            Problem::NotInList(codes) => write!(f, "is not in the list; codes are {}", named(codes)),
            Problem::TooLong(max) => write!(f, "is longer than {max} characters"),
            Problem::TooMany(max) => write!(f, "has more than {max} entries"),
            Problem::OutOfRange(low, high) => write!(f, "must lie from {low} to {high}"),
            Problem::Empty => f.write_str("is empty; a set holds texts"),
            Problem::NotYesNo => f.write_str("is neither ya nor tidak"),
            Problem::NotWhole => f.write_str("is not a whole number"),
            Problem::NotDecimal => f.write_str("is not a number; write 12 or 12.5"),
            Problem::NotMoney => f.write_str("is not an amount; write for example TWD 7500"),
            Problem::NotDate => f.write_str("is no date; write 1984, 1984-05 or 1984-05-17"),
            Problem::NotDateTime => f.write_str("is no time; write 2026-01-08T09:30+07:00"),
            Problem::NotArea => {
                f.write_str("is not a region code; write for example 35, 35.13, 35.13.02 or 35.13.02.2004")
            }
            Problem::NotOffice => {
                f.write_str("is not an office code; use capital letters, digits and hyphens: P4MI-3513")
            }
            Problem::NotId => {
                f.write_str("is not an id; an id has 26 characters of 0-9 and a-z without i, l, o, u")
            }
            Problem::NotHash => f.write_str("is not a hash of 64 hexadecimal digits"),
            Problem::NotSealed => f.write_str("is not sealed to its readers"),
            Problem::NotParts => f.write_str("is no JSON object of the field's parts"),
            Problem::UnknownPart(key) => write!(f, "has no part `{key}`"),
            Problem::Part(key, why) => write!(f, "has a part `{key}` that {why}"),
            Problem::HasItems => f.write_str("holds items; write the parts of one item"),
            Problem::NotItemId => f.write_str("cannot name an item; use letters, digits, - and _"),
        }
    }
}

/// The codes of a list as a message names them: the first of many.
pub(crate) fn named(codes: &[String]) -> String {
    let more = if codes.len() > CODES_NAMED { ", …" } else { "" };
    let first: Vec<&str> = codes.iter().take(CODES_NAMED).map(String::as_str).collect();
    format!("{}{more}", first.join(", "))
}
