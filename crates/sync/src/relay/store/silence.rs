//! What the store keeps of the times in which a relay sends nothing.

use sambung_domain::{Set, Timestamp};

use super::DigestStore;

/// A time in which the relay sends no records, since it has come back with less than it had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// Since when, in relay time.
    pub since: Timestamp,
    /// How it was noticed.
    pub cause: String,
    /// When it was ended by whoever runs the relay; `None` while it lasts.
    pub ended: Option<Timestamp>,
}

/// The part of a relay's store that its silence is kept in.
pub trait SilenceStore: DigestStore {
    /// The last silence, over or not.
    ///
    /// # Errors
    /// The store's.
    fn silence(&mut self) -> Result<Option<Silence>, Self::Error>;

    /// Begins a silence, in which no node of the centre was heard yet.
    ///
    /// # Errors
    /// The store's.
    fn begin_silence(&mut self, since: Timestamp, cause: &str) -> Result<(), Self::Error>;

    /// Ends the last silence, for a reason that is kept.
    ///
    /// # Errors
    /// The store's.
    fn end_silence(&mut self, at: Timestamp, reason: &str) -> Result<(), Self::Error>;

    /// The sets of nodes of the centre that have exchanged since the last silence began.
    ///
    /// # Errors
    /// The store's.
    fn heard(&mut self) -> Result<Vec<Set>, Self::Error>;

    /// Notes that a node of the centre with this set has exchanged.
    ///
    /// # Errors
    /// The store's.
    fn put_heard(&mut self, set: &Set) -> Result<(), Self::Error>;
}
