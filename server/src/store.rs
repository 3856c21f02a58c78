//! The relay's log store on SQLite.
//!
//! Several processes may have the database open, so nothing derived from it outlives a transaction: a request
//! that writes is one `BEGIN IMMEDIATE` transaction of the one writer connection ([`Pool::write`]), a request
//! that only reads is one snapshot of a reader connection ([`Pool::read`]).

mod content;
mod copy;
mod error;
mod migration;
mod open;
mod pool;
mod row;
mod sqlite;
mod survey;
mod verification;

#[cfg(test)]
mod conformance;

pub use copy::{back_up, copy, take_up};
pub use error::StoreError;
pub use open::{create, open};
pub use pool::Pool;
pub use sqlite::{SqliteStore, WaitingParcel};
pub use survey::{DeviceRow, Holdings, OrderRow, Totals};
pub use verification::{Authorities, Report, verify};
