//! The name of a chunk.

use sha2::{Digest, Sha256};

use crate::document::ChangeHash;
use crate::gate::gate;

/// The name of a chunk: for a well-formed change its hash, SHA-256 over everything behind the checksum; for
/// anything else still a name, so that a leaf over bad chunks can be checked before they are refused one by one.
#[must_use]
pub fn name(chunk: &[u8]) -> ChangeHash {
    ChangeHash(Sha256::digest(chunk.get(8..).unwrap_or(chunk)).into())
}

/// What a change was made on top of; nothing where the chunk is no change.
#[must_use]
pub fn deps(chunk: &[u8]) -> Vec<ChangeHash> {
    gate(chunk).map(|gate| gate.deps().collect()).unwrap_or_default()
}
