//! The messages of `/sync/v1`. Maps with small keys, so that later releases can add to them; what a receiver
//! does not know it skips.

mod bounded;
mod enrol;
mod exchange;
mod listen;
mod parcels;
mod reconcile;
mod returned;
mod verdict;

pub use enrol::{EnrolRequest, EnrolResponse, Hello};
pub use exchange::{
    Budget, Closed, ExchangeRequest, ExchangeResponse, Health, KnownChange, Pull, PullAnswer, PulledBatch,
    PulledChange, PulledLeaf, Push, PushItem, ScopeState, ShardMark, Want, agreed_recipients, agreement_hash,
    scopes_hash,
};
pub use listen::ListenRequest;
pub use parcels::{Arrival, ParcelMark, ParcelState, ParcelsDown, ParcelsUp};
pub use reconcile::{
    Answer, AnsweredSet, Asked, AskedSet, Bucket, Compared, Ends, Level, Listed, ReconcileRequest,
    ReconcileResponse, Word,
};
pub use returned::{Admitted, Returned, ReturnedLeaf};
pub use verdict::{Disposition, Lane, Verdict, VerdictRun, expand, verdicts_hash};

use minicbor::{Decode, Encode};
use sambung_trust::nonce::Nonce;

/// The protocol version in the path and in [`Hello`].
pub const VERSION: u16 = 1;

/// A refusal of a whole request.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Refusal {
    /// The closed code (`frame_invalid`, `nonce_stale`, `grant_ended`, …).
    #[n(0)]
    pub code: String,
    /// A sentence for people, in English; screens have their own by code.
    #[n(1)]
    pub message: String,
    /// A fresh nonce, where the old one was the reason.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub nonce: Option<Nonce>,
    /// When to try again, in seconds, where that helps.
    #[n(3)]
    pub retry_after_s: Option<u32>,
}
