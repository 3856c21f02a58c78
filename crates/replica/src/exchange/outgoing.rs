//! Building a request: what is waiting, under one signed root, and where the cursors stand.

use minicbor::bytes::ByteVec;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use sambung_domain::{RecordId, Set, Shard, StaffId, Timestamp};
use sambung_sync::ChangeHash;
use sambung_sync::chain::Mark;
use sambung_sync::limits::PUSH_CHANGES_MAX;
use sambung_sync::message::{ExchangeRequest, Health, Push, PushItem, ScopeState, ShardMark, agreement_hash};
use sambung_trust::batch::{self, BatchHeader};
use sambung_trust::merkle::{self, Node};
use sambung_trust::signed::encode;
use sambung_trust::{Grant, RecipientsSum, Signed};

use super::{Attempt, Plan, former, orders, outcomes, returning};
use crate::database::named_cbor;
use crate::identity::{grant, next_counter};
use crate::parcel::{arrival, outbox, recipients};
use crate::purge;
use crate::query::age_s;
use crate::{Replica, ReplicaError, digest};

/// Bytes of chunks in one push, well below the relay's limit: a cut line repeats at most this much.
pub(super) const PUSH_BYTES: usize = 1024 * 1024;

/// Name of the stored scopes hash at which the relay last had nothing new.
pub(super) const AGREED: &str = "agreed";

/// A request with the batch it carries.
pub(super) struct Draft {
    pub(super) request: ExchangeRequest,
    pub(super) batch: Option<i64>,
}

impl Replica {
    /// The next request of a session.
    pub(super) fn draft(
        &mut self,
        plan: Plan,
        staff: StaffId,
        attempt: Attempt,
        now: Timestamp,
    ) -> Result<Draft, ReplicaError> {
        let health = Health {
            waiting: u32::try_from(self.waiting()?).unwrap_or(u32::MAX),
            oldest_waiting_s: self
                .oldest_waiting()?
                .map_or(0, |came| u32::try_from(age_s(came, now)).unwrap_or(u32::MAX)),
            device_time: now,
        };
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (signed_grant, grant) = grant(&transaction)?;
        digest::ensure(&transaction, &self.identity.deployment)?;
        let sums = digest::sums(&transaction, &self.identity.deployment, &grant)?;
        let scopes = scopes(&transaction, &grant)?;
        let writer = Writer { identity: &self.identity, pack: self.pack.digest, staff, now };
        // What comes back goes first and alone: what waits may build on it.
        let returned = returning::draft(&transaction, &self.identity.deployment, attempt)?;
        let batch = match open_batch(&transaction)? {
            _ if returned.is_some() => None,
            Some(number) => Some(number),
            None => writer.sign_waiting(&transaction, &signed_grant, &scopes, attempt)?,
        };
        let push = batch.map(|number| push(&transaction, number)).transpose()?;
        #[cfg(feature = "sabotage")]
        if let (Some(number), Some("kill_mid_push")) = (batch, self.sabotage.as_deref()) {
            believe_in_sending(&transaction, number)?;
        }
        let leaving = purge::leaving(&transaction)?;
        let parcels = outbox::outgoing(&transaction, &self.identity.device)?;
        let known = RecipientsSum::of(&recipients(&transaction)?);
        let hash = agreement_hash(&scopes, &sums, &known);
        let agreed: Option<ByteVec> = named_cbor(&transaction, AGREED)?;
        let quiet = push.is_none()
            && returned.is_none()
            && agreed.is_some_and(|agreed| agreed[..] == hash)
            && !plan.list_scopes;
        let request = ExchangeRequest {
            replica: self.identity.replica,
            grant: signed_grant.short_id(),
            whole_grant: plan.whole_grant.then_some(signed_grant),
            scopes_hash: hash,
            receipts: receipts_above(&transaction, &scopes)?,
            scopes: (!quiet).then_some(scopes),
            push,
            budget: None,
            health,
            send_own: plan.send_own.then_some(true),
            orders: orders::sum(&transaction)?,
            orders_held: if plan.give_orders { Some(orders::held(&transaction)?) } else { None },
            outcomes: outcomes::told(&transaction)?,
            leaving: Some(leaving).filter(|leaving| !leaving.is_empty()),
            recipients: Some(known).filter(|known| !quiet && *known != RecipientsSum::default()),
            parcels,
            parcels_seen: arrival::seen(&transaction)?,
            with_sums: Some(true),
            returned,
        };
        transaction.commit()?;
        Ok(Draft { request, batch })
    }
}

/// Forgets that the relay had nothing new: the next request lists the scopes.
pub(crate) fn forget_agreement(connection: &Connection) -> Result<(), ReplicaError> {
    connection.prepare_cached("DELETE FROM named WHERE name = ?1")?.execute([AGREED])?;
    Ok(())
}

/// The cursors that hold under the present grant; one made under another filter starts anew.
pub(super) fn scopes(connection: &Connection, grant: &Grant) -> Result<Vec<ScopeState>, ReplicaError> {
    let sql = "SELECT shard, set_name, scope.log, epoch, scope.sequence, chain, coalesce(told, 0)
               FROM scope LEFT JOIN safe USING (shard, set_name) ORDER BY shard, set_name";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| {
        let mark = Mark { sequence: row.get(4)?, chain: row.get(5)? };
        let names = (row.get::<_, String>(0)?, row.get::<_, String>(1)?);
        Ok((names, row.get(2)?, row.get(3)?, mark, row.get(6)?))
    })?;
    let mut scopes = Vec::new();
    for row in rows {
        let ((shard, set), log, epoch, cursor, safe) = row?;
        let set: Set = set.parse().map_err(|_| ReplicaError::Unreadable("a scope"))?;
        if grant.sets.contains(&set) && grant.epoch(&set) == epoch {
            scopes.push(ScopeState { log, shard: Shard::from_stored(shard), set, epoch, cursor, safe });
        }
    }
    Ok(scopes)
}

/// The highest valid receipt per shard, where above every cursor of the shard and something here rests on it alone. What
/// was under others is settled, or has gone to where it belongs.
fn receipts_above(
    connection: &Connection,
    scopes: &[ScopeState],
) -> Result<Option<Vec<ShardMark>>, ReplicaError> {
    let mut shards = connection.prepare_cached("SELECT DISTINCT shard FROM receipt_range ORDER BY shard")?;
    let shards: Vec<String> = shards.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut highest = connection.prepare_cached(
        "SELECT last, chain FROM receipt_range AS r WHERE shard = ?1 AND last > ?2
             AND EXISTS (SELECT 1 FROM change WHERE receipt = r.receipt AND sequence IS NULL AND lane <> 2)
         ORDER BY last DESC LIMIT 1",
    )?;
    let mut marks = Vec::new();
    for shard in shards.into_iter().map(Shard::from_stored) {
        let cursor = scopes.iter().filter(|s| s.shard == shard).map(|s| s.cursor.sequence).max();
        let mark = highest
            .query_row((shard.as_str(), cursor.unwrap_or(0)), |row| {
                Ok(Mark { sequence: row.get(0)?, chain: row.get(1)? })
            })
            .optional()?;
        marks.extend(mark.map(|mark| ShardMark { shard, mark }));
    }
    Ok(if marks.is_empty() { None } else { Some(marks) })
}

/// An own batch that was signed and has no verdicts yet.
fn open_batch(connection: &Connection) -> Result<Option<i64>, ReplicaError> {
    let sql = "SELECT number FROM batch WHERE open = 1 ORDER BY number LIMIT 1";
    Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?)
}

/// A run of waiting changes of one record by one incarnation: a leaf to be.
struct Run {
    record: i64,
    id: RecordId,
    generation: u32,
    nonce: [u8; 16],
    positions: Vec<i64>,
    hashes: Vec<[u8; 32]>,
}

/// Who signs.
struct Writer<'a> {
    identity: &'a crate::Identity,
    pack: [u8; 8],
    staff: StaffId,
    now: Timestamp,
}

impl Writer<'_> {
    /// Signs what is waiting as a new batch; `None` if nothing is.
    fn sign_waiting(
        &self,
        connection: &Connection,
        grant: &Signed,
        scopes: &[ScopeState],
        attempt: Attempt,
    ) -> Result<Option<i64>, ReplicaError> {
        let former = former::oldest(connection, attempt)?;
        let runs = waiting_runs(connection, attempt, former.as_ref().map(|former| former.number))?;
        if runs.is_empty() {
            return Ok(None);
        }
        let (grant, seen) = match former {
            Some(former) => (former.granted, former.seen),
            None => (grant.short_id(), former::seen(scopes)),
        };
        let deployment = &self.identity.deployment;
        let leaves: Vec<Node> = runs
            .iter()
            .map(|run| batch::leaf(deployment, run.id, run.generation, &run.nonce, &run.hashes))
            .collect();
        let header = BatchHeader {
            device: self.identity.device.public(),
            staff: self.staff,
            grant,
            pack: self.pack,
            counter: next_counter(connection)?,
            seen,
            device_time: self.now,
            root: merkle::root(&leaves),
        };
        let signed = Signed::seal(&header, &self.identity.device);
        store(connection, &header, &signed, &runs).map(Some)
    }
}

fn waiting_runs(
    connection: &Connection,
    attempt: Attempt,
    former: Option<i64>,
) -> Result<Vec<Run>, ReplicaError> {
    let sql = "SELECT c.record, r.id, r.generation, c.nonce, c.position, c.hash, length(c.chunk)
               FROM change AS c INDEXED BY change_waiting JOIN record AS r ON r.number = c.record
               WHERE c.own = 1 AND c.sequence IS NULL AND c.receipt IS NULL AND c.refused IS NULL
                 AND c.admission IS NULL AND (c.held IS NULL OR c.held <> ?1) AND c.formerly IS ?3
               ORDER BY c.record, c.position LIMIT ?2";
    let limit = i64::try_from(PUSH_CHANGES_MAX).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query((attempt.0, limit, former))?;
    let mut runs: Vec<Run> = Vec::new();
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        bytes += row.get::<_, usize>(6)?;
        if bytes > PUSH_BYTES && !runs.is_empty() {
            break;
        }
        let (record, nonce) = (row.get(0)?, row.get(3)?);
        let (position, hash) = (row.get(4)?, row.get(5)?);
        match runs.last_mut() {
            Some(run) if run.record == record && run.nonce == nonce => {
                run.positions.push(position);
                run.hashes.push(hash);
            }
            _ => runs.push(Run {
                record,
                id: RecordId(row.get(1)?),
                generation: row.get(2)?,
                nonce,
                positions: vec![position],
                hashes: vec![hash],
            }),
        }
    }
    Ok(runs)
}

fn store(
    connection: &Connection,
    header: &BatchHeader,
    signed: &Signed,
    runs: &[Run],
) -> Result<i64, ReplicaError> {
    // The same leaves can be pushed again under a new number, to a relay that lost them: one batch, signed anew.
    let number = connection
        .prepare_cached(
            "INSERT INTO batch (root, signed, leaves, open) VALUES (?1, ?2, ?3, 1)
             ON CONFLICT (root) DO UPDATE SET signed = ?2, open = 1 RETURNING number",
        )?
        .query_row(
            params![header.root.0, encode(signed), i64::try_from(runs.len()).unwrap_or(i64::MAX)],
            |row| row.get(0),
        )?;
    let mut leaf =
        connection.prepare_cached("INSERT OR REPLACE INTO leaf VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    let mut mark = connection
        .prepare_cached("UPDATE change SET batch = ?3, leaf = ?4 WHERE record = ?1 AND position = ?2")?;
    for (index, run) in (0i64..).zip(runs) {
        leaf.execute(params![number, index, run.id.0, run.generation, run.nonce, run.hashes.concat()])?;
        for position in &run.positions {
            mark.execute((run.record, position, number, index))?;
        }
    }
    Ok(number)
}

/// The push that carries a stored batch.
fn push(connection: &Connection, number: i64) -> Result<Push, ReplicaError> {
    let signed: Vec<u8> = connection
        .prepare_cached("SELECT signed FROM batch WHERE number = ?1")?
        .query_row([number], |row| row.get(0))?;
    let batch = minicbor::decode(&signed).map_err(|_| ReplicaError::Unreadable("a batch"))?;
    let sql = "SELECT l.record, l.generation, r.kind, l.nonce, l.hashes, r.number
               FROM leaf AS l JOIN record AS r ON r.id = l.record AND r.generation = l.generation
               WHERE l.batch = ?1 ORDER BY l.leaf";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([number])?;
    let mut items = Vec::new();
    while let Some(row) = rows.next()? {
        let hashes = split_hashes(&row.get::<_, Vec<u8>>(4)?);
        items.push(PushItem {
            record: RecordId(row.get(0)?),
            generation: row.get(1)?,
            kind: row.get(2)?,
            nonce: row.get(3)?,
            chunks: chunks(connection, row.get(5)?, &hashes)?,
        });
    }
    Ok(Push { batch, items })
}

fn chunks(connection: &Connection, record: i64, hashes: &[ChangeHash]) -> Result<Vec<ByteVec>, ReplicaError> {
    let mut statement =
        connection.prepare_cached("SELECT chunk FROM change WHERE record = ?1 AND hash = ?2")?;
    hashes
        .iter()
        .map(|hash| {
            let chunk: Vec<u8> = statement.query_row((record, hash.0), |row| row.get(0))?;
            Ok(chunk.into())
        })
        .collect()
}

/// Sabotage of `kill_mid_push`: what was sent counts as arrived.
#[cfg(feature = "sabotage")]
fn believe_in_sending(connection: &Connection, batch: i64) -> Result<(), ReplicaError> {
    connection.execute("INSERT INTO receipt (signed, time) VALUES (x'', 0)", [])?;
    let receipt = connection.last_insert_rowid();
    connection.execute("UPDATE change SET receipt = ?1 WHERE batch = ?2", (receipt, batch))?;
    connection.execute("UPDATE batch SET open = 0 WHERE number = ?1", [batch])?;
    Ok(())
}

/// Hashes as they are stored one behind the other.
pub(crate) fn split_hashes(bytes: &[u8]) -> Vec<ChangeHash> {
    bytes.as_chunks::<32>().0.iter().map(|hash| ChangeHash(*hash)).collect()
}
