//! The hash chain over a shard's log.
//!
//! `chain_0 = BLAKE3(log id ‖ shard)`, `chain_n = BLAKE3(chain_{n-1} ‖ BLAKE3(salt ‖ entry))`. Entries carry
//! hashes, never content; erasing a record destroys the salts of its entries, and the chain still holds.

use minicbor::{Decode, Encode};
use sambung_domain::{RecordId, Routing, Set, Shard};
use sambung_trust::signed::encode;

use crate::document::ChangeHash;

/// 16 random bytes that name one log: another for every relay that was ever set up or restored empty.
pub type LogId = [u8; 16];

/// A value of the chain.
pub type Chain = [u8; 32];

/// One entry of a shard's log.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Entry {
    /// A change was accepted.
    #[n(0)]
    Change {
        /// The record.
        #[n(0)]
        record: RecordId,
        /// Its generation.
        #[n(1)]
        generation: u32,
        /// The change.
        #[n(2)]
        hash: ChangeHash,
    },
    /// A record came into a set, or may be read there by more than before.
    #[n(1)]
    Joined {
        /// The record.
        #[n(0)]
        record: RecordId,
        /// Its generation.
        #[n(1)]
        generation: u32,
        /// The set it came into.
        #[n(2)]
        set: Set,
        /// Where it was and how protected just before, so that who had it already is not sent it again.
        #[n(3)]
        before: Box<Routing>,
    },
    /// A record left a set, or may be read there by fewer than before.
    #[n(2)]
    Left {
        /// The record.
        #[n(0)]
        record: RecordId,
        /// Its generation.
        #[n(1)]
        generation: u32,
        /// The set it left, or in which some may not read it any more.
        #[n(2)]
        set: Set,
        /// Where it was and how protected just before, so that only who had it is told.
        #[n(3)]
        before: Box<Routing>,
    },
}

impl Entry {
    /// The set that a record joined or left; none for a change, which is in all the record's sets.
    #[must_use]
    pub fn set(&self) -> Option<&Set> {
        match self {
            Entry::Change { .. } => None,
            Entry::Joined { set, .. } | Entry::Left { set, .. } => Some(set),
        }
    }

    /// The record an entry is about, with its generation.
    #[must_use]
    pub fn subject(&self) -> (RecordId, u32) {
        match self {
            Entry::Change { record, generation, .. }
            | Entry::Joined { record, generation, .. }
            | Entry::Left { record, generation, .. } => (*record, *generation),
        }
    }
}

/// The chain before the first entry of a shard.
#[must_use]
pub fn start(log: &LogId, shard: &Shard) -> Chain {
    let mut hasher = blake3::Hasher::new();
    hasher.update(log).update(shard.as_str().as_bytes());
    *hasher.finalize().as_bytes()
}

/// The chain after one more entry.
#[must_use]
pub fn advance(chain: &Chain, salt: &[u8; 16], entry: &Entry) -> Chain {
    let mut commitment = blake3::Hasher::new();
    commitment.update(salt).update(&encode(entry));
    let mut hasher = blake3::Hasher::new();
    hasher.update(chain).update(commitment.finalize().as_bytes());
    *hasher.finalize().as_bytes()
}

/// A position in a shard's log: everything up to `sequence` has been seen, and the chain there was `chain`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Mark {
    /// Sequence of the last entry; 0 before the first.
    #[n(0)]
    pub sequence: u64,
    /// The chain at it.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub chain: Chain,
}

impl Mark {
    /// The position before a shard's first entry.
    #[must_use]
    pub fn start(log: &LogId, shard: &Shard) -> Self {
        Mark { sequence: 0, chain: start(log, shard) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sambung_domain::Area;

    fn entry(byte: u8) -> Entry {
        Entry::Change { record: RecordId([byte; 16]), generation: 1, hash: ChangeHash([byte; 32]) }
    }

    #[test]
    fn the_chain_depends_on_log_shard_order_salt_and_entry() {
        let shard = "35.13".parse::<Area>().unwrap().shard();
        let other = "35.08".parse::<Area>().unwrap().shard();
        let begin = start(&[1; 16], &shard);
        assert_ne!(begin, start(&[2; 16], &shard));
        assert_ne!(begin, start(&[1; 16], &other));
        let ab = advance(&advance(&begin, &[0; 16], &entry(1)), &[0; 16], &entry(2));
        let ba = advance(&advance(&begin, &[0; 16], &entry(2)), &[0; 16], &entry(1));
        assert_ne!(ab, ba);
        assert_ne!(advance(&begin, &[0; 16], &entry(1)), advance(&begin, &[1; 16], &entry(1)));
    }
}
