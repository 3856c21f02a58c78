//! Sealed items and their recipients.

use rusqlite::{Row, params};
use sambung_domain::{OfficeCode, RecordId, Timestamp};
use sambung_sync::relay::{Load, NewParcel, ParcelStage, ParcelStore, StoredParcel};
use sambung_trust::signed::encode;
use sambung_trust::{ItemId, Parcel, PublicKey, Recipient, Signed};

use super::SqliteStore;
use crate::store::row::{self, Read};
use crate::store::{StoreError, row::from_cbor};

/// The columns of [`parcel`].
const COLUMNS: &str =
    "number, kind, device, body, signature, content, ended, coalesce(mark, substr(content_hash, 1, 8))";

/// How a destination lies in its column: the centre has no code.
fn destination(to: Option<&OfficeCode>) -> &str {
    to.map_or("", OfficeCode::as_str)
}

/// From [`COLUMNS`].
fn parcel(row: &Row<'_>) -> Read<StoredParcel> {
    let number: i64 = row.get(0)?;
    let (kind, content): (String, Vec<u8>) = (row.get(1)?, row.get(5)?);
    let parcel =
        Parcel { device: PublicKey(row.get(2)?), header: row::signed(row, 3)?, content: content.into() };
    let (ended, mark) = (row.get(6)?, row.get(7)?);
    Ok(row::sequence(number).map(|number| StoredParcel { number, kind, parcel, ended, mark }))
}

/// A sealed item as whoever runs the relay sees it.
#[derive(Debug, Clone)]
pub struct WaitingParcel {
    /// The item.
    pub item: ItemId,
    /// The kind of record it becomes.
    pub kind: String,
    /// The parcel.
    pub parcel: Parcel,
    /// When it came, in relay time.
    pub came: Timestamp,
    /// Its sender's rights had ended.
    pub ended: bool,
    /// Somebody holds what it became.
    pub opened: bool,
}

impl SqliteStore<'_> {
    /// The sealed items that wait, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn waiting_parcels(&mut self) -> Result<Vec<WaitingParcel>, StoreError> {
        let text = format!(
            "SELECT {COLUMNS}, item, came, EXISTS (SELECT 1 FROM parcel_note WHERE parcel_note.item = parcel.item)
            FROM parcel WHERE content IS NOT NULL ORDER BY number"
        );
        self.list(&text, [], |row| {
            let (item, came, opened) = (ItemId(row.get(8)?), Timestamp(row.get(9)?), row.get(10)?);
            Ok(parcel(row)?.map(|stored| {
                let StoredParcel { kind, parcel, ended, .. } = stored;
                WaitingParcel { item, kind, parcel, came, ended, opened }
            }))
        })
    }
}

impl ParcelStore for SqliteStore<'_> {
    fn recipients(&mut self) -> Result<Vec<Recipient>, StoreError> {
        self.list("SELECT body FROM recipient ORDER BY device", [], |row| {
            let body: Vec<u8> = row.get(0)?;
            Ok(from_cbor(&body))
        })
    }

    fn put_recipient(&mut self, recipient: &Recipient) -> Result<(), StoreError> {
        let text =
            "INSERT INTO recipient VALUES (?1, ?2) ON CONFLICT (device) DO UPDATE SET body = excluded.body";
        self.write(text, params![recipient.device.0, encode(recipient)]).map(drop)
    }

    fn drop_recipient(&mut self, device: &PublicKey) -> Result<(), StoreError> {
        self.write("DELETE FROM recipient WHERE device = ?1", [device.0]).map(drop)
    }

    fn put_parcel(&mut self, new: &NewParcel<'_>) -> Result<(), StoreError> {
        let NewParcel { item, kind, to, parcel, came, ended, mark } = *new;
        let text = "INSERT INTO parcel
                (item, content_hash, kind, destination, device, body, signature, bytes, came, ended, content,
                 mark)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
            ON CONFLICT (content_hash) DO NOTHING";
        let bytes = i64::try_from(parcel.content.len()).unwrap_or(i64::MAX);
        let content_hash = blake3::hash(&parcel.content);
        let values = params![
            item.0,
            content_hash.as_bytes(),
            kind,
            destination(to),
            parcel.device.0,
            &parcel.header.body[..],
            parcel.header.signature.0,
            bytes,
            came.0,
            ended,
            &parcel.content[..],
            mark
        ];
        self.write(text, values).map(drop)
    }

    fn parcel_stage(&mut self, item: &ItemId) -> Result<Option<ParcelStage>, StoreError> {
        let noted =
            self.find("SELECT safe FROM parcel_note WHERE item = ?1", [item.0], |row| row.get::<_, bool>(0))?;
        if let Some(safe) = noted {
            return Ok(Some(if safe { ParcelStage::Safe } else { ParcelStage::Opened }));
        }
        let known = self.find("SELECT 1 FROM parcel WHERE item = ?1", [item.0], |_| Ok(()))?;
        Ok(known.map(|()| ParcelStage::Waiting))
    }

    fn parcel_kind(&mut self, item: &ItemId) -> Result<Option<String>, StoreError> {
        self.find("SELECT kind FROM parcel WHERE item = ?1", [item.0], |row| row.get(0))
    }

    fn parcel_load(&mut self, device: &PublicKey) -> Result<Load, StoreError> {
        let text = "SELECT count(*), coalesce(sum(bytes), 0) FROM parcel
            WHERE device = ?1 AND content IS NOT NULL";
        self.waits(text, device)
    }

    fn parcel_at(&mut self, number: u64) -> Result<Option<[u8; 8]>, StoreError> {
        // What a replica names lies beyond every parcel if it does not fit.
        let Ok(number) = row::column(number) else { return Ok(None) };
        self.find(
            "SELECT coalesce(mark, substr(content_hash, 1, 8)) FROM parcel WHERE number = ?1",
            [number],
            |row| row.get(0),
        )
    }

    fn parcels_for(
        &mut self,
        to: Option<&OfficeCode>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StoredParcel>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let text = format!(
            "SELECT {COLUMNS} FROM parcel WHERE destination = ?1 AND number > ?2 AND content IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM parcel_note WHERE parcel_note.item = parcel.item)
            ORDER BY number LIMIT ?3"
        );
        self.list(&text, params![destination(to), row::column(after)?, limit], parcel)
    }

    fn put_note(&mut self, item: &ItemId, record: RecordId, note: &Signed) -> Result<(), StoreError> {
        let text = "INSERT INTO parcel_note (item, record, body, signature, safe) VALUES (?1, ?2, ?3, ?4, 0)
            ON CONFLICT (item) DO NOTHING";
        self.write(text, params![item.0, record.0, &note.body[..], note.signature.0]).map(drop)
    }

    fn forget_parcel(&mut self, item: &ItemId) -> Result<(), StoreError> {
        self.write("UPDATE parcel_note SET safe = 1 WHERE item = ?1", [item.0])?;
        self.write("UPDATE parcel SET content = NULL WHERE item = ?1", [item.0]).map(drop)
    }
}
