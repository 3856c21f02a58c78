//! [`RelayStore`] inside one SQLite transaction.

mod apart;
mod digests;
mod parcels;
mod silence;

pub use parcels::WaitingParcel;

use rusqlite::{
    CachedStatement, Connection, OptionalExtension, Params, Row, Transaction, TransactionBehavior,
};
use rusqlite::{named_params, params};
use sambung_domain::{OfficeCode, RecordId, Set, Shard, Timestamp};
use sambung_sync::chain::{Entry, Mark};
use sambung_sync::document::ChangeHash;
use sambung_sync::relay::{
    Claim, Device, Invitation, Load, LogRow, Move, NewOrder, Quarantined, RecordRow, RelayStore, Store,
    StoredBatch, StoredChange, StoredLeaf, StoredOrder,
};
use sambung_trust::grant::GrantId;
use sambung_trust::merkle::{Node, Tree};
use sambung_trust::order::{OrderId, OrdersSum, Subject};
use sambung_trust::signed::encode;
use sambung_trust::{PublicKey, Signed};

use super::StoreError;
use super::row::{self, Read};

/// The last position of every shard: hops from shard to shard along the primary key instead of reading the
/// log.
const TIPS: &str = "WITH RECURSIVE shards (shard) AS (
        SELECT min(shard) FROM log
        UNION ALL
        SELECT (SELECT min(log.shard) FROM log WHERE log.shard > shards.shard)
        FROM shards WHERE shards.shard IS NOT NULL
    )
    SELECT log.shard, log.sequence, log.chain FROM shards JOIN log ON log.shard = shards.shard
        AND log.sequence = (SELECT max(sequence) FROM log AS last WHERE last.shard = shards.shard)
    ORDER BY log.shard";

/// The store inside one transaction, which is rolled back unless it is committed.
#[derive(Debug)]
pub struct SqliteStore<'c> {
    transaction: Transaction<'c>,
}

impl<'c> SqliteStore<'c> {
    /// Begins a transaction.
    ///
    /// # Errors
    /// [`StoreError`], busy among others.
    pub(super) fn begin(
        connection: &'c mut Connection,
        behavior: TransactionBehavior,
    ) -> Result<Self, StoreError> {
        Ok(SqliteStore { transaction: connection.transaction_with_behavior(behavior)? })
    }

    /// Commits it: afterwards what was written survives a loss of power.
    pub(super) fn commit(self) -> Result<(), StoreError> {
        Ok(self.transaction.commit()?)
    }

    /// Its connection, for the questions of the command line.
    pub(super) fn connection(&self) -> &Connection {
        &self.transaction
    }

    fn statement(&self, text: &str) -> Result<CachedStatement<'_>, StoreError> {
        Ok(self.transaction.prepare_cached(text)?)
    }

    fn write(&self, text: &str, values: impl Params) -> Result<usize, StoreError> {
        Ok(self.statement(text)?.execute(values)?)
    }

    fn find<T>(
        &self,
        text: &str,
        values: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.statement(text)?.query_row(values, read).optional()?)
    }

    /// Adds what is known of a batch's leaves to what was known before, where that was not all of them.
    fn add_to_tree(&self, batch: i64, more: &Tree) -> Result<(), StoreError> {
        let text = "SELECT tree FROM batch WHERE number = ?1 AND tree IS NOT NULL";
        let Some(known) = self.find(text, [batch], |row| row.get::<_, Vec<u8>>(0))? else { return Ok(()) };
        let mut tree = row::tree(&[], Some(&known))?;
        tree.absorb(more);
        let (leaves, tree) = row::tree_columns(&tree);
        self.write("UPDATE batch SET leaves = ?2, tree = ?3 WHERE number = ?1", params![batch, leaves, tree])
            .map(drop)
    }

    /// How much of a device waits: a count and a sum of bytes.
    fn waits(&self, text: &str, device: &PublicKey) -> Result<Load, StoreError> {
        let read = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
        let (changes, bytes) = self.find(text, [device.0], read)?.unwrap_or_default();
        let size = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
        Ok(Load { changes: size(changes), bytes: size(bytes) })
    }

    fn list<T>(
        &self,
        text: &str,
        values: impl Params,
        mut read: impl FnMut(&Row<'_>) -> Read<T>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.statement(text)?;
        let mut rows = statement.query(values)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(read(row)??);
        }
        Ok(found)
    }
}

impl Store for SqliteStore<'_> {
    type Error = StoreError;
}

impl RelayStore for SqliteStore<'_> {
    fn device(&mut self, replica: &[u8; 16]) -> Result<Option<Device>, StoreError> {
        let text = "SELECT replica, key, name, grant, counter, root, seen FROM device WHERE replica = ?1";
        self.find(text, [replica], row::device)
    }

    fn put_device(&mut self, device: &Device) -> Result<(), StoreError> {
        let text = "INSERT INTO device (replica, key, name, grant, counter, root, enrolled, seen)
            VALUES (:replica, :key, :name, :grant, :counter, :root, :seen, :seen)
            ON CONFLICT (replica) DO UPDATE SET key = excluded.key, name = excluded.name,
                grant = excluded.grant, counter = excluded.counter, root = excluded.root,
                seen = excluded.seen";
        let values = named_params! {
            ":replica": device.replica,
            ":key": device.key.0,
            ":name": device.name,
            ":grant": device.grant,
            ":counter": device.counter.cast_signed(),
            ":root": device.root.map(|root| root.0),
            ":seen": device.seen.0,
        };
        self.write(text, values).map(drop)
    }

    fn invitation(&mut self, hash: &[u8; 32]) -> Result<Option<Invitation>, StoreError> {
        let text =
            "SELECT hash, role, areas, office, staff, expires, used_by, sets FROM invitation WHERE hash = ?1";
        self.find(text, [hash], row::invitation)?.transpose()
    }

    fn put_invitation(&mut self, invitation: &Invitation) -> Result<(), StoreError> {
        let text = "INSERT INTO invitation (hash, role, areas, office, staff, expires, used_by, sets)
            VALUES (:hash, :role, :areas, :office, :staff, :expires, :used_by, :sets)
            ON CONFLICT (hash) DO UPDATE SET role = excluded.role, areas = excluded.areas,
                office = excluded.office, staff = excluded.staff, expires = excluded.expires,
                used_by = excluded.used_by, sets = excluded.sets";
        let values = named_params! {
            ":hash": invitation.hash,
            ":role": encode(&invitation.role),
            ":areas": encode(&invitation.areas),
            ":sets": encode(&invitation.sets),
            ":office": invitation.office.as_ref().map(OfficeCode::as_str),
            ":staff": encode(&invitation.staff),
            ":expires": invitation.expires.0,
            ":used_by": invitation.used_by.map(|key| key.0),
        };
        self.write(text, values).map(drop)
    }

    fn grant(&mut self, id: &GrantId) -> Result<Option<Signed>, StoreError> {
        self.find("SELECT body, signature FROM grant WHERE id = ?1", [id], |row| row::signed(row, 0))
    }

    fn put_grant(&mut self, grant: &Signed) -> Result<(), StoreError> {
        let text = "INSERT INTO grant (id, body, signature) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO NOTHING";
        self.write(text, params![grant.short_id(), grant.body.as_slice(), grant.signature.0]).map(drop)
    }

    fn orders_sum(&mut self) -> Result<OrdersSum, StoreError> {
        let text = "SELECT before, id FROM orders ORDER BY number DESC LIMIT 1";
        let last = self.find(text, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(last.map_or(OrdersSum::default(), |(before, id)| OrdersSum::from_bytes(before).with(&id)))
    }

    fn orders_after(&mut self, sum: OrdersSum, limit: usize) -> Result<Option<Vec<Signed>>, StoreError> {
        if sum == self.orders_sum()? {
            return Ok(Some(Vec::new()));
        }
        let text = "SELECT number FROM orders WHERE before = ?1 ORDER BY number LIMIT 1";
        let first: Option<i64> = self.find(text, [sum.to_bytes()], |row| row.get(0))?;
        let Some(first) = first else { return Ok(None) };
        let text = "SELECT body, signature FROM orders WHERE number >= ?1 ORDER BY number LIMIT ?2";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.list(text, params![first, limit], |row| row::signed(row, 0).map(Ok)).map(Some)
    }

    fn orders_on(&mut self, subject: &Subject) -> Result<Vec<StoredOrder>, StoreError> {
        let text = "SELECT body, tips FROM orders WHERE subject = ?1 ORDER BY number";
        self.list(text, [subject.0], row::order)
    }

    fn has_order(&mut self, id: &OrderId) -> Result<bool, StoreError> {
        Ok(self.find("SELECT 1 FROM orders WHERE id = ?1", [id], |_| Ok(()))?.is_some())
    }

    fn put_order(&mut self, new: &NewOrder<'_>) -> Result<(), StoreError> {
        let text = "INSERT INTO orders (id, subject, body, signature, before, tips, reason)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let before = self.orders_sum()?.to_bytes();
        let NewOrder { signed, order, tips, reason } = new;
        let values = params![
            signed.short_id(),
            order.subject.0,
            signed.body.as_slice(),
            signed.signature.0,
            before,
            encode(&tips.to_vec()),
            reason
        ];
        self.write(text, values).map(drop)
    }

    fn tips(&mut self) -> Result<Vec<(Shard, Mark)>, StoreError> {
        self.list(TIPS, [], |row| {
            let shard = Shard::from_stored(row.get(0)?);
            Ok(row::mark(row, 1)?.map(|mark| (shard, mark)))
        })
    }

    fn tip(&mut self, shard: &Shard) -> Result<Option<Mark>, StoreError> {
        let text = "SELECT sequence, chain FROM log WHERE shard = ?1 ORDER BY sequence DESC LIMIT 1";
        self.find(text, [shard.as_str()], |row| row::mark(row, 0))?.transpose()
    }

    fn mark_at(&mut self, shard: &Shard, sequence: u64) -> Result<Option<Mark>, StoreError> {
        // What a replica names lies beyond every log if it does not fit.
        let Ok(at) = row::column(sequence) else { return Ok(None) };
        let text = "SELECT sequence, chain FROM log WHERE shard = ?1 AND sequence = ?2";
        self.find(text, params![shard.as_str(), at], |row| row::mark(row, 0))?.transpose()
    }

    fn append(
        &mut self,
        shard: &Shard,
        mark: &Mark,
        salt: &[u8; 16],
        entry: &Entry,
    ) -> Result<(), StoreError> {
        let text = "INSERT INTO log (shard, sequence, entry, salt, chain)
            SELECT ?1, ?2, ?3, ?4, ?5
            WHERE ?2 = 1 + ifnull((SELECT max(sequence) FROM log WHERE shard = ?1), 0)";
        let at = row::column(mark.sequence)?;
        let written = self.write(text, params![shard.as_str(), at, encode(entry), salt, mark.chain])?;
        if written == 1 { Ok(()) } else { Err(StoreError::Sequence) }
    }

    fn entries(&mut self, shard: &Shard, after: u64, limit: usize) -> Result<Vec<LogRow>, StoreError> {
        let Ok(after) = row::column(after) else { return Ok(Vec::new()) };
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let text = "SELECT sequence, entry FROM log WHERE shard = ?1 AND sequence > ?2
            ORDER BY sequence LIMIT ?3";
        self.list(text, params![shard.as_str(), after, limit], |row| {
            let (sequence, entry): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
            let read = || Ok(LogRow { sequence: row::sequence(sequence)?, entry: row::from_cbor(&entry)? });
            Ok(read())
        })
    }

    fn record(&mut self, record: RecordId, generation: u32) -> Result<Option<RecordRow>, StoreError> {
        let text = "SELECT kind, routing FROM record WHERE record = ?1 AND generation = ?2";
        let found = self.find(text, params![record.0, generation], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?))
        })?;
        found.map(|(kind, routing)| Ok(RecordRow { kind, routing: row::from_cbor(&routing)? })).transpose()
    }

    fn put_record(&mut self, record: RecordId, generation: u32, row: &RecordRow) -> Result<(), StoreError> {
        let before = self.record(record, generation)?.map(|known| known.routing);
        self.note_lying(record, generation, before.as_ref(), &row.routing)?;
        let text = "INSERT INTO record (record, generation, kind, routing) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (record, generation) DO UPDATE SET kind = excluded.kind, routing = excluded.routing";
        self.write(text, params![record.0, generation, row.kind, encode(&row.routing)])?;
        let text = "INSERT OR IGNORE INTO exclusion (name, record, generation) VALUES (?1, ?2, ?3)";
        for name in &row.routing.excluded {
            self.write(text, params![name, record.0, generation])?;
        }
        Ok(())
    }

    fn changes(&mut self, record: RecordId, generation: u32) -> Result<Vec<StoredChange>, StoreError> {
        let text = "SELECT hash, chunk, batch, leaf FROM change WHERE record = ?1 AND generation = ?2
            ORDER BY admission";
        self.list(text, params![record.0, generation], |row| row::change(row).map(Ok))
    }

    fn change(
        &mut self,
        record: RecordId,
        generation: u32,
        hash: &ChangeHash,
    ) -> Result<Option<StoredChange>, StoreError> {
        let text = "SELECT hash, chunk, batch, leaf FROM change
            WHERE record = ?1 AND generation = ?2 AND hash = ?3";
        self.find(text, params![record.0, generation, hash.0], row::change)
    }

    fn put_change(
        &mut self,
        record: RecordId,
        generation: u32,
        change: &StoredChange,
    ) -> Result<(), StoreError> {
        let text = "INSERT INTO change (record, generation, hash, batch, leaf, chunk)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let values = params![record.0, generation, change.hash.0, change.batch, change.leaf, change.chunk];
        self.write(text, values).map(drop)
    }

    fn moves(&mut self, record: RecordId, generation: u32) -> Result<Vec<Move>, StoreError> {
        self.moves_of(record, generation)
    }

    fn put_move(&mut self, record: RecordId, generation: u32, moved: &Move) -> Result<(), StoreError> {
        self.note_move(record, generation, moved)
    }

    fn is_late(&mut self, record: RecordId, generation: u32, hash: &ChangeHash) -> Result<bool, StoreError> {
        self.was_late(record, generation, hash)
    }

    fn put_late(&mut self, record: RecordId, generation: u32, hash: &ChangeHash) -> Result<(), StoreError> {
        self.note_late(record, generation, hash)
    }

    fn quarantined(&mut self, record: RecordId, generation: u32) -> Result<Vec<Quarantined>, StoreError> {
        self.apart_of(record, generation)
    }

    fn load(&mut self, device: &PublicKey) -> Result<Load, StoreError> {
        self.load_of(device)
    }

    fn put_quarantined(&mut self, quarantined: &Quarantined) -> Result<(), StoreError> {
        self.keep_apart(quarantined)
    }

    fn put_decided(
        &mut self,
        quarantined: &Quarantined,
        released: bool,
        reason: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.decide_on(quarantined, released, reason, at)
    }

    fn decided_after(
        &mut self,
        device: &PublicKey,
        number: u64,
        limit: usize,
    ) -> Result<Vec<Quarantined>, StoreError> {
        self.decided_since(device, number, limit)
    }

    fn put_batch(&mut self, root: &Node, batch: &StoredBatch) -> Result<i64, StoreError> {
        let text =
            "INSERT INTO batch (root, device, body, signature, leaves, tree) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (root) DO NOTHING";
        let signed = &batch.signed;
        let (leaves, tree) = row::tree_columns(&batch.tree);
        let new = self.write(
            text,
            params![root.0, batch.device.0, signed.body.as_slice(), signed.signature.0, leaves, tree],
        )?;
        let number = self
            .find("SELECT number FROM batch WHERE root = ?1", [root.0], |row| row.get(0))?
            .ok_or_else(|| StoreError::damaged("a batch just written is not there"))?;
        if new == 0 {
            self.add_to_tree(number, &batch.tree)?;
        }
        Ok(number)
    }

    fn batch(&mut self, batch: i64) -> Result<StoredBatch, StoreError> {
        let text = "SELECT device, body, signature, leaves, tree FROM batch WHERE number = ?1";
        let (device, signed, leaves, tree) = self
            .find(text, [batch], |row| {
                let (leaves, tree): (Vec<u8>, Option<Vec<u8>>) = (row.get(3)?, row.get(4)?);
                Ok((PublicKey(row.get(0)?), row::signed(row, 1)?, leaves, tree))
            })?
            .ok_or_else(|| StoreError::damaged("a batch is missing"))?;
        Ok(StoredBatch { device, signed, tree: row::tree(&leaves, tree.as_deref())? })
    }

    fn put_leaf(&mut self, batch: i64, index: u32, leaf: &StoredLeaf) -> Result<(), StoreError> {
        let text = "INSERT INTO leaf (batch, number, nonce, hashes) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (batch, number) DO NOTHING";
        let hashes = row::joined(leaf.hashes.iter().map(|hash| &hash.0));
        self.write(text, params![batch, index, leaf.nonce, hashes]).map(drop)
    }

    fn leaf(&mut self, batch: i64, index: u32) -> Result<StoredLeaf, StoreError> {
        let text = "SELECT nonce, hashes FROM leaf WHERE batch = ?1 AND number = ?2";
        let (nonce, hashes) = self
            .find(text, params![batch, index], |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?)))?
            .ok_or_else(|| StoreError::damaged("a leaf is missing"))?;
        Ok(StoredLeaf { nonce, hashes: row::hashes(&hashes)? })
    }

    fn claims_of(&mut self, replica: &[u8; 16]) -> Result<Vec<Claim>, StoreError> {
        let text = "SELECT replica, shard, set_name, epoch, sequence FROM claim WHERE replica = ?1";
        self.list(text, [replica], row::claim)
    }

    fn claims_on(&mut self, shard: &Shard, set: &Set) -> Result<Vec<Claim>, StoreError> {
        let text = "SELECT replica, shard, set_name, epoch, sequence FROM claim
            WHERE shard = ?1 AND set_name = ?2 ORDER BY sequence DESC";
        self.list(text, params![shard.as_str(), set.to_string()], row::claim)
    }

    fn put_claim(&mut self, claim: &Claim) -> Result<(), StoreError> {
        let text = "INSERT INTO claim (replica, shard, set_name, epoch, sequence) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (replica, shard, set_name) DO UPDATE SET epoch = excluded.epoch,
                sequence = excluded.sequence";
        let (shard, set) = (claim.shard.as_str(), claim.set.to_string());
        let sequence = row::column(claim.sequence)?;
        self.write(text, params![claim.replica, shard, set, claim.epoch, sequence]).map(drop)
    }

    fn put_placed(&mut self, set: &Set, shard: &Shard, first: u64) -> Result<(), StoreError> {
        let text = "INSERT OR IGNORE INTO placed (set_name, shard, first) VALUES (?1, ?2, ?3)";
        self.write(text, params![set.to_string(), shard.as_str(), row::column(first)?]).map(drop)
    }

    fn placed(&mut self, set: &Set) -> Result<Vec<(Shard, u64)>, StoreError> {
        let text = "SELECT shard, min(first) FROM placed WHERE set_name IN (?1, '*')
            GROUP BY shard ORDER BY shard";
        self.list(text, [set.to_string()], |row| {
            let (shard, first) = (Shard::from_stored(row.get(0)?), row.get(1)?);
            Ok(row::sequence(first).map(|first| (shard, first)))
        })
    }

    fn excluding(&mut self, name: &str) -> Result<Vec<(RecordId, u32)>, StoreError> {
        let text = "SELECT record, generation FROM exclusion WHERE name IN (?1, '*')";
        self.list(text, [name], |row| Ok(Ok((RecordId(row.get(0)?), row.get(1)?))))
    }
}
