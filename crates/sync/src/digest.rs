//! Proof that two sides hold the same: an item for every record, summed.
//!
//! The item of a record is a keyed hash of its name and its *settled* heads: the heads of those of its changes that
//! stand in the relay's log, as far as one has read it. Sums of items are taken modulo 2^128, so a record that changes
//! costs one subtraction and one addition, and the order in which records came says nothing.
//!
//! The key is the deployment's: who knows a record's name and heads but is not a member cannot recognise them in a sum.
//! Members could make one that lies; a digest finds loss and error, it convicts nobody.

mod trie;

pub use trie::{Listing, bucket, buckets, depth_for, differing, level, list};

use minicbor::bytes::ByteArray;
use minicbor::{Decode, Decoder, Encode, Encoder};
use sambung_domain::{RecordId, Set};
use sambung_trust::DeploymentKey;
use sambung_trust::signed::encode;

use crate::document::ChangeHash;

/// What one record adds to the sums of its sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item(pub u128);

/// How many records, and the sum of their items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum {
    /// How many.
    pub count: u64,
    /// Their items, added modulo 2^128.
    pub total: u128,
}

/// Name of the hash over the sums of several sets.
pub type SumsHash = [u8; 8];

impl Item {
    /// The item of a record whose settled changes have these heads, in any order; none for a record of which nothing
    /// is settled.
    #[must_use]
    pub fn of(key: &DeploymentKey, record: RecordId, generation: u32, heads: &[ChangeHash]) -> Option<Self> {
        if heads.is_empty() {
            return None;
        }
        let mut sorted: Vec<&ChangeHash> = heads.iter().collect();
        sorted.sort_unstable();
        let mut hasher = blake3::Hasher::new_keyed(&key.0);
        hasher.update(b"sambung item 1").update(&record.0).update(&generation.to_be_bytes());
        for head in sorted {
            hasher.update(&head.0);
        }
        let mut first = [0; 16];
        first.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Some(Item(u128::from_be_bytes(first)))
    }

    /// As it is stored and sent.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// From [`to_bytes`](Item::to_bytes).
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Item(u128::from_be_bytes(bytes))
    }
}

impl<C> Encode<C> for Item {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.to_bytes())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Item {
    fn decode(d: &mut Decoder<'b>, context: &mut C) -> Result<Self, minicbor::decode::Error> {
        ByteArray::<16>::decode(d, context).map(|bytes| Item::from_bytes(bytes.into()))
    }
}

impl Sum {
    /// With one more record.
    pub fn add(&mut self, item: Item) {
        self.count = self.count.wrapping_add(1);
        self.total = self.total.wrapping_add(item.0);
    }

    /// With one record less.
    pub fn remove(&mut self, item: Item) {
        self.count = self.count.wrapping_sub(1);
        self.total = self.total.wrapping_sub(item.0);
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Sum) -> Sum {
        Sum { count: self.count.wrapping_add(other.count), total: self.total.wrapping_add(other.total) }
    }
}

/// The sum of one set of a grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetSum {
    /// The set.
    pub set: Set,
    /// Hash of the filter under which it is read.
    pub epoch: [u8; 8],
    /// Its records.
    pub sum: Sum,
}

/// The hash over the sums of all sets of a grant, in the order of the sets.
#[must_use]
pub fn sums_hash(sums: &[SetSum]) -> SumsHash {
    let mut sorted: Vec<&SetSum> = sums.iter().collect();
    sorted.sort_by(|a, b| a.set.cmp(&b.set));
    let mut hasher = blake3::Hasher::new_derive_key("sambung sums 1");
    for SetSum { set, epoch, sum } in sorted {
        hasher.update(&encode(&(set, ByteArray::from(*epoch), sum.count, Item(sum.total))));
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    first
}

/// The heads of some changes: those that no other of them builds on. Each is given with what it builds on.
pub fn heads<D: IntoIterator<Item = ChangeHash>>(
    changes: impl IntoIterator<Item = (ChangeHash, D)>,
) -> Vec<ChangeHash> {
    let (mut all, mut built_on) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
    for (hash, deps) in changes {
        all.insert(hash);
        built_on.extend(deps);
    }
    all.difference(&built_on).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: DeploymentKey = DeploymentKey([3; 32]);

    fn hash(byte: u8) -> ChangeHash {
        ChangeHash([byte; 32])
    }

    fn item(record: u8, generation: u32, heads: &[u8]) -> Item {
        let heads: Vec<ChangeHash> = heads.iter().copied().map(hash).collect();
        Item::of(&KEY, RecordId([record; 16]), generation, &heads).unwrap()
    }

    #[test]
    fn an_item_depends_on_key_record_generation_and_heads_and_not_on_their_order() {
        let one = item(1, 1, &[5, 6]);
        assert_eq!(one, item(1, 1, &[6, 5]));
        let others = [item(2, 1, &[5, 6]), item(1, 2, &[5, 6]), item(1, 1, &[5]), item(1, 1, &[5, 7])];
        assert!(others.iter().all(|other| *other != one));
        let foreign = Item::of(&DeploymentKey([4; 32]), RecordId([1; 16]), 1, &[hash(5), hash(6)]);
        assert_ne!(foreign, Some(one));
        assert_eq!(Item::of(&KEY, RecordId([1; 16]), 1, &[]), None);
    }

    #[test]
    fn sums_forget_the_order_and_what_was_taken_out() {
        let (a, b, c) = (item(1, 1, &[1]), item(2, 1, &[2]), Item(u128::MAX));
        let (mut one, mut other) = (Sum::default(), Sum::default());
        [a, b, c].into_iter().for_each(|item| one.add(item));
        [c, a].into_iter().for_each(|item| other.add(item));
        assert_ne!(one, other);
        one.remove(b);
        assert_eq!(one, other);
        assert_eq!(Sum::default().plus(one), other);
    }

    #[test]
    fn heads_are_what_nothing_builds_on_whatever_the_order() {
        let changes = [(3, vec![1, 2]), (1, vec![0]), (2, vec![1]), (4, vec![2])];
        let of = |changes: &[(u8, Vec<u8>)]| {
            heads(changes.iter().map(|(name, deps)| (hash(*name), deps.iter().copied().map(hash))))
        };
        assert_eq!(of(&changes), [hash(3), hash(4)]);
        let mut turned = changes.clone();
        turned.reverse();
        assert_eq!(of(&turned), of(&changes));
        assert!(of(&[]).is_empty());
    }

    #[test]
    fn the_hash_over_sums_names_sets_filters_counts_and_totals() {
        let sum = |set: &str, epoch, count, total| SetSum {
            set: set.parse().unwrap(),
            epoch: [epoch; 8],
            sum: Sum { count, total },
        };
        let base = [sum("a:35.13", 1, 2, 3), sum("o:P4MI-3513", 1, 0, 0)];
        let turned = [base[1].clone(), base[0].clone()];
        assert_eq!(sums_hash(&base), sums_hash(&turned));
        for other in [sum("a:35.08", 1, 2, 3), sum("a:35.13", 2, 2, 3), sum("a:35.13", 1, 3, 3)] {
            assert_ne!(sums_hash(&base), sums_hash(&[other, base[1].clone()]));
        }
        assert_ne!(sums_hash(&base), sums_hash(&[sum("a:35.13", 1, 2, 4), base[1].clone()]));
    }
}
