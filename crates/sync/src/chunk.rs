//! The name of a chunk.

use sha2::{Digest, Sha256};

use crate::document::ChangeHash;

/// The name of a chunk: for a well-formed change its hash, SHA-256 over everything behind the checksum; for
/// anything else still a name, so that a leaf over bad chunks can be checked before they are refused one by one.
#[must_use]
pub fn name(chunk: &[u8]) -> ChangeHash {
    ChangeHash(Sha256::digest(chunk.get(8..).unwrap_or(chunk)).into())
}
