//! Raw changes from the relay's log: proven, form-checked, stored with their place in the log.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};
use sambung_domain::{Pack, Timestamp};
use sambung_sync::chain::Mark;
use sambung_sync::document::Change;
use sambung_sync::form::{History, Rejected};
use sambung_sync::gate::gate;
use sambung_sync::message::{ExchangeRequest, KnownChange, Pull, PullAnswer, PulledBatch, PulledLeaf};
use sambung_sync::{Actor, chunk};
use sambung_trust::merkle::{Node, root_from};
use sambung_trust::signed::encode;
use sambung_trust::{BatchHeader, PublicKey};

use super::confirmed::Kept;
use super::safe;
use crate::conflict::decision;
use crate::digest;
use crate::late;
use crate::loaded::{self, RecordRow};
use crate::{Identity, ReplicaError, astray};

/// What a response is taken with.
pub(super) struct Intake<'a> {
    pub(super) connection: &'a Connection,
    pub(super) pack: &'a Pack,
    pub(super) identity: &'a Identity,
    pub(super) batches: &'a [PulledBatch],
    pub(super) now: Timestamp,
    /// The relay's word on everything that the response confirms.
    pub(super) kept: Option<&'a Kept>,
    /// Whether what comes is looked through for records that are not where their person is.
    pub(super) looks: bool,
    /// Records of which something is settled, by number: counted anew at the end.
    pub(super) touched: &'a RefCell<BTreeSet<i64>>,
    /// The promise that is broken on purpose.
    #[cfg(feature = "sabotage")]
    pub(super) sabotage: Option<&'a str>,
}

/// What became of one scope's page.
pub(super) enum Taken {
    /// It was applied.
    All {
        /// Changes that were new here.
        changes: u64,
        /// Records that left the set.
        left: Vec<i64>,
    },
    /// Another process has moved the cursor meanwhile: nothing was applied.
    CursorMoved,
    /// The relay counts on a change of ours that is not here: nothing was applied.
    OwnMissing,
}

/// Why a chunk is set aside that no device is known to have signed.
const BATCH_INVALID: &str = "batch_invalid";

/// A batch whose signature and leaves hold.
#[derive(Clone, Copy)]
pub(super) struct Proven {
    pub(super) number: i64,
    pub(super) device: PublicKey,
}

/// A change with its place in the log.
pub(super) struct Place<'a> {
    pub(super) shard: &'a str,
    pub(super) set: &'a str,
    pub(super) sequence: u64,
    /// The relay's statement that it stands there, with its place under that.
    pub(super) admitted: Option<(i64, u32)>,
}

impl<'a> Intake<'a> {
    /// With no batches yet.
    pub(super) fn begin(
        connection: &'a Connection,
        (pack, identity): (&'a Pack, &'a Identity),
        now: Timestamp,
        touched: &'a RefCell<BTreeSet<i64>>,
    ) -> Result<Self, ReplicaError> {
        Ok(Intake {
            connection,
            pack,
            identity,
            batches: &[],
            now,
            kept: None,
            looks: astray::looks(connection)?,
            touched,
            #[cfg(feature = "sabotage")]
            sabotage: None,
        })
    }
}

impl Intake<'_> {
    /// Checks every batch of the response against the leaves that came of it, and stores it. A batch that does
    /// not hold is absent from the answer.
    pub(super) fn prove<'l>(
        &self,
        came: impl Iterator<Item = &'l PulledLeaf>,
    ) -> Result<BTreeMap<u32, Proven>, ReplicaError> {
        let mut leaves: BTreeMap<u32, BTreeMap<usize, (Node, &PulledLeaf)>> = BTreeMap::new();
        // Of two leaves in one place at most one is the author's; the other would pass under its signature.
        let mut contradicted = BTreeSet::new();
        for leaf in came {
            let index = usize::try_from(leaf.index).unwrap_or(usize::MAX);
            let node = leaf.node(&self.identity.deployment);
            let before = leaves.entry(leaf.batch).or_default().insert(index, (node, leaf));
            if before.is_some_and(|(other, _)| other != node) {
                contradicted.insert(leaf.batch);
            }
        }
        leaves.retain(|batch, _| !contradicted.contains(batch));
        let mut proven = BTreeMap::new();
        for (number, held) in leaves {
            let Some(pulled) = self.batches.get(usize::try_from(number).unwrap_or(usize::MAX)) else {
                continue;
            };
            if let Some(header) = proven_header(pulled, &held) {
                let stored = self.store_batch(pulled, &header, &held)?;
                proven.insert(number, Proven { number: stored, device: header.device });
            }
        }
        Ok(proven)
    }

    fn store_batch(
        &self,
        pulled: &PulledBatch,
        header: &BatchHeader,
        held: &BTreeMap<usize, (Node, &PulledLeaf)>,
    ) -> Result<i64, ReplicaError> {
        let connection = self.connection;
        connection
            .prepare_cached(
                "INSERT INTO batch (root, signed, leaves) VALUES (?1, ?2, ?3) ON CONFLICT (root) DO NOTHING",
            )?
            .execute(params![header.root.0, encode(&pulled.batch), pulled.leaves])?;
        let number: i64 = connection
            .prepare_cached("SELECT number FROM batch WHERE root = ?1")?
            .query_row([header.root.0], |row| row.get(0))?;
        let mut insert =
            connection.prepare_cached("INSERT OR IGNORE INTO leaf VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
        for (_, leaf) in held.values() {
            let all: Vec<u8> = leaf.under().iter().flat_map(|hash| hash.0).collect();
            insert.execute(params![number, leaf.index, leaf.record.0, leaf.generation, leaf.nonce, all])?;
        }
        if !pulled.proof.is_empty() {
            let indices: Vec<u64> = held.keys().map(|at| u64::try_from(*at).unwrap_or(u64::MAX)).collect();
            connection
                .prepare_cached("INSERT OR IGNORE INTO proof VALUES (?1, ?2, ?3)")?
                .execute(params![number, encode(&indices), encode(&pulled.proof)])?;
        }
        Ok(number)
    }

    /// Applies one scope's page, if its cursor still stands where the page begins.
    pub(super) fn take(
        &self,
        pull: &Pull,
        request: &ExchangeRequest,
        proven: &BTreeMap<u32, Proven>,
    ) -> Result<Taken, ReplicaError> {
        let PullAnswer::Delta { from, to, leaves, known, left } = &pull.answer else {
            return Ok(Taken::CursorMoved);
        };
        if self.cursor(pull)? != *from || request.scopes.is_none() {
            return Ok(Taken::CursorMoved);
        }
        self.connection.execute_batch("SAVEPOINT page")?;
        let mut changes = 0;
        for leaf in leaves {
            changes += self.take_leaf(pull, *from, leaf, proven.get(&leaf.batch))?;
        }
        // After the leaves: a change can be named here because it stands among them.
        if !self.settle_known(pull, *from, known)? {
            self.connection.execute_batch("ROLLBACK TO page; RELEASE page")?;
            return Ok(Taken::OwnMissing);
        }
        self.connection.execute_batch("RELEASE page")?;
        let mut gone = Vec::new();
        for (record, generation) in left {
            let row = loaded::find_generation(self.connection, *record, *generation)?;
            if row.is_none() {
                self.leave_aside(*record, *generation, &pull.set.to_string())?;
            }
            gone.extend(row.map(|row| row.number));
        }
        self.move_cursor(pull, to)?;
        safe::note(self.connection, pull, to)?;
        Ok(Taken::All { changes, left: gone })
    }

    fn cursor(&self, pull: &Pull) -> Result<u64, ReplicaError> {
        let sql = "SELECT sequence FROM scope WHERE shard = ?1 AND set_name = ?2 AND log = ?3 AND epoch = ?4";
        let cursor: Option<u64> = self
            .connection
            .prepare_cached(sql)?
            .query_row(params![pull.shard.as_str(), pull.set.to_string(), pull.log, pull.epoch], |row| {
                row.get(0)
            })
            .optional()?;
        Ok(cursor.unwrap_or(0))
    }

    fn move_cursor(&self, pull: &Pull, to: &Mark) -> Result<(), ReplicaError> {
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO scope VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
            .execute(params![
                pull.shard.as_str(),
                pull.set.to_string(),
                pull.log,
                pull.epoch,
                to.sequence,
                to.chain
            ])?;
        Ok(())
    }

    /// Notes where changes stand that the relay names because they are here; false if one of them is not. A change
    /// that is named again, because its record came back or moved, stands where it was named last: whoever has passed
    /// that place has it.
    fn settle_known(&self, pull: &Pull, from: u64, known: &[KnownChange]) -> Result<bool, ReplicaError> {
        for change in known {
            if !self.is_here(change)? {
                return Ok(false);
            }
            let row = loaded::find_generation(self.connection, change.record, change.generation)?;
            let Some(row) = row else {
                self.join_aside(change.record, change.generation, &pull.set.to_string())?;
                continue;
            };
            self.touch(row.number);
            let sequence = from + u64::from(change.offset);
            let (admission, admitted) = self.kept.and_then(|kept| kept.place_of(change)).unzip();
            self.connection
                .prepare_cached(
                    "UPDATE change SET shard = ?3, sequence = ?4, admitted = iif(admission IS NULL, ?6, admitted),
                                       admission = coalesce(admission, ?5)
                     WHERE record = ?1 AND substr(hash, 1, 8) = ?2
                       AND (sequence IS NULL OR shard <> ?3 OR sequence < ?4)",
                )?
                .execute(params![row.number, change.hash, pull.shard.as_str(), sequence, admission, admitted])?;
            self.join(row.number, &pull.set.to_string())?;
        }
        Ok(true)
    }

    /// Whether a change is here in any way: applied, waiting for its base, or set aside.
    fn is_here(&self, change: &KnownChange) -> Result<bool, ReplicaError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM change JOIN record ON number = record
                           WHERE id = ?1 AND generation = ?2 AND substr(hash, 1, 8) = ?3)
                       OR EXISTS (SELECT 1 FROM pending
                           WHERE record = ?1 AND generation = ?2 AND substr(hash, 1, 8) = ?3)
                       OR EXISTS (SELECT 1 FROM unusable
                           WHERE record = ?1 AND generation = ?2 AND substr(hash, 1, 8) = ?3)";
        let key = (change.record.0, change.generation, change.hash);
        Ok(self.connection.prepare_cached(sql)?.query_row(key, |row| row.get(0))?)
    }

    /// Takes a run of changes; gives how many were new here.
    pub(super) fn take_leaf(
        &self,
        pull: &Pull,
        from: u64,
        leaf: &PulledLeaf,
        proven: Option<&Proven>,
    ) -> Result<u64, ReplicaError> {
        let usable = proven.filter(|_| self.pack.kind(&leaf.kind).is_some());
        let Some(proven) = usable else {
            let code = if proven.is_some() { "pack" } else { BATCH_INVALID };
            for change in &leaf.changes {
                let place = Place {
                    shard: pull.shard.as_str(),
                    set: &pull.set.to_string(),
                    sequence: from + u64::from(change.offset),
                    admitted: None,
                };
                self.set_aside(leaf, proven, &change.chunk, code, &place)?;
            }
            let known = loaded::find_generation(self.connection, leaf.record, leaf.generation)?;
            match known {
                Some(row) => {
                    self.join(row.number, &pull.set.to_string())?;
                    self.touch(row.number);
                }
                None => self.join_aside(leaf.record, leaf.generation, &pull.set.to_string())?,
            }
            return Ok(0);
        };
        let known = loaded::find_generation(self.connection, leaf.record, leaf.generation)?;
        let is_new = known.is_none();
        let row = match known {
            Some(row) => row,
            None => loaded::insert(self.connection, leaf.record, leaf.generation, &leaf.kind)?,
        };
        self.join(row.number, &pull.set.to_string())?;
        self.join_sets_aside(&row)?;
        let mut history = row.history(self.connection, self.pack)?;
        let (under, set) = (leaf.under(), pull.set.to_string());
        let mut new = 0;
        for change in &leaf.changes {
            let place = Place {
                shard: pull.shard.as_str(),
                set: &set,
                sequence: from + u64::from(change.offset),
                admitted: self.admitted(leaf, &change.chunk),
            };
            if !under.contains(&chunk::name(&change.chunk)) {
                self.set_aside(leaf, None, &change.chunk, BATCH_INVALID, &place)?;
                continue;
            }
            new += u64::from(self.take_change(&row, &mut history, leaf, proven, &change.chunk, &place)?);
            if change.late == Some(true) && proven.device != self.identity.device.public() {
                late::note(self.connection, leaf, &change.chunk, self.now)?;
            }
        }
        if new > 0 {
            new += self.retry_pending(&row, &mut history)?;
            self.mark_underived(row.number)?;
            if self.looks {
                astray::note(self.connection, row.number)?;
            }
        } else if is_new {
            self.forget(row.number)?;
            self.join_aside(leaf.record, leaf.generation, &set)?;
            return Ok(0);
        }
        self.touch(row.number);
        Ok(new)
    }

    /// Where the relay's statement on this response speaks of a change.
    fn admitted(&self, leaf: &PulledLeaf, bytes: &[u8]) -> Option<(i64, u32)> {
        let kept = self.kept?;
        let place = kept.place(&(leaf.record, leaf.generation, chunk::name(bytes)))?;
        Some((kept.number, place))
    }

    /// Notes that a record's raw changes are ahead of its document.
    pub(super) fn mark_underived(&self, record: i64) -> Result<(), ReplicaError> {
        self.connection.prepare_cached("INSERT OR IGNORE INTO underived VALUES (?1)")?.execute([record])?;
        Ok(())
    }

    /// Takes one change; true if it was new here.
    pub(super) fn take_change(
        &self,
        row: &RecordRow,
        history: &mut History,
        leaf: &PulledLeaf,
        proven: &Proven,
        chunk: &[u8],
        place: &Place<'_>,
    ) -> Result<bool, ReplicaError> {
        let hash = chunk::name(chunk);
        if history.contains(&hash) {
            self.connection
                .prepare_cached(
                    "UPDATE change SET shard = ?3, sequence = ?4
                     WHERE record = ?1 AND hash = ?2
                       AND (sequence IS NULL OR shard <> ?3 OR sequence < ?4)",
                )?
                .execute(params![row.number, hash.0, place.shard, place.sequence])?;
            if let Some(kept) = self.kept {
                kept.stamp(self.connection, &(leaf.record, leaf.generation, hash))?;
            }
            return Ok(false);
        }
        let written_by = Actor::derive(&proven.device.0, &leaf.nonce);
        if !gate(chunk).is_ok_and(|gate| gate.actor == written_by) {
            let code = gate(chunk).err().map_or("form_actor", sambung_sync::form::BadForm::code);
            self.set_aside(leaf, Some(proven), chunk, code, place)?;
            return Ok(false);
        }
        match history.check(chunk) {
            Ok(change) => {
                if history.admit(change).is_err() {
                    return Ok(false);
                }
                let Some(change) = history.change(&hash) else { return Ok(false) };
                let own = proven.device == self.identity.device.public();
                self.insert(row, change, chunk, (leaf.nonce, own), (proven.number, leaf.index), place)?;
                Ok(true)
            }
            Err(Rejected::Missing(_)) => {
                self.wait(leaf, proven, hash, chunk, place)?;
                Ok(false)
            }
            Err(Rejected::Duplicate(_)) => Ok(false),
            Err(Rejected::Bad(bad)) => {
                self.set_aside(leaf, Some(proven), chunk, bad.code(), place)?;
                Ok(false)
            }
        }
    }

    pub(super) fn insert(
        &self,
        row: &RecordRow,
        change: &Change,
        chunk: &[u8],
        (nonce, own): ([u8; 16], bool),
        (batch, leaf): (i64, u32),
        place: &Place<'_>,
    ) -> Result<(), ReplicaError> {
        let (admission, admitted) = place.admitted.unzip();
        let position = row.changes(self.connection)? + 1;
        self.connection
            .prepare_cached(
                "INSERT INTO change (record, position, hash, chunk, nonce, own, came, batch, leaf, shard, sequence,
                                     decision, admission, admitted)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            )?
            .execute(params![
                row.number,
                position,
                change.hash.0,
                chunk,
                nonce,
                own,
                self.now.0,
                batch,
                leaf,
                (place.sequence > 0).then_some(place.shard),
                (place.sequence > 0).then_some(place.sequence),
                decision(change.message.as_deref()),
                admission,
                admitted
            ])?;
        Ok(())
    }

    /// Takes back the row of a record of which nothing could be taken.
    pub(super) fn forget(&self, record: i64) -> Result<(), ReplicaError> {
        self.connection.prepare_cached("DELETE FROM member WHERE record = ?1")?.execute([record])?;
        self.connection.prepare_cached("DELETE FROM record WHERE number = ?1")?.execute([record])?;
        Ok(())
    }

    pub(super) fn join(&self, record: i64, set: &str) -> Result<(), ReplicaError> {
        let new = self
            .connection
            .prepare_cached("INSERT OR IGNORE INTO member VALUES (?1, ?2)")?
            .execute((record, set))?;
        if new == 1 {
            digest::joined(self.connection, record, set)?;
        }
        self.connection
            .prepare_cached("UPDATE record SET away = 0 WHERE number = ?1 AND away = 1")?
            .execute([record])?;
        Ok(())
    }
}

pub(super) fn leaves_of(pull: &Pull) -> &[PulledLeaf] {
    match &pull.answer {
        PullAnswer::Delta { leaves, .. } => leaves,
        PullAnswer::Reconcile => &[],
    }
}

/// The header of a batch, if its author signed it and the leaves lead to its root. Whether a chunk stands under
/// its leaf is asked chunk by chunk: one that rotted costs only itself.
fn proven_header(pulled: &PulledBatch, held: &BTreeMap<usize, (Node, &PulledLeaf)>) -> Option<BatchHeader> {
    let claimed: BatchHeader = pulled.batch.peek().ok()?;
    let header: BatchHeader = pulled.batch.open(&claimed.device).ok()?;
    let leaves: Vec<(usize, Node)> = held.iter().map(|(at, (node, _))| (*at, *node)).collect();
    let count = usize::try_from(pulled.leaves).ok()?;
    let root = root_from(count, &leaves, &pulled.proof)?;
    (root == header.root).then_some(header)
}
