//! The replica's side of an exchange, without a network.
//!
//! A [`Session`] gives the host a body to post and takes the answer, until it says that it is done. Every
//! request stands alone; a session can end at any point and another begin, also in another process: what was
//! signed and not yet answered is in the database and is sent again as it was.

mod adrift;
mod aside;
mod equality;
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
mod safe;
mod session;
mod verdicts;

pub(crate) use orders::{closed, has_ended};
pub(crate) use outgoing::{forget_agreement, split_hashes};
pub use session::{Session, SetReport, Step, SyncError, SyncReport};

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
