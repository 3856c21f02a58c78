//! What the store keeps for proofs of equality: sums by collection, the item of each record, which records lie where.

use sambung_domain::{Access, RecordId, Set, Shard};

use super::{RecordRow, Store};
use crate::digest::{Item, Sum};
use crate::document::ChangeHash;

/// Records that are read together or not at all: those of a kind and an access in a set.
///
/// A record whose areas lie in several shards counts in each narrow area set in that area's shard, and in every set
/// that spans shards once, in the first of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Collection {
    /// The set.
    pub set: Set,
    /// The shard in which its records are counted.
    pub shard: Shard,
    /// The kind.
    pub kind: String,
    /// The access.
    pub access: Access,
}

/// What was counted of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The heads of its changes in the log, ascending.
    pub heads: Vec<ChangeHash>,
    /// Its item.
    pub item: Item,
}

/// A record that lies in a set by its live values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lying {
    /// The record.
    pub record: RecordId,
    /// Its generation.
    pub generation: u32,
    /// Its kind and routing.
    pub row: RecordRow,
    /// What was counted of it.
    pub counted: Option<Counted>,
}

/// The part of a relay's store that equality is proven with, inside the same transaction as the rest.
pub trait DigestStore: Store {
    /// What was counted of a record; `None` for nothing.
    ///
    /// # Errors
    /// The store's.
    fn counted(&mut self, record: RecordId, generation: u32) -> Result<Option<Counted>, Self::Error>;

    /// Writes what is counted of a record that is there.
    ///
    /// # Errors
    /// The store's, also where the record is not there.
    fn put_counted(
        &mut self,
        record: RecordId,
        generation: u32,
        counted: &Counted,
    ) -> Result<(), Self::Error>;

    /// The sums of a set's collections.
    ///
    /// # Errors
    /// The store's.
    fn sums(&mut self, set: &Set) -> Result<Vec<(Collection, Sum)>, Self::Error>;

    /// Adds to the sum of a collection, modulo 2^64 and 2^128.
    ///
    /// # Errors
    /// The store's.
    fn add_to_sum(&mut self, collection: &Collection, sum: Sum) -> Result<(), Self::Error>;

    /// The records that lie in a set by their live values, ascending, after one, at most `limit`. A record of several
    /// areas in the set can come more than once.
    ///
    /// # Errors
    /// The store's.
    fn lying_in(
        &mut self,
        set: &Set,
        after: Option<&(String, RecordId, u32)>,
        limit: usize,
    ) -> Result<Vec<(String, Lying)>, Self::Error>;

    /// All records, ascending, after one, at most `limit`.
    ///
    /// # Errors
    /// The store's.
    fn records_after(
        &mut self,
        after: Option<(RecordId, u32)>,
        limit: usize,
    ) -> Result<Vec<(RecordId, u32)>, Self::Error>;

    /// Whether everything was counted: not in a database from before there were sums.
    ///
    /// # Errors
    /// The store's.
    fn is_counted(&mut self) -> Result<bool, Self::Error>;

    /// Forgets every sum, and where records lie.
    ///
    /// # Errors
    /// The store's.
    fn forget_sums(&mut self) -> Result<(), Self::Error>;

    /// Notes that everything is counted.
    ///
    /// # Errors
    /// The store's.
    fn set_counted(&mut self) -> Result<(), Self::Error>;
}
