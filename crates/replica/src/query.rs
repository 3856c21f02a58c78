//! Queries: lists, one record, the state of the whole.

mod list;
mod listed;
mod show;
mod status;

pub use list::{List, ListRow, Page};
pub(crate) use listed::listed;
pub use show::{ConflictValue, RecordState, RecordView};
pub use status::Status;
pub(crate) use status::{LAST_EXCHANGE, age_s};

/// The kind of record that is a person.
pub(crate) const PERSON: &str = "worker";
