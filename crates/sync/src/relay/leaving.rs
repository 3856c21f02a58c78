//! Telling a replica which of the records it must give up another one holds.
//!
//! A record that left a replica's sets is in no scope of it any more, so no `safe` speaks of it. It is asked for by
//! name, and the answer is exact: another live device reads the record now, and has passed every entry about it in
//! every shard from which it is sent it.

use std::collections::BTreeSet;

use sambung_domain::{RecordId, Set, Shard, Timestamp};
use sambung_trust::decide::reads_through;

use super::answer::stored;
use super::safety::Others;
use super::{Caller, RecordRow, Reject, Relay, RelayError, RelayStore};
use crate::frame::FrameError;
use crate::limits::{FOLLOW_MAX, LEAVING_MAX};
use crate::message::{ExchangeRequest, ExchangeResponse};

/// A record's name.
type Name = (RecordId, u32);

impl Relay {
    /// Answers which of the records that wait may go.
    pub(super) fn say_kept<S: RelayStore>(
        &self,
        store: &mut S,
        caller: &Caller,
        request: &ExchangeRequest,
        response: &mut ExchangeResponse,
        now: Timestamp,
    ) -> Result<(), RelayError<S::Error>> {
        let Some(leaving) = &request.leaving else { return Ok(()) };
        if leaving.len() > LEAVING_MAX {
            return Err(Reject::Frame(FrameError::TooLarge).into());
        }
        let mut others = Others::default();
        let mut kept = Vec::new();
        for (at, name) in (0u32..).zip(leaving) {
            let Some(row) = stored(store.record(name.0, name.1))? else { continue };
            // Only of what the device wrote itself: of other records it is told nothing.
            if wrote(store, caller, *name)? && self.is_kept(store, caller, &mut others, (*name, &row), now)? {
                kept.push(at);
            }
        }
        response.kept = Some(kept).filter(|kept| !kept.is_empty());
        Ok(())
    }

    /// Whether another live device holds everything that this log has of a record.
    pub(super) fn is_kept<S: RelayStore>(
        &self,
        store: &mut S,
        caller: &Caller,
        others: &mut Others,
        record: (Name, &RecordRow),
        now: Timestamp,
    ) -> Result<bool, RelayError<S::Error>> {
        self.are_keeping(store, caller, others, record, (1, now))
    }

    /// Whether so many other live devices hold everything that this log has of a record.
    pub(super) fn are_keeping<S: RelayStore>(
        &self,
        store: &mut S,
        caller: &Caller,
        others: &mut Others,
        (name, row): (Name, &RecordRow),
        (many, now): (usize, Timestamp),
    ) -> Result<bool, RelayError<S::Error>> {
        let mut keeping = BTreeSet::new();
        let shards: Vec<Shard> = row.routing.areas.iter().map(sambung_domain::Area::shard).collect();
        let wider: Vec<Set> = row.routing.sets().iter().flat_map(Set::wider).collect();
        for (shard, set) in shards.iter().flat_map(|shard| wider.iter().map(move |set| (shard, set))) {
            for claim in stored(store.claims_on(shard, set))? {
                let Some(grant) = self.other(store, caller, others, &claim.replica, now)? else { continue };
                let reads = grant.sets.contains(set)
                    && grant.epoch(set) == claim.epoch
                    && reads_through(grant, &row.kind, &row.routing, set, now);
                if reads && self.has_passed(store, &claim.replica, (set, claim.epoch), name)? {
                    keeping.insert(claim.replica);
                }
                if keeping.len() == many {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Whether a replica has passed every entry about a record in every shard of a set.
    fn has_passed<S: RelayStore>(
        &self,
        store: &mut S,
        replica: &[u8; 16],
        (set, epoch): (&Set, [u8; 8]),
        name: Name,
    ) -> Result<bool, RelayError<S::Error>> {
        let claims = stored(store.claims_of(replica))?;
        for (shard, tip) in self.shards_of(store, set)? {
            let at = claims.iter().find(|claim| claim.shard == shard && claim.set == *set);
            let at = at.filter(|claim| claim.epoch == epoch).map_or(0, |claim| claim.sequence);
            if at >= tip.sequence {
                continue;
            }
            let rows = stored(store.entries(&shard, at, FOLLOW_MAX + 1))?;
            if rows.len() > FOLLOW_MAX || rows.iter().any(|row| row.entry.subject() == name) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Whether a device has written to a record.
fn wrote<S: RelayStore>(store: &mut S, caller: &Caller, name: Name) -> Result<bool, RelayError<S::Error>> {
    for change in stored(store.changes(name.0, name.1))? {
        if stored(store.batch(change.batch))?.device == caller.device.key {
            return Ok(true);
        }
    }
    Ok(false)
}
