//! Answers a form starts with.

use super::{Form, Record};

/// The record with the form's default answers where nothing was answered and the question is shown. Answers
/// already there, also cleared ones, stay. Questions are filled in their order, so a default may depend on one
/// before it.
#[must_use]
pub fn with_defaults(form: &Form, record: &Record) -> Record {
    let mut filled = record.clone();
    let defaults = form
        .sections
        .iter()
        .flat_map(|section| section.fields.iter().map(move |ask| (section, ask)))
        .filter_map(|(section, ask)| ask.default.as_ref().map(|default| (section, ask, default)));
    for (section, ask, default) in defaults {
        let shown = [&section.show, &ask.show].into_iter().flatten().all(|show| show.holds(&filled));
        if shown && filled.get(&ask.key).is_none_or(serde_json::Value::is_null) {
            filled.insert(ask.key.clone(), default.clone());
        }
    }
    filled
}
