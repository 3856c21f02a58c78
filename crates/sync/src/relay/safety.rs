//! How far replicas have come, and what is *safe* because of it.
//!
//! A replica shows how far it has come by naming the chain there, in its list of scopes or in the hash over them. A
//! change is safe for a device once another live device that is sent everything this one is sent has passed it: then
//! two replicas hold it, whatever becomes of the relay.

use std::collections::BTreeMap;

use sambung_domain::{RecordId, Set, Shard, Timestamp};
use sambung_trust::decide::{covers, reads_through};
use sambung_trust::{Grant, Standing};

use super::answer::stored;
use super::{Caller, Claim, Relay, RelayError, RelayStore};
use crate::chain::Entry;
use crate::limits::FOLLOW_MAX;
use crate::message::ScopeState;

/// The grants of other replicas, while one request is answered. `None`: no live device, or the asker's own.
#[derive(Default)]
pub(super) struct Others(BTreeMap<[u8; 16], Option<Grant>>);

impl Relay {
    /// The highest sequence up to `end` that a full replica other than the caller has passed; 0 for none.
    pub(super) fn safe<S: RelayStore>(
        &self,
        store: &mut S,
        caller: &Caller,
        others: &mut Others,
        (shard, set, end): (&Shard, &Set, u64),
        now: Timestamp,
    ) -> Result<u64, RelayError<S::Error>> {
        let mut safe = 0;
        for wider in set.wider() {
            for claim in stored(store.claims_on(shard, &wider))? {
                if claim.sequence <= safe {
                    break;
                }
                let Some(grant) = self.other(store, caller, others, &claim.replica, now)? else { continue };
                if grant.epoch(&wider) == claim.epoch
                    && covers(grant, &wider, &caller.grant, set)
                    && !misses(store, grant, caller, set, now)?
                {
                    safe = claim.sequence;
                    break;
                }
            }
        }
        Ok(safe.min(end))
    }

    /// The grant of another replica, if that is a live device.
    pub(super) fn other<'o, S: RelayStore>(
        &self,
        store: &mut S,
        caller: &Caller,
        others: &'o mut Others,
        replica: &[u8; 16],
        now: Timestamp,
    ) -> Result<Option<&'o Grant>, RelayError<S::Error>> {
        if !others.0.contains_key(replica) {
            let grant =
                self.live_grant(store, replica, now)?.filter(|grant| grant.device != caller.device.key);
            others.0.insert(*replica, grant);
        }
        Ok(others.0.get(replica).and_then(Option::as_ref))
    }

    fn live_grant<S: RelayStore>(
        &self,
        store: &mut S,
        replica: &[u8; 16],
        now: Timestamp,
    ) -> Result<Option<Grant>, RelayError<S::Error>> {
        let Some(device) = stored(store.device(replica))? else { return Ok(None) };
        let Some(signed) = stored(store.grant(&device.grant))? else { return Ok(None) };
        let Ok(grant) = self.open_grant(&signed, &device.key) else { return Ok(None) };
        let live = self.standing_of(store, &grant, now)? == Standing::Live;
        Ok(live.then_some(grant))
    }

    /// Notes how far the caller has come: `claimed` are its scopes with the cursors that this log contains, `tips`
    /// where the logs end. Writes nothing where nothing has moved.
    ///
    /// A set of several shards counts only while nothing that moved from one of its shards to another can be missing:
    /// such a record is sent where it was, not again where it came to.
    pub(super) fn note_claims<S: RelayStore>(
        &self,
        store: &mut S,
        caller: &Caller,
        claimed: &[ScopeState],
        tips: &[ScopeState],
    ) -> Result<(), RelayError<S::Error>> {
        let before = stored(store.claims_of(&caller.device.replica))?;
        let mut follows = BTreeMap::new();
        for scope in claimed {
            let at = |claim: &&Claim| claim.shard == scope.shard && claim.set == scope.set;
            let stood = before.iter().find(at);
            let came = stood.filter(|claim| claim.epoch == scope.epoch).map_or(0, |claim| claim.sequence);
            let sequence = scope.cursor.sequence;
            if sequence == came && stood.is_none_or(|claim| claim.epoch == scope.epoch) {
                continue;
            }
            if sequence > came && scope.set.spans_shards() {
                let known = follows.get(&scope.set).copied();
                let follows_now = known.map_or_else(|| follows_all(store, &scope.set, claimed, tips), Ok)?;
                follows.insert(scope.set.clone(), follows_now);
                if !follows_now {
                    continue;
                }
            }
            let (shard, set) = (scope.shard.clone(), scope.set.clone());
            let claim = Claim { replica: caller.device.replica, shard, set, epoch: scope.epoch, sequence };
            stored(store.put_claim(&claim))?;
        }
        Ok(())
    }
}

/// Whether a record that the caller may read through `set` excludes the other device or once did.
fn misses<S: RelayStore>(
    store: &mut S,
    other: &Grant,
    caller: &Caller,
    set: &Set,
    now: Timestamp,
) -> Result<bool, RelayError<S::Error>> {
    let staff = other.staff.iter().map(RecordId::to_string);
    for name in staff.chain(other.office.as_ref().map(ToString::to_string)) {
        for (record, generation) in stored(store.excluding(&name))? {
            let Some(row) = stored(store.record(record, generation))? else { continue };
            if reads_through(&caller.grant, &row.kind, &row.routing, set, now) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Whether no record can have left one of a set's shards beyond the caller's cursor there.
fn follows_all<S: RelayStore>(
    store: &mut S,
    set: &Set,
    claimed: &[ScopeState],
    tips: &[ScopeState],
) -> Result<bool, RelayError<S::Error>> {
    for tip in tips.iter().filter(|tip| tip.set == *set) {
        let cursor = claimed.iter().find(|scope| scope.set == *set && scope.shard == tip.shard);
        let cursor = cursor.map_or(0, |scope| scope.cursor.sequence);
        if cursor == tip.cursor.sequence {
            continue;
        }
        let rows = stored(store.entries(&tip.shard, cursor, FOLLOW_MAX + 1))?;
        if rows.len() > FOLLOW_MAX || rows.iter().any(|row| matches!(row.entry, Entry::Left { .. })) {
            return Ok(false);
        }
    }
    Ok(true)
}
