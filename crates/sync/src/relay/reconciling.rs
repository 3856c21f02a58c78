//! Comparing sets bucket by bucket, and giving what the other side lacks.

use std::collections::BTreeSet;

use sambung_domain::{RecordId, Set, Timestamp};
use sambung_trust::Standing;
use sambung_trust::decide::reads_through;
use sambung_trust::nonce;

use super::answer::stored;
use super::counting::heads_of;
use super::pulling::{Collector, Page};
use super::{Caller, RecordRow, Reject, Relay, RelayError, RelayStore, StoredChange};
use crate::digest::{Listing, buckets, depth_for, list};
use crate::document::ChangeHash;
use crate::frame::{AnswerFrame, Frame, FrameError};
use crate::gate::gate;
use crate::limits::{DEPTH_MAX, LISTED_MAX};
use crate::message::{
    Answer, AnsweredSet, Asked, AskedSet, Bucket, Closed, Compared, Ends, ExchangeRequest, Level, Listed,
    ReconcileRequest, ReconcileResponse, ShardMark, Want, Word,
};

/// Records read from the store at a time.
const ROWS: usize = 1_000;

impl Relay {
    /// Answers `POST /sync/v1/reconcile` inside one transaction of the store, like
    /// [`exchange`](Relay::exchange).
    ///
    /// # Errors
    /// As there.
    pub fn reconcile<S: RelayStore>(
        &self,
        store: &mut S,
        frame: &Frame,
        request: &ReconcileRequest,
        now: Timestamp,
    ) -> Result<AnswerFrame, RelayError<S::Error>> {
        let mut response = ReconcileResponse {
            relay_time: now,
            nonce: nonce::issue(&self.keys.nonce, &request.replica, now),
            want: None,
            closed: None,
            compared: None,
            answered: None,
            batches: None,
            leaves: None,
            admission: None,
        };
        let sender = ExchangeRequest { replica: request.replica, grant: request.grant, ..Default::default() };
        match self.recognise(store, frame, &sender, now)? {
            None => response.want = Some(Want::Grant),
            Some(known) => {
                let mut passed_over = self.blank_response(&sender, now);
                let caller = self.stand(store, known, &sender, &mut passed_over, now)?;
                match caller.standing {
                    // The exchange says it.
                    Standing::Live if self.is_silent(store, &caller)? => response.want = Some(Want::Orders),
                    Standing::Live => self.answer_reconcile(store, &caller, request, &mut response)?,
                    Standing::Lapsed | Standing::Ended => response.closed = Some(Closed::Ended),
                    Standing::Revoked => response.closed = Some(Closed::Revoked),
                    Standing::Expired => response.closed = Some(Closed::Expired),
                }
            }
        }
        Ok(AnswerFrame::enclose(&response, &frame.name(), &self.keys.relay))
    }

    fn answer_reconcile<S: RelayStore>(
        &self,
        store: &mut S,
        caller: &Caller,
        request: &ReconcileRequest,
        response: &mut ReconcileResponse,
    ) -> Result<(), RelayError<S::Error>> {
        let now = response.relay_time;
        let (mut compared, mut room) = (Vec::new(), LISTED_MAX);
        for level in request.levels.iter().flatten() {
            if reads_set(caller, &level.set, level.epoch) {
                compared.push(self.compare(store, caller, level, &mut room, now)?);
            }
        }
        response.compared = request.levels.as_ref().map(|_| compared);
        let Some(asked) = &request.asked else { return Ok(()) };
        let mut collector = Collector::new(&mut *store, caller, now);
        let (mut answered, mut leaves) = (Vec::new(), Vec::new());
        for set in asked.iter().filter(|set| reads_set(caller, &set.set, set.epoch)) {
            let mut page = Page::of(&set.set);
            let (looked_at, answers) = collector.answer_asked(set, &mut page)?;
            leaves.append(&mut page.leaves);
            let ends = self.ends(collector.store, &set.set)?;
            answered.push(AnsweredSet { set: set.set.clone(), looked_at, answers, ends });
        }
        let (batches, confirmed) = collector.finish();
        response.admission = self.admission(&confirmed, now);
        response.answered = Some(answered);
        response.batches = Some(batches).filter(|batches| !batches.is_empty());
        response.leaves =
            Some(super::pulling::without_repeated_hashes(leaves)).filter(|leaves| !leaves.is_empty());
        Ok(())
    }

    fn compare<S: RelayStore>(
        &self,
        store: &mut S,
        caller: &Caller,
        theirs: &Level,
        room: &mut usize,
        now: Timestamp,
    ) -> Result<Compared, RelayError<S::Error>> {
        if theirs.depth > DEPTH_MAX || theirs.sums.len() != 8 * buckets(theirs.depth) {
            return Err(Reject::Frame(FrameError::Unreadable).into());
        }
        let records = listing(store, caller, &theirs.set, now)?;
        let count = u64::try_from(records.len()).unwrap_or(u64::MAX);
        let depth = theirs.depth.max(depth_for(count));
        let ends = self.ends(store, &theirs.set)?;
        let set = theirs.set.clone();
        if depth > theirs.depth {
            return Ok(Compared { set, count, depth, buckets: Vec::new(), more: true, ends });
        }
        let (mut listed, mut more) = (Vec::new(), false);
        for (number, records) in list(&self.keys.deployment, depth, &theirs.sums, &records) {
            if *room == 0 {
                more = true;
                break;
            }
            *room = room.saturating_sub(records.len().max(1));
            let name = |((record, generation), item)| Listed { record, generation, item };
            let records = records.into_iter().map(name).collect();
            listed.push(Bucket { number: u32::try_from(number).unwrap_or(u32::MAX), records });
        }
        Ok(Compared { set, count, depth, buckets: listed, more, ends })
    }

    fn ends<S: RelayStore>(&self, store: &mut S, set: &Set) -> Result<Ends, RelayError<S::Error>> {
        let shards = self.shards_of(store, set)?;
        let marks = shards.into_iter().map(|(shard, mark)| ShardMark { shard, mark }).collect();
        Ok(Ends { log: self.log, marks })
    }
}

fn reads_set(caller: &Caller, set: &Set, epoch: [u8; 8]) -> bool {
    caller.grant.sets.contains(set) && caller.grant.epoch(set) == epoch
}

/// Everything that the caller reads through a set, with the items it counts with.
fn listing<S: RelayStore>(
    store: &mut S,
    caller: &Caller,
    set: &Set,
    now: Timestamp,
) -> Result<Listing, RelayError<S::Error>> {
    let (mut records, mut after) = (Listing::new(), None);
    loop {
        let page = stored(store.lying_in(set, after.as_ref(), ROWS))?;
        let Some((name, last)) = page.last() else { return Ok(records) };
        after = Some((name.clone(), last.record, last.generation));
        for (_, lying) in page {
            let Some(counted) = lying.counted else { continue };
            if reads_through(&caller.grant, &lying.row.kind, &lying.row.routing, set, now) {
                records.insert((lying.record, lying.generation), counted.item);
            }
        }
    }
}

impl<S: RelayStore> Collector<'_, S> {
    /// Answers what is asked about one set until the answer is full; gives how many records were looked at.
    fn answer_asked(
        &mut self,
        asked: &AskedSet,
        page: &mut Page<'_>,
    ) -> Result<(u32, Vec<Answer>), RelayError<S::Error>> {
        let mut answers = Vec::new();
        let mut looked_at = 0;
        for (at, asked) in (0u32..).zip(&asked.records) {
            if self.is_full() {
                break;
            }
            answers.extend(self.word(asked, page)?.map(|word| Answer { at, word }));
            looked_at = at + 1;
        }
        Ok((looked_at, answers))
    }

    /// What is said of one record; nothing of one that is not here, or of which the caller has shown nothing.
    fn word(&mut self, asked: &Asked, page: &mut Page<'_>) -> Result<Option<Word>, RelayError<S::Error>> {
        let name = (asked.record, asked.generation);
        if let Some(row) = self.row(name)?
            && self.reads(page.set, &row)
        {
            let heads = self.give_missing(name, &asked.heads, page)?;
            let shard = row.routing.areas.iter().map(sambung_domain::Area::shard).min();
            return Ok(shard.map(|shard| Word::Has { heads, shard }));
        }
        // Of what is out of reach only that is said which its holder has shown to have been given.
        for head in &asked.heads {
            if stored(self.store.change(asked.record, asked.generation, head))?.is_some() {
                return Ok(Some(Word::Left));
            }
        }
        let apart = stored(self.store.quarantined(asked.record, asked.generation))?;
        let discarded = apart.iter().any(|change| {
            asked.heads.contains(&change.hash)
                && change.decided.as_ref().is_some_and(|decided| !decided.released)
        });
        Ok(discarded.then_some(Word::Refused))
    }

    /// Puts what is not in the past of `known` into the page; gives the heads of all.
    fn give_missing(
        &mut self,
        name: (RecordId, u32),
        known: &[ChangeHash],
        page: &mut Page<'_>,
    ) -> Result<Vec<ChangeHash>, RelayError<S::Error>> {
        let changes = stored(self.store.changes(name.0, name.1))?;
        let has = past(&changes, known);
        for change in changes {
            if !has.contains(&change.hash) {
                self.add(page, name, change, 0)?;
            }
        }
        heads_of(self.store, name)
    }

    fn row(&mut self, name: (RecordId, u32)) -> Result<Option<RecordRow>, RelayError<S::Error>> {
        // Looked up through the collector: it names the kind of what it gives.
        self.look_up(name)?;
        Ok(self.records.get(&name).cloned().flatten())
    }
}

/// Everything in the past of some changes, themselves included. Changes come behind what they build on.
fn past(changes: &[StoredChange], heads: &[ChangeHash]) -> BTreeSet<ChangeHash> {
    let mut past: BTreeSet<ChangeHash> = heads.iter().copied().collect();
    for change in changes.iter().rev() {
        if past.contains(&change.hash)
            && let Ok(gate) = gate(&change.chunk)
        {
            past.extend(gate.deps());
        }
    }
    past
}
