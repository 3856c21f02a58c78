//! What is known of one record's generation, change by change.

use std::collections::{BTreeMap, BTreeSet};

use super::bad::{BadForm, Rejected};
use super::clock::{Actors, Clock};
use super::message::Message;
use super::references;
use crate::document::{Actor, Change, ChangeHash, Genesis, OpId, Operation, genesis_chunk};
use crate::gate::{COUNTER_MAX, Gate, gate};
use crate::routing;

/// The admitted changes of one generation of one record, with everything [`check`](History::check) needs to
/// judge the next one. It begins with the genesis, which is computed, never received.
#[derive(Debug, Clone)]
pub struct History {
    genesis: ChangeHash,
    entries: Vec<Entry>,
    by_hash: BTreeMap<ChangeHash, usize>,
    actors: Actors,
    /// For each actor the places of its changes in `entries`, by sequence.
    by_actor: Vec<Vec<usize>>,
    heads: BTreeSet<ChangeHash>,
}

#[derive(Debug, Clone)]
struct Entry {
    change: Change,
    /// What the change knew, itself included.
    clock: Clock,
}

impl History {
    /// The history that holds the genesis alone.
    ///
    /// # Errors
    /// [`BadForm`] where kind and maps do not make a change within the limits, which those of a checked
    /// pack do.
    pub fn begin(genesis: &Genesis, maps: &[&str]) -> Result<History, BadForm> {
        let (hash, raw) = genesis_chunk(genesis, maps);
        gate(&raw)?;
        let change = Change::decode(&raw)?;
        let mut history = History {
            genesis: hash,
            entries: Vec::new(),
            by_hash: BTreeMap::new(),
            actors: Actors::default(),
            by_actor: Vec::new(),
            heads: BTreeSet::new(),
        };
        history.push(change, Clock::default());
        Ok(history)
    }

    /// Judges a chunk against what is known, without taking it.
    ///
    /// The caller compares [`Change::hash`] with the hash under which the chunk was announced.
    ///
    /// # Errors
    /// [`Rejected`], see there: only [`Rejected::Bad`] is final.
    pub fn check(&self, raw: &[u8]) -> Result<Change, Rejected> {
        let gate = gate(raw)?;
        let past = self.check_header(&gate)?;
        if gate.message.is_empty() || Message::decode(gate.message).is_err() {
            return Err(BadForm::Message.into());
        }
        let change = Change::decode(raw)?;
        references::check(self, &past, &change)?;
        routing::check(self, &past, &change)?;
        Ok(change)
    }

    /// Takes a change that [`check`](History::check) returned. The history may have grown in between.
    ///
    /// # Errors
    /// [`Rejected`] where the change does not go on from this history: it was checked against another, or
    /// was taken already, or another change of its actor was taken first.
    pub fn admit(&mut self, change: Change) -> Result<(), Rejected> {
        let past = self.check_place(change.hash, change.actor, change.seq, &change.deps)?;
        self.push(change, past);
        Ok(())
    }

    /// Takes a chunk that this node has checked before and stored itself: decodes it, but does not check
    /// its form again. **Never for bytes from outside.** The genesis, stored or not, is skipped.
    ///
    /// # Errors
    /// [`Rejected`] where the chunk is damaged or does not go on from this history.
    pub fn restore(&mut self, raw: &[u8]) -> Result<(), Rejected> {
        let gate = gate(raw)?;
        if gate.hash == self.genesis {
            return Ok(());
        }
        let change = Change::decode_stored(raw)?;
        self.admit(change)
    }

    /// What the header alone tells; returns the change's causal past.
    fn check_header(&self, gate: &Gate<'_>) -> Result<Clock, Rejected> {
        let deps: Vec<ChangeHash> = gate.deps().collect();
        if deps.is_empty() {
            let known = gate.hash == self.genesis;
            return Err(if known { Rejected::Duplicate(gate.hash) } else { BadForm::Genesis.into() });
        }
        if !deps.is_sorted_by(|a, b| a < b) {
            return Err(BadForm::Dependencies.into());
        }
        if gate.actor.is_reserved() {
            return Err(BadForm::Actor.into());
        }
        if gate.operations == 0 {
            return Err(BadForm::Operations.into());
        }
        let past = self.check_place(gate.hash, gate.actor, gate.seq, &deps)?;
        let max_op = deps.iter().filter_map(|dep| self.change(dep)).map(Change::max_op).max().unwrap_or(0);
        let last = gate.start_op.saturating_add(gate.operations);
        if gate.start_op != max_op + 1 || last > COUNTER_MAX {
            return Err(BadForm::StartOp.into());
        }
        Ok(past)
    }

    /// Whether a change goes on from here: new, on known dependencies, the next of its actor.
    fn check_place(
        &self,
        hash: ChangeHash,
        actor: Actor,
        seq: u64,
        deps: &[ChangeHash],
    ) -> Result<Clock, Rejected> {
        if self.contains(&hash) {
            return Err(Rejected::Duplicate(hash));
        }
        let missing: Vec<ChangeHash> = deps.iter().filter(|dep| !self.contains(dep)).copied().collect();
        if !missing.is_empty() {
            return Err(Rejected::Missing(missing));
        }
        let past = self.past(deps);
        let (held, seen) = self.actors.find(actor).map_or((0, 0), |at| {
            let held = self.by_actor.get(at).map_or(0, Vec::len);
            (u64::try_from(held).unwrap_or(u64::MAX), past.seen(at))
        });
        if seq == 0 || seq > held + 1 {
            return Err(BadForm::Sequence.into());
        }
        if seq <= held {
            return Err(BadForm::Equivocation.into());
        }
        if seen != held {
            return Err(BadForm::Sequence.into());
        }
        Ok(past)
    }

    fn push(&mut self, change: Change, past: Clock) {
        let at = self.entries.len();
        let actor = self.actors.insert(change.actor);
        if self.by_actor.len() <= actor {
            self.by_actor.resize(actor + 1, Vec::new());
        }
        self.by_actor[actor].push(at);
        let mut clock = past;
        clock.advance(actor, change.seq);
        for dep in &change.deps {
            self.heads.remove(dep);
        }
        self.heads.insert(change.hash);
        self.by_hash.insert(change.hash, at);
        self.entries.push(Entry { change, clock });
    }

    /// The hash of the genesis.
    #[must_use]
    pub fn genesis(&self) -> ChangeHash {
        self.genesis
    }

    /// The changes that no other builds on, ascending.
    #[must_use]
    pub fn heads(&self) -> Vec<ChangeHash> {
        self.heads.iter().copied().collect()
    }

    /// Whether a change is in it.
    #[must_use]
    pub fn contains(&self, hash: &ChangeHash) -> bool {
        self.by_hash.contains_key(hash)
    }

    /// A change in it.
    #[must_use]
    pub fn change(&self, hash: &ChangeHash) -> Option<&Change> {
        self.by_hash.get(hash).map(|at| &self.entries[*at].change)
    }

    /// All changes in the order they were admitted, the genesis first: every one behind its dependencies.
    pub fn changes(&self) -> impl DoubleEndedIterator<Item = &Change> + ExactSizeIterator {
        self.entries.iter().map(|entry| &entry.change)
    }

    /// The number of changes, the genesis included.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a history is never empty")]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// What lies in the causal past of a change with these dependencies: the last sequence of each actor.
    /// Unknown dependencies add nothing.
    #[must_use]
    pub fn clock_of(&self, deps: &[ChangeHash]) -> BTreeMap<Actor, u64> {
        let past = self.past(deps);
        self.actors.iter().map(|(actor, at)| (actor, past.seen(at))).filter(|(_, seq)| *seq > 0).collect()
    }

    pub(crate) fn past(&self, deps: &[ChangeHash]) -> Clock {
        let mut clock = Clock::default();
        for at in deps.iter().filter_map(|dep| self.by_hash.get(dep)) {
            clock.merge(&self.entries[*at].clock);
        }
        clock
    }

    /// Whether a change lies in a causal past.
    pub(crate) fn is_past(&self, past: &Clock, change: &Change) -> bool {
        self.actors.find(change.actor).is_some_and(|at| change.seq <= past.seen(at))
    }

    /// Whether a change of this history had another, or itself, in its causal past.
    pub(crate) fn knew(&self, change: &Change, other: &Change) -> bool {
        let at = self.by_hash.get(&change.hash);
        at.is_some_and(|at| self.is_past(&self.entries[*at].clock, other))
    }

    /// The operation under a name, with its change: who put a live value there, and when.
    #[must_use]
    pub fn operation(&self, id: OpId) -> Option<(&Change, &Operation)> {
        let changes = self.by_actor.get(self.actors.find(id.actor)?)?;
        let behind = changes.partition_point(|at| self.entries[*at].change.start_op <= id.counter);
        let change = &self.entries[*changes.get(behind.checked_sub(1)?)?].change;
        let offset = usize::try_from(id.counter - change.start_op).ok()?;
        Some((change, change.operations.get(offset)?))
    }
}
