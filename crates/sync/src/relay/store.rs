//! What a relay needs of its store. Every method works inside the host's one transaction.

use sambung_domain::{Area, OfficeCode, RecordId, Role, Routing, Set, Shard, StaffId, Timestamp};
use sambung_trust::batch::IncarnationNonce;
use sambung_trust::grant::GrantId;
use sambung_trust::merkle::Node;
use sambung_trust::{PublicKey, Signed};

use crate::chain::{Entry, Mark};
use crate::document::ChangeHash;

/// An enrolled device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its replica.
    pub replica: [u8; 16],
    /// Its key.
    pub key: PublicKey,
    /// What people call it.
    pub name: String,
    /// Its current grant.
    pub grant: GrantId,
    /// The counter of the last batch taken from it.
    pub counter: u64,
    /// The root of that batch; `None` before the first.
    pub root: Option<Node>,
    /// Relay time of its last exchange with news of it: enrolment or a push.
    pub seen: Timestamp,
}

/// An invitation as the relay keeps it: the code itself is not here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Hash of the code.
    pub hash: [u8; 32],
    /// The role.
    pub role: Role,
    /// The areas.
    pub areas: Vec<Area>,
    /// Sets it gives beyond those that the role table gives of areas, office and staff.
    pub sets: Vec<Set>,
    /// The office.
    pub office: Option<OfficeCode>,
    /// The staff who may unlock the device.
    pub staff: Vec<StaffId>,
    /// Not after, in relay time.
    pub expires: Timestamp,
    /// The device that used it.
    pub used_by: Option<PublicKey>,
}

/// What a relay knows of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRow {
    /// Its kind.
    pub kind: String,
    /// Its live routing values.
    pub routing: Routing,
}

/// A change on the relay's disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredChange {
    /// Its hash.
    pub hash: ChangeHash,
    /// The raw chunk.
    pub chunk: Vec<u8>,
    /// The batch that brought it, by the store's number.
    pub batch: i64,
    /// The number of its leaf in that batch.
    pub leaf: u32,
}

/// A batch on the relay's disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBatch {
    /// The device that pushed it.
    pub device: PublicKey,
    /// Its signed header.
    pub signed: Signed,
    /// All its leaves.
    pub leaves: Vec<Node>,
}

/// A leaf on the relay's disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLeaf {
    /// The incarnation that wrote its changes.
    pub nonce: IncarnationNonce,
    /// The hashes under it, in order, refused ones included.
    pub hashes: Vec<ChangeHash>,
}

/// One row of a shard's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// Its sequence.
    pub sequence: u64,
    /// The entry.
    pub entry: Entry,
}

/// How far a replica has come in one scope, as it last showed by naming the chain there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The replica.
    pub replica: [u8; 16],
    /// The shard.
    pub shard: Shard,
    /// The set.
    pub set: Set,
    /// Hash of the filter under which it came there.
    pub epoch: [u8; 8],
    /// The last sequence it has passed.
    pub sequence: u64,
}

/// A relay's store, inside one transaction.
///
/// Reads see the transaction's own writes. An error ends the request; the host rolls back.
pub trait RelayStore {
    /// What can go wrong in the store.
    type Error;

    /// The device of a replica.
    ///
    /// # Errors
    /// The store's.
    fn device(&mut self, replica: &[u8; 16]) -> Result<Option<Device>, Self::Error>;

    /// Writes a device, new or known.
    ///
    /// # Errors
    /// The store's.
    fn put_device(&mut self, device: &Device) -> Result<(), Self::Error>;

    /// The invitation with this hash.
    ///
    /// # Errors
    /// The store's.
    fn invitation(&mut self, hash: &[u8; 32]) -> Result<Option<Invitation>, Self::Error>;

    /// Writes an invitation, new or known.
    ///
    /// # Errors
    /// The store's.
    fn put_invitation(&mut self, invitation: &Invitation) -> Result<(), Self::Error>;

    /// A grant by its short name.
    ///
    /// # Errors
    /// The store's.
    fn grant(&mut self, id: &GrantId) -> Result<Option<Signed>, Self::Error>;

    /// Writes a grant.
    ///
    /// # Errors
    /// The store's.
    fn put_grant(&mut self, grant: &Signed) -> Result<(), Self::Error>;

    /// The shards that have entries, ascending, with their last position.
    ///
    /// # Errors
    /// The store's.
    fn tips(&mut self) -> Result<Vec<(Shard, Mark)>, Self::Error>;

    /// The last position of a shard; `None` before its first entry.
    ///
    /// # Errors
    /// The store's.
    fn tip(&mut self, shard: &Shard) -> Result<Option<Mark>, Self::Error>;

    /// The position at a sequence; `None` if the log does not reach it.
    ///
    /// # Errors
    /// The store's.
    fn mark_at(&mut self, shard: &Shard, sequence: u64) -> Result<Option<Mark>, Self::Error>;

    /// Appends an entry at `mark.sequence`, which is one more than the tip's.
    ///
    /// # Errors
    /// The store's, also where the sequence is taken.
    fn append(
        &mut self,
        shard: &Shard,
        mark: &Mark,
        salt: &[u8; 16],
        entry: &Entry,
    ) -> Result<(), Self::Error>;

    /// Rows of a shard's log after a sequence, ascending, at most `limit`.
    ///
    /// # Errors
    /// The store's.
    fn entries(&mut self, shard: &Shard, after: u64, limit: usize) -> Result<Vec<LogRow>, Self::Error>;

    /// What is known of a record.
    ///
    /// # Errors
    /// The store's.
    fn record(&mut self, record: RecordId, generation: u32) -> Result<Option<RecordRow>, Self::Error>;

    /// Writes what is known of a record.
    ///
    /// # Errors
    /// The store's.
    fn put_record(&mut self, record: RecordId, generation: u32, row: &RecordRow) -> Result<(), Self::Error>;

    /// A record's changes in the order they were admitted.
    ///
    /// # Errors
    /// The store's.
    fn changes(&mut self, record: RecordId, generation: u32) -> Result<Vec<StoredChange>, Self::Error>;

    /// One change.
    ///
    /// # Errors
    /// The store's.
    fn change(
        &mut self,
        record: RecordId,
        generation: u32,
        hash: &ChangeHash,
    ) -> Result<Option<StoredChange>, Self::Error>;

    /// Writes a change that is not there yet.
    ///
    /// # Errors
    /// The store's.
    fn put_change(
        &mut self,
        record: RecordId,
        generation: u32,
        change: &StoredChange,
    ) -> Result<(), Self::Error>;

    /// Writes a batch, or finds the one with the same root; gives its number.
    ///
    /// # Errors
    /// The store's.
    fn put_batch(&mut self, root: &Node, batch: &StoredBatch) -> Result<i64, Self::Error>;

    /// A batch by its number.
    ///
    /// # Errors
    /// The store's, also where there is none.
    fn batch(&mut self, batch: i64) -> Result<StoredBatch, Self::Error>;

    /// Writes a leaf, if it is not there yet.
    ///
    /// # Errors
    /// The store's.
    fn put_leaf(&mut self, batch: i64, index: u32, leaf: &StoredLeaf) -> Result<(), Self::Error>;

    /// A leaf by its batch and number.
    ///
    /// # Errors
    /// The store's, also where there is none.
    fn leaf(&mut self, batch: i64, index: u32) -> Result<StoredLeaf, Self::Error>;

    /// How far a replica has come, scope by scope.
    ///
    /// # Errors
    /// The store's.
    fn claims_of(&mut self, replica: &[u8; 16]) -> Result<Vec<Claim>, Self::Error>;

    /// How far replicas have come in a scope, the farthest first.
    ///
    /// # Errors
    /// The store's.
    fn claims_on(&mut self, shard: &Shard, set: &Set) -> Result<Vec<Claim>, Self::Error>;

    /// Writes how far a replica that is enrolled has come in a scope, instead of what was there before.
    ///
    /// # Errors
    /// The store's.
    fn put_claim(&mut self, claim: &Claim) -> Result<(), Self::Error>;

    /// Notes that an office's or person's records lie in a shard from a sequence on, unless they did before.
    ///
    /// # Errors
    /// The store's.
    fn put_placed(&mut self, set: &Set, shard: &Shard, first: u64) -> Result<(), Self::Error>;

    /// The shards that records of an office or person lie in or once lay in, ascending, each with the first sequence
    /// that can be about one.
    ///
    /// # Errors
    /// The store's.
    fn placed(&mut self, set: &Set) -> Result<Vec<(Shard, u64)>, Self::Error>;

    /// The records that exclude an office or a person or once did.
    ///
    /// # Errors
    /// The store's.
    fn excluding(&mut self, name: &str) -> Result<Vec<(RecordId, u32)>, Self::Error>;
}
