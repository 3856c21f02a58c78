//! The relay's word that changes stand in its log, for whoever holds them.
//!
//! A receipt speaks to the author of one push. This statement speaks of every change that an answer confirms, the
//! replica's own and others': with it and the change, whoever comes first gives back to a relay that was restored what
//! it had admitted and has lost. What bears its own signature it takes without judging it anew.

use minicbor::{Decode, Encode};
use sambung_domain::{RecordId, Timestamp};

use crate::key::DeploymentKey;
use crate::merkle::Node;
use crate::signed::Statement;

/// What one answer confirms, as a tree over its changes in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Admission {
    /// Root over the leaves.
    #[n(0)]
    pub root: Node,
    /// How many leaves there are.
    #[n(1)]
    pub count: u32,
    /// Relay time of the answer.
    #[n(2)]
    pub relay_time: Timestamp,
}

impl Statement for Admission {
    const CONTEXT: &'static str = "sambung admission 1";
}

/// The leaf of one change: which record it belongs to, its name, and whether it came late.
#[must_use]
pub fn leaf(
    deployment: &DeploymentKey,
    (record, generation): (RecordId, u32),
    hash: &[u8; 32],
    late: bool,
) -> Node {
    let mut hasher = blake3::Hasher::new_derive_key("sambung admission leaf 1");
    hasher.update(&deployment.0).update(&record.0).update(&generation.to_be_bytes()).update(hash);
    hasher.update(&[u8::from(late)]);
    Node(*hasher.finalize().as_bytes())
}
