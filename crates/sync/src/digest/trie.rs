//! Records in a 16-ary trie over a keyed hash of their names: what is compared when sums differ.

use std::collections::BTreeMap;

use sambung_domain::RecordId;
use sambung_trust::DeploymentKey;

use super::Item;
use crate::limits::{BUCKET_RECORDS, DEPTH_MAX};

/// Records with the items they count with.
pub type Listing = BTreeMap<(RecordId, u32), Item>;

/// The bucket of a record in the level of a depth: a keyed hash, so that nobody can aim records at one bucket.
#[must_use]
pub fn bucket(key: &DeploymentKey, record: RecordId, depth: u8) -> usize {
    let mut hasher = blake3::Hasher::new_keyed(&key.0);
    hasher.update(b"sambung place 1").update(&record.0);
    let [first, second, ..] = *hasher.finalize().as_bytes();
    usize::from(u16::from_be_bytes([first, second])) >> (16 - 4 * depth.min(DEPTH_MAX))
}

/// The number of buckets at a depth.
#[must_use]
pub fn buckets(depth: u8) -> usize {
    1 << (4 * depth.min(DEPTH_MAX))
}

/// The least depth at which so many records lie in buckets of [`BUCKET_RECORDS`] on average; the greatest there is for
/// more.
#[must_use]
pub fn depth_for(count: u64) -> u8 {
    let fits = |depth: &u8| count <= BUCKET_RECORDS << (4 * depth);
    (0..DEPTH_MAX).find(fits).unwrap_or(DEPTH_MAX)
}

/// The sums of a level, 8 bytes a bucket in order.
#[must_use]
pub fn level(key: &DeploymentKey, depth: u8, items: impl IntoIterator<Item = (RecordId, Item)>) -> Vec<u8> {
    let mut sums = vec![0u64; buckets(depth)];
    for (record, item) in items {
        let low = u64::try_from(item.0 & u128::from(u64::MAX)).unwrap_or(0);
        if let Some(sum) = sums.get_mut(bucket(key, record, depth)) {
            *sum = sum.wrapping_add(low);
        }
    }
    sums.into_iter().flat_map(u64::to_be_bytes).collect()
}

/// What one side has in the buckets where the other side's level of a depth differs from its own.
#[must_use]
pub fn list(key: &DeploymentKey, depth: u8, theirs: &[u8], ours: &Listing) -> BTreeMap<usize, Listing> {
    let level = level(key, depth, ours.iter().map(|((record, _), item)| (*record, *item)));
    let pairs = theirs.chunks(8).zip(level.chunks(8)).enumerate();
    let differing = pairs.filter(|(_, (theirs, ours))| theirs != ours);
    let mut listed: BTreeMap<usize, Listing> = differing.map(|(at, _)| (at, Listing::new())).collect();
    for (name, item) in ours {
        if let Some(listing) = listed.get_mut(&bucket(key, name.0, depth)) {
            listing.insert(*name, *item);
        }
    }
    listed
}

/// The records that are not the same on both sides, of what the other side listed: those that one side lacks, and those
/// with other heads.
#[must_use]
pub fn differing(
    key: &DeploymentKey,
    depth: u8,
    mut theirs: BTreeMap<usize, Listing>,
    ours: &Listing,
) -> Vec<(RecordId, u32)> {
    let mut differing = Vec::new();
    for (name, item) in ours {
        if let Some(listed) = theirs.get_mut(&bucket(key, name.0, depth))
            && listed.remove(name) != Some(*item)
        {
            differing.push(*name);
        }
    }
    differing.extend(theirs.into_values().flat_map(BTreeMap::into_keys));
    differing
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use negentropy::{Id, Negentropy, NegentropyStorageVector};
    use sambung_testkit::Seed;

    use super::*;

    const KEY: DeploymentKey = DeploymentKey([3; 32]);

    #[test]
    fn the_depth_grows_with_the_count_to_its_end() {
        let depths = [0, 64, 65, 1_024, 1_025, 16_384, 16_385, u64::MAX].map(depth_for);
        assert_eq!(depths, [0, 0, 1, 1, 2, 2, 3, 3]);
        assert_eq!([0, 1, 2, 3, 9].map(buckets), [1, 16, 256, 4_096, 4_096]);
    }

    #[test]
    fn a_level_refines_the_one_above_and_shows_the_bucket_that_differs() {
        let records: Vec<RecordId> = (0..200u8).map(|byte| RecordId([byte; 16])).collect();
        let items = |changed: usize| {
            records.iter().enumerate().map(move |(at, record)| {
                (*record, Item(u128::MAX / (at + 1 + usize::from(at == changed)) as u128))
            })
        };
        for depth in 0..=DEPTH_MAX {
            let (one, other) = (level(&KEY, depth, items(500)), level(&KEY, depth, items(7)));
            assert_eq!(one.len(), 8 * buckets(depth));
            let differing: Vec<usize> = (0..buckets(depth))
                .filter(|at| one[8 * at..8 * at + 8] != other[8 * at..8 * at + 8])
                .collect();
            assert_eq!(differing, [bucket(&KEY, records[7], depth)]);
            assert_eq!(
                bucket(&KEY, records[7], depth),
                bucket(&KEY, records[7], DEPTH_MAX) >> (4 * (DEPTH_MAX - depth))
            );
        }
    }

    /// Two sides that have most in common, with some records lacking or other on either.
    fn sides(seed: &mut Seed, count: usize, faults: usize) -> [Listing; 2] {
        let mut id = || RecordId(std::array::from_fn(|_| seed.byte()));
        let names: Vec<RecordId> = (0..count).map(|_| id()).collect();
        let item = |seed: &mut Seed| Item(u128::from(seed.number()) << 64 | u128::from(seed.number()));
        let mut one: Listing = names.iter().map(|name| ((*name, 1), item(seed))).collect();
        let mut other = one.clone();
        for _ in 0..faults {
            let name = (names[seed.below(count)], 1);
            let side = if seed.once_in(2) { &mut one } else { &mut other };
            match seed.below(3) {
                0 => drop(side.remove(&name)),
                1 => drop(side.insert(name, item(seed))),
                _ => drop(side.insert((name.0, 2), item(seed))),
            }
        }
        [one, other]
    }

    /// A record and its item in the 32 bytes that the oracle compares.
    fn id((name, item): (&(RecordId, u32), &Item)) -> Id {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&name.0.0).update(&name.1.to_be_bytes()).update(&item.to_bytes());
        Id::from_byte_array(*hasher.finalize().as_bytes())
    }

    fn storage(side: &Listing) -> NegentropyStorageVector {
        let mut storage = NegentropyStorageVector::new();
        side.iter().for_each(|entry| storage.insert(0, id(entry)).unwrap());
        storage.seal().unwrap();
        storage
    }

    /// What range-based set reconciliation finds: Meyer, "Range-Based Set Reconciliation", SRDS 2023.
    fn oracle(one: &Listing, other: &Listing) -> BTreeSet<(RecordId, u32)> {
        let mut client = Negentropy::owned(storage(one), 0).unwrap();
        let mut server = Negentropy::owned(storage(other), 0).unwrap();
        let mut message = client.initiate().unwrap();
        let (mut have, mut need) = (Vec::new(), Vec::new());
        loop {
            let answer = server.reconcile(&message).unwrap();
            match client.reconcile_with_ids(&answer, &mut have, &mut need).unwrap() {
                Some(next) => message = next,
                None => break,
            }
        }
        let found: BTreeSet<Id> = have.into_iter().chain(need).collect();
        one.iter().chain(other).filter(|entry| found.contains(&id(*entry))).map(|(name, _)| *name).collect()
    }

    #[test]
    fn the_trie_finds_what_range_based_reconciliation_finds() {
        let mut seed = Seed::new(0x7e1e);
        for (count, faults) in [(1, 1), (40, 0), (40, 5), (1_500, 0), (1_500, 1), (1_500, 300), (20_000, 40)]
        {
            let [one, other] = sides(&mut seed, count, faults);
            for (ours, theirs) in [(&one, &other), (&other, &one), (&one, &Listing::new())] {
                let most = ours.len().max(theirs.len());
                let depth = depth_for(u64::try_from(most).unwrap());
                let sums = level(&KEY, depth, ours.iter().map(|((record, _), item)| (*record, *item)));
                let listed = list(&KEY, depth, &sums, theirs);
                let found: BTreeSet<_> = differing(&KEY, depth, listed, ours).into_iter().collect();
                assert_eq!(found, oracle(ours, theirs), "{count} records, {faults} faults");
            }
        }
    }
}
