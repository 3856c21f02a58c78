//! Signing keys and the deployment key.

use std::fmt;

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

/// An Ed25519 public key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct PublicKey(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 32]);

impl PublicKey {
    /// Whether `signature` is this key's over `message` in `context`. Strict verification: weak keys and
    /// malleable signatures are refused.
    #[must_use]
    pub fn verifies(&self, context: &str, message: &[u8], signature: &Signature) -> bool {
        let Ok(key) = VerifyingKey::from_bytes(&self.0) else { return false };
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        key.verify_strict(&in_context(context, message), &signature).is_ok()
    }

    /// The first eight bytes of the key's hash, for people to compare and for invitation codes.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 8] {
        let mut first = [0; 8];
        first.copy_from_slice(&blake3::hash(&self.0).as_bytes()[..8]);
        first
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&sambung_domain::hex::hex(&self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

/// An Ed25519 signature.
#[derive(Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Signature(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 64]);

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

/// An Ed25519 secret key. Never printed; wiped when dropped.
#[derive(Clone)]
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// The key behind 32 random bytes.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        SecretKey(SigningKey::from_bytes(seed))
    }

    /// The 32 bytes, for writing to a protected place.
    #[must_use]
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs `message` in `context`. A signature made in one context means nothing in another.
    #[must_use]
    pub fn sign(&self, context: &str, message: &[u8]) -> Signature {
        Signature(self.0.sign(&in_context(context, message)).to_bytes())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(of {})", self.public())
    }
}

fn in_context(context: &str, message: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(context.len() + 1 + message.len());
    bytes.extend_from_slice(context.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(message);
    bytes
}

/// The 32 bytes every member of a deployment holds: they key digests and leaves, so that outsiders can neither
/// test guesses nor move a leaf to another deployment. A member can test guesses inside his own scope only.
#[derive(Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct DeploymentKey(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 32]);

impl fmt::Debug for DeploymentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeploymentKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_key_message_and_context_only() {
        let key = SecretKey::from_seed(&[1; 32]);
        let signature = key.sign("grant", b"message");
        assert!(key.public().verifies("grant", b"message", &signature));
        assert!(!key.public().verifies("receipt", b"message", &signature));
        assert!(!key.public().verifies("grant", b"massage", &signature));
        assert!(!SecretKey::from_seed(&[2; 32]).public().verifies("grant", b"message", &signature));
    }

    #[test]
    fn secrets_do_not_print_themselves() {
        let seed = [0xab; 32];
        assert!(!format!("{:?}", SecretKey::from_seed(&seed)).contains("abab"));
        assert!(!format!("{:?}", DeploymentKey(seed)).contains("ab"));
    }

    #[test]
    fn a_weak_public_key_verifies_nothing() {
        assert!(!PublicKey([0; 32]).verifies("grant", b"", &Signature([0; 64])));
    }
}
