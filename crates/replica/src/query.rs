//! Queries: lists, one record, the state of the whole.

mod list;
mod listed;
mod person;
mod show;
mod status;

pub(crate) use list::make_indexes;
pub use list::{List, ListRow, Page};
pub(crate) use listed::listed;
pub use person::{PersonGroup, PersonPage, PersonRow, PersonView};
pub use show::{RecordState, RecordView};
pub use status::Status;
pub(crate) use status::{LAST_EXCHANGE, age_s};

/// The kind of record that is a person.
pub(crate) const PERSON: &str = "worker";

impl crate::Replica {
    /// A kind that a query names.
    pub(crate) fn kind(&self, name: &str) -> Result<&sambung_domain::pack::Kind, crate::ReplicaError> {
        self.pack.kind(name).ok_or_else(|| crate::write::unknown_kind(&self.pack, name))
    }
}
