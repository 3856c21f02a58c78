//! Whom sealed content is encrypted to: X25519 keys in the form of `age` (age-encryption.org/v1).
//!
//! A device's key follows from its signing key, so that one secret is kept; the deployment's recovery key lies in the
//! recovery file. Here are only the keys and their texts: encryption happens at the hosts.

use std::fmt;
use std::str::FromStr;

use bech32::{Bech32, Hrp, primitives::decode::CheckedHrpstring};
use curve25519_dalek::MontgomeryPoint;
use minicbor::{Decode, Encode};
use sambung_domain::{OfficeCode, Role, StaffId};
use zeroize::{Zeroize, Zeroizing};

use crate::key::{PublicKey, SecretKey};
use crate::parcel::KeyName;

/// The public half of a key that opens sealed content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct RecipientKey(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 32]);

impl RecipientKey {
    /// The first eight bytes of the key's hash: names a recipient in a header.
    #[must_use]
    pub fn fingerprint(&self) -> KeyName {
        let mut first = [0; 8];
        first.copy_from_slice(&blake3::hash(&self.0).as_bytes()[..8]);
        KeyName(first)
    }
}

/// A text that is no recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no recipient of the form age1…")]
pub struct BadRecipient;

impl fmt::Display for RecipientKey {
    /// As `age` writes it: `age1…`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        bech32::encode_to_fmt::<Bech32, _>(f, Hrp::parse_unchecked("age"), &self.0).map_err(|_| fmt::Error)
    }
}

impl fmt::Debug for RecipientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecipientKey({self})")
    }
}

impl FromStr for RecipientKey {
    type Err = BadRecipient;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = CheckedHrpstring::new::<Bech32>(text).map_err(|_| BadRecipient)?;
        if parsed.hrp() != Hrp::parse_unchecked("age") {
            return Err(BadRecipient);
        }
        let bytes: Vec<u8> = parsed.byte_iter().collect();
        bytes.try_into().map(RecipientKey).map_err(|_| BadRecipient)
    }
}

/// The secret half. Never printed; wiped when dropped.
#[derive(Clone)]
pub struct OpeningKey(Zeroizing<[u8; 32]>);

impl OpeningKey {
    /// The key behind 32 random bytes.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        OpeningKey(Zeroizing::new(*seed))
    }

    /// The key of a device, which follows from its signing key.
    #[must_use]
    pub fn of_device(device: &SecretKey) -> Self {
        OpeningKey(Zeroizing::new(blake3::derive_key("sambung opening key 1", &device.seed()[..])))
    }

    /// The public half.
    #[must_use]
    pub fn recipient(&self) -> RecipientKey {
        RecipientKey(MontgomeryPoint::mul_base_clamped(*self.0).to_bytes())
    }

    /// As `age` writes it: `AGE-SECRET-KEY-1…`.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        let hrp = Hrp::parse_unchecked("age-secret-key-");
        let mut lower = bech32::encode::<Bech32>(hrp, &self.0[..]).unwrap_or_default();
        let text = Zeroizing::new(lower.to_uppercase());
        lower.zeroize();
        text
    }
}

impl fmt::Debug for OpeningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpeningKey(of {})", self.recipient())
    }
}

/// A device that content may be sealed to, as the relay lists it from the device's grant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Recipient {
    /// Its signing key.
    #[n(0)]
    pub device: PublicKey,
    /// The key to seal to.
    #[n(1)]
    pub key: RecipientKey,
    /// The role of its grant: what it may open.
    #[n(2)]
    pub role: Role,
    /// The office it stands in.
    #[n(3)]
    pub office: Option<OfficeCode>,
    /// The staff who may unlock it: what names one of them as reader is sealed to it.
    #[n(4)]
    pub staff: Vec<StaffId>,
}

/// The name of a set of recipients, in any order: replicas and relay compare it before the set travels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct RecipientsSum(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 8]);

impl RecipientsSum {
    /// The name of these recipients.
    #[must_use]
    pub fn of<'a>(recipients: impl IntoIterator<Item = &'a Recipient>) -> Self {
        let mut sum = [0; 8];
        for recipient in recipients {
            let hash = blake3::hash(&crate::signed::encode(recipient));
            for (sum, byte) in sum.iter_mut().zip(hash.as_bytes()) {
                *sum ^= byte;
            }
        }
        RecipientsSum(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_are_those_of_age() {
        // From the test vectors of age: C2SP/CCTV, age/testdata/x25519.
        let secret = "AGE-SECRET-KEY-1XMWWC06LY3EE5RYTXM9MFLAZ2U56JJJ36S0MYPDRWSVLUL66MV4QX3S7F6";
        let parsed = CheckedHrpstring::new::<Bech32>(secret).unwrap();
        let seed: Vec<u8> = parsed.byte_iter().collect();
        let key = OpeningKey::from_seed(&seed.try_into().unwrap());
        assert_eq!(key.text().as_str(), secret);
        let text = key.recipient().to_string();
        assert!(text.starts_with("age1"));
        assert_eq!(text.parse(), Ok(key.recipient()));
    }

    #[test]
    fn what_is_mistyped_is_no_recipient() {
        let text = OpeningKey::from_seed(&[7; 32]).recipient().to_string();
        let mistyped = text.replacen(&text[10..11], if &text[10..11] == "q" { "p" } else { "q" }, 1);
        assert_eq!(mistyped.parse::<RecipientKey>(), Err(BadRecipient));
        assert_eq!("".parse::<RecipientKey>(), Err(BadRecipient));
    }

    #[test]
    fn a_devices_key_is_its_own_and_does_not_print_itself() {
        let device = SecretKey::from_seed(&[1; 32]);
        let key = OpeningKey::of_device(&device);
        assert_ne!(key.recipient(), OpeningKey::of_device(&SecretKey::from_seed(&[2; 32])).recipient());
        assert!(!format!("{key:?}").contains("SECRET"));
    }

    #[test]
    fn the_name_of_a_set_does_not_depend_on_its_order() {
        let recipient = |byte| Recipient {
            device: PublicKey([byte; 32]),
            key: RecipientKey([byte; 32]),
            role: Role::ComplaintOfficer,
            office: None,
            staff: vec![],
        };
        let (one, two) = (recipient(1), recipient(2));
        assert_eq!(RecipientsSum::of([&one, &two]), RecipientsSum::of([&two, &one]));
        assert_ne!(RecipientsSum::of([&one]), RecipientsSum::of([&two]));
        assert_eq!(RecipientsSum::of([]), RecipientsSum::default());
    }
}
