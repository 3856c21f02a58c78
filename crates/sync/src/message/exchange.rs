//! The whole conversation in one round trip: `POST /sync/v1/exchange`.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use sambung_domain::{RecordId, Set, Shard, Timestamp};
use sambung_trust::batch::IncarnationNonce;
use sambung_trust::grant::GrantId;
use sambung_trust::merkle::Node;
use sambung_trust::nonce::{Nonce, issued_at};
use sambung_trust::signed::encode;
use sambung_trust::{DeploymentKey, Recipient, RecipientsSum, Signed, batch};

use super::{ParcelMark, ParcelsDown, ParcelsUp, Returned, VerdictRun, bounded};
use crate::chain::{LogId, Mark};
use crate::chunk;
use crate::digest::{SetSum, SumsHash, sums_hash};
use crate::document::ChangeHash;
use crate::limits::{ORDERS_HELD_MAX, PUSH_CHANGES_MAX, RECIPIENTS_MAX};

/// What a replica has, wants to give, and can take. Every request stands alone; repeating it changes nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ExchangeRequest {
    /// The replica.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub replica: [u8; 16],
    /// Its grant, by short name.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub grant: GrantId,
    /// The grant whole, where the relay asked for it.
    #[n(2)]
    pub whole_grant: Option<Signed>,
    /// Hash over all scopes ([`scopes_hash`]), or over scopes and sums.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub scopes_hash: [u8; 16],
    /// The scopes, listed when there is reason to think that the hash differs from the relay's.
    #[n(4)]
    pub scopes: Option<Vec<ScopeState>>,
    /// The highest receipt held per shard, where above the cursor.
    #[n(5)]
    pub receipts: Option<Vec<ShardMark>>,
    /// Changes for the relay.
    #[n(6)]
    pub push: Option<Push>,
    /// How much it can take now; absent means the relay's default.
    #[n(7)]
    pub budget: Option<Budget>,
    /// How it is.
    #[n(8)]
    pub health: Health,
    /// Send the replica's own changes whole as well: it does not have one it was said to have.
    #[n(9)]
    pub send_own: Option<bool>,
    /// Name of the set of orders it holds ([`sambung_trust::order::OrdersSum`]); absent for none.
    #[cbor(n(10), with = "minicbor::bytes")]
    pub orders: Option<[u8; 8]>,
    /// The orders it holds, the newest first, where the relay asked for them.
    #[cbor(n(11), decode_with = "bounded::some::<ORDERS_HELD_MAX, _, _>")]
    pub orders_held: Option<Vec<Signed>>,
    /// The number of the last outcome it was told ([`sambung_trust::outcome`]); absent for none.
    #[n(12)]
    pub outcomes: Option<u64>,
    /// Records with work of its own that left all its sets and wait here until another replica holds them.
    #[n(13)]
    pub leaving: Option<Vec<(RecordId, u32)>>,
    /// Name of the recipients it knows; absent for none, and where the scopes are not listed: the hash covers it.
    #[n(14)]
    pub recipients: Option<RecipientsSum>,
    /// Sealed items.
    #[n(15)]
    pub parcels: Option<ParcelsUp>,
    /// The last sealed item it was given, for those who open such.
    #[n(16)]
    pub parcels_seen: Option<ParcelMark>,
    /// The hash over all scopes covers the sums of its sets as well ([`agreement_hash`]).
    #[n(20)]
    pub with_sums: Option<bool>,
    /// Changes that stood in this relay's log and do not any more.
    #[n(21)]
    pub returned: Option<Returned>,
}

/// A replica's cursor in one shard for one set.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ScopeState {
    /// The log the cursor belongs to.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub log: LogId,
    /// The shard.
    #[n(1)]
    pub shard: Shard,
    /// The set.
    #[n(2)]
    pub set: Set,
    /// Hash of the filter the cursor was made under; another filter starts anew.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub epoch: [u8; 8],
    /// The cursor.
    #[n(4)]
    pub cursor: Mark,
    /// What the relay last said of `safe` here ([`Pull::safe`]): part of the hash, so that it is said again when it
    /// has changed.
    #[n(5)]
    pub safe: u64,
}

/// A position in a shard.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ShardMark {
    /// The shard.
    #[n(0)]
    pub shard: Shard,
    /// The position.
    #[n(1)]
    pub mark: Mark,
}

/// The hash over all scopes of a replica, in the order of (shard, set).
#[must_use]
pub fn scopes_hash(scopes: &[ScopeState]) -> [u8; 16] {
    let mut sorted: Vec<&ScopeState> = scopes.iter().collect();
    sorted.sort_by(|a, b| (&a.shard, &a.set).cmp(&(&b.shard, &b.set)));
    let mut hasher = blake3::Hasher::new_derive_key("sambung scopes 1");
    for scope in sorted {
        hasher.update(&encode(scope));
    }
    let mut first = [0; 16];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    first
}

/// The hash over all scopes of a replica and the sums of its sets, the second half of it combined by exclusive or with
/// the name of the recipients it knows: where only these differ, the relay sees that, and which they are
/// ([`agreed_recipients`]).
#[must_use]
pub fn agreement_hash(scopes: &[ScopeState], sums: &[SetSum], recipients: &RecipientsSum) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_derive_key("sambung agreement 1");
    hasher.update(&scopes_hash(scopes)).update(&sums_hash(sums));
    let mut first = [0; 16];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    for (byte, name) in first[8..].iter_mut().zip(recipients.0) {
        *byte ^= name;
    }
    first
}

/// The recipients that whoever named an [`agreement_hash`] knows, if his scopes and sums are these.
#[must_use]
pub fn agreed_recipients(named: &[u8; 16], scopes: &[ScopeState], sums: &[SetSum]) -> Option<RecipientsSum> {
    let here = agreement_hash(scopes, sums, &RecipientsSum::default());
    let mut recipients = [0; 8];
    for (at, byte) in recipients.iter_mut().enumerate() {
        *byte = named[8 + at] ^ here[8 + at];
    }
    (named[..8] == here[..8]).then_some(RecipientsSum(recipients))
}

/// Changes under one signed root.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Push {
    /// The signed [`sambung_trust::BatchHeader`].
    #[n(0)]
    pub batch: Signed,
    /// One item a leaf, in the order of the leaves.
    #[cbor(n(1), decode_with = "bounded::items")]
    pub items: Vec<PushItem>,
}

/// A run of changes of one record by one incarnation: one leaf.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PushItem {
    /// The record.
    #[n(0)]
    pub record: RecordId,
    /// Its generation.
    #[n(1)]
    pub generation: u32,
    /// Its kind: the genesis does not travel, it is recomputed.
    #[n(2)]
    pub kind: String,
    /// The nonce of the incarnation that wrote them.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub nonce: IncarnationNonce,
    /// The raw chunks, dependencies first.
    #[cbor(n(4), decode_with = "bounded::list::<PUSH_CHANGES_MAX, _, _>")]
    pub chunks: Vec<ByteVec>,
}

/// How much a replica can take in one response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Budget {
    /// Bytes of chunks.
    #[n(0)]
    pub bytes: u32,
}

/// How a replica is, for the device list. Never personal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Health {
    /// Changes waiting.
    #[n(0)]
    pub waiting: u32,
    /// Age of the oldest of them, in seconds.
    #[n(1)]
    pub oldest_waiting_s: u32,
    /// The device's clock.
    #[n(2)]
    pub device_time: Timestamp,
}

/// The relay's answer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ExchangeResponse {
    /// The nonce for next time, which begins with the relay's time.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub nonce: Nonce,
    /// What the relay must be told before it can answer.
    #[n(2)]
    pub want: Option<Want>,
    /// Verdicts on the push.
    #[n(3)]
    pub verdicts: Option<Vec<VerdictRun>>,
    /// The signed [`sambung_trust::Receipt`] for the push.
    #[n(4)]
    pub receipt: Option<Signed>,
    /// Batches that the leaves of the pulls belong to.
    #[n(5)]
    pub batches: Option<Vec<PulledBatch>>,
    /// What is new, scope by scope. Absent: the scopes hash agreed.
    #[n(6)]
    pub pulls: Option<Vec<Pull>>,
    /// A renewed grant.
    #[n(7)]
    pub grant: Option<Signed>,
    /// There is more; ask again.
    #[n(8)]
    pub more: Option<bool>,
    /// Orders that the replica lacks, in the relay's order.
    #[n(9)]
    pub orders: Option<Vec<Signed>>,
    /// Nothing is sent to this device any more, and why. What it pushed was judged.
    #[n(10)]
    pub closed: Option<Closed>,
    /// What became of changes of this device that were in quarantine: signed [`sambung_trust::Outcome`]s.
    #[n(11)]
    pub outcomes: Option<Vec<Signed>>,
    /// Which of the records that wait are held by another replica, everything the log has of them: positions in the
    /// request's list.
    #[n(12)]
    pub kept: Option<Vec<u32>>,
    /// All recipients, where the replica knows others.
    #[cbor(n(13), decode_with = "bounded::some::<RECIPIENTS_MAX, _, _>")]
    pub recipients: Option<Vec<Recipient>>,
    /// What became of sealed items asked about, and new ones.
    #[n(14)]
    pub parcels: Option<ParcelsDown>,
    /// Hash over the sums of the replica's sets, where this answer leads to the ends of the logs: what the replica's
    /// own must be then.
    #[cbor(n(20), with = "minicbor::bytes")]
    pub sums: Option<SumsHash>,
    /// Shards whose log does not contain the receipt that was named: receipts there say nothing any more.
    #[n(21)]
    pub void: Option<Vec<Shard>>,
    /// No records are sent now: this relay has come back with less than it had, and waits for the centre.
    #[n(22)]
    pub silent: Option<bool>,
    /// The signed [`sambung_trust::Admission`] of everything that this answer confirms
    /// ([`Confirmed`](crate::confirmed::Confirmed)).
    #[n(23)]
    pub admission: Option<Signed>,
    /// Verdicts on what was given back, in its order.
    #[n(24)]
    pub returned: Option<Vec<VerdictRun>>,
    /// Records of which something was given back and which lie in none of the replica's sets: the entry that says so may
    /// stand before its place in the log.
    #[n(25)]
    pub away: Option<Vec<(RecordId, u32)>>,
}

impl ExchangeResponse {
    /// When the relay gave this answer, by its clock.
    #[must_use]
    pub fn relay_time(&self) -> Timestamp {
        issued_at(&self.nonce)
    }
}

/// Why a device is sent nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Closed {
    /// It was revoked.
    #[n(0)]
    Revoked,
    /// Its grant was ended, and no other is known here.
    #[n(1)]
    Ended,
    /// Its lease is over for too long to be renewed by itself.
    #[n(2)]
    Expired,
}

/// What a relay must be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Want {
    /// The grant whole: it does not know it.
    #[n(0)]
    Grant,
    /// The list of scopes: the hash differs.
    #[n(1)]
    Scopes,
    /// The orders it holds: this relay has forgotten some.
    #[n(2)]
    Orders,
}

/// The news of one scope.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Pull {
    /// The log.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub log: LogId,
    /// The shard.
    #[n(1)]
    pub shard: Shard,
    /// The set.
    #[n(2)]
    pub set: Set,
    /// Hash of the filter.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub epoch: [u8; 8],
    /// The answer.
    #[n(4)]
    pub answer: PullAnswer,
    /// The highest sequence that a full replica other than the asker has passed; 0 for none.
    #[n(5)]
    pub safe: u64,
}

/// How a scope goes on.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum PullAnswer {
    /// The entries after `from` up to `to`. Applied only if the stored cursor is still `from`.
    #[n(0)]
    Delta {
        /// The cursor the replica named.
        #[n(0)]
        from: u64,
        /// The cursor afterwards.
        #[n(1)]
        to: Mark,
        /// Runs of changes.
        #[n(2)]
        leaves: Vec<PulledLeaf>,
        /// Changes the replica has already.
        #[n(3)]
        known: Vec<KnownChange>,
        /// Records that left the set.
        #[n(4)]
        left: Vec<(RecordId, u32)>,
    },
    /// The relay's log does not contain the replica's cursor or receipt: nothing can be assumed.
    #[n(1)]
    Reconcile,
}

/// A batch whose leaves are in this response.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PulledBatch {
    /// The author's signed header.
    #[n(0)]
    pub batch: Signed,
    /// How many leaves it has.
    #[n(1)]
    pub leaves: u32,
    /// The hashes that lead from the leaves in this response to the signed root
    /// ([`sambung_trust::merkle::root_from`]).
    #[n(2)]
    pub proof: Vec<Node>,
}

/// A run of changes under one leaf of its author's batch.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PulledLeaf {
    /// Position in the response's batches.
    #[n(0)]
    pub batch: u32,
    /// The leaf's number in its batch.
    #[n(1)]
    pub index: u32,
    /// The record.
    #[n(2)]
    pub record: RecordId,
    /// Its generation.
    #[n(3)]
    pub generation: u32,
    /// Its kind.
    #[n(4)]
    pub kind: String,
    /// The nonce of the incarnation that wrote the changes.
    #[cbor(n(5), with = "minicbor::bytes")]
    pub nonce: IncarnationNonce,
    /// All hashes under the leaf, in order, where they are not just those of `changes`.
    #[n(6)]
    pub hashes: Option<Vec<ChangeHash>>,
    /// The changes of this page.
    #[n(7)]
    pub changes: Vec<PulledChange>,
}

impl PulledLeaf {
    /// All hashes under the leaf, in order.
    #[must_use]
    pub fn under(&self) -> Vec<ChangeHash> {
        let carried = || self.changes.iter().map(|change| chunk::name(&change.chunk)).collect();
        self.hashes.clone().unwrap_or_else(carried)
    }

    /// The leaf itself.
    #[must_use]
    pub fn node(&self, deployment: &DeploymentKey) -> Node {
        let hashes: Vec<[u8; 32]> = self.under().iter().map(|hash| hash.0).collect();
        batch::leaf(deployment, self.record, self.generation, &self.nonce, &hashes)
    }
}

/// One change of a pull.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PulledChange {
    /// Its sequence, counted from the pull's `from`.
    #[n(0)]
    pub offset: u32,
    /// The raw chunk.
    #[n(1)]
    pub chunk: ByteVec,
    /// The relay took it although the right to it had ended.
    #[n(2)]
    pub late: Option<bool>,
}

/// A change that is not sent because the replica wrote it itself, or because it stands elsewhere in the same
/// response.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct KnownChange {
    /// The record.
    #[n(0)]
    pub record: RecordId,
    /// Its generation.
    #[n(1)]
    pub generation: u32,
    /// Its sequence, counted from the pull's `from`.
    #[n(2)]
    pub offset: u32,
    /// The first eight bytes of its hash.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub hash: [u8; 8],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipients_are_read_off_a_hash_over_the_same_scopes_only() {
        let scope = |sequence| ScopeState {
            log: [1; 16],
            shard: Shard::from_stored("35.13".to_owned()),
            set: "a:35.13".parse().unwrap(),
            epoch: [2; 8],
            cursor: Mark { sequence, chain: [3; 32] },
            safe: 0,
        };
        let recipients = RecipientsSum([9; 8]);
        let named = agreement_hash(&[scope(4)], &[], &recipients);
        assert_eq!(agreed_recipients(&named, &[scope(4)], &[]), Some(recipients));
        assert_eq!(agreed_recipients(&named, &[scope(5)], &[]), None);
    }
}
