//! The relay's word that a push is on its disk.

use minicbor::{Decode, Encode};
use sambung_domain::{Shard, Timestamp};

use crate::merkle::Node;
use crate::signed::Statement;

/// Where in one shard's log a push came to stand.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ShardRange {
    /// The shard.
    #[n(0)]
    pub shard: Shard,
    /// First sequence of the push's entries; one more than `to` where it only brought what stood there already.
    #[n(1)]
    pub from: u64,
    /// Last sequence of the push's entries, or of the log where it brought none.
    #[n(2)]
    pub to: u64,
    /// The chain at `to`.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub chain: [u8; 32],
}

/// The relay's statement about one push. It is made inside the committing transaction and given out after the
/// commit only: proof that the centre has what the verdicts call stored or duplicate.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Receipt {
    /// The log the sequences belong to.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub log: [u8; 16],
    /// The push, by its signed root.
    #[n(1)]
    pub root: Node,
    /// BLAKE3 hash of the verdicts' encoding.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub verdicts: [u8; 32],
    /// Where the entries stand; empty if everything was known already.
    #[n(3)]
    pub ranges: Vec<ShardRange>,
    /// Relay time of the commit.
    #[n(4)]
    pub relay_time: Timestamp,
}

impl Statement for Receipt {
    const CONTEXT: &'static str = "sambung receipt 1";
}
