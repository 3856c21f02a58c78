//! stdout is data, stderr is messages.

#![expect(clippy::print_stderr, reason = "the one place that speaks to the terminal")]

use std::io::Write;

use serde::Serialize;
use serde_json::Value as Json;

use crate::failure::Failure;

/// Prints a line of data. A reader that went away is no error.
pub(crate) fn line(text: &str) {
    if writeln!(std::io::stdout(), "{text}").is_err() {
        std::process::exit(0);
    }
}

/// Prints data as one line of JSON.
pub(crate) fn json<T: Serialize>(value: &T) {
    line(&serde_json::to_string(value).unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}")));
}

/// Prints a message.
pub(crate) fn message(text: &str) {
    eprintln!("{text}");
}

/// Prints why the command failed.
pub(crate) fn complain(failure: &Failure) {
    eprintln!("error: {failure} [{}]", failure.code());
}

/// A JSON value as people read it.
pub(crate) fn shown(value: &Json) -> String {
    match value {
        Json::Null => "-".to_owned(),
        Json::Bool(true) => "ya".to_owned(),
        Json::Bool(false) => "tidak".to_owned(),
        Json::String(text) if text.is_empty() => "(kosong)".to_owned(),
        Json::String(text) => text.clone(),
        Json::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        Json::Number(_) | Json::Object(_) => value.to_string(),
    }
}
