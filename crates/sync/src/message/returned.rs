//! What a replica gives back to a relay that once had it: with its author's signature and the relay's own.

use minicbor::{Decode, Encode};
use sambung_trust::Signed;
use sambung_trust::merkle::Node;

use super::{PulledBatch, PulledLeaf, bounded};
use crate::limits::{PUSH_CHANGES_MAX, RETURNED_ADMISSIONS_MAX};

/// Changes that stood in the relay's log and do not any more, whoever wrote them; what others build on comes first.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Returned {
    /// The relay's statements that it had them.
    #[cbor(n(0), decode_with = "bounded::list::<RETURNED_ADMISSIONS_MAX, _, _>")]
    pub admissions: Vec<Admitted>,
    /// Their authors' batches.
    #[cbor(n(1), decode_with = "bounded::list::<PUSH_CHANGES_MAX, _, _>")]
    pub batches: Vec<PulledBatch>,
    /// The changes.
    #[cbor(n(2), decode_with = "bounded::returned")]
    pub leaves: Vec<ReturnedLeaf>,
}

/// A relay's statement with what leads to its root.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Admitted {
    /// The signed [`sambung_trust::Admission`].
    #[n(0)]
    pub admission: Signed,
    /// The hashes that lead from the changes given back under it to the signed root
    /// ([`sambung_trust::merkle::root_from`]).
    #[n(1)]
    pub proof: Vec<Node>,
}

/// A run of changes under one leaf of their author's batch, all of which one statement of the relay covers.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ReturnedLeaf {
    /// Position in the list of statements.
    #[n(0)]
    pub admission: u32,
    /// The changes, each with its place under the statement for its offset.
    #[n(1)]
    pub leaf: PulledLeaf,
}
