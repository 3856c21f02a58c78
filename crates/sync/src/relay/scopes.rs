//! The scopes of a caller: which shards its sets are sent from, and whether its cursors and receipts stand in this log.

use std::collections::{BTreeMap, BTreeSet};

use sambung_domain::{Set, Shard, Timestamp};

use super::answer::stored;
use super::safety::Others;
use super::{Caller, Relay, RelayError, RelayStore};
use crate::chain::Mark;
use crate::message::{ExchangeRequest, ScopeState};

impl Relay {
    /// Every scope of the grant that has entries, as it stands at the log's tip.
    pub(super) fn scopes_at_tip<S: RelayStore>(
        &self,
        store: &mut S,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Vec<ScopeState>, RelayError<S::Error>> {
        let tips = stored(store.tips())?;
        let (mut scopes, mut others) = (Vec::new(), Others::default());
        for set in &caller.grant.sets {
            let epoch = caller.grant.epoch(set);
            for (shard, cursor) in reached(store, &tips, set)? {
                let safe = self.safe(store, caller, &mut others, (&shard, set, cursor.sequence), now)?;
                scopes.push(ScopeState { log: self.log, shard, set: set.clone(), epoch, cursor, safe });
            }
        }
        Ok(scopes)
    }

    /// The shards from which a set is sent, with the ends of their logs.
    pub(super) fn shards_of<S: RelayStore>(
        &self,
        store: &mut S,
        set: &Set,
    ) -> Result<Vec<(Shard, Mark)>, RelayError<S::Error>> {
        let tips = stored(store.tips())?;
        reached(store, &tips, set)
    }

    /// Scopes the replica has a cursor or a receipt in and this log no entry: a log that was lost or restored
    /// must not pass them over in silence.
    pub(super) fn scopes_without_entries(
        &self,
        caller: &Caller,
        request: &ExchangeRequest,
        at_tip: &[ScopeState],
    ) -> Vec<ScopeState> {
        let cursors = request.scopes.iter().flatten().map(|scope| (&scope.shard, &scope.set));
        let cursors = cursors.filter(|(_, set)| caller.grant.sets.contains(set));
        let seen = |shard: &Shard| at_tip.iter().any(|scope| scope.shard == *shard);
        let receipts = request.receipts.iter().flatten().filter(|mark| !seen(&mark.shard));
        let receipts = receipts.flat_map(|mark| {
            let sets = caller.grant.sets.iter().filter(|set| reaches_shard(set, &mark.shard));
            sets.map(|set| (&mark.shard, set))
        });
        let named: BTreeSet<(&Shard, &Set)> = cursors.chain(receipts).collect();
        let missing = |(shard, set): &(&Shard, &Set)| {
            at_tip.iter().all(|scope| scope.shard != **shard || scope.set != **set)
        };
        let named = named.into_iter().filter(missing);
        named
            .map(|(shard, set)| ScopeState {
                log: self.log,
                shard: shard.clone(),
                set: set.clone(),
                epoch: caller.grant.epoch(set),
                cursor: Mark::start(&self.log, shard),
                safe: 0,
            })
            .collect()
    }

    /// The shards whose log does not contain the receipt named. One above no cursor can stand in a shard where the
    /// caller has no scope: there nothing else says so.
    pub(super) fn void_receipts<S: RelayStore>(
        &self,
        store: &mut S,
        request: &ExchangeRequest,
    ) -> Result<Vec<Shard>, RelayError<S::Error>> {
        let mut void = Vec::new();
        for receipt in request.receipts.iter().flatten() {
            if stored(store.mark_at(&receipt.shard, receipt.mark.sequence))?.as_ref() != Some(&receipt.mark) {
                void.push(receipt.shard.clone());
            }
        }
        Ok(void)
    }

    /// The caller's cursor in a scope, if this log contains it and the receipts above it.
    pub(super) fn cursor<S: RelayStore>(
        &self,
        store: &mut S,
        request: &ExchangeRequest,
        tip: &ScopeState,
        state: Option<&ScopeState>,
    ) -> Result<Option<Mark>, RelayError<S::Error>> {
        let start = Mark::start(&self.log, &tip.shard);
        let cursor = state.map_or(start, |state| state.cursor);
        // A position is believed without its chain.
        #[cfg(feature = "sabotage")]
        if self.sabotage == Some("cursor_chain") {
            return Ok(Some(cursor));
        }
        let receipt = request.receipts.iter().flatten().find(|mark| mark.shard == tip.shard);
        let same_log = state.is_none_or(|state| state.log == self.log);
        let mut known = same_log && has(store, &tip.shard, &start, &cursor)?;
        if let Some(receipt) = receipt {
            known = known && has(store, &tip.shard, &start, &receipt.mark)?;
        }
        Ok(known.then_some(cursor))
    }
}

/// Whether a set can have records in a shard. Records of offices and persons can lie anywhere.
fn reaches_shard(set: &Set, shard: &Shard) -> bool {
    match set {
        Set::Area(area) => area.shard() == *shard || shard.as_str().starts_with(&format!("{area}.")),
        Set::Office(_) | Set::Person(_) => true,
    }
}

/// Those of the logs in which a set has or had records.
fn reached<S: RelayStore>(
    store: &mut S,
    tips: &[(Shard, Mark)],
    set: &Set,
) -> Result<Vec<(Shard, Mark)>, RelayError<S::Error>> {
    let placed = placed(store, set)?;
    let reached = |shard: &Shard| match &placed {
        Some(placed) => placed.contains_key(shard),
        None => reaches_shard(set, shard),
    };
    Ok(tips.iter().filter(|(shard, _)| reached(shard)).cloned().collect())
}

/// The shards that an office's or person's records lie in, each with the first sequence that matters; `None` for an
/// area, which says by its name where they lie.
pub(super) fn placed<S: RelayStore>(
    store: &mut S,
    set: &Set,
) -> Result<Option<BTreeMap<Shard, u64>>, RelayError<S::Error>> {
    match set {
        Set::Area(_) => Ok(None),
        Set::Office(_) | Set::Person(_) => Ok(Some(stored(store.placed(set))?.into_iter().collect())),
    }
}

/// Whether this log contains a position.
fn has<S: RelayStore>(
    store: &mut S,
    shard: &Shard,
    start: &Mark,
    mark: &Mark,
) -> Result<bool, RelayError<S::Error>> {
    if mark.sequence == 0 {
        return Ok(mark == start);
    }
    Ok(stored(store.mark_at(shard, mark.sequence))?.as_ref() == Some(mark))
}
