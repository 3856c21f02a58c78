//! What became of a change in quarantine: the relay's word to its author, signed like a receipt.

use minicbor::{Decode, Encode};
use sambung_domain::{RecordId, Timestamp};

use crate::signed::Statement;

/// Greatest length of a reason, in bytes.
pub const REASON_MAX: usize = 500;

/// What was decided about one change.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Outcome {
    /// Its number at this relay: whoever was told it was told all before.
    #[n(0)]
    pub number: u64,
    /// The change's record.
    #[n(1)]
    pub record: RecordId,
    /// Its generation.
    #[n(2)]
    pub generation: u32,
    /// The change.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub change: [u8; 32],
    /// Whether it was released into the log; else it was discarded.
    #[n(4)]
    pub released: bool,
    /// Why, in the words of whoever decided.
    #[n(5)]
    pub reason: String,
    /// Relay time of the decision.
    #[n(6)]
    pub at: Timestamp,
}

impl Statement for Outcome {
    const CONTEXT: &'static str = "sambung outcome 1";
}
