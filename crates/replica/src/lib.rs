//! One device's local truth.
//!
//! A [`Replica`] is an encrypted SQLite database with everything a device may hold: raw change chunks, the
//! documents they add up to, a projection to list and search, and what is still to be sent. Every command is
//! one transaction that has taken the write lock before it loads the document; it returns after the commit.
//! Changes from elsewhere come raw first: chunks and cursor in one transaction, documents afterwards, record
//! by record, so that nothing a record contains can hold up another.
//!
//! No network and no ambient clock or randomness: hosts pass time and random bytes in, and carry the bytes of
//! an exchange ([`exchange::Session`]).

#![forbid(unsafe_code)]

pub mod astray;
pub mod attention;
pub mod backup;
mod batches;
pub mod card;
pub mod command;
pub mod condition;
pub mod conflict;
mod database;
pub mod derive;
mod digest;
pub mod draft;
mod enrol;
mod error;
pub mod exchange;
pub mod export;
pub mod history;
mod identity;
pub mod import;
pub mod interop;
mod late;
mod leaves;
mod loaded;
pub mod offer;
mod onlooker;
pub mod parcel;
mod place;
mod projection;
mod purge;
pub mod query;
mod rebuild;
mod reference;
mod rules;
pub mod same;
mod sealing;
pub mod search;
pub mod verify;
mod write;

pub use database::DatabaseKey;
pub use enrol::{Enrolment, EnrolmentError};
pub use error::{ReplicaError, UsageError};
pub use identity::Identity;
pub use onlooker::{Ended, GAP_MAX_DAYS};
pub use sealing::{Age, Sealer};

use rusqlite::Connection;
use sambung_domain::{Pack, StaffId, Timestamp};
use sambung_sync::Actor;
use sambung_trust::batch::IncarnationNonce;

/// What a command is carried out with: who, when, and fresh random bytes.
pub struct Circumstances<'a> {
    /// The staff member who has unlocked the device.
    pub staff: StaffId,
    /// The device's clock: shown, never believed.
    pub now: Timestamp,
    /// Sixteen random bytes at each call.
    pub random: &'a mut dyn FnMut() -> [u8; 16],
}

/// A device's replica, opened by one process: one incarnation.
#[derive(Debug)]
pub struct Replica {
    connection: Connection,
    pack: Pack,
    identity: Identity,
    nonce: IncarnationNonce,
    sealer: std::sync::Arc<dyn Sealer>,
    acting: onlooker::Acting,
    #[cfg(feature = "sabotage")]
    sabotage: Option<String>,
}

impl Replica {
    /// Who this replica is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The schema pack it works with.
    #[must_use]
    pub fn pack(&self) -> &Pack {
        &self.pack
    }

    /// The staff who may unlock this device; the first enrolled it.
    ///
    /// # Errors
    /// What the database says.
    pub fn staff(&self) -> Result<Vec<StaffId>, ReplicaError> {
        Ok(identity::grant(&self.connection)?.1.staff)
    }

    /// Seals and opens in another way: a simulation that must repeat itself.
    #[must_use]
    pub fn sealing_with(mut self, sealer: std::sync::Arc<dyn Sealer>) -> Self {
        self.sealer = sealer;
        self
    }

    /// Breaks one promise on purpose, so that a demonstration can be shown to notice.
    #[cfg(feature = "sabotage")]
    #[must_use]
    pub fn sabotaged(mut self, promise: Option<String>) -> Self {
        self.sabotage = promise;
        self
    }

    /// The Automerge actor of everything this process writes.
    fn actor(&self) -> Actor {
        Actor::derive(&self.identity.device.public().0, &self.nonce)
    }
}
