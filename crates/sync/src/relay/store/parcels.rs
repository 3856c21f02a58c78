//! Sealed items and their recipients in a relay's store.

use sambung_domain::{OfficeCode, RecordId, Timestamp};
use sambung_trust::{ItemId, Parcel, PublicKey, Recipient, Signed};

use super::{Load, Store};

/// A sealed item that comes to the relay.
#[derive(Debug, Clone, Copy)]
pub struct NewParcel<'a> {
    /// The item.
    pub item: ItemId,
    /// The kind of record it becomes.
    pub kind: &'a str,
    /// The office it is for; none for the centre.
    pub to: Option<&'a OfficeCode>,
    /// The parcel.
    pub parcel: &'a Parcel,
    /// When it came, in relay time.
    pub came: Timestamp,
    /// Its sender's rights had ended.
    pub ended: bool,
    /// Random bytes that its position is known by.
    pub mark: [u8; 8],
}

/// A sealed item that waits for its receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredParcel {
    /// Its number: grows with every parcel.
    pub number: u64,
    /// The kind of record it becomes.
    pub kind: String,
    /// The parcel.
    pub parcel: Parcel,
    /// Its sender's rights had ended when it came.
    pub ended: bool,
    /// What its position is known by.
    pub mark: [u8; 8],
}

/// How far an item has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ParcelStage {
    /// It waits for its receiver.
    Waiting,
    /// Somebody holds what it became.
    Opened,
    /// A second replica does as well; its content is gone from here.
    Safe,
}

/// What a relay needs of its store for sealed items. Every method works inside the host's one transaction.
pub trait ParcelStore: Store {
    /// The devices that content is sealed to, by their keys.
    ///
    /// # Errors
    /// The store's.
    fn recipients(&mut self) -> Result<Vec<Recipient>, Self::Error>;

    /// Lists a device, in place of what was listed for it.
    ///
    /// # Errors
    /// The store's.
    fn put_recipient(&mut self, recipient: &Recipient) -> Result<(), Self::Error>;

    /// Lists a device no more.
    ///
    /// # Errors
    /// The store's.
    fn drop_recipient(&mut self, device: &PublicKey) -> Result<(), Self::Error>;

    /// Keeps a parcel; one with the same content is kept once.
    ///
    /// # Errors
    /// The store's.
    fn put_parcel(&mut self, parcel: &NewParcel<'_>) -> Result<(), Self::Error>;

    /// How far an item has come; `None` if nothing is known of it.
    ///
    /// # Errors
    /// The store's.
    fn parcel_stage(&mut self, item: &ItemId) -> Result<Option<ParcelStage>, Self::Error>;

    /// The kind of record that an item becomes, as far as it is known here.
    ///
    /// # Errors
    /// The store's.
    fn parcel_kind(&mut self, item: &ItemId) -> Result<Option<String>, Self::Error>;

    /// How much sealed content of a device waits.
    ///
    /// # Errors
    /// The store's.
    fn parcel_load(&mut self, device: &PublicKey) -> Result<Load, Self::Error>;

    /// What the position of the parcel with a number is known by, also of one whose content is gone.
    ///
    /// # Errors
    /// The store's.
    fn parcel_at(&mut self, number: u64) -> Result<Option<[u8; 8]>, Self::Error>;

    /// Parcels after a number that wait for an office or, with none, for the centre, ascending, at most `limit`.
    ///
    /// # Errors
    /// The store's.
    fn parcels_for(
        &mut self,
        to: Option<&OfficeCode>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StoredParcel>, Self::Error>;

    /// Notes that somebody holds what an item became, also for an item that is not known here.
    ///
    /// # Errors
    /// The store's.
    fn put_note(&mut self, item: &ItemId, record: RecordId, note: &Signed) -> Result<(), Self::Error>;

    /// Forgets an item's content: a second replica holds what it became.
    ///
    /// # Errors
    /// The store's.
    fn forget_parcel(&mut self, item: &ItemId) -> Result<(), Self::Error>;
}
