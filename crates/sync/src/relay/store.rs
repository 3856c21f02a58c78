//! What a relay needs of its store. Every method works inside the host's one transaction.

mod digests;
mod parcels;
mod silence;

pub use digests::{Collection, Counted, DigestStore, Lying};
pub use parcels::{NewParcel, ParcelStage, ParcelStore, StoredParcel};
pub use silence::{Silence, SilenceStore};

use sambung_domain::{Area, OfficeCode, RecordId, Role, Routing, Set, Shard, StaffId, Timestamp};
use sambung_trust::batch::{IncarnationNonce, Seen};
use sambung_trust::grant::GrantId;
use sambung_trust::merkle::{Node, Tree};
use sambung_trust::order::{OrderId, OrdersSum, Subject};
use sambung_trust::{Order, PublicKey, Signed};

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
    /// Its leaves: all of them where the device itself pushed it here, what others gave back of it else.
    pub tree: Tree,
}

/// A leaf on the relay's disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLeaf {
    /// The incarnation that wrote its changes.
    pub nonce: IncarnationNonce,
    /// The hashes under it, in order, refused ones included.
    pub hashes: Vec<ChangeHash>,
}

/// An order on the relay's disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredOrder {
    /// The order.
    pub order: Order,
    /// Where the logs ended when it was made here; empty for one that a replica gave back.
    pub tips: Vec<Seen>,
}

/// An order to be written.
#[derive(Debug, Clone, Copy)]
pub struct NewOrder<'a> {
    /// As it was signed.
    pub signed: &'a Signed,
    /// What it says.
    pub order: &'a Order,
    /// Where the logs end, if it is made here.
    pub tips: &'a [Seen],
    /// Why, for those who run the relay; it does not travel.
    pub reason: &'a str,
}

/// A change of a record's routing: where it was until then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// When, in relay time.
    pub at: Timestamp,
    /// Where it was.
    pub before: Routing,
    /// The last sequence of each shard it was in at which nobody could have seen the move.
    pub tips: Vec<Seen>,
}

/// A change that is kept apart until somebody decides, or about which somebody has decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Its record.
    pub record: RecordId,
    /// Its generation.
    pub generation: u32,
    /// Its record's kind.
    pub kind: String,
    /// Its hash.
    pub hash: ChangeHash,
    /// The device that pushed it.
    pub device: PublicKey,
    /// The staff member it names.
    pub staff: StaffId,
    /// Why it is here.
    pub code: String,
    /// Length of its chunk, in bytes.
    pub bytes: u32,
    /// Relay time of its coming.
    pub came: Timestamp,
    /// The batch that brought it, by the store's number.
    pub batch: i64,
    /// The number of its leaf in that batch.
    pub leaf: u32,
    /// The raw chunk, until it is released or discarded.
    pub chunk: Option<Vec<u8>>,
    /// What was decided.
    pub decided: Option<Decided>,
}

/// What was decided about a change in quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The number of the decision.
    pub number: u64,
    /// Whether it was released into the log; else it was discarded.
    pub released: bool,
    /// Why.
    pub reason: String,
    /// Relay time.
    pub at: Timestamp,
}

/// How much of a device waits in quarantine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Changes.
    pub changes: usize,
    /// Bytes of their chunks.
    pub bytes: usize,
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

/// What the parts of a relay's store have in common.
pub trait Store {
    /// What can go wrong in the store.
    type Error;
}

/// A relay's store, inside one transaction.
///
/// Reads see the transaction's own writes. An error ends the request; the host rolls back.
pub trait RelayStore: SilenceStore + ParcelStore {
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

    /// The name of the set of orders.
    ///
    /// # Errors
    /// The store's.
    fn orders_sum(&mut self) -> Result<OrdersSum, Self::Error>;

    /// The orders that came after the set had this name, in the order they came, at most `limit`; `None` if it never
    /// had it.
    ///
    /// # Errors
    /// The store's.
    fn orders_after(&mut self, sum: OrdersSum, limit: usize) -> Result<Option<Vec<Signed>>, Self::Error>;

    /// The orders on a device.
    ///
    /// # Errors
    /// The store's.
    fn orders_on(&mut self, subject: &Subject) -> Result<Vec<StoredOrder>, Self::Error>;

    /// Whether an order is there.
    ///
    /// # Errors
    /// The store's.
    fn has_order(&mut self, id: &OrderId) -> Result<bool, Self::Error>;

    /// Adds an order that is not there yet.
    ///
    /// # Errors
    /// The store's.
    fn put_order(&mut self, order: &NewOrder<'_>) -> Result<(), Self::Error>;

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

    /// Where a record was, one move after the other.
    ///
    /// # Errors
    /// The store's.
    fn moves(&mut self, record: RecordId, generation: u32) -> Result<Vec<Move>, Self::Error>;

    /// Notes a move.
    ///
    /// # Errors
    /// The store's.
    fn put_move(&mut self, record: RecordId, generation: u32, moved: &Move) -> Result<(), Self::Error>;

    /// Whether a change was accepted late.
    ///
    /// # Errors
    /// The store's.
    fn is_late(&mut self, record: RecordId, generation: u32, hash: &ChangeHash) -> Result<bool, Self::Error>;

    /// Notes that a change was accepted late.
    ///
    /// # Errors
    /// The store's.
    fn put_late(&mut self, record: RecordId, generation: u32, hash: &ChangeHash) -> Result<(), Self::Error>;

    /// What of a record is or was in quarantine, in the order it came.
    ///
    /// # Errors
    /// The store's.
    fn quarantined(&mut self, record: RecordId, generation: u32) -> Result<Vec<Quarantined>, Self::Error>;

    /// How much of a device waits in quarantine.
    ///
    /// # Errors
    /// The store's.
    fn load(&mut self, device: &PublicKey) -> Result<Load, Self::Error>;

    /// Keeps a change apart that was not yet.
    ///
    /// # Errors
    /// The store's.
    fn put_quarantined(&mut self, quarantined: &Quarantined) -> Result<(), Self::Error>;

    /// Writes what was decided about a change in quarantine under the next number, and forgets its chunk.
    ///
    /// # Errors
    /// The store's.
    fn put_decided(
        &mut self,
        quarantined: &Quarantined,
        released: bool,
        reason: &str,
        at: Timestamp,
    ) -> Result<(), Self::Error>;

    /// Changes of a device that were decided about after the decision with this number, in that order, at most `limit`.
    ///
    /// # Errors
    /// The store's.
    fn decided_after(
        &mut self,
        device: &PublicKey,
        number: u64,
        limit: usize,
    ) -> Result<Vec<Quarantined>, Self::Error>;

    /// Writes a batch, or adds what is known of its leaves to the one with the same root; gives its number.
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
