//! The replica's side of an exchange, without a network.
//!
//! A [`Session`] gives the host a body to post and takes the answer, until it says that it is done. Every
//! request stands alone; a session can end at any point and another begin, also in another process: what was
//! signed and not yet answered is in the database and is sent again as it was.

mod adrift;
mod aside;
mod confirmed;
mod equality;
mod farthest;
mod former;
mod incoming;
mod listening;
mod listing;
mod orders;
mod outcomes;
mod outgoing;
mod past;
mod pulled;
mod reconcile;
mod retry;
mod returning;
mod safe;
mod session;
mod verdicts;

pub(crate) use orders::{closed, has_ended, has_orders};
pub(crate) use outgoing::{forget_agreement, split_hashes};
pub use session::{Session, SetReport, Step, SyncError, SyncReport};

use rusqlite::Connection;

use crate::ReplicaError;

/// One attempt to send everything that waits: what the relay holds back is not sent again in it. Numbers and no times:
/// a clock that stands still or is set back holds nothing back longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Attempt(pub(crate) i64);

impl Attempt {
    /// Another attempt than any that something was held back in.
    pub(crate) fn next(connection: &Connection) -> Result<Attempt, ReplicaError> {
        let sql = "SELECT max(coalesce((SELECT max(held) FROM change
                       WHERE own = 1 AND sequence IS NULL AND receipt IS NULL AND refused IS NULL
                         AND held IS NOT NULL), 0),
                     coalesce((SELECT max(held) FROM change INDEXED BY change_returning
                       WHERE admission IS NOT NULL AND sequence IS NULL AND receipt IS NULL
                         AND refused IS NULL), 0)) + 1";
        Ok(Attempt(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?))
    }
}

/// What a session has found out about what its next request must carry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The relay does not know the grant: send it whole.
    pub(crate) whole_grant: bool,
    /// The relay's scopes differ: list ours.
    pub(crate) list_scopes: bool,
    /// The relay has forgotten orders: give it those held here.
    pub(crate) give_orders: bool,
    /// Something of ours is not here: ask for it whole.
    pub(crate) send_own: bool,
}
