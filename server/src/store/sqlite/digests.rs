//! [`DigestStore`] inside one SQLite transaction.

use rusqlite::{Row, params};
use sambung_domain::{RecordId, Routing, Set, Shard};
use sambung_sync::digest::{Item, Sum};
use sambung_sync::relay::{Collection, Counted, DigestStore, Lying, RecordRow};

use super::SqliteStore;
use crate::store::StoreError;
use crate::store::row::{self, Read};

/// Name of the note that everything is counted.
const COUNTED: &str = "counted";

impl SqliteStore<'_> {
    /// Notes where a record lies now and lay before.
    pub(super) fn note_lying(
        &self,
        record: RecordId,
        generation: u32,
        before: Option<&Routing>,
        after: &Routing,
    ) -> Result<(), StoreError> {
        let (was, is) = (before.map(Routing::sets).unwrap_or_default(), after.sets());
        for set in was.difference(&is) {
            let text = "DELETE FROM lying WHERE set_name = ?1 AND record = ?2 AND generation = ?3";
            self.write(text, params![set.to_string(), record.0, generation])?;
        }
        for set in &is {
            let text = "INSERT OR IGNORE INTO lying (set_name, record, generation) VALUES (?1, ?2, ?3)";
            self.write(text, params![set.to_string(), record.0, generation])?;
        }
        Ok(())
    }
}

impl DigestStore for SqliteStore<'_> {
    fn counted(&mut self, record: RecordId, generation: u32) -> Result<Option<Counted>, StoreError> {
        let text = "SELECT heads, item FROM record WHERE record = ?1 AND generation = ?2";
        let found = self.find(text, params![record.0, generation], |row| counted(row, 0))?;
        found.transpose().map(Option::flatten)
    }

    fn put_counted(
        &mut self,
        record: RecordId,
        generation: u32,
        counted: &Counted,
    ) -> Result<(), StoreError> {
        let text = "UPDATE record SET heads = ?3, item = ?4 WHERE record = ?1 AND generation = ?2";
        let heads = row::joined(counted.heads.iter().map(|head| &head.0));
        match self.write(text, params![record.0, generation, heads, counted.item.to_bytes()])? {
            1 => Ok(()),
            _ => Err(StoreError::damaged("a record to be counted is missing")),
        }
    }

    fn sums(&mut self, set: &Set) -> Result<Vec<(Collection, Sum)>, StoreError> {
        let text = "SELECT shard, kind, access, count, total FROM collection WHERE set_name = ?1";
        self.list(text, [set.to_string()], |row| {
            let (shard, kind, access) = (row.get(0)?, row.get(1)?, row.get::<_, String>(2)?);
            let (count, total) = (row.get::<_, i64>(3)?, row.get(4)?);
            let read = || {
                let access = access.parse().map_err(StoreError::damaged)?;
                let shard = Shard::from_stored(shard);
                let sum = Sum { count: count.cast_unsigned(), total: u128::from_be_bytes(total) };
                Ok((Collection { set: set.clone(), shard, kind, access }, sum))
            };
            Ok(read())
        })
    }

    fn add_to_sum(&mut self, collection: &Collection, sum: Sum) -> Result<(), StoreError> {
        let Collection { set, shard, kind, access } = collection;
        let key = (set.to_string(), shard.as_str(), kind, access.to_string());
        let text = "SELECT count, total FROM collection
            WHERE set_name = ?1 AND shard = ?2 AND kind = ?3 AND access = ?4";
        let kept = self.find(text, (&key.0, key.1, key.2, &key.3), |row| {
            let (count, total): (i64, [u8; 16]) = (row.get(0)?, row.get(1)?);
            Ok(Sum { count: count.cast_unsigned(), total: u128::from_be_bytes(total) })
        })?;
        let sum = kept.unwrap_or_default().plus(sum);
        let text = "INSERT OR REPLACE INTO collection (set_name, shard, kind, access, count, total)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let values = params![key.0, key.1, key.2, key.3, sum.count.cast_signed(), sum.total.to_be_bytes()];
        self.write(text, values).map(drop)
    }

    fn lying_in(
        &mut self,
        set: &Set,
        after: Option<&(String, RecordId, u32)>,
        limit: usize,
    ) -> Result<Vec<(String, Lying)>, StoreError> {
        // Areas inside one begin with its name and a dot, and a slash comes just behind a dot.
        let name = set.to_string();
        let end = if matches!(set, Set::Area(_)) { format!("{name}/") } else { format!("{name}\0") };
        let text = "SELECT set_name, lying.record, lying.generation, kind, routing, heads, item
            FROM lying JOIN record USING (record, generation)
            WHERE set_name >= ?1 AND set_name < ?2 AND (set_name, lying.record, lying.generation) > (?3, ?4, ?5)
            ORDER BY set_name, lying.record, lying.generation LIMIT ?6";
        let start = (String::new(), RecordId([0; 16]), 0);
        let (after_name, record, generation) = after.unwrap_or(&start);
        let from = after_name.max(&name);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let values = params![from, end, after_name, record.0, generation, limit];
        self.list(text, values, lying)
    }

    fn records_after(
        &mut self,
        after: Option<(RecordId, u32)>,
        limit: usize,
    ) -> Result<Vec<(RecordId, u32)>, StoreError> {
        let text = "SELECT record, generation FROM record WHERE (record, generation) > (?1, ?2)
            ORDER BY record, generation LIMIT ?3";
        let (record, generation) = after.map_or((Vec::new(), 0), |(record, at)| (record.0.to_vec(), at));
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.list(text, params![record, generation, limit], |row| {
            Ok(Ok((RecordId(row.get(0)?), row.get(1)?)))
        })
    }

    fn is_counted(&mut self) -> Result<bool, StoreError> {
        Ok(self.find("SELECT 1 FROM meta WHERE name = ?1", [COUNTED], |_| Ok(()))?.is_some())
    }

    fn forget_sums(&mut self) -> Result<(), StoreError> {
        self.write("DELETE FROM collection", [])?;
        self.write("DELETE FROM lying", [])?;
        self.write("UPDATE record SET heads = NULL, item = NULL WHERE item IS NOT NULL", [])?;
        self.write("DELETE FROM meta WHERE name = ?1", [COUNTED]).map(drop)
    }

    fn set_counted(&mut self) -> Result<(), StoreError> {
        let text = "INSERT OR REPLACE INTO meta (name, value) VALUES (?1, x'01')";
        self.write(text, [COUNTED]).map(drop)
    }
}

/// From `heads, item` beginning at a column.
fn counted(row: &Row<'_>, first: usize) -> Read<Option<Counted>> {
    let (heads, item): (Option<Vec<u8>>, Option<[u8; 16]>) = (row.get(first)?, row.get(first + 1)?);
    let (Some(heads), Some(item)) = (heads, item) else { return Ok(Ok(None)) };
    Ok(row::hashes(&heads).map(|heads| Some(Counted { heads, item: Item::from_bytes(item) })))
}

/// From `set_name, record, generation, kind, routing, heads, item`.
fn lying(row: &Row<'_>) -> Read<(String, Lying)> {
    let (name, record, generation) = (row.get(0)?, RecordId(row.get(1)?), row.get(2)?);
    let (kind, routing): (String, Vec<u8>) = (row.get(3)?, row.get(4)?);
    let counted = counted(row, 5)?;
    let read = || {
        let row = RecordRow { kind, routing: row::from_cbor(&routing)? };
        Ok((name, Lying { record, generation, row, counted: counted? }))
    };
    Ok(read())
}
