//! One run of changes at the relay's door: gate, form, decision, entries.

use sambung_domain::{RecordId, Routing};
use sambung_trust::batch::Seen;
use sambung_trust::lane::{Judgement, Reason};

use super::answer::stored;
use super::lanes::{Reach, Rights, staff_of};
use super::pushing::Intake;
use super::quarantine::quarantined;
use super::{
    Caller, Move, Quarantined, RecordRow, Relay, RelayError, RelayStore, StoredChange, StoredLeaf, entries,
};
use crate::chunk;
use crate::document::{Actor, Change, ChangeHash, Genesis};
use crate::form::{History, Rejected};
use crate::gate::gate;
use crate::limits::PUSH_HISTORY_MAX;
use crate::message::{Disposition, Lane, PushItem, Verdict};
use crate::routing::routing_after;

/// A record's name.
type Name = (RecordId, u32);

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
    reach: Reach,
    /// What of the record by this device is or was in quarantine.
    apart: Vec<Quarantined>,
    /// The history as its author sees it, with what waits in quarantine; made once something does.
    shadow: Option<History>,
}

impl Relay {
    /// The verdicts on one item, change by change.
    pub(super) fn admit_item<S: RelayStore>(
        &self,
        intake: &mut Intake<'_, S>,
        caller: &Caller,
        rights: &mut Rights,
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
        let name = (item.record, item.generation, item.kind.as_str());
        let reach = rights.reach(intake.store, name, known.as_ref())?;
        let foreign = reach == Reach::Foreign;
        let same = |last: &Standing| (last.record, last.generation) == (item.record, item.generation);
        let standing = match intake.last.take().filter(|last| !foreign && same(last)) {
            Some(last) => last,
            None if intake.read >= PUSH_HISTORY_MAX => {
                return Ok(all(Verdict::plain(Disposition::Later)));
            }
            None => match read(intake, name, &kind.genesis_maps(), known.filter(|_| !foreign))? {
                Some(read) => read,
                None => return Ok(all(Verdict::refused("form_genesis"))),
            },
        };
        let Standing { history, row, .. } = standing;
        let apart = apart(intake, caller, item)?;
        let mut visit = Visit { item, index, history, row, leaf_written: false, reach, apart, shadow: None };
        let expected = Actor::derive(&caller.device.key.0, &item.nonce);
        let mut verdicts = Vec::with_capacity(item.chunks.len());
        for chunk in &item.chunks {
            let again = visit.apart.iter().find(|apart| apart.hash == chunk::name(chunk));
            if let Some(verdict) = again.and_then(Quarantined::verdict) {
                verdicts.push(verdict);
                continue;
            }
            verdicts.push(match examine(&visit.history, chunk, expected) {
                Ok(change) if foreign => out_of_reach(intake, caller, item, &change.hash)?,
                Ok(change) => self.place(intake, rights, &mut visit, *change, chunk)?,
                Err(verdict) if foreign => verdict,
                Err(verdict) => match verdict.disposition {
                    Disposition::Held => place_apart(intake, rights, &mut visit, chunk, expected)?,
                    Disposition::Duplicate => known_lane(intake, item, chunk)?,
                    Disposition::Stored | Disposition::Later | Disposition::Refused => verdict,
                },
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
        rights: &mut Rights,
        visit: &mut Visit<'_>,
        change: Change,
        chunk: &[u8],
    ) -> Result<Verdict, RelayError<S::Error>> {
        let (hash, item) = (change.hash, visit.item);
        let (judgement, after) = rights.judge((&visit.history, &change), &visit.row, visit.reach, intake.now);
        let lane = match judgement {
            Judgement::Foreign => return Ok(Verdict::plain(Disposition::Held)),
            Judgement::Quarantine(reason) => {
                return set_apart(intake, rights, visit, change, (chunk, reason));
            }
            Judgement::Allow => Lane::Normal,
            Judgement::Late => Lane::Late,
        };
        if let Some(shadow) = &mut visit.shadow {
            drop(shadow.admit(change.clone()));
        }
        if visit.history.admit(change).is_err() {
            return Ok(Verdict::plain(Disposition::Held));
        }
        write_leaf(intake, visit)?;
        let batch = intake.batch_number()?;
        let change = StoredChange { hash, chunk: chunk.to_vec(), batch, leaf: visit.index };
        stored(intake.store.put_change(item.record, item.generation, &change))?;
        if lane == Lane::Late {
            stored(intake.store.put_late(item.record, item.generation, &hash))?;
        }
        let name = (item.record, item.generation);
        settle(intake, name, (hash, visit.history.heads()), &mut visit.row, after)?;
        Ok(Verdict { lane, ..Verdict::plain(Disposition::Stored) })
    }

    /// A record as it stands, for changes that nobody judges any more; `None` where its name makes no genesis.
    pub(super) fn standing<S: RelayStore>(
        &self,
        intake: &mut Intake<'_, S>,
        (record, generation): Name,
        kind: &str,
    ) -> Result<Option<Standing>, RelayError<S::Error>> {
        let last = intake.last.take();
        if let Some(last) = last.filter(|last| (last.record, last.generation) == (record, generation)) {
            return Ok(Some(last));
        }
        let maps = self.pack.kind(kind).map(sambung_domain::pack::Kind::genesis_maps);
        let known = stored(intake.store.record(record, generation))?;
        read(intake, (record, generation, kind), &maps.unwrap_or_default(), known)
    }
}

impl Standing {
    /// Takes a change into the log about which it was decided before, if its form still fits.
    pub(super) fn enter<S: RelayStore>(
        &mut self,
        intake: &mut Intake<'_, S>,
        chunk: &[u8],
        (batch, leaf): (i64, u32),
    ) -> Result<Result<(), Rejected>, RelayError<S::Error>> {
        let checked = match self.history.check(chunk) {
            Ok(checked) => checked,
            Err(rejected) => return Ok(Err(rejected)),
        };
        let (hash, after) = (checked.hash, routing_after(&self.history, &checked));
        if let Err(rejected) = self.history.admit(checked) {
            return Ok(Err(rejected));
        }
        let written = StoredChange { hash, chunk: chunk.to_vec(), batch, leaf };
        stored(intake.store.put_change(self.record, self.generation, &written))?;
        let name = (self.record, self.generation);
        settle(intake, name, (hash, self.history.heads()), &mut self.row, after)?;
        Ok(Ok(()))
    }

    /// Takes back a change that stood in the log before.
    pub(super) fn take_back<S: RelayStore>(
        &mut self,
        intake: &mut Intake<'_, S>,
        chunk: &[u8],
        expected: Actor,
        place: (i64, u32),
    ) -> Result<Verdict, RelayError<S::Error>> {
        if let Err(verdict) = examine(&self.history, chunk, expected) {
            return Ok(verdict);
        }
        let entered = self.enter(intake, chunk, place)?;
        Ok(Verdict::plain(if entered.is_ok() { Disposition::Stored } else { Disposition::Held }))
    }
}

/// What of an item's record by this device is or was in quarantine.
fn apart<S: RelayStore>(
    intake: &mut Intake<'_, S>,
    caller: &Caller,
    item: &PushItem,
) -> Result<Vec<Quarantined>, RelayError<S::Error>> {
    let mut apart = stored(intake.store.quarantined(item.record, item.generation))?;
    apart.retain(|change| change.device == caller.device.key);
    Ok(apart)
}

/// The answer to a change that the log holds: in the lane it was accepted in.
fn known_lane<S: RelayStore>(
    intake: &mut Intake<'_, S>,
    item: &PushItem,
    chunk: &[u8],
) -> Result<Verdict, RelayError<S::Error>> {
    let late = stored(intake.store.is_late(item.record, item.generation, &chunk::name(chunk)))?;
    let lane = if late { Lane::Late } else { Lane::Normal };
    Ok(Verdict { lane, ..Verdict::plain(Disposition::Duplicate) })
}

/// Judges a change that builds on what waits in quarantine: kept apart like that, or held until it is decided about.
fn place_apart<S: RelayStore>(
    intake: &mut Intake<'_, S>,
    rights: &mut Rights,
    visit: &mut Visit<'_>,
    chunk: &[u8],
    expected: Actor,
) -> Result<Verdict, RelayError<S::Error>> {
    let waits = visit.apart.iter().any(|apart| apart.decided.is_none());
    if visit.shadow.is_none() && waits {
        let mut shadow = visit.history.clone();
        for chunk in visit.apart.iter().filter_map(|apart| apart.chunk.as_ref()) {
            drop(shadow.restore(chunk));
        }
        visit.shadow = Some(shadow);
    }
    let held = Verdict::plain(Disposition::Held);
    let Some(shadow) = &visit.shadow else { return Ok(held) };
    let change = match examine(shadow, chunk, expected) {
        Ok(change) => *change,
        Err(verdict) => return Ok(verdict),
    };
    // What the quarantined changes did to its routing does not count before they are released.
    match rights.judge((shadow, &change), &visit.row, visit.reach, intake.now).0 {
        Judgement::Quarantine(reason) => set_apart(intake, rights, visit, change, (chunk, reason)),
        Judgement::Allow | Judgement::Late | Judgement::Foreign => Ok(held),
    }
}

/// Keeps a change apart.
fn set_apart<S: RelayStore>(
    intake: &mut Intake<'_, S>,
    rights: &mut Rights,
    visit: &mut Visit<'_>,
    change: Change,
    (chunk, reason): (&[u8], Reason),
) -> Result<Verdict, RelayError<S::Error>> {
    if !rights.make_room(intake.store, chunk.len())? {
        return Ok(Verdict::plain(Disposition::Later));
    }
    write_leaf(intake, visit)?;
    let apart = Quarantined {
        record: visit.item.record,
        generation: visit.item.generation,
        kind: visit.item.kind.clone(),
        hash: change.hash,
        device: rights.device(),
        staff: staff_of(&change).unwrap_or(rights.staff()),
        code: reason.code().to_owned(),
        bytes: u32::try_from(chunk.len()).unwrap_or(u32::MAX),
        came: intake.now,
        batch: intake.batch_number()?,
        leaf: visit.index,
        chunk: Some(chunk.to_vec()),
        decided: None,
    };
    stored(intake.store.put_quarantined(&apart))?;
    let mut shadow = visit.shadow.take().unwrap_or_else(|| visit.history.clone());
    drop(shadow.admit(change));
    visit.shadow = Some(shadow);
    visit.apart.push(apart);
    Ok(quarantined(Disposition::Stored, reason.code()))
}

/// Writes the entries of an accepted change, and where its record lies now with which heads.
fn settle<S: RelayStore>(
    intake: &mut Intake<'_, S>,
    name: Name,
    (hash, heads): (ChangeHash, Vec<ChangeHash>),
    row: &mut RecordRow,
    after: Routing,
) -> Result<(), RelayError<S::Error>> {
    intake.ledger.note(intake.store, name, row, (heads, &after))?;
    entries::write(intake, name, hash, (&row.routing, &after))?;
    if row.routing == after {
        return Ok(());
    }
    let before = std::mem::replace(&mut row.routing, after);
    stored(intake.store.put_record(name.0, name.1, row))?;
    if !before.is_born() {
        return Ok(());
    }
    // Whoever stands before the last entry just written has not seen that the record left.
    let tips = entries::shards(&before)
        .into_iter()
        .filter_map(|shard| Some(Seen { sequence: intake.written(&shard)?.saturating_sub(1), shard }))
        .collect();
    let moved = Move { at: intake.now, before, tips };
    stored(intake.store.put_move(name.0, name.1, &moved))
}

/// Reads a record back from the store; a row that is not `known` is one before its birth, and has no changes. `None`
/// where its name makes no genesis.
fn read<S: RelayStore>(
    intake: &mut Intake<'_, S>,
    (record, generation, kind): (RecordId, u32, &str),
    maps: &[&str],
    known: Option<RecordRow>,
) -> Result<Option<Standing>, RelayError<S::Error>> {
    let genesis = Genesis { kind: kind.to_owned(), record, generation };
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
    let row = known.unwrap_or_else(|| RecordRow { kind: kind.to_owned(), routing: Routing::default() });
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

/// Whether a chunk fits a history, by the actor that its author writes as here.
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

/// Writes the leaf that the item's changes stand under, once.
fn write_leaf<S: RelayStore>(
    intake: &mut Intake<'_, S>,
    visit: &mut Visit<'_>,
) -> Result<(), RelayError<S::Error>> {
    if visit.leaf_written {
        return Ok(());
    }
    let batch = intake.batch_number()?;
    let hashes = visit.item.chunks.iter().map(|chunk| chunk::name(chunk)).collect();
    let leaf = StoredLeaf { nonce: visit.item.nonce, hashes };
    stored(intake.store.put_leaf(batch, visit.index, &leaf))?;
    visit.leaf_written = true;
    Ok(())
}
