//! Names inside a record's history: changes, actors, operations.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};
use sambung_domain::hex::{hex, unhex};
use serde::{Deserialize, Serialize};

/// The SHA-256 of a change chunk without its first eight bytes. Unique inside one generation of one record,
/// never beyond it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode)]
#[serde(try_from = "String", into = "String")]
#[cbor(transparent)]
pub struct ChangeHash(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 32]);

impl fmt::Display for ChangeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for ChangeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChangeHash({self})")
    }
}

/// A text that is not the printed form of a change's hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the hash of a change; it has 64 characters of 0-9 and a-f")]
pub struct BadChangeHash(pub String);

impl FromStr for ChangeHash {
    type Err = BadChangeHash;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = unhex(text).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(ChangeHash).ok_or_else(|| BadChangeHash(text.to_owned()))
    }
}

impl TryFrom<String> for ChangeHash {
    type Error = BadChangeHash;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ChangeHash> for String {
    fn from(hash: ChangeHash) -> String {
        hash.to_string()
    }
}

/// Bytes of an actor that stands for one process of one device.
pub const ACTOR_LEN: usize = 8;

/// Who writes, as one process of one device: eight bytes. One byte is reserved for what everybody computes
/// alike, of which the genesis is the only one so far.
///
/// Ordered as Automerge orders actors, byte by byte.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Actor {
    /// Padded with zeros, so that comparing the array and then the length compares the byte strings.
    bytes: [u8; ACTOR_LEN],
    len: u8,
}

impl Actor {
    /// The actor of every record's genesis.
    pub const GENESIS: Actor = Actor { bytes: [0; ACTOR_LEN], len: 1 };

    /// The actor of the process that drew `nonce` on the device with this public key:
    /// `BLAKE3(device key ‖ nonce)[..8]`.
    #[must_use]
    pub fn derive(device_key: &[u8; 32], nonce: &[u8; 16]) -> Actor {
        let mut hasher = blake3::Hasher::new();
        hasher.update(device_key).update(nonce);
        let mut bytes = [0; ACTOR_LEN];
        bytes.copy_from_slice(&hasher.finalize().as_bytes()[..ACTOR_LEN]);
        Actor { bytes, len: 8 }
    }

    /// The actor with these bytes; `None` unless there are one or eight.
    #[must_use]
    pub fn from_bytes(given: &[u8]) -> Option<Actor> {
        let len = match given.len() {
            1 => 1,
            ACTOR_LEN => 8,
            _ => return None,
        };
        let mut bytes = [0; ACTOR_LEN];
        bytes[..given.len()].copy_from_slice(given);
        Some(Actor { bytes, len })
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// Whether it is one of the one-byte actors that no process may use.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        self.len == 1
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(self.as_bytes()))
    }
}

impl fmt::Debug for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Actor({self})")
    }
}

/// The name of an operation. The greater one wins where two values stand side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpId {
    /// Grows along every chain of dependencies.
    pub counter: u64,
    /// Who wrote it.
    pub actor: Actor,
}

impl fmt::Display for OpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.counter, self.actor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn hashes_survive_text_and_cbor(bytes: [u8; 32]) {
            let hash = ChangeHash(bytes);
            prop_assert_eq!(hash.to_string().parse::<ChangeHash>().unwrap(), hash);
            let cbor = minicbor::to_vec(hash).unwrap();
            prop_assert_eq!(cbor.len(), 34);
            prop_assert_eq!(minicbor::decode::<ChangeHash>(&cbor).unwrap(), hash);
        }

        #[test]
        fn actors_sort_as_their_bytes(a: [u8; 8], b: [u8; 8], short: u8) {
            let actor = |bytes: &[u8]| Actor::from_bytes(bytes).unwrap();
            prop_assert_eq!(actor(&a).cmp(&actor(&b)), a.cmp(&b));
            prop_assert_eq!(actor(&a).cmp(&actor(&[short])), a[..].cmp(&[short][..]));
        }
    }

    #[test]
    fn near_misses_are_not_hashes() {
        for bad in ["", "00", &"0".repeat(63), &"0".repeat(65), &"A".repeat(64), &"g".repeat(64)] {
            assert!(bad.parse::<ChangeHash>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_derived_actor_depends_on_device_and_nonce() {
        let actor = Actor::derive(&[1; 32], &[2; 16]);
        assert_eq!(actor.as_bytes().len(), ACTOR_LEN);
        assert_ne!(actor, Actor::derive(&[1; 32], &[3; 16]));
        assert_ne!(actor, Actor::derive(&[2; 32], &[2; 16]));
        assert!(!actor.is_reserved());
        assert!(Actor::GENESIS.is_reserved());
        assert_eq!(Actor::from_bytes(&[0; 2]), None);
    }
}
