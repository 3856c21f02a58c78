//! Forms: which fields are asked, in which order and when, and what is said about the answers.
//!
//! A record passes through here as a JSON object ([`Record`]), the form it has at the API, in imports and in
//! the web app. [`check`] says everything there is to say about a whole record at once and changes nothing;
//! keys and codes this pack does not know are remarked on and kept. [`normalised`] is the one form of a record
//! that [`entries`] and [`from_entries`] carry through a document and back unharmed.

mod check;
mod condition;
mod defaults;
mod entries;
mod finding;
mod model;
mod number;
mod refusal;

#[cfg(test)]
mod tests;

pub use check::{ENTRIES_MAX, FINDINGS_MAX, check};
pub use condition::Condition;
pub use defaults::with_defaults;
pub use entries::{Entries, entries, from_entries, normalised};
pub use finding::{Finding, FindingCode, Report, Severity};
pub use model::{Ask, Form, Section};
pub use number::Surroundings;
pub use refusal::refusal;

/// A record, or part of one, as a JSON object: texts, whole numbers, yes or no; a set as a list of texts; a
/// block as an object of its parts; items as an object of ids to objects of parts. `null` is a question not
/// answered, an empty text a field cleared on purpose.
pub type Record = serde_json::Map<String, serde_json::Value>;
