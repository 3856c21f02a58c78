//! Comparing with the relay record by record, after sums differed or a place in the log was lost.
//!
//! Level by level for every set, then the records that differ, until nothing is left to ask. What this replica lacks
//! comes with the answers; what the relay lacks is not believed to be settled any more, and the next exchange sends it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rusqlite::{Connection, TransactionBehavior, params};
use sambung_domain::{Set, Timestamp};
use sambung_sync::limits::ASKED_MAX;
use sambung_sync::message::{
    AnsweredSet, Asked, AskedSet, Compared, Ends, Pull, PullAnswer, ReconcileRequest, ReconcileResponse, Word,
};
use sambung_trust::Grant;
use sambung_trust::certificate::Purpose;

use super::adrift;
use super::confirmed;
use super::former;
use super::listing::{differing, level_of, listing, unheard_of};
use super::past::{forget_all, settle_past};
use super::pulled::Intake;
use super::session::{SetReport, SyncError, SyncReport};
use crate::identity::{grant, see_relay_time, set_nonce};
use crate::{Replica, ReplicaError, loaded};

/// Sets compared in one request.
const LEVELS: usize = 16;

/// Times a set is compared in one session before it is left as it is.
const PASSES_MAX: u32 = 8;

/// What is left to compare and to ask.
#[derive(Debug, Default)]
pub(super) struct Reconcile {
    to_compare: VecDeque<Set>,
    /// Depth at which the relay compares a set, where it said so.
    depths: BTreeMap<Set, u8>,
    to_ask: VecDeque<(Set, VecDeque<Asked>)>,
    /// Where the logs ended when a set was compared to its end, and what differed then is being asked.
    ends: BTreeMap<Set, Ends>,
    passes: BTreeMap<Set, u32>,
    /// What the first comparison of each set gave.
    found: BTreeMap<Set, SetReport>,
}

impl Reconcile {
    /// A comparison of some sets.
    pub(super) fn of(sets: impl IntoIterator<Item = Set>) -> Self {
        Reconcile { to_compare: sets.into_iter().collect(), ..Reconcile::default() }
    }

    /// Whether nothing is left.
    pub(super) fn is_done(&self) -> bool {
        self.to_compare.is_empty() && self.to_ask.is_empty()
    }

    /// What the comparisons gave, set by set.
    pub(super) fn found(self) -> Vec<SetReport> {
        self.found.into_values().collect()
    }

    /// The records to ask about next.
    fn next_asked(&self, grant: &Grant) -> Vec<AskedSet> {
        let (mut sets, mut room) = (Vec::new(), ASKED_MAX);
        for (set, waiting) in &self.to_ask {
            if room == 0 {
                break;
            }
            let records: Vec<Asked> = waiting.iter().take(room).cloned().collect();
            room -= records.len();
            sets.push(AskedSet { set: set.clone(), epoch: grant.epoch(set), records });
        }
        sets
    }

    /// Compares a set again, unless that was tried too often.
    fn again(&mut self, set: &Set) {
        let passes = self.passes.entry(set.clone()).or_default();
        *passes += 1;
        if *passes < PASSES_MAX {
            self.to_compare.push_back(set.clone());
        }
    }
}

impl Replica {
    /// The sets that have lost their place in the log.
    pub(super) fn adrift(&self) -> Result<BTreeSet<Set>, ReplicaError> {
        adrift::sets(&self.connection)
    }

    /// All sets of the grant.
    pub(super) fn sets(&self) -> Result<BTreeSet<Set>, ReplicaError> {
        Ok(grant(&self.connection)?.1.sets.into_iter().collect())
    }

    /// The next request of a comparison.
    pub(super) fn draft_reconcile(&self, state: &Reconcile) -> Result<ReconcileRequest, ReplicaError> {
        let snapshot = self.connection.unchecked_transaction()?;
        let (signed, grant) = grant(&snapshot)?;
        let mut request = ReconcileRequest {
            replica: self.identity.replica,
            grant: signed.short_id(),
            ..ReconcileRequest::default()
        };
        if !state.to_ask.is_empty() {
            request.asked = Some(state.next_asked(&grant));
            return Ok(request);
        }
        let key = &self.identity.deployment;
        let mut levels = Vec::new();
        for set in state.to_compare.iter().take(LEVELS) {
            let least = state.depths.get(set).copied().unwrap_or(0);
            levels.push(level_of(key, &grant, set, &listing(&snapshot, key, set)?, least));
        }
        request.levels = Some(levels);
        Ok(request)
    }

    /// Takes an answer whose signature has been checked.
    pub(super) fn apply_reconcile(
        &mut self,
        state: &mut Reconcile,
        request: &ReconcileRequest,
        response: &ReconcileResponse,
        now: Timestamp,
        report: &mut SyncReport,
    ) -> Result<(), SyncError> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(ReplicaError::from)?;
        see_relay_time(&transaction, response.relay_time)?;
        set_nonce(&transaction, &response.nonce)?;
        let relay = self.identity.key_for(Purpose::Relay, response.relay_time);
        let relay = relay.map_err(|_| SyncError::RelayUnknown)?;
        let confirmed = confirmed::of_leaves(response.leaves.iter().flatten());
        let word = (&relay, response.admission.as_ref());
        let kept = confirmed::keep(&transaction, &self.identity.deployment, word, &confirmed)?;
        let touched = RefCell::default();
        let intake = Intake {
            batches: response.batches.as_deref().unwrap_or_default(),
            kept: kept.as_ref(),
            #[cfg(feature = "sabotage")]
            sabotage: self.sabotage.as_deref(),
            ..Intake::begin(&transaction, (&self.pack, &self.identity), now, &touched)?
        };
        let (_, grant) = grant(&transaction)?;
        if request.levels.is_some() {
            take_compared(&intake, &grant, state, request, response)?;
        } else {
            report.pulled += take_answers(&intake, &grant, state, request, response)?;
        }
        transaction.commit().map_err(ReplicaError::from)?;
        self.derive()?;
        Ok(())
    }
}

/// Takes what came of comparing sets.
fn take_compared(
    intake: &Intake<'_>,
    grant: &Grant,
    state: &mut Reconcile,
    request: &ReconcileRequest,
    response: &ReconcileResponse,
) -> Result<(), SyncError> {
    let (connection, key) = (intake.connection, &intake.identity.deployment);
    for level in request.levels.iter().flatten() {
        state.to_compare.retain(|set| *set != level.set);
        let compared = response.compared.iter().flatten().find(|compared| compared.set == level.set);
        // A set that the relay does not give us any more: the exchange will say so.
        let Some(compared) = compared else { continue };
        let Compared { set, count, depth, buckets, more, ends } = compared;
        if *depth > level.depth {
            state.depths.insert(set.clone(), *depth);
            state.again(set);
            continue;
        }
        let listing = listing(connection, key, set)?;
        let mut asked: VecDeque<Asked> = differing(connection, key, (&listing, level.depth), buckets)?.into();
        if !more {
            let names: BTreeSet<_> = asked.iter().map(|asked| (asked.record, asked.generation)).collect();
            let unheard = unheard_of(connection, set)?.into_iter();
            asked.extend(unheard.filter(|asked| !names.contains(&(asked.record, asked.generation))));
        }
        state.found.entry(set.clone()).or_insert_with(|| SetReport {
            set: set.to_string(),
            here: level.count,
            centre: *count,
            equal: buckets.is_empty() && !more,
        });
        if !more && asked.is_empty() {
            adrift::settle(connection, grant, set, ends)?;
            continue;
        }
        if *more {
            state.again(set);
        } else {
            state.ends.insert(set.clone(), ends.clone());
        }
        if !asked.is_empty() {
            state.to_ask.push_back((set.clone(), asked));
        }
    }
    Ok(())
}

/// Takes what was said of records that differ; gives how many changes were new here.
fn take_answers(
    intake: &Intake<'_>,
    grant: &Grant,
    state: &mut Reconcile,
    request: &ReconcileRequest,
    response: &ReconcileResponse,
) -> Result<u64, SyncError> {
    let answered = response.answered.as_deref().unwrap_or_default();
    let new = take_leaves(intake, request, response)?;
    for asked in request.asked.iter().flatten() {
        let Some(answered) = answered.iter().find(|answered| answered.set == asked.set) else {
            state.to_ask.retain(|(set, _)| *set != asked.set);
            continue;
        };
        let looked_at = usize::try_from(answered.looked_at).unwrap_or(0).min(asked.records.len());
        for (at, record) in asked.records.iter().enumerate().take(looked_at) {
            let said = answered.answers.iter().find(|answer| usize::try_from(answer.at) == Ok(at));
            take_word(intake, (&asked.set, answered), record, said.map(|answer| &answer.word))?;
        }
        if looked_at == 0 && !asked.records.is_empty() && request.asked.iter().flatten().next() == Some(asked)
        {
            return Err(SyncError::Nonsense("it answers nothing of what it was asked"));
        }
        let waiting = state.to_ask.iter_mut().find(|(set, _)| *set == asked.set);
        let left = waiting.map_or(0, |(_, records)| {
            records.drain(..looked_at.min(records.len()));
            records.len()
        });
        if left == 0 {
            state.to_ask.retain(|(set, _)| *set != asked.set);
            finish(intake.connection, grant, state, answered)?;
        }
    }
    intake.count_touched()?;
    Ok(new)
}

/// Everything that differed in a set was asked. If its logs have not gone on meanwhile, that is this replica's place.
fn finish(
    connection: &Connection,
    grant: &Grant,
    state: &mut Reconcile,
    answered: &AnsweredSet,
) -> Result<(), ReplicaError> {
    match state.ends.remove(&answered.set) {
        Some(ends) if ends == answered.ends => adrift::settle(connection, grant, &answered.set, &ends),
        Some(_) => {
            state.again(&answered.set);
            Ok(())
        }
        None => Ok(()),
    }
}

/// Takes the changes that came with the answers, each at the end of the log it was said to stand in.
fn take_leaves(
    intake: &Intake<'_>,
    request: &ReconcileRequest,
    response: &ReconcileResponse,
) -> Result<u64, SyncError> {
    let leaves = response.leaves.as_deref().unwrap_or_default();
    let proven = intake.prove(leaves.iter())?;
    let mut places = BTreeMap::new();
    for (asked, answered) in pairs(request, response) {
        for answer in &answered.answers {
            let record = usize::try_from(answer.at).ok().and_then(|at| asked.records.get(at));
            if let (Some(record), Word::Has { shard, .. }) = (record, &answer.word) {
                places.entry((record.record, record.generation)).or_insert((answered, shard.clone()));
            }
        }
    }
    let mut new = 0;
    for leaf in leaves {
        let Some((answered, shard)) = places.get(&(leaf.record, leaf.generation)) else { continue };
        let pull = Pull {
            log: answered.ends.log,
            shard: shard.clone(),
            set: answered.set.clone(),
            epoch: [0; 8],
            answer: PullAnswer::Reconcile,
            safe: 0,
        };
        new += intake.take_leaf(&pull, end_of(answered, shard), leaf, proven.get(&leaf.batch))?;
    }
    Ok(new)
}

/// The sets asked about with what was answered of them.
fn pairs<'a>(
    request: &'a ReconcileRequest,
    response: &'a ReconcileResponse,
) -> impl Iterator<Item = (&'a AskedSet, &'a AnsweredSet)> {
    request.asked.iter().flatten().filter_map(|asked| {
        Some((asked, response.answered.iter().flatten().find(|answered| answered.set == asked.set)?))
    })
}

fn end_of(answered: &AnsweredSet, shard: &sambung_domain::Shard) -> u64 {
    let end = answered.ends.marks.iter().find(|end| end.shard == *shard);
    end.map_or(1, |end| end.mark.sequence.max(1))
}

/// Takes what is said of one record; without a word the relay has nothing of it.
fn take_word(
    intake: &Intake<'_>,
    (set, answered): (&Set, &AnsweredSet),
    asked: &Asked,
    word: Option<&Word>,
) -> Result<(), ReplicaError> {
    let (connection, name) = (intake.connection, set.to_string());
    let row = loaded::find_generation(connection, asked.record, asked.generation)?;
    match (word, &row) {
        (Some(Word::Has { heads, shard }), _) => {
            match &row {
                Some(row) => intake.join(row.number, &name)?,
                None => intake.join_aside(asked.record, asked.generation, &name)?,
            }
            let place = (shard.as_str(), end_of(answered, shard));
            // What the relay has lost of a record counts as still there.
            #[cfg(feature = "sabotage")]
            if intake.sabotage == Some("relay_rolled_back") {
                return Ok(());
            }
            settle_past(connection, (asked.record, asked.generation), heads, place)?;
        }
        (Some(Word::Left | Word::Erased), Some(row)) => {
            former::set_unseen_apart(connection, row.number)?;
            super::incoming::leave(connection, row.number, &name)?;
            adrift::unsettle_left(connection, row.number)?;
        }
        (Some(Word::Left | Word::Erased), None) => {
            intake.leave_aside(asked.record, asked.generation, &name)?;
        }
        (Some(Word::Refused), row) => {
            forget_all(connection, (asked.record, asked.generation))?;
            if let Some(row) = row {
                refuse(connection, row.number)?;
            }
        }
        // Records that the relay has lost count as still there.
        #[cfg(feature = "sabotage")]
        (None, _) if intake.sabotage == Some("relay_replaced") => {}
        (None, _) => forget_all(connection, (asked.record, asked.generation))?,
    }
    if let Some(row) = row {
        intake.touch(row.number);
    }
    Ok(())
}

/// What was discarded waits for its author to act, and is not sent again.
fn refuse(connection: &Connection, record: i64) -> Result<(), ReplicaError> {
    connection
        .prepare_cached(
            "UPDATE change SET refused = 'discarded'
             WHERE record = ?1 AND own = 1 AND sequence IS NULL AND refused IS NULL",
        )?
        .execute(params![record])?;
    Ok(())
}
