//! Sealed items in an exchange.

use minicbor::{Decode, Encode};
use sambung_trust::{ItemId, Parcel, Signed};

use super::bounded;
use crate::limits::{PARCELS_ASKED_MAX, PARCELS_MAX};

/// What a replica says of sealed items.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ParcelsUp {
    /// Items it carries to the relay.
    #[cbor(n(0), decode_with = "bounded::list::<PARCELS_MAX, _, _>")]
    pub sent: Vec<Parcel>,
    /// Items that it sent before and still keeps.
    #[cbor(n(1), decode_with = "bounded::list::<PARCELS_ASKED_MAX, _, _>")]
    pub waiting: Vec<ItemId>,
    /// Signed [`sambung_trust::ParcelNote`]s about items whose content it holds as records.
    #[cbor(n(2), decode_with = "bounded::list::<PARCELS_ASKED_MAX, _, _>")]
    pub notes: Vec<Signed>,
}

/// A position in the order in which sealed items came to a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct ParcelMark {
    /// Its number at this relay.
    #[n(0)]
    pub number: u64,
    /// What the relay drew for it ([`Arrival::mark`]): a relay that was restored gives its numbers again.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub mark: [u8; 8],
}

/// What the relay says of sealed items.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ParcelsDown {
    /// The state of what was sent, item by item, then of what waits.
    #[n(0)]
    pub states: Vec<ParcelState>,
    /// The state of the items that notes are about, note by note.
    #[n(1)]
    pub noted: Vec<ParcelState>,
    /// Items for this device to open.
    #[cbor(n(2), decode_with = "bounded::list::<PARCELS_MAX, _, _>")]
    pub arrived: Vec<Arrival>,
}

/// Where a sealed item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum ParcelState {
    /// The relay does not have it.
    #[n(0)]
    Unknown,
    /// The relay has it on disk.
    #[n(1)]
    Taken,
    /// An office has recorded what it says.
    #[n(2)]
    Opened,
    /// A second replica holds the record: whoever keeps the item may forget it.
    #[n(3)]
    Safe,
    /// There is no room for more of this device; come again.
    #[n(4)]
    Later,
    /// This device may not send it, or it is not of one piece.
    #[n(5)]
    Refused,
}

/// A sealed item that comes to a device which may open it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Arrival {
    /// Its number at this relay.
    #[n(0)]
    pub number: u64,
    /// The item.
    #[n(1)]
    pub parcel: Parcel,
    /// The sender's rights had ended when it came.
    #[n(2)]
    pub ended: bool,
    /// Random bytes that the relay drew when it came.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub mark: [u8; 8],
}
