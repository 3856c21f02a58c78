//! What one answer of a relay confirms to stand in its log: the same list on both sides, made from the same answer.
//!
//! The relay signs the root over it ([`Admission`]); the replica keeps list and signature, and can show of every change
//! in it that the relay once had it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use sambung_domain::{RecordId, Timestamp};
use sambung_trust::merkle::{self, Node};
use sambung_trust::{Admission, DeploymentKey, admission};

use crate::document::ChangeHash;
use crate::message::{Lane, Verdict};

/// A change by its record, the record's generation, and its hash.
pub type Name = (RecordId, u32, ChangeHash);

/// The names of a record's changes whose hash begins so.
#[must_use]
pub fn beginning_with((record, generation): (RecordId, u32), beginning: [u8; 8]) -> RangeInclusive<Name> {
    let (mut first, mut last) = ([0; 32], [u8::MAX; 32]);
    first[..8].copy_from_slice(&beginning);
    last[..8].copy_from_slice(&beginning);
    (record, generation, ChangeHash(first))..=(record, generation, ChangeHash(last))
}

/// The changes confirmed, in the order of their names, each with whether it came late.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Confirmed(BTreeMap<Name, bool>);

impl Confirmed {
    /// Adds a change.
    pub fn note(&mut self, name: Name, late: bool) {
        *self.0.entry(name).or_default() |= late;
    }

    /// Adds everything of another list.
    pub fn add(&mut self, other: Confirmed) {
        other.0.into_iter().for_each(|(name, late)| self.note(name, late));
    }

    /// Adds a change if the verdict on it puts it into the log.
    pub fn note_verdict(&mut self, name: Name, verdict: &Verdict) {
        if verdict.is_at_relay() && matches!(verdict.lane, Lane::Normal | Lane::Late) {
            self.note(name, verdict.lane == Lane::Late);
        }
    }

    /// Whether a change whose hash begins so is in it.
    #[must_use]
    pub fn names(&self, record: (RecordId, u32), beginning: [u8; 8]) -> bool {
        self.0.range(beginning_with(record, beginning)).next().is_some()
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a change is in it.
    #[must_use]
    pub fn contains(&self, name: &Name) -> bool {
        self.0.contains_key(name)
    }

    /// The changes in order: a change's place here is that of its leaf.
    pub fn in_order(&self) -> impl Iterator<Item = &Name> {
        self.0.keys()
    }

    /// The leaves in order.
    #[must_use]
    pub fn leaves(&self, deployment: &DeploymentKey) -> Vec<Node> {
        let leaf = |((record, generation, hash), late): (&Name, &bool)| {
            admission::leaf(deployment, (*record, *generation), &hash.0, *late)
        };
        self.0.iter().map(leaf).collect()
    }

    /// What is signed of it; nothing of nothing.
    #[must_use]
    pub fn statement(&self, deployment: &DeploymentKey, relay_time: Timestamp) -> Option<Admission> {
        let leaves = self.leaves(deployment);
        let count = u32::try_from(leaves.len()).ok().filter(|count| *count > 0)?;
        Some(Admission { root: merkle::root(&leaves), count, relay_time })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Disposition;

    fn name(record: u8, hash: u8) -> Name {
        (RecordId([record; 16]), 1, ChangeHash([hash; 32]))
    }

    #[test]
    fn the_order_of_the_telling_does_not_matter_and_lateness_does() {
        let key = DeploymentKey([1; 32]);
        let (mut one, mut other) = (Confirmed::default(), Confirmed::default());
        for (record, late) in [(1, false), (2, true), (3, false)] {
            one.note(name(record, 7), late);
        }
        for (record, late) in [(3, false), (2, false), (1, false), (2, true)] {
            other.note(name(record, 7), late);
        }
        let said = |list: &Confirmed| list.statement(&key, Timestamp(5)).unwrap();
        assert_eq!(said(&one), said(&other));
        other.note(name(1, 7), true);
        assert_ne!(said(&one), said(&other));
        assert_eq!(Confirmed::default().statement(&key, Timestamp(5)), None);
    }

    #[test]
    fn only_what_the_verdict_puts_into_the_log_is_confirmed() {
        let mut list = Confirmed::default();
        let say = |disposition, lane| Verdict { lane, ..Verdict::plain(disposition) };
        let verdicts = [
            say(Disposition::Stored, Lane::Normal),
            say(Disposition::Duplicate, Lane::Late),
            say(Disposition::Stored, Lane::Quarantined),
            say(Disposition::Held, Lane::Normal),
            say(Disposition::Refused, Lane::Normal),
        ];
        for (at, verdict) in (0u8..).zip(&verdicts) {
            list.note_verdict(name(at, at), verdict);
        }
        assert_eq!(list.in_order().collect::<Vec<_>>(), [&name(0, 0), &name(1, 1)]);
        let record = |byte| (RecordId([byte; 16]), 1);
        assert!(list.names(record(1), [1; 8]) && !list.names(record(1), [2; 8]));
        assert!(!list.names(record(2), [2; 8]) && list.contains(&name(0, 0)));
    }
}
