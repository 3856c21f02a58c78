//! Giving what is new: cursors checked against the chain, entries filtered by what the device may read now.

use std::collections::{BTreeMap, BTreeSet};

use sambung_domain::{RecordId, Routing, Set, Shard, Timestamp};
use sambung_trust::RecipientsSum;
use sambung_trust::decide::reads_through;

use super::answer::stored;
use super::scopes::placed;
use super::{Caller, LogRow, RecordRow, Reject, Relay, RelayError, RelayStore, StoredBatch, StoredChange};
use crate::chain::{Entry, Mark};
use crate::chunk;
use crate::confirmed::Confirmed;
use crate::digest::{SetSum, sums_hash};
use crate::document::ChangeHash;
use crate::frame::FrameError;
use crate::limits::{PULL_BYTES, PULL_BYTES_MIN, PULL_SCAN_MAX, SCOPES_MAX};
use crate::message::{
    ExchangeRequest, ExchangeResponse, KnownChange, Pull, PullAnswer, PulledBatch, PulledChange, PulledLeaf,
    ScopeState, Want, agreed_recipients, scopes_hash,
};

/// Rows read from the log at a time.
const ROWS: usize = 1_000;

/// One response's pulls while they are collected.
pub(super) struct Collector<'a, S: RelayStore> {
    pub(super) store: &'a mut S,
    caller: &'a Caller,
    now: Timestamp,
    send_own: bool,
    budget: usize,
    scanned: usize,
    pub(super) records: BTreeMap<(RecordId, u32), Option<RecordRow>>,
    sent: BTreeSet<(RecordId, u32, ChangeHash)>,
    batches: BTreeMap<i64, StoredBatch>,
    /// The batches of this response, in its order, each with the leaves it carries of them.
    listed: Vec<(i64, BTreeSet<usize>)>,
    more: bool,
    /// What was given back in the same request: the replica has it.
    given: Confirmed,
    /// What the response says to be in the log.
    confirmed: Confirmed,
    #[cfg(feature = "sabotage")]
    forgets_filter: bool,
}

/// The page of one scope.
pub(super) struct Page<'a> {
    pub(super) set: &'a Set,
    from: u64,
    pub(super) leaves: Vec<PulledLeaf>,
    known: Vec<KnownChange>,
    left: Vec<(RecordId, u32)>,
}

impl Relay {
    /// Puts what is new for the caller into the response, or asks for the list of scopes. Gives what that confirms.
    pub(super) fn give_pulls<S: RelayStore>(
        &self,
        store: &mut S,
        caller: &Caller,
        (request, given): (&ExchangeRequest, Confirmed),
        response: &mut ExchangeResponse,
        now: Timestamp,
    ) -> Result<Confirmed, RelayError<S::Error>> {
        let mut scopes = self.scopes_at_tip(store, caller, now)?;
        // Counted in the same snapshot as what is sent, and compared by the replica once it has taken that.
        let sums = match request.with_sums {
            Some(true) => Some(self.sums_of(store, caller, now)?),
            Some(false) | None => None,
        };
        let void = self.void_receipts(store, request)?;
        if let Some(known) = agreement(request, &scopes, sums.as_deref())
            && void.is_empty()
        {
            self.give_recipients(store, known, response)?;
            self.hear(store, caller)?;
            self.note_claims(store, caller, &scopes, &scopes)?;
            return Ok(Confirmed::default());
        }
        let Some(listed) = &request.scopes else {
            response.want = Some(Want::Scopes);
            return Ok(Confirmed::default());
        };
        if listed.len() > SCOPES_MAX {
            return Err(Reject::Frame(FrameError::TooLarge).into());
        }
        self.give_recipients(store, request.recipients.unwrap_or_default(), response)?;
        response.void = Some(void).filter(|void| !void.is_empty());
        scopes.extend(self.scopes_without_entries(caller, request, &scopes));
        let asked = request.budget.map_or(PULL_BYTES, |budget| budget.bytes);
        let mut collector = Collector {
            send_own: request.send_own.unwrap_or(false),
            given,
            budget: usize::try_from(asked.clamp(PULL_BYTES_MIN, PULL_BYTES)).unwrap_or(usize::MAX),
            #[cfg(feature = "sabotage")]
            forgets_filter: self.sabotage == Some("scope_filter"),
            ..Collector::new(&mut *store, caller, now)
        };
        let (mut pulls, mut claimed) = (Vec::new(), Vec::new());
        for tip in &scopes {
            let state =
                listed.iter().find(|s| s.shard == tip.shard && s.set == tip.set && s.epoch == tip.epoch);
            let cursor = self.cursor(collector.store, request, tip, state)?;
            let start = Mark::start(&self.log, &tip.shard);
            claimed.push(ScopeState { cursor: cursor.unwrap_or(start), ..tip.clone() });
            if let Some(answer) = answer_scope(&mut collector, tip, cursor, state)? {
                let (shard, set) = (tip.shard.clone(), tip.set.clone());
                pulls.push(Pull { log: self.log, shard, set, epoch: tip.epoch, answer, safe: tip.safe });
            }
        }
        let ended = !collector.more && pulls.iter().all(|pull| pull.answer != PullAnswer::Reconcile);
        response.sums = sums.filter(|_| ended).map(|sums| sums_hash(&sums));
        response.more = (collector.more || response.more == Some(true)).then_some(true);
        let (batches, confirmed) = collector.finish();
        response.batches = Some(batches).filter(|batches| !batches.is_empty());
        response.pulls = Some(pulls);
        if ended {
            self.hear(store, caller)?;
        }
        self.note_claims(store, caller, &claimed, &scopes)?;
        Ok(confirmed)
    }
}

/// The recipients that the caller knows, if he has named these scopes and sums: then there is nothing to say of them.
fn agreement(
    request: &ExchangeRequest,
    scopes: &[ScopeState],
    sums: Option<&[SetSum]>,
) -> Option<RecipientsSum> {
    match sums {
        Some(sums) => agreed_recipients(&request.scopes_hash, scopes, sums),
        None => (scopes_hash(scopes) == request.scopes_hash).then(|| request.recipients.unwrap_or_default()),
    }
}

/// What there is to say of a scope; `None` for nothing.
fn answer_scope<S: RelayStore>(
    collector: &mut Collector<'_, S>,
    tip: &ScopeState,
    cursor: Option<Mark>,
    state: Option<&ScopeState>,
) -> Result<Option<PullAnswer>, RelayError<S::Error>> {
    let Some(cursor) = cursor else { return Ok(Some(PullAnswer::Reconcile)) };
    if cursor == tip.cursor {
        let told = state.map_or(0, |state| state.safe);
        return Ok((told != tip.safe).then(|| nothing_new(cursor)));
    }
    collector.page(&tip.shard, &tip.set, cursor).map(Some)
}

fn nothing_new(cursor: Mark) -> PullAnswer {
    let from = cursor.sequence;
    PullAnswer::Delta { from, to: cursor, leaves: Vec::new(), known: Vec::new(), left: Vec::new() }
}

impl<'a> Page<'a> {
    /// An empty page of a set, from nowhere in particular.
    pub(super) fn of(set: &'a Set) -> Self {
        Page { set, from: 0, leaves: Vec::new(), known: Vec::new(), left: Vec::new() }
    }
}

impl<'a, S: RelayStore> Collector<'a, S> {
    /// An empty collector of a whole response, which carries the caller's own changes too.
    pub(super) fn new(store: &'a mut S, caller: &'a Caller, now: Timestamp) -> Self {
        Collector {
            store,
            caller,
            now,
            send_own: true,
            budget: usize::try_from(PULL_BYTES).unwrap_or(usize::MAX),
            scanned: 0,
            records: BTreeMap::new(),
            sent: BTreeSet::new(),
            batches: BTreeMap::new(),
            listed: Vec::new(),
            more: false,
            given: Confirmed::default(),
            confirmed: Confirmed::default(),
            #[cfg(feature = "sabotage")]
            forgets_filter: false,
        }
    }

    /// Whether no more fits in.
    pub(super) fn is_full(&self) -> bool {
        self.budget == 0
    }
}

impl<S: RelayStore> Collector<'_, S> {
    /// Collects entries after the cursor until the budget or the log ends.
    fn page(&mut self, shard: &Shard, set: &Set, cursor: Mark) -> Result<PullAnswer, RelayError<S::Error>> {
        let from = cursor.sequence;
        let mut page = Page { set, from, leaves: Vec::new(), known: Vec::new(), left: Vec::new() };
        let first = placed(self.store, set)?.and_then(|placed| placed.get(shard).copied()).unwrap_or(1);
        let mut last = from.max(first.saturating_sub(1));
        let mut read = false;
        'log: loop {
            let rows = stored(self.store.entries(shard, last, ROWS))?;
            let end = rows.len() < ROWS;
            for row in rows {
                if read && (self.budget == 0 || self.scanned >= PULL_SCAN_MAX) {
                    self.more = true;
                    break 'log;
                }
                (last, read) = (row.sequence, true);
                self.scanned += 1;
                self.take(&mut page, &row)?;
            }
            if end {
                break;
            }
        }
        let to = if read { stored(self.store.mark_at(shard, last))?.unwrap_or(cursor) } else { cursor };
        let leaves = without_repeated_hashes(page.leaves);
        Ok(PullAnswer::Delta { from, to, leaves, known: page.known, left: page.left })
    }

    fn take(&mut self, page: &mut Page<'_>, row: &LogRow) -> Result<(), RelayError<S::Error>> {
        let (record, generation) = row.entry.subject();
        // What became of another set than the page's does not concern it.
        if row.entry.set().is_some_and(|set| !page.set.contains(set)) {
            return Ok(());
        }
        let inside = self.readable_in(page.set, record, generation)?;
        match &row.entry {
            Entry::Change { hash, .. } if inside => {
                if let Some(change) = stored(self.store.change(record, generation, hash))? {
                    self.add(page, (record, generation), change, row.sequence)?;
                }
            }
            Entry::Joined { before, .. } if inside => {
                if !self.had(page.set, (record, generation), before) {
                    for change in stored(self.store.changes(record, generation))? {
                        self.add(page, (record, generation), change, row.sequence)?;
                    }
                }
            }
            Entry::Left { before, .. } if !inside => {
                if self.had(page.set, (record, generation), before) {
                    page.left.push((record, generation));
                }
            }
            Entry::Change { hash, .. } => self.dismiss(page, (record, generation), hash)?,
            Entry::Joined { .. } | Entry::Left { .. } => {}
        }
        Ok(())
    }

    /// Who wrote a record at a place of his that he does not read there is told that it is none of his: it was above
    /// his ceiling from its birth, or is since he wrote.
    fn dismiss(
        &mut self,
        page: &mut Page<'_>,
        (record, generation): (RecordId, u32),
        hash: &ChangeHash,
    ) -> Result<(), RelayError<S::Error>> {
        let row = self.records.get(&(record, generation)).and_then(Option::as_ref);
        if !row.is_some_and(|row| row.routing.lies_in(page.set)) {
            return Ok(());
        }
        if let Some(change) = stored(self.store.change(record, generation, hash))?
            && self.is_own(change.batch)?
            && page.left.last() != Some(&(record, generation))
        {
            page.left.push((record, generation));
        }
        Ok(())
    }

    /// Whether the device could read a record through a set under the routing it had before.
    fn had(&self, set: &Set, record: (RecordId, u32), before: &Routing) -> bool {
        let row = self.records.get(&record).and_then(Option::as_ref);
        row.is_some_and(|row| reads_through(&self.caller.grant, &row.kind, before, set, self.now))
    }

    fn readable_in(
        &mut self,
        set: &Set,
        record: RecordId,
        generation: u32,
    ) -> Result<bool, RelayError<S::Error>> {
        self.look_up((record, generation))?;
        let row = self.records.get(&(record, generation)).and_then(Option::as_ref);
        Ok(row.is_some_and(|row| self.reads(set, row)))
    }

    /// Reads what is known of a record, once.
    pub(super) fn look_up(&mut self, name: (RecordId, u32)) -> Result<(), RelayError<S::Error>> {
        if !self.records.contains_key(&name) {
            let row = stored(self.store.record(name.0, name.1))?;
            self.records.insert(name, row);
        }
        Ok(())
    }

    /// Whether the caller reads a record through a set.
    pub(super) fn reads(&self, set: &Set, row: &RecordRow) -> bool {
        // Whatever lies in a set is sent, whoever may see it.
        #[cfg(feature = "sabotage")]
        if self.forgets_filter && row.routing.lies_in(set) {
            return true;
        }
        reads_through(&self.caller.grant, &row.kind, &row.routing, set, self.now)
    }

    /// Adds a change to the page: its chunk, or only its name where the replica has it already.
    pub(super) fn add(
        &mut self,
        page: &mut Page<'_>,
        (record, generation): (RecordId, u32),
        change: StoredChange,
        sequence: u64,
    ) -> Result<(), RelayError<S::Error>> {
        let offset = u32::try_from(sequence - page.from).unwrap_or(u32::MAX);
        let own = self.is_own(change.batch)? && !self.send_own;
        let name = (record, generation, change.hash);
        let own = own || self.given.contains(&name);
        let late = stored(self.store.is_late(record, generation, &change.hash))?;
        if own || !self.sent.insert(name) {
            // Its author knows whether it was late only from a verdict that may not have reached him.
            if !late {
                self.confirmed.note(name, false);
            }
            let mut hash = [0; 8];
            hash.copy_from_slice(&change.hash.0[..8]);
            page.known.push(KnownChange { record, generation, offset, hash });
            self.budget = self.budget.saturating_sub(32);
            return Ok(());
        }
        self.budget = self.budget.saturating_sub(change.chunk.len());
        let batch = self.list(change.batch, change.leaf);
        self.confirmed.note(name, late);
        let pulled = PulledChange { offset, chunk: change.chunk.into(), late: late.then_some(true) };
        match page.leaves.last_mut() {
            Some(leaf) if (leaf.batch, leaf.index) == (batch, change.leaf) => leaf.changes.push(pulled),
            _ => {
                let leaf = stored(self.store.leaf(change.batch, change.leaf))?;
                let row = self.records.get(&(record, generation)).and_then(Option::as_ref);
                let kind = row.map(|row| row.kind.clone()).unwrap_or_default();
                page.leaves.push(PulledLeaf {
                    batch,
                    index: change.leaf,
                    record,
                    generation,
                    kind,
                    nonce: leaf.nonce,
                    hashes: Some(leaf.hashes),
                    changes: vec![pulled],
                });
            }
        }
        Ok(())
    }

    fn is_own(&mut self, number: i64) -> Result<bool, RelayError<S::Error>> {
        if !self.batches.contains_key(&number) {
            let batch = stored(self.store.batch(number))?;
            self.batches.insert(number, batch);
        }
        Ok(self.batches.get(&number).is_some_and(|batch| batch.device == self.caller.device.key))
    }

    /// The position of a batch in the response, with one more of its leaves.
    fn list(&mut self, number: i64, leaf: u32) -> u32 {
        let at = self.listed.iter().rposition(|(listed, _)| *listed == number).unwrap_or_else(|| {
            self.listed.push((number, BTreeSet::new()));
            self.listed.len() - 1
        });
        self.listed[at].1.insert(usize::try_from(leaf).unwrap_or(usize::MAX));
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    /// The batches of what was collected, and what that confirms.
    pub(super) fn finish(mut self) -> (Vec<PulledBatch>, Confirmed) {
        let listed = std::mem::take(&mut self.listed);
        let batches = listed
            .into_iter()
            .filter_map(|(number, held)| {
                let batch = self.batches.remove(&number)?;
                let indices: Vec<usize> = held.into_iter().filter(|at| *at < batch.tree.count()).collect();
                Some(PulledBatch {
                    leaves: u32::try_from(batch.tree.count()).unwrap_or(u32::MAX),
                    // What was given back in parts came with all that proves it.
                    proof: batch.tree.prove(&indices).unwrap_or_default(),
                    batch: batch.signed,
                })
            })
            .collect();
        (batches, self.confirmed)
    }
}

/// Leaves whose changes are all in the page need no list of hashes beside them.
pub(super) fn without_repeated_hashes(mut leaves: Vec<PulledLeaf>) -> Vec<PulledLeaf> {
    for leaf in &mut leaves {
        let carried: Vec<ChangeHash> = leaf.changes.iter().map(|change| chunk::name(&change.chunk)).collect();
        if leaf.hashes.as_ref() == Some(&carried) {
            leaf.hashes = None;
        }
    }
    leaves
}
