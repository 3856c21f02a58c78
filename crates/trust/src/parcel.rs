//! Sealed items on their way: what is signed around content that only its receiver can read.
//!
//! An item is named by the hash of its first content. The office that opens it derives the ids of the records from that
//! name, so two who open it at once make the same records. Content sealed anew, for a device that was enrolled later,
//! keeps the item's name.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use sambung_domain::hex::hex;
use sambung_domain::{OfficeCode, RecordId, StaffId, Timestamp};

use crate::key::PublicKey;
use crate::signed::{Signed, SignedError, Statement};

/// The name of a sealed item: the BLAKE3 hash of what was first sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct ItemId(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 32]);

impl ItemId {
    /// The name of content sealed for the first time.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        ItemId(*blake3::hash(content).as_bytes())
    }

    /// The id of the record of a kind that the item becomes.
    #[must_use]
    pub fn record(&self, kind: &str) -> RecordId {
        RecordId::derived(kind, &self.0)
    }
}

impl std::fmt::Display for ItemId {
    /// Thirty-two hexadecimal digits: enough to tell items apart, short enough to type.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex(&self.0[..16]))
    }
}

/// The fingerprint of a recipient's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct KeyName(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 8]);

/// What is signed around sealed content, readable to whoever carries it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ParcelHeader {
    /// The item.
    #[n(0)]
    pub item: ItemId,
    /// BLAKE3 of the content beside this header.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub content: [u8; 32],
    /// The kind of record that the item becomes.
    #[n(2)]
    pub kind: String,
    /// The office it is for; none for the centre.
    #[n(3)]
    pub to: Option<OfficeCode>,
    /// The staff member who sealed it.
    #[n(4)]
    pub staff: StaffId,
    /// When, by the device's clock.
    #[n(5)]
    pub at: Timestamp,
    /// Fingerprints of the keys it is sealed to, the recovery key's among them.
    #[n(6)]
    pub sealed_to: Vec<KeyName>,
}

impl Statement for ParcelHeader {
    const CONTEXT: &'static str = "sambung parcel 1";
}

impl ParcelHeader {
    /// Whether the content is the item as it was first sealed.
    #[must_use]
    pub fn is_original(&self) -> bool {
        self.item.0 == self.content
    }
}

/// A sealed item with its signed header.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Parcel {
    /// The device that sealed the content.
    #[n(0)]
    pub device: PublicKey,
    /// The signed [`ParcelHeader`].
    #[n(1)]
    pub header: Signed,
    /// An `age` file.
    #[n(2)]
    pub content: ByteVec,
}

impl Parcel {
    /// The header, if the device named signed it over this very content.
    ///
    /// # Errors
    /// [`SignedError`].
    pub fn open(&self) -> Result<ParcelHeader, SignedError> {
        let header: ParcelHeader = self.header.open(&self.device)?;
        let fits = header.content == *blake3::hash(&self.content).as_bytes();
        if fits { Ok(header) } else { Err(SignedError::Body) }
    }
}

/// The word of a device that holds what an item became, in the relay's log and under its own grant.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ParcelNote {
    /// The item.
    #[n(0)]
    pub item: ItemId,
    /// The record that holds its content.
    #[n(1)]
    pub record: RecordId,
    /// The record's generation.
    #[n(2)]
    pub generation: u32,
    /// When it was opened, by the device's clock.
    #[n(3)]
    pub at: Timestamp,
}

impl Statement for ParcelNote {
    const CONTEXT: &'static str = "sambung parcel note 1";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::SecretKey;

    fn parcel(key: &SecretKey, content: &[u8]) -> Parcel {
        let header = ParcelHeader {
            item: ItemId::of(content),
            content: *blake3::hash(content).as_bytes(),
            kind: "complaint".to_owned(),
            to: Some("P4MI-3513".parse().unwrap()),
            staff: RecordId([4; 16]),
            at: Timestamp(5),
            sealed_to: vec![KeyName([3; 8])],
        };
        Parcel { device: key.public(), header: Signed::seal(&header, key), content: content.to_vec().into() }
    }

    #[test]
    fn a_parcel_is_its_devices_and_of_one_piece() {
        let (key, other) = (SecretKey::from_seed(&[1; 32]), SecretKey::from_seed(&[2; 32]));
        let good = parcel(&key, b"sealed");
        let header = good.open().unwrap();
        assert!(header.is_original());
        let swapped = Parcel { content: b"another".to_vec().into(), ..good.clone() };
        assert_eq!(swapped.open(), Err(SignedError::Body));
        let stolen = Parcel { device: other.public(), ..good };
        assert_eq!(stolen.open(), Err(SignedError::Signature));
    }

    #[test]
    fn an_item_becomes_the_same_records_wherever_it_is_opened() {
        let item = ItemId::of(b"sealed");
        assert_eq!(item.record("complaint"), ItemId::of(b"sealed").record("complaint"));
        assert_ne!(item.record("complaint"), item.record("case"));
        assert_eq!(item.to_string().len(), 32);
    }
}
