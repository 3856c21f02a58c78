//! What codes mean to people, from one catalogue in both languages.

use std::collections::BTreeMap;

use sambung_sync::form::BadForm;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sentence {
    /// Indonesian.
    pub(crate) id: String,
    /// English.
    pub(crate) en: String,
}

/// The catalogue.
pub(crate) struct Messages(BTreeMap<String, Sentence>);

impl Messages {
    /// Reads the catalogue this release ships.
    pub(crate) fn read() -> Result<Self, Failure> {
        toml::from_str(include_str!("messages.toml"))
            .map(Messages)
            .map_err(|error| Failure::Configuration(format!("the catalogue of messages: {error}")))
    }

    /// The sentence for a code, with the exact fault of a form behind it.
    pub(crate) fn sentence(&self, code: &str) -> Sentence {
        let family = code.split('_').next().unwrap_or(code);
        let found = self.0.get(code).or_else(|| self.0.get(family)).or_else(|| self.0.get("other"));
        let mut sentence = found.cloned().unwrap_or(Sentence { id: code.to_owned(), en: code.to_owned() });
        if let Some(fault) = BadForm::ALL.iter().find(|fault| fault.code() == code) {
            sentence.en = format!("{} ({fault})", sentence.en);
        }
        sentence
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_sentence_of_its_own_family() {
        let messages = Messages::read().unwrap();
        let other = messages.sentence("other");
        let known = "discarded refused quarantined pack batch_invalid underived held base_missing leaving page index reference
            unreadable grant change_hash change_form change_position change_author change_leaf document
            projection search batch_signature batch_leaves receipt_signature receipt_changes receipt_range cursor digest";
        for code in known
            .split_whitespace()
            .chain(BadForm::ALL.iter().map(|fault| fault.code()))
            .chain(sambung_trust::lane::Reason::ALL.iter().map(|reason| reason.code()))
        {
            assert_ne!(messages.sentence(code), other, "{code}");
        }
        assert_eq!(messages.sentence("something_new"), other);
        assert!(messages.sentence("form_time").en.contains("year 9999"));
    }
}
