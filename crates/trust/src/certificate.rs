//! The chain from the offline root to the keys a relay works with.

use minicbor::{Decode, Encode};
use sambung_domain::Timestamp;

use crate::key::PublicKey;
use crate::signed::{Signed, SignedError, Statement};

/// What a certified key may sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Purpose {
    /// Grants.
    #[n(0)]
    Issuer,
    /// Receipts.
    #[n(1)]
    Relay,
    /// Signs nothing: the X25519 key that everything sealed is sealed to besides its receiver. Its secret half lies in
    /// the recovery file.
    #[n(2)]
    Recovery,
}

/// The root's statement that a key may sign for a purpose until a date.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Certificate {
    /// What for.
    #[n(0)]
    pub purpose: Purpose,
    /// Which key.
    #[n(1)]
    pub key: PublicKey,
    /// The deployment's name, for people.
    #[n(2)]
    pub name: String,
    /// Not before, in relay time.
    #[n(3)]
    pub from: Timestamp,
    /// Not after, in relay time.
    #[n(4)]
    pub until: Timestamp,
}

impl Statement for Certificate {
    const CONTEXT: &'static str = "sambung certificate 1";
}

/// Why no certified key was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// A certificate is not signed by the root.
    #[error("a certificate is not signed by the root key: {0}")]
    Certificate(#[from] SignedError),
    /// No certificate for the purpose holds at this time.
    #[error("no valid certificate for this purpose")]
    Missing,
}

/// The keys that the root certifies for `purpose` at `now`.
///
/// # Errors
/// [`ChainError`] if a certificate is not the root's, or none holds now.
pub fn certified_key(
    root: &PublicKey,
    chain: &[Signed],
    purpose: Purpose,
    now: Timestamp,
) -> Result<PublicKey, ChainError> {
    let mut found = None;
    for signed in chain {
        let certificate: Certificate = signed.open(root)?;
        if certificate.purpose == purpose && (certificate.from..=certificate.until).contains(&now) {
            found = Some(certificate.key);
        }
    }
    found.ok_or(ChainError::Missing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::SecretKey;

    #[test]
    fn only_the_roots_word_counts_and_only_in_its_time() {
        let (root, other) = (SecretKey::from_seed(&[1; 32]), SecretKey::from_seed(&[2; 32]));
        let relay = SecretKey::from_seed(&[3; 32]).public();
        let certificate = Certificate {
            purpose: Purpose::Relay,
            key: relay,
            name: "test".to_owned(),
            from: Timestamp(10),
            until: Timestamp(20),
        };
        let chain = [Signed::seal(&certificate, &root)];
        let key = |now, purpose| certified_key(&root.public(), &chain, purpose, Timestamp(now));
        assert_eq!(key(15, Purpose::Relay), Ok(relay));
        assert_eq!(key(15, Purpose::Issuer), Err(ChainError::Missing));
        assert_eq!(key(21, Purpose::Relay), Err(ChainError::Missing));
        assert_eq!(
            certified_key(&other.public(), &chain, Purpose::Relay, Timestamp(15)),
            Err(ChainError::Certificate(SignedError::Signature))
        );
    }
}
