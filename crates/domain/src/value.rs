//! Scalar values as records hold them.

use serde::{Deserialize, Serialize};

/// One scalar in a record. Decimals, dates, codes, ids and phone numbers are texts in their canonical form:
/// what a newer pack means by them travels through older nodes unharmed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any text; empty where a person cleared the field on purpose.
    Text(String),
}

impl Value {
    /// The text, if this is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            Value::Bool(_) | Value::Int(_) => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Bool(true) => f.write_str("ya"),
            Value::Bool(false) => f.write_str("tidak"),
            Value::Int(number) => write!(f, "{number}"),
            Value::Text(text) => f.write_str(text),
        }
    }
}
