//! What a device signs when it pushes.

use minicbor::{Decode, Encode};
use sambung_domain::{RecordId, Shard, StaffId, Timestamp};

use crate::grant::GrantId;
use crate::key::{DeploymentKey, PublicKey};
use crate::merkle::Node;
use crate::signed::Statement;

/// 16 random bytes drawn by a process that opens a replica for writing.
pub type IncarnationNonce = [u8; 16];

/// A position in a shard's log that the author had seen.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Seen {
    /// The shard.
    #[n(0)]
    pub shard: Shard,
    /// The sequence passed.
    #[n(1)]
    pub sequence: u64,
}

/// The signed head of one push. The leaves under `root` are the push's runs of changes; a signature is made
/// once per push and kept, so the exchange's own nonce is not in it and a retry carries the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct BatchHeader {
    /// The device that vouches for the changes.
    #[n(0)]
    pub device: PublicKey,
    /// The staff member who had unlocked it.
    #[n(1)]
    pub staff: StaffId,
    /// The grant it acts under.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub grant: GrantId,
    /// The schema pack it wrote with.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub pack: [u8; 8],
    /// Grows with every push of a replica; the same number with another root gives a clone away.
    #[n(4)]
    pub counter: u64,
    /// What the author had seen of each shard.
    #[n(5)]
    pub seen: Vec<Seen>,
    /// The device's clock, shown and never believed.
    #[n(6)]
    pub device_time: Timestamp,
    /// Root over the leaves.
    #[n(7)]
    pub root: Node,
}

impl Statement for BatchHeader {
    const CONTEXT: &'static str = "sambung batch 1";
}

/// The leaf of a run of changes: it commits to the deployment, the record and generation, the incarnation that
/// wrote them, and the change hashes in order.
#[must_use]
pub fn leaf<'a>(
    deployment: &DeploymentKey,
    record: RecordId,
    generation: u32,
    nonce: &IncarnationNonce,
    hashes: impl IntoIterator<Item = &'a [u8; 32]>,
) -> Node {
    let mut hasher = blake3::Hasher::new_derive_key("sambung batch leaf 1");
    hasher.update(&deployment.0).update(&record.0).update(&generation.to_be_bytes()).update(nonce);
    for hash in hashes {
        hasher.update(hash);
    }
    Node(*hasher.finalize().as_bytes())
}
