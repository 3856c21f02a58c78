//! What comes back to a relay that once had it: a relay that was restored, rolled back or made anew.
//!
//! Whoever holds a change can give it back, with its author's signature and this relay's own statement that it stood in
//! the log. It is not judged again: rights may have ended meanwhile, and what decided then may be gone. Nobody can get
//! anything into the log in this way that was not in it before.

use std::collections::BTreeMap;

use sambung_domain::{RecordId, Timestamp};
use sambung_trust::decide::reads_through;
use sambung_trust::merkle::{Node, Tree, root_from};
use sambung_trust::{Admission, BatchHeader, PublicKey, admission};

use super::answer::stored;
use super::pushing::{Intake, Source};
use super::{
    Caller, Circumstances, RecordRow, Reject, Relay, RelayError, RelayStore, StoredBatch, StoredLeaf,
};
use crate::chunk;
use crate::confirmed::{Confirmed, Name};
use crate::document::Actor;
use crate::frame::FrameError;
use crate::limits::{PUSH_BYTES_MAX, PUSH_HISTORY_MAX};
use crate::message::{
    Admitted, Disposition, ExchangeResponse, Lane, PulledLeaf, Returned, ReturnedLeaf, Verdict, VerdictRun,
};

/// The code of what is not under both signatures.
const UNPROVEN: &str = "returned_unproven";

/// Why somebody need not decide about a change in quarantine any more.
const STOOD: &str = "stood in the log before";

/// An author's batch, as far as what was given back proves it.
struct Proven {
    device: PublicKey,
    number: i64,
}

impl Relay {
    /// Takes back what it once had: its verdicts go into the response. Gives what of it is in the log.
    pub(super) fn take_returned<S: RelayStore>(
        &self,
        store: &mut S,
        returned: &Returned,
        response: &mut ExchangeResponse,
        circumstances: &mut Circumstances<'_>,
    ) -> Result<Confirmed, RelayError<S::Error>> {
        let bytes: usize =
            returned.leaves.iter().flat_map(|part| &part.leaf.changes).map(|c| c.chunk.len()).sum();
        if bytes > PUSH_BYTES_MAX {
            return Err(Reject::Frame(FrameError::TooLarge).into());
        }
        let admitted = self.admitted(returned);
        let batches = self.batches_of(store, returned)?;
        let (mut runs, mut confirmed) = (Vec::new(), Confirmed::default());
        let source = Source::Written(batches.values().next().map_or(0, |proven| proven.number));
        let mut intake = Intake::begin(&mut *store, circumstances, self.log, source);
        for part in &returned.leaves {
            let leaf = &part.leaf;
            let proven =
                batches.get(&leaf.batch).filter(|_| admitted.get(position(part.admission)) == Some(&true));
            let verdicts = match proven {
                Some(proven) => self.take_part(&mut intake, leaf, proven)?,
                None => vec![Verdict::refused(UNPROVEN); leaf.changes.len()],
            };
            for (change, verdict) in leaf.changes.iter().zip(verdicts) {
                confirmed.note_verdict(name(leaf, &change.chunk), &verdict);
                VerdictRun::push(&mut runs, verdict);
            }
        }
        let ledger = std::mem::take(&mut intake.ledger);
        ledger.close(store, &self.keys.deployment)?;
        response.returned = Some(runs);
        Ok(confirmed)
    }

    /// The records of what was given back that the caller reads through none of its sets. He has shown that he was given
    /// them.
    pub(super) fn out_of_reach<S: RelayStore>(
        &self,
        store: &mut S,
        caller: &Caller,
        given: &Confirmed,
        now: Timestamp,
    ) -> Result<Vec<(RecordId, u32)>, RelayError<S::Error>> {
        let mut records: Vec<(RecordId, u32)> =
            given.in_order().map(|(record, generation, _)| (*record, *generation)).collect();
        records.dedup();
        let mut away = Vec::new();
        for (record, generation) in records {
            let row = stored(store.record(record, generation))?;
            let grant = &caller.grant;
            let read = |row: &RecordRow| {
                grant.sets.iter().any(|set| reads_through(grant, &row.kind, &row.routing, set, now))
            };
            if row.is_some_and(|row| !read(&row)) {
                away.push((record, generation));
            }
        }
        Ok(away)
    }

    /// Which of the statements are this relay's own and cover what was given back under them.
    fn admitted(&self, returned: &Returned) -> Vec<bool> {
        let mut leaves = vec![Vec::new(); returned.admissions.len()];
        for part in &returned.leaves {
            let Some(leaves) = leaves.get_mut(position(part.admission)) else { continue };
            for change in &part.leaf.changes {
                let (record, generation, hash) = name(&part.leaf, &change.chunk);
                let late = change.late == Some(true);
                let node = admission::leaf(&self.keys.deployment, (record, generation), &hash.0, late);
                leaves.push((position(change.offset), node));
            }
        }
        let covers = |(given, leaves): (&Admitted, Vec<(usize, Node)>)| {
            let said = given.admission.open::<Admission>(&self.keys.relay.public()).ok();
            said.zip(agreed(leaves)).is_some_and(|(said, held)| {
                root_from(position(said.count), &held, &given.proof) == Some(said.root)
            })
        };
        returned.admissions.iter().zip(leaves).map(covers).collect()
    }

    /// The batches whose author signed what was given back of them, written with what is known of their leaves.
    fn batches_of<S: RelayStore>(
        &self,
        store: &mut S,
        returned: &Returned,
    ) -> Result<BTreeMap<u32, Proven>, RelayError<S::Error>> {
        let mut leaves: BTreeMap<u32, Vec<(usize, Node)>> = BTreeMap::new();
        for ReturnedLeaf { leaf, .. } in &returned.leaves {
            let place = (position(leaf.index), leaf.node(&self.keys.deployment));
            leaves.entry(leaf.batch).or_default().push(place);
        }
        let mut proven = BTreeMap::new();
        for (at, leaves) in leaves {
            let Some(given) = returned.batches.get(position(at)) else { continue };
            let Ok(claimed) = given.batch.peek::<BatchHeader>() else { continue };
            let Ok(header) = given.batch.open::<BatchHeader>(&claimed.device) else { continue };
            let tree = agreed(leaves)
                .and_then(|held| Tree::from_proof(position(given.leaves), &held, &given.proof))
                .filter(|tree| tree.root() == Some(header.root));
            let Some(tree) = tree else { continue };
            let batch = StoredBatch { device: header.device, signed: given.batch.clone(), tree };
            let number = stored(store.put_batch(&header.root, &batch))?;
            proven.insert(at, Proven { device: header.device, number });
        }
        Ok(proven)
    }

    /// Takes the changes of one leaf into the log.
    fn take_part<S: RelayStore>(
        &self,
        intake: &mut Intake<'_, S>,
        leaf: &PulledLeaf,
        proven: &Proven,
    ) -> Result<Vec<Verdict>, RelayError<S::Error>> {
        let all = |verdict: Verdict| vec![verdict; leaf.changes.len()];
        if self.pack.kind(&leaf.kind).is_none() {
            let code = Some("pack".to_owned());
            return Ok(all(Verdict { code, ..Verdict::plain(Disposition::Held) }));
        }
        if intake.read >= PUSH_HISTORY_MAX {
            return Ok(all(Verdict::plain(Disposition::Later)));
        }
        let Some(mut record) = self.standing(intake, (leaf.record, leaf.generation), &leaf.kind)? else {
            return Ok(all(Verdict::refused("form_genesis")));
        };
        let under = leaf.under();
        let written = StoredLeaf { nonce: leaf.nonce, hashes: under.clone() };
        stored(intake.store.put_leaf(proven.number, leaf.index, &written))?;
        let expected = Actor::derive(&proven.device.0, &leaf.nonce);
        let mut verdicts = Vec::with_capacity(leaf.changes.len());
        for change in &leaf.changes {
            let chunk = &change.chunk;
            if !under.contains(&chunk::name(chunk)) {
                verdicts.push(Verdict::refused(UNPROVEN));
                continue;
            }
            let verdict = record.take_back(intake, chunk, expected, (proven.number, leaf.index))?;
            let lane = if change.late == Some(true) { Lane::Late } else { Lane::Normal };
            if verdict.disposition == Disposition::Stored {
                note_return(intake, name(leaf, chunk), lane)?;
            }
            verdicts.push(if verdict.is_at_relay() { Verdict { lane, ..verdict } } else { verdict });
        }
        intake.last = Some(record);
        Ok(verdicts)
    }
}

/// Notes of a change that has come back that it was late, and that nobody need decide about it any more.
fn note_return<S: RelayStore>(
    intake: &mut Intake<'_, S>,
    (record, generation, hash): Name,
    lane: Lane,
) -> Result<(), RelayError<S::Error>> {
    if lane == Lane::Late {
        stored(intake.store.put_late(record, generation, &hash))?;
    }
    let apart = stored(intake.store.quarantined(record, generation))?;
    if let Some(apart) = apart.iter().find(|apart| apart.hash == hash && apart.decided.is_none()) {
        stored(intake.store.put_decided(apart, true, STOOD, intake.now))?;
    }
    Ok(())
}

fn name(leaf: &PulledLeaf, bytes: &[u8]) -> Name {
    (leaf.record, leaf.generation, chunk::name(bytes))
}

fn position(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Places and what stands there, ascending; `None` if two things are said to stand in one place: at most one is true,
/// and the other would pass with it.
fn agreed(mut places: Vec<(usize, Node)>) -> Option<Vec<(usize, Node)>> {
    places.sort_unstable();
    places.dedup();
    places.windows(2).all(|pair| pair[0].0 < pair[1].0).then_some(places)
}
