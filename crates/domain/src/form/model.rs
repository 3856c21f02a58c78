//! Forms as data.

use serde::{Deserialize, Serialize};

use super::{Condition, Record};
use crate::pack::{Bilingual, Kind, Merge, Required};

/// A form for records of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// Its name.
    pub name: String,
    /// The kind it fills in.
    pub kind: String,
    /// What people call it.
    pub label: Bilingual,
    /// Its sections in order; those of the short intake come first.
    #[serde(rename = "section")]
    pub sections: Vec<Section>,
}

/// A group of questions that stand together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Its name within the form.
    pub key: String,
    /// What people call it.
    pub label: Bilingual,
    /// Whether it belongs to the short intake: what is asked while the person waits.
    #[serde(default)]
    pub short: bool,
    /// When it is shown; always where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show: Option<Condition>,
    /// Its questions in order.
    pub fields: Vec<Ask>,
}

/// One question: a field, and what this form says about it beyond the field itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "AskSource")]
pub struct Ask {
    /// The field's key.
    pub key: String,
    /// When it is asked; always where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub show: Option<Condition>,
    /// Whether an empty answer is remarked on, where this form is stricter than the field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required: Option<Required>,
    /// The answer it starts with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<serde_json::Value>,
}

/// A question as people write it: the bare key where there is nothing more to say.
#[derive(Deserialize)]
#[serde(untagged)]
enum AskSource {
    Key(String),
    Full(FullAsk),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FullAsk {
    key: String,
    show: Option<Condition>,
    required: Option<Required>,
    default: Option<serde_json::Value>,
}

impl From<AskSource> for Ask {
    fn from(source: AskSource) -> Self {
        match source {
            AskSource::Key(key) => Ask::plain(key),
            AskSource::Full(FullAsk { key, show, required, default }) => Ask { key, show, required, default },
        }
    }
}

impl Ask {
    /// A question about which the form has nothing to add.
    #[must_use]
    pub fn plain(key: String) -> Self {
        Ask { key, show: None, required: None, default: None }
    }
}

impl Form {
    /// The form of a kind that nobody wrote one for: every field a person fills in, in the order of the kind.
    #[must_use]
    pub fn plain(kind: &Kind) -> Self {
        let written = kind.fields.iter().filter(|field| field.merge != Merge::Derived);
        Form {
            name: kind.name.clone(),
            kind: kind.name.clone(),
            label: kind.label.clone(),
            sections: vec![Section {
                key: "isian".to_owned(),
                label: kind.label.clone(),
                short: false,
                show: None,
                fields: written.map(|field| Ask::plain(field.key.clone())).collect(),
            }],
        }
    }

    /// The questions with whether each is shown for a record, in order.
    pub fn asks<'a>(&'a self, record: &'a Record) -> impl Iterator<Item = (&'a Ask, bool)> {
        let holds = |show: &Option<Condition>| show.as_ref().is_none_or(|show| show.holds(record));
        self.sections.iter().flat_map(move |section| {
            let section_shown = holds(&section.show);
            section.fields.iter().map(move |ask| (ask, section_shown && holds(&ask.show)))
        })
    }
}
