//! Queries: lists, one record, the state of the whole.

mod list;
mod show;
mod status;

pub use list::{List, ListRow, Page};
pub use show::{RecordState, RecordView};
pub use status::Status;
pub(crate) use status::{LAST_EXCHANGE, age_s};
