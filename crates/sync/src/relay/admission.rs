//! One run of changes at the relay's door: gate, form, decision, entries.

use sambung_domain::role::Action;
use sambung_domain::{RecordId, Routing};
use sambung_trust::{Decision, Question, decide};

use super::answer::stored;
use super::pushing::Intake;
use super::{Caller, RecordRow, Relay, RelayError, RelayStore, StoredChange, StoredLeaf, entries};
use crate::chunk;
use crate::document::{Actor, Change, ChangeHash, Genesis};
use crate::form::{History, Rejected};
use crate::gate::gate;
use crate::limits::PUSH_HISTORY_MAX;
use crate::message::{Disposition, PushItem, Verdict};
use crate::routing::{routing_after, routing_at};

/// A record as it stands at the relay.
pub(super) struct Standing {
    record: RecordId,
    generation: u32,
    history: History,
    row: RecordRow,
}

/// A record while changes are admitted to it.
struct Visit<'a> {
    item: &'a PushItem,
    index: u32,
    history: History,
    row: RecordRow,
    leaf_written: bool,
}

impl Relay {
    /// The verdicts on one item, change by change.
    pub(super) fn admit_item<S: RelayStore>(
        &self,
        intake: &mut Intake<'_, S>,
        caller: &Caller,
        index: u32,
        item: &PushItem,
    ) -> Result<Vec<Verdict>, RelayError<S::Error>> {
        let all = |verdict: Verdict| vec![verdict; item.chunks.len()];
        let Some(kind) = self.pack.kind(&item.kind) else {
            let code = Some("pack".to_owned());
            return Ok(all(Verdict { code, ..Verdict::plain(Disposition::Held) }));
        };
        let known = stored(intake.store.record(item.record, item.generation))?;
        // A record out of the caller's reach is examined as if it did not exist: form errors and missing
        // dependencies then look the same for both, and nothing of it is ever placed.
        let foreign =
            known.as_ref().is_some_and(|row| row.kind != item.kind || !reachable(caller, row, intake.now));
        let same = |last: &Standing| (last.record, last.generation) == (item.record, item.generation);
        let standing = match intake.last.take().filter(|last| !foreign && same(last)) {
            Some(last) => last,
            None if intake.read >= PUSH_HISTORY_MAX => {
                return Ok(all(Verdict::plain(Disposition::Later)));
            }
            None => match read(intake, item, &kind.genesis_maps(), known.filter(|_| !foreign))? {
                Some(read) => read,
                None => return Ok(all(Verdict::refused("form_genesis"))),
            },
        };
        let Standing { history, row, .. } = standing;
        let mut visit = Visit { item, index, history, row, leaf_written: false };
        let expected = Actor::derive(&caller.device.key.0, &item.nonce);
        let mut verdicts = Vec::with_capacity(item.chunks.len());
        for chunk in &item.chunks {
            verdicts.push(match examine(&visit.history, chunk, expected) {
                Ok(change) if foreign => out_of_reach(intake, caller, item, &change.hash)?,
                Ok(change) => self.place(intake, caller, &mut visit, *change, chunk)?,
                Err(verdict) => verdict,
            });
        }
        let Visit { history, row, .. } = visit;
        let (record, generation) = (item.record, item.generation);
        intake.last = row.routing.is_born().then_some(Standing { record, generation, history, row });
        Ok(verdicts)
    }

    /// Decides on a well-formed change and writes it.
    fn place<S: RelayStore>(
        &self,
        intake: &mut Intake<'_, S>,
        caller: &Caller,
        visit: &mut Visit<'_>,
        change: Change,
        chunk: &[u8],
    ) -> Result<Verdict, RelayError<S::Error>> {
        let hash = change.hash;
        let before = routing_at(&visit.history, &change.deps);
        let after = routing_after(&visit.history, &change);
        let action = if before.is_born() { Action::Edit } else { Action::Create };
        let question = Question {
            grant: &caller.grant,
            kind: &visit.item.kind,
            action,
            here: &visit.row.routing,
            before: &before,
            after: &after,
            now: intake.now,
        };
        if decide(&question) != Decision::Allow || visit.history.admit(change).is_err() {
            return Ok(Verdict::plain(Disposition::Held));
        }
        write_change(intake, visit, hash, chunk)?;
        let record = (visit.item.record, visit.item.generation);
        entries::write(intake, record, hash, (&visit.row.routing, &after))?;
        if visit.row.routing != after {
            visit.row.routing = after;
            stored(intake.store.put_record(visit.item.record, visit.item.generation, &visit.row))?;
        }
        Ok(Verdict::plain(Disposition::Stored))
    }
}

/// Reads a record back from the store; a row that is not `known` is one before its birth, and has no changes. `None`
/// where its name makes no genesis.
fn read<S: RelayStore>(
    intake: &mut Intake<'_, S>,
    item: &PushItem,
    maps: &[&str],
    known: Option<RecordRow>,
) -> Result<Option<Standing>, RelayError<S::Error>> {
    let (record, generation) = (item.record, item.generation);
    let genesis = Genesis { kind: item.kind.clone(), record, generation };
    let Ok(mut history) = History::begin(&genesis, maps) else { return Ok(None) };
    let changes = match known {
        Some(_) => stored(intake.store.changes(record, generation))?,
        None => Vec::new(),
    };
    intake.read += changes.iter().map(|change| change.chunk.len()).sum::<usize>();
    for change in changes {
        // A change that no longer decodes was damaged on disk; what builds on it is then held.
        if history.restore(&change.chunk).is_err() {
            break;
        }
    }
    let row = known.unwrap_or_else(|| RecordRow { kind: item.kind.clone(), routing: Routing::default() });
    Ok(Some(Standing { record, generation, history, row }))
}

/// A change of a record that is out of its author's reach: what he gave before, when it was not or because of that
/// change, is a duplicate; all else is held, whatever the record is.
fn out_of_reach<S: RelayStore>(
    intake: &mut Intake<'_, S>,
    caller: &Caller,
    item: &PushItem,
    hash: &ChangeHash,
) -> Result<Verdict, RelayError<S::Error>> {
    let given = stored(intake.store.change(item.record, item.generation, hash))?;
    let own = match given {
        Some(change) => stored(intake.store.batch(change.batch))?.device == caller.device.key,
        None => false,
    };
    Ok(Verdict::plain(if own { Disposition::Duplicate } else { Disposition::Held }))
}

/// Whether the device could do anything at all with a record: outside its reach every push gets the same
/// answer, whether the record exists or not.
fn reachable(caller: &Caller, row: &RecordRow, now: sambung_domain::Timestamp) -> bool {
    [Action::Read, Action::Create, Action::Edit].into_iter().any(|action| {
        let routing = &row.routing;
        let question = Question {
            grant: &caller.grant,
            kind: &row.kind,
            action,
            here: routing,
            before: routing,
            after: routing,
            now,
        };
        decide(&question) == Decision::Allow
    })
}

fn examine(history: &History, chunk: &[u8], expected: Actor) -> Result<Box<Change>, Verdict> {
    let seen = gate(chunk).map_err(|bad| Verdict::refused(bad.code()))?;
    if history.contains(&chunk::name(chunk)) {
        return Err(Verdict::plain(Disposition::Duplicate));
    }
    if seen.actor != expected {
        return Err(Verdict::refused("form_actor"));
    }
    history.check(chunk).map(Box::new).map_err(|rejected| match rejected {
        Rejected::Missing(_) => Verdict::plain(Disposition::Held),
        Rejected::Duplicate(_) => Verdict::plain(Disposition::Duplicate),
        Rejected::Bad(bad) => Verdict::refused(bad.code()),
    })
}

fn write_change<S: RelayStore>(
    intake: &mut Intake<'_, S>,
    visit: &mut Visit<'_>,
    hash: ChangeHash,
    chunk: &[u8],
) -> Result<(), RelayError<S::Error>> {
    let item = visit.item;
    let batch = intake.batch_number()?;
    if !visit.leaf_written {
        let hashes = item.chunks.iter().map(|chunk| chunk::name(chunk)).collect();
        let leaf = StoredLeaf { nonce: item.nonce, hashes };
        stored(intake.store.put_leaf(batch, visit.index, &leaf))?;
        visit.leaf_written = true;
    }
    let change = StoredChange { hash, chunk: chunk.to_vec(), batch, leaf: visit.index };
    stored(intake.store.put_change(item.record, item.generation, &change))
}
