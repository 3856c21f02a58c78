//! Finding what two sides do not both have: `POST /sync/v1/reconcile`.
//!
//! First the replica sends the sums of a level of a trie over its records, and the relay lists what it has in the
//! buckets that differ. Then the replica names the records that differ with the heads it has of them, and is given
//! what it lacks and told what the relay has. The rest is an ordinary push. Every request stands alone.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use sambung_domain::{RecordId, Set, Shard, Timestamp};
use sambung_trust::Signed;
use sambung_trust::grant::GrantId;
use sambung_trust::nonce::Nonce;

use super::{Closed, PulledBatch, PulledLeaf, ShardMark, Want, bounded};
use crate::chain::LogId;
use crate::digest::Item;
use crate::document::ChangeHash;
use crate::limits::{HEADS_MAX, LEVELS_MAX};

/// What a replica compares and asks. Repeating it changes nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ReconcileRequest {
    /// The replica.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub replica: [u8; 16],
    /// Its grant, by short name.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub grant: GrantId,
    /// Sets to be compared.
    #[cbor(n(2), decode_with = "bounded::some::<LEVELS_MAX, _, _>")]
    pub levels: Option<Vec<Level>>,
    /// Records that differ, set by set.
    #[cbor(n(3), decode_with = "bounded::asked")]
    pub asked: Option<Vec<AskedSet>>,
}

/// A level of the trie over what a replica holds of one set.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Level {
    /// The set.
    #[n(0)]
    pub set: Set,
    /// Hash of the filter under which it is read.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub epoch: [u8; 8],
    /// How many records.
    #[n(2)]
    pub count: u64,
    /// How deep the level lies: it has `16^depth` buckets.
    #[n(3)]
    pub depth: u8,
    /// The sum of each bucket, 8 bytes, in order.
    #[n(4)]
    pub sums: ByteVec,
}

/// Records of one set that differ.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct AskedSet {
    /// The set.
    #[n(0)]
    pub set: Set,
    /// Hash of the filter under which it is read.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub epoch: [u8; 8],
    /// The records.
    #[n(2)]
    pub records: Vec<Asked>,
}

/// A record that differs.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Asked {
    /// The record.
    #[n(0)]
    pub record: RecordId,
    /// Its generation.
    #[n(1)]
    pub generation: u32,
    /// The settled heads that the replica has; none for a record it does not have. Of many, some: more is sent then.
    #[cbor(n(2), decode_with = "bounded::list::<HEADS_MAX, _, _>")]
    pub heads: Vec<ChangeHash>,
}

/// The relay's answer, from one snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ReconcileResponse {
    /// Relay time.
    #[n(0)]
    pub relay_time: Timestamp,
    /// The nonce for next time.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub nonce: Nonce,
    /// What must be settled by an exchange first.
    #[n(2)]
    pub want: Option<Want>,
    /// Nothing is sent to this device any more.
    #[n(3)]
    pub closed: Option<Closed>,
    /// What came of the comparisons, in the request's order; a set that the grant does not give is passed over.
    #[n(4)]
    pub compared: Option<Vec<Compared>>,
    /// What became of the records asked about, in the request's order, as far as the answer's size allows.
    #[n(5)]
    pub answered: Option<Vec<AnsweredSet>>,
    /// Batches that the leaves belong to.
    #[n(6)]
    pub batches: Option<Vec<PulledBatch>>,
    /// Changes that the replica lacks. Their offsets say nothing.
    #[n(7)]
    pub leaves: Option<Vec<PulledLeaf>>,
    /// The signed [`sambung_trust::Admission`] of these changes.
    #[n(8)]
    pub admission: Option<Signed>,
}

/// One set compared.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Compared {
    /// The set.
    #[n(0)]
    pub set: Set,
    /// How many records the relay has in it.
    #[n(1)]
    pub count: u64,
    /// The least depth at which the relay compares this set: greater than the request's where that was too shallow,
    /// and nothing was compared then.
    #[n(2)]
    pub depth: u8,
    /// The buckets that differ, each with all that the relay has in it.
    #[n(3)]
    pub buckets: Vec<Bucket>,
    /// Whether more buckets differ than are listed.
    #[n(4)]
    pub more: bool,
    /// Where the logs ended from which the set is sent.
    #[n(5)]
    pub ends: Ends,
}

/// Where the logs end that a set is sent from.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Ends {
    /// The log.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub log: LogId,
    /// The shards.
    #[n(1)]
    pub marks: Vec<ShardMark>,
}

/// What the relay has in a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Bucket {
    /// Its number in the level.
    #[n(0)]
    pub number: u32,
    /// The records.
    #[n(1)]
    pub records: Vec<Listed>,
}

/// A record with the item it counts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Listed {
    /// The record.
    #[n(0)]
    pub record: RecordId,
    /// Its generation.
    #[n(1)]
    pub generation: u32,
    /// Its item.
    #[n(2)]
    pub item: Item,
}

/// What became of the records asked about in one set.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct AnsweredSet {
    /// The set.
    #[n(0)]
    pub set: Set,
    /// How many of the records asked about were looked at, from the first on.
    #[n(1)]
    pub looked_at: u32,
    /// What is said of them. Of a record without an answer the relay has nothing: it is to be sent.
    #[n(2)]
    pub answers: Vec<Answer>,
    /// Where the logs ended from which the set is sent.
    #[n(3)]
    pub ends: Ends,
}

/// What is said of one record.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Answer {
    /// Its position in the request's list of this set.
    #[n(0)]
    pub at: u32,
    /// What is said.
    #[n(1)]
    pub word: Word,
}

/// What a relay says of a record.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Word {
    /// It is in the set; these are its heads here, and what the replica lacks of it is in the answer. What else the
    /// replica has of it is to be sent.
    #[n(0)]
    Has {
        /// The heads.
        #[n(0)]
        heads: Vec<ChangeHash>,
        /// A shard in whose log it stands.
        #[n(1)]
        shard: Shard,
    },
    /// The relay has it, and it is not in the set, or not for this device.
    #[n(1)]
    Left,
    /// It was erased: reserved for the orders that erase.
    #[n(2)]
    Erased,
    /// What the replica has of it was discarded: it is not to be sent.
    #[n(3)]
    Refused,
}
