//! Raw changes from the relay's log: proven, form-checked, stored with their place in the log.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};
use sambung_domain::{Pack, Timestamp};
use sambung_sync::chain::Mark;
use sambung_sync::form::{History, Rejected};
use sambung_sync::gate::gate;
use sambung_sync::message::{ExchangeRequest, KnownChange, Pull, PullAnswer, PulledBatch, PulledLeaf};
use sambung_sync::{Actor, ChangeHash, chunk};
use sambung_trust::merkle::{Node, root_from};
use sambung_trust::signed::encode;
use sambung_trust::{BatchHeader, PublicKey, batch};

use crate::loaded::{self, RecordRow};
use crate::{Identity, ReplicaError};

/// What a response is taken with.
pub(super) struct Intake<'a> {
    pub(super) connection: &'a Connection,
    pub(super) pack: &'a Pack,
    pub(super) identity: &'a Identity,
    pub(super) batches: &'a [PulledBatch],
    pub(super) now: Timestamp,
    /// Sabotage of `merge_fields`: whoever edited a record last drops what others did to it.
    #[cfg(feature = "sabotage")]
    pub(super) mine_wins: bool,
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
}

impl Intake<'_> {
    /// Checks every batch of the response against the leaves that came of it, and stores it. A batch that does
    /// not hold is absent from the answer.
    pub(super) fn prove(&self, pulls: &[Pull]) -> Result<BTreeMap<u32, Proven>, ReplicaError> {
        let mut leaves: BTreeMap<u32, BTreeMap<usize, (Node, &PulledLeaf)>> = BTreeMap::new();
        for leaf in pulls.iter().flat_map(leaves_of) {
            let index = usize::try_from(leaf.index).unwrap_or(usize::MAX);
            leaves.entry(leaf.batch).or_default().insert(index, (self.node(leaf), leaf));
        }
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

    fn node(&self, leaf: &PulledLeaf) -> Node {
        let hashes: Vec<[u8; 32]> = hashes(leaf).iter().map(|hash| hash.0).collect();
        batch::leaf(&self.identity.deployment, leaf.record, leaf.generation, &leaf.nonce, &hashes)
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
            let all: Vec<u8> = hashes(leaf).iter().flat_map(|hash| hash.0).collect();
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
        if !self.settle_known(pull, *from, known)? {
            return Ok(Taken::OwnMissing);
        }
        let mut changes = 0;
        for leaf in leaves {
            changes += self.take_leaf(pull, *from, leaf, proven.get(&leaf.batch))?;
        }
        let mut gone = Vec::new();
        for (record, generation) in left {
            gone.extend(
                loaded::find_generation(self.connection, *record, *generation)?.map(|row| row.number),
            );
        }
        self.move_cursor(pull, to)?;
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

    /// Notes where our own changes stand; false if one of them is not here.
    fn settle_known(&self, pull: &Pull, from: u64, known: &[KnownChange]) -> Result<bool, ReplicaError> {
        let sql = "UPDATE change SET shard = ?4, sequence = ?5
                   WHERE record = ?1 AND substr(hash, 1, 8) = ?2 AND sequence IS ?3 RETURNING 1";
        for change in known {
            let row = loaded::find_generation(self.connection, change.record, change.generation)?;
            let Some(row) = row else { return Ok(false) };
            let there = "SELECT EXISTS (SELECT 1 FROM change WHERE record = ?1 AND substr(hash, 1, 8) = ?2)";
            let here: bool = self
                .connection
                .prepare_cached(there)?
                .query_row((row.number, change.hash), |row| row.get(0))?;
            if !here {
                return Ok(false);
            }
            let sequence = from + u64::from(change.offset);
            self.connection
                .prepare_cached(sql)?
                .query_row(
                    params![row.number, change.hash, None::<i64>, pull.shard.as_str(), sequence],
                    |_| Ok(()),
                )
                .optional()?;
            self.join(row.number, &pull.set.to_string())?;
        }
        Ok(true)
    }

    /// Takes a run of changes; gives how many were new here.
    fn take_leaf(
        &self,
        pull: &Pull,
        from: u64,
        leaf: &PulledLeaf,
        proven: Option<&Proven>,
    ) -> Result<u64, ReplicaError> {
        let usable = proven.filter(|_| self.pack.kind(&leaf.kind).is_some());
        let Some(proven) = usable else {
            let code = if proven.is_some() { "pack" } else { "batch_invalid" };
            for change in &leaf.changes {
                let place = Place {
                    shard: pull.shard.as_str(),
                    set: &pull.set.to_string(),
                    sequence: from + u64::from(change.offset),
                };
                self.set_aside(leaf, proven, &change.chunk, code, &place)?;
            }
            return Ok(0);
        };
        let row = match loaded::find_generation(self.connection, leaf.record, leaf.generation)? {
            Some(row) => row,
            None => loaded::insert(self.connection, leaf.record, leaf.generation, &leaf.kind)?,
        };
        self.join(row.number, &pull.set.to_string())?;
        #[cfg(feature = "sabotage")]
        if self.mine_wins && row.has_own(self.connection)? {
            return Ok(0);
        }
        let mut history = row.history(self.connection, self.pack)?;
        let set = pull.set.to_string();
        let mut new = 0;
        for change in &leaf.changes {
            let place =
                Place { shard: pull.shard.as_str(), set: &set, sequence: from + u64::from(change.offset) };
            new += u64::from(self.take_change(&row, &mut history, leaf, proven, &change.chunk, &place)?);
        }
        if new > 0 {
            new += self.retry_pending(&row, &mut history)?;
            self.mark_underived(row.number)?;
        }
        Ok(new)
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
                     WHERE record = ?1 AND hash = ?2 AND sequence IS NULL",
                )?
                .execute(params![row.number, hash.0, place.shard, place.sequence])?;
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
                let own = proven.device == self.identity.device.public();
                self.insert(row, hash, chunk, (leaf.nonce, own), (proven.number, leaf.index), place)?;
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

    fn insert(
        &self,
        row: &RecordRow,
        hash: ChangeHash,
        chunk: &[u8],
        (nonce, own): ([u8; 16], bool),
        (batch, leaf): (i64, u32),
        place: &Place<'_>,
    ) -> Result<(), ReplicaError> {
        let position = row.changes(self.connection)? + 1;
        self.connection
            .prepare_cached(
                "INSERT INTO change (record, position, hash, chunk, nonce, own, came, batch, leaf, shard, sequence)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .execute(params![
                row.number,
                position,
                hash.0,
                chunk,
                nonce,
                own,
                self.now.0,
                batch,
                leaf,
                place.shard,
                place.sequence
            ])?;
        Ok(())
    }

    /// Keeps a change whose base has not come yet.
    fn wait(
        &self,
        leaf: &PulledLeaf,
        proven: &Proven,
        hash: ChangeHash,
        chunk: &[u8],
        place: &Place<'_>,
    ) -> Result<(), ReplicaError> {
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO pending VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                leaf.record.0,
                leaf.generation,
                leaf.kind,
                hash.0,
                chunk,
                leaf.nonce,
                proven.number,
                leaf.index,
                place.shard,
                place.sequence
            ])?;
        Ok(())
    }

    /// Tries the changes that waited for their base; gives how many could be taken.
    pub(super) fn retry_pending(&self, row: &RecordRow, history: &mut History) -> Result<u64, ReplicaError> {
        let mut taken = 0;
        loop {
            let mut progress = false;
            for waiting in self.pending_of(row)? {
                let Ok(change) = history.check(&waiting.chunk) else { continue };
                if history.admit(change).is_err() {
                    continue;
                }
                let place = Place { shard: &waiting.shard, set: "", sequence: waiting.sequence };
                let hash = chunk::name(&waiting.chunk);
                let from = (waiting.nonce, false);
                self.insert(row, hash, &waiting.chunk, from, (waiting.batch, waiting.leaf), &place)?;
                self.connection
                    .prepare_cached(
                        "DELETE FROM pending WHERE record = ?1 AND generation = ?2 AND hash = ?3",
                    )?
                    .execute(params![row.id.0, row.generation, hash.0])?;
                taken += 1;
                progress = true;
            }
            if !progress {
                return Ok(taken);
            }
        }
    }

    fn pending_of(&self, row: &RecordRow) -> Result<Vec<Waiting>, ReplicaError> {
        let sql = "SELECT chunk, nonce, batch, leaf, shard, sequence FROM pending
                   WHERE record = ?1 AND generation = ?2 ORDER BY sequence";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![row.id.0, row.generation], |row| {
            Ok(Waiting {
                chunk: row.get(0)?,
                nonce: row.get(1)?,
                batch: row.get(2)?,
                leaf: row.get(3)?,
                shard: row.get(4)?,
                sequence: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Keeps a chunk that cannot be used, with the reason and its place: reported, never in anybody's way.
    pub(super) fn set_aside(
        &self,
        leaf: &PulledLeaf,
        proven: Option<&Proven>,
        bytes: &[u8],
        code: &str,
        place: &Place<'_>,
    ) -> Result<(), ReplicaError> {
        self.connection
            .prepare_cached(
                "INSERT OR IGNORE INTO unusable (record, generation, hash, code, chunk, came, kind, set_name, nonce,
                                                 batch, leaf, shard, sequence)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )?
            .execute(params![
                leaf.record.0,
                leaf.generation,
                chunk::name(bytes).0,
                code,
                bytes,
                self.now.0,
                leaf.kind,
                place.set,
                leaf.nonce,
                proven.map(|proven| proven.number),
                leaf.index,
                place.shard,
                place.sequence
            ])?;
        Ok(())
    }

    pub(super) fn join(&self, record: i64, set: &str) -> Result<(), ReplicaError> {
        self.connection
            .prepare_cached("INSERT OR IGNORE INTO member VALUES (?1, ?2)")?
            .execute((record, set))?;
        self.connection
            .prepare_cached("UPDATE record SET away = 0 WHERE number = ?1 AND away = 1")?
            .execute([record])?;
        Ok(())
    }
}

/// A change that waits for its base.
struct Waiting {
    chunk: Vec<u8>,
    nonce: [u8; 16],
    batch: i64,
    leaf: u32,
    shard: String,
    sequence: u64,
}

fn leaves_of(pull: &Pull) -> &[PulledLeaf] {
    match &pull.answer {
        PullAnswer::Delta { leaves, .. } => leaves,
        PullAnswer::Reconcile => &[],
    }
}

/// All hashes under a leaf, in order.
fn hashes(leaf: &PulledLeaf) -> Vec<ChangeHash> {
    leaf.hashes
        .clone()
        .unwrap_or_else(|| leaf.changes.iter().map(|change| chunk::name(&change.chunk)).collect())
}

/// The header of a batch, if its author signed it and the leaves lead to its root.
fn proven_header(pulled: &PulledBatch, held: &BTreeMap<usize, (Node, &PulledLeaf)>) -> Option<BatchHeader> {
    let claimed: BatchHeader = pulled.batch.peek().ok()?;
    let header: BatchHeader = pulled.batch.open(&claimed.device).ok()?;
    let leaves: Vec<(usize, Node)> = held.iter().map(|(at, (node, _))| (*at, *node)).collect();
    let count = usize::try_from(pulled.leaves).ok()?;
    let root = root_from(count, &leaves, &pulled.proof)?;
    let under = |leaf: &PulledLeaf| {
        let all = hashes(leaf);
        leaf.changes.iter().all(|change| all.contains(&chunk::name(&change.chunk)))
    };
    (root == header.root && held.values().all(|(_, leaf)| under(leaf))).then_some(header)
}
